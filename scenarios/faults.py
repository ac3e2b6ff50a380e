"""Faults of feeds: what a vendor gets wrong, done to bars that were right.

Contract: a fault changes what is seen, never what happened: when it ends, the right prices are back. Bars then pass the
same checks as any source's. The kinds, with what they do from `session` on:

    stale         the last bar is repeated, day after day; to the end unless told otherwise
    missing       no bar; from the world's first session and to the end unless told otherwise
    halt          no bar, for one session unless told otherwise
    half_day      the exchange closes at 13:00, with less volume; known to the calendar; one session
    duplicated    the bar is given twice, which the checks repair; one session
    rate_limited  the source refuses (HTTP 429): no bar from then on, and a notice that says so
    spike         a bad tick: all prices of the bar times 1 + `size`; one session
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from engine.bar_checks import Repair
from engine.bars import FloatArray
from engine.calendar import Days
from engine.universe import Universe
from scenarios.kinds import refuse
from scenarios.lookup import symbols_of
from scenarios.model import Fault
from scenarios.timeline import Timeline

__all__ = ["Feed", "Span", "apply_faults", "early_closes", "spans_of"]

_EARLY = time(13)
_LESS_VOLUME = 0.4
_TO_THE_END = ("stale", "missing", "rate_limited")
_VOLUME = 5


@dataclass
class Feed:
    """One symbol's bars as its vendor gives them: days, shape (n,), and values, shape (6, n)."""

    days: Days
    values: FloatArray

    def keep(self, kept: npt.NDArray[np.bool_]) -> None:
        """Leave bars out."""
        self.days, self.values = self.days[kept], self.values[:, kept]


@dataclass(frozen=True)
class Span:
    """A fault with its symbols and its first and last session, as positions."""

    kind: str
    symbols: tuple[str, ...]
    first: int
    last: int
    size: float


def spans_of(faults: Sequence[Fault], universe: Universe, timeline: Timeline, where: str) -> list[Span]:
    """Where each fault begins and ends.

    Raises:
        InputError: a session outside the world, an unknown name, keys that do not belong to the kind, or a market role
            without a bar on the last session.
    """
    found = []
    for number, fault in enumerate(faults, 1):
        place = f"{where} faults {number}"
        _check_keys(fault, place)
        symbols = symbols_of(universe, fault.what, f"{place}.what")
        first = 0 if fault.session is None else timeline.position(fault.session, f"{place}.session")
        last = timeline.size - 1 if fault.kind in _TO_THE_END else first
        if fault.until is not None:
            last = timeline.position(fault.until, f"{place}.until")
        elif fault.sessions is not None:
            last = min(first + fault.sessions, timeline.size) - 1
        if last < first:
            refuse(f"{place}.until", "lies before its first session", "write a later one")
        gone = fault.kind in ("missing", "halt", "rate_limited") and last == timeline.size - 1
        if gone and universe.roles["market"] in symbols:
            refuse(place, "takes away the market role on the last session", "let it end before, or add sessions")
        found.append(Span(fault.kind, symbols, first, last, fault.size))
    return found


def early_closes(spans: Sequence[Span], timeline: Timeline) -> dict[str, datetime]:
    """Sessions that close early, with the instant."""
    zone = ZoneInfo(timeline.calendar.timezone)
    found = {}
    for span in spans:
        if span.kind == "half_day":
            for label in timeline.calendar.labels[span.first : span.last + 1]:
                found[label] = datetime.combine(datetime.fromisoformat(label), _EARLY, zone)
    return found


def apply_faults(feeds: Mapping[str, Feed], spans: Sequence[Span], timeline: Timeline) -> list[Repair]:
    """Change the feeds in place, fault after fault; what a source itself would tell is returned."""
    told: list[Repair] = []
    days = timeline.calendar.days
    for span in sorted(spans, key=lambda span: span.kind == "duplicated"):  # last, for then days repeat
        for symbol in span.symbols:
            feed = feeds.get(symbol)
            if feed is None:
                continue
            low, high = days[span.first], days[span.last]
            if span.kind == "missing" and span.first == 0:
                low = np.datetime64("0001-01-01", "D")  # what a history has before the world's first session, too
            inside = (feed.days >= low) & (feed.days <= high)
            if inside.any():
                if span.kind == "rate_limited":
                    detail = "the source refused (HTTP 429, too many requests) from then on, so no later bar is known"
                    told.append(Repair(symbol, str(days[span.first]), "rate_limited", detail))
                _apply(feed, span, inside)
    return told


def _apply(feed: Feed, span: Span, inside: npt.NDArray[np.bool_]) -> None:
    if span.kind == "stale":
        before = int(inside.argmax()) - 1
        if before >= 0:
            feed.values[:, inside] = feed.values[:, before][:, None]
    elif span.kind in ("missing", "halt", "rate_limited"):
        feed.keep(~inside)
    elif span.kind == "half_day":
        feed.values[_VOLUME, inside] = np.round(_LESS_VOLUME * feed.values[_VOLUME, inside])
    elif span.kind == "spike":
        feed.values[:_VOLUME, inside] *= 1.0 + span.size
    else:
        times = 1 + inside.astype(np.int64)
        feed.days, feed.values = np.repeat(feed.days, times), np.repeat(feed.values, times, axis=1)


def _check_keys(fault: Fault, where: str) -> None:
    if fault.session is None and fault.kind != "missing":
        refuse(where, f"is {fault.kind} and has no session or date", "add it")
    if fault.sessions is not None and fault.until is not None:
        refuse(where, "has both sessions and until", "write one of them")
    if fault.kind == "rate_limited" and (fault.sessions, fault.until) != (None, None):
        refuse(where, "is rate_limited and has an end", "leave out sessions and until: it lasts to the end")
    if fault.kind == "half_day" and fault.what != "all":
        refuse(f"{where}.what", f"is {fault.what!r}", "leave it out: a half day concerns the whole exchange")
    if fault.kind != "spike" and fault.size != 1.0:
        refuse(f"{where}.size", "belongs to a spike", "leave it out")
