"""Resolution: one deterministic rule a kind of claim, no hand ever needed.

Contract: a claim settles on the bar of its deadline session, moved to the next session by an unannounced closure. The
return is between adjusted closes of the same data vintage, so splits and dividends do not decide calls. It is void when
the bar is missing (halt, delisting), for a direction when the price has not moved at all, and for a volatility when
there were no two returns to deviate; the reason says so.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from operator import mul, truediv
from typing import Any

import numpy as np

from engine.bars import FloatArray
from engine.claims import Claim, Kind, Verdict
from engine.scoring import graded_one, winkler_one

__all__ = ["RESOLVER_VERSION", "came_to", "resolve"]

RESOLVER_VERSION = 2
_FEWEST = 3
"""Closes, of which the volatility of a stretch can be said: two returns have a deviation, one has none."""
Prices = Sequence[float | None]

# What `Verdict._make` does, at a third of its time: a replay makes tens of thousands.
_verdict: Callable[[tuple[Any, ...]], Verdict] = functools.partial(tuple.__new__, Verdict)


def resolve(claim: Claim, path: Prices, settled: str, versus: Prices = ()) -> Verdict:
    """Grade a claim.

    Args:
        claim: what was said.
        path: adjusted closes of the symbol from the session of the claim to the one on which it settles, None where
            there is no bar: horizon + 1 of them.
        settled: ISO day of that last session.
        versus: the same of the other symbol of a `relative` claim.

    Raises:
        ValueError: the claim lacks what its kind needs.
    """
    start, end = path[0], path[-1]
    if start is None or end is None:
        return _void(claim, claim.symbol, end is None, settled)
    kind = claim.kind
    if kind == "interval":
        return _interval(claim, end / start - 1.0, settled)
    p, base = claim.probability, claim.base_rate
    if p is None or base is None:
        raise ValueError(f"{claim.id} has no probability or no base rate")
    if kind == "direction":
        realised = end / start - 1.0
        if realised == 0.0:
            return Verdict(claim.id, "void", f"{claim.symbol} closed unchanged", settled, realised=0.0)
        return _graded(claim, p, base, realised > 0.0, realised, settled)
    if kind == "relative":
        return _relative(claim, p, base, end / start, versus, settled)
    if claim.threshold is None:
        raise ValueError(f"{claim.id} has no threshold")
    if kind == "volatility" and len(path) - path.count(None) < _FEWEST:
        reason = f"{claim.symbol} has bars on {_FEWEST - 1} days only, and a deviation needs {_FEWEST}"
        return Verdict(claim.id, "void", reason, settled)
    realised = _roughness(path) if kind == "volatility" else _deepest(start, path)
    happened = realised > claim.threshold if kind == "volatility" else realised <= claim.threshold
    return _graded(claim, p, base, happened, realised, settled)


def _void(claim: Claim, symbol: str | None, at_the_end: bool, settled: str) -> Verdict:
    return Verdict(claim.id, "void", f"no bar for {symbol} on {settled if at_the_end else claim.session}", settled)


def _relative(claim: Claim, p: float, base: float, growth: float, versus: Prices, settled: str) -> Verdict:
    """The return of the one less that of the other; the other must have its bars too."""
    if not versus:
        raise ValueError(f"{claim.id} has nothing to be compared with")
    start, end = versus[0], versus[-1]
    if start is None or end is None:
        return _void(claim, claim.versus, end is None, settled)
    lead = growth - end / start
    if lead == 0.0:
        return Verdict(claim.id, "void", f"{claim.symbol} and {claim.versus} moved alike", settled, realised=0.0)
    return _graded(claim, p, base, lead > 0.0, lead, settled)


def _roughness(path: Prices) -> float:
    """Annualised sample deviation of the daily log returns of the path."""
    prices = path if None not in path else [price for price in path if price is not None]
    moves = list(map(math.log, map(truediv, prices[1:], prices)))
    mean = _added(moves) / len(moves)
    away = [move - mean for move in moves]
    return math.sqrt(_added(map(mul, away, away)) / (len(moves) - 1) * 252.0)


def _added(terms: Iterable[float]) -> float:
    """Their sum, one after the other, as columns are added; not sum(), which does it otherwise from Python 3.12 on."""
    total = 0.0
    for term in terms:
        total += term
    return total


def _deepest(start: float, path: Prices) -> float:
    """Lowest close after the first, as a return."""
    return min([price for price in path[1:] if price is not None]) / start - 1.0


def _graded(claim: Claim, p: float, base: float, happened: bool, realised: float, settled: str) -> Verdict:
    outcome = 1 if happened else 0
    score, base_score, log_score = graded_one(outcome, p, base)
    result = "right" if (p >= 0.5) == happened else "wrong"
    return _verdict((claim.id, result, "", settled, outcome, realised, score, base_score, log_score))


def _interval(claim: Claim, realised: float, settled: str) -> Verdict:
    low, high, base_low, base_high = claim.low, claim.high, claim.base_low, claim.base_high
    if low is None or high is None or base_low is None or base_high is None:
        raise ValueError(f"{claim.id} has no interval")
    inside = low <= realised <= high
    scores = winkler_one(realised, low, high), winkler_one(realised, base_low, base_high)
    return _verdict((claim.id, "right" if inside else "wrong", "", settled, int(inside), realised, *scores, None))


def came_to(kind: Kind, horizon: int, prices: FloatArray, versus: FloatArray | None = None) -> list[float | None]:
    """What claims that fall due on each session have come to: `Verdict.realised` of many at once, to the last bit.

    Args:
        kind: of the claims.
        horizon: of the claims, in sessions.
        prices: adjusted closes of all sessions, NaN where there is no bar, shape (n,).
        versus: the same of the other symbol of `relative` claims.

    Returns:
        One number a session; None where `resolve` has to look at the claim by itself, since a price is missing or odd.
    """
    columns = [prices] if versus is None else [prices, versus]
    n, found = len(prices), np.full(len(prices), np.nan)
    if n <= horizon:
        return [None] * n
    usable = [np.where((column > 0.0) & (column < np.inf), column, np.nan) for column in columns]
    with np.errstate(all="ignore"):
        if kind == "volatility":
            found[horizon:] = _roughness_of(usable[0], horizon)
        elif kind == "drawdown":
            found[horizon:] = _deepest_of(usable[0], horizon)
        else:
            growth = [column[horizon:] / column[:-horizon] for column in usable]
            found[horizon:] = growth[0] - (1.0 if versus is None else growth[1])
    return [each if -math.inf < each < math.inf else None for each in found.tolist()]


def _roughness_of(prices: FloatArray, horizon: int) -> FloatArray:
    ratios = prices[1:] / prices[:-1]
    moves = np.array([math.log(ratio) if 0.0 < ratio < math.inf else math.nan for ratio in ratios.tolist()])
    path = [moves[at : len(moves) - horizon + 1 + at] for at in range(horizon)]
    mean = _added_columns(path) / horizon
    away = [move - mean for move in path]
    found: FloatArray = np.sqrt(_added_columns([each * each for each in away]) / (horizon - 1) * 252.0)
    return found


def _deepest_of(prices: FloatArray, horizon: int) -> FloatArray:
    lowest = functools.reduce(np.minimum, [prices[at : len(prices) - horizon + at] for at in range(1, horizon + 1)])
    found: FloatArray = lowest / prices[:-horizon] - 1.0
    return found


def _added_columns(columns: Sequence[FloatArray]) -> FloatArray:
    total = np.zeros(len(columns[0]))
    for column in columns:
        total = total + column
    return total
