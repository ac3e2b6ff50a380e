"""How a check fails: with one sentence."""

from __future__ import annotations

from minds.checks.trial import Answers, Trial, plainly

__all__ = ["CheckFailed", "Skipped", "compare"]


class CheckFailed(AssertionError):
    """A mind does not keep its contract; the sentence says what was asked, what came back, and what to do."""


class Skipped(Exception):
    """A check that cannot be made of this mind, and why."""


def compare(trial: Trial, before: Answers, after: Answers, *, when: str, todo: str) -> None:
    """Fail at the first answer of `after` that differs from `before`."""
    for (at, key), said in after.items():
        if said != before[at, key]:
            day = trial.stage.market.calendar.labels[at]
            raise CheckFailed(
                f"asked about {key} on {day} it {plainly(before[at, key])}, and {when} it {plainly(said)}; {todo}"
            )
