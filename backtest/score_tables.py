"""Tables of scores: what the settled claims of one kind were worth, from columns.

Contract: the functions here turn settled claims, in order of settlement, into the plain numbers of `scores.json`. Of no
claims each figure is null (and `n` is 0), never zero. The losses are those that the verdicts themselves state, so a
table cannot disagree with the ledger. Nothing here reads a file or a clock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from backtest.claims import Claims
from backtest.evidence import FULL, evidence_path, mean_e_value
from backtest.skill import skill_between
from engine import scoring
from engine.bars import FloatArray

__all__ = ["direction", "interval", "mind", "odds"]

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
_DIRECTION = (
    "n", "hit_rate", "hit_rate_interval", "base_rate", "brier", "brier_climatology", "skill", "skill_interval", "bias",
    "ece5", "mcb", "dsc", "noise", "log_score", "log_score_climatology", "log_skill", "log_skill_interval", "e_value",
    "e_peak",
)  # fmt: skip
_INTERVAL = (
    "n", "coverage", "coverage_interval", "winkler", "winkler_climatology", "skill", "skill_interval", "rolling",
)  # fmt: skip
_ODDS = ("n", "base_rate", "brier", "brier_climatology", "skill", "skill_interval", "bias")
_MIND = (
    "brier", "skill", "hit_rate", "hit_rate_interval", "base", "recalibrated_brier", "recalibrated_skill",
)  # fmt: skip
_WINDOW = 250
_KEPT = (0.72, 0.88)
"""Where the coverage of a window of 250 sessions lies but for one time in some hundreds, if 80% is true."""


def direction(claims: Claims) -> dict[str, Any]:
    """Claims that a price will be higher."""
    n = len(claims)
    if not n:
        return dict.fromkeys(_DIRECTION) | {"n": 0}
    y, p = claims.y, claims.p
    right = int(((p >= 0.5) == (y == 1.0)).sum())  # one half is called "up", as `minds.gates.side` does
    parts = scoring.corp(y, p)
    plain = scoring.log_score(y, claims.b)
    lead = plain - claims.log_score
    return {
        "n": n,
        "hit_rate": right / n,
        "hit_rate_interval": list(scoring.wilson(right, n)),
        "base_rate": float(y.mean()),
        "brier": float(claims.score.mean()),
        "brier_climatology": float(claims.base_score.mean()),
        "skill": scoring.skill(claims.score, claims.base_score),
        "skill_interval": skill_between(claims, claims.score, claims.base_score),
        "bias": scoring.bias(y, p),
        "ece5": scoring.ece(y, p, bins=5),
        "mcb": parts.mcb,
        "dsc": parts.dsc,
        "noise": {name: floor._asdict() for name, floor in scoring.noise_floor(p)._asdict().items()},
        "log_score": float(claims.log_score.mean()),
        "log_score_climatology": float(plain.mean()),
        "log_skill": scoring.skill(claims.log_score, plain),
        "log_skill_interval": skill_between(claims, claims.log_score, plain),
        "e_value": mean_e_value(claims, lead),
        "e_peak": math.exp(min(max(0.0, float(evidence_path(claims, lead).max())), FULL)),
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
        "skill_interval": skill_between(claims, claims.score, claims.base_score),
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
        "skill_interval": skill_between(claims, claims.score, claims.base_score),
        "rolling": _rolling(claims),
    }


def _rolling(claims: Claims) -> dict[str, Any] | None:
    """Coverage of each 250 claims in a row on one target: lowest, highest, and the share that is far from 80%."""
    found = []
    for code in claims.codes():
        held = np.concatenate([[0.0], np.cumsum(claims.y[claims.target == code])])
        found.append((held[_WINDOW:] - held[:-_WINDOW]) / _WINDOW)
    shares = np.concatenate(found)
    if not shares.size:
        return None
    low, high = _KEPT
    outside = float(((shares < low) | (shares > high)).mean())
    return {"window": _WINDOW, "n": shares.size, "lowest": float(shares.min()), "highest": float(shares.max()),
            "outside": outside}  # fmt: skip


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
        return dict.fromkeys(_MIND) | {"by_regime": {}, "by_horizon": {}}
    y = claims.y
    ours, recalibrated = scoring.brier(y, own), scoring.brier(y, fair)
    right = up == (y == 1.0)
    lead = scoring.log_score(y, claims.b) - scoring.log_score(y, own)
    regimes = [(name, label == at) for at, name in enumerate(labels)]
    horizon = np.array([sessions for _, sessions in claims.names])[claims.target]
    return {
        "brier": float(ours.mean()),
        "skill": scoring.skill(ours, claims.base_score),
        "hit_rate": int(right.sum()) / len(claims),
        "hit_rate_interval": list(scoring.wilson(int(right.sum()), len(claims))),
        "base": _commoner(y),
        "recalibrated_brier": float(recalibrated.mean()),
        "recalibrated_skill": scoring.skill(recalibrated, claims.base_score),
        "by_regime": _cells(claims, right, ours, lead, regimes),
        "by_horizon": {
            str(sessions): _cells(claims, right, ours, lead, regimes, horizon == sessions)
            for sessions in sorted({claims.names[code][1] for code in claims.codes()})
        },
    }


def _commoner(y: FloatArray) -> float:
    """Share of right calls that always naming the more frequent side would have had."""
    rises = int(y.sum())
    return max(rises, y.size - rises) / y.size


def _cells(
    claims: Claims, right: BoolArray, losses: FloatArray, lead: FloatArray, regimes: Sequence[tuple[str, BoolArray]],
    among: BoolArray | None = None,
) -> dict[str, Any]:  # fmt: skip
    """For each regime with claims: the mind's record in it, and what is left of its rate once it is shrunk."""
    some = np.ones(len(claims), np.bool_) if among is None else among
    all_n, all_hits, base = int(some.sum()), int(right[some].sum()), _commoner(claims.y[some])
    found = {}
    for name, inside in regimes:
        here = np.flatnonzero(inside & some)
        n, hits = here.size, int(right[here].sum())
        if not n:
            continue
        low, high = scoring.wilson(hits, n)
        found[name] = {
            "n": n,
            "rate": hits / n,
            "low": low,
            "high": high,
            "base": _commoner(claims.y[here]),
            "shrunk": scoring.cell_rate(hits, n, all_hits, all_n, base=base),
            "brier": sum(losses[here].tolist()) / n,
            "e_value": mean_e_value(claims.take(here), lead[here]),
        }
    return found
