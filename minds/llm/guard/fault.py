"""What the guards say: the texts that passed, or each fault by name.

Contract: a fault's sentence is meant for the repair prompt. It names the fault and the field; of what the model wrote
it repeats at most a short excerpt of letters, figures and spaces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

__all__ = ["Fault", "FaultKind", "Rejected", "Said", "excerpt"]

FaultKind = Literal[
    "finish", "size", "json", "keys", "type", "choice", "side",
    "length", "sentences", "ending", "letters", "language", "markup", "link", "canary", "marker",
    "digit", "number-word", "unit", "sign", "date", "window", "relation", "forecast",
    "braces", "unknown-fact", "uncited", "unused", "cite", "too-few", "no-signal", "unanchored", "entity", "direction",
    "ungrounded", "ticker", "name", "source", "event",
    "no-side", "other-side", "own-wrong", "assistant", "instruction", "repeat", "echo",
]  # fmt: skip
"""One word for each kind of fault, so that counts mean something."""


class Fault(NamedTuple):
    """One thing that is wrong with an answer.

    Attributes:
        kind: for counting.
        says: one sentence that tells the model what to change.
    """

    kind: FaultKind
    says: str


class Said(NamedTuple):
    """An answer that passed.

    Attributes:
        fields: every field but the cites, by name; texts hold placeholders, unfilled.
        cites: ids of the facts that the texts cite, in the model's order.
    """

    fields: Mapping[str, str]
    cites: tuple[str, ...]


class Rejected(NamedTuple):
    """An answer that did not.

    Attributes:
        faults: what was found, at least one.
    """

    faults: tuple[Fault, ...]


def excerpt(text: str, limit: int = 40) -> str:
    """A short piece of what a model wrote, in quotation marks, that cannot instruct, link or mark up anything."""
    kept = " ".join(re.sub(r"[^A-Za-z0-9 '{}.,_-]+", " ", text[: 4 * limit]).split())
    kept = re.sub(r"\.(?=\w*[A-Za-z]{2,}\b)(?![^{}]*\})", " ", kept)
    return f'"{kept if len(kept) <= limit else kept[:limit].rstrip() + " ..."}"'
