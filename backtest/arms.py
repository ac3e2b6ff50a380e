"""Arms: what each layer of the system adds to the direction calls, on the same claims.

Contract: a function of a `History` alone. All arms are graded on the direction claims that were published and came out
right or wrong: a void claim has no outcome for anybody, what a gate stopped was never claimed, and a cap is part of
recalibration (a mind by itself speaks uncapped). An arm that is silent on a claim says the base rate there. Each arm is
compared with the one that it builds on; claims of one session are added up first and the test is one for overlapping
claims. What cannot be said yet is None. No skill is claimed here beyond what `backtest.verdicts` allows.

The steps, each on top of the one before:
- `climatology`: the base rate;
- `minds`: the mean of what the minds that speak say by themselves, base rate + EDGE * lean;
- `debate`: the same leans weighed by rank, as the debate's conviction weighs them: a loud mind counts more, and minds
  that disagree cancel out;
- `recalibration`: each mind's edge as far as its own record has earned it, weighed likewise;
- `synthesis`: what the aggregation says, which is what is published without an adviser;
- `adviser`: what was published, in a run with an adviser.
Beside them stand `mind:NAME` (one mind alone), `baseline:NAME` and `without:NAME` (the synthesis as if one mind had
been silent all along).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from backtest.claims import RESULTS, Claims
from backtest.evidence import mean_e_value
from backtest.history import History
from backtest.leave_out import synthesis_without
from backtest.verdicts import holm, sentence, verdict
from engine import scoring
from engine.bars import FloatArray
from minds.debate import conviction
from minds.synthesis import EDGE

__all__ = ["Arm", "arms", "arms_table"]

_LEAST, _MOST = 0.01, 0.99
_CLIMATOLOGY = "climatology"
_ROUNDING = 1e-11
"""A probability that was worked out a second time and differs by no more is the same."""


class Arm(NamedTuple):
    """One variant of the system.

    Attributes:
        name: see the module.
        stage: `step`, `mind`, `baseline` or `without`.
        versus: name of the arm that it is compared with; empty for climatology.
        p: its probability of a rise, shape (n,).
        side: above zero where it calls a rise, below for a fall, 0 or NaN where it takes no side, shape (n,).
    """

    name: str
    stage: str
    versus: str
    p: FloatArray
    side: FloatArray


def arms(history: History) -> tuple[Claims, list[Arm]]:
    """The claims that all arms are graded on, n of them in the order in which they were made, and the arms."""
    every = history.claims["direction"]
    which = np.flatnonzero(every.result >= RESULTS.index("wrong"))
    claims = every.take(which)
    ranked, fair = _by_rank(claims.lean), claims.fair - claims.b[:, None]
    steps = {
        _CLIMATOLOGY: claims.b,
        "minds": _mean(_own(claims.b[:, None], claims.lean), claims.b),
        "debate": _clipped(claims.b + EDGE * _weighed(ranked, claims.lean)),
        "recalibration": claims.b + _weighed(ranked, fair),
        "synthesis": claims.without,
    }
    if "adviser" in history.genesis:
        steps["adviser"] = claims.p
    found = [
        Arm(name, "step", versus, p, np.where(p >= 0.5, 1.0, -1.0))  # one half is called "up", as gates do
        for (name, p), versus in zip(steps.items(), ["", *steps], strict=False)
    ]
    for stage, names, leans in (("mind", history.minds, claims.lean), ("baseline", history.baselines, claims.baseline)):
        for name, lean in zip(names, leans.T, strict=True):
            if name == _CLIMATOLOGY and stage == "baseline":
                continue  # it is the first step
            own = np.where(np.isnan(lean), claims.b, _own(claims.b, lean))
            found.append(Arm(f"{stage}:{name}", stage, _CLIMATOLOGY, own, lean))
    for at, name in enumerate(history.minds):
        p = synthesis_without(every, at)[which]
        p = np.where(np.abs(p - claims.without) < _ROUNDING, claims.without, p)
        found.append(Arm(f"without:{name}", "without", "synthesis", p, np.where(p >= 0.5, 1.0, -1.0)))
    return claims, found


def arms_table(history: History) -> dict[str, Any]:
    """`arms` of `scores.json`: arm -> its row, see docs/arms.md; nothing when nothing is settled.

    Numbers have twelve digits, so that no library's last one decides whether two tables are equal.
    """
    claims, found = arms(history)
    if not len(claims):
        return {}
    graded = _graded(claims, found)
    rows = {arm.name: _row(graded, at) for at, arm in enumerate(found)}
    for name, p in holm({name: row["p"] for name, row in rows.items()}).items():
        rows[name]["p_holm"], rows[name]["verdict"] = p, verdict(rows[name]["gain_interval"], p)
        rows[name]["says"] = sentence(name, rows[name])
    return {name: {key: _rounded(value) for key, value in row.items()} for name, row in rows.items()}


class _Graded(NamedTuple):
    """Arms with their losses.

    Attributes:
        claims: what they are graded on, n of them.
        arms: k of them, climatology first.
        versus: number of the arm that each is compared with, its own for climatology.
        brier: shape (k, n).
        log: likewise.
        skills: each against climatology, by sessions.
        gains: each against the one that it builds on.
        log_gains: the same in log scores.
    """

    claims: Claims
    arms: list[Arm]
    versus: list[int]
    brier: FloatArray
    log: FloatArray
    skills: list[scoring.Gain | None]
    gains: list[scoring.Gain | None]
    log_gains: list[scoring.Gain | None]


def _graded(claims: Claims, found: list[Arm]) -> _Graded:
    """Losses and comparisons, all at once; the tests are on sums by session, whose claims move together."""
    p = np.array([arm.p for arm in found])
    brier = (p - claims.y) ** 2
    log = -np.log(np.clip(np.where(claims.y == 1.0, p, 1.0 - p), *scoring.CLIP))
    days = np.flatnonzero(np.bincount(claims.day))
    by_day = np.array([np.bincount(claims.day, loss)[days] for loss in (*brier, *log)])
    numbers = {arm.name: at for at, arm in enumerate(found)}
    versus = [numbers.get(arm.versus, at) for at, arm in enumerate(found)]
    k, others = len(found), np.array(versus)
    further = np.flatnonzero(others)  # those not compared with climatology anyway
    longest = max(claims.names[code][1] for code in claims.codes())
    tests = scoring.gains(
        np.concatenate([by_day, by_day[further]]),
        np.concatenate([by_day[others], by_day[k + others], by_day[np.zeros_like(further)]]), horizon=longest,
    )  # fmt: skip
    gains, log_gains, skills = tests[:k], tests[k : 2 * k], tests[:k]
    for at, test in zip(further.tolist(), tests[2 * k :], strict=True):
        skills[at] = test
    return _Graded(claims, found, versus, brier, log, skills, gains, log_gains)


def _row(graded: _Graded, at: int) -> dict[str, Any]:
    claims, arm, versus = graded.claims, graded.arms[at], graded.versus[at]
    alone = versus == at
    sided = np.flatnonzero(np.nan_to_num(arm.side))
    hits = int(((arm.side[sided] > 0.0) == (claims.y[sided] == 1.0)).sum())
    gain, log_gain = graded.gains[at], graded.log_gains[at]
    return {
        "order": at, "stage": arm.stage, "versus": None if alone else arm.versus, "n": len(claims),
        "brier": float(graded.brier[at].mean()), "log_score": float(graded.log[at].mean()),
        "skill": _less(graded.brier, at, 0), "skill_interval": _interval(graded.skills[at]),
        "sided": sided.size,
        "hit_rate": hits / sided.size if sided.size else None,
        "hit_rate_interval": list(scoring.wilson(hits, sided.size)) if sided.size else None,
        "base": _commoner(claims.y[sided]) if sided.size else None,
        "moved": int(np.count_nonzero(arm.p != graded.arms[versus].p)),
        "gain": None if alone else _less(graded.brier, at, versus),
        "gain_interval": None if alone else _interval(gain),
        "p": None if alone or gain is None else gain.p,
        "log_gain": None if alone else _less(graded.log, at, versus),
        "log_gain_interval": None if alone else _interval(log_gain),
        "e_value": None if alone else mean_e_value(claims, graded.log[0] - graded.log[at]),
    }  # fmt: skip


def _less(losses: FloatArray, one: int, other: int) -> float:
    """Share by which the losses of one arm are less than another's."""
    return 1.0 - float(losses[one].sum()) / float(losses[other].sum())


def _interval(found: scoring.Gain | None) -> list[float] | None:
    return None if found is None else [found.low, found.high]


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.12g}") + 0.0 if isinstance(value, float) else value


def _commoner(y: FloatArray) -> float:
    """Share of right calls that always naming the more frequent side would have had."""
    rises = int(y.sum())
    return max(rises, y.size - rises) / y.size


def _clipped(p: FloatArray) -> FloatArray:
    found: FloatArray = np.clip(p, _LEAST, _MOST)
    return found


def _own(base: FloatArray, lean: FloatArray) -> FloatArray:
    """A mind's own probability, NaN where it is silent."""
    return _clipped(base + EDGE * lean)


def _mean(values: FloatArray, otherwise: FloatArray) -> FloatArray:
    """The mean over those who speak, `otherwise` where nobody does; shape (n,) from (n, minds)."""
    heard = ~np.isnan(values)
    count = heard.sum(axis=1)
    total = np.where(heard, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), otherwise)


class _Ranked(NamedTuple):
    """Minds by confidence, the boldest first and the silent last; of equals, the run's order decides.

    Attributes:
        order: number of the mind at each rank, shape (n, minds).
        weights: its share of the conviction, 0 for a silent one, shape (n, minds).
    """

    order: npt.NDArray[np.int64]
    weights: FloatArray


def _by_rank(lean: FloatArray) -> _Ranked:
    minds = lean.shape[1]
    shares = np.zeros((minds + 1, minds))
    for speak in range(1, minds + 1):  # read off `conviction` itself, of which these are the weights
        full = [conviction([1.0] * bold + [0.0] * (speak - bold)) for bold in range(speak + 1)]
        shares[speak, :speak] = np.diff(full)
    order = np.argsort(np.where(np.isnan(lean), np.inf, -np.abs(lean)), axis=1, kind="stable")
    return _Ranked(order, shares[(~np.isnan(lean)).sum(axis=1)])


def _weighed(ranked: _Ranked, values: FloatArray) -> FloatArray:
    """The mean of values, NaN for silent minds, weighed by rank; 0 where nobody speaks; shape (n,) from (n, minds)."""
    found: FloatArray = (ranked.weights * np.nan_to_num(np.take_along_axis(values, ranked.order, 1))).sum(axis=1)
    return found
