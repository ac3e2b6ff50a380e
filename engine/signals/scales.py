"""Scales: how a column becomes a z-score. Pure functions of the column's own past.

Contract: as in `engine.signals.windows`: the score at t depends on the window that ends at t, and NaN means that there
is no value or no scale yet. Scores are not clipped here. A window needs nine tenths of its observations.
"""

from __future__ import annotations

import numpy as np

from engine.bars import FloatArray
from engine.signals import windows

__all__ = ["least_of", "log_of", "log_score", "median_score", "standard_score"]

_TO_SIGMA = 1.4826
"""Median absolute deviation to standard deviation, for a normal distribution."""
_LEAST_LOG_SCALE = 0.12
"""Volatility that hardly moved for two years still counts a change of an eighth as one deviation."""


def least_of(width: int) -> int:
    """Observations that a window must hold: nine tenths, so that a holiday in one feed does not silence a year."""
    return max(2, width - width // 10)


def log_of(x: FloatArray) -> FloatArray:
    """Natural logarithm; NaN where `x` is not positive."""
    with np.errstate(invalid="ignore"):
        return np.log(np.where(x > 0.0, x, np.nan))


def standard_score(x: FloatArray, width: int, *, floor: float = 0.0) -> FloatArray:
    """(x - mean) / standard deviation over `width`; `floor` is the least deviation to divide by."""
    least = least_of(width)
    mean, deviation = windows.window_mean(x, width, least=least), windows.window_std(x, width, least=least)
    return (x - mean) / np.maximum(deviation, floor)


def log_score(x: FloatArray, width: int = 504) -> FloatArray:
    """`standard_score` of ln x, for positive quantities that move in proportion."""
    return standard_score(log_of(x), width, floor=_LEAST_LOG_SCALE)


def median_score(x: FloatArray, width: int = 504) -> FloatArray:
    """(ln x - median) / max(.12, 1.4826 * MAD) over `width`: one crash does not stretch the scale of two years."""
    level = log_of(x)
    median, mad = windows.window_median_mad(level, width, least=least_of(width))
    return (level - median) / np.maximum(_TO_SIGMA * mad, _LEAST_LOG_SCALE)
