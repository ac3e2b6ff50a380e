"""Which side prose takes, and whose voice it is.

Contract: a thesis says plainly which way the view points and never the other way; other texts may weigh both sides, but
not in the writer's own name. What is said of another entity, of another mind, or under a condition is not a claim of
the view. A text that calls its own view wrong, refuses, speaks as a machine or addresses instructions is no mind's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from minds.llm.form import Field
from minds.llm.guard.direction import forward_from, polarity
from minds.llm.guard.fault import Fault, excerpt
from minds.llm.guard.lists import lists, sets, table
from minds.llm.guard.prose import Segment, Sentence, Token
from minds.llm.pack import Pack

__all__ = ["side", "states", "voice"]

_STATES = ("thesis",)
"""Fields that must say which way the view points."""
_WEIGHS = ("risk", "point")
"""Fields that speak of the other side by their nature."""
_DOUBTS = ("risk", "closing", "turn", "point")
"""Fields that may say when the view would be wrong."""
_WAYS = {"up": 1, "down": -1, "none": 0}
_THE = sets("grammar", "the")
_PLAIN = sets("grammar", "plain")
_OTHERS = sets("grammar", "others")
_FIRST = sets("grammar", "first")
_LOUD = sets("grammar", "loud")


class Claim(NamedTuple):
    """A word that says which way things will go.

    Attributes:
        way: 1 up, -1 down.
        token: the word.
        plain: whether no condition hangs on it.
        ahead: whether its segment looks ahead, or the word does by itself.
        loud: whether it is said outright.
        mine: whether it is said in the first person.
        theirs: whether somebody else is said to hold it.
    """

    way: int
    token: Token
    plain: bool
    ahead: bool
    loud: bool
    mine: bool
    theirs: bool


def _claims(sentence: Sentence, pack: Pack) -> list[Claim]:
    target = next((one.role for one in pack.entities if one.symbol == pack.symbol), "")
    minds = {word.lower() for other in pack.others for word in other.mind.split()} - {pack.mind.lower()}
    theirs = any(one.low in minds or one.low in _OTHERS for one in sentence.tokens)
    found: list[Claim] = []
    hard = soft = False
    for segment in sentence.segments:
        if segment.tokens[0].text in (",", ";", ":") or segment.tokens[0].low in ("but", "yet", "so"):
            soft = False
            hard = hard and segment.tokens[0].low not in ("but", "yet", "so")
        hard, soft = hard or _conditional(segment, "lasting"), soft or _conditional(segment, "conditional")
        found += _in_segment(segment, target, theirs, hard or soft)
    return found


def _conditional(segment: Segment, name: str) -> bool:
    """Whether a condition hangs on a segment; "I would sell this" is none."""
    found = sets("grammar", name)
    lows = [one.low for one in segment.tokens]
    return any(low in found and not (low == "would" and at and lows[at - 1] in _FIRST) for at, low in enumerate(lows))


def _in_segment(segment: Segment, target: str, theirs: bool, condition: bool) -> Iterator[Claim]:
    tokens = segment.tokens
    ahead, role = forward_from(tokens), target
    for at, token in enumerate(tokens):
        if token.kind == "entity":
            role = token.role
        if token.low == "than":
            return
        way = polarity(tokens, at, claims=True) if token.kind == "word" else 0
        if not way or (role != target and target) or _names_thing(tokens, at) or _measured(tokens, at):
            continue
        yield Claim(
            way, token, not condition, at > ahead or token.low in _PLAIN,
            any(one.low in _LOUD for one in tokens), any(one.low in _FIRST for one in tokens), theirs,
        )  # fmt: skip


def _names_thing(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word such as "rally" only names something: "the rally", "QQQ's rally"."""
    if tokens[at].low not in sets("nouns", "words"):
        return False
    near = [one.low for one in tokens[max(at - 3, 0) : at]]
    if any(low in sets("grammar", "onward") for low in near):
        return False
    if tokens[at].low in ("upside", "downside") and near[-2:-1] and near[-2] in ("on", "to"):
        return False
    for back in (at - 1, at - 2):
        if back >= 0 and (
            tokens[back].low in _THE or tokens[back].text.endswith(("'s", "’s", "s'")) or tokens[back].kind == "fact"
        ):
            return True
    return False


def _measured(tokens: Sequence[Token], at: int) -> bool:
    """Whether a figure stands right behind the word, which then tells of the past."""
    return any(one.kind == "fact" for one in tokens[at + 1 : at + 4]) and tokens[at].low not in _PLAIN


def states(field: Field, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """A thesis that does not say which way its view points, or says both."""
    if field.name not in _STATES:
        return
    want = _WAYS[pack.side]
    claims = [claim for sentence in sentences for claim in _claims(sentence, pack)]
    ahead = [claim for claim in claims if claim.ahead] or [claim for claim in claims if claim.plain]
    plain = [claim for claim in ahead if claim.plain]
    if (
        want
        and not any(claim.way == want and not _turned(claim) for claim in plain)
        and (plain or _hands(sentences) != want)
    ):
        yield Fault("no-side", f"`{field.name}` must say plainly that the view points {pack.side}.")
    against = next((claim for claim in plain if claim.way != want), None)
    if against is not None and not (against.theirs and want):
        yield Fault("other-side", f"`{field.name}` says {excerpt(against.token.text)}; the view points "
                    f"{pack.side if want else 'neither way'}.")  # fmt: skip


def _hands(sentences: Sequence[Sentence]) -> int:
    """Who is said to act, where nothing else is said: 1 for buyers, -1 for sellers, 0 for neither or both."""
    lows = {one.low for sentence in sentences for one in sentence.tokens}
    return bool(lows & {"buyers", "buying", "accumulation"}) - bool(lows & {"sellers", "selling", "distribution"})


def _turned(claim: Claim) -> bool:
    """Whether the word by itself means the other side: "not higher" speaks for down, but does not say it plainly."""
    up = claim.token.low in sets("move", "up") or claim.token.low in sets("claim", "up")
    return up != (claim.way > 0)


def side(field: Field, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """Claims of the other side in the writer's own name."""
    want = _WAYS[pack.side]
    if field.name in _STATES:
        return
    for sentence in sentences:
        for claim in _claims(sentence, pack):
            if claim.way == want or not (claim.ahead and claim.plain and claim.loud):
                continue
            if (claim.theirs and not claim.mine) or (field.name in _WEIGHS and not claim.mine):
                continue
            if want or claim.mine:
                yield Fault("other-side", f"`{field.name}` says {excerpt(claim.token.text)} in its own name; "
                            f"the view points {pack.side if want else 'neither way'}.")  # fmt: skip
                return


def voice(field: Field, sentences: Sequence[Sentence]) -> Iterator[Fault]:
    """Voices that are not a mind's."""
    for sentence in sentences:
        low = sentence.text.lower().replace("’", "'")
        if _calls_itself_wrong(field, low):
            yield Fault(
                "own-wrong", f"`{field.name}` calls its own view wrong; argue for it, and keep doubts for the risk."
            )
        for phrase in lists("voice", "never"):
            if _says(low, phrase):
                yield Fault(
                    "assistant", f"`{field.name}` speaks as an assistant; write as the mind, about the market only."
                )
                return
        for phrase in lists("voice", "instructions"):
            if _says(low, phrase):
                yield Fault(
                    "instruction", f"`{field.name}` speaks of instructions or tools; write about the market only."
                )
                return


def _says(low: str, phrase: str) -> bool:
    at = low.find(phrase)
    while at >= 0:
        end = at + len(phrase)
        if not low[max(at - 1, 0) : at].isalpha() and not (low[end - 1].isalpha() and low[end : end + 1].isalpha()):
            return True
        at = low.find(phrase, at + 1)
    return False


_OWN = "|".join(str(table()["voice"]["own"]).split())
_WRONG = "|".join(str(table()["voice"]["wrong"]).split())
_WRONG_VIEW = re.compile(
    rf"\b(?:the|this|my|our|its) (?:\w+ )?(?:{_OWN}) (?:\S+ ){{0,4}}?"
    rf"(?:{_WRONG}|not (?:correct|right|valid|supported))\b"
)
_WRONG_ME = re.compile(
    rf"\b(?:i|we)(?: am|'m| was| were| are|'re| have been| may be| might be| could be)(?: \w+)? (?:{_WRONG})\b"
)
_LOST = re.compile(r"\bi(?:'m| am) (?:\w+ )?(?:not sure|unsure|confused)\b|\bi have no (?:idea|clue)\b")
_MAYBE = re.compile(r"\b(?:if|unless|would|could|may|might|where|when|what|how|should|until)\b")


def _calls_itself_wrong(field: Field, low: str) -> bool:
    if field.name not in _DOUBTS and _LOST.search(low):
        return True
    if not (_WRONG_VIEW.search(low) or _WRONG_ME.search(low)):
        return False
    return field.name not in _DOUBTS or not _MAYBE.search(low)
