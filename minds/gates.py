"""Gates: checks between synthesis and publication.

Contract: a gate passes, caps (shrinks every mind's edge over the base rate before the synthesis, so that its bound
still holds) or abstains (nothing is published for that target), and whatever is not a pass carries its reason into the
record. Gates look at what is known now and at open claims, never at outcomes to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.claims import Claim, Target, horizon_label
from minds.view import Abstention, GateResult, View
from regimes.reading import RegimeReading

__all__ = ["COVERAGE_CAP", "calendar_gate", "coverage_gate", "netting_gate", "reference_gate", "side", "unique_gate"]

COVERAGE_CAP = 0.5
"""What a cap leaves of each edge."""


def side(probability: float) -> str:
    """The side of a probability of a rise: `up` from one half on, else `down`."""
    return "up" if probability >= 0.5 else "down"


def reference_gate(target: Target, price: float | None, session: str) -> GateResult | None:
    """Without today's close there is nothing to measure from."""
    if price is not None:
        return None
    return GateResult("reference", target.key, "abstain", f"no close for {target.symbol} on {session}")


def calendar_gate(target: Target, deadline: str | None, session: str) -> GateResult | None:
    """A claim needs a deadline that the exchange had scheduled."""
    if deadline is not None and deadline > session:
        return None
    return GateResult(
        "calendar", target.key, "abstain", f"no session is scheduled {target.horizon} sessions after {session}"
    )


def unique_gate(target: Target, identity: str, published: Iterable[Claim]) -> GateResult | None:
    """One scored claim per symbol, kind, horizon and session."""
    if all(claim.id != identity for claim in published):
        return None
    return GateResult("unique", target.key, "abstain", f"{identity} has been published already")


def coverage_gate(target: Target, reading: RegimeReading, said: Sequence[View | Abstention]) -> GateResult | None:
    """Silent minds publish nothing; a degraded regime, or one mind alone among several, is capped."""
    speaking = [item for item in said if isinstance(item, View)]
    if not speaking:
        return GateResult("coverage", target.key, "abstain", "no mind speaks")
    if reading.status == "degraded":
        return GateResult("coverage", target.key, "cap", f"the regime is degraded: {'; '.join(reading.reasons)}")
    if len(speaking) == 1 and len(said) > 1:
        return GateResult("coverage", target.key, "cap", f"only {speaking[0].mind} speaks")
    return None


def netting_gate(target: Target, probability: float, open_claims: Iterable[Claim]) -> GateResult | None:
    """No call against an open one: the desk never holds both sides of a symbol at a time."""
    wanted = side(probability)
    for claim in open_claims:
        if claim.kind != "direction" or claim.symbol != target.symbol or claim.probability is None:
            continue
        if side(claim.probability) != wanted:
            reason = (
                f"{wanted} over {horizon_label(target.horizon)} would contradict the open call {claim.id}, "
                f"{side(claim.probability)}"
            )
            return GateResult("netting", target.key, "abstain", reason)
    return None
