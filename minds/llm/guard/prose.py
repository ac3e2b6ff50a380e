"""A text as sentences, segments and tokens: what the checks look at.

Contract: pure; the same text and pack give the same tokens. A placeholder is one token, and so is an entity, by its
symbol or by what it is called. Segments are pieces of a sentence between commas, dashes and conjunctions: roughly
clauses, without grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from minds.llm.guard.lists import sets
from minds.llm.pack import Entity, Pack

__all__ = ["Segment", "Sentence", "Token", "parse", "says_much", "split"]

_STOP = re.compile(r"[.?!]+[\"')”’]*(?=\s|$)")
_NO_STOP = re.compile(r"(?:\b(?:vs|e\.g|i\.e|etc|Mr|Mrs|St)|\b[A-Z](?:\.[A-Z])*)\.$")
_BREAK = frozenset(",;:—–")


class Token(NamedTuple):
    """One word, placeholder, entity or sign.

    Attributes:
        kind: which of them.
        text: as written; for a placeholder its id.
        low: in lower case, without a possessive.
        role: role of an entity; empty otherwise.
        start: where it begins in its sentence.
    """

    kind: Literal["word", "fact", "entity", "mark"]
    text: str
    low: str
    role: str
    start: int


class Segment(NamedTuple):
    """A piece of a sentence.

    Attributes:
        tokens: in order.
        first: place of its first token in the sentence.
    """

    tokens: tuple[Token, ...]
    first: int

    @property
    def facts(self) -> tuple[Token, ...]:
        """Its placeholders."""
        return tuple([token for token in self.tokens if token.kind == "fact"])


class Sentence(NamedTuple):
    """One sentence.

    Attributes:
        text: as written.
        tokens: in order.
        segments: the same tokens in pieces.
    """

    text: str
    tokens: tuple[Token, ...]
    segments: tuple[Segment, ...]


def split(text: str) -> list[str]:
    """The sentences of a text."""
    found, start = [], 0
    for stop in _STOP.finditer(text):
        if not _NO_STOP.search(text[start : stop.start() + 1]) or stop.end() == len(text):
            found.append(text[start : stop.end()].strip())
            start = stop.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


@lru_cache(maxsize=1024)
def parse(text: str, pack: Pack) -> tuple[Sentence, ...]:
    """The text in sentences."""
    return tuple([_sentence(part, pack.entities) for part in split(text)])


def _sentence(text: str, entities: tuple[Entity, ...]) -> Sentence:
    pattern, roles = _pattern(entities)
    tokens = tuple(_tokens(text, pattern, roles))
    return Sentence(text, tokens, tuple(_segments(tokens)))


@lru_cache(maxsize=64)
def _pattern(entities: tuple[Entity, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    roles: dict[str, str] = {}
    symbols, names = [], []
    for entity in entities:
        for symbol in {entity.symbol, entity.symbol.lstrip("^")} - {""}:
            roles.setdefault(symbol, entity.role)
            symbols.append(re.escape(symbol))
        for word in entity.words:
            roles.setdefault(word.lower(), entity.role)
            names.append(re.escape(word).replace(r"\ ", r"[\s-]+"))
    symbols.sort(key=_longest)
    names.sort(key=_longest)
    either = [f"(?:{'|'.join(symbols)})" if symbols else "", f"(?i:{'|'.join(names)})" if names else ""]
    named = "|".join([item for item in either if item]) or r"(?!)"
    return re.compile(
        r"\{(?P<fact>[A-Za-z0-9_.-]+)\}"
        rf"|(?<![A-Za-z0-9^.=-])(?P<entity>{named})(?P<owns>['’]s?)?(?![A-Za-z0-9=]|-[A-Za-z0-9]|\.[A-Za-z0-9])"
        r"|(?P<word>\^?[A-Za-z\u00c0-\u024f]+(?:['’.=-][A-Za-z\u00c0-\u024f]+)*=?)"
        r"|(?P<mark>\S)"
    ), roles


def _longest(text: str) -> tuple[int, str]:
    return -len(text), text


def _tokens(text: str, pattern: re.Pattern[str], roles: dict[str, str]) -> Iterator[Token]:
    for found in pattern.finditer(text):
        if found["fact"] is not None:
            yield Token("fact", found["fact"], "", "", found.start())
        elif found["entity"] is not None:
            name = found["entity"]
            key = name if name in roles else " ".join(re.split(r"[\s-]+", name.lower()))
            yield Token("entity", found[0], key.lower(), roles.get(key, roles.get(name.lower(), "")), found.start())
        elif found["word"] is not None:
            low = found["word"].lower().replace("’", "'")
            yield Token("word", found["word"], low.removesuffix("'s") if len(low) > 3 else low, "", found.start())
        else:
            yield Token("mark", found[0], found[0], "", found.start())


def _segments(tokens: Sequence[Token]) -> Iterator[Segment]:
    breaks = sets("grammar", "breaks")
    start = 0
    for at, token in enumerate(tokens):
        if at > start and _breaks(tokens, at, token, breaks):
            yield Segment(tuple(tokens[start:at]), start)
            start = at
    if start < len(tokens):
        yield Segment(tuple(tokens[start:]), start)


def _breaks(tokens: Sequence[Token], at: int, token: Token, breaks: frozenset[str]) -> bool:
    if token.kind == "word":
        return token.low in breaks
    if token.kind != "mark":
        return False
    if token.text in _BREAK:
        return True
    if token.text == "(":
        return not (at + 2 < len(tokens) and tokens[at + 1].kind == "fact" and tokens[at + 2].text == ")")
    return token.text == ")" and not (at >= 2 and tokens[at - 1].kind == "fact" and tokens[at - 2].text == "(")


def says_much(segment: Segment) -> bool:
    """Whether a segment has a noun of its own that a figure could belong to."""
    small = (sets("grammar", "loose"), sets("grammar", "light"), sets("move", "up"), sets("move", "down"))
    return any(one.kind == "word" and not any(one.low in known for known in small) for one in segment.tokens)
