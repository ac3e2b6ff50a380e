"""From text to record: the pieces of the form, the prose between them, and the calendar, put together.

Contract: see the package. The calendar is only loaded when there is a date to place in it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from engine.calendar import TradingCalendar
from engine.errors import InputError
from minds.parse import dates, form
from minds.parse.calls import read_calls
from minds.parse.result import ParsedEssay

__all__ = ["parse_essay"]

_EXCHANGE = "XNYS"


def parse_essay(text: str, calendar: TradingCalendar | None = None) -> ParsedEssay:
    """Read one essay.

    Args:
        text: Markdown in the seed's form, with any line ends.
        calendar: sessions for the deadlines; by default those of the New York Stock Exchange around the essay's own
        date.
    """
    notes = form.Notes()
    sections = form.split(text, notes)
    found = (
        form.read_heading(sections.head, notes) | form.read_tags(sections, notes) | form.read_footer(sections, notes)
    )
    if sections.prediction is not None:
        found |= _prediction(sections.prediction, found, notes)
    found |= _dates(found, calendar, notes)
    return ParsedEssay(**found, warnings=tuple(notes.warnings), problems=tuple(notes.problems))


def _prediction(prose: str, found: dict[str, Any], notes: form.Notes) -> dict[str, Any]:
    if not prose:
        notes.problem("the prediction has no text")
        return {}
    if len(prose) > form.LONGEST_PROSE:
        notes.problem(f"the prediction has {len(prose):,} characters, the first {form.LONGEST_PROSE:,} are read")
    calls = read_calls(prose[: form.LONGEST_PROSE], found.get("direction"), found.get("sessions"))
    notes.warnings += calls.warnings
    for text in calls.problems:
        notes.problem(text)
    return {
        "prediction": prose, "symbol": calls.symbol, "range_percent": calls.range_percent, "secondary": calls.secondary
    }  # fmt: skip


def _dates(found: dict[str, Any], calendar: TradingCalendar | None, notes: form.Notes) -> dict[str, Any]:
    """Place the essay in the calendar: its session, and the deadline of each call."""
    stamp, dateline = found.get("stamp"), found.get("dateline")
    if stamp is None:
        notes.problem("no deadline: the essay has no date to count from")
        return {}
    moment = datetime.fromisoformat(stamp)
    try:
        if calendar is None:
            calendar = TradingCalendar.load(_EXCHANGE, moment.date() - timedelta(days=14), moment.date())
        begin = dates.start(moment, calendar)
    except (InputError, OverflowError) as error:
        notes.problem(f"no deadline: {error}")
        return {}
    if begin.warning:
        notes.warnings.append(begin.warning)
    if dateline is not None and len(dateline) > 10:
        gap = dates.disagreement(moment, datetime.fromisoformat(dateline), calendar.timezone)
        if gap:
            notes.warnings.append(gap)
    placed: dict[str, Any] = {"as_of": calendar.labels[begin.at]}
    if found.get("sessions") is not None:
        placed["deadline"] = _due(calendar, begin.at, found["sessions"], found["timeframe"], notes)
    placed["secondary"] = tuple(
        call._replace(deadline=_due(calendar, begin.at, call.sessions, call.horizon, notes))
        for call in found.get("secondary", ())
    )
    return placed


def _due(calendar: TradingCalendar, at: int, sessions: int, horizon: str, notes: form.Notes) -> dates.Deadline | None:
    try:
        return dates.deadline(calendar, at, sessions, by_clock="session" not in horizon.lower())
    except InputError as error:
        notes.problem(f"no deadline: {error}")
        return None
