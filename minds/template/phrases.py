"""The phrase engine: pools of sentences with placeholders, and a choice among them that does not repeat itself.

Contract: a phrase may be used only when every fact that it names exists, so a sentence can never speak of what is not
there. The choice is a function of the pool, the day and the set of usable phrases: while that set stays the same, no
phrase comes back before all of the others have been used. Deterministic: SHAKE-256, never Python's `hash`.

In a phrase, `{fact}` prints a fact, `{Fact}` prints it with a capital, `{?fact}` only asks that it exists, `{!fact}`
that it does not, and `{~pool}` inserts a phrase of another pool. Files hold no digits: every figure comes from the
record.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from hashlib import shake_256
from importlib import resources
from typing import Any, NamedTuple

__all__ = ["Angle", "Book", "Facts", "Phrase", "Pool", "Teller", "load", "order", "parse"]

_FIELD = re.compile(r"\{([^{}]*)\}")
_FILES = ("titles", "hooks", "voices", "insights", "frame")

Facts = dict[str, str]


class Phrase(NamedTuple):
    """A parsed phrase.

    Attributes:
        parts: literal text and field names in turn, literal first.
        needs: facts that must exist.
        bars: facts that must not.
    """

    parts: tuple[str, ...]
    needs: frozenset[str]
    bars: frozenset[str]


class Pool(NamedTuple):
    """Phrases for one place in an essay.

    Attributes:
        phrases: all of them.
        asks: every fact that any of them needs or rules out.
    """

    phrases: tuple[Phrase, ...]
    asks: frozenset[str]


class Angle(NamedTuple):
    """What a day may be about.

    Attributes:
        needs: facts that must exist.
        bars: facts that must not.
        order: the sections after the opening, in one or more possible orders.
        skip: insights that the opening has told already.
        weight: turns in a round.
        urgent: angles above 0 win over all others, the highest first.
    """

    needs: frozenset[str]
    bars: frozenset[str]
    order: tuple[tuple[str, ...], ...]
    skip: tuple[str, ...]
    weight: int
    urgent: int

    def fits(self, facts: Facts) -> bool:
        """Whether the day offers what it needs."""
        return self.needs <= facts.keys() and not self.bars & facts.keys()


class Book(NamedTuple):
    """Everything that was read from the phrase files."""

    pools: Mapping[str, Pool]
    angles: Mapping[str, Angle]


class Teller:
    """Picks phrases for one day.

    Attributes:
        facts: what phrases may name.
        day: the day's number, which drives the rotation.
        seed: tells apart two desks that write on the same days.
    """

    def __init__(self, facts: Facts, day: int, seed: str) -> None:
        self.facts, self.day, self.seed = facts, day, seed

    def say(self, pool: str, extra: Facts | None = None) -> str:
        """Today's phrase of a pool; empty when none fits. `extra` adds facts for this phrase alone."""
        facts = self.facts if extra is None else self.facts | extra
        usable = _usable(pool, frozenset(load().pools[pool].asks & facts.keys()))
        if not usable:
            return ""
        # Two speakers who draw from one pool on one day must not draw the same phrase.
        speaker = "" if extra is None else extra.get("me", "")
        parts = list(usable[self.turn(f"{pool}/{speaker}", len(usable))].parts)
        parts[1::2] = [self._print(field, facts) for field in parts[1::2]]
        return "".join(parts)

    def turn(self, what: str, size: int) -> int:
        """Whose turn it is today among `size` things."""
        lap, place = divmod(self.day, size)
        return order(f"{self.seed}/{what}", lap, size)[place]

    def _print(self, field: str, facts: Facts) -> str:
        if field in facts:
            return facts[field]
        if field[:1] in "?!":
            return ""
        if field[:1] == "~":
            return self.say(field[1:])
        text = facts[_fact(field)]
        return text[:1].upper() + text[1:]


@lru_cache(maxsize=8192)
def _usable(pool: str, existing: frozenset[str]) -> tuple[Phrase, ...]:
    """The phrases of a pool that fit, given which of the facts that it asks for exist."""
    return tuple(
        phrase for phrase in load().pools[pool].phrases if phrase.needs <= existing and phrase.bars.isdisjoint(existing)
    )


@lru_cache(maxsize=8192)
def order(what: str, lap: int, size: int) -> tuple[int, ...]:
    """A permutation of range(size) that depends on nothing but its arguments."""
    if size == 1:
        return (0,)
    noise = shake_256(f"{what}/{lap}/{size}".encode()).digest(4 * size)
    places = list(range(size))
    for at in range(size - 1, 0, -1):
        other = int.from_bytes(noise[4 * at : 4 * at + 4], "big") % (at + 1)
        places[at], places[other] = places[other], places[at]
    return tuple(places)


@lru_cache(maxsize=1)
def load() -> Book:
    """All phrase files, parsed."""
    folder = resources.files("minds.template")
    pools: dict[str, Pool] = {}
    for name in _FILES:
        table = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
        pools |= {pool: _pool(texts) for pool, texts in table.items()}
    angles = tomllib.loads((folder / "angles.toml").read_text(encoding="utf-8"))
    return Book(pools, {name: _angle(table) for name, table in angles.items()})


def parse(text: str) -> Phrase:
    """Take a phrase apart."""
    parts = tuple(_FIELD.split(text))
    fields = parts[1::2]
    needs = [_fact(field.lstrip("?")) for field in fields if field[:1] not in "!~"]
    return Phrase(parts, frozenset(needs), frozenset([field[1:] for field in fields if field[:1] == "!"]))


def _pool(texts: list[str]) -> Pool:
    phrases = tuple(parse(text) for text in texts)
    return Pool(phrases, frozenset().union(*[phrase.needs | phrase.bars for phrase in phrases]))


def _angle(table: dict[str, Any]) -> Angle:
    return Angle(
        needs=frozenset(table["needs"]),
        bars=frozenset(table.get("bars", ())),
        order=tuple(tuple(sections) for sections in table["order"]),
        skip=tuple(table.get("skip", ())),
        weight=table.get("weight", 1),
        urgent=table.get("urgent", 0),
    )


def _fact(field: str) -> str:
    return field[:1].lower() + field[1:]
