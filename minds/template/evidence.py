"""What the debate offers to say: sides, the strongest evidence on each, and each mind's own case.

Contract: see `minds.template.facts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minds import figures
from minds.nouns import possessive
from minds.template.desk import Desk
from minds.template.phrases import Facts
from minds.template.turns import other_debate, shared_evidence, shrunk_voice, thin_leans
from minds.text import count, listing
from minds.view import Abstention, Contribution, View

__all__ = ["debate_facts", "thesis_facts"]

_AUDIBLE = 0.01
_LOW, _HIGH = 0.40, 0.65
_DARK = 0.5
_MANY_MISSING = 8


def debate_facts(desk: Desk, call: str | None) -> Facts:
    """Facts on the lead target's debate, and on whether those of other targets differ."""
    record, lead = desk.record, desk.record.targets[0]
    said = record.views.get(lead.key, ())
    spoken = sorted([item for item in said if isinstance(item, View)], key=lambda item: (-item.confidence, item.mind))
    silent = [item for item in said if isinstance(item, Abstention)]
    found = _sides(desk, said, spoken, silent, call)
    if len(said) >= 2 and (len(silent) >= _DARK * len(said) or len(record.missing) >= _MANY_MISSING):
        found["dark"] = ""
    parts = [(item, part) for item in spoken for part in item.contributions]
    if parts:
        item, part = max(parts, key=lambda pair: (abs(pair[1].amount), pair[1].signal))
        found |= desk.evidence("ev", part, item.mind) | {"ev_side": "up" if part.amount > 0.0 else "down"}
    found |= _for_and_against(desk, parts, call)
    found |= (
        shared_evidence(desk, spoken)
        | thin_leans(desk, spoken)
        | shrunk_voice(desk, said)
        | other_debate(record, found.get("label"))
    )
    return found


def thesis_facts(desk: Desk, view: View) -> Facts:
    """One mind's own case: its strongest evidence, the next, the strongest against itself, what it lacks."""
    up = view.lean > 0.0
    found = {
        "me": desk.called[view.mind],
        "my": possessive(desk.called[view.mind]),
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
            found |= desk.evidence(key, part)
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
    elif any(sides.values()):
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
    if "pro_mind" in found and found["pro_mind"] != found.get("con_mind", found["pro_mind"]):
        found["two_sides"] = ""
    return found
