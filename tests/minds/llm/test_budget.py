"""The budget: never exceeded by one token, and never a matter of timing.

The truth to compare with is `one_by_one`: the same calls with one under way at a time, in twenty lines.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from engine.errors import InputError
from minds.llm.budget import Budget, Cost, Price, Slip, estimate, worst_tokens
from minds.llm.call import Call, Message, NoAnswer


def budget(tokens: int | None = None, usd: float | None = None, **rest: object) -> Budget:
    return Budget(clock=lambda: 0.0, tokens=tokens, usd=usd, **rest)  # type: ignore[arg-type] # price or seconds


class Plan(NamedTuple):
    """A call to come: the worst case of an attempt, and what each attempt really costs; the last one succeeds."""

    worst: int
    attempts: tuple[int, ...]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    worst = draw(st.integers(20, 40))
    real = st.sampled_from([0, worst // 2, worst, worst])
    return Plan(worst, tuple(draw(st.lists(real, min_size=1, max_size=3))))


def one_by_one(cap: int, calls: Sequence[Plan]) -> tuple[list[list[int]], int]:
    """What each call is charged, attempt by attempt (nothing when it is refused), and the sum."""
    spent, done = 0, []
    for plan in calls:
        made: list[int] = []
        for real in plan.attempts:
            if spent + plan.worst > cap:
                break
            spent += real
            made.append(real)
        done.append(made)
    return done, spent


@given(st.integers(1, 300), st.lists(plans(), max_size=12), st.integers(2, 4), st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_calls_at_the_same_time_are_decided_as_if_one_came_after_the_other(
    cap: int, calls: list[Plan], workers: int, chance: random.Random
) -> None:
    """Any interleaving: a scheduler without threads picks at random which call under way takes its next step."""
    held = budget(cap)
    made: list[list[int]] = [[] for _ in calls]
    running: list[tuple[int, Slip]] = []
    waiting = list(range(len(calls)))
    while waiting or running:
        moves = [*range(len(running)), *([-1] if waiting and len(running) < workers else [])]
        chance.shuffle(moves)
        moved = False
        for move in moves:
            if move < 0:
                try:
                    slip = held.offer(Cost(calls[waiting[0]].worst, 0.0), 3)
                except NoAnswer:
                    waiting.pop(0)
                    moved = True
                    break
                if slip is None:
                    continue
                running.append((waiting.pop(0), slip))
            else:
                number, slip = running[move]
                plan = calls[number]
                if made[number]:  # its first attempt was in vain
                    again = held.offer_again(slip)
                    if again is None:
                        continue
                    if not again:
                        held.settle(slip)
                        running.pop(move)
                        moved = True
                        break
                real = plan.attempts[len(made[number])]
                made[number].append(real)
                held.charge(slip, Cost(real, 0.0))
                if len(made[number]) == len(plan.attempts):
                    held.settle(slip)
                    running.pop(move)
            moved = True
            break
        assert moved, "nobody waits for somebody who waits"
    assert (made, held.spent.tokens) == one_by_one(cap, calls)
    assert held.spent.tokens <= cap


@given(st.integers(1, 400), st.lists(plans(), max_size=10))
@settings(max_examples=40)
def test_the_same_holds_for_real_threads(cap: int, calls: list[Plan]) -> None:
    held = budget(cap)
    made: list[list[int]] = [[] for _ in calls]

    def run(number: int, slip: Slip) -> None:
        for real in calls[number].attempts:
            if made[number] and not held.again(slip):
                break
            made[number].append(real)
            held.charge(slip, Cost(real, 0.0))
        held.settle(slip)

    threads = []
    for number, plan in enumerate(calls):
        try:
            slip = held.admit(Cost(plan.worst, 0.0), 3)
        except NoAnswer as refusal:
            assert refusal.reason == "budget"
            continue
        threads.append(threading.Thread(target=run, args=(number, slip)))
        threads[-1].start()
    for thread in threads:
        thread.join(60)
    assert (made, held.spent.tokens) == one_by_one(cap, calls)


class Spending(RuleBasedStateMachine):
    """Whatever is admitted, tried again, charged and settled in whatever order: the caps hold, tokens and money alike.

    At every moment, what is spent and the worst case of every attempt on its way is no more than the cap.
    """

    slips = Bundle("slips")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.tokens, self.usd, self.seconds = 500, 0.05, 100.0
        self.budget = Budget(clock=lambda: self.now, tokens=self.tokens, usd=self.usd, seconds=self.seconds)
        self.sent: dict[Slip, Cost] = {}  # attempts on their way, by their worst case
        self.idle: set[Slip] = set()  # calls between two attempts
        self.spent = [Cost(0, 0.0)]

    @rule(target=slips, tokens=st.integers(40, 120), usd=st.floats(0.0, 0.01), tries=st.integers(1, 3))
    def admit(self, tokens: int, usd: float, tries: int) -> Slip | None:
        try:
            slip = self.budget.offer(Cost(tokens, usd), tries)
        except NoAnswer as refusal:
            assert refusal.reason == "budget" and not self.sent and not self.idle, "refused only when nothing is open"
            assert self.total() + tokens > self.tokens or self.money() + Fraction(usd) > Fraction(self.usd)
            return None
        if slip is not None:
            self.sent[slip] = slip.worst
        return slip

    @rule(slip=slips, share=st.sampled_from([0.0, 0.5, 1.0, 1.0]))
    def comes_back(self, slip: Slip | None, share: float) -> None:
        if slip not in self.sent or slip is None:
            return
        worst = self.sent.pop(slip)
        cost = Cost(int(worst.tokens * share), worst.usd * share)
        self.budget.charge(slip, cost)
        self.spent.append(cost)
        self.idle.add(slip)

    @rule(slip=slips)
    def tries_again(self, slip: Slip | None) -> None:
        if slip not in self.idle or slip is None:
            return
        if self.budget.offer_again(slip):
            self.idle.remove(slip)
            self.sent[slip] = slip.worst

    @rule(slip=slips)
    def gives_up(self, slip: Slip | None) -> None:
        if slip in self.idle and slip is not None:
            self.idle.remove(slip)
            self.budget.settle(slip)

    @rule(seconds=st.floats(0.0, 30.0))
    def time_goes_on(self, seconds: float) -> None:
        self.now += seconds
        assert self.budget.left() == self.seconds - self.now

    @precondition(lambda self: not self.sent and not self.idle)
    @rule()
    def with_nothing_open_the_rest_can_be_spent_to_the_last_token(self) -> None:
        rest = self.tokens - self.total()
        if rest:
            slip = self.budget.offer(Cost(rest, 0.0), 1)
            assert slip is not None
            self.budget.charge(slip, Cost(0, 0.0))
            self.budget.settle(slip)

    @invariant()
    def what_is_spent_and_what_is_on_its_way_fits(self) -> None:
        assert self.total() + sum([worst.tokens for worst in self.sent.values()]) <= self.tokens
        usd = self.money() + sum([Fraction(worst.usd) for worst in self.sent.values()])
        assert usd <= Fraction(self.usd), "exactly, not within rounding"

    @invariant()
    def the_budget_knows_what_was_spent(self) -> None:
        assert self.budget.spent == Cost(self.total(), float(self.money()))

    def total(self) -> int:
        return sum([cost.tokens for cost in self.spent])

    def money(self) -> Fraction:
        return sum([Fraction(cost.usd) for cost in self.spent], Fraction(0))


TestSpending = Spending.TestCase


def test_a_host_that_counts_more_than_it_may_is_charged_and_never_asked_again() -> None:
    held = budget(1000)
    first, second = held.admit(Cost(100, 0.0), 3), held.admit(Cost(100, 0.0), 3)
    held.charge(first, Cost(101, 0.0))
    held.settle(first)
    assert held.spent.tokens == 101
    held.charge(second, Cost(0, 0.0))
    assert not held.again(second)
    with pytest.raises(NoAnswer, match="the host counted more tokens than it was allowed"):
        held.admit(Cost(1, 0.0))


def test_the_same_for_money() -> None:
    held = budget(usd=1.0)
    held.charge(held.admit(Cost(100, 0.1)), Cost(100, 0.1000001))
    with pytest.raises(NoAnswer, match="the host counted more"):
        held.admit(Cost(1, 0.0))


def test_a_call_has_no_more_attempts_than_it_was_admitted_with() -> None:
    held = budget(1000)
    slip = held.admit(Cost(10, 0.0), 2)
    held.charge(slip, Cost(10, 0.0))
    assert held.again(slip)
    held.charge(slip, Cost(10, 0.0))
    assert not held.again(slip)


@pytest.mark.parametrize(
    "costs, fits", [((10,), True), ((100, 100, 100), False), ((100, 50), True), ((100, 100), True)]
)
def test_a_second_attempt_waits_for_an_earlier_call_that_may_take_its_room(costs: tuple[int, ...], fits: bool) -> None:
    """Room for four attempts; the earlier call may make three, and the later one has made one of two."""
    held = budget(400)
    earlier, later = held.admit(Cost(100, 0.0), 3), held.admit(Cost(100, 0.0), 3)
    held.charge(later, Cost(100, 0.0))
    assert held.offer_again(later) is None
    for cost in costs:
        held.charge(earlier, Cost(cost, 0.0))
    held.settle(earlier)
    assert held.offer_again(later) is fits


def test_a_call_waits_where_one_under_way_may_try_again_and_not_where_it_may_not() -> None:
    held = budget(300)
    first = held.admit(Cost(100, 0.0), 3)
    assert held.offer(Cost(100, 0.0)) is None
    held.charge(first, Cost(0, 0.0))
    assert held.offer(Cost(100, 0.0)) is not None, "two attempts at most are left to it"


def test_time_is_counted_from_the_start() -> None:
    now = [1000.0]
    held = Budget(clock=lambda: now[0], seconds=60.0)
    now[0] += 45.0
    assert held.left() == 15.0


def test_without_caps_nothing_is_refused() -> None:
    held = budget()
    slips = [held.admit(Cost(10**9, 1e9), 3) for _ in range(5)]
    assert len(slips) == 5 and held.left() is None and not held.asks_price


@pytest.mark.parametrize(
    "caps", [{"tokens": 0}, {"tokens": -1}, {"usd": 0.0}, {"usd": float("nan")}, {"seconds": -1.0}]
)
def test_a_cap_that_is_none_is_refused(caps: dict[str, float]) -> None:
    with pytest.raises(InputError, match="give a number above 0"):
        budget(**caps)  # type: ignore[arg-type] # as the command line would pass it


PIECES = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(st.lists(PIECES, min_size=1, max_size=4))
def test_the_worst_case_counts_at_least_every_byte(texts: list[str]) -> None:
    """The truth: a tokenizer with one token for each byte and eight around each message, the largest that there is."""
    call = Call("m", "p/1", tuple([Message("user", text) for text in texts]), {"enum": texts}, 7)
    truth = sum([len(text.encode()) + 8 for text in texts]) + len(str(texts).encode("ascii", "ignore"))
    assert worst_tokens(call) >= truth
    assert budget().worst(call) == Cost(worst_tokens(call) + 7, 0.0)


def test_the_worst_case_counts_bytes_and_not_letters_and_the_schema_too() -> None:
    empty = worst_tokens(Call("m", "p/1", (Message("user", ""),), {}, 7))
    assert worst_tokens(Call("m", "p/1", (Message("user", "é" * 10_000),), {}, 7)) - empty == 20_000
    assert worst_tokens(Call("m", "p/1", (Message("user", ""),), {"enum": ["x" * 10_000]}, 7)) - empty >= 10_000


def test_money_by_hand() -> None:
    price = Price(0.25e-6, 2e-6)
    assert price.of(1000, 500) == pytest.approx(0.00125, rel=1e-15)
    assert budget(price=price).worst(Call("m", "p/1", (), {}, 500)).usd == pytest.approx(
        worst_tokens(Call("m", "p/1", (), {}, 500)) * 0.25e-6 + 0.001, rel=1e-12
    )


def test_an_estimate_says_calls_tokens_and_money() -> None:
    known = estimate(120, 1500, 500, Price(1e-6, 2e-6))
    assert (known.calls, known.tokens) == (120, 240_000) and known.usd == pytest.approx(0.30)
    assert str(estimate(120, 1500, 500, Price(1e-6, 2e-6))) == "at most 120 calls, 240,000 tokens, $0.3000"
    assert str(estimate(1, 2, 3, None)) == "at most 1 calls, 5 tokens, price unknown"
