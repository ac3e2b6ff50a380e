"""Skill over time: how sure it is, year by year, and whether it has changed.

Contract: functions of settled claims. Claims of one session move together, so their losses are added up before anything
is said about chance; windows that overlap are met with blocks or cosines as long as the longest of them. What cannot be
said of so few claims is None, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from backtest.claims import Claims
from engine import scoring
from engine.bars import FloatArray
from engine.errors import InputError

__all__ = ["by_year", "drift", "skill_between"]

_YEAR = 4
"""Digits of a year at the beginning of an ISO day."""


class _Sums(NamedTuple):
    """Losses of all claims of a session together, for each session with a claim, in order."""

    day: npt.NDArray[np.int64]
    loss: FloatArray
    reference: FloatArray


def skill_between(claims: Claims, loss: FloatArray, reference: FloatArray) -> list[float] | None:
    """95% interval of the skill of some losses over others on the same claims, by `engine.scoring.skill_bootstrap`.

    Args:
        claims: settled ones, n of them.
        loss: shape (n,).
        reference: shape (n,).
    """
    sums = _by_session(claims, loss, reference)
    try:
        return list(scoring.skill_bootstrap(sums.loss, sums.reference, horizon=_longest(claims)))
    except InputError:
        return None


def by_year(claims: Claims, days: Sequence[str]) -> dict[str, Any]:
    """Skill of each calendar year in which claims were made, with n and its 95% interval (`skill_interval`).

    Args:
        claims: settled ones.
        days: the run's sessions, ISO days.
    """
    if not len(claims):
        return {}
    sums = _by_session(claims, claims.score, claims.base_score)
    counts = np.bincount(claims.day)[sums.day]
    years = [days[day][:_YEAR] for day in sums.day.tolist()]
    starts = [at for at, year in enumerate(years) if at == 0 or year != years[at - 1]]
    found = {}
    for start, end in zip(starts, [*starts[1:], len(years)], strict=True):
        loss, reference = sums.loss[start:end], sums.reference[start:end]
        found[years[start]] = {
            "n": int(counts[start:end].sum()),
            "skill": scoring.skill(loss, reference) if reference.any() else None,
            "skill_interval": _interval(loss, reference, _longest(claims)),
        }
    return found


def drift(claims: Claims, days: Sequence[str]) -> dict[str, Any] | None:
    """Whether what the claims gained on their base rate has changed in the course of the record.

    The gain of each session, less the mean gain, is added up from the start; without a change the sum stays near zero.
    `cusum` is its farthest distance from there, in long-run standard deviations of a whole record, `on` the session
    where it got there, `p` the chance of as much without a change.

    Args:
        claims: settled ones.
        days: the run's sessions, ISO days.

    Source:
        Brown, Durbin & Evans (1975), Techniques for testing the constancy of regression relationships over time; with
        residuals of a mean: Ploberger & Krämer (1992), The CUSUM test with OLS residuals.
    """
    if not len(claims):
        return None
    sums = _by_session(claims, claims.score, claims.base_score)
    gain = sums.reference - sums.loss
    try:
        wide = scoring.long_run_deviation(gain, horizon=_longest(claims))
    except InputError:
        return None
    away = np.cumsum(gain - gain.mean()) / (wide * math.sqrt(gain.size))
    at = int(np.argmax(np.abs(away)))
    farthest = abs(float(away[at]))
    return {"cusum": farthest, "on": days[int(sums.day[at])], "p": _bridge(farthest)}


def _by_session(claims: Claims, loss: FloatArray, reference: FloatArray) -> _Sums:
    made = np.flatnonzero(np.bincount(claims.day))
    both = [np.bincount(claims.day, values)[made].astype(np.float64) for values in (loss, reference)]
    return _Sums(made, *both)


def _longest(claims: Claims) -> int:
    return max(claims.names[code][1] for code in claims.codes())


def _interval(loss: FloatArray, reference: FloatArray, horizon: int) -> list[float] | None:
    try:
        return list(scoring.skill_interval(loss, reference, horizon=horizon))
    except InputError:
        return None


def _bridge(distance: float) -> float:
    """Chance that a Brownian bridge strays this far from zero (Kolmogorov 1933)."""
    if distance < 0.2:
        return 1.0  # by less than one in 10^12, and the sum no longer converges
    terms = [(-1) ** (k - 1) * math.exp(-2.0 * (k * distance) ** 2) for k in range(1, 101)]
    return min(1.0, max(0.0, 2.0 * math.fsum(terms)))
