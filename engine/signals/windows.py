"""Trailing-window arithmetic that gives the same bits whatever lies outside the window.

Contract: the value at position t is a function of x[t-w+1 .. t] alone, computed by the same operations in the same
order wherever the window lies. So cutting the future, starting history later, or a spike or NaN that has left the
window changes no bit. (Running sums, as in most rolling-window libraries, keep a memory of all that went before.) Sums
are built by doubling: a window of 2k is the sum of two windows of k, so w costs log2(w) passes of elementwise
additions, and rounding grows with log2(w) too. Order statistics are exact by nature, so a sorted list that slides along
may serve them.

NaN marks what is missing. Every function takes `least`, the number of valid observations (one or more) below which the
result is NaN; by default the whole window. Positions before the first full window are NaN. All arrays have shape (n,).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable

import numpy as np

from engine.bars import FloatArray

__all__ = [
    "delay",
    "window_corr",
    "window_count",
    "window_ewma",
    "window_mad",
    "window_max",
    "window_mean",
    "window_median",
    "window_median_mad",
    "window_min",
    "window_std",
    "window_sum",
]

_FLAT = 1e-11
"""A variance below this share of the mean square is rounding, not movement, and counts as zero."""

Merge = Callable[[FloatArray, FloatArray, int], FloatArray]
"""(older part, newer part, sessions in the newer part) -> both parts as one."""


def delay(x: FloatArray, by: int) -> FloatArray:
    """`x` moved `by` sessions later; the first `by` values are NaN."""
    out = np.full(x.shape, np.nan)
    out[by:] = x[: max(len(x) - by, 0)]
    return out


def window_count(x: FloatArray, width: int) -> FloatArray:
    """Number of valid observations in each window (0 where the window is not yet full)."""
    if width < 1:
        raise ValueError(f"a window has at least one session, not {width}")
    out = np.zeros(x.shape)
    so_far = np.cumsum(~np.isnan(x))  # whole numbers: the difference of two running counts is exact
    out[width - 1 :] = so_far[width - 1 :]
    out[width:] -= so_far[: max(len(x) - width, 0)]
    return out


def window_sum(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Sum of the valid observations of each window."""
    enough = window_count(x, width) >= _least(width, least)
    return np.where(enough, _doubled(_filled(x, 0.0), width, _add), np.nan)


def window_mean(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Mean of the valid observations of each window."""
    count = window_count(x, width)
    enough = count >= _least(width, least)
    return _doubled(_filled(x, 0.0), width, _add) / np.where(enough, count, np.nan)


def window_std(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Sample standard deviation (n - 1); NaN for a flat window, which has no scale to measure in.

    The relative error is about 1e-15 times (mean / deviation) squared: for a series far from zero that hardly moves,
    such as a price rather than its return, subtract a constant first.
    """
    count = window_count(x, width)
    filled = _filled(x, 0.0)
    total, square = _doubled(filled, width, _add), _doubled(filled * filled, width, _add)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = square - total * total / count
        usable = (spread > _FLAT * square) & (count >= _least(width, least))
        return np.sqrt(np.where(usable, spread / (count - 1.0), np.nan))


def window_corr(x: FloatArray, y: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Pearson correlation over the positions of each window where both are valid; NaN when either is flat."""
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = np.where(both, x, np.nan), np.where(both, y, np.nan)
    count = window_count(x, width)
    sx, sy, sxx, syy, sxy = (window_sum(item, width, least=least) for item in (x, y, x * x, y * y, x * y))
    with np.errstate(invalid="ignore", divide="ignore"):
        vx, vy = sxx - sx * sx / count, syy - sy * sy / count
        moving = (vx > _FLAT * sxx) & (vy > _FLAT * syy)
        scale = np.sqrt(np.where(moving, vx, np.nan)) * np.sqrt(np.where(moving, vy, np.nan))
        found: FloatArray = np.clip((sxy - sx * sy / count) / scale, -1.0, 1.0)
        return found


def window_max(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Largest valid observation of each window."""
    found = _doubled(_filled(x, -np.inf), width, lambda old, new, _: np.maximum(old, new))
    return np.where(window_count(x, width) >= _least(width, least), found, np.nan)


def window_min(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Smallest valid observation of each window."""
    found = _doubled(_filled(x, np.inf), width, lambda old, new, _: np.minimum(old, new))
    return np.where(window_count(x, width) >= _least(width, least), found, np.nan)


def window_ewma(x: FloatArray, width: int, decay: float, *, least: int | None = None) -> FloatArray:
    """Exponentially weighted mean: weight `decay`**k for the observation k sessions ago, cut off after `width`."""

    def fade(old: FloatArray, new: FloatArray, sessions: int) -> FloatArray:
        return old * decay**sessions + new

    weighted = _doubled(_filled(x, 0.0), width, fade)
    weight = _doubled((~np.isnan(x)).astype(float), width, fade)
    enough = window_count(x, width) >= _least(width, least)
    return weighted / np.where(enough, weight, np.nan)


def window_median(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Median of the valid observations of each window."""
    return window_median_mad(x, width, least=least)[0]


def window_mad(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Median absolute deviation from the window's own median (not scaled)."""
    return window_median_mad(x, width, least=least)[1]


def window_median_mad(x: FloatArray, width: int, *, least: int | None = None) -> tuple[FloatArray, FloatArray]:
    """Median and median absolute deviation of each window, in one pass.

    One sorted list takes in the newest value and lets go of the oldest. The half of it that lies nearest to the median
    is a run in that list, [low, high); kept from session to session, it seldom has far to walk. (In one piece, and
    without min and max, because this loop is half the time of the whole table.)
    """
    enough = (window_count(x, width) >= _least(width, least)).tolist()
    values: list[float] = (x + 0.0).tolist()  # -0.0 becomes 0.0: equal values must be the same bits
    median, mad = [np.nan] * len(values), [np.nan] * len(values)
    held: list[float] = []
    low, first = 0, _first(x)
    for at, (newest, oldest) in enumerate(zip(values[first:], [np.nan] * width + values[first:], strict=False), first):
        if oldest == oldest:  # not NaN
            del held[bisect_left(held, oldest)]
        if newest == newest:
            insort(held, newest)
        if not enough[at]:
            continue
        count = len(held)
        half, odd = count // 2, count % 2
        middle = held[half] if odd else (held[half - 1] + held[half]) / 2.0
        low = low if low < half else half
        high = low + half + odd
        while high < count and held[high] - middle < middle - held[low]:
            low, high = low + 1, high + 1
        while low and middle - held[low - 1] < held[high - 1] - middle:
            low, high = low - 1, high - 1
        left, right = middle - held[low], held[high - 1] - middle
        spread = left if left > right else right
        if not odd:  # the mean of this deviation and the next larger one, which lies just outside the run
            below = middle - held[low - 1] if low else np.inf
            above = held[high] - middle if high < count else np.inf
            spread = (spread + (below if below < above else above)) / 2.0
        median[at], mad[at] = middle, spread
    return np.array(median, dtype=float), np.array(mad, dtype=float)


def _first(x: FloatArray) -> int:
    """Position of the first valid value; the length where there is none."""
    valid = ~np.isnan(x)
    return int(valid.argmax()) if valid.any() else len(x)


def _least(width: int, least: int | None) -> int:
    return width if least is None else least


def _filled(x: FloatArray, absent: float) -> FloatArray:
    return np.where(np.isnan(x), absent, x)


def _add(old: FloatArray, new: FloatArray, sessions: int) -> FloatArray:
    return old + new


def _doubled(x: FloatArray, width: int, merge: Merge) -> FloatArray:
    """Merge each window from parts of 1, 2, 4, … sessions, which lie at fixed places in it, oldest first."""
    if width < 1:
        raise ValueError(f"a window has at least one session, not {width}")
    out = np.empty(x.shape)
    out[: width - 1] = np.nan
    if len(x) < width:
        return out
    length = len(x) - width + 1
    part, size, offset = x, 1, 0
    result: FloatArray | None = None
    while True:
        if width & size:
            piece = part[offset : offset + length]
            result = piece if result is None else merge(result, piece, size)
            offset += size
        if 2 * size > width:
            break
        part = merge(part[:-size], part[size:], size)
        size *= 2
    out[width - 1 :] = result
    return out
