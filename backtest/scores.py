"""Scores: what a run's claims were worth, from its ledger alone.

Contract: `ScoreBook` takes a run in order, cycle by cycle (`add`) or in pieces (`follow`); `table` gives the document
of `scores.json`: no path, no timing, equal for equal ledgers. A figure that does not exist yet (nothing settled) is
null, never zero.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from backtest import score_tables as tables
from backtest.advice_scores import AdviceBook
from backtest.arms import arms_table
from backtest.claims import RESULTS, Claims
from backtest.evidence import ENOUGH
from backtest.history import History, Sessions
from backtest.leak_alarm import ADVISER
from backtest.skill import by_year, drift
from engine.bars import FloatArray
from minds.record import CycleRecord, canonical, document
from minds.stretch import Piece
from minds.synthesis import EDGE, bound
from regimes.reading import LABELS

__all__ = ["Kept", "ScoreBook"]

Body = dict[str, Any]
Kept = tuple[str, bytes, CycleRecord | None]
"""A session, the text that the ledger keeps of it, and its record where somebody may read it."""
_STALE = ("stale", "transition")
_ODDS = ("volatility", "drawdown", "relative")


class ScoreBook:
    """Collects one run's history, and scores it; `advice` is for a run with an adviser."""

    def __init__(self, history: History, advice: AdviceBook | None = None) -> None:
        self.history, self.advice = history, advice

    def add(self, body: Body) -> None:
        """Take in one cycle."""
        if self.advice is not None:
            self.advice.add(body)
        self.history.add(body)

    def follow(self, pieces: Iterable[Piece | CycleRecord]) -> Iterator[list[Kept]]:
        """Take in a run piece by piece, and hand its sessions on with what the ledger keeps of each."""
        for piece in pieces:
            if isinstance(piece, CycleRecord):
                said = document(piece)
                self.add(said)
                yield [(piece.session, canonical(said), piece)]
            else:
                self.history.take(piece)
                found: list[Kept] = list(zip(piece.sessions, piece.texts, itertools.repeat(None)))
                del piece  # the next one is made in its memory
                yield found

    def table(self, digest: str, copies: int, weights: dict[str, float]) -> dict[str, Any]:
        """The document of `scores.json`."""
        history, advice = self.history, self.advice
        settled = {kind: claims.settled() for kind, claims in history.claims.items()}
        direction, interval, risks = settled["direction"], settled["interval"], {kind: settled[kind] for kind in _ODDS}
        sessions, minds = history.sessions, _minds(history, direction, weights)
        return {
            "schema": 1,
            "range": {"start": sessions.days[0], "end": sessions.days[-1], "sessions": len(sessions.days)},
            "digest": digest,
            "claims": _counts(history.claims.values()),
            "kinds": {
                "direction": tables.direction(direction),
                "interval": tables.interval(interval),
                **{kind: tables.odds(claims) for kind, claims in risks.items()},
            },
            "targets": _by_target(direction, interval),
            "risks": {
                kind: {name: tables.odds(mine) for name, mine in claims.targets()} for kind, claims in risks.items()
            },
            "minds": minds,
            "cells": _cells(minds.values()),
            "years": {kind: by_year(claims, sessions.days) for kind, claims in settled.items()},
            "drift": {kind: drift(claims, sessions.days) for kind, claims in settled.items()},
            "regimes": _regimes(sessions),
            "synthesis": {
                "brier_sum": sum(direction.score.tolist()),
                "climatology_sum": sum(direction.base_score.tolist()),
                "bound": bound(copies) + (0.0 if advice is None else advice.bound),
                "outstanding": copies,
                "weights": weights,
            },
            "gates": dict(sorted(Counter(gate.gate for gate in history.gates).items())),
            "arms": arms_table(history),
            **({} if advice is None else {"adviser": advice.table()}),
        }

    def sides(self) -> tuple[Claims, dict[str, FloatArray]]:
        """Claims directions, and the side that each mind and the published call took on each: above zero a rise."""
        claims = self.history.claims["direction"].settled()
        found = {name: np.nan_to_num(claims.lean[:, at]) for at, name in enumerate(self.history.minds)}
        found["synthesis"] = np.where(claims.p >= 0.5, 1.0, -1.0)
        return claims, found if self.advice is None else found | {ADVISER: self.advice.sides(claims)}


def _counts(kinds: Iterable[Claims]) -> dict[str, int]:
    results = np.concatenate([claims.result for claims in kinds])
    waiting, void, wrong, right = np.bincount(results, minlength=len(RESULTS)).tolist()
    return {"published": results.size, "resolved": wrong + right, "void": void, "open": waiting}


def _minds(history: History, claims: Claims, weights: dict[str, float]) -> dict[str, Any]:
    """For each mind, its record on the directions on which it took a side."""
    found = {}
    for at, name in enumerate(history.minds):
        mine = claims.take(np.flatnonzero(np.nan_to_num(claims.lean[:, at])))
        lean = mine.lean[:, at]
        own = np.clip(mine.b + EDGE * lean, 0.01, 0.99)
        found[name] = {
            "views": history.spoken[name], "abstained": sum(history.abstentions[name].values()), "n": len(mine),
            "weight": weights.get(name),
            **tables.mind(mine, own, mine.fair[:, at], lean > 0.0, LABELS, history.sessions.label[mine.day]),
        }  # fmt: skip
    return found


def _cells(minds: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """How many cells (mind, horizon, regime) there are, how much evidence the best of so many needs, and their mean."""
    found = [
        cell["e_value"]
        for mind in minds for cells in mind["by_horizon"].values() for cell in cells.values()
    ]  # fmt: skip
    mean = math.fsum(value / len(found) for value in found) if found else None
    return {"n": len(found), "e_needed": ENOUGH * len(found) if found else None, "e_mean": mean}


def _regimes(sessions: Sessions) -> dict[str, Any]:
    n = len(sessions.days)
    flips = int(np.count_nonzero(np.diff(sessions.label)))
    stale = sum(status in _STALE for status in sessions.status)
    counts = np.bincount(sessions.label, minlength=len(LABELS)).tolist()
    return {
        "flips_per_year": flips * 252.0 / n,
        "sessions": dict(zip(LABELS, counts, strict=True)),
        "stale_share": stale / n,
    }


def _by_target(direction: Claims, interval: Claims) -> dict[str, Any]:
    nothing = direction.take(np.array([], np.int64))
    directions, intervals = dict(direction.targets()), dict(interval.targets())
    return {
        name: {
            "direction": tables.direction(directions.get(name, nothing)),
            "interval": tables.interval(intervals.get(name, nothing)),
        }
        for name in sorted({*directions, *intervals})
    }
