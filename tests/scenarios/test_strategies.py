"""The strategies: only valid scenarios, every trouble among them, shrunk to what a person can read, printed as a file.

The independent truths are the reader (which refuses what is no scenario), worlds cut at a session, and Hypothesis' own
search for the smallest example.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from engine.bars import FIELDS
from engine.errors import InputError
from engine.market import Market
from engine.snapshot import Snapshot
from scenarios import Fault, Scenario, Segment, build, read_scenario, to_toml
from scenarios.strategies import SMALL, markets, segments, snapshots, worlds
from scenarios.views import snapshot_at
from tests.runs import made_up


@given(worlds())
def test_what_is_drawn_is_a_scenario_that_reads_back(scenario: Scenario) -> None:
    text = to_toml(scenario)
    assert read_scenario(text) == scenario and repr(scenario) == text
    assert 2 <= scenario.sessions <= 40
    assert build(scenario).market().size == scenario.warm_up + scenario.sessions


@given(worlds(universe="us", max_sessions=10, warm_up=20))
@settings(max_examples=15)
def test_worlds_of_another_universe(scenario: Scenario) -> None:
    assert read_scenario(to_toml(scenario)) == scenario
    assert "SPY" in build(scenario).loaded.bars


@given(worlds(), st.data())
def test_the_past_of_a_drawn_world_does_not_depend_on_its_future(scenario: Scenario, data: st.DataObject) -> None:
    whole = build(scenario)
    session = data.draw(st.integers(1, scenario.sessions))
    until = date.fromisoformat(whole.days[session - 1])
    try:
        early = build(scenario, until)
    except InputError as error:
        assert "has no bar up to" in str(error)  # the market role may be dark from the first session on
        return
    for symbol, bars in early.loaded.bars.items():
        known = whole.loaded.bars[symbol].until(np.datetime64(until))
        assert np.array_equal(bars.days, known.days)
        assert all(getattr(bars, name).tobytes() == getattr(known, name).tobytes() for name in FIELDS)
    one, other = early.market(), whole.market()
    offset = other.calendar.position(one.calendar.labels[0])
    assert offset == 0 and one.digests(0) == other.digests(0)[: one.size]


@given(st.lists(segments(max_sessions=15), min_size=1, max_size=2), segments(), st.integers(0, 99))
def test_a_drawn_segment_more_leaves_the_bars_before_it_alone(parts: list[Segment], more: Segment, seed: int) -> None:
    one, other = (
        build(Scenario("t", universe=SMALL, seed=seed, start="2026-01-05", warm_up=20, segments=tuple(found)))
        for found in (parts, [*parts, more])
    )
    for symbol, bars in one.loaded.bars.items():
        longer = other.loaded.bars[symbol]
        assert all(getattr(bars, name).tobytes() == getattr(longer, name)[: len(bars)].tobytes() for name in FIELDS)


# --- what is in them ------------------------------------------------------------------------------------------------


def holes(market: Market) -> bool:
    known = ~np.isnan(market.columns["close"])
    inside = np.logical_or.accumulate(known, axis=1) & np.logical_or.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    return bool((inside & ~known).any())


def late(market: Market) -> bool:
    return bool(
        (np.isnan(market.columns["close"][:, :5]).all(axis=1) & ~np.isnan(market.columns["close"]).all(axis=1)).any()
    )


def spikes(market: Market) -> bool:
    close = market.columns["close"]
    return bool((np.abs(np.diff(np.log(np.maximum(close, 1e-9)), axis=1)) > 1.0).any())


def flat(market: Market) -> bool:
    return bool((np.diff(market.column("MKT")[-5:]) == 0.0).all())


def stale(market: Market) -> bool:
    columns = np.stack([market.columns[name] for name in FIELDS])
    return bool(((columns[:, :, 1:] == columns[:, :, :-1]).all(axis=0) & (columns[-1, :, 1:] > 0.0)).any())


TROUBLES: dict[str, Callable[[Market], bool]] = {
    "a hole": holes,
    "a late listing": late,
    "a bad tick": spikes,
    "a flat stretch": flat,
    "a stale feed": stale,
    "a dark market": lambda market: bool(np.isnan(market.column("MKT")).any()),
    "an empty role": lambda market: len(market.symbols) < len(SMALL.symbols),
    "news": lambda market: bool(market.events),
    "no warm-up": lambda market: market.size <= 40,
    "a volume of zero": lambda market: bool((market.column("MKT", "volume") == 0.0).any()),
}


def test_every_trouble_comes_up() -> None:
    """In 250 small worlds, drawn as they come."""
    seen: dict[str, int] = dict.fromkeys(TROUBLES, 0)

    @settings(max_examples=250, derandomize=True, database=None, phases=[Phase.generate])
    @given(worlds(min_sessions=8, max_sessions=16, warm_up=0).map(lambda scenario: build(scenario).market()))
    def look(market: Market) -> None:
        for trouble, there in TROUBLES.items():
            seen[trouble] += bool(there(market))

    look()
    assert min(seen.values()) >= 2, seen


# --- shrinking and printing -----------------------------------------------------------------------------------------


def test_a_failure_shrinks_to_the_fault_that_caused_it() -> None:
    search = settings(max_examples=300, derandomize=True, database=None)
    found = find(worlds(), lambda world: any(fault.kind == "stale" for fault in world.faults), settings=search)
    assert found == Scenario(
        "invented", universe=SMALL, start="2026-01-05", warm_up=0, segments=(Segment(2),),
        faults=(Fault("stale", "growth", 1, 1),),
    )  # fmt: skip
    assert len(to_toml(found).splitlines()) < 25


def failing(strategy: st.SearchStrategy[object]) -> str:
    """What Hypothesis prints of a property that fails for worlds with a hole."""

    @settings(max_examples=100, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink])
    @given(strategy)
    def property_(drawn: object) -> None:
        market = build(drawn).market() if isinstance(drawn, Scenario) else drawn
        if isinstance(market, Market):
            assert not holes(market)
        elif isinstance(market, Snapshot):
            assert market.price("GRO") is not None

    with pytest.raises(AssertionError) as told:
        property_()
    return "\n".join(told.value.__notes__)


TINY = worlds(max_sessions=5, warm_up=0, max_days=1, max_events=1)


@pytest.mark.parametrize("strategy", [TINY, markets(TINY), snapshots(TINY)], ids=["worlds", "markets", "snapshots"])
def test_a_failing_world_is_printed_as_a_file_to_save(strategy: st.SearchStrategy[object]) -> None:
    lines = failing(strategy).splitlines()
    first = lines.index('title = "invented"')
    text = "\n".join(lines[first:])
    for end in ("\nthe snapshot is", "\n,\n", "\nFailing test case", "\nFalsifying example", "\nExplanation", "\n)"):
        text = text.partition(end)[0]
    found = read_scenario(text)
    assert found.faults and len(found.segments) == 1
    assert not any("array(" in line for line in lines)


def test_hypothesis_is_asked_for_by_name_when_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "scenarios.strategies")
    with pytest.raises(ImportError, match=r"needs Hypothesis: pip install 'workshop-desk\[scenarios\]'"):
        importlib.import_module("scenarios.strategies")


@pytest.mark.parametrize("bounds", [(1, 5), (6, 5)])
def test_impossible_worlds_are_refused(bounds: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a world needs 2 sessions"):
        find(worlds(min_sessions=bounds[0], max_sessions=bounds[1]), lambda _: True)


@given(worlds(max_days=0, max_events=0, max_faults=0, min_sessions=7, max_sessions=9, warm_up=3, regimes=("crisis",)))
@settings(max_examples=20)
def test_arguments_are_kept(scenario: Scenario) -> None:
    assert (scenario.days, scenario.events, scenario.faults, scenario.warm_up) == ((), (), (), 3)
    assert 7 <= scenario.sessions <= 9 and {part.regime for part in scenario.segments} == {"crisis"}


# --- snapshots ------------------------------------------------------------------------------------------------------


@given(snapshots(worlds(max_sessions=12)))
@settings(max_examples=25)
def test_a_snapshot_is_that_of_a_session_of_the_run(snapshot: Snapshot) -> None:
    assert snapshot.session == snapshot._feed.calendar.labels[snapshot.at]
    assert snapshot._feed.revealed == snapshot.at + 1
    assert "market.ret_21d" in snapshot.names() and snapshot.has("regime.score")
    assert all(event.available_at <= snapshot.as_of for event in snapshot.events(10_000))


@given(worlds(max_sessions=12), st.data())
@settings(max_examples=25)
def test_a_snapshot_is_the_same_whatever_comes_later(scenario: Scenario, data: st.DataObject) -> None:
    market = build(scenario).market()
    at = data.draw(st.integers(0, market.size - 1))
    one, other = snapshot_at(market, at), snapshot_at(market.cut(at + 1), at)
    assert one.values_and_zs(one.names()) == other.values_and_zs(other.names())
    assert (one.data, one.as_of, one.events(99)) == (other.data, other.as_of, other.events(99))


def test_a_snapshot_takes_signals_of_ones_own_and_refuses_other_sessions() -> None:
    market = build(Scenario("t", universe=SMALL, start="2026-01-05", warm_up=0, segments=(Segment(3),))).market()
    assert snapshot_at(market, 1, [made_up("mine", [0.5, 0.7])]).z("mine") == 0.7
    for at in (-1, 3):
        with pytest.raises(ValueError, match="the market has 3 sessions, so none at"):
            snapshot_at(market, at)
