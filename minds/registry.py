"""Which minds there are: entry points of the group `workshop.minds`, built-ins included.

Contract: that of `engine.plugins`; the order is macro, flow, contrarian, then the baselines, then strangers by name,
whatever the order of the `--minds` option. The baselines' own table (`minds.baseline.baselines`) is no matter of this
registry: they sit there in every run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Real

from engine.errors import InputError
from engine.plugins import Listing, PluginGroup
from engine.signals.spec import signals_fault
from minds.baseline import BASELINES
from minds.evidence import EvidenceMind, Term
from minds.protocol import Mind

__all__ = ["Listing", "list_minds", "load_minds", "mind_factory", "mind_fault", "taken_names"]


def mind_fault(mind: object, name: str) -> str:
    """What keeps an object from being the mind `name`, as a clause; empty when nothing does."""
    if getattr(mind, "name", None) != name or not callable(getattr(mind, "view", None)):
        return "must have that `name` and a method `view`"
    wrong = signals_fault(getattr(mind, "signals", ()))
    return wrong or (_terms_fault(mind.terms) if isinstance(mind, EvidenceMind) else "")


def _terms_fault(terms: object) -> str:
    """What is wrong with a table of evidence: it is read before the first session, so it must hold from the start."""
    if not isinstance(terms, tuple) or not terms or not all(isinstance(term, Term) for term in terms):
        return "must list its evidence in `terms`, a tuple of Term"
    for term in terms:
        signal, weight, high, low, full, only = term
        if not all(isinstance(text, str) for text in (signal, high, low)):
            return f"has a term {signal!r} whose signal, high or low is not text"
        if not (_is_finite(weight) and weight and _is_finite(full) and full > 0.0):
            return f"has a term {signal!r} whose weight is not a number other than 0, or whose full is not above 0"
        if not isinstance(only, tuple) or not all(isinstance(role, str) for role in only):
            return f"has a term {signal!r} whose `only` is not a tuple of roles"
        if "{" in signal.replace("{target}", "") or "}" in signal.replace("{target}", ""):
            return f"has a term {signal!r}, but {{target}} is the only name that may stand in braces"
    return ""


def _is_finite(x: object) -> bool:
    return isinstance(x, Real) and not isinstance(x, bool) and math.isfinite(x)


_THREE = ("macro", "flow", "contrarian")
_MINDS: PluginGroup[Mind] = PluginGroup(
    "workshop.minds", "mind", "WORKSHOP_MINDS", (*_THREE, *BASELINES), mind_fault
)  # fmt: skip


def load_minds(names: Sequence[str] | None = None, seed: int = 0) -> tuple[Mind, ...]:
    """Load minds by name, or the built-in three; a run's `seed` goes to those whose constructor has a parameter for it.

    Raises:
        InputError: a name is unknown, asked for twice, or its plug-in cannot be loaded.
    """
    wanted = _THREE if names is None else names
    if not wanted:
        raise InputError("no mind is named; give --minds a,b with names from `workshop minds list`")
    return _MINDS.load(wanted, **({"seed": seed} if seed else {}))


def list_minds() -> list[Listing]:
    """Every mind that is installed, with the error of those that do not load."""
    return _MINDS.listing()


def mind_factory(name: str) -> Callable[[], Mind]:
    """What makes the mind called `name`: most often its class; `InputError` as for `load_minds`."""
    return _MINDS.factory(name)


def taken_names() -> tuple[str, ...]:
    """Every name that some package offers a mind under; nothing is imported."""
    return _MINDS.names()
