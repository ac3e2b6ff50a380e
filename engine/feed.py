"""The feed: what has been revealed so far, and nothing else.

Contract: a `Feed` owns buffers into which a replay copies one session at a time (or, before its warm-up, many at once),
so that what comes after a snapshot is not merely hidden, it is not there. It is never handed to a mind: minds get a
`Snapshot` (engine.snapshot), and what they can dig out of one is the past.
"""

from __future__ import annotations

import math
import mmap
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from engine.bars import FIELDS, FloatArray
from engine.calendar import TradingCalendar
from engine.events import Event
from engine.market import Market
from engine.ragged import Young
from engine.universe import Universe

__all__ = ["Feed", "session_events", "session_rows"]

_FIELD = {name: at for at, name in enumerate(FIELDS)}


def session_rows(market: Market, sessions: slice = slice(None)) -> FloatArray:
    """The market by session, shape (sessions, fields, symbols): what a replay reveals row by row."""
    start, stop, _ = sessions.indices(market.size)
    width = len(market.symbols)
    return market.ragged.stretch(start, stop, range(width), width)


def session_events(market: Market, sessions: slice = slice(None)) -> list[tuple[Event, ...]]:
    """The market's events by the session at which they become known, one tuple a session; empty when it has none."""
    return [market.news.get(at, ()) for at in range(market.size)[sessions]] if market.events else []


class Feed:
    """What has been revealed so far."""

    def __init__(self, universe: Universe, calendar: TradingCalendar, symbols: tuple[str, ...], size: int) -> None:
        self.universe, self.calendar = universe, calendar
        self.revealed = 0
        self._column = {symbol: at for at, symbol in enumerate(symbols)}
        self._rows = _untouched(size, len(FIELDS), len(symbols))
        self._early: tuple[Young, ...] = ()  # what was revealed at once, before session `_since`
        self._since = 0
        self._kept: dict[tuple[str, str], list[float | None]] = {}
        self._growing: list[tuple[int, int, list[float | None]]] = []  # field, symbol, and the list that it grows
        self._events: list[Event] = []
        self._heard: list[int] = []

    def prime(self, market: Market, stop: int) -> None:
        """Reveal everything before session `stop` at once, as copies; only to a feed that knows nothing yet."""
        if self.revealed:
            raise ValueError("a feed is primed before anything is revealed to it")
        self._early = tuple([symbol.until(stop) for symbol in market.ragged.symbols])
        self._since = self.revealed = stop
        for at, heard in enumerate(session_events(market, slice(0, stop))):
            self._hear(at, heard)
        for field, column, prices in self._growing:
            prices += _listed(self._between(0, stop, field, column))

    def _hear(self, at: int, heard: tuple[Event, ...]) -> None:
        self._events.extend(heard)
        self._heard.extend([at] * len(heard))

    def reveal(self, rows: FloatArray, events: Sequence[tuple[Event, ...]] = ()) -> None:
        """Append the next sessions, shape (sessions, fields, symbols), as copies, and what became known at each."""
        for at, heard in enumerate(events, self.revealed):
            self._hear(at, heard)
        stop = self.revealed + len(rows)
        self._rows[self.revealed : stop] = rows
        if len(rows) == 1:  # the replay's usual step
            for field, column, prices in self._growing:
                price = rows.item(0, field, column)
                prices.append(None if price != price else price)
        else:
            for field, column, prices in self._growing:
                prices += _listed(rows[:, field, column])
        self.revealed = stop

    def prices(self, symbol: str, name: str = "adj_close") -> list[float | None]:
        """One field of one symbol by session, None where there is no bar: a list that grows with what is revealed
        (or, for a symbol that has no bars at all, is as long as it ever will be).

        It belongs to the feed: whoever reads a price on every session holds on to it, and nobody writes to it.
        """
        found = self._kept.get((symbol, name))
        if found is None:
            column = self._column.get(symbol)
            if column is None:
                return self._kept.setdefault((symbol, name), [None] * len(self._rows))
            found = self._kept[symbol, name] = _listed(self._between(0, self.revealed, _FIELD[name], column))
            self._growing.append((_FIELD[name], column, found))
        return found

    def price(self, symbol: str, at: int, name: str = "adj_close") -> float | None:
        """One number of one symbol at session `at`; None when there is no bar or it is not known yet."""
        column = self._column.get(symbol)
        if column is None or not 0 <= at < self.revealed:
            return None
        field = _FIELD[name]
        value = self._rows.item(at, field, column) if at >= self._since else self._between(at, at + 1, field, column)[0]
        return None if value != value else value

    def events(self, first: int, last: int) -> tuple[Event, ...]:
        """Events that became known at the sessions from `first` to `last`, in the order of `engine.events`."""
        return tuple(self._events[bisect_left(self._heard, first) : bisect_right(self._heard, last)])

    def history(self, symbol: str, at: int, sessions: int, name: str) -> FloatArray:
        """Copy of the last `sessions` values of one field up to session `at`, NaN where there is no bar."""
        column = self._column.get(symbol)
        stop = min(at + 1, self.revealed)
        start = max(stop - sessions, 0)
        if column is None:
            return np.full(stop - start, np.nan)
        return self._between(start, stop, _FIELD[name], column)

    def _between(self, start: int, stop: int, field: int, column: int) -> FloatArray:
        """Copy of one field of one symbol from session `start` to before `stop`, both revealed."""
        found = self._rows[start:stop, field, column].copy()
        if start < self._since:
            early, symbol = min(stop, self._since), self._early[column]
            mine, theirs = symbol.between(start, early)
            found[: early - start] = np.nan
            found[theirs] = symbol.fields[field][mine]
        return found


def _untouched(*shape: int) -> FloatArray:
    """Zeros that cost neither memory nor time until they are written to.

    numpy's own may lie in memory that somebody has used and freed, which then is cleared and taken at once.
    """
    count = math.prod(shape)
    size = max(8 * count, 1)
    if sys.platform == "win32":
        pages = mmap.mmap(-1, size)
    else:  # private, as a process that is forked off expects of memory
        pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(pages, np.float64, count).reshape(shape)


def _listed(column: FloatArray) -> list[float | None]:
    return [None if price != price else price for price in column.tolist()]
