"""Pointwise scoring rules: what one verdict costs. Lower is better.

Contract: outcome first, then forecast; one score for each claim, never an average, so that a caller can sum, group or
compare as it likes. Values a rule cannot judge (NaN, a probability of 1.2, low above high, unequal lengths) raise
`InputError`. Nothing is looked up, so nothing here can look ahead.

Scalar twins, `*_one`, serve loops that settle one claim at a time: plain Python floats, the same operations in the
same order, hence the same bits as the array form.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.scoring import _checks as check
from engine.scoring._checks import BoolArray, FloatArray

__all__ = [
    "CLIP",
    "brier",
    "covered",
    "graded_one",
    "log_score",
    "skill",
    "winkler",
    "winkler_one",
]

CLIP = (0.02, 0.98)
"""Where the log score clips probabilities: one careless 0 must not decide a whole record."""


def brier(y: npt.ArrayLike, p: npt.ArrayLike) -> FloatArray:
    """Brier score of each probability: `(p - y)**2`.

    Args:
        y: outcomes, 0 or 1, shape (n,).
        p: probabilities of outcome 1, in [0, 1], shape (n,).

    Returns:
        Scores in [0, 1], shape (n,); 0 is perfect, 0.25 is what 0.5 always gets.

    Raises:
        InputError: an outcome is not 0 or 1, a probability is outside [0, 1], or the shapes differ.

    Source:
        Brier (1950), Verification of forecasts expressed in terms of probability; the binary, one-sided form.

    >>> brier([1, 0], [0.6, 0.6]).round(2).tolist()
    [0.16, 0.36]
    """
    observed, predicted = check.forecasts(y, p, empty=True)
    miss = predicted - observed
    return miss * miss


def log_score(y: npt.ArrayLike, p: npt.ArrayLike, *, clip: tuple[float, float] = CLIP) -> FloatArray:
    """Logarithmic score of each probability: `-ln p` if the event happened, else `-ln(1 - p)`, with p clipped first.

    Args:
        y: outcomes, 0 or 1, shape (n,).
        p: probabilities of outcome 1, in [0, 1], shape (n,).
        clip: lowest and highest probability that is scored; the rule is proper for probabilities inside it.

    Returns:
        Scores in nats, positive, shape (n,).

    Raises:
        InputError: as `brier`, or the clip is not 0 < low < high < 1.

    Source:
        Good (1952), Rational decisions; Gneiting & Raftery (2007), Strictly proper scoring rules.

    >>> log_score([1, 1], [0.5, 0.0]).round(4).tolist()
    [0.6931, 3.912]
    """
    observed, predicted = check.forecasts(y, p, empty=True)
    low, high = _check_clip(clip)
    # math.log, not numpy's: the two differ in the last bit, and a ledger's verdict must equal the report's.
    clipped = np.clip(predicted, low, high)
    given = np.where(observed == 1.0, clipped, 1.0 - clipped)  # to what happened
    return -np.fromiter(map(math.log, given.tolist()), np.float64, given.size)


def winkler(x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, *, alpha: float = 0.2) -> FloatArray:
    """Winkler (interval) score: `(high - low) + (2/alpha) * max(low - x, 0) + (2/alpha) * max(x - high, 0)`.

    It is least, on average, when `low` and `high` are the alpha/2 and 1 - alpha/2 quantiles of x.

    Args:
        x: what happened, shape (n,).
        low: lower ends, same unit as x, shape (n,).
        high: upper ends, same unit as x, not below `low`, shape (n,).
        alpha: probability left outside; 0.2 for a central 80% interval.

    Returns:
        Scores in the unit of x, shape (n,).

    Raises:
        InputError: a value is not finite, low is above high, alpha is not in (0, 1), or the shapes differ.

    Source:
        Winkler (1972), A decision-theoretic approach to interval estimation; Gneiting & Raftery (2007), eq. 43.

    >>> winkler([0.0, 3.0], [-1.0, -1.0], [1.0, 1.0], alpha=0.2).tolist()
    [2.0, 22.0]
    """
    happened, lower, upper = _check_interval(x, low, high)
    weight = 2.0 / check.fraction(alpha, "alpha")
    below, above = np.maximum(lower - happened, 0.0), np.maximum(happened - upper, 0.0)
    score: FloatArray = (upper - lower) + weight * below + weight * above
    return score


def winkler_one(x: float, low: float, high: float, *, alpha: float = 0.2) -> float:
    """Winkler score of one interval; the scalar twin of `winkler`.

    >>> winkler_one(3.0, -1.0, 1.0, alpha=0.2)
    22.0
    """
    if not (math.isfinite(x) and -math.inf < low <= high < math.inf):
        raise InputError(f"cannot score x={x!r} against [{low!r}, {high!r}]; pass finite numbers with low <= high")
    weight = 10.0 if alpha == 0.2 else 2.0 / check.fraction(alpha, "alpha")
    if x < low:
        return (high - low) + weight * (low - x)
    return (high - low) + weight * (x - high) if x > high else high - low


def covered(x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> BoolArray:
    """Say for each interval whether `low <= x <= high`, both ends included.

    Args:
        x: what happened, shape (n,).
        low: lower ends, same unit as x, shape (n,).
        high: upper ends, same unit as x, shape (n,).

    Returns:
        Booleans, shape (n,); their mean is the coverage.

    Raises:
        InputError: a value is not finite, low is above high, or the shapes differ.

    Source:
        Christoffersen (1998), Evaluating interval forecasts: the hit sequence.

    >>> covered([1.0, 1.1], [-1.0, -1.0], [1.0, 1.0]).tolist()
    [True, False]
    """
    happened, lower, upper = _check_interval(x, low, high)
    return (lower <= happened) & (happened <= upper)


def skill(score: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Skill over a reference forecast on the same claims: `1 - sum(score) / sum(reference)`.

    The sums are exactly rounded (`math.fsum`), so the order of the claims cannot change a bit.

    Args:
        score: scores of the forecast, lower is better, shape (n,).
        reference: scores of the reference on the same claims, same unit, shape (n,).

    Returns:
        1 for a perfect forecast, 0 for one as good as the reference, negative for a worse one; no unit.

    Raises:
        InputError: nothing to compare, a value is not finite, the shapes differ, or the reference scores do not sum to
            a positive number.

    Source:
        Murphy (1988), Skill scores based on the mean square error.

    >>> skill([0.125, 0.25], [0.25, 0.25])
    0.25
    """
    own, other = check.series(score, "scores"), check.series(reference, "reference scores")
    check.same_shape(("scores", own), ("reference scores", other))
    if own.size == 0:
        raise InputError("skill of no claims is undefined: the scores are empty; pass at least one resolved claim")
    total = math.fsum(other.tolist())
    if total <= 0.0:
        raise InputError(f"skill needs a reference that can be beaten, but its scores sum to {total!r}; check it")
    return 1.0 - math.fsum(own.tolist()) / total


def graded_one(y: int, p: float, base: float) -> tuple[float, float, float]:
    """Brier score of a probability, Brier score of its base rate, and log score, of one settled claim.

    >>> [round(score, 4) for score in graded_one(1, 0.6, 0.5)]
    [0.16, 0.25, 0.5108]
    """
    if not (0.0 <= p <= 1.0 and 0.0 <= base <= 1.0 and y in (0, 1)):
        _check_one(y, p)
        _check_one(y, base)
    miss, plain = p - y, base - y
    return miss * miss, plain * plain, _log(y, p, *CLIP)


def _log(y: float, p: float, low: float, high: float) -> float:
    clipped = low if p < low else high if p > high else p
    return -math.log(clipped if y else 1.0 - clipped)


def _check_one(y: float, p: float) -> None:
    if y not in (0, 1) or not 0.0 <= p <= 1.0:
        raise InputError(f"cannot score p={p!r} against y={y!r}; p must lie between 0 and 1, and y be 0 or 1")


def _check_clip(clip: tuple[float, float]) -> tuple[float, float]:
    low, high = clip
    if not 0.0 < low < high < 1.0:
        raise InputError(f"clip must be two numbers with 0 < low < high < 1, not {clip!r}; try {CLIP}")
    return low, high


def _check_interval(
    x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    happened = check.series(x, "outcomes x")
    lower, upper = check.series(low, "lower ends"), check.series(high, "upper ends")
    check.same_shape(("outcomes x", happened), ("lower ends", lower))
    check.same_shape(("outcomes x", happened), ("upper ends", upper))
    if (crossed := lower > upper).any():
        at = int(np.argmax(crossed))
        raise InputError(
            f"an interval must have low <= high, but position {at} has {float(lower[at])!r} above "
            f"{float(upper[at])!r}; swap them"
        )
    return happened, lower, upper
