"""Columns: the inputs that signals are computed from, each computed once and shared.

Contract: every array has shape (size,), its value at t depends on nothing after t, and every statistic is local to its
window (engine.signals.windows). Asking for a role without a symbol raises `MissingRole`; the caller turns that into a
signal that is missing with its reason. Arrays handed out are read-only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.bars import FloatArray
from engine.market import Market
from engine.signals import windows

__all__ = ["Columns", "MissingRole", "least_of"]


class MissingRole(Exception):
    """A role has no symbol in this universe, or its symbol has no bars."""

    def __init__(self, role: str, reason: str) -> None:
        self.role, self.reason = role, reason
        super().__init__(reason)


def least_of(width: int) -> int:
    """Observations that a window must hold: nine tenths, so that a holiday in one feed does not silence a year."""
    return max(2, width - width // 10)


class Columns:
    """Memoised columns of one market, addressed by role (or by symbol)."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._made: dict[tuple[object, ...], FloatArray] = {}

    def symbol(self, role: str) -> str:
        """The symbol with bars that fills `role`; raises `MissingRole`."""
        symbol = self.market.universe.symbol(role)
        if symbol is None:
            raise MissingRole(role, self.market.universe.why_missing(role))
        if symbol not in self.market.rows:
            raise MissingRole(role, f"the data hold no bars for {symbol} ({role})")
        return symbol

    def members(self, group: str) -> list[str]:
        """Symbols of a group that have bars; raises `MissingRole` when there is none."""
        found = [symbol for symbol in self.market.universe.groups.get(group, ()) if symbol in self.market.rows]
        if not found:
            raise MissingRole(group, self.market.universe.why_missing(group))
        return found

    def field(self, role: str, name: str) -> FloatArray:
        """A raw field of the bar table, NaN where there is no bar."""
        return self.market.column(self.symbol(role), name)

    def price(self, role: str) -> FloatArray:
        """Adjusted close."""
        return self.field(role, "adj_close")

    def log_price(self, role: str) -> FloatArray:
        """Natural logarithm of the adjusted close; NaN where a level is not positive."""
        return self._once(("log_price", role), lambda: _log(self.price(role)))

    def ret(self, role: str, sessions: int = 1) -> FloatArray:
        """Log return over `sessions`; needs a bar at both ends only."""

        def make() -> FloatArray:
            level = self.log_price(role)
            return level - windows.delay(level, sessions)

        return self._once(("ret", role, sessions), make)

    def sigma(self, role: str, width: int = 252) -> FloatArray:
        """Standard deviation of daily log returns over `width` sessions (per session, not annualised)."""
        return self._once(
            ("sigma", role, width), lambda: windows.window_std(self.ret(role), width, least=least_of(width))
        )

    def mean_price(self, role: str, width: int) -> FloatArray:
        """Simple moving average of the adjusted close."""
        return self._once(
            ("mean_price", role, width), lambda: windows.window_mean(self.price(role), width, least=least_of(width))
        )

    def drawdown(self, role: str, width: int = 252) -> FloatArray:
        """Fall from the highest adjusted close of the last `width` sessions, in [0, 1)."""

        def make() -> FloatArray:
            return 1.0 - self.price(role) / windows.window_max(self.price(role), width, least=least_of(width))

        return self._once(("drawdown", role, width), make)

    def ewma_sigma(self, role: str, decay: float = 0.94) -> FloatArray:
        """RiskMetrics volatility of daily log returns, cut off after 256 sessions (weight left: 1e-7)."""

        def make() -> FloatArray:
            squares = self.ret(role) ** 2
            return np.sqrt(_positive(windows.window_ewma(squares, 256, decay, least=60)))

        return self._once(("ewma_sigma", role, decay), make)

    def _once(self, key: tuple[object, ...], make: Callable[[], FloatArray]) -> FloatArray:
        found = self._made.get(key)
        if found is None:
            found = make()
            found.flags.writeable = False
            self._made[key] = found
        return found


def _log(x: FloatArray) -> FloatArray:
    return np.log(_positive(x))


def _positive(x: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return np.where(x > 0.0, x, np.nan)
