"""The chain of the ledger, as pure functions: how an entry is hashed, and what follows from what.

Contract: no files here. Entry n's digest is SHA-256, in hexadecimal, over five netstrings (``length:bytes,``): the
digest before it (64 zeros before entry 0), n in decimal, kind, key, body. Netstrings leave one reading of each byte, so
no two different entries are hashed as the same bytes. `linked` raises `ChainError` for an entry that does not follow;
`Head.parse` raises `InputError` for a text that is no head.
"""

from __future__ import annotations

import contextlib
import re
from hashlib import sha256
from typing import NamedTuple, Self

from engine.errors import ChainError, InputError

__all__ = ["BEFORE_ALL", "GENESIS", "REPAIR", "Entry", "Head", "Row", "body_text", "digest_of", "digest_text", "linked"]

GENESIS = "genesis"  # the kind of entry 0, and of no other
BEFORE_ALL = "0" * 64  # stands for the digest before entry 0
REPAIR = "restore the file from a copy, or rebuild it by a new run"

Row = tuple[int, object, object, object, object]  # seq, kind, key, body, digest; damage may put any type into a column


class Head(NamedTuple):
    """How many entries there are, and the digest of the last: together they fix every byte of the record."""

    entries: int
    digest: str  # 64 hexadecimal characters; at least the first 16 where it was read from print

    def __str__(self) -> str:
        """The printed form, such as ``5034:9f86d081884c7d65``."""
        return f"{self.entries}:{self.digest[:16]}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the printed form back, or one with more of the digest; `InputError` for anything else."""
        if not (match := re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-f]{16,64})", text.strip())):
            raise InputError(f"'{text}' is not a ledger head; copy one from an essay, such as 5034:9f86d081884c7d65")
        return cls(int(match[1]), match[2])


class Entry(NamedTuple):
    """One entry as it was appended."""

    seq: int
    kind: str
    key: str
    body: bytes
    digest: str


def digest_of(previous: str, seq: int, kind: bytes, key: bytes, body: bytes) -> str:
    """The digest of an entry whose predecessor has the digest `previous`; 64 hexadecimal characters."""
    number = b"%d" % seq
    fields = (previous.encode(), len(number), number, len(kind), kind, len(key), key, len(body), body)
    return sha256(b"64:%b,%d:%b,%d:%b,%d:%b,%d:%b," % fields).hexdigest()


def linked(source: object, previous: str, row: Row) -> Entry:
    """The entry in `row`, if its digest follows from `previous`; `ChainError` naming `source` and entry if not."""
    seq, kind, key, body, digest = row
    if isinstance(kind, bytes) and isinstance(key, bytes) and isinstance(body, bytes) and isinstance(digest, bytes):
        with contextlib.suppress(UnicodeDecodeError):
            entry = Entry(seq, kind.decode(), key.decode(), body, digest.decode())
            in_place = (seq == 0) == (entry.kind == GENESIS)
            if in_place and digest_of(previous, seq, kind, key, body) == entry.digest:
                return entry
    raise ChainError(f"{source}: entry {seq} does not match its digest, so it or its place was changed; {REPAIR}")


def body_text(body: bytes) -> str:
    """The body as the database stores it; `InputError` if it is not UTF-8."""
    try:
        return str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"a ledger entry's body is not UTF-8 text ({error}); encode it as JSON text") from error


def digest_text(column: object) -> str:
    """A stored digest that may be damaged: what is no text becomes something that no entry follows from."""
    return column.decode(errors="replace") if isinstance(column, bytes) else ""
