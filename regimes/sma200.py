"""The plain baseline: below the 200-session average of the market it is risk-off, above it risk-on.

Contract: no memory and no threshold, so it flips as often as the price crosses. Nothing is fitted. A session without
the average keeps the label and is degraded. The rule is Faber's (2007), on closes of each session.
"""

from __future__ import annotations

import math

from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from regimes.held import PATH_SIGNALS, HeldLabel
from regimes.reading import Component, Label, RegimeReading

__all__ = ["Sma200Model"]

_SIGNAL = "market.vs_200d"


class Sma200Model:
    """Side of the price's 200-session average."""

    name = "sma200"
    signals: tuple[SignalSpec, ...] = PATH_SIGNALS
    refit_every = 0

    def __init__(self) -> None:
        self._held = HeldLabel()

    def fit(self, past: Snapshot) -> None:
        """Nothing to estimate."""

    def update(self, today: Snapshot) -> RegimeReading:
        """The reading after this session; its score is tanh of the distance in deviations."""
        distance, z = today.value(_SIGNAL), today.z(_SIGNAL)
        label: Label | None = None
        if distance:
            label = "risk_on" if distance > 0.0 else "risk_off"
        part = Component("vs_200", None if z is None else math.tanh(z), 1.0)
        reasons = () if z is not None else (today.why_missing(_SIGNAL),)
        return self._held.read(today, label, part, reasons)
