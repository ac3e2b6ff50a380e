"""Signals of groups: breadth, rotation between sectors, and selling of everything at once.

Contract: as in `engine.signals.per_symbol`. A member without the history that a signal needs is left out of numerator
and denominator; below five stocks (or half of a group of sectors) there is no value. Which members will be listed later
plays no part.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from engine.bars import FloatArray
from engine.signals import windows
from engine.signals.columns import YEAR, Columns, least_of, mean_of
from engine.signals.scales import standard_score
from engine.signals.spec import SignalSpec, ValueAndZ

__all__ = ["GROUP_SIGNALS"]

_FEWEST = 5
"""Stocks below which a share of them says nothing."""
_EVERYONE = 0.9


def _share(columns: Columns, key: tuple[object, ...], test: Callable[[str], FloatArray]) -> FloatArray:
    """Mean of `test` over the stocks where it has a value."""

    def make() -> FloatArray:
        return mean_of([test(stock) for stock in columns.members("stocks")], _FEWEST, columns.market.size)

    return columns.once(("share", *key), make)


def _above(columns: Columns, width: int) -> ValueAndZ:
    """Share of stocks above their moving average; z = (share - 1/2) / (1/4), the same in every market."""

    def test(stock: str) -> FloatArray:
        price, mean = columns.price(stock), columns.mean_price(stock, width)
        return np.where(np.isnan(price) | np.isnan(mean), np.nan, price > mean)

    value = _share(columns, ("above", width), test)
    return value, (value - 0.5) / 0.25


def _advances(columns: Columns) -> ValueAndZ:
    """Ten-session mean of (advancers - decliners) / stocks; z by its daily deviation over a year and sqrt(10)."""
    daily = _share(columns, ("advances",), lambda stock: np.sign(columns.ret(stock)))
    value = windows.window_mean(daily, 10, least=least_of(10))
    return value, value / (windows.window_std(daily, YEAR, least=least_of(YEAR)) / np.sqrt(10.0))


def _rotation(columns: Columns) -> ValueAndZ:
    """Mean 21-session return of cyclicals less that of defensives; z by the daily deviation over a year."""
    value = columns.group_ret("cyclicals", 21) - columns.group_ret("defensives", 21)
    daily = columns.group_ret("cyclicals") - columns.group_ret("defensives")
    return value, value / (windows.window_std(daily, YEAR, least=least_of(YEAR)) * np.sqrt(21.0))


def _synchronised(columns: Columns) -> ValueAndZ:
    """Share of stocks down where it is 90% or more and the market lost over one 21-session deviation; else zero.

    z is the market's loss against sigma on those sessions (positive: a high value is much selling), zero elsewhere.
    """

    def down(stock: str) -> FloatArray:
        ret = columns.ret(stock)
        return np.where(np.isnan(ret), np.nan, ret < 0.0)

    share = _share(columns, ("down",), down)
    market, month = columns.ret("market"), columns.sigma("market", 21)
    known = ~(np.isnan(share) | np.isnan(market) | np.isnan(month))
    sold = (share >= _EVERYONE) & (market < -month)
    strength = np.where(sold, -market / columns.sigma("market"), 0.0)
    return np.where(known, np.where(sold, share, 0.0), np.nan), np.where(known, strength, np.nan)


def _correlation(columns: Columns) -> ValueAndZ:
    """Average pairwise correlation of stocks over 63 sessions, without the pairs; z against two years.

    With R = variance of the equal-weighted mean return / mean of the variances, n stocks of average correlation c
    (weighted by their deviations) have R = c + (1 - c) / n, hence c = (n * R - 1) / (n - 1).
    """

    def make() -> FloatArray:
        stocks, size = columns.members("stocks"), columns.market.size
        variances = [columns.sigma(stock, 63) ** 2 for stock in stocks]
        count = np.sum(~np.isnan(np.array(variances)), axis=0)
        together = mean_of([columns.ret(stock) for stock in stocks], _FEWEST, size)
        ratio = windows.window_std(together, 63, least=least_of(63)) ** 2 / mean_of(variances, _FEWEST, size)
        found: FloatArray = (count * ratio - 1.0) / np.where(count > 1, count - 1.0, np.nan)
        return found

    value = columns.once(("pairwise",), make)
    return value, standard_score(value, 504)


GROUP_SIGNALS: tuple[SignalSpec, ...] = (
    SignalSpec("breadth.above_50d", "share", 50, ("stocks",), partial(_above, width=50),
               "stocks above their short moving average"),
    SignalSpec("breadth.above_200d", "share", 200, ("stocks",), partial(_above, width=200),
               "stocks above their long moving average"),
    SignalSpec("breadth.adv_dec_10d", "ratio", 10, ("stocks",), _advances, "advancing less declining stocks"),
    SignalSpec("rotation.cyclical_21d", "return", 21, ("cyclicals", "defensives"), _rotation,
               "cyclical less defensive sectors over a month"),
    SignalSpec("selling.synchronised", "share", 21, ("stocks", "market"), _synchronised, "stocks sold together"),
    SignalSpec("selling.corr_63d", "ratio", 63, ("stocks",), _correlation, "correlation among stocks over a quarter"),
)  # fmt: skip
