"""The raw table that `engine.bar_checks` works on, and what is said about it.

Contract: every refusal is a `DataError` with symbol, place and way out; no bar leaves the table without a `Repair`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from engine.bars import FIELDS, FloatArray
from engine.calendar import Days, TradingCalendar
from engine.errors import DataError

__all__ = ["MEND", "RawTable", "Repair"]

MEND = "correct or delete that line"


class Repair(NamedTuple):
    """Something about a symbol's bars that was mended, or that a reader should know.

    Attributes:
        symbol: whose bars.
        day: ISO day on which it first happens; empty when it belongs to no day.
        kind: one word of the list in engine.bar_checks.
        detail: one clause for people.
        times: how many bars, or sessions, it concerns.
    """

    symbol: str
    day: str
    kind: str
    detail: str
    times: int = 1


@dataclass
class RawTable:
    """One symbol's table while it is checked.

    Attributes:
        symbol: for messages, as `where`, the file or service it came from.
        level: whether the symbol is a level, not a price.
        calendar: sessions of its exchange.
        days: shape (n,).
        values: shape (6, n), in the order of FIELDS.
        lines: line of each bar as a person counts them, shape (n,).
        repairs: what was said so far.
    """

    symbol: str
    where: str
    level: bool
    calendar: TradingCalendar
    days: Days = field(default_factory=lambda: np.empty(0, "datetime64[D]"))
    values: FloatArray = field(default_factory=lambda: np.empty((6, 0)))
    lines: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    repairs: list[Repair] = field(default_factory=list)

    def fill(
        self, days: npt.NDArray[Any], columns: Mapping[str, npt.NDArray[Any]], lines: npt.NDArray[np.int64] | None
    ) -> None:
        """Take over the numbers; `DataError` when they are not the days and columns of a bar table."""
        raw = np.asarray(days)
        self.lines = np.arange(2, raw.size + 2) if lines is None else lines
        if raw.dtype.kind != "M" or raw.ndim != 1:
            self.refuse("the days are not plain dates", "give each as YYYY-MM-DD, without time or time zone")
        self.days = raw.astype("datetime64[D]")
        if (odd := np.isnat(raw) | (self.days != raw)).any():
            at = int(odd.argmax())
            self.refuse(f"the day {raw[at]} is no plain date", "give YYYY-MM-DD, without time or time zone", at)
        if set(columns) != set(FIELDS):
            self.refuse(f"the columns are {', '.join(columns)}", f"give exactly {', '.join(FIELDS)}")
        self.values = np.empty((len(FIELDS), raw.size))
        for row, name in enumerate(FIELDS):
            column = np.asarray(columns[name])
            if column.dtype.kind not in "fiu":
                self.refuse(f"{name} holds {column.dtype} values, not numbers", "convert the column to numbers")
            if column.shape != raw.shape:
                self.refuse(f"{name} has shape {column.shape}, the days have {raw.shape}", "give one value a day")
            self.values[row] = column
        self.values += 0.0  # -0.0 becomes 0.0: equal numbers must be equal bytes

    def refuse(self, problem: str, fix: str = MEND, at: int | None = None) -> NoReturn:
        """Raise `DataError` for the table, or for its bar `at`."""
        row = None if at is None else int(self.lines[at])
        raise DataError(problem, fix=fix, symbol=self.symbol, where=self.where, row=row)

    def say(self, kind: str, day: np.datetime64, detail: str, times: int) -> None:
        """Note a repair, or what stands out."""
        self.repairs.append(Repair(self.symbol, str(day), kind, detail, times))

    def drop(self, gone: npt.NDArray[np.bool_], kind: str, detail: str) -> None:
        """Leave bars out, and say so."""
        if not gone.any():
            return
        self.say(kind, self.days[gone.argmax()], detail, int(gone.sum()))
        self.days, self.values, self.lines = self.days[~gone], self.values[:, ~gone], self.lines[~gone]
