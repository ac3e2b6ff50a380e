"""Climatology: what one would have said knowing only the past frequency. Every score is read against it.

Contract: at position t only outcomes that had resolved by then are used: a claim made at position i with horizon
`delay` (in sessions) is known from position i + delay on. Void claims are NaN and count for nothing. A value computed
on a truncated history equals the full run's bit for bit: rates come from whole-number counts, quantiles from sorted
past values. Unusable input raises `InputError`.

The array functions serve whole histories, the classes serve replays; both give the same bits.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable
from heapq import heapify, heappush, heappushpop
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.scoring import _checks as check
from engine.scoring._checks import FloatArray

__all__ = [
    "PRIOR",
    "STRENGTH",
    "Band",
    "BaseRate",
    "ExpandingQuantile",
    "RunningQuantile",
    "climatology",
    "climatology_interval",
    "tails",
]

PRIOR = 0.54
"""Long-run share of sessions on which a US equity index rises."""
STRENGTH = 500.0
"""Pseudo-observations behind the prior: two years of sessions."""


class Band(NamedTuple):
    """Lower and upper ends of central intervals, shape (n,) each."""

    low: FloatArray
    high: FloatArray


def climatology(y: npt.ArrayLike, *, prior: float = PRIOR, strength: float = STRENGTH, delay: int = 1) -> FloatArray:
    """Expanding base rate, shrunk to a prior: `b_t = (k_t + prior * strength) / (n_t + strength)`.

    `k_t` and `n_t` count the events and the claims among positions 0 .. t - delay.

    Args:
        y: outcomes, 0 or 1, NaN for void, one for each session in order, shape (n,).
        prior: rate before any outcome is known, in [0, 1].
        strength: pseudo-observations behind the prior, positive.
        delay: sessions until an outcome is known, at least 1.

    Returns:
        Probability of outcome 1 at each position, shape (n,).

    Raises:
        InputError: an outcome is not 0, 1 or NaN, or an option is out of range.

    Source:
        The mean of a Beta(prior * strength, (1 - prior) * strength) posterior: Gelman et al., Bayesian Data Analysis,
        section 2.4. As a reference forecast: Wilks, Statistical Methods in the Atmospheric Sciences.

    >>> climatology([1, 0, 1], prior=0.5, strength=2).round(3).tolist()
    [0.5, 0.667, 0.5]
    """
    observed = check.outcomes(y, allow_nan=True)
    check.pseudo_counts(prior, strength)
    lag = check.whole(delay, "delay", minimum=1)
    hits, seen = np.zeros((2, observed.size), dtype=np.int64)
    known = observed[: max(observed.size - lag, 0)]
    # Whole numbers add up exactly in any order, which floats would not.
    hits[lag:] = np.cumsum(known == 1.0)
    seen[lag:] = np.cumsum(~np.isnan(known))
    rate: FloatArray = (hits + prior * strength) / (seen + strength)
    return rate


class BaseRate:
    """The base rate of `climatology`, fed one resolved outcome at a time.

    The caller adds an outcome when it is known, so the delay is the caller's.

    >>> rate = BaseRate(prior=0.5, strength=2)
    >>> rate.add(1)
    >>> round(rate.value, 3), rate.count
    (0.667, 1)
    """

    __slots__ = ("_hits", "_pseudo_hits", "_strength", "count")

    def __init__(self, prior: float = PRIOR, strength: float = STRENGTH) -> None:
        """Start from the prior alone; raises `InputError` as `climatology` does."""
        check.pseudo_counts(prior, strength)
        self._hits = 0
        self._pseudo_hits = prior * strength
        self._strength = strength
        self.count = 0

    def add(self, y: float) -> None:
        """Count one outcome, 0 or 1; NaN (void) changes nothing. Raises `InputError` for anything else."""
        if y == 1:
            self._hits += 1
            self.count += 1
        elif y == 0:
            self.count += 1
        elif not math.isnan(y):
            raise InputError(f"an outcome must be 0, 1 or NaN for void, not {y!r}; resolve the claim first")

    @property
    def value(self) -> float:
        """Probability of outcome 1, given what was added so far."""
        return (self._hits + self._pseudo_hits) / (self.count + self._strength)


def tails(level: float) -> tuple[float, float]:
    """Return the two probabilities whose quantiles bound the central interval of `level`.

    Rounded to 12 decimals, so that 0.8 means 0.1 and 0.9 and not 0.09999999999999998.

    >>> tails(0.8)
    (0.1, 0.9)
    """
    half = (1.0 - check.fraction(level, "level")) / 2.0
    return round(half, 12), round(1.0 - half, 12)


class ExpandingQuantile:
    """Quantiles of every value added so far; equal, bit for bit, to `numpy.quantile` of them.

    Adding keeps a sorted list (a binary search and one move of memory); reading a quantile takes constant time.

    >>> past = ExpandingQuantile()
    >>> for value in (3.0, 1.0, 2.0):
    ...     past.add(value)
    >>> past.quantile(0.5), past.quantile(0.75), len(past)
    (2.0, 2.5, 3)
    """

    __slots__ = ("_sorted",)

    def __init__(self) -> None:
        """Start with no values."""
        self._sorted: list[float] = []

    def __len__(self) -> int:
        """Count the values added, voids not included."""
        return len(self._sorted)

    def add(self, x: float) -> None:
        """Add one value; NaN (void) changes nothing. Raises `InputError` for an infinite one."""
        if math.isinf(x):
            raise InputError(f"cannot take quantiles of {x!r}; pass finite returns, or NaN for void")
        if x == x:
            insort(self._sorted, float(x))

    def extend(self, values: Iterable[float]) -> None:
        """Add many values at once, as `add` would one by one."""
        found = [float(x) for x in values if x == x]
        if any(math.isinf(x) for x in found):
            raise InputError("cannot take quantiles of an infinite value; pass finite returns, or NaN for void")
        self._sorted = sorted([*self._sorted, *found])

    def quantile(self, q: float) -> float:
        """Return the linearly interpolated q-quantile (Hyndman & Fan 1996, type 7), in the unit of the values.

        Raises `InputError` when nothing was added or q is outside [0, 1].
        """
        values = self._sorted
        if not values or not 0.0 <= q <= 1.0:
            raise InputError(f"no {q!r} quantile of {len(values)} values; add a value, and keep q between 0 and 1")
        position = (len(values) - 1) * q
        index = int(position)
        if index >= len(values) - 1:
            return values[-1]
        low, high = values[index], values[index + 1]
        weight = position - index
        # Working from the nearer end is numpy's rule; it keeps the result monotone in q.
        return low + (high - low) * weight if weight < 0.5 else high - (high - low) * (1.0 - weight)


class RunningQuantile:
    """One quantile of every value added so far; the same bits as `ExpandingQuantile`, in less time.

    The values below the quantile and those above it are two heaps, so that adding one costs a logarithm instead of a
    move of half the memory.

    >>> median = RunningQuantile(0.5)
    >>> for value in (3.0, 1.0, 2.0):
    ...     median.add(value)
    >>> median.value, len(median)
    (2.0, 3)
    """

    __slots__ = ("_above", "_below", "_q")

    def __init__(self, q: float) -> None:
        """Start with no values; raises `InputError` when q is outside [0, 1]."""
        if not 0.0 <= q <= 1.0:
            raise InputError(f"there is no {q!r} quantile; keep q between 0 and 1")
        self._q = q
        self._below: list[float] = []  # negated, so that its first is the largest
        self._above: list[float] = []

    def __len__(self) -> int:
        """Count the values added, voids not included."""
        return len(self._below) + len(self._above)

    def add(self, x: float) -> None:
        """Add one value; NaN (void) changes nothing. Raises `InputError` for an infinite one."""
        if not -math.inf < x < math.inf:
            if x == x:
                raise InputError(f"cannot take quantiles of {x!r}; pass finite returns, or NaN for void")
            return
        below, above = self._below, self._above
        wanted = int((len(below) + len(above)) * self._q) + 1  # values up to and with the one at or under the quantile
        if len(below) < wanted:
            heappush(below, -heappushpop(above, x))
        else:
            heappush(above, -heappushpop(below, -x))

    def extend(self, values: Iterable[float]) -> None:
        """Add many values at once, as `add` would one by one."""
        found = [float(x) for x in values if x == x]
        if any(math.isinf(x) for x in found):
            raise InputError("cannot take quantiles of an infinite value; pass finite returns, or NaN for void")
        found = sorted([*found, *self._above, *[-x for x in self._below]])
        split = int((len(found) - 1) * self._q) + 1 if found else 0
        self._below, self._above = [-x for x in found[:split]], found[split:]
        heapify(self._below)

    def follow(self, values: Iterable[float]) -> list[float]:
        """`add` each of many values; gives the quantile after each, NaN while there is none.

        Raises:
            InputError: a value is infinite.
        """
        found, value = [], self.value if len(self) else math.nan
        below, above, q = self._below, self._above, self._q
        count = len(self)
        for x in values:
            if -math.inf < x < math.inf:
                place = count * q
                split = int(place)
                if len(below) <= split:
                    heappush(below, -heappushpop(above, x))
                else:
                    heappush(above, -heappushpop(below, -x))
                count += 1
                weight, value = place - split, -below[0]
                if above:
                    gap = above[0] - value
                    value = value + gap * weight if weight < 0.5 else above[0] - gap * (1.0 - weight)
            else:
                self.add(x)  # refuses it, unless it is void
            found.append(value)
        return found

    @property
    def value(self) -> float:
        """The linearly interpolated quantile (Hyndman & Fan 1996, type 7); `InputError` when nothing was added."""
        below, above = self._below, self._above
        if not below:
            raise InputError(f"no {self._q!r} quantile of no values; add one first")
        low = -below[0]
        if not above:
            return low
        position = (len(below) + len(above) - 1) * self._q
        weight, high = position - int(position), above[0]
        return low + (high - low) * weight if weight < 0.5 else high - (high - low) * (1.0 - weight)


def climatology_interval(x: npt.ArrayLike, *, level: float = 0.8, delay: int = 1, minimum: int = 250) -> Band:
    """Central interval from the expanding quantiles of past values.

    At position t the ends are the `(1 - level)/2` and `(1 + level)/2` quantiles (linear interpolation) of the values at
    positions 0 .. t - delay.

    Args:
        x: the value each claim resolved to, e.g. the return over its horizon; NaN for void; shape (n,).
        level: probability inside the interval, in (0, 1).
        delay: sessions until a value is known, at least 1.
        minimum: known values needed before an interval is given, at least 1.

    Returns:
        Lower and upper ends in the unit of x, shape (n,) each; NaN while fewer than `minimum` values are known.

    Raises:
        InputError: a value is infinite, or an option is out of range.

    Source:
        Hyndman & Fan (1996), Sample quantiles in statistical packages, type 7.

    >>> band = climatology_interval([1.0, 2.0, 3.0, 4.0], level=0.5, minimum=3)
    >>> band.low.tolist(), band.high.tolist()
    ([nan, nan, nan, 1.5], [nan, nan, nan, 2.5])
    """
    values = check.series(x, "values x", allow_nan=True)
    lag = check.whole(delay, "delay", minimum=1)
    needed = check.whole(minimum, "minimum", minimum=1)
    lower_tail, upper_tail = tails(level)
    low, high = np.full((2, values.size), np.nan)
    past = ExpandingQuantile()
    for t, known in enumerate(values[: max(values.size - lag, 0)].tolist(), start=lag):
        past.add(known)
        if len(past) >= needed:
            low[t], high[t] = past.quantile(lower_tail), past.quantile(upper_tail)
    return Band(low, high)
