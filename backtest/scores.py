"""Scores: what a run's claims were worth, from its ledger alone.

Contract: `ScoreBook.add` takes the bodies of ledger entries in order; `table` gives the document of `scores.json`: no
path, no timing, equal for equal ledgers. A figure that does not exist yet (nothing settled) is null, never zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from engine import scoring
from engine.bars import FloatArray
from engine.scoring.comparison import skill_interval
from minds.gates import side
from minds.synthesis import EDGE, bound
from regimes.reading import LABELS

__all__ = ["ScoreBook"]

Body = dict[str, Any]
T = TypeVar("T")
_STALE = ("stale", "transition")
_ODDS = ("volatility", "drawdown", "relative")
_DIRECTION = (
    "n", "hit_rate", "hit_rate_interval", "base_rate", "brier", "brier_climatology", "skill", "bias", "ece5", "mcb",
    "dsc", "log_score", "e_value",
)  # fmt: skip
_INTERVAL = ("n", "coverage", "coverage_interval", "winkler", "winkler_climatology", "skill")


class ScoreBook:
    """Collects claims and verdicts of one run."""

    def __init__(self, minds: Sequence[str]) -> None:
        self.minds = tuple(minds)
        self.sessions: list[tuple[str, str, str]] = []  # (session, label, status)
        self.gates: dict[str, int] = {}
        self._claims: dict[str, tuple[Body, str, Body, list[float | None]]] = {}
        self._settled: list[tuple[Body, Body, str, Body, list[float | None]]] = []
        self._views = {name: [0, 0] for name in minds}
        self._void = 0

    def add(self, body: Body) -> None:
        """Take in one cycle."""
        label = body["reading"]["label"]
        self.sessions.append((body["session"], label, body["reading"]["status"]))
        for gate in body["gates"]:
            self.gates[gate["gate"]] = self.gates.get(gate["gate"], 0) + 1
        for said in body["views"].values():
            for name, view in said.items():
                self._views[name]["abstains" in view] += 1
        for verdict in body["verdicts"]:
            claim, then, views, experts = self._claims.pop(verdict["id"])
            if verdict["result"] == "void":
                self._void += 1
            else:
                self._settled.append((claim, verdict, then, views, experts))
        for claim in body["claims"]:
            target = f"{claim['id'].split('/')[1]}:{claim['horizon']}"
            views, experts = body["views"].get(target, {}), body["synthesis"].get(target, [])
            self._claims[claim["id"]] = (claim, label, views, experts)

    def table(self, digest: str, copies: int, weights: dict[str, float]) -> dict[str, Any]:
        """The document of `scores.json`."""
        direction, interval = self._of("direction"), self._of("interval")
        settled, waiting = len(self._settled), len(self._claims)
        score, base = (sum(item[1][key] for item in direction) for key in ("score", "base_score"))
        return {
            "schema": 1,
            "range": {"start": self.sessions[0][0], "end": self.sessions[-1][0], "sessions": len(self.sessions)},
            "digest": digest,
            "claims": {
                "published": settled + self._void + waiting,
                "resolved": settled,
                "void": self._void,
                "open": waiting,
            },
            "kinds": {
                "direction": _direction(direction),
                "interval": _interval(interval),
                **{kind: _odds(self._of(kind)) for kind in _ODDS},
            },
            "targets": _by_target(direction, interval),
            "risks": {kind: _by_symbol(self._of(kind)) for kind in _ODDS},
            "minds": {name: self._mind(at, name, direction, weights) for at, name in enumerate(self.minds)},
            "regimes": self._regimes(),
            "synthesis": {
                "brier_sum": score,
                "climatology_sum": base,
                "bound": bound(copies),
                "outstanding": copies,
                "weights": weights,
            },
            "gates": dict(sorted(self.gates.items())),
            "arms": {},
        }

    def _of(self, kind: str) -> list[Any]:
        return [item for item in self._settled if item[0]["kind"] == kind]

    def _mind(self, at: int, name: str, direction: list[Any], weights: dict[str, float]) -> dict[str, Any]:
        rows = []
        for claim, verdict, label, views, experts in direction:
            lean = views.get(name, {}).get("lean")
            if lean:
                base = claim["base_rate"]
                own = min(max(base + EDGE * lean, 0.01), 0.99)
                rows.append((verdict["outcome"], own, base, lean, experts[at + 1], label))
        spoke, abstained = self._views[name]
        found: dict[str, Any] = {"views": spoke, "abstained": abstained, "n": len(rows), "weight": weights.get(name)}
        found |= _mind_scores(rows)
        found["by_regime"] = {
            label: _cell([row for row in rows if row[5] == label])
            for label in LABELS
            if any(row[5] == label for row in rows)
        }
        return found

    def _regimes(self) -> dict[str, Any]:
        labels = [label for _, label, _ in self.sessions]
        flips = sum(before != after for before, after in itertools.pairwise(labels))
        stale = sum(status in _STALE for _, _, status in self.sessions)
        return {
            "flips_per_year": flips * 252.0 / len(labels),
            "sessions": {label: labels.count(label) for label in LABELS},
            "stale_share": stale / len(labels),
        }


def _direction(items: list[Any]) -> dict[str, Any]:
    if not items:
        return dict.fromkeys(_DIRECTION) | {"n": 0}
    y, p, b = (
        np.array(column, float)
        for column in zip(
            *[(verdict["outcome"], claim["probability"], claim["base_rate"]) for claim, verdict, *_ in items],
            strict=True,
        )
    )
    right = np.array([(side(probability) == "up") == (outcome == 1) for probability, outcome in zip(p, y, strict=True)])
    ours, theirs = scoring.brier(y, p), scoring.brier(y, b)
    parts = scoring.corp(y, p)
    return {
        "n": len(items),
        "hit_rate": float(right.mean()),
        "hit_rate_interval": list(scoring.wilson(int(right.sum()), len(items))),
        "base_rate": float(y.mean()),
        "brier": float(ours.mean()),
        "brier_climatology": float(theirs.mean()),
        "skill": scoring.skill(ours, theirs),
        "bias": scoring.bias(y, p),
        "ece5": _or_none(lambda: scoring.ece(y, p, bins=5)),
        "mcb": parts.mcb,
        "dsc": parts.dsc,
        "log_score": float(scoring.log_score(y, p).mean()),
        "e_value": _evidence(items),
    }


def _odds(items: list[Any]) -> dict[str, Any]:
    """Claims that an event will happen: volatility, drawdown, relative."""
    keys = ("n", "base_rate", "brier", "brier_climatology", "skill", "skill_interval", "bias")
    if not items:
        return dict.fromkeys(keys) | {"n": 0}
    rows = [(verdict["outcome"], claim["probability"], claim["base_rate"]) for claim, verdict, *_ in items]
    y, p, b = (np.array(column, float) for column in zip(*rows, strict=True))
    ours, theirs = scoring.brier(y, p), scoring.brier(y, b)
    return {
        "n": len(items),
        "base_rate": float(y.mean()),
        "brier": float(ours.mean()),
        "brier_climatology": float(theirs.mean()),
        "skill": scoring.skill(ours, theirs),
        "skill_interval": _pooled_interval(items, ours, theirs),
        "bias": scoring.bias(y, p),
    }


def _pooled_interval(items: list[Any], ours: FloatArray, theirs: FloatArray) -> list[float] | None:
    """95% interval of the skill: claims of one session move together, so their losses are added up first."""
    sessions: dict[str, list[float]] = {}
    for (claim, *_), loss, reference in zip(items, ours.tolist(), theirs.tolist(), strict=True):
        total = sessions.setdefault(claim["session"], [0.0, 0.0])
        total[0] += loss
        total[1] += reference
    losses, references = zip(*[sessions[day] for day in sorted(sessions)], strict=True)
    span = max(claim["horizon"] for claim, *_ in items)
    found = _or_none(lambda: skill_interval(losses, references, horizon=span))
    return None if found is None else list(found)


def _by_symbol(items: list[Any]) -> dict[str, Any]:
    """One line a symbol (or pair) and horizon."""
    keys = sorted({(claim["id"].split("/")[1], claim["horizon"]) for claim, *_ in items})
    return {
        f"{symbol}:{span}": _odds([
            item for item in items if (item[0]["id"].split("/")[1], item[0]["horizon"]) == (symbol, span)
        ])
        for symbol, span in keys
    }  # fmt: skip


def _evidence(items: list[Any]) -> float:
    """Evidence against the base rate: the mean e-value over sequences of claims that do not overlap.

    Claims of one target whose windows overlap, and targets that move together, are not a fair game one after the other.
    Each target's claims are dealt into as many sequences as its horizon has sessions; a mean of e-values is one again,
    whatever their dependence (Vovk & Wang 2021).
    """
    games: dict[tuple[str, int, int], list[Any]] = {}
    dealt: dict[tuple[str, int], int] = {}
    for item in items:
        target = (item[0]["symbol"], item[0]["horizon"])
        turn = dealt.get(target, 0)
        dealt[target] = turn + 1
        games.setdefault((*target, turn % target[1]), []).append(item)
    values = [
        scoring.e_value(*zip(*[(v["outcome"], c["probability"], c["base_rate"]) for c, v, *_ in game], strict=True))
        for game in games.values()
    ]
    return sum(values) / len(values)


def _interval(items: list[Any]) -> dict[str, Any]:
    if not items:
        return dict.fromkeys(_INTERVAL) | {"n": 0}
    ours, theirs = (np.array([verdict[key] for _, verdict, *_ in items]) for key in ("score", "base_score"))
    inside = sum(verdict["outcome"] for _, verdict, *_ in items)
    return {
        "n": len(items),
        "coverage": inside / len(items),
        "coverage_interval": list(scoring.wilson(inside, len(items))),
        "winkler": float(ours.mean()),
        "winkler_climatology": float(theirs.mean()),
        "skill": scoring.skill(ours, theirs),
    }


def _by_target(direction: list[Any], interval: list[Any]) -> dict[str, Any]:
    def key(item: Any) -> str:
        return f"{item[0]['symbol']}:{item[0]['horizon']}"

    return {
        target: {
            "direction": _direction([item for item in direction if key(item) == target]),
            "interval": _interval([item for item in interval if key(item) == target]),
        }
        for target in sorted({key(item) for item in (*direction, *interval)})
    }


def _mind_scores(rows: list[Any]) -> dict[str, Any]:
    if not rows:
        return {"brier": None, "skill": None, "hit_rate": None, "recalibrated_brier": None, "recalibrated_skill": None}
    y, own, base, _, fair, _ = (np.array(column) for column in zip(*rows, strict=True))
    reference = scoring.brier(y, base)
    return {
        "brier": float(scoring.brier(y, own).mean()),
        "skill": scoring.skill(scoring.brier(y, own), reference),
        "hit_rate": sum(_right(row) for row in rows) / len(rows),
        "recalibrated_brier": float(scoring.brier(y, fair).mean()),
        "recalibrated_skill": scoring.skill(scoring.brier(y, fair), reference),
    }


def _cell(rows: list[Any]) -> dict[str, Any]:
    right = sum(_right(row) for row in rows)
    interval = scoring.wilson(right, len(rows))
    return {
        "n": len(rows),
        "rate": right / len(rows),
        "low": interval.low,
        "high": interval.high,
        "brier": sum((row[1] - row[0]) ** 2 for row in rows) / len(rows),
    }


def _right(row: Any) -> bool:
    return bool((row[3] > 0.0) == (row[0] == 1))


def _or_none(compute: Callable[[], T]) -> T | None:
    """A calibration figure that a record is still too short for is null."""
    try:
        return compute()
    except ValueError:
        return None
