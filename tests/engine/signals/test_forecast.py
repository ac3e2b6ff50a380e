"""The volatility forecast against a regression done the long way, and the promises on time."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from engine.bars import Bars
from engine.market import Market
from engine.signals.columns import Columns
from engine.signals.forecast import vol_forecast
from engine.universe import Universe
from tests.worlds import cut_bars, invented_bars, invented_market, same_bits

SESSIONS = 1500
ALONE = Universe("alone", "", "XNYS", {"market": "MKT"})


@pytest.fixture(scope="module")
def market() -> Market:
    return invented_market(5, SESSIONS)


def variance(market: Market, symbol: str, at: int) -> float | None:
    """Garman and Klass plus the overnight return, from the bars of two days."""
    row = market.rows[symbol]
    today = {name: market.columns[name][row, at] for name in ("open", "high", "low", "close", "adj_close")}
    before = {name: market.columns[name][row, at - 1] for name in ("close", "adj_close")}
    if any(math.isnan(value) for value in (*today.values(), *before.values())):
        return None
    span, body = math.log(today["high"] / today["low"]), math.log(today["close"] / today["open"])
    gap = math.log(today["open"] / before["close"])
    ranged = 0.5 * span**2 - (2 * math.log(2) - 1) * body**2 + gap**2
    moved = math.log(today["adj_close"] / before["adj_close"]) ** 2
    return (ranged if today["high"] > today["low"] and ranged > 0 else moved) + 1e-7


def mean_log(values: list[float | None], least: int) -> float | None:
    known = [value for value in values if value is not None]
    return math.log(sum(known) / len(known)) if len(known) >= least else None


def slow(market: Market, symbol: str, at: int, ahead: int) -> float:
    """Refit on the spot with numpy's least squares, on what the last first session of a half-year knew."""
    daily = [None, *[variance(market, symbol, t) for t in range(1, at + 1)]]

    def features(t: int) -> list[float] | None:
        spans = [mean_log(daily[t - w + 1 : t + 1], 1 if w == 1 else max(2, w - w // 10)) for w in (1, 5, 22, 63)]
        return None if t < 62 or None in spans else [1.0, *[value for value in spans if value is not None]]

    def outcome(t: int) -> float | None:
        return mean_log(daily[t + 1 : t + ahead + 1], 1 if ahead == 1 else max(2, ahead - ahead // 10))

    halves = [(day.year, (day.month - 1) // 6) for day in map(date.fromisoformat, market.calendar.labels[: at + 1])]
    refit = max(t for t in range(1, at + 1) if halves[t] != halves[t - 1])
    rows = [(features(t), outcome(t)) for t in range(max(refit - ahead + 1 - 2000, 0), refit - ahead + 1)]
    x, y = zip(*[(one, other) for one, other in rows if one is not None and other is not None], strict=True)
    weights = np.linalg.lstsq(np.array(x), np.array(y), rcond=None)[0]
    today = features(at)
    assert today is not None
    return math.exp(0.5 * float(np.dot(weights, today)))


@pytest.mark.parametrize("ahead", [1, 21])
def test_without_an_index_it_is_the_mean_of_the_regression_and_the_recent_past(ahead: int) -> None:
    bars = {symbol: item for symbol, item in invented_bars(5, SESSIONS).items() if symbol == "MKT"}
    market = Market.build(ALONE, bars)
    columns = Columns(market)
    found, recent = vol_forecast(columns, "market", ahead), columns.ewma_sigma("market")
    for at in (1100, 1250, 1499):
        assert found[at] == pytest.approx(math.sqrt(slow(market, "MKT", at, ahead) * recent[at]), rel=1e-5)


def test_with_an_index_it_moves_with_it(market: Market) -> None:
    columns = Columns(market)
    found, index = vol_forecast(columns, "market", 1), columns.price("volatility")
    known = ~np.isnan(found) & ~np.isnan(index)
    assert known[800:].mean() > 0.8
    assert np.corrcoef(np.log(found[known]), np.log(index[known]))[0, 1] > 0.5


def test_a_steady_world_is_forecast_as_steady() -> None:
    """Gaussian days of 1%: the forecast stays within a quarter of the truth."""
    draw = np.random.default_rng(3)
    days = invented_market(1, SESSIONS).calendar.days[:SESSIONS]
    close = 100.0 * np.exp(np.cumsum(draw.normal(0, 0.01, SESSIONS)))
    o, h, low, c, a = (close.copy() for _ in range(5))
    market = Market.build(ALONE, {"MKT": Bars("MKT", days.copy(), o, h, low, c, a, np.ones(SESSIONS))})
    found = vol_forecast(Columns(market), "market", 21)[700:]
    assert 0.0075 < np.median(found) < 0.0125


def test_the_future_changes_no_bit(market: Market) -> None:
    whole = vol_forecast(Columns(market), "growth", 21)
    for at in (700, 1001, 1260):
        past = Market.build(market.universe, cut_bars(invented_bars(5, SESSIONS), market.calendar.days[at]))
        assert same_bits(vol_forecast(Columns(past), "growth", 21), whole[: past.size])


def test_a_young_series_has_the_recent_past_only(market: Market) -> None:
    columns = Columns(market)
    found = vol_forecast(columns, "market", 1)[70:300]
    recent, index = columns.ewma_sigma("market")[70:300], columns.price("volatility")[70:300] / 100 / math.sqrt(252)
    plain = np.where(np.isnan(index), recent, np.sqrt(recent * index))
    there = ~np.isnan(found)
    assert there.any()
    assert found[there] == pytest.approx(plain[there])


@pytest.mark.parametrize("sessions", [1, 2, 20, 21, 22])
def test_a_history_shorter_than_the_horizon_has_no_forecast_and_no_error(sessions: int) -> None:
    market = invented_market(5, sessions)
    assert np.isnan(vol_forecast(Columns(market), "market", 21)).all()
