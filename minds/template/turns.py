"""Where an argument is thinner or richer than it looks: facts that turn it.

Contract: see `minds.template.facts`. Since a lean is the sum of its contributions, "without that line the lean would
be …" is exact arithmetic, not rhetoric.
"""

from __future__ import annotations

from collections.abc import Sequence

from minds import figures
from minds.lookup import claim_of
from minds.nouns import spoken
from minds.record import CycleRecord
from minds.template.desk import Desk
from minds.template.phrases import Facts
from minds.text import clause
from minds.view import Abstention, View

__all__ = ["other_debate", "shared_evidence", "shrunk_voice", "thin_leans"]

_HALF = 0.5
_LIVELY = 3.0


def shared_evidence(desk: Desk, spoken: Sequence[View]) -> Facts:
    """One signal read in two ways, or one witness behind two agreeing minds."""
    found: Facts = {}
    best = 0.0
    for at, one in enumerate(spoken):
        mine = {part.signal: part for part in one.contributions}
        for two in spoken[at + 1 :]:
            for other in two.contributions:
                part = mine.get(other.signal)
                if (
                    part is None
                    or part.amount * other.amount >= 0.0
                    or min(abs(part.amount), abs(other.amount)) <= best
                ):
                    continue
                best = min(abs(part.amount), abs(other.amount))
                (up, high), (down, low) = (
                    ((one, part), (two, other)) if part.amount > 0 else ((two, other), (one, part))
                )
                found |= desk.evidence("shared", high, up.mind) | {
                    "shared_other": desk.called[down.mind],
                    "shared_other_reads": clause(low.reads),
                    "shared_other_says": desk.evidence("x", low)["x_says"],
                }
    tops: dict[tuple[str, bool], View] = {}
    for item in spoken:
        backing = [part for part in item.contributions if part.amount * item.lean > 0]
        if not backing:
            continue
        part = max(backing, key=lambda part: abs(part.amount))
        first = tops.setdefault((part.signal, item.lean > 0), item)
        if first is not item and "witness_thing" not in found:
            found |= desk.evidence("witness", part, first.mind) | {"witness_other": desk.called[item.mind]}
    return found


def thin_leans(desk: Desk, spoken: Sequence[View]) -> Facts:
    """A lean that hangs on one line, and a lean that is what a large argument left over."""
    found: Facts = {}
    for item in spoken:
        if not item.lean or len(item.contributions) < 2:
            continue
        part = max(item.contributions, key=lambda part: part.amount * (1.0 if item.lean > 0 else -1.0))
        rest = item.lean - part.amount
        if (
            "thin_thing" not in found
            and abs(item.lean) >= 0.05
            and (rest * item.lean < 0 or abs(rest) < _HALF * abs(item.lean))
        ):
            found |= desk.evidence("thin", part, item.mind)
            found |= {"thin_from": figures.strength(item.confidence), "thin_to": figures.strength(abs(rest))}
            found["thin_flips" if rest * item.lean < 0 else "thin_fades"] = ""
            found["thin_after"] = "the other way" if rest * item.lean < 0 else "the same way"
        pro = sum([part.amount for part in item.contributions if part.amount > 0])
        con = sum([-part.amount for part in item.contributions if part.amount < 0])
        if "torn_mind" not in found and min(pro, con) > 0.05 and pro + con > _LIVELY * abs(item.lean):
            found |= {"torn_mind": desk.called[item.mind], "torn_net": figures.strength(item.confidence)}
            found |= {"torn_pro": figures.strength(pro), "torn_con": figures.strength(con)}
    return found


def shrunk_voice(desk: Desk, said: Sequence[View | Abstention]) -> Facts:
    """What one mind would say alone, and what its record lets through."""
    made = desk.record.forecasts.get(desk.record.targets[0].key)
    if made is None or len(made.edges) != len(said):
        return {}
    pairs = zip(said, made.edges, made.experts[1:], strict=True)
    heard = [
        (abs(edge), item.mind, edge, expert) for item, edge, expert in pairs if edge is not None and expert is not None
    ]
    if not heard or max(heard)[0] < 0.01:
        return {}
    _, mind, edge, expert = max(heard)
    return {
        "alone_mind": desk.called[mind],
        "alone_p": figures.probability(made.base + edge),
        "alone_kept": figures.probability(expert),
        "alone_base": figures.probability(made.base),
    }


def other_debate(record: CycleRecord, label: str | None) -> Facts:
    """A further target whose debate or call differs from the lead's."""
    for target in record.targets[1:]:
        debate = record.debates.get(target.key)
        if debate is not None and debate.label not in (label, "silent") and target.symbol != record.targets[0].symbol:
            found = {"next_sym": spoken(target.symbol), "next_label": debate.label.replace("_", " ")}
            claim = claim_of(record, target, "direction")
            if claim is not None and claim.probability is not None and claim.base_rate is not None:
                found |= {
                    "next_p": figures.probability(claim.probability),
                    "next_base": figures.probability(claim.base_rate),
                }
            return found
    return {}
