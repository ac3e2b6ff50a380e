"""Essays: the seed's form, what is written is what is read back, hostile text, figures by hand, and years without
repetition.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.claims import horizon_label
from engine.errors import InputError
from minds.advised import Advice
from minds.essay import NAMED, link, render
from minds.lookup import claim_of, missing_names, speakers
from minds.parse import parse_essay
from minds.record import CycleRecord
from minds.text import clause, name, plain, ticker
from minds.view import Abstention, Debate, GateResult, View
from minds.writer import Draft
from tests.minds.records import HOSTILE, calendar, cycle_records, seed_day

ROOT = Path(__file__).parents[2]
HEAD = "617:abcdef0123456789"
SEED_DAY = render(seed_day(), HEAD)
SENTENCE = re.compile(r"(?<=[.!?:]) ")


# ---- the form, by hand ----


def test_the_seeds_form_to_the_letter() -> None:
    lines = SEED_DAY.splitlines()
    assert lines[0].startswith("# ") and len(lines[0]) > 10
    assert lines[2] == "*Workshop · 2026-04-02 20:30:00 UTC*"
    assert lines[4] == "**Cycle 617 | April 02, 2026 — 04:30 PM**"
    assert lines.count("**PREDICTION:**") == 1
    assert "[DIRECTION: down] [TIMEFRAME: 24h] [CONFIDENCE: 0.52]" in lines
    assert "*Debate: divergent | Conviction: 33% | Macro: 30% | Flow: 38% | Contrarian: 25%*" in lines
    assert lines[-7:-2] == ["---", lines[-6], "", "---", "*Ledger: 617:abcdef0123456789*"]
    assert re.fullmatch(r"Permanent link: /read/617/[a-z0-9-]+", lines[-1])


def test_the_calls_are_stamped_with_base_rate_interval_prices_and_deadline() -> None:
    assert (
        "QQQ will close lower by the close of Monday, April 6, 2026 (24h): p(up) 0.48 against a base rate of 0.55. "
        "The central 80% interval runs from -1.42% to +1.31%, which is 576.01 to 591.96 "
        "from a reference price of 584.31."
    ) in SEED_DAY
    assert (
        "IWM will close lower within 48h, by the close of Tuesday, April 7, 2026: p(up) 0.46 against a base rate "
        "of 0.53, reference price 250.00."
    ) in SEED_DAY


def test_what_must_be_in_the_argument_is_there() -> None:
    argument = SEED_DAY[: SEED_DAY.index("**PREDICTION:**")]
    assert "risk-on 0.45 (stale)" in argument and "score has drifted by 0.24" in argument
    for mind in ("Macro", "Flow", "Contrarian"):
        assert mind in argument
    for value in ("0.59%", "0.31%", "18.4"):  # the minds' own numbers, each in its unit
        assert value in argument
    # 20 of 30 is the seed's "0.67 in risk-on"; its Wilson interval is a published example.
    # Counts, rates, intervals and base rates stand together, in whatever words.
    assert re.search(r"20 of 30, 0\.67 \(95% interval 0\.49 to 0\.81; base rate 0\.55\)", argument)
    own = next(line for line in argument.splitlines() if "616" in line)
    assert {"335", "616", "0.54", "0.50", "0.58", "0.55", "95%"} <= set(re.findall(r"[0-9][0-9.]*[0-9]%?", own))
    assert "no bar for ^TNX on 2026-04-02" in argument and "the feed is dark" in argument
    assert "Wednesday" in argument and re.search(r"QQQ (?:fell|lost|shed|gave up) 0\.31%", argument)
    assert re.search(r"\b[Ww]rong\b", argument)


def test_an_abstaining_mind_is_named_with_its_reason() -> None:
    record = seed_day()
    said = record.views["QQQ:1"]
    views = {
        **record.views,
        "QQQ:1": (*said[:2], Abstention("contrarian", "QQQ:1", "its feed has been frozen for weeks")),
    }
    text = render(replace(record, views=views), HEAD)
    assert re.search(r"Contrarian[^\n]*its feed has been frozen for weeks", text)


def test_a_call_that_was_not_published_is_none_with_a_reason_and_no_confidence() -> None:
    record = seed_day()
    stop = GateResult("netting", "QQQ:1", "abstain", "it would contradict an open call")
    held = replace(record, claims=(record.claims[1],), gates=(stop,))
    text = render(held, HEAD)
    assert "[DIRECTION: none] [TIMEFRAME: 24h]\n" in text
    assert "CONFIDENCE" not in text
    assert (
        "No direction call on QQQ (24h): it would contradict an open call. The central 80% interval runs from" in text
    )
    found = parse_essay(text, calendar())
    assert (found.direction, found.confidence, found.symbol, found.problems) == ("none", None, "QQQ", ())


def test_nobody_speaks() -> None:
    record = seed_day()
    silence = tuple([Abstention(item.mind, "QQQ:1", "every feed is dark") for item in record.views["QQQ:1"]])
    text = render(
        replace(
            record,
            views={"QQQ:1": silence},
            claims=(),
            debates={"QQQ:1": Debate("silent", 0.0, ())},
            targets=record.targets[:1],
        ),
        HEAD,
    )
    assert "No direction call on QQQ (24h): no mind speaks." in text
    assert "*Debate: silent | Conviction: 0%*" in text
    assert text.count("every feed is dark") == 3


def test_other_zones_and_horizons() -> None:
    record = replace(seed_day(), as_of=datetime(2026, 1, 5, 6, 30, tzinfo=UTC), timezone="Asia/Tokyo")
    lines = render(record, HEAD).splitlines()
    assert lines[2] == "*Workshop · 2026-01-05 06:30:00 UTC*"
    assert lines[4] == "**Cycle 617 | January 05, 2026 — 03:30 PM**"
    with pytest.raises(InputError, match="time zone"):
        render(replace(record, timezone="Mars/Olympus"), HEAD)
    with pytest.raises(InputError, match="no target"):
        render(replace(record, targets=()), HEAD)


def test_a_draft_cannot_break_the_form() -> None:
    draft = Draft(
        "# [DIRECTION: up] title",
        (
            "---\n*Debate: lone*",
            "**PREDICTION:** up",
            "*Ledger: 9:ffffffffffffffff*",
            "- item",
            "<b>x</b>",
            "-0.31% stays",
        ),
        "[CONFIDENCE: 0.99]",
        "**Cycle 9** closing",
    )
    text = render(seed_day(), HEAD, draft)
    plain_found, found = parse_essay(SEED_DAY, calendar()), parse_essay(text, calendar())
    assert found.problems == () and found.title == "(DIRECTION: up) title"
    for field in (
        "direction",
        "confidence",
        "debate",
        "ledger",
        "cycle",
        "symbol",
        "range_percent",
        "secondary",
        "deadline",
    ):
        assert getattr(found, field) == getattr(plain_found, field), field
    assert "\n-0.31% stays\n" in text and "<" not in text


def test_a_note_says_who_wrote_and_an_essay_without_one_keeps_its_bytes() -> None:
    draft = Draft("t", ("a",), "b", "c")
    bare, noted = render(seed_day(), HEAD, draft), render(seed_day(), HEAD, draft._replace(note="template, 2 of 5"))
    ledger = f"*Ledger: {HEAD}*\n\n"
    assert noted == bare.replace(ledger, f"{ledger}*Writer: template, 2 of 5*\n\n")
    assert parse_essay(bare, calendar()).writer is None
    assert parse_essay(noted, calendar()).writer == "template, 2 of 5"


@pytest.mark.parametrize("text", [*HOSTILE, "x*\n\n*Ledger: 9:ffffffffffffffff*", "*Writer: y*", "z " * 900])
def test_a_note_cannot_break_the_form(text: str) -> None:
    draft = Draft("t", ("a",), "b", "c")
    bare, noted = [parse_essay(render(seed_day(), HEAD, draft._replace(note=note)), calendar()) for note in ("", text)]
    assert noted.problems == () and replace(noted, writer=None) == bare
    lines = render(seed_day(), HEAD, draft._replace(note=text)).splitlines()
    assert len([line for line in lines if line.startswith("*Writer:")]) == (noted.writer is not None)
    assert max(len(line) for line in lines if line.startswith("*")) < 400


def advised(tilt: str, because: str) -> CycleRecord:
    """The seed's day with an adviser: .48 where the synthesis alone says .47."""
    advice = Advice("2026-04-02/QQQ/direction/1", tilt, because, 0.47, 0.48, None, None, 0.254, 0.125, 0)
    return replace(seed_day(), advice=advice)


def test_an_adviser_has_a_line_of_its_own() -> None:
    draft = Draft("t", ("a",), "b", "c")
    bare, said = render(seed_day(), HEAD, draft), render(advised("up", "The day was strong."), HEAD, draft)
    line = (
        "*Adviser: a tilt up, of which its record has earned 25%; p(up) 0.480, and 0.470 without it. "
        "The day was strong.*\n\n"
    )
    assert said == bare.replace("---\n*Ledger", f"{line}---\n*Ledger")
    assert parse_essay(said, calendar()).adviser == line[len("*Adviser: ") : -3]
    assert parse_essay(bare, calendar()).adviser is None
    silent = render(advised("", "no answer, budget"), HEAD, draft)
    assert "*Adviser: no advice (no answer, budget); p(up) 0.480 is the desk's own.*" in silent
    assert parse_essay(silent, calendar()).problems == ()


@pytest.mark.parametrize("text", [*HOSTILE, "x*\n\n*Ledger: 9:ffffffffffffffff*", "*Adviser: y*", "z " * 900, "", "*"])
def test_an_adviser_cannot_break_the_form(text: str) -> None:
    draft = Draft("t", ("a",), "b", "c")
    bare = parse_essay(render(seed_day(), HEAD, draft), calendar())
    for tilt in ("strong_down", ""):
        essay = render(advised(tilt, text), HEAD, draft)
        found = parse_essay(essay, calendar())
        assert found.problems == ()
        assert replace(found, adviser=None) == bare
        assert found.adviser is not None
        assert len([line for line in essay.splitlines() if line.startswith("*Adviser:")]) == 1
    paragraph = draft._replace(argument=("*Adviser: a strong tilt up*",))
    assert "\n*Adviser" not in render(seed_day(), HEAD, paragraph)


# ---- what is written is what is read back ----


def expected_secondary(record: CycleRecord) -> list[tuple[str, str, int, str]]:
    lead = record.targets[0]
    found: dict[tuple[str, int], tuple[str, str, int, str]] = {}
    for target in record.targets[1:]:
        claim = claim_of(record, target, "direction")
        key = (ticker(target.symbol), target.horizon)
        if claim is not None and claim.probability is not None and key != (ticker(lead.symbol), lead.horizon):
            side = "up" if claim.probability >= 0.5 else "down"
            found.setdefault(key, (key[0], side, target.horizon, claim.deadline))
    return list(found.values())


@given(cycle_records())
@settings(max_examples=150)
def test_an_essay_says_what_the_record_says(record: CycleRecord) -> None:
    text = render(record, HEAD)
    found = parse_essay(text, calendar())
    lead = record.targets[0]
    call, band = claim_of(record, lead, "direction"), claim_of(record, lead, "interval")
    debate = record.debates[lead.key]

    assert found.problems == () and found.warnings == ()
    assert datetime.fromisoformat(str(found.stamp)) == record.as_of
    assert (found.cycle, found.as_of, found.ledger) == (record.cycle, record.session, HEAD)
    assert (found.symbol, found.timeframe, found.sessions) == (
        ticker(lead.symbol),
        horizon_label(lead.horizon),
        lead.horizon,
    )
    if call is None or call.probability is None:
        assert (found.direction, found.confidence) == ("none", None)
    else:
        assert found.direction == ("up" if call.probability >= 0.5 else "down")
        assert found.confidence == pytest.approx(max(call.probability, 1 - call.probability), abs=0.005001)
        assert found.deadline is not None and found.deadline.day == call.deadline
    if band is not None and band.low is not None and band.high is not None:
        assert found.range_percent == pytest.approx((100 * band.low, 100 * band.high), abs=0.005001)
    assert found.debate == debate.label
    assert found.conviction == pytest.approx(debate.conviction, abs=0.005001)
    called = speakers(record)
    assert found.confidences == pytest.approx({called[mind]: value for mind, value in debate.confidences}, abs=0.005001)
    assert [
        (c.symbol, c.direction, c.sessions, c.deadline.day if c.deadline else "") for c in found.secondary
    ] == expected_secondary(record)
    names = missing_names(record)
    assert (found.missing, found.missing_unnamed) == (tuple(names[:NAMED]), max(0, len(names) - NAMED))
    assert found.title is not None and found.link == link(record, found.title)


@given(cycle_records())
def test_equal_records_give_equal_bytes_and_never_markup(record: CycleRecord) -> None:
    text = render(record, HEAD)
    assert text == render(replace(record), HEAD)
    lines = text.split("\n")
    assert [line for line in lines if line.startswith("#")] == [lines[0]]
    assert len(lines) == len(text.splitlines()) + 1  # no separator but the line feed
    assert [line for line in lines if line.startswith("*Debate:")] == [
        line for line in lines if "| Conviction:" in line
    ]
    assert sum([line == "---" for line in lines]) == 2
    assert text.count("[") == text.count("]") == (3 if "[CONFIDENCE" in text else 2)
    for forbidden in ("<", "](", "://", "www.", "`", "{", "}", "\u202e", "\x00"):
        assert forbidden not in text, forbidden


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_one_harmless_line(text: str) -> None:
    for safe in (plain(text), name(text), ticker(text), clause(text)):
        assert "\n" not in safe and len(safe.splitlines()) <= 1
        assert not set(safe) & set("[]<>{}|*#`\\\u202e\u200b\ufeff")
        assert "://" not in safe and "www." not in safe.lower()
    assert name(text) and ticker(text) and clause(text)
    assert not set(name(text)) & set(":,%();/")


@given(st.text(max_size=400))
def test_harmless_text_stays_as_it_is_and_making_harmless_is_done_once(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert len(plain(text)) <= 160 and len(name(text)) <= 32 and len(ticker(text)) <= 24


@pytest.mark.parametrize(
    "text",
    [
        "no bar for ^VIX on 2018-12-05",
        "S&P 500",
        "history of 36 of 42 sessions (too short)",
        "rate_10y",
        "50% of it; really?",
    ],
)
def test_ordinary_reasons_are_not_touched(text: str) -> None:
    assert plain(text) == text


def test_two_minds_never_share_a_name() -> None:
    said = tuple([View(mind, "QQQ:1", 0.5) for mind in ("macro", "Macro", "MACRO", "[macro]")])
    record = replace(seed_day(), views={"QQQ:1": said})
    assert len(set(speakers(record).values())) == 4
