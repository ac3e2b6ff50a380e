"""Two minds: one waits for the ebb, one rides the spring tide."""

from __future__ import annotations

from minds import Abstention, Contribution, EvidenceMind, RegimeReading, Snapshot, Target, Term, View

from .level import LEVEL

__all__ = ["Ebb", "SpringTide"]


class Ebb:
    """Leans against high water, the less the longer the call."""

    name = "ebb"
    signals = (LEVEL,)

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Half of the tide's distance from the middle, over the root of the horizon."""
        level, z = snapshot.value(LEVEL.name), snapshot.z(LEVEL.name)
        if level is None or z is None:
            return Abstention(self.name, target.key, snapshot.why_missing(LEVEL.name))
        lean = -0.5 * z / 3.0**0.5 / float(target.horizon) ** 0.5
        reads = "high water turns" if lean < 0.0 else "low water turns"
        return View(self.name, target.key, lean, (Contribution(LEVEL.name, lean, level, reads),))


class SpringTide(EvidenceMind):
    """Leans with the water when the moon pulls: level, month and breadth."""

    name = "spring_tide"
    signals = (LEVEL,)
    terms = (
        Term("tide.level", 0.5, "the water is high and coming in", "the water is low and going out", full=1.5),
        Term("{target}.ret_21d", 0.3, "a month of flood", "a month of ebb"),
        Term("breadth.above_50d", 0.2, "all boats are lifted", "the boats lie aground"),
    )
