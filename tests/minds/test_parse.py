"""Reading essays: one in the seed's form with every value known by hand, damaged ones, hostile ones, and whatever
Hypothesis finds.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import TradingCalendar
from minds.parse import Deadline, ParsedEssay, SecondaryCall, parse_essay
from minds.parse.values import fraction, sessions
from tests.minds.records import HOSTILE, calendar

FOLDER = Path(__file__).parent / "essays"


def read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def parse(text: str) -> ParsedEssay:
    return parse_essay(text, calendar())


SIZE_GAP = read("size_gap.md")
WHOLE = SIZE_GAP.replace("Permanent link", "*Ledger: 617:0123456789abcdef*\n\nPermanent link").replace(
    "08:14 AM", "02:56 PM"
)


def test_an_essay_in_the_seeds_form() -> None:
    found = parse_essay(SIZE_GAP)  # without a calendar: the New York Stock Exchange is looked up
    assert found.title == "Big Names Sink, Small Ones Float, and Nobody Asks Why"
    assert (found.cycle, found.stamp, found.dateline) == (617, "2026-04-02T14:56:55", "2026-04-02T08:14")
    assert (found.direction, found.timeframe, found.sessions, found.confidence) == ("down", "24h", 1, 0.52)
    assert (found.debate, found.conviction) == ("divergent", 0.33)
    assert found.confidences == {"Macro": 0.30, "Flow": 0.38, "Contrarian": 0.25}
    assert found.recomputed_conviction == pytest.approx(0.33)
    assert (found.symbol, found.range_percent) == ("QQQ", (-1.8, -0.8))
    assert found.missing == ("yield curve", "VIX intraday", "Fed speak")
    assert found.link == "https://desk.example/read/498/big-names-sink-small-ones-float"
    assert found.as_of == "2026-04-02"
    # Good Friday is closed: the next sessions are Monday and Tuesday.
    assert found.deadline == Deadline("2026-04-06", "2026-04-03 is not an XNYS session")
    later = Deadline("2026-04-07", "2026-04-03 and 2026-04-04 are not XNYS sessions")
    assert found.secondary == (SecondaryCall("IWM", "down", "48h", 2, later),)
    assert found.problems == ("no ledger head (*Ledger: …*)",)
    (warning,) = found.warnings
    assert "disagree" in warning and "6 h 42 min" in warning


def test_other_numerals_and_words() -> None:
    found = parse(read("comma.md"))
    assert (found.direction, found.sessions, found.confidence) == ("up", 2, 0.55)
    assert found.range_percent == (0.4, 1.1)
    assert (found.symbol, [call[:4] for call in found.secondary]) == ("SPY", [("QQQ", "up", "3 sessions", 3)])
    assert found.confidences == {"Macro": 0.5, "Seasonal-2": 0.355}
    assert found.conviction == 0.44 and found.recomputed_conviction == pytest.approx((3 * 0.5 + 2 * 0.355) / 5)
    assert found.ledger == "12:00112233445566778899aabbccddeeff"
    # 2018-11-22 was Thanksgiving, so two sessions after Tuesday is Friday.
    assert found.deadline == Deadline("2018-11-23", "2018-11-22 is not an XNYS session")
    assert found.secondary[0].deadline == Deadline("2018-11-26", "")
    assert (found.warnings, found.problems) == ((), ())


def test_the_first_of_two_counts_and_the_second_is_a_problem() -> None:
    found = parse(read("twice.md"))
    assert (found.title, found.direction, found.confidence) == ("Said Twice", "down", 0.52)
    assert (found.debate, found.confidences) == ("lone", {"Macro": 0.30})
    assert (found.symbol, found.range_percent, found.secondary) == ("IWM", None, ())
    assert found.ledger is None and found.link == "/read/13/said-twice"
    for part in (
        "second tag [DIRECTION: up]",
        "second tag [CONFIDENCE: 0.99]",
        "2 *Debate",
        "Macro stands twice",
        "1O%",
        "13:xyz",
    ):
        assert any(part in problem for problem in found.problems), part
    assert any("80%" in warning and "30%" in warning for warning in found.warnings)
    assert any("disagree" in warning for warning in found.warnings)


PARTS = {
    "# Big Names Sink, Small Ones Float, and Nobody Asks Why\n": "no title",
    "*Workshop · 2026-04-02 14:56:55*\n": "no stamp",
    "**Cycle 617 | April 02, 2026 — 02:56 PM**\n": "no cycle line",
    "**PREDICTION:**\n": "no **PREDICTION:** section",
    "[DIRECTION: down]": "no [DIRECTION: …] tag",
    "[TIMEFRAME: 24h]": "no [TIMEFRAME: …] tag",
    "[CONFIDENCE: 0.52]": "no [CONFIDENCE: …] tag",
    "*Debate: divergent | Conviction: 33% | Macro: 30% | Flow: 38% | Contrarian: 25%*\n": "no *Debate: …* footer",
    " | Conviction: 33%": "the footer has no conviction",
    "*Ledger: 617:0123456789abcdef*\n": "no ledger head",
    "Permanent link: https://desk.example/read/498/big-names-sink-small-ones-float\n": "no permanent link",
}


def test_a_whole_essay_has_no_problem() -> None:
    found = parse(WHOLE)
    assert (found.problems, found.warnings) == ((), ())


@pytest.mark.parametrize(("part", "problem"), PARTS.items(), ids=lambda text: text[:20])
def test_each_missing_part_is_named_and_never_guessed(part: str, problem: str) -> None:
    assert part in WHOLE
    found = parse(WHOLE.replace(part, ""))
    assert any(problem in text for text in found.problems), found.problems


def test_nothing_at_all() -> None:
    found = parse("")
    assert found == ParsedEssay(problems=found.problems)
    assert len(found.problems) >= 8


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(ends: str) -> None:
    assert parse("\ufeff" + WHOLE.replace("\n", ends)) == parse(WHOLE)


@pytest.mark.parametrize(
    "text", ["٠.٥٢", "０.52", "0.5²", "1.2", "-0.1", "nan", "inf", "0x1", "1e-1", "", "%", "52 %%", "0.5.2"]
)
def test_a_confidence_that_is_no_number_is_refused(text: str) -> None:
    found = parse(WHOLE.replace("0.52", text))
    assert found.confidence is None
    assert any("unreadable confidence" in problem for problem in found.problems)


@pytest.mark.parametrize(
    ("text", "value"), [("0.52", 0.52), ("52%", 0.52), ("0,52", 0.52), (".5", 0.5), ("33 %", 0.33), ("100%", 1.0)]
)
def test_numbers(text: str, value: float) -> None:
    assert fraction(text) == value


@pytest.mark.parametrize(
    ("text", "count"),
    [("24h", 1), ("48 hours", 2), ("5 sessions", 5), ("1 session", 1), ("2d", 2), ("36h", None), ("0h", None),
     ("65 sessions", None), ("tomorrow", None), ("-24h", None), ("٢٤h", None), ("1 week", None), ("", None)],
)  # fmt: skip
def test_horizons(text: str, count: int | None) -> None:
    assert sessions(text) == count


def test_a_market_that_never_closes_counts_days() -> None:
    found = parse_essay(WHOLE, TradingCalendar.load("24/7", date(2026, 1, 1), date(2026, 5, 1)))
    assert found.deadline == Deadline("2026-04-03", "")


def test_an_essay_of_a_closed_day_counts_from_the_session_before() -> None:
    found = parse(
        WHOLE.replace("2026-04-02 14:56:55", "2026-03-29 14:56:55").replace("April 02", "March 29")
    )  # a Sunday
    assert (found.as_of, found.deadline) == ("2026-03-27", Deadline("2026-03-30", "2026-03-28 is not an XNYS session"))
    assert any("2026-03-29 is not an XNYS session" in warning for warning in found.warnings)


@pytest.mark.parametrize("day", ["1640-01-04", "2300-01-04", "9999-12-31", "0001-01-01"])
def test_a_day_that_no_calendar_covers_is_a_problem(day: str) -> None:
    for found in (parse_essay(WHOLE.replace("2026-04-02", day)), parse(WHOLE.replace("2026-04-02", day))):
        assert found.deadline is None and found.confidence == 0.52
        assert any("no deadline" in problem for problem in found.problems)


@pytest.mark.parametrize("stamp", ["2026-02-30 10:00:00", "2026-04-02 25:00:00", "２026-04-02 10:00:00", "yesterday"])
def test_a_stamp_that_is_no_date_is_a_problem(stamp: str) -> None:
    found = parse(WHOLE.replace("2026-04-02 14:56:55", stamp))
    assert found.stamp is None and found.deadline is None
    assert any("unreadable stamp" in problem for problem in found.problems)


@pytest.mark.parametrize(
    ("stamp", "dateline", "agree"),
    [
        ("2026-04-02 20:30:00 UTC", "April 02, 2026 — 04:30 PM", True),  # summer time in New York
        ("2026-01-05 21:30:00 UTC", "January 05, 2026 — 04:30 PM", True),
        ("2026-04-02 20:30:00 UTC", "April 02, 2026 — 03:30 PM", False),
        ("2026-04-03 00:30:00+04:00", "April 02, 2026 — 04:30 PM", True),
        ("2026-04-02 16:30:59", "April 02, 2026 — 04:30 PM", True),
        ("2026-04-02 16:30:59", "April 01, 2026 — 04:30 PM", False),
        ("2026-04-02 00:10:00", "April 02, 2026 — 12:10 AM", True),
        ("2026-04-02 12:10:00", "April 02, 2026 — 12:10 PM", True),
    ],
)
def test_stamp_and_dateline_are_held_against_each_other(stamp: str, dateline: str, agree: bool) -> None:
    text = WHOLE.replace("2026-04-02 14:56:55", stamp).replace("April 02, 2026 — 02:56 PM", dateline)
    found = parse(text)
    assert any("disagree" in warning for warning in found.warnings) is not agree


@pytest.mark.parametrize(
    ("sentence", "calls"),
    [
        ("XLE breaks down within 3 sessions.", [("XLE", "down", 3)]),
        ("Look for BRK.B higher in 48 hours.", [("BRK.B", "up", 2)]),
        ("Within 48h I expect TLT to rally.", [("TLT", "up", 2)]),
        ("^GSPC will close higher within 21 sessions.", [("^GSPC", "up", 21)]),
        ("TLT will not rally within 48h.", []),
        ("QQQ stays lower for 24h.", []),  # the lead call itself
        ("The CPI is out within 48h.", []),
        ("IWM is interesting within 48h.", []),
        ("IWM falls.", []),  # no horizon, no claim
    ],
)
def test_further_calls(sentence: str, calls: list[tuple[str, str, int]]) -> None:
    text = WHOLE.replace("When IWM rolls over, probably within 48h, the change of regime will be plain.", sentence)
    found = parse(text)
    assert [(call.symbol, call.direction, call.sessions) for call in found.secondary] == calls


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        ("down 0.8-1.8%", (-1.8, -0.8)),
        ("up 0.8 to 1.8%", (0.8, 1.8)),
        ("between -1.42% and +1.31%", (-1.42, 1.31)),
        ("a move of 0.5%–1%", (-1.0, -0.5)),  # the tag says down
        ("down 2%", None),
        ("80% sure of 1 to 2 points", None),
    ],
)
def test_ranges(words: str, ends: tuple[float, float] | None) -> None:
    assert parse(WHOLE.replace("down 0.8-1.8%", words)).range_percent == ends


def test_a_range_against_the_direction_is_a_warning() -> None:
    found = parse(WHOLE.replace("down 0.8-1.8%", "up 0.8-1.8%"))
    assert any("other side" in warning for warning in found.warnings)


MEGABYTE = 1_000_000
BOMBS = [
    "a" * MEGABYTE,
    "\n" * MEGABYTE,
    "[DIRECTION: " * (MEGABYTE // 12),
    "[DIRECTION: up]\n" * (MEGABYTE // 16),
    "[[[[" * (MEGABYTE // 4),
    "**PREDICTION:**\n" * (MEGABYTE // 16),
    "**PREDICTION:** " + "QQQ down 0.8-" * (MEGABYTE // 13),
    "**PREDICTION:** " + "A" * MEGABYTE,
    "**PREDICTION:** " + "not very " * (MEGABYTE // 9) + "IWM 48h lower",
    "**PREDICTION:** " + "IWM falls within 48h. " * (MEGABYTE // 22),
    "**PREDICTION:** x\n[DIRECTION: up]\nmissing data (" + "a, " * (MEGABYTE // 3) + ")",
    "**PREDICTION:** x\n[DIRECTION: up]\n---\n*Debate: lone" + " | a: 1%" * (MEGABYTE // 8) + "*",
    "**PREDICTION:** x\n[DIRECTION: up]\n---\n*Debate:" + "|" * MEGABYTE,
    "**PREDICTION:** x\n[DIRECTION: up]\n" + "*Ledger: 1:" + "0" * MEGABYTE,
    "*Workshop · " + "2026-04-02 " * (MEGABYTE // 11),
    "**Cycle " + "1" * MEGABYTE,
    "# " * (MEGABYTE // 2),
    "# \n" * (MEGABYTE // 3),
    "\u2028\x85\x1c".join(["# x"] * (MEGABYTE // 6)),
    "".join(HOSTILE) * 500,
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda text: repr(text[:24]))
def test_a_megabyte_of_anything_is_read_in_linear_time(bomb: str) -> None:
    # A pattern that backtracks would not come back from these.
    found = parse(bomb)
    assert found.problems
    assert len(found.problems) < 200
    json.dumps(found.to_json_dict())


markup = st.text(alphabet="#*|[]()—·:%0123456789.,-+ \n\r\tQPIWMabcdh<>&\\`", max_size=400)


@given(st.one_of(st.text(max_size=300), markup, st.sampled_from(HOSTILE)), st.integers(0, len(WHOLE)))
def test_no_text_raises_and_every_answer_is_json(text: str, at: int) -> None:
    for essay in (text, WHOLE[:at] + text + WHOLE[at:], WHOLE[:at] + text):
        found = parse(essay)
        assert json.loads(json.dumps(found.to_json_dict())) == found.to_json_dict()
        assert found.confidence is None or 0.0 <= found.confidence <= 1.0
        assert found.sessions is None or 1 <= found.sessions <= 64
        assert found.stamp is None or datetime.fromisoformat(found.stamp).year > 0


def test_the_json_form_is_plain() -> None:
    found = parse(WHOLE).to_json_dict()
    assert found["range_percent"] == [-1.8, -0.8]
    assert found["deadline"] == {"day": "2026-04-06", "reason": "2026-04-03 is not an XNYS session"}
    assert found["secondary"][0]["deadline"]["day"] == "2026-04-07"
    assert found["confidences"] == {"Macro": 0.30, "Flow": 0.38, "Contrarian": 0.25}
