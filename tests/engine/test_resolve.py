"""Verdicts by hand: sides, ties, holes, the ends of an interval; scores against formulas written out here."""

from __future__ import annotations

import itertools
import math
import statistics
from fractions import Fraction
from typing import Any

import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st

from engine.claims import Claim, Kind, Verdict
from engine.resolve import resolve

price = st.floats(0.01, 1e5)
probability = st.floats(0.0, 1.0)


def graded(claim: Claim, start: float | None, end: float | None, settled: str) -> Verdict:
    """Grade a claim whose path has two closes."""
    return resolve(claim, (start, end), settled)


def direction(probability: float | None = 0.6, base_rate: float | None = 0.54) -> Claim:
    return Claim("2001-09-10/MKT/direction/1", "direction", "MKT", 1, "2001-09-10", "", 50.0, "2001-09-11", probability,
                 base_rate)  # fmt: skip


def interval(low: float = -0.02, high: float = 0.03, base_low: float = -0.05, base_high: float = 0.04) -> Claim:
    return Claim("2001-09-10/MKT/interval/1", "interval", "MKT", 1, "2001-09-10", "", 50.0, "2001-09-11", low=low,
                 high=high, base_low=base_low, base_high=base_high)  # fmt: skip


@pytest.mark.parametrize(
    ("p", "start", "end", "result", "outcome"),
    [
        (0.6, 100.0, 101.0, "right", 1),
        (0.6, 100.0, 99.0, "wrong", 0),
        (0.4, 100.0, 99.0, "right", 0),
        (0.4, 100.0, 101.0, "wrong", 1),
        (0.5, 100.0, 101.0, "right", 1),  # one half is the side of a rise
        (0.5, 100.0, 99.0, "wrong", 0),
        (0.6, 100.0, math.nextafter(100.0, 0.0), "wrong", 0),  # the least move decides
    ],
)
def test_a_direction_is_right_when_its_side_happened(
    p: float, start: float, end: float, result: str, outcome: int
) -> None:
    verdict = graded(direction(p), start, end, "2001-09-17")
    assert (verdict.result, verdict.outcome, verdict.reason) == (result, outcome, "")
    assert verdict.settled == "2001-09-17"
    assert verdict.realised == pytest.approx(end / start - 1.0, abs=1e-16)


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
def test_a_price_that_has_not_moved_voids_a_direction(p: float) -> None:
    verdict = graded(direction(p), 100.0, 100.0, "2001-09-17")
    assert (verdict.result, verdict.outcome, verdict.score, verdict.base_score) == ("void", None, None, None)
    assert "MKT" in verdict.reason and "unchanged" in verdict.reason
    assert verdict.realised == 0.0


@pytest.mark.parametrize("claim", [direction(), interval()])
@pytest.mark.parametrize(
    ("start", "end", "day"), [(100.0, None, "2001-09-17"), (None, 100.0, "2001-09-10"), (None, None, "2001-09-17")]
)
def test_a_missing_bar_voids_any_claim_and_names_the_day(
    claim: Claim, start: float | None, end: float | None, day: str
) -> None:
    verdict = graded(claim, start, end, "2001-09-17")
    assert verdict == Verdict(claim.id, "void", f"no bar for MKT on {day}", "2001-09-17")


def test_scores_of_a_direction_by_hand() -> None:
    """Fell: Brier (3/4)^2 = 9/16, the base rate's (1/2)^2 = 1/4, log score -ln(1/4)."""
    verdict = graded(direction(0.75, 0.5), 100.0, 90.0, "2001-09-17")
    assert (verdict.score, verdict.base_score) == (0.5625, 0.25)
    assert verdict.log_score == pytest.approx(math.log(4.0), rel=1e-15)


def test_scores_of_an_interval_by_hand() -> None:
    """Return +10% over [-2%, 3%]: width 5% and ten times the overshoot of 7%; the base interval is missed by 6%."""
    verdict = graded(interval(), 100.0, 110.0, "2001-09-17")
    assert (verdict.result, verdict.outcome) == ("wrong", 0)
    assert verdict.score == pytest.approx(float(Fraction(5, 100) + 10 * Fraction(7, 100)), rel=1e-12)
    assert verdict.base_score == pytest.approx(float(Fraction(9, 100) + 10 * Fraction(6, 100)), rel=1e-12)
    assert verdict.log_score is None


@pytest.mark.parametrize(("end", "held"), [(96.0, 1), (102.0, 1), (95.9, 0), (102.1, 0), (100.0, 1)])
def test_both_ends_of_an_interval_belong_to_it_and_a_tie_does_not_void_it(end: float, held: int) -> None:
    """Ends that floats hold exactly: 96/100 - 1 and 102/100 - 1 as they come out."""
    verdict = graded(interval(low=96.0 / 100.0 - 1.0, high=102.0 / 100.0 - 1.0), 100.0, end, "2001-09-17")
    assert (verdict.outcome, verdict.result) == (held, "right" if held else "wrong")


@given(probability, probability, price, price)
def test_direction_scores_follow_their_formulas(p: float, base: float, start: float, end: float) -> None:
    verdict = graded(direction(p, base), start, end, "2001-09-17")
    if verdict.result == "void":
        assert end / start == 1.0
        return
    y = 1.0 if end > start else 0.0
    clipped = min(max(p, 0.02), 0.98)
    assert verdict.outcome == y
    assert verdict.score == pytest.approx((p - y) ** 2, abs=1e-15)
    assert verdict.base_score == pytest.approx((base - y) ** 2, abs=1e-15)
    assert verdict.score == pytest.approx(float(scoringrules.brier_score(y, p)), abs=1e-12)
    assert verdict.log_score == pytest.approx(-(y * math.log(clipped) + (1 - y) * math.log(1 - clipped)), rel=1e-12)


@given(st.floats(-0.5, 0.5), st.floats(0.0, 0.5), st.floats(-0.5, 0.5), st.floats(0.0, 0.5), price, price)
def test_interval_scores_agree_with_another_library(
    low: float, width: float, base_low: float, base_width: float, start: float, end: float
) -> None:
    claim = interval(low, low + width, base_low, base_low + base_width)
    verdict = graded(claim, start, end, "2001-09-17")
    realised = end / start - 1.0
    for score, ends in ((verdict.score, (low, low + width)), (verdict.base_score, (base_low, base_low + base_width))):
        assert score == pytest.approx(float(scoringrules.interval_score(realised, *ends, 0.2)), rel=1e-9, abs=1e-12)
    assert verdict.outcome == int(low <= realised <= low + width)


@pytest.mark.parametrize(
    "claim",
    [
        direction(None),
        direction(0.6, None),
        interval()._replace(low=None),
        interval()._replace(base_high=None),
        interval()._replace(kind="drawdown", probability=0.5, base_rate=0.5),
    ],
)
def test_a_claim_that_cannot_be_graded_is_a_defect_and_says_so(claim: Claim) -> None:
    broken: Any = claim
    with pytest.raises(ValueError, match=r"2001-09-10/MKT"):
        graded(broken, 100.0, 101.0, "2001-09-17")


def risk(kind: Kind, p: float, threshold: float) -> Claim:
    return Claim(
        f"2018-01-31/SPY/{kind}/3", kind, "SPY", 3, "2018-01-31", "2018-01-31T21:30:00+00:00", 100.0, "2018-02-05",
        probability=p, base_rate=0.2, threshold=threshold,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "threshold", "happened"),
    [
        ((100.0, 94.9, 99.0, 101.0), -0.05, 1),
        ((100.0, 95.0, 99.0, 101.0), -0.05, 1),  # exactly five percent is five percent
        ((100.0, 95.1, 99.0, 101.0), -0.05, 0),
        ((94.0, 100.0, 99.0, 101.0), -0.05, 0),  # the first close is the reference, not a loss
        ((100.0, None, 94.0, 101.0), -0.05, 1),  # a missing bar in between hides only itself
    ],
)
def test_a_drawdown_looks_at_every_close_on_the_way(
    path: tuple[float | None, ...], threshold: float, happened: int
) -> None:
    verdict = resolve(risk("drawdown", 0.7, threshold), path, "2018-02-05")
    assert verdict.outcome == happened
    assert verdict.result == ("right" if happened else "wrong")
    assert verdict.score == pytest.approx((0.7 - happened) ** 2)
    assert verdict.base_score == pytest.approx((0.2 - happened) ** 2)


@pytest.mark.parametrize(("threshold", "happened"), [(0.20, 1), (0.40, 0)])
def test_volatility_is_the_annualised_deviation_of_daily_log_returns(threshold: float, happened: int) -> None:
    path = (100.0, 101.0, 99.0, 100.5)
    expected = statistics.stdev(math.log(after / before) for before, after in itertools.pairwise(path)) * math.sqrt(252)
    verdict = resolve(risk("volatility", 0.3, threshold), path, "2018-02-05")
    assert verdict.realised == pytest.approx(expected)
    assert verdict.outcome == happened


@pytest.mark.parametrize("path", [(100.0, None, None, 100.5), (100.0, 101.0)])
def test_one_return_has_no_deviation_and_voids_a_volatility(path: tuple[float | None, ...]) -> None:
    verdict = resolve(risk("volatility", 0.3, 0.2), path, "2018-02-05")
    assert (verdict.result, verdict.outcome, verdict.realised) == ("void", None, None)
    assert verdict.reason == "SPY has bars on 2 days only, and a deviation needs 3"
    assert resolve(risk("volatility", 0.3, 0.2), (100.0, None, 90.0, 100.5), "2018-02-05").outcome == 1


def test_a_relative_claim_compares_two_returns_and_a_tie_voids_it() -> None:
    claim = risk("relative", 0.6, 0.0)._replace(threshold=None, versus="QQQ")
    assert resolve(claim, (100.0, 103.0), "2018-02-05", (50.0, 51.0)).outcome == 1
    assert resolve(claim, (100.0, 101.0), "2018-02-05", (50.0, 51.0)).outcome == 0
    tie = resolve(claim, (100.0, 102.0), "2018-02-05", (50.0, 51.0))
    assert (tie.result, tie.reason) == ("void", "SPY and QQQ moved alike")
    gone = resolve(claim, (100.0, 102.0), "2018-02-05", (50.0, None))
    assert (gone.result, gone.reason) == ("void", "no bar for QQQ on 2018-02-05")
