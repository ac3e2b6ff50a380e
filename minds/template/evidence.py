"""What the debate offers to say: sides, the strongest evidence on each, and where the argument is thinner or richer
than it looks.

Contract: see `minds.template.facts`. Since a lean is the sum of its contributions, "without that line the lean would
be …" is exact arithmetic, not rhetoric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from minds import figures
from minds.lookup import claim_of
from minds.nouns import Nouns
from minds.record import CycleRecord
from minds.template.phrases import Facts
from minds.text import clause, count, listing, ticker
from minds.view import Abstention, Contribution, View

__all__ = ["Desk", "debate_facts", "thesis_facts"]

_HALF = 0.5
_AUDIBLE = 0.01
_LOW, _HIGH = 0.40, 0.65
_LIVELY = 3.0
_DARK = 0.5
_MANY_MISSING = 8


class Desk(NamedTuple):
    """What evidence is spoken of with: the record, names of minds and of signals."""

    record: CycleRecord
    called: Mapping[str, str]
    nouns: Nouns

    def value(self, part: Contribution) -> str:
        """The value behind a contribution, in its unit."""
        signal = self.record.signals.get(part.signal)
        return figures.value(part.value, signal.unit if signal is not None else None)

    def evidence(self, key: str, part: Contribution, mind: str | None = None) -> Facts:
        """`KEY_thing`, `KEY_value`, `KEY_reads` and perhaps `KEY_mind`."""
        found = {
            f"{key}_thing": self.nouns.thing(part.signal),
            f"{key}_value": self.value(part),
            f"{key}_reads": clause(part.reads),
        }
        return found if mind is None else found | {f"{key}_mind": self.called[mind]}


def debate_facts(record: CycleRecord, called: Mapping[str, str], nouns: Nouns, call: str | None) -> Facts:
    """Facts on the lead target's debate, and on whether those of other targets differ."""
    lead = record.targets[0]
    desk = Desk(record, called, nouns)
    said = record.views.get(lead.key, ())
    spoken = sorted([item for item in said if isinstance(item, View)], key=lambda item: (-item.confidence, item.mind))
    silent = [item for item in said if isinstance(item, Abstention)]
    found = _sides(desk, said, spoken, silent, call)
    if len(said) >= 2 and (len(silent) >= _DARK * len(said) or len(record.missing) >= _MANY_MISSING):
        found["dark"] = ""
    parts = [(item, part) for item in spoken for part in item.contributions]
    if parts:
        item, part = max(parts, key=lambda pair: (abs(pair[1].amount), pair[1].signal))
        found |= desk.evidence("ev", part, item.mind)
    found |= _for_and_against(desk, parts, call)
    found |= (
        _common(desk, spoken) | _thin(desk, spoken) | _shrinkage(desk, said) | _elsewhere(record, found.get("label"))
    )
    return found


def thesis_facts(desk: Desk, view: View) -> Facts:
    """One mind's own case: its strongest evidence, the next, the strongest against itself, what it lacks."""
    up = view.lean > 0.0
    found = {
        "me": desk.called[view.mind],
        "conf": figures.strength(view.confidence),
        "side": "up" if up else "down",
        "bull": "bullish" if up else "bearish",
        "rise": "a rise" if up else "a fall",
        "is_up" if up else "is_down": "",
    }
    ranked = sorted(view.contributions, key=lambda part: (-abs(part.amount), part.signal))
    backing = [part for part in ranked if (part.amount > 0.0) == up and part.amount]
    opposing = [part for part in ranked if (part.amount > 0.0) != up and abs(part.amount) >= _AUDIBLE]
    for key, chosen in (("one", backing[:1]), ("two", backing[1:2]), ("anti", opposing[:1])):
        for part in chosen:
            found |= desk.evidence(key, part) | {f"{key}_share": figures.strength(abs(part.amount))}
    if len(backing) > 1 and len(backing) == len(ranked):
        found["unopposed"] = ""
    if view.missing:
        lost = list(dict.fromkeys([desk.nouns.thing(item.signal) for item in view.missing]))
        found["lacks"] = listing(lost) if len(lost) <= 3 else f"{', '.join(lost[:2])} and {count(len(lost) - 2)} more"
    return found


def _sides(
    desk: Desk,
    said: Sequence[View | Abstention],
    spoken: Sequence[View],
    silent: Sequence[Abstention],
    call: str | None,
) -> Facts:
    debate = desk.record.debates.get(desk.record.targets[0].key)
    names = [desk.called[item.mind] for item in said]
    found: Facts = {
        "label": debate.label if debate else "silent",
        "conviction": figures.strength(debate.conviction if debate else 0.0),
    }
    found[f"is_{found['label']}"] = ""
    if spoken:
        level = debate.conviction if debate else 0.0
        found["conv_low" if level < _LOW else "conv_mid" if level < _HIGH else "conv_high"] = ""
    if len(names) > 1:
        found |= {"minds": listing(names), "minds_n": count(len(names))}
    if len(spoken) > 1:
        found |= {"speakers": listing([desk.called[item.mind] for item in spoken]), "speakers_n": count(len(spoken))}
    if silent:
        found |= {"mute": listing([desk.called[item.mind] for item in silent]), "mute_n": count(len(silent))}
    if not spoken:
        return found | {"nobody": ""}
    found |= {"top": desk.called[spoken[0].mind], "top_conf": figures.strength(spoken[0].confidence)}
    sides = {"bull": [item for item in spoken if item.lean > 0], "bear": [item for item in spoken if item.lean < 0]}
    taken = ""
    for key, crowd in sides.items():
        if crowd and all(sides.values()):
            found |= {key: desk.called[crowd[0].mind], f"{key}_conf": figures.strength(crowd[0].confidence)}
            backing = [
                part for part in crowd[0].contributions if part.amount * crowd[0].lean > 0 and part.signal != taken
            ]
            if backing:
                best = max(backing, key=lambda part: abs(part.amount))
                found |= desk.evidence(key, best)
                taken = best.signal
    if all(sides.values()):
        low = min(sides.values(), key=lambda crowd: crowd[0].confidence)[0]
        if low is not spoken[0]:
            found |= {
                "louder": found["top"],
                "softer": desk.called[low.mind],
                "softer_conf": figures.strength(low.confidence),
            }
    else:
        found |= {"camp": "up" if sides["bull"] else "down", "camp_mood": "bullish" if sides["bull"] else "bearish"}
        if len(spoken) == 1:
            found["only"] = found["top"]
    return found | _majority(desk, sides, call)


def _majority(desk: Desk, sides: Mapping[str, Sequence[View]], call: str | None) -> Facts:
    up, down = len(sides["bull"]), len(sides["bear"])
    if up == down:
        return {}
    lean = "up" if up > down else "down"
    found = {"most": lean, "most_mood": "bullish" if lean == "up" else "bearish"}
    if call is not None:
        found["concur" if call == lean else "contra"] = ""
    label = desk.record.reading.label
    if (label == "risk_on" and lean == "down") or (label in ("risk_off", "crisis") and lean == "up"):
        found["clash"] = ""
    return found


def _for_and_against(desk: Desk, parts: Sequence[tuple[View, Contribution]], call: str | None) -> Facts:
    found: Facts = {}
    taken = ""
    for key, wanted in (("pro", call == "up"), ("con", call == "down")):
        having = [
            pair for pair in parts
            if pair[1].amount and (pair[1].amount > 0) == wanted and pair[1].signal != taken
        ]  # fmt: skip
        if call is not None and having:
            item, part = max(having, key=lambda pair: (abs(pair[1].amount), pair[1].signal))
            found |= desk.evidence(key, part, item.mind)
            taken = part.signal
    return found


def _common(desk: Desk, spoken: Sequence[View]) -> Facts:
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
                    "shared_other_reads": desk.evidence("x", low)["x_reads"],
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


def _thin(desk: Desk, spoken: Sequence[View]) -> Facts:
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
        pro = sum([part.amount for part in item.contributions if part.amount > 0])
        con = sum([-part.amount for part in item.contributions if part.amount < 0])
        if "torn_mind" not in found and min(pro, con) > 0.05 and pro + con > _LIVELY * abs(item.lean):
            found |= {"torn_mind": desk.called[item.mind], "torn_net": figures.strength(item.confidence)}
            found |= {"torn_pro": figures.strength(pro), "torn_con": figures.strength(con)}
    return found


def _shrinkage(desk: Desk, said: Sequence[View | Abstention]) -> Facts:
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


def _elsewhere(record: CycleRecord, label: str | None) -> Facts:
    """A further target whose debate or call differs from the lead's."""
    for target in record.targets[1:]:
        debate = record.debates.get(target.key)
        if debate is not None and debate.label not in (label, "silent") and target.symbol != record.targets[0].symbol:
            found = {"next_sym": ticker(target.symbol).lstrip("^"), "next_label": debate.label.replace("_", " ")}
            claim = claim_of(record, target, "direction")
            if claim is not None and claim.probability is not None and claim.base_rate is not None:
                found |= {
                    "next_p": figures.probability(claim.probability),
                    "next_base": figures.probability(claim.base_rate),
                }
            return found
    return {}
