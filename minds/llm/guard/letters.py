"""What a text may be made of: Latin letters, plain punctuation, whole sentences of English, no digit, no markup.

Contract: `canonical` changes only how a sign is drawn (spaces, ellipsis, hyphens), never what is said.
Everything else that does not belong is a fault.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator

from minds.llm.form import Field
from minds.llm.guard.fault import Fault, excerpt
from minds.llm.guard.fill import PLACEHOLDER
from minds.llm.guard.lists import sets
from minds.llm.guard.prose import split
from minds.llm.pack import Pack

__all__ = ["canonical", "letters", "shape"]

_DRAWN = str.maketrans({
    "\u2026": "...", "\u2010": "-", "\u2011": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
    "\t": " ", "\n": " ", "\r": " ",
})  # fmt: skip
_SIGNS = frozenset(" .,;:!?'\"()—–-’‘“”")
_LINK = re.compile(r"https?|www\b|://|\w\.(?:com|net|org|io)\b|@|(?<![.A-Za-z])[a-z]{2,}\.[a-z]{2,}", re.IGNORECASE)
_MARKUP = re.compile(r"[*#`<>\[\]_|~=\\]|&\w+;|^\s*[-+>]\s|\(\s*\)|--+")
_LETTERS = frozenset(f"{string.ascii_letters}éèêïöüçñ")
_TOLD = frozenset("@*#`<>[]_|~=\\")
"""Signs of links and markup, which have faults of their own."""
_SENTENCE_CHARS = 420
_LONGEST_WORD = 28
_TITLE_CHARS = 110
_TITLE_WORDS = (3, 18)
_FEWEST_WORDS = 4
_MIXED = 0.16


def canonical(text: str) -> str:
    """One line, with the few signs that models draw differently drawn in one way."""
    return " ".join(part for part in text.translate(_DRAWN).split(" ") if part)


def letters(name: str, text: str, pack: Pack) -> list[Fault]:
    """Faults of single characters; a text that has any is not looked at further."""
    bare = PLACEHOLDER.sub(" x ", text)
    for symbol in sorted({entity.symbol for entity in pack.entities} - {""}, key=len, reverse=True):
        bare = re.sub(rf"(?<![\w^]){re.escape(symbol)}(?!\w)", " ", bare)
    bare = bare.replace("S&P", " ") if any("s&p" in word for entity in pack.entities for word in entity.words) else bare
    return list(_letters(name, bare))


def _letters(name: str, bare: str) -> Iterator[Fault]:
    if any(_figure(letter) for letter in bare):
        yield Fault("digit", f"`{name}` holds a digit or a percent sign; write a placeholder such as {{id}} instead.")
    if _LINK.search(bare):
        yield Fault(
            "link", f"`{name}` holds something like an address; write plain sentences with a space after a stop."
        )
    if "{" in bare or "}" in bare:
        yield Fault("braces", f"`{name}` has a brace that belongs to no placeholder.")
    bare = bare.replace("{", " ").replace("}", " ")
    if _MARKUP.search(bare):
        yield Fault("markup", f"`{name}` holds markup, code or a list; write plain sentences.")
    for letter in bare:
        if letter in "/&":
            yield Fault("markup", f"`{name}` holds a slash or an ampersand; write the words.")
            return
        if letter in _SIGNS or letter in _LETTERS or letter in _TOLD or _figure(letter):
            continue
        yield Fault("letters", f"`{name}` holds a character that does not belong into plain English prose.")
        return
    if unicodedata.normalize("NFKC", bare) != bare:
        yield Fault("letters", f"`{name}` holds a character in a special form; write plain letters.")


def _figure(letter: str) -> bool:
    return letter in "%‰" or unicodedata.category(letter) in ("Nd", "Nl", "No")


def shape(field: Field, text: str) -> list[Fault]:
    """Faults of length, sentences, endings and language."""
    return list(_title(field.name, text) if field.name == "title" else _shape(field, text))


def _title(name: str, text: str) -> Iterator[Fault]:
    words = text.split()
    if len(text) > _TITLE_CHARS or not _TITLE_WORDS[0] <= len(words) <= _TITLE_WORDS[1]:
        yield Fault("length", f"`{name}` must be a headline of {_TITLE_WORDS[0]} to {_TITLE_WORDS[1]} words.")
    if re.search(r"[.!]\s", text) or text.endswith((",", ";", ":", "-", "—")):
        yield Fault("ending", f"`{name}` must be one headline, not several sentences.")
    yield from _english(name, text, 8)


def _shape(field: Field, text: str) -> Iterator[Fault]:
    name, sentences = field.name, split(text)
    if not text:
        yield Fault("length", f"`{name}` is empty.")
        return
    if not re.search(r"[.?!][\"')”’]*$", text) or text.endswith(("...", "..")):
        yield Fault("ending", f"`{name}` does not end with a whole sentence.")
    if not field.least <= len(sentences) <= field.most:
        most = f"{field.least} to {field.most} sentences" if field.most > field.least else "one sentence"
        yield Fault("sentences", f"`{name}` must have {most}, and has {len(sentences)}.")
    if any(len(sentence) > _SENTENCE_CHARS for sentence in sentences):
        yield Fault("length", f"`{name}` has a sentence that is too long.")
    words = PLACEHOLDER.sub("x", text).split()
    if len(words) < _FEWEST_WORDS:
        yield Fault("length", f"`{name}` is too short to say anything.")
    if any(len(word) > _LONGEST_WORD for word in words):
        yield Fault("letters", f"`{name}` holds a word that is far too long.")
    yield from _english(name, text, 6)


def _english(name: str, text: str, least: int) -> Iterator[Fault]:
    """A crude test: English prose is about half function words, other languages bring their own."""
    words = [word.strip(".,;:!?'\"()—–-’‘“”").lower() for word in PLACEHOLDER.sub(" ", text).split()]
    words = [word for word in words if word]
    known, strange = sets("grammar", "function"), sets("grammar", "foreign")
    if sum(word in strange for word in words) >= 2 or (
        len(words) >= least and sum(word in known for word in words) < _MIXED * len(words)
    ):
        yield Fault(
            "language", f"`{name}` does not read as English prose; write whole sentences, {excerpt(text, 24)} is none."
        )
