"""Contrarian: reads what is stretched. Reversals, panic, crowding, rallies that fail."""

from __future__ import annotations

from minds.evidence import EvidenceMind, Term

__all__ = ["Contrarian"]


class Contrarian(EvidenceMind):
    """Leans against the last move, and for the day after everybody sold at once."""

    name = "contrarian"
    terms = (
        Term("{target}.ret_5d", -0.25, "the week ran too far up", "the week ran too far down"),
        Term("{target}.ret_1d", -0.10, "today overshot upwards", "today overshot downwards"),
        Term("volatility.change_5d", 0.15, "fear has jumped, which it seldom does twice", "nobody is afraid any more"),
        Term("selling.synchronised", 0.15, "everything was sold at once", "no panic to buy into"),
        Term("{target}.relief_failure", -0.15, "a relief rally was sold into", "no failed rally"),
        Term("breadth.above_50d", -0.10, "everybody is already in", "hardly anybody is left to sell"),
        Term("{target}.drawdown", 0.10, "there is a fall to buy", "there is no fall to buy"),
        Term("size_divergence", -0.05, "small against big: the gap usually closes downwards",
             "big against small: the gap usually closes"),
    )  # fmt: skip
