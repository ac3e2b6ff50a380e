"""Positive grounding: every figure is cited, and stands beside what it measures.

Contract: works on segments, not on grammar, and errs on the side of rejecting: what cannot be tied to a fact is a
fault. A false relation between two true figures can still pass ("one explains the other"); essays therefore print the
evidence beside the prose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from minds.llm.form import Form
from minds.llm.guard.fault import Fault, excerpt
from minds.llm.guard.fill import FREE, PLACEHOLDER
from minds.llm.guard.lists import sets, table
from minds.llm.guard.prose import Segment, Sentence, Token, says_much
from minds.llm.guard.windows import window
from minds.llm.pack import Fact, Pack

__all__ = ["anchored", "cited", "entities"]

_EITHER = frozenset(["long", "short"])
"""Words of many things, of averages as of yields."""
_RELATIVE = frozenset(["which", "who", "that", "whose"])
_OWNS = ("'s", "’s", "s'", "s’")


def cited(form: Form, texts: Mapping[str, str], cites: tuple[str, ...], pack: Pack) -> Iterator[Fault]:
    """Placeholders and citations, over the whole answer."""
    used: list[str] = []
    for name, text in texts.items():
        for found in PLACEHOLDER.finditer(text):
            known = found[1] == FREE or pack.fact(found[1]) is not None
            if not known:
                yield Fault("unknown-fact", f"`{name}` uses {found[0][:60]}, which is no fact of the evidence.")
            elif found[1] != FREE and found[1] not in used:
                used.append(found[1])
    if len(set(cites)) < len(cites):
        yield Fault("cite", "`cites` lists a fact twice.")
    strangers = [cite for cite in cites if pack.fact(cite) is None]
    if strangers:
        yield Fault("cite", f"`cites` lists {excerpt(strangers[0])}, which is no fact of the evidence.")
    for name in used:
        if name not in cites:
            yield Fault("uncited", f"{{{name}}} is used and not listed in `cites`.")
    idle = [cite for cite in cites if cite not in used and cite not in strangers]
    if idle:
        yield Fault("unused", f"`cites` lists {', '.join(idle[:3])}, and no text uses it as a placeholder.")
    if len(used) < form.cited:
        yield Fault("too-few", f"Use the placeholders of at least {form.cited} different facts.")
    facts = [pack.fact(name) for name in used]
    if used and not any(fact is not None and fact.kind == "signal" for fact in facts) and _has_signal(pack):
        yield Fault("no-signal", "Use the placeholder of at least one signal.")


def _has_signal(pack: Pack) -> bool:
    return any(fact.kind == "signal" for fact in pack.facts)


def entities(name: str, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """A figure of one entity beside the name of another."""
    last = ""
    for sentence in sentences:
        for segment in sentence.segments:
            for token in segment.facts:
                fact = pack.fact(token.text)
                if fact is None:
                    continue
                at = segment.tokens.index(token)
                owner = segment.tokens[at - 1] if at else None
                if owner is not None and owner.role not in ("", fact.owner) and owner.text.endswith(_OWNS):
                    yield _swapped(name, fact)
                    continue
                if not fact.owner or not _named(fact.owner, pack):
                    continue
                seen = _whose(sentence, segment, token, last)
                if seen and fact.owner not in seen:
                    yield _swapped(name, fact)
        for token in sentence.tokens:
            last = token.role or last


def _swapped(name: str, fact: Fact) -> Fault:
    return Fault("entity", f"In `{name}`, {{{fact.id}}} is {excerpt(fact.thing)}, and stands beside another's name.")


def _named(owner: str, pack: Pack) -> bool:
    return any(entity.role == owner for entity in pack.entities)


def _whose(sentence: Sentence, segment: Segment, token: Token, last: str) -> tuple[str, ...]:
    """The roles that a placeholder may belong to by where it stands; empty when nobody is near."""
    at = segment.tokens.index(token)
    before = _nearest(segment.tokens[:at])
    if before:
        return before
    after = [one.role for one in segment.tokens[at:] if one.kind == "entity"]
    if after:
        return (after[0],)
    if says_much(segment) and segment.tokens[0].low not in _RELATIVE:
        return ()
    place = sentence.segments.index(segment)
    for earlier in reversed(sentence.segments[:place]):
        before = _nearest(earlier.tokens)
        if before:
            return before
        if says_much(earlier):
            return ()
    for later in sentence.segments[place + 1 :]:
        after = [one.role for one in later.tokens if one.kind == "entity"]
        if after:
            return (after[0],)
        if says_much(later):
            return ()
    pronoun = any(one.low in sets("grammar", "pronouns") for one in sentence.tokens)
    return (last,) if last and pronoun else ()


def _nearest(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The last entity, and the one before it when the last is an object ("leads IWM by")."""
    found: list[str] = []
    for at in range(len(tokens) - 1, -1, -1):
        if tokens[at].kind != "entity":
            continue
        found.append(tokens[at].role)
        left = [one.low for one in tokens[max(at - 2, 0) : at] if one.low != "the"]
        if not left or left[-1] not in sets("grammar", "objects"):
            break
    return tuple(found)


def anchored(name: str, sentences: Sequence[Sentence], pack: Pack) -> Iterator[Fault]:
    """A figure with nothing near it that says what it is."""
    target = next((one.role for one in pack.entities if one.symbol == pack.symbol), "")
    traded = {one.role for one in pack.entities if one.symbol}
    before: Sentence | None = None
    about = target
    for sentence in sentences:
        for segment in sentence.segments:
            for token in segment.tokens:
                about = token.role if token.role in traded else about
                fact = pack.fact(token.text) if token.kind == "fact" else None
                if fact is None or _anchored(fact, sentence, segment, before, pack):
                    continue
                if not (fact.owner and fact.owner == about == target and _when(fact, sentence)):
                    yield Fault("unanchored", f"In `{name}`, nothing beside {{{fact.id}}} says that it is "
                                f"{excerpt(fact.thing)}; name it in the same clause.")  # fmt: skip
        before = sentence


def _when(fact: Fact, sentence: Sentence) -> bool:
    """Whether the sentence speaks of the stretch of time that the fact covers ("the week took another ...")."""
    spans: Mapping[str, list[int]] = table()["windows"]
    named = [spans[one.low] for one in sentence.tokens if one.low in spans]
    return any(low <= window(fact.id) <= high for low, high in named)


def _anchored(fact: Fact, sentence: Sentence, segment: Segment, before: Sentence | None, pack: Pack) -> bool:
    signs = _anchors(fact, pack)
    if _hit(segment.tokens, signs, fact):
        return True
    if not _refers(segment) and (says_much(segment) or any(one.kind == "entity" for one in segment.tokens)):
        return False
    place = sentence.segments.index(segment)
    for near in (sentence.segments[max(place - 2, 0) : place], sentence.segments[place + 1 : place + 2]):
        if any(_hit(one.tokens, signs, fact) for one in near):
            return True
    pronoun = any(one.low in sets("grammar", "pronouns") for one in sentence.tokens)
    return pronoun and before is not None and _hit(before.tokens, signs, fact)


def _refers(segment: Segment) -> bool:
    """Whether a segment is about what was named before: a pronoun comes before any noun and before the figure."""
    pronouns, small = sets("grammar", "pronouns"), sets("grammar", "loose")
    if segment.tokens[0].low in _RELATIVE:
        return True
    for one in segment.tokens:
        if one.kind == "fact":
            rest = segment.tokens[segment.tokens.index(one) + 1 :]
            return len(rest) > 1 and rest[0].low == "of" and rest[1].low in pronouns
        if one.kind == "entity":
            return False
        if one.low in pronouns:
            return True
        if one.kind == "word" and one.low not in small and one.low not in sets("grammar", "breaks"):
            return False
    return False


def _hit(tokens: Sequence[Token], signs: frozenset[str], fact: Fact) -> bool:
    return any((one.role and one.role == fact.owner) or (one.low in signs or _stem(one.low) in signs) for one in tokens)


@lru_cache(maxsize=4096)
def _anchors(fact: Fact, pack: Pack) -> frozenset[str]:
    """Words of which one must stand near the fact's placeholder."""
    found = set()
    for text in (fact.thing, fact.reads):
        found |= {word.strip(".,;:()'").removesuffix("'s").removesuffix("’s").lower() for word in text.split()}
    name = fact.id.lower()
    for key, names in table()["topics"].items():
        if key in name or (key.rstrip(".") == fact.kind):
            found |= set(names.split())
    loose, plain = sets("grammar", "loose"), sets("grammar", "function")
    own = {word for word in found if word and word not in plain and (word not in loose or not fact.owner)}
    if not name.startswith("curve"):
        own -= _EITHER
    return frozenset(own | {_stem(word) for word in own})


def _stem(word: str) -> str:
    for end in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(end) and len(word) - len(end) >= 4:
            return word[: -len(end)]
    return word
