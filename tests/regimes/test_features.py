"""The regime's features against their plain definitions, their bounds, and the law that the future changes no bit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.bars import FloatArray
from engine.market import Market
from engine.signals.compute import SignalFrame, compute_signals
from engine.universe import Universe
from regimes.features import REGIME_SIGNALS, WEIGHTS
from tests.slow.plain import standing
from tests.slow.regime import slow_regime
from tests.worlds import WORLD, garbled, invented_bars, invented_market, later, replaced, same_bits

SESSIONS = 800
DATES = (0, 63, 64, 126, 200, 227, 251, 252, 266, 300, 399, 453, 480, 546, 600, 688, 723, 765, 799)
LONGEST = 600
"""Sessions after which no feature looks back any further: two years of 21-session volatility, smoothed over 64."""


def _without(universe: Universe, *gone: str) -> Universe:
    roles = {role: symbol for role, symbol in universe.roles.items() if role not in gone}
    return replace(universe, roles=roles, missing=dict.fromkeys(gone, "not here"))


def _column(frame: SignalFrame, name: str) -> FloatArray:
    found: FloatArray = frame.values[frame.index.at[f"regime.{name}"]]
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("gone", [(), ("volatility",), ("credit",), ("volatility", "treasury_mid")])
def test_every_feature_equals_its_definition(seed: int, gone: tuple[str, ...]) -> None:
    market = Market.build(_without(WORLD, *gone), invented_bars(seed, SESSIONS))
    frame, slow = compute_signals(market, REGIME_SIGNALS), slow_regime(market)
    assert {spec.name for spec in REGIME_SIGNALS} <= set(slow)
    for row, spec in enumerate(REGIME_SIGNALS):
        for t in DATES:
            value, z = standing(slow[spec.name], t, spec.max_age)
            for what, got, expected in (("value", frame.values[row, t], value), ("z", frame.zs[row, t], z)):
                where = f"{what} of {spec.name} at session {t}"
                if expected is None:
                    assert math.isnan(got), where
                else:
                    assert got == pytest.approx(expected, rel=1e-9, abs=1e-12), where


@pytest.mark.parametrize("seed", [4, 5])
def test_parts_and_score_stay_within_one_and_coverage_is_the_weight_of_the_parts(seed: int) -> None:
    frame = compute_signals(invented_market(seed, SESSIONS), REGIME_SIGNALS)
    parts = np.array([_column(frame, name) for name in WEIGHTS])
    score, coverage = _column(frame, "score"), _column(frame, "coverage")
    assert np.nanmax(np.abs(parts)) <= 1.0
    assert np.nanmax(np.abs(score)) <= 1.0
    weights = np.array(list(WEIGHTS.values()))
    np.testing.assert_allclose(coverage, weights @ ~np.isnan(parts), atol=1e-15)
    assert (np.isnan(score) | (coverage > 0.0)).all(), "a score needs a part"
    assert math.fsum(WEIGHTS.values()) == 1.0


def test_without_a_credit_symbol_the_coverage_is_85_percent_and_credit_says_why() -> None:
    universe = _without(WORLD, "credit")
    frame = compute_signals(Market.build(universe, invented_bars(6, SESSIONS)), REGIME_SIGNALS)
    assert frame.index.absent == {"regime.credit": "not here"}
    assert _column(frame, "coverage")[-1] == pytest.approx(0.85, abs=1e-15)
    assert np.nanmax(_column(frame, "coverage")) == pytest.approx(0.85, abs=1e-15)
    assert np.isfinite(_column(frame, "score")[-1])


def test_realised_volatility_speaks_until_the_index_has_a_history() -> None:
    bars = invented_bars(7, 1200)
    index = bars["^VOL"]
    always = Market.build(WORLD, bars)
    kept = index.days >= always.calendar.days[600]
    fields = {name: getattr(index, name)[kept] for name in ("open", "high", "low", "close", "adj_close", "volume")}
    late = Market.build(WORLD, {**bars, "^VOL": replace(index, days=index.days[kept], **fields)})
    never = Market.build(_without(WORLD, "volatility"), bars)
    mixed, realised, implied = (
        _column(compute_signals(market, REGIME_SIGNALS), "volatility") for market in (late, never, always)
    )
    assert same_bits(mixed[:1000], realised[:1000])
    assert np.isfinite(mixed[1000:]).any()
    there = np.isfinite(implied) & (np.arange(1200) >= 1110)
    assert there.any()
    assert same_bits(mixed[there], implied[there])


def test_the_score_forgets_half_of_a_shock_in_three_sessions() -> None:
    """The score moves towards the weighted mean of the parts by the share that a half-life of three implies."""
    market = invented_market(8, 700, _without(WORLD, "volatility", "credit"))
    columns = {name: column.copy() for name, column in market.columns.items()}
    moves = np.where(np.arange(700) % 2 == 0, 0.012, -0.01)
    moves[600] = -0.30
    columns["adj_close"][market.rows["MKT"]] = 100.0 * np.exp(np.cumsum(moves))
    frame = compute_signals(replaced(market, columns), REGIME_SIGNALS)
    score = _column(frame, "score")
    raw = np.sum([weight * _column(frame, name) for name, weight in WEIGHTS.items() if name != "credit"], axis=0) / 0.85
    kept = 0.5 ** (1.0 / 3.0)
    for t in range(600, 620):
        assert score[t] - kept * score[t - 1] == pytest.approx((1.0 - kept) * raw[t], abs=1e-6)


def test_an_even_rise_is_the_straightest_path_and_no_drawdown() -> None:
    market = invented_market(9, 300)
    columns = {name: column.copy() for name, column in market.columns.items()}
    columns["adj_close"][market.rows["MKT"]] = 50.0 * 1.002 ** np.arange(300)
    frame = compute_signals(replaced(market, columns), REGIME_SIGNALS)
    assert _column(frame, "path_ratio")[-1] == pytest.approx(math.sqrt(21.0))
    assert _column(frame, "path_return")[-1] == pytest.approx(1.002**21 - 1.0)
    assert _column(frame, "drawdown")[-1] == 1.0


def test_a_market_that_stands_still_has_no_path() -> None:
    market = invented_market(9, 100)
    columns = {name: column.copy() for name, column in market.columns.items()}
    columns["adj_close"][market.rows["MKT"]] = 50.0
    frame = compute_signals(replaced(market, columns), REGIME_SIGNALS)
    assert np.isnan(_column(frame, "path_ratio")).all()


def test_reads_are_words_and_names_are_unique() -> None:
    assert len({spec.name for spec in REGIME_SIGNALS}) == len(REGIME_SIGNALS)
    assert not any(character.isdigit() for spec in REGIME_SIGNALS for character in spec.reads)


@pytest.mark.parametrize("seed", [11, 12])
def test_neither_a_cut_nor_nonsense_afterwards_changes_a_bit(seed: int) -> None:
    market = invented_market(seed, SESSIONS)
    whole = compute_signals(market, REGIME_SIGNALS)
    rng = np.random.default_rng(seed)
    for known in [1, 64, *rng.integers(200, SESSIONS, 10).tolist()]:
        for other in (market.cut(known), garbled(market, rng, known, SESSIONS)):
            frame = compute_signals(other, REGIME_SIGNALS)
            assert same_bits(frame.values[:, :known], whole.values[:, :known])
            assert same_bits(frame.zs[:, :known], whole.zs[:, :known])


@pytest.mark.parametrize("seed", [13, 14])
def test_a_later_start_or_nonsense_before_it_changes_no_bit_once_the_look_back_is_full(seed: int) -> None:
    market = invented_market(seed, LONGEST + 300)
    whole = compute_signals(market, REGIME_SIGNALS)
    rng = np.random.default_rng(seed)
    for start in (1, 77, 150):
        shorter = compute_signals(later(market, start), REGIME_SIGNALS)
        spiked = compute_signals(garbled(market, rng, 0, start), REGIME_SIGNALS)
        for row, spec in enumerate(REGIME_SIGNALS):
            first = start + spec.window
            assert same_bits(shorter.values[row, first - start :], whole.values[row, first:]), spec.name
            assert same_bits(spiked.values[row, first:], whole.values[row, first:]), spec.name
        first = start + LONGEST
        assert same_bits(shorter.zs[:, first - start :].ravel(), whole.zs[:, first:].ravel())
        assert same_bits(spiked.zs[:, first:].ravel(), whole.zs[:, first:].ravel())
