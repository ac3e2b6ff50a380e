"""The synthesis keeps its bound on any sequence, forgets nothing it needs and learns only from verdicts."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minds.synthesis import EDGE, Aggregator, Recalibration, Synthesis, bound

probability = st.floats(0.0, 1.0)
lean = st.none() | st.floats(-1.0, 1.0)


@st.composite
def sequences(draw: st.DrawFn) -> tuple[int, list[tuple[float, list[float | None], int]]]:
    """Number of minds, and rounds of (base rate, leans, outcome)."""
    minds = draw(st.integers(1, 5))
    rounds = st.tuples(st.floats(0.01, 0.99), st.lists(lean, min_size=minds, max_size=minds), st.integers(0, 1))
    return minds, draw(st.lists(rounds, max_size=60))


def brier(p: float, y: int) -> float:
    return (p - y) ** 2


@given(sequences(), st.integers(1, 5))
def test_total_brier_never_exceeds_the_base_rate_by_more_than_the_bound(
    world: tuple[int, list[tuple[float, list[float | None], int]]], delay: int
) -> None:
    """Whatever minds and outcomes do, with `delay` forecasts outstanding at a time."""
    minds, rounds = world
    synthesis = Synthesis([f"m{at}" for at in range(minds)])
    ours = theirs = 0.0
    for at, (base, leans, outcome) in enumerate(rounds):
        made = synthesis.forecast(base, leans)
        assert 0.0 <= made.probability <= 1.0
        synthesis.publish(str(at), made)
        ours += brier(made.probability, outcome)
        theirs += brier(base, outcome)
        if at >= delay - 1:
            synthesis.settle(str(at - delay + 1), rounds[at - delay + 1][2])
    assert len(synthesis.copies) <= delay
    assert ours <= theirs + math.log(2) / 2 * delay + 1e-9
    assert bound(delay) == pytest.approx(math.log(2) / 2 * delay)


@given(st.lists(st.lists(st.none() | probability, min_size=3, max_size=3), min_size=1, max_size=200))
def test_an_adversary_that_sees_the_forecast_cannot_break_the_bound(others: list[list[float | None]]) -> None:
    """Outcomes are chosen after the forecast, always the one that hurts most against the base rate."""
    machine = Aggregator(3)
    excess = 0.0
    for experts in ([0.5, *row] for row in others):
        said = machine.predict(experts)
        outcome = max((0, 1), key=lambda y: brier(said, y) - brier(0.5, y))
        excess += brier(said, outcome) - brier(0.5, outcome)
        machine.learn(experts, said, outcome)
        assert excess <= math.log(2) / 2 + 1e-9
        assert math.isclose(sum(machine.weights), 1.0, rel_tol=1e-9)


@given(st.lists(st.tuples(probability, probability, st.integers(0, 1)), max_size=80))
def test_total_brier_is_near_the_best_mind_too(rounds: list[tuple[float, float, int]]) -> None:
    machine = Aggregator(1)
    ours, mind = 0.0, 0.0
    for base, p, outcome in rounds:
        said = machine.predict([base, p])
        ours += brier(said, outcome)
        mind += brier(p, outcome)
        machine.learn([base, p], said, outcome)
    assert ours <= mind + math.log(1 / 0.5) / 2 + 1e-9


def test_one_round_by_hand() -> None:
    """Two experts, weights one half each: p = 1/2 + (ln f(1) - ln f(0)) / 4 with f(y) the mean of exp(-2 (p - y)^2)."""
    zero = (math.exp(-2 * 0.6**2) + math.exp(-2 * 0.8**2)) / 2
    one = (math.exp(-2 * 0.4**2) + math.exp(-2 * 0.2**2)) / 2
    assert Aggregator(1).predict([0.6, 0.8]) == pytest.approx(0.5 + (math.log(one) - math.log(zero)) / 4, rel=1e-12)
    assert Aggregator(2).predict([0.3, 0.3, 0.3]) == pytest.approx(0.3, rel=1e-12)


def test_recalibration_by_hand() -> None:
    shrink = Recalibration()
    assert shrink.k == 0.0
    shrink.add(0.2, 0.5, 1)
    assert shrink.k == pytest.approx(float(Fraction(1, 10) / (Fraction(1, 25) + 2)))
    for _ in range(20):
        shrink.add(0.2, 0.5, 0)
    assert shrink.k == 0.0  # a mind that is wrong loses its say, it is not turned around


def test_a_new_mind_has_no_say() -> None:
    made = Synthesis(["a", "b"]).forecast(0.55, [1.0, -1.0])
    assert made.probability == pytest.approx(0.55)
    assert made.edges == (EDGE, -EDGE)


def test_a_mind_with_a_real_edge_earns_weight() -> None:
    """A mind that is right nine times of ten ends with more weight than the base rate and moves the forecast."""
    synthesis = Synthesis(["seer"])
    for at in range(600):
        outcome = at % 2
        says = 1.0 if (outcome == 1) != (at % 10 == 0) else -1.0
        synthesis.publish(str(at), synthesis.forecast(0.5, [says]))
        synthesis.settle(str(at), outcome)
    assert synthesis.weights()["seer"] > 0.9
    assert synthesis.forecast(0.5, [1.0]).probability > 0.65


@given(sequences())
def test_void_claims_teach_nothing(world: tuple[int, list[tuple[float, list[float | None], int]]]) -> None:
    minds, rounds = world
    synthesis = Synthesis([f"m{at}" for at in range(minds)])
    before = synthesis.weights()
    for at, (base, leans, _) in enumerate(rounds):
        synthesis.publish(str(at), synthesis.forecast(base, leans))
        synthesis.settle(str(at), None)
    assert synthesis.weights() == before
    assert all(shrink.k == 0.0 for shrink in synthesis.shrinkage)


@given(st.floats(0.02, 0.98), st.floats(-1.0, 1.0), st.floats(0.0, 1.0))
def test_a_cap_moves_the_forecast_toward_the_base_rate(base: float, says: float, cap: float) -> None:
    synthesis = Synthesis(["a"])
    synthesis.shrinkage[0].k = 1.0
    free, capped = (synthesis.forecast(base, [says], limit).probability for limit in (1.0, cap))
    assert abs(capped - base) <= abs(free - base) + 1e-12
