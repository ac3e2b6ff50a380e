"""What a scenario expects of a run: a small closed vocabulary, typed; whoever has the records checks it.

Contract: each clause is a frozen dataclass whose attributes are the keys of its `[[expect]]` table, and says in plain
English what it asks (`describe`). A `Timed` clause asks about the sessions that it `covers`, by number or by day, and
`times` says of how many of them it must hold: `some`, `none` or `every`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from engine.errors import InputError
from regimes.reading import LABELS, Path, Status
from scenarios.fields import key, read_table
from scenarios.kinds import Choice, Choices, Day, Place, Session, Text, Truth, refuse, unknown

__all__ = [
    "CLAUSES",
    "ClaimsMade",
    "ClaimsResolved",
    "DeadlineIs",
    "DebateIs",
    "Expectation",
    "GateActs",
    "LabelIs",
    "MindSays",
    "NoClaimOnClosedSession",
    "NoticeGiven",
    "PathIs",
    "SameAsWithout",
    "SignalMissing",
    "StatusIs",
    "Timed",
    "read_clause",
]

SAYINGS = ("abstains", "leans up", "leans down")
DEBATES = ("aligned_bullish", "aligned_bearish", "divergent", "lone", "silent")
_TARGET = Text(60)


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A clause about sessions: at one of them, from one on, up to one; at some, none or every one of these."""

    at: Place | None = key(Session(), "at this session only", None)
    since: Place | None = key(Session(), "from this session on", None)
    by: Place | None = key(Session(), "up to this session", None)
    never: bool = key(Truth(), "at none of these sessions", False)
    always: bool = key(Truth(), "at every one of these sessions; without `never` or `always`, at one at least", False)

    @property
    def times(self) -> Literal["some", "none", "every"]:
        """Of how many of the covered sessions the clause must hold."""
        return "none" if self.never else "every" if self.always else "some"

    def covers(self, number: int, day: str) -> bool:
        """Whether the clause asks about a session, given its number in the run (the first is 1) and its ISO day."""
        if self.at is not None:
            return self.at == (number if isinstance(self.at, int) else day)
        after = self.since is None or (number >= self.since if isinstance(self.since, int) else day >= self.since)
        before = self.by is None or (number <= self.by if isinstance(self.by, int) else day <= self.by)
        return after and before

    def when(self) -> str:
        """The sessions in words, with a space before them."""
        if self.at is not None:
            return f"{' never' if self.never else ''} {'at' if isinstance(self.at, int) else 'on'} {_place(self.at)}"
        parts = [" never" if self.never else " always" if self.always else " at some session"]
        if self.since is not None:
            parts.append(f" from {_place(self.since)}")
        if self.by is not None:
            parts.append(
                f" {'up to' if self.never or self.always or self.since is not None else 'by'} {_place(self.by)}"
            )
        return "".join(parts)


@dataclass(frozen=True)
class StatusIs(Timed):
    """The regime's status is one of these."""

    status: tuple[str, ...] = key(Choices(get_args(Status), "status"), "the regime's status")

    def describe(self) -> str:
        """The clause in one line."""
        return f"the regime's status is {' or '.join(self.status)}{self.when()}"


@dataclass(frozen=True)
class LabelIs(Timed):
    """The regime's label is one of these."""

    label: tuple[str, ...] = key(Choices(LABELS, "label"), "the regime's label")

    def describe(self) -> str:
        """The clause in one line."""
        return f"the regime is {' or '.join(self.label)}{self.when()}"


@dataclass(frozen=True)
class PathIs(Timed):
    """The regime's path is one of these."""

    path: tuple[str, ...] = key(Choices(get_args(Path), "path"), "the regime's path")

    def describe(self) -> str:
        """The clause in one line."""
        return f"the path is {' or '.join(self.path)}{self.when()}"


@dataclass(frozen=True)
class MindSays(Timed):
    """A mind abstains or leans to a side on a target (empty: on any)."""

    mind: str = key(Text(40, empty=False), "name of a mind")
    says: str = key(Choice(SAYINGS, "saying"), "what it says")
    target: str = key(_TARGET, "on which target, as `symbol:sessions`; any without it", "")

    def describe(self) -> str:
        """The clause in one line."""
        return f"{self.mind} {self.says}{_on(self.target)}{self.when()}"


@dataclass(frozen=True)
class DebateIs(Timed):
    """The debate on a target (empty: on any) has one of these labels."""

    debate: tuple[str, ...] = key(Choices(DEBATES, "debate"), "the debate's label")
    target: str = key(_TARGET, "on which target, as `symbol:sessions`; any without it", "")

    def describe(self) -> str:
        """The clause in one line."""
        return f"the debate{_on(self.target)} is {' or '.join(self.debate)}{self.when()}"


@dataclass(frozen=True)
class DeadlineIs(Timed):
    """Claims one session ahead, made at the covered sessions, fall due on this day, and there is one."""

    deadline: str = key(Day(), "day on which claims one session ahead fall due")

    def describe(self) -> str:
        """The clause in one line."""
        return f"claims one session ahead fall due on {self.deadline}{self.when()}"


@dataclass(frozen=True)
class GateActs(Timed):
    """A gate of this name caps a claim or holds it back."""

    gate: str = key(Text(60, empty=False), "name of a gate that caps or holds back a claim")

    def describe(self) -> str:
        """The clause in one line."""
        return f"the gate {self.gate} acts{self.when()}"


@dataclass(frozen=True)
class SignalMissing(Timed):
    """A signal of this name is listed as missing."""

    missing: str = key(Text(80, empty=False), "name of a signal that is listed as missing")

    def describe(self) -> str:
        """The clause in one line."""
        return f"{self.missing} is missing{self.when()}"


@dataclass(frozen=True)
class ClaimsMade(Timed):
    """Claims are made, or none is."""

    claims: str = key(Choice(("some", "none"), "word for claims"), "whether claims are made")

    def describe(self) -> str:
        """The clause in one line."""
        return f"{'no claim is' if self.claims == 'none' else 'claims are'} made{self.when()}"


@dataclass(frozen=True)
class NoticeGiven:
    """The checks of the data give a notice of this kind, on this role or symbol (empty: on any)."""

    notice: str = key(Text(40, empty=False), "kind of a notice on the data, such as `stale` or `rate_limited`")
    what: str = key(Text(40), "its role or symbol; any without it", "")

    def describe(self) -> str:
        """The clause in one line."""
        return f"the data checks say {self.notice!r}{_on(self.what)}"


@dataclass(frozen=True)
class NoClaimOnClosedSession:
    """No claim of the run falls due on a day without a session."""

    no_claim_on_closed_session: bool = key(Truth(), "no claim falls due while the exchange is closed")

    def describe(self) -> str:
        """The clause in one line."""
        return "no claim falls due on a day on which the exchange is closed"


@dataclass(frozen=True)
class ClaimsResolved:
    """Every claim whose deadline lies inside the run has a verdict."""

    claims_resolved: bool = key(Truth(), "every claim due inside the run has its verdict")

    def describe(self) -> str:
        """The clause in one line."""
        return "every claim that falls due inside the run gets its verdict"


@dataclass(frozen=True)
class SameAsWithout:
    """Taking this part out of the scenario moves no published number."""

    same_as_without: str = key(
        Choice(("events", "faults", "days"), "part"), "no published number moves without this part"
    )

    def describe(self) -> str:
        """The clause in one line."""
        return f"no number moves when the {self.same_as_without} are taken out"


Expectation = (
    StatusIs
    | LabelIs
    | PathIs
    | MindSays
    | DebateIs
    | DeadlineIs
    | GateActs
    | SignalMissing
    | ClaimsMade
    | NoticeGiven
    | NoClaimOnClosedSession
    | ClaimsResolved
    | SameAsWithout
)

CLAUSES: dict[str, type[Expectation]] = {
    "status": StatusIs,
    "label": LabelIs,
    "path": PathIs,
    "mind": MindSays,
    "debate": DebateIs,
    "deadline": DeadlineIs,
    "gate": GateActs,
    "missing": SignalMissing,
    "claims": ClaimsMade,
    "notice": NoticeGiven,
    "no_claim_on_closed_session": NoClaimOnClosedSession,
    "claims_resolved": ClaimsResolved,
    "same_as_without": SameAsWithout,
}
"""The key that tells a clause, and the clause."""


def read_clause(table: dict[str, Any], where: str) -> Expectation:
    """Make a clause of an `[[expect]]` table.

    Raises:
        InputError: it has no key that tells what it asks, or more than one, or one that does not belong to it.
    """
    told = [name for name in table if name in CLAUSES]
    if len(told) > 1:
        refuse(where, f"asks two things, {told[0]} and {told[1]}", "write a clause for each")
    if not told:
        if table:
            raise InputError(f"{where}: {unknown('clause', next(iter(table)), list(CLAUSES))}")
        refuse(where, "is empty", f"write one of {', '.join(CLAUSES)}")
    clause: Expectation = read_table(CLAUSES[told[0]], table, where)
    if isinstance(clause, Timed) and clause.never and clause.always:
        refuse(where, "says both never and always", "write one of them")
    if isinstance(clause, Timed) and clause.at is not None and (clause.since, clause.by) != (None, None):
        refuse(where, "says at beside since or by", "write at alone, or since and by")
    return clause


def _place(place: Place) -> str:
    return f"session {place}" if isinstance(place, int) else place


def _on(target: str) -> str:
    return f" on {target}" if target else ""
