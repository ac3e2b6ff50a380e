"""The leak alarm: a record of directions that is too good to be true is not published.

Contract: a record raises the alarm when its share of right calls is above .60, and above that of every plain rival by
four standard errors, over at least sixty blocks of sessions that do not overlap. The rivals know only what had settled
when a call was made: always one side, the commoner side of the last one, five or 21 outcomes, and its opposite; so
neither a market that mostly rises nor one that trends or zigzags raises it. The error counts the claims of a block, as
long as the longest horizon, as one draw: targets of a session move together, and windows that overlap share their days.
Nothing is known about daily markets that reaches .60 honestly; five-day momentum scored on the very bar that it
contains reaches .645, and in invented markets raises the alarm in 58 of 100 records of a year with three targets (17
with one), in 99 (86) of two years, in all of three; a shorter run can hide it.

The threshold of four is a one-sided chance of about one in thirty thousand for each record that is looked at, before
the limit of .60 and the best of eight rivals, which both make it rarer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from backtest.claims import Claims
from engine.bars import FloatArray
from engine.errors import WorkshopError

__all__ = ["ADVISER", "Alarm", "LeakAlarm", "leak_alarm"]

ADVISER = "the adviser"
"""Name of its record; no mind can have it."""

_LIMIT = 0.60
_ERRORS = 4.0
_BLOCKS = 60
_SPANS = (1, 5, 21)
"""Outcomes that a rival follows or opposes: the last one, a week of them, a month of them."""

BoolArray = npt.NDArray[np.bool_]


class Alarm(NamedTuple):
    """A record that is too good.

    Attributes:
        name: a mind, `synthesis` for the published calls, or `ADVISER`.
        n: settled directions on which it took a side.
        accuracy: share of them that were right.
        base_rate: share of right calls that its best rival would have had on the same claims.
        errors: difference of the two in standard errors.
    """

    name: str
    n: int
    accuracy: float
    base_rate: float
    errors: float

    def says(self) -> str:
        """One sentence, with the next step."""
        who = {"synthesis": "the published calls", ADVISER: ADVISER}.get(self.name, f"the mind {self.name!r}")
        how = "" if self.name == "synthesis" else f" --mind {self.name}"
        step = (
            "its model may remember these days, so ask it with `workshop leak` and give a later --cutoff"
            if self.name == ADVISER
            else f"find the leak with `workshop audit{how}`"
        )
        return (
            f"leak alarm: {who} got {self.accuracy:.1%} of {self.n} directions right where {self.base_rate:.1%} could "
            f"be had without the future; no scores are published, {step}"
        )


class LeakAlarm(WorkshopError):
    """A backtest's scores are not published: somebody in it seems to see the future (exit code 1)."""


def leak_alarm(claims: Claims, sides: Mapping[str, FloatArray]) -> Alarm | None:
    """The record that is furthest above what can be had, of those that raise the alarm.

    Args:
        claims: settled directions, n of them.
        sides: name -> the side taken on each, shape (n,): above zero a rise, below it a fall, zero none.
    """
    if not len(claims):
        return None
    rivals = _rivals(claims)
    longest = max(claims.names[code][1] for code in claims.codes())
    block = claims.day // longest
    found = [_look(name, side, claims.y, rivals, block) for name, side in sides.items()]
    return max((alarm for alarm in found if alarm is not None), key=lambda alarm: alarm.errors, default=None)


def _look(
    name: str, side: FloatArray, y: FloatArray, rivals: list[BoolArray], block: npt.NDArray[np.int64]
) -> Alarm | None:
    taken = np.flatnonzero(side)
    n = taken.size
    _, blocks = np.unique(block[taken], return_inverse=True)
    if n == 0 or blocks.max() + 1 < _BLOCKS:
        return None
    happened = y[taken] == 1.0
    right = (side[taken] > 0.0) == happened
    accuracy, best = float(right.mean()), max(float((rival[taken] == happened).mean()) for rival in rivals)
    spread = np.bincount(blocks, right - accuracy)
    variance = max(float(spread @ spread) / n**2, best * (1.0 - best) / n)  # the second for a record without a miss
    errors = (accuracy - best) / math.sqrt(variance) if variance else 0.0
    return Alarm(name, n, accuracy, best, errors) if accuracy > _LIMIT and errors > _ERRORS else None


def _rivals(claims: Claims) -> list[BoolArray]:
    """Whether each plain rule says that the price will rise, on every claim."""
    followed = [np.ones(len(claims), np.bool_) for _ in _SPANS]
    for code in claims.codes():
        mine = np.flatnonzero(claims.target == code)
        mine = mine[np.argsort(claims.day[mine], kind="stable")]
        day, risen = claims.day[mine], np.concatenate([[0.0], np.cumsum(claims.y[mine])])
        known = np.searchsorted(day + claims.names[code][1], day, side="right")  # outcomes settled by that session
        for rule, span in zip(followed, _SPANS, strict=True):
            start = np.maximum(known - span, 0)
            rule[mine] = 2.0 * (risen[known] - risen[start]) >= known - start
    rules = [np.ones(len(claims), np.bool_), *followed]
    return [said for rule in rules for said in (rule, ~rule)]
