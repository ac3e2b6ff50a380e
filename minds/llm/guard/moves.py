"""Which way prose says that things moved, against which way the facts did.

Contract: a word of movement near a placeholder must agree with the sign of its fact; one of the opposites that a fact's
reading knows must be the reading's own; a movement told of somebody without any figure must be one that some fact of
theirs bears out. Words about what is to come are the stance's business (`stance`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from minds.llm.guard.fault import Fault, excerpt
from minds.llm.guard.ground import window
from minds.llm.guard.lists import sets, sides, table
from minds.llm.guard.prose import Segment, Sentence, Token
from minds.llm.pack import Fact, Pack

__all__ = ["Move", "contradicts", "forward_from", "moves", "polarity", "ungrounded"]

_NEAR = 3
_GAVE = frozenset(["gave", "give", "gives", "given", "giving"])
_PUT = frozenset(["put", "puts", "putting", "tacked"])
_COUNTED = frozenset(["names", "stocks", "members", "issues", "shares"])
_TOOK = frozenset(["took", "takes", "take", "cost", "costs", "shaved", "knocked", "wiped"])
_BROUGHT = frozenset(["gave", "gives", "give", "earned", "earns", "brought", "brings", "handed", "added", "adds"])
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
    before = tokens[at - 1].low if at else ""
    if (word == "back" and before in _GAVE) or (word == "on" and before in _PUT):
        return -1 if word == "back" else 1
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
        if before in ("come", "comes", "came", "coming", "goes", "went"):
            near = tokens[at + 2].kind if at + 2 < len(tokens) else ""
            return after in ("with", "short", "for", "against") or (after == "to" and near != "fact")
        return before in sets("grammar", "phrasal") and (word == "up" or before in sets("grammar", "phrasal_down"))
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
        if tokens[back].low == "hard" and tokens[back + 1].low == "to":
            return True
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
        if token.low in ("if", "unless", "until"):
            return at
    return len(tokens)


_BARE = sets("move", "bare")


def _found(segment: Segment) -> list[Move]:
    ahead = forward_from(segment.tokens)
    found = [
        Move(token, at, way, at > ahead)
        for at, token in enumerate(segment.tokens)
        if token.kind == "word" and (way := polarity(segment.tokens, at))
    ]
    return found or _handed(segment, ahead)


def _handed(segment: Segment, ahead: int) -> list[Move]:
    """Verbs whose object a figure is: "the week took {x}", "the day gave it {x}"."""
    tokens = segment.tokens
    for at, token in enumerate(tokens):
        way = (token.low in _BROUGHT) - (token.low in _TOOK)
        if way and any(one.kind == "fact" for one in tokens[at + 1 : at + 4]):
            return [Move(token, at, way, at > ahead)]
    return []


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
                    yield from _opposite(name, segment, fact, pack)
                    for near in _bare_beside(sentence, place):
                        yield from _opposite(name, near, fact, pack)
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
            found = [move for move in _found(sentence.segments[near]) if not move.ahead]
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


def _opposite(name: str, segment: Segment, fact: Fact, pack: Pack) -> Iterator[Fault]:
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
    return -way if way and _negated(tokens, at) else way


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
    for move in _found(segment):
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
            for move in _found(segment):
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
