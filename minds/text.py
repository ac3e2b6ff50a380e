"""Text that came from elsewhere, made harmless; and the few helpers that turn words into sentences, titles and paths.

Contract: names of plug-in minds, symbols and reasons may contain anything. What leaves `plain`, `name` or `ticker` is
one line that cannot forge a tag, a footer, a heading, a link or HTML in an essay, whatever came in. Deterministic,
never raises.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["clause", "count", "listing", "name", "plain", "plural", "slug", "ticker", "title_case"]

_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9 ,;'%^/()=?+-]*\.?")
"""Text that needs no work: no markup, no control character, nothing that could look like an address."""
_MARKUP = str.maketrans("[]{}<>|\\`", "()()‹›//'", "*#~") | {ord("@"): " at "}
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{0,20}:/{1,3}|www\.)\S*", re.IGNORECASE)
_LOOSE_UNDERSCORE = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")
_ENTITY = re.compile(r"&(#?\w{1,32});")
_BLOCK_START = re.compile(r"^[\s\-+=:;.,>!/)]+|^([0-9]{1,9})[.)](?=\s|$)")
_STOP = re.compile(r"[.!?]+(?=\s)")
_NOT_NAME = re.compile(r"[^\w .'&^+-]+")
_NOT_TICKER = re.compile(r"[^A-Z0-9.^=]+")
_SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "nor",
        "of",
        "on",
        "or",
        "than",
        "the",
        "to",
        "with",
    ]
)
_COUNTS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


@lru_cache(maxsize=4096)
def plain(text: str, limit: int = 160) -> str:
    """One line of text without markup, control characters or addresses, at most `limit` characters long."""
    if len(text) <= limit and _SAFE.fullmatch(text):
        return text
    text = unicodedata.normalize("NFKC", text[: 4 * limit])
    text = "".join(" " if letter.isspace() else letter for letter in text if _visible(letter))
    text = _ADDRESS.sub("(address removed)", text.translate(_MARKUP))
    text = _ENTITY.sub(r"\1", _LOOSE_UNDERSCORE.sub("", text))
    text = _BLOCK_START.sub(r"\1", " ".join(text.split()))
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


@lru_cache(maxsize=4096)
def name(text: str, limit: int = 32) -> str:
    """A name for a footer or a sentence: as `plain`, without punctuation that means something there, first letter
    large.
    """
    text = " ".join(_NOT_NAME.sub(" ", plain(text, limit)).split()).strip(" .'-+")
    return text[:1].upper() + text[1:] if text else "Unnamed"


@lru_cache(maxsize=4096)
def ticker(symbol: str) -> str:
    """A symbol as essays print it: capitals, digits and `.^=-`, at most 24 of them."""
    text = unicodedata.normalize("NFKC", symbol[:64]).upper()
    return _NOT_TICKER.sub("-", text.replace("WWW.", "WWW-"))[:24].strip(".-=") or "UNNAMED"


def clause(text: str) -> str:
    """A reason or a reading inside a sentence: one line, no stop within it or at its end."""
    return _STOP.sub(";", plain(text)).rstrip(".!?;:, ") or "no reason is given"


def _visible(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def title_case(text: str) -> str:
    """Large first letters as in a headline; words with a capital of their own stay as they are."""
    words = text.split()
    for at, word in enumerate(words):
        inside = 0 < at < len(words) - 1 and not words[at - 1].endswith((":", "?", "."))
        if not (inside and word in _SMALL_WORDS):
            words[at] = word[:1].upper() + word[1:]
    return " ".join(words)


def slug(title: str) -> str:
    """The title as part of a path: lower-case ASCII words joined by hyphens, at most 80 characters."""
    ascii_only = (
        unicodedata.normalize("NFKD", title.replace("'", "").replace("&", "")).encode("ascii", "ignore").decode()
    )
    words = re.findall(r"[a-z0-9]+", ascii_only.lower())
    while len(words) > 1 and len("-".join(words)) > 80:
        words.pop()
    return "-".join(words)[:80] or "untitled"


def listing(items: Sequence[str], joiner: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joiner} {items[-1]}" if items else ""


def count(number: int) -> str:
    """Small counts as words (`three`), larger ones as digits."""
    return _COUNTS[number] if 0 <= number < len(_COUNTS) else str(number)


def plural(number: int, noun: str) -> str:
    """`1 session`, `12 sessions`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
