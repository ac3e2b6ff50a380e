"""Opinions: the Mind protocol, its registry, the built-in minds, debate, synthesis, gates, essay and the daily cycle.

Contract: imports only `scenarios`, `regimes` and `engine`. A mind that cannot speak abstains with a reason; a failure
is never turned into a neutral view. This package is the one import surface for authors of minds: what a plug-in needs
is listed in `__all__`, and nothing else is promised.
"""

from engine.claims import Target
from engine.signals.spec import Signal, SignalSpec
from engine.snapshot import Snapshot
from minds.evidence import EvidenceMind, Term
from minds.protocol import Mind
from minds.view import Abstention, Contribution, Missing, View
from regimes.reading import RegimeReading

__all__ = [
    "Abstention",
    "Contribution",
    "EvidenceMind",
    "Mind",
    "Missing",
    "RegimeReading",
    "Signal",
    "SignalSpec",
    "Snapshot",
    "Target",
    "Term",
    "View",
]
