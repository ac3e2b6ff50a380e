"""Plug-ins by entry point: found, named, refused in one sentence. Minds and regime models come in by this door.

Contract: names are unique within a group; the order is the built-in ones in theirs, then strangers by name, whatever
the order of installation. An environment variable can limit which there are; what it leaves out is not even imported.
A plug-in that cannot be loaded is listed with its error and refused when it is asked for by name.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, NamedTuple, TypeVar

from engine.errors import InputError, WorkshopError

__all__ = ["Listing", "PluginGroup"]

T = TypeVar("T")


@functools.cache
def _points(group: str, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Entry points of a group on one module path: what is installed there does not change while a command runs."""
    return tuple(entry_points(group=group))


class Listing(NamedTuple):
    """One plug-in as a `list` command shows it."""

    name: str
    distribution: str
    version: str
    location: str
    summary: str
    error: str


@dataclass(frozen=True)
class PluginGroup(Generic[T]):
    """All plug-ins of one kind.

    Attributes:
        group: the entry-point group, such as `workshop.minds`.
        noun: what one of them is called in messages.
        variable: environment variable that, when set, lists the names that may be used.
        built_in: our own names, in their order.
        fault: (object, name of its entry point) -> what is wrong with it, as a clause; empty when nothing is.
    """

    group: str
    noun: str
    variable: str
    built_in: tuple[str, ...]
    fault: Callable[[Any, str], str]

    def load(self, names: Sequence[str], **options: object) -> tuple[T, ...]:
        """One new object for each name, in the order of the group, with those `options` that it has parameters for.

        Raises:
            InputError: a name is unknown or given twice, or its plug-in cannot be loaded.
        """
        found = self._found()
        for name in names:
            if name not in found:
                folded = {known.casefold(): known for known in sorted(found)}
                near = difflib.get_close_matches(name.casefold(), folded, n=1)
                hint = f"did you mean {folded[near[0]]!r}?" if near else f"known: {', '.join(sorted(found))}"
                raise InputError(f"no {self.noun} is called {name!r}; {hint}")
            if list(names).count(name) > 1:
                raise InputError(f"the {self.noun} {name!r} is named twice; name each once")
        return tuple(self._load(found[name], options) for name in sorted(names, key=self._order))

    def listing(self) -> list[Listing]:
        """Every plug-in that is installed, with the error of those that do not load."""
        lines = []
        for name, point in sorted(self._found().items(), key=lambda item: self._order(item[0])):
            summary, error = "", ""
            try:
                summary = (type(self._load(point, {})).__doc__ or "").strip().split("\n")[0]
            except InputError as problem:
                error = str(problem)
            about = point.dist
            lines.append(
                Listing(name, about.name if about else "", about.version if about else "", point.value, summary, error)
            )
        return lines

    def _order(self, name: str) -> tuple[int, str]:
        return (self.built_in.index(name) if name in self.built_in else len(self.built_in), name)

    def _found(self) -> dict[str, EntryPoint]:
        allowed = os.environ.get(self.variable)
        limit = None if allowed is None else {name.strip() for name in allowed.split(",") if name.strip()}
        found: dict[str, EntryPoint] = {}
        for point in sorted(_points(self.group, tuple(sys.path)), key=lambda item: (item.name, item.value)):
            if limit is not None and point.name not in limit:
                continue
            if point.name in found and found[point.name].value != point.value:
                raise InputError(
                    f"two packages offer a {self.noun} called {point.name!r} ({found[point.name].value} and "
                    f"{point.value}); uninstall one of them"
                )
            found[point.name] = point
        return found

    def _load(self, point: EntryPoint, options: dict[str, object]) -> T:
        try:
            made: T = _made(point.load(), options)
        except WorkshopError as error:  # already a sentence, such as what to install
            raise InputError(str(error)) from error
        except (Exception, SystemExit) as error:  # a stranger's code, at import or in its constructor
            told = " ".join(f"{type(error).__name__}: {error}".split())  # one sentence, also of an error of many lines
            raise InputError(f"the {self.noun} {point.name!r} ({point.value}) cannot be loaded: {told}") from error
        wrong = self.fault(made, point.name)
        if wrong:
            raise InputError(f"the {self.noun} {point.name!r} ({point.value}) {wrong}")
        return made


def _made(factory: Callable[..., T], options: dict[str, object]) -> T:
    if not options:
        return factory()
    parameters = inspect.signature(factory).parameters
    return factory(**{name: value for name, value in options.items() if name in parameters})
