"""Frozen dataclasses as the schema of a file: each attribute carries its kind, unit and meaning.

Contract: one declaration serves the reader, the writer and the documentation, so that they cannot differ. A key that is
unknown, missing or given under two names is refused with the file, the place in it and the way out; every fault of a
value is its kind's (`scenarios.kinds`). An attribute that equals its default is not written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.errors import InputError
from scenarios.kinds import Day, Kind, Session, Whole, refuse, unknown

__all__ = ["Row", "Table", "Tables", "key", "read_table", "rows", "write_table"]

_MISSING = dataclasses.MISSING


class Row(NamedTuple):
    """A line of the documentation: the key, what it accepts, its default (empty: required), what it means."""

    name: str
    words: str
    default: str
    about: str


def key(
    kind: Kind, about: str, default: Any = _MISSING, *,
    factory: Callable[[], Any] | None = None, shown: str | None = None,
) -> Any:  # fmt: skip
    """An attribute of a schema's dataclass.

    Args:
        kind: what it accepts.
        about: what it means, with its unit, for the documentation.
        default: its value when the key is left out; without one the key is required.
        factory: makes the default, where it is a mapping.
        shown: the default as the documentation says it, where the value itself would not do.
    """
    metadata = {"kind": kind, "about": about, "shown": shown}
    if factory is not None:
        return dataclasses.field(default_factory=factory, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Table:
    """One table, read as a dataclass."""

    cls: type

    @property
    def words(self) -> str:
        """The type, for the documentation."""
        return "table"

    def read(self, value: Any, where: str) -> Any:
        """The dataclass."""
        if not isinstance(value, dict):
            refuse(where, "is not a table", "write [name] and one line per key")
        return read_table(self.cls, value, where)

    def write(self, value: Any) -> Any:
        """A table."""
        return write_table(value)


@dataclass(frozen=True)
class Tables:
    """A list of tables, each read by `choose`, which is given the table and its place."""

    choose: Callable[[dict[str, Any], str], Any]
    most: int

    @property
    def words(self) -> str:
        """The type, for the documentation."""
        return f"list of at most {self.most:,} tables"

    def read(self, value: Any, where: str) -> tuple[Any, ...]:
        """The dataclasses, in the file's order."""
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            refuse(where, "is not a list of tables", f"write [[{where.rpartition(' ')[2]}]] above each")
        if len(value) > self.most:
            refuse(where, f"has {len(value):,} tables", f"write at most {self.most:,}")
        return tuple([self.choose(item, f"{where} {number}") for number, item in enumerate(value, 1)])

    def write(self, value: tuple[Any, ...]) -> Any:
        """A list of tables."""
        return [write_table(item) for item in value]


def read_table(cls: type, table: Mapping[str, Any], where: str) -> Any:
    """Make `cls` of a table.

    Raises:
        InputError: a key is unknown, missing or doubled, or a value is not of its kind.
    """
    left, values = dict(table), {}
    known = [name for item in dataclasses.fields(cls) for name in _names(item)]
    for name in left:
        if name not in known:
            raise InputError(f"{where.rstrip(':')}: {unknown('key', name, known)}")
    for item in dataclasses.fields(cls):
        given = [name for name in _names(item) if name in left]
        if len(given) > 1:
            refuse(where, f"has both {given[0]} and {given[1]}", "write one of them")
        if given:
            kind: Kind = {"session": Whole(-20_000, 20_000), "date": Day()}.get(given[0], item.metadata["kind"])
            values[item.name] = kind.read(left[given[0]], f"{where}{' ' if where.endswith(':') else '.'}{given[0]}")
        elif item.default is _MISSING and item.default_factory is _MISSING:
            refuse(where, f"has no {' or '.join(_names(item))}", "add it")
    return cls(**values)


def write_table(value: Any) -> dict[str, Any]:
    """The table of a dataclass: plain values, dictionaries and lists, in the order of its attributes."""
    found = {}
    for item in dataclasses.fields(value):
        mine = getattr(value, item.name)
        default = item.default if item.default_factory is _MISSING else item.default_factory()
        if mine is None or mine == default:
            continue
        name = "date" if item.name == "session" and isinstance(mine, str) else item.name
        found[name] = item.metadata["kind"].write(mine)
    return found


def rows(cls: type) -> list[Row]:
    """The keys of a table, as the documentation lists them."""
    found = []
    for item in dataclasses.fields(cls):
        default = item.default if item.default_factory is _MISSING else None
        shown = item.metadata["shown"]
        if shown is None:
            plain = default is not None and default is not False and default not in ("", (), _MISSING)
            shown = f"`{default}`" if plain else "required" if default is _MISSING else "none"
        about = item.metadata["about"]
        for name in _names(item):
            words = {"session": Whole(-20_000, 20_000).words, "date": Day().words}.get(
                name, item.metadata["kind"].words
            )
            found.append(
                Row(name, words, shown, about if name != "date" else "the same by its day, instead of `session`")
            )
    return found


def _kind(item: dataclasses.Field[Any], name: str) -> Kind:
    by_name: dict[str, Kind] = {"session": Whole(-20_000, 20_000), "date": Day()}
    plain: Kind = item.metadata["kind"]
    return by_name[name] if len(_names(item)) > 1 else plain


def _names(item: dataclasses.Field[Any]) -> tuple[str, ...]:
    """The keys under which an attribute may stand: a session also by its day."""
    both = item.name == "session" and isinstance(item.metadata["kind"], Session)
    return ("session", "date") if both else (item.name,)
