"""Does a run show what its scenario expects? Each clause of `scenarios.expect` judged, with words for what was seen.

Contract: a pure function of the records and the data's notices; nothing is run here but through `Played.again`. What a
clause asks about sessions is looked at session by session; a clause that no session of the run is asked about fails. A
failed clause comes with its nearest miss: the closest session on which it would have held, or what came closest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from backtest.looks import FAR, Look, look, more, several
from engine.bar_checks import Repair
from engine.calendar import TradingCalendar, parse_day
from engine.universe import Universe
from minds.essay import render
from minds.record import CycleRecord, document
from minds.text import plural
from scenarios import expect
from scenarios.lookup import symbols_of
from scenarios.model import Part

__all__ = ["Outcome", "Played", "judge"]


class Outcome(NamedTuple):
    """What came of one clause.

    Attributes:
        clause: what was asked.
        held: whether the run shows it; None when it is about a mind that takes no part, so that nobody can say.
        seen: one clause for people: what was seen, at which session; for a failed one the nearest miss as well.
    """

    clause: expect.Expectation
    held: bool | None
    seen: str


class Played(NamedTuple):
    """A run through a scenario, as it is judged.

    Attributes:
        universe: roles and symbols.
        records: one a session; session n is `records[n - 1]`. With what their essays quote, where they are compared.
        notices: on the data.
        again: the records of the same run with one part of the scenario taken out.
    """

    universe: Universe
    records: Sequence[CycleRecord]
    notices: Sequence[Repair]
    again: Callable[[Part], Sequence[CycleRecord]]


def judge(clause: expect.Expectation, played: Played) -> Outcome:
    """Check one clause."""
    match clause:
        case expect.NoticeGiven():
            held, seen = _notice(clause, played)
        case expect.NoClaimOnClosedSession():
            held, seen = _closed_sessions(played)
        case expect.ClaimsResolved():
            held, seen = _resolved(played)
        case expect.SameAsWithout():
            held, seen = _same(clause.same_as_without, played)
        case _:
            held, seen = _timed(clause, played.records)
    return Outcome(clause, held, seen)


def _timed(clause: expect.Timed, records: Sequence[CycleRecord]) -> tuple[bool, str]:
    looks = [look(clause, record) for record in records]
    covered = [at for at, record in enumerate(records) if clause.covers(at + 1, record.session)]
    if not covered:
        return False, "no session of the run is asked about"
    fitting = [at for at in covered if looks[at].fits]
    other = [at for at in covered if not looks[at].fits]

    def seen(at: int) -> str:
        return f"{_session(at, records[at])}: {looks[at].what}"

    if clause.times == "every":
        if other:
            return False, f"{seen(other[0])} (held at {len(fitting):,} of {plural(len(covered), 'session')})"
        return True, f"{_every(covered)}; the last, {seen(covered[-1])}"
    if fitting:
        return clause.times == "some", seen(fitting[0]) + more(len(fitting))
    nearest = min(covered, key=lambda at: (looks[at].off, at))
    told = seen(nearest)
    if len(covered) > 1:
        such = "such as" if looks[nearest].off == FAR else "the nearest,"
        told = f"at none of {plural(len(covered), 'session')}; {such} {told}"
    return clause.times == "none", told + _elsewhere(looks, covered, seen)


def _elsewhere(looks: Sequence[Look], covered: Sequence[int], seen: Callable[[int], str]) -> str:
    """The closest session on which the clause would have held, had it asked about it."""
    near = [at for at, each in enumerate(looks) if each.fits]
    if not near:
        return ""
    best = min(near, key=lambda at: (min(abs(at - covered[0]), abs(at - covered[-1])), at))
    return f"; outside of what is asked, {seen(best)}"


def _notice(clause: expect.NoticeGiven, played: Played) -> tuple[bool, str]:
    symbols = symbols_of(played.universe, clause.what, "expect") if clause.what else None
    kind = [item for item in played.notices if item.kind == clause.notice]
    given = [item for item in kind if symbols is None or item.symbol in symbols]
    if given:
        return True, several([_said(item) for item in given], "")
    others = [_said(item) for item in kind or played.notices]
    return False, "no such notice; " + (f"but {several(others, '')}" if others else "the data checks say nothing")


def _said(notice: Repair) -> str:
    return f"{notice.symbol}{f' from {notice.day}' if notice.day else ''}: {notice.kind}, {notice.detail}"


def _closed_sessions(played: Played) -> tuple[bool, str]:
    claims = [claim for record in played.records for claim in record.claims]
    if not claims:
        return False, "no claim is made at all"
    days = sorted({claim.deadline for claim in claims})
    calendar = TradingCalendar.load(played.universe.calendar, parse_day(days[0]), parse_day(days[-1]))
    closed = [claim for claim in claims if not calendar.is_session(claim.deadline)]
    if closed:
        return False, f"{closed[0].id} falls due on {closed[0].deadline}" + more(len(closed))
    return True, f"{plural(len(claims), 'claim')} fall due on {plural(len(days), 'session')}, the last on {days[-1]}"


def _resolved(played: Played) -> tuple[bool, str]:
    last = played.records[-1].session
    due = [claim for record in played.records for claim in record.claims if claim.deadline <= last]
    verdicts = {verdict.id: verdict for record in played.records for verdict in record.verdicts}
    if not due:
        return False, "no claim falls due inside the run"
    waiting = [claim for claim in due if claim.id not in verdicts]
    if waiting:
        return False, f"{waiting[0].id} was due on {waiting[0].deadline} and has no verdict" + more(len(waiting))
    void = sum(verdicts[claim.id].result == "void" for claim in due)
    return True, f"{plural(len(due), 'claim')} fell due, {len(due) - void:,} were graded and {void:,} are void"


def _same(part: str, played: Played) -> tuple[bool, str]:
    taken: Part = "days" if part == "days" else "events" if part == "events" else "faults"
    without = played.again(taken)
    for at, (one, other) in enumerate(zip(played.records, without, strict=True)):
        here = f"{_session(at, one)}: "
        ours, theirs = _published(one), _published(other)
        # What is published tells a reader more than what led to it.
        found = _difference(ours["claims"], theirs["claims"], "claims", taken) or _difference(ours, theirs, "", taken)
        if found:
            return False, here + found
        if render(one, "") != render(other, ""):
            return False, f"{here}the essay reads otherwise without the {taken}"
    claims = sum(len(record.claims) for record in played.records)
    return True, (
        f"{plural(len(without), 'session')} and {plural(claims, 'claim')}, records and essays the same byte for byte "
        f"without the {taken}"
    )


def _published(record: CycleRecord) -> dict[str, object]:
    """What the ledger keeps, but for the digest of what was known: that moves with every event, as it should."""
    found = document(record)
    del found["data"]
    return found


def _difference(one: object, other: object, place: str, part: str) -> str:
    """The first place where two documents differ, with both values; empty when there is none."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        one, other = dict(enumerate(one)), dict(enumerate(other))
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return "" if one == other else f"{place} is {_short(one)}, without the {part} {_short(other)}"
    for name in sorted({*one, *other}):
        inside = f"{place}.{name}" if place else str(name)
        found = _difference(one.get(name), other.get(name), inside, part)
        if found:
            return found
    return ""


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _session(at: int, record: CycleRecord) -> str:
    return f"session {at + 1} ({record.session})"


def _every(covered: Sequence[int]) -> str:
    return "at the only session" if len(covered) == 1 else f"at all {len(covered):,} sessions"
