"""Build a scenario: its world as any source hands it over, with the sessions of its run.

Contract: a drawn or real truth, then scripted days, then the feeds' faults, then the checks of `engine.bar_checks` as
for any other data. What comes after `until` is cut away before it is checked and cannot change what comes before.
Scripted returns move all later prices along; scripted levels of a real history stand for their day alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from engine.bar_checks import Repair, check_bars
from engine.bars import FIELDS, Bars
from engine.calendar import TradingCalendar, parse_day
from engine.errors import InputError
from engine.events import Event, check_events
from engine.market import Market
from engine.sources import open_source
from engine.sources.base import Loaded
from engine.universe import Universe
from scenarios.faults import Feed, apply_faults, early_closes, spans_of
from scenarios.generator import draw
from scenarios.history import rewrite
from scenarios.kinds import Place
from scenarios.lookup import universe_for
from scenarios.model import News, Scenario, ScriptedDay, Segment
from scenarios.timeline import Timeline, timeline_of

__all__ = ["World", "build"]

_SEEN_AGAIN = ("gap", "stale", "split", "range")
"""Notices that the checks of the finished world tell anew."""


@dataclass(frozen=True)
class World:
    """A scenario that was built.

    Attributes:
        scenario: what it was built from.
        universe: which symbol plays which role.
        timeline: its sessions.
        loaded: bars, notices, events and early closes, as any source has them.
    """

    scenario: Scenario
    universe: Universe
    timeline: Timeline
    loaded: Loaded

    @property
    def days(self) -> tuple[str, ...]:
        """The run's sessions as ISO days: session n of the scenario is `days[n - 1]`."""
        return self.timeline.days

    @property
    def start(self) -> date:
        """First day of the run."""
        return parse_day(self.days[0])

    @property
    def end(self) -> date:
        """Last day of the run."""
        return parse_day(self.days[-1])

    def market(self) -> Market:
        """The aligned market."""
        return Market.build(self.universe, self.loaded.bars, self.loaded.events, self.loaded.closes)


def build(scenario: Scenario, until: date | None = None, *, name: str = "scenario") -> World:
    """Build a scenario's world up to and including the day `until` (None: all of it).

    Raises:
        InputError: the scenario cannot be built; the sentence says what to do.
    """
    where = f"{name}:"
    universe, timeline = universe_for(scenario), timeline_of(scenario, where)
    days = {timeline.position(day.session, f"{where} days"): day for day in scenario.days}
    spans = spans_of(scenario.faults, universe, timeline, where)
    last = np.datetime64("9999-12-31" if until is None else until, "D")
    said: list[Repair] = []
    if scenario.history is None:
        feeds = _drawn(scenario, universe, timeline, days, where)
    else:
        feeds, said = _real(scenario, universe, timeline, days, until, where)
    said += [notice for notice in apply_faults(feeds, spans, timeline) if np.datetime64(notice.day) <= last]
    for feed in feeds.values():
        feed.keep(feed.days <= last)
    bars, checked = _checked(feeds, universe, name)
    if universe.roles["market"] not in bars:
        raise InputError(f"{name}: the market role has no bar up to {until}; give a later --end")
    notices = tuple(sorted([*said, *checked], key=lambda notice: notice.symbol))
    events = check_events(_events(scenario, timeline, where), where=name)
    closes = {day: instant for day, instant in early_closes(spans, timeline).items() if np.datetime64(day) <= last}
    return World(scenario, universe, timeline, Loaded(bars, notices, events, closes))


def _drawn(
    scenario: Scenario, universe: Universe, timeline: Timeline, days: Mapping[int, ScriptedDay], where: str
) -> dict[str, Feed]:
    warm_up = [Segment(scenario.warm_up, scenario.warm_up_regime)] if scenario.warm_up else []
    bars = draw(scenario.seed, universe, warm_up, scenario.segments, days, where)
    sessions = timeline.calendar.days[: timeline.size]
    return {symbol: Feed(sessions.copy(), values) for symbol, values in bars.items()}


def _real(
    scenario: Scenario, universe: Universe, timeline: Timeline, days: Mapping[int, ScriptedDay], until: date | None,
    where: str,
) -> tuple[dict[str, Feed], list[Repair]]:  # fmt: skip
    assert scenario.history is not None
    end = parse_day(timeline.days[-1])
    known = end if until is None else min(until, end)
    loaded = open_source(scenario.history.source).load(universe, known)
    feeds = {
        symbol: Feed(bars.days.copy(), np.stack([getattr(bars, field) for field in FIELDS]))
        for symbol, bars in loaded.bars.items()
    }
    labels = timeline.calendar.days
    scripted = [(labels[at], day) for at, day in sorted(days.items()) if labels[at] <= np.datetime64(known, "D")]
    rewrite(feeds, scripted, universe, where)
    lead = feeds[universe.roles["market"]].days
    if until is None and (lead[0] > labels[timeline.first] or lead[-1] < labels[timeline.size - 1]):
        raise InputError(
            f"{where} history has bars of the market role from {lead[0]} to {lead[-1]}, which does not cover "
            f"{timeline.days[0]} to {timeline.days[-1]}; move its start or end"
        )
    return feeds, [notice for notice in loaded.notices if notice.kind not in (*_SEEN_AGAIN, "absent")]


def _checked(feeds: Mapping[str, Feed], universe: Universe, name: str) -> tuple[dict[str, Bars], list[Repair]]:
    """The feeds through the checks of all data; what has no bar is absent, and said so."""
    bars: dict[str, Bars] = {}
    notices: list[Repair] = []
    ends = [day for feed in feeds.values() if len(feed.days) for day in feed.days[[0, -1]].tolist()]
    if not ends:
        return bars, notices
    calendar = TradingCalendar.load(universe.calendar, min(ends), max(ends))
    for symbol in universe.symbols:
        feed = feeds.get(symbol)
        if feed is None or not len(feed.days):
            notices.append(Repair(symbol, "", "absent", "the scenario has no bar of it"))
            continue
        bars[symbol], told = check_bars(
            symbol, feed.days, dict(zip(FIELDS, feed.values, strict=True)),
            calendar=calendar, level=symbol in universe.levels, where=name,
        )  # fmt: skip
        notices += told
    return bars, notices


def _events(scenario: Scenario, timeline: Timeline, where: str) -> list[Event]:
    found = []
    for number, news in enumerate(scenario.events, 1):
        for later in range(news.repeat):
            found.append(_event(news, timeline, later, f"{where} events {number}"))
    return found


def _event(news: News, timeline: Timeline, later: int, where: str) -> Event:
    zone = ZoneInfo(timeline.calendar.timezone)
    place = news.session + later if isinstance(news.session, int) else news.session
    occurred = _day(place, timeline, where)
    known = occurred if news.available is None else _day(news.available, timeline, where)
    instant = datetime.combine(parse_day(known), time.fromisoformat(news.time), zone).astimezone(UTC)
    return Event(news.kind, occurred, instant, news.text, news.source, news.tier, news.symbol, news.value, news.series)


def _day(place: Place, timeline: Timeline, where: str) -> str:
    """The ISO day of a session number; a day stands for itself, whether or not the exchange is open."""
    return place if isinstance(place, str) else timeline.calendar.labels[timeline.position(place, where)]
