"""What a record offers to say: every fact that phrases may name, as printed text, and flags that only say that
something is so.

Contract: a fact exists only when the record holds it; nothing is filled in. Every number is formatted here from the
record by `minds.figures`. Names, symbols and reasons from elsewhere pass through `minds.text` first.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.claims import Claim, Target
from engine.signals.spec import Signal
from minds import figures
from minds.gates import side
from minds.lookup import because, claim_of, missing_names, why_none
from minds.nouns import spoken
from minds.record import CycleRecord
from minds.template.desk import Desk
from minds.template.evidence import debate_facts
from minds.template.phrases import Facts, Teller
from minds.template.track import record_facts, verdict_facts
from minds.text import listing, plain, plural

__all__ = ["facts"]

_SPIKE, _QUIET, _SHOCK = 2.0, 1.0, 2.5
_SHORT = 5
"""Moves of up to a week: a level, or a gauge that looks back further, would be strange for weeks on end."""
_EDGE = 0.001
_NEAR = 0.03
_CLOSE = 0.06
_SPLIT = 0.003
_WIDTH = 0.05
_SKEW = 0.0005
_OLD = 100
_APART = 0.1
_PATHS = {"trending_up": "rising", "trending_down": "falling"}
_PARTS = {"vs_200": "the long average"}


def facts(desk: Desk) -> Facts:
    """Every fact of a record, named and worded by `desk`."""
    record, lead = desk.record, desk.record.targets[0]
    found = {"sym": spoken(lead.symbol), "weekday": figures.weekday(record.session)}
    if record.missing:
        found["missing_n"] = plural(len(missing_names(record)), "input")
    found |= _regime(record) | _call(record, lead) | _moves(desk, lead) | _strangest(desk)
    found |= record_facts(desk) | verdict_facts(desk)
    found |= debate_facts(desk, found.get("call"))
    if "v_call" in found and found["v_call"] == found.get("call") and found["v_sym"] == found["sym"]:
        found["same_call"] = ""
    if "crossing" in found:
        found.pop("contra", None)  # a call against the minds and against history is neither's
    return found


def _regime(record: CycleRecord) -> Facts:
    reading = record.reading
    found = {
        "regime": reading.label.replace("_", "-"),
        "reading": str(reading),
        "age": plural(reading.sessions, "session"),
        "since": figures.short_day(reading.since),
        "coverage": figures.percent(reading.coverage, 0, sign=False),
        f"is_{reading.label}": "",
        f"is_{reading.status}": "",
    }
    if reading.reasons:
        found["reasons"] = "; ".join([because(reason) for reason in reading.reasons])
    if reading.path != "unknown":
        found["path"] = reading.path.replace("_", " ")
        found["path_as"] = _PATHS.get(reading.path, found["path"])
    if reading.score is not None:
        found["score"] = figures.value(reading.score, "score")
        found |= {"score_up": ""} if reading.score > 0.0 else {}
    if reading.sessions == 1 and record.cycle > 1:
        found["changed"] = ""
    if reading.sessions >= _OLD:
        found["old_label"] = ""
    named = [(part.value, _PARTS.get(part.name, plain(part.name))) for part in reading.components]
    parts = [(value, name) for value, name in named if value is not None]
    if parts:
        found["parts"] = listing([f"{name} {figures.value(value, 'score')}" for value, name in parts])
        (low, worst), (high, best) = min(parts), max(parts)
        if low < -_APART and high > _APART:
            found |= {"best_part": best, "best_value": figures.value(high, "score")}
            found |= {"worst_part": worst, "worst_value": figures.value(low, "score")}
    if len(parts) < len(named):
        found["parts_lost"] = listing([name for value, name in named if value is None])
    return found


def _call(record: CycleRecord, lead: Target) -> Facts:
    """The published call, or why there is none; what caps it; the interval; the claims on risk."""
    found: Facts = {}
    claim, band = claim_of(record, lead, "direction"), claim_of(record, lead, "interval")
    if claim is None or claim.probability is None:
        found["held"] = why_none(record, lead)
    else:
        found["call"] = side(claim.probability)
        found["call_move"] = "a rise" if found["call"] == "up" else "a fall"
        found["p"] = figures.probability(claim.probability)
        found["confidence"] = figures.probability(max(claim.probability, 1.0 - claim.probability))
        found["due"] = figures.weekday(claim.deadline)
        if abs(claim.probability - 0.5) <= _CLOSE:
            found["close_call"] = ""
        if claim.base_rate is not None:
            found |= _edge(claim.probability, claim.base_rate)
    caps = [because(gate.reason) for gate in record.gates if gate.action == "cap" and gate.target in (lead.key, "*")]
    if caps:
        found["capped"] = "; ".join(caps)
    if band is not None and band.low is not None and band.high is not None:
        found |= _band(band, band.low, band.high)
    for other in record.claims:
        if other.kind in ("volatility", "drawdown") and other.probability is not None and other.base_rate is not None:
            found[f"{other.kind}_p"] = figures.probability(other.probability)
            found[f"{other.kind}_base"] = figures.probability(other.base_rate)
            found[f"{other.kind}_than"] = "rougher" if other.probability > other.base_rate else "calmer"
    return found


def _edge(p: float, base: float) -> Facts:
    found = {"base": figures.probability(base)}
    if base > 0.5:
        found["base_up"] = ""
    if (p >= 0.5) != (base >= 0.5):
        found["crossing"] = ""
    elif abs(p - base) <= _NEAR:
        found["by_base"] = ""
    if abs(p - base) < _EDGE:
        return found | {"no_edge": ""}
    points = f"{abs(100.0 * (p - base)):.1f}"
    found["edge"] = f"{points} {'point' if points == '1.0' else 'points'}"
    return found | {"above": "above" if p > base else "below"}


def _band(band: Claim, low: float, high: float) -> Facts:
    found = {"low": figures.percent(low), "high": figures.percent(high), "width": f"{100.0 * (high - low):.2f} points"}
    if abs(low + high) > _SKEW:
        found["skewed"] = ""
    if band.base_low is None or band.base_high is None or band.base_high <= band.base_low:
        return found
    ratio = (high - low) / (band.base_high - band.base_low)
    if ratio < 1.0 - _WIDTH:
        found["narrower"] = figures.percent(1.0 - ratio, 0, sign=False)
    elif ratio > 1.0 + _WIDTH:
        found["wider"] = figures.percent(ratio - 1.0, 0, sign=False)
    return found


def _moves(desk: Desk, lead: Target) -> Facts:
    """What the day did to the targets, and one that went against the lead."""
    record = desk.record
    moves: dict[str, float] = {}
    for target in record.targets:
        signal = record.signals.get(f"{target.role}.ret_1d")
        if signal is not None and signal.age == 0:
            moves[target.symbol] = signal.value
    if not moves:
        return {}
    found = {"moves": ", ".join([f"{spoken(sym)} {figures.percent(move)}" for sym, move in moves.items()])}
    found["day_is"] = _day_is(desk.teller, moves)
    own, day = moves.get(lead.symbol), record.signals.get(f"{lead.role}.ret_1d")
    if own and day is not None and day.z is not None:
        found["fell" if own < 0.0 else "rose"] = ""
        if abs(day.z) >= _SHOCK:
            found["shock"] = figures.value(day.z, "sigma")
    if own:
        found |= {"move": figures.percent(own), "size": figures.percent(abs(own), sign=False)}
        for symbol, move in moves.items():
            if move * own < 0.0 and abs(move - own) >= _SPLIT and "split_sym" not in found:
                found |= {"split_sym": spoken(symbol), "split_move": figures.percent(move)}
    return found


def _day_is(teller: Teller, moves: Mapping[str, float]) -> str:
    """The day's moves as a clause: those that went one way, then those that went the other."""
    ways: dict[int, list[tuple[str, str]]] = {}
    for symbol, move in moves.items():
        amount = figures.percent(abs(move), sign=False)
        way = (move > 0.0) - (move < 0.0) if amount.strip("0.%") else 0
        ways.setdefault(way, []).append((spoken(symbol), amount))
    clauses = []
    for way, group in ways.items():
        if way:
            verb = teller.say("verb_up" if way > 0 else "verb_down")
            (first, amount), rest = group[0], group[1:]
            clauses.append(listing([f"{first} {verb} {amount}", *[f"{who} {amount}" for who, amount in rest]]))
        else:
            clauses.append(f"{listing([who for who, _ in group])} did not move")
    return " while ".join(clauses) if len(clauses) < 3 else "; ".join(clauses)


def _strangest(desk: Desk) -> Facts:
    """The short gauge that is furthest from its normal, when that is far, or when even that is near."""
    scaled = [
        (abs(signal.z), name, signal)
        for name, signal in desk.record.signals.items()
        if signal.z is not None and signal.window <= _SHORT and signal.unit == "return"
    ]
    if not scaled:
        return {}
    far, name, signal = max(scaled, key=_by_distance)
    key = "spike" if far >= _SPIKE else "quiet" if far < _QUIET and len(scaled) >= 3 else ""
    if not key:
        return {}
    return desk.shows(key, name, signal.value) | {f"{key}_z": figures.value(signal.z or 0.0, "sigma")}


def _by_distance(item: tuple[float, str, Signal]) -> tuple[float, str]:
    return item[0], item[1]
