"""The Mind protocol: what a plug-in must offer, and the safe way to ask it.

Contract: a mind is a class without constructor arguments, found by entry point (group `workshop.minds`). `view` is
pure: the same snapshot, reading and target give the same answer. Whatever a mind does wrong (an exception, a lean out
of range, a wrong type) becomes an abstention that states it; it never stops a cycle and never becomes a number.
"""

from __future__ import annotations

from typing import Protocol

from engine.claims import Target
from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from minds.view import Abstention, View
from regimes.reading import RegimeReading

__all__ = ["Mind", "ask", "own_signals"]

_REASON_LENGTH = 160


class Mind(Protocol):
    """Has opinions.

    Attributes:
        name: short lower-case name, unique among the minds of a run.
    A mind may also have `signals`, a tuple of `SignalSpec` that it wants computed beside the standard table.
    """

    name: str

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """A lean on `target`, or an abstention with its reason."""
        ...


def own_signals(mind: Mind) -> tuple[SignalSpec, ...]:
    """The signals that a mind declares for itself."""
    return tuple(getattr(mind, "signals", ()))


def ask(mind: Mind, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
    """Ask a mind and hold it to its contract."""
    try:
        said = mind.view(snapshot, reading, target)
    except Exception as error:  # a stranger's code: any failure of it is its own abstention
        return _broken(mind, target, f"it failed with {type(error).__name__}: {error}")
    if isinstance(said, Abstention):
        return (
            said
            if said.mind == mind.name and said.target == target.key
            else said._replace(mind=mind.name, target=target.key)
        )
    if not isinstance(said, View):
        return _broken(mind, target, f"it returned {type(said).__name__} instead of a View or an Abstention")
    lean = said.lean
    if type(lean) is not float and (isinstance(lean, bool) or not isinstance(lean, (int, float))):
        return _broken(mind, target, "its lean is not a number")
    if not -1.0 <= lean <= 1.0:  # NaN fails this too
        return _broken(mind, target, f"its lean {lean:.3g} lies outside -1 to 1")
    if said.contributions and abs(sum([part.amount for part in said.contributions]) - lean) > 1e-9:
        return _broken(mind, target, "its contributions do not add up to its lean")
    if said.mind != mind.name or said.target != target.key:
        return said._replace(mind=mind.name, target=target.key)
    return said


def _broken(mind: Mind, target: Target, reason: str) -> Abstention:
    return Abstention(mind.name, target.key, " ".join(reason.split())[:_REASON_LENGTH])
