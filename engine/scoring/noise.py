"""Noise floors: what a perfect forecaster would show, who says the same probabilities and means them.

Contract: functions of the probabilities alone; outcomes are invented, each by itself with the probability that was
said. Equal probabilities give equal answers, bit for bit: the draws come from a seed that is a constant. Outcomes that
move together (windows that overlap, targets of one session) are noisier than this: a floor is the least that noise is.

Source: Bröcker & Smith (2007), Increasing the reliability of reliability diagrams (consistency resampling).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.scoring import _checks as check
from engine.scoring._checks import FloatArray

__all__ = ["Floor", "Noise", "consistency_band", "noise_floor"]

IntArray = npt.NDArray[np.int64]
_SEED = 0
_RECORDS = 400
"""Invented records behind a floor of `mcb` and behind a band; the 95% point of them is good to a twentieth."""
_GROUPS = 256
"""Claims of neighbouring probabilities are drawn as one: no more than a 256th of the record at a time."""
_GROWTH = 1.07
"""From either end of the record, where a monotone curve follows single claims, groups grow from one claim by this."""
_NORMAL = 16
"""Claims from which on the rate of a group is taken for normal."""
_QUARTERS = 0.6744897501960817  # of a standard normal: half of its draws lie closer to zero
_TAILS = 1.959963984540054  # and 95% of them closer than this


class Floor(NamedTuple):
    """What half of all perfect records stay below, and what 95% of them stay below."""

    median: float
    p95: float


class Noise(NamedTuple):
    """Floors of the figures of calibration of one record."""

    ece5: Floor
    mcb: Floor
    bias: Floor
    """Of the size of the bias, whatever its sign."""


class _Groups(NamedTuple):
    p: FloatArray
    weight: FloatArray
    spread: FloatArray
    """Standard deviation of the rate of a group."""


def noise_floor(p: npt.ArrayLike, *, bins: int = 5) -> Noise:
    """Floors of `ece`, of `corp(...).mcb` and of the size of `bias` for a record with these probabilities.

    Sums of outcomes over many claims are taken for normal: good to a few percent from a hundred claims on. `mcb` is
    drawn over groups of neighbours, and up to a tenth too low where probabilities are spread from end to end.

    Args:
        p: probabilities of the record's claims, in any order, shape (n,).
        bins: those of `ece`.

    Returns:
        Median and 95% point of each figure, in its unit.

    Raises:
        InputError: no claims, or a probability outside [0, 1].

    >>> floor = noise_floor([0.5] * 400)
    >>> round(floor.bias.median, 3), round(floor.bias.p95, 3)
    (0.017, 0.049)
    """
    said = _said(p)
    n = said.size
    width = math.sqrt(float((said * (1.0 - said)).sum())) / n
    parts = np.array_split(said, min(check.whole(bins, "bins", minimum=1), n))
    spread = np.sqrt([float((part * (1.0 - part)).sum()) for part in parts])
    draw = np.random.default_rng(_SEED)
    off = np.abs(draw.standard_normal((10 * _RECORDS, spread.size)) * spread).sum(axis=1) / n
    groups = _groups(said)
    rates, fitted = _drawn(groups)
    gain = ((rates - groups.p) ** 2 - (rates - fitted) ** 2) * groups.weight
    return Noise(_floor(off), _floor(gain.sum(axis=1) / n), Floor(_QUARTERS * width, _TAILS * width))


def consistency_band(p: npt.ArrayLike, at: npt.ArrayLike, *, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Where the recalibrated curve of a perfect forecaster lies, at some probabilities.

    Args:
        p: probabilities of the record's claims, in any order, shape (n,).
        at: probabilities at which the band is wanted, shape (k,).
        level: share of perfect records whose curve lies inside, at each point by itself.

    Returns:
        Lower and upper ends, shape (k,) each: a curve of `corp` outside them is more than noise, at that point.

    Raises:
        InputError: no claims, a probability outside [0, 1], or a level outside (0, 1).

    Source:
        Dimitriadis, Gneiting & Jordan (2021), Stable reliability diagrams for probabilistic classifiers.

    >>> low, high = consistency_band([0.25] * 50 + [0.75] * 50, [0.25, 0.75])
    >>> low.round(1).tolist(), high.round(1).tolist()
    ([0.1, 0.6], [0.4, 0.9])
    """
    groups, tail = _groups(_said(p)), (1.0 - check.fraction(level, "level")) / 2.0
    points = check.probabilities(at, "points")
    _, fitted = _drawn(groups)
    low, high = np.quantile(fitted, [tail, 1.0 - tail], axis=0)
    place = np.clip(np.searchsorted((groups.p[1:] + groups.p[:-1]) / 2.0, points), 0, groups.p.size - 1)
    return np.maximum(low[place], 0.0), np.minimum(high[place], 1.0)


def _said(p: npt.ArrayLike) -> FloatArray:
    said = np.sort(check.probabilities(p))
    if not said.size:
        raise InputError("a record of no claims has no noise; pass at least one probability")
    return said


def _floor(values: FloatArray) -> Floor:
    return Floor(*np.quantile(values, [0.5, 0.95]).tolist())


def _groups(said: FloatArray) -> _Groups:
    """Neighbours in probability together, equal probabilities always; fine at both ends, where a curve is."""
    n = said.size
    side, size, done = [0], 1.0, 0
    while done < n // 2:
        done += max(1, min(int(size), n // _GROUPS))
        side.append(done)
        size *= _GROWTH
    distinct = np.flatnonzero(np.append(True, np.diff(said) > 0.0))
    wanted = np.sort([0, *side[1:-1], *[n - back for back in side[1:]]])
    starts = np.unique(distinct[np.clip(np.searchsorted(distinct, wanted), 0, distinct.size - 1)])
    weight = np.diff(np.append(starts, n)).astype(np.float64)
    total, variance = np.add.reduceat(said, starts), np.add.reduceat(said * (1.0 - said), starts)
    return _Groups(total / weight, weight, np.sqrt(variance) / weight)


def _drawn(groups: _Groups) -> tuple[FloatArray, FloatArray]:
    """Rates of invented records, one a row and one group a column, and their best non-decreasing fit."""
    draw, small = np.random.default_rng(_SEED), np.flatnonzero(groups.weight < _NORMAL)
    rates = groups.p + groups.spread * draw.standard_normal((_RECORDS, groups.p.size))
    few = groups.weight[small]
    rates[:, small] = draw.binomial(few.astype(np.int64), groups.p[small], (_RECORDS, small.size)) / few
    return rates, _monotone(rates, groups.weight)


def _monotone(rates: FloatArray, weight: FloatArray) -> FloatArray:
    """The best non-decreasing fit of each row: neighbours out of order are pooled until none is.

    Rows are laid end to end, each lifted above the last, so that none pools with its neighbour.
    """
    rows, columns = rates.shape
    lift = (float(np.ptp(rates)) + 1.0) * np.arange(rows)[:, None]
    level, heavy = (rates + lift).ravel(), np.tile(weight, rows)
    sizes = np.ones(level.size, np.int64)
    while True:
        starts = np.flatnonzero(np.append(True, level[:-1] < level[1:]))
        if starts.size == level.size:
            fitted: FloatArray = np.repeat(level, sizes).reshape(rows, columns) - lift
            return fitted
        sums = np.add.reduceat(level * heavy, starts)
        heavy, sizes = np.add.reduceat(heavy, starts), np.add.reduceat(sizes, starts)
        level = sums / heavy
