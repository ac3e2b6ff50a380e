"""The phrase engine: pools of sentences with placeholders, and a choice among them that does not repeat itself.

Contract: a phrase may be used only when every fact that it names exists, so a sentence can never speak of what is not
there. The choice is a function of the pool, the day and the set of usable phrases: each pool walks round its phrases by
a step of its own that never lands near where it was a few days before, so that a phrase stays away as long as the
others allow. Deterministic: SHAKE-256 and whole numbers, never Python's `hash`.

In a phrase, `{fact}` prints a fact, `{Fact}` prints it with a capital, `{?fact}` only asks that it exists, `{!fact}`
that it does not, and `{~pool}` inserts a phrase of another pool. `[one|other]` prints one of its wordings, which take
turns too; a wording may hold placeholders. Files hold no digits: every figure comes from the record.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from hashlib import shake_256
from importlib import resources
from typing import Any, NamedTuple

__all__ = ["Angle", "Book", "Facts", "Phrase", "Pool", "Teller", "day_number", "load", "parse", "walk"]

_FIELD = re.compile(r"\{([^{}]*)\}")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_ARTICLE = re.compile(r"\b([Aa]) (?=8|1[18](?![0-9]))")
"""An article before a figure that is spoken with a vowel: 8, 11, 18, 8.3, 80%."""
_FILES = ("titles", "hooks", "evidence", "voices", "turns", "frame", "ends")
_RING = 1 << 64
_WEEKEND = 1 << 40

Facts = dict[str, str]


class Phrase(NamedTuple):
    """A parsed phrase.

    Attributes:
        key: a short name of its own, for the turns of its wordings.
        parts: text without wordings in turn with lists of wordings, text first; each split into literal text and field
            names in turn.
        needs: facts that must exist.
        bars: facts that must not.
    """

    key: str
    parts: tuple[tuple[tuple[str, ...], ...], ...]
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

    def say(self, pool: str, extra: Facts | None = None, shift: int = 0) -> str:
        """Today's phrase of a pool, or the one `shift` places on; empty when none fits.

        `extra` adds facts for this phrase alone.
        """
        facts = self.facts if extra is None else self.facts | extra
        usable = _usable(pool, self.seed, frozenset(load().pools[pool].asks & facts.keys()))
        if not usable:
            return ""
        # Two speakers who draw from one pool on one day must not draw the same phrase.
        speaker = "" if extra is None else extra.get("me", "")
        phrase = usable[(self.turn(f"{pool}/{speaker}", len(usable)) + shift) % len(usable)]
        said: list[str] = []
        for place, wordings in enumerate(phrase.parts):
            one = wordings[self.turn(f"{phrase.key}/{place}", len(wordings)) if len(wordings) > 1 else 0]
            said += [self._print(part, facts, extra) if at % 2 else part for at, part in enumerate(one)]
        return _ARTICLE.sub(r"\1n ", "".join(said))

    def turn(self, what: str, size: int) -> int:
        """Whose turn it is today among `size` things."""
        return walk(f"{self.seed}/{what}", self.day, size)

    def _print(self, field: str, facts: Facts, extra: Facts | None) -> str:
        if field in facts:
            return facts[field]
        if field[:1] in "?!":
            return ""
        if field[:1] == "~":
            return self.say(field[1:], extra)
        text = facts[_fact(field)]
        return text[:1].upper() + text[1:]


def day_number(session: str) -> int:
    """Sessions in a row get numbers in a row; Saturdays and Sundays, where anything trades, have their own."""
    week, day = divmod(date.fromisoformat(session).toordinal() - 1, 7)
    return 5 * week + day if day < 5 else _WEEKEND + 2 * week + day


def walk(what: str, day: int, size: int) -> int:
    """Where a walk round `size` places stands on a day: the fractional part of day * step, in `size` equal arcs.

    The step is a continued fraction whose first terms are ones and twos, hence badly approximable (Hurwitz, 1891): the
    walk comes near where it was only after about a third of a round or more.
    """
    step, start = _step(what)
    return (day * step + start) % _RING * size // _RING


@lru_cache(maxsize=65536)
def _step(what: str) -> tuple[int, int]:
    """Step and start of a walk, in parts of `_RING`."""
    noise = shake_256(what.encode()).digest(16)
    terms = int.from_bytes(noise[:8], "big")
    up, down = 1, 1  # the tail, near one
    for bit in range(48):
        up, down = down, (1 + (terms >> bit & 1)) * down + up
    return up * _RING // down, int.from_bytes(noise[8:], "big")


@lru_cache(maxsize=8192)
def _usable(pool: str, seed: str, existing: frozenset[str]) -> tuple[Phrase, ...]:
    """The phrases of a pool that fit, given which of the facts that it asks for exist; shuffled once for each desk, so
    that the phrases of a kind, which stand together in the file, are spread over the round.
    """
    fitting = [
        phrase for phrase in load().pools[pool].phrases if phrase.needs <= existing and phrase.bars.isdisjoint(existing)
    ]
    return tuple(sorted(fitting, key=lambda phrase: shake_256(f"{seed}/{phrase.key}".encode()).digest(8)))


@lru_cache(maxsize=1)
def load() -> Book:
    """All phrase files."""
    folder = resources.files("minds.template")
    table: dict[str, list[str]] = {}
    for name in _FILES:
        table |= tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    angles = tomllib.loads((folder / "angles.toml").read_text(encoding="utf-8"))
    wordings = tomllib.loads((folder / "wordings.toml").read_text(encoding="utf-8"))["wordings"]
    return Book(_Pools(table, wordings), {name: _angle(table) for name, table in angles.items()})


class _Pools(Mapping[str, Pool]):
    """All pools by name; one is taken apart when it is first asked for, as an essay draws from few."""

    def __init__(self, table: Mapping[str, list[str]], wordings: Mapping[str, str]) -> None:
        self._table, self._wordings, self._known = table, wordings, dict[str, Pool]()
        words = "|".join([re.escape(word) for word in wordings])
        self._shared = re.compile(rf"\[[^\]]*\]|\b({words})(?= (?!not\b)[\w*{{])")

    def __getitem__(self, name: str) -> Pool:
        if name not in self._known:
            self._known[name] = _pool(name, [self._reword(text) for text in self._table[name]])
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def _reword(self, text: str) -> str:
        """Let a sentence say `cannot` or `can't`: the wordings that everything shares, outside of those of its own."""
        shared = self._wordings
        return self._shared.sub(lambda found: f"[{found[1]}|{shared[found[1]]}]" if found[1] else found[0], text)


def parse(text: str, key: str = "") -> Phrase:
    """Take a phrase apart."""
    pieces = _CHOICE.split(text)
    parts = [
        tuple([tuple(_FIELD.split(wording)) for wording in (piece.split("|") if at % 2 else [piece])])
        for at, piece in enumerate(pieces)
    ]
    fields = _FIELD.findall(text)
    needs = [_fact(field.lstrip("?")) for field in fields if field[:1] not in "!~"]
    return Phrase(key, tuple(parts), frozenset(needs), frozenset([field[1:] for field in fields if field[:1] == "!"]))


def _pool(name: str, texts: list[str]) -> Pool:
    phrases = tuple(parse(text, f"{name}/{at}") for at, text in enumerate(texts))
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
