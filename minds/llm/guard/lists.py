"""The guards' word lists, read once from `words.toml`.

Contract: data only; lower-case sets, entries ending in `*` match every word that begins so.
"""

from __future__ import annotations

import tomllib
from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

__all__ = ["Words", "lists", "sets", "table"]


class Words(Container[str]):
    """A set of words, some given by how they begin (entries ending in `*`)."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._whole = frozenset([entry for entry in entries if not entry.endswith("*")])
        self._stems = tuple([entry[:-1] for entry in entries if entry.endswith("*")])

    def __contains__(self, word: object) -> bool:
        """Whether the word is one of them."""
        return isinstance(word, str) and (word in self._whole or word.startswith(self._stems))


@lru_cache(maxsize=1)
def table() -> Mapping[str, Mapping[str, Any]]:
    """The whole file."""
    found: Mapping[str, Mapping[str, Any]] = tomllib.loads(
        (resources.files("minds.llm.guard") / "words.toml").read_text(encoding="utf-8")
    )
    return found


@lru_cache(maxsize=256)
def sets(section: str, name: str, at: int = -1) -> Words:
    """One list as a set of words; `at` picks a side of a pair."""
    found = table()[section][name]
    text: str = found if at < 0 else found[at]
    return Words(text.split())


@lru_cache(maxsize=64)
def lists(section: str, name: str) -> tuple[str, ...]:
    """One list of phrases."""
    return tuple(table()[section][name])
