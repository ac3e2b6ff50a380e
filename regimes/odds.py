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

import math
from array import array
from collections import deque
from operator import mul
from typing import NamedTuple

import numpy as np

from engine.bars import FloatArray
from engine.linear import logistic
from engine.scoring import BaseRate, RunningQuantile

__all__ = ["DRAWDOWN", "MONTH", "EventOdds", "Odds", "Outlook"]

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
        self._outcomes.append(float(outcome))
        self._until_refit -= 1
        self._events += outcome
        months = len(self._outcomes)
        if self._until_refit <= 0 and months >= _LEAST and min(self._events, months - self._events) >= _LEAST_EVENTS:
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
        z = self._intercept + sum(map(mul, self._slopes, features))
        p = 1.0 / (1.0 + math.exp(-z)) if -30.0 < z < 30.0 else float(z > 0.0)
        return 0.005 if p < 0.005 else 0.995 if p > 0.995 else p


class _Begun(NamedTuple):
    """A month under way."""

    price: float | None
    threshold: float | None
    volatility: tuple[float, ...] | None
    drawdown: tuple[float, ...] | None


class Outlook:
    """Volatility and drawdown odds of one symbol."""

    def __init__(self) -> None:
        self.volatility, self.drawdown = EventOdds(0.25), EventOdds(0.10)
        self._past = RunningQuantile(_QUANTILE)
        self._begun: deque[_Begun] = deque()
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
        self._prices.append(price)
        if len(self._begun) == MONTH:
            self._end(self._begun.popleft(), realised)
        if realised is not None:
            self._past.add(realised)
        threshold = self._past.value if len(self._past) >= _LEAST_QUANTILE else None
        level = None if expected is None or expected <= 0.0 else math.log(expected * math.sqrt(_YEAR))
        calm = None if level is None else (level,)
        wild = None if level is None or threshold is None or score is None else (score, level - math.log(threshold))
        self._begun.append(_Begun(price, threshold, wild, calm))
        high, deep = self.volatility.probability(wild), self.drawdown.probability(calm)
        return (
            None if high is None or threshold is None else Odds(high, self.volatility.base.value, threshold),
            None if deep is None or price is None else Odds(deep, self.drawdown.base.value, DRAWDOWN),
        )

    def _end(self, month: _Begun, realised: float | None) -> None:
        if month.threshold is not None and realised is not None:
            self.volatility.learn(month.volatility, realised > month.threshold)
        closes = [price for price in self._prices if price is not None]
        if month.price is not None and closes:
            self.drawdown.learn(month.drawdown, min(closes) <= month.price * (1.0 + DRAWDOWN))
