"""Figures, names and words: each printed form by hand, and text from elsewhere made harmless."""

from __future__ import annotations

import math
from datetime import datetime

import pytest

from engine.signals.spec import Unit
from minds import figures
from minds.essay import file_name
from minds.nouns import Nouns
from minds.record import MindRecord
from minds.text import listing, slug, title_case
from tests.minds.records import seed_day


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (-0.0031, "return", "-0.31%"), (0.0028, "return", "+0.28%"), (-0.00001, "return", "0.00%"),
        (0.625, "share", "62.5%"), (0.12, "points", "+0.12 points"), (18.4, "level", "18.4"),
        (2345.67, "level", "2,345.7"), (4.256, "level", "4.26"),
        (1.84, "sigma", "+1.8 sigma"), (-0.004, "score", "0.00"),
        (0.45, "score", "+0.45"), (1.5, "ratio", "1.50"),
        (-0.13, "ratio", "-0.13"), (math.nan, "return", "n/a"), (math.inf, "level", "n/a"),
    ],
)  # fmt: skip
def test_values_print_in_their_unit(amount: float, unit: Unit, text: str) -> None:
    assert figures.value(amount, unit) == text


def test_days_prices_and_clocks() -> None:
    assert figures.day("2026-04-06") == "Monday, April 6, 2026"
    assert (figures.short_day("2026-04-02", 2), figures.weekday("2024-02-29")) == ("April 02, 2026", "Thursday")
    assert [figures.clock(datetime(2026, 1, 1, hour, 5)) for hour in (0, 11, 12, 23)] == [
        "12:05 AM",
        "11:05 AM",
        "12:05 PM",
        "11:05 PM",
    ]
    assert [figures.price(amount) for amount in (584.309, 12345.6, 0.01234, math.nan)] == [
        "584.31",
        "12,345.60",
        "0.01234",
        "n/a",
    ]
    assert figures.day("someday") == "someday"


def test_a_rate_never_stands_alone() -> None:
    assert (
        figures.record_text(MindRecord("m", "all", 30, 20, 0.55))
        == "right 20 of 30 (0.67; 95% interval 0.49 to 0.81; base rate 0.55)"
    )
    assert figures.record_text(MindRecord("m", "all", 0, 0, None)) == "no settled call yet (n 0)"


def test_words() -> None:
    assert title_case("the size divergence is real but not what either side of it thinks") == (
        "The Size Divergence Is Real But Not What Either Side of It Thinks"
    )
    assert slug("QQQ's Week: +1.2%, or Ärger?") == "qqqs-week-1-2-or-arger"
    assert len(slug("word " * 60)) <= 80 and slug("!!!") == "untitled"
    assert [listing(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert file_name(seed_day(), "A Title") == "2026-04-02-a-title.md"


def test_signals_have_names_even_unknown_ones() -> None:
    nouns = Nouns(seed_day())
    assert nouns.thing("growth.ret_1d") == "QQQ's day"
    assert nouns.thing("XLE.ret_21d") == "XLE's month"
    assert nouns.thing("curve.slope_10y3m") == "the yield curve from bills to the long end"
    assert nouns.thing("some.[odd] thing") == "the signal Some. odd thing"
