"""The market: bars of a whole universe, aligned on the sessions of its calendar.

Contract: built once from checked bars that were already cut at the end of knowledge. Column `i` of every array is what
was known when the cycle of session `i` spoke, so a symbol with a lag is moved down by its lag. Missing is NaN. The
market holds the future of any session before its last, hence it never leaves the replay: minds get a `Snapshot`
(engine.snapshot).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from engine.bars import FIELDS, Bars, FloatArray
from engine.calendar import TradingCalendar
from engine.errors import InputError
from engine.universe import Universe

__all__ = ["Market"]


@dataclass(frozen=True)
class Market:
    """Aligned columns.

    Attributes:
        universe: which symbol plays which role.
        calendar: sessions; positions below index into it.
        symbols: the symbols present, sorted.
        size: number of sessions covered, from the calendar's first to the last bar of the market role.
        columns: field -> array of shape (len(symbols), size): one contiguous row per symbol.
    """

    universe: Universe
    calendar: TradingCalendar
    symbols: tuple[str, ...]
    size: int
    columns: Mapping[str, FloatArray]

    @classmethod
    def build(cls, universe: Universe, bars: Mapping[str, Bars]) -> Market:
        """Align bars on the universe's calendar.

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
        calendar = TradingCalendar.load(universe.calendar, first, last)
        size = int(np.searchsorted(calendar.days, lead.days[-1], side="right"))
        symbols = tuple(sorted(symbol for symbol in universe.symbols if symbol in bars and len(bars[symbol])))
        columns = {name: np.full((len(symbols), size), np.nan) for name in FIELDS}
        for row, symbol in enumerate(symbols):
            _place(columns, row, bars[symbol], calendar, size, universe.lags.get(symbol, 0))
        for column in columns.values():
            column.flags.writeable = False
        return cls(universe, calendar, symbols, size, columns)

    @cached_property
    def rows(self) -> dict[str, int]:
        """Symbol -> its row in every column."""
        return {symbol: row for row, symbol in enumerate(self.symbols)}

    def column(self, symbol: str, name: str = "adj_close") -> FloatArray:
        """One field of one symbol over all sessions, shape (size,)."""
        found: FloatArray = self.columns[name][self.rows[symbol]]
        return found

    def cut(self, size: int) -> Market:
        """The market as it stood after its first `size` sessions, in memory of its own."""
        return Market(
            self.universe,
            self.calendar,
            self.symbols,
            size,
            {name: column[:, :size].copy() for name, column in self.columns.items()},
        )

    def digests(self, start: int) -> list[str]:
        """Chained SHA-256 of all bars known at each session from `start` on, as 16 hex characters each.

        The digest of a session depends on no later bar, so a claim can name the data it was made from. Every symbol of
        the universe takes part, also one without bars: which symbols are there by the end is not known before.
        """
        everyone = self.universe.symbols
        by_session = np.full((self.size, len(FIELDS), len(everyone)), np.nan, "<f8")
        places = [everyone.index(symbol) for symbol in self.symbols]
        for field, name in enumerate(FIELDS):
            by_session[:, field, places] = self.columns[name].T
        by_session += 0.0  # -0.0 and 0.0 hash alike
        by_session[np.isnan(by_session)] = np.nan
        chain = hashlib.sha256("\n".join((self.universe.calendar, *everyone)).encode())
        chain.update(by_session[:start].tobytes())
        found = []
        for at in range(start, self.size):
            chain.update(by_session[at].tobytes())
            found.append(chain.copy().hexdigest()[:16])
        return found


def _place(
    columns: Mapping[str, FloatArray], row: int, bars: Bars, calendar: TradingCalendar, size: int, lag: int
) -> None:
    at = np.searchsorted(calendar.days, bars.days)
    at = np.where(at < len(calendar.days), at, 0)
    on_session = calendar.days[at] == bars.days
    to = at + lag
    keep = on_session & (to < size)
    for name in FIELDS:
        columns[name][row, to[keep]] = getattr(bars, name)[keep]


def _as_date(day: np.datetime64) -> date:
    found: date = day.astype("datetime64[D]").item()
    return found
