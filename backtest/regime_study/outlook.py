"""What followed: the next day, the next month's volatility and losses, group by group.

Contract: outcomes look ahead by their nature and belong to the study alone. Position t of every array is the session on
which the statement would have been made; NaN where its outcome lies beyond the data or lacks a price. Rates stand with
n and a 95% Wilson interval; outcomes of 21 sessions overlap, so their interval counts 21 of them as one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from backtest.regime_study.measures import YEAR, BoolArray, Phases
from engine.bars import FloatArray
from engine.scoring import Interval, climatology_interval, wilson

__all__ = ["LOSS", "MONTH", "Followed", "Outcomes", "Rate", "followed", "outcomes", "volatility_ratio"]

MONTH = 21
"""Sessions that the volatility and the loss look ahead."""
LOSS = 0.05
_LEAST_PAST = 252
_UPPER = 0.5
"""The central half's upper end is the 75th percentile."""


class Outcomes(NamedTuple):
    """What came after each session, shape (n,) each.

    Attributes:
        next_return: log return of the next session.
        volatility: annualised standard deviation of the next 21 daily log returns.
        high: 1 when that exceeds the 75th percentile of all such volatilities whose month had ended by then.
        loss: 1 when some close of the next 21 lies 5% or more below today's.
    """

    next_return: FloatArray
    volatility: FloatArray
    high: FloatArray
    loss: FloatArray


class Rate(NamedTuple):
    """A frequency with what it rests on.

    Attributes:
        rate: share of the n sessions.
        n: sessions.
        interval: 95%.
    """

    rate: float
    n: int
    interval: Interval


class Followed(NamedTuple):
    """What followed the sessions of one group; None where there is nothing to count.

    Attributes:
        sessions: how many there were.
        up: share after which the next session closed higher; unchanged closes count neither way.
        mean: mean simple-looking log return of the next session.
        deviation: standard deviation of it.
        volatility: mean annualised volatility of the next 21 sessions.
        high: share after which volatility was high.
        loss: share after which the market lost 5% within 21 sessions.
        in_bear: share that lay in a bear market, of those with a phase.
        spells: how often the group began.
        median_spell: median length of its spells, in sessions.
    """

    sessions: int
    up: Rate | None
    mean: float | None
    deviation: float | None
    volatility: float | None
    high: Rate | None
    loss: Rate | None
    in_bear: float | None
    spells: int
    median_spell: float | None


def outcomes(closes: FloatArray) -> Outcomes:
    """Outcomes of every session of a price without gaps, shape (n,)."""
    size = closes.size
    moves = np.diff(np.log(closes))
    following, volatility, lowest = np.full((3, size), np.nan)
    following[:-1] = moves
    if size > MONTH:
        months = np.lib.stride_tricks.sliding_window_view(moves, MONTH)
        volatility[: len(months)] = months.std(axis=1, ddof=1) * np.sqrt(float(YEAR))
        lowest[: len(months)] = np.lib.stride_tricks.sliding_window_view(closes[1:], MONTH).min(axis=1)
    known = climatology_interval(volatility, level=_UPPER, delay=MONTH, minimum=_LEAST_PAST).high
    high = np.where(np.isnan(volatility) | np.isnan(known), np.nan, volatility > known)
    loss = np.where(np.isnan(lowest), np.nan, lowest <= closes * (1.0 - LOSS))
    return Outcomes(following, volatility, high, loss)


def followed(group: BoolArray, outcome: Outcomes, phase: Phases) -> Followed:
    """What followed the sessions of `group`, a mask of shape (n,) as long as the outcomes."""
    following = _there(outcome.next_return[group])
    moved = following[following != 0.0]
    volatility = _there(outcome.volatility[group])
    dated = phase[group & (phase >= 0)]
    starts = np.flatnonzero(np.diff(group.astype(np.int8), prepend=0) == 1)
    stops = np.flatnonzero(np.diff(group.astype(np.int8), append=0) == -1) + 1
    return Followed(
        sessions=int(group.sum()),
        up=_rate((moved > 0.0).astype(float), overlap=1),
        mean=float(following.mean()) if following.size else None,
        deviation=float(following.std(ddof=1)) if following.size > 1 else None,
        volatility=float(volatility.mean()) if volatility.size else None,
        high=_rate(_there(outcome.high[group]), overlap=MONTH),
        loss=_rate(_there(outcome.loss[group]), overlap=MONTH),
        in_bear=float((dated == 1).mean()) if dated.size else None,
        spells=len(starts),
        median_spell=float(np.median(stops - starts)) if len(starts) else None,
    )


def volatility_ratio(off: BoolArray, outcome: Outcomes) -> float | None:
    """Mean volatility of the 21 sessions after off sessions over that after all others."""
    known = ~np.isnan(outcome.volatility)
    after_off, after_on = outcome.volatility[off & known], outcome.volatility[~off & known]
    if not after_off.size or not after_on.size:
        return None
    return float(after_off.mean() / after_on.mean())


def _there(values: FloatArray) -> FloatArray:
    found: npt.NDArray[np.float64] = values[~np.isnan(values)]
    return found


def _rate(values: FloatArray, *, overlap: int) -> Rate | None:
    """Share of ones; its interval rests on one in `overlap` of them."""
    if not values.size:
        return None
    rate, apart = float(values.mean()), max(values.size / overlap, 1.0)
    return Rate(rate, values.size, wilson(rate * apart, apart))
