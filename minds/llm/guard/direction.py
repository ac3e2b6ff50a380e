"""Words that say which way: up or down, measured or still to come.

Contract: a word and the few before it decide; no grammar. Negation turns a word round, phrases in which "up" or "down"
say nothing of a direction ("turned down the offer") do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from minds.llm.guard.lists import sets
from minds.llm.guard.prose import Segment, Token

__all__ = ["Move", "forward_from", "found_moves", "negated", "polarity"]

_GAVE = frozenset(["gave", "give", "gives", "given", "giving"])
_PUT = frozenset(["put", "puts", "putting", "tacked"])
_TOOK = frozenset(["took", "takes", "take", "cost", "costs", "shaved", "knocked", "wiped"])
_BROUGHT = frozenset(["gave", "gives", "give", "earned", "earns", "brought", "brings", "handed", "added", "adds"])
_BARE = sets("move", "bare")


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
    if word == "ground" and any(one.low in _GAVE for one in tokens[max(at - 2, 0) : at]):
        return -1
    up = word in sets("move", "up") or (claims and word in sets("claim", "up"))
    down = word in sets("move", "down") or (claims and word in sets("claim", "down"))
    if up == down or _phrasal(tokens, at):
        return 0
    way = 1 if up else -1
    return -way if negated(tokens, at) else way


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


def negated(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word is denied by one of the four before it; two denials cancel, and "not only" is none."""
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


def found_moves(segment: Segment) -> list[Move]:
    """The words of direction of a segment; where it has none, verbs whose object is a figure."""
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
        if token.low in _GAVE and at + 1 < len(tokens) and tokens[at + 1].low in ("up", "away"):
            way = -1
        if way and any(one.kind == "fact" for one in tokens[at + 1 : at + 4]):
            return [Move(token, at, way, at > ahead)]
    return []
