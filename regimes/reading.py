"""The regime reading: what kind of day it is, said so that it can be printed and checked.

Contract: `label` keys the track record; `path` and `status` never do. `score` is in [-1, 1] and is a description, not a
probability. What could not be computed is in `reasons`, never replaced by a neutral number.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["LABELS", "Component", "Fired", "Label", "Path", "RegimeReading", "Status"]

Label = Literal["risk_on", "neutral", "risk_off", "crisis"]
Path = Literal["trending_up", "trending_down", "choppy", "unknown"]
Status = Literal["confirmed", "alert", "stale", "transition", "degraded"]

LABELS: tuple[Label, ...] = ("risk_on", "neutral", "risk_off", "crisis")


class Component(NamedTuple):
    """One part of the score.

    Attributes:
        name: `trend`, `vs_200`, `volatility`, `drawdown` or `credit`.
        value: in [-1, 1]; None when it is missing.
        weight: its weight in the score.
    """

    name: str
    value: float | None
    weight: float


class Fired(NamedTuple):
    """A test of the label that fired.

    Attributes:
        test: `volatility` or `fall` (alert), `likelihood`, `drift` or `behaviour` (staleness), `data`.
        value: what it measured.
        limit: the value from which it fires.
    """

    test: str
    value: float
    limit: float


class RegimeReading(NamedTuple):
    """The regime as read at one instant.

    Attributes:
        label: one of four risk states.
        score: in [-1, 1]; None when no component exists yet.
        path: trending up, trending down or choppy over 21 sessions; `unknown` before there is history.
        status: whether the label can be leaned on.
        since: ISO session on which the label began.
        sessions: how many sessions the label has lasted, this one included.
        coverage: weight of the components that exist, in [0, 1].
        components: the parts of the score.
        reasons: why the status is what it is, clauses for people.
        fired: tests of the label that fired, with their values, whatever the status became.
    """

    label: Label
    score: float | None
    path: Path
    status: Status
    since: str
    sessions: int
    coverage: float
    components: tuple[Component, ...]
    reasons: tuple[str, ...] = ()
    fired: tuple[Fired, ...] = ()

    @property
    def alert(self) -> bool:
        """Whether a shock of volatility or price is less than ten sessions old."""
        return any(item.test in ("volatility", "fall") for item in self.fired)

    def __str__(self) -> str:
        """As the desk prints it: `risk-on 0.45 (stale)`."""
        score = "n/a" if self.score is None else f"{self.score:.2f}"
        return f"{self.label.replace('_', '-')} {score} ({self.status})"
