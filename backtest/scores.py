"""Scores: what a run's claims were worth, from its ledger alone.

Contract: `ScoreBook.add` takes the bodies of ledger entries in order; `table` gives the document of `scores.json`: no
path, no timing, equal for equal ledgers. A figure that does not exist yet (nothing settled) is null, never zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from backtest import score_tables as tables
from backtest.score_tables import Settled
from minds.synthesis import EDGE, bound
from regimes.reading import LABELS

__all__ = ["ScoreBook"]

Body = dict[str, Any]
_STALE = ("stale", "transition")
_ODDS = ("volatility", "drawdown", "relative")
_FIELDS = len(tables.Row._fields)


class ScoreBook:
    """Collects claims and verdicts of one run."""

    def __init__(self, minds: Sequence[str]) -> None:
        self.minds = tuple(minds)
        self.sessions: list[tuple[str, str, str]] = []  # (session, label, status)
        self.gates: dict[str, int] = {}
        self._open: dict[str, tuple[Any, ...]] = {}  # kind, the first fields of a Row, leans and probabilities of minds
        self._settled: dict[str, list[tuple[Any, ...]]] = {}  # by kind: a Row, then leans and probabilities of minds
        self._views = {name: [0, 0] for name in minds}
        self._void = 0

    def add(self, body: Body) -> None:
        """Take in one cycle."""
        reading, day = body["reading"], len(self.sessions)
        self.sessions.append((body["session"], reading["label"], reading["status"]))
        for gate in body["gates"]:
            self.gates[gate["gate"]] = self.gates.get(gate["gate"], 0) + 1
        for said in body["views"].values():
            for name, view in said.items():
                self._views[name]["abstains" in view] += 1
        for verdict in body["verdicts"]:
            kind, claim, said = self._open.pop(verdict["id"])
            if verdict["result"] == "void":
                self._void += 1
                continue
            self._settled.setdefault(kind, []).append((
                *claim, verdict["outcome"], verdict["score"], verdict["base_score"], verdict.get("log_score"), *said,
            ))  # fmt: skip
        for claim in body["claims"]:
            kind, symbol, horizon = claim["kind"], claim["id"].split("/")[1], claim["horizon"]
            said = self._said(body, f"{symbol}:{horizon}") if kind == "direction" else ()
            row = (symbol, horizon, day, claim.get("probability"), claim.get("base_rate"))
            self._open[claim["id"]] = (kind, row, said)

    def _said(self, body: Body, target: str) -> tuple[list[float | None], list[float | None]]:
        """Each mind's lean on a target and its probability after recalibration, None where it has none."""
        views, experts = body["views"].get(target, {}), body["synthesis"].get(target, [])
        leans = [views[name].get("lean") if name in views else None for name in self.minds]
        return leans, experts[1:] or [None] * len(self.minds)

    def table(self, digest: str, copies: int, weights: dict[str, float]) -> dict[str, Any]:
        """The document of `scores.json`."""
        direction, interval = self._of("direction"), self._of("interval")
        risks = {kind: self._of(kind) for kind in _ODDS}
        settled, waiting = sum(map(len, self._settled.values())), len(self._open)
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
                "bound": bound(copies),
                "outstanding": copies,
                "weights": weights,
            },
            "gates": dict(sorted(self.gates.items())),
            "arms": {},
        }

    def _of(self, kind: str) -> Settled:
        return Settled.of([row[:_FIELDS] for row in self._settled.get(kind, [])])

    def _minds(self, claims: Settled, weights: dict[str, float]) -> dict[str, Any]:
        """For each mind, its record on the directions on which it took a side."""
        shape = (len(claims), len(self.minds))
        rows = self._settled.get("direction", [])
        leans, fair = (np.array([row[_FIELDS + at] for row in rows], np.float64).reshape(shape) for at in (0, 1))
        label = np.array([LABELS.index(name) for _, name, _ in self.sessions], np.int64)
        found = {}
        for at, name in enumerate(self.minds):
            sided = np.flatnonzero(np.nan_to_num(leans[:, at]))
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
    nothing = Settled.of([])
    directions, intervals = dict(direction.targets()), dict(interval.targets())
    return {
        name: {
            "direction": tables.direction(directions.get(name, nothing)),
            "interval": tables.interval(intervals.get(name, nothing)),
        }
        for name in sorted({*directions, *intervals})
    }
