"""Evidence packs out of a record: what one mind, or the desk itself, may cite about the lead target.

Contract: a pure function of the record (made with quotes). A fact exists only when the record holds it; every figure is
printed by `minds.figures`. Names and reasons of plug-ins, headlines and sources are made harmless first. Facts are
chosen by weight and sorted by id, so that the same situation gives the same prompt whatever the figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from engine.claims import horizon_label
from engine.events import TIERS, Event
from engine.signals.spec import Signal
from minds import figures
from minds.llm.pack import Band, Entity, Fact, Headline, Other, Pack, Side
from minds.llm.untrusted import sanitise
from minds.lookup import because, claim_of, missing_names, speakers
from minds.nouns import Nouns, called
from minds.record import CycleRecord
from minds.text import clause, listing, ticker
from minds.view import Contribution, View

__all__ = ["SYNTHESIS", "gather", "lead_views"]

SYNTHESIS = "Synthesis"
"""How the desk itself is called."""
_FOR, _AGAINST = 4, 2
"""Most pieces of evidence for and against a view that a prompt shows."""
_HEADLINES = 6
_FAINT_Z, _STRONG_Z = 0.5, 1.5
_FAINT_LEAN, _STRONG_LEAN = 0.08, 0.25
_MOVING = ("return", "points", "sigma", "score")
"""Units of values that point up or down by themselves; the others are high or low beside their own past."""
_NOT_ID = re.compile(r"[^A-Za-z0-9_.-]+")
_FIRED = {
    "volatility": "volatility has jumped",
    "fall": "the week has fallen far",
    "likelihood": "the returns fit another label better",
    "drift": "the score has drifted away from where the label began",
    "behaviour": "measures of risk-taking disagree with the label",
    "data": "much of what it needs is missing",
}
"""Why a label may be doubted, without the figures of the reading's own reasons."""


def lead_views(record: CycleRecord) -> dict[str, View]:
    """The minds that speak on the lead target, in the run's order."""
    return {item.mind: item for item in record.views.get(record.targets[0].key, ()) if isinstance(item, View)}


def gather(record: CycleRecord, speaker: str | None, theses: Mapping[str, str] | None = None) -> Pack:
    """The pack of one mind that speaks on the lead target, or of the desk itself (`speaker` None).

    Args:
        record: a cycle with its quotes.
        speaker: the mind's name.
        theses: mind -> thesis with its placeholders, for those that have one.
    """
    named, views = speakers(record), lead_views(record)
    lead = record.targets[0]
    call = claim_of(record, lead, "direction")
    side: Side
    if speaker is None:
        side = "none" if call is None or call.probability is None else "up" if call.probability >= 0.5 else "down"
        band: Band = "faint"
        evidence, own = [part for view in views.values() for part in _telling(view, 2, 1)], {}
    else:
        side, band = _lean(views[speaker])
        evidence = _telling(views[speaker], _FOR, _AGAINST)
        own = {part.signal: part for part in views[speaker].contributions}
    nouns = Nouns(record)
    found = _signals(record, nouns, evidence, own)
    found |= {fact.id: fact for fact in _views(record, named, views)}
    found |= {fact.id: fact for fact in _standing(record, named, speaker)}
    if speaker is None:
        found |= {fact.id: fact for fact in _call(record)}
    return Pack(
        mind=SYNTHESIS if speaker is None else named[speaker],
        symbol=ticker(lead.symbol).lstrip("^"),
        horizon=horizon_label(lead.horizon),
        side=side,
        band=band,
        facts=tuple([found[name] for name in sorted(found)]),
        entities=_entities(record, found.values()),
        others=tuple([_other(named, view, theses or {}) for mind, view in views.items() if mind != speaker]),
        headlines=_headlines(record.events),
    )


def _lean(view: View) -> tuple[Side, Band]:
    side: Side = "up" if view.lean > 0.0 else "down" if view.lean < 0.0 else "none"
    return side, _band(view.confidence, _FAINT_LEAN, _STRONG_LEAN)


def _band(size: float, faint: float, strong: float) -> Band:
    return "faint" if size < faint else "strong" if size >= strong else "clear"


def _telling(view: View, most_for: int, most_against: int) -> list[Contribution]:
    """The heaviest evidence on either side of a view."""
    ranked = sorted(view.contributions, key=lambda part: (-abs(part.amount), part.signal))
    backing = [part for part in ranked if part.amount * view.lean > 0.0]
    against = [part for part in ranked if part.amount * view.lean < 0.0]
    return [*backing[:most_for], *against[:most_against]]


def _signals(
    record: CycleRecord, nouns: Nouns, evidence: Sequence[Contribution], own: Mapping[str, Contribution]
) -> dict[str, Fact]:
    """Evidence, and what each target did on the day, as the speaker sees it where that is its own evidence."""
    found = {}
    for target in record.targets:
        name = f"{target.role}.ret_1d"
        signal, part = record.signals.get(name), own.get(name)
        if signal is not None:
            found[_id(name)] = _signal(name, signal.value if part is None else part.value, signal, nouns, part)
    for part in evidence:
        found[_id(part.signal)] = _signal(part.signal, part.value, record.signals.get(part.signal), nouns, part)
    return found


def _signal(name: str, value: float, signal: Signal | None, nouns: Nouns, part: Contribution | None) -> Fact:
    unit = None if signal is None else signal.unit
    z = None if signal is None else signal.z
    pointing = value if unit in _MOVING else 0.0 if z is None or abs(z) < _FAINT_Z else z
    return Fact(
        id=_id(name),
        text=figures.value(value, unit),
        thing=nouns.thing(name),
        kind="signal",
        owner=name.partition(".")[0] if "." in name else "",
        sign=_sign(pointing),
        speaks=0 if part is None else _sign(part.amount),
        reads="" if part is None else clause(part.reads),
        band="" if z is None else _band(abs(z), _FAINT_Z, _STRONG_Z),
        unit=unit or "",
        as_of="" if signal is None else signal.as_of,
        age=0 if signal is None else signal.age,
    )


def _views(record: CycleRecord, named: Mapping[str, str], views: Mapping[str, View]) -> Iterable[Fact]:
    for mind, view in views.items():
        _, band = _lean(view)
        yield Fact(
            _id(f"view.{mind}"), figures.strength(view.confidence), f"the strength of {named[mind]}'s view", "view",
            speaks=_sign(view.lean), band=band,
        )  # fmt: skip


def _standing(record: CycleRecord, named: Mapping[str, str], speaker: str | None) -> Iterable[Fact]:
    """The regime, the speaker's own record, and what nobody could have."""
    reading = record.reading
    label = f"{reading.label.replace('_', '-')}, {reading.status}"
    yield Fact("regime", str(reading), "the regime", "regime", reads=label)
    yield Fact("regime.since", figures.short_day(reading.since), "the day since which the label holds", "regime")
    if reading.reasons:
        why = "; ".join([because(reason) for reason in reading.reasons])
        doubts = listing([_FIRED[item.test] for item in reading.fired if item.test in _FIRED])
        yield Fact("regime.reason", why, "why the label has that status", "regime", reads=doubts)
    mine = next((r for r in record.records if r.mind == (speaker or "synthesis") and r.regime == "all"), None)
    if mine is not None and mine.n:
        whose = "the desk" if speaker is None else named[speaker]
        yield Fact(
            _id(f"record.{speaker or 'synthesis'}"), figures.record_text(mine), f"the record of {whose}", "record"
        )
    names = missing_names(record)
    if names:
        shown = listing(names) if len(names) <= 3 else f"{', '.join(names[:3])} and {len(names) - 3} more"
        yield Fact("missing", shown, "what nobody could have today", "missing")


def _call(record: CycleRecord) -> Iterable[Fact]:
    """The published call and its interval."""
    lead = record.targets[0]
    call, band = claim_of(record, lead, "direction"), claim_of(record, lead, "interval")
    if call is not None and call.probability is not None:
        p = call.probability
        yield Fact("call.probability", figures.probability(p), "the probability of a rise", "call")
        yield Fact("call.confidence", figures.probability(max(p, 1.0 - p)), "the published confidence", "call")
        yield Fact("call.deadline", figures.weekday(call.deadline), "the day on which the call falls due", "call")
        if call.base_rate is not None:
            yield Fact("call.base_rate", figures.probability(call.base_rate), "the base rate of a rise", "call")
    if band is not None and band.low is not None and band.high is not None:
        yield Fact("interval.low", figures.percent(band.low), "the low end of the interval", "call")
        yield Fact("interval.high", figures.percent(band.high), "the high end of the interval", "call")


def _entities(record: CycleRecord, facts: Iterable[Fact]) -> tuple[Entity, ...]:
    """Everybody that a fact is about, and the targets."""
    symbols = {target.role: ticker(target.symbol).lstrip("^") for target in record.targets}
    roles = {*symbols, *[fact.owner for fact in facts if fact.owner]}
    return tuple([Entity(role, symbols.get(role, ""), called(role)) for role in sorted(roles)])


def _other(named: Mapping[str, str], view: View, theses: Mapping[str, str]) -> Other:
    side, band = _lean(view)
    return Other(named[view.mind], side, band, theses.get(view.mind, ""))


def _headlines(events: Sequence[Event]) -> tuple[Headline, ...]:
    """Texts from outside: the best sources first, the newest of each first, none twice for its case or stops alone."""
    found: dict[str, Headline] = {}
    for event in sorted(reversed(events), key=lambda event: TIERS.index(event.tier)):
        text = sanitise(event.text)
        key = "".join([letter for letter in text.casefold() if letter.isalnum()])
        if key and key not in found:
            found[key] = Headline(event.tier, sanitise(event.kind, 24), sanitise(event.source, 60), text)
    return tuple(found.values())[:_HEADLINES]


def _id(name: str) -> str:
    """A name as a placeholder: a plug-in's may hold anything."""
    return _NOT_ID.sub("_", name)[:80].strip(".") or "unnamed"


def _sign(value: float) -> int:
    return (value > 0.0) - (value < 0.0)
