"""What an adviser was worth: the published lead calls beside what they would have been without it, from one ledger.

Contract: `AdviceBook.add` takes the bodies of ledger entries in order; the table is a function of them. Both
probabilities of a call stand in its entry, so the two are compared claim by claim, on the claims on which the adviser
spoke; sessions that its model may remember count nowhere but under `replay`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from backtest.claims import Claims
from engine import scoring
from engine.bars import FloatArray
from engine.errors import InputError
from minds.advised import CAP, TILTS, excess, logit
from minds.adviser import REMEMBERED

__all__ = ["AdviceBook"]

_REASONS = 3


class AdviceBook:
    """Collects one run's advice and what came of it."""

    def __init__(self, symbol: str, horizon: int) -> None:
        """Begin with the lead target."""
        self._target = (symbol, horizon)
        self._day = self._copies = 0
        self._open: dict[str, tuple[float, float]] = {}
        self._losses: list[tuple[float, float]] = []  # of the published calls, and without the adviser
        self._tilts: dict[int, float] = {}
        self._said: Counter[str] = Counter()
        self._silent: Counter[str] = Counter()
        self._shift = 0.0
        self._k: float | None = None
        self._weight: float | None = None

    def add(self, body: dict[str, Any]) -> None:
        """Take in one cycle."""
        for verdict in body["verdicts"]:
            said = self._open.pop(verdict["id"], None)
            if said is not None and verdict["result"] != "void":
                self._losses.append((verdict["score"], (said[0] - verdict["outcome"]) ** 2))
        advice = body.get("adviser")
        if advice is not None:
            self._take(advice, body)
        self._day += 1

    def _take(self, advice: dict[str, Any], body: dict[str, Any]) -> None:
        self._k, self._weight = advice["k"], advice["weight"]
        self._copies = max(self._copies, advice["copy"] + 1)
        if "tilt" not in advice:
            self._silent[advice["abstains"]] += 1
            return
        published = next(claim["probability"] for claim in body["claims"] if claim["id"] == advice["claim"])
        without = advice["without"]
        self._open[advice["claim"]] = without, published
        self._shift = max(self._shift, abs(logit(published) - logit(without)) if published != without else 0.0)
        self._tilts[self._day] = TILTS[advice["tilt"]]
        self._said[advice["tilt"]] += 1

    def sides(self, claims: Claims) -> FloatArray:
        """The side that the adviser took on each of the settled directions, shape (n,): zero where it took none."""
        lead = [name == self._target for name in claims.names]
        found = [
            self._tilts.get(day, 0.0) if lead[target] else 0.0
            for target, day in zip(claims.target.tolist(), claims.day.tolist(), strict=True)
        ]
        return np.array(found, np.float64)

    @property
    def bound(self) -> float:
        """Most by which the total Brier score of the published calls can exceed that without the adviser."""
        return excess(self._copies)

    def table(self) -> dict[str, Any]:
        """Plain numbers for `scores.json`; of no settled claims each figure is null."""
        replay = self._silent[REMEMBERED]
        reasons = Counter({reason: n for reason, n in self._silent.items() if reason != REMEMBERED})
        ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        return {
            **self._worth(),
            "spoke": sum(self._said.values()),
            "abstained": sum(reasons.values()),
            "reasons": dict(ranked[:_REASONS]),
            "replay": replay,
            "tilts": {name: self._said[name] for name in TILTS},
            "k": self._k,
            "weight": self._weight,
            "bound": self.bound,
            "cap": CAP,
            "largest_shift": self._shift,
        }

    def _worth(self) -> dict[str, Any]:
        n = len(self._losses)
        if not n:
            return {"n": 0, "brier": None, "brier_without": None, "gain": None, "gain_interval": None}
        losses, without = np.array(self._losses).T
        return {
            "n": n,
            "brier": float(losses.mean()),
            "brier_without": float(without.mean()),
            "gain": scoring.skill(losses, without),
            "gain_interval": self._interval(losses, without),
        }

    def _interval(self, losses: FloatArray, without: FloatArray) -> list[float] | None:
        """95% interval of the gain; None while there are too few claims for one, or nothing was ever moved."""
        if not (losses - without).any():
            return None
        try:
            return list(scoring.skill_interval(losses, without, horizon=self._target[1]))
        except InputError:
            return None
