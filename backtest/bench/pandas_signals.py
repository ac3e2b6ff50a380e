"""The table of signals once more, as somebody would write it in pandas: whole columns, rolling windows, no days.

Contract: written from the definitions in `engine.signals` and `regimes.features`, not from their code, so that it can
serve as an independent answer; it is also the practical limit that a day-by-day replay is measured against. Values and
z-scores agree with the product's to about 1e-9 on ordinary prices; in windows that hold a price spike or nothing but
one price they need not, since rolling sums remember what has left them. Forecasts of volatility are left out: they are
fitted, not rolled.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from backtest.bench.pandas_columns import Frames, Parts
from backtest.bench.pandas_windows import Column, Pair, fading, finite, full, least, log, mean, score, scored, std

__all__ = ["pandas_signals"]

_STALE = {"volatility": 1, "credit": 1, "credit_ig": 1, "curve": 3}
"""First word of a signal's name -> sessions for which an old value stands in."""
_MONTHLY = ("treasury_long", "gold", "dollar", "oil")
_PARTS = {"trend": 0.20, "vs_200": 0.20, "volatility": 0.25, "drawdown": 0.20, "credit": 0.15}


def pandas_signals(frames: Frames) -> dict[str, Pair]:
    """Value and z-score of every signal that the universe can fill, by name; z is clipped to [-3, 3]."""
    table = _Table(frames)
    found = {}
    for name, make in table.every().items():
        try:
            value, z = make()
        except KeyError:  # a role without a symbol
            continue
        value, z = finite(value), finite(z).clip(-3.0, 3.0)
        z = z.where(value.notna())
        stale = _STALE.get(name.partition(".")[0], 0)
        if stale:
            # A value whose z is missing hides older ones.
            known = z.where(z.notna() | value.isna(), np.inf).ffill(limit=stale)
            value, z = value.ffill(limit=stale), known.where(known != np.inf)
        found[name] = (value, z)
    return found


class _Table(Parts):
    """All signals."""

    def every(self) -> dict[str, Callable[[], Pair]]:
        """What makes each."""
        found: dict[str, Callable[[], Pair]] = {}
        for role in ("market", "growth", "small"):
            spans = {"ret_1d": 1, "ret_5d": 5, "ret_21d": 21, "ret_63d": 63, "trend_126d": 126}
            found |= {f"{role}.{name}": partial(self.returns, role, span) for name, span in spans.items()}
            own = {
                "vs_200d": self.versus, "drawdown": self.fallen, "realised_vol_21d": self.month,
                "realised_vol_63d": self.quarter, "ewma_vol": self.expected, "volume": self.volume,
                "relief_failure": self.relief,
            }  # fmt: skip
            found |= {f"{role}.{name}": partial(make, role) for name, make in own.items()}
        found |= {f"{role}.ret_21d": partial(self.returns, role, 21) for role in _MONTHLY}
        found |= {f"regime.{part}": partial(self.regime_part, part) for part in _PARTS}
        spread = self.spread
        return found | {
            "size_gap_1d": lambda: spread("small", "growth", 1, 63),
            "size_gap_5d": lambda: spread("small", "growth", 5, 63),
            "size_gap_21d": lambda: spread("small", "growth", 21, 63),
            "size_divergence": self.divergence,
            "growth_lead_21d": lambda: spread("growth", "market", 21, 252),
            "mega_concentration_21d": self.concentration,
            "volatility.level": lambda: (self.price("volatility"), self.robust("volatility")),
            "volatility.change_5d": self.vix_change,
            "volatility.term_slope": lambda: scored(self.log("volatility") - self.log("volatility_3m"), 252),
            "volatility.premium": lambda: scored(self.price("volatility") / 100 - self.realised("market", 21), 252),
            "credit.spread_42d": lambda: spread("credit", "treasury_mid", 42, 504, 0.5),
            "credit.spread_5d": lambda: spread("credit", "treasury_mid", 5, 504, 0.5),
            "credit_ig.spread_21d": lambda: spread("credit_ig", "treasury_mid", 21, 252),
            "curve.slope_10y3m": lambda: scored(self.price("rate_10y") - self.price("rate_3m"), 504),
            "curve.slope_10y2y": lambda: scored(self.price("rate_10y") - self.price("rate_2y"), 504),
            "curve.rate_10y_change_63d": self.rates,
            "stock_bond.corr_63d": self.stock_bond,
            "stock_bond.flight_1d": self.flight,
            "breadth.above_50d": lambda: self.above(50),
            "breadth.above_200d": lambda: self.above(200),
            "breadth.adv_dec_10d": self.advances,
            "rotation.cyclical_21d": self.rotation,
            "selling.synchronised": self.sold,
            "selling.corr_63d": self.together,
            "regime.score": lambda: self.twice(self.score()),
            "regime.coverage": lambda: self.twice(self.parts()[1]),
            "regime.ret_5d_z": lambda: self.twice(self.ret("market", 5) / (self.sigma("market") * np.sqrt(5.0))),
            "regime.path_ratio": self.path,
            "regime.path_return": lambda: self.returns("market", 21),
            "regime.appetite": self.appetite,
            "regime.realised_vol_ratio_5d": self.jump,
        }  # fmt: skip

    # One instrument.

    def returns(self, role: str, sessions: int) -> Pair:
        move = self.ret(role, sessions)
        return np.expm1(move), move / (self.sigma(role) * np.sqrt(float(sessions)))

    def versus(self, role: str) -> Pair:
        return self.distance(role), self.distance(role) / (self.sigma(role) * 10.0)

    def fallen(self, role: str) -> Pair:
        return self.fall(role), self.fall(role) / (self.sigma(role) * 10.0)

    def month(self, role: str) -> Pair:
        return self.realised(role, 21), self.robust_month(role)

    def quarter(self, role: str) -> Pair:
        value = self.realised(role, 63)
        return value, score(log(value), 504, 0.12)

    def expected(self, role: str) -> Pair:
        value = np.sqrt(fading(self.ret(role) ** 2, 256, 0.94, 60))
        return value, score(log(value), 504, 0.12)

    def volume(self, role: str) -> Pair:
        level = log(self.frames.volumes[self.name(role)])
        value = level - mean(level, 63)
        return value, value / std(level, 63)

    def relief(self, role: str) -> Pair:
        today, before = self.ret(role), self.ret(role).shift()
        failed, known = (before > 0.02) & (today < -0.01), today.notna() & before.notna()
        return failed.astype(float).where(known), (-today / self.sigma(role)).where(failed, 0.0).where(known)

    # Between instruments.

    def spread(self, role: str, against: str, sessions: int, width: int, hedge: float = 1.0) -> Pair:
        move, daily = self.apart(role, against, sessions, hedge), self.apart(role, against, 1, hedge)
        return np.expm1(move), move / (std(daily, width) * np.sqrt(float(sessions)))

    def divergence(self) -> Pair:
        gap, z = self.spread("small", "growth", 1, 63)
        opposed = (z.abs() > 1.0) & (self.ret("small") * self.ret("growth") < 0.0)
        return gap.where(opposed, 0.0).where(z.notna()), z.where(opposed, 0.0).where(z.notna())

    def concentration(self) -> Pair:
        value = self.group("mega_caps", 21) - self.ret("market", 21)
        daily = self.group("mega_caps") - self.ret("market")
        return value, value / (std(daily, 252) * np.sqrt(21.0))

    def vix_change(self) -> Pair:
        move = self.ret("volatility", 5)
        return np.expm1(move), move / std(move, 252)

    def rates(self) -> Pair:
        value = self.price("rate_10y").diff(63)
        return value, value / std(value, 504)

    def stock_bond(self) -> Pair:
        stocks, bonds = self.ret("market"), self.ret("treasury_long")
        value = full(stocks.rolling(63, min_periods=least(63)).corr(bonds), 63)
        return value, score(value, 504, 1.0 / np.sqrt(63.0))

    def flight(self) -> Pair:
        value, z = self.spread("treasury_long", "market", 1, 252)
        fled = (self.ret("market") < -0.007) & (self.ret("treasury_long") > 0.004)
        return value.where(fled, 0.0).where(value.notna()), z.where(fled, 0.0).where(value.notna())

    # Groups.

    def share(self, test: Column) -> Column:
        return test.mean(axis=1).where(test.count(axis=1) >= 5)

    def above(self, width: int) -> Pair:
        prices = self.stocks()
        average = mean(prices, width)
        value = self.share((prices > average).astype(float).where(prices.notna() & average.notna()))
        return value, (value - 0.5) / 0.25

    def advances(self) -> Pair:
        daily = self.share(np.sign(self.moves()))
        value = mean(daily, 10)
        return value, value * np.sqrt(10.0) / std(daily, 252)

    def rotation(self) -> Pair:
        value = self.group("cyclicals", 21) - self.group("defensives", 21)
        daily = self.group("cyclicals") - self.group("defensives")
        return value, value / (std(daily, 252) * np.sqrt(21.0))

    def sold(self) -> Pair:
        share = self.share((self.moves() < 0.0).astype(float).where(self.moves().notna()))
        market, month = self.ret("market"), self.sigma("market", 21)
        known, sold = share.notna() & market.notna() & month.notna(), (share >= 0.9) & (market < -month)
        return share.where(sold, 0.0).where(known), (-market / self.sigma("market")).where(sold, 0.0).where(known)

    def together(self) -> Pair:
        variances = std(self.moves(), 63) ** 2
        count = variances.count(axis=1)
        ratio = std(self.share(self.moves()), 63) ** 2 / self.share(variances)
        return scored((count * ratio - 1.0) / (count - 1.0).where(count > 1), 504)

    # The regime.

    def twice(self, column: Column) -> Pair:
        return column, column

    def regime_part(self, name: str) -> Pair:
        return self.twice(self.part(name))

    def part(self, name: str) -> Column:
        return self.once(("part", name), lambda: self.make_part(name))

    def make_part(self, name: str) -> Column:
        if name == "trend":
            return np.tanh(self.ret("market", 126) / (self.sigma("market") * np.sqrt(126.0)))
        if name == "vs_200":
            return np.tanh(self.distance("market") / (self.sigma("market") * 10.0))
        if name == "drawdown":
            return 1.0 - 2.0 * (self.fall("market") / 0.15).clip(upper=1.0)
        if name == "credit":
            return np.tanh(self.spread("credit", "treasury_mid", 42, 504, 0.5)[1])
        realised = self.robust_month("market")
        implied = self.robust("volatility") if self.frames.universe.symbol("volatility") else realised
        return np.tanh(implied.fillna(realised) / -2.0)

    def parts(self) -> tuple[Column, Column]:
        """Weighted sum of the parts that are there, and their weight."""

        def make() -> Column:
            total = weight = self.price("market") * 0.0
            total = weight = total.where(total.notna(), 0.0)
            for name, share in _PARTS.items():
                try:
                    part = self.part(name)
                except KeyError:
                    continue
                total, weight = total + share * part.fillna(0.0), weight + share * part.notna()
            return total, weight

        total, weight = self.once(("parts",), make)
        return total, weight

    def score(self) -> Column:
        total, weight = self.parts()
        raw = (total / weight).where(weight > 0.0)
        return fading(raw, 64, 0.5 ** (1.0 / 3.0), 1).where(raw.notna()).clip(-1.0, 1.0)

    def path(self) -> Pair:
        way = full(self.ret("market").abs().rolling(21, min_periods=least(21)).sum(), 21)
        return self.twice(self.ret("market", 21).abs() / way.where(way > 0.0) * np.sqrt(21.0))

    def appetite(self) -> Pair:
        measures = (
            ("credit", "treasury_mid", 1.0), ("small", "market", 1.0), ("growth", "market", 1.0),
            ("volatility", "", -1.0), ("market", "", 1.0), ("market", "treasury_long", 1.0),
        )  # fmt: skip
        risen = known = self.price("market") * 0.0
        risen = known = risen.where(risen.notna(), 0.0)
        for role, against, sign in measures:
            try:
                move = sign * (self.apart(role, against, 5) if against else self.ret(role, 5))
            except KeyError:
                continue
            risen, known = risen + (move > 0.0), known + move.notna()
        return self.twice((risen / known).where(known >= 3.0))

    def jump(self) -> Pair:
        level = self.realised("market", 21)
        value = level / level.shift(5)
        return value, np.log(value) / std(np.log(value), 252)
