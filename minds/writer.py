"""What a writer is: it turns a cycle's record into words, and can never turn it into numbers.

Contract: `write` is a function of the record alone. A draft holds prose; the essay's form (`minds.essay`) stamps
dates, tags, claims, footer and ledger head from the record, so that nothing a writer says can move a published
figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from minds.record import CycleRecord

__all__ = ["Draft", "Writer"]


class Draft(NamedTuple):
    """The words of one essay.

    Attributes:
        title: the headline, one line.
        argument: paragraphs before the prediction, in the first person.
        prediction: prose that follows the stamped call; may be empty.
        closing: what follows the tags: how convinced, and what is missing.
        note: who wrote this and how, one line under the ledger head; empty for none.
    """

    title: str
    argument: tuple[str, ...]
    prediction: str
    closing: str
    note: str = ""


class Writer(Protocol):
    """Writes drafts."""

    def write(self, record: CycleRecord) -> Draft:
        """The draft for one cycle; equal records give equal drafts."""
        ...

    def account(self) -> Mapping[str, Any]:
        """What it has done so far, for the run's record; its name at least."""
        ...
