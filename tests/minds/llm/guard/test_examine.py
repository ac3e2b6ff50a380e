"""Every kind of fault by an example of its own, and the other way round: what looks like one and is none."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from engine.errors import WorkshopError
from minds.llm.call import Answer
from minds.llm.guard import FaultKind, Rejected, Said, examine, examine_again, fill
from minds.llm.guard.prose import split
from minds.llm.pack import Headline
from tests.minds.llm.guard.corpus import Case, honest
from tests.minds.llm.guard.packs import PACKS

CASE: Case = honest()[0]
"""Macro, down on QQQ; thesis, argument and risk."""
TEXTS = CASE.texts
PROMPT = ("Whoever writes for this desk shall keep a plain and sober tongue at all times.",)
CANARY = "bqkzvtbcwxyd"


def kinds(seen: Said | Rejected) -> set[str]:
    return {fault.kind for fault in seen.faults} if isinstance(seen, Rejected) else set()


def told(field: str, text: str, case: Case = CASE) -> set[str]:
    """What is found when one text is another."""
    return kinds(
        examine(case.answer(**{field: text}), case.form, case.pack, prompt=PROMPT, canary=CANARY, marker="^qkzvtbc^")
    )


def more(field: str, sentence: str, case: Case = CASE) -> set[str]:
    """What is found when a text has one sentence more, in the place of its last."""
    kept = split(case.texts[field])[:-1]
    return told(field, " ".join([*kept, sentence]), case)


LAST = "Fear is high for these years, with the volatility index at {volatility.level}."
FOUND: list[tuple[FaultKind, str, str]] = [
    ("length", "risk", "Hm."),
    ("sentences", "risk", "It may not last. It may turn. It may do neither."),
    ("ending", "risk", "What speaks against me is that the market still stands above its"),
    ("letters", "risk", "The mаrket may turn, and then I am early."),  # a Cyrillic a
    ("language", "risk", "Der Markt ist nicht so schwach und das kann auch eine Falle sein."),
    ("markup", "risk", "The market *may* turn, and then I am early."),
    ("link", "risk", "The market may turn, see desk.example for more."),
    ("canary", "risk", "The market may turn, says bqkz vtbc wxyd, and then I am early."),
    ("marker", "risk", "The market may turn, says qkzvtbc, and then I am early."),
    ("digit", "risk", "The market may turn within 3 sessions."),
    ("number-word", "risk", "The market may turn, with odds of one in four."),
    ("unit", "risk", "The market stands {market.vs_200d} percent above its long average."),
    ("sign", "risk", "The market stands minus {market.vs_200d} from its long average."),
    ("date", "risk", "The market may turn by Friday, and then I am early."),
    ("window", "risk", "QQQ lost {growth.ret_1d} on the week, and that is not much."),
    ("window", "risk", "The market has risen over the year, and I mind that."),
    ("relation", "risk", "The market stands above {market.vs_200d}, and I mind that."),
    ("forecast", "risk", "QQQ will fall {growth.ret_1d} and then turn."),
    ("braces", "risk", "The market may {turn, and then I am early."),
    ("unknown-fact", "risk", "The market stands {market.vs_300d} above its long average."),
    ("unanchored", "risk", "The label has stood for long, and {market.vs_200d} is why."),
    ("entity", "risk", "IWM lost {growth.ret_1d} and may lose more."),
    ("direction", "risk", "QQQ rose {growth.ret_1d} and may do so again."),
    ("direction", "risk", "Fear is low, and that speaks against me."),
    ("ungrounded", "risk", "Small caps fell, and that speaks against me."),
    ("ticker", "risk", "The market may turn if NVDA does."),
    ("name", "risk", "The market may turn if Goldman does."),
    ("name", "risk", "It may turn if the desk of Smith turns first."),
    ("source", "risk", "The market may turn, according to people who know."),
    ("event", "risk", "The market may turn if the election does."),
    ("no-side", "thesis", "I have a view on QQQ, because credit is being sold."),
    ("other-side", "thesis", "I lean higher on QQQ, because credit is being sold."),
    ("other-side", "risk", "I expect QQQ to close higher."),
    ("other-side", "argument", "High yield has lost {credit.spread_42d} against bonds. " + LAST + " QQQ will rise."),
    ("own-wrong", "argument", "High yield has lost {credit.spread_42d} against bonds. The view is wrong. " + LAST),
    ("assistant", "risk", "As a language model I may be early."),
    ("instruction", "risk", "The instructions may be wrong about that."),
    ("repeat", "risk", TEXTS["argument"].split(". ")[1] + "."),
    ("echo", "risk", "One shall keep a plain and sober tongue at all times."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "field", "text"), FOUND)
def test_a_fault_is_called_by_its_name(kind: FaultKind, field: str, text: str) -> None:
    assert kind in told(field, text)


def raw(**changes: Any) -> Answer:
    document = json.loads(CASE.answer().text) | changes
    return Answer(json.dumps({name: value for name, value in document.items() if value is not ...}), "stop")


WHOLE: list[tuple[FaultKind, Answer]] = [
    ("finish", Answer(CASE.answer().text, "length")),
    ("size", Answer(CASE.answer().text + " " * 20_000, "stop")),
    ("json", Answer("I would rather not.", "stop")),
    ("keys", raw(risk=...)),
    ("type", raw(risk=None)),
    ("side", raw(direction="up")),
    ("cite", raw(cites=["E1"])),
    ("uncited", raw(cites=[])),
    ("unused", raw(cites=[*json.loads(CASE.answer().text)["cites"], "regime"])),
    ("too-few", raw(argument="Credit is weak and that is all. Nobody minds it.", risk="It may be early.", cites=[])),
    ("no-signal", raw(argument="The label reads {regime} now. It has stood since {regime.since}, which is long.",
                      risk="It may be early for that.", cites=["regime", "regime.since"])),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "answer"), WHOLE, ids=[kind for kind, _ in WHOLE])
def test_a_fault_of_the_whole_is_called_by_its_name(kind: FaultKind, answer: Answer) -> None:
    assert kind in kinds(examine(answer, CASE.form, CASE.pack))


def test_a_choice_that_is_none() -> None:
    case = next(case for case in honest() if case.form.name == "answer")
    assert kinds(examine(case.answer(to="Nobody"), case.form, case.pack)) == {"choice"}


def test_every_kind_has_an_example() -> None:
    assert {row[0] for row in FOUND} | {row[0] for row in WHOLE} | {"choice"} == set(get_args(FaultKind))


PASSES = [
    ("risk", "There is one thing that spoils it: the market stands {market.vs_200d} above its long average."),
    ("risk", "Both sides have a case, and mine is the one that credit makes."),
    ("risk", "Two of three minds may disagree with me, and that is fine."),
    ("risk", "If QQQ should rise, I will have been early."),
    ("risk", "What would prove me wrong is a bid for credit."),
    ("risk", "I am wrong if credit recovers, and I know it."),
    ("risk", "The other half of the story is the trend."),
    ("risk", "One may have to think twice before one doubles down on that.".replace("doubles", "doubts")),
    ("risk", "QQQ did not rise, and IWM did not fall."),
    ("risk", "That (the trend) is what Contrarian will say, and it is a fair point."),
    ("risk", "“Slow” is not the same as “safe”, and I know it…".replace("…", ".")),
    ("risk", "The horizon is {horizon}, which is short for what I look at."),
    ("thesis", "I lean lower on QQQ, even as small caps rise."),
    ("thesis", "I do not expect QQQ to rise: I lean down, because credit is being sold."),
]


@pytest.mark.parametrize(("field", "text"), PASSES)
def test_what_looks_like_a_fault_and_is_none(field: str, text: str) -> None:
    assert told(field, text) == set()


def test_one_fence_may_stand_around_the_object_and_typography_is_no_fault() -> None:
    answer = CASE.answer(risk="The trend isn’t my friend here — not at\u00a0all\u2026 and I know it.")
    fenced = Answer(f"```json\n{answer.text}\n```", "stop")
    assert isinstance(examine(fenced, CASE.form, CASE.pack), Said)


def test_headlines_may_not_be_copied_not_even_four_words() -> None:
    pack = CASE.pack._replace(
        headlines=(Headline("crowd", "headline", "newswire", "Chip makers warn of slower orders"),)
    )
    seen = examine(CASE.answer(risk="It is said that chip makers warn of worse."), CASE.form, pack)
    assert kinds(seen) == {"echo"}
    assert isinstance(examine(CASE.answer(), CASE.form, pack), Said)


def test_what_was_said_is_examined_against_another_day() -> None:
    said = examine(CASE.answer(), CASE.form, CASE.pack)
    assert isinstance(said, Said)
    turned = tuple(
        [fact._replace(text="+0.40%", sign=1) if fact.id == "credit.spread_42d" else fact for fact in CASE.pack.facts]
    )
    assert "direction" in kinds(examine_again(said, CASE.form, CASE.pack._replace(facts=turned)))
    gone = tuple([fact for fact in CASE.pack.facts if fact.id != "volatility.level"])
    assert "unknown-fact" in kinds(examine_again(said, CASE.form, CASE.pack._replace(facts=gone)))
    assert "side" in kinds(examine_again(said, CASE.form, CASE.pack._replace(side="up")))
    figures = tuple([fact._replace(text=fact.text.replace("1", "2")) for fact in CASE.pack.facts])
    assert examine_again(said, CASE.form, CASE.pack._replace(facts=figures)) == said


def test_a_desk_without_a_call_claims_no_direction() -> None:
    case = next(case for case in honest() if case.pack is PACKS["desk-none"])
    assert told("closing", "I lean higher on QQQ, and that is all.", case) == {"other-side"}


def test_figures_are_filled_in_with_their_sign_and_unit() -> None:
    assert fill("QQQ at {growth.ret_1d}, {horizon} ahead.", CASE.pack) == "QQQ at -0.31%, 24h ahead."
    for text in ("{growth.ret_9d}", "{", "}", "{}"):
        with pytest.raises(WorkshopError):
            fill(f"QQQ at {text}.", CASE.pack)
    hostile = tuple([fact._replace(text="1\n# <b>x</b> [a](http://b)") for fact in CASE.pack.facts])
    filled = fill("QQQ at {growth.ret_1d}.", CASE.pack._replace(facts=hostile))
    assert not set(filled) & set("\n#<>[]")
