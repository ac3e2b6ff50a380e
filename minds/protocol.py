"""The Mind protocol: what a plug-in must offer, and the safe way to ask it.

Contract: a mind is a class without constructor arguments, found by entry point (group `workshop.minds`). `view` is
pure: the same snapshot, reading and target give the same answer. Whatever a mind does wrong (an exception, a lean out
of range, a wrong type) becomes an abstention that states it; it never stops a cycle and never becomes a number.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Protocol

from engine.claims import Target
from engine.errors import told
from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from minds.evidence import EvidenceMind
from minds.view import Abstention, Contribution, Missing, View
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
    """Ask a mind and hold it to its contract; what comes back is made of plain floats, texts and tuples."""
    try:
        view = mind.view
        said = view(snapshot, reading, target)
        if getattr(view, "__func__", None) is EvidenceMind.view and type(said) is View and -1.0 <= said.lean <= 1.0:
            return said  # our own code adds it up, from checked signals; this is where nearly all of the time goes
        wrong = _fault(said)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's code: any failure of it is its own abstention, sys.exit too
        return _broken(mind, target, f"it failed with {told(error)}")
    if wrong:
        return _broken(mind, target, wrong)
    if said.mind != mind.name or said.target != target.key:
        said = said._replace(mind=mind.name, target=target.key)
    return _plain_view(said) if isinstance(said, View) else _plain_abstention(said)


def _fault(said: object) -> str:
    """What is wrong with an answer, as a clause; empty when nothing is."""
    if not isinstance(said, (View, Abstention)):
        return f"it returned {type(said).__name__} instead of a View or an Abstention"
    if not isinstance(said.missing, (tuple, list)) or not all(
        [isinstance(item, Missing) and _is_text(item.signal) and _is_text(item.reason) for item in said.missing]
    ):
        return "what it says is missing is not a tuple of Missing"
    if isinstance(said, Abstention):
        return "" if _is_text(said.reason) else "the reason for its silence is not text"
    lean, parts = said.lean, said.contributions
    if not _is_number(lean):
        return "its lean is not a number"
    if not -1.0 <= lean <= 1.0:  # NaN fails this too
        return f"its lean {lean:.3g} lies outside -1 to 1"
    if not isinstance(parts, (tuple, list)) or not all([isinstance(part, Contribution) for part in parts]):
        return "its contributions are not a tuple of Contribution"
    for signal, amount, value, reads in parts:
        if not (_is_number(amount) and _is_number(value) and math.isfinite(value)):
            return f"what {signal} contributes is not a finite number"
        if not (_is_text(signal) and _is_text(reads)):
            return "a contribution has no name or no words"
    if parts and not abs(sum([part.amount for part in parts]) - lean) <= 1e-9:
        return "its contributions do not add up to its lean"
    return ""


def _is_number(x: object) -> bool:
    """Whether `x` counts as a float: also an int or a numpy scalar, never a bool."""
    return type(x) is float or (isinstance(x, Real) and not isinstance(x, bool))


def _is_text(x: object) -> bool:
    """Whether `x` is text that a file can hold: half a surrogate pair, as in odd file names, is not."""
    return isinstance(x, str) and (x.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in x))


def _plain_view(view: View) -> View:
    """The view in plain floats and tuples, which is how the record can write it down."""
    parts = view.contributions
    if not all([type(part.amount) is float and type(part.value) is float for part in parts]):
        parts = tuple([part._replace(amount=float(part.amount), value=float(part.value)) for part in parts])
    if type(view.lean) is float and type(parts) is tuple and type(view.missing) is tuple:
        return view if parts is view.contributions else view._replace(contributions=parts)
    return view._replace(lean=float(view.lean), contributions=tuple(parts), missing=tuple(view.missing))


def _plain_abstention(said: Abstention) -> Abstention:
    return said._replace(reason=_clause(said.reason) or "it gives no reason", missing=tuple(said.missing))


def _broken(mind: Mind, target: Target, reason: str) -> Abstention:
    return Abstention(mind.name, target.key, _clause(reason))


def _clause(text: str) -> str:
    return " ".join(text.encode(errors="replace").decode().split())[:_REASON_LENGTH]
