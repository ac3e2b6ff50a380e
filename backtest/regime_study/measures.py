"""How well an off-state matches bear markets: accuracy, delay, misses, false alarms, flips.

Contract: pure functions of arrays over consecutive sessions, position 0 the first of the range. `off` is what a model
said; `phase` (1 bear, 0 bull, -1 undecided) and `bears` are the truth of hindsight (backtest.regime_study.dating). What
is undecided is left out. A figure that does not exist (no bear market in the range) is None, never zero.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from backtest.regime_study.dating import Bear
from engine.bars import FloatArray
from engine.scoring import Interval

__all__ = [
    "YEAR", "Agreement", "Detection", "agreement", "balanced_accuracy", "detection", "false_alarms", "flips",
    "interval_by_years", "median",
]  # fmt: skip

YEAR = 252
"""Sessions in a year, by convention."""
_NORMAL_95 = 1.959963984540054

BoolArray = npt.NDArray[np.bool_]
Phases = npt.NDArray[np.int8]


class Agreement(NamedTuple):
    """How often the off-state and the bear market were the same.

    Attributes:
        balanced_accuracy: mean of the two shares below; 0.5 is what saying always the same gets.
        mcc: Matthews correlation coefficient, 0 for chance, None when one side never occurs.
        in_bear: share of bear sessions that were called off.
        in_bull: share of bull sessions that were not.
        sessions: sessions judged.
        bear_sessions: those of them in a bear market.
    """

    balanced_accuracy: float
    mcc: float | None
    in_bear: float
    in_bull: float
    sessions: int
    bear_sessions: int


class Detection(NamedTuple):
    """What happened in one bear market.

    Attributes:
        delay: sessions from the peak to the first off session in the bear market, at least 1; None when it was missed.
        lost: share of the whole fall, from the peak to the lowest close, that lay behind at that session's close; 1
            when it was missed.
    """

    delay: int | None
    lost: float


def balanced_accuracy(off: BoolArray, phase: Phases) -> float | None:
    """Mean of the share of bear sessions called off and the share of bull sessions not called off."""
    bear, bull = phase == 1, phase == 0
    if not bear.any() or not bull.any():
        return None
    return 0.5 * (float(off[bear].mean()) + float((~off[bull]).mean()))


def agreement(off: BoolArray, phase: Phases) -> Agreement | None:
    """Balanced accuracy and Matthews correlation; None when the range lacks bear or bull sessions.

    Source:
        Brodersen et al. (2010), The balanced accuracy and its posterior distribution; Matthews (1975), Comparison of
        the predicted and observed secondary structure of T4 phage lysozyme.
    """
    both = balanced_accuracy(off, phase)
    if both is None:
        return None
    bear, bull = phase == 1, phase == 0
    hit, miss = int((off & bear).sum()), int((~off & bear).sum())
    false, right = int((off & bull).sum()), int((~off & bull).sum())
    margins = (hit + miss) * (hit + false) * (right + miss) * (right + false)
    mcc = (hit * right - miss * false) / math.sqrt(margins) if margins else None
    return Agreement(both, mcc, hit / (hit + miss), right / (false + right), hit + miss + false + right, hit + miss)


def detection(off: BoolArray, bears: Sequence[Bear], closes: FloatArray) -> tuple[Detection, ...]:
    """When each bear market was called, and how much of its fall lay behind by then."""
    found = []
    for bear in bears:
        called = np.flatnonzero(off[bear.peak + 1 : bear.trough + 1])
        if not called.size:
            found.append(Detection(None, 1.0))
            continue
        delay = int(called[0]) + 1
        behind = 1.0 - float(closes[bear.peak + delay] / closes[bear.peak])
        found.append(Detection(delay, behind / bear.fall))
    return tuple(found)


def false_alarms(off: BoolArray, phase: Phases) -> int:
    """Spells of the off-state that begin in a bull market, however they go on; one that was there at first is none."""
    begins = off[1:] & ~off[:-1]
    return int((begins & (phase[1:] == 0)).sum())


def flips(states: npt.NDArray[np.generic]) -> int:
    """Sessions whose state differs from that of the session before."""
    return int((states[1:] != states[:-1]).sum())


def median(values: Sequence[float]) -> float | None:
    """Median, None of nothing."""
    return float(statistics.median(values)) if values else None


def interval_by_years(
    sessions: int, figure: Callable[[BoolArray], float | None], *, log: bool = False
) -> Interval | None:
    """95% interval of a figure by leaving out one year at a time (delete-a-block jackknife; Künsch 1989).

    Overlap and persistence stay within the year that is left out, so the interval does not pretend that neighbouring
    sessions are independent. With few years it is rough.

    Args:
        sessions: length of the range.
        figure: from the sessions that are kept, as a mask of shape (sessions,), to the figure.
        log: work with its logarithm, as befits a ratio.

    Returns:
        Both ends, or None with fewer than five years or when the figure does not exist without one of them.
    """
    years = sessions // YEAR
    if years < 5:
        return None
    block = np.minimum(np.arange(sessions) // YEAR, years - 1)
    whole, parts = figure(np.ones(sessions, bool)), [figure(block != year) for year in range(years)]
    values = [value for value in (whole, *parts) if value is not None and (value > 0.0 or not log)]
    if whole is None or len(values) != years + 1:
        return None
    centre, *left = np.log(values).tolist() if log else values
    spread = math.sqrt((years - 1) / years * math.fsum((value - statistics.fmean(left)) ** 2 for value in left))
    low, high = centre - _NORMAL_95 * spread, centre + _NORMAL_95 * spread
    return Interval(math.exp(low), math.exp(high)) if log else Interval(low, high)
