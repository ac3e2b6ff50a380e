"""Invented markets for tests: every role and group, and the troubles that real feeds have.

Contract: `invented_market(seed, sessions)` is a pure function of its arguments. Prices follow a common factor with
changing volatility; on top of that a world has gaps in single feeds, stocks that list late or stop, a flat stretch, a
price spike that comes and goes within a session, days on which everything falls after a rally, and sessions on which a
feed reports no volume. The market role has a bar on every session but two. Nothing here resembles a real instrument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np

from engine.bars import Bars, FloatArray
from engine.calendar import Days, TradingCalendar
from engine.market import Market
from engine.universe import Universe

__all__ = ["WORLD", "cut_bars", "garbled", "invented_bars", "invented_market", "later", "replaced", "same_bits"]

_STOCKS = tuple(f"S{number:02d}" for number in range(12))

WORLD = Universe(
    name="world",
    title="An invented market with every role",
    calendar="XNYS",
    roles={
        "market": "MKT", "growth": "GRO", "small": "SML", "volatility": "^VOL", "volatility_3m": "^VOL3M",
        "rate_10y": "R10Y", "rate_2y": "R2Y", "rate_3m": "R3M", "credit": "HYC", "credit_ig": "IGC",
        "treasury_mid": "TMID", "treasury_long": "TLNG", "gold": "AU", "dollar": "USDX", "oil": "CRUDE",
    },
    groups={
        "stocks": _STOCKS, "mega_caps": _STOCKS[:4], "cyclicals": ("CYA", "CYB", "CYC"), "defensives": ("DFA", "DFB"),
    },
    levels=frozenset({"^VOL", "^VOL3M", "R10Y", "R2Y", "R3M"}),
)  # fmt: skip
"""A universe in which nothing is missing."""

_BONDS = {"TMID": -0.15, "TLNG": -0.3, "AU": 0.05, "USDX": -0.1}


@cache
def _days(sessions: int) -> Days:
    return TradingCalendar.load("XNYS", date(2000, 1, 3), date(2049, 12, 31)).days[:sessions]


def invented_market(seed: int, sessions: int, universe: Universe = WORLD) -> Market:
    """A market of the given number of sessions from 2000-01-03 on."""
    return Market.build(universe, invented_bars(seed, sessions, universe))


def invented_bars(seed: int, sessions: int, universe: Universe = WORLD) -> dict[str, Bars]:
    """Bars of every symbol of `universe`; a symbol's bars do not depend on which other symbols there are."""
    factor = _factor(np.random.default_rng([seed, 0]), sessions)
    found = {}
    for symbol in universe.symbols:
        rng = np.random.default_rng([seed, *symbol.encode()])
        close = _close(rng, symbol, symbol in universe.levels, factor)
        keep = _kept(rng, symbol, sessions, lead=symbol == universe.roles["market"])
        found[symbol] = _bars(rng, symbol, close, keep, level=symbol in universe.levels)
    return found


def cut_bars(bars: Mapping[str, Bars], last: np.datetime64) -> dict[str, Bars]:
    """What a data folder would have held on `last`: symbols that had no bar by then are not in it."""
    cut = {symbol: item.until(last) for symbol, item in bars.items()}
    return {symbol: item for symbol, item in cut.items() if len(item)}


def replaced(market: Market, columns: Mapping[str, FloatArray]) -> Market:
    """The market with other columns, of the same shape."""
    return replace(market, columns=dict(columns))


def garbled(market: Market, rng: np.random.Generator, first: int, stop: int) -> Market:
    """The market with nonsense for bars from session `first` to before `stop`: holes, spikes, prices below zero."""
    columns = {}
    for name, column in market.columns.items():
        column = column.copy()
        shape = column[:, first:stop].shape
        nonsense = rng.choice([np.nan, 0.0, -5.0, 1e8, 1e-8, np.inf, 100.0], size=shape)
        column[:, first:stop] = np.where(rng.random(shape) < 0.5, nonsense, column[:, first:stop] * 1.7)
        columns[name] = column
    return replaced(market, columns)


def later(market: Market, start: int) -> Market:
    """The market as if history had begun at session `start`."""
    calendar = replace(market.calendar, days=market.calendar.days[start:], closes=market.calendar.closes[start:])
    columns = {name: column[:, start:].copy() for name, column in market.columns.items()}
    return replace(market, calendar=calendar, size=market.size - start, columns=columns)


def same_bits(one: FloatArray, other: FloatArray) -> bool:
    """Whether two float arrays are equal to the last bit; every NaN is the same NaN, and -0.0 is not 0.0."""
    if one.shape != other.shape or not np.array_equal(np.isnan(one), np.isnan(other)):
        return False
    there = ~np.isnan(one)
    return bool(np.array_equal(one[there].view(np.int64), other[there].view(np.int64)))


def _factor(rng: np.random.Generator, sessions: int) -> FloatArray:
    """Daily log returns of the common factor: three volatilities, fat tails, one day of synchronous selling in 90."""
    state = np.repeat(rng.choice([0.006, 0.011, 0.025], size=sessions // 60 + 1), 60)[:sessions]
    moves = state * rng.standard_t(5, size=sessions) * 0.8 + 0.0003
    moves[45::90] = -0.035
    moves[44::90] = 0.025
    return moves


def _close(rng: np.random.Generator, symbol: str, level: bool, factor: FloatArray) -> FloatArray:
    sessions = len(factor)
    if symbol.startswith("^"):
        noise = np.cumsum(rng.normal(0.0, 0.02, sessions) - 4.0 * factor)
        return np.round(18.0 * np.exp(0.7 * np.tanh(noise - 0.9 * _lagged_mean(noise))), 2)
    if level:
        return np.round(3.0 + np.cumsum(rng.normal(0.0, 0.04, sessions)) + 5.0 * np.cumsum(factor) * 0.1, 2)
    beta = _BONDS.get(symbol, 0.6 + 0.8 * rng.random())
    close = 100.0 * np.exp(np.cumsum(beta * factor + rng.normal(0.0, 0.006, sessions)))
    if sessions > 300 and rng.random() < 0.5:  # a halt: the same price for thirty sessions
        start = int(rng.integers(120, sessions - 60))
        close[start : start + 30] = close[start]
    if sessions > 100 and rng.random() < 0.3:  # a bad print, gone the next session
        close[int(rng.integers(50, sessions))] *= 100.0
    return close


def _lagged_mean(x: FloatArray) -> FloatArray:
    total = np.concatenate([[0.0], np.cumsum(x)])
    start = np.maximum(np.arange(len(x)) - 120, 0)
    mean: FloatArray = (total[1:] - total[start]) / (np.arange(len(x)) + 1 - start)
    return mean


def _kept(rng: np.random.Generator, symbol: str, sessions: int, *, lead: bool) -> FloatArray:
    keep = np.ones(sessions)
    if lead:
        keep[[at for at in (sessions // 3, sessions // 2) if 0 < at < sessions - 1]] = 0.0
        return keep
    keep[rng.random(sessions) < 0.006] = 0.0
    if rng.random() < 0.3:
        keep[: int(rng.integers(0, sessions // 2 + 1))] = 0.0  # listed late
    if symbol == _STOCKS[-1]:
        keep[sessions * 3 // 4 :] = 0.0  # delisted
    if symbol == _STOCKS[-2]:
        keep[: sessions * 4 // 5] = 0.0  # listed very late
    return keep


def _bars(rng: np.random.Generator, symbol: str, close: FloatArray, keep: FloatArray, *, level: bool) -> Bars:
    at = np.flatnonzero(keep)
    close = close[at]
    gap = np.zeros(len(at)) if level else np.abs(rng.normal(0.0, 0.004, len(at)))
    volume: FloatArray = np.zeros(len(at))
    if not level:
        reported = rng.random(len(at)) >= 0.01
        volume[reported] = np.round(np.exp(rng.normal(15.0, 0.4, int(reported.sum()))))
    opened = close * (1.0 + 0.3 * gap)
    high, low = close * (1.0 + gap), close * (1.0 - gap)
    return Bars(symbol, _days(len(keep))[at].copy(), opened, high, low, close.copy(), close.copy(), volume)
