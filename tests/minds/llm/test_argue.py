"""Who is asked when: arguments stand while they hold, repairs end, allowances bound a long replay."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from engine.errors import InputError
from minds.llm.argue import BURST, PACE, REPAIRS, Arguments, most_calls
from minds.llm.call import Answer, Call, NoAnswer
from minds.llm.scripted import Scripted
from minds.record import CycleRecord
from minds.view import Debate, View
from tests.minds.llm.models import honest
from tests.minds.records import invented, seed_day

SECRET = b"key"


def turned(record: CycleRecord) -> CycleRecord:
    """The same day with every view on the other side."""
    views = {
        key: tuple([
            item._replace(
                lean=-item.lean,
                contributions=tuple([part._replace(amount=-part.amount) for part in item.contributions]),
            ) if isinstance(item, View) else item
            for item in said
        ])
        for key, said in record.views.items()
    }  # fmt: skip
    return replace(record, views=views, session="2026-04-06")


def test_an_argument_stands_while_nothing_has_changed() -> None:
    model = Scripted(honest)
    desk = Arguments(model, SECRET)
    first = desk.hear(seed_day())
    asked = len(model.asked)
    assert set(first.arguments) == {"macro", "flow", "contrarian"} and first.frame is not None
    again = desk.hear(replace(seed_day(), session="2026-04-06"))
    assert len(model.asked) == asked
    assert {mind: words.since for mind, words in again.arguments.items()} == dict.fromkeys(
        first.arguments, "2026-04-02"
    )
    assert again.frame is None


def test_a_mind_that_turns_is_asked_anew() -> None:
    model = Scripted(honest)
    desk = Arguments(model, SECRET)
    desk.hear(seed_day())
    model.asked.clear()
    found = desk.hear(turned(seed_day()))
    assert {call.who for call in model.asked if call.prompt.startswith("argue")} == {"macro", "flow", "contrarian"}
    assert {words.since for words in found.arguments.values()} == {"2026-04-06"}


def test_only_minds_that_disagree_answer_each_other_and_name_one_of_the_other_side() -> None:
    record = seed_day()
    leans = {item.mind: item.lean for item in record.views["QQQ:1"] if isinstance(item, View)}
    assert record.debates["QQQ:1"].label == "divergent"
    found = Arguments(Scripted(honest), SECRET).hear(record)
    assert found.answers
    for mind, words in found.answers.items():
        assert leans[words.said.fields["to"].lower()] * leans[mind] < 0
    calm = replace(record, debates={**record.debates, "QQQ:1": Debate("aligned_bearish", 0.3, ())})
    assert not Arguments(Scripted(honest), SECRET).hear(calm).answers


def test_a_rejected_draft_goes_back_twice_with_its_fault_named_and_then_the_template_stands_in() -> None:
    model = Scripted(lambda call: honest(call).replace("is the heart", "rose 5% and is the heart"))
    desk = Arguments(model, SECRET)
    found = desk.hear(seed_day())
    arguing = [call for call in model.asked if call.prompt.startswith("argue")]
    assert Counter(call.who for call in arguing) == dict.fromkeys(("macro", "flow", "contrarian"), 1 + REPAIRS)
    assert all("thesis" in call.messages[-1].text for call in arguing if len(call.messages) == 4)
    assert not found.arguments and not found.answers
    assert all(why.startswith("draft rejected") for why in found.why.values()) and len(found.why) == 3
    assert desk.tried.faults["digit"] == 3 * (1 + REPAIRS)


def test_a_repair_can_succeed() -> None:
    def sloppy(call: Call) -> str:
        return honest(call) if len(call.messages) > 2 else "Sure! Here is the JSON."

    desk = Arguments(Scripted(sloppy), SECRET)
    found = desk.hear(seed_day())
    assert len(found.arguments) == 3 and not found.why
    assert desk.tried.repaired == desk.tried.accepted == desk.tried.asked


def test_no_answer_is_told_by_its_reason() -> None:
    def only_flow(call: Call) -> str | NoAnswer:
        return honest(call) if call.who == "flow" else NoAnswer("transport", "the host hung up")

    desk = Arguments(Scripted(only_flow), SECRET)
    found = desk.hear(seed_day())
    assert set(found.arguments) == {"flow"}
    assert found.why["macro"] == "no answer, transport"
    assert desk.tried.unanswered["transport"] >= 2


def test_a_replay_that_lacks_a_call_stops_the_run() -> None:
    class Closed:
        name = "closed"

        def ask(self, calls: object) -> list[Answer | NoAnswer]:
            raise InputError("the record does not hold this call")

    with pytest.raises(InputError, match="does not hold"):
        Arguments(Closed(), SECRET).hear(seed_day())


@pytest.mark.parametrize("seed", range(4))
def test_calls_keep_to_the_allowance_whatever_the_model_says(seed: int) -> None:
    """Days that have nothing to do with one another, and a model that never gets it right: the worst case."""
    records = invented(120, seed)
    model = Scripted(lambda call: "no")
    desk = Arguments(model, SECRET)
    for number, record in enumerate(records, 1):
        desk.hear(record)
        minds = {item.mind for said in records[:number] for item in said.views[said.targets[0].key]}
        assert len(model.asked) <= most_calls(len(minds), number)
    calls = Counter(call.who for call in model.asked)
    assert all(count <= BURST + PACE * len(records) + REPAIRS for count in calls.values())


def test_a_quiet_time_saves_up_no_more_than_a_burst() -> None:
    """Two hundred sessions in which every argument stands, then a market that turns each day."""
    angry = [False]
    model = Scripted(lambda call: "no" if angry[0] else honest(call))
    desk = Arguments(model, SECRET)
    for number in range(200):
        desk.hear(replace(seed_day(), session=str(date(2025, 1, 1) + timedelta(number))))
    model.asked.clear()
    angry[0] = True
    for number in range(1, 21):
        desk.hear(turned(seed_day()) if number % 2 else seed_day())
        calls = Counter(call.who for call in model.asked)
        assert all(count <= BURST + PACE * number + REPAIRS for count in calls.values())
    assert max(Counter(call.who for call in model.asked).values()) >= BURST


def test_who_has_argued_anew_is_answered_anew() -> None:
    """The others' arguments stand, and their answers would; but they answered words that are no longer said."""
    model = Scripted(honest)
    desk = Arguments(model, SECRET)
    first = desk.hear(seed_day())
    assert {"macro", "contrarian"} & first.answers.keys()
    desk._standing.pop("flow")  # as when its evidence has moved
    model.asked.clear()
    found = desk.hear(replace(seed_day(), session="2026-04-06"))
    assert [call.who for call in model.asked if call.prompt.startswith("argue")] == ["flow"]
    answering = {call.who for call in model.asked if call.prompt.startswith("answer")}
    assert answering == found.answers.keys() and len(answering) > 1
    assert {words.since for words in found.answers.values()} == {"2026-04-06"}
