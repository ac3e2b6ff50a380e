"""Columns in pandas: the inputs that several signals are computed from, each made once.

Contract: as `engine.signals.columns`; a role without a symbol raises `KeyError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backtest.bench.pandas_windows import Column, full, least, log, mean, median_score, std
from engine.market import Market

__all__ = ["Frames", "Parts"]


class Frames:
    """Prices and volumes of a market as two data frames, sessions down and symbols across, from session `first` on."""

    def __init__(self, market: Market, first: int = 0) -> None:
        import pandas as pd

        self.universe = market.universe
        days = pd.DatetimeIndex(market.calendar.days[first : market.size])
        present = {symbol: market.rows[symbol] for symbol in market.universe.symbols if symbol in market.rows}
        nothing = np.full(market.size, np.nan)
        self.prices, self.volumes = (
            pd.DataFrame(
                {
                    symbol: (market.column(symbol, field) if symbol in present else nothing)[first:]
                    for symbol in market.universe.symbols
                },
                index=days,
            )
            for field in ("adj_close", "volume")
        )
        self.stocks = [name for name in market.universe.groups.get("stocks", ()) if name in present]
        self.present = frozenset(present)


class Parts:
    """What signals are made of, by role."""

    def __init__(self, frames: Frames) -> None:
        self.frames, self.groups = frames, frames.universe.groups
        self._kept: dict[tuple[Any, ...], Column] = {}

    def once(self, key: tuple[Any, ...], make: Callable[[], Column]) -> Column:
        """The column `key`, made on first use."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def name(self, role: str) -> str:
        """The symbol that fills a role."""
        symbol = self.frames.universe.symbol(role)
        if symbol is None:
            raise KeyError(role)
        return symbol

    def price(self, role: str) -> Column:
        """Adjusted close."""
        return self.frames.prices[self.name(role)]

    def log(self, role: str) -> Column:
        """Its natural logarithm."""
        return self.once(("log", role), lambda: log(self.price(role)))

    def ret(self, role: str, sessions: int = 1) -> Column:
        """Log return over some sessions."""
        return self.once(("ret", role, sessions), lambda: self.log(role).diff(sessions))

    def sigma(self, role: str, width: int = 252) -> Column:
        """Deviation of daily returns."""
        return self.once(("sigma", role, width), lambda: std(self.ret(role), width))

    def realised(self, role: str, width: int) -> Column:
        """The same a year."""
        return self.sigma(role, width) * np.sqrt(252.0)

    def apart(self, role: str, against: str, sessions: int, hedge: float = 1.0) -> Column:
        """Return of one less `hedge` times that of another."""
        return self.ret(role, sessions) - hedge * self.ret(against, sessions)

    def robust(self, role: str) -> Column:
        """Robust score of a level."""
        return self.once(("robust", role), lambda: median_score(self.log(role)))

    def robust_month(self, role: str) -> Column:
        """Robust score of the realised volatility of a month."""
        return self.once(("robust month", role), lambda: median_score(log(self.realised(role, 21))))

    def fall(self, role: str) -> Column:
        """Fall from the high of the year."""
        price = self.price(role)
        return 1.0 - price / full(price.rolling(252, min_periods=least(252)).max(), 252)

    def distance(self, role: str) -> Column:
        """Distance from the average of 200 sessions."""
        return self.price(role) / mean(self.price(role), 200) - 1.0

    def stocks(self) -> Column:
        """Prices of the group `stocks`."""
        if not self.groups.get("stocks"):
            raise KeyError("stocks")
        return self.frames.prices[self.frames.stocks]

    def moves(self) -> Column:
        """Their daily returns."""
        return self.once(("moves",), lambda: log(self.stocks()).diff())

    def group(self, group: str, sessions: int = 1) -> Column:
        """Mean return of a group, where half of its members have one."""
        declared = self.groups.get(group, ())
        if not declared:
            raise KeyError(group)
        present = [symbol for symbol in declared if symbol in self.frames.present]
        moved = log(self.frames.prices[present]).diff(sessions)
        return moved.mean(axis=1).where(moved.count(axis=1) >= (len(declared) + 1) // 2)
