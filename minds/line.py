"""The open claims of one target, pair or symbol with odds, while a stretch of sessions goes by.

Contract: a claim is kept as the ledger has it, and settled on the session on which it falls due: from a column of what
claims have come to (`engine.resolve.came_to`), and where that has nothing by `engine.resolve.resolve`. Either way the
verdict is the same to the last bit, and those who had a part in the claim learn from it as in `Cycle.settle`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.claims import Claim
from engine.resolve import resolve
from engine.scoring import graded_one, winkler_one
from minds.cycle import Cycle, Desk
from minds.gates import side
from minds.record import kept_verdict
from minds.waiting import Waiting

__all__ = ["Line", "Open"]

Document = dict[str, Any]


class Open(NamedTuple):
    """A published claim that waits.

    Attributes:
        due: position of the session on which it settles.
        said: what the ledger keeps of it.
        session: ISO day of publication.
        as_of: ISO instant of it.
        label: the regime on that day.
        leans: each mind's lean, None where it was silent; empty for claims that minds have no part in.
    """

    due: int
    said: Document
    session: str
    as_of: str
    label: str
    leans: tuple[float | None, ...] = ()

    def claim(self) -> Claim:
        """The claim as an object."""
        return Claim(session=self.session, as_of=self.as_of, **self.said)


class Line:
    """One desk's open claims.

    Attributes:
        desk: whose claims.
        waiting: in the order in which they were made.
    """

    __slots__ = ("_came_to", "_prices", "desk", "waiting")

    def __init__(
        self, desk: Desk, came_to: Mapping[str, Sequence[float | None]], prices: Mapping[str, Sequence[float | None]]
    ) -> None:
        """Begin with nothing open.

        Args:
            desk: whose claims; those that are open there already settle first.
            came_to: for each kind of claim, what one that falls due on a session has come to, None where it has to be
                looked at; by position of the session.
            prices: symbol -> adjusted closes by position of the session, None where there is no bar.
        """
        self.desk, self._came_to, self._prices = desk, came_to, prices
        self.waiting: deque[Open] = deque()

    def settle(self, cycle: Cycle, at: int, session: str, verdicts: list[Document]) -> None:
        """Grade what falls due on a session, and let those learn who had a part in it."""
        desk, waiting = self.desk, self.waiting
        if desk.open:
            verdicts += map(kept_verdict, cycle.settle(desk, at, session, self._prices))
        while waiting and waiting[0].due <= at:
            claim = waiting.popleft()
            said = claim.said
            realised = self._came_to[said["kind"]][at]
            verdict = None if realised is None else _verdict(said, realised)
            if verdict is None:
                verdict = self._alone(claim, at, session)
            verdicts.append(verdict)
            if claim.leans:
                outcome = verdict.get("outcome")
                cycle.learn(desk, said["kind"], said["id"], said["probability"], claim.label, claim.leans, outcome)

    def _alone(self, waiting: Open, at: int, session: str) -> Document:
        claim = waiting.claim()
        span = slice(at - claim.horizon, at + 1)
        versus = self._prices[claim.versus][span] if claim.versus else ()
        return kept_verdict(resolve(claim, self._prices[claim.symbol][span], session, versus))

    def opposes(self, wanted: str) -> bool:
        """Whether an open direction claim is on the other side."""
        said = [claim.said for claim in self.waiting if claim.leans]
        open_already = [item.claim.probability for item in self.desk.open if item.leans]
        return any([side(p or 0.0) != wanted for p in (*open_already, *[each["probability"] for each in said])])

    def standing(self) -> list[Claim]:
        """All open claims, in the order in which they were made."""
        return [*[item.claim for item in self.desk.open], *[item.claim() for item in self.waiting]]

    def hand_back(self) -> None:
        """Leave the open claims with the desk."""
        self.desk.open.extend([Waiting(item.claim(), item.due, item.label, item.leans) for item in self.waiting])
        self.waiting.clear()


def _verdict(said: Document, realised: float) -> Document | None:
    """The verdict on a claim that came to `realised`; None when it is void."""
    kind = said["kind"]
    if kind == "interval":
        low, high = said["low"], said["high"]
        inside = low <= realised <= high
        return {
            "base_score": winkler_one(realised, said["base_low"], said["base_high"]), "id": said["id"],
            "outcome": int(inside), "realised": realised, "result": "right" if inside else "wrong",
            "score": winkler_one(realised, low, high),
        }  # fmt: skip
    if kind == "volatility":
        happened = realised > said["threshold"]
    elif kind == "drawdown":
        happened = realised <= said["threshold"]
    elif realised == 0.0:
        return None
    else:
        happened = realised > 0.0
    p, outcome = said["probability"], 1 if happened else 0
    score, base_score, log_score = graded_one(outcome, p, said["base_rate"])
    return {
        "base_score": base_score, "id": said["id"], "log_score": log_score, "outcome": outcome, "realised": realised,
        "result": "right" if (p >= 0.5) == happened else "wrong", "score": score,
    }  # fmt: skip
