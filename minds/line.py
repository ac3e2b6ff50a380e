"""The open direction claims of one target, or relative ones of a pair, while a stretch of sessions goes by.

Contract: a claim is kept as the ledger has it, and settled on the session on which it falls due: from a column of what
claims have come to (`engine.resolve.came_to`), and where that has nothing by `engine.resolve.resolve`. Either way the
verdict is the same to the last bit, and those who had a part in the claim learn from it as in `Cycle.settle`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from engine.claims import Claim
from engine.resolve import resolve
from engine.scoring import graded_one
from minds.cycle import Cycle
from minds.gates import side
from minds.pairs import PairDesk
from minds.record import kept_verdict
from minds.target import TargetDesk
from minds.view import GateResult
from minds.waiting import Waiting
from regimes.reading import RegimeReading

__all__ = ["Line", "Today"]

Document = dict[str, Any]


class Today:
    """What one session publishes, as far as it has got.

    Attributes:
        at: position of the session.
        session: its ISO day.
        as_of: its ISO instant.
        reading: the regime.
        claims: what the ledger keeps of each claim.
        held: what gates did.
        experts: target key -> base rate first, then each mind's recalibrated probability.
    """

    __slots__ = ("as_of", "at", "claims", "experts", "held", "reading", "session")

    def __init__(self, at: int, session: str, as_of: str, reading: RegimeReading) -> None:
        self.at, self.session, self.as_of, self.reading = at, session, as_of, reading
        self.claims: list[Document] = []
        self.held: list[GateResult] = []
        self.experts: dict[str, tuple[float | None, ...]] = {}

    def hold(self, result: GateResult | None) -> None:
        """A gate has looked."""
        if result is not None:
            self.held.append(result)


_Open = tuple[int, Document, Today, tuple[float | None, ...]]
"""Position of the session on which it settles, what the ledger keeps of it, its day, each mind's lean (if any)."""


class Line:
    """One desk's open claims, in the order in which they were made."""

    __slots__ = ("_came_to", "_desk", "_kind", "_prices", "_sides", "_waiting")

    def __init__(
        self, desk: TargetDesk | PairDesk, kind: str, came_to: Sequence[float | None],
        prices: Mapping[str, Sequence[float | None]],
    ) -> None:  # fmt: skip
        """Begin with nothing open.

        Args:
            desk: whose claims; those that are open there already settle first.
            kind: `direction` or `relative`.
            came_to: what a claim that falls due on a session has come to, None where it has to be looked at; by
                position of the session.
            prices: symbol -> adjusted closes by position of the session, None where there is no bar.
        """
        self._desk, self._kind, self._came_to, self._prices = desk, kind, came_to, prices
        self._waiting: deque[_Open] = deque()
        self._sides = {"up": 0, "down": 0}  # open direction claims by their side

    def add(self, due: int, said: Document, today: Today, leans: tuple[float | None, ...]) -> None:
        """A claim of today has been published.

        Args:
            due: position of the session on which it settles.
            said: what the ledger keeps of it.
            today: its day.
            leans: each mind's lean, None where it was silent.
        """
        today.claims.append(said)
        self._waiting.append((due, said, today, leans))
        self._sides[side(said["probability"])] += 1

    def settle(self, cycle: Cycle, at: int, session: str, verdicts: list[Document]) -> None:
        """Grade what falls due on a session, and let those learn who had a part in it."""
        desk, waiting = self._desk, self._waiting
        if desk.open:
            verdicts += map(kept_verdict, cycle.settle(desk, at, session, self._prices))
        while waiting and waiting[0][0] <= at:
            item = waiting.popleft()
            _, said, today, leans = item
            realised, p = self._came_to[at], said["probability"]
            verdict = _verdict(said, p, realised) if realised else self._alone(item, at, session)
            verdicts.append(verdict)
            cycle.learn(desk, self._kind, said["id"], p, today.reading.label, leans, verdict.get("outcome"))
            self._sides[side(p)] -= 1

    def _alone(self, item: _Open, at: int, session: str) -> Document:
        """The verdict on a claim whose prices have to be looked at."""
        claim = _claim(item)
        span = slice(at - claim.horizon, at + 1)
        versus = self._prices[claim.versus][span] if claim.versus else ()
        return kept_verdict(resolve(claim, self._prices[claim.symbol][span], session, versus))

    def opposes(self, wanted: str) -> bool:
        """Whether an open direction claim is not on this side."""
        if self._sides["down" if wanted == "up" else "up"]:
            return True
        return any([side(item.claim.probability or 0.0) != wanted for item in self._desk.open if item.leans])

    def standing(self) -> list[Claim]:
        """All open claims, in the order in which they were made."""
        return [*[item.claim for item in self._desk.open], *map(_claim, self._waiting)]

    def hand_back(self) -> list[Waiting]:
        """The open claims, which are no more its own then."""
        found = [Waiting(_claim(item), item[0], item[2].reading.label, item[3]) for item in self._waiting]
        self._waiting.clear()
        self._sides = {"up": 0, "down": 0}
        return found


def _claim(item: _Open) -> Claim:
    """The claim as an object."""
    return Claim(session=item[2].session, as_of=item[2].as_of, **item[1])


def _verdict(said: Document, p: float, realised: float) -> Document:
    """The verdict on a claim that came to `realised`, which is not zero: then it would be void."""
    happened = realised > 0.0
    outcome = 1 if happened else 0
    score, base_score, log_score = graded_one(outcome, p, said["base_rate"])
    return {
        "base_score": base_score, "id": said["id"], "log_score": log_score, "outcome": outcome, "realised": realised,
        "result": "right" if (p >= 0.5) == happened else "wrong", "score": score,
    }  # fmt: skip
