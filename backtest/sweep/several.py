"""Kinds of values of a grid file that stand for many: a list of values, a run of seeds.

Contract: that of `scenarios.kinds`: `read` takes what TOML gave and returns a tuple, or raises `InputError` with the
place, what is wrong and what to write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scenarios.fields import key, read_table
from scenarios.kinds import Kind, Whole, refuse

__all__ = ["MOST_CELLS", "Seeds", "Several"]

MOST_CELLS = 20_000
_MOST_SEED = 2**53


@dataclass(frozen=True)
class Several:
    """One value, or a list of different ones, each tried in turn."""

    kind: Kind
    most: int = 1000

    @property
    def words(self) -> str:
        """The type, for the documentation."""
        return f"{self.kind.words}; or a list of them"

    def read(self, value: Any, where: str) -> tuple[Any, ...]:
        """The values in their order."""
        given = value if isinstance(value, list) else [value]
        if not 0 < len(given) <= self.most:
            refuse(where, f"lists {len(given):,} values", f"list 1 to {self.most:,}")
        found = [self.kind.read(item, f"{where} {number}") for number, item in enumerate(given, 1)]
        for at, item in enumerate(found):
            if item in found[:at]:
                refuse(where, f"lists {item!r} twice", "list each once")
        return tuple(found)

    def write(self, value: tuple[Any, ...]) -> Any:
        """A list."""
        return [self.kind.write(item) for item in value]


@dataclass(frozen=True)
class Seeds:
    """Seeds one by one, or the first of them and how many."""

    words: str = "whole number, a list of them, or `{ first = 1, count = 200 }`"

    def read(self, value: Any, where: str) -> tuple[int, ...]:
        """The seeds in their order."""
        whole = Whole(0, _MOST_SEED)
        if not isinstance(value, dict):
            return Several(whole, MOST_CELLS).read(value, where)
        run = read_table(_Run, value, where)
        return tuple(range(run.first, run.first + run.count))

    def write(self, value: tuple[int, ...]) -> Any:
        """A list."""
        return list(value)


@dataclass(frozen=True)
class _Run:
    """So many seeds in a row."""

    first: int = key(Whole(0, _MOST_SEED - MOST_CELLS), "the first seed")
    count: int = key(Whole(1, MOST_CELLS), "how many")
