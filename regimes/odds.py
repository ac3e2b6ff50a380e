"""Odds of a rough month: the two things about the next 21 sessions that can be forecast.

- `volatility`: realised volatility of the next 21 sessions will exceed the 75% quantile of all such volatilities so
  far;
- `drawdown`: some close of the next 21 sessions will lie 5% or more below today's.

Contract: one `Outlook` per symbol, fed one session at a time; it learns only from months that have ended, so no outcome
overlaps what is being forecast, and refits every 63 sessions. No odds before 500 ended months, never a guess. Features
are few and have reasons: the volatility forecast against the very threshold that has to be passed (both move over the
decades, their ratio does not) and the regime score; for the drawdown the volatility forecast alone. On three indices
over 2002-2018 these beat larger sets and the volatility index.
"""

from __future__ import annotations

import functools
import math
from array import array
from collections import deque
from typing import NamedTuple

import numpy as np

from engine.bars import FloatArray
from engine.linear import logistic
from engine.scoring import BaseRate, RunningQuantile

__all__ = ["DRAWDOWN", "MONTH", "EventOdds", "Facts", "Odds", "Outlook", "facts_ahead"]

MONTH = 21
DRAWDOWN = -0.05
_QUANTILE = 0.75
_REFIT, _LEAST, _LEAST_EVENTS, _LEAST_QUANTILE = 63, 500, 50, 252
_RIDGE = 1.0
"""A normal prior of unit width on each coefficient: a young record that happens to separate must not shout."""
_YEAR = 252.0


class Odds(NamedTuple):
    """Odds of one event.

    Attributes:
        probability: calibrated on ended months.
        base_rate: how often the event followed so far.
        threshold: annualised volatility to exceed, or the loss to reach, as a fraction.
    """

    probability: float
    base_rate: float
    threshold: float


class EventOdds:
    """A logistic regression that grows with each ended month."""

    def __init__(self, prior: float) -> None:
        self.base = BaseRate(prior, 63)
        self._columns: list[array[float]] = []  # one an input: the fit reads them without copying number by number
        self._outcomes = array("d")
        self._weights: FloatArray | None = None
        self._intercept = 0.0
        self._slopes: list[float] | None = None
        self._until_refit = 0
        self._events = 0

    def learn(self, features: tuple[float, ...] | None, outcome: bool) -> None:
        """A month has ended."""
        self.base.add(outcome)
        if features is None:
            return
        if not self._columns:
            self._columns = [array("d") for _ in features]
        for column, value in zip(self._columns, features, strict=True):
            column.append(value)
        self._outcomes.append(outcome)
        self._events += outcome
        self._until_refit -= 1
        if self._until_refit <= 0:
            self._refit()

    def _refit(self) -> None:
        """Fit anew, if there is enough to fit to."""
        months = len(self._outcomes)
        if months < _LEAST or min(self._events, months - self._events) < _LEAST_EVENTS:
            return
        x = np.vstack([np.ones(months), *[np.array(column) for column in self._columns]])
        fitted = logistic(x, np.array(self._outcomes), ridge=_RIDGE, start=self._weights)
        if fitted is not None:  # else the last good fit stays
            self._weights = fitted
            self._intercept, *self._slopes = fitted.tolist()
        self._until_refit = _REFIT

    def probability(self, features: tuple[float, ...] | None) -> float | None:
        """Probability of the event, None before there is a fit or without today's features."""
        if self._slopes is None or features is None:
            return None
        total = 0.0
        for slope, feature in zip(self._slopes, features, strict=True):
            total += slope * feature
        z = self._intercept + total
        p = 1.0 / (1.0 + math.exp(-z)) if -30.0 < z < 30.0 else float(z > 0.0)
        return 0.005 if p < 0.005 else 0.995 if p > 0.995 else p


class Facts(NamedTuple):
    """What one session says about months, whatever the regime.

    Attributes:
        threshold: annualised volatility that the next month has to exceed; None while there is little history.
        level: log of the volatility expected of it, annualised.
        ratio: `level` less the log of the threshold.
        rough: whether the month that ends today passed the threshold of its first day; None when that is not known.
        deep: whether some close of that month lay 5% or more below the one that it began with; None likewise.
        open: whether a month can begin today: there is a price.
    """

    threshold: float | None
    level: float | None
    ratio: float | None
    rough: bool | None
    deep: bool | None
    open: bool


class Outlook:
    """Volatility and drawdown odds of one symbol.

    A session is taken in by `update`, or by `take` with its facts where `facts_ahead` has gathered them.
    """

    def __init__(self) -> None:
        self.volatility, self.drawdown = EventOdds(0.25), EventOdds(0.10)
        self._past = RunningQuantile(_QUANTILE)
        self._begun: deque[tuple[float | None, float | None]] = deque()  # price and threshold of months under way
        self._features: deque[tuple[tuple[float, ...] | None, tuple[float, ...] | None]] = deque()
        self._prices: deque[float | None] = deque(maxlen=MONTH)

    def prime(self, realised: FloatArray) -> None:
        """Annualised 21-session volatilities from long before: the past that a threshold is taken from."""
        self._past.extend(realised[~np.isnan(realised)].tolist())

    def update(
        self, price: float | None, realised: float | None, expected: float | None, score: float | None
    ) -> tuple[Odds | None, Odds | None]:
        """Take in one session; returns (volatility odds, drawdown odds), None where there are none.

        Args:
            price: adjusted close.
            realised: annualised volatility of the 21 sessions that end today.
            expected: forecast deviation of a daily return over the next 21 sessions.
            score: the regime score.
        """
        rough = deep = None
        self._prices.append(price)
        if len(self._begun) == MONTH:
            began, limit = self._begun.popleft()
            if limit is not None and realised is not None:
                rough = realised > limit
            closes = [price for price in self._prices if price is not None]
            if began is not None and closes:
                deep = min(closes) <= began * (1.0 + DRAWDOWN)
        if realised is not None:
            self._past.add(realised)
        threshold = self._past.value if len(self._past) >= _LEAST_QUANTILE else None
        self._begun.append((price, threshold))
        level = None if expected is None or expected <= 0.0 else math.log(expected * math.sqrt(_YEAR))
        ratio = None if level is None or not threshold else level - math.log(threshold)
        return self.take(Facts(threshold, level, ratio, rough, deep, price is not None), score)

    def take(self, facts: Facts, score: float | None) -> tuple[Odds | None, Odds | None]:
        """Take in one session by its facts; what it returns is that of `update`."""
        threshold, level, ratio, rough, deep, begins = facts
        volatility, drawdown, features = self.volatility, self.drawdown, self._features
        if len(features) == MONTH:
            wild, calm = features.popleft()
            if rough is not None:
                volatility.learn(wild, rough)
            if deep is not None:
                drawdown.learn(calm, deep)
        calm = None if level is None else (level,)
        wild = None if ratio is None or score is None else (score, ratio)
        features.append((wild, calm))
        high, low = volatility.probability(wild), drawdown.probability(calm)
        return (
            None if high is None or threshold is None else Odds(high, volatility.base.value, threshold),
            None if low is None or not begins else Odds(low, drawdown.base.value, DRAWDOWN),
        )


def facts_ahead(prices: FloatArray, realised: FloatArray, expected: FloatArray, earlier: FloatArray) -> list[Facts]:
    """The facts of many sessions in a row, the first of which is the first that an `Outlook` takes in.

    Args:
        prices: adjusted closes, NaN where there is none, shape (n,) as the next two.
        realised: annualised volatilities of 21 sessions.
        expected: forecast deviations of a daily return over the next 21 sessions.
        earlier: what `Outlook.prime` would be given, of any length.
    """
    past = RunningQuantile(_QUANTILE)
    past.extend(earlier.tolist())
    known = len(past) + np.cumsum(~np.isnan(realised)) >= _LEAST_QUANTILE
    thresholds = np.where(known, past.follow(realised.tolist()), np.nan)
    rough, deep = (np.full(len(prices), None) for _ in range(2))
    if len(prices) > MONTH:
        lowest = functools.reduce(np.fmin, [prices[MONTH - back : len(prices) - back] for back in range(MONTH)])
        began, limits, now = prices[:-MONTH], thresholds[:-MONTH], realised[MONTH:]
        nothing = np.array(None)
        rough[MONTH:] = np.where(np.isnan(limits) | np.isnan(now), nothing, now > limits)
        deep[MONTH:] = np.where(np.isnan(began) | np.isnan(lowest), nothing, lowest <= began * (1.0 + DRAWDOWN))
    scale = math.sqrt(_YEAR)
    levels = [math.log(each * scale) if each > 0.0 else None for each in expected.tolist()]
    limit = [None if each != each else each for each in thresholds.tolist()]
    ratios = [
        None if level is None or not each else level - math.log(each) for level, each in zip(levels, limit, strict=True)
    ]
    return list(map(Facts, limit, levels, ratios, rough.tolist(), deep.tolist(), (~np.isnan(prices)).tolist()))
