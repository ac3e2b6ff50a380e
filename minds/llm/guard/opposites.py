"""Opposites that a fact's reading settles: "low" where fear is high, "sold" where the day was bought.

Contract: a word is judged beside the figure that it stands with, or beside the thing that a fact reads. What no fact
has a reading of is not judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import takewhile

from minds.llm.guard.direction import found_moves, negated, polarity
from minds.llm.guard.fault import Fault, excerpt
from minds.llm.guard.lists import sets, sides, table
from minds.llm.guard.prose import Segment, Sentence, Token
from minds.llm.pack import Fact, Pack

__all__ = ["contradicts", "opposite"]

_STILL = ("level", "share")
"""Units whose values are high or low, and do not by themselves rise or fall."""
_COUNTED = frozenset(["names", "stocks", "members", "issues", "shares"])


def opposite(name: str, segment: Segment, fact: Fact, pack: Pack) -> Iterator[Fault]:
    """Words that are the opposite of what the fact is taken to mean, for instance "low" where fear is high."""
    said = fact.reads.lower().replace(",", " ").replace(":", " ").split()
    named = any(entity.role == fact.owner and entity.symbol for entity in pack.entities)
    yield from _order(name, segment, fact)
    gap = any(word in fact.thing for word in ("gap", "divergence"))
    for axis in table()["axes"]:
        way = _leans(said, axis)
        if not way and (
            (axis == "trade" and fact.unit == "return" and named)
            or (axis == "level" and fact.unit in _STILL)
            or (axis == "width" and gap)
            or (axis in ("width", "weight") and fact.owner == "breadth")
        ):
            way = fact.sign
        if not way:
            continue
        for at, token in enumerate(segment.tokens):
            if token.kind != "word" or token.low in said:
                continue
            sense = _sense(axis, segment.tokens, at)
            if sense and sense != way:
                yield Fault("direction", f"In `{name}`, {excerpt(token.text)} contradicts {{{fact.id}}}.")
                return


def _order(name: str, segment: Segment, fact: Fact) -> Iterator[Fault]:
    """Two sides that change places: "declines outnumber advances" where the reading has it the other way round."""
    text = " ".join([one.low for one in segment.tokens])
    wrong = _wrong_way(segment, fact)
    if wrong:
        yield Fault("direction", f"In `{name}`, {excerpt(wrong)} contradicts {{{fact.id}}}.")
    first, verb, second = fact.reads.lower().partition(" outnumber ")
    if verb and (f"{second}{verb}{first}" in text or f"{first} are outnumbered" in text):
        yield Fault("direction", f"In `{name}`, {{{fact.id}}} says that {excerpt(fact.reads)}.")
    if "its high" in fact.thing and any(word in text.split() for word in ("low", "lows", "bottom")):
        yield Fault("direction", f"In `{name}`, {{{fact.id}}} is {excerpt(fact.thing)}.")


def _wrong_way(segment: Segment, fact: Fact) -> str:
    """A word that turns round what a fact by its kind is about: a share above, a probability of a rise, who leads."""
    tokens = segment.tokens
    if ".above_" in fact.id and any(one.low == "below" for one in tokens):
        return "below"
    if fact.kind == "call" and "rise" in fact.thing:
        before = list(takewhile(lambda one: one.text != fact.id, tokens))
        return next((one.text for at, one in enumerate(before) if polarity(before, at) < 0), "")
    for key, subject in table()["subjects"].items():
        for at, one in enumerate(tokens) if fact.sign and fact.id.startswith(key) else ():
            behind = range(at + 1, min(at + 3, len(tokens)))
            if one.low == subject and any(_sense("lead", tokens, place) == -fact.sign for place in behind):
                return one.text
    return ""


def _sense(axis: str, tokens: Sequence[Token], at: int) -> int:
    """Side of a pair of opposites that a word takes, negation taken into account; 0 for neither."""
    way = sides().get(tokens[at].low, {}).get(axis, 0)
    if axis == "many" and (at + 1 == len(tokens) or tokens[at + 1].low not in _COUNTED):
        return 0
    return -way if way and negated(tokens, at) else way


def contradicts(name: str, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """The opposite of what facts are taken to mean, said without any figure: "fear is low" where it reads high."""
    for sentence in sentences:
        supposed = False
        for segment in sentence.segments:
            supposed = supposed or any(one.low in sets("grammar", "supposing") for one in segment.tokens)
            if supposed:
                continue
            roles = {one.role for one in segment.tokens if one.role}
            for axis, way, at in _senses(segment):
                near = {one.low for one in segment.tokens[max(at - 4, 0) : at + 5]}
                taken = [
                    side
                    for words, owner, pairs in _readings(pack)
                    if (words & near or (axis == "tone" and owner in roles))
                    and (not roles or not owner or owner in roles)
                    and (side := pairs.get(axis, 0))
                ]
                if taken and way not in taken:
                    said = excerpt(segment.tokens[at].text)
                    yield Fault("direction", f"`{name}` says {said} of something that the facts read the other way.")
                    return


def _senses(segment: Segment) -> Iterator[tuple[str, int, int]]:
    """Axis, side and place of every word that has an opposite."""
    for at, token in enumerate(segment.tokens):
        for axis in sides().get(token.low, {}) if token.kind == "word" else {}:
            way = _sense(axis, segment.tokens, at)
            if way:
                yield axis, way, at
    for move in found_moves(segment):
        if not move.ahead and not segment.facts and move.token.low not in sets("nouns", "words"):
            yield "move", move.way, move.at


@lru_cache(maxsize=256)
def _readings(pack: Pack) -> tuple[tuple[frozenset[str], str, dict[str, int]], ...]:
    """For every fact with a reading: the words it is about, its owner, and the side it takes on each axis."""
    found = []
    for fact in pack.facts:
        said = [word.strip(".,;:()'") for word in fact.reads.lower().split()]
        pairs = {}
        for axis in table()["axes"]:
            way = _leans(said, axis)
            if way:
                pairs[axis] = way
        small = (sets("grammar", "function"), sets("grammar", "light"))
        words = frozenset(
            word for word in said if word and not any(word in known for known in small) and word not in sides()
        )
        way = any(word in sets("move", "up") for word in said) - any(word in sets("move", "down") for word in said)
        if way:
            pairs["move"] = way
        if fact.kind == "signal" and fact.unit == "return" and fact.sign:
            pairs.setdefault("tone", fact.sign)
        found.append((words, fact.owner, pairs))
    return tuple(found)


def _leans(said: Sequence[str], axis: str) -> int:
    """Side of a pair of opposites that words take on the whole."""
    ways = {sides().get(word, {}).get(axis, 0) for word in said}
    return (1 in ways) - (-1 in ways)
