"""Debate: how the minds that were asked stand to one another, and how strongly.

Contract: a pure function of what the minds said about one target. An abstention counts for nothing: it never lowers
the conviction and never takes a side. A lean of exactly zero speaks (its confidence of 0 lowers the conviction) but
takes no side either.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import numpy as np

from minds.view import Abstention, Debate, DebateLabel, View

__all__ = ["conviction", "debate", "debates_ahead"]

_KINDS: tuple[DebateLabel, ...] = ("divergent", "lone", "silent", "aligned_bullish", "aligned_bearish")
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
    total = 0.0
    for weight, each in zip(weights, ranked, strict=True):  # one after the other, as columns are added
        total += weight * each
    return total / whole


def debate(views: Sequence[View | Abstention]) -> Debate:
    """Label, conviction and confidences of what was said about one target, in the given order of minds."""
    spoken = [(item.mind, item.lean) for item in views if isinstance(item, View)]
    confidences = tuple([(mind, abs(lean)) for mind, lean in spoken])
    return Debate(_label([lean for _, lean in spoken]), conviction([each for _, each in confidences]), confidences)


def debates_ahead(leans: Sequence[Sequence[float | None]]) -> list[tuple[DebateLabel, float]]:
    """Label and conviction of many debates at once, to the last bit those of `debate`.

    Args:
        leans: for each debate the lean of each mind, of which there is one at least; of a debate in which one is None
            nothing useful is said.
    """
    spoken = np.array(leans, np.float64)
    ranked = -np.sort(-np.abs(spoken), axis=1)[:, :_RANKS]
    weights, whole = _weights(ranked.shape[1])
    total = np.zeros(len(spoken))
    for weight, each in zip(weights, ranked.T, strict=True):
        total += weight * each
    rise, fall = (spoken > 0.0).any(axis=1), (spoken < 0.0).any(axis=1)
    sided = np.minimum((spoken != 0.0).sum(axis=1), 2)
    kinds = np.where(rise & fall, 0, np.where(sided < 2, 2 - sided, np.where(rise, 3, 4)))
    return list(zip([_KINDS[kind] for kind in kinds.tolist()], (total / whole).tolist(), strict=True))


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
