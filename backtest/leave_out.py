"""What the synthesis would have said without one of the minds, worked out over whole columns.

Contract: `synthesis_without` re-runs the aggregation of `minds.synthesis` over the recorded, recalibrated
probabilities, as if one mind had been silent all along: a mind's recalibration depends on that mind alone, so nothing
else has to be learned anew, and the others begin with the weights that they had. The claims stay those that were
published, and so do the gates: what netting or a cap would have done to other numbers is left out. Agrees with
`minds.synthesis`, claim after claim, to rounding.

A mind that sleeps is charged what the synthesis itself loses, so its weight depends on what was said before. What was
said is therefore worked out again from the weights, and the weights from what was said, until neither moves: each round
settles at least one more waking-up for good, and in practice a handful settles all.
"""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from backtest.history import Claims, IntArray
from engine.bars import FloatArray
from minds.synthesis import Aggregator

__all__ = ["synthesis_without"]

_ETA = 2.0
_STILL = 1e-14
"""Probabilities that move less than this have settled."""


def synthesis_without(claims: Claims, out: int | None) -> FloatArray:
    """The probability that the synthesis would have given each claim.

    Args:
        claims: all directions of a run, in the order in which they were made, n of them: also void and open ones, which
            hold a copy of the aggregator while they wait.
        out: number of the mind that is left out; None for nobody, which gives what was published.

    Returns:
        Probabilities, shape (n,).
    """
    minds = claims.fair.shape[1]
    kept = [at for at in range(minds) if at != out]
    first = np.array(Aggregator(minds).weights)[[0, *[at + 1 for at in kept]]]
    found = np.empty(len(claims))
    for code in claims.codes():
        mine = np.flatnonzero(claims.target == code)
        experts = np.column_stack([claims.b[mine], claims.fair[mine][:, kept]])
        turns = _turns(_copies(claims.day[mine], claims.due[mine]))
        said = _aggregated(first, _dealt(experts, turns), _dealt(claims.y[mine], turns))
        found[mine] = said[turns[:, 0], turns[:, 1]]
    return found


def _copies(day: IntArray, due: IntArray) -> IntArray:
    """Which copy of the aggregator each claim on one target had: the first that waited for no outcome."""
    if not ((due[:-1] < 0) | (due[:-1] > day[1:])).any():
        return np.zeros(len(day), np.int64)
    found: list[int] = []
    waiting: list[tuple[int, int]] = []
    free: list[int] = []
    copies = 0
    for today, until in zip(day.tolist(), due.tolist(), strict=True):
        while waiting and waiting[0][0] <= today:
            heappush(free, heappop(waiting)[1])
        if not free:
            heappush(free, copies)
            copies += 1
        copy = heappop(free)
        found.append(copy)
        if until >= 0:
            heappush(waiting, (until, copy))
    return np.array(found, np.int64)


def _turns(copies: IntArray) -> IntArray:
    """For each claim its copy, and its turn among the claims of that copy; shape (n, 2)."""
    turn = np.empty_like(copies)
    for copy in range(int(copies.max()) + 1):
        mine = copies == copy
        turn[mine] = np.arange(np.count_nonzero(mine))
    return np.column_stack([copies, turn])


def _dealt(values: FloatArray, turns: IntArray) -> FloatArray:
    """Rows of values by copy and turn, NaN where a copy had fewer; shape (copies, turns, …)."""
    shape = tuple((turns.max(axis=0) + 1).tolist())
    found = np.full((*shape, *values.shape[1:]), np.nan)
    found[turns[:, 0], turns[:, 1]] = values
    return found


def _aggregated(first: FloatArray, experts: FloatArray, y: FloatArray) -> FloatArray:
    """What each copy says at each turn.

    Args:
        first: weights at the start, up to a factor, shape (experts,).
        experts: the base rate and each mind's probability, NaN where it sleeps, shape (copies, turns, experts).
        y: outcomes, NaN where none came of it, shape (copies, turns).
    """
    asleep = np.isnan(experts)
    zero, one = (np.where(asleep, 0.0, np.exp(-_ETA * (outcome - experts) ** 2)) for outcome in (0.0, 1.0))
    settled = ~np.isnan(y)[..., None]
    charge = np.where(settled & ~asleep, _ETA * (experts - y[..., None]) ** 2, 0.0)
    start = np.log(first)
    said = _said(start - _before(charge), asleep, zero, one)
    slept = settled & asleep & ~asleep[..., :1]  # not the empty places of a shorter copy
    while slept.any():
        own = np.where(slept, _ETA * (said - y)[..., None] ** 2, charge)
        again = _said(start - _before(own), asleep, zero, one)
        moved, said = np.nanmax(np.abs(again - said)), again
        if moved <= _STILL:
            break
    return said


def _before(charge: FloatArray) -> FloatArray:
    """All that each expert has been charged before each turn."""
    found = np.zeros_like(charge)
    np.cumsum(charge[:, :-1], axis=1, out=found[:, 1:])
    return found


def _said(logs: FloatArray, asleep: FloatArray, zero: FloatArray, one: FloatArray) -> FloatArray:
    """The substitution of the square-loss game, from the logarithms of weights up to a factor."""
    logs = np.where(asleep, -np.inf, logs)
    with np.errstate(invalid="ignore", divide="ignore"):  # where a copy had no such turn nobody is awake
        weights = np.exp(logs - logs.max(axis=2, keepdims=True))
        ratio = np.log((weights * one).sum(axis=2)) - np.log((weights * zero).sum(axis=2))
    found: FloatArray = np.clip(0.5 + ratio / (2.0 * _ETA), 0.0, 1.0)
    return found
