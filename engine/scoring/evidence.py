"""Evidence: how much a track record of n claims is worth, and what to print while n is small.

Contract: counts in, plain numbers out; a rate of nothing raises `InputError` rather than turning into 0.5. No figure
here needs more than the record passed to it, so a value at claim i never depends on what came after.
"""

from __future__ import annotations

import math
import sys
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.scoring import _checks as check
from engine.scoring._checks import FloatArray
from engine.scoring.rules import CLIP, log_score

__all__ = ["Interval", "cell_rate", "e_process", "e_value", "shrunk_rate", "wilson"]


class Interval(NamedTuple):
    """Two ends of a confidence interval for a rate."""

    low: float
    high: float


def wilson(k: float, n: float, *, level: float = 0.95) -> Interval:
    """Wilson score interval for a rate of `k` out of `n`.

    With `f = k/n` and z the `(1 + level)/2` normal quantile:
    `(f + z**2/2n -+ z * sqrt(f(1 - f)/n + z**2/4n**2)) / (1 + z**2/n)`.

    Args:
        k: claims that were right, 0 <= k <= n.
        n: claims judged, at least 1.
        level: confidence level in (0, 1).

    Returns:
        Both ends, in [0, 1].

    Raises:
        InputError: k is not between 0 and n, n is below 1, or the level is not in (0, 1).

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical inference.

    >>> low, high = wilson(20, 30)
    >>> round(low, 3), round(high, 3)
    (0.488, 0.808)
    """
    check.counts(k, n, minimum=1)
    z = NormalDist().inv_cdf((1.0 + check.fraction(level, "level")) / 2.0)
    rate, z2 = k / n, z * z
    centre = rate + z2 / (2.0 * n)
    reach = z * math.sqrt(rate * (1.0 - rate) / n + z2 / (4.0 * n * n))
    scale = 1.0 + z2 / n
    # At k = 0 and k = n the ends are 0 and 1 by algebra; rounding must not push them outside.
    low = 0.0 if k == 0 else max((centre - reach) / scale, 0.0)
    high = 1.0 if k == n else min((centre + reach) / scale, 1.0)
    return Interval(low, high)


def shrunk_rate(k: float, n: float, *, prior: float, strength: float) -> float:
    """Rate pulled toward a prior: `(k + strength * prior) / (n + strength)`.

    Args:
        k: claims that were right, 0 <= k <= n.
        n: claims judged; 0 gives the prior.
        prior: rate to shrink to, in [0, 1].
        strength: pseudo-observations behind the prior; 0 shrinks nothing.

    Returns:
        A rate in [0, 1].

    Raises:
        InputError: k is not between 0 and n, the prior is no rate, the strength is negative, or n and strength are 0.

    Source:
        Beta-binomial shrinkage: Efron & Morris (1975), Data analysis using Stein's estimator and its generalizations.

    >>> round(shrunk_rate(20, 30, prior=0.54, strength=200), 4)
    0.5565
    """
    check.counts(k, n, minimum=0)
    check.pseudo_counts(prior, strength, positive=n == 0)
    return (k + strength * prior) / (n + strength)


def cell_rate(
    k: float,
    n: float,
    mind_k: float,
    mind_n: float,
    *,
    base: float,
    cell_strength: float = 500.0,
    mind_strength: float = 200.0,
) -> float:
    """Rate of one mind in one regime, shrunk to the mind's rate, itself shrunk to the base rate.

    `mind = (mind_k + mind_strength * base) / (mind_n + mind_strength)`, then
    `cell = (k + cell_strength * mind) / (n + cell_strength)`.

    Args:
        k: the mind's right claims in this regime.
        n: the mind's claims judged in this regime.
        mind_k: its right claims in all regimes, this one included.
        mind_n: its claims judged in all regimes, this one included.
        base: base rate, in [0, 1].
        cell_strength: pseudo-observations behind the mind's rate.
        mind_strength: pseudo-observations behind the base rate.

    Returns:
        A rate in [0, 1].

    Raises:
        InputError: as `shrunk_rate`, or the cell has more claims (right or wrong) than the mind.

    Source:
        Two applications of `shrunk_rate`: hierarchical shrinkage, Gelman et al., Bayesian Data Analysis, chapter 5.

    >>> round(cell_rate(20, 30, 60, 110, base=0.54), 4)
    0.549
    """
    if k > mind_k or n - k > mind_n - mind_k:
        raise InputError(
            f"a regime's record ({k!r} of {n!r}) cannot exceed the mind's ({mind_k!r} of {mind_n!r}); count both again"
        )
    mind = shrunk_rate(mind_k, mind_n, prior=base, strength=mind_strength)
    return shrunk_rate(k, n, prior=mind, strength=cell_strength)


def e_process(y: npt.ArrayLike, p: npt.ArrayLike, b: npt.ArrayLike, *, clip: tuple[float, float] = CLIP) -> FloatArray:
    """Running evidence against "b is as good as p", in nats: `ln E_i = sum_{j <= i} ln(p_j(y_j) / b_j(y_j))`.

    `q(y)` is q if y is 1, else 1 - q. This is the cumulative lead in log score of p over b. If outcomes really follow
    b, E is a non-negative supermartingale from 1, so the chance that it *ever* reaches 20 (ln E >= 3.00) is at most 5%:
    one may look every day. Both forecasts are clipped as in `log_score`, and the bound survives that, even for a b
    outside the clip. It does need each forecast to be made when all earlier outcomes are known: at horizons above one
    session pass non-overlapping claims.

    Args:
        y: outcomes, 0 or 1, in the order of resolution, shape (n,).
        p: probabilities of outcome 1 on trial, shape (n,).
        b: probabilities of the reference (climatology), shape (n,).
        clip: lowest and highest probability that counts.

    Returns:
        `ln E` after each claim, in nats, shape (n,); a prefix of the claims gives the same prefix bit for bit.

    Raises:
        InputError: input that `log_score` would refuse, or unequal shapes.

    Source:
        Henzi & Ziegel (2022), Valid sequential inference on probability forecast performance; Ville (1939).

    >>> e_process([1, 0], [0.75, 0.5], [0.5, 0.5]).round(4).tolist()
    [0.4055, 0.4055]
    """
    observed, predicted = check.forecasts(y, p, empty=True)
    reference = check.probabilities(b, "reference forecasts b")
    check.same_shape(("outcomes y", observed), ("reference forecasts b", reference))
    lead = log_score(observed, reference, clip=clip) - log_score(observed, predicted, clip=clip)
    return np.cumsum(lead)


def e_value(y: npt.ArrayLike, p: npt.ArrayLike, b: npt.ArrayLike, *, clip: tuple[float, float] = CLIP) -> float:
    """Final value of `e_process`, `E_n = prod p_i(y_i) / b_i(y_i)`, out of logs.

    Args, errors and source as `e_process`. No claims give 1, which is where the process starts; beyond the range of a
    float it stays at the largest finite one, so that it can be written as JSON.

    >>> round(e_value([1, 0], [0.75, 0.5], [0.5, 0.5]), 6)
    1.5
    """
    path = e_process(y, p, b, clip=clip)
    lead = float(path[-1]) if path.size else 0.0
    return math.exp(lead) if lead < math.log(sys.float_info.max) else sys.float_info.max
