"""The universe of a scenario: a shipped one by name, or a table as in a universe file.

Contract: names and symbols are bounded in length and number; everything else is for `engine.universe` to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.universe import Universe, universe_names, universe_of
from scenarios.kinds import Choice, Text, refuse

__all__ = ["Roles"]

_MOST_SYMBOLS = 200
_OWN = "own"


@dataclass(frozen=True)
class Roles:
    """A universe's name, or its table."""

    words: str = "name of a shipped universe, or a table with the keys of a universe file"

    def read(self, value: Any, where: str) -> str | Universe:
        """A name that exists, or the universe."""
        if isinstance(value, str):
            return Choice(tuple(universe_names()), "universe").read(value, where)
        if not isinstance(value, dict):
            refuse(where, "is neither a name nor a table", 'write universe = "us", or a section [universe.roles]')
        for text in _texts(value):
            Text(200).read(text, f"{where}: {text[:50]!r}")
        found = universe_of({"name": _OWN, **value}, f"of {where}")
        if len(found.symbols) > _MOST_SYMBOLS:
            refuse(where, f"has {len(found.symbols):,} symbols", f"write at most {_MOST_SYMBOLS}")
        return found

    def write(self, value: str | Universe) -> Any:
        """The name, or the table without what is empty."""
        if isinstance(value, str):
            return value
        table = {
            "name": "" if value.name == _OWN else value.name,
            "title": value.title,
            "calendar": "" if value.calendar == "XNYS" else value.calendar,
            "roles": dict(value.roles),
            "groups": {role: list(members) for role, members in value.groups.items()},
            "levels": {"symbols": sorted(value.levels)} if value.levels else {},
            "lags": dict(value.lags),
            "missing": dict(value.missing),
        }
        return {name: item for name, item in table.items() if item}


def _texts(value: Any) -> Iterator[str]:
    """Every text and key of a table, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
