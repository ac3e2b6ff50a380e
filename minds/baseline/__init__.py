"""Baselines: the plain rules that everything else has to beat, as minds.

Contract: each is an ordinary mind, found by entry point, and may be asked for with `--minds`. In every run all of them
are heard at a table of their own: their leans stand in the record and nothing is computed from them before the run is
graded. Which ones sit there is fixed, so that two runs can be compared; no plug-in joins or leaves that table.
"""

from minds.baseline.kind import Baseline, leans_ahead
from minds.baseline.rules import AlwaysUp, Climatology, Coin, Sma200, Yesterday

__all__ = ["BASELINES", "RULES", "Baseline", "baselines", "leans_ahead"]

BASELINES = ("climatology", "yesterday", "coin", "always_up", "sma200")
"""Their names, in the order in which a ledger's entries list their leans."""
RULES = (Climatology, Yesterday, Coin, AlwaysUp, Sma200)
"""Their classes."""


def baselines(seed: int = 0) -> tuple[Baseline, ...]:
    """New ones, in the order of `BASELINES`; `seed` chooses the coin's falls."""
    return Climatology(), Yesterday(), Coin(seed), AlwaysUp(), Sma200()
