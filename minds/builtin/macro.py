"""Macro: reads the slow things. Regime, credit, the yield curve, the level of fear."""

from __future__ import annotations

from minds.evidence import EvidenceMind, Term

__all__ = ["Macro"]


class Macro(EvidenceMind):
    """Leans with the regime and with credit; weeks to months, so it changes its mind slowly."""

    name = "macro"
    terms = (
        Term("regime.score", 0.25, "the regime is sound", "the regime is weak"),
        Term("credit.spread_42d", 0.20, "credit keeps getting cheaper to take", "credit is being sold"),
        Term(
            "market.vs_200d", 0.15, "the market stands above its long average", "the market is below its long average"
        ),
        Term("volatility.level", -0.10, "fear is high for these years", "fear is low for these years"),
        Term("curve.slope_10y3m", 0.10, "the curve is steeper than usual", "the curve is flatter than usual"),
        Term("curve.rate_10y_change_63d", -0.10, "long yields are climbing", "long yields are coming down"),
        Term("dollar.ret_21d", -0.05, "the dollar is draining liquidity", "a softer dollar helps"),
        Term("stock_bond.flight_1d", -0.05, "money fled into bonds", "no flight into bonds"),
    )
