"""Regime features: the parts of the risk score, the score itself, and what the label table looks at, as signals.

Contract: like all signals, each column is computed once, depends on nothing after its session and is exact under
truncation. The parts, the score and the coverage have value = z. A part that the universe or the day cannot give is
left out of the score and lowers the coverage; it is never a neutral number. `roles` names all that may feed a signal:
the volatility and credit roles are optional for the score.

    trend       tanh(ln(P / P 126 sessions ago) / (sigma_252 * sqrt(126)))
    vs_200      tanh((P / SMA200 - 1) / (sigma_252 * sqrt(100)))
    volatility  -tanh((ln v - median_504) / (2 * max(.12, 1.4826 * MAD_504))), v the index, else 21-session realised
    drawdown    1 - 2 * min(1, fall from the 252-session high / .15)
    credit      tanh(sum over 42 of (high yield - Treasury / 2) / (sigma_504 * sqrt(42)))
    score       exponential mean (half-life three sessions, cut off after 64) of the weighted mean of the parts

Trend and distance from a long average are time-series momentum (Moskowitz, Ooi and Pedersen 2012; Faber 2007); median
and MAD are the usual robust scale (Hampel 1974); the path ratio is Kaufman's efficiency ratio.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.bars import FloatArray
from engine.signals import windows
from engine.signals.columns import Columns, MissingRole, least_of
from engine.signals.cross import HEDGE
from engine.signals.per_symbol import returns
from engine.signals.spec import SignalSpec, ValueAndZ

__all__ = ["REGIME_SIGNALS", "WEIGHTS"]

WEIGHTS = {"trend": 0.20, "vs_200": 0.20, "volatility": 0.25, "drawdown": 0.20, "credit": 0.15}
"""Weight of each part in the score; they add up to one."""

_HALF_LIFE = 3.0
_SMOOTHED = 64
_DEEP = 0.15
"""A fall that counts as fully negative."""


def _squashed(x: FloatArray) -> FloatArray:
    found: FloatArray = np.tanh(x)
    return found


def _trend(columns: Columns) -> FloatArray:
    return _squashed(columns.ret("market", 126) / (columns.sigma("market") * np.sqrt(126.0)))


def _vs_200(columns: Columns) -> FloatArray:
    distance = columns.price("market") / columns.mean_price("market", 200) - 1.0
    return _squashed(distance / (columns.sigma("market") * 10.0))


def _volatility(columns: Columns) -> FloatArray:
    realised = columns.realised_vol_score("market")
    try:
        implied = columns.level_score("volatility")
    except MissingRole:
        return _squashed(realised / -2.0)
    return _squashed(np.where(np.isnan(implied), realised, implied) / -2.0)


def _drawdown(columns: Columns) -> FloatArray:
    depth: FloatArray = np.minimum(1.0, columns.drawdown("market") / _DEEP)
    return 1.0 - 2.0 * depth


def _credit(columns: Columns) -> FloatArray:
    pair = ("credit", "treasury_mid")
    return _squashed(columns.spread(*pair, 42, HEDGE) / (columns.spread_sigma(*pair, 504, HEDGE) * np.sqrt(42.0)))


_PARTS: dict[str, Callable[[Columns], FloatArray]] = {
    "trend": _trend, "vs_200": _vs_200, "volatility": _volatility, "drawdown": _drawdown, "credit": _credit,
}  # fmt: skip


def _part(columns: Columns, name: str) -> FloatArray:
    return columns.once(("regime", name), lambda: _PARTS[name](columns))


def _known_parts(columns: Columns) -> list[tuple[float, FloatArray]]:
    found = []
    for name, weight in WEIGHTS.items():
        try:
            found.append((weight, _part(columns, name)))
        except MissingRole:  # the universe has no such input: coverage says so
            continue
    return found


def _weight(columns: Columns) -> FloatArray:
    """Weight of the parts that have a value, in [0, 1]."""

    def make() -> FloatArray:
        total = np.zeros(columns.market.size)
        for weight, part in _known_parts(columns):
            total += np.where(np.isnan(part), 0.0, weight)
        return total

    return columns.once(("regime", "coverage"), make)


def _score(columns: Columns) -> ValueAndZ:
    """Smoothed weighted mean of the parts; missing on a session on which no part has a value."""
    total = np.zeros(columns.market.size)
    for weight, part in _known_parts(columns):
        total += np.where(np.isnan(part), 0.0, weight * part)
    covered = _weight(columns)
    raw = np.where(covered > 0.0, total / covered, np.nan)
    smooth = windows.window_ewma(raw, _SMOOTHED, 0.5 ** (1.0 / _HALF_LIFE), least=1)
    score = np.where(np.isnan(raw), np.nan, np.clip(smooth, -1.0, 1.0))  # a mean of ones may round to above one
    return score, score


def _coverage(columns: Columns) -> ValueAndZ:
    covered = _weight(columns)
    return covered, covered


def _week(columns: Columns) -> ValueAndZ:
    """Five-session return over sigma_252 * sqrt(5): a sudden fall is one below -2.5."""
    value = columns.ret("market", 5) / (columns.sigma("market") * np.sqrt(5.0))
    return value, value


def _path_ratio(columns: Columns) -> ValueAndZ:
    """|month's return| / sum of |daily ones| * sqrt(21): about one for a random walk, missing if nothing moved."""
    way = windows.window_sum(np.abs(columns.ret("market")), 21, least=least_of(21))
    value = np.abs(columns.ret("market", 21)) / np.where(way > 0.0, way, np.nan) * np.sqrt(21.0)
    return value, value


def _path_return(columns: Columns) -> ValueAndZ:
    return returns(columns, "market", 21)


def _vol_jump(columns: Columns) -> ValueAndZ:
    """21-session realised volatility over its value five sessions ago."""
    level = columns.realised_vol("market", 21)
    value = level / windows.delay(level, 5)
    change = np.log(value)
    return value, change / windows.window_std(change, 252, least=least_of(252))


_APPETITE: tuple[tuple[str, str | None, float], ...] = (
    ("credit", "treasury_mid", 1.0), ("small", "market", 1.0), ("growth", "market", 1.0), ("volatility", None, -1.0),
    ("market", None, 1.0), ("market", "treasury_long", 1.0),
)  # fmt: skip
"""Measures of risk-taking: a return, or one less another, and the sign that speaks for it."""


def _appetite(columns: Columns) -> ValueAndZ:
    """Share of the measures of risk-taking whose five-session move is positive; missing with fewer than three."""
    risen, known = np.zeros(columns.market.size), np.zeros(columns.market.size)
    for role, against, sign in _APPETITE:
        try:
            move = sign * (columns.ret(role, 5) if against is None else columns.spread(role, against, 5, 1.0))
        except MissingRole:
            continue
        risen += np.where(np.isnan(move), 0.0, move > 0.0)
        known += ~np.isnan(move)
    share = np.where(known >= 3.0, risen / np.maximum(known, 1.0), np.nan)
    return share, share


def _same(part: str) -> Callable[[Columns], ValueAndZ]:
    def make(columns: Columns) -> ValueAndZ:
        column = _part(columns, part)
        return column, column

    return make


_ALL = ("market", "volatility", "credit", "treasury_mid")

REGIME_SIGNALS: tuple[SignalSpec, ...] = (
    SignalSpec("regime.trend", "score", 252, ("market",), _same("trend"), "half-year trend"),
    SignalSpec("regime.vs_200", "score", 252, ("market",), _same("vs_200"), "distance from the long moving average"),
    SignalSpec("regime.volatility", "score", 525, ("market", "volatility"), _same("volatility"), "calm of the market"),
    SignalSpec("regime.drawdown", "score", 252, ("market",), _same("drawdown"), "nearness to the high of the year"),
    SignalSpec("regime.credit", "score", 504, ("credit", "treasury_mid"), _same("credit"), "health of credit"),
    SignalSpec("regime.score", "score", 588, _ALL, _score, "risk score"),
    SignalSpec("regime.coverage", "share", 525, _ALL, _coverage, "inputs of the risk score that have a value"),
    SignalSpec("regime.ret_5d_z", "sigma", 252, ("market",), _week, "return over a week, in deviations"),
    SignalSpec("regime.path_ratio", "ratio", 21, ("market",), _path_ratio, "straightness of the month's path"),
    SignalSpec("regime.path_return", "return", 21, ("market",), _path_return, "return over the month"),
    SignalSpec("regime.appetite", "share", 5, (*_ALL, "small", "growth", "treasury_long"), _appetite,
               "share of risk-taking measures that rose over a week"),
    SignalSpec("regime.realised_vol_ratio_5d", "ratio", 26, ("market",), _vol_jump, "volatility against a week ago"),
)  # fmt: skip
