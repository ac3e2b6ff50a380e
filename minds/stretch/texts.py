"""Canonical JSON of many sessions at once, from columns: what `minds.record.canonical` would say of each.

Contract: a text is woven from parts, in order. A part is either the same for every session (`bytes`) or one text a
session (a list); lists that go into one text are equally long. Canonical JSON sorts names, so members come sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat

import orjson

__all__ = ["arrays", "column", "fields", "gathered", "members", "woven"]

Part = bytes | list[bytes]
Parts = tuple[Part, ...]

_join: Callable[[Iterable[bytes]], bytes] = b"".join
_comma: Callable[[Iterable[bytes]], bytes] = b",".join


def column(values: Sequence[float | str | None]) -> list[bytes]:
    """The text of each of some numbers, or of some words without a comma in them."""
    return orjson.dumps(values)[1:-1].split(b",") if values else []


def arrays(rows: Sequence[tuple[float | None, ...]]) -> list[bytes]:
    """The text of each of some rows of numbers, none of them empty."""
    return [b"[%b]" % row for row in orjson.dumps(rows)[2:-2].split(b"],[")] if rows else []


def fields(members: Iterable[tuple[str, Part | Parts]]) -> Parts:
    """The parts of an object from its members."""
    found: list[Part] = []
    before = b"{"
    for name, value in members:
        found.append(before + orjson.dumps(name) + b":")
        found += value if isinstance(value, tuple) else (value,)
        before = b","
    return (*found, b"}" if found else b"{}")


def woven(parts: Parts, count: int) -> list[bytes]:
    """The texts of `count` sessions."""
    strands = list(_strands(parts))
    if all(isinstance(strand, bytes) for strand in strands):
        return [_join(strands)] * count  # type: ignore[arg-type]
    return list(map(_join, zip(*[repeat(each) if isinstance(each, bytes) else each for each in strands], strict=False)))


def _strands(parts: Parts) -> Iterator[Part]:
    """The parts, with neighbours that are the same for every session joined."""
    fixed = b""
    for part in parts:
        if isinstance(part, bytes):
            fixed += part
            continue
        if fixed:
            yield fixed
            fixed = b""
        yield part
    if fixed:
        yield fixed


def members(parts: Sequence[tuple[str, list[bytes], Sequence[bool] | None]], count: int) -> Parts:
    """The parts of an object, some members of which are there on some sessions only.

    Args:
        parts: names in order, the texts beside them, and where each is there; None for everywhere.
        count: of the sessions.
    """
    there = [at for at, (_, _, where) in enumerate(parts) if where is None]
    found: list[Part] = [b"{"]
    if not there:
        columns = [_where(b"", name, texts, where or (), b"") for name, texts, where in parts]
        return b"{", gathered(columns, count), b"}"
    for at, (name, texts, where) in enumerate(parts):  # commas stand on the side of one that is always there
        before, after = b"," * (at > there[0]), b"," * (at < there[0])
        if where is None:
            found += (before + orjson.dumps(name) + b":", texts)
        else:
            found.append(_where(before, name, texts, where, after))
    return (*found, b"}")


def _where(before: bytes, name: str, texts: list[bytes], where: Sequence[bool], after: bytes) -> list[bytes]:
    """One member where it is there, and nothing elsewhere."""
    before += orjson.dumps(name) + b":"
    return [before + text + after if here else b"" for text, here in zip(texts, where, strict=True)]


def gathered(columns: Sequence[list[bytes]], count: int) -> list[bytes]:
    """The members of an array or object, which may be missing (empty) on some sessions, with commas between them."""
    if not columns:
        return [b""] * count
    return [_comma(filter(None, row)) for row in zip(*columns, strict=True)]
