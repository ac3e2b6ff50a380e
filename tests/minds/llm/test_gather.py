"""Evidence packs: everything that may be cited comes from the record, printed as essays print it."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta

import pytest
from hypothesis import given

from engine.events import TIERS, Event
from minds import figures
from minds.llm.gather import gather, lead_views
from minds.llm.pack import Pack
from minds.record import CycleRecord
from minds.view import Contribution, View
from tests.minds.records import HOSTILE, cycle_records, seed_day


def packs(record: CycleRecord) -> list[Pack]:
    return [gather(record, who) for who in [*lead_views(record), None]]


def headlines(*texts: tuple[str, str]) -> tuple[Event, ...]:
    """Events of the seed's day, in the order in which they became known: (tier, text)."""
    at = seed_day().as_of - timedelta(hours=9)
    return tuple([
        Event("headline", "2026-04-02", at + timedelta(minutes=number), text, "wire", tier)  # type: ignore[arg-type]  # any tier
        for number, (tier, text) in enumerate(texts)
    ])  # fmt: skip


@given(cycle_records())
def test_a_signal_prints_the_value_that_the_view_rests_on(record: CycleRecord) -> None:
    for mind, view in lead_views(record).items():
        amounts = {part.signal: part for part in view.contributions}
        for fact in gather(record, mind).facts:
            part = amounts.get(fact.id)
            if part is None or fact.kind != "signal":
                continue
            signal = record.signals.get(part.signal)
            assert fact.text == figures.value(part.value, None if signal is None else signal.unit)
            assert fact.speaks == (part.amount > 0) - (part.amount < 0)


@given(cycle_records())
def test_the_side_is_the_view_s_own(record: CycleRecord) -> None:
    for mind, view in lead_views(record).items():
        assert gather(record, mind).side == ("up" if view.lean > 0 else "down" if view.lean < 0 else "none")


@given(cycle_records())
def test_the_desk_takes_the_published_side_or_none(record: CycleRecord) -> None:
    lead = record.targets[0]
    calls = [
        claim.probability
        for claim in record.claims
        if (claim.kind, claim.symbol, claim.horizon) == ("direction", lead.symbol, lead.horizon)
    ]
    side = "none" if not calls or calls[0] is None else "up" if calls[0] >= 0.5 else "down"
    assert gather(record, None).side == side


@given(cycle_records())
def test_ids_can_be_placeholders_and_are_sorted(record: CycleRecord) -> None:
    for pack in packs(record):
        ids = [fact.id for fact in pack.facts]
        assert ids == sorted(set(ids))
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", name) for name in ids)


@given(cycle_records())
def test_readings_of_the_builtin_kind_hold_no_digit(record: CycleRecord) -> None:
    """What prompts show of a signal must not tempt a model to copy a figure."""
    for pack in packs(record):
        assert not [fact for fact in pack.facts if fact.kind == "regime" and re.search(r"\d", fact.reads)]


def test_the_day_s_move_is_told_as_the_mind_that_rests_on_it_reads_it() -> None:
    """Flow holds the day against itself, though it is not among its heaviest evidence; macro has no part in it."""
    record = seed_day()
    known = record.signals["growth.ret_1d"]._replace(value=-0.0099)  # not what Flow was told
    flow = View(
        "flow", "QQQ:1", 0.38,
        (Contribution("size_gap_1d", 0.59, 0.0059, "small names lead"), Contribution("regime.score", -0.09, 0.45, "x"),
         Contribution("volatility.level", -0.08, 18.4, "y"),
         Contribution("growth.ret_1d", -0.04, -0.0031, "today was sold")),
    )  # fmt: skip
    views = tuple([flow if item.mind == "flow" else item for item in record.views["QQQ:1"]])
    signals = {**record.signals, "growth.ret_1d": known}
    record = dataclasses.replace(record, signals=signals, views={**record.views, "QQQ:1": views})
    own, other = (gather(record, who).fact("growth.ret_1d") for who in ("flow", "macro"))
    assert own is not None and (own.text, own.speaks, own.reads) == ("-0.31%", -1, "today was sold")
    assert other is not None and (other.text, other.speaks, other.reads) == ("-0.99%", 0, "")


@pytest.mark.parametrize(("z", "sign"), [(-0.6, -1), (-0.4, 0), (0.4, 0), (0.6, 1), (None, 0)])
def test_a_level_is_high_or_low_only_when_it_is_not_near_its_usual_place(z: float | None, sign: int) -> None:
    record = seed_day()
    level = record.signals["volatility.level"]._replace(z=z)
    record = dataclasses.replace(record, signals={**record.signals, "volatility.level": level})
    fact = gather(record, "contrarian").fact("volatility.level")
    assert fact is not None and fact.sign == sign


def test_headlines_are_harmless_each_once_and_the_best_source_first() -> None:
    record = seed_day()
    told = headlines(
        ("crowd", "buy now"), ("press", "Rates held"), ("press", "RATES HELD!"), ("official", "A statement")
    )
    pack = gather(dataclasses.replace(record, events=told), None)
    assert [item.text for item in pack.headlines] == ["A statement", "RATES HELD!", "buy now"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("tier", TIERS)
def test_hostile_headlines_lose_their_markup(text: str, tier: str) -> None:
    for item in gather(dataclasses.replace(seed_day(), events=headlines((tier, text))), None).headlines:
        assert len(item.text) <= 300
        assert not set("[]<>{}`\n\r\u2028\u202e\u200b") & set(item.text)
        assert "https://" not in item.text
