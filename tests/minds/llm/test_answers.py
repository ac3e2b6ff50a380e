"""Real answers of a real small model (SmolLM2-135M), each read and judged by hand before any guard saw it.

`answers.json` holds 160 answers, 87 of them different, to packs whose facts were called E1 to E12 and whose prompt
showed figures; with each stand its reader's verdict and reasons. Not one can be printed. Since a guard that refuses
everything would agree, there is a second half: what these answers were driving at, written by hand as it should have
been, which must pass; and one of those texts with one sentence of the model's put in, which must not, for that
sentence's own fault.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from minds.llm.call import Answer
from minds.llm.form import ARGUE
from minds.llm.guard import Rejected, Said, examine
from minds.llm.pack import Entity, Fact, Pack, Side

FOUND: dict[str, Any] = json.loads((Path(__file__).parent / "answers.json").read_text(encoding="utf-8"))

SHOWS: Mapping[str, frozenset[str]] = {
    "cut": frozenset({"finish"}),  # stopped before its end
    "broken": frozenset({"ending", "braces"}),  # a whole object, but a sentence that breaks off
    "fragment": frozenset({"ending", "sentences"}),  # labels or words, no sentence
    "figures": frozenset({"digit"}),
    "repeats": frozenset({"repeat"}),
    "no_side": frozenset({"no-side"}),  # the thesis does not say which way it points
    "own_wrong": frozenset({"own-wrong"}),  # the view is said to be wrong, where it should be argued for
    "contrary": frozenset({"direction", "other-side"}),
    "stranger": frozenset({"ticker", "name", "source"}),  # names what is in no fact
    "off_topic": frozenset({"too-few", "unused", "event"}),
    "ungrounded": frozenset({"too-few", "unused", "unanchored"}),  # cites, and says nothing of what it cites
    "echo": frozenset({"echo"}),  # copies the instructions
    "letters": frozenset({"letters"}),  # other scripts
    "language": frozenset({"language", "letters"}),
}
"""A reader's reason -> the guard's words for it."""

PROMPT = (
    "(1) Do not change or contradict the direction of the baseline view. (2) Use only numbers that appear in the "
    "evidence list, exactly as written. (3) Cite evidence by its id, for example E1, E2, E3, as often as you use it.",
)


_FIGURE = re.compile(r"\(?[-+]?\d[\d.,:-]*(?:(?:st|nd|rd|th)\b)?(?: ?(?:%|bp\b|pts\b))?\)?")


MEANT = [(one[0], one[1], one[2], one[3]) for one in FOUND["meant"]]
"""Side, thesis, argument and risk: the thoughts of these answers, as one would write them."""
GOOD = 2
"""The draft of these into which single sentences are put."""
TRANSPLANTS: dict[str, str] = dict(FOUND["transplants"])
"""Sentences of the model's, their figures replaced by placeholders -> the fault that a reader sees first."""


class Row(NamedTuple):
    """One fact of the packs; `rises` as on a day that speaks for `up`."""

    thing: str
    owner: str
    rises: int
    text: str
    unit: str = "return"


ROWS = (
    Row("QQQ's day", "growth", 1, "{}0.44%"),
    Row("IWM's day", "small", 1, "{}1.31%"),
    Row("SPY's day", "market", 1, "{}0.36%"),
    Row("the VIX", "volatility", -1, "22.69", "points"),
    Row("the ten-year yield's day", "rate_10y", -1, "{}4.6 bp", "bp"),
    Row("the dollar's day", "dollar", -1, "{}0.29%"),
    Row("the share of risk-on days", "", 1, "64%", "share"),
    Row("the advance/decline ratio", "", 1, "1.57", "ratio"),
    Row("the put/call ratio", "", -1, "0.92", "ratio"),
    Row("the high-yield spread's week", "credit", -1, "{}13.5 bp", "bp"),
    Row("QQQ's week", "growth", 1, "{}1.77%"),
    Row("SPY's week", "market", 1, "{}1.57%"),
)
ENTITIES = (
    Entity("growth", "QQQ", ("the nasdaq", "tech", "growth")),
    Entity("small", "IWM", ("small caps",)),
    Entity("market", "SPY", ("the market", "the index", "stocks")),
    Entity("volatility", "VIX", ("the vix", "volatility")),
    Entity("rate_10y", "TNX", ("the ten-year yield", "the ten-year")),
    Entity("dollar", "DXY", ("the dollar",)),
    Entity("credit", "HYG", ("credit", "the high-yield spread", "high yield")),
)


def pack(side: Side) -> Pack:
    """Twelve facts, all of which speak for `side`."""
    way = 1 if side == "up" else -1
    facts = tuple([
        Fact(f"E{number}", row.text.format("+" if row.rises * way > 0 else "-"), row.thing, "signal", row.owner,
             row.rises * way, way, "", "clear", row.unit)
        for number, row in enumerate(ROWS, 1)
    ])  # fmt: skip
    return Pack("Macro", "QQQ", "24h", side, "clear", facts, ENTITIES)


def asked(text: str, side: Side, finish: str = "stop") -> Said | Rejected:
    return examine(Answer(text, finish), ARGUE, pack(side), prompt=PROMPT)


def in_our_form(text: str, side: Side, figures: bool = True) -> str:
    """The same answer with the fields of today's form, so that it is judged for what it says; if wished with the
    placeholder of a fact that it cites instead of each figure.
    """
    old = json.loads(text)
    cites = list(dict.fromkeys(old["cites"]))
    texts = {"thesis": old["thesis"], "argument": old["argument"], "risk": old["risks"]}
    if not figures:
        turn = itertools.cycle(cites)
        texts = {name: _FIGURE.sub(lambda _: f"{{{next(turn)}}}", re.sub(r"\[E\d+\]|[/&]", " ", text))
                 for name, text in texts.items()}  # fmt: skip
    return json.dumps({"direction": side, **texts, "cites": cites})


def kinds(verdict: Said | Rejected) -> set[str]:
    return {fault.kind for fault in verdict.faults} if isinstance(verdict, Rejected) else set()


READ: dict[str, tuple[dict[str, Any], Side]] = {
    f"{one['set']}-{one['seed']}": (FOUND["read"][one["read"]], one["dir"]) for one in FOUND["answers"]
}
WHOLE = [name for name, (read, _) in READ.items() if read["reasons"] != ["cut"]]
"""The answers that were not stopped before their end."""


@pytest.fixture(autouse=True)
def every_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repair is told only the first faults; a comparison wants them all."""
    monkeypatch.setattr(sys.modules["minds.llm.guard.examine"], "_MOST_FAULTS", 1000)


def test_all_160_were_read() -> None:
    assert len(FOUND["answers"]) == 160
    assert {one["read"] for one in FOUND["answers"]} == set(range(87))
    assert all(read["label"] == "reject" and set(read["reasons"]) <= set(SHOWS) for read in FOUND["read"])


@pytest.mark.parametrize("name", READ)
def test_the_guard_s_verdict_is_the_reader_s(name: str) -> None:
    read, side = READ[name]
    verdict = asked(read["text"], side, read["finish"])
    assert isinstance(verdict, Rejected)
    # As they came they have the fields of another form; what else is wrong with them is looked for below.
    assert kinds(verdict) == ({"finish"} if read["reasons"] == ["cut"] else {"keys"})


@pytest.mark.parametrize("name", WHOLE)
def test_the_guard_finds_the_reader_s_reasons(name: str) -> None:
    read, side = READ[name]
    found = kinds(asked(in_our_form(read["text"], side), side))
    assert ("digit" in found) == ("figures" in read["reasons"])
    mended = kinds(asked(in_our_form(read["text"], side, figures=False), side))
    missed = {reason for reason in read["reasons"] if reason != "figures" and not SHOWS[reason] & (mended | found)}
    assert not missed, f"found {sorted(mended)}"


def draft(side: Side, thesis: str, argument: str, risk: str) -> str:
    """An answer that cites what it uses."""
    cites = list(dict.fromkeys(re.findall(r"\{(\w+)\}", f"{thesis} {argument} {risk}")))
    return json.dumps({"direction": side, "thesis": thesis, "argument": argument, "risk": risk, "cites": cites})


@pytest.mark.parametrize(("side", "thesis", "argument", "risk"), MEANT)
def test_what_they_were_driving_at_passes_when_it_is_written_well(
    side: Side, thesis: str, argument: str, risk: str
) -> None:
    assert isinstance(asked(draft(side, thesis, argument, risk), side), Said)


@pytest.mark.parametrize(("sentence", "fault"), TRANSPLANTS.items())
def test_one_sentence_of_theirs_spoils_a_good_draft(sentence: str, fault: str) -> None:
    side, thesis, argument, risk = MEANT[GOOD]
    assert isinstance(asked(draft(side, thesis, argument, risk), side), Said)
    assert kinds(asked(draft(side, thesis, f"{argument} {sentence}", risk), side)) >= {fault}


@pytest.mark.xfail(reason="grammatical, without a figure and about nothing: no rule sees it, so evidence stands beside")
@pytest.mark.parametrize("sentence", FOUND["slips"])
def test_a_reader_would_strike_this_too(sentence: str) -> None:
    side, thesis, argument, risk = MEANT[GOOD]
    assert kinds(asked(draft(side, thesis, f"{argument} {sentence}", risk), side))
