"""The signal that everything here reads: the market's place between the high and the low water of a quarter."""

from __future__ import annotations

import numpy as np

from engine.bars import FloatArray
from engine.signals.columns import Columns
from minds import SignalSpec

__all__ = ["LEVEL"]

_QUARTER = 63


def _level(columns: Columns) -> tuple[FloatArray, FloatArray]:
    """Share of the way from low to high water, and the same in deviations of a uniform distribution."""
    price = columns.price("market")
    share = np.full(len(price), np.nan)
    for at in range(_QUARTER - 1, len(price)):
        window = price[at - _QUARTER + 1 : at + 1]
        low, high = window.min(), window.max()  # NaN where a bar is missing
        if high > low:
            share[at] = (price[at] - low) / (high - low)
    return share, (share - 0.5) * np.sqrt(12.0)


LEVEL = SignalSpec(
    "tide.level", "share", _QUARTER, ("market",), _level, "the market between its quarter's low and high"
)
