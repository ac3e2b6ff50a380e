"""The aligned market against raw bars, and its digests against the law that the past is the past."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bars import FIELDS, Bars
from engine.errors import InputError
from engine.market import Market
from engine.universe import Universe
from tests.worlds import WORLD, cut_bars, garbled, invented_bars, invented_market, replaced

SEED, SESSIONS = 5, 300
MARKET = invented_market(SEED, SESSIONS)


def bars_on(symbol: str, days: list[str], prices: list[float]) -> Bars:
    column = np.array(prices)
    first, high, low, close, adjusted = (column.copy() for _ in range(5))
    return Bars(symbol, np.array(days, "datetime64[D]"), first, high, low, close, adjusted, np.ones(len(days)))


def test_every_bar_stands_on_its_session_and_nowhere_else() -> None:
    bars = invented_bars(SEED, SESSIONS)
    days = {day: at for at, day in enumerate(MARKET.calendar.days.tolist())}
    for symbol, item in bars.items():
        for name in FIELDS:
            wanted = [float("nan")] * SESSIONS
            for day, value in zip(item.days.tolist(), getattr(item, name).tolist(), strict=True):
                wanted[days[day]] = value
            assert np.array_equal(MARKET.column(symbol, name), wanted, equal_nan=True), (symbol, name)


def test_a_lag_moves_every_field_down_and_a_bar_off_the_calendar_is_left_out() -> None:
    """2000-01-17 was Martin Luther King's day; the lagged Friday is read on the Tuesday after it."""
    days = ["2000-01-12", "2000-01-13", "2000-01-14", "2000-01-17", "2000-01-18"]
    universe = Universe("u", "", "XNYS", {"market": "M", "oil": "O"}, lags={"O": 1})
    lead = bars_on("M", [day for day in days if day != "2000-01-17"], [1.0, 2.0, 3.0, 4.0])
    market = Market.build(universe, {"M": lead, "O": bars_on("O", days, [10.0, 11.0, 12.0, 13.0, 14.0])})
    assert market.calendar.labels[:4] == ["2000-01-12", "2000-01-13", "2000-01-14", "2000-01-18"]
    assert market.size == 4
    for name in FIELDS[:-1]:
        assert np.array_equal(market.column("O", name), [np.nan, 10.0, 11.0, 12.0], equal_nan=True)


def test_the_market_role_sets_the_range() -> None:
    """Bars before its first and after its last are out of reach; a hole inside it stays a session."""
    universe = Universe("u", "", "XNYS", {"market": "M", "gold": "G"})
    gold = bars_on("G", ["2000-01-10", "2000-01-12", "2000-01-13", "2000-01-14", "2000-01-18"], [5, 6, 7, 8, 9])
    market = Market.build(universe, {"M": bars_on("M", ["2000-01-12", "2000-01-14"], [1, 2]), "G": gold})
    assert np.array_equal(market.column("M"), [1, np.nan, 2], equal_nan=True)
    assert market.column("G").tolist() == [6, 7, 8]


@pytest.mark.parametrize("bars", [{}, {"G": bars_on("G", ["2000-01-12"], [1.0])}])
def test_without_the_market_role_there_is_no_market(bars: dict[str, Bars]) -> None:
    universe = Universe("small", "", "XNYS", {"market": "M", "gold": "G"})
    with pytest.raises(InputError, match=r"universe small .*market role, M"):
        Market.build(universe, bars)


def test_columns_cannot_be_written_and_a_cut_owns_its_memory() -> None:
    for column in MARKET.columns.values():
        with pytest.raises(ValueError, match="read-only"):
            column[0, 0] = 1.0
    cut = MARKET.cut(100)
    assert cut.size == 100
    for name, column in cut.columns.items():
        assert column.shape == (len(MARKET.symbols), 100)
        assert not np.shares_memory(column, MARKET.columns[name])
        assert np.array_equal(column, MARKET.columns[name][:, :100], equal_nan=True)


@pytest.mark.parametrize("seed", range(4))
def test_a_digest_depends_on_no_later_bar(seed: int) -> None:
    """Cut, garbled, and built from a folder in which later listings have no file yet."""
    bars = invented_bars(seed, SESSIONS)
    market = Market.build(WORLD, bars)
    whole = market.digests(0)
    assert len(whole) == SESSIONS and len(set(whole)) == SESSIONS
    rng = np.random.default_rng(seed)
    fewer = 0
    for at in [0, 1, *rng.integers(2, SESSIONS - 1, 12).tolist()]:
        assert market.cut(at + 1).digests(0) == whole[: at + 1]
        assert garbled(market, rng, at + 1, SESSIONS).digests(0)[: at + 1] == whole[: at + 1]
        early = Market.build(WORLD, cut_bars(bars, market.calendar.days[at]))
        fewer += len(early.symbols) < len(market.symbols)
        assert early.digests(0) == whole[: early.size]
    assert fewer, "no world in which a symbol lists late: the test would prove nothing"


@pytest.mark.parametrize("start", [0, 1, 150, SESSIONS - 1, SESSIONS])
def test_digests_from_a_later_session_are_the_same_digests(start: int) -> None:
    assert MARKET.digests(start) == MARKET.digests(0)[start:]


@given(st.integers(0, SESSIONS - 1), st.integers(0, len(MARKET.symbols) - 1), st.sampled_from(FIELDS), st.booleans())
def test_a_digest_shows_any_change_from_its_session_on(at: int, row: int, name: str, hole: bool) -> None:
    changed = MARKET.columns[name].copy()
    before = changed[row, at]
    changed[row, at] = 123.456 if np.isnan(before) else np.nan if hole else np.nextafter(before, np.inf)
    other = replaced(MARKET, {**MARKET.columns, name: changed}).digests(0)
    whole = MARKET.digests(0)
    assert other[:at] == whole[:at]
    assert not set(other[at:]) & set(whole)


def test_equal_numbers_are_equal_bytes() -> None:
    """Zero has two signs and not-a-number many forms."""
    columns = {name: column.copy() for name, column in MARKET.columns.items()}
    columns["volume"][columns["volume"] == 0.0] = -0.0
    odd = np.array([0xFFF8000000001234], np.uint64).view(np.float64)[0]
    holes = np.isnan(columns["close"])
    assert holes.any()
    columns["close"][holes] = odd
    assert replaced(MARKET, columns).digests(0) == MARKET.digests(0)


def test_two_universes_never_share_a_digest() -> None:
    """The same numbers under other names, or on another exchange, are other data."""
    renamed = replace(MARKET.universe, roles={**MARKET.universe.roles, "gold": "XAU"})
    symbols = tuple("XAU" if symbol == "AU" else symbol for symbol in MARKET.symbols)
    other = Market(renamed, MARKET.calendar, symbols, MARKET.size, MARKET.columns)
    assert not set(other.digests(0)) & set(MARKET.digests(0))
    elsewhere = replace(MARKET, universe=replace(MARKET.universe, calendar="XTSE"))
    assert not set(elsewhere.digests(0)) & set(MARKET.digests(0))
