"""Volatility forecasts: a regression on realised volatility over four spans, joined with the volatility index.

Contract: causal and exact like every signal. The regression is fitted anew at the first session of each half-year, on
the 2,000 sessions whose outcomes were known by then; both the calendar day and the window are properties of the date,
so neither cutting the future nor starting history earlier changes a bit. Fewer than 300 usable sessions give no
forecast.

Source: the HAR model of Corsi (2009) in logs; the daily variance is that of Garman & Klass (1980) plus the squared
overnight return, or the squared return where a source has closes only. The forecast is the geometric mean of the
regression and the volatility index (of the regression and the exponentially weighted volatility where there is no
index): of the plain and combined forecasts tried on three indices over 2002-2018 it gave the sharpest intervals that
hold, and no part of it is trusted alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.bars import FloatArray
from engine.linear import least_squares
from engine.signals import windows
from engine.signals.columns import Columns, MissingRole, least_of

__all__ = ["vol_forecast"]

_HORIZONS = (1, 5, 22, 63)
_FIT, _LEAST = 2000, 300
_FLOOR = 1e-7
"""Added to each daily variance (0.03% of a standard deviation), so that a day without a move has a logarithm."""
_TRADING_DAYS = 252.0


def vol_forecast(columns: Columns, role: str, sessions: int, since: int = 0) -> FloatArray:
    """Deviation of a daily log return over the next `sessions`, per session, shape (size,).

    Who needs it from session `since` on only saves the fits before: there it then has other values, or none.
    """

    def make() -> FloatArray:
        recent = columns.ewma_sigma(role)
        fallback = np.sqrt(_or(_har(columns, role, sessions, None, since), recent) * recent)
        try:
            index = columns.price("volatility") / 100.0 / np.sqrt(_TRADING_DAYS)
        except MissingRole:
            return fallback
        with np.errstate(invalid="ignore"):
            index = np.where(index > 0.0, index, np.nan)
        return _or(np.sqrt(_or(_har(columns, role, sessions, index, since), recent) * index), fallback)

    return columns.once(("vol_forecast", role, sessions, since), make)


def _or(first: FloatArray, second: FloatArray) -> FloatArray:
    """The first where it has a value, else the second: a young series has no regression yet."""
    return np.where(np.isnan(first), second, first)


def _har(columns: Columns, role: str, sessions: int, index: FloatArray | None, since: int) -> FloatArray:
    variance = _daily_variance(columns, role)
    features = [_log_mean(columns, role, width) for width in _HORIZONS]
    if index is not None:
        features.append(np.log(index))
    target = np.full(len(variance), np.nan)
    ahead = _log_mean(columns, role, sessions)
    target[: max(len(ahead) - sessions, 0)] = ahead[sessions:]
    refits = _refits(columns)
    needed = refits[max(int(np.searchsorted(refits, since, side="right")) - 1, 0) :]
    return np.exp(0.5 * _fitted(np.vstack([np.ones(len(variance)), *features]), target, sessions, needed))


def _log_mean(columns: Columns, role: str, width: int) -> FloatArray:
    def make() -> FloatArray:
        variance = _daily_variance(columns, role)
        return np.log(windows.window_mean(variance, width, least=least_of(width) if width > 1 else 1))

    return columns.once(("log_mean_variance", role, width), make)


def _daily_variance(columns: Columns, role: str) -> FloatArray:
    """Garman-Klass variance plus the squared overnight return; squared returns where there is no range."""

    def make() -> FloatArray:
        high, low, start, close = (_logged(columns.field(role, name)) for name in ("high", "low", "open", "close"))
        overnight = start - windows.delay(close, 1)
        ranged = 0.5 * (high - low) ** 2 - (2.0 * np.log(2.0) - 1.0) * (close - start) ** 2 + overnight**2
        moved = columns.ret(role) ** 2
        with np.errstate(invalid="ignore"):
            usable = (high > low) & (ranged > 0.0)
        return np.where(usable, ranged, moved) + _FLOOR

    return columns.once(("daily_variance", role), make)


def _logged(x: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return np.log(np.where(x > 0.0, x, np.nan))


def _refits(columns: Columns) -> npt.NDArray[np.intp]:
    """Positions of the first session of each half-year."""
    months = columns.market.calendar.days[: columns.market.size].astype("datetime64[M]").astype(int)
    half = months // 6
    return np.flatnonzero(np.diff(half, prepend=half[:1] - 1))


def _fitted(x: FloatArray, y: FloatArray, embargo: int, refits: npt.NDArray[np.intp]) -> FloatArray:
    """Predictions of least squares refitted at `refits` on what was known then; x has shape (features, n)."""
    known: npt.NDArray[np.bool_] = ~np.isnan(x.sum(axis=0))
    out = np.full(len(y), np.nan)
    for begin, end in zip(refits, [*refits[1:], len(y)], strict=True):
        last = begin - embargo + 1
        span = slice(max(last - _FIT, 0), max(last, 0))
        usable = known[span] & ~np.isnan(y[span])
        if usable.sum() < _LEAST:
            continue
        inputs, outcomes = x[:, span], y[span]
        if not usable.all():
            inputs, outcomes = inputs[:, usable], outcomes[usable]
        weights = least_squares(inputs, outcomes)
        block = x[0, begin:end] * weights[0]
        for row, weight in zip(x[1:], weights[1:], strict=True):
            block = block + row[begin:end] * weight
        out[begin:end] = block
    return out
