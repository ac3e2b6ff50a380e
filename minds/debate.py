"""Debate: how the minds that were asked stand to one another, and how strongly.

Contract: a pure function of what the minds said about one target. An abstention counts for nothing: it never lowers
the conviction and never takes a side. A lean of exactly zero speaks (its confidence of 0 lowers the conviction) but
takes no side either.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from operator import mul

from minds.view import Abstention, Debate, DebateLabel, View

__all__ = ["conviction", "debate"]

_RANKS = 64
"""Ranks beyond these weigh less than 1e-12 of the first and are left out, so that no weight ever overflows."""


def conviction(confidences: Iterable[float]) -> float:
    """Rank-weighted mean of confidences, the largest first.

    The weights are Fibonacci numbers: 3:2 for two minds, 5:3:2 for three, 8:5:3:2 for four, and so on.

    Args:
        confidences: one number in [0, 1] for each mind that speaks, in any order.

    Returns:
        A number in [0, 1]; 0 when nobody speaks.

    >>> round(conviction([0.30, 0.38, 0.25]), 2)
    0.33
    """
    ranked = sorted(confidences, reverse=True)[:_RANKS]
    if not ranked:
        return 0.0
    weights, whole = _weights(len(ranked))
    total: float = sum(map(mul, weights, ranked))
    return total / whole


def debate(views: Sequence[View | Abstention]) -> Debate:
    """Label, conviction and confidences of what was said about one target, in the given order of minds."""
    spoken = [(item.mind, item.lean) for item in views if isinstance(item, View)]
    confidences = tuple([(mind, abs(lean)) for mind, lean in spoken])
    return Debate(_label([lean for _, lean in spoken]), conviction([each for _, each in confidences]), confidences)


def _label(leans: Sequence[float]) -> DebateLabel:
    if not leans:
        return "silent"
    rise, fall = max(leans) > 0.0, min(leans) < 0.0
    if rise and fall:
        return "divergent"
    sided = len(leans) - leans.count(0.0)
    if sided < 2:
        return "lone" if sided else "silent"
    return "aligned_bullish" if rise else "aligned_bearish"


@functools.cache
def _weights(count: int) -> tuple[list[int], int]:
    """The weights, the largest first, and their sum."""
    weights = [2, 3]
    while len(weights) < count:
        weights.append(weights[-1] + weights[-2])
    return weights[:count][::-1], sum(weights[:count])
