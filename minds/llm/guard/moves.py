"""Which way prose says that things moved, against which way the facts did.

Contract: a word of movement near a placeholder must agree with the sign of its fact; a movement told of somebody
without any figure must be one that some fact of theirs bears out. Words about what is to come are the stance's business
(`stance`), pairs of opposites those of `opposites`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minds.llm.guard.direction import Move, found_moves
from minds.llm.guard.fault import Fault, excerpt
from minds.llm.guard.lists import sets, table
from minds.llm.guard.opposites import opposite
from minds.llm.guard.prose import Segment, Sentence, Token
from minds.llm.guard.windows import window
from minds.llm.pack import Fact, Pack

__all__ = ["moves", "ungrounded"]

_NEAR = 3
_LINKS = sets("grammar", "links")
_WHERE = sets("grammar", "where")
_TELLING = sets("grammar", "telling")


def moves(name: str, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """Faults between words of movement and the figures that they belong to."""
    for sentence in sentences:
        bound: dict[Token, list[Move]] = {}
        for place, segment in enumerate(sentence.segments):
            found = found_moves(segment)
            facts = [
                (at, token) for at, token in enumerate(segment.tokens) if token.kind == "fact" and pack.fact(token.text)
            ]
            for move in found:
                if facts:
                    bound.setdefault(_nearest(facts, move), []).append(move)
            if facts and not found:
                for move in _neighbours(sentence, place):
                    for _, token in facts:
                        bound.setdefault(token, []).append(move)
            for _, token in facts:
                fact = pack.fact(token.text)
                if fact is not None:
                    yield from opposite(name, segment, fact, pack)
                    for near in _bare_beside(sentence, place):
                        yield from opposite(name, near, fact, pack)
        for token, found in bound.items():
            fact = pack.fact(token.text)
            if fact is not None:
                yield from _agree(name, sentence, fact, token, found)


def _nearest(facts: Sequence[tuple[int, Token]], move: Move) -> Token:
    """The placeholder that is nearest to a word; of two, the one behind it."""
    distances = [(abs(at - move.at), at < move.at, at) for at, _ in facts]
    best = distances.index(min(distances))
    return facts[best][1]


def _neighbours(sentence: Sentence, place: int) -> list[Move]:
    """The moves of the segment before or after a figure that stands alone between commas."""
    if not _alone(sentence.segments[place]):
        return []
    for near in (place - 1, place + 1):
        if 0 <= near < len(sentence.segments):
            found = [move for move in found_moves(sentence.segments[near]) if not move.ahead]
            if found and (near < place or not sentence.segments[near].facts):
                return found
    return []


def _alone(segment: Segment) -> bool:
    """Whether a segment holds figures and small words only."""
    loose, light = sets("grammar", "loose"), sets("grammar", "light")
    return all(one.kind in ("fact", "mark") or one.low in loose or one.low in light for one in segment.tokens)


def _bare_beside(sentence: Sentence, place: int) -> list[Segment]:
    """The segments beside a figure that stands alone between commas."""
    if not _alone(sentence.segments[place]):
        return []
    beside = [*sentence.segments[max(place - 1, 0) : place], *sentence.segments[place + 1 : place + 2]]
    return [segment for segment in beside if not segment.facts]


def _agree(name: str, sentence: Sentence, fact: Fact, token: Token, found: Sequence[Move]) -> Iterator[Fault]:
    for move in found:
        touching = _touching(sentence, token, move.token)
        if move.ahead and fact.kind == "signal":
            if touching:
                yield Fault("forecast", f"In `{name}`, {{{fact.id}}} has been measured; it is not what will happen.")
            continue
        if fact.kind not in ("signal", "view") or (not touching and _of_something(sentence, move.token)):
            continue
        if move.token.low in ("above", "below") and not _levelled(fact):
            continue
        way = fact.speaks if fact.kind == "view" else fact.sign
        if way and move.way != way and not _own_words(move.token, fact):
            yield Fault("direction", f"In `{name}`, {excerpt(move.token.text)} contradicts {{{fact.id}}}, which points "
                        f"{'up' if way > 0 else 'down'}.")  # fmt: skip
            return
        if not way and fact.kind == "signal" and not _own_words(move.token, fact):
            yield Fault("direction", f"In `{name}`, {{{fact.id}}} does not tell which way it moved; leave out "
                        f"{excerpt(move.token.text)}.")  # fmt: skip
            return


def _levelled(fact: Fact) -> bool:
    """Whether a fact says how far something is above or below another."""
    return any(word in fact.thing for word in ("average", "high", "distance"))


def _of_something(sentence: Sentence, word: Token) -> bool:
    """Whether a word such as "decline" only names something that was there before: "the decline"."""
    at = sentence.tokens.index(word)
    return (
        word.low in sets("nouns", "words") and at > 0 and sentence.tokens[at - 1].low in ("the", "this", "that", "its")
    )


def _touching(sentence: Sentence, fact: Token, word: Token) -> bool:
    """Whether only small words stand between the two."""
    tokens = sentence.tokens
    low, high = sorted((tokens.index(fact), tokens.index(word)))
    between = tokens[low + 1 : high]
    return len(between) <= _NEAR and all(one.low in _LINKS or one.kind == "entity" for one in between)


def _own_words(token: Token, fact: Fact) -> bool:
    return token.low in f"{fact.thing} {fact.reads}".lower().replace(",", " ").split()


def ungrounded(name: str, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """A move told of somebody without a figure, where no fact of theirs moved that way."""
    nouns = sets("nouns", "words")
    for sentence in sentences:
        supposed = False
        for segment in sentence.segments:
            supposed = supposed or any(one.low in sets("grammar", "supposing") for one in segment.tokens)
            if segment.facts or supposed:
                continue
            roles = {one.role for one in segment.tokens if one.kind == "entity"}
            if len(roles) != 1:
                continue
            role = roles.pop()
            first = next(at for at, one in enumerate(segment.tokens) if one.kind == "entity")
            for move in found_moves(segment):
                before = segment.tokens[move.at - 1].low if move.at else ""
                if move.ahead or move.at < first or move.token.low in nouns:
                    continue
                if move.token.low in _WHERE and before not in _TELLING:
                    continue
                known = [fact for fact in pack.facts if fact.owner == role]
                if move.token.low in ("above", "below"):
                    known = [fact for fact in known if _levelled(fact)]
                spans = [table()["windows"][one.low] for one in segment.tokens if one.low in table()["windows"]]
                dated = [fact for fact in known if any(low <= window(fact.id) <= high for low, high in spans)]
                if not any(fact.sign == move.way for fact in dated or known):
                    said = sentence.text[max(move.token.start - 12, 0) :][:36]
                    yield Fault("ungrounded", f"`{name}` says {excerpt(said)}, and no fact bears that out.")
                    return
