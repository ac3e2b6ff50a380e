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
import numpy.typing as npt

from backtest.claims import Claims, IntArray
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
        experts, base, y = claims.fair[mine], claims.b[mine], claims.y[mine]
        copies = _copies(claims.day[mine], claims.due[mine])
        if not copies.any():  # as for a horizon of one session
            rows = np.array([base, *experts.T[kept]])
            found[mine] = _aggregated(first, rows[:, None], y[None])[0]
            continue
        turns = _turns(copies)
        rows = np.array([_dealt(row, copies, turns) for row in (base, *experts.T[kept])])
        found[mine] = _aggregated(first, rows, _dealt(y, copies, turns))[copies, turns]
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
    """The turn of each claim among the claims of its copy."""
    turn = np.empty_like(copies)
    for copy in range(int(copies.max()) + 1):
        mine = copies == copy
        turn[mine] = np.arange(np.count_nonzero(mine))
    return turn


def _dealt(values: FloatArray, copies: IntArray, turns: IntArray) -> FloatArray:
    """Values by copy and turn, NaN where a copy had fewer; shape (copies, turns)."""
    found = np.full((int(copies.max()) + 1, int(turns.max()) + 1), np.nan)
    found[copies, turns] = values
    return found


def _aggregated(first: FloatArray, experts: FloatArray, y: FloatArray) -> FloatArray:
    """What each copy says at each turn.

    Args:
        first: weights at the start, up to a factor, shape (experts,).
        experts: the base rate and each mind's probability, NaN where it sleeps, shape (experts, copies, turns).
        y: outcomes, NaN where none came of it, shape (copies, turns).
    """
    asleep = np.isnan(experts)
    zero, one = (np.where(asleep, 0.0, np.exp(-_ETA * (outcome - experts) ** 2)) for outcome in (0.0, 1.0))
    charge = np.nan_to_num(_ETA * (experts - y) ** 2)
    start = np.log(first)[:, None, None]
    said = _said(start - _before(charge), asleep, zero, one)
    slept = asleep & ~asleep[:1] & ~np.isnan(y)  # not the empty places of a shorter copy
    while slept.any():
        again = _said(start - _before(np.where(slept, _ETA * (said - y) ** 2, charge)), asleep, zero, one)
        moved, said = np.nanmax(np.abs(again - said)), again
        if moved <= _STILL:
            break
    return said


def _before(charge: FloatArray) -> FloatArray:
    """All that each expert has been charged before each turn."""
    found = np.zeros_like(charge)
    np.cumsum(charge[..., :-1], axis=-1, out=found[..., 1:])
    return found


def _said(logs: FloatArray, asleep: npt.NDArray[np.bool_], zero: FloatArray, one: FloatArray) -> FloatArray:
    """The substitution of the square-loss game, from the logarithms of weights up to a factor."""
    logs[asleep] = -np.inf
    with np.errstate(invalid="ignore", divide="ignore"):  # where a copy had no such turn nobody is awake
        weights = np.exp(logs - logs.max(axis=0))
        ratio = np.log((weights * one).sum(axis=0) / (weights * zero).sum(axis=0))
    found: FloatArray = np.clip(0.5 + ratio / (2.0 * _ETA), 0.0, 1.0)
    return found
