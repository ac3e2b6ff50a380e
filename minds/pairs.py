"""Relative claims: will one instrument do better than another? Minds that lean differently on the two have a view.

Contract: the base rate is how often the first did better so far, with a prior of one half; minds earn their say exactly
as for a direction (minds.synthesis). A pair needs both symbols among the targets, since the leans are those that the
minds gave there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from engine.bars import FloatArray
from engine.claims import Claim, Pair, claim_id
from engine.scoring import BaseRate
from engine.snapshot import Feed
from minds.synthesis import Forecast, Synthesis
from minds.view import Abstention, GateResult, View
from minds.waiting import Draft, Waiting

__all__ = ["PairDesk"]

Said = tuple[View | Abstention, ...]
Leans = tuple[float | None, ...]
Prices = Sequence[float | None]


class PairDesk:
    """Relative claims on one pair."""

    def __init__(self, pair: Pair, minds: Sequence[str]) -> None:
        self.pair = pair
        self.base = BaseRate(0.5)
        self.synthesis = Synthesis(minds)
        self.open: deque[Waiting] = deque()

    def prime(self, first: FloatArray, second: FloatArray) -> None:
        """Adjusted closes of both from long before the run."""
        span = self.pair.horizon
        lead = (first[span:] / first[:-span]) - (second[span:] / second[:-span])
        for value in lead[lead == lead].tolist():
            if value:
                self.base.add(value > 0.0)

    def learn(self, feed: Feed, at: int) -> None:
        """The returns that end today join the base rate."""
        self.learn_from(feed.prices(self.pair.first.symbol), feed.prices(self.pair.second.symbol), at)

    def learn_from(self, one: Prices, other: Prices, at: int) -> None:
        """The same from adjusted closes of both by session, None where there is no bar."""
        start = at - self.pair.horizon
        if start < 0:
            return
        before, after, other_before, other_after = one[start], one[at], other[start], other[at]
        if before is None or after is None or other_before is None or other_after is None:
            return
        lead = after / before - other_after / other_before
        if lead:
            self.base.add(lead > 0.0)

    def call(self, draft: Draft, said: Mapping[str, Said], label: str) -> tuple[Claim, Forecast] | GateResult:
        """Today's claim, or why there is none."""
        leans = {symbol: tuple([_lean(item) for item in items]) for symbol, items in said.items()}
        found = self.forecast(leans)
        if isinstance(found, GateResult):
            return found
        made, edges = found
        identity = claim_id(draft.session, self.pair.symbol, "relative", self.pair.horizon)
        claim = draft.claim(
            "relative", identity, probability=made.probability, base_rate=made.base, versus=self.pair.second.symbol
        )
        self.synthesis.publish(identity, made)
        self.open.append(Waiting(claim, draft.due, label, edges))
        return claim, made

    def forecast(self, leans: Mapping[str, Leans]) -> tuple[Forecast, Leans] | GateResult:
        """Today's forecast with each mind's lean to the first, or why there is none.

        Args:
            leans: symbol -> each mind's lean, None where it is silent.
        """
        edges = tuple([
            None if one is None or other is None else (one - other) / 2.0
            for one, other in zip(leans[self.pair.first.symbol], leans[self.pair.second.symbol], strict=True)
        ])  # fmt: skip
        if not any([edge is not None for edge in edges]):
            return GateResult("coverage", self.pair.key, "abstain", "no mind speaks on both")
        return self.synthesis.forecast(self.base.value, edges), edges

    def without_close(self) -> GateResult:
        """Why there is no claim where one of the two has no price."""
        return GateResult("reference", self.pair.key, "abstain", "one of the two has no close today")


def _lean(said: View | Abstention) -> float | None:
    return said.lean if isinstance(said, View) else None
