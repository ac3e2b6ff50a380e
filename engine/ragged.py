"""Bars of many symbols on one calendar, kept from each symbol's first session on.

Contract: to everybody who does not ask for more it is a mapping of a field to an array of shape (symbols, size), NaN
where there is no bar, which it makes when somebody asks; most symbols are younger than the market, and what is never
made costs nothing. Nothing that it hands out can be written to, but for `stretch`, which is the caller's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.bars import FIELDS, FloatArray

__all__ = ["Ragged", "Young"]


class Young(NamedTuple):
    """Bars of one symbol without those before its first.

    Attributes:
        first: position of its first session.
        fields: one array for each of `FIELDS`, from then on, NaN where there is no bar; all of one length.
    """

    first: int
    fields: tuple[FloatArray, ...]

    def until(self, stop: int) -> Young:
        """What lies before session `stop`, as copies."""
        return Young(self.first, tuple([field[: max(stop - self.first, 0)].copy() for field in self.fields]))

    def between(self, start: int, stop: int) -> tuple[slice, slice]:
        """Its own positions from session `start` to before `stop`, and theirs counted from `start`."""
        low, high = max(start, self.first), min(stop, self.first + len(self.fields[0]))
        low, high = (low, high) if low < high else (start, start)
        return slice(max(low - self.first, 0), max(high - self.first, 0)), slice(low - start, high - start)


class Ragged(Mapping[str, FloatArray]):
    """Bars of many symbols, `size` sessions long."""

    def __init__(self, symbols: Sequence[Young], size: int) -> None:
        self.symbols, self.size = tuple(symbols), size
        self._made: dict[str | tuple[str, int], FloatArray] = {}

    def __getitem__(self, name: str) -> FloatArray:
        """One field of all symbols, shape (symbols, size); `KeyError` when bars have no such field."""
        if name not in FIELDS:
            raise KeyError(name)
        found = self._made.get(name)
        if found is None:
            found = np.full((len(self.symbols), self.size), np.nan)
            for row, symbol in enumerate(self.symbols):
                _fill(found[row], symbol, name)
            found.flags.writeable = False
            self._made[name] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(FIELDS)

    def __len__(self) -> int:
        return len(FIELDS)

    def row(self, name: str, row: int) -> FloatArray:
        """One field of one symbol, shape (size,)."""
        found = self._made.get((name, row))
        if found is None:
            found = np.full(self.size, np.nan)
            _fill(found, self.symbols[row], name)
            found.flags.writeable = False
            self._made[name, row] = found
        return found

    def stretch(self, start: int, stop: int, places: Sequence[int], width: int) -> FloatArray:
        """Sessions `start` to before `stop`, shape (sessions, fields, width), each symbol at its place of `places`."""
        found = np.full((stop - start, len(FIELDS), width), np.nan)
        for place, symbol in zip(places, self.symbols, strict=True):
            mine, theirs = symbol.between(start, stop)
            if mine.start < mine.stop:
                for field, column in enumerate(symbol.fields):
                    found[theirs, field, place] = column[mine]
        return found


def _fill(column: FloatArray, symbol: Young, name: str) -> None:
    field = symbol.fields[FIELDS.index(name)]
    column[symbol.first : symbol.first + len(field)] = field
