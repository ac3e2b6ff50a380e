"""Reads the honest answers beside it, and puts an answer together.

Contract: cites are derived from the texts, so that a case says each thing once.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from minds.llm.call import Answer
from minds.llm.form import FORMS, Form
from minds.llm.guard.fill import PLACEHOLDER
from minds.llm.pack import Pack
from tests.minds.llm.guard.packs import PACKS

__all__ = ["Case", "honest", "reply"]


class Case(NamedTuple):
    """An answer, what it was asked for, and from what.

    Attributes:
        name: for messages.
        form: the form.
        pack: the pack.
        fields: every field but the cites.
    """

    name: str
    form: Form
    pack: Pack
    fields: Mapping[str, str]

    @property
    def texts(self) -> dict[str, str]:
        return {field.name: self.fields[field.name] for field in self.form.texts}

    def answer(self, **changes: str) -> Answer:
        """The raw answer, with other texts where they are given."""
        return reply(self.form, {**self.fields, **changes})


def reply(form: Form, fields: Mapping[str, str]) -> Answer:
    """Fields as a model would send them; cites as the texts use them."""
    texts = [fields[field.name] for field in form.texts]
    cites = [name for text in texts for name in PLACEHOLDER.findall(text) if name != "horizon"]
    return Answer(json.dumps({**fields, "cites": list(dict.fromkeys(cites))}), "stop")


@lru_cache(maxsize=4)
def honest(file: str = "honest.toml") -> tuple[Case, ...]:
    """All answers of a file."""
    table = tomllib.loads((Path(__file__).parent / file).read_text(encoding="utf-8"))
    found = []
    for name, cases in table.items():
        for at, case in enumerate(cases):
            pack = PACKS[case.pop("pack")]
            side = {"direction": pack.side} if FORMS[name].fields[0].kind == "side" else {}
            found.append(Case(f"{name} {at} ({pack.mind}, {pack.side})", FORMS[name], pack, {**side, **case}))
    return tuple(found)
