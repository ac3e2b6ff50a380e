"""The market: bars of a whole universe, aligned on the sessions of its calendar, and the events beside them.

Contract: built once from checked bars that were already cut at the end of knowledge; an event that was not known at the
last session's `as_of` is left out. Column `i` of every array is what
was known when the cycle of session `i` spoke, so a symbol with a lag is moved down by its lag. Missing is NaN. The
market holds the future of any session before its last, hence it never leaves the replay: minds get a `Snapshot`
(engine.snapshot).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import numpy as np

from engine.bars import FIELDS, Bars, FloatArray
from engine.calendar import TradingCalendar
from engine.errors import InputError
from engine.events import Event, event_bytes, known_from
from engine.ragged import Ragged, Young
from engine.universe import Universe

__all__ = ["Market"]

_CHUNK = 256
"""Sessions that are put into another order at a time: little enough to stay in the processor's cache."""


@dataclass(frozen=True)
class Market:
    """Aligned columns.

    Attributes:
        universe: which symbol plays which role.
        calendar: sessions; positions below index into it.
        symbols: the symbols present, sorted.
        size: number of sessions covered, from the calendar's first to the last bar of the market role.
        columns: field -> array of shape (len(symbols), size): one contiguous row per symbol. As built it is an
            `engine.ragged.Ragged`, which makes these arrays when they are asked for.
        events: what could be known by the last session, as `engine.events.check_events` orders it.
    """

    universe: Universe
    calendar: TradingCalendar
    symbols: tuple[str, ...]
    size: int
    columns: Mapping[str, FloatArray]
    events: tuple[Event, ...] = ()

    @classmethod
    def build(
        cls,
        universe: Universe,
        bars: Mapping[str, Bars],
        events: tuple[Event, ...] = (),
        closes: Mapping[str, datetime] | None = None,
    ) -> Market:
        """Align bars on the universe's calendar.

        Args:
            universe: roles and symbols.
            bars: symbol -> its checked bars.
            events: checked events, of any time.
            closes: sessions that closed at another instant than in the exchange's timetable; other days are ignored.

        Raises:
            InputError: there are no bars for the market role.
        """
        lead = bars.get(universe.roles["market"])
        if lead is None or not len(lead):
            raise InputError(
                f"the universe {universe.name} found no bars for its market role, {universe.roles['market']}; "
                "check the data folder or choose another --universe"
            )
        first, last = _as_date(lead.days[0]), _as_date(lead.days[-1])
        calendar = _with_closes(TradingCalendar.load(universe.calendar, first, last), closes or {})
        size = int(np.searchsorted(calendar.days, lead.days[-1], side="right"))
        symbols = tuple(sorted(symbol for symbol in universe.symbols if symbol in bars and len(bars[symbol])))
        lags = universe.lags
        columns = Ragged([_placed(bars[symbol], calendar, size, lags.get(symbol, 0)) for symbol in symbols], size)
        return cls(universe, calendar, symbols, size, columns, _known_by(events, calendar, size))

    def __repr__(self) -> str:
        days = self.calendar.labels[: self.size]
        return f"<Market {self.universe.name}: {len(self.symbols)} symbols, {' to '.join(days[:1] + days[-1:])}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How IPython and Hypothesis show it: not array by array."""
        printer.text(repr(self))

    @cached_property
    def rows(self) -> dict[str, int]:
        """Symbol -> its row in every column."""
        return {symbol: row for row, symbol in enumerate(self.symbols)}

    @cached_property
    def news(self) -> dict[int, tuple[Event, ...]]:
        """Session -> the events that became known between the one before it and its own `as_of`."""
        found: dict[int, list[Event]] = {}
        for event in self.events:
            found.setdefault(known_from(event, self.calendar), []).append(event)
        return {at: tuple(events) for at, events in sorted(found.items())}

    def column(self, symbol: str, name: str = "adj_close") -> FloatArray:
        """One field of one symbol over all sessions, shape (size,)."""
        columns, row = self.columns, self.rows[symbol]
        found: FloatArray = columns.row(name, row) if isinstance(columns, Ragged) else columns[name][row]
        return found

    @cached_property
    def ragged(self) -> Ragged:
        """The columns without what lies before each symbol's first bar, where they were built that way."""
        if isinstance(self.columns, Ragged):
            return self.columns
        rows = range(len(self.symbols))
        return Ragged([Young(0, tuple([self.columns[name][row] for name in FIELDS])) for row in rows], self.size)

    def cut(self, size: int) -> Market:
        """The market as it stood after its first `size` sessions, in memory of its own."""
        return Market(
            self.universe,
            self.calendar,
            self.symbols,
            size,
            {name: column[:, :size].copy() for name, column in self.columns.items()},
            _known_by(self.events, self.calendar, size),
        )

    def digests(self, start: int) -> list[str]:
        """Chained SHA-256 of all bars and events known at each session from `start` on, as 16 hex characters each.

        The digest of a session depends on no later bar or event, so a claim can name the data it was made from. Every
        symbol of the universe takes part, also one without bars: which symbols are there by the end is not known
        before.
        """
        chain = hashlib.sha256("\n".join((self.universe.calendar, *self.universe.symbols)).encode())
        found = []
        for first in range(0, self.size, _CHUNK):
            rows = self._hashed(first, min(first + _CHUNK, self.size))
            if first + len(rows) <= start and not self.news:  # nobody asks for these one by one
                chain.update(rows.tobytes())
                continue
            for at, row in enumerate(rows, first):
                chain.update(row)
                if at in self.news:
                    chain.update(_link(at, self.news[at]))
                if at >= start:
                    found.append(chain.copy().hexdigest()[:16])
        return found

    def _hashed(self, start: int, stop: int) -> FloatArray:
        """The bars of some sessions as the chain takes them in, shape (sessions, fields * symbols of the universe)."""
        everyone = self.universe.symbols
        places = [everyone.index(symbol) for symbol in self.symbols]
        rows = self.ragged.stretch(start, stop, places, len(everyone)).astype("<f8", copy=False)
        rows += 0.0  # -0.0 and 0.0 hash alike
        np.copyto(rows, np.nan, where=np.isnan(rows))  # and so do all sorts of NaN
        return rows.reshape(stop - start, -1)


def _placed(bars: Bars, calendar: TradingCalendar, size: int, lag: int) -> Young:
    """One symbol's bars on their sessions, moved down by its lag."""
    at = np.searchsorted(calendar.days, bars.days)
    at = np.where(at < len(calendar.days), at, 0)
    to = at + lag
    keep = (calendar.days[at] == bars.days) & (to < size)
    to, fields = to[keep], [getattr(bars, name) for name in FIELDS]
    if not len(to):
        return Young(0, (np.full(0, np.nan),) * len(FIELDS))
    first, length = int(to[0]), int(to[-1] - to[0]) + 1
    if length == len(to):  # no session is without a bar
        return Young(first, tuple([field if len(field) == length else field[keep] for field in fields]))
    spread = np.full((len(FIELDS), length), np.nan)
    for row, field in zip(spread, fields, strict=True):
        row[to - first] = field[keep]
    return Young(first, tuple(spread))


def _known_by(events: tuple[Event, ...], calendar: TradingCalendar, size: int) -> tuple[Event, ...]:
    return tuple([event for event in events if known_from(event, calendar) < size]) if events else ()


def _link(at: int, events: tuple[Event, ...]) -> bytes:
    """The part of the chain for the events of one session, of fixed length so that it cannot pass for bars."""
    return b"events" + at.to_bytes(8, "big") + hashlib.sha256(event_bytes(events)).digest()


def _with_closes(calendar: TradingCalendar, closes: Mapping[str, datetime]) -> TradingCalendar:
    """The calendar with other closing instants for some of its sessions."""
    if not closes:
        return calendar
    moved = calendar.closes.copy()
    places = {label: at for at, label in enumerate(calendar.labels)}
    for day, instant in closes.items():
        if day in places:
            moved[places[day]] = np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "s")
    moved.flags.writeable = False
    return replace(calendar, closes=moved)


def _as_date(day: np.datetime64) -> date:
    found: date = day.astype("datetime64[D]").item()
    return found
