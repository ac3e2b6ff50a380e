"""Resolution: one deterministic rule a kind of claim, no hand ever needed.

Contract: a claim settles on the bar of its deadline session, moved to the next session by an unannounced closure. The
return is between adjusted closes of the same data vintage, so splits and dividends do not decide calls. It is void when
the bar is missing (halt, delisting) and, for a direction, when the price has not moved at all; the reason says so.
"""

from __future__ import annotations

from engine.claims import Claim, Verdict
from engine.scoring import brier_one, log_score_one, winkler_one

__all__ = ["RESOLVER_VERSION", "resolve"]

RESOLVER_VERSION = 1


def resolve(claim: Claim, start: float | None, end: float | None, settled: str) -> Verdict:
    """Grade a direction or interval claim.

    Args:
        claim: what was said.
        start: adjusted close of the session on which it was said.
        end: adjusted close of the session on which it settles.
        settled: ISO day of that session.
    """
    if end is None or start is None:
        day = settled if end is None else claim.session
        return Verdict(claim.id, "void", f"no bar for {claim.symbol} on {day}", settled)
    realised = end / start - 1.0
    if claim.kind == "interval":
        return _interval(claim, realised, settled)
    if claim.kind == "direction":
        return _direction(claim, realised, settled)
    raise ValueError(f"claims of kind {claim.kind!r} cannot be resolved by this version")


def _direction(claim: Claim, realised: float, settled: str) -> Verdict:
    if claim.probability is None or claim.base_rate is None:
        raise ValueError(f"{claim.id} has no probability or no base rate")
    if realised == 0.0:
        return Verdict(claim.id, "void", f"{claim.symbol} closed unchanged", settled, realised=0.0)
    outcome = int(realised > 0.0)
    return Verdict(
        claim.id,
        "right" if (claim.probability >= 0.5) == (outcome == 1) else "wrong",
        "",
        settled,
        outcome,
        realised,
        brier_one(outcome, claim.probability),
        brier_one(outcome, claim.base_rate),
        log_score_one(outcome, claim.probability),
    )


def _interval(claim: Claim, realised: float, settled: str) -> Verdict:
    if claim.low is None or claim.high is None or claim.base_low is None or claim.base_high is None:
        raise ValueError(f"{claim.id} has no interval")
    inside = claim.low <= realised <= claim.high
    return Verdict(
        claim.id,
        "right" if inside else "wrong",
        "",
        settled,
        int(inside),
        realised,
        winkler_one(realised, claim.low, claim.high),
        winkler_one(realised, claim.base_low, claim.base_high),
    )
