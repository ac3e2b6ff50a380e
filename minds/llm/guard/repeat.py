"""Texts that go round in circles, or only say back what they were told.

Contract: what facts are called and taken to mean may be said as often as needed; the rest of the prompt may not be
copied, headlines least of all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from minds.llm.form import Form
from minds.llm.guard.fault import Fault
from minds.llm.guard.fill import PLACEHOLDER
from minds.llm.guard.prose import split
from minds.llm.pack import Pack

__all__ = ["echoes", "repeats"]

_SHINGLE = 8
_HEADLINE_SHINGLE = 4
_LOOP = ((8, 2), (4, 3), (1, 40))
_WITHIN = 5
"""Words in a row that no honest sentence says two times."""
_VARIED = 0.42
_ENOUGH = 24
_ALIKE = 0.8


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+|#", PLACEHOLDER.sub(" # ", text.lower().replace("’", "'")))


def _runs(words: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + length]) for at in range(len(words) - length + 1))


@lru_cache(maxsize=256)
def _called(pack: Pack, length: int) -> frozenset[tuple[str, ...]]:
    """Runs of words that the pack itself gives to be said."""
    return frozenset(
        run for fact in pack.facts for text in (fact.thing, fact.reads) for run in _runs(_words(text), length)
    )


def repeats(texts: Mapping[str, str], pack: Pack) -> Iterator[Fault]:
    """The same sentence or run of words again and again."""
    said: set[tuple[str, ...]] = set()
    for name, text in texts.items():
        for sentence in split(text):
            words = tuple(_words(sentence))
            if words in said:
                yield Fault("repeat", f"`{name}` says a sentence that has been said before.")
                return
            said.add(words)
            runs = Counter(run for run in _runs(words, _WITHIN) if run not in _called(pack, _WITHIN))
            if runs and max(runs.values()) > 1:
                yield Fault("repeat", f"`{name}` has a sentence that says the same words twice.")
                return
    everything = [word for text in texts.values() for word in [*_words(text), "."]]
    for length, most in _LOOP:
        exempt = _called(pack, length)
        runs = Counter(run for run in _runs(everything, length) if "." not in run and run not in exempt)
        if length > 1 and runs and max(runs.values()) >= most:
            yield Fault("repeat", "The texts say the same words over and over; say each thing once.")
            return
    if any(run[0] == run[1] == run[2] for run in _runs(everything, 3) if run[0] not in ("#", ".")):
        yield Fault("repeat", "The texts say one word over and over.")
        return
    for name, text in texts.items():
        spoken = _words(text)
        if len(spoken) >= _ENOUGH and len(set(spoken)) < _VARIED * len(spoken):
            yield Fault("repeat", f"`{name}` goes round in circles; say each thing once.")
            return
    yield from _alike(texts)


def _alike(texts: Mapping[str, str]) -> Iterator[Fault]:
    names = list(texts)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            left, right = set(_words(texts[one])), set(_words(texts[other]))
            if len(left | right) and len(left & right) / len(left | right) > _ALIKE:
                yield Fault("repeat", f"`{one}` and `{other}` say the same.")
                return


def echoes(form: Form, texts: Mapping[str, str], pack: Pack, prompt: Sequence[str]) -> Iterator[Fault]:
    """Runs of words that stand in the prompt, in a headline, or in another mind's thesis."""
    sources = [(text, _SHINGLE) for text in prompt]
    sources += [(text, _HEADLINE_SHINGLE) for headline in pack.headlines for text in (headline.text, headline.source)]
    quoted = {run for other in pack.others for run in _runs(_words(other.thesis), _SHINGLE)}
    if form.name == "argue":
        sources += [(other.thesis, _SHINGLE) for other in pack.others]
        quoted = set()
    known: dict[int, set[tuple[str, ...]]] = {_SHINGLE: set(), _HEADLINE_SHINGLE: set()}
    for text, length in sources:
        known[length] |= set(_runs(_words(text), length))
    for length, runs in known.items():
        runs -= _called(pack, length)
    known[_SHINGLE] -= quoted
    for name, text in texts.items():
        words = _words(text)
        for length, runs in known.items():
            if any(run in runs for run in _runs(words, length)):
                yield Fault("echo", f"`{name}` copies words that were given to you; say it in words of your own.")
                return
