"""Invented markets on which minds are tried: every role of the universe `us`, and the troubles that real feeds have.

Contract: a market is a function of its seed, and no number in it is real. Prices follow one factor whose volatility
changes; single feeds have gaps, stocks list late or stop, prices stand still or spike for a day; there are headlines,
macro numbers and a timetable. `cut`, `garbled` and `without` change a market after one session or at some.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np

from engine.bars import Bars, FloatArray
from engine.calendar import Days, TradingCalendar
from engine.events import Event, check_events
from engine.market import Market
from engine.universe import load_universe

__all__ = ["SESSIONS", "garbled", "invented", "reworded", "without"]

SESSIONS = 700
"""Enough for every signal to have found its scale, with some months to spare."""
_FIRST = date(2001, 1, 2)


@cache
def invented(seed: int = 1) -> Market:
    """A market of `SESSIONS` sessions."""
    universe = load_universe("us")
    days = TradingCalendar.load(universe.calendar, _FIRST, _FIRST + timedelta(days=2 * SESSIONS)).days[:SESSIONS]
    factor = _factor(np.random.default_rng([seed, 0]))
    bars = {
        symbol: _bars(np.random.default_rng([seed, *symbol.encode()]), symbol, days, factor, universe.levels)
        for symbol in universe.symbols
    }
    bars[universe.roles["market"]] = _whole(bars[universe.roles["market"]], days)
    bare = Market.build(universe, bars)
    return Market.build(universe, bars, _events(np.random.default_rng([seed, 1]), bare.calendar))


def garbled(market: Market, size: int, seed: int) -> Market:
    """The market with nonsense for all bars from session `size` on: holes, spikes, prices of zero and below."""
    rng, columns = np.random.default_rng(seed), {}
    for name, column in market.columns.items():
        later = column[:, size:]
        nonsense = rng.choice([np.nan, 0.0, -5.0, 1e8, 1e-8, 100.0], size=later.shape)
        mixed = np.where(rng.random(later.shape) < 0.5, nonsense, later * 1.7)
        columns[name] = np.concatenate([column[:, :size], mixed], axis=1)
    return replace(market, columns=columns)


def without(market: Market, symbols: Collection[str], sessions: Collection[int], back: int) -> Market:
    """The market without bars of `symbols` on each of `sessions` and on the `back` sessions before it."""
    rows = [market.rows[symbol] for symbol in symbols if symbol in market.rows]
    gone = sorted({at - ago for at in sessions for ago in range(back + 1) if at >= ago})
    columns = {}
    for name, column in market.columns.items():
        columns[name] = column.copy()
        columns[name][np.ix_(rows, gone)] = np.nan
    return replace(market, columns=columns)


def reworded(market: Market, words: str) -> Market:
    """The market whose events all say `words`, by another source; when, what kind, whom and how much stay."""
    return replace(market, events=tuple(event._replace(text=words, source=words[:100]) for event in market.events))


def _factor(rng: np.random.Generator) -> FloatArray:
    """Daily log returns: three volatilities, fat tails, and every 90 sessions a rally after which all is sold."""
    state = np.repeat(rng.choice([0.006, 0.011, 0.025], size=SESSIONS // 60 + 1), 60)[:SESSIONS]
    moves = state * 0.8 * rng.standard_t(5, size=SESSIONS) + 0.0003
    moves[44::90], moves[45::90] = 0.025, -0.035
    return moves


def _bars(
    rng: np.random.Generator, symbol: str, days: Days, factor: FloatArray, levels: Collection[str]
) -> Bars:  # fmt: skip
    close, keep = _close(rng, symbol, factor, level=symbol in levels), rng.random(SESSIONS) > 0.006
    if symbol not in levels and rng.random() < 0.2:
        keep[: int(rng.integers(60, SESSIONS // 2))] = False  # listed late
    if symbol not in levels and rng.random() < 0.1:
        keep[SESSIONS * 3 // 4 :] = False  # delisted
    if symbol in levels:
        spread, volume = np.zeros(SESSIONS), np.zeros(SESSIONS)
    else:
        spread = np.abs(rng.normal(0.0, 0.004, SESSIONS))
        volume = np.where(rng.random(SESSIONS) < 0.01, 0.0, np.round(np.exp(rng.normal(15.0, 0.4, SESSIONS))))
    columns = [close * (1.0 + 0.3 * spread), close * (1.0 + spread), close * (1.0 - spread), close, close, volume]
    return Bars(symbol, days[keep], *(column[keep] for column in columns))


def _close(rng: np.random.Generator, symbol: str, factor: FloatArray, *, level: bool) -> FloatArray:
    if symbol.startswith("^VIX"):
        fear = np.convolve(np.abs(factor), 0.9 ** np.arange(60))[:SESSIONS]
        return np.round(9.0 + 120.0 * fear + np.exp(rng.normal(0.0, 0.1, SESSIONS)), 2)
    if level:
        return np.round(3.0 + np.cumsum(rng.normal(0.0, 0.04, SESSIONS) + 0.5 * factor), 2)
    beta = 0.3 + 0.8 * rng.random()
    close = 100.0 * np.exp(np.cumsum(beta * factor + rng.normal(0.0, 0.006, SESSIONS)))
    if rng.random() < 0.3:  # a halt: one price for thirty sessions
        start = int(rng.integers(120, SESSIONS - 60))
        close[start : start + 30] = close[start]
    if rng.random() < 0.3:  # a bad print, gone the next session
        close[int(rng.integers(50, SESSIONS))] *= 8.0
    return close


def _whole(bars: Bars, days: Days) -> Bars:
    """The bars of the market role, which has one on every session but two."""
    at = np.searchsorted(bars.days, days).clip(0, len(bars.days) - 1)
    keep = np.ones(SESSIONS, bool)
    keep[[SESSIONS // 3, SESSIONS // 2]] = False
    names = ("open", "high", "low", "close", "adj_close", "volume")
    return Bars(bars.symbol, days[keep], *(getattr(bars, name)[at][keep] for name in names))


def _events(rng: np.random.Generator, calendar: TradingCalendar) -> tuple[Event, ...]:
    """A headline every third session, a filing that comes late, a number every 21 sessions and its day long before."""
    found = []
    for at in range(1, SESSIONS - 30, 3):
        day, now = calendar.labels[at], calendar.as_of(at)
        symbol = str(rng.choice(["AAPL", "MSFT", "XOM", ""]))
        found.append(Event("headline", day, now - timedelta(hours=2), "Stocks move", "a wire", "press", symbol))
        if at % 7 == 0:
            found.append(
                Event("filing", calendar.labels[at - 1], now, "An insider sold", "a filing", "official", symbol)
            )
        if at % 21 == 1:
            print_at = calendar.as_of(at + 20) - timedelta(hours=7)
            found.append(Event("meeting", calendar.labels[at + 20], now, "CPI is due", "the agency", "official"))
            value = round(float(rng.normal(2.5, 0.4)), 1)
            found.append(
                Event("macro", calendar.labels[at], print_at, "CPI", "the agency", "official", "", value, "CPI")
            )
    return check_events(found, where="an invented market")
