"""What is measured, with its goal: each figure is a function of the number of rounds.

Contract: a figure names what was set against what; a goal is held or not by the median. What cannot be measured here
(another backtester is not installed) is said, never made up.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backtest.bench.crowd import FOUR, crowd
from backtest.bench.measure import Child, Spread, alternately, child, ratios, spread, timed
from backtest.bench.others import backtesting_seconds, backtrader_seconds, bars
from backtest.bench.pandas_columns import Frames
from backtest.bench.pandas_signals import pandas_signals
from backtest.bench.world import write_world
from backtest.run import load_market, run_backtest
from backtest.settings import Settings, default_targets, parse_targets
from engine.sources import open_source
from engine.universe import load_universe
from minds.registry import load_minds

__all__ = ["BARE_PANDAS", "FIGURES", "Figure"]

BARE_PANDAS = "import sys; sys.modules.update(pyarrow=None, numexpr=None, bottleneck=None); import pandas"
"""Imports pandas as the core's install has it: without packages that make it larger and slower where they happen to be
installed too.
"""

_START, _END = date(1999, 1, 4), date(2018, 12, 31)
_WARM_UP = date(1989, 1, 3)
_LEAD_IN = 1000
"""Sessions before the run that the longest chain of rolling windows needs."""
_THREE_MINDS = ("macro", "flow", "contrarian")
_THREE = "growth:1,market:1,market:5"


class Figure(NamedTuple):
    """One line of the table.

    Attributes:
        name: for machines.
        what: for people.
        measured: None where it could not be measured; `what` then says why.
        goal: what the median should be, None without a goal.
        at_least: whether more is better.
    """

    name: str
    what: str
    measured: Spread | None
    goal: float | None = None
    at_least: bool = False

    @property
    def held(self) -> bool | None:
        """Whether the median is what it should be; None where there is nothing to say."""
        if self.goal is None or self.measured is None:
            return None
        return self.measured.median >= self.goal if self.at_least else self.measured.median <= self.goal


class _Ran(NamedTuple):
    seconds: float
    sessions: float

    @property
    def rate(self) -> float:
        return self.sessions / self.seconds


def _replay(minds: Sequence[str], targets: str | None = None, start: date = _START) -> _Ran:
    """One replay of the sample in this process: signals, regime, minds, claims, settlement, synthesis, ledger."""
    universe = load_universe("sample")
    called = default_targets(universe) if targets is None else parse_targets(targets, universe)
    ordered = tuple(mind.name for mind in load_minds(minds))
    settings = Settings("sample", universe, start, _END, ordered, called, essays=0)
    with tempfile.TemporaryDirectory() as folder:
        run_backtest(settings, open_source("sample"), Path(folder) / "run")
        timings = json.loads((Path(folder) / "run" / "run.json").read_text(encoding="utf-8"))["timings"]
    return _Ran(timings["replay_seconds"], timings["sessions_per_second"] * timings["replay_seconds"])


def replay(rounds: int) -> list[Figure]:
    """The whole cycle in this process, against the signals in pandas and against other backtesters' days."""
    universe = load_universe("sample")
    settings = Settings("sample", universe, _START, _END, _THREE_MINDS, default_targets(universe))
    market, _ = load_market(open_source("sample"), settings)
    first = int(market.calendar.days.searchsorted(np.datetime64(_START, "D")))
    frames, sessions = Frames(market, first - _LEAD_IN), market.size - first
    frame = bars(sessions)
    found: list[Figure] = []
    others: dict[str, Callable[[], float]] = {}
    for name, seconds in (("backtrader", backtrader_seconds), ("backtesting.py", backtesting_seconds)):
        try:
            seconds(frame)
            others[name] = partial(seconds, frame)
        except ImportError:
            found.append(Figure(f"days_over_{name}", f"{name} is not installed: nothing to compare with", None))
    with crowd(2):
        ways: list[Callable[[], float]] = [
            lambda: _replay(FOUR, _THREE).rate,
            lambda: _replay(_THREE_MINDS).rate,
            lambda: timed(lambda: pandas_signals(frames)),
            *others.values(),
        ]
        rates, plain, columns, *their = alternately(ways, rounds)
    took = [sessions / rate for rate in rates]
    found = [
        Figure("sessions_per_second", "sessions a second: 4 minds, 3 targets", spread(rates), 10_000, at_least=True),
        Figure("sessions_per_second_3_2", "sessions a second: 3 minds, 2 targets", spread(plain)),
        Figure("replay_over_pandas", "replay over its signals as columns in pandas", ratios(took, columns), 20.0),
        *found,
    ]
    for name, seconds_of in zip(others, their, strict=True):
        theirs = [sessions / one for one in seconds_of]
        goal = 1.0 if name == "backtrader" else None
        found += [
            Figure(
                f"sessions_over_{name}", f"sessions a second over those of {name}", ratios(rates, theirs), goal, True
            ),
            Figure(f"{name}_per_second", f"sessions a second of {name}, a callback a bar", spread(theirs)),
        ]
    return found


def sessions(rounds: int) -> list[Figure]:
    """How time grows with sessions: ten, twenty and forty years, all ending on the same day."""
    starts = [_START + timedelta(days=days) for days in (3652, 0, -7305)]
    once, twice, four = ([ran.seconds for ran in ways] for ways in _interleaved(
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
        two, four, eight = ([ran.seconds for ran in ways] for ways in _interleaved(
            [partial(_replay, names[:many]) for many in (2, 4, 8)], rounds
        ))  # fmt: skip
    return [
        Figure("time_4_over_2_minds", "time with 4 minds over that with 2", ratios(four, two), 2.1),
        Figure("time_8_over_4_minds", "time with 8 minds over that with 4", ratios(eight, four), 2.1),
        _growth("last_4_over_second_2_minds", "the 4 minds more over the 2 minds more: 2 is linear", two, four, eight),
    ]


def _interleaved(ways: Sequence[Callable[[], _Ran]], rounds: int) -> list[list[_Ran]]:
    return alternately(ways, rounds)


def _growth(name: str, what: str, one: list[float], two: list[float], four: list[float]) -> Figure:
    """(four - two) / (two - one), so that what is paid once falls out; a difference of differences, and noisy."""
    steps = [(c - b) / (b - a) for a, b, c in zip(one, two, four, strict=True) if b > a]
    return Figure(name, what, spread(steps) if steps else None)


def memory(rounds: int) -> list[Figure]:
    """The most memory of a large run, twenty years of forty-five symbols after ten of warm-up, against pandas alone."""
    rounds = min(rounds, 3)  # it hardly varies
    with tempfile.TemporaryDirectory() as name:
        prices = Path(name) / "prices"
        prices.mkdir()
        universe = load_universe("us")
        count = write_world(prices, universe, _WARM_UP, _END)
        large = ["--data", f"csv:{prices}", "--universe", "us"]
        pandas, small, big = _children([_IMPORT, _backtest(name, "s"), _backtest(name, "l", *large)], rounds)
    alone = [one.mebibytes for one in pandas]
    return [
        Figure("memory_over_pandas", f"peak memory of 20 years x {count} symbols over importing pandas",
               ratios([one.mebibytes for one in big], alone), 2.0),
        Figure("memory_mib", f"peak memory of 20 years x {count} symbols, MiB", spread([one.mebibytes for one in big])),
        Figure("memory_sample_mib", "peak memory of 20 years of the sample, MiB",
               spread([one.mebibytes for one in small])),
        Figure("memory_pandas_mib", "memory of importing pandas, MiB", spread(alone)),
    ]  # fmt: skip


def whole(rounds: int) -> list[Figure]:
    """The whole process of a twenty-year backtest, from typing it to the prompt, against importing pandas."""
    with tempfile.TemporaryDirectory() as name:
        pandas, ours = _children([_IMPORT, _backtest(name, "w")], rounds)
    return [
        Figure("whole_over_pandas", "whole process of 20 years over importing pandas",
               ratios([one.seconds for one in ours], [one.seconds for one in pandas]), 4.0),
        Figure("whole_over_pandas_processor", "the same in processor time",
               ratios([one.processor for one in ours], [one.processor for one in pandas])),
        Figure("whole_seconds", "whole process of 20 years, seconds", spread([one.seconds for one in ours])),
        Figure("pandas_seconds", "importing pandas, seconds", spread([one.seconds for one in pandas])),
    ]  # fmt: skip


def version(rounds: int) -> list[Figure]:
    """The shortest answer against no answer at all."""
    empty, ours, usage = _children([[sys.executable, "-c", "pass"], [*_workshop(), "--version"],
                                    [*_workshop(), "--help"]], 5 * rounds)  # fmt: skip
    nothing = [one.seconds for one in empty]
    return [
        Figure("version_over_pass", "workshop --version over python -c pass",
               ratios([one.seconds for one in ours], nothing), 3.0),
        Figure("help_over_pass", "workshop --help over python -c pass",
               ratios([one.seconds for one in usage], nothing)),
    ]  # fmt: skip


_IMPORT = [sys.executable, "-c", BARE_PANDAS]


def _workshop() -> list[str]:
    """The console script beside this interpreter, which is what people type; else what it would run."""
    script = Path(sys.executable).with_name("workshop")
    return [str(script)] if script.is_file() else [sys.executable, "-c", "from desk.entry import main; main()"]


def _backtest(folder: str, out: str, *options: str) -> list[str]:
    """A command that runs twenty years; `{n}` becomes the number of the round."""
    days = ["--start", str(_START), "--end", str(_END)]
    return [*_workshop(), "backtest", *options, *days, "--essays", "none", "--out", f"{folder}/{out}-{{n}}"]


def _children(commands: Sequence[Sequence[str]], rounds: int) -> list[list[Child]]:
    """All commands in turn, each round into folders of its own."""
    numbers = [iter(range(rounds + 1)) for _ in commands]

    def run(at: int) -> Child:
        number = str(next(numbers[at]))
        return child([word.replace("{n}", number) for word in commands[at]])

    return alternately([partial(run, at) for at in range(len(commands))], rounds)


FIGURES: dict[str, Callable[[int], list[Figure]]] = {
    "replay": replay, "sessions": sessions, "minds": minds, "memory": memory, "whole": whole, "version": version,
}  # fmt: skip
"""Name for `--only` -> rounds to figures."""
