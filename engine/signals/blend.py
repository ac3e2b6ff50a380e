"""Blends: weighted sums of z-scores, computed once over whole columns.

Contract: `blended` is elementwise, so a session's numbers are the same bits in any stretch of history. A term whose
signal has never had a z-score is left out; on a session on which a term that had one has none, there is no blend (the
set is -1) and whoever asked must look at the single signals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.bars import FloatArray

__all__ = ["MOST_TERMS", "Blend", "blended"]

MOST_TERMS = 52
"""A set of terms is kept as a whole number in a float."""


@dataclass(frozen=True, eq=False)
class Blend:
    """Declaration of a weighted sum: each term adds weight * clip(z / full, -1, 1). Known by identity, not by content.

    Attributes:
        signals: the terms' signals.
        weights: the terms' weights.
        fulls: standard deviations at which each term has its whole weight.
    """

    signals: tuple[str, ...]
    weights: tuple[float, ...]
    fulls: tuple[float, ...]

    @property
    def width(self) -> int:
        """How many numbers a session has: the amount of each term, their sum, and the set of terms in it."""
        return len(self.signals) + 2


def blended(blend: Blend, zs: Sequence[FloatArray], seen: Sequence[npt.NDArray[np.bool_]], found: FloatArray) -> None:
    """Fill in the amounts, their sum in the order of the terms, and the set of terms, for each session.

    Args:
        blend: the declaration.
        zs: z-score of each term, shape (sessions,) each, NaN where missing.
        seen: whether the term has had a z-score by then.
        found: shape (terms + 2, sessions), zeros. Its last row becomes the set: the sum of 2 ** i over the terms i that
            have been seen, or -1 where one of them has no z-score today.
    """
    amounts, total, which = found[:-2], found[-2], found[-1]
    lost = np.zeros(len(total), np.bool_)
    for at, (z, had) in enumerate(zip(zs, seen, strict=True)):
        known = ~np.isnan(z)
        amounts[at] = blend.weights[at] * np.clip(z / blend.fulls[at], -1.0, 1.0)
        total += np.where(known, amounts[at], 0.0)
        which += np.where(had, 2.0**at, 0.0)
        lost |= had & ~known
    which[lost] = -1.0
