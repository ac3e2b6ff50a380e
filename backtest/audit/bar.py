"""The bar that moved an answer: of all that was changed after a session, the part that does it.

Contract: `culprit` asks a test about histories that mix the real one with a changed one, halving what is changed. It
returns a part that moves the answer when it alone is changed: one number where one is enough, else the shortest run of
days, and one symbol and field where these are enough. None where the test says yes to a history in which nothing was
changed, or no to the changed one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from backtest.audit.futures import with_columns
from engine.bars import FIELDS
from engine.market import Market

__all__ = ["Part", "culprit"]

T = TypeVar("T")
Test = Callable[[Market], bool]


class Part(NamedTuple):
    """Numbers of the bar table that move an answer: all `fields` of all `symbols` on the sessions `first` to `last`."""

    symbols: tuple[str, ...]
    fields: tuple[str, ...]
    first: int
    last: int

    def says(self, labels: Sequence[str]) -> str:
        """As words: `QQQ adj_close 2018-05-02`, with `labels` the ISO days of sessions."""
        symbols = self.symbols[0] if len(self.symbols) == 1 else f"{len(self.symbols)} symbols together,"
        fields = self.fields[0] if len(self.fields) == 1 else "bars"
        days = labels[self.first] if self.first == self.last else f"{labels[self.first]} to {labels[self.last]}"
        return f"{symbols} {fields} {days}"


def culprit(real: Market, other: Market, at: int, moves: Test) -> Part | None:
    """Find the part.

    Args:
        real: the real history.
        other: one of the same size that differs after `at` only.
        moves: whether the answer moves on a history.
        at: the last session that both share.
    """
    days, symbols, names = list(range(at + 1, real.size)), list(range(len(real.symbols))), list(FIELDS)

    def enough(days: Sequence[int], symbols: Sequence[int], names: Sequence[str]) -> bool:
        return moves(_mixed(real, other, days, symbols, names))

    if enough([], [], []) or not enough(days, symbols, names):
        return None
    count = _fewest(len(days), lambda count: enough(days[:count], symbols, names))
    days = days[:count]
    if len(days) > 1:  # the last of them tipped it; as few as possible before it
        days = days[-_fewest(len(days), lambda count: enough(days[-count:], symbols, names)) :]
    symbols = _halved(symbols, lambda some: enough(days, some, names))
    names = _halved(names, lambda some: enough(days, symbols, some))
    return Part(tuple(real.symbols[row] for row in symbols), tuple(names), days[0], days[-1])


def _fewest(most: int, enough: Callable[[int], bool]) -> int:
    """The least count that is enough, by halving; `most` is enough."""
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _halved(items: list[T], enough: Callable[[list[T]], bool]) -> list[T]:
    """A short part of `items` that is enough by itself: halves, then single ones."""
    while len(items) > 1:
        half = len(items) // 2
        part = next((part for part in (items[:half], items[half:]) if enough(part)), None)
        if part is None:
            return next(([item] for item in items if enough([item])), items)
        items = part
    return items


def _mixed(real: Market, other: Market, days: Sequence[int], symbols: Sequence[int], names: Sequence[str]) -> Market:
    columns = dict(real.columns)
    if days and symbols:
        place = np.ix_(symbols, days)
        for name in names:
            column = real.columns[name].copy()
            column[place] = other.columns[name][place]
            columns[name] = column
    return with_columns(real, columns)
