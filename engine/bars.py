"""The bar table: daily prices of one symbol, as every source must hand them over.

Contract (checked by `engine.bar_checks`, relied on everywhere else): days ascend without repeats and are sessions of
the symbol's calendar; prices are finite; prices (not levels such as yields) are positive; low <= open, close <= high;
volume is finite and not negative. Arrays are contiguous float64, read-only, and as long as `days`. What is unknown is
absent, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.calendar import Days

__all__ = ["COLUMNS", "FIELDS", "Bars", "FloatArray"]

FloatArray = npt.NDArray[np.float64]
"""Numbers as float64, shape (n,) unless stated."""

FIELDS = ("open", "high", "low", "close", "adj_close", "volume")
COLUMNS = ("date", *FIELDS)
"""The header of a CSV file, in order."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Daily bars of one symbol, oldest first; each array has shape (n,)."""

    symbol: str
    days: Days
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    adj_close: FloatArray
    volume: FloatArray

    def __post_init__(self) -> None:
        """Refuse ragged tables and lock the arrays."""
        for name in FIELDS:
            column = getattr(self, name)
            if column.shape != self.days.shape:
                raise ValueError(f"{self.symbol}: {name} has shape {column.shape}, the days have {self.days.shape}")
            column.flags.writeable = False
        self.days.flags.writeable = False

    def __len__(self) -> int:
        return len(self.days)

    def until(self, last: np.datetime64) -> Bars:
        """The bars up to and including `last`, as copies: nothing later can be reached from the result."""
        stop = int(np.searchsorted(self.days, last, side="right"))
        return Bars(self.symbol, self.days[:stop].copy(), *(getattr(self, name)[:stop].copy() for name in FIELDS))
