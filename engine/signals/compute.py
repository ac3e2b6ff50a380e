"""Compute declared signals over a whole market, once.

Contract: a role without a symbol makes a signal missing with a reason; a value older than its `max_age` is missing;
nothing is filled with a neutral number. Row t of the frame equals, bit for bit, what the market cut after t gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.bars import FloatArray
from engine.errors import InputError, told
from engine.market import Market
from engine.signals.columns import Columns, MissingRole
from engine.signals.spec import SignalSpec

__all__ = ["Row", "SignalFrame", "SignalIndex", "SignalRow", "compute_signals"]

Row = tuple[float | None, ...]


class SignalRow(NamedTuple):
    """All signals of one session, in memory of its own that nobody can write to.

    Attributes:
        numbers: the value of each signal, then the z-score of each; NaN where missing.
        ages: sessions since the newest bar in each signal, one byte each.
        seen: 1 where the signal has had a z-score on this or an earlier session, one byte each.
    """

    numbers: memoryview[float]
    ages: bytes
    seen: bytes


@dataclass(frozen=True)
class SignalIndex:
    """Names and declarations without any data: safe to hand to a mind.

    Attributes:
        specs: the declared signals, in column order.
        absent: signal -> why it can never have a value in this universe.
    """

    specs: tuple[SignalSpec, ...]
    absent: Mapping[str, str]

    @cached_property
    def at(self) -> dict[str, int]:
        """Signal name -> its column."""
        return {spec.name: column for column, spec in enumerate(self.specs)}

    @cached_property
    def _pickers(self) -> dict[tuple[str, ...], Callable[[memoryview[float]], tuple[float, ...]]]:
        return {}

    def picker(self, names: tuple[str, ...]) -> Callable[[memoryview[float]], tuple[float, ...]]:
        """A function that takes the values of `names` out of a row's numbers.

        Raises:
            KeyError: no signal has that name.
        """
        found = self._pickers.get(names)
        if found is None:
            columns = [self.at[name] for name in names]
            found = itemgetter(*columns) if len(columns) > 1 else lambda row: tuple(row[column] for column in columns)
            self._pickers[names] = found
        return found


@dataclass(frozen=True)
class SignalFrame:
    """Signals of the sessions from `first` on, one contiguous row per signal.

    Attributes:
        index: what the rows are.
        first: position of the first session that is kept.
        values: shape (signals, sessions), NaN where missing.
        zs: the same of the z-scores.
        ages: sessions since the newest bar in each value.
        seen: whether there has been a z-score by then, before `first` too.
        early: values before `first` of those signals for which they were asked.
    """

    index: SignalIndex
    first: int
    values: FloatArray
    zs: FloatArray
    ages: npt.NDArray[np.uint8]
    seen: npt.NDArray[np.bool_]
    early: Mapping[str, FloatArray]

    def column(self, name: str) -> FloatArray:
        """Values of one signal from session `first` on, NaN where missing; `KeyError` when it is not declared."""
        found: FloatArray = self.values[self.index.at[name]]
        return found

    def picked(self, names: Sequence[str], start: int, stop: int) -> list[Row]:
        """Values of some signals, None where missing, one row per session as in `rows`."""
        cut = slice(start - self.first, stop - self.first)
        columns = [self.column(name)[cut].tolist() for name in names]
        return list(zip(*[[None if x != x else x for x in column] for column in columns], strict=True))

    def rows(self, start: int, stop: int) -> list[SignalRow]:
        """One row per session from `start` to before `stop`, neither before `first`."""
        cut = slice(start - self.first, stop - self.first)
        numbers = np.ascontiguousarray(np.concatenate([self.values[:, cut], self.zs[:, cut]]).T)
        ages, seen = np.ascontiguousarray(self.ages[:, cut].T), np.ascontiguousarray(self.seen[:, cut].T)
        return [
            SignalRow(memoryview(row.tobytes()).cast("d"), age.tobytes(), had.tobytes())
            for row, age, had in zip(numbers, ages, seen, strict=True)
        ]


def compute_signals(
    market: Market, specs: Iterable[SignalSpec], first: int = 0, early: Sequence[str] = ()
) -> SignalFrame:
    """Compute `specs` over the whole of `market`.

    Args:
        market: the bars.
        specs: what to compute.
        first: session from which on the frame keeps them.
        early: names of the signals whose values before `first` are kept as well.

    Raises:
        InputError: two different signals share a name, or a function fails or returns something other than two columns.
    """
    specs = tuple(dict.fromkeys(specs))  # two minds of one package may share a signal
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        sources = " and ".join(_origin(spec) for spec in specs if spec.name == twice[0])
        raise InputError(f"two signals are called {twice[0]!r} (from {sources}); rename the plug-in's")
    shape = (len(specs), market.size - first)
    values, zs = np.empty(shape), np.empty(shape)
    ages, seen = np.zeros(shape, np.uint8), np.zeros(shape, np.bool_)
    columns, absent, before = Columns(market, first), {}, {}
    for row, spec in enumerate(specs):
        try:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # what has no value ends as NaN below
                value, z = spec.make(columns.whole() if spec.name in early else columns)
        except MissingRole as missing:
            absent[spec.name] = missing.reason
            values[row] = zs[row] = np.nan
            if spec.name in early:
                before[spec.name] = np.full(first, np.nan)
            continue
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a stranger's code; missing it cannot be, as its reason would lie in the future
            raise InputError(
                f"signal {spec.name!r} (from {_origin(spec)}) failed with {told(error)}; mend it, or leave out what "
                "declares it"
            ) from error
        _check(spec, value, z, market.size)
        value, z, age = _carry(value, z, spec.max_age)
        values[row], zs[row], ages[row] = value[first:], z[first:], age[first:]
        seen[row] = np.logical_or.accumulate(~np.isnan(z))[first:]
        if spec.name in early:
            before[spec.name] = value[:first].copy()
    return SignalFrame(SignalIndex(specs, absent), first, values, zs, ages, seen, before)


def _check(spec: SignalSpec, value: object, z: object, size: int) -> None:
    for what, column in (("values", value), ("z-scores", z)):
        if not isinstance(column, np.ndarray) or column.shape != (size,) or column.dtype.kind not in "fiu":
            raise InputError(
                f"signal {spec.name!r} (from {_origin(spec)}) must return {what} as an array of shape ({size},), "
                "a number for each session"
            )


def _origin(spec: SignalSpec) -> str:
    made_of = getattr(spec.make, "func", spec.make)  # a partial is known by what it wraps
    return str(getattr(made_of, "__module__", None) or "an unnamed function")


def _carry(value: FloatArray, z: FloatArray, max_age: int) -> tuple[FloatArray, FloatArray, npt.NDArray[np.uint8]]:
    """Let the last value stand in for at most `max_age` sessions.

    Infinities count as missing, and so does a z-score without a value.
    """
    valid = np.isfinite(value)
    value, z = np.where(valid, value, np.nan), np.where(valid & np.isfinite(z), np.clip(z, -3.0, 3.0), np.nan)
    if max_age == 0:
        return value, z, np.zeros(len(value), np.uint8)
    here = np.arange(len(value))
    last = np.maximum.accumulate(np.where(valid, here, -1))
    age = here - last
    usable = (last >= 0) & (age <= max_age)
    return (
        np.where(usable, value[last], np.nan),
        np.where(usable, z[last], np.nan),
        np.where(usable, age, 0).astype(np.uint8),
    )
