"""Which way prose says that things moved, against which way the facts did.

Contract: a word of movement near a placeholder must agree with the sign of its fact; one of the opposites that a fact's
reading knows must be the reading's own; a movement told of somebody without any figure must be one that some fact of
theirs bears out. Words about what is to come are the stance's business (`stance`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from minds.llm.guard.fault import Fault, excerpt
from minds.llm.guard.lists import sets, table
from minds.llm.guard.prose import Segment, Sentence, Token
from minds.llm.pack import Fact, Pack

__all__ = ["Move", "forward_from", "moves", "polarity", "ungrounded"]

_NEAR = 3
_STILL = ("level", "share")
"""Units whose values are high or low, and do not by themselves rise or fall."""
_LINKS = sets("grammar", "links")
_WHERE = sets("grammar", "where")
_TELLING = sets("grammar", "telling")


class Move(NamedTuple):
    """A word of direction.

    Attributes:
        token: the word.
        at: its place in the segment.
        way: 1 up, -1 down, negation taken into account.
        ahead: whether it stands behind a word that looks ahead.
    """

    token: Token
    at: int
    way: int
    ahead: bool


def polarity(tokens: Sequence[Token], at: int, *, claims: bool = False) -> int:
    """1 for a word of rising, -1 of falling, 0 for neither; negation before it turns it round."""
    word = tokens[at].low
    up = word in sets("move", "up") or (claims and word in sets("claim", "up"))
    down = word in sets("move", "down") or (claims and word in sets("claim", "down"))
    if up == down or _phrasal(tokens, at):
        return 0
    way = 1 if up else -1
    return -way if _negated(tokens, at) else way


def _phrasal(tokens: Sequence[Token], at: int) -> bool:
    before = tokens[at - 1].low if at else ""
    after = tokens[at + 1].low if at + 1 < len(tokens) else ""
    word = tokens[at].low
    if word in ("up", "down"):
        return before in sets("grammar", "phrasal") or (
            after in ("to", "on", "with") and before not in ("is", "was", "are")
        )
    if word in ("above", "below"):
        return after in ("all", "the", "ground") and (
            len(tokens) <= at + 2 or tokens[at + 2].low in ("surface", "board", "ground") or after == "all"
        )
    return (word in ("lost", "loses") and after == "on") or (
        word in ("rise", "rises") and after == "to" and before == "gives"
    )


def _negated(tokens: Sequence[Token], at: int) -> bool:
    negators = sets("grammar", "negators")
    for back in range(at - 1, max(at - 5, -1), -1):
        if tokens[back].kind == "mark" and tokens[back].text in ".;:!?":
            return False
        if tokens[back].low in negators:
            after = tokens[back + 1].low if back + 1 < len(tokens) else ""
            if tokens[back].low == "not" and after in ("only", "just", "merely"):
                return False
            double = any(one.low in negators for one in tokens[max(back - 3, 0) : back])
            return not double
    return False


def forward_from(tokens: Sequence[Token]) -> int:
    """Place from which a segment looks ahead; its length when it does not."""
    forward = sets("grammar", "forward")
    for at, token in enumerate(tokens):
        if token.kind == "word" and token.low in forward:
            return at
        if token.low == "to" and at + 1 < len(tokens) and tokens[at + 1].low in _BARE:
            return at
        if token.low in ("if", "unless", "until", "before", "when", "once"):
            return at
    return len(tokens)


_BARE = sets("move", "bare")


def _found(segment: Segment) -> list[Move]:
    ahead = forward_from(segment.tokens)
    return [
        Move(token, at, way, at > ahead)
        for at, token in enumerate(segment.tokens)
        if token.kind == "word" and (way := polarity(segment.tokens, at))
    ]


def moves(name: str, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """Faults between words of movement and the figures that they belong to."""
    for sentence in sentences:
        bound: dict[Token, list[Move]] = {}
        for place, segment in enumerate(sentence.segments):
            found = _found(segment)
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
            for _at, token in facts:
                fact = pack.fact(token.text)
                if fact is not None:
                    yield from _opposite(name, segment, fact)
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
    segment = sentence.segments[place]
    loose = sets("grammar", "loose")
    if any(one.kind == "entity" or (one.kind == "word" and one.low not in loose) for one in segment.tokens):
        return []
    for near in (place - 1, place + 1):
        if 0 <= near < len(sentence.segments):
            found = [move for move in _found(sentence.segments[near]) if not move.ahead]
            if found and (near < place or not sentence.segments[near].facts):
                return found
    return []


def _agree(name: str, sentence: Sentence, fact: Fact, token: Token, found: Sequence[Move]) -> Iterator[Fault]:
    for move in found:
        touching = _touching(sentence, token, move.token)
        if move.ahead and fact.kind == "signal":
            if touching:
                yield Fault("forecast", f"In `{name}`, {{{fact.id}}} has been measured; it is not what will happen.")
            continue
        if fact.kind not in ("signal", "view"):
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


def _touching(sentence: Sentence, fact: Token, word: Token) -> bool:
    """Whether only small words stand between the two."""
    tokens = sentence.tokens
    low, high = sorted((tokens.index(fact), tokens.index(word)))
    between = tokens[low + 1 : high]
    return len(between) <= _NEAR and all(one.low in _LINKS or one.kind == "entity" for one in between)


def _own_words(token: Token, fact: Fact) -> bool:
    return token.low in f"{fact.thing} {fact.reads}".lower().replace(",", " ").split()


def _opposite(name: str, segment: Segment, fact: Fact) -> Iterator[Fault]:
    """Words that are the opposite of what the fact is taken to mean, for instance "low" where fear is high."""
    said = f"{fact.thing} {fact.reads}".lower().replace(",", " ").split()
    for axis in table()["axes"]:
        one, other = sets("axes", axis, 0), sets("axes", axis, 1)
        way = (any(word in one for word in said)) - (any(word in other for word in said))
        if (not way and (axis == "trade" and fact.unit == "return")) or (axis == "level" and fact.unit in _STILL):
            way = fact.sign
        if not way:
            continue
        for at, token in enumerate(segment.tokens):
            if token.kind != "word" or token.low in said:
                continue
            sense = (token.low in one) - (token.low in other)
            if sense and _negated(segment.tokens, at):
                sense = -sense
            if sense and sense != way and axis != "many":
                yield Fault("direction", f"In `{name}`, {excerpt(token.text)} contradicts {{{fact.id}}}.")
                return


def ungrounded(name: str, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """A move told of somebody without a figure, where no fact of theirs moved that way."""
    nouns = sets("nouns", "words")
    for sentence in sentences:
        for segment in sentence.segments:
            if segment.facts:
                continue
            roles = {one.role for one in segment.tokens if one.kind == "entity"}
            if len(roles) != 1:
                continue
            role = roles.pop()
            first = next(at for at, one in enumerate(segment.tokens) if one.kind == "entity")
            for move in _found(segment):
                before = segment.tokens[move.at - 1].low if move.at else ""
                if move.ahead or move.at < first or move.token.low in nouns:
                    continue
                if move.token.low in _WHERE and before not in _TELLING:
                    continue
                if not any(fact.owner == role and fact.sign == move.way for fact in pack.facts):
                    said = sentence.text[max(move.token.start - 12, 0) :][:36]
                    yield Fault("ungrounded", f"`{name}` says {excerpt(said)}, and no fact bears that out.")
                    return
