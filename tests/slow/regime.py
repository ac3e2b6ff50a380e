"""Every regime feature once more, from its definition, at one session at a time (see tests/slow/plain.py)."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.market import Market
from tests.slow.plain import Number, Plain, Reading, Readings, nine_tenths, over, times
from tests.slow.signals import instrument

__all__ = ["slow_regime"]


def slow_regime(market: Market) -> Readings:
    """Readings of all regime features."""
    plain = Plain(market)
    weights = {"trend": 0.20, "vs_200": 0.20, "volatility": 0.25, "drawdown": 0.20, "credit": 0.15}

    def twice(value: Number) -> Reading:
        return value, value

    def known(t: int) -> list[tuple[float, float]]:
        parts = [(weight, part(plain, name, t)) for name, weight in weights.items()]
        return [(weight, part) for weight, part in parts if part is not None]

    def raw(t: int) -> Number:
        parts = known(t)
        return math.fsum(w * x for w, x in parts) / math.fsum(w for w, _ in parts) if parts else None

    def score(t: int) -> Number:
        formula = plain.column("raw", raw)
        past = plain.window(formula, t, 64)
        pairs = [(0.5 ** (age / 3.0), x) for age, x in enumerate(reversed(past)) if x is not None]
        if formula(t) is None or not pairs:
            return None
        return math.fsum(w * x for w, x in pairs) / math.fsum(w for w, _ in pairs)

    def week(t: int) -> Number:
        return over(plain.ret("market", t, 5), times(plain.sigma("market", t), math.sqrt(5.0)))

    def straight(t: int) -> Number:
        moves = [abs(move) for move in plain.window(plain.daily("market"), t, 21) if move is not None]
        whole = plain.ret("market", t, 21)
        if len(moves) < nine_tenths(21) or whole is None:
            return None
        return over(abs(whole) * math.sqrt(21.0), math.fsum(moves))

    def month(t: int) -> Reading:
        return instrument(plain, "market")["market.ret_21d"](t)

    def appetite(t: int) -> Number:
        moves = [
            plain.spread("credit", "treasury_mid", t, 5),
            plain.spread("small", "market", t, 5),
            plain.spread("growth", "market", t, 5),
            times(plain.ret("volatility", t, 5), -1.0),
            plain.ret("market", t, 5),
            plain.spread("market", "treasury_long", t, 5),
        ]
        valid = [move for move in moves if move is not None]
        return sum(move > 0.0 for move in valid) / len(valid) if len(valid) >= 3 else None

    def jump(t: int) -> Reading:
        level = plain.realised("market", 21)

        def change(s: int) -> Number:
            ratio = over(level(s), level(s - 5)) if s >= 5 else None
            return None if ratio is None else math.log(ratio)

        value = over(level(t), level(t - 5)) if t >= 5 else None
        return value, over(change(t), plain.deviation_of(change, t, 252))

    def parted(name: str) -> Callable[[int], Reading]:
        return lambda t: twice(part(plain, name, t))

    return {
        **{f"regime.{name}": parted(name) for name in weights},
        "regime.score": lambda t: twice(score(t)),
        "regime.coverage": lambda t: twice(math.fsum(weight for weight, _ in known(t))),
        "regime.ret_5d_z": lambda t: twice(week(t)),
        "regime.appetite": lambda t: twice(appetite(t)),
        "regime.path_ratio": lambda t: twice(straight(t)),
        "regime.path_return": month,
        "regime.realised_vol_ratio_5d": jump,
    }


def part(plain: Plain, name: str, t: int) -> Number:
    if name == "trend":
        z = over(plain.ret("market", t, 126), times(plain.sigma("market", t), math.sqrt(126.0)))
    elif name == "vs_200":
        z = instrument(plain, "market")["market.vs_200d"](t)[1]
    elif name == "volatility":
        z = plain.robust("vix", lambda s: plain.price("volatility", s), t)
        if z is None:
            z = plain.robust("rv21 market", plain.realised("market", 21), t)
        z = times(z, -0.5)
    elif name == "credit":
        z = plain.spread_reading("credit", "treasury_mid", t, 42, 504, 0.5)[1]
    else:
        fall = plain.fall("market", t)
        return None if fall is None else 1.0 - 2.0 * min(1.0, fall / 0.15)
    return None if z is None else math.tanh(z)
