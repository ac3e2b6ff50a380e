"""Placeholders to figures: the only hand that writes a number into prose.

Contract: total on texts that `examine` passed for the same pack; an unknown placeholder raises. Each figure is the
fact's own printed text. The result is one line.
"""

from __future__ import annotations

import re

from engine.errors import WorkshopError
from minds.llm.pack import Pack
from minds.text import plain

__all__ = ["FREE", "PLACEHOLDER", "fill"]

PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_.-]{1,80})\}")
FREE = "horizon"
"""The one placeholder that is not evidence: it prints how far the view looks and needs no citation."""
_LONGEST = 300


def fill(text: str, pack: Pack) -> str:
    """The text with every placeholder replaced by its fact's figure.

    Raises:
        WorkshopError: a placeholder that the pack does not know, or a brace that belongs to none.
    """
    facts = {fact.id: fact.text for fact in pack.facts}
    facts.setdefault(FREE, pack.horizon)
    pieces = PLACEHOLDER.split(text)
    for at in range(1, len(pieces), 2):
        if pieces[at] not in facts:
            raise WorkshopError(f"no fact {pieces[at][:40]} to fill in")
        pieces[at] = _figure(facts[pieces[at]])
    if any("{" in piece or "}" in piece for piece in pieces[::2]):
        raise WorkshopError("a brace without a placeholder")
    return " ".join("".join(pieces).split())


def _figure(text: str) -> str:
    """The fact's text made safe; its sign stays, though a line that began with it would be a list."""
    return plain("x" + text, _LONGEST)[1:]
