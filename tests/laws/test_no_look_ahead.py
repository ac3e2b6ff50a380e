"""Laws of time: what was published does not hang on what came later, nor on how often or where it is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.bars import FloatArray
from engine.errors import InputError
from engine.market import Market
from scenarios import Scenario, Segment, build
from scenarios.strategies import segments
from tests.laws.lawbook import bodies, columns_of, first_of, law, live_worlds
from tests.worlds import replaced

Change = Callable[[np.random.Generator, FloatArray], FloatArray]

FUTURES: dict[str, Change] = {
    "nothing": lambda _, future: np.full_like(future, np.nan),
    "extremes": lambda rng, future: future * 10.0 ** rng.uniform(-12, 12, future.shape),
    "another order": lambda rng, future: rng.permuted(future, axis=1),
    "other symbols": lambda rng, future: rng.permutation(future, axis=0),
    "nonsense": lambda _, future: -future,
}


def changed_after(market: Market, at: int, how: str, seed: int) -> Market:
    """The market with another future after session `at`."""
    rng, columns = np.random.default_rng(seed), columns_of(market)
    for name, column in columns.items():
        columns[name][:, at + 1 :] = FUTURES[how](rng, column[:, at + 1 :])
    return replaced(market, columns)


@law(20, 300)
@given(live_worlds(), st.sampled_from(sorted(FUTURES)), st.data())
def test_another_future(scenario: Scenario, how: str, data: st.DataObject) -> None:
    """Another future changes no byte of what was published before it."""
    world = build(scenario)
    market = world.market()
    start = max(first_of(world, market) - 10, 0)
    at = data.draw(st.integers(start, market.size - 1), label="last session that stays")
    other = changed_after(market, at, how, data.draw(st.integers(0, 99), label="seed"))
    assert bodies(other, start, at) == bodies(market, start)[: at + 1 - start]


@law(10, 150)
@given(live_worlds(), st.data())
def test_no_future(scenario: Scenario, data: st.DataObject) -> None:
    """A ledger made on the day has the same bytes as one made from all of history."""
    world = build(scenario)
    whole = world.market()
    session = data.draw(st.integers(1, len(world.days)), label="last session that is known")
    try:
        early = build(scenario, date.fromisoformat(world.days[session - 1])).market()
    except InputError:
        assume(False)
        raise
    start = max(first_of(world, early) - 10, 0)
    assume(start < early.size)
    assert bodies(early, start) == bodies(whole, start)[: early.size - start]


@law(10, 150)
@given(live_worlds(max_sessions=15), segments(max_sessions=12))
def test_a_longer_history(scenario: Scenario, more: Segment) -> None:
    """A longer run begins with the very bytes of the shorter one."""
    world = build(scenario)
    short = world.market()
    long = build(replace(scenario, segments=(*scenario.segments, more))).market()
    start = max(first_of(world, short) - 10, 0)
    assert bodies(long, start, short.size - 1) == bodies(short, start)
