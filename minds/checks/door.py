"""A door in front of a snapshot that notes what is asked for, and opens to what is public only.

Contract: answers are those of the snapshot behind it; a private name is not there, and is noted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from engine.snapshot import Snapshot

__all__ = ["Notes", "noted"]

_BY_NAME = frozenset(("value", "values", "values_and_zs", "z", "seen", "signal", "why_missing"))


@dataclass
class Notes:
    """What a mind has asked for.

    Attributes:
        signals: names of signals that are declared.
        unknown: names of signals that nobody declares.
        symbols: instruments whose prices it has read.
        private: names of the snapshot's that are not for minds.
    """

    signals: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    symbols: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)

    def take(self, snapshot: Snapshot, method: str, subject: Any) -> None:
        """Note one call of a method of the snapshot with its first argument."""
        if method in _BY_NAME:
            names = subject if isinstance(subject, (tuple, list)) else (subject,)
            for name in names:
                (self.signals if snapshot.has(name) else self.unknown).add(str(name))
        elif method in ("history", "price"):
            symbol = snapshot.universe.symbol(str(subject)) if method == "history" else subject
            if symbol in snapshot.universe.symbols:
                self.symbols.add(str(symbol))


def noted(snapshot: Snapshot, notes: Notes) -> Snapshot:
    """The snapshot behind a door."""
    return cast(Snapshot, _Door(snapshot, notes))


class _Door:
    __slots__ = ("_open",)
    _open: Callable[[str], Any]

    def __init__(self, snapshot: Snapshot, notes: Notes) -> None:
        def opened(name: str) -> Any:
            if name.startswith("_"):
                notes.private.add(name)
                raise AttributeError(f"{name} of a snapshot is private; minds use what has a public name")
            found = getattr(snapshot, name)
            if not callable(found):
                return found

            def call(*given: Any, **named: Any) -> Any:
                notes.take(snapshot, name, next(iter((*given, *named.values())), None))
                return found(*given, **named)

            return call

        object.__setattr__(self, "_open", opened)

    def __getattr__(self, name: str) -> Any:
        return object.__getattribute__(self, "_open")(name)

    @property  # type: ignore[misc]  # isinstance must say what the object behind the door is
    def __class__(self) -> type:
        return Snapshot
