"""Forms: the fields that an answer must have, as flat JSON schemas.

Contract: a form is data. Enumerations and cited ids come from the pack, so that a provider that offers structured
output cannot even express an unknown one; what comes back is validated all the same (`minds.llm.guard`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from minds.advised import TILTS
from minds.llm.pack import Pack

__all__ = ["ADVISE", "ANSWER", "ARGUE", "ESSAY", "FORMS", "TILTS", "Field", "Form", "choices", "schema"]


class Field(NamedTuple):
    """One field of an answer.

    Attributes:
        name: its key.
        kind: `side` (the view's own), `mind` (another mind), `stance` (hold or concede), `tilt`, `cites` (ids of facts)
            or `text`.
        least: fewest sentences of a text.
        most: most sentences of a text.
        asks: what the field is for, one clause for the prompt.
    """

    name: str
    kind: Literal["side", "mind", "stance", "tilt", "cites", "text"]
    asks: str
    least: int = 1
    most: int = 1


class Form(NamedTuple):
    """The fields of one kind of answer.

    Attributes:
        name: what is asked for.
        fields: in the order in which they are asked.
        cited: fewest different facts that the texts must cite, all of them also listed in `cites`.
    """

    name: str
    fields: tuple[Field, ...]
    cited: int = 2

    @property
    def texts(self) -> tuple[Field, ...]:
        """The fields that hold prose."""
        return tuple([field for field in self.fields if field.kind == "text"])


_CITES = Field("cites", "cites", "the ids of all facts that your texts cite, each once")

ARGUE = Form("argue", (
    Field("direction", "side", "the direction that you argue for, which is given to you"),
    Field("thesis", "text", "your thesis in one or two sentences, saying plainly which way it points", 1, 2),
    Field("argument", "text", "the argument, strongest evidence first", 2, 5),
    Field("risk", "text", "what speaks against you, or what would prove you wrong", 1, 2),
    _CITES,
))  # fmt: skip
ANSWER = Form("answer", (
    Field("direction", "side", "your direction, which is given to you"),
    Field("to", "mind", "the mind that you answer"),
    Field("point", "text", "the strongest point that it makes against you", 1, 1),
    Field("stance", "stance", "whether you hold against that point or concede it"),
    Field("answer", "text", "your answer to it", 1, 3),
    _CITES,
), 1)  # fmt: skip
ESSAY = Form("essay", (
    Field("direction", "side", "the direction of the published call, which is given to you"),
    Field("title", "text", "a headline without a stop", 1, 1),
    Field("opening", "text", "what the day looks like and what the minds argue about", 2, 5),
    Field("turn", "text", "what each side misses, in the first person", 2, 5),
    Field("closing", "text", "how convinced you are, and why not more", 1, 3),
    _CITES,
))  # fmt: skip
ADVISE = Form("advise", (
    Field("tilt", "tilt", "how far the odds should be moved from where they are"),
    Field("because", "text", "the reason", 1, 2),
    Field("cites", "cites", "the ids of all facts that your reason cites, each once"),
), 1)  # fmt: skip
FORMS: Mapping[str, Form] = {form.name: form for form in (ARGUE, ANSWER, ESSAY, ADVISE)}


def choices(field: Field, pack: Pack) -> tuple[str, ...]:
    """What a field may hold (for `cites`: what each of its items may be); empty for a text."""
    if field.kind == "side":
        return (pack.side,)
    if field.kind == "mind":
        return tuple([other.mind for other in pack.others])
    if field.kind == "stance":
        return ("hold", "concede")
    if field.kind == "tilt":
        return tuple(TILTS)
    return tuple([fact.id for fact in pack.facts]) if field.kind == "cites" else ()


def schema(form: Form, pack: Pack) -> dict[str, Any]:
    """The form as a flat JSON schema."""
    return {
        "type": "object",
        "properties": {field.name: _property(field, pack) for field in form.fields},
        "required": [field.name for field in form.fields],
        "additionalProperties": False,
    }


def _property(field: Field, pack: Pack) -> dict[str, Any]:
    allowed = list(choices(field, pack))
    if field.kind == "cites":
        return {"type": "array", "items": {"type": "string", "enum": allowed}}
    return {"type": "string", "enum": allowed} if allowed else {"type": "string"}
