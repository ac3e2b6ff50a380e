"""Exact tests against scipy and statsmodels, and cases counted by hand."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, fisher_exact
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of

from backtest.leak_stats import at_least, blind_accuracy, least_detectable, mcnemar, p_blind, paired_difference


@given(st.integers(1, 400), st.data())
def test_tails_are_scipys(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(-1, n + 1))
    p = data.draw(st.sampled_from((0.0, 0.01, 0.5, 0.537, 0.99, 1.0)))
    assert at_least(k, n, p) == pytest.approx(float(binom.sf(k - 1, n, p)), rel=1e-9, abs=1e-12)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_dealt_at_random_is_fishers_test(up_rose: int, up_fell: int, down_rose: int, down_fell: int) -> None:
    n = up_rose + up_fell + down_rose + down_fell
    if not n:
        return
    ours = p_blind(n, up_rose + up_fell, up_rose + down_rose, up_rose + down_fell)
    found = fisher_exact([[up_rose, up_fell], [down_rose, down_fell]], alternative="greater")
    assert ours == pytest.approx(float(found.pvalue), rel=1e-7, abs=1e-12)


def test_dealt_at_random_by_counting() -> None:
    """Five answers, two of them up, dealt to three rises and two falls in all ways."""
    truth = [True, True, True, False, False]
    right = [
        sum((at in ups) == rose for at, rose in enumerate(truth)) for ups in itertools.combinations(range(5), 2)
    ]  # fmt: skip
    assert blind_accuracy(5, 2, 3) == pytest.approx(sum(right) / 10 / 5)
    for hits in range(6):
        assert p_blind(5, 2, 3, hits) == pytest.approx(sum(n >= hits for n in right) / 10)


def test_who_always_says_the_same_knows_nothing() -> None:
    assert p_blind(200, 200, 110, 110) == 1.0
    assert p_blind(200, 0, 110, 90) == 1.0


@given(st.integers(0, 80), st.integers(0, 80))
def test_paired_test_is_the_exact_one(better: int, worse: int) -> None:
    ours = mcnemar(better, worse)
    if better + worse:
        assert ours == pytest.approx(binomtest(better, better + worse, 0.5, "greater").pvalue, rel=1e-9)
        both = float(mcnemar_of([[5, better], [worse, 5]], exact=True).pvalue)
        assert min(2 * min(ours, mcnemar(worse, better)), 1.0) == pytest.approx(both, rel=1e-9)
    else:
        assert ours == 1.0


def test_paired_difference_by_hand() -> None:
    """30 better, 10 worse of 100: shares 31/102 and 11/102, difference 20/102."""
    difference = 20 / 102
    margin = 1.959963984540054 * math.sqrt((31 / 102 + 11 / 102 - difference**2) / 102)
    assert paired_difference(30, 10, 100) == pytest.approx((difference - margin, difference + margin), rel=1e-12)
    assert paired_difference(10, 30, 100) == pytest.approx((-difference - margin, margin - difference), rel=1e-12)


def test_paired_difference_holds_as_often_as_it_says() -> None:
    """Over all outcomes of 40 questions with shares .3 and .15, weighted by their probability."""
    held = 0.0
    for better in range(41):
        for worse in range(41 - better):
            rest = 40 - better - worse
            ways = math.comb(40, better) * math.comb(40 - better, worse)
            low, high = paired_difference(better, worse, 40)
            held += ways * 0.3**better * 0.15**worse * 0.55**rest * (low <= 0.15 <= high)
    assert 0.94 < held < 0.98


@pytest.mark.parametrize(("n", "chance"), [(50, 0.5), (200, 0.5), (200, 0.56), (1000, 0.5)])
def test_the_least_that_would_be_found(n: int, chance: float) -> None:
    """At that accuracy the test succeeds four times of five, a little below it less often."""
    found = least_detectable(n, chance, alpha=0.005, power=0.8)
    assert found is not None
    critical = int(binom.isf(0.005, n, chance)) + 1
    assert binom.sf(critical - 1, n, chance) <= 0.005 < binom.sf(critical - 2, n, chance)
    assert binom.sf(critical - 1, n, found) == pytest.approx(0.8, abs=1e-4)


def test_too_few_to_find_anything() -> None:
    assert least_detectable(5, 0.5, alpha=0.005, power=0.8) is None
