"""Plug-ins by entry point: found, named, refused in one sentence. Minds and regime models come in by this door.

Contract: the order is the built-in ones in theirs, then strangers by name, whatever the order of installation. An
environment variable can limit which there are; what it leaves out is not even imported. A plug-in that cannot be loaded
is listed with its error and refused when it is asked for by name, and it touches nobody else: a name that two packages
offer is refused to those who ask for it, and a built-in name is always ours. What a plug-in prints while it is loaded
goes to stderr, since stdout is for documents.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from typing import Any, Generic, NamedTuple, TypeVar

from engine.errors import InputError, WorkshopError, told

__all__ = ["Listing", "PluginGroup"]

T = TypeVar("T")
_OURS = ("engine", "regimes", "scenarios", "minds", "backtest", "desk")


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
            InputError: a name is unknown, left out, offered by two packages or given twice, or it cannot be loaded.
        """
        every = self._found()
        found = self._allowed(every)
        for name in names:
            if name not in found:
                raise InputError(self._unknown(name, sorted(found), left_out=name in every))
            if list(names).count(name) > 1:
                raise InputError(f"the {self.noun} {name!r} is named twice; name each once")
        return tuple(self._only(name, found[name], options) for name in sorted(names, key=self._order))

    def factory(self, name: str) -> Callable[..., T]:
        """What makes the object called `name`: most often a class.

        Raises:
            InputError: as for `load`.
        """
        self.load([name])
        made: Callable[..., T] = self._found()[name][0].load()
        return made

    def names(self) -> tuple[str, ...]:
        """Every name that is taken, whether it may be used and loads or not; nothing is imported."""
        return tuple(sorted(self._found(), key=self._order))

    def listing(self) -> list[Listing]:
        """Every plug-in that is installed, with the error of those that do not load; a clash has a line for each."""
        lines = []
        for name, points in sorted(self._allowed(self._found()).items(), key=lambda item: self._order(item[0])):
            for point in points:
                summary, error = "", self._clash(name, points, point)
                if not error:
                    try:
                        summary = _summary(self._load(point, {}))
                    except InputError as problem:
                        error = str(problem)
                lines.append(Listing(name, *_about(point.dist), point.value, summary, error))
        return lines

    def _unknown(self, name: str, known: list[str], *, left_out: bool) -> str:
        if left_out:
            return (
                f"{self.variable} leaves out the {self.noun} {name!r}; add it to that variable, or name others "
                f"(left in: {', '.join(known) or 'none'})"
            )
        folded = {other.casefold(): other for other in known}
        near = difflib.get_close_matches(name.casefold(), folded, n=1)
        hint = f"did you mean {folded[near[0]]!r}?" if near else f"known: {', '.join(known)}"
        return f"no {self.noun} is called {name!r}; {hint}"

    def _order(self, name: str) -> tuple[int, str]:
        return (self.built_in.index(name) if name in self.built_in else len(self.built_in), name)

    def _found(self) -> dict[str, tuple[EntryPoint, ...]]:
        """Name -> what is offered under it, ours first; the same object found twice is one."""
        found: dict[str, dict[str, EntryPoint]] = {}
        for point in sorted(_points(self.group, tuple(sys.path)), key=lambda item: (not _is_ours(item), item.value)):
            found.setdefault(point.name, {}).setdefault(point.value, point)
        return {name: tuple(points.values()) for name, points in found.items()}

    def _allowed(self, found: dict[str, tuple[EntryPoint, ...]]) -> dict[str, tuple[EntryPoint, ...]]:
        allowed = os.environ.get(self.variable)
        if allowed is None:
            return found
        limit = {name.strip() for name in allowed.split(",")}
        return {name: points for name, points in found.items() if name in limit}

    def _clash(self, name: str, points: tuple[EntryPoint, ...], point: EntryPoint) -> str:
        """Why a point cannot be had because of others with its name; empty when it can."""
        if len(points) == 1:
            return ""
        if not _is_ours(points[0]):
            offers = " and ".join(other.value for other in points)
            return f"two packages offer a {self.noun} called {name!r} ({offers}); uninstall one of them"
        if point is points[0]:
            return ""
        return f"the name {name!r} belongs to a {self.noun} of Workshop, which is used; {point.value} needs another"

    def _only(self, name: str, points: tuple[EntryPoint, ...], options: dict[str, object]) -> T:
        clash = self._clash(name, points, points[0])
        if clash:
            raise InputError(clash)
        return self._load(points[0], options)

    def _load(self, point: EntryPoint, options: dict[str, object]) -> T:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                made: T = _made(point.load(), options)
                wrong = self.fault(made, point.name)
        except KeyboardInterrupt:
            raise
        except WorkshopError as error:  # already a sentence, such as what to install
            raise InputError(str(error)) from error
        except BaseException as error:  # a stranger's code, at import or in its constructor; sys.exit too
            raise InputError(
                f"the {self.noun} {point.name!r} ({point.value}) cannot be loaded: {told(error)}"
            ) from error
        if wrong:
            raise InputError(f"the {self.noun} {point.name!r} ({point.value}) {wrong}")
        return made


@functools.cache
def _points(group: str, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Entry points of a group on one module path: what is installed there does not change while a command runs."""
    try:
        return tuple(entry_points(group=group))
    except Exception:  # one package's list of entry points is not readable: all others still count
        found, seen = [], set()
        for dist in distributions():
            with contextlib.suppress(Exception):
                if dist.name not in seen:  # as the import system does: the first on the path wins
                    seen.add(dist.name)
                    found += [point for point in dist.entry_points if point.group == group]
        return tuple(found)


def _is_ours(point: EntryPoint) -> bool:
    return point.value.partition(":")[0].partition(".")[0].strip() in _OURS


def _about(dist: Distribution | None) -> tuple[str, str]:
    """Name and version of a distribution, empty where its metadata do not say."""
    try:
        return (str(dist.name or ""), str(dist.version or "")) if dist else ("", "")
    except Exception:  # its METADATA is gone or is not text
        return "", ""


def _summary(made: object) -> str:
    text = type(made).__doc__
    return text.strip().split("\n")[0] if isinstance(text, str) else ""


def _made(factory: Callable[..., T], options: dict[str, object]) -> T:
    if not options:
        return factory()
    parameters = inspect.signature(factory).parameters
    return factory(**{name: value for name, value in options.items() if name in parameters})
