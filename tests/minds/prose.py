"""Reading years of essays at once: how much is said twice, and faults that a careful reader would mark.

Contract: works on printed essays alone, by their form, and knows nothing of how they are written. Run it over a folder:
`python -m tests.minds.prose RUN/essays`.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

__all__ = ["Prose", "Repeats", "faults", "masked", "prose", "repeats", "sentences"]

_FIGURE = re.compile(r"[-+]?[0-9][0-9.,]*[0-9]%?|[0-9]%?")
_SENTENCE = re.compile(r"(?<=[.!?])(?:\*\*)? (?=[A-Z0-9*+-])")
_LEAST = 5
"""Words that a sentence needs to count: nobody minds a short one that comes back."""


class Prose(NamedTuple):
    """What a writer wrote of one essay, without what the form stamps."""

    title: str
    paragraphs: tuple[str, ...]
    closing: str

    @property
    def words(self) -> int:
        """Words of the argument."""
        return sum([len(text.split()) for text in self.paragraphs])


class Repeats(NamedTuple):
    """How much of a series of essays had been said before.

    Attributes:
        essays: how many there are.
        words: median length of the argument.
        equal: essays whose argument is another's.
        titles: essays whose title is an earlier one's.
        paragraphs: paragraphs that are an earlier one's.
        sentences: sentences of five words or more.
        near: of those, how many stood in one of the `window` essays before.
        openings: neighbours whose first sentences begin with the same four words.
    """

    essays: int
    words: int
    equal: int
    titles: int
    paragraphs: int
    sentences: int
    near: int
    openings: int


def prose(essay: str) -> Prose:
    """The writer's part of a printed essay."""
    blocks = essay.split("\n\n")
    mark = blocks.index("**PREDICTION:**")
    closing = next((text for text in blocks[mark:] if "I am missing data" in text or "No data is missing" in text), "")
    return Prose(blocks[0].removeprefix("# "), tuple(blocks[3:mark]), closing)


def masked(text: str) -> str:
    """The text with a mark for each figure."""
    return _FIGURE.sub("#", text)


def sentences(text: str) -> list[str]:
    """Sentences of a paragraph."""
    return _SENTENCE.split(text)


def repeats(essays: Sequence[Prose], window: int, *, figures: bool = True) -> Repeats:
    """What comes back; with `figures=False` a sentence does not count as new for its figures alone."""
    shown: Callable[[str], str] = str if figures else masked
    seen_paragraphs: Counter[str] = Counter()
    last_seen: dict[str, int] = {}
    total = near = 0
    for at, essay in enumerate(essays):
        said = []
        for paragraph in essay.paragraphs:
            seen_paragraphs[shown(paragraph)] += 1
            said += [shown(text) for text in sentences(paragraph) if len(text.split()) >= _LEAST]
        total += len(said)
        near += sum([at - last_seen.get(text, -window - 1) <= window for text in said])
        last_seen |= dict.fromkeys(said, at)
    bodies = Counter("\n".join([shown(text) for text in essay.paragraphs]) for essay in essays)
    titles = Counter(shown(essay.title) for essay in essays)
    starts = [essay.paragraphs[0].split()[:4] for essay in essays]
    return Repeats(
        essays=len(essays),
        words=sorted([essay.words for essay in essays])[len(essays) // 2],
        equal=sum(bodies.values()) - len(bodies),
        titles=sum(titles.values()) - len(titles),
        paragraphs=sum(seen_paragraphs.values()) - len(seen_paragraphs),
        sentences=total,
        near=near,
        openings=sum([one == two for one, two in pairwise(starts)]),
    )


_FAULTS = {
    "two spaces": r"  ",
    "a space before a stop": r" [,.;:!?](?![0-9.])",
    "stops in a row": r"(?<![.])[.]{2}(?![.])|[,;:][,;:.]|[.][,;]|[?!][.,;]",
    "no capital after a stop": r"(?<!\bvs)(?<![A-Z])[.?!] [a-z]",
    "no capital at the start": r"^[a-z]",
    "no stop at the end": r"[A-Za-z0-9%,;-]$",
    "a word twice": r"\b(?!that\b|had\b)([A-Za-z]+) \1\b",
    "an article that does not fit": r"\b[Aa] (?:[aeio]\w|up\b|8|1[18](?![0-9]))"
    r"|\b[Aa]n (?![aeiouAEIOU8]|1[18]|hon|hour|[SX]&?P\b|[FHLMNRSX][A-Z])",
    "one of several": r"(?<![0-9.,])\b(?:1|one) (?:sessions|points|inputs|calls|claims|minds|groups|times|days)\b",
    "several of one": r"\b(?:[02-9]|1[0-9]+|two|three|four|five|six|seven|eight|nine|ten)"
    r" (?:session|input|mind|claim|call|group)\b(?!-)",
    "an empty place": r"\{|\}|\[|\]|(?<=[a-z,:] )None\b|\bnan\b|n/a(?! \()|\(\)|\( | \)",
    "an unbalanced bracket": r"^[^()]*\([^()]*$|^[^()]*\)[^()]*$",
    "half a quotation": r'^[^"]*"[^"]*$',
    "one star": r"(?<!\*)\*(?!\*)",
    "a mood that does not fit": r"\bShould [^,.]{1,60} (?:proves|turns|wins|is|has)\b|\beither [^,.]{1,60} and\b",
    "a signal by its code name": r"\b[a-z_]+\.[a-z]+_[a-z0-9_]+\b",
    "a sign spoken twice": r"\b(?:fell|lost|shed|rose|gained|added|down|up|below|above|gave up) [-+][0-9]"
    r"|-[0-9.]+ \w+ deep",
    "a reason without a verb": r"\b(?:because|since|but) no (?:bar|close) for\b",
    "one thing of two": r" and [^,.;:]+, which is missing"
    r"|\bIf [^,.;:]+ and [^,.;:]+ (?:tells|has)\b|\b(?:small|mid) caps (?:is|has)\b",
}  # fmt: skip
_PATTERNS = {name: re.compile(pattern, re.MULTILINE) for name, pattern in _FAULTS.items()}


def faults(essay: Prose) -> list[str]:
    """Faults of grammar and of typesetting that a pattern can find, each with the place."""
    found = []
    for text in (*essay.paragraphs, essay.closing):
        for name, pattern in _PATTERNS.items():
            for match in pattern.finditer(text):
                found.append(f"{name}: …{text[max(0, match.start() - 40) : match.end() + 30]}…")
    title = essay.title
    if re.search(r"  |\{|\}|\bn/a\b|[,;:]$", title) or not title:
        found.append(f"title: {title}")
    return found


def main(folders: Iterable[str]) -> int:
    """Print what was found in the essays of each folder."""
    for folder in folders:
        essays = [prose(path.read_text(encoding="utf-8")) for path in sorted(Path(folder).glob("*.md"))]
        report(essays)
    return 0


def report(essays: Sequence[Prose]) -> None:
    """Figures and the commonest faults, on standard output."""
    for window in (5, 20, 60):
        print(window, repeats(essays, window), repeats(essays, window, figures=False), sep="\n  ")
    found = [fault for essay in essays for fault in faults(essay)]
    kinds = Counter(fault.partition(":")[0] for fault in found)
    print(len(found), "faults", dict(kinds))
    for kind in kinds:
        some = [fault for fault in found if fault.startswith(kind + ":")]
        print(*some[:: max(1, len(some) // 6)][:6], sep="\n")
    again: Counter[str] = Counter()
    seen: dict[str, int] = {}
    for at, essay in enumerate(essays):
        for text in [
            masked(text) for part in essay.paragraphs for text in sentences(part) if len(text.split()) >= _LEAST
        ]:
            if at - seen.get(text, -99) <= 20:
                again[text] += 1
            seen[text] = at
    print(*again.most_common(25), sep="\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
