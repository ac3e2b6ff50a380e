"""Seven ways to make an honest sentence false, each made from one sentence of an honest answer.

Contract: knows nothing of the guards. Words are turned round by a table of its own; figures come from the facts of the
pack. Each function yields whole texts; what cannot be said at all (a figure without its placeholder) is tried as a
writer would try it: typed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from minds.llm.guard.fill import PLACEHOLDER
from minds.llm.pack import Fact, Pack
from tests.minds.llm.guard.corpus import Case

__all__ = ["KINDS", "Mutation", "mutations"]

_OPPOSITES = [
    ("rose", "fell"), ("gained", "lost"), ("climbed", "dropped"), ("up", "down"), ("higher", "lower"),
    ("above", "below"),
    ("rises", "falls"), ("rise", "fall"), ("climbing", "falling"), ("was bought", "was sold"),
    ("being bought", "being sold"),
    ("been bought", "been sold"), ("of buying", "of selling"),
    ("leads", "lags"), ("lead", "lag"), ("high", "low"), ("bullish", "bearish"), ("added", "shed"), ("gain", "loss"),
    ("leapt", "plunged"), ("jumped", "sank"), ("heavy", "thin"), ("few names", "most names"), ("steeper", "flatter"),
    ("strengthen", "weaken"), ("bounce", "slump"), ("positive", "negative"), ("upwards", "downwards"),
    ("outrun", "trailed"), ("softened", "firmed"), ("widened", "narrowed"), ("climb", "slip"),
    ("gave back", "put on"), ("took", "gave"), ("cost", "earned"), ("firm", "soft"), ("slipped", "firmed"),
    ("sunk", "risen"),
    ("outnumber", "trail"), ("chosen", "shunned"), ("loose", "tight"), ("joy", "gloom"), ("fade", "buy"),
]  # fmt: skip
_VIEWS = (
    "up",
    "down",
    "higher",
    "lower",
    "bullish",
    "bearish",
    "rise",
    "fall",
    "fade",
    "bounce",
    "slip",
    "climb",
    "climbing",
)
"""Words that say in a thesis which way the view points."""
_CLAUSES = re.compile(r"[,;:—(]|\b(?:and|but|while|as|because|so|if|when|with)\b")
_UNITS = (
    "percent",
    "basis points",
    "points",
    "dollars",
    "sigma",
    "times",
    "per cent",
    "bps",
    "cents",
    "standard deviations",
)
_DATES = (
    "on Monday", "last Tuesday", "yesterday", "in March", "a week ago", "last year", "since the spring",
    "in the third quarter of last year",
    "two days ago", "over the weekend", "by Friday", "next month", "a decade ago", "in January",
)  # fmt: skip
_INVENTED = (
    "Volume was forty percent above normal.", "TSLA led the way.", "Analysts at Goldman agree.",
    "Reuters reports more to come.",
    "The Fed will cut rates soon.", "Earnings came in ahead of hopes.", "Gold rallied as well.",
    "Apple was the reason.",
    "That is a gain of two points.", "Half of all names hit their stops.", "Sources say that a fund is in trouble.",
    "The index is at 4,180 now.", "According to traders, more is coming.", "Inflation surprised everybody.",
    "It happened in nine of ten such weeks.", "Bitcoin said so first.", "Insiders have been buying.", "NVDA fell hard.",
    "A survey of managers shows the same.", "Oil is the hidden hand here.", "Chinese buyers were behind it.",
    "The last time it did this was twenty years ago.", "Odds of that are three to one.", "It doubled in a month.",
    "Tariffs explain the rest.", "Powell spoke and nobody listened.", "The yen moved first, as {yen.ret_1d} shows.",
    "Turnover hit {turnover.record}.", "A merger is coming.", "The dividend was raised.",
)  # fmt: skip
_PROPER = ("Reuters", "Apple", "Powell", "Bitcoin", "Chinese")


class Mutation(NamedTuple):
    """One false answer.

    Attributes:
        kind: which of the seven.
        case: the honest answer.
        field: the text that was changed.
        was: the honest sentence.
        now: the false one.
        text: the whole text with it.
    """

    kind: str
    case: Case
    field: str
    was: str
    now: str
    text: str


Maker = Callable[[str, Case], Iterator[str]]


def _facts(sentence: str, pack: Pack) -> list[Fact]:
    found = [pack.fact(name) for name in PLACEHOLDER.findall(sentence)]
    return [fact for fact in found if fact is not None]


def _measured(sentence: str, pack: Pack) -> list[Fact]:
    return [fact for fact in _facts(sentence, pack) if fact.kind in ("signal", "call")]


def _typed(fact: Fact) -> str:
    return fact.text


def sign_flip(sentence: str, case: Case) -> Iterator[str]:
    """The word that tells which way a figure or the view points turned round, or a sign put before the figure."""
    thesis = sentence in case.texts.get("thesis", "")
    for one, other in _OPPOSITES:
        for old, new in ((one, other), (other, one)):
            for found in re.finditer(
                rf"(?<!\bme )(?<!gave )\b{old}\b(?! up)(?! yield| back| price)", sentence, re.IGNORECASE
            ):
                told = _tells(sentence, found.start(), case.pack) and old not in ("fade", "buy")
                if told or (thesis and old in _VIEWS):
                    word = new.capitalize() if found[0][0].isupper() else new
                    yield sentence[: found.start()] + word + sentence[found.end() :]
    for fact in _measured(sentence, case.pack):
        mark = "{" + fact.id + "}"
        turned = fact.text.replace("-", "+") if "-" in fact.text else "-" + fact.text.lstrip("+")
        for new in ("-" + mark, "minus " + mark, "− " + mark, "- " + mark,
            "negative " + mark, turned, f"minus {fact.text}",
                    "plus " + mark, "+" + mark, "(-)" + mark):  # fmt: skip
            yield sentence.replace(mark, new)


def _tells(sentence: str, at: int, pack: Pack) -> bool:
    """Whether a word stands in one clause with a measured figure, or in the clause before or behind a lone one."""
    ends = [0, *[found.start() for found in _CLAUSES.finditer(sentence)], len(sentence)]
    place = next(number for number, end in enumerate(ends[1:]) if at < end)
    clauses = [sentence[low:high] for low, high in itertools.pairwise(ends)]
    return any(_measured(clause, pack) for clause in clauses[max(place - 1, 0) : place + 2]
               if clause is clauses[place] or len(PLACEHOLDER.sub("", clause).split()) <= 1)  # fmt: skip


def entity_swap(sentence: str, case: Case) -> Iterator[str]:
    """Another's name beside a figure, or another's figure beside a name."""
    pack = case.pack
    owned = [fact for fact in _facts(sentence, pack) if fact.kind == "signal"]
    for fact in owned:
        mark = "{" + fact.id + "}"
        for other in pack.facts:
            if other.kind == "signal" and other.id != fact.id and other.owner != fact.owner and _alike(fact, other):
                yield sentence.replace(mark, "{" + other.id + "}")
        for symbol in ("TSLA", "NVDA", "DIA", "GLD", "BTC", "XLE"):
            yield sentence.replace(mark, f"{symbol} {mark}")
        for entity in pack.entities:
            if entity.symbol and entity.role != fact.owner:
                yield sentence.replace(mark, f"{entity.symbol}'s {mark}")
                for mine in pack.entities:
                    if mine.role == fact.owner and mine.symbol and re.search(rf"\b{mine.symbol}\b", sentence):
                        yield re.sub(rf"\b{mine.symbol}\b", entity.symbol, sentence)


def _alike(one: Fact, other: Fact) -> bool:
    """Whether two facts measure the same thing of different owners, or things of different kinds altogether."""
    return bool(one.owner and other.owner)


def digit_change(sentence: str, case: Case) -> Iterator[str]:
    """The figure typed with a wrong digit."""
    for fact in _facts(sentence, case.pack):
        if fact.kind not in ("signal", "call"):
            continue
        mark = "{" + fact.id + "}"
        digits = [at for at, letter in enumerate(fact.text) if letter.isdigit()]
        for at in digits:
            for shift in (1, 3, 7):
                changed = fact.text[:at] + str((int(fact.text[at]) + shift) % 10) + fact.text[at + 1 :]
                yield sentence.replace(mark, changed)
        yield sentence.replace(mark, fact.text.translate({48 + n: 0x0660 + n for n in range(10)}))
        yield sentence.replace(mark, fact.text.translate({48 + n: 0xFF10 + n for n in range(10)}))


def ten_times(sentence: str, case: Case) -> Iterator[str]:
    """The figure made ten times as large, or multiplied in words."""
    for fact in _facts(sentence, case.pack):
        if fact.kind not in ("signal", "call"):
            continue
        mark = "{" + fact.id + "}"
        number = re.search(r"[\d.,]+", fact.text)
        if number is not None:
            yield sentence.replace(mark, fact.text.replace(number[0], f"{float(number[0].replace(',', '')) * 10:g}"))
        for new in (mark + "0", "0" + mark, "ten times " + mark, "tenfold " + mark, mark + " times ten",
            mark + " tenfold", "10x " + mark,
                    mark + "x", "twice " + mark, "double " + mark, mark + mark, "half " + mark,
                        mark + " multiplied by ten", mark + "k"):  # fmt: skip
            yield sentence.replace(mark, new)


def invention(sentence: str, case: Case) -> Iterator[str]:
    """Something that no fact knows, in the sentence's place or within it."""
    marks = "".join(["{" + name + "}" for name in PLACEHOLDER.findall(sentence)])
    for item in _INVENTED:
        stop = sentence[-1]
        clause = item[:-1]
        clause = (
            clause
            if clause.split()[0].isupper() or clause.split()[0] in ("Reuters", "Apple", "Powell", "Bitcoin", "Chinese")
            else clause[0].lower() + clause[1:]
        )
        yield f"{sentence[:-1]}, and {clause}{stop}"
        if not marks:
            yield item


def unit_swap(sentence: str, case: Case) -> Iterator[str]:
    """Another unit behind the figure."""
    for fact in _facts(sentence, case.pack):
        if fact.kind not in ("signal", "call"):
            continue
        mark = "{" + fact.id + "}"
        for unit in _UNITS:
            yield sentence.replace(mark, f"{mark} {unit}")
        for glued in ("%", "bp", "x", "$", "€"):
            yield sentence.replace(mark, mark + glued)
            yield sentence.replace(mark, glued + mark)


def wrong_date(sentence: str, case: Case) -> Iterator[str]:
    """A day that the figure is not about."""
    for day in _DATES:
        for name in PLACEHOLDER.findall(sentence):
            mark = "{" + name + "}"
            yield sentence.replace(mark, f"{mark} {day}")
        yield f"{sentence[:-1]} {day}{sentence[-1]}"
        yield f"{day[0].upper()}{day[1:]}, {sentence}"
    spans = {"day": "month", "week": "year", "month": "day", "today": "this year", "quarter": "week"}
    for fact in _facts(sentence, case.pack):
        if re.search(r"_\d+d$", fact.id):
            for old, new in spans.items():
                if re.search(rf"\b{old}\b", sentence) and old in f"{fact.thing} {fact.reads}".lower().split():
                    yield re.sub(rf"\b{old}\b", new, sentence, count=1)


KINDS: Mapping[str, Maker] = {
    "sign flip": sign_flip, "entity swap": entity_swap, "digit change": digit_change, "x10": ten_times,
    "invention": invention, "unit swap": unit_swap, "wrong date": wrong_date,
}  # fmt: skip


def mutations(kind: str, cases: tuple[Case, ...]) -> Iterator[Mutation]:
    """All false answers of one kind, in a fixed order."""
    for case in cases:
        for field, text in case.texts.items():
            if field == "title":
                continue
            for was in re.findall(r"[^.?!]+[.?!]", PLACEHOLDER.sub(_shield, text)):
                sentence = was.strip().replace("\x01", ".")
                seen = {sentence}
                for now in KINDS[kind](sentence, case):
                    if now not in seen:
                        seen.add(now)
                        yield Mutation(kind, case, field, sentence, now, text.replace(sentence, now, 1))


def _shield(found: re.Match[str]) -> str:
    return found[0].replace(".", "\x01")
