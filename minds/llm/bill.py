"""The bill: what a model was asked for whom, what it cost, and what came of it.

Contract: counts only, and in the order of the calls, so that it is the same however calls ran. Paid are attempts made
in this run, failed ones at the most that they can have cost; kept are answers from a record, which cost nothing now.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from minds.llm.budget import FREE, Cost
from minds.llm.call import Answer, Call, NoAnswer

__all__ = ["Bill", "Row"]


@dataclass
class Row:
    """What came of some calls.

    Attributes:
        calls: how many were made.
        kept: of these, how many were answered from the record.
        tokens: paid now.
        usd: paid now.
        kept_tokens: what the kept answers had cost when they were asked.
        kept_usd: the same in money.
        failures: calls without an answer by reason.
    """

    calls: int = 0
    kept: int = 0
    tokens: int = 0
    usd: float = 0.0
    kept_tokens: int = 0
    kept_usd: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, other: Row) -> None:
        """Take in another row."""
        self.calls += other.calls
        self.kept += other.kept
        self.tokens += other.tokens
        self.usd += other.usd
        self.kept_tokens += other.kept_tokens
        self.kept_usd += other.kept_usd
        self.failures.update(other.failures)

    def document(self) -> dict[str, Any]:
        """Plain numbers, for a run's record."""
        found = {name: getattr(self, name) for name in ("calls", "kept", "tokens", "usd", "kept_tokens", "kept_usd")}
        return found | {"failures": dict(sorted(self.failures.items()))}


class Bill:
    """What one run asked of a model.

    Attributes:
        rows: a row for each whom calls were for, in order of appearance.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def add(self, call: Call, outcome: Answer | NoAnswer, paid: Cost = FREE, kept: Cost | None = None) -> None:
        """One call has its outcome; `kept` is what it had cost when it comes from a record."""
        row = Row(1, int(kept is not None), paid.tokens, paid.usd)
        if kept is not None:
            row.kept_tokens, row.kept_usd = kept
        if isinstance(outcome, NoAnswer):
            row.failures[outcome.reason] += 1
        self.rows.setdefault(call.who, Row()).add(row)

    def total(self) -> Row:
        """All of it."""
        total = Row()
        for row in self.rows.values():
            total.add(row)
        return total
