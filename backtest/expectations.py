"""Does a run show what its scenario expects? One function a clause of `scenarios.expect`, and words for what was seen.

Contract: a pure function of the records and the data's notices; nothing is run here but through `Played.again`. What a
clause asks about sessions is looked at session by session; a clause that no session of the run is asked about fails. A
failed clause comes with its nearest miss: the closest session on which it would have held, or what came closest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.bar_checks import Repair
from engine.calendar import TradingCalendar, parse_day
from engine.universe import Universe
from minds.essay import render
from minds.record import CycleRecord, document
from minds.text import plural
from minds.view import Abstention, View
from regimes.reading import LABELS
from scenarios import expect
from scenarios.lookup import symbols_of
from scenarios.model import Part

__all__ = ["Outcome", "Played", "judge"]

_FAR = 1e9
_MOST = 3
"""How many of several things a sentence names."""


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


class _Look(NamedTuple):
    """One session in the light of a clause: whether it holds there, in words, and how far from it (0 when it does)."""

    fits: bool
    what: str
    off: float = _FAR


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
    looks = [_look(clause, record) for record in records]
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
        return clause.times == "some", seen(fitting[0]) + _more(len(fitting))
    nearest = min(covered, key=lambda at: (looks[at].off, at))
    told = seen(nearest)
    if len(covered) > 1:
        such = "such as" if looks[nearest].off == _FAR else "the nearest,"
        told = f"at none of {plural(len(covered), 'session')}; {such} {told}"
    return clause.times == "none", told + _elsewhere(looks, covered, seen)


def _elsewhere(looks: Sequence[_Look], covered: Sequence[int], seen: Callable[[int], str]) -> str:
    """The closest session on which the clause would have held, had it asked about it."""
    near = [at for at, look in enumerate(looks) if look.fits]
    if not near:
        return ""
    best = min(near, key=lambda at: (min(abs(at - covered[0]), abs(at - covered[-1])), at))
    return f"; outside of what is asked, {seen(best)}"


def _look(clause: expect.Timed, record: CycleRecord) -> _Look:
    match clause:
        case expect.StatusIs():
            return _status(clause, record)
        case expect.LabelIs():
            return _label(clause, record)
        case expect.PathIs():
            return _Look(record.reading.path in clause.path, record.reading.path)
        case expect.MindSays():
            return _mind(clause, record)
        case expect.DebateIs():
            return _debate(clause, record)
        case expect.DeadlineIs():
            return _deadline(clause, record)
        case expect.GateActs():
            acts = [gate for gate in record.gates if gate.gate == clause.gate]
            said = [f"{gate.gate} on {gate.target}, because {gate.reason}" for gate in acts or record.gates]
            return _Look(bool(acts), _several(said, "no gate acts"))
        case expect.SignalMissing():
            lacking = [item for item in record.missing if item.signal == clause.missing]
            said = [f"{item.signal} is missing, because {item.reason}" for item in lacking]
            return _Look(bool(lacking), _several(said, f"{clause.missing} is not listed as missing"))
        case expect.ClaimsMade():
            made = len(record.claims)
            return _Look((made == 0) == (clause.claims == "none"), plural(made, "claim"), float(made))
        case _:
            raise TypeError(f"{type(clause).__name__} is no clause about sessions")


def _status(clause: expect.StatusIs, record: CycleRecord) -> _Look:
    reading = record.reading
    because = f", because {'; '.join(reading.reasons)}" if reading.reasons else ""
    return _Look(reading.status in clause.status, f"{reading.status}{because}", -float(len(reading.fired)))


def _label(clause: expect.LabelIs, record: CycleRecord) -> _Look:
    reading = record.reading
    said, score = LABELS.index(reading.label), reading.score
    steps, wanted = min((abs(said - at), at) for at in map(_label_at, clause.label))
    # Among equally distant labels the score tells: high ones lean to risk-on, which comes first.
    lean = 0.0 if score is None else (score if wanted > said else -score)
    told = f"{reading.label} with {'no score' if score is None else f'a score of {score:.2f}'}"
    return _Look(steps == 0, told, steps + 0.1 * lean)


def _label_at(label: str) -> int:
    return [str(known) for known in LABELS].index(label)


def _mind(clause: expect.MindSays, record: CycleRecord) -> _Look:
    looks = []
    for key, views in record.views.items():
        for item in views:
            if item.mind == clause.mind and clause.target in ("", key):
                looks.append(_says(clause.says, item))
    if not looks:
        return _Look(False, f"{clause.mind} is not asked")
    fitting = [look for look in looks if look.fits]
    return fitting[0] if fitting else min(looks, key=lambda look: look.off)


def _says(wanted: str, item: View | Abstention) -> _Look:
    if isinstance(item, Abstention):
        return _Look(wanted == "abstains", f"{item.mind} abstains on {item.target}, because {item.reason}")
    fits = {"leans up": item.lean > 0.0, "leans down": item.lean < 0.0}.get(wanted, False)
    off = {"leans up": -item.lean, "leans down": item.lean}.get(wanted, abs(item.lean))
    side = "leans up" if item.lean > 0.0 else "leans down" if item.lean < 0.0 else "leans to no side"
    return _Look(fits, f"{item.mind} {side} on {item.target}, by {abs(item.lean):.2f}", off)


def _debate(clause: expect.DebateIs, record: CycleRecord) -> _Look:
    held = {key: item.label for key, item in record.debates.items() if clause.target in ("", key)}
    fitting = [key for key, label in held.items() if label in clause.debate]
    said = [f"{held[key]} on {key} ({_leans(record, key)})" for key in fitting or held]
    return _Look(bool(fitting), _several(said, "there is no debate"))


def _leans(record: CycleRecord, key: str) -> str:
    said = (
        f"{item.mind} {'silent' if isinstance(item, Abstention) else f'{item.lean:+.2f}'}" for item in record.views[key]
    )
    return ", ".join(said)


def _deadline(clause: expect.DeadlineIs, record: CycleRecord) -> _Look:
    due = [claim.deadline for claim in record.claims if claim.horizon == 1]
    if not due:
        return _Look(False, "no claim one session ahead is made")
    days = sorted(set(due))
    off = abs((parse_day(days[0]) - parse_day(clause.deadline)).days)
    return _Look(days == [clause.deadline], f"{plural(len(due), 'claim')} due on {' and '.join(days)}", float(off))


def _notice(clause: expect.NoticeGiven, played: Played) -> tuple[bool, str]:
    symbols = symbols_of(played.universe, clause.what, "expect") if clause.what else None
    kind = [item for item in played.notices if item.kind == clause.notice]
    given = [item for item in kind if symbols is None or item.symbol in symbols]
    if given:
        return True, _several([_said(item) for item in given], "")
    others = [_said(item) for item in kind or played.notices]
    return False, "no such notice; " + (f"but {_several(others, '')}" if others else "the data checks say nothing")


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
        return False, f"{closed[0].id} falls due on {closed[0].deadline}" + _more(len(closed))
    return True, f"{plural(len(claims), 'claim')} fall due on {plural(len(days), 'session')}, the last on {days[-1]}"


def _resolved(played: Played) -> tuple[bool, str]:
    last = played.records[-1].session
    due = [claim for record in played.records for claim in record.claims if claim.deadline <= last]
    verdicts = {verdict.id: verdict for record in played.records for verdict in record.verdicts}
    if not due:
        return False, "no claim falls due inside the run"
    waiting = [claim for claim in due if claim.id not in verdicts]
    if waiting:
        return False, f"{waiting[0].id} was due on {waiting[0].deadline} and has no verdict" + _more(len(waiting))
    void = sum(verdicts[claim.id].result == "void" for claim in due)
    return True, f"{plural(len(due), 'claim')} fell due, {len(due) - void:,} were graded and {void:,} are void"


def _same(part: str, played: Played) -> tuple[bool, str]:
    taken: Part = "days" if part == "days" else "events" if part == "events" else "faults"
    without = played.again(taken)
    for at, (one, other) in enumerate(zip(played.records, without, strict=True)):
        here = f"{_session(at, one)}: "
        found = _difference(_published(one), _published(other), "", taken)
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


def _several(said: Sequence[str], none: str) -> str:
    return ", ".join(said[:1]) + _more(len(said)) if said else none


def _more(number: int) -> str:
    return f" (and {number - 1:,} more)" if number > 1 else ""
