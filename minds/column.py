"""Claims of one kind that minds have no part in, and their verdicts, a whole stretch of sessions at once.

Contract: as in `minds.line`, a claim is kept as the ledger has it, and its verdict is that of `engine.resolve.resolve`
to the last bit; nobody learns from it. A verdict is handed out on the session on which its claim falls due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.claims import Claim
from engine.resolve import resolve
from engine.scoring import brier, log_score, winkler
from minds.cycle import Cycle, Desk
from minds.record import kept_verdict
from minds.waiting import Waiting

__all__ = ["Column", "Day"]

Document = dict[str, Any]
Day = tuple[str, str, str]
"""A session's ISO day, its ISO instant and its label."""
_HUGE = 1e150  # beyond it a score might not be a number: such a claim is looked at by itself


class Column:
    """Claims of one kind and horizon, one a session at most.

    Attributes:
        said: what the ledger keeps of the claim of each session of the stretch, None where there is none.
    """

    __slots__ = (
        "_came_to",
        "_desk",
        "_due",
        "_made",
        "_open",
        "_prices",
        "_verdicts",
        "_when",
        "horizon",
        "kind",
        "said",
    )

    def __init__(
        self, desk: Desk, kind: str, horizon: int, came_to: Sequence[float | None],
        prices: Mapping[str, Sequence[float | None]],
    ) -> None:  # fmt: skip
        """Begin with nothing open.

        Args:
            desk: whose claims; those that are open there already are settled first.
            kind: `interval`, `volatility` or `drawdown`.
            horizon: in sessions.
            came_to: what a claim that falls due on a session has come to, None where it has to be looked at.
            prices: symbol -> adjusted closes by position of the session, None where there is no bar.
        """
        self._desk, self.kind, self.horizon, self._came_to, self._prices = desk, kind, horizon, came_to, prices
        self._open: list[Document | None] = [None] * horizon  # of the last sessions, as many as a claim is long
        self._made: list[Day] = [("", "", "")] * horizon
        self.said: list[Document | None] = []
        self._due: list[Document | None] = []
        self._when: list[Day] = []
        self._verdicts: list[Document | None] = []

    def take(self, first: int, days: Sequence[Day], said: list[Document | None]) -> None:
        """The claims of the next sessions, the first of which has the position `first`."""
        count = len(said)
        made, when = [*self._open, *said], [*self._made, *days]
        self.said, self._due, self._when = said, made[:count], when[:count]
        self._open, self._made = made[count:], when[count:]
        came_to = self._came_to[first : first + count]
        self._verdicts = (_held if self.kind == "interval" else _happened)(self.kind, self._due, came_to)

    def settle(self, cycle: Cycle, row: int, at: int, session: str, verdicts: list[Document]) -> None:
        """Hand out what falls due on one session of the stretch."""
        if self._desk.open:
            verdicts += map(kept_verdict, cycle.settle(self._desk, at, session, self._prices))
        claim = self._due[row]
        if claim is not None:
            verdicts.append(self._verdicts[row] or self._alone(_claim(claim, self._when[row]), at, session))

    def _alone(self, claim: Claim, at: int, session: str) -> Document:
        """The verdict on a claim whose prices have to be looked at."""
        return kept_verdict(resolve(claim, self._prices[claim.symbol][at - claim.horizon : at + 1], session))

    def waiting(self, first: int) -> list[Waiting]:
        """The open claims when the session at `first` is next."""
        return [
            Waiting(_claim(claim, day), first + at, day[2])
            for at, (claim, day) in enumerate(zip(self._open, self._made, strict=True))
            if claim is not None
        ]


def _claim(said: Document, day: Day) -> Claim:
    return Claim(session=day[0], as_of=day[1], **said)


def _held(kind: str, due: Sequence[Document | None], came_to: Sequence[float | None]) -> list[Document | None]:
    """Verdicts on intervals; None where there is no claim or it has to be looked at."""
    found: list[Document | None] = [None] * len(due)
    rows = [
        (row, claim["low"], claim["high"], claim["base_low"], claim["base_high"], realised)
        for row, (claim, realised) in enumerate(zip(due, came_to, strict=True))
        if claim is not None and realised is not None and _plain(claim["low"], claim["high"])
        and _plain(claim["base_low"], claim["base_high"]) and abs(realised) < _HUGE
    ]  # fmt: skip
    if not rows:
        return found
    at, low, high, base_low, base_high, realised = zip(*rows, strict=True)
    x, bottom, top = np.array(realised), np.array(low), np.array(high)
    inside = ((bottom <= x) & (x <= top)).tolist()
    scores, plain = winkler(x, bottom, top).tolist(), winkler(x, base_low, base_high).tolist()
    for row, was, score, base_score, held in zip(at, realised, scores, plain, inside, strict=True):
        claim = due[row]
        found[row] = claim and {
            "base_score": base_score, "id": claim["id"], "outcome": 1 if held else 0, "realised": was,
            "result": "right" if held else "wrong", "score": score,
        }  # fmt: skip
    return found


def _plain(low: float, high: float) -> bool:
    return -_HUGE < low <= high < _HUGE


def _happened(kind: str, due: Sequence[Document | None], came_to: Sequence[float | None]) -> list[Document | None]:
    """The same of odds: volatility has passed its threshold, or a return has fallen to its."""
    found: list[Document | None] = [None] * len(due)
    rows = [
        (row, claim["probability"], claim["base_rate"], claim["threshold"], realised)
        for row, (claim, realised) in enumerate(zip(due, came_to, strict=True))
        if claim is not None and realised is not None
    ]
    if not rows:
        return found
    at, p, base, threshold, realised = zip(*rows, strict=True)
    x, limit, said = np.array(realised), np.array(threshold), np.array(p)
    y = (x > limit if kind == "volatility" else x <= limit).astype(np.float64)
    right = ((said >= 0.5) == (y == 1.0)).tolist()
    scores, plain, logs = brier(y, said).tolist(), brier(y, base).tolist(), log_score(y, said).tolist()
    outcomes = [1 if each else 0 for each in y.tolist()]
    for row, was, outcome, hit, score, base_score, log in zip(
        at, realised, outcomes, right, scores, plain, logs, strict=True
    ):
        claim = due[row]
        found[row] = claim and {
            "base_score": base_score, "id": claim["id"], "log_score": log, "outcome": outcome, "realised": was,
            "result": "right" if hit else "wrong", "score": score,
        }  # fmt: skip
    return found
