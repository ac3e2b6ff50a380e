"""The rules for labels once more, plainly: from the whole history at every step, no counters.

Contract: an independent truth for `regimes.labels`; slow and obvious.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Day", "Plain"]

Day = tuple[float | None, float | None, float | None, float | None]
"""Score, volatility index, realised volatility, drawdown."""


@dataclass
class Plain:
    """Takes in one day after the other; `label` is what they add up to."""

    history: list[Day] = field(default_factory=list)
    label: str = "neutral"
    began: int = 0

    def last(self, n: int, holds: object) -> bool:
        assert callable(holds)
        recent = self.history[-n:]
        return len(recent) == n and all(holds(*day) for day in recent)

    def step(self, day: Day) -> None:
        self.history.append(day)
        score, vix, realised, drawdown = day
        shock = drawdown is not None and drawdown >= 0.08 and (
            (vix is not None and vix >= 35) or (realised is not None and realised >= 0.35)
        )  # fmt: skip
        calm = self.last(5, lambda s, v, r, d: r is not None and (r < 0.25 if v is None else (v < 27 and r < 0.30)))
        weak2 = self.last(2, lambda s, v, r, d: s is not None and s < -0.10)
        strong2 = self.last(2, lambda s, v, r, d: s is not None and s > 0.40)
        better3 = self.last(3, lambda s, v, r, d: s is not None and s > 0.10)
        faded2 = self.last(2, lambda s, v, r, d: s is not None and s < 0.25)
        lasted = len(self.history) - 1 - self.began
        wanted = self.label
        if self.label != "crisis" and shock:
            wanted = "crisis"
        elif self.label == "crisis":
            if calm:
                wanted = "risk_off" if score is not None and score < -0.10 else "neutral"
        elif self.label != "risk_off" and weak2:
            wanted = "risk_off"
        elif self.label == "risk_off":
            if better3 and lasted >= 5:
                wanted = "neutral"
        elif self.label == "neutral" and strong2:
            wanted = "risk_on"
        elif self.label == "risk_on" and faded2 and lasted >= 3:
            wanted = "neutral"
        if wanted != self.label:
            self.label, self.began = wanted, len(self.history) - 1
