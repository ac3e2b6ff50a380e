"""What no single value of a scenario can tell: whether its parts fit together.

Contract: whatever passes can be built, but for what only the data can tell (a history's days, prices that run away, a
correlation that is none). Every refusal names file, place and way out.
"""

from __future__ import annotations

from engine.errors import InputError
from engine.universe import Universe
from scenarios.expect import Timed
from scenarios.faults import spans_of
from scenarios.kinds import refuse, unknown
from scenarios.lookup import check_names, symbols_of, universe_for
from scenarios.model import MOST_EVENTS, MOST_SESSIONS, Scenario, ScriptedDay, Segment
from scenarios.timeline import Timeline, timeline_of

__all__ = ["check"]


def check(scenario: Scenario, name: str) -> None:
    """Refuse a scenario whose parts do not fit together.

    Args:
        scenario: within the bounds of its schema.
        name: the file, for messages.

    Raises:
        InputError: one sentence.
    """
    where = f"{name}:"
    _world(scenario, where)
    universe = universe_for(scenario)
    if universe.roles["market"] in universe.levels:
        refuse(where, "has a level for its market role", "choose a traded symbol")
    timeline = timeline_of(scenario, where)
    for number, segment in enumerate(scenario.segments, 1):
        _segment(segment, universe, f"{where} segments {number}")
    seen: set[int] = set()
    for number, day in enumerate(scenario.days, 1):
        place = f"{where} days {number}"
        at = timeline.position(day.session, f"{place}.session")
        if at in seen:
            refuse(place, f"is session {day.session} again", "write each day once")
        seen.add(at)
        _day(day, universe, place)
    _events(scenario, timeline, where)
    spans_of(scenario.faults, universe, timeline, where)
    _expect(scenario, universe, timeline, where)


def _world(scenario: Scenario, where: str) -> None:
    if (scenario.history is None) == (not scenario.segments):
        refuse(where, "must have either [history] or [[segments]]", "add one of them, or leave one out")
    if scenario.history is None:
        if not scenario.start:
            refuse(where, "has no start", 'add the first day of the run, such as start = "2026-01-05"')
        if scenario.sessions > MOST_SESSIONS:
            refuse(where, f"has {scenario.sessions:,} sessions", f"write at most {MOST_SESSIONS:,}")
        return
    if scenario.start:
        refuse(f"{where} start", "belongs to segments", "leave it out: [history] has its own")
    if scenario.history.start > scenario.history.end:
        refuse(f"{where} history.start", "lies after its end", "swap them")
    kind, _, rest = scenario.history.source.partition(":")
    if kind not in ("sample", "csv") or (kind == "csv") != bool(rest):
        refuse(f"{where} history.source", f"is {scenario.history.source[:60]!r}", "write sample, or csv:DIR")
    if kind == "sample" and scenario.universe == "us":
        refuse(f"{where} universe", "is us, whose symbols the sample does not have", 'write universe = "sample"')


def _segment(segment: Segment, universe: Universe, where: str) -> None:
    for part in ("drift", "volatility", "correlation", "levels"):
        check_names(universe, getattr(segment, part), f"{where}.{part}")
    for pair in segment.pairs:
        for name in pair.split(","):
            symbols_of(universe, name, f"{where}.pairs")
    _only_levels(segment.levels, universe, f"{where}.levels")
    if segment.tails is not None and 0.0 < segment.tails <= 2.0:
        refuse(f"{where}.tails", f"is {segment.tails:g}", "write more than 2 degrees of freedom, or 0 for normal")


def _day(day: ScriptedDay, universe: Universe, where: str) -> None:
    for part in ("returns", "opens", "highs", "lows"):
        check_names(universe, getattr(day, part), f"{where}.{part}")
        for name in getattr(day, part):
            if name != "all" and set(symbols_of(universe, name, where)) & universe.levels:
                refuse(f"{where}.{part}", f"names {name}, which is a level", "write its points under levels")
    check_names(universe, day.levels, f"{where}.levels")
    _only_levels(day.levels, universe, f"{where}.levels")


def _only_levels(table: dict[str, float] | object, universe: Universe, where: str) -> None:
    assert isinstance(table, dict)
    for name, points in table.items():
        symbols = symbols_of(universe, name, where)
        if name == "all" or not set(symbols) <= universe.levels:
            refuse(where, f"names {name}, which is a price", "write its return instead")
        if points <= 0.0 and any(role.startswith("volatility") for role in (name, *map(universe.role, symbols))):
            refuse(where, f"gives {name} {points:g} points", "write a volatility above 0")


def _events(scenario: Scenario, timeline: Timeline, where: str) -> None:
    total = 0
    for number, event in enumerate(scenario.events, 1):
        place = f"{where} events {number}"
        total += event.repeat
        for part, given in (("session", event.session), ("available", event.available)):
            if isinstance(given, int):
                timeline.position(given, f"{place}.{part}")
        if event.repeat > 1:
            if not isinstance(event.session, int) or event.available is not None:
                refuse(f"{place}.repeat", "needs a session number and no available", "write session = 1, say")
            timeline.position(event.session + event.repeat - 1, f"{place}.repeat ends at a session that")
        if (event.value is None) != (not event.series):
            refuse(place, "has one of value and series", "write both, or none")
    if total > MOST_EVENTS:
        refuse(where, f"has {total:,} events", f"write at most {MOST_EVENTS:,}, repeats included")


def _expect(scenario: Scenario, universe: Universe, timeline: Timeline, where: str) -> None:
    for number, clause in enumerate(scenario.expect, 1):
        place = f"{where} expect {number}"
        if isinstance(clause, Timed):
            for name in ("at", "since", "by"):
                given = getattr(clause, name)
                if given is not None and timeline.position(given, f"{place}.{name}") < timeline.first:
                    refuse(f"{place}.{name}", "lies before the run", "write session 1 or later")
        what = getattr(clause, "what", "")
        if what:
            symbols_of(universe, what, f"{place}.what")
        part = getattr(clause, "same_as_without", "")
        if part and not getattr(scenario, part):
            raise InputError(f"{place}: {unknown('part of this scenario', part, _parts(scenario))}")


def _parts(scenario: Scenario) -> list[str]:
    return [part for part in ("days", "events", "faults") if getattr(scenario, part)] or ["none"]
