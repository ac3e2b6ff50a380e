"""What is measured in this process: replays, and what they are set against.

Contract: what cannot be measured here (another backtester is not installed) is said, never made up.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from math import nan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from backtest.bench.crowd import FOUR, crowd
from backtest.bench.measure import Figure, alternately, ratios, spread, timed
from backtest.bench.others import backtesting_seconds, backtrader_seconds, bars
from backtest.bench.pandas_columns import Frames
from backtest.bench.pandas_signals import pandas_signals
from backtest.history import History
from backtest.replay import Replay, first_session
from backtest.run import BATCH, load_market, no_collector, run_backtest
from backtest.scores import ScoreBook
from backtest.settings import Settings, default_targets, parse_targets
from engine.ledger import Ledger
from engine.sources import open_source
from engine.universe import load_universe
from minds.registry import load_minds
from regimes.registry import load_regime

__all__ = ["minds", "record", "replay", "sessions"]

_START, _END = date(1999, 1, 4), date(2018, 12, 31)
_LEAD_IN = 1000
"""Sessions before the run that the longest chain of rolling windows needs."""
_THREE_MINDS = ("macro", "flow", "contrarian")
_THREE = "growth:1,market:1,market:5"


class _Ran(NamedTuple):
    """Seconds and sessions of a replay, and the processor's seconds of the whole run, with reading and scores."""

    seconds: float
    sessions: float
    processor: float = nan

    @property
    def rate(self) -> float:
        return self.sessions / self.seconds


def _replay(minds: Sequence[str], targets: str | None = None, start: date = _START) -> _Ran:
    """One replay of the sample in this process: signals, regime, minds, claims, settlement, synthesis, ledger."""
    settings = _settings(minds, targets, start)
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        run_backtest(settings, open_source("sample"), Path(folder) / "run")
        processor = time.process_time() - began
        timings = json.loads((Path(folder) / "run" / "run.json").read_text(encoding="utf-8"))["timings"]
    return _Ran(timings["replay_seconds"], timings["sessions_per_second"] * timings["replay_seconds"], processor)


def _settings(minds: Sequence[str], targets: str | None = None, start: date = _START) -> Settings:
    """A backtest of the sample without essays, on these targets or on those of the command line."""
    universe = load_universe("sample")
    called = default_targets(universe) if targets is None else parse_targets(targets, universe)
    ordered = tuple(mind.name for mind in load_minds(minds))
    return Settings("sample", universe, start, _END, ordered, called, essays=0)


def replay(rounds: int) -> list[Figure]:
    """The whole cycle in this process, against the signals in pandas and against other backtesters' days."""
    settings = _settings(_THREE_MINDS)
    market, _ = load_market(open_source("sample"), settings)
    first = int(market.calendar.days.searchsorted(np.datetime64(_START, "D")))
    frames, sessions = Frames(market, first - _LEAD_IN), market.size - first
    frame = bars(sessions)
    found: list[Figure] = []
    others: dict[str, Callable[[Any], float]] = {}
    for name, seconds in (("backtrader", backtrader_seconds), ("backtesting.py", backtesting_seconds)):
        try:
            seconds(frame)
            others[name] = seconds
        except ImportError:
            found.append(Figure(f"days_over_{name}", f"{name} is not installed: nothing to compare with", None))
    with crowd(2):
        ways: list[Callable[[], _Ran]] = [
            lambda: _replay(FOUR, _THREE),
            lambda: _replay(_THREE_MINDS),
            lambda: _Ran(timed(lambda: pandas_signals(frames)), sessions),
            *(partial(_other, seconds, frame) for seconds in others.values()),
        ]
        ours, plain, columns, *their = alternately(ways, rounds)
    rates, vectorised = [one.rate for one in ours], [one.seconds for one in columns]
    took = [one.seconds for one in ours]
    found = [
        Figure("sessions_per_second", "sessions a second: 4 minds, 3 targets", spread(rates), 10_000, at_least=True),
        Figure(
            "sessions_per_processor_second",
            "the same by processor time, with reading files and scores",
            spread([one.sessions / one.processor for one in ours]),
        ),
        Figure("sessions_per_second_3_2", "sessions a second: 3 minds, 2 targets", spread([one.rate for one in plain])),
        Figure(
            "replay_over_pandas",
            "replay over its signals as columns in pandas",
            ratios(took, vectorised),
            20.0,
        ),
        *found,
    ]
    for name, runs in zip(others, their, strict=True):
        theirs = [one.rate for one in runs]
        goal = 1.0 if name == "backtrader" else None
        found += [
            Figure(
                f"sessions_over_{name}", f"sessions a second over those of {name}", ratios(rates, theirs), goal, True
            ),
            Figure(f"{name}_per_second", f"sessions a second of {name}, a callback a bar", spread(theirs)),
        ]
    return found


def record(rounds: int) -> list[Figure]:
    """What is paid whatever the minds do: setting up, and keeping texts that have been made, as digest and entry."""
    with crowd(2), no_collector():
        settings = _settings(FOUR, _THREE)
        market, _ = load_market(open_source("sample"), settings)
        start = first_session(market, settings)

        def fresh() -> Replay:
            heard, model = load_minds(settings.minds), load_regime(settings.regime)
            return Replay(market, heard, settings.targets, model, start, settings.pairs)

        pieces = ScoreBook(History(settings.minds)).follow(fresh().pieces())
        days = [(day, text) for piece in pieces for day, text, _ in piece]
        once, kept = alternately([lambda: timed(lambda: fresh().run()), lambda: timed(lambda: _written(days))], rounds)
    rates = [len(days) / seconds for seconds in kept]
    return [
        Figure("record_per_second", "sessions a second of the record alone: digest and entry", spread(rates)),
        Figure("once_seconds", "what is paid once, signals and warm-up, seconds", spread(once)),
    ]


def _written(days: Sequence[tuple[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder, Ledger.create(Path(folder) / "ledger.sqlite", b"{}") as ledger:
        for first in range(0, len(days), BATCH):
            ledger.extend("cycle", days[first : first + BATCH])


def _other(seconds: Callable[[Any], float], frame: Any) -> _Ran:
    return _Ran(seconds(frame), len(frame))


def sessions(rounds: int) -> list[Figure]:
    """How time grows with sessions: ten, twenty and forty years, all ending on the same day."""
    starts = [_START + timedelta(days=days) for days in (3652, 0, -7305)]
    once, twice, four = ([ran.seconds for ran in ways] for ways in alternately(
        [partial(_replay, _THREE_MINDS, None, start) for start in starts], rounds
    ))  # fmt: skip
    return [
        Figure("time_20_over_10_years", "time of 20 years over that of 10", ratios(twice, once), 2.1),
        Figure("time_40_over_20_years", "time of 40 years over that of 20", ratios(four, twice), 2.1),
        _growth(
            "last_20_over_second_10_years", "the 20 years more over the 10 years more: 2 is linear", once, twice, four
        ),
    ]


def minds(rounds: int) -> list[Figure]:
    """How time grows with minds: two, four and eight, made of the same two."""
    names = [f"{name}{tail}" for tail in ("", "-2", "-3", "-4") for name in ("macro", "flow")]
    with crowd(4):
        two, four, eight = ([ran.seconds for ran in ways] for ways in alternately(
            [partial(_replay, names[:many]) for many in (2, 4, 8)], rounds
        ))  # fmt: skip
    return [
        Figure("time_4_over_2_minds", "time with 4 minds over that with 2", ratios(four, two), 2.1),
        Figure("time_8_over_4_minds", "time with 8 minds over that with 4", ratios(eight, four), 2.1),
        _growth("last_4_over_second_2_minds", "the 4 minds more over the 2 minds more: 2 is linear", two, four, eight),
    ]


def _growth(name: str, what: str, one: list[float], two: list[float], four: list[float]) -> Figure:
    """(four - two) / (two - one), so that what is paid once falls out; a difference of differences, and noisy."""
    steps = [(c - b) / (b - a) for a, b, c in zip(one, two, four, strict=True) if b > a]
    return Figure(name, what, spread(steps) if steps else None)
