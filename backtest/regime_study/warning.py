"""What the stale detector was worth: how often the label changed soon after it fired.

Contract: pure functions of what a model said. The detector can fire only while the label has a side (anything but
neutral), so its base rate is taken over those sessions; the one over all sessions stands beside it. Sessions whose
next ten are not all in the data are left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from backtest.regime_study.measures import BoolArray, interval_by_years, median
from engine.scoring import Interval

__all__ = ["AHEAD", "LOOK_BACK", "Warnings", "warnings"]

AHEAD = 10
"""Sessions within which a change counts as foretold."""
LOOK_BACK = 20
"""Sessions before a change in which the detector may have spoken."""


class Warnings(NamedTuple):
    """The record of a detector; None where there is nothing to count.

    Attributes:
        fired: sessions on which it fired, of those judged.
        share: the same as a share of all sessions judged.
        after: P(the label changes within 10 sessions | it fired).
        base: the same over sessions on which it could fire, and over all.
        n_base: sessions behind each of the two.
        lift: `after` over each of the two.
        interval: 95% interval of each lift, leaving out one year at a time.
        changes: changes of a label that has a side.
        recall: share of them before which it fired in the last 20 sessions of that label.
        lead: median sessions from the first of these to the change, over the changes that were caught.
    """

    fired: int
    share: float | None
    after: float | None
    base: tuple[float | None, float | None]
    n_base: tuple[int, int]
    lift: tuple[float | None, float | None]
    interval: tuple[Interval | None, Interval | None]
    changes: int
    recall: float | None
    lead: float | None


def warnings(fired: BoolArray, labels: npt.NDArray[np.generic], sided: BoolArray) -> Warnings:
    """Judge a detector.

    Args:
        fired: whether it fired on each session, shape (n,).
        labels: the label of each session, shape (n,), any values that can be compared.
        sided: whether that label has a side, so that the detector could fire, shape (n,).

    Returns:
        Its record.
    """
    size = len(labels)
    changed = np.zeros(size + AHEAD, bool)
    changed[1:size] = labels[1:] != labels[:-1]
    soon = np.lib.stride_tricks.sliding_window_view(changed[1:], AHEAD).max(axis=1)
    judged = np.arange(size) < size - AHEAD
    everywhere = np.ones(size, bool)

    def chance(mask: BoolArray, kept: BoolArray = everywhere) -> float | None:
        found = soon[mask & judged & kept]
        return float(found.mean()) if found.size else None

    def lift(base: BoolArray, kept: BoolArray = everywhere) -> float | None:
        after, usual = chance(fired, kept), chance(base, kept)
        return None if after is None or not usual else after / usual

    ends = [int(at) for at in np.flatnonzero(changed[:size]) if sided[at - 1]]
    leads = [lead for at in ends if (lead := _lead(fired, labels, at)) is not None]
    return Warnings(
        fired=int((fired & judged).sum()),
        share=float(fired[judged].mean()) if judged.any() else None,
        after=chance(fired),
        base=(chance(sided), chance(everywhere)),
        n_base=(int((sided & judged).sum()), int(judged.sum())),
        lift=(lift(sided), lift(everywhere)),
        interval=(
            interval_by_years(size, lambda kept: lift(sided, kept), log=True),
            interval_by_years(size, lambda kept: lift(everywhere, kept), log=True),
        ),
        changes=len(ends),
        recall=len(leads) / len(ends) if ends else None,
        lead=median(leads),
    )


def _lead(fired: BoolArray, labels: npt.NDArray[np.generic], at: int) -> int | None:
    """Sessions from the first warning about the outgoing label to its end at `at`, looking back at most 20."""
    begin = max(at - LOOK_BACK, 0)
    other = np.flatnonzero(labels[begin:at] != labels[at - 1])
    begin += int(other[-1]) + 1 if other.size else 0
    spoke = np.flatnonzero(fired[begin:at])
    return at - begin - int(spoke[0]) if spoke.size else None
