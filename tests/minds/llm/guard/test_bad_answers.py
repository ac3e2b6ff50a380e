"""Six hundred bad answers: each is refused, and for its own fault."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minds.llm.call import Answer
from minds.llm.guard import Rejected, Said, examine, fill
from minds.llm.guard.fault import excerpt
from minds.llm.guard.fill import PLACEHOLDER
from tests.minds.llm.bad import EACH, KINDS, spoil
from tests.minds.llm.guard.corpus import Case, honest

CASES = [case for case in honest() if case.form.name in ("argue", "essay")]


def test_there_are_thirty_kinds() -> None:
    assert len(KINDS) == 30 and EACH == 20


@pytest.mark.parametrize("kind", KINDS)
def test_bad_answers_are_refused_for_what_is_wrong_with_them(kind: str) -> None:
    for shape in range(EACH):
        case = CASES[shape % len(CASES)]
        seen = examine(spoil(kind, shape, case.answer().text), case.form, case.pack)
        assert isinstance(seen, Rejected), (kind, shape, spoil(kind, shape, case.answer().text).text[:300])
        found = {fault.kind for fault in seen.faults}
        assert found & KINDS[kind].named, (kind, shape, found)
        for fault in seen.faults:
            assert len(fault.says) < 300 and "\n" not in fault.says and "http" not in fault.says


SPOKEN = (
    "QQQ rose fell not the a by {growth.ret_1d} {small.ret_1d} {volatility.level} {regime} {horizon} , ; : . ? ! ( ) — "
    "while and if would I lean lower higher up down Macro credit week month it they above below two half one points to "
    "of small caps' SPY's market took back than { } {x} % 7 ² é ß 市 \u200b \u202e \x00 \ud800 [ ] < > http www. @ as "
    "an May ' that was sold bought at once 's - AI"
)
WORDS = st.sampled_from(SPOKEN.split(" "))


@given(st.lists(st.lists(WORDS, max_size=30).map(" ".join), min_size=3, max_size=3), st.sampled_from(CASES[:24]))
def test_whatever_is_said_the_guards_do_not_raise_and_what_passes_can_be_filled(texts: list[str], case: Case) -> None:
    names = [field.name for field in case.form.texts][:3]
    cites = list(dict.fromkeys(name for text in texts for name in PLACEHOLDER.findall(text)))
    document = {**case.fields, **dict(zip(names, texts, strict=True)), "cites": cites}
    seen = examine(Answer(json.dumps(document), "stop"), case.form, case.pack)
    if isinstance(seen, Said):
        for field in case.form.texts:
            assert "\n" not in fill(seen.fields[field.name], case.pack)


@given(st.text(max_size=300))
def test_any_raw_answer_is_refused_or_read_without_raising(text: str) -> None:
    assert isinstance(examine(Answer(text, "stop"), CASES[0].form, CASES[0].pack), Rejected)


@given(st.text(max_size=200))
def test_an_excerpt_is_one_short_line_that_cannot_link_or_mark_up(text: str) -> None:
    shown = excerpt(text)
    assert len(shown) <= 46 and "\n" not in shown
    assert not set(shown) & set("<>[]()`*#|\\/@&:")
