"""The declared table: every signal against its plain definition, and what happens when inputs are missing or old."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.bars import FloatArray
from engine.errors import InputError
from engine.market import Market
from engine.signals.columns import Columns
from engine.signals.compute import SignalFrame, compute_signals
from engine.signals.spec import SignalSpec, ValueAndZ
from engine.signals.table import signal_table
from engine.universe import load_universe, universe_names
from tests.slow.plain import Plain, standing
from tests.slow.signals import instrument, slow_table
from tests.worlds import WORLD, invented_bars, invented_market, replaced, same_bits

TABLE = signal_table(WORLD)
DEFINED = tuple(spec for spec in TABLE if ".vol_forecast_" not in spec.name)
"""All but the fitted forecasts, which have no formula to write down slowly and no z."""
SESSIONS = 900
SOON, LATER = (0, 1, 21, 62, 63, 64, 125, 200, 226, 251, 252), (315, 405, 504, 567, 590, 675, 721, 765, 810, 855, 899)


def _column(frame: SignalFrame, name: str) -> FloatArray:
    found: FloatArray = frame.values[frame.index.at[name]]
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_signal_equals_its_definition(seed: int) -> None:
    market = invented_market(seed, SESSIONS)
    frame, slow = compute_signals(market, TABLE), slow_table(market)
    assert set(slow) == {spec.name for spec in DEFINED}
    for spec in DEFINED:
        row = frame.index.at[spec.name]
        for t in (*SOON, *LATER):
            value, z = standing(slow[spec.name], t, spec.max_age)
            for what, got, expected in (("value", frame.values[row, t], value), ("z", frame.zs[row, t], z)):
                where = f"{what} of {spec.name} at session {t}"
                if expected is None:
                    assert math.isnan(got), where
                else:
                    assert got == pytest.approx(expected, rel=1e-9, abs=1e-12), where


def test_the_comparison_has_seen_every_signal_with_value_and_scale_and_every_event() -> None:
    frames = [compute_signals(invented_market(seed, SESSIONS), TABLE) for seed in (1, 2, 3)]
    for spec in DEFINED:
        assert any(np.isfinite(frame.zs[frame.index.at[spec.name], list(LATER)]).any() for frame in frames), spec.name
    for name in ("market.relief_failure", "size_divergence", "stock_bond.flight_1d", "selling.synchronised"):
        columns = [_column(frame, name)[list(LATER)] for frame in frames]
        assert any((column > 0.0).any() for column in columns), name
        assert any((column == 0.0).any() for column in columns), name


def test_names_are_unique_and_reads_are_words() -> None:
    assert len({spec.name for spec in TABLE}) == len(TABLE)
    for spec in TABLE:
        assert spec.reads, spec.name
        assert not any(map(str.isdigit, spec.reads)), spec.name
        assert spec.window >= 1, spec.name
        assert all(WORLD.symbol(role) or role in WORLD.groups for role in spec.roles), spec.name


@pytest.mark.parametrize("name", universe_names())
def test_shipped_universes_fill_or_explain_every_role_of_the_table(name: str) -> None:
    universe = load_universe(name)
    for spec in signal_table(universe):
        for role in spec.roles:
            assert universe.symbol(role) or role in universe.groups or role in universe.missing, (spec.name, role)


def test_specs_survive_pickling() -> None:
    market = invented_market(4, 80)
    again: tuple[SignalSpec, ...] = pickle.loads(pickle.dumps(TABLE))
    assert same_bits(compute_signals(market, again).values, compute_signals(market, TABLE).values)


def test_an_extra_symbol_gets_signals_of_its_own_under_the_name_that_targets_use() -> None:
    market = _whole(invented_market(5, 400))
    table = signal_table(WORLD, ["S03", "AU", "GRO", "small", "nowhere"])
    names = [spec.name for spec in table]
    assert len(set(names)) == len(names)
    assert {"S03.ret_1d", "gold.ret_1d", "nowhere.ret_1d"} <= set(names)
    assert not {"AU.ret_1d", "GRO.ret_1d", "SML.ret_1d"} & set(names)
    frame = compute_signals(market, table)
    plain = slow_table(market)
    for t in (150, 299, 399):
        value, _ = standing(plain["gold.ret_21d"], t, 0)
        assert value is not None
        assert _column(frame, "gold.ret_21d")[t] == pytest.approx(value, rel=1e-9)
    assert frame.index.absent["nowhere.ret_1d"] == "the universe world has no symbol for the role nowhere"
    assert np.isfinite(_column(frame, "S03.ret_5d")).any()


def test_digits_of_a_symbol_do_not_enter_the_words() -> None:
    assert "the instrument" in next(s.reads for s in signal_table(WORLD, ["S03"]) if s.name == "S03.ret_1d")


@pytest.mark.parametrize("gone", sorted({role for spec in DEFINED for role in spec.roles} - {"market"}))
def test_a_role_that_is_not_filled_silences_its_signals_with_the_reason_and_no_others(gone: str) -> None:
    universe = replace(
        WORLD,
        roles={role: symbol for role, symbol in WORLD.roles.items() if role != gone},
        groups={group: members for group, members in WORLD.groups.items() if group != gone},
        missing={gone: "nobody sells it"},
    )
    bars = invented_bars(6, 320)
    whole = compute_signals(Market.build(WORLD, bars), DEFINED)
    frame = compute_signals(Market.build(universe, bars), DEFINED)
    silent = {spec.name for spec in DEFINED if gone in spec.roles}
    assert frame.index.absent == dict.fromkeys(silent, "nobody sells it")
    for row, spec in enumerate(DEFINED):
        if spec.name in silent:
            assert np.isnan(frame.values[row]).all()
            assert np.isnan(frame.zs[row]).all()
        else:
            assert same_bits(frame.values[row], whole.values[row]), spec.name
            assert same_bits(frame.zs[row], whole.zs[row]), spec.name


def test_a_symbol_without_bars_is_missing_and_not_zero() -> None:
    bars = invented_bars(7, 300)
    del bars["HYC"], bars["S02"], bars["CYA"], bars["CYB"]
    frame = compute_signals(Market.build(WORLD, bars), TABLE)
    assert frame.index.absent == {}
    assert np.isnan(_column(frame, "credit.spread_5d")).all()
    assert np.isnan(_column(frame, "rotation.cyclical_21d")).all(), "one of three cyclicals does not speak for them"
    assert np.isfinite(_column(frame, "breadth.above_50d")[-1])
    assert math.isnan(frame.rows(299, 300)[0].numbers[frame.index.at["credit.spread_5d"]])


def test_fewer_than_five_stocks_make_no_breadth() -> None:
    for count in (4, 5):
        universe = replace(WORLD, groups={**WORLD.groups, "stocks": WORLD.groups["stocks"][:count]})
        market = _whole(invented_market(8, 300, universe))
        frame = compute_signals(market, signal_table(universe))
        for name in ("breadth.above_50d", "breadth.adv_dec_10d", "selling.synchronised", "selling.corr_63d"):
            assert np.isfinite(_column(frame, name)[-1]) == (count == 5), (name, count)


def _whole(market: Market) -> Market:
    """The market with each hole filled from the session before, for tests that make their own holes."""
    columns = {name: column.copy() for name, column in market.columns.items()}
    for column in columns.values():
        for row in column:
            there = np.flatnonzero(~np.isnan(row))
            row[:] = row[there[np.maximum(np.searchsorted(there, np.arange(len(row)), side="right") - 1, 0)]]
    return replaced(market, columns)


def _without(market: Market, role: str, first: int) -> Market:
    columns = {name: column.copy() for name, column in market.columns.items()}
    for column in columns.values():
        column[market.rows[market.universe.roles[role]], first:] = np.nan
    return replaced(market, columns)


@pytest.mark.parametrize(
    ("role", "name", "max_age"),
    [
        ("market", "market.ret_1d", 0),
        ("gold", "gold.ret_21d", 0),
        ("treasury_long", "stock_bond.flight_1d", 0),
        ("volatility", "volatility.level", 1),
        ("volatility", "volatility.change_5d", 1),
        ("volatility", "volatility.premium", 1),
        ("volatility_3m", "volatility.term_slope", 1),
        ("credit", "credit.spread_42d", 1),
        ("credit", "credit.spread_5d", 1),
        ("credit_ig", "credit_ig.spread_21d", 1),
        ("rate_3m", "curve.slope_10y3m", 3),
        ("rate_2y", "curve.slope_10y2y", 3),
        ("rate_10y", "curve.rate_10y_change_63d", 3),
    ],
)
def test_an_old_value_stands_in_up_to_its_age_and_is_then_missing_not_neutral(
    role: str, name: str, max_age: int
) -> None:
    market, first = _whole(invented_market(9, 700)), 660
    frame = compute_signals(_without(market, role, first), TABLE)
    row = frame.index.at[name]
    last, after = frame.values[row, first - 1], frame.values[row, first:]
    assert np.isfinite(last)
    assert (after[:max_age] == last).all()
    assert frame.ages[row, first - 1 : first + max_age].tolist() == list(range(max_age + 1))
    assert np.isnan(after[max_age:]).all()
    assert np.isnan(frame.zs[row, first + max_age :]).all()


def test_an_even_rise_has_returns_but_no_scale() -> None:
    market = _whole(invented_market(10, 300))
    columns = {name: column.copy() for name, column in market.columns.items()}
    columns["adj_close"][market.rows["MKT"]] = 50.0 * 1.01 ** np.arange(300)
    frame = compute_signals(replaced(market, columns), TABLE)
    at = frame.index.at
    assert frame.values[at["market.ret_5d"], -1] == pytest.approx(1.01**5 - 1.0)
    assert frame.values[at["market.drawdown"], -1] == 0.0
    average = 50.0 * 1.01**299 * (1.0 - 1.01**-200) / (1.0 - 1.01**-1) / 200.0
    assert frame.values[at["market.vs_200d"], -1] == pytest.approx(50.0 * 1.01**299 / average - 1.0)
    assert math.isnan(frame.zs[at["market.ret_5d"], -1])
    assert math.isnan(frame.values[at["market.realised_vol_21d"], -1])


def test_a_price_that_stands_still_has_returns_of_zero_and_no_volatility() -> None:
    market = _whole(invented_market(10, 300))
    columns = {name: column.copy() for name, column in market.columns.items()}
    columns["adj_close"][market.rows["MKT"]] = 50.0
    frame = compute_signals(replaced(market, columns), TABLE)
    at = frame.index.at
    assert frame.values[at["market.ret_21d"], -1] == 0.0
    assert frame.values[at["market.drawdown"], -1] == 0.0
    for name in ("market.realised_vol_21d", "market.realised_vol_63d", "market.ewma_vol"):
        assert math.isnan(frame.values[at[name], -1]), name
    assert math.isnan(frame.zs[at["market.drawdown"], -1])


def test_expected_volatility_needs_sixty_returns() -> None:
    market = _whole(invented_market(10, 330))
    for prices, there in ((60, False), (61, True)):
        columns = {name: column.copy() for name, column in market.columns.items()}
        columns["adj_close"][market.rows["SML"], :-prices] = np.nan
        frame = compute_signals(replaced(market, columns), TABLE)
        assert np.isfinite(_column(frame, "small.ewma_vol")[-1]) == there


@pytest.mark.parametrize(
    ("name", "moves", "event"),
    [
        ("market.relief_failure", {"MKT": (0.0201, -0.0101)}, True),
        ("market.relief_failure", {"MKT": (0.0199, -0.0101)}, False),
        ("market.relief_failure", {"MKT": (0.0201, -0.0099)}, False),
        ("stock_bond.flight_1d", {"MKT": (0.0, -0.00701), "TLNG": (0.0, 0.00401)}, True),
        ("stock_bond.flight_1d", {"MKT": (0.0, -0.00699), "TLNG": (0.0, 0.00401)}, False),
        ("stock_bond.flight_1d", {"MKT": (0.0, -0.00701), "TLNG": (0.0, 0.00399)}, False),
        ("size_divergence", {"SML": (0.0, 0.04), "GRO": (0.0, -0.04)}, True),
        ("size_divergence", {"SML": (0.0, 0.04), "GRO": (0.0, 0.001)}, False),
        ("size_divergence", {"SML": (0.0, 0.0001), "GRO": (0.0, -0.0001)}, False),
    ],
)
def test_an_event_begins_at_its_threshold(name: str, moves: dict[str, tuple[float, float]], event: bool) -> None:
    market = _whole(invented_market(14, 300))
    columns = {field: column.copy() for field, column in market.columns.items()}
    for symbol, (yesterday, today) in moves.items():
        close = columns["adj_close"][market.rows[symbol]]
        close[-2:] = close[-3] * np.exp([yesterday, yesterday + today])
    frame = compute_signals(replaced(market, columns), TABLE)
    row = frame.index.at[name]
    assert (frame.values[row, -1] != 0.0) == event
    assert (frame.zs[row, -1] != 0.0) == event


@pytest.mark.parametrize(
    ("down", "fall", "event"), [(10, -0.09, True), (9, -0.09, True), (8, -0.09, False), (10, -0.001, False)]
)
def test_selling_is_synchronised_from_nine_tenths_on_in_a_falling_market(down: int, fall: float, event: bool) -> None:
    universe = replace(WORLD, groups={**WORLD.groups, "stocks": WORLD.groups["stocks"][:10]})
    market = _whole(invented_market(15, 300, universe))
    columns = {field: column.copy() for field, column in market.columns.items()}
    columns["adj_close"][market.rows["MKT"], -1] = columns["adj_close"][market.rows["MKT"], -2] * np.exp(fall)
    for at, symbol in enumerate(universe.groups["stocks"]):
        close = columns["adj_close"][market.rows[symbol]]
        close[-1] = close[-2] * (0.99 if at < down else 1.01)
    frame = compute_signals(replaced(market, columns), signal_table(universe))
    assert _column(frame, "selling.synchronised")[-1] == pytest.approx(down / 10 if event else 0.0)


@pytest.mark.parametrize(("beyond", "event"), [(1.001, True), (0.999, False)])
def test_selling_needs_a_fall_of_one_deviation_of_the_month(beyond: float, event: bool) -> None:
    """Twenty moves of +-1% and one of -b have the deviation b where b = 1% * sqrt(21 / 20); earlier moves are wild."""
    market = _whole(invented_market(16, 300))
    columns = {field: column.copy() for field, column in market.columns.items()}
    moves = np.where(np.arange(300) % 2 == 0, 0.05, -0.05)
    moves[-21:-1] = np.where(np.arange(20) % 2 == 0, 0.01, -0.01)
    moves[-1] = -0.01 * math.sqrt(21.0 / 20.0) * beyond
    columns["adj_close"][market.rows["MKT"]] = 100.0 * np.exp(np.cumsum(moves))
    for symbol in WORLD.groups["stocks"]:
        columns["adj_close"][market.rows[symbol], -1] = 0.9 * columns["adj_close"][market.rows[symbol], -2]
    frame = compute_signals(replaced(market, columns), TABLE)
    assert _column(frame, "selling.synchronised")[-1] == (1.0 if event else 0.0)


def test_z_is_clipped() -> None:
    frame = compute_signals(invented_market(11, 700), TABLE)
    there = frame.zs[np.isfinite(frame.zs)]
    assert there.max() == 3.0
    assert there.min() == -3.0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda columns: (columns.ret("market")[1:], columns.ret("market")), "values as an array of shape"),
        (lambda columns: (columns.ret("market"), 0.0), "z-scores as an array of shape"),
        (lambda columns: (columns.ret("market").astype(object), columns.ret("market")), "values as an array of shape"),
    ],
)
def test_a_function_that_returns_something_else_is_refused_by_name(
    make: Callable[..., tuple[FloatArray, FloatArray]], says: str
) -> None:
    spec = SignalSpec("odd", "return", 1, ("market",), make, "odd")
    with pytest.raises(InputError, match=rf"signal 'odd' \(from .*test_table\) must return {says}"):
        compute_signals(invented_market(12, 30), [spec])


def test_two_signals_of_one_name_are_refused() -> None:
    other = TABLE[0]._replace(make=lambda columns: (columns.price("market"), columns.price("market")))
    with pytest.raises(InputError) as caught:
        compute_signals(invented_market(12, 30), [TABLE[0], other])
    assert str(caught.value) == (
        f"two signals are called 'market.ret_1d' (from engine.signals.per_symbol and {__name__}); rename the plug-in's"
    )


def test_a_signal_declared_twice_is_one_signal() -> None:
    frame = compute_signals(invented_market(12, 30), [TABLE[0], TABLE[1], TABLE[0]])
    assert frame.index.specs == TABLE[:2]


@pytest.mark.parametrize("error", [ValueError("no tide"), SystemExit("no tide"), ZeroDivisionError("no tide")])
def test_a_function_that_fails_is_refused_by_name(error: BaseException) -> None:
    def make(columns: Columns) -> ValueAndZ:
        raise error

    with pytest.raises(InputError) as caught:
        compute_signals(invented_market(12, 30), [TABLE[0]._replace(name="tide", make=make)])
    assert str(caught.value) == (
        f"signal 'tide' (from {__name__}) failed with {type(error).__name__}: no tide; mend it, or leave out what "
        "declares it"
    )


def test_slow_and_fast_agree_on_a_symbol_that_has_no_role() -> None:
    market = invented_market(13, 400)
    frame = compute_signals(market, signal_table(WORLD, ["S01"]))
    for name, formula in instrument(Plain(market), "S01").items():
        for t in (252, 330, 399):
            value, _ = formula(t)
            got = _column(frame, name)[t]
            assert math.isnan(got) if value is None else got == pytest.approx(value, rel=1e-9, abs=1e-12), (name, t)
