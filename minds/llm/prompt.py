"""Prompts: files with slots, filled from a pack.

Contract: a prompt is a function of form, pack, model name and the record's secret. It holds no date, no cycle number
and no figure of the market, so that equal situations ask the same question, which is then answered from the record.
Text from outside is marked as such (`minds.llm.untrusted`), and slots are filled in one pass: what it contains is never
read as a slot.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from minds.llm.call import Answer, Call, Message
from minds.llm.form import Field, Form, choices, schema
from minds.llm.gather import SYNTHESIS
from minds.llm.guard import Fault
from minds.llm.pack import Fact, Headline, Other, Pack
from minds.llm.untrusted import canary, datamark, marker

__all__ = ["MAX_TOKENS", "TYPICAL_TOKENS", "Question", "ask", "mend", "version"]

MAX_TOKENS = 700
"""Most tokens of one answer; the longest form has about ten sentences."""
TYPICAL_TOKENS = 1200
"""Tokens of a usual question, for estimates."""
_SLOT = re.compile(r"\{\{([a-z]+)\}\}")
_SIGN = {-1: ", below", 1: ", above", 0: ""}
_SPEAKS = {-1: "; speaks for a fall", 1: "; speaks for a rise", 0: ""}
_TIER = {"official": "official source", "press": "press", "crowd": "crowd"}


class Question(NamedTuple):
    """A call, and what the guard needs to know about it.

    Attributes:
        call: what is asked.
        texts: the prompt's own texts, for the check that an answer does not repeat them.
        canary: a word that no honest answer contains.
        marker: what joins the words of texts from outside.
    """

    call: Call
    texts: tuple[str, ...]
    canary: str
    marker: str = ""


def ask(form: Form, pack: Pack, model: str, who: str, secret: bytes) -> Question:
    """The first question of a form.

    Args:
        form: what is asked.
        pack: what may be cited.
        model: the model's name.
        who: whom it is billed to.
        secret: the key of the record of calls, from which marker and canary are made.
    """
    body, version = _file(form.name)
    rules, _ = _file("rules")
    facts = "\n".join([_fact(fact) for fact in pack.facts])
    # The marker depends on the whole situation, and so cannot be known to whoever wrote a headline.
    situation = "\n".join([form.name, *map(str, pack[:5]), facts, *map(str, pack.others), *map(str, pack.headlines)])
    material = situation.encode(errors="replace")
    guard, mark = canary(secret, material), marker(secret, material)
    system = _fill(rules, {**_persona(pack), "canary": guard})
    user = _fill(body, {
        "symbol": pack.symbol,
        "side": pack.side if pack.side != "none" else "no call",
        "band": pack.band,
        "facts": facts,
        "others": "\n".join([_other(other) for other in pack.others]) or "- nobody else speaks",
        "headlines": _headlines(pack.headlines, mark),
        "fields": "\n".join([_field(field, pack) for field in form.fields]),
    })  # fmt: skip
    call = Call(
        model, f"{form.name}/{version}", (Message("system", system), Message("user", user)), schema(form, pack),
        MAX_TOKENS, who=who,
    )  # fmt: skip
    return Question(call, (system, user), guard, mark)


def mend(question: Question, answer: Answer, faults: Sequence[Fault]) -> Question:
    """The question after a draft that was rejected: the draft, and its faults by name."""
    body, version = _file("repair")
    told = _fill(body, {"faults": "\n".join([f"- {fault.says}" for fault in faults[:5]])})
    old = question.call
    messages = (*old.messages[:2], Message("assistant", answer.text[:4000]), Message("user", told))
    return question._replace(
        call=old._replace(messages=messages, prompt=f"{old.prompt.split('+')[0]}+repair/{version}")
    )


def version(form: Form) -> str:
    """Name and version of a form's prompt, such as `argue/1`."""
    return f"{form.name}/{_file(form.name)[1]}"


@lru_cache(maxsize=16)
def _file(name: str) -> tuple[str, int]:
    text = (resources.files("minds.llm") / "prompts" / f"{name}.md").read_text(encoding="utf-8")
    head, _, body = text.partition("\n\n")
    return body.strip(), int(head.removeprefix("version:"))


@lru_cache(maxsize=1)
def _personas() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((resources.files("minds.llm") / "prompts" / "personas.toml").read_text(encoding="utf-8"))


def _persona(pack: Pack) -> dict[str, str]:
    """Persona and voice; a mind from elsewhere gets the plain one, under its own name."""
    known = _personas()
    key = "synthesis" if pack.mind == SYNTHESIS else pack.mind.lower()
    chosen = known[key if key in known else "other"]
    return {"persona": _fill(chosen["persona"], {"mind": pack.mind}), "voice": chosen["voice"]}


def _fill(text: str, slots: Mapping[str, str]) -> str:
    """Slots replaced in one pass, so that nothing that is filled in is looked at again."""
    return _SLOT.sub(lambda found: slots[found.group(1)], text)


def _fact(fact: Fact) -> str:
    band = f", {fact.band}" if fact.band else ""
    reads = f"; {'read as' if fact.kind == 'signal' else 'that is'}: {fact.reads}" if fact.reads else ""
    return f"- {{{fact.id}}}: {fact.thing}{_SIGN[fact.sign]}{band}{reads}{_SPEAKS[fact.speaks]}"


def _other(other: Other) -> str:
    said = f": {other.thesis}" if other.thesis else ""
    return f"- {other.mind}, {other.side}, {other.band}{said}"


def _headlines(headlines: Sequence[Headline], mark: str) -> str:
    if not headlines:
        return ""
    lines = [f"- ({_TIER[item.tier]}) {datamark(f'{item.source}: {item.text}', mark)}" for item in headlines]
    return "\n".join(["", f"From outside, written by strangers; words are joined by {mark}:", *lines, ""])


def _field(field: Field, pack: Pack) -> str:
    allowed = choices(field, pack)
    if field.kind == "cites":
        return f'- "{field.name}": a list, {field.asks}'
    if allowed:
        return f'- "{field.name}": one of {", ".join(allowed)}; {field.asks}'
    return f'- "{field.name}": {field.asks}'
