"""Compute declared signals over a whole market, once.

Contract: a role without a symbol makes a signal missing with a reason; a value older than its `max_age` is missing;
nothing is filled with a neutral number. Row t of the frame equals, bit for bit, what the market cut after t gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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

__all__ = ["SignalFrame", "SignalIndex", "SignalRow", "compute_signals"]

Row = tuple[float | None, ...]


class SignalRow(NamedTuple):
    """All signals of one session.

    Attributes:
        values: value of each signal, None where missing.
        zs: z-score of each, None where missing.
        ages: sessions since the newest bar in each, one byte a signal.
        seen: 1 where the signal has had a z-score on this or an earlier session.
    """

    values: Row
    zs: Row
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
    def _pickers(self) -> dict[tuple[str, ...], Callable[[Row], Row]]:
        return {}

    def picker(self, names: tuple[str, ...]) -> Callable[[Row], Row]:
        """A function that takes the columns of `names`, in that order, out of a row; `KeyError` for an unknown name."""
        found = self._pickers.get(names)
        if found is None:
            columns = [self.at[name] for name in names]
            found = itemgetter(*columns) if len(columns) > 1 else lambda row: tuple(row[column] for column in columns)
            self._pickers[names] = found
        return found


@dataclass(frozen=True)
class SignalFrame:
    """Signals of all sessions: `values`, `zs` and `ages` have shape (signals, size), one contiguous row per signal."""

    index: SignalIndex
    values: FloatArray
    zs: FloatArray
    ages: npt.NDArray[np.uint8]

    @cached_property
    def _seen(self) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = np.logical_or.accumulate(~np.isnan(self.zs), axis=1)
        return found

    def rows(self, start: int, stop: int) -> list[SignalRow]:
        """One row per session from `start` to before `stop`."""
        values, zs = _session_rows(self.values[:, start:stop]), _session_rows(self.zs[:, start:stop])
        ages = np.ascontiguousarray(self.ages[:, start:stop].T)
        seen = np.ascontiguousarray(self._seen[:, start:stop].T)
        return [SignalRow(*row) for row in zip(values, zs, map(bytes, ages), map(bytes, seen), strict=True)]


def compute_signals(market: Market, specs: Iterable[SignalSpec]) -> SignalFrame:
    """Compute `specs` over `market`.

    Raises:
        InputError: two different signals share a name, or a function fails or returns something other than two columns.
    """
    specs = tuple(dict.fromkeys(specs))  # two minds of one package may share a signal
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        sources = " and ".join(_origin(spec) for spec in specs if spec.name == twice[0])
        raise InputError(f"two signals are called {twice[0]!r} (from {sources}); rename the plug-in's")
    shape = (len(specs), market.size)
    values, zs, ages = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, np.uint8)
    columns, absent = Columns(market), {}
    for row, spec in enumerate(specs):
        try:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # what has no value ends as NaN below
                value, z = spec.make(columns)
        except MissingRole as missing:
            absent[spec.name] = missing.reason
            continue
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a stranger's code; missing it cannot be, as its reason would lie in the future
            raise InputError(
                f"signal {spec.name!r} (from {_origin(spec)}) failed with {told(error)}; mend it, or leave out what "
                "declares it"
            ) from error
        _check(spec, value, z, market.size)
        values[row], zs[row], ages[row] = _carry(value, z, spec.max_age)
    return SignalFrame(SignalIndex(specs, absent), values, zs, ages)


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
    """Let the last value stand in for at most `max_age` sessions; infinities count as missing."""
    valid = np.isfinite(value)
    value, z = np.where(valid, value, np.nan), np.where(np.isfinite(z), np.clip(z, -3.0, 3.0), np.nan)
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


def _session_rows(block: FloatArray) -> list[Row]:
    by_session = block.T.astype(object)
    by_session[np.isnan(block.T)] = None
    return [tuple(row) for row in by_session.tolist()]
