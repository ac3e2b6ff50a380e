"""A market read one session at a time in plain Python: the ground under the slow versions of the signals.

None is missing, sums are `math.fsum`, statistics take two passes. It shares no code with the product but the market's
raw numbers. Conventions: a window of w sessions ends today and needs history that long; it needs nine tenths of its
observations; a statistic of values that are all equal does not exist.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from functools import cache

from engine.market import Market

__all__ = [
    "MISSING", "Formula", "Number", "Plain", "Reading", "Readings", "deviation", "mean", "minus", "nine_tenths", "over",
    "standing", "times",
]  # fmt: skip

Number = float | None
Formula = Callable[[int], Number]
"""Session -> number."""
Reading = tuple[Number, Number]
"""Value and z, before clipping and before old values stand in."""
Readings = dict[str, Callable[[int], Reading]]
"""Signal -> session -> reading."""
MISSING: Reading = (None, None)


def simple(move: Number) -> Number:
    """A log return as people quote it."""
    return None if move is None else math.exp(move) - 1.0


def over(a: Number, b: Number) -> Number:
    """A / b, missing when either is or when b is zero."""
    return None if a is None or b is None or b == 0.0 else a / b


def minus(a: Number, b: Number, hedge: float = 1.0) -> Number:
    return None if a is None or b is None else a - hedge * b


def times(a: Number, b: float) -> Number:
    return None if a is None else a * b


def mean(values: Iterable[Number], least: int) -> Number:
    valid = [value for value in values if value is not None]
    return math.fsum(valid) / len(valid) if len(valid) >= least else None


def deviation(values: Iterable[Number], least: int) -> Number:
    valid = [value for value in values if value is not None]
    if len(valid) < least or len(set(valid)) == 1:
        return None
    middle = math.fsum(valid) / len(valid)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in valid) / (len(valid) - 1))


def standing(formula: Callable[[int], Reading], t: int, max_age: int) -> Reading:
    """The reading that stands at session t: the newest with a value, at most `max_age` sessions old, z within 3."""
    for s in range(t, max(t - max_age, 0) - 1, -1):
        value, z = formula(s)
        if value is not None:
            return value, None if z is None else max(-3.0, min(3.0, z))
    return MISSING


def nine_tenths(width: int) -> int:
    return max(2, width - width // 10)


class Plain:
    """Prices, returns and the statistics of windows; formulas given a key are remembered."""

    def __init__(self, market: Market) -> None:
        self.universe, self.groups = market.universe, market.universe.groups
        self._prices = {
            (symbol, field): [None if value != value else value for value in market.column(symbol, field).tolist()]
            for symbol in market.symbols
            for field in ("adj_close", "volume")
        }
        self._columns: dict[str, Formula] = {}

    def price(self, role: str, t: int, field: str = "adj_close") -> Number:
        symbol = self.universe.symbol(role)
        if symbol is None or (symbol, field) not in self._prices or t < 0:
            return None
        return self._prices[symbol, field][t]

    def log(self, role: str, t: int, field: str = "adj_close") -> Number:
        price = self.price(role, t, field)
        return math.log(price) if price is not None and price > 0.0 else None

    def ret(self, role: str, t: int, span: int = 1) -> Number:
        return minus(self.log(role, t), self.log(role, t - span))

    def column(self, key: str, formula: Formula) -> Formula:
        """Remember a formula's answers, so that windows of windows stay bearable."""
        return self._columns.setdefault(key, cache(formula))

    def window(self, formula: Formula, t: int, width: int) -> list[Number]:
        return [formula(s) for s in range(t - width + 1, t + 1)] if t >= width - 1 else []

    def daily(self, role: str) -> Formula:
        return self.column(f"ret {role}", lambda t: self.ret(role, t))

    def sigma(self, role: str, t: int, width: int = 252) -> Number:
        formula = self.column(
            f"sigma {role} {width}", lambda s: deviation(self.window(self.daily(role), s, width), nine_tenths(width))
        )
        return formula(t)

    def mean_of(self, formula: Formula, t: int, width: int) -> Number:
        return mean(self.window(formula, t, width), nine_tenths(width))

    def deviation_of(self, formula: Formula, t: int, width: int) -> Number:
        return deviation(self.window(formula, t, width), nine_tenths(width))

    def standard(self, formula: Formula, t: int, width: int, floor: float = 0.0) -> Number:
        scale = self.deviation_of(formula, t, width)
        away = minus(formula(t), self.mean_of(formula, t, width))
        return None if scale is None else over(away, max(scale, floor))

    def logged(self, key: str, formula: Formula) -> Formula:
        def logarithm(t: int) -> Number:
            value = formula(t)
            return math.log(value) if value is not None and value > 0.0 else None

        return self.column(f"log {key}", logarithm)

    def robust(self, key: str, formula: Formula, t: int) -> Number:
        level = self.logged(key, formula)
        valid = [value for value in self.window(level, t, 504) if value is not None]
        today = level(t)
        if len(valid) < nine_tenths(504) or today is None:
            return None
        middle = statistics.median(valid)
        mad = statistics.median(abs(value - middle) for value in valid)
        return (today - middle) / max(0.12, 1.4826 * mad)

    def realised(self, role: str, width: int) -> Formula:
        return self.column(f"rv {role} {width}", lambda t: times(self.sigma(role, t, width), math.sqrt(252.0)))

    def fall(self, role: str, t: int) -> Number:
        prices = [price for price in self.window(lambda s: self.price(role, s), t, 252) if price is not None]
        today = self.price(role, t)
        return 1.0 - today / max(prices) if today is not None and len(prices) >= nine_tenths(252) else None

    def spread(self, a: str, b: str, t: int, span: int, hedge: float = 1.0) -> Number:
        return minus(self.ret(a, t, span), self.ret(b, t, span), hedge)

    def spread_reading(self, a: str, b: str, t: int, span: int, width: int, hedge: float = 1.0) -> Reading:
        daily = self.column(f"spread {a} {b} {hedge}", lambda s: self.spread(a, b, s, 1, hedge))
        value = self.spread(a, b, t, span, hedge)
        return simple(value), over(value, times(self.deviation_of(daily, t, width), math.sqrt(span)))

    def group(self, name: str, t: int, span: int = 1) -> Number:
        members = self.groups[name]
        return mean([self.ret(symbol, t, span) for symbol in members], math.ceil(len(members) / 2))

    def share(self, test: Callable[[str], Number]) -> Number:
        return mean([test(stock) for stock in self.groups["stocks"]], 5)

    def correlation(self, a: str, b: str, t: int) -> Number:
        both = [(self.ret(a, s), self.ret(b, s)) for s in range(t - 62, t + 1)] if t >= 62 else []
        pairs = [(x, y) for x, y in both if x is not None and y is not None]
        if len(pairs) < nine_tenths(63) or len({x for x, _ in pairs}) == 1 or len({y for _, y in pairs}) == 1:
            return None
        return statistics.correlation([x for x, _ in pairs], [y for _, y in pairs])
