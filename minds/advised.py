"""What an adviser may do to a probability: one bounded tilt, as far as its record has earned it.

Contract: arithmetic alone; learns only from settled claims. The synthesis without the adviser, p0, is an input and is
never changed. The adviser's own probability is
    pa = sigmoid(logit(p0) + k * CAP * tilt),  tilt in [-1, 1],
where k in [0, 1] is what its settled calls have earned: the ridge regression of `minds.synthesis.Recalibration` on the
edge that it would have had with k = 1. It starts at 0, so a new adviser has no say. What is published is Vovk's
aggregation of two experts, p0 with a prior weight of 0.875 and pa with 0.125. For any sequence of outcomes, whatever an
adviser says, with D the most forecasts that were outstanding at a time:
- p lies between p0 and pa, hence |logit(p) - logit(p0)| <= CAP. Proof: exp(-2 (1 - q)^2) = exp(-2 q^2) exp(4 q - 2), so
  p = 1/2 + ln(sum v_i exp(4 q_i - 2)) / 4 over the experts' q_i, with v_i in proportion to w_i exp(-2 q_i^2) and adding
  up to 1: a mean of the values 4 q_i - 2 under the logarithm, which lies between the least and the greatest of them;
- total Brier <= that of p0 + D ln(1 / 0.875) / 2, which is 0.067 D;
- total Brier <= that of pa + D ln(1 / 0.125) / 2, which is 1.040 D.
An adviser that says nothing sleeps: p is p0, and neither weight moves.

Sources: Vovk (1998) and Vovk & Zhdanov (2009) for the aggregation and its bound; Freund et al. (1997) for sleeping.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from minds.synthesis import Aggregator, Recalibration

__all__ = ["CAP", "TILTS", "Advice", "Advised", "excess", "logit"]

CAP = 0.40
"""Most that an adviser can move a published probability, in logits: from 0.50 to 0.60, say."""
TILTS: Mapping[str, float] = {"strong_down": -1.0, "down": -0.5, "none": 0.0, "up": 0.5, "strong_up": 1.0}
"""What an adviser may say, as a share of the most that it may move the odds."""
_OWN = 0.125
"""Prior weight of the adviser's own probability."""


def excess(copies: int) -> float:
    """Most by which the total Brier score can exceed what it would have been without the adviser."""
    return copies * math.log(1.0 / (1.0 - _OWN)) / 2.0


class Advice(NamedTuple):
    """What an adviser said of one call, and what became of it.

    Attributes:
        claim: id of the call.
        tilt: one of `TILTS`; empty when it said nothing.
        because: its reason in its own words, or why it said nothing. Text only: nothing is computed from it.
        without: the probability that would have been published without an adviser, p0.
        probability: the one that is published.
        alone: the adviser's own probability pa, after recalibration; None when it said nothing.
        edge: what its tilt would have added to p0 with nothing taken off (k = 1); None when it said nothing.
        k: how much of its edge its record has earned by now, in [0, 1].
        weight: weight of its own probability in the aggregation, in [0, 1], mean over the copies.
        copy: which copy of the aggregation made it.
    """

    claim: str
    tilt: str
    because: str
    without: float
    probability: float
    alone: float | None
    edge: float | None
    k: float
    weight: float
    copy: int


class Advised:
    """The aggregation of one target's synthesis with its adviser.

    Its copies are those of the synthesis: a forecast and its advice wait for one outcome, and so in the same copy.
    """

    def __init__(self) -> None:
        self.shrinkage = Recalibration()
        self.copies: list[Aggregator] = []
        self._open: dict[str, Advice] = {}

    def advice(
        self, claim: str, without: float, copy: int, tilt: str, because: str, *, share: float = 1.0, turns: bool = True
    ) -> Advice:
        """Combine one tilt with the synthesis; the advice then waits for the outcome of its claim.

        Args:
            claim: id of the call.
            without: p0, in (0, 1).
            copy: which copy of the synthesis made p0.
            tilt: one of `TILTS`; empty when the adviser says nothing.
            because: why.
            share: what a cap leaves of the adviser's edge, in [0, 1].
            turns: whether the adviser may turn the call to the other side of one half.
        """
        while len(self.copies) <= copy:
            self.copies.append(Aggregator(1, 1.0 - _OWN))
        k, weight = self.shrinkage.k, self.weight
        if not tilt:
            made = Advice(claim, "", because, without, without, None, None, k, weight, copy)
        else:
            step = CAP * TILTS[tilt]
            alone = _moved(without, k * share * step)
            if not turns:
                alone = max(alone, 0.5) if without >= 0.5 else min(alone, _BELOW_HALF)
            mixed = self.copies[copy].predict((without, alone))
            # Between the two by the proof above; rounding must not push it out.
            low, high = min(without, alone), max(without, alone)
            mixed = low if mixed < low else high if mixed > high else mixed
            made = Advice(
                claim, tilt, because, without, mixed, alone, _moved(without, step) - without, k, weight, copy
            )  # fmt: skip
        self._open[claim] = made
        return made

    def settle(self, claim: str, outcome: int | None) -> None:
        """Learn from a verdict (None: void); a claim without advice teaches nothing."""
        made = self._open.pop(claim, None)
        if made is None or outcome is None or made.edge is None:
            return
        self.copies[made.copy].learn((made.without, made.alone), made.probability, outcome)
        self.shrinkage.add(made.edge, made.without, outcome)

    @property
    def weight(self) -> float:
        """Mean weight of the adviser's own probability over the copies."""
        if not self.copies:
            return _OWN
        return sum([copy.weights[1] for copy in self.copies]) / len(self.copies)


_BELOW_HALF = math.nextafter(0.5, 0.0)


def logit(p: float) -> float:
    """ln(p / (1 - p)), for p in (0, 1)."""
    return math.log(p) - math.log1p(-p)


def _moved(p: float, step: float) -> float:
    """The probability whose odds are exp(step) times those of p; p itself for a step of 0."""
    if not step:
        return p
    more = p * math.exp(step)
    return more / (more + (1.0 - p))
