"""What one session shows in the light of a clause of a scenario: whether it holds there, in words, and how far from it.

Contract: pure functions of one record; nothing of the run around it is known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.calendar import parse_day
from minds.lookup import because
from minds.record import CycleRecord
from minds.text import plural
from minds.view import Abstention, View
from regimes.reading import LABELS
from scenarios import expect

__all__ = ["FAR", "Look", "look", "more", "several"]

FAR = 1e9
"""How far off a look is of which that cannot be said."""


class Look(NamedTuple):
    """One session in the light of a clause: whether it holds there, in words, and how far from it (0 when it does)."""

    fits: bool
    what: str
    off: float = FAR


def look(clause: expect.Timed, record: CycleRecord) -> Look:
    """A record in the light of a clause about sessions."""
    match clause:
        case expect.StatusIs():
            return _status(clause, record)
        case expect.LabelIs():
            return _label(clause, record)
        case expect.PathIs():
            return Look(record.reading.path in clause.path, record.reading.path)
        case expect.MindSays():
            return _mind(clause, record)
        case expect.DebateIs():
            return _debate(clause, record)
        case expect.DeadlineIs():
            return _deadline(clause, record)
        case expect.GateActs():
            acts = [gate for gate in record.gates if gate.gate == clause.gate]
            said = [f"{gate.gate} on {gate.target}, because {gate.reason}" for gate in acts or record.gates]
            return Look(bool(acts), several(said, "no gate acts"))
        case expect.SignalMissing():
            lacking = [item for item in record.missing if item.signal == clause.missing]
            said = [f"{item.signal} is missing, because {item.reason}" for item in lacking]
            return Look(bool(lacking), several(said, f"{clause.missing} is not listed as missing"))
        case expect.ClaimsMade():
            made = len(record.claims)
            return Look((made == 0) == (clause.claims == "none"), plural(made, "claim"), float(made))
        case _:
            raise TypeError(f"{type(clause).__name__} is no clause about sessions")


def _status(clause: expect.StatusIs, record: CycleRecord) -> Look:
    reading = record.reading
    why = f", because {'; '.join(map(because, reading.reasons))}" if reading.reasons else ""
    return Look(reading.status in clause.status, f"{reading.status}{why}", -float(len(reading.fired)))


def _label(clause: expect.LabelIs, record: CycleRecord) -> Look:
    reading = record.reading
    said, score = LABELS.index(reading.label), reading.score
    steps, wanted = min((abs(said - at), at) for at in map(_label_at, clause.label))
    # Among equally distant labels the score tells: high ones lean to risk-on, which comes first.
    lean = 0.0 if score is None else (score if wanted > said else -score)
    told = f"{reading.label} with {'no score' if score is None else f'a score of {score:.2f}'}"
    return Look(steps == 0, told, steps + 0.1 * lean)


def _label_at(label: str) -> int:
    return [str(known) for known in LABELS].index(label)


def _mind(clause: expect.MindSays, record: CycleRecord) -> Look:
    looks = []
    for key, views in record.views.items():
        for item in views:
            if item.mind == clause.mind and clause.target in ("", key):
                looks.append(_says(clause.says, item))
    if not looks:
        return Look(False, f"{clause.mind} is not asked")
    fitting = [each for each in looks if each.fits]
    return fitting[0] if fitting else min(looks, key=lambda each: each.off)


def _says(wanted: str, item: View | Abstention) -> Look:
    if isinstance(item, Abstention):
        return Look(wanted == "abstains", f"{item.mind} abstains on {item.target}, because {item.reason}")
    fits = {"leans up": item.lean > 0.0, "leans down": item.lean < 0.0}.get(wanted, False)
    off = {"leans up": -item.lean, "leans down": item.lean}.get(wanted, abs(item.lean))
    side = "leans up" if item.lean > 0.0 else "leans down" if item.lean < 0.0 else "leans to no side"
    return Look(fits, f"{item.mind} {side} on {item.target}, by {abs(item.lean):.2f}", off)


def _debate(clause: expect.DebateIs, record: CycleRecord) -> Look:
    held = {key: item.label for key, item in record.debates.items() if clause.target in ("", key)}
    fitting = [key for key, label in held.items() if label in clause.debate]
    said = [f"{held[key]} on {key} ({_leans(record, key)})" for key in fitting or held]
    return Look(bool(fitting), several(said, "there is no debate"))


def _leans(record: CycleRecord, key: str) -> str:
    said = (
        f"{item.mind} {'silent' if isinstance(item, Abstention) else f'{item.lean:+.2f}'}" for item in record.views[key]
    )
    return ", ".join(said)


def _deadline(clause: expect.DeadlineIs, record: CycleRecord) -> Look:
    due = [claim.deadline for claim in record.claims if claim.horizon == 1]
    if not due:
        return Look(False, "no claim one session ahead is made")
    days = sorted(set(due))
    off = abs((parse_day(days[0]) - parse_day(clause.deadline)).days)
    return Look(days == [clause.deadline], f"{plural(len(due), 'claim')} due on {' and '.join(days)}", float(off))


def several(said: Sequence[str], none: str) -> str:
    """The first of several things and how many more there are; `none` when there is nothing."""
    return ", ".join(said[:1]) + more(len(said)) if said else none


def more(number: int) -> str:
    """What follows the first of `number` things."""
    return f" (and {number - 1:,} more)" if number > 1 else ""
