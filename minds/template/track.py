"""What the desk's own past offers to say: verdicts that fell due, and records with n, interval and base rate.

Contract: see `minds.template.facts`. No rate stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from engine.claims import Verdict, horizon_label
from engine.scoring import wilson
from minds import figures
from minds.record import CycleRecord, MindRecord
from minds.template.phrases import Facts
from minds.text import clause, count, plain, ticker

__all__ = ["record_facts", "records_text", "settled_texts", "verdict_facts"]

_ENOUGH = 20
_WEEK = 6


def record_facts(record: CycleRecord, called: Mapping[str, str]) -> Facts:
    """The published call's record, who leads among the minds, and what the base rate holds of the vote."""
    found: Facts = {}
    by = {(item.mind, item.regime): item for item in record.records}
    for key, label in (("record", "all"), ("record_here", record.reading.label)):
        mine = by.get(("synthesis", label))
        if mine is not None and mine.n:
            found[key] = figures.record_text(mine)
            if mine.base is not None and key == "record":
                band = wilson(mine.right, mine.n)
                found["record_above" if mine.right / mine.n > mine.base else "record_not_above"] = ""
                if band.low <= mine.base <= band.high:
                    found["record_even"] = ""
    if "record" not in found:
        found["record_none"] = "n 0"
    minds = [item for item in record.records if item.mind in called and item.regime == "all"]
    weights = [item.weight for item in minds if item.weight is not None]
    if weights and len(weights) == len(minds):
        left = max(0.0, 1.0 - sum(weights))
        found["base_weight"] = figures.probability(left)
        if left > 0.5:
            found["base_major"] = ""
    graded = [item for item in minds if item.n >= _ENOUGH and item.base is not None]
    if len(graded) >= 2:
        ranked = sorted(graded, key=_lead, reverse=True)
        for key, item in (("best", ranked[0]), ("last", ranked[-1])):
            found |= {f"{key}_mind": called[item.mind], f"{key}_record": figures.record_text(item)}
        found["best_ahead" if _lead(ranked[0]) > 0 else "best_behind"] = ""
    return found


def records_text(record: CycleRecord, called: Mapping[str, str], most: int) -> str:
    """The minds' records under today's label; a base rate that all share is said once."""
    here = {item.mind: item for item in record.records if item.regime == record.reading.label and item.mind in called}
    items = [(called[mind], here[mind]) for mind in called if mind in here][:most]
    bases = {figures.probability(item.base) for _, item in items if item.base is not None}
    if len(items) > 1 and len(bases) == 1 and all(item.n for _, item in items):
        shared = "; ".join([f"{who} {figures.record_text(item, base=False)}" for who, item in items])
        return f"{shared}; the base rate for each is {bases.pop()}"
    return "; ".join([f"{who} {figures.record_text(item)}" for who, item in items])


def verdict_facts(record: CycleRecord) -> Facts:
    """The verdict on the lead symbol's direction (or the first there is), a miss of its interval, the day's tally."""
    graded = [item for item in record.verdicts if item.result != "void"]
    if not graded:
        return {}
    right = sum([item.result == "right" for item in graded])
    found = {"graded": count(len(graded))}
    if len(graded) > 1 and right in (0, len(graded)):
        found["all_right" if right else "all_wrong"] = ""
    lead = record.targets[0]
    ranked = sorted(graded, key=lambda item: _named(item)[1:] != (lead.symbol, "direction", str(lead.horizon)))
    first = next((item for item in ranked if _named(item)[2] == "direction"), None)
    if first is not None and first.realised is not None:
        session, symbol, *_ = _named(first)
        found |= {
            "v_sym": ticker(symbol).lstrip("^"),
            "v_day": figures.weekday(session),
            "v_move": figures.percent(first.realised),
            "v_call": "up" if (first.result == "right") == (first.outcome == 1) else "down",
            f"v_{first.result}": "",
        }
        if first.score is not None and first.base_score is not None:
            found |= {"v_brier": f"{first.score:.3f}", "v_brier_base": f"{first.base_score:.3f}"}
    for item in graded:
        missed = _named(item)[1:3] == (lead.symbol, "interval") and item.result == "wrong"
        if missed and item.realised is not None:
            found |= {"miss_sym": ticker(lead.symbol).lstrip("^"), "miss_move": figures.percent(item.realised)}
    return found


def settled_texts(verdicts: Sequence[Verdict], session: str) -> list[str]:
    """A clause for each thing that was called: what it did, and what every claim on it was worth beside its base."""
    groups: dict[tuple[str, str, str], list[Verdict]] = {}
    for item in verdicts:
        made, symbol, _, horizon = _named(item)
        groups.setdefault((made, symbol, horizon), []).append(item)
    return [_group(*about, items, session) for about, items in groups.items()]


def _group(made: str, symbol: str, horizon: str, items: Sequence[Verdict], session: str) -> str:
    span = horizon_label(int(horizon)) if horizon.isdecimal() else plain(horizon)
    moves = [
        item.realised for item in items if item.realised is not None and _named(item)[2] in ("direction", "interval")
    ]
    did = f" did {figures.percent(moves[0])}" if moves else ""
    return f"{ticker(symbol)} from {_when(made, session)} ({span}){did}, {', '.join([_grade(item) for item in items])}"


def _grade(item: Verdict) -> str:
    kind = plain(_named(item)[2])
    if item.result == "void":
        return f"{kind} void ({clause(item.reason)})"
    if item.score is None or item.base_score is None:
        return f"{kind} {item.result}"
    score, base = ("Winkler", "base interval") if kind == "interval" else ("Brier", "base rate")
    return f"{kind} {item.result} ({score} {item.score:.3f}, {base} {item.base_score:.3f})"


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
