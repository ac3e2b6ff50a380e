"""Sharpe ratios and what they prove: probabilistic and deflated Sharpe ratio, minimum track record.

Contract: pure functions; ratios are per period, never annualised, against a rate of zero. A record without variation or
of fewer than two periods has no Sharpe ratio: None, not zero.

Sources: Bailey & Lopez de Prado (2012), The Sharpe ratio efficient frontier, Journal of Risk 15(2); Bailey & Lopez de
Prado (2014), The deflated Sharpe ratio, Journal of Portfolio Management 40(5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

from engine.bars import FloatArray
from engine.errors import InputError

__all__ = ["Moments", "best_by_chance", "minimum_track", "moments", "probabilistic", "spread"]

_EULER = 0.5772156649015329
_NORMAL = NormalDist()


class Moments(NamedTuple):
    """Shape of a series of returns.

    Attributes:
        n: periods.
        mean: mean return of a period.
        deviation: sample standard deviation (divisor n - 1).
        sharpe: mean over deviation.
        skew: third standardised moment (divisor n).
        kurtosis: fourth standardised moment (divisor n); 3 for a normal distribution.
    """

    n: int
    mean: float
    deviation: float
    sharpe: float
    skew: float
    kurtosis: float


def moments(returns: FloatArray) -> Moments | None:
    """Moments of returns of shape (n,); None when there is no variation to divide by."""
    n = returns.size
    if n < 2:
        return None
    mean = float(returns.mean())
    away = returns - mean
    square = away * away
    variance = float(square.mean())
    if variance <= 1e-24 * max(mean * mean, 1e-12):  # rounding, not risk
        return None
    deviation = math.sqrt(variance * n / (n - 1))
    skew = float((square * away).mean()) / variance**1.5
    kurtosis = float((square * square).mean()) / variance**2
    return Moments(n, mean, deviation, mean / deviation, skew, kurtosis)


def probabilistic(record: Moments, benchmark: float = 0.0) -> float:
    """PSR: probability that the true Sharpe ratio lies above `benchmark` (per period), given length and shape.

    Against `best_by_chance` it is the deflated Sharpe ratio, DSR.

    `Phi((SR - SR*) * sqrt(n - 1) / sqrt(1 - skew * SR + (kurtosis - 1) / 4 * SR**2))`

    >>> monthly = Moments(24, 0.0, 1.0, 0.458, -2.448, 10.164)  # the worked example of the paper of 2012
    >>> round(probabilistic(monthly), 3)
    0.913
    """
    z = (record.sharpe - benchmark) * math.sqrt(record.n - 1) / math.sqrt(_width(record))
    return _NORMAL.cdf(z)


def minimum_track(record: Moments, benchmark: float = 0.0, confidence: float = 0.95) -> float | None:
    """MinTRL: periods that this Sharpe ratio needs before PSR reaches `confidence`; None when it is not above.

    `1 + (1 - skew * SR + (kurtosis - 1) / 4 * SR**2) * (z / (SR - SR*))**2`

    Raises:
        InputError: a confidence outside (0.5, 1).
    """
    if not 0.5 < confidence < 1.0:
        raise InputError(f"a confidence of {confidence} is not possible; give one between 0.5 and 1, such as 0.95")
    lead = record.sharpe - benchmark
    if lead <= 0.0:
        return None
    return 1.0 + _width(record) * (_NORMAL.inv_cdf(confidence) / lead) ** 2


def best_by_chance(trials: int, variance: float) -> float:
    """Sharpe ratio to expect from the best of so many worthless trials whose ratios have this variance.

    `sqrt(V) * ((1 - g) * Phi^-1(1 - 1/N) + g * Phi^-1(1 - 1/(N * e)))` with Euler's constant g; 0 for a single trial.

    Raises:
        InputError: no trial, or a negative variance.

    >>> round(best_by_chance(100, 0.5 / 250), 3)  # the worked example of the paper of 2014
    0.113
    """
    if trials < 1 or not variance >= 0.0:
        raise InputError(f"{trials} trials with a variance of {variance} cannot be; give one trial or more, and V >= 0")
    if trials == 1:
        return 0.0
    high, higher = _NORMAL.inv_cdf(1.0 - 1.0 / trials), _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(variance) * ((1.0 - _EULER) * high + _EULER * higher)


def spread(ratios: Sequence[float]) -> float:
    """Sample variance of the trials' Sharpe ratios; 0 for fewer than two."""
    if len(ratios) < 2:
        return 0.0
    mean = math.fsum(ratios) / len(ratios)
    return math.fsum([(ratio - mean) ** 2 for ratio in ratios]) / (len(ratios) - 1)


def _width(record: Moments) -> float:
    """Asymptotic variance of the Sharpe ratio times n; it is zero at the worst, as kurtosis >= 1 + skew**2."""
    return max(1.0 - record.skew * record.sharpe + (record.kurtosis - 1.0) / 4.0 * record.sharpe**2, 1e-12)
