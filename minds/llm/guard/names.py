"""Who and what prose may name: entities of the pack, its minds, and nobody else.

Contract: a capitalised word inside a sentence must be known; so must everything that looks like a ticker. At the head
of a sentence and in titles, where capitals say nothing, only names that are known to be names are caught.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from minds.llm.guard.fault import Fault, excerpt
from minds.llm.guard.lists import lists, sets
from minds.llm.guard.prose import Sentence, Token
from minds.llm.pack import Pack

__all__ = ["names", "sources"]

_TICKER = re.compile(r"\^[A-Za-z]{1,8}|[A-Z]{2,6}(?:[.=-][A-Z]{1,6})*=?|[A-Z]{1,5}[=.][A-Z]{1,4}")
_SHOUT = frozenset(["AND", "NOT", "THE", "ALL", "NO", "IS"])


def names(name: str, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """Tickers and proper names that the pack does not know."""
    for sentence in sentences:
        opened = True
        for token in sentence.tokens:
            if token.kind == "mark":
                opened = opened or token.text in ":\"“‘'("
                continue
            if token.kind == "word":
                fault = _stranger(name, token, opened, pack)
                if fault is not None:
                    yield fault
                    return
            opened = False


def _stranger(name: str, token: Token, opened: bool, pack: Pack) -> Fault | None:
    base = re.sub(r"['’]s?$", "", token.text)
    known, free = _known(pack), sets("names", "free")
    if base in free or base in known or token.text in free:
        return None
    if _TICKER.fullmatch(base) and base not in _SHOUT:
        return Fault("ticker", f"`{name}` names {excerpt(base)}, which is not in the evidence.")
    if base in sets("names", "known") or token.low in sets("names", "any_case"):
        return Fault("name", f"`{name}` names {excerpt(base)}, of whom the evidence knows nothing.")
    if token.low in sets("names", "assets") and token.low not in _vocabulary(pack):
        return Fault("name", f"`{name}` names {excerpt(token.low)}, of which the evidence knows nothing.")
    if not opened and name != "title" and any(letter.isupper() for letter in base):
        return Fault(
            "name",
            f"`{name}` names {excerpt(base)}, which the evidence does not; write ordinary words in small letters.",
        )
    return None


@lru_cache(maxsize=256)
def _known(pack: Pack) -> frozenset[str]:
    """Capitalised words of the pack: minds, symbols, and what facts call things."""
    found = {pack.mind, pack.symbol, pack.symbol.lstrip("^"), "Synthesis"}
    for text in (pack.mind, *[other.mind for other in pack.others]):
        found |= set(text.split())
    for fact in pack.facts:
        for word in f"{fact.thing} {fact.reads} {fact.text}".split():
            found.add(re.sub(r"['’]s?$", "", word.strip(".,;:()")))
    return frozenset(word for word in found if word[:1].isupper() or word.startswith("^"))


@lru_cache(maxsize=256)
def _vocabulary(pack: Pack) -> frozenset[str]:
    """Every word by which the pack calls something."""
    texts = [f"{fact.thing} {fact.reads}" for fact in pack.facts]
    texts += [f"{' '.join(entity.words)} {entity.role.replace('_', ' ')}" for entity in pack.entities]
    return frozenset(re.sub(r"['’]s?$", "", word.strip(".,;:()")).lower() for text in texts for word in text.split())


def sources(name: str, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """Sources and events that no fact knows."""
    voices = {word.lower() for mind in (pack.mind, *[other.mind for other in pack.others]) for word in mind.split()}
    for sentence in sentences:
        lows = [token.low for token in sentence.tokens]
        said = " " + " ".join(lows) + " "
        for phrase in lists("sources", "phrases"):
            if f" {phrase} " in said:
                rest = said.split(f" {phrase} ", 1)[1].split()
                if phrase == "according to" and any(word in voices for word in rest[:2]):
                    continue
                yield Fault("source", f"`{name}` says {excerpt(phrase)}; there is no source but the evidence.")
                return
        for word in lows:
            if word in sets("sources", "never"):
                yield Fault("source", f"`{name}` brings in {excerpt(word)}; there is no source but the evidence.")
                return
            if word in sets("sources", "events") and word not in _vocabulary(pack):
                yield Fault("event", f"`{name}` speaks of {excerpt(word)}, of which the evidence knows nothing.")
                return
