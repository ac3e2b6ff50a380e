"""Signals between instruments: size, leadership, credit, volatility, the yield curve, stocks against bonds.

Contract: as in `engine.signals.per_symbol`. A spread is made of log returns; its z is the spread over the deviation
of its daily value times sqrt(sessions), not centred: zero means that nothing moved apart.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from engine.signals import windows
from engine.signals.columns import YEAR, Columns, least_of
from engine.signals.per_symbol import returns
from engine.signals.scales import standard_score
from engine.signals.spec import SignalSpec, ValueAndZ

__all__ = ["CROSS_SIGNALS", "HEDGE"]

HEDGE = 0.5
"""Units of the mid-maturity Treasury held against one of high-yield credit: its rate risk is about half."""
_GAP = ("small", "growth")
_CREDIT = ("credit", "treasury_mid")
_FALL, _REFUGE = -0.007, 0.004


def _spread(columns: Columns, pair: tuple[str, str], sessions: int, width: int, hedge: float = 1.0) -> ValueAndZ:
    """Return of holding the first against `hedge` of the second; z by the daily deviation of its log over `width`."""
    move = columns.spread(*pair, sessions, hedge)
    return np.expm1(move), move / (columns.spread_sigma(*pair, width, hedge) * np.sqrt(float(sessions)))


def _size_divergence(columns: Columns) -> ValueAndZ:
    """The one-day gap where it exceeds one deviation and the two moved in opposite directions; zero elsewhere."""
    gap, z = _spread(columns, _GAP, 1, 63)
    apart = (np.abs(z) > 1.0) & (columns.ret("small") * columns.ret("growth") < 0.0)
    known = ~np.isnan(z)
    return np.where(known, np.where(apart, gap, 0.0), np.nan), np.where(known, np.where(apart, z, 0.0), np.nan)


def _mega_concentration(columns: Columns) -> ValueAndZ:
    """Mean 21-session return of the largest companies less the market's; z by the daily deviation over a year."""
    value = columns.group_ret("mega_caps", 21) - columns.ret("market", 21)
    daily = columns.group_ret("mega_caps") - columns.ret("market")
    return value, value / (windows.window_std(daily, YEAR, least=least_of(YEAR)) * np.sqrt(21.0))


def _volatility_level(columns: Columns) -> ValueAndZ:
    """The volatility index; z by two-year median and MAD of its logarithm."""
    return columns.price("volatility"), columns.level_score("volatility")


def _volatility_change(columns: Columns) -> ValueAndZ:
    """V / V five sessions ago - 1; z by the deviation of the logs of such changes over a year."""
    move = columns.ret("volatility", 5)
    return np.expm1(move), move / windows.window_std(move, YEAR, least=least_of(YEAR))


def _term_slope(columns: Columns) -> ValueAndZ:
    """ln(one-month / three-month implied volatility): above zero in a panic; z against its year."""
    value = columns.log_price("volatility") - columns.log_price("volatility_3m")
    return value, standard_score(value, YEAR)


def _premium(columns: Columns) -> ValueAndZ:
    """Implied less realised volatility of 21 sessions, both annual fractions; z against its year."""
    value = columns.price("volatility") / 100.0 - columns.realised_vol("market", 21)
    return value, standard_score(value, YEAR)


def _slope(columns: Columns, long: str, short: str) -> ValueAndZ:
    """Difference of two yields in percentage points; z against two years."""
    value = columns.price(long) - columns.price(short)
    return value, standard_score(value, 504)


def _rate_change(columns: Columns) -> ValueAndZ:
    """Change of the ten-year yield over 63 sessions in percentage points; z by the deviation of such changes."""
    level = columns.price("rate_10y")
    value = level - windows.delay(level, 63)
    return value, value / windows.window_std(value, 504, least=least_of(504))


def _stock_bond_corr(columns: Columns) -> ValueAndZ:
    """Correlation of daily returns over 63 sessions; z against two years.

    The least deviation is 1 / sqrt(63), the sampling error of such a correlation: within it nothing has changed.
    """
    stocks, bonds = columns.ret("market"), columns.ret("treasury_long")
    value = windows.window_corr(stocks, bonds, 63, least=least_of(63))
    return value, standard_score(value, 504, floor=1.0 / np.sqrt(63.0))


def _flight(columns: Columns) -> ValueAndZ:
    """Bond less stock return where stocks fell more than .7% and bonds rose more than .4%; zero elsewhere.

    z is that return over its daily deviation in the past year.
    """
    pair = ("treasury_long", "market")
    value, z = _spread(columns, pair, 1, YEAR)
    fled = (columns.ret("market") < _FALL) & (columns.ret("treasury_long") > _REFUGE)
    known = ~np.isnan(value)
    return np.where(known, np.where(fled, value, 0.0), np.nan), np.where(known, np.where(fled, z, 0.0), np.nan)


def _month(role: str, reads: str) -> SignalSpec:
    return SignalSpec(f"{role}.ret_21d", "return", 21, (role,), partial(returns, role=role, sessions=21), reads)


CROSS_SIGNALS: tuple[SignalSpec, ...] = (
    SignalSpec("size_gap_1d", "return", 1, _GAP, partial(_spread, pair=_GAP, sessions=1, width=63),
               "small caps less growth stocks on the day"),
    SignalSpec("size_gap_5d", "return", 5, _GAP, partial(_spread, pair=_GAP, sessions=5, width=63),
               "small caps less growth stocks over a week"),
    SignalSpec("size_gap_21d", "return", 21, _GAP, partial(_spread, pair=_GAP, sessions=21, width=63),
               "small caps less growth stocks over a month"),
    SignalSpec("size_divergence", "return", 63, _GAP, _size_divergence, "small caps and growth stocks moving apart"),
    SignalSpec("growth_lead_21d", "return", 21, ("growth", "market"),
               partial(_spread, pair=("growth", "market"), sessions=21, width=YEAR),
               "growth stocks less the market over a month"),
    SignalSpec("mega_concentration_21d", "return", 21, ("mega_caps", "market"), _mega_concentration,
               "the largest companies less the market over a month"),
    SignalSpec("volatility.level", "level", 1, ("volatility",), _volatility_level, "implied volatility", 1),
    SignalSpec("volatility.change_5d", "return", 5, ("volatility",), _volatility_change,
               "change of implied volatility over a week, in logs", 1),
    SignalSpec("volatility.term_slope", "ratio", 1, ("volatility", "volatility_3m"), _term_slope,
               "near less far implied volatility, in logs", 1),
    SignalSpec("volatility.premium", "return", 21, ("volatility", "market"), _premium,
               "implied less realised volatility", 1),
    SignalSpec("credit.spread_42d", "return", 42, _CREDIT,
               partial(_spread, pair=_CREDIT, sessions=42, width=504, hedge=HEDGE),
               "high-yield credit less Treasuries over two months", 1),
    SignalSpec("credit.spread_5d", "return", 5, _CREDIT,
               partial(_spread, pair=_CREDIT, sessions=5, width=504, hedge=HEDGE),
               "high-yield credit less Treasuries over a week", 1),
    SignalSpec("credit_ig.spread_21d", "return", 21, ("credit_ig", "treasury_mid"),
               partial(_spread, pair=("credit_ig", "treasury_mid"), sessions=21, width=YEAR),
               "investment-grade credit less Treasuries over a month", 1),
    SignalSpec("curve.slope_10y3m", "points", 1, ("rate_10y", "rate_3m"),
               partial(_slope, long="rate_10y", short="rate_3m"), "long less bill yield", 3),
    SignalSpec("curve.slope_10y2y", "points", 1, ("rate_10y", "rate_2y"),
               partial(_slope, long="rate_10y", short="rate_2y"), "long less short note yield", 3),
    SignalSpec("curve.rate_10y_change_63d", "points", 63, ("rate_10y",), _rate_change,
               "change of the long yield over a quarter", 3),
    SignalSpec("stock_bond.corr_63d", "ratio", 63, ("market", "treasury_long"), _stock_bond_corr,
               "correlation of stocks and bonds over a quarter"),
    SignalSpec("stock_bond.flight_1d", "return", 1, ("market", "treasury_long"), _flight,
               "flight from stocks to bonds"),
    _month("treasury_long", "long Treasuries over a month"),
    _month("gold", "gold over a month"),
    _month("dollar", "the dollar over a month"),
    _month("oil", "oil over a month"),
)  # fmt: skip
