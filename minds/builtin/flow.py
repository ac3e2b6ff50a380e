"""Flow: reads who is buying what. Momentum, breadth, size, rotation."""

from __future__ import annotations

from minds.evidence import EvidenceMind, Term

__all__ = ["Flow"]


class Flow(EvidenceMind):
    """Leans with what is already moving, and asks how many are moving with it."""

    name = "flow"
    terms = (
        Term("{target}.ret_21d", 0.20, "a month of buying", "a month of selling"),
        Term("{target}.ret_1d", 0.10, "today was bought", "today was sold"),
        Term("breadth.above_50d", 0.15, "most names take part", "few names take part"),
        Term("breadth.adv_dec_10d", 0.10, "advances outnumber declines", "declines outnumber advances"),
        Term("rotation.cyclical_21d", 0.15, "cyclicals lead", "money hides in defensives"),
        Term("size_gap_5d", 0.15, "small caps are being chosen", "small caps are being left", only=("small",)),
        Term("size_gap_5d", -0.15, "money leaves the big names for small ones", "the big names draw the money",
             only=("growth",)),
        Term("growth_lead_21d", 0.10, "growth leads the market", "growth lags the market", only=("growth", "market")),
        Term("market.ret_5d", 0.10, "the week was bid", "the week was offered"),
        Term("{target}.volume", 0.05, "volume is heavy", "volume is thin"),
    )  # fmt: skip
