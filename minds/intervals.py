"""Central 80% intervals: scaled by volatility, shaped by the recent past, corrected by their own misses.

Contract: `predict` uses what `observe` was told and the volatility of today, nothing else. Before 250 observations
there is no interval (None), never a guess. Returns are log returns over the horizon.

Method: quantiles of the last 750 returns, each divided by the volatility that was known when it began; the level of
either side moves by 0.01 * (target - miss) after each outcome (adaptive conformal inference, Gibbs & Candès 2021), so
that coverage holds in the long run whatever the volatility does.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from itertools import chain, repeat
from math import nan
from typing import NamedTuple

__all__ = ["Band", "IntervalForecaster"]

_TAIL = 0.10
_STEP = 0.01
_WINDOW = 750
_LEAST = 250
_NARROWEST, _WIDEST = 0.35, 0.002
"""Bounds of a side's tail level: an interval never collapses and never claims to hold everything."""


class Band(NamedTuple):
    """An interval of log returns, and the scale that it was made with."""

    low: float
    high: float
    scale: float


class IntervalForecaster:
    """Intervals for one target."""

    def __init__(self, horizon: int) -> None:
        self._horizon, self._root = horizon, math.sqrt(horizon)
        self._recent: deque[float] = deque()
        self._ordered: list[float] = []
        self._low = self._high = _TAIL

    def predict(self, sigma: float | None) -> Band | None:
        """Interval for a daily volatility `sigma`; None without it or without enough history."""
        if sigma is None or sigma <= 0.0 or len(self._ordered) < _LEAST:
            return None
        scale = sigma * self._root
        return Band(scale * self._quantile(self._low), scale * self._quantile(1.0 - self._high), scale)

    def observe(self, realised: float, sigma: float | None, said: Band | None) -> None:
        """Take in one outcome, with the volatility and the interval of the day on which its return began."""
        if said is not None:
            self._low = _inside(self._low + _STEP * (_TAIL - (realised < said.low)))
            self._high = _inside(self._high + _STEP * (_TAIL - (realised > said.high)))
        if sigma is None or sigma <= 0.0:
            return
        shape = realised / (sigma * self._root)
        self._recent.append(shape)
        insort(self._ordered, shape)
        if len(self._recent) > _WINDOW:
            del self._ordered[bisect_left(self._ordered, self._recent.popleft())]

    def follow(self, realised: Sequence[float], sigmas: Sequence[float]) -> list[Band | None]:
        """`observe` and then `predict` on each of many sessions in a row, the first of all being the first here.

        Args:
            realised: return that ends on each session, NaN where there is none.
            sigmas: daily volatility on each session, NaN where there is none.
        """
        recent, ordered, low, high = self._recent, self._ordered, self._low, self._high
        root, found = self._root, list[Band | None]()
        begun = zip(chain(repeat(nan, self._horizon), sigmas), chain(repeat(None, self._horizon), found), strict=False)
        for move, sigma, (then, said) in zip(realised, sigmas, begun, strict=False):
            if move == move:
                if said is not None:
                    low = _inside(low + _STEP * (_TAIL - (move < said[0])))
                    high = _inside(high + _STEP * (_TAIL - (move > said[1])))
                if then > 0.0:
                    shape = move / (then * root)
                    recent.append(shape)
                    insort(ordered, shape)
                    if len(recent) > _WINDOW:
                        del ordered[bisect_left(ordered, recent.popleft())]
            last = len(ordered) - 1
            if not sigma > 0.0 or last + 1 < _LEAST:
                found.append(None)
                continue
            scale = sigma * root
            place, upper = low * last, (1.0 - high) * last
            below, above = int(place), int(upper)
            left, right = ordered[below], ordered[above]
            if below < last:
                left += (place - below) * (ordered[below + 1] - left)
            if above < last:
                right += (upper - above) * (ordered[above + 1] - right)
            found.append(Band(scale * left, scale * right, scale))
        self._low, self._high = low, high
        return found

    def _quantile(self, level: float) -> float:
        place = level * (len(self._ordered) - 1)
        below = int(place)
        low = self._ordered[below]
        return low if below + 1 == len(self._ordered) else low + (place - below) * (self._ordered[below + 1] - low)


def _inside(level: float) -> float:
    return _WIDEST if level < _WIDEST else _NARROWEST if level > _NARROWEST else level
