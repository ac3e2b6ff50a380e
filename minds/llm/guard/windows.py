"""Stretches of time: a figure of one beside the word for another, and stretches that no fact covers.

Contract: a fact's window is the number of sessions in its id; facts without one are not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from minds.llm.guard.fault import Fault
from minds.llm.guard.lists import table
from minds.llm.guard.prose import Segment, Sentence, Token, says_much
from minds.llm.pack import Fact, Pack

__all__ = ["window", "windows"]

_LONG = ("year", "quarter", "half-year")


def windows(name: str, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """A figure of one stretch of time beside the word for another."""
    spans: Mapping[str, list[int]] = table()["windows"]
    for sentence in sentences:
        for before, one in pairwise(sentence.tokens):
            if one.low in _LONG and before.low in ("the", "this", "a") and not _covered(spans[one.low], pack):
                yield Fault("window", f"`{name}` speaks of the {one.low}, and no fact is about it.")
        for segment in sentence.segments:
            named = [one for one in segment.tokens if one.low in spans and one.kind == "word"]
            if not named and segment.facts and not says_much(segment):
                place = sentence.segments.index(segment)
                beside = [*sentence.segments[max(place - 1, 0) : place], *sentence.segments[place + 1 : place + 2]]
                named = next((found for near in beside if (found := _spanning(near, spans))), [])
            elif not named and segment.facts and segment.tokens[0].text == ":":
                named = _spanning(sentence.segments[max(sentence.segments.index(segment) - 1, 0)], spans)
            for token in segment.facts:
                size = window(token.text)
                if not size or not named:
                    continue
                near = _closest(named, token)
                low, high = spans[near.low]
                if not low <= size <= high and not _reads(near, pack.fact(token.text)):
                    yield Fault("window", f"In `{name}`, {{{token.text}}} is not about the {near.low}.")


def _covered(span: list[int], pack: Pack) -> bool:
    return any(span[0] <= window(fact.id) <= span[1] for fact in pack.facts)


def _spanning(segment: Segment, spans: Mapping[str, list[int]]) -> list[Token]:
    """Words for stretches of time in a segment without figures of its own."""
    return [] if segment.facts else [one for one in segment.tokens if one.low in spans and one.kind == "word"]


def _closest(named: Sequence[Token], fact: Token) -> Token:
    distances = [abs(one.start - fact.start) for one in named]
    return named[distances.index(min(distances))]


def window(name: str) -> int:
    """Sessions in a fact's id (`growth.ret_5d` is 5); 0 when it tells none."""
    tail = name.rpartition("_")[2]
    return int(tail[:-1]) if tail.endswith("d") and tail[:-1].isdecimal() and tail.isascii() else 0


def _reads(token: Token, fact: Fact | None) -> bool:
    return fact is not None and token.low in f"{fact.thing} {fact.reads}".lower().split()
