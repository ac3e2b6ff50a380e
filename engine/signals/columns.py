"""Columns: the inputs that signals are computed from, each computed once and shared.

Contract: every array has shape (size,), its value at t depends on nothing after t, and every statistic is local to its
window (engine.signals.windows). A role without a symbol raises `MissingRole`, which the caller turns into a signal that
is missing with its reason; whether that happens depends on the universe alone. A symbol without bars gives NaN, as it
does before its first bar: to treat it in another way would let a session know which symbols will be listed later.
Arrays handed out are read-only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.bars import FloatArray
from engine.events import Event, known_from
from engine.market import Market
from engine.signals import windows
from engine.signals.scales import least_of, log_of, median_score

__all__ = ["YEAR", "Columns", "MissingRole", "least_of"]

YEAR = 252
"""Sessions in a year, by convention."""


class MissingRole(Exception):
    """A role has no symbol in this universe."""

    def __init__(self, role: str, reason: str) -> None:
        self.role, self.reason = role, reason
        super().__init__(reason)


class Columns:
    """Memoised columns of one market, addressed by role (or by symbol)."""

    def __init__(self, market: Market, since: int = 0) -> None:
        """Of `market`; what lies before session `since` will only be read as the past of something later."""
        self.market, self.since = market, since
        self._made: dict[tuple[object, ...], FloatArray] = {}

    def whole(self) -> Columns:
        """The same columns, shared, for somebody who reads all of them."""
        other = Columns(self.market)
        other._made = self._made
        return other

    def symbol(self, role: str) -> str:
        """The symbol that fills `role`; raises `MissingRole`."""
        symbol = self.market.universe.symbol(role)
        if symbol is None:
            raise MissingRole(role, self.market.universe.why_missing(role))
        return symbol

    def members(self, group: str) -> list[str]:
        """Symbols of a group that have bars, in the universe's order; raises `MissingRole` when it declares none."""
        declared = self.market.universe.groups.get(group, ())
        if not declared:
            raise MissingRole(group, self.market.universe.why_missing(group))
        return [symbol for symbol in declared if symbol in self.market.rows]

    @property
    def events(self) -> tuple[Event, ...]:
        """All events of the market, each of use from the session of `engine.events.known_from` on, never before."""
        return self.market.events

    def series(self, name: str) -> FloatArray:
        """The number last known at each session of a macro series such as `CPI`: the newest day's newest revision."""

        def make() -> FloatArray:
            found, newest = np.full(self.market.size, np.nan), ""
            for event in self.events:  # in the order in which they became known
                if event.series == name and event.value is not None and event.occurred >= newest:
                    found[known_from(event, self.market.calendar) :] = event.value
                    newest = event.occurred
            return found

        return self.once(("series", name), make)

    def once(self, key: tuple[object, ...], make: Callable[[], FloatArray]) -> FloatArray:
        """The column `key`, made on first use; the key must say all that the column depends on."""
        found = self._made.get(key)
        if found is None:
            found = make()
            found.flags.writeable = False
            self._made[key] = found
        return found

    def field(self, role: str, name: str) -> FloatArray:
        """A raw field of the bar table, NaN where there is no bar."""
        symbol = self.symbol(role)
        if symbol not in self.market.rows:
            return self.once(("nothing",), lambda: np.full(self.market.size, np.nan))
        return self.market.column(symbol, name)

    def price(self, role: str) -> FloatArray:
        """Adjusted close."""
        return self.field(role, "adj_close")

    def log_price(self, role: str) -> FloatArray:
        """Natural logarithm of the adjusted close; NaN where a level is not positive."""
        return self.once(("log_price", role), lambda: log_of(self.price(role)))

    def ret(self, role: str, sessions: int = 1) -> FloatArray:
        """Log return over `sessions`; needs a bar at both ends only."""

        def make() -> FloatArray:
            level = self.log_price(role)
            return level - windows.delay(level, sessions)

        return self.once(("ret", role, sessions), make)

    def sigma(self, role: str, width: int = YEAR) -> FloatArray:
        """Standard deviation of daily log returns over `width` sessions (per session, not annualised)."""
        return self.once(
            ("sigma", role, width), lambda: windows.window_std(self.ret(role), width, least=least_of(width))
        )

    def realised_vol(self, role: str, width: int) -> FloatArray:
        """Realised volatility: `sigma` in annual terms."""
        return self.once(("realised_vol", role, width), lambda: self.sigma(role, width) * np.sqrt(float(YEAR)))

    def realised_vol_score(self, role: str) -> FloatArray:
        """How far realised volatility over 21 sessions lies from its two-year median (`scales.median_score`)."""
        return self.once(("realised_vol_score", role), lambda: median_score(self.realised_vol(role, 21)))

    def level_score(self, role: str) -> FloatArray:
        """How far a positive level lies from its two-year median (`scales.median_score`)."""
        return self.once(("level_score", role), lambda: median_score(self.price(role)))

    def mean_price(self, role: str, width: int) -> FloatArray:
        """Simple moving average of the adjusted close."""
        return self.once(
            ("mean_price", role, width), lambda: windows.window_mean(self.price(role), width, least=least_of(width))
        )

    def drawdown(self, role: str, width: int = YEAR) -> FloatArray:
        """Fall from the highest adjusted close of the last `width` sessions, in [0, 1)."""

        def make() -> FloatArray:
            return 1.0 - self.price(role) / windows.window_max(self.price(role), width, least=least_of(width))

        return self.once(("drawdown", role, width), make)

    def ewma_sigma(self, role: str, decay: float = 0.94) -> FloatArray:
        """RiskMetrics volatility of daily log returns, cut off after 256 sessions (weight left: 1e-7)."""

        def make() -> FloatArray:
            square = windows.window_ewma(self.ret(role) ** 2, 256, decay, least=60)
            return np.sqrt(np.where(square > 0.0, square, np.nan))

        return self.once(("ewma_sigma", role, decay), make)

    def spread(self, role: str, against: str, sessions: int, hedge: float) -> FloatArray:
        """Log return of `role` less `hedge` times that of `against`, over `sessions`."""
        return self.once(
            ("spread", role, against, sessions, hedge),
            lambda: self.ret(role, sessions) - hedge * self.ret(against, sessions),
        )

    def spread_sigma(self, role: str, against: str, width: int, hedge: float) -> FloatArray:
        """Standard deviation of the daily `spread` over `width` sessions."""
        return self.once(
            ("spread_sigma", role, against, width, hedge),
            lambda: windows.window_std(self.spread(role, against, 1, hedge), width, least=least_of(width)),
        )

    def group_ret(self, group: str, sessions: int = 1) -> FloatArray:
        """Mean log return of the members that have one; NaN where fewer than half of the declared members do."""

        def make() -> FloatArray:
            half = (len(self.market.universe.groups[group]) + 1) // 2
            return mean_of([self.ret(symbol, sessions) for symbol in self.members(group)], half, self.market.size)

        self.members(group)
        return self.once(("group_ret", group, sessions), make)


def mean_of(columns: list[FloatArray], least: int, size: int) -> FloatArray:
    """Mean across columns at each session, over those that have a value; NaN where fewer than `least` do.

    Added one column after another: a column without a value adds 0.0, so it leaves the bits of the others' sum alone.
    """
    total, count = np.zeros(size), np.zeros(size)
    for column in columns:
        valid = ~np.isnan(column)
        total += np.where(valid, column, 0.0)
        count += valid
    return np.where(count >= least, total / np.maximum(count, 1.0), np.nan)
