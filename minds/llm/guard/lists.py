"""The guards' word lists, read once from `words.toml`.

Contract: data only; lower case, except for names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

__all__ = ["lists", "sets", "sides", "table"]


@lru_cache(maxsize=1)
def table() -> Mapping[str, Mapping[str, Any]]:
    """The whole file."""
    found: Mapping[str, Mapping[str, Any]] = tomllib.loads(
        (resources.files("minds.llm.guard") / "words.toml").read_text(encoding="utf-8")
    )
    return found


@lru_cache(maxsize=256)
def sets(section: str, name: str) -> frozenset[str]:
    """One list as a set of words."""
    return frozenset(str(table()[section][name]).split())


@lru_cache(maxsize=64)
def lists(section: str, name: str) -> tuple[str, ...]:
    """One list of phrases."""
    return tuple(table()[section][name])


@lru_cache(maxsize=1)
def sides() -> Mapping[str, Mapping[str, int]]:
    """Word -> axis -> 1 or -1, for every word that has an opposite."""
    found: dict[str, dict[str, int]] = {}
    for axis, (one, other) in table()["axes"].items():
        for way, words in ((1, one), (-1, other)):
            for word in str(words).split():
                found.setdefault(word, {})[axis] = way
    return found
