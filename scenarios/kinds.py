"""Kinds of values that a scenario file may hold: what each accepts, and how it is written back.

Contract: `read` takes what TOML gave and returns the value that the model keeps, or raises `InputError` with the place,
what is wrong and what to write; `write` gives back something that `read` turns into the same value. Every number and
text is bounded, so that a hostile file fails with a sentence instead of filling the memory.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from engine.errors import InputError

__all__ = [
    "Choice",
    "Choices",
    "Clock",
    "Day",
    "Kind",
    "Number",
    "Of",
    "Pairs",
    "Place",
    "Return",
    "Session",
    "Text",
    "Truth",
    "Whole",
    "refuse",
    "unknown",
]

Place = int | str
"""A session: its number in the run (1 is the first, 0 the last one before it), or its ISO day."""

_FARTHEST = 20_000
_PERCENT = re.compile(r"[+-]?\d{1,6}(\.\d{1,12})?\s?%")
_LONGEST_KEY = 40
_MOST_KEYS = 200


class Kind(Protocol):
    """One kind of value."""

    @property
    def words(self) -> str:
        """The type, for the documentation."""

    def read(self, value: Any, where: str) -> Any:
        """The value for the model; raises `InputError`."""

    def write(self, value: Any) -> Any:
        """Something that TOML can hold."""


def refuse(where: str, problem: str, fix: str) -> NoReturn:
    """Raise the one sentence for a value."""
    raise InputError(f"{where} {problem}; {fix}")


def unknown(what: str, given: str, known: Sequence[str]) -> str:
    """The clause for a name that is not in a list, with the nearest that is."""
    near = difflib.get_close_matches(given[:100], known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    return f"no {what} is called {given[:100]!r}; {hint}"


class _Plain:
    """A value that is written as it is kept."""

    def write(self, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class Text(_Plain):
    """A text without control characters but tab and newline."""

    longest: int = 200
    empty: bool = True

    @property
    def words(self) -> str:
        return f"text of at most {self.longest:,} characters"

    def read(self, value: Any, where: str) -> str:
        if not isinstance(value, str):
            refuse(where, f"is {_shown(value)}, not a text", 'write it in quotes, such as "text"')
        if len(value) > self.longest:
            refuse(where, f"has {len(value):,} characters", f"write at most {self.longest:,}")
        if not self.empty and not value.strip():
            refuse(where, "is empty", "write at least a word")
        if any((ord(sign) < 32 and sign not in "\t\n") or 0xD800 <= ord(sign) < 0xE000 for sign in value):
            refuse(where, "holds a control character", "leave it out")
        return value


@dataclass(frozen=True)
class Whole(_Plain):
    """A whole number."""

    low: int
    high: int

    @property
    def words(self) -> str:
        return f"whole number, {self.low:,} to {self.high:,}"

    def read(self, value: Any, where: str) -> int:
        if type(value) is not int or not self.low <= value <= self.high:
            refuse(where, f"is {_shown(value)}", f"write a whole number from {self.low:,} to {self.high:,}")
        return value


@dataclass(frozen=True)
class Number(_Plain):
    """A number; whole numbers will do."""

    low: float
    high: float

    @property
    def words(self) -> str:
        return f"number, {self.low:g} to {self.high:g}"

    def read(self, value: Any, where: str) -> float:
        if type(value) not in (int, float) or not self.low <= value <= self.high:
            refuse(where, f"is {_shown(value)}", f"write a number from {self.low:g} to {self.high:g}")
        return float(value) + 0.0


@dataclass(frozen=True)
class Return(_Plain):
    """A simple return: a fraction, or a text in percent."""

    low: float = -0.95
    high: float = 15.0

    @property
    def words(self) -> str:
        return f'return, such as "-0.31%" or -0.0031, {self.low:g} to {self.high:g}'

    def read(self, value: Any, where: str) -> float:
        if isinstance(value, str):
            if not _PERCENT.fullmatch(value):
                refuse(where, f"is {_shown(value)}", 'write a return such as "-0.31%" or -0.0031')
            value = float(value.rstrip("% ")) / 100.0
        return Number(self.low, self.high).read(value, where)


@dataclass(frozen=True)
class Truth(_Plain):
    """Only true can be said; leave the key out otherwise."""

    words: str = "true"

    def read(self, value: Any, where: str) -> bool:
        if value is not True:
            refuse(where, f"is {_shown(value)}", "write true, or leave it out")
        return True


@dataclass(frozen=True)
class Choice(_Plain):
    """One of a few words."""

    options: tuple[str, ...]
    what: str

    @property
    def words(self) -> str:
        return "one of " + ", ".join(f"`{option}`" for option in self.options)

    def read(self, value: Any, where: str) -> str:
        if not isinstance(value, str):
            refuse(where, f"is {_shown(value)}", f"write one of {', '.join(self.options)}")
        if value not in self.options:
            raise InputError(f"{where}: {unknown(self.what, value, self.options)}")
        return value


@dataclass(frozen=True)
class Choices:
    """One word of a few, or a list of them, any of which will do."""

    options: tuple[str, ...]
    what: str

    @property
    def words(self) -> str:
        return f"{Choice(self.options, self.what).words}; or a list of them"

    def read(self, value: Any, where: str) -> tuple[str, ...]:
        given = value if isinstance(value, list) else [value]
        found = tuple(dict.fromkeys(Choice(self.options, self.what).read(item, where) for item in given))
        if not found:
            refuse(where, "is an empty list", f"write one of {', '.join(self.options)}")
        return found

    def write(self, value: tuple[str, ...]) -> Any:
        return value[0] if len(value) == 1 else list(value)


@dataclass(frozen=True)
class Day(_Plain):
    """A day, as text or as TOML's own date."""

    words: str = 'day, such as "2026-04-02"'

    def read(self, value: Any, where: str) -> str:
        found = value
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            found = value.isoformat()
        try:
            if not isinstance(found, str) or dt.date.fromisoformat(found).isoformat() != found:
                raise ValueError
        except ValueError:
            refuse(where, f"is {_shown(value)}, not a day", 'write it as "2026-04-02"')
        if not "1950-01-01" <= found <= "2049-12-31":
            refuse(where, f"is {found}", "write a day from 1950 to 2049")
        return found


@dataclass(frozen=True)
class Session(_Plain):
    """A session by number, or by day."""

    words: str = 'session number or day, such as 40 or "2026-04-02"'

    def read(self, value: Any, where: str) -> Place:
        if type(value) is int:
            return Whole(-_FARTHEST, _FARTHEST).read(value, where)
        return Day().read(value, where)


@dataclass(frozen=True)
class Clock(_Plain):
    """A time of day at the exchange."""

    words: str = 'time at the exchange, such as "14:30"'

    def read(self, value: Any, where: str) -> str:
        found = value.isoformat("minutes") if isinstance(value, dt.time) else value
        if not isinstance(found, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", found, re.ASCII):
            refuse(where, f"is {_shown(value)}", 'write a time such as "14:30"')
        return found


@dataclass(frozen=True)
class Of:
    """A value for all, or a table of values by role, group or symbol; kept as a mapping with the key `all`."""

    kind: Kind
    plain: bool = True

    @property
    def words(self) -> str:
        table = f"table by role, group or symbol of: {self.kind.words}"
        return f"{self.kind.words}; or a {table}" if self.plain else table

    def read(self, value: Any, where: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            if not self.plain:
                refuse(where, f"is {_shown(value)}, not a table", "write { role = value }")
            return {"all": self.kind.read(value, where)}
        if len(value) > _MOST_KEYS or any(len(key) > _LONGEST_KEY for key in value):
            refuse(where, "names too much", f"write at most {_MOST_KEYS} names of {_LONGEST_KEY} characters")
        for key in value:
            Text(_LONGEST_KEY, empty=False).read(key, f"{where}: the name {key!r}")
        return {key: self.kind.read(item, f"{where}.{key}") for key, item in value.items()}

    def write(self, value: Mapping[str, Any]) -> Any:
        if self.plain and set(value) == {"all"}:
            return self.kind.write(value["all"])
        return {key: self.kind.write(item) for key, item in value.items()}


@dataclass(frozen=True)
class Pairs:
    """A table from `"one,other"` to a correlation; kept sorted within each pair."""

    words: str = 'table from two roles or symbols, such as "growth,small", to a number from -1 to 1'

    def read(self, value: Any, where: str) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for key, number in Of(Number(-1.0, 1.0), plain=False).read(value, where).items():
            names = sorted(part.strip() for part in key.split(","))
            if len(names) != 2 or not all(names) or names[0] == names[1]:
                refuse(f"{where}: {key!r}", "is not a pair", 'write two names, such as "growth,small"')
            if ",".join(names) in found:
                refuse(f"{where}: {key!r}", "is given twice", "write each pair once")
            found[",".join(names)] = number
        return found

    def write(self, value: Mapping[str, float]) -> Any:
        return dict(value)


def _shown(value: Any) -> str:
    """A value as a person would quote it, short."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    if type(value) is int and abs(value) > 10**20:
        return "a huge number"
    text = "true" if value is True else "false" if value is False else repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
