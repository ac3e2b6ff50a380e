"""Signals of one instrument: momentum, trend, volatility, volume and the failed relief rally.

Contract: as for every spec's function (engine.signals.spec): whole columns in, (values, z-scores) out, NaN for missing.
Values are simple returns, which is what people quote; scales and z-scores are made of log returns. `sigma` is the
standard deviation of daily returns over a year; a return over h sessions is measured against sigma * sqrt(h), what a
random walk would do. z rises with the value, here and in all signals.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from engine.signals import windows
from engine.signals.columns import YEAR, Columns, least_of
from engine.signals.forecast import vol_forecast
from engine.signals.scales import log_of, log_score
from engine.signals.spec import SignalSpec, ValueAndZ

__all__ = ["instrument_signals", "returns"]

_CALLED = {"market": "the market", "growth": "growth stocks", "small": "small caps"}
_SPANS = {1: "one-day", 5: "one-week", 21: "one-month", 63: "one-quarter"}
_RALLY, _FADE = 0.02, -0.01
_FORECAST = 2240
"""Sessions behind a volatility forecast: 2,000 fitted, half a year since, a month embargoed, a quarter of features."""


def instrument_signals(role: str) -> tuple[SignalSpec, ...]:
    """All signals of one role, or of one symbol, each named `role.…`."""
    who = _CALLED.get(role, role if not any(map(str.isdigit, role)) else "the instrument")
    only = (role,)
    return (
        *(
            SignalSpec(f"{role}.ret_{span}d", "return", span, only, partial(returns, role=role, sessions=span),
                       f"{reads} return of {who}")
            for span, reads in _SPANS.items()
        ),
        SignalSpec(f"{role}.trend_126d", "return", 126, only, partial(returns, role=role, sessions=126),
                   f"half-year trend of {who}"),
        SignalSpec(f"{role}.vs_200d", "return", 200, only, partial(_versus_mean, role=role),
                   f"distance of {who} from the long moving average"),
        SignalSpec(f"{role}.drawdown", "share", YEAR, only, partial(_drawdown, role=role),
                   f"fall of {who} from the high of the year"),
        SignalSpec(f"{role}.realised_vol_21d", "share", 21, only, partial(_realised_month, role=role),
                   f"realised volatility of {who} over a month"),
        SignalSpec(f"{role}.realised_vol_63d", "share", 63, only, partial(_realised_quarter, role=role),
                   f"realised volatility of {who} over a quarter"),
        SignalSpec(f"{role}.ewma_vol", "return", 256, only, partial(_ewma_vol, role=role),
                   f"expected daily move of {who}"),
        SignalSpec(f"{role}.volume", "ratio", 63, only, partial(_volume, role=role),
                   f"volume of {who} against its quarter, in logs"),
        SignalSpec(f"{role}.vol_forecast_1d", "return", _FORECAST, (*only, "volatility"),
                   partial(_expected, role=role, sessions=1), f"expected daily move of {who}"),
        SignalSpec(f"{role}.vol_forecast_21d", "return", _FORECAST, (*only, "volatility"),
                   partial(_expected, role=role, sessions=21), f"expected daily move of {who} over a month"),
        SignalSpec(f"{role}.relief_failure", "score", 2, only, partial(_relief_failure, role=role),
                   f"failed relief rally of {who}"),
    )  # fmt: skip


def returns(columns: Columns, role: str, sessions: int) -> ValueAndZ:
    """Simple return over `sessions`, as people quote it; z is the log return against sigma * sqrt(sessions)."""
    move = columns.ret(role, sessions)
    return np.expm1(move), move / (columns.sigma(role) * np.sqrt(float(sessions)))


def _versus_mean(columns: Columns, role: str) -> ValueAndZ:
    """P / SMA200 - 1. The mean of 200 sessions is centred 100 ago, hence the scale sigma * sqrt(100)."""
    value = columns.price(role) / columns.mean_price(role, 200) - 1.0
    return value, value / (columns.sigma(role) * 10.0)


def _drawdown(columns: Columns, role: str) -> ValueAndZ:
    """Fall from the 252-session high as a positive fraction; z = fall / (sigma * sqrt(100)), zero at the high.

    Scaled by volatility and not by its own mean and deviation: those would call a bear market normal after a year.
    """
    value = columns.drawdown(role)
    return value, value / (columns.sigma(role) * 10.0)


def _realised_month(columns: Columns, role: str) -> ValueAndZ:
    """Standard deviation of 21 daily returns * sqrt(252); z by two-year median and MAD of its logarithm."""
    return columns.realised_vol(role, 21), columns.realised_vol_score(role)


def _realised_quarter(columns: Columns, role: str) -> ValueAndZ:
    """Standard deviation of 63 daily returns * sqrt(252); z by two-year mean and deviation of its logarithm."""
    value = columns.realised_vol(role, 63)
    return value, log_score(value)


def _ewma_vol(columns: Columns, role: str) -> ValueAndZ:
    """RiskMetrics deviation of one session's return (decay .94); z as for `_realised_quarter`."""
    value = columns.ewma_sigma(role)
    return value, log_score(value)


def _expected(columns: Columns, role: str, sessions: int) -> ValueAndZ:
    """Forecast deviation of a daily log return (engine.signals.forecast); it has no z, being a scale itself."""
    value = vol_forecast(columns, role, sessions, columns.since)
    return value, np.full(len(value), np.nan)


def _volume(columns: Columns, role: str) -> ValueAndZ:
    """Log volume less its 63-session mean; z in 63-session deviations. A volume of zero is a volume not reported."""
    level = log_of(columns.field(role, "volume"))
    value = level - windows.window_mean(level, 63, least=least_of(63))
    return value, value / windows.window_std(level, 63, least=least_of(63))


def _relief_failure(columns: Columns, role: str) -> ValueAndZ:
    """One where a rise of more than 2% is followed by a fall of more than 1%, zero elsewhere.

    z is the fall against sigma on those sessions (positive: a high value is a failure), zero elsewhere.
    """
    today = columns.ret(role)
    yesterday = windows.delay(today, 1)
    failed = (yesterday > _RALLY) & (today < _FADE)
    known = ~(np.isnan(today) | np.isnan(yesterday))
    strength = np.where(failed, -today / columns.sigma(role), 0.0)
    return np.where(known, failed.astype(float), np.nan), np.where(known, strength, np.nan)
