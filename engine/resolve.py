"""Resolution: one deterministic rule a kind of claim, no hand ever needed.

Contract: a claim settles on the bar of its deadline session, moved to the next session by an unannounced closure. The
return is between adjusted closes of the same data vintage, so splits and dividends do not decide calls. It is void when
the bar is missing (halt, delisting) and, for a direction, when the price has not moved at all; the reason says so.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from engine.claims import Claim, Kind, Verdict
from engine.scoring import brier_one, log_score_one, winkler_one

__all__ = ["RESOLVER_VERSION", "resolve"]

RESOLVER_VERSION = 2
Prices = Sequence[float | None]


def resolve(claim: Claim, path: Prices, settled: str, versus: Prices = ()) -> Verdict:
    """Grade a claim.

    Args:
        claim: what was said.
        path: adjusted closes of the symbol from the session of the claim to the one on which it settles, None where
            there is
            no bar: horizon + 1 of them.
        settled: ISO day of that last session.
        versus: the same of the other symbol of a `relative` claim.

    Raises:
        ValueError: the claim lacks what its kind needs.
    """
    for symbol, prices in ((claim.symbol, path), (claim.versus, versus)):
        if symbol is not None and (prices[0] is None or prices[-1] is None):
            day = settled if prices[-1] is None else claim.session
            return Verdict(claim.id, "void", f"no bar for {symbol} on {day}", settled)
    realised = _RULES[claim.kind](claim, path, versus)
    if claim.kind == "interval":
        return _interval(claim, realised, settled)
    if claim.probability is None or claim.base_rate is None:
        raise ValueError(f"{claim.id} has no probability or no base rate")
    if realised == 0.0 and claim.kind in _TIES:
        return Verdict(claim.id, "void", _TIES[claim.kind].format(claim), settled, realised=0.0)
    return _probability(claim, claim.probability, claim.base_rate, realised, settled)


def _move(claim: Claim, path: Prices, versus: Prices) -> float:
    """Simple return over the whole path."""
    return _ratio(path) - 1.0


def _lead(claim: Claim, path: Prices, versus: Prices) -> float:
    """Return of the one less that of the other."""
    return _ratio(path) - _ratio(versus)


def _roughness(claim: Claim, path: Prices, versus: Prices) -> float:
    """Annualised sample deviation of the daily log returns of the path."""
    logs = [math.log(price) for price in path if price is not None]
    moves = [after - before for before, after in itertools.pairwise(logs)]
    mean = sum(moves) / len(moves)
    return math.sqrt(sum([(move - mean) ** 2 for move in moves]) / (len(moves) - 1) * 252.0)


def _deepest(claim: Claim, path: Prices, versus: Prices) -> float:
    """Lowest close after the first, as a return."""
    return min([price for price in path[1:] if price is not None]) / _known(path[0]) - 1.0


def _ratio(path: Prices) -> float:
    return _known(path[-1]) / _known(path[0])


def _known(price: float | None) -> float:
    if price is None:
        raise ValueError("a price that the void rule has passed is missing")
    return price


_RULES: dict[Kind, Callable[[Claim, Prices, Prices], float]] = {
    "direction": _move, "interval": _move, "relative": _lead, "volatility": _roughness, "drawdown": _deepest,
}  # fmt: skip
_TIES: dict[Kind, str] = {
    "direction": "{0.symbol} closed unchanged",
    "relative": "{0.symbol} and {0.versus} moved alike",
}


def _probability(claim: Claim, p: float, base: float, realised: float, settled: str) -> Verdict:
    outcome = int(_happened(claim, realised))
    return Verdict(
        claim.id, "right" if (p >= 0.5) == (outcome == 1) else "wrong", "", settled, outcome, realised,
        brier_one(outcome, p), brier_one(outcome, base), log_score_one(outcome, p),
    )  # fmt: skip


def _happened(claim: Claim, realised: float) -> bool:
    if claim.kind in _TIES:
        return realised > 0.0
    if claim.threshold is None:
        raise ValueError(f"{claim.id} has no threshold")
    return realised > claim.threshold if claim.kind == "volatility" else realised <= claim.threshold


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
