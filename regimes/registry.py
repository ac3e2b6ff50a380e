"""Which regime models there are: entry points of the group `workshop.regimes`, built-ins included.

Contract: that of `engine.plugins`; the order is rules, markov, sma200, then strangers by name. A model is a class
without constructor arguments, or with one called `cache`: the folder in which it may keep fits, None for no folder.
"""

from __future__ import annotations

from pathlib import Path

from engine.plugins import Listing, PluginGroup
from engine.signals.spec import signals_fault
from regimes.model import RegimeModel

__all__ = ["Listing", "list_regimes", "load_regime"]


def _fault(model: object, name: str) -> str:
    every = getattr(model, "refit_every", None)
    if getattr(model, "name", None) != name or not all(callable(getattr(model, verb, None)) for verb in _VERBS):
        return "must have that `name` and the methods `fit` and `update`"
    if type(every) is not int or every < 0:
        return "must say in `refit_every` after how many sessions it is fitted again, 0 for never"
    return signals_fault(getattr(model, "signals", None))


_VERBS = ("fit", "update")
_REGIMES: PluginGroup[RegimeModel] = PluginGroup(
    "workshop.regimes", "regime model", "WORKSHOP_REGIMES", ("rules", "markov", "sma200"), _fault
)


def load_regime(name: str, cache: Path | None = None) -> RegimeModel:
    """A new regime model by name.

    Args:
        name: as `list_regimes` shows it.
        cache: folder in which fits may be kept; None keeps them in memory.

    Raises:
        InputError: the name is unknown, its plug-in cannot be loaded, or it needs a package that is not installed.
    """
    return _REGIMES.load([name], cache=cache)[0]


def list_regimes() -> list[Listing]:
    """Every regime model that is installed, with the error of those that do not load."""
    return _REGIMES.listing()
