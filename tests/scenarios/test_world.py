"""A built scenario: what is scripted is there to the digit, each fault does what it says, and the past is the past.

The independent truths are the numbers of the script and the same world without the fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from engine.bars import FIELDS, Bars
from engine.errors import InputError
from engine.events import known_from
from engine.sources import open_source
from engine.universe import load_universe
from scenarios import Fault, History, News, Scenario, ScenarioSource, ScriptedDay, Segment, World, build

PLAIN = Scenario("t", start="2026-01-05", segments=(Segment(60, "risk_off"),), warm_up=100)
DAYS = build(PLAIN).days
REAL = Scenario("t", universe="sample", history=History("sample", "2017-03-01", "2017-06-30"))


def bar(world: World, symbol: str, session: int) -> dict[str, float]:
    bars = world.loaded.bars[symbol]
    at = bars.days.tolist().index(date.fromisoformat(world.days[session - 1]))
    return {name: getattr(bars, name)[at] for name in FIELDS}


def same(one: Bars, other: Bars, upto: int | None = None) -> bool:
    days = np.array_equal(one.days[:upto], other.days[:upto])
    return days and all(getattr(one, f)[:upto].tobytes() == getattr(other, f)[:upto].tobytes() for f in FIELDS)


def differing(one: Mapping[str, Bars], other: Mapping[str, Bars]) -> set[str]:
    return {symbol for symbol in {*one, *other} if symbol not in one or symbol not in other
            or not same(one[symbol], other[symbol])}  # fmt: skip


def test_session_one_is_the_first_from_start_on_and_the_warm_up_lies_before_it() -> None:
    world = build(replace(PLAIN, start="2026-01-03"))
    assert (world.days[0], len(world.days), world.start) == ("2026-01-05", 60, date(2026, 1, 5))
    spy = world.loaded.bars["SPY"]
    assert len(spy) == 160 and str(spy.days[100]) == "2026-01-05"
    market = world.market()
    assert market.size == 160 and market.calendar.labels[100:160] == list(world.days)


# --- scripted days --------------------------------------------------------------------------------------------------


def test_a_scripted_day_is_there_to_the_digit_and_the_closest_name_counts() -> None:
    day = ScriptedDay(
        40, {"all": 0.01, "growth": -0.0031, "small": 0.0028, "mega_caps": -0.02, "TSLA": -0.0415},
        opens={"small": 0.03}, highs={"small": 0.04, "growth": -0.5}, lows={"market": -0.09},
        levels={"volatility": 31.5}, volume=3.0,
    )  # fmt: skip
    usual, world = (build(replace(PLAIN, days=(replace(day, volume=times),))) for times in (1.0, 3.0))
    asked = {"SPY": 0.01, "QQQ": -0.0031, "IWM": 0.0028, "AAPL": -0.02, "TSLA": -0.0415, "KO": 0.01, "GLD": 0.01}
    for symbol, wanted in asked.items():
        today, before = bar(world, symbol, 40), bar(world, symbol, 39)
        assert today["close"] / before["close"] - 1.0 == pytest.approx(wanted, abs=1e-12), symbol
        assert today["low"] <= min(today["open"], today["close"]) and today["high"] >= max(
            today["open"], today["close"]
        )
        assert today["volume"] == pytest.approx(3.0 * bar(usual, symbol, 40)["volume"], abs=2)
    before, today = bar(world, "IWM", 39), bar(world, "IWM", 40)
    assert today["open"] == pytest.approx(1.03 * before["close"]) and today["high"] == pytest.approx(
        1.04 * before["close"]
    )
    assert bar(world, "SPY", 40)["low"] == pytest.approx(0.91 * bar(world, "SPY", 39)["close"])
    assert bar(world, "^VIX", 40)["close"] == pytest.approx(31.5)
    assert bar(world, "^VIX", 41)["close"] == pytest.approx(31.5, rel=0.4)


def test_scripted_returns_move_later_prices_along_and_nothing_before() -> None:
    plain, world = build(PLAIN), build(replace(PLAIN, days=(ScriptedDay(40, {"growth": -0.2}),)))
    one, other = plain.loaded.bars["QQQ"], world.loaded.bars["QQQ"]
    assert same(one, other, 139)
    assert np.diff(np.log(one.close))[139:] == pytest.approx(np.diff(np.log(other.close))[139:])
    assert differing(plain.loaded.bars, world.loaded.bars) == {"QQQ"}


def test_the_volatility_index_answers_a_scripted_crash() -> None:
    world = build(replace(PLAIN, days=(ScriptedDay(40, {"market": -0.10}),)))
    assert bar(world, "^VIX", 40)["close"] > 1.3 * bar(world, "^VIX", 39)["close"]


# --- events ---------------------------------------------------------------------------------------------------------


def test_events_are_known_when_and_not_before_they_say() -> None:
    events = (
        News(3, time="08:00"),  # before the close of session 3
        News(3, time="18:00"),  # after it: session 4 knows
        News(
            "2025-11-30", kind="macro", available="2026-01-13", time="08:30", value=2.7, series="CPI", tier="official"
        ),
        News("2026-04-29", kind="meeting", available="2025-01-02", text="scheduled"),
        News("2026-01-10", text="a Saturday"),
        News(10, repeat=3, text="again"),
    )
    world = build(replace(PLAIN, events=events))
    market = world.market()
    found = {(event.kind, event.occurred, known_from(event, market.calendar) - 99) for event in market.events}
    assert found == {
        ("headline", DAYS[2], 3), ("headline", DAYS[2], 4), ("macro", "2025-11-30", 1 + DAYS.index("2026-01-13")),
        ("meeting", "2026-04-29", -99), ("headline", "2026-01-10", 1 + DAYS.index("2026-01-12")),
        ("headline", DAYS[9], 10), ("headline", DAYS[10], 11), ("headline", DAYS[11], 12),
    }  # fmt: skip
    (cpi,) = (event for event in market.events if event.series)
    assert cpi.available_at == datetime(2026, 1, 13, 13, 30, tzinfo=UTC)  # 8:30 in New York, in winter
    assert differing(build(PLAIN).loaded.bars, world.loaded.bars) == set()


# --- faults ---------------------------------------------------------------------------------------------------------


def faulty(*faults: Fault, scenario: Scenario = PLAIN) -> World:
    return build(replace(scenario, faults=faults))


def test_a_stale_feed_repeats_its_last_bar_and_then_tells_the_truth_again() -> None:
    plain, world = build(PLAIN), faulty(Fault("stale", "small", 20, sessions=6))
    assert differing(plain.loaded.bars, world.loaded.bars) == {"IWM"}
    for session in range(20, 26):
        assert bar(world, "IWM", session) == bar(plain, "IWM", 19)
    assert bar(world, "IWM", 26) == bar(plain, "IWM", 26)
    assert [(notice.symbol, notice.kind, notice.times) for notice in world.loaded.notices] == [("IWM", "stale", 7)]
    assert bar(faulty(Fault("stale", "small", 20)), "IWM", 60) == bar(plain, "IWM", 19)


def test_missing_halt_and_late_listing_have_no_bar() -> None:
    plain = build(PLAIN)
    late, span, halt, never = (
        faulty(fault).loaded for fault in (
            Fault("missing", "mega_caps", until=9), Fault("missing", "gold", 10, sessions=5),
            Fault("halt", "market", 12), Fault("missing", "^VIX"),
        )
    )  # fmt: skip
    assert str(late.bars["NVDA"].days[0]) == DAYS[9] and "JPM" not in differing(plain.loaded.bars, late.bars)
    gone = set(plain.loaded.bars["GLD"].days.tolist()) - set(span.bars["GLD"].days.tolist())
    assert sorted(gone) == [date.fromisoformat(day) for day in DAYS[9:14]]
    assert [notice.kind for notice in span.notices] == ["gap"]
    assert len(halt.bars["SPY"]) == 159 and "^VIX" not in never.bars
    assert [(notice.symbol, notice.kind) for notice in never.notices] == [("^VIX", "absent")]


def test_a_rate_limited_source_has_no_later_bar_and_says_429() -> None:
    world = faulty(Fault("rate_limited", "growth", 30))
    assert str(world.loaded.bars["QQQ"].days[-1]) == DAYS[28]
    (notice,) = world.loaded.notices
    assert (notice.symbol, notice.kind, notice.day) == ("QQQ", "rate_limited", DAYS[29]) and "429" in notice.detail
    early = build(replace(PLAIN, faults=(Fault("rate_limited", "growth", 30),)), date.fromisoformat(DAYS[28]))
    assert early.loaded.notices == ()


def test_a_duplicated_bar_is_repaired_and_told() -> None:
    world = faulty(Fault("duplicated", "growth", 30, sessions=2), Fault("stale", "growth", 31))
    plain = faulty(Fault("stale", "growth", 31))
    assert differing(plain.loaded.bars, world.loaded.bars) == set()
    assert ("QQQ", "duplicate", 2) in [(notice.symbol, notice.kind, notice.times) for notice in world.loaded.notices]


def test_a_spike_comes_and_goes() -> None:
    plain, world = build(PLAIN), faulty(Fault("spike", "growth", 30, size=5.0))
    for name in FIELDS:
        assert bar(world, "QQQ", 30)[name] == pytest.approx(
            bar(plain, "QQQ", 30)[name] * (1 if name == "volume" else 6)
        )
    assert bar(world, "QQQ", 31) == bar(plain, "QQQ", 31)
    assert differing(plain.loaded.bars, world.loaded.bars) == {"QQQ"}


def test_a_half_day_closes_at_one_and_the_calendar_knows() -> None:
    plain, world = build(PLAIN), faulty(Fault("half_day", session=30))
    market = world.market()
    assert market.calendar.close(129) == datetime.fromisoformat(f"{DAYS[29]}T18:00:00+00:00")  # 13:00 in New York
    assert market.calendar.close(130) == plain.market().calendar.close(130)
    assert bar(world, "SPY", 30)["volume"] == round(0.4 * bar(plain, "SPY", 30)["volume"])
    assert bar(world, "SPY", 30)["close"] == bar(plain, "SPY", 30)["close"]


# --- the past is the past -------------------------------------------------------------------------------------------

EVERYTHING = replace(
    PLAIN,
    days=(ScriptedDay(20, {"growth": -0.05}), ScriptedDay(50, {"all": -0.08})),
    events=(News(15), News(45)),
    faults=(
        Fault("stale", "small", 10, sessions=8), Fault("spike", "gold", 40), Fault("half_day", session=48),
        Fault("duplicated", "oil", 12), Fault("rate_limited", "dollar", 33), Fault("missing", "credit", until=22),
    ),
)  # fmt: skip


@pytest.mark.parametrize("session", [1, 9, 11, 22, 33, 47, 60])
def test_nothing_after_until_shows(session: int) -> None:
    """Cut at a session, the world equals the whole one up to there, and a world whose later half is another one."""
    whole, until = build(EVERYTHING), date.fromisoformat(DAYS[session - 1])
    early = build(EVERYTHING, until)
    later = (Segment(session, "risk_off"), Segment(30, "crisis"))
    other = replace(EVERYTHING, segments=later, days=EVERYTHING.days[:1], faults=(), events=())
    for symbol, bars in early.loaded.bars.items():
        assert (bars.days <= np.datetime64(until)).all()
        assert same(bars, whole.loaded.bars[symbol].until(np.datetime64(until)))
    assert early.market().digests(0) == whole.market().digests(0)[: 100 + session]
    if 20 <= session < 50:
        changed, plain = build(other, until), build(replace(EVERYTHING, faults=(), events=()), until)
        assert differing(changed.loaded.bars, plain.loaded.bars) == set()


def test_parts_can_be_taken_out() -> None:
    for part in ("days", "events", "faults"):
        assert getattr(EVERYTHING.without(part), part) == ()
        assert replace(EVERYTHING.without(part), **{part: getattr(EVERYTHING, part)}) == EVERYTHING


# --- as a source ----------------------------------------------------------------------------------------------------


def test_a_source_hands_over_what_is_asked_for_and_has() -> None:
    universe = load_universe("us")
    fewer = replace(universe, roles={"market": "SPY", "gold": "XAU"}, groups={}, levels=frozenset(), lags={})
    loaded = ScenarioSource(PLAIN).load(fewer, None)
    assert set(loaded.bars) == {"SPY"} and same(loaded.bars["SPY"], build(PLAIN).loaded.bars["SPY"])
    assert [(notice.symbol, notice.kind) for notice in loaded.notices] == [("XAU", "absent")]
    with pytest.raises(InputError, match=r"t\.toml has no bar of the market role, \^GSPC; leave out --universe"):
        ScenarioSource(PLAIN, "t.toml").load(load_universe("sample"), None)
    with pytest.raises(InputError, match="has no bar up to 2020-01-01; give a later --end"):
        ScenarioSource(PLAIN).load(universe, date(2020, 1, 1))


# --- real history ---------------------------------------------------------------------------------------------------


def test_history_is_the_source_with_what_is_laid_over_it() -> None:
    real = open_source("sample").load(load_universe("sample"), date(2017, 6, 30))
    plain = build(REAL)
    assert differing(real.bars, plain.loaded.bars) == set()
    assert (plain.days[0], plain.days[-1]) == ("2017-03-01", "2017-06-30")
    scripted = build(
        replace(REAL, days=(ScriptedDay(5, {"growth": -0.07}, lows={"growth": -0.2}, levels={"volatility": 40.0}),))
    )
    assert differing(plain.loaded.bars, scripted.loaded.bars) == {"^IXIC", "^VIX"}
    before, today = bar(scripted, "^IXIC", 4), bar(scripted, "^IXIC", 5)
    assert today["adj_close"] / before["adj_close"] - 1 == pytest.approx(-0.07)
    assert today["low"] == pytest.approx(0.8 * before["close"]) and bar(scripted, "^VIX", 5)["close"] == 40.0
    one, other = plain.loaded.bars["^IXIC"], scripted.loaded.bars["^IXIC"]
    at = one.days.tolist().index(date.fromisoformat(plain.days[4]))
    assert same(one, other, at)
    assert np.diff(np.log(other.close))[at:] == pytest.approx(np.diff(np.log(one.close))[at:])


def test_history_faults_reach_back_to_its_first_bar_and_until_cuts() -> None:
    assert "^VIX" not in build(replace(REAL, faults=(Fault("missing", "volatility"),))).loaded.bars
    early = build(REAL, date(2017, 4, 3))
    assert str(early.loaded.bars["^GSPC"].days[-1]) == "2017-04-03"


def test_history_that_the_source_does_not_cover_is_refused() -> None:
    with pytest.raises(InputError, match="does not cover 2030-01-02 to 2030-02-01; move its start or end"):
        build(replace(REAL, history=History("sample", "2030-01-01", "2030-02-01")))
    with pytest.raises(InputError, match=r"days names MTUM, which has no bar on 2005-03-01 and before it"):
        build(
            replace(
                REAL, history=History("sample", "2005-03-01", "2005-04-01"), days=(ScriptedDay(1, {"momentum": 0.1}),)
            )
        )
