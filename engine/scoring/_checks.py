"""Input checks shared by every score.

Contract: what passes is a one-dimensional float64 array whose values make sense for the score; anything else raises
`InputError` with one sentence naming the argument, the shapes or the position, and the way out. Nothing is clipped,
dropped or filled here: a void claim has no score, so the caller leaves it out.
"""

from __future__ import annotations

import math
import operator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import InputError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Forecasts(NamedTuple):
    """Outcomes and the probabilities given to them, checked and of equal length."""

    y: FloatArray
    p: FloatArray


def series(values: npt.ArrayLike, name: str, *, allow_nan: bool = False) -> FloatArray:
    """Return `values` as a 1-D float64 array of finite numbers (NaN too, where it stands for a void claim)."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be a list of numbers ({error}); pass one number for each claim") from None
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, not of shape {array.shape}; pass one number for each claim")
    usable = ~np.isinf(array) if allow_nan else np.isfinite(array)
    _reject(array, usable, name, "finite numbers", "leave void claims out" if not allow_nan else "use NaN for a void")
    return array


def outcomes(values: npt.ArrayLike, name: str = "outcomes y", *, allow_nan: bool = False) -> FloatArray:
    """Return `values` as an array of 0 and 1 (and NaN for void, where allowed)."""
    array = series(values, name, allow_nan=allow_nan)
    usable = (array == 0.0) | (array == 1.0) | np.isnan(array)
    _reject(array, usable, name, "0 or 1", "score 1 when the event happened and 0 when it did not")
    return array


def forecasts(y: npt.ArrayLike, p: npt.ArrayLike, *, empty: bool = False) -> Forecasts:
    """Return outcomes and probabilities of one length; an empty pair passes only with `empty=True`."""
    observed, predicted = outcomes(y), probabilities(p)
    same_shape(("outcomes y", observed), ("forecasts p", predicted))
    if not empty and observed.size == 0:
        raise InputError("there is nothing to score: outcomes y and forecasts p are empty; pass at least one claim")
    return Forecasts(observed, predicted)


def probabilities(values: npt.ArrayLike, name: str = "forecasts p") -> FloatArray:
    """Return `values` as an array of numbers in [0, 1]."""
    array = series(values, name)
    _reject(array, (array >= 0.0) & (array <= 1.0), name, "between 0 and 1", "pass probabilities, not percentages")
    return array


def same_shape(first: tuple[str, FloatArray], second: tuple[str, FloatArray]) -> None:
    """Refuse to broadcast: a score belongs to one claim."""
    if first[1].shape != second[1].shape:
        raise InputError(
            f"{first[0]} of shape {first[1].shape} do not match {second[0]} of shape {second[1].shape}; "
            "pass one of each for every claim"
        )


def fraction(value: float, name: str) -> float:
    """Return `value` when it lies strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        raise InputError(f"{name} must lie strictly between 0 and 1, not {value!r}; for 80% write 0.8")
    return float(value)


def whole(value: int, name: str, *, minimum: int) -> int:
    """Return `value` when it is a whole number of at least `minimum`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} must be a whole number, not {value!r}; use {minimum} or more") from None
    if number < minimum:
        raise InputError(f"{name} must be at least {minimum}, not {number}; use {minimum} or more")
    return number


def counts(k: float, n: float, *, minimum: float) -> None:
    """Refuse a rate of `k` out of `n` that no set of claims can have."""
    if not (0 <= k <= n and n >= minimum and math.isfinite(n)):
        raise InputError(f"{k!r} right out of {n!r} is not a rate; k must lie between 0 and n, and n be >= {minimum}")


def pseudo_counts(prior: float, strength: float, *, positive: bool = True) -> None:
    """Refuse a prior that is no probability or a strength that is no count."""
    if not 0.0 <= prior <= 1.0:
        raise InputError(f"the prior rate must lie between 0 and 1, not {prior!r}; for 54% write 0.54")
    if not (0.0 <= strength < math.inf) or (positive and strength == 0):
        raise InputError(f"strength must be a positive number of pseudo-observations, not {strength!r}; try 500")


def _reject(array: FloatArray, usable: BoolArray, name: str, wanted: str, fix: str) -> None:
    """Name the first value that is not `usable`."""
    if not usable.all():
        where = int(np.argmin(usable))
        raise InputError(f"{name} must be {wanted}, but position {where} holds {float(array[where])!r}; {fix}")
