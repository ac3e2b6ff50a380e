"""Every signal of the table once more, from its definition, at one session at a time (see tests/slow/plain.py)."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.market import Market
from tests.slow.plain import MISSING, Number, Plain, Reading, Readings, minus, over, simple, times

__all__ = ["instrument", "slow_table"]


def slow_table(market: Market) -> Readings:
    """Readings of all signals that a universe gets without extra symbols."""
    plain = Plain(market)
    found = {**relations(plain), **group_readings(plain)}
    for role in ("market", "growth", "small"):
        found.update(instrument(plain, role))
    return found


def instrument(plain: Plain, role: str) -> Readings:
    def returned(span: int) -> Callable[[int], Reading]:
        def reading(t: int) -> Reading:
            move = plain.ret(role, t, span)
            return simple(move), over(move, times(plain.sigma(role, t), math.sqrt(span)))

        return reading

    def versus(t: int) -> Reading:
        average = plain.mean_of(lambda s: plain.price(role, s), t, 200)
        value = minus(over(plain.price(role, t), average), 1.0)
        return value, over(value, times(plain.sigma(role, t), math.sqrt(100.0)))

    def fall(t: int) -> Reading:
        value = plain.fall(role, t)
        return value, over(value, times(plain.sigma(role, t), math.sqrt(100.0)))

    def month(t: int) -> Reading:
        formula = plain.realised(role, 21)
        return formula(t), plain.robust(f"rv21 {role}", formula, t)

    def quarter(t: int) -> Reading:
        formula = plain.realised(role, 63)
        return formula(t), plain.standard(plain.logged(f"rv63 {role}", formula), t, 504, 0.12)

    def smooth(t: int) -> Number:
        moves = plain.window(plain.daily(role), t, 256)
        pairs = [(0.94**age, move) for age, move in enumerate(reversed(moves)) if move is not None]
        if len(pairs) < 60:
            return None
        square = math.fsum(w * move * move for w, move in pairs) / math.fsum(w for w, _ in pairs)
        return math.sqrt(square) if square > 0.0 else None

    def expected(t: int) -> Reading:
        formula = plain.column(f"ewma {role}", smooth)
        return formula(t), plain.standard(plain.logged(f"ewma {role}", formula), t, 504, 0.12)

    def volume(t: int) -> Reading:
        def level(s: int) -> Number:
            return plain.log(role, s, "volume")

        value = minus(level(t), plain.mean_of(level, t, 63))
        return value, over(value, plain.deviation_of(level, t, 63))

    def relief(t: int) -> Reading:
        before, today = plain.ret(role, t - 1), plain.ret(role, t)
        if before is None or today is None:
            return MISSING
        if before > 0.02 and today < -0.01:
            return 1.0, over(-today, plain.sigma(role, t))
        return 0.0, 0.0

    return {
        **{f"{role}.ret_{span}d": returned(span) for span in (1, 5, 21, 63)},
        f"{role}.trend_126d": returned(126),
        f"{role}.vs_200d": versus,
        f"{role}.drawdown": fall,
        f"{role}.realised_vol_21d": month,
        f"{role}.realised_vol_63d": quarter,
        f"{role}.ewma_vol": expected,
        f"{role}.volume": volume,
        f"{role}.relief_failure": relief,
    }


def relations(plain: Plain) -> Readings:
    def gap(span: int) -> Callable[[int], Reading]:
        return lambda t: plain.spread_reading("small", "growth", t, span, 63)

    def apart(t: int) -> Reading:
        value, z = gap(1)(t)
        a, b = plain.ret("small", t), plain.ret("growth", t)
        if value is None or z is None or a is None or b is None:
            return MISSING
        return (value, z) if abs(z) > 1.0 and a * b < 0.0 else (0.0, 0.0)

    def mega(t: int) -> Reading:
        daily = plain.column("mega", lambda s: minus(plain.group("mega_caps", s), plain.ret("market", s)))
        value = minus(plain.group("mega_caps", t, 21), plain.ret("market", t, 21))
        return value, over(value, times(plain.deviation_of(daily, t, 252), math.sqrt(21.0)))

    def vix(t: int) -> Number:
        return plain.price("volatility", t)

    def level(t: int) -> Reading:
        return vix(t), plain.robust("vix", vix, t)

    def change(t: int) -> Reading:
        formula = plain.column("vix 5", lambda s: plain.ret("volatility", s, 5))
        return simple(formula(t)), over(formula(t), plain.deviation_of(formula, t, 252))

    def slope(t: int) -> Reading:
        def formula(s: int) -> Number:
            return minus(plain.log("volatility", s), plain.log("volatility_3m", s))

        return formula(t), plain.standard(formula, t, 252)

    def premium(t: int) -> Reading:
        def formula(s: int) -> Number:
            return minus(times(vix(s), 0.01), plain.realised("market", 21)(s))

        return formula(t), plain.standard(formula, t, 252)

    def curve(long: str, short: str) -> Callable[[int], Reading]:
        def formula(s: int) -> Number:
            return minus(plain.price(long, s), plain.price(short, s))

        return lambda t: (formula(t), plain.standard(formula, t, 504))

    def rates(t: int) -> Reading:
        def formula(s: int) -> Number:
            return minus(plain.price("rate_10y", s), plain.price("rate_10y", s - 63))

        return formula(t), over(formula(t), plain.deviation_of(formula, t, 504))

    def correlation(t: int) -> Reading:
        formula = plain.column("corr", lambda s: plain.correlation("market", "treasury_long", s))
        return formula(t), plain.standard(formula, t, 504, 1.0 / math.sqrt(63.0))

    def flight(t: int) -> Reading:
        value, z = plain.spread_reading("treasury_long", "market", t, 1, 252)
        stocks, bonds = plain.ret("market", t), plain.ret("treasury_long", t)
        if value is None or stocks is None or bonds is None:
            return MISSING
        return (value, z) if stocks < -0.007 and bonds > 0.004 else (0.0, 0.0)

    def month(role: str) -> Callable[[int], Reading]:
        return lambda t: instrument(plain, role)[f"{role}.ret_21d"](t)

    return {
        **{f"size_gap_{span}d": gap(span) for span in (1, 5, 21)},
        "size_divergence": apart,
        "growth_lead_21d": lambda t: plain.spread_reading("growth", "market", t, 21, 252),
        "mega_concentration_21d": mega,
        "volatility.level": level,
        "volatility.change_5d": change,
        "volatility.term_slope": slope,
        "volatility.premium": premium,
        "credit.spread_42d": lambda t: plain.spread_reading("credit", "treasury_mid", t, 42, 504, 0.5),
        "credit.spread_5d": lambda t: plain.spread_reading("credit", "treasury_mid", t, 5, 504, 0.5),
        "credit_ig.spread_21d": lambda t: plain.spread_reading("credit_ig", "treasury_mid", t, 21, 252),
        "curve.slope_10y3m": curve("rate_10y", "rate_3m"),
        "curve.slope_10y2y": curve("rate_10y", "rate_2y"),
        "curve.rate_10y_change_63d": rates,
        "stock_bond.corr_63d": correlation,
        "stock_bond.flight_1d": flight,
        **{f"{role}.ret_21d": month(role) for role in ("treasury_long", "gold", "dollar", "oil")},
    }


def group_readings(plain: Plain) -> Readings:
    def above(width: int) -> Callable[[int], Reading]:
        def test(stock: str, t: int) -> Number:
            price, average = plain.price(stock, t), plain.mean_of(lambda s: plain.price(stock, s), t, width)
            return None if price is None or average is None else float(price > average)

        def reading(t: int) -> Reading:
            value = plain.share(lambda stock: test(stock, t))
            return value, over(minus(value, 0.5), 0.25)

        return reading

    def sign(stock: str, t: int) -> Number:
        move = plain.daily(stock)(t)
        return None if move is None else float((move > 0.0) - (move < 0.0))

    def advances(t: int) -> Reading:
        daily = plain.column("advances", lambda s: plain.share(lambda stock: sign(stock, s)))
        value = plain.mean_of(daily, t, 10)
        return value, over(times(value, math.sqrt(10.0)), plain.deviation_of(daily, t, 252))

    def rotation(t: int) -> Reading:
        daily = plain.column("rotation", lambda s: minus(plain.group("cyclicals", s), plain.group("defensives", s)))
        value = minus(plain.group("cyclicals", t, 21), plain.group("defensives", t, 21))
        return value, over(value, times(plain.deviation_of(daily, t, 252), math.sqrt(21.0)))

    def sold(t: int) -> Reading:
        share = plain.share(lambda stock: None if (move := plain.ret(stock, t)) is None else float(move < 0.0))
        market, month = plain.ret("market", t), plain.sigma("market", t, 21)
        if share is None or market is None or month is None:
            return MISSING
        return (share, over(-market, plain.sigma("market", t))) if share >= 0.9 and market < -month else (0.0, 0.0)

    def pairwise(t: int) -> Number:
        sigmas = [sigma for stock in plain.groups["stocks"] if (sigma := plain.sigma(stock, t, 63)) is not None]
        together = plain.column("together", lambda s: plain.share(lambda stock: plain.daily(stock)(s)))
        spread = plain.deviation_of(together, t, 63)
        if len(sigmas) < 5 or spread is None:
            return None
        n, ratio = len(sigmas), spread**2 / (math.fsum(sigma**2 for sigma in sigmas) / len(sigmas))
        return (n * ratio - 1.0) / (n - 1.0)

    def correlation(t: int) -> Reading:
        formula = plain.column("pairwise", pairwise)
        return formula(t), plain.standard(formula, t, 504)

    return {
        "breadth.above_50d": above(50),
        "breadth.above_200d": above(200),
        "breadth.adv_dec_10d": advances,
        "rotation.cyclical_21d": rotation,
        "selling.synchronised": sold,
        "selling.corr_63d": correlation,
    }
