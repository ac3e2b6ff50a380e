"""Trailing-window arithmetic that gives the same bits whatever lies outside the window.

Contract: the value at position t is a function of x[t-w+1 .. t] alone, computed by the same operations in the same order
wherever the window lies. So cutting the future, starting history later, or a spike or NaN that has left the window changes
no bit. (Running sums, as in most rolling-window libraries, keep a memory of all that went before.) Sums are built by
doubling: a window of 2k is the sum of two windows of k, so w costs log2(w) passes of elementwise additions.

NaN marks what is missing. Every function takes `least`, the number of valid observations below which the result is NaN;
by default the whole window. Positions before the first full window are NaN. All arrays have shape (n,).
"""

from __future__ import annotations

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
    "window_min",
    "window_std",
    "window_sum",
]

_FLAT = 1e-11
"""A variance below this share of the mean square is rounding, not movement, and counts as zero."""
_CHUNK = 512


def delay(x: FloatArray, by: int) -> FloatArray:
    """`x` moved `by` sessions later; the first `by` values are NaN."""
    out = np.full(x.shape, np.nan)
    out[by:] = x[: max(len(x) - by, 0)]
    return out


def window_count(x: FloatArray, width: int) -> FloatArray:
    """Number of valid observations in each window (0 where the window is not yet full)."""
    return np.nan_to_num(_fold((~np.isnan(x)).astype(float), width, np.add), nan=0.0)


def window_sum(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Sum of the valid observations of each window."""
    valid = ~np.isnan(x)
    total = _fold(np.where(valid, x, 0.0), width, np.add)
    if valid.all():
        return total
    return np.where(_fold(valid.astype(float), width, np.add) >= _least(width, least), total, np.nan)


def window_mean(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Mean of the valid observations of each window."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return window_sum(x, width, least=least) / window_count(x, width)


def window_std(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Sample standard deviation (n - 1); NaN for a flat window, which has no scale to measure in."""
    count = window_count(x, width)
    total, square = window_sum(x, width, least=least), window_sum(x * x, width, least=least)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = square - total * total / count
        return np.sqrt(np.where(spread > _FLAT * square, spread / (count - 1.0), np.nan))


def window_corr(x: FloatArray, y: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Pearson correlation over the positions of each window where both are valid; NaN when either is flat."""
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = np.where(both, x, np.nan), np.where(both, y, np.nan)
    count = window_count(x, width)
    sums = [window_sum(item, width, least=least) for item in (x, y, x * x, y * y, x * y)]
    with np.errstate(invalid="ignore", divide="ignore"):
        sx, sy, sxx, syy, sxy = sums
        vx, vy = sxx - sx * sx / count, syy - sy * sy / count
        moving = (vx > _FLAT * sxx) & (vy > _FLAT * syy)
        raw = (sxy - sx * sy / count) / np.sqrt(np.where(moving, vx * vy, np.nan))
    return np.clip(raw, -1.0, 1.0)


def window_max(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Largest valid observation of each window."""
    return _extreme(x, width, np.maximum, -np.inf, least)


def window_min(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Smallest valid observation of each window."""
    return _extreme(x, width, np.minimum, np.inf, least)


def window_ewma(x: FloatArray, width: int, decay: float, *, least: int | None = None) -> FloatArray:
    """Exponentially weighted mean: weight `decay`**k for the observation k sessions ago, cut off after `width`."""
    valid = ~np.isnan(x)
    weighted = _decayed(np.where(valid, x, 0.0), width, decay)
    weight = _decayed(valid.astype(float), width, decay)
    enough = window_count(x, width) >= _least(width, least)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(enough, weighted / weight, np.nan)


def window_median(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Median of the valid observations of each window."""
    return _by_rows(x, width, least, lambda rows: np.nanmedian(rows, axis=1))


def window_mad(x: FloatArray, width: int, *, least: int | None = None) -> FloatArray:
    """Median absolute deviation from the window's own median (not scaled)."""

    def mad(rows: FloatArray) -> FloatArray:
        return np.nanmedian(np.abs(rows - np.nanmedian(rows, axis=1)[:, None]), axis=1)

    return _by_rows(x, width, least, mad)


def _least(width: int, least: int | None) -> int:
    return width if least is None else least


def _fold(x: FloatArray, width: int, combine: Callable[[FloatArray, FloatArray], FloatArray]) -> FloatArray:
    """Combine each window by doubling; the parts lie at fixed places in the window, whatever its position."""
    out = np.full(x.shape, np.nan)
    if width < 1:
        raise ValueError(f"a window has at least one session, not {width}")
    if len(x) < width:
        return out
    length = len(x) - width + 1
    part, size, offset = x, 1, 0
    result: FloatArray | None = None
    remaining = width
    while True:
        if remaining & 1:
            piece = part[offset : offset + length]
            result = piece.copy() if result is None else combine(result, piece)
            offset += size
        remaining >>= 1
        if not remaining:
            break
        part = combine(part[:-size], part[size:])
        size *= 2
    assert result is not None  # a positive width has at least one bit set
    out[width - 1 :] = result
    return out


def _decayed(x: FloatArray, width: int, decay: float) -> FloatArray:
    out = np.full(x.shape, np.nan)
    if len(x) < width:
        return out
    length = len(x) - width + 1
    part, size, offset = x, 1, 0
    result: FloatArray | None = None
    remaining = width
    while True:
        if remaining & 1:
            # The parts run from the oldest to the newest: what is there so far grows older by this part's size.
            piece = part[offset : offset + length]
            result = piece.copy() if result is None else result * decay**size + piece
            offset += size
        remaining >>= 1
        if not remaining:
            break
        part = part[:-size] * decay**size + part[size:]
        size *= 2
    assert result is not None  # a positive width has at least one bit set
    out[width - 1 :] = result
    return out


def _extreme(
    x: FloatArray, width: int, combine: Callable[[FloatArray, FloatArray], FloatArray], absent: float, least: int | None
) -> FloatArray:
    found = _fold(np.where(np.isnan(x), absent, x), width, combine)
    return np.where(window_count(x, width) >= _least(width, least), found, np.nan)


def _by_rows(x: FloatArray, width: int, least: int | None, reduce: Callable[[FloatArray], FloatArray]) -> FloatArray:
    out = np.full(x.shape, np.nan)
    enough = np.flatnonzero(window_count(x, width) >= _least(width, least))
    if not len(enough) or len(x) < width:
        return out
    windows = np.lib.stride_tricks.sliding_window_view(x, width)
    for start in range(0, len(enough), _CHUNK):
        at = enough[start : start + _CHUNK]
        out[at] = reduce(windows[at - width + 1])
    return out
