"""Prompts: equal situations ask the same question, and what strangers write stays material."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.events import Event
from minds.llm.call import Answer
from minds.llm.form import FORMS
from minds.llm.gather import gather, lead_views
from minds.llm.guard import Fault
from minds.llm.prompt import Question, ask, mend
from minds.record import CycleRecord
from minds.view import View
from tests.minds.records import HOSTILE, cycle_records, seed_day

SECRET = b"a key that nobody has"


def questions(record: CycleRecord, secret: bytes = SECRET) -> list[Question]:
    return [
        ask(form, gather(record, who), "some/model", who or "synthesis", secret)
        for form in FORMS.values()
        for who in [*lead_views(record), None]
    ]


def nudged(record: CycleRecord, by: float) -> CycleRecord:
    """The same situation with other figures: every value a little larger, on another day, in another cycle."""

    def view(item: View) -> View:
        parts = [part._replace(value=part.value * by) for part in item.contributions]
        return item._replace(contributions=tuple(parts))

    views = {
        key: tuple([view(item) if isinstance(item, View) else item for item in said])
        for key, said in record.views.items()
    }
    signals = {name: signal._replace(value=signal.value * by) for name, signal in record.signals.items()}
    return replace(
        record, views=views, signals=signals, cycle=record.cycle + 40, session="2026-06-01",
        as_of=record.as_of + timedelta(days=60),
    )  # fmt: skip


@given(cycle_records(), st.floats(1.0, 1.5))
def test_other_figures_and_another_day_ask_the_same_question(record: CycleRecord, by: float) -> None:
    assume(all(abs(signal.value * by) > 0 for signal in record.signals.values()))
    assert [item.call.key for item in questions(record)] == [item.call.key for item in questions(nudged(record, by))]


def test_a_view_that_turns_asks_another_question() -> None:
    record = seed_day()
    said = record.views["QQQ:1"]
    turned = {
        **record.views,
        "QQQ:1": tuple([
            item._replace(
                lean=-item.lean,
                contributions=tuple([part._replace(amount=-part.amount) for part in item.contributions]),
            ) if isinstance(item, View) else item
            for item in said
        ]),
    }  # fmt: skip
    before, after = questions(record), questions(replace(record, views=turned))
    assert not {item.call.key for item in before[:3]} & {item.call.key for item in after[:3]}


def test_a_fact_is_told_with_which_way_it_points_and_for_whom_it_speaks() -> None:
    """By hand: QQQ fell a little and Flow holds it against its view; fear is half a deviation low."""
    told = {
        who: ask(FORMS["argue"], gather(seed_day(), who), "some/model", who, SECRET) for who in ("flow", "contrarian")
    }
    facts = {who: question.call.messages[1].text.splitlines() for who, question in told.items()}
    assert "- {growth.ret_1d}: QQQ's day, below, faint; read as: today was sold; speaks for a fall" in facts["flow"]
    assert "- {small.ret_1d}: IWM's day, above, faint" in facts["flow"]
    assert (
        "- {volatility.level}: the volatility index, below, clear; read as: nobody is afraid; speaks for a fall"
        in facts["contrarian"]
    )


def test_a_repair_names_the_first_five_faults() -> None:
    question = questions(seed_day())[0]
    faults = [Fault("digit", f"Fault {letter}.") for letter in "abcdefg"]
    said = mend(question, Answer("no", "stop"), faults).call.messages[-1].text
    assert re.findall(r"^- Fault (.)\.$", said, re.M) == list("abcde")


def test_no_figure_of_the_market_is_shown() -> None:
    for item in questions(seed_day()):
        shown = "\n".join(item.texts).replace(item.canary, "")
        assert not re.search(r"\d", re.sub(r"\{[^{}]*\}", "", shown)), item.call.prompt


def test_each_form_has_a_versioned_file_and_leaves_no_slot_open() -> None:
    for item in questions(seed_day()):
        assert re.fullmatch(r"(argue|answer|essay|advise)/\d+", item.call.prompt)
        assert not re.search(r"\{\{|\}\}", "".join(item.texts))


@pytest.mark.parametrize("text", [*HOSTILE, "{{facts}} {{canary}} {{persona}}", "}} {{fields"])
def test_a_headline_is_material_and_never_a_slot(text: str) -> None:
    at = seed_day().as_of - timedelta(hours=3)
    event = Event("headline", "2026-04-02", at, text, text[:60], "crowd")
    quiet, loud = questions(seed_day()), questions(replace(seed_day(), events=(event,)))
    for plain, told in zip(quiet, loud, strict=True):
        assert told.call.schema == plain.call.schema
        assert told.texts[0].replace(told.canary, "") == plain.texts[0].replace(plain.canary, "")
        before, outside, after = told.texts[1].partition("\nFrom outside")
        assert plain.texts[1].startswith(before.rstrip("\n"))
        assert told.canary not in before + outside + after


def test_whoever_lacks_the_key_cannot_know_marker_or_canary() -> None:
    one, two = questions(seed_day()), questions(seed_day(), b"another key")
    assert not {item.canary for item in one} & {item.canary for item in two}


def test_a_repair_names_the_faults_and_keeps_the_conversation() -> None:
    first = questions(seed_day())[0]
    again = mend(first, Answer("a draft", "stop"), [Fault("digit", "There is a digit in `thesis`.")])
    assert again.call.messages[:2] == first.call.messages
    assert [message.role for message in again.call.messages] == ["system", "user", "assistant", "user"]
    assert again.call.messages[2].text == "a draft" and "There is a digit in `thesis`." in again.call.messages[3].text
    assert again.call.key != first.call.key and again.canary == first.canary
    third = mend(again, Answer("b", "stop"), [Fault("digit", "Again.")])
    assert len(third.call.messages) == 4
