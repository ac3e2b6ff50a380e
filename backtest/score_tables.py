"""Tables of scores: what the settled claims of one kind were worth, from columns.

Contract: the functions here turn settled claims, in order of settlement, into the plain numbers of `scores.json`. Of no
claims each figure is null (and `n` is 0), never zero. The losses are those that the verdicts themselves state, so a
table cannot disagree with the ledger. Nothing here reads a file or a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from backtest.evidence import mean_e_value
from backtest.history import Claims
from engine import scoring
from engine.bars import FloatArray
from engine.errors import InputError

__all__ = ["direction", "interval", "mind", "odds"]

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
_DIRECTION = (
    "n", "hit_rate", "hit_rate_interval", "base_rate", "brier", "brier_climatology", "skill", "bias", "ece5", "mcb",
    "dsc", "log_score", "e_value",
)  # fmt: skip
_INTERVAL = ("n", "coverage", "coverage_interval", "winkler", "winkler_climatology", "skill")
_ODDS = ("n", "base_rate", "brier", "brier_climatology", "skill", "skill_interval", "bias")
_MIND = (
    "brier", "skill", "hit_rate", "hit_rate_interval", "base", "recalibrated_brier", "recalibrated_skill",
)  # fmt: skip


def direction(claims: Claims) -> dict[str, Any]:
    """Claims that a price will be higher."""
    n = len(claims)
    if not n:
        return dict.fromkeys(_DIRECTION) | {"n": 0}
    y, p = claims.y, claims.p
    right = int(((p >= 0.5) == (y == 1.0)).sum())  # one half is called "up", as `minds.gates.side` does
    parts = scoring.corp(y, p)
    return {
        "n": n,
        "hit_rate": right / n,
        "hit_rate_interval": list(scoring.wilson(right, n)),
        "base_rate": float(y.mean()),
        "brier": float(claims.score.mean()),
        "brier_climatology": float(claims.base_score.mean()),
        "skill": scoring.skill(claims.score, claims.base_score),
        "bias": scoring.bias(y, p),
        "ece5": scoring.ece(y, p, bins=5),
        "mcb": parts.mcb,
        "dsc": parts.dsc,
        "log_score": float(claims.log_score.mean()),
        "e_value": mean_e_value(claims, scoring.log_score(claims.y, claims.b) - claims.log_score),
    }


def odds(claims: Claims) -> dict[str, Any]:
    """Claims that an event will happen: volatility, drawdown, relative."""
    if not len(claims):
        return dict.fromkeys(_ODDS) | {"n": 0}
    return {
        "n": len(claims),
        "base_rate": float(claims.y.mean()),
        "brier": float(claims.score.mean()),
        "brier_climatology": float(claims.base_score.mean()),
        "skill": scoring.skill(claims.score, claims.base_score),
        "skill_interval": _pooled_interval(claims),
        "bias": scoring.bias(claims.y, claims.p),
    }


def interval(claims: Claims) -> dict[str, Any]:
    """Claims that a return will lie between two ends."""
    n = len(claims)
    if not n:
        return dict.fromkeys(_INTERVAL) | {"n": 0}
    inside = int(claims.y.sum())
    return {
        "n": n,
        "coverage": inside / n,
        "coverage_interval": list(scoring.wilson(inside, n)),
        "winkler": float(claims.score.mean()),
        "winkler_climatology": float(claims.base_score.mean()),
        "skill": scoring.skill(claims.score, claims.base_score),
    }


def mind(
    claims: Claims, own: FloatArray, fair: FloatArray, up: BoolArray, labels: Sequence[str], label: IntArray
) -> dict[str, Any]:
    """What one mind alone would have scored on the claims on which it took a side.

    Args:
        claims: directions, n of them.
        own: the mind's own probabilities, shape (n,).
        fair: the same after recalibration, shape (n,).
        up: whether it leaned to a rise, shape (n,).
        labels: names of the regimes, in the order in which they are to appear.
        label: regime in which each claim was made, as an index of `labels`, shape (n,).
    """
    if not len(claims):
        return dict.fromkeys(_MIND) | {"by_regime": {}}
    y = claims.y
    ours, recalibrated = scoring.brier(y, own), scoring.brier(y, fair)
    right = up == (y == 1.0)
    return {
        "brier": float(ours.mean()),
        "skill": scoring.skill(ours, claims.base_score),
        "hit_rate": int(right.sum()) / len(claims),
        "hit_rate_interval": list(scoring.wilson(int(right.sum()), len(claims))),
        "base": _commoner(y),
        "recalibrated_brier": float(recalibrated.mean()),
        "recalibrated_skill": scoring.skill(recalibrated, claims.base_score),
        "by_regime": {
            name: _cell(right[here], ours[here], y[here])
            for at, name in enumerate(labels)
            if (here := label == at).any()
        },
    }


def _commoner(y: FloatArray) -> float:
    """Share of right calls that always naming the more frequent side would have had."""
    rises = int(y.sum())
    return max(rises, y.size - rises) / y.size


def _cell(right: BoolArray, losses: FloatArray, y: FloatArray) -> dict[str, Any]:
    n, hits = right.size, int(right.sum())
    low, high = scoring.wilson(hits, n)
    return {"n": n, "rate": hits / n, "low": low, "high": high, "base": _commoner(y), "brier": sum(losses.tolist()) / n}


def _pooled_interval(claims: Claims) -> list[float] | None:
    """95% interval of the skill: claims of one session move together, so their losses are added up first.

    None while the record is too short for one.
    """
    days = np.flatnonzero(np.bincount(claims.day))
    losses, references = (np.bincount(claims.day, loss)[days] for loss in (claims.score, claims.base_score))
    longest = max(claims.names[code][1] for code in claims.codes())
    try:
        return list(scoring.skill_interval(losses, references, horizon=longest))
    except InputError:
        return None
