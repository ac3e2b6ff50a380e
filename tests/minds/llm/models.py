"""Models for tests: one that keeps every rule, and ways to spoil what it says.

Contract: answers are a function of the call alone. `honest` reads the prompt as a model would: the list of facts, the
fields, and the side that it is told.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from minds.llm.call import Call

__all__ = ["Listed", "facts_of", "honest", "side_of"]

_FACT = re.compile(r"^- \{(?P<id>[A-Za-z0-9_.-]+)\}: (?P<thing>[^,;\n]+)(?P<rest>.*)$", re.MULTILINE)
_SIDES = {"up": "higher", "down": "lower", "none": "nowhere"}


class Listed(NamedTuple):
    """A fact as a prompt lists it."""

    id: str
    thing: str
    rest: str


def facts_of(call: Call) -> list[Listed]:
    """The facts of a call's first question that are signals, in its order."""
    found = [Listed(*match.group("id", "thing", "rest")) for match in _FACT.finditer(call.messages[1].text)]
    plain = ("view.", "record.", "call.", "interval.", "regime.since", "regime.reason", "missing")
    return [fact for fact in found if "." in fact.id and not fact.id.startswith(plain)]


def side_of(call: Call) -> str:
    """The direction that the call asks for; `none` for a form without one."""
    return str(call.schema["properties"].get("direction", {}).get("enum", ["none"])[0])


def honest(call: Call) -> str:
    """An answer in the form that is asked, dull and within every rule."""
    properties = call.schema["properties"]
    facts = facts_of(call) or [Listed("nothing", "the day", "")]  # which is no fact, so that it will be refused
    first, second, third = facts[0], facts[1 % len(facts)], facts[2 % len(facts)]
    one, two, three = [f"{fact.thing} at {{{fact.id}}}" for fact in (first, second, third)]
    way = _SIDES[side_of(call)]
    texts = {
        "thesis": f"I lean {way}, and {one} is the heart of it.",
        "argument": f"Start with {one}. Beside it stands {two}. That is the whole case, told without hurry.",
        "risk": f"What could spoil it is {three}." if len(facts) > 2 else "A change of mood could spoil it.",
        "point": f"The strongest point against me is {one}.",
        "answer": f"It deserves respect, and I still weigh {two} more.",
        "title": "A Day That Argues with Itself",
        "opening": f"The minds look at the same page. It begins with {one}, and goes on with {two}.",
        "turn": f"I think that both sides pass over {three}. That is where I look.",
        "closing": "I say this with little conviction, because little of it has a record.",
        "because": f"I would weigh {one} a little more.",
    }
    answer: dict[str, object] = {}
    for name, schema in properties.items():
        if name == "cites":
            told = " ".join([str(text) for text in answer.values()])
            answer[name] = [fact.id for fact in dict.fromkeys(facts) if f"{{{fact.id}}}" in told]
        else:
            answer[name] = schema["enum"][0] if "enum" in schema else texts[name]
    return json.dumps(answer)
