"""What the planted leaks share: a mind that leans on one signal of its own.

Contract: the minds and models of this folder are wrong on purpose; each docstring says how. The leaks are in the lines
that they show, not in this file.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.bars import FloatArray
from engine.claims import Target
from engine.signals.columns import Columns
from engine.signals.spec import SignalSpec, ValueAndZ
from engine.snapshot import Snapshot
from minds.view import Abstention, Contribution, View
from regimes.reading import RegimeReading

__all__ = ["Reads", "Speaks", "declared"]

Make = Callable[[Columns], FloatArray]


def declared(name: str, make: Make, window: int = 1) -> SignalSpec:
    """A signal whose value is what `make` returns, and whose z is a tenth of it in deviations that everybody knows."""

    def both(columns: Columns) -> ValueAndZ:
        value = make(columns)
        return value, np.clip(value, -3.0, 3.0)

    return SignalSpec(name, "score", window, ("market",), both, "something it should not know")


class Speaks:
    """A mind that leans as `lean` says, and abstains on None."""

    name: str

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        lean = self.lean(snapshot, target)
        if lean is None or lean != lean:
            return Abstention(self.name, target.key, "it knows nothing")
        return View(self.name, target.key, max(-1.0, min(1.0, lean)))

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        """From -1 to 1, clipped where it is not."""
        raise NotImplementedError


class Reads:
    """A mind that leans on the signal `NAME.signal`."""

    name: str
    signals: tuple[SignalSpec, ...]

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        signal = f"{self.name}.signal"
        z, value = snapshot.z(signal), snapshot.value(signal)
        if z is None or value is None:
            return Abstention(self.name, target.key, snapshot.why_missing(signal))
        return View(self.name, target.key, z / 3.0, (Contribution(signal, z / 3.0, value, "what it says"),))
