"""Pointwise scoring rules against hand-made numbers, scoringrules, and the laws that make them proper."""

from __future__ import annotations

import doctest
import importlib
import math
import random
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.scoring import (
    brier,
    covered,
    graded_one,
    log_score,
    skill,
    winkler,
    winkler_one,
)

probability = st.floats(0.0, 1.0)
claims = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), probability), min_size=1, max_size=60)
number = st.floats(-1e6, 1e6)
interval_claims = st.lists(st.tuples(number, number, number), min_size=1, max_size=40)


@pytest.mark.parametrize("name", ["rules", "reference", "calibration", "evidence"])
def test_docstring_examples_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"engine.scoring.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_brier_by_hand() -> None:
    # (.52-1)^2 = .2304, (.52-0)^2 = .2704, certainty right 0 and wrong 1.
    assert brier([1, 0, 1, 0], [0.52, 0.52, 1.0, 1.0]).tolist() == pytest.approx([0.2304, 0.2704, 0.0, 1.0])


def test_log_score_by_hand_and_clipped() -> None:
    # ln 2; a certain miss costs no more than -ln .02 = 3.912023; a certain hit no less than -ln .98 = .020203.
    got = log_score([1, 0, 0, 1, 1], [0.5, 0.5, 1.0, 0.0, 1.0])
    assert got.tolist() == pytest.approx([0.6931472, 0.6931472, 3.9120230, 3.9120230, 0.0202027], abs=1e-7)


def test_winkler_by_hand() -> None:
    # Width 2; one unit outside costs 2/.2 = 10; the ends are inside.
    got = winkler([0.0, -1.0, 1.0, -2.0, 1.5], [-1.0] * 5, [1.0] * 5, alpha=0.2)
    assert got.tolist() == [2.0, 2.0, 2.0, 12.0, 7.0]


def test_covered_includes_both_ends() -> None:
    just_above = float(np.nextafter(1.0, 2.0))
    assert covered([-1.0, 1.0, just_above], [-1.0] * 3, [1.0] * 3).tolist() == [True, True, False]


def test_skill_by_hand() -> None:
    assert skill([0.1, 0.2], [0.2, 0.2]) == pytest.approx(0.25)
    assert skill([0.3], [0.2]) == pytest.approx(-0.5)
    assert skill([0.0, 0.0], [0.2, 0.3]) == 1.0


@given(claims)
def test_brier_and_log_agree_with_scoringrules(data: list[tuple[float, float]]) -> None:
    y, p = np.array(data).T
    np.testing.assert_allclose(brier(y, p), scoringrules.brier_score(y, p), rtol=1e-12)
    clipped = np.clip(p, 0.02, 0.98)
    np.testing.assert_allclose(log_score(y, p), scoringrules.log_score(y, clipped), rtol=1e-12)


@given(st.integers(0, 1), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_settled_claim_gets_all_three_scores(y: int, p: float, base: float) -> None:
    clipped = min(max(p, 0.02), 0.98)
    wanted = (scoringrules.brier_score(y, p), scoringrules.brier_score(y, base), scoringrules.log_score(y, clipped))
    assert graded_one(y, p, base) == pytest.approx([float(score) for score in wanted], rel=1e-12)


@pytest.mark.parametrize(("y", "p", "base"), [(1, 1.1, 0.5), (1, 0.5, -0.1), (2, 0.5, 0.5), (0, math.nan, 0.5)])
def test_a_claim_that_cannot_be_scored_is_refused(y: int, p: float, base: float) -> None:
    with pytest.raises(InputError):
        graded_one(y, p, base)


@given(interval_claims, st.sampled_from([0.05, 0.2, 0.5]))
def test_winkler_agrees_with_scoringrules(data: list[tuple[float, float, float]], alpha: float) -> None:
    x, one, other = np.array(data).T
    low, high = np.minimum(one, other), np.maximum(one, other)
    expected = scoringrules.interval_score(x, low, high, alpha)
    np.testing.assert_allclose(winkler(x, low, high, alpha=alpha), expected, rtol=1e-12)


@given(claims, interval_claims)
def test_scalar_twins_have_the_same_bits(
    data: list[tuple[float, float]], intervals: list[tuple[float, float, float]]
) -> None:
    y, p = np.array(data).T
    graded = [graded_one(int(happened), said, 1.0 - said) for happened, said in data]
    assert brier(y, p).tolist() == [score for score, _, _ in graded]
    assert brier(y, 1.0 - p).tolist() == [base for _, base, _ in graded]
    assert log_score(y, p).tolist() == [log for _, _, log in graded]
    ordered = [(x, min(a, b), max(a, b)) for x, a, b in intervals]
    x, low, high = np.array(ordered).T
    assert winkler(x, low, high).tolist() == [winkler_one(*row) for row in ordered]


@given(truth=probability, said=probability)
def test_brier_is_proper(truth: float, said: float) -> None:
    def expected(p: float) -> float:
        miss, hit = brier([0, 1], [p, p])
        return float((1 - truth) * miss + truth * hit)

    # The cost of saying something else is exactly the squared distance from the truth.
    assert expected(said) - expected(truth) == pytest.approx((said - truth) ** 2, abs=1e-12)


@given(truth=st.floats(0.02, 0.98), said=probability)
def test_log_score_is_proper_inside_the_clip(truth: float, said: float) -> None:
    def expected(p: float) -> float:
        miss, hit = log_score([0, 1], [p, p])
        return float((1 - truth) * miss + truth * hit)

    assert expected(said) >= expected(truth) - 1e-12


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=12), st.sampled_from([0.1, 0.2, 0.5]))
def test_winkler_is_least_at_the_true_quantiles(support: list[int], alpha: float) -> None:
    x = np.array(sorted(support), dtype=np.float64)  # a discrete distribution, each atom with weight 1/n

    def expected(low: float, high: float) -> float:
        return float(winkler(x, np.full(x.size, low), np.full(x.size, high), alpha=alpha).mean())

    # Quantile as the smallest atom with F(atom) >= level; the small slack guards level * n against rounding up.
    lower, upper = (x[math.ceil(level * x.size - 1e-9) - 1] for level in (alpha / 2, 1 - alpha / 2))
    best = expected(float(lower), float(upper))
    for low in x:
        for high in x[x >= low]:
            assert best <= expected(float(low), float(high)) + 1e-9


@given(
    st.lists(st.tuples(st.floats(0.0, 9.0), st.floats(0.1, 9.0)), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
def test_skill_does_not_depend_on_the_order(data: list[tuple[float, float]], rng: random.Random) -> None:
    shuffled = list(data)
    rng.shuffle(shuffled)
    scores, reference = np.array(data).T
    assert skill(scores, reference) == skill(*np.array(shuffled).T)


@given(claims)
def test_pointwise_means_that_each_claim_stands_alone(data: list[tuple[float, float]]) -> None:
    y, p = np.array(data).T
    assert brier(y, p)[::-1].tolist() == brier(y[::-1], p[::-1]).tolist()
    assert log_score(y, p)[::-1].tolist() == log_score(y[::-1], p[::-1]).tolist()


def test_no_claims_have_no_scores() -> None:
    assert brier([], []).shape == log_score([], []).shape == winkler([], [], []).shape == (0,)
    with pytest.raises(InputError, match="no claims"):
        skill([], [])


Call = Callable[[], object]
ONE: npt.NDArray[np.float64] = np.ones(1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: brier([1, 0, 1], [0.5, 0.5]), r"\(3,\).*\(2,\)"),
        (lambda: brier([1], [[0.5]]), r"one-dimensional.*\(1, 1\)"),
        (lambda: brier([0.5], [0.5]), "position 0 holds 0.5"),
        (lambda: brier([1, 1], [0.5, 52.0]), "position 1 holds 52.0.*percent"),
        (lambda: brier([1], [math.nan]), "nan"),
        (lambda: brier([math.nan], [0.5]), "void"),
        (lambda: brier(["up"], [0.5]), "list of numbers"),
        (lambda: log_score([1], [0.5], clip=(0.0, 0.98)), "clip"),
        (lambda: log_score([1], [0.5], clip=(0.9, 0.1)), "clip"),
        (lambda: winkler([0.0], [1.0], [-1.0]), "low <= high"),
        (lambda: winkler([0.0], [0.0, 0.0], [1.0, 1.0]), r"\(1,\).*\(2,\)"),
        (lambda: winkler([0.0], [0.0], [1.0], alpha=1.0), "alpha"),
        (lambda: winkler([math.inf], [0.0], [1.0]), "inf"),
        (lambda: covered([0.0], [1.0], [0.0]), "low <= high"),
        (lambda: skill([0.1], [0.1, 0.2]), r"\(1,\).*\(2,\)"),
        (lambda: skill([0.1], [0.0]), "sum to 0.0"),
        (lambda: graded_one(1, 1.2, 0.5), "1.2"),
        (lambda: graded_one(1, math.nan, 0.5), "nan"),
        (lambda: graded_one(1, 0.5, -0.1), "-0.1"),
        (lambda: graded_one(2, 0.5, 0.5), "2"),
        (lambda: winkler_one(math.nan, 0.0, 1.0), "nan"),
        (lambda: winkler_one(0.0, 1.0, 0.0), "low <= high"),
    ],
)
def test_bad_input_is_one_sentence(call: Call, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
