"""Evidence packs written by hand, in the form that `minds.llm.gather` gives them.

Contract: figures, signs and readings are chosen by hand so that an honest writer has something to say on either side.
"""

from __future__ import annotations

from minds.llm.pack import Band, Entity, Fact, Other, Pack, Side

__all__ = ["PACKS"]

_SYMBOLS = {"market": "SPY", "growth": "QQQ", "small": "IWM"}
_WORDS = {
    "market": ("market", "broad market", "index"),
    "growth": ("growth", "big tech", "mega-caps", "mega caps", "growth names", "big names"),
    "small": ("small caps", "small-caps", "small names", "small"),
    "volatility": ("volatility index", "implied volatility", "fear gauge", "volatility"),
    "credit": ("credit", "high yield", "junk bonds"),
    "dollar": ("dollar",),
    "curve": ("yield curve", "curve"),
    "breadth": ("breadth",),
    "rotation": ("cyclicals", "rotation"),
    "regime": ("regime",),
    "stock_bond": ("stock bond",),
    "selling": ("selling",),
}
_THINGS = {
    "ret_1d": "day", "ret_5d": "week", "ret_21d": "month", "ret_63d": "quarter", "trend_126d": "half-year",
    "vs_200d": "distance from its long average", "vs_50d": "distance from its short average",
    "drawdown": "distance below its high", "realised_vol_21d": "realised volatility", "volume": "volume",
    "relief_failure": "failed-rally gauge",
}  # fmt: skip
_NAMED = {
    "size_gap_1d": "the size gap on the day", "size_gap_5d": "the size gap on the week",
    "size_divergence": "the size divergence", "growth_lead_21d": "growth's lead over the market",
    "volatility.level": "the volatility index", "volatility.change_5d": "the week's change in implied volatility",
    "volatility.premium": "the volatility premium", "credit.spread_42d": "the credit spread over two months",
    "curve.slope_10y3m": "the yield curve from bills to the long end",
    "curve.rate_10y_change_63d": "the quarter's change in the long yield",
    "stock_bond.flight_1d": "the flight into bonds", "breadth.above_50d": "short-term breadth",
    "breadth.adv_dec_10d": "the advance-decline balance", "rotation.cyclical_21d": "the cyclical rotation",
    "selling.synchronised": "synchronised selling", "regime.score": "the regime score",
    "dollar.ret_21d": "the dollar's month",
}  # fmt: skip
_UNITS = {"%": "return", "s": "points", "a": "sigma"}

Row = tuple[str, str, int, int, str]


def _fact(row: Row, band: Band = "clear") -> Fact:
    name, text, sign, speaks, reads = row
    role, _, measure = name.partition(".")
    thing = _NAMED.get(name) or f"{_SYMBOLS.get(role, 'the ' + role)}'s {_THINGS[measure]}"
    unit = "level" if text[0].isdigit() else _UNITS.get(text[-1], "score")
    return Fact(name, text, thing, "signal", role if measure else "", sign, speaks, reads, band, unit, "2024-05-14")


def _pack(
    mind: str, role: str, side: Side, rows: list[Row], others: dict[str, Side], *, band: Band = "clear",
    regime: tuple[str, str] = ("risk-on 0.45 (stale)", "risk-on, stale"), call: bool = False,
) -> Pack:  # fmt: skip
    facts = [_fact(row) for row in rows]
    for name, way in others.items():
        speaks = 1 if way == "up" else -1 if way == "down" else 0
        facts.append(Fact(f"view.{name.lower()}", "22%", f"the strength of {name}'s view", "view", speaks=speaks))
    facts.append(Fact("regime", regime[0], "the regime", "regime", reads=regime[1]))
    facts.append(Fact("regime.since", "March 17", "the day since which the label holds", "regime"))
    whose = "the desk" if mind == "Synthesis" else mind
    facts.append(
        Fact(f"record.{mind.lower()}", "right 14 of 24 (0.58; base rate 0.58)", f"the record of {whose}", "record")
    )
    facts.append(Fact("missing", "the flight into bonds and 2 more", "what nobody could have today", "missing"))
    if call:
        facts += [
            Fact("call.probability", "0.53", "the probability of a rise", "call"),
            Fact("call.confidence", "0.53", "the published confidence", "call"),
            Fact("call.base_rate", "0.55", "the base rate of a rise", "call"),
            Fact("interval.low", "-0.93%", "the low end of the interval", "call"),
            Fact("interval.high", "+1.50%", "the high end of the interval", "call"),
        ]
    roles = sorted({*_SYMBOLS, *[fact.owner for fact in facts if fact.owner]})
    entities = [Entity(name, _SYMBOLS.get(name, ""), _WORDS[name]) for name in roles]
    told = [Other(name, way, "clear") for name, way in others.items()]
    return Pack(
        mind,
        _SYMBOLS[role],
        "24h",
        side,
        band,
        tuple(sorted(facts, key=lambda fact: fact.id)),
        tuple(entities),
        tuple(told),
    )


PACKS = {
    "macro-down": _pack("Macro", "growth", "down", [
        ("growth.ret_1d", "-0.31%", -1, -1, "today was sold"),
        ("small.ret_1d", "+0.28%", 1, 0, ""),
        ("regime.score", "+0.45", 1, 1, "the regime is sound"),
        ("credit.spread_42d", "-1.80%", -1, -1, "credit is being sold"),
        ("market.vs_200d", "+3.10%", 1, 1, "the market stands above its long average"),
        ("volatility.level", "21.4", 1, -1, "fear is high for these years"),
        ("curve.slope_10y3m", "-0.42 points", -1, -1, "the curve is flatter than usual"),
        ("dollar.ret_21d", "+1.90%", 1, -1, "the dollar is draining liquidity"),
    ], {"Flow": "down", "Contrarian": "up"}),
    "flow-up": _pack("Flow", "small", "up", [
        ("small.ret_21d", "+4.20%", 1, 1, "a month of buying"),
        ("small.ret_1d", "+0.92%", 1, 1, "today was bought"),
        ("growth.ret_1d", "-0.40%", -1, 0, ""),
        ("breadth.above_50d", "64.0%", 1, 1, "most names take part"),
        ("breadth.adv_dec_10d", "+0.21", 1, 1, "advances outnumber declines"),
        ("rotation.cyclical_21d", "+1.42%", 1, 1, "cyclicals lead"),
        ("size_gap_5d", "+1.10%", 1, 1, "small caps are being chosen"),
        ("small.volume", "-0.7 sigma", -1, -1, "volume is thin"),
    ], {"Macro": "up", "Contrarian": "down"}),
    "contrarian-up": _pack("Contrarian", "market", "up", [
        ("market.ret_5d", "-4.80%", -1, 1, "the week ran too far down"),
        ("market.ret_1d", "-1.90%", -1, 1, "today overshot downwards"),
        ("volatility.change_5d", "+31.00%", 1, 1, "fear has jumped, which it seldom does twice"),
        ("selling.synchronised", "+0.81", 1, 1, "everything was sold at once"),
        ("market.drawdown", "-9.20%", -1, 1, "there is a fall to buy"),
        ("breadth.above_50d", "22.0%", -1, 1, "hardly anybody is left to sell"),
        ("market.relief_failure", "+0.60", 1, -1, "a relief rally was sold into"),
    ], {"Macro": "down", "Flow": "down"}, regime=("risk-off -0.52 (confirmed)", "risk-off, confirmed")),
    "flow-down": _pack("Flow", "growth", "down", [
        ("growth.ret_21d", "-6.40%", -1, -1, "a month of selling"),
        ("growth.ret_1d", "-1.20%", -1, -1, "today was sold"),
        ("market.ret_5d", "-2.20%", -1, -1, "the week was offered"),
        ("breadth.above_50d", "31.0%", -1, -1, "few names take part"),
        ("breadth.adv_dec_10d", "-0.33", -1, -1, "declines outnumber advances"),
        ("growth_lead_21d", "-1.10%", -1, -1, "growth lags the market"),
        ("rotation.cyclical_21d", "-2.05%", -1, -1, "money hides in defensives"),
        ("growth.volume", "+1.6 sigma", 1, -1, "volume is heavy"),
        ("size_gap_5d", "-0.60%", -1, 1, "the big names draw the money"),
    ], {"Macro": "down", "Contrarian": "up"}, band="strong"),
    "contrarian-down": _pack("Contrarian", "growth", "down", [
        ("growth.ret_5d", "+5.10%", 1, -1, "the week ran too far up"),
        ("growth.ret_1d", "+1.30%", 1, -1, "today overshot upwards"),
        ("volatility.change_5d", "-22.00%", -1, -1, "nobody is afraid any more"),
        ("breadth.above_50d", "88.0%", 1, -1, "everybody is already in"),
        ("growth.drawdown", "-0.10%", -1, -1, "there is no fall to buy"),
        ("size_divergence", "+0.90 sigma", 1, -1, "small against big: the gap usually closes downwards"),
        ("small.ret_1d", "-0.20%", -1, 0, ""),
    ], {"Macro": "up", "Flow": "up"}, band="faint"),
    "macro-up": _pack("Macro", "market", "up", [
        ("regime.score", "+0.71", 1, 1, "the regime is sound"),
        ("credit.spread_42d", "+1.30%", 1, 1, "credit keeps getting cheaper to take"),
        ("market.vs_200d", "+6.40%", 1, 1, "the market stands above its long average"),
        ("volatility.level", "12.8", -1, 1, "fear is low for these years"),
        ("curve.rate_10y_change_63d", "-0.31 points", -1, 1, "long yields are coming down"),
        ("dollar.ret_21d", "-1.20%", -1, 1, "a softer dollar helps"),
        ("market.ret_1d", "+0.12%", 1, 0, ""),
        ("curve.slope_10y3m", "-0.80 points", -1, -1, "the curve is flatter than usual"),
    ], {"Flow": "up", "Contrarian": "down"}, regime=("risk-on 0.71 (confirmed)", "risk-on, confirmed")),
    "desk-up": _pack("Synthesis", "growth", "up", [
        ("growth.ret_1d", "-0.31%", -1, -1, "today was sold"),
        ("small.ret_1d", "+0.28%", 1, 0, ""),
        ("growth.ret_5d", "-3.10%", -1, 1, "the week ran too far down"),
        ("volatility.level", "24.9", 1, -1, "fear is high for these years"),
        ("size_gap_5d", "+1.00%", 1, -1, "money leaves the big names for small ones"),
        ("regime.score", "+0.45", 1, 1, "the regime is sound"),
    ], {"Macro": "up", "Flow": "down", "Contrarian": "up"}, band="faint", call=True),
    "desk-down": _pack("Synthesis", "market", "down", [
        ("market.ret_1d", "-0.85%", -1, -1, "today was sold"),
        ("market.vs_200d", "-2.10%", -1, -1, "the market is below its long average"),
        ("credit.spread_42d", "-2.60%", -1, -1, "credit is being sold"),
        ("breadth.above_50d", "27.0%", -1, 1, "hardly anybody is left to sell"),
        ("market.ret_5d", "-3.70%", -1, 1, "the week ran too far down"),
        ("volatility.level", "29.3", 1, -1, "fear is high for these years"),
    ], {"Macro": "down", "Flow": "down", "Contrarian": "up"}, band="clear", call=True,
        regime=("risk-off -0.40 (confirmed)", "risk-off, confirmed")),
    "desk-none": _pack("Synthesis", "growth", "none", [
        ("growth.ret_1d", "+0.05%", 1, 0, ""),
        ("growth.ret_21d", "+3.30%", 1, 1, "a month of buying"),
        ("growth.ret_5d", "+2.80%", 1, -1, "the week ran too far up"),
        ("volatility.level", "15.1", 0, 0, ""),
        ("breadth.above_50d", "48.0%", 0, 0, ""),
    ], {"Flow": "up", "Contrarian": "down"}, band="faint", regime=("neutral 0.02 (transition)", "neutral, transition")),
}  # fmt: skip
"""Name -> pack."""
