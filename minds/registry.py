"""Which minds there are: entry points of the group `workshop.minds`, built-ins included.

Contract: names are unique; the order is macro, flow, contrarian, then strangers by name, whatever the order of
installation or of the `--minds` option. A plug-in that cannot be imported is listed with its error and refused when it
is asked for by name.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from engine.errors import InputError
from minds.protocol import Mind

__all__ = ["Listing", "list_minds", "load_minds"]

GROUP = "workshop.minds"
_BUILT_IN = ("macro", "flow", "contrarian")


class Listing(NamedTuple):
    """One line of `workshop minds list`."""

    name: str
    distribution: str
    version: str
    location: str
    summary: str
    error: str


def load_minds(names: Sequence[str] | None = None) -> tuple[Mind, ...]:
    """Load minds by name, or the built-in three.

    Raises:
        InputError: a name is unknown, asked for twice, or its plug-in cannot be loaded.
    """
    found = _found()
    wanted = list(_BUILT_IN) if names is None else list(names)
    if not wanted:
        raise InputError("no mind is named; give --minds a,b with names from `workshop minds list`")
    for name in wanted:
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(found))}"
            raise InputError(f"no mind is called {name!r}; {hint}")
        if wanted.count(name) > 1:
            raise InputError(f"the mind {name!r} is named twice; name each once")
    return tuple(_load(found[name]) for name in sorted(wanted, key=_order))


def list_minds() -> list[Listing]:
    """Every mind that is installed, with the error of those that do not load."""
    lines = []
    for name, point in sorted(_found().items(), key=lambda item: _order(item[0])):
        summary, error = "", ""
        try:
            summary = (type(_load(point)).__doc__ or "").strip().split("\n")[0]
        except InputError as problem:
            error = str(problem)
        about = point.dist
        lines.append(
            Listing(name, about.name if about else "", about.version if about else "", point.value, summary, error)
        )
    return lines


def _order(name: str) -> tuple[int, str]:
    return (_BUILT_IN.index(name), name) if name in _BUILT_IN else (len(_BUILT_IN), name)


def _found() -> dict[str, EntryPoint]:
    allowed = os.environ.get("WORKSHOP_MINDS")
    limit = None if allowed is None else {name.strip() for name in allowed.split(",") if name.strip()}
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda item: (item.name, item.value)):
        if limit is not None and point.name not in limit:
            continue
        if point.name in found and found[point.name].value != point.value:
            raise InputError(
                f"two packages offer a mind called {point.name!r} ({found[point.name].value} and {point.value}); "
                "uninstall one of them"
            )
        found[point.name] = point
    return found


def _load(point: EntryPoint) -> Mind:
    try:
        mind = point.load()()
    except (Exception, SystemExit) as error:  # a stranger's code, at import or in its constructor
        told = " ".join(f"{type(error).__name__}: {error}".split())  # one sentence, also of an error of many lines
        raise InputError(f"the mind {point.name!r} ({point.value}) cannot be loaded: {told}") from error
    if getattr(mind, "name", None) != point.name or not callable(getattr(mind, "view", None)):
        raise InputError(f"the mind {point.name!r} ({point.value}) must have that `name` and a method `view`")
    loaded: Mind = mind
    return loaded
