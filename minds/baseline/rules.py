"""The five baselines.

Contract: that of `minds.baseline.kind`. None has anything to learn or to choose but the coin's seed.
"""

from __future__ import annotations

import hashlib

import numpy as np

from engine.bars import FloatArray
from engine.calendar import Days
from engine.claims import Target
from minds.baseline.kind import Baseline, side_of

__all__ = ["AlwaysUp", "Climatology", "Coin", "Sma200", "Yesterday"]

_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class Climatology(Baseline):
    """Says the base rate and nothing else: a lean of zero."""

    name = "climatology"

    def sides(self, target: Target, days: Days, values: FloatArray) -> FloatArray:
        """Neither, always."""
        return np.zeros(len(days))


class AlwaysUp(Baseline):
    """Expects a rise, always."""

    name = "always_up"

    def sides(self, target: Target, days: Days, values: FloatArray) -> FloatArray:
        """A rise, always."""
        return np.ones(len(days))


class Yesterday(Baseline):
    """Expects the last session's direction again."""

    name = "yesterday"
    signal = "{target}.ret_1d"
    words = ("it fell", "it rose")

    def sides(self, target: Target, days: Days, values: FloatArray) -> FloatArray:
        """The sign of the return that has just ended; silent after an unchanged close."""
        return side_of(values)


class Sma200(Baseline):
    """Expects a rise above the average of the last 200 sessions, a fall below it.

    Source:
        Faber (2007), A quantitative approach to tactical asset allocation, on closes of each session.
    """

    name = "sma200"
    signal = "{target}.vs_200d"
    words = ("it closed below its long average", "it closed above its long average")

    def sides(self, target: Target, days: Days, values: FloatArray) -> FloatArray:
        """The side of the average on which it closed."""
        return side_of(values)


class Coin(Baseline):
    """Tosses a fair coin for each session and target; the same seed falls the same way.

    Each toss is a function of seed, target and day alone: SHA-256 of the first two starts a sequence of 64-bit numbers,
    and the day is the place in it.

    Source:
        Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators (SplitMix64, whose n-th number can be
        had without those before it).
    """

    name = "coin"

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def sides(self, target: Target, days: Days, values: FloatArray) -> FloatArray:
        """The highest bit of the day's number: a rise where it is set."""
        start = hashlib.sha256(f"coin/{self.seed}/{target.key}".encode()).digest()[:8]
        place = days.astype("datetime64[D]").astype(np.int64).astype(np.uint64) + np.uint64(1)
        mixed = place * np.uint64(_STEP) + np.uint64(int.from_bytes(start, "little"))  # modulo 2**64, as is meant
        mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(_FIRST)
        mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(_SECOND)
        mixed ^= mixed >> np.uint64(31)
        return np.where(mixed >> np.uint64(63), 1.0, -1.0)
