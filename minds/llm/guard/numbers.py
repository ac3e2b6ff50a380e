"""Figures in disguise: number words, units, signs and dates that no fact bears out.

Contract: a placeholder brings its own sign and unit, so neither may stand beside it. Words of the pack itself (what a
fact is called, what it is taken to mean) are never a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from minds.llm.guard.fault import Fault, excerpt
from minds.llm.guard.fill import PLACEHOLDER
from minds.llm.guard.lists import sets
from minds.llm.guard.prose import Sentence, Token, split
from minds.llm.pack import Pack

__all__ = ["beside", "dates", "number_words"]

_BEFORE = re.compile(r"(?:^|[\s(\"'“‘])$")
_AFTER = re.compile(r"^(?:$|[\s.,;:!?)\"'”’—])")
_DASH = re.compile(r"(?:^|[\s(\"'“‘])[-–+]\s*$")
_SIGN_WORDS = sets("numbers", "sign_words")
_BOUND_WORDS = sets("numbers", "bound_words")
_UNITS_AFTER = sets("numbers", "units_after")
_COUNTED = frozenset(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "hundred"])
_SMALL = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_POINT_OK = sets("numbers", "point_ok")
_DOUBLE_OK = sets("numbers", "double_ok")
_RECKONED = re.compile(
    rf"{PLACEHOLDER.pattern}\s*(?:to|through|until|times|plus|minus|by|x)\s+(?={PLACEHOLDER.pattern})", re.IGNORECASE
)
_VOICES = sets("numbers", "voices")


def beside(name: str, text: str, pack: Pack) -> Iterator[Fault]:
    """Signs, digits, units and multipliers that touch a placeholder."""
    for found in PLACEHOLDER.finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        shown = found[0][:40]
        if not _BEFORE.search(before) or _DASH.search(before):
            yield Fault("sign", f"In `{name}`, nothing may touch {shown} from the left, nor a dash stand before it.")
        if not _AFTER.search(after):
            yield Fault("unit", f"In `{name}`, nothing but punctuation may follow {shown} directly.")
        left = re.findall(r"[A-Za-z']+|[^\sA-Za-z(\"']", before.lower())[-2:]
        right = re.findall(r"[A-Za-z']+|[^\sA-Za-z)\"']", after.lower())[:2]
        if left and left[-1] in _SIGN_WORDS:
            yield Fault("sign", f"In `{name}`, {shown} has its own sign and size; leave out {excerpt(left[-1])}.")
        if left and left[-1] in _BOUND_WORDS and "would" not in before.rpartition(".")[2].split():
            yield Fault("relation", f"In `{name}`, {shown} is the figure itself; nothing is {excerpt(left[-1])} it.")
        if right and right[0] in _UNITS_AFTER:
            yield Fault("unit", f"In `{name}`, {shown} brings its own unit; leave out {excerpt(right[0])}.")
    for sentence in split(text):
        names = PLACEHOLDER.findall(sentence)
        if len(set(names)) < len(names):
            yield Fault("repeat", f"`{name}` uses a placeholder twice in one sentence.")
    for pair in _RECKONED.finditer(text):
        ends = [pack.fact(pair[1]), pack.fact(pair[2])]
        if all(fact is not None for fact in ends) and pair[1].endswith(".low") and pair[2].endswith(".high"):
            continue
        yield Fault("relation", f"In `{name}`, do not reckon one placeholder against another.")


def number_words(name: str, sentence: Sentence, pack: Pack) -> Iterator[Fault]:
    """Numbers and magnitudes in words, unless they only count things of the argument."""
    tokens = _foreign_to(sentence.tokens, pack)
    for at, token in enumerate(tokens):
        if token.kind == "word" and _is_number(tokens, at, pack):
            yield Fault("number-word", f"`{name}` says {excerpt(_around(sentence, token))}; a figure is written as a "
                        "placeholder, and one that no fact holds cannot be said.")  # fmt: skip
            return


def _is_number(tokens: Sequence[Token], at: int, pack: Pack) -> bool:
    word = tokens[at].low
    before = tokens[at - 1].low if at else ""
    after = tokens[at + 1].low if at + 1 < len(tokens) else ""
    later = tokens[at + 2].low if at + 2 < len(tokens) else ""
    if word in sets("numbers", "never") or word.endswith(("-fold", "-percent", "-point", "-sigma")):
        return True
    parts = word.split("-")
    if parts[0] in sets("numbers", "tens") or (parts[0] == "multi" and len(parts) > 1):
        return True
    if len(parts) > 1 and parts[0] in sets("numbers", "counts") and parts[-1] in sets("numbers", "units"):
        return True
    if word == "zero":
        return before not in ("above", "below", "over", "under", "around", "near", "of") and after != "line"
    if word == "half":
        return not (
            before in ("other", "first", "second", "one", "a") and after not in ("a", "percent", "point")
        ) and not (later in sets("numbers", "half_of") or after in sets("numbers", "half_of"))
    if word in ("double", "twice"):
        return (
            after not in _DOUBLE_OK
            if word == "double"
            else after in ("as", "the", "its", "that", "what", "this") or not after
        )
    if word in ("third", "quarter"):
        return before in ("a", "one", "two", "three") and after in ("of", "point", "percent", "lower", "higher")
    if word == "one" and after == "point":
        return later not in _POINT_OK
    if word == "one" and after in sets("numbers", "units"):
        return after not in ("day", "session", "week", "month", "quarter", "year", "notch")
    if word in ("couple", "several", "few", "many", "some"):
        return after in ("points", "percent", "ticks", "basis") or (
            after == "of" and later in ("points", "percent", "ticks")
        )
    if word in sets("numbers", "counts") or word == "one":
        paired = tokens[at + 1 : at + 5]
        if (
            after in ("to", "in", "of", "out", "or", "from")
            and any(one.low in _COUNTED for one in paired[1:])
            and not any(one.low in _VOICES for one in paired)
        ):
            return True
    return word in sets("numbers", "counts") and not _counts(word, after, later, pack)


def _counts(word: str, after: str, later: str, pack: Pack) -> bool:
    """Whether a count is of things that an argument may count."""
    if after in _VOICES or later in _VOICES:
        return _SMALL.get(word, 99) in (len(pack.others), len(pack.others) + 1) or word == "two"
    return word in ("two", "three") and after not in sets("numbers", "units") and later not in ("points", "percent")


def dates(name: str, sentence: Sentence, pack: Pack) -> Iterator[Fault]:
    """Days, months and stretches of time that no fact is about."""
    tokens = _foreign_to(sentence.tokens, pack)
    for at, token in enumerate(tokens):
        if token.kind == "word" and _is_date(tokens, at):
            yield Fault(
                "date", f"`{name}` says {excerpt(_around(sentence, token))}; no fact knows that date, leave it out."
            )
            return


def _is_date(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    base = token.text.removesuffix("'s").removesuffix("’s")
    if base == "May":
        return at > 0
    if base in sets("dates", "months") or base in sets("dates", "days") or token.low in sets("dates", "never"):
        return True
    if token.low in sets("dates", "any_case"):
        return True
    after = tokens[at + 1].low if at + 1 < len(tokens) else ""
    later = tokens[at + 2].low if at + 2 < len(tokens) else ""
    before = tokens[at - 1].low if at else ""
    if token.low in sets("dates", "turned") and before != "very":
        if token.low == "past" or (token.low == "last" and (before == "the" or after in ("day", "session"))):
            return after in ("year", "years", "decade", "decades", "hour", "hours", "minutes")
        return after in sets("dates", "periods") or (
            later in sets("dates", "periods") and after in sets("numbers", "counts")
        )
    if token.low in ("in", "for", "since") and after in ("years", "months", "weeks", "decades"):
        return True
    return (
        token.low == "since"
        and after == "the"
        and later in ("spring", "summer", "crash", "crisis", "war", "start", "beginning")
    )


@lru_cache(maxsize=4096)
def _foreign_to(tokens: tuple[Token, ...], pack: Pack) -> tuple[Token, ...]:
    """The tokens that are not part of a phrase of the pack."""
    lows = [token.low for token in tokens]
    keep = [True] * len(tokens)
    known = _phrases(pack)
    for at, low in enumerate(lows):
        for phrase in known.get(low, ()):
            if tuple(lows[at : at + len(phrase)]) == phrase:
                keep[at : at + len(phrase)] = [False] * len(phrase)
    return tuple(
        [
            token if kept else token._replace(low="", text="", kind="mark")
            for token, kept in zip(tokens, keep, strict=True)
        ]
    )


@lru_cache(maxsize=256)
def _phrases(pack: Pack) -> dict[str, list[tuple[str, ...]]]:
    """By first word: what facts are called and taken to mean, as runs of words; also their last two words or more."""
    found: set[tuple[str, ...]] = set()
    for fact in pack.facts:
        for text in (fact.thing, fact.reads):
            run = tuple(re.findall(r"[a-z]+(?:['.-][a-z]+)*", text.lower()))
            found |= {run[at:] for at in range(max(len(run) - 1, 0))} | {run[:-at] for at in range(1, len(run) - 1)}
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for phrase in found:
        by_first.setdefault(phrase[0], []).append(phrase)
    return by_first


def _around(sentence: Sentence, token: Token) -> str:
    return sentence.text[max(token.start - 8, 0) : token.start + 24]
