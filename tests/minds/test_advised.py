"""An adviser moves a probability by no more than its cap and its record allow, whatever it says, whatever happens."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minds.advised import CAP, TILTS, Advice, Advised, excess, logit

NAMES = tuple(TILTS)
tilt = st.sampled_from((*NAMES, ""))
base = st.floats(0.01, 0.99)
Round = tuple[float, str, int]
rounds = st.lists(st.tuples(base, tilt, st.integers(0, 1)), max_size=60)


def seated(earned: int) -> Advised:
    """An adviser with a record: 60 claims on which it was right by a tenth give it its whole say (k = 1)."""
    machine = Advised()
    for _ in range(earned):
        machine.shrinkage.add(0.1, 0.5, 1)
    return machine


def run(sequence: list[Round], delay: int = 1, *, turns: bool = True, earned: int = 0) -> list[tuple[Advice, int]]:
    """Advice and outcome of each round, with `delay` forecasts outstanding at a time."""
    machine, made = seated(earned), []
    for at, (without, said, outcome) in enumerate(sequence):
        made.append((machine.advice(str(at), without, at % delay, said, "", turns=turns), outcome))
        if at >= delay - 1:
            machine.settle(str(at - delay + 1), sequence[at - delay + 1][2])
    return made


def totals(made: list[tuple[Advice, int]]) -> tuple[float, float, float, float]:
    """Brier sums: published, without the adviser; and, over the claims on which it spoke, published and its own."""
    heard = [(item, y) for item, y in made if item.alone is not None]
    return (
        math.fsum((item.probability - y) ** 2 for item, y in made),
        math.fsum((item.without - y) ** 2 for item, y in made),
        math.fsum((item.probability - y) ** 2 for item, y in heard),
        math.fsum(((item.alone or 0.0) - y) ** 2 for item, y in heard),
    )


def holds(made: list[tuple[Advice, int]], copies: int) -> None:
    """The three promises of the module, from the figures alone."""
    for item, _ in made:
        assert abs(logit(item.probability) - logit(item.without)) <= CAP + 1e-12
        if item.alone is None:
            assert item.probability == item.without
        else:
            assert min(item.without, item.alone) <= item.probability <= max(item.without, item.alone)
    published, without, heard, own = totals(made)
    assert published <= without + copies * math.log(8 / 7) / 2 + 1e-9
    assert heard <= own + copies * math.log(8) / 2 + 1e-9


@given(rounds, st.integers(1, 5), st.booleans(), st.sampled_from((0, 60, 2_000)))
def test_whatever_an_adviser_says_the_bounds_hold(sequence: list[Round], delay: int, turns: bool, earned: int) -> None:
    holds(run(sequence, delay, turns=turns, earned=earned), delay)
    assert excess(delay) == pytest.approx(delay * math.log(8 / 7) / 2)


Hostile = Callable[[np.random.Generator, int], str]
HOSTILE: dict[str, Hostile] = {
    "knows": lambda _, y: "strong_up" if y else "strong_down",
    "lies": lambda _, y: "strong_down" if y else "strong_up",
    "coin": lambda rng, _: NAMES[int(rng.integers(5))],
    "stuck": lambda _, __: "strong_up",
    "sleepy": lambda rng, y: ("strong_up" if y else "down") if rng.random() < 0.3 else "",
}


def test_ten_thousand_sequences_with_advisers_that_know_the_future_or_its_opposite() -> None:
    """First honest until it has a say, then hostile, and every mixture that a draw gives."""
    rng = np.random.default_rng(5)
    kinds = list(HOSTILE.values())
    for _ in range(10_000):
        delay = int(rng.integers(1, 5))
        length = int(rng.integers(1, 40))
        switch = int(rng.integers(0, length + 1))
        first, then = kinds[int(rng.integers(5))], kinds[int(rng.integers(5))]
        outcomes = (rng.random(length) < rng.random()).astype(int).tolist()
        p = rng.uniform(0.02, 0.98, length).tolist()
        sequence = [(p[at], (first if at < switch else then)(rng, y), y) for at, y in enumerate(outcomes)]
        holds(run(sequence, delay, earned=int(rng.choice((0, 60, 2_000)))), delay)


@pytest.mark.parametrize("first", HOSTILE)
@pytest.mark.parametrize("then", HOSTILE)
def test_long_records_that_turn(first: str, then: str) -> None:
    """A say that has been earned over 1,500 claims and is then misused, or the reverse."""
    rng = np.random.default_rng(7)
    outcomes = (rng.random(3_000) < 0.54).astype(int).tolist()
    sequence = [(0.54, HOSTILE[first if at < 1_500 else then](rng, y), y) for at, y in enumerate(outcomes)]
    holds(run(sequence, 2), 2)


def betrayed(sequence: list[tuple[float, str]]) -> list[tuple[Advice, int]]:
    """Outcomes chosen after the forecast: always the one that hurts most beside going without the adviser."""
    machine, made = seated(2_000), []
    for at, (without, said) in enumerate(sequence):
        item = machine.advice(str(at), without, 0, said, "")
        outcome = max((0, 1), key=lambda y: (item.probability - y) ** 2 - (item.without - y) ** 2)
        machine.settle(str(at), outcome)
        made.append((item, outcome))
    return made


@given(st.lists(st.tuples(base, tilt), max_size=80))
def test_an_enemy_that_sees_the_forecast_cannot_break_the_bounds(sequence: list[tuple[float, str]]) -> None:
    made = betrayed(sequence)
    for at in range(len(made)):
        holds(made[: at + 1], 1)


def test_the_bound_is_nearly_reached() -> None:
    """So the laws above are not empty: a trusted adviser that turns costs most of what the bound allows, never more."""
    made = betrayed([(0.5, "strong_up")] * 400)
    published, without, *_ = totals(made)
    assert 0.8 * excess(1) < published - without <= excess(1)


def test_a_new_adviser_has_no_say() -> None:
    made = Advised().advice("a", 0.55, 0, "strong_down", "")
    assert made.probability == made.alone == made.without == 0.55
    assert made.k == 0.0
    assert made.weight == 0.125
    assert made.edge == pytest.approx(1 / (1 + 0.45 / 0.55 * math.exp(0.4)) - 0.55, rel=1e-12)


def test_one_round_by_hand() -> None:
    """K from one claim, the adviser's own probability from the odds, and the mean of exponentials of the two."""
    machine = Advised()
    machine.advice("a", 0.5, 0, "strong_up", "")
    machine.settle("a", 1)
    edge = math.exp(0.4) / (1 + math.exp(0.4)) - 0.5
    k = edge * 0.5 / (edge**2 + 2)
    assert machine.weight == pytest.approx(0.125)  # both experts had said the same
    made = machine.advice("b", 0.6, 0, "down", "")
    odds = 1.5 * math.exp(-k * 0.4 * 0.5)
    alone = odds / (1 + odds)
    zero = 0.875 * math.exp(-2 * 0.6**2) + 0.125 * math.exp(-2 * alone**2)
    one = 0.875 * math.exp(-2 * 0.4**2) + 0.125 * math.exp(-2 * (1 - alone) ** 2)
    assert made.k == pytest.approx(k, rel=1e-12)
    assert made.alone == pytest.approx(alone, rel=1e-12)
    assert made.probability == pytest.approx(0.5 + (math.log(one) - math.log(zero)) / 4, abs=1e-14)
    machine.settle("b", 0)
    right, wrong = 0.125 * math.exp(-2 * alone**2), 0.875 * math.exp(-2 * 0.36)
    assert machine.weight == pytest.approx(right / (right + wrong), rel=1e-12)


def test_one_that_knows_the_truth_earns_its_say() -> None:
    """After two thousand claims nearly all weight is its own, and the forecast moves by nearly the whole cap."""
    rng = np.random.default_rng(1)
    outcomes = (rng.random(2_000) < 0.5).astype(int).tolist()
    made = run([(0.5, HOSTILE["knows"](rng, y), y) for y in outcomes])
    last = made[-1][0]
    assert last.k == 1.0
    assert last.weight > 0.99
    assert abs(logit(last.probability)) > 0.99 * CAP
    published, without, *_ = totals(made)
    assert published < without - 100.0


def test_one_that_always_lies_never_has_a_say() -> None:
    """It is not turned around either: its opposite would be right."""
    rng = np.random.default_rng(2)
    outcomes = (rng.random(2_000) < 0.5).astype(int).tolist()
    made = run([(0.5, HOSTILE["lies"](rng, y), y) for y in outcomes])
    assert all(item.k == 0.0 and item.probability == item.without for item, _ in made)


def test_a_coin_gains_nothing() -> None:
    rng = np.random.default_rng(3)
    outcomes = (rng.random(4_000) < 0.54).astype(int).tolist()
    made = run([(0.54, HOSTILE["coin"](rng, y), y) for y in outcomes])
    assert made[-1][0].k < 0.5
    assert np.mean([abs(item.probability - item.without) for item, _ in made[2_000:]]) < 0.005


@given(rounds)
def test_silence_and_void_claims_change_nothing(sequence: list[Round]) -> None:
    machine = Advised()
    for at, (without, said, outcome) in enumerate(sequence):
        machine.advice(f"silent {at}", without, 0, "", "has no answer")
        machine.settle(f"silent {at}", outcome)
        machine.advice(f"void {at}", without, 0, said, "")
        machine.settle(f"void {at}", None)
        machine.settle("never made", outcome)
    assert machine.weight == 0.125
    assert machine.shrinkage.k == 0.0


@given(rounds.filter(bool))
def test_the_order_in_which_outstanding_claims_settle_does_not_matter(sequence: list[Round]) -> None:
    """All are made before any settles, each in a copy of its own."""
    orders = [list(range(len(sequence))), list(reversed(range(len(sequence))))]
    ends = []
    for order in orders:
        machine = Advised()
        machine.shrinkage.k = 0.7
        for at, (without, said, _) in enumerate(sequence):
            machine.advice(str(at), without, at, said, "")
        for at in order:
            machine.settle(str(at), sequence[at][2])
        ends.append((machine.weight, machine.shrinkage.k))
    assert ends[0] == pytest.approx(ends[1], abs=1e-12)


@given(st.lists(st.tuples(base, tilt, st.integers(0, 1)), min_size=1, max_size=40), st.integers(2, 4))
def test_copies_learn_apart(sequence: list[Round], copies: int) -> None:
    """Interleaved in `copies` copies, each copy's weights are those of its own rounds alone (k held fixed)."""
    together = Advised()
    alone = [Advised() for _ in range(copies)]
    for at, (without, said, outcome) in enumerate(sequence):
        for machine, copy in ((together, at % copies), (alone[at % copies], 0)):
            machine.shrinkage.k = 0.8
            machine.advice(str(at), without, copy, said, "")
            machine.settle(str(at), outcome)
    assert [copy.weights for copy in together.copies] == [one.copies[0].weights for one in alone if one.copies]


@given(base | st.floats(0.495, 0.505), st.sampled_from(NAMES), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
@example(0.5, "strong_down", 1.0, 1.0)
@example(math.nextafter(0.5, 0.0), "strong_up", 1.0, 1.0)
def test_an_adviser_that_may_not_turn_a_call_leaves_its_side(without: float, said: str, k: float, share: float) -> None:
    machine = Advised()
    machine.shrinkage.k, machine.copies = k, []
    held = machine.advice("a", without, 0, said, "", turns=False, share=share)
    assert (held.probability >= 0.5) == (without >= 0.5)
    free = machine.advice("b", without, 0, said, "", share=share)
    whole = machine.advice("c", without, 0, said, "")
    assert abs(free.probability - without) <= abs(whole.probability - without) + 1e-15


def test_an_adviser_can_turn_a_call() -> None:
    """So the law above is not empty."""
    machine = Advised()
    machine.shrinkage.k = 1.0
    assert machine.advice("a", 0.501, 0, "strong_down", "").probability < 0.5
