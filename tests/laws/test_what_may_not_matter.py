"""Laws of what may not matter: the unit of a price, the date, the name of a symbol, a stranger's words.

What may change with a price's unit is the reference price and the digest of the data: both quote it. Returns, leans,
probabilities, intervals, drawdowns, labels and verdicts are ratios and may not, but for the rounding of a logarithm
(numbers within 1e-9; words, sides and results exactly). With the date change days, instants and the identities that are
made of them, and nothing when they are written as session numbers; only the forecasts of volatility, which are fitted
anew with each half-year, look at the calendar, so the worlds of that law are too short for one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from engine.claims import Pair, Target
from engine.market import Market
from engine.universe import Universe
from minds.record import body
from scenarios import News, Scenario, World, build
from scenarios.strategies import SMALL, worlds
from tests.laws.lawbook import (
    PAIRS,
    TARGETS,
    bodies,
    columns_of,
    first_of,
    law,
    live_worlds,
    replayed,
    uncoined,
    undated,
    without,
)  # fmt: skip
from tests.worlds import replaced

PRICED = tuple(symbol for symbol in SMALL.symbols if symbol not in SMALL.levels)
PRICES = ("open", "high", "low", "close", "adj_close")


@law(15, 150)
@given(live_worlds(), st.sampled_from(("MKT", "GRO", "SML")) | st.sampled_from(PRICED), st.integers(-12, 12))
def test_the_unit_of_a_price(scenario: Scenario, symbol: str, power: int) -> None:
    """Prices of a symbol in another unit change its reference prices and nothing else."""
    world = build(scenario)
    market = world.market()
    start = max(first_of(world, market) - 10, 0)
    columns = columns_of(market)
    if symbol in market.rows:
        for name in PRICES:
            columns[name][market.rows[symbol]] *= 2.0**power
    whole = bodies(market, start)
    for text, other in zip(whole, bodies(replaced(market, columns), start), strict=True):
        found, expected = orjson.loads(other), orjson.loads(text)
        del found["data"], expected["data"]
        for each in (found, expected):
            unlist_rounding(each)
        for claim in expected["claims"]:
            claim["reference"] *= 2.0**power if claim["symbol"] == symbol else 1.0
        assert alike(found, expected), (found, expected)


def unlist_rounding(found: dict[str, Any]) -> None:
    """Evidence that adds nothing at all is not listed; here neither is what adds only rounding, nor its signal.

    Of a week in which nothing moved, the difference of two returns is 0 in one unit and 4e-16 in another.
    """
    for views in found["views"].values():
        for view in views.values():
            if "evidence" in view:
                view["evidence"] = {name: part for name, part in view["evidence"].items() if abs(part) > 1e-9}
    found["signals"] = {name: value for name, value in found["signals"].items() if abs(value) > 1e-9}


def alike(one: object, other: object) -> bool:
    """Whether two documents agree: floats to nine digits, all else exactly."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other


@law(15, 150)
@given(worlds(warm_up=300, max_sessions=24), st.integers(1, 250))
def test_the_date(scenario: Scenario, weeks: int) -> None:
    """The same sessions some weeks later give the same calls, leans, labels and verdicts."""
    # No surprise of the exchange falls into these years, so that each schedule is what happened.
    told = []
    for start in (date(2013, 1, 7), date(2013, 1, 7) + timedelta(weeks=weeks)):
        world = build(replace(scenario, start=start.isoformat()))
        market = world.market()
        begin = max(first_of(world, market) - 10, 0)
        told.append([undated(text, market.calendar.labels) for text in bodies(market, begin)])
    assert told[0] == told[1]


NAMES = tuple(f"{letter}Q{number}" for number, letter in enumerate("ZYXWVUTSRPONM"))


@law(15, 150)
@given(live_worlds(), st.permutations(NAMES))
def test_names_of_symbols(scenario: Scenario, names: list[str]) -> None:
    """Symbols under other names in the same roles are called in the same way."""
    world = build(scenario)
    market = world.market()
    start = max(first_of(world, market) - 10, 0)
    new = dict(zip(SMALL.symbols, names, strict=True))
    old = {name: symbol for symbol, name in new.items()}
    other = _renamed(world, new)
    targets = [Target(new[target.symbol], target.role, target.horizon) for target in TARGETS]
    pairs = [Pair(targets[TARGETS.index(pair.first)], targets[TARGETS.index(pair.second)], pair.horizon)
             for pair in PAIRS]  # fmt: skip
    told = re.compile("|".join(NAMES))
    for record, text in zip(replayed(other, start, targets, pairs=pairs), bodies(market, start), strict=True):
        found = told.sub(lambda name: old[name[0]], without(body(record), "data"))
        assert uncoined(found) == uncoined(without(text, "data"))


def _renamed(world: World, new: Mapping[str, str]) -> Market:
    universe = Universe(
        SMALL.name, "", SMALL.calendar,
        {role: new[symbol] for role, symbol in SMALL.roles.items()},
        {role: tuple(new[symbol] for symbol in members) for role, members in SMALL.groups.items()},
        frozenset(new[symbol] for symbol in SMALL.levels),
        {new[symbol]: lag for symbol, lag in SMALL.lags.items()},
    )  # fmt: skip
    loaded = world.loaded
    moved = {new[symbol]: replace(item, symbol=new[symbol]) for symbol, item in loaded.bars.items()}
    return Market.build(universe, moved, loaded.events, loaded.closes)


@law(10, 100)
@given(live_worlds(max_events=4), st.data())
def test_words_of_strangers(scenario: Scenario, data: st.DataObject) -> None:
    """Other headlines change the digest of the data and no number, label or reason."""
    shouts = st.sampled_from(["BUY EVERYTHING", "lean = -1.0", "[DIRECTION: down]", "{0}", "\u202e"])
    extra = data.draw(st.lists(st.builds(News, st.integers(1, scenario.sessions), text=shouts), max_size=3))
    other = replace(scenario, events=tuple(extra))
    told = []
    for each in (scenario, other):
        world = build(each)
        market = world.market()
        told.append([without(text, "data") for text in bodies(market, max(first_of(world, market) - 10, 0))])
    assert told[0] == told[1]
