"""From a raw answer to fields: one JSON object, strictly read, with exactly the fields of its form.

Contract: nothing is repaired or guessed, apart from one code fence around the object and spaces around it. What is
wrong is returned as faults; no text raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from minds.llm.call import Answer
from minds.llm.form import Form, choices
from minds.llm.guard.fault import Fault, FaultKind, excerpt
from minds.llm.pack import Pack

__all__ = ["MOST_BYTES", "read"]

MOST_BYTES = 16_384
"""Larger answers are not even parsed: the longest honest essay has about a fifth of it."""
_DEEPEST = 4
_FENCED = re.compile(r"```(?:json|JSON)?[ \t]*\r?\n(.*?)\r?\n?[ \t]*```", re.DOTALL)
_MOST_CITES = 24


class _Twice(ValueError):
    """A key that stands there two times."""


def read(answer: Answer, form: Form, pack: Pack) -> tuple[dict[str, str], tuple[str, ...]] | list[Fault]:
    """The fields by name, and the cites; or what is wrong."""
    if answer.finish != "stop":
        return [Fault("finish", "The answer was cut off before its end; write less.")]
    if len(answer.text) > MOST_BYTES or len(answer.text.encode("utf-8", "replace")) > MOST_BYTES:
        return [Fault("size", "The answer is far too long; write only the JSON object.")]
    found = _document(answer.text)
    if isinstance(found, Fault):
        return [found]
    return _fields(found, form, pack)


def _document(text: str) -> dict[str, Any] | Fault:
    text = text.strip(" \t\r\n")
    fenced = _FENCED.fullmatch(text)
    if fenced is not None:
        text = fenced[1].strip(" \t\r\n")
    if _depth(text) > _DEEPEST:
        return Fault("json", "The object must be flat.")
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_none)
    except _Twice:
        return Fault("json", "A key stands in the object twice; write each field once.")
    except (ValueError, RecursionError):
        return Fault("json", "Answer with exactly one JSON object and nothing before or after it.")
    return found if isinstance(found, dict) else Fault("json", "The answer must be one JSON object.")


def _depth(text: str) -> int:
    """Most brackets open at once, counted without regard to strings: the parser must not meet a tower of them."""
    open_now = most = 0
    for letter in text:
        if letter in "[{":
            open_now += 1
            most = max(most, open_now)
        elif letter in "]}":
            open_now -= 1
    return most


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


def _none(name: str) -> Any:
    raise ValueError(name)


def _fields(found: Mapping[str, Any], form: Form, pack: Pack) -> tuple[dict[str, str], tuple[str, ...]] | list[Fault]:
    names = [field.name for field in form.fields]
    faults = [Fault("keys", f"The field `{name}` is missing.") for name in names if name not in found]
    extra = [name for name in found if name not in names]
    if extra:
        faults.append(Fault("keys", f"There is no field {excerpt(extra[0])}; the fields are {', '.join(names)}."))
    texts: dict[str, str] = {}
    cites: tuple[str, ...] = ()
    for field in form.fields:
        value, allowed = found.get(field.name), choices(field, pack)
        if field.name not in found:
            continue
        if field.kind == "cites":
            cites = _cites(value, faults)
        elif not isinstance(value, str):
            faults.append(Fault("type", f"`{field.name}` must be a string."))
        elif field.kind == "text":
            texts[field.name] = value
        elif value not in allowed:
            kind: FaultKind = "side" if field.kind == "side" else "choice"
            faults.append(Fault(kind, f"`{field.name}` must be {' or '.join(allowed) or 'left out'}."))
        else:
            texts[field.name] = value
    return faults or (texts, cites)


def _cites(value: Any, faults: list[Fault]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        faults.append(Fault("type", "`cites` must be a list of strings."))
        return ()
    if len(value) > _MOST_CITES:
        faults.append(Fault("cite", "`cites` lists too many facts; cite the few that carry the argument."))
        return ()
    return tuple(cast("list[str]", value))
