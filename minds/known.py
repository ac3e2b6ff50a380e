"""What is known about a target on each day: base rate, interval, and the interval that the past alone would give.

Contract: `known_ahead` gives for a stretch of sessions, over whole columns, what `TargetDesk.know` gives on each day,
to the last bit; what it says of a session depends on nothing after it. Whoever makes it ahead hands it over one session
at a time.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.bars import FloatArray
from engine.scoring import RunningQuantile, climatology
from minds.intervals import Band, IntervalForecaster

__all__ = ["TAILS", "Known", "known_ahead"]

TAILS = (0.1, 0.9)
"""The quantiles of all returns so far that an interval is compared with."""


class Known(NamedTuple):
    """What is known about one target after one session.

    Attributes:
        base: how often it rose so far over the horizon, shrunk to a prior.
        band: today's interval of log returns; None where there is none.
        low: 10% quantile of all returns so far, as a fraction; NaN where there are none.
        high: 90% quantile of them.
    """

    base: float
    band: Band | None
    low: float
    high: float


def known_ahead(
    prices: FloatArray, sigmas: FloatArray, horizon: int, first: int, since: int | None = None
) -> list[Known]:
    """What is known from session `since` on.

    Args:
        prices: adjusted closes of all sessions, NaN where there is none, shape (n,).
        sigmas: expected deviation of a daily log return from session `first` on, NaN where it is not known, shape
            (n - first,); intervals begin to learn there, while base rates take in everything before as well.
        horizon: sessions ahead.
        first: see there.
        since: the session to begin with, `first` or a later one; None for `first`.
    """
    since = first if since is None else since
    growth = np.full(len(prices), np.nan)  # over the horizon that ends on each session
    with np.errstate(all="ignore"):
        growth[horizon:] = prices[horizon:] / prices[:-horizon]
    growth[~((growth > 0.0) & (growth < np.inf))] = np.nan  # there is no return without two positive prices
    moved = np.where(growth == 1.0, np.nan, growth)
    risen = np.where(np.isnan(moved), np.nan, moved > 1.0)
    base = climatology(np.append(risen, [np.nan] * horizon)[horizon:], delay=horizon)
    low, high = (_quantiles(growth - 1.0, level, since) for level in TAILS)
    realised = [math.log(each) if each == each else each for each in growth[first:].tolist()]
    bands = IntervalForecaster(horizon).follow(realised, sigmas.tolist())
    return list(map(Known, base[since:].tolist(), bands[since - first :], low, high))


def _quantiles(returns: FloatArray, level: float, first: int) -> list[float]:
    """One quantile of all returns up to each session from `first` on."""
    past = RunningQuantile(level)
    past.extend(returns[:first].tolist())
    return past.follow(returns[first:].tolist())
