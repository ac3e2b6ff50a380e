"""Runs regime models over a market, session by session, and keeps what they said.

Contract: a model gets what it would get in a replay that starts on the same day: the snapshot of each session in order,
from ten years before, fits included. No mind is asked and nothing is published. The arrays of a `Track` cover the
sessions of the study's range on which the market has a close.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from backtest.regime_study.dating import Bear, bear_markets, date_turns, phases
from backtest.regime_study.outlook import Outcomes, outcomes
from backtest.replay import WARM_UP, reveal
from backtest.run import Progress
from engine.bars import FloatArray
from engine.errors import InputError
from engine.market import Market
from engine.signals.compute import compute_signals
from engine.signals.spec import SignalSpec
from engine.signals.table import signal_table
from engine.snapshot import Feed, Snapshot
from engine.universe import Universe
from regimes.model import RegimeModel, RegimeReader
from regimes.reading import LABELS, RegimeReading

__all__ = ["Span", "Track", "leave_out", "run_models", "span"]

_STALE = ("likelihood", "drift", "behaviour")

BoolArray = npt.NDArray[np.bool_]


class Span(NamedTuple):
    """The range of a study: the sessions in it that have a close, n of them.

    Attributes:
        market: symbol of the market role.
        at: their positions in the market's calendar.
        days: the sessions as ISO text.
        closes: adjusted closes of the market, shape (n,).
        phase: 1 bear, 0 bull, -1 undecided, shape (n,).
        bears: bear markets whose peak lies in the range, positions in the range.
        outcome: what came after each session; what is usual is judged by all sessions before, also those before the
            range.
    """

    market: str
    at: npt.NDArray[np.intp]
    days: tuple[str, ...]
    closes: FloatArray
    phase: npt.NDArray[np.int8]
    bears: tuple[Bear, ...]
    outcome: Outcomes


class Track(NamedTuple):
    """What one model said on each session of the range, shape (n,) each.

    Attributes:
        name: the model.
        labels: position in `regimes.reading.LABELS`.
        score: NaN where there was none.
        alert: a shock of volatility or price within the last ten sessions.
        stale: at least two tests of the label fired.
        transition: the status said so.
        degraded: the status said so.
        sided: the label has a side: it is not neutral.
        watches: whether the model ever tested its label at all; without that it has no alerts nor stale spans.
    """

    name: str
    labels: npt.NDArray[np.int8]
    score: FloatArray
    alert: BoolArray
    stale: BoolArray
    transition: BoolArray
    degraded: BoolArray
    sided: BoolArray
    watches: bool

    def labelled(self, *names: str) -> BoolArray:
        """Sessions with one of these labels."""
        wanted = [at for at, name in enumerate(LABELS) if name in names]
        found: BoolArray = np.isin(self.labels, wanted)
        return found

    @property
    def off(self) -> BoolArray:
        """Sessions labelled risk-off or crisis."""
        return self.labelled("risk_off", "crisis")


def leave_out(universe: Universe, roles: Sequence[str]) -> Universe:
    """The universe without some of its roles, as if nothing filled them; one that it says it lacks may be named too.

    Raises:
        InputError: a role that the universe does not know, or the market itself.
    """
    for role in roles:
        if role == "market" or (role not in universe.roles and role not in universe.missing):
            others = ", ".join(name for name in universe.roles if name != "market")
            raise InputError(f"the universe {universe.name} cannot do without {role!r}; leave out some of: {others}")
    kept = {role: symbol for role, symbol in universe.roles.items() if role not in roles}
    why = {role: "it was left out on purpose" for role in roles if role in universe.roles}
    return replace(universe, roles=kept, missing={**universe.missing, **why})


def span(market: Market, start: int) -> Span:
    """Date the bull and bear markets of the whole market, and cut out the sessions from `start` on."""
    symbol = market.universe.roles["market"]
    prices = market.column(symbol)
    whole = np.flatnonzero(~np.isnan(prices))
    dating = date_turns(prices[whole])
    bears = bear_markets(prices[whole], dating)
    phase = phases(whole.size, dating, bears)
    first = int(np.searchsorted(whole, start))
    at = whole[first:]
    inside = tuple(
        Bear(bear.peak - first, bear.known - first, bear.trough - first,
             None if bear.over is None else bear.over - first, bear.fall)
        for bear in bears
        if bear.peak >= first
    )  # fmt: skip
    days = tuple(market.calendar.labels[position] for position in at)
    outcome = Outcomes(*(column[first:].copy() for column in outcomes(prices[whole])))
    return Span(symbol, at, days, prices[at].copy(), phase[first:].copy(), inside, outcome)


def run_models(
    market: Market, models: Sequence[RegimeModel], at: npt.NDArray[np.intp], progress: Progress | None = None
) -> list[Track]:
    """Let each model read the market session by session; keep what it said on the sessions `at`.

    Raises:
        InputError: two models share a name, or one fails.
    """
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        raise InputError(f"a model is named twice in {', '.join(names)}; name each once")
    said: list[list[RegimeReading]] = [[] for _ in models]
    readers = [RegimeReader(model) for model in models]
    wanted = set(at.tolist())
    begin = max(int(at[0]) - WARM_UP, 0)
    for snapshot in _snapshots(market, _signals(market, models), begin):
        if progress is not None:
            progress(snapshot.at - begin + 1, market.size - begin, snapshot.session)
        for reader, kept in zip(readers, said, strict=True):
            reading = reader.read(snapshot)
            if snapshot.at in wanted:
                kept.append(reading)
    return [_track(name, kept) for name, kept in zip(names, said, strict=True)]


def _signals(market: Market, models: Sequence[RegimeModel]) -> tuple[SignalSpec, ...]:
    """The standard table and what the models bring; a signal that two models bring alike is computed once."""
    declared: dict[str, SignalSpec] = {spec.name: spec for spec in signal_table(market.universe)}
    for spec in (spec for model in models for spec in model.signals):
        if declared.setdefault(spec.name, spec) is not spec:
            raise InputError(f"two signals are called {spec.name!r}; study the models that bring them one at a time")
    return tuple(declared.values())


def _snapshots(market: Market, specs: tuple[SignalSpec, ...], begin: int) -> Iterator[Snapshot]:
    frame = compute_signals(market, specs, first=begin)
    feed = Feed(market.universe, market.calendar, market.symbols, market.size)
    feed.prime(market, begin)
    return reveal(market, frame, feed, range(begin, market.size), [""] * (market.size - begin))


def _track(name: str, said: list[RegimeReading]) -> Track:
    labels = np.array([LABELS.index(reading.label) for reading in said], np.int8)
    fired = [frozenset(test.test for test in reading.fired) for reading in said]
    statuses = np.array([reading.status for reading in said], object)
    return Track(
        name=name,
        labels=labels,
        score=np.array([np.nan if reading.score is None else reading.score for reading in said], float),
        alert=np.array([reading.alert for reading in said], bool),
        stale=np.array([len(tests.intersection(_STALE)) >= 2 for tests in fired], bool),
        transition=np.array(statuses == "transition", bool),
        degraded=np.array(statuses == "degraded", bool),
        sided=np.array(labels != LABELS.index("neutral"), bool),
        watches=any(fired),
    )
