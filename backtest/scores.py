"""Scores: what a run's claims were worth, from its ledger alone.

Contract: `ScoreBook.add` takes the bodies of ledger entries in order; `table` gives the document of `scores.json`: no
path, no timing, equal for equal ledgers. A figure that does not exist yet (nothing settled) is null, never zero.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Sequence
from math import nan
from typing import Any, TypeAlias

import numpy as np

from backtest import score_tables as tables
from backtest.advice_scores import AdviceBook
from backtest.leak_alarm import ADVISER
from backtest.score_tables import Settled
from engine.bars import FloatArray
from minds.synthesis import EDGE, bound
from regimes.reading import LABELS

__all__ = ["ScoreBook"]

Body = dict[str, Any]
_Stream: TypeAlias = "tuple[array[float], int, str]"
_STALE = ("stale", "transition")
_ODDS = ("volatility", "drawdown", "relative")


class ScoreBook:
    """Collects claims and verdicts of one run; `advice` is for a run with an adviser."""

    def __init__(self, minds: Sequence[str], advice: AdviceBook | None = None) -> None:
        self.minds, self.advice = tuple(minds), advice
        self.sessions: list[tuple[str, str, str]] = []  # (session, label, status)
        self.gates: dict[str, int] = {}
        self._targets: dict[tuple[str, int], int] = {}
        self._known: dict[str, _Stream] = {}
        self._settled: dict[str, array[float]] = {}  # by kind, row after row: what minds said, then a row of Settled
        self._open: dict[str, tuple[array[float], tuple[float, ...]]] = {}  # where it will go; its row so far
        self._views = {name: [0, 0] for name in minds}
        self._void = self._resolved = 0

    def add(self, body: Body) -> None:
        """Take in one cycle."""
        if self.advice is not None:
            self.advice.add(body)
        reading, day = body["reading"], len(self.sessions)
        self.sessions.append((body["session"], reading["label"], reading["status"]))
        for gate in body["gates"]:
            self.gates[gate["gate"]] = self.gates.get(gate["gate"], 0) + 1
        spoken = self._views
        for said in body["views"].values():
            for name, view in said.items():
                spoken[name]["lean" not in view] += 1
        for verdict in body["verdicts"]:
            settled, claim = self._open.pop(verdict["id"])
            if verdict["result"] == "void":
                self._void += 1
                continue
            self._resolved += 1
            settled.extend((
                *claim, verdict["outcome"], verdict["score"], verdict["base_score"], verdict.get("log_score", nan),
            ))  # fmt: skip
        for claim in body["claims"]:
            about = claim["id"].partition("/")[2]  # all but the session
            settled, code, key = self._known.get(about) or self._meet(about, claim)
            said = self._said(body, key) if claim["kind"] == "direction" else ()
            row = (*said, code, day, claim.get("probability", nan), claim.get("base_rate", nan))
            self._open[claim["id"]] = settled, row

    def _meet(self, about: str, claim: Body) -> _Stream:
        """Where claims of this kind on this target go, its number, and its name."""
        target = (about.partition("/")[0], claim["horizon"])
        settled = self._settled.setdefault(claim["kind"], array("d"))
        code = self._targets.setdefault(target, len(self._targets))
        self._known[about] = settled, code, f"{target[0]}:{target[1]}"
        return self._known[about]

    def _said(self, body: Body, target: str) -> list[float]:
        """Each mind's lean on a target, 0 where it has none, and then each mind's probability after recalibration."""
        views, experts = body["views"].get(target, {}), body["synthesis"].get(target, ())
        leans = [views[name].get("lean", 0.0) if name in views else 0.0 for name in self.minds]
        fair = [nan if own is None else own for own in experts[1:]]
        return leans + (fair or [nan] * len(leans))

    def table(self, digest: str, copies: int, weights: dict[str, float]) -> dict[str, Any]:
        """The document of `scores.json`."""
        direction, interval = self._of("direction"), self._of("interval")
        risks = {kind: self._of(kind) for kind in _ODDS}
        waiting, advice = len(self._open), self.advice
        return {
            "schema": 1,
            "range": {"start": self.sessions[0][0], "end": self.sessions[-1][0], "sessions": len(self.sessions)},
            "digest": digest,
            "claims": {
                "published": self._resolved + self._void + waiting,
                "resolved": self._resolved,
                "void": self._void,
                "open": waiting,
            },
            "kinds": {
                "direction": tables.direction(direction),
                "interval": tables.interval(interval),
                **{kind: tables.odds(claims) for kind, claims in risks.items()},
            },
            "targets": _by_target(direction, interval),
            "risks": {
                kind: {name: tables.odds(mine) for name, mine in claims.targets()} for kind, claims in risks.items()
            },
            "minds": self._minds(direction, weights),
            "regimes": self._regimes(),
            "synthesis": {
                "brier_sum": sum(direction.score.tolist()),
                "climatology_sum": sum(direction.base_score.tolist()),
                "bound": bound(copies) + (0.0 if advice is None else advice.bound),
                "outstanding": copies,
                "weights": weights,
            },
            "gates": dict(sorted(self.gates.items())),
            "arms": {},
            **({} if advice is None else {"adviser": advice.table()}),
        }

    def sides(self) -> tuple[Settled, dict[str, FloatArray]]:
        """Settled directions, and the side that each mind and the published call took on each: above zero a rise."""
        claims, leans = self._of("direction"), self._values("direction")
        found = {name: leans[:, at] for at, name in enumerate(self.minds)}
        found["synthesis"] = np.where(claims.p >= 0.5, 1.0, -1.0)
        return claims, found if self.advice is None else found | {ADVISER: self.advice.sides(claims)}

    def _values(self, kind: str) -> FloatArray:
        width = tables.WIDTH + (2 * len(self.minds) if kind == "direction" else 0)
        return np.array(self._settled.get(kind, ()), np.float64).reshape(-1, width)

    def _of(self, kind: str) -> Settled:
        return Settled.of(tuple(self._targets), self._values(kind)[:, -tables.WIDTH :])

    def _minds(self, claims: Settled, weights: dict[str, float]) -> dict[str, Any]:
        """For each mind, its record on the directions on which it took a side."""
        leans, fair = np.split(self._values("direction")[:, : -tables.WIDTH], 2, axis=1)
        label = np.array([LABELS.index(name) for _, name, _ in self.sessions], np.int64)
        found = {}
        for at, name in enumerate(self.minds):
            sided = np.flatnonzero(leans[:, at])
            mine, lean = claims.take(sided), leans[sided, at]
            own = np.clip(mine.b + EDGE * lean, 0.01, 0.99)
            spoke, abstained = self._views[name]
            found[name] = {
                "views": spoke, "abstained": abstained, "n": len(mine), "weight": weights.get(name),
                **tables.mind(mine, own, fair[sided, at], lean > 0.0, LABELS, label[mine.day]),
            }  # fmt: skip
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


def _by_target(direction: Settled, interval: Settled) -> dict[str, Any]:
    nothing = direction.take(np.array([], np.int64))
    directions, intervals = dict(direction.targets()), dict(interval.targets())
    return {
        name: {
            "direction": tables.direction(directions.get(name, nothing)),
            "interval": tables.interval(intervals.get(name, nothing)),
        }
        for name in sorted({*directions, *intervals})
    }
