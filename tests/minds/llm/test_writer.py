"""The model writer: whatever a model says, the essay's form and numbers are the template's."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minds.essay import render
from minds.llm.call import Answer, Call, NoAnswer
from minds.llm.scripted import Scripted
from minds.llm.writer import ModelWriter
from minds.parse import parse_essay
from minds.record import CycleRecord
from minds.view import View
from tests.minds.llm.models import honest, side_of
from tests.minds.records import HOSTILE, calendar, cycle_records, invented, seed_day

HEAD = "7:0123456789abcdef"
WORDS = ("title", "writer", "link")
"""What of an essay a writer decides."""


def numbers(essay: str) -> dict[str, object]:
    """All that an essay says but for its prose."""
    found = dataclasses.asdict(parse_essay(essay, calendar()))
    return {name: value for name, value in found.items() if name not in WORDS}


def essays(record: CycleRecord, model: Scripted) -> tuple[str, str]:
    """The essay by that model, and the template's."""
    return render(record, HEAD, ModelWriter(model, b"key")), render(record, HEAD)


def spoilt(text: str) -> Callable[[Call], str]:
    """An honest answer with a hostile text in the place of its first sentence."""

    def answer(call: Call) -> str:
        said = json.loads(honest(call))
        first = next(name for name in said if name in ("thesis", "point", "title", "because"))
        return json.dumps({**said, first: text})

    return answer


OUTCOMES = st.one_of(
    st.text(max_size=200),
    st.sampled_from(HOSTILE),
    st.just('{"direction": "up"}'),
    st.builds(NoAnswer, st.sampled_from(["budget", "deadline", "transport", "breaker"]), st.text(max_size=20)),
)


@given(cycle_records(), st.lists(OUTCOMES | st.none(), min_size=1, max_size=6))
def test_no_model_moves_a_number_or_breaks_the_form(record: CycleRecord, outcomes: list[str | NoAnswer | None]) -> None:
    turn = iter(range(10_000))

    def answer(call: Call) -> str | NoAnswer:
        said = outcomes[next(turn) % len(outcomes)]
        return honest(call) if said is None else said

    said, plain = essays(record, Scripted(answer))
    assert numbers(said) == numbers(plain)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_not_printed(text: str) -> None:
    said, plain = essays(seed_day(), Scripted(spoilt(text)))
    assert numbers(said) == numbers(plain)
    assert "template text for Macro (draft rejected" in said


def test_an_honest_model_is_printed_with_figures_by_code() -> None:
    said, plain = essays(seed_day(), Scripted(honest))
    assert numbers(said) == numbers(plain)
    assert re.search(r"^# A Day That Argues with Itself$", said, re.M)
    assert "*Writer: scripted wrote Macro, Flow, Contrarian and the frame*" in said
    assert "QQQ's day at -0.31%" in said
    assert "{" not in said
    assert re.search(r"^The evidence that these words cite: .*QQQ's day -0\.31%", said, re.M)


def test_figures_keep_their_sign() -> None:
    """A figure that lost its minus sign would say the opposite."""
    record = seed_day()
    said, _ = essays(record, Scripted(honest))
    printed = re.findall(r"(IWM's day|QQQ's day) (?:at )?([-+]?[0-9.]+%)", said)
    assert printed and {(who, figure) for who, figure in printed} <= {("QQQ's day", "-0.31%"), ("IWM's day", "+0.28%")}


def test_a_standing_argument_says_since_when_and_shows_the_day_s_figures() -> None:
    writer = ModelWriter(Scripted(honest), b"key")
    first = render(seed_day(), HEAD, writer)
    later = dataclasses.replace(seed_day(), session="2026-04-06")
    told = render(later, HEAD, writer)
    assert "Macro stands by its argument of April 2, 2026:" in told
    assert "standing: Macro of April 2, 2026" in told
    new, old = (
        next(line for line in text.splitlines() if line.startswith(f"{who} "))
        for text, who in ((first, "Macro says:"), (told, "Macro stands"))
    )
    # Thesis and risk again, without the argument between them.
    assert old.split(": ", 1)[1] != new.split(": ", 1)[1] and len(old) < len(new)
    assert new.split(": ", 1)[1].startswith(old.split(": ", 1)[1].partition(". ")[0])


def test_who_turned_is_told() -> None:
    writer = ModelWriter(Scripted(honest), b"key")
    first = seed_day()
    render(first, HEAD, writer)
    said = first.views["QQQ:1"]
    flow = next(item for item in said if isinstance(item, View) and item.mind == "flow")
    other = flow._replace(
        lean=-flow.lean,
        contributions=tuple([part._replace(amount=-part.amount) for part in flow.contributions]),
    )
    views = {**first.views, "QQQ:1": tuple([other if item.mind == "flow" else item for item in said])}
    told = render(dataclasses.replace(first, views=views, session="2026-04-06"), HEAD, writer)
    assert re.search(r"Flow turned (up|down) since the last essay: its lean went from [-+]\d+% to [-+]\d+%\.", told)


def test_the_account_counts_what_became_of_drafts() -> None:
    writer = ModelWriter(Scripted(lambda call: honest(call) if call.who == "macro" else "no"), b"key")
    writer.write(seed_day())
    account = writer.account()
    assert account["questions"] == 3 + 1 and account["accepted"] == 1 + 1 - 1
    assert account["rejected_for"] == {"json": 2 * 3 + 3} and account["essays"] == 1 and account["mind_days"] == 4


def test_long_runs_of_invented_days_stay_whole() -> None:
    writer = ModelWriter(Scripted(honest), b"key")
    for record in invented(60, 5):
        assert numbers(render(record, HEAD, writer)) == numbers(render(record, HEAD))


def test_side_of_reads_the_form() -> None:
    """The helper that tests lean on: an answer's direction is the one that the schema allows."""
    seen: list[str] = []

    def answer(call: Call) -> str | Answer:
        seen.append(side_of(call))
        return honest(call)

    ModelWriter(Scripted(answer), b"key").write(seed_day())
    assert set(seen) <= {"up", "down"} and seen
