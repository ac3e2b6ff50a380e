"""A scenario as values: read by `scenarios.reader`, written by `scenarios.writer`, built by `scenarios.world`.

Contract: frozen, compared by value. The attributes of these dataclasses are the schema of a scenario file: each carries
the kind of its value, its bounds and its meaning, from which reader, writer and docs/scenarios.md are made. An object
made by hand is within those bounds only once it has been read back (`read_scenario(to_toml(scenario))`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from engine.events import TIERS, Tier
from engine.universe import Universe
from scenarios.expect import Expectation, read_clause
from scenarios.fields import Table, Tables, key, read_table
from scenarios.kinds import Choice, Clock, Day, Number, Of, Pairs, Place, Return, Session, Text, Whole
from scenarios.presets import PRESETS
from scenarios.roles import Roles
from scenarios.writer import to_text

__all__ = ["FAULTS", "Fault", "History", "Jumps", "News", "Part", "Scenario", "ScriptedDay", "Segment"]

Part = Literal["days", "events", "faults"]
"""Parts of a scenario that can be taken out of it."""

FAULTS = ("stale", "missing", "halt", "half_day", "duplicated", "rate_limited", "spike")
MOST_SESSIONS = 10_000
MOST_EVENTS = 5_000
_REGIME = Choice(tuple(PRESETS), "regime")
_ROLE_RETURNS = Of(Return(), plain=False)


@dataclass(frozen=True)
class History:
    """Real history as the world; what the source has before its start is the warm-up."""

    source: str = key(Text(300, empty=False), "`sample`, or `csv:DIR`")
    start: str = key(Day(), "first day of the run")
    end: str = key(Day(), "last day of the run")


@dataclass(frozen=True)
class Jumps:
    """Days on which everything jumps at once."""

    probability: float = key(Number(0.0, 1.0), "of a jump, each session")
    size: float = key(Number(-0.7, 0.7), "log return of the market in a jump; others by their loading and volatility")


@dataclass(frozen=True)
class Segment:
    """Sessions of one kind; what its tables leave out comes from its regime."""

    sessions: int = key(Whole(1, MOST_SESSIONS), "how many sessions")
    regime: str = key(_REGIME, "preset for all that is not given", "calm")
    drift: Mapping[str, float] = key(
        Of(Number(-10.0, 10.0)), "mean log return, annualised", factory=dict, shown="the regime's"
    )
    volatility: Mapping[str, float] = key(
        Of(Number(0.0, 5.0)), "standard deviation of log returns, annualised", factory=dict, shown="the regime's"
    )
    correlation: Mapping[str, float] = key(
        Of(Number(-1.0, 1.0)), "loading on the common factor; two symbols correlate as the product of their loadings",
        factory=dict, shown="the regime's",
    )  # fmt: skip
    pairs: Mapping[str, float] = key(
        Pairs(), "correlations of single pairs, instead of that product", factory=dict, shown="none"
    )
    levels: Mapping[str, float] = key(
        Of(Number(-5.0, 200.0), plain=False), "where a volatility index or yield is drawn to, in points",
        factory=dict, shown="the regime's",
    )  # fmt: skip
    jumps: Jumps | None = key(Table(Jumps), "days on which everything jumps at once", None, shown="the regime's")
    tails: float | None = key(
        Number(0.0, 100.0), "degrees of freedom of Student's t, above 2; 0 is normal", None, shown="the regime's"
    )


@dataclass(frozen=True)
class ScriptedDay:
    """A day that is written down; returns are simple, against the close before."""

    session: Place = key(Session(), "session of the run: 1 is its first, 0 the last before it")
    returns: Mapping[str, float] = key(_ROLE_RETURNS, "return of the close", factory=dict, shown="as drawn")
    opens: Mapping[str, float] = key(_ROLE_RETURNS, "return of the open", factory=dict, shown="as drawn")
    highs: Mapping[str, float] = key(_ROLE_RETURNS, "return of the high, at least", factory=dict, shown="as drawn")
    lows: Mapping[str, float] = key(_ROLE_RETURNS, "return of the low, at most", factory=dict, shown="as drawn")
    levels: Mapping[str, float] = key(
        Of(Number(-5.0, 200.0), plain=False), "closing level of a volatility index or yield, in points",
        factory=dict, shown="as drawn",
    )  # fmt: skip
    volume: float = key(Number(0.0, 1000.0), "times the volume that was drawn", 1.0)
    note: str = key(Text(500), "for people", "")


@dataclass(frozen=True)
class News:
    """An event of `engine.events`."""

    session: Place = key(Session(), "day that it is about; a date need not be a session")
    kind: str = key(Text(40, empty=False), "`headline`, `filing`, `macro`, `meeting` or another word", "headline")
    available: Place | None = key(
        Session(), "session or day on which it can be known: later for a late filing, earlier for a timetable", None,
        shown="the same day",
    )  # fmt: skip
    time: str = key(Clock(), "from when on, that day", "09:00")
    repeat: int = key(Whole(1, 1000), "the same again at so many sessions in a row", 1)
    tier: Tier = key(Choice(TIERS, "tier"), "how far its source can be trusted", "crowd")
    source: str = key(Text(200), "who says so", "")
    text: str = key(Text(2000), "what is said", "")
    symbol: str = key(Text(40), "whom it concerns", "")
    value: float | None = key(Number(-1e12, 1e12), "number of a macro print", None)
    series: str = key(Text(40), "name of that number, such as `CPI`; the same series and day again is a revision", "")


@dataclass(frozen=True)
class Fault:
    """Something wrong with a feed."""

    kind: str = key(Choice(FAULTS, "fault"), "what is wrong")
    what: str = key(Text(40, empty=False), "role, group, symbol or `all`", "all")
    session: Place | None = key(Session(), "first session of it", None, shown="the world's first")
    sessions: int | None = key(Whole(1, 20_000), "for how many sessions", None, shown="see the kind")
    until: Place | None = key(Session(), "last session of it, instead of `sessions`", None)
    size: float = key(Return(-0.9, 9.0), "of a spike: the bad tick against the right price", 1.0)


@dataclass(frozen=True, repr=False)
class Scenario:
    """A world and what is expected of a run through it. Printed, it is a file that can be saved."""

    title: str = key(Text(200, empty=False), "one line")
    story: str = key(Text(5000), "what happened, or what goes wrong, for people", "")
    universe: str | Universe = key(Roles(), "which symbol plays which role", "us")
    seed: int = key(Whole(0, 2**53), "of all that is drawn", 0)
    start: str = key(
        Day(), "first day of the run: its first session is the first from that day on; required with segments", ""
    )
    warm_up: int = key(Whole(0, 5000), "drawn sessions before the run, which give the signals their scales", 600)
    warm_up_regime: str = key(_REGIME, "regime of these", "calm")
    history: History | None = key(Table(History), "real history, instead of segments", None)
    segments: tuple[Segment, ...] = key(Tables(partial(read_table, Segment), 1000), "drawn sessions, in order", ())
    days: tuple[ScriptedDay, ...] = key(
        Tables(partial(read_table, ScriptedDay), 2000), "days that are written down", ()
    )
    events: tuple[News, ...] = key(
        Tables(partial(read_table, News), MOST_EVENTS), "headlines, filings, numbers, meetings", ()
    )
    faults: tuple[Fault, ...] = key(Tables(partial(read_table, Fault), 500), "what is wrong with the feeds", ())
    expect: tuple[Expectation, ...] = key(Tables(read_clause, 200), "what a run must show", ())

    @property
    def sessions(self) -> int:
        """Sessions of the run of a drawn world; 0 with `history`, whose calendar says how many there are."""
        return sum(segment.sessions for segment in self.segments)

    def without(self, part: Part) -> Scenario:
        """The same scenario with one part taken out."""
        if part == "days":
            return replace(self, days=())
        return replace(self, events=()) if part == "events" else replace(self, faults=())

    def __repr__(self) -> str:
        return to_text(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How IPython and Hypothesis show it: as a file that can be saved."""
        printer.text(f"\n{self!r}")
