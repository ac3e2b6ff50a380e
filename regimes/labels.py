"""The label as a state machine: one table, hysteresis and dwell included.

Contract: `step` looks at the conditions of one session and takes at most one edge; edges are tried in the order of the
table, so crisis comes first. The machine itself (transitions) runs only when an edge is taken: testing plain conditions
costs a fraction of a trigger, and labels change a few times a year. An unknown score resets what it was counting and
changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from transitions import Machine

from regimes.reading import LABELS, Label

__all__ = ["EDGES", "Conditions", "Edge", "LabelMachine"]


class Edge(NamedTuple):
    """One arrow: `trigger` takes `source` to `dest` when the condition named `when` holds."""

    trigger: str
    source: Label
    dest: Label
    when: str


EDGES = (
    Edge("break_down", "risk_on", "crisis", "shock"),
    Edge("break_down", "neutral", "crisis", "shock"),
    Edge("break_down", "risk_off", "crisis", "shock"),
    Edge("calm_down", "crisis", "risk_off", "calm_but_weak"),
    Edge("calm_down", "crisis", "neutral", "calm"),
    Edge("turn_off", "risk_on", "risk_off", "weak"),
    Edge("turn_off", "neutral", "risk_off", "weak"),
    Edge("recover", "risk_off", "neutral", "recovered"),
    Edge("turn_on", "neutral", "risk_on", "strong"),
    Edge("fade", "risk_on", "neutral", "faded"),
)
"""The whole behaviour; what each condition means stands in its method on `Conditions`."""


class Conditions:
    """Counts how many sessions running each condition has held, and how long the label has lasted."""

    __slots__ = ("_above_off", "_above_on", "_below_fade", "_below_off", "_calm", "_score", "_shock", "dwell")

    def __init__(self) -> None:
        self._below_off = self._above_off = self._above_on = self._below_fade = self._calm = 0
        self._score: float | None = None
        self._shock = False
        self.dwell = 0

    def observe(self, score: float | None, vix: float | None, realised: float | None, drawdown: float | None) -> None:
        """One session: score in [-1, 1], VIX level, annualised 21-session volatility, drawdown as a fraction."""
        self.dwell += 1
        self._score = score
        s = 0.2 if score is None else score  # inside every band: an unknown score starts no count
        self._below_off = self._below_off + 1 if s < -0.10 else 0
        self._above_off = self._above_off + 1 if s > 0.10 and score is not None else 0
        self._above_on = self._above_on + 1 if s > 0.40 else 0
        self._below_fade = self._below_fade + 1 if s < 0.25 and score is not None else 0
        wild = (vix is not None and vix >= 35.0) or (realised is not None and realised >= 0.35)
        self._shock = wild and drawdown is not None and drawdown >= 0.08
        if vix is None:
            quiet = realised is not None and realised < 0.25
        else:
            quiet = vix < 27.0 and realised is not None and realised < 0.30
        self._calm = self._calm + 1 if quiet else 0

    def shock(self) -> bool:
        """VIX at 35 or realised volatility at 35%, and the market 8% below its high."""
        return self._shock

    def calm(self) -> bool:
        """VIX below 27 and realised volatility below 30% (without VIX: below 25%), five sessions running."""
        return self._calm >= 5

    def calm_but_weak(self) -> bool:
        """As `calm`, while the score is still below -0.10."""
        return self._calm >= 5 and self._score is not None and self._score < -0.10

    def weak(self) -> bool:
        """Score below -0.10 on two sessions running."""
        return self._below_off >= 2

    def recovered(self) -> bool:
        """Score above +0.10 on three sessions running, after at least five sessions of risk-off."""
        return self._above_off >= 3 and self.dwell > 5

    def strong(self) -> bool:
        """Score above +0.40 on two sessions running."""
        return self._above_on >= 2

    def faded(self) -> bool:
        """Score below +0.25 on two sessions running, after at least three sessions of risk-on."""
        return self._below_fade >= 2 and self.dwell > 3


class LabelMachine(Conditions):
    """Walks the table. `state` is the label; it starts neutral."""

    __slots__ = ("__dict__",)
    state: Label

    def __init__(self) -> None:
        super().__init__()
        self._machine = Machine(
            model=self,
            states=list(LABELS),
            transitions=[[edge.trigger, edge.source, edge.dest, edge.when] for edge in EDGES],
            initial="neutral",
            auto_transitions=False,
            model_override=True,
        )
        self._by_state = {
            label: [(getattr(self, edge.when), edge.trigger) for edge in EDGES if edge.source == label]
            for label in LABELS
        }

    def break_down(self) -> bool:
        """Into crisis (the machine replaces this declaration)."""
        raise NotImplementedError

    calm_down = turn_off = recover = turn_on = fade = break_down

    def step(self, score: float | None, vix: float | None, realised: float | None, drawdown: float | None) -> bool:
        """Take in one session; True when the label changed."""
        self.observe(score, vix, realised, drawdown)
        for holds, trigger in self._by_state[self.state]:
            if holds():
                getattr(self, trigger)()
                self.dwell = 1
                return True
        return False
