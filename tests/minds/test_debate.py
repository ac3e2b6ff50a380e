"""Debate and conviction: the printed footer of the seed's post, weights written out by hand, and the five labels."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minds.debate import conviction, debate
from minds.view import Abstention, View

confidences = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=9)


def view(mind: str, lean: float) -> View:
    return View(mind, "QQQ:1", lean)


SILENT = Abstention("flow", "QQQ:1", "no data")


def test_the_seed_footer_says_thirty_three() -> None:
    assert round(100 * conviction([0.30, 0.38, 0.25])) == 33
    assert conviction([0.25, 0.30, 0.38]) == pytest.approx((5 * 38 + 3 * 30 + 2 * 25) / 1000)


@pytest.mark.parametrize(
    ("given_confidences", "expected"),
    [
        ([], 0),
        ([0.4], 0.4),
        ([0.5, 0.25], (3 * 0.5 + 2 * 0.25) / 5),
        ([0.1, 0.4, 0.2, 0.3], (8 * 0.4 + 5 * 0.3 + 3 * 0.2 + 2 * 0.1) / 18),
        ([1.0, 0.0, 0.0, 0.0, 0.0], 13 / 31),
    ],
)
def test_weights_by_rank(given_confidences: list[float], expected: float) -> None:
    assert conviction(given_confidences) == pytest.approx(expected)


@given(confidences)
def test_it_lies_between_the_mean_and_the_largest(values: list[float]) -> None:
    exact = [Fraction(value) for value in values]
    got = conviction(values)
    assert float(sum(exact) / len(exact)) - 1e-12 <= got <= max(values) + 1e-12


@given(confidences, st.randoms(use_true_random=False))
def test_the_order_of_minds_does_not_matter(values: list[float], source: object) -> None:
    assert conviction(values) == conviction(sorted(values)) == conviction(values[::-1])


def test_a_thousand_minds_do_not_overflow() -> None:
    assert conviction([0.5] * 5000) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("leans", "label"),
    [
        ([0.3, -0.1, 0.2], "divergent"),
        ([0.3, 0.1], "aligned_bullish"),
        ([-0.3, -0.1, -0.2], "aligned_bearish"),
        ([-0.3], "lone"),
        ([0.3, 0.0], "lone"),
        ([0.0, 0.0], "silent"),
        ([], "silent"),
    ],
)
def test_labels(leans: list[float], label: str) -> None:
    said = [view(f"m{at}", lean) for at, lean in enumerate(leans)]
    assert debate([*said, SILENT]).label == label
    assert debate([SILENT, *said[::-1]]).label == label


def test_an_abstention_changes_nothing() -> None:
    said = [view("macro", -0.30), view("flow", 0.38)]
    assert debate([*said, SILENT]) == debate(said)
    assert debate([SILENT]) == ("silent", 0.0, ())


def test_confidences_keep_the_order_of_the_run() -> None:
    assert debate([view("b", -0.1), view("a", 0.9)]).confidences == (("b", 0.1), ("a", 0.9))
