"""Replay: historical sessions through the same cycle as today, in order.

Contract: `Replay.run` yields one `CycleRecord` a session, and `pieces` the same, many sessions at a time where nobody
reads the record. A replay holds the whole market; the cycle gets only what has been revealed. A record of session t is
the same, byte for byte, whatever the market holds after t.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TypeVar

import numpy as np

from backtest.settings import EssayChoice, Settings
from engine.bars import FloatArray
from engine.calendar import LONGEST_HORIZON, parse_day
from engine.claims import Pair, Target
from engine.errors import InputError
from engine.events import Event
from engine.market import Market
from engine.resolve import came_to
from engine.signals.compute import SignalFrame, SignalRow, compute_signals
from engine.signals.table import signal_table
from engine.snapshot import Feed, Snapshot, session_events, session_rows
from minds.adviser import AdviserDesk
from minds.ahead import Ahead, views_ahead
from minds.baseline import baselines, leans_ahead
from minds.baseline.kind import Leans
from minds.cycle import Cycle
from minds.known import Known, known_ahead
from minds.protocol import Mind, own_signals
from minds.record import CycleRecord
from minds.risk import RISKS
from minds.stretch import AtHand, Piece, Prices, Stretch, told_ahead
from regimes.features import REGIME_SIGNALS
from regimes.model import RegimeModel, RegimeReader
from regimes.odds import MONTH, Facts, facts_ahead
from regimes.reading import RegimeReading

__all__ = ["Replay", "first_session", "reveal"]

_T = TypeVar("_T")

WARM_UP = 2520
"""Sessions before the run that pass through regime and intervals one by one: ten years, after which neither remembers
how it began. Base rates take in everything before that too."""
_CHUNK = 512
"""Sessions that are worked out ahead at a time: with fewer, starting each operation on a column takes longer than the
operation; with more, what lies ready no longer fits into the processor's cache."""

_PIECE = 256
"""Sessions that are written at a time; the memory that it takes grows with them."""
_ASKED = 32
"""The same where a mind has to be asked on each day, which may take its time: what it has said is kept soon."""


def first_session(market: Market, settings: Settings) -> int:
    """Position of the first session of the run.

    Raises:
        InputError: the range holds no session, or lies outside the data.
    """
    days = market.calendar.days[: market.size]
    first, last = parse_day(str(days[0])), parse_day(str(days[-1]))
    if settings.start < first:
        raise InputError(f"the data begin on {first}, after --start {settings.start}; give a --start from {first} on")
    at = int(np.searchsorted(market.calendar.days, np.datetime64(settings.end, "D"), side="right"))
    if at > market.size:
        raise InputError(f"the data end on {last}, before --end {settings.end}; give an --end up to {last}")
    start = int(np.searchsorted(days, np.datetime64(settings.start, "D")))
    if start >= market.size:
        raise InputError(f"there is no session from {settings.start} to {settings.end}; widen the range")
    return start


class Replay:
    """Sessions `start` to the end of `market`, one cycle each."""

    def __init__(
        self,
        market: Market,
        minds: Sequence[Mind],
        targets: Sequence[Target],
        model: RegimeModel,
        start: int,
        pairs: Sequence[Pair] = (),
        adviser: Callable[[Cycle], AdviserDesk] | None = None,
        seed: int = 0,
    ) -> None:
        specs = (
            *signal_table(market.universe, [target.symbol for target in targets]),
            *REGIME_SIGNALS,  # minds read the regime score as a gauge, whichever model says the label
            *(spec for spec in model.signals if spec not in REGIME_SIGNALS),
            *(s for mind in minds for s in own_signals(mind)),
        )
        self._market, self._regime, self.start = market, RegimeReader(model), start
        self._feed = Feed(market.universe, market.calendar, market.symbols, market.size)
        self.cycle = Cycle(self._feed, minds, targets, pairs, baselines(seed))
        self.adviser = None if adviser is None else adviser(self.cycle)
        self._primed = max(start - WARM_UP, 0)
        self._known_by: list[list[Known]] = []
        self._frame = compute_signals(market, specs, self._primed, [risk.reads[0] for risk in self.cycle.risks])
        self.sessions = market.size - start
        self.digest = ""
        """Digest of all bars, known once the run has begun."""

    def run(self, essays: EssayChoice = 0) -> Iterator[CycleRecord]:
        """Warm up on what came before, then run each session; the last `essays` records carry quotes."""
        self._begin()
        return self._records(self.start, self._quoted_from(essays))

    def pieces(self, essays: EssayChoice = 0) -> Iterator[Piece | CycleRecord]:
        """The sessions of `run`, in pieces where nobody needs the record: several times faster (`minds.stretch`)."""
        self._begin()
        quoted_from = self._quoted_from(essays)
        alone = self.start
        if self.adviser is None and self._regime.reads_ahead:
            yield from self._stretches(quoted_from)
            alone = quoted_from
        yield from self._records(alone, quoted_from)

    def _quoted_from(self, essays: EssayChoice) -> int:
        return self.start if essays == "all" else max(self._market.size - essays, self.start)

    def _begin(self) -> None:
        """Take in everything before the first session of the run."""
        market, start, primed = self._market, self.start, self._primed
        self._feed.prime(market, primed)
        self.cycle.prime(primed)
        self._facts_by, self._ahead_from = self._facts(), primed
        for first in range(primed, start, _CHUNK):
            some = range(first, min(first + _CHUNK, start))
            facts = self._by_session(self._facts_by, some)
            for at, reading, each in zip(some, self._warm(some), facts, strict=True):
                self.cycle.warm(at, reading.score, each)
            self._forget(some.stop)
        self._known_by = self._known()
        self._digests = market.digests(start)
        self.digest = self._digests[-1]

    def _records(self, start: int, quoted_from: int) -> Iterator[CycleRecord]:
        """The records of the sessions from `start` on, day by day."""
        market, cycle, adviser = self._market, self.cycle, self.adviser
        for first in range(start, market.size, _CHUNK):
            some = range(first, min(first + _CHUNK, market.size))
            views = views_ahead(cycle.minds, cycle.targets, self._frame, some)
            known, facts = self._by_session(self._known_by, some), self._by_session(self._facts_by, some)
            days = map(Ahead, views, known, facts, self._baselines(some))
            self._forget(some.stop)
            snapshots = self._snapshots(some.start, some.stop)
            readings = self._regime.ahead(self._frame, market.calendar.labels, some)
            for snapshot, ahead in zip(snapshots, days, strict=True):
                reading = self._regime.read(snapshot) if readings is None else readings[snapshot.at - first]
                quote = snapshot.at >= quoted_from
                if adviser is None:
                    yield cycle.run(snapshot, reading, quote=quote, ahead=ahead)
                else:
                    quote = quote or adviser.wants(snapshot.session)
                    yield adviser.advise(cycle.run(snapshot, reading, quote=quote, ahead=ahead))

    def _forget(self, stop: int) -> None:
        """Let go of what was worked out ahead for sessions before `stop`: in its memory grows what the run keeps."""
        gone = stop - self._ahead_from
        for known in self._known_by:
            del known[:gone]
        for facts in self._facts_by:
            del facts[:gone]
        self._ahead_from = stop

    def _stretches(self, stop: int) -> Iterator[Piece]:
        """What is kept of the sessions before `stop`, many at a time."""
        stretch = Stretch(self.cycle, self._market.calendar, self._prices())
        for first in range(self.start, stop, _CHUNK):
            some = range(first, min(first + _CHUNK, stop))
            curtain = _Curtain(self._market, self._frame, self._feed, some, self._digests[first - self.start :])
            days = self._days(some, curtain)
            asked = any(not any(each.said) for told in days.told for each in told)
            step = _ASKED if asked else _PIECE
            for at in range(0, len(some), step):
                yield from stretch.run(days.part(at, at + step))
            curtain.reveal(some.stop)
            self._forget(some.stop)
        stretch.close()

    def _days(self, some: range, curtain: _Curtain) -> AtHand:
        """What is at hand for some sessions."""
        market, frame, cycle = self._market, self._frame, self.cycle
        readings = self._regime.ahead(frame, market.calendar.labels, some)
        if readings is None:
            raise ValueError("a model that has to see each day runs day by day")
        kept = slice(some.start - self._ahead_from, some.stop - self._ahead_from)
        days = market.calendar.days[some.start : some.stop]
        return AtHand(
            first=some.start, as_of=curtain.as_of, data=curtain.digests,
            readings=readings, told=told_ahead(cycle.minds, cycle.targets, frame, days, some),
            baselines=self._baselines(some), known=[each[kept] for each in self._known_by],
            facts=[each[kept] for each in self._facts_by],
            values=frame.values[:, some.start - frame.first : some.stop - frame.first], places=frame.index.at,
            snapshot=curtain.snapshot,
        )  # fmt: skip

    def _baselines(self, some: range) -> list[Leans]:
        market, cycle = self._market, self.cycle
        days = market.calendar.days[some.start : some.stop]
        return leans_ahead(cycle.baselines, cycle.targets, self._frame, days, some)

    def _prices(self) -> Prices:
        """Prices and what claims come to, by session; what lies further back than any claim's start is left out."""
        cycle, since = self.cycle, max(self.start - LONGEST_HORIZON, 0)
        before: list[float | None] = [None] * since
        symbols = dict.fromkeys(target.symbol for target in cycle.targets)
        closes = {symbol: self._closes(symbol)[since:] for symbol in symbols}
        quoted = {symbol: self._closes(symbol, "close")[since:] for symbol in symbols}
        came: dict[tuple[str, str, int], list[float | None]] = {}
        for symbol, _, horizon in cycle.targets:
            came["direction", symbol, horizon] = before + came_to("direction", horizon, closes[symbol])
        for risk in cycle.risks:
            for kind in RISKS:
                came[kind, risk.symbol, MONTH] = before + came_to(kind, MONTH, closes[risk.symbol])
        for first, second, horizon in [desk.pair for desk in cycle.pairs]:
            both = closes[first.symbol], closes[second.symbol]
            key = "relative", Pair(first, second, horizon).symbol, horizon
            came[key] = before + came_to("relative", horizon, *both)
        return Prices(
            {symbol: before + _listed(closes[symbol]) for symbol in symbols},
            {symbol: before + _listed(quoted[symbol]) for symbol in symbols}, came,
        )  # fmt: skip

    def _warm(self, some: range) -> list[RegimeReading]:
        """Reveal some sessions before the run and read the regime after each."""
        readings = self._regime.ahead(self._frame, self._market.calendar.labels, some)
        if readings is None:
            snapshots = reveal(self._market, self._frame, self._feed, some, [""] * len(some))
            return [self._regime.read(snapshot) for snapshot in snapshots]
        stretch = slice(some.start, some.stop)
        self._feed.reveal(session_rows(self._market, stretch), session_events(self._market, stretch))
        return readings

    def _known(self) -> list[list[Known]]:
        """What is known about each target, session by session from the first of the run."""
        frame, primed = self._frame, self._primed
        return [
            known_ahead(
                self._closes(desk.target.symbol), frame.column(desk.volatility), desk.target.horizon, primed, self.start
            )
            for desk in self.cycle.desks.values()
        ]

    def _facts(self) -> list[list[Facts]]:
        """What the odds of each symbol's month are made from, session by session from the first that is kept."""
        frame, primed, columns = self._frame, self._primed, []
        for risk in self.cycle.risks:
            realised, expected = risk.reads
            closes = self._closes(risk.symbol)[primed:]
            columns.append(facts_ahead(closes, frame.column(realised), frame.column(expected), frame.early[realised]))
        return columns

    def _by_session(self, columns: list[list[_T]], some: range) -> list[tuple[_T, ...]]:
        """What was worked out ahead for some sessions, session by session."""
        kept = slice(some.start - self._ahead_from, some.stop - self._ahead_from)
        return list(zip(*[column[kept] for column in columns], strict=True)) if columns else [()] * len(some)

    def _closes(self, symbol: str, field: str = "adj_close") -> FloatArray:
        """Closes of a symbol, which may have no bar at all."""
        market = self._market
        return market.column(symbol, field) if symbol in market.rows else np.full(market.size, np.nan)

    def _snapshots(self, start: int, stop: int) -> Iterator[Snapshot]:
        digests = self._digests[start - self.start : stop - self.start]
        return reveal(self._market, self._frame, self._feed, range(start, stop), digests)


class _Curtain:
    """Reveals a stretch of sessions to a feed, as far as somebody asks to look.

    Attributes:
        as_of: ISO instant of each session.
        digests: of the bars known at each.
    """

    def __init__(self, market: Market, frame: SignalFrame, feed: Feed, some: range, digests: list[str]) -> None:
        self._market, self._frame, self._feed, self._some = market, frame, feed, some
        self.as_of = market.calendar.stamps(some.start, some.stop)
        self.digests = digests[: len(some)]
        self._latest: Snapshot | None = None

    @cached_property
    def _instants(self) -> list[datetime]:
        return self._market.calendar.instants(self._some.start, self._some.stop)

    @cached_property
    def _bars(self) -> FloatArray:
        return session_rows(self._market, slice(self._some.start, self._some.stop))

    @cached_property
    def _events(self) -> list[tuple[Event, ...]]:
        return session_events(self._market, slice(self._some.start, self._some.stop))

    @cached_property
    def _signals(self) -> list[SignalRow]:
        return self._frame.rows(self._some.start, self._some.stop)

    def snapshot(self, at: int) -> Snapshot:
        """The snapshot of the session at a position, everything up to it being revealed; asked for in order."""
        if self._latest is None or self._latest.at != at:
            self.reveal(at + 1)
            row = at - self._some.start
            self._latest = Snapshot(
                self._feed, self._frame.index, at, self._instants[row], self.digests[row], self._signals[row]
            )
        return self._latest

    def reveal(self, stop: int) -> None:
        """Reveal what has not been yet of the sessions before `stop`."""
        some = slice(self._feed.revealed - self._some.start, stop - self._some.start)
        if some.start < some.stop:
            self._feed.reveal(self._bars[some], self._events[some])


def _listed(column: FloatArray) -> list[float | None]:
    return [None if price != price else price for price in column.tolist()]


def reveal(market: Market, frame: SignalFrame, feed: Feed, sessions: range, digests: list[str]) -> Iterator[Snapshot]:
    """Reveal `sessions` to `feed` one by one, each followed by its snapshot."""
    start, stop = sessions.start, sessions.stop
    instants = market.calendar.instants(start, stop)
    for first in range(start, stop, _CHUNK):
        last = min(first + _CHUNK, stop)
        days, events = session_rows(market, slice(first, last)), session_events(market, slice(first, last))
        for at, row in enumerate(frame.rows(first, last)):
            feed.reveal(days[at : at + 1], events[at : at + 1])
            place = first + at
            yield Snapshot(feed, frame.index, place, instants[place - start], digests[place - start], row)
