"""Rolling windows in pandas, as somebody would write them there.

Contract: the same statistics as `engine.signals.windows` and `engine.signals.scales`, from the same definitions and by
other means: sums that roll along. NaN is what is missing, and a window needs nine tenths of its observations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.bars import FloatArray

__all__ = [
    "Column",
    "Pair",
    "fading",
    "finite",
    "full",
    "least",
    "log",
    "mean",
    "median_score",
    "score",
    "scored",
    "std",
]

Column = Any
"""A series, or a data frame with one column a symbol: pandas' arithmetic has no useful types."""
Pair = tuple[Column, Column]
"""Values and z-scores."""
_FLAT = 1e-7
"""Rolling sums make of a stretch without any movement a deviation of about this size."""


def least(width: int) -> int:
    """Observations that a window must hold."""
    return max(2, width - width // 10)


def full(column: Any, width: int) -> Any:
    """Without what stands before the first whole window."""
    column.iloc[: width - 1] = np.nan
    return column


def finite(column: Any) -> Any:
    """Infinities count as missing."""
    return column.where(np.isfinite(column))


def log(column: Any) -> Any:
    """Natural logarithm of what is positive."""
    return np.log(column.where(column > 0.0))


def mean(column: Any, width: int) -> Any:
    """Mean of each window."""
    return full(column.rolling(width, min_periods=least(width)).mean(), width)


def std(column: Any, width: int) -> Any:
    """Sample standard deviation of each window that is not flat."""
    found = full(column.rolling(width, min_periods=least(width)).std(), width)
    return found.where(found > _FLAT)


def score(column: Any, width: int, floor: float = 0.0) -> Any:
    """How many deviations, `floor` at least, a value lies from the mean of its window."""
    return (column - mean(column, width)) / std(column, width).clip(lower=floor)


def scored(column: Any, width: int) -> Pair:
    """A column with its `score`."""
    return column, score(column, width)


def fading(column: Any, width: int, decay: float, least: int) -> Any:
    """Exponentially weighted mean, cut off: what has left the window is the same sum, `width` sessions ago."""

    def total(numbers: Any) -> Any:
        import pandas as pd

        led = pd.concat([pd.Series([0.0]), numbers])
        endless = led.ewm(alpha=1.0 - decay, adjust=False).mean().iloc[1:] / (1.0 - decay)
        return endless - decay**width * endless.shift(width).fillna(0.0)

    enough = column.rolling(width, min_periods=1).count() >= least
    return full((total(column.fillna(0.0)) / total(column.notna().astype(float))).where(enough), width)


def median_score(level: Any, width: int = 504) -> Any:
    """(x - median) / max(.12, 1.4826 MAD); the deviations' median needs each window's own, so pandas' will not do."""
    numbers = level.to_numpy()
    score = np.full(len(numbers), np.nan)
    if len(numbers) >= width:
        windows = np.lib.stride_tricks.sliding_window_view(numbers, width)
        here = np.flatnonzero((~np.isnan(windows)).sum(axis=1) >= least(width))
        kept = windows[here]
        median = _middle(kept)
        mad = _middle(np.abs(kept - median[:, None]))
        score[here + width - 1] = (kept[:, -1] - median) / np.maximum(1.4826 * mad, 0.12)
    return level * 0.0 + score


def _middle(windows: FloatArray) -> FloatArray:
    """Median of each row over what is there."""
    if not np.isnan(windows).any():
        found: FloatArray = np.median(windows, axis=1)
        return found
    ranked, count = np.sort(windows, axis=1), (~np.isnan(windows)).sum(axis=1)
    rows = np.arange(len(windows))
    middle: FloatArray = (ranked[rows, (count - 1) // 2] + ranked[rows, count // 2]) / 2.0
    return middle
