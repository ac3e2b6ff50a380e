"""Events: headlines, filings, macro numbers, meetings, each with the instant at which one could know it.

Contract: an event is immutable and text in it is data: no number is ever made from `text` or `source`. What counts in
time is `available_at` alone; `occurred` may lie long before it (a late filing) or long after it (a meeting on the
timetable). A revised number is a later event of the same `series` and `occurred`. `check_events` is the one gate:
behind it every event is well formed, and the order does not depend on the source's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple, get_args

import orjson

from engine.calendar import TradingCalendar
from engine.errors import DataError

__all__ = ["TIERS", "Event", "Tier", "check_events", "event_bytes", "known_from"]

Tier = Literal["official", "press", "crowd"]
"""Who speaks: an exchange, agency or regulator; edited news; anyone."""

TIERS: tuple[Tier, ...] = get_args(Tier)
_LONGEST_TEXT = 10_000
_LONGEST_NAME = 200
_NAMES = ("kind", "source", "symbol", "series")


class Event(NamedTuple):
    """Something that could be known from one instant on.

    Attributes:
        kind: `headline`, `filing`, `macro`, `meeting` or another short word.
        occurred: ISO day that it is about: the transaction day of a filing, the month's last day of a macro number, the
            day of a scheduled release.
        available_at: aware instant from which it could be known.
        text: what is said, for people.
        source: who says so.
        tier: how far the source can be trusted.
        symbol: whom it concerns; empty for nobody in particular.
        value: the number of a macro print; None without one.
        series: name of the number, such as `CPI`; empty for none.
    """

    kind: str
    occurred: str
    available_at: datetime
    text: str = ""
    source: str = ""
    tier: Tier = "crowd"
    symbol: str = ""
    value: float | None = None
    series: str = ""


def check_events(events: Iterable[Event], *, where: str) -> tuple[Event, ...]:
    """The events, checked, without exact repeats, in the order in which they could be known, instants in UTC.

    Args:
        events: in any order.
        where: file or service, for messages.

    Raises:
        DataError: a day or instant that is none, an unknown tier, a number that is not finite, a text that is too long.
    """
    checked = {_checked(event, number, where) for number, event in enumerate(events, 1)}
    return tuple(sorted(checked, key=_order))


def known_from(event: Event, calendar: TradingCalendar) -> int:
    """Position of the first session whose cycle may know the event (the calendar's length when there is none).

    That is the first whose `as_of` is not before `available_at`; 0 for what was known before the calendar begins.
    """
    before = calendar.last_closed(event.available_at)
    return before if before >= 0 and calendar.as_of(before) == event.available_at else before + 1


def event_bytes(events: Iterable[Event]) -> bytes:
    """The events as canonical bytes, for digests: one JSON array a line, instants in UTC."""
    return b"".join(orjson.dumps(list(event), option=orjson.OPT_APPEND_NEWLINE) for event in events)


def _order(event: Event) -> tuple[object, ...]:
    names = [getattr(event, name) for name in (*_NAMES, "tier", "text")]
    return (event.available_at, event.occurred, *names, () if event.value is None else (event.value,))


def _checked(event: Event, number: int, where: str) -> Event:
    def refuse(problem: str, fix: str) -> DataError:
        return DataError(problem, fix=fix, where=where, row=f"event {number}")

    for name in (*_NAMES, "text"):
        given = getattr(event, name)
        limit = _LONGEST_TEXT if name == "text" else _LONGEST_NAME
        if not isinstance(given, str) or len(given) > limit or not _encodes(given):
            raise refuse(f"its {name} is not a text of at most {limit} characters", "shorten or correct it")
    if not event.kind:
        raise refuse("it has no kind", "give one, such as headline or filing")
    try:
        plain = date.fromisoformat(event.occurred).isoformat() == event.occurred
    except (TypeError, ValueError):
        plain = False
    if not plain:
        raise refuse(f"its day {event.occurred!r} is none", "write occurred as YYYY-MM-DD")
    if not isinstance(event.available_at, datetime) or event.available_at.tzinfo is None:
        raise refuse("its available_at has no time zone", "give one, such as +00:00")
    if event.tier not in TIERS:
        raise refuse(f"its tier is {event.tier!r}", f"give one of {', '.join(TIERS)}")
    value = event.value
    if value is not None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise refuse(f"its value {value!r} is not a finite number", "give a number, or leave value out")
        value = float(value) + 0.0  # -0.0 becomes 0.0: equal numbers must be equal bytes
    return event._replace(available_at=event.available_at.astimezone(UTC), value=value)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no digest could hold
        return False
    return True
