"""Text from outside, before a model reads it: made harmless, cut short, and marked as data.

Contract: `sanitise` returns one line without controls, invisible characters, markup or addresses, whatever came in;
`datamark` joins its words with a marker that the text itself cannot hold (spotlighting: Hines et al. 2024,
arXiv:2403.14720). Deterministic, never raises; only `keep_secret` touches a disk.

What this covers: the author of a headline cannot close the quotation that it stands in, because the marker comes from a
hash with a key that was drawn at random and lies beside the record of calls. A replay or a warm run finds the same key
there and equal facts make equal markers, so the content address of a call stays what it was. What it does not cover: a
model may still believe what it reads, and adaptive attacks broke every published defence of this sort (Nasr et al.
2025, arXiv:2510.09023). Nothing here is relied upon for numbers: model text has no authority over them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from engine.errors import InputError
from minds.text import plain

__all__ = ["SECRET_FILE", "canary", "datamark", "keep_secret", "marker", "sanitise"]

SECRET_FILE = "marker.key"
"""Name of the key's file beside a record of calls: 64 hexadecimal digits and a newline."""

_LIMIT = 300
_FENCE = "^"
"""Both ends of a marker; `sanitise` and `datamark` take it out of text."""
_LETTERS = "bcdfghjkmnpqrstvwxz"
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]{0,400}>")
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,400}\)")
_ADDRESS = re.compile(
    r"(?:\b(?:[a-z][a-z0-9+.-]{1,20}:/{1,3}|(?:javascript|data|mailto):|www\.)\S*)"
    r"|\S{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
    r"|\b(?:[a-z0-9-]{1,63}\.)+(?:com|net|org|io|info|biz|xyz|dev|app|ai|co|ru|cn|uk|eu|me|example|test)\b(?:/\S*)?",
    re.IGNORECASE,
)
_MARKS = str.maketrans("", "", "^`*~#|\\<>[]{}")


def sanitise(text: str, limit: int = _LIMIT) -> str:
    """One line of plain text, at most `limit` characters long.

    NFKC; controls, zero-width, bidirectional and tag characters, private and unassigned ones are dropped; links keep
    their words and lose their address; tags, markup signs and bare addresses go.
    """
    text = unicodedata.normalize("NFKC", text[: 8 * limit])
    text = "".join([" " if letter.isspace() else letter for letter in text if letter.isspace() or _shown(letter)])
    text = _ADDRESS.sub(" ", _TAG.sub(" ", _LINK.sub(r"\1", text)))
    text = plain(" ".join(text.translate(_MARKS).split()), limit)
    return " ".join(text.translate(_MARKS).split())


def marker(secret: bytes, call_material: bytes) -> str:
    """The marker of one call: seven consonants between two `^`, from HMAC-SHA-256.

    Args:
        secret: the key beside the record of calls (`keep_secret`).
        call_material: what decides the call: its facts and its texts from outside, in a fixed form.
    """
    return _FENCE + _word(secret, b"marker", call_material, 7) + _FENCE


def canary(secret: bytes, call_material: bytes) -> str:
    """A word that no honest answer holds; whoever prints it has copied what it was told to keep."""
    return _word(secret, b"canary", call_material, 12)


def datamark(text: str, marker: str) -> str:
    """The words of the text with the marker before, between and after them."""
    body = marker.strip(_FENCE)
    words = text.replace(_FENCE, " ").split()
    if body:
        words = [word for word in words if body.casefold() not in word.casefold()]
    return marker + marker.join(words) + marker


def keep_secret(folder: Path, draw: Callable[[int], bytes] = os.urandom) -> bytes:
    """The key beside a record of calls; drawn and kept, readable by its owner only, when there is none.

    Raises:
        InputError: the file holds something else, or cannot be read or made.
    """
    path = folder / SECRET_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _read(path)
        with os.fdopen(handle, "wb") as file:
            file.write(draw(32).hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return _read(path)
    except OSError as error:
        raise InputError(f"{path}: the key of the record of calls cannot be kept ({error.strerror})") from error


def _read(path: Path) -> bytes:
    text = path.read_bytes()[:80].strip()
    if not re.fullmatch(rb"[0-9a-f]{64}", text):
        raise InputError(f"{path}: not a key (64 hexadecimal digits); restore it, or remove it to start a new record")
    return bytes.fromhex(text.decode())


def _word(secret: bytes, what: bytes, material: bytes, length: int) -> str:
    number = int.from_bytes(hmac.new(secret, what + b"\0" + material, hashlib.sha256).digest(), "big")
    letters = []
    for _ in range(length):
        number, at = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[at])
    return "".join(letters)


def _shown(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me") and letter not in _HOLLOW


_HOLLOW = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and signs by category that print nothing."""
