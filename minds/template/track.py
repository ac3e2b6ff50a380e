"""What the desk's own past offers to say: verdicts that fell due, and records with n, interval and base rate.

Contract: see `minds.template.facts`. No rate stands alone.
"""

from __future__ import annotations

import math
from datetime import date

from engine.claims import Verdict
from engine.scoring import wilson
from minds import figures
from minds.lookup import because
from minds.nouns import spoken
from minds.record import MindRecord
from minds.template.desk import Desk
from minds.template.phrases import Facts
from minds.text import count, plain

__all__ = ["record_facts", "verdict_facts"]

_ENOUGH = 20
_LONG = 1000
_WEEK = 6
_LEVEL = 0.95


def record_facts(desk: Desk) -> Facts:
    """The published calls' record, whole and under today's label; the best and the last of the minds under that label;
    what the base rate holds of the vote.
    """
    record, label = desk.record, desk.record.reading.label
    found: Facts = {}
    by = {(item.mind, item.regime): item for item in record.records}
    mine, here = by.get(("synthesis", "all")), by.get(("synthesis", label))
    if mine is not None and mine.n and mine.base is not None:
        found |= _counted("rec", mine) | {"record": figures.record_text(mine)}
        if mine.n >= _LONG:
            found["long"] = ""
        band = wilson(mine.right, mine.n)
        found["record_above" if mine.right / mine.n > mine.base else "record_not_above"] = ""
        if band.low <= mine.base <= band.high:
            found["record_even"] = ""
    else:
        found["record_none"] = "n 0"
    if here is not None and here.n and here.base is not None:
        found |= _counted("here", here)
    minds = [item for item in record.records if item.mind in desk.called and item.regime == "all"]
    weights = [item.weight for item in minds if item.weight is not None]
    if weights and len(weights) == len(minds):
        left = max(0.0, 1.0 - sum(weights))
        found["base_weight"] = figures.probability(left)
        if left > 0.5:
            found["base_major"] = ""
    graded = [
        item for item in record.records
        if item.mind in desk.called and item.regime == label and item.n >= _ENOUGH and item.base is not None
    ]  # fmt: skip
    ranked = sorted(graded, key=_lead, reverse=True)
    for key, chosen in (("first", ranked[:1]), ("last", ranked[1:][-1:])):
        for item in chosen:
            found |= _counted(key, item) | {f"{key}_mind": desk.called[item.mind]}
    if "last_base" in found and found["first_base"] == found["last_base"]:
        found["one_base"] = ""
    return found


def _counted(key: str, item: MindRecord) -> Facts:
    """`KEY_right`, `KEY_n`, `KEY_rate`, `KEY_low`, `KEY_high`, `KEY_level`, `KEY_base`: no rate stands alone."""
    band = wilson(item.right, item.n, level=_LEVEL)
    return {
        f"{key}_right": f"{item.right:,}",
        f"{key}_n": f"{item.n:,}",
        f"{key}_rate": figures.probability(item.right / item.n),
        f"{key}_low": figures.probability(band.low),
        f"{key}_high": figures.probability(band.high),
        f"{key}_level": figures.percent(_LEVEL, 0, sign=False),
        f"{key}_base": figures.probability(item.base if item.base is not None else math.nan),
    }


def verdict_facts(desk: Desk) -> Facts:
    """The verdict on the lead symbol's direction (or the first there is), a miss of its interval, the day's tally, and
    what was declared void.
    """
    record = desk.record
    void = [because(item.reason) for item in record.verdicts if item.result == "void"]
    found: Facts = {"void": void[0]} if void else {}
    graded = [item for item in record.verdicts if item.result != "void"]
    if not graded:
        return found
    right = sum([item.result == "right" for item in graded])
    found |= {"graded": count(len(graded)), "right_n": count(right) if right else "none"}
    if len(graded) > 2:
        found["several"] = ""
    lead = record.targets[0]
    ranked = sorted(graded, key=lambda item: _named(item)[1:] != (lead.symbol, "direction", str(lead.horizon)))
    first = next((item for item in ranked if _named(item)[2] == "direction"), None)
    if first is not None and first.realised is not None:
        made, symbol, *_ = _named(first)
        found |= {
            "v_sym": spoken(symbol),
            "v_day": _when(made, record.session),
            "v_move": figures.percent(first.realised),
            "v_did": _did(desk, symbol, first.realised),
            "v_call": "up" if (first.result == "right") == (first.outcome == 1) else "down",
            "v_result": first.result,
            f"v_{first.result}": "",
        }
        if first.score is not None and first.base_score is not None:
            found |= {"v_brier": f"{first.score:.3f}", "v_brier_base": f"{first.base_score:.3f}"}
    for item in graded:
        missed = _named(item)[1:3] == (lead.symbol, "interval") and item.result == "wrong"
        if missed and item.realised is not None:
            found |= {"miss_sym": spoken(lead.symbol), "miss_move": figures.percent(item.realised)}
    return found


def _did(desk: Desk, symbol: str, move: float) -> str:
    amount = figures.percent(abs(move), sign=False)
    if not amount.strip("0.%"):
        return f"{spoken(symbol)} did not move"
    verb = desk.teller.say("verb_up" if move > 0.0 else "verb_down", {"me": "verdict"})
    return f"{spoken(symbol)} {verb} {amount}"


def _when(made: str, session: str) -> str:
    """The weekday of a claim of the last days, else its date."""
    try:
        near = 0 <= (date.fromisoformat(session) - date.fromisoformat(made)).days <= _WEEK
    except ValueError:
        return plain(made)
    return figures.weekday(made) if near else figures.short_day(made)


def _lead(item: MindRecord) -> float:
    return item.right / item.n - (item.base or 0.0)


def _named(verdict: Verdict) -> tuple[str, str, str, str]:
    """Session, symbol, kind and horizon out of a claim's id; a symbol may hold slashes."""
    session, _, rest = verdict.id.partition("/")
    symbol, kind, horizon = ["", "", *rest.rsplit("/", 2)][-3:]
    return session, symbol, kind, horizon
