"""Exact tests for counts of a few hundred: is a share of right answers more than luck, did an answer change?

Contract: counts in, plain numbers out; sums of probabilities, no approximation but that of floating point. Nothing is
random. Counts that cannot be (more right answers than answers) are the caller's mistake.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

__all__ = ["at_least", "blind_accuracy", "least_detectable", "mcnemar", "p_blind", "paired_difference"]


@lru_cache(maxsize=4096)
def at_least(k: int, n: int, p: float) -> float:
    """P(X >= k) of a binomial count of n draws with probability p."""
    if k <= 0:
        return 1.0
    if k > n or p <= 0.0:
        return 0.0
    if p >= 1.0:
        return 1.0
    return min(math.fsum([_binomial(x, n, p) for x in range(k, n + 1)]), 1.0)


def _binomial(x: int, n: int, p: float) -> float:
    return math.exp(_choose(n, x) + x * math.log(p) + (n - x) * math.log1p(-p))


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def blind_accuracy(n: int, ups: int, rises: int) -> float:
    """Share of right answers that the same answers have on average when dealt to the days at random.

    Args:
        n: answers.
        ups: how many said up.
        rises: on how many of these days it rose.
    """
    return (ups * rises + (n - ups) * (n - rises)) / n**2


def p_blind(n: int, ups: int, rises: int, hits: int) -> float:
    """P(at least so many right answers) when the same answers are dealt to the days at random.

    With both margins fixed the number of right answers is n - ups - rises + 2a, where a (days that rose and were said
    to) is hypergeometric: Fisher's exact test, one-sided. Someone who always gives the same answer has p = 1 whatever
    the base rate is.

    Source:
        Fisher (1935), The logic of inductive inference.
    """
    least = -((n - ups - rises - hits) // 2)  # the a from which on there are that many hits, rounded up
    low, high = max(0, ups + rises - n), min(ups, rises)
    whole = _choose(n, ups)
    tail = [math.exp(_choose(rises, a) + _choose(n - rises, ups - a) - whole) for a in range(max(least, low), high + 1)]
    return 1.0 if least <= low else min(math.fsum(tail), 1.0)


def mcnemar(better: int, worse: int) -> float:
    """P(at least so many of the answers that differ are for the better) when either way is as likely; one-sided.

    Source:
        McNemar (1947), Note on the sampling error of the difference between correlated proportions; exact form.
    """
    return at_least(better, better + worse, 0.5)


def paired_difference(better: int, worse: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of the difference of two shares of right answers to the same n questions.

    One is added to both counts of answers that differ and two to n, then the usual interval of a mean difference.

    Args:
        better: questions that only the first arm answered rightly.
        worse: questions that only the second did.
        n: questions, at least 1.
        level: of the interval, in (0, 1).

    Source:
        Bonett & Price (2012), Adjusted Wald confidence interval for a difference of binomial proportions based on
        paired data.
    """
    first, second, size = (better + 1) / (n + 2), (worse + 1) / (n + 2), n + 2
    difference = first - second
    z = NormalDist().inv_cdf((1.0 + level) / 2.0)
    margin = z * math.sqrt((first + second - difference**2) / size)
    return max(difference - margin, -1.0), min(difference + margin, 1.0)


def least_detectable(n: int, chance: float, *, alpha: float, power: float) -> float | None:
    """The least accuracy that a one-sided binomial test against `chance` would find with this power.

    None when n is so small that not even an accuracy of 1 would be found.
    """
    critical = next((k for k in range(n + 1) if at_least(k, n, chance) <= alpha), None)
    if critical is None:
        return None
    low, high = chance, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2.0
        low, high = (low, middle) if at_least(critical, n, middle) >= power else (middle, high)
    return high
