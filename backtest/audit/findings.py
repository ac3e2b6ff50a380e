"""What the audit reports: findings that fail it, what followed from them, notes, and how long answers take to settle.

Contract: the document is plain JSON without timings or paths of ours; equal audits give equal documents. Names and
values of plug-ins are shown as text. A finding says who, on which session, what moved from what to what, after what
change, and which bar did it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from backtest.audit.compare import Moved
from backtest.audit.warm_up import Settling

__all__ = ["Finding", "Followed", "Report", "Test", "finding", "remark"]

Test = Literal["future", "memory", "outside", "dates", "scale", "warm_up"]
"""What was tried: another future; the same once more; a look at what is reached for; dates and price scales; the length
of history."""

_CALLED = {"signal": "the signal", "regime": "the regime model", "mind": "the mind"}


class Finding(NamedTuple):
    """Somebody whose answer is not what it may be.

    Attributes:
        test: what was tried.
        kind: `signal`, `regime` or `mind`.
        name: who.
        part: which output: value or z, a field of the reading, a target; empty where it is no output.
        session: ISO day of the answer; empty where it belongs to no day.
        was: the answer in the whole run.
        now: the other answer.
        by: absolute difference of two numbers.
        sessions: sessions on which the answer differs.
        why: a clause: what was changed, or what the cause is.
        bar: the bar that does it alone, as `SYMBOL field DAY`, or the fewest that do; an event where it is one; empty
            when no part of the change does it.
    """

    test: Test
    kind: str
    name: str
    part: str
    session: str
    was: str
    now: str
    by: float | None
    sessions: int
    why: str
    bar: str = ""

    def says(self) -> str:
        """The finding as a sentence without its full stop."""
        who = f"{_CALLED[self.kind]} {self.name}"
        if not self.part:
            return f"{who}: {self.why}"
        answer = f"{self.part} on {self.session} moved from {self.was} to {self.now}"
        if self.test == "future":
            bar = f"; {self.bar} does it alone" if self.bar else ""
            return f"{who} sees the future: {answer} when {self.why}{bar}"
        return f"{who}: {self.why} ({answer})"


def finding(test: Test, moved: Moved, labels: Sequence[str], why: str, bar: str = "") -> Finding:
    """A finding on an output that moved; `labels` are the ISO days of sessions."""
    return Finding(
        test, moved.kind, moved.name, moved.part, labels[moved.at], moved.was, moved.now, moved.by, moved.sessions, why,
        bar,
    )  # fmt: skip


def remark(test: Test, kind: str, name: str, why: str, session: str = "") -> Finding:
    """A finding on somebody without an output that could be shown."""
    return Finding(test, kind, name, "", session, "", "", None, 0, why)


class Followed(NamedTuple):
    """An answer that moved only because another one had: who, and behind whom."""

    kind: str
    name: str
    part: str
    session: str
    cause_kind: str
    cause: str

    def says(self) -> str:
        """As a sentence without its full stop."""
        return (
            f"{_CALLED[self.kind]} {self.name} moved with it ({self.part} on {self.session}); the cause is "
            f"{_CALLED[self.cause_kind]} {self.cause}"
        )


@dataclass
class Report:
    """All that an audit found.

    Attributes:
        checked: what was run: names, dates, runs, outputs compared.
        findings: what fails the audit.
        followed: what moved because of a finding.
        notes: what was seen and is no fault.
        warm_up: outputs that depend on the length of history, failing or not.
    """

    checked: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)
    followed: list[Followed] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    warm_up: list[Settling] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing fails."""
        return not self.findings

    def document(self) -> dict[str, Any]:
        """The report as one JSON document."""
        return {
            "schema": 1,
            "clean": self.clean,
            "checked": self.checked,
            "findings": [item._asdict() | {"says": item.says()} for item in self.findings],
            "followed": [item._asdict() | {"says": item.says()} for item in self.followed],
            "notes": [item._asdict() | {"says": item.says()} for item in self.notes],
            "warm_up": [
                item._asdict() | {"differences": [list(pair) for pair in item.differences]} for item in self.warm_up
            ],
        }
