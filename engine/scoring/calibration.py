"""Calibration: does what is called 0.52 happen 52% of the time?

Contract: outcome first, then forecast; every figure is a mean over the claims passed, and no claims at all raise
`InputError`, as do unequal shapes, outcomes other than 0 and 1, and probabilities outside [0, 1]. All of these
figures look at the whole sample: they grade a finished record and must never feed a forecast.

Even a perfect forecaster scores above zero: over 500 claims a five-bin ECE of .039 and an MCB of .005 are noise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.scoring import _checks as check
from engine.scoring._checks import FloatArray

__all__ = ["Corp", "Murphy", "bias", "corp", "ece", "murphy"]


_SWEEPS = 6
"""Sweeps over all neighbours before the loop of `corp`: enough to pool most of a long record, cheap for a short one."""
IntArray = npt.NDArray[np.int64]


class Murphy(NamedTuple):
    """Terms of the Brier score over bins: `brier = reliability - resolution + uncertainty + within`."""

    reliability: float
    resolution: float
    uncertainty: float
    within: float
    """What binning hides; 0 when all forecasts of a bin are equal."""


class Corp(NamedTuple):
    """Terms of the Brier score without bins: `brier = mcb - dsc + unc`."""

    mcb: float
    """Miscalibration: what recalibrating would have saved; 0 is best."""
    dsc: float
    """Discrimination: how much better the recalibrated forecast is than the overall rate; more is better."""
    unc: float
    """Uncertainty of the outcomes themselves."""
    recalibrated: FloatArray
    """The recalibrated probability of each claim, in input order, shape (n,)."""


class _Bin(NamedTuple):
    y: FloatArray
    p: FloatArray
    share: float
    rate: float
    forecast: float


def bias(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Calibration in the large: `mean(p) - mean(y)`.

    Args:
        y: outcomes, 0 or 1, shape (n,).
        p: probabilities of outcome 1, shape (n,).

    Returns:
        A difference of probabilities in [-1, 1]; positive when the event was called too likely.

    Raises:
        InputError: nothing to score, or input that `brier` would refuse.

    Source:
        Murphy & Epstein (1967), Verification of probabilistic predictions: a brief review.

    >>> bias([1, 0], [0.75, 0.5])
    0.125
    """
    observed, predicted = check.forecasts(y, p)
    return _mean(predicted) - _mean(observed)


def ece(y: npt.ArrayLike, p: npt.ArrayLike, *, bins: int = 5) -> float:
    """Expected calibration error over equal-mass bins: `sum_k n_k/n * |mean(p in k) - mean(y in k)|`.

    The claims are sorted by p with a stable sort, so equal forecasts keep their input order, and cut into `bins` runs;
    when n does not divide evenly the first runs hold one claim more. With fewer claims than bins each claim is a bin.

    Args:
        y: outcomes, 0 or 1, shape (n,).
        p: probabilities of outcome 1, shape (n,).
        bins: number of bins, at least 1.

    Returns:
        A difference of probabilities in [0, 1]; 0 is best.

    Raises:
        InputError: nothing to score, input that `brier` would refuse, or fewer than one bin.

    Source:
        Naeini, Cooper & Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning; equal-mass
        bins as in Nguyen & O'Connor (2015), Posterior calibration and exploratory analysis.

    >>> ece([0, 1, 1, 1], [0.25, 0.25, 0.75, 0.75], bins=2)
    0.25
    """
    observed, predicted = check.forecasts(y, p)
    groups = _equal_mass(observed, predicted, check.whole(bins, "bins", minimum=1))
    return math.fsum(group.share * abs(group.forecast - group.rate) for group in groups)


def murphy(y: npt.ArrayLike, p: npt.ArrayLike, *, bins: int | None = 5) -> Murphy:
    """Murphy's decomposition of the mean Brier score, `REL - RES + UNC`, with what binning hides beside it.

    With n_k claims in bin k, mean forecast p_k, event rate y_k and overall rate m:
    `REL = sum n_k/n (p_k - y_k)**2`, `RES = sum n_k/n (y_k - m)**2`, `UNC = m (1 - m)`, and
    `within = sum over claims ((p - p_k)**2 - 2 (y - y_k)(p - p_k)) / n`.

    Args:
        y: outcomes, 0 or 1, shape (n,).
        p: probabilities of outcome 1, shape (n,).
        bins: number of equal-mass bins, cut as in `ece`; None makes one bin of each distinct forecast, as Murphy did.

    Returns:
        The four terms; they add up to the mean Brier score.

    Raises:
        InputError: nothing to score, input that `brier` would refuse, or fewer than one bin.

    Source:
        Murphy (1973), A new vector partition of the probability score; `within` from Stephenson, Coelho & Jolliffe
        (2008), Two extra components in the Brier score decomposition.

    >>> murphy([0, 1, 1, 1], [0.25, 0.25, 0.75, 0.75], bins=None)
    Murphy(reliability=0.0625, resolution=0.0625, uncertainty=0.1875, within=0.0)
    """
    observed, predicted = check.forecasts(y, p)
    if bins is None:
        groups = _distinct(observed, predicted)
    else:
        groups = _equal_mass(observed, predicted, check.whole(bins, "bins", minimum=1))
    overall = _mean(observed)
    spread = (
        group.share * _mean((group.p - group.forecast) * (group.p - group.forecast - 2.0 * (group.y - group.rate)))
        for group in groups
    )
    return Murphy(
        reliability=math.fsum(group.share * (group.forecast - group.rate) ** 2 for group in groups),
        resolution=math.fsum(group.share * (group.rate - overall) ** 2 for group in groups),
        uncertainty=overall * (1.0 - overall),
        within=math.fsum(spread),
    )


def corp(y: npt.ArrayLike, p: npt.ArrayLike) -> Corp:
    """CORP decomposition of the mean Brier score: `MCB - DSC + UNC`.

    c is the best non-decreasing function of p for these outcomes, found by pooling adjacent violators after averaging
    the outcomes of equal forecasts; m is the overall rate. With BS for the mean Brier score,
    `MCB = BS(p) - BS(c)`, `DSC = BS(m) - BS(c)`, `UNC = BS(m) = m (1 - m)`.

    Args:
        y: outcomes, 0 or 1, shape (n,).
        p: probabilities of outcome 1, shape (n,).

    Returns:
        The three terms, each >= 0, and the recalibrated probabilities.

    Raises:
        InputError: nothing to score, or input that `brier` would refuse.

    Source:
        Dimitriadis, Gneiting & Jordan (2021), Stable reliability diagrams for probabilistic classifiers; pooling:
        Ayer et al. (1955), An empirical distribution function for sampling with incomplete information.

    >>> parts = corp([0, 1, 0, 1], [0.25, 0.5, 0.75, 1.0])
    >>> parts.mcb, parts.dsc, parts.unc, parts.recalibrated.tolist()
    (0.09375, 0.125, 0.25, [0.0, 0.5, 0.5, 1.0])
    """
    observed, predicted = check.forecasts(y, p)
    _, place, seen = np.unique(predicted, return_inverse=True, return_counts=True)
    hits = np.bincount(place, weights=observed).astype(np.int64)
    recalibrated = _isotonic(hits, seen.astype(np.int64))[place]
    overall = _mean(observed)
    # Pooling cannot do worse than the forecast itself; only the last bits could say so.
    gain = _mean((predicted - observed) ** 2) - _mean((recalibrated - observed) ** 2)
    return Corp(
        mcb=max(gain, 0.0),
        # Within a pooled block c is the mean of y, so BS(m) - BS(c) is a plain sum of squares, never below zero.
        dsc=_mean((recalibrated - overall) ** 2),
        unc=overall * (1.0 - overall),
        recalibrated=recalibrated,
    )


def _isotonic(hits: IntArray, seen: IntArray) -> FloatArray:
    """Return the isotonic rate of each group; whole numbers decide, so no rounding can split or join a block.

    Neighbours out of order share a block of the answer whatever else is pooled, and the answer is unique. So a few
    sweeps over all neighbours at once may come first: they leave little to the loop that goes from group to group.
    """
    groups = np.ones_like(seen)
    for _ in range(_SWEEPS):
        starts = np.flatnonzero(np.append(True, hits[:-1] * seen[1:] < hits[1:] * seen[:-1]))
        hits, seen, groups = (np.add.reduceat(column, starts) for column in (hits, seen, groups))
    return _pool_adjacent_violators(hits.tolist(), seen.tolist(), groups.tolist())


def _pool_adjacent_violators(hits: list[int], seen: list[int], sizes: list[int]) -> FloatArray:
    """Return the isotonic rate of each group, from blocks of `sizes` groups that are pooled already."""
    blocks: list[tuple[int, int, int]] = []
    for k, n, groups in zip(hits, seen, sizes, strict=True):
        while blocks and blocks[-1][0] * n >= k * blocks[-1][1]:
            last_k, last_n, last_groups = blocks.pop()
            k, n, groups = k + last_k, n + last_n, groups + last_groups
        blocks.append((k, n, groups))
    rates = np.array([k / n for k, n, _ in blocks], dtype=np.float64)
    return np.repeat(rates, [groups for _, _, groups in blocks])


def _equal_mass(y: FloatArray, p: FloatArray, bins: int) -> list[_Bin]:
    order = np.argsort(p, kind="stable")
    return [_bin(y[part], p[part], y.size) for part in np.array_split(order, min(bins, y.size))]


def _distinct(y: FloatArray, p: FloatArray) -> list[_Bin]:
    order = np.argsort(p, kind="stable")
    borders = np.flatnonzero(np.diff(p[order])) + 1
    return [_bin(y[part], p[part], y.size) for part in np.split(order, borders)]


def _bin(y: FloatArray, p: FloatArray, total: int) -> _Bin:
    return _Bin(y, p, y.size / total, _mean(y), _mean(p))


def _mean(values: FloatArray) -> float:
    """Mean with one exactly rounded sum, so that the order of the claims cannot change a bit."""
    return math.fsum(values.tolist()) / values.size
