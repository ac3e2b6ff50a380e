"""A slot: claims of one kind on one target, at most one a session, over some sessions at once, with their verdicts.

Contract: what is written here of a claim or a verdict is what `minds.record` writes of it, and what a claim comes to is
what `engine.resolve.resolve` says, both to the last bit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import nan
from typing import Any, NamedTuple

import numpy as np
import orjson

from engine.calendar import TradingCalendar
from engine.claims import Claim, Kind, Verdict, claim_id
from engine.resolve import resolve
from engine.scoring import brier, log_score, winkler
from minds.record import canonical, kept_verdict
from minds.stretch.texts import column, fields, woven

__all__ = ["Claimed", "Closes", "Due", "Numbers", "Settled", "Slot"]

Closes = Sequence[float | None]
"""By position of the session, None where there is no bar."""
Numbers = tuple[float, ...]
Due = tuple[int, Numbers, float]
"""A session on which a claim falls due, what the claim says, and what it came to."""

_NUMBERS = {
    "direction": ("probability", "base_rate"),
    "relative": ("probability", "base_rate"),
    "interval": ("low", "high", "base_low", "base_high"),
    "volatility": ("probability", "base_rate", "threshold"),
    "drawdown": ("probability", "base_rate", "threshold"),
}
"""What a claim of each kind says, in the order in which a slot is given it."""


class Claimed(NamedTuple):
    """Claims of some sessions.

    Attributes:
        rows: the sessions with a claim, counted from the first of those sessions.
        references: quoted closes from which they count.
        numbers: what they say, a column each: see `Slot.names`.
        texts: what the ledger keeps of each.
    """

    rows: list[int]
    references: list[float]
    numbers: list[Sequence[float]]
    texts: list[bytes]

    def until(self, stop: int) -> Claimed:
        """Those before a session."""
        if not self.rows or self.rows[-1] < stop:
            return self
        end = bisect_left(self.rows, stop)
        return Claimed(self.rows[:end], self.references[:end], [each[:end] for each in self.numbers], self.texts[:end])


class Settled(NamedTuple):
    """Verdicts of some sessions, on claims that are as old as their horizon.

    Attributes:
        rows: the sessions with a verdict, counted from the first of those sessions.
        results: `right`, `wrong` or `void`.
        numbers: outcome, what happened, score, score of the base, log score; NaN for what there is not.
        texts: what the ledger keeps of each.
    """

    rows: list[int]
    results: list[str]
    numbers: list[Sequence[float]]
    texts: list[bytes]

    def until(self, stop: int) -> Settled:
        """Those before a session."""
        if not self.rows or self.rows[-1] < stop:
            return self
        end = bisect_left(self.rows, stop)
        return Settled(self.rows[:end], self.results[:end], [each[:end] for each in self.numbers], self.texts[:end])


class Slot:
    """What all claims of one kind on one target have in common.

    Attributes:
        kind: of the claims.
        symbol: the instrument.
        horizon: in sessions.
        about: the end of each claim's identity, after the session.
        names: what is said in a claim, in the order of its numbers.
        quoted: quoted closes, of which a claim reads that of its own day.
        came_to: what a claim that falls due on a session has come to, None where it has to be looked at.
    """

    def __init__(
        self, calendar: TradingCalendar, kind: Kind, symbol: str, horizon: int, came_to: Closes, quoted: Closes,
        adjusted: Closes, versus: tuple[str, Closes] | None = None,
    ) -> None:  # fmt: skip
        """Of a `relative` claim, `symbol` is the one said to do better and `versus` the other with adjusted closes."""
        self.kind, self.symbol, self.horizon, self.came_to = kind, symbol, horizon, came_to
        self.quoted = quoted
        self._calendar, self._adjusted, self._versus = calendar, adjusted, versus
        both = symbol if versus is None else f"{symbol}-over-{versus[0]}"
        self.about = claim_id("", both, kind, horizon)
        self.names = _NUMBERS[kind]
        self._tail = orjson.dumps(self.about)[1:]

    def claim(self, at: int, numbers: Numbers) -> Claim:
        """The claim of the session at a position, as an object."""
        session, reference = self._calendar.labels[at], self.quoted[at]
        if reference is None:
            raise ValueError(f"there is no claim without a close on {session}")
        return Claim(
            id=session + self.about, kind=self.kind, symbol=self.symbol, horizon=self.horizon, session=session,
            as_of=self._calendar.stamps(at, at + 1)[0], reference=reference,
            deadline=self._calendar.deadline(at, self.horizon), versus=self._versus and self._versus[0],
            **dict(zip(self.names, numbers, strict=True)),
        )  # fmt: skip

    def verdict(self, due: int, numbers: Numbers) -> Verdict:
        """The verdict on the claim that falls due on the session at a position, from its prices."""
        made = due - self.horizon
        span = slice(made, due + 1)
        versus = () if self._versus is None else self._versus[1][span]
        return resolve(self.claim(made, numbers), self._adjusted[span], self._calendar.labels[due], versus)

    def _ids(self, positions: Sequence[int]) -> tuple[bytes, list[bytes], bytes]:
        labels = self._calendar.labels
        return b'"', [labels[at].encode() for at in positions], self._tail

    def said(self, first: int, rows: list[int], said: Sequence[Numbers]) -> Claimed:
        """The claims of some sessions, the first of which has the position `first`."""
        if not rows:
            return Claimed([], [], [()] * len(self.names), [])
        quoted, horizon = self.quoted, self.horizon
        positions = [first + row for row in rows]
        deadlines = self._calendar.deadlines(first, positions[-1] + 1, horizon)
        references = [quoted[at] for at in positions]
        numbers: list[Sequence[float]] = list(zip(*said, strict=True))
        members: dict[str, Any] = {
            "deadline": column([deadlines[row] for row in rows]), "horizon": b"%d" % horizon,
            "id": self._ids(positions), "kind": orjson.dumps(self.kind), "reference": column(references),
            "symbol": orjson.dumps(self.symbol),
        } | dict(zip(self.names, map(column, numbers), strict=True))  # fmt: skip
        if self._versus is not None:
            members["versus"] = orjson.dumps(self._versus[0])
        texts = woven(fields(sorted(members.items())), len(rows))
        return Claimed(rows, references, numbers, texts)  # type: ignore[arg-type]  # no claim without a reference

    def settled(self, first: int, due: Sequence[Due], alone: Sequence[tuple[int, Verdict]] = ()) -> Settled:
        """The verdicts of some sessions, the first of which has the position `first`.

        Args:
            first: see above.
            due: claims that have come to something and can be graded as they are.
            alone: the other sessions with a verdict.
        """
        found = self._graded(first, due) if due else Settled([], [], [()] * 5, [])
        if not alone:
            return found
        every = sorted([
            *zip(found.rows, found.results, zip(*found.numbers, strict=True), found.texts, strict=True),
            *[(row, each.result, _numbers(each), canonical(kept_verdict(each))) for row, each in alone],
        ])  # fmt: skip
        at, results, numbers, texts = map(list, zip(*every, strict=True))
        return Settled(at, results, list(zip(*numbers, strict=True)), texts)

    def _graded(self, first: int, due: Sequence[Due]) -> Settled:
        rows, said, realised = map(list, zip(*due, strict=True))
        x, columns, interval = np.array(realised), list(map(np.array, zip(*said, strict=True))), self.kind == "interval"
        if interval:
            low, high, base_low, base_high = columns
            happened = right = (low <= x) & (x <= high)
            scores = [winkler(x, low, high), winkler(x, base_low, base_high)]
        else:
            p, base, *limit = columns
            happened = x <= limit[0] if self.kind == "drawdown" else x > (limit[0] if limit else 0.0)
            y = happened.astype(np.float64)
            right = (p >= 0.5) == happened
            scores = [brier(y, p), brier(y, base), log_score(y, p)]
        outcomes, (score, base_score, *log) = happened.astype(np.int64).tolist(), [each.tolist() for each in scores]
        results = [_RESULTS[each] for each in right.tolist()]
        members: dict[str, Any] = {
            "base_score": column(base_score), "id": self._ids([first + row - self.horizon for row in rows]),
            "outcome": column(outcomes), "realised": column(realised), "result": column(results),
            "score": column(score), **({} if interval else {"log_score": column(log[0])}),
        }  # fmt: skip
        texts = woven(fields(sorted(members.items())), len(rows))
        return Settled(
            rows, results, [outcomes, realised, score, base_score, log[0] if log else [nan] * len(rows)], texts
        )


_RESULTS = ("wrong", "right")


def _numbers(verdict: Verdict) -> Numbers:
    """The numbers of `Settled`, NaN for what there is not."""
    found = verdict.outcome, verdict.realised, verdict.score, verdict.base_score, verdict.log_score
    return tuple([nan if each is None else each for each in found])
