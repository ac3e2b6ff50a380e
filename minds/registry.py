"""Which minds there are: entry points of the group `workshop.minds`, built-ins included.

Contract: that of `engine.plugins`; the order is macro, flow, contrarian, then strangers by name, whatever the order of
the `--minds` option.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import InputError
from engine.plugins import Listing, PluginGroup
from minds.protocol import Mind

__all__ = ["Listing", "list_minds", "load_minds"]


def _fault(mind: object, name: str) -> str:
    if getattr(mind, "name", None) != name or not callable(getattr(mind, "view", None)):
        return "must have that `name` and a method `view`"
    return ""


_MINDS: PluginGroup[Mind] = PluginGroup(
    "workshop.minds", "mind", "WORKSHOP_MINDS", ("macro", "flow", "contrarian"), _fault
)


def load_minds(names: Sequence[str] | None = None) -> tuple[Mind, ...]:
    """Load minds by name, or the built-in three.

    Raises:
        InputError: a name is unknown, asked for twice, or its plug-in cannot be loaded.
    """
    wanted = _MINDS.built_in if names is None else names
    if not wanted:
        raise InputError("no mind is named; give --minds a,b with names from `workshop minds list`")
    return _MINDS.load(wanted)


def list_minds() -> list[Listing]:
    """Every mind that is installed, with the error of those that do not load."""
    return _MINDS.listing()
