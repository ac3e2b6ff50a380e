"""All checks of one answer, in the order in which they make sense.

Contract: see the package. An answer that cannot be read, or whose characters are wrong, is not looked at further; every
other check runs, so that one repair can mend everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from minds.llm.call import Answer
from minds.llm.form import Field, Form, choices
from minds.llm.guard.fault import Fault, FaultKind, Rejected, Said
from minds.llm.guard.ground import anchored, cited, entities
from minds.llm.guard.letters import canonical, letters, shape
from minds.llm.guard.moves import moves, ungrounded
from minds.llm.guard.names import names, sources
from minds.llm.guard.numbers import beside, dates, number_words
from minds.llm.guard.opposites import contradicts
from minds.llm.guard.prose import Sentence, parse
from minds.llm.guard.repeat import echoes, repeats
from minds.llm.guard.reply import read
from minds.llm.guard.stance import side, states, voice
from minds.llm.guard.windows import windows
from minds.llm.pack import Pack

__all__ = ["examine", "examine_again"]

_MOST_FAULTS = 12
_OF_A_TEXT: tuple[Callable[[str, Sequence[Sentence], Pack], Iterator[Fault]], ...] = (
    names, sources, entities, anchored, windows, moves, ungrounded, contradicts,
)  # fmt: skip


def examine(
    answer: Answer, form: Form, pack: Pack, *, prompt: Sequence[str] = (), canary: str = "", marker: str = ""
) -> Said | Rejected:
    """Whether an answer may be shown.

    Args:
        answer: what the model said.
        form: what it was asked for.
        pack: what it was given; its facts are the only figures.
        prompt: texts of the prompt that must not be copied (not the model's own earlier drafts).
        canary: a word that no honest answer holds; empty for none.
        marker: the marker of texts from outside; empty for none.
    """
    found = read(answer, form, pack)
    if isinstance(found, list):
        return Rejected(tuple(found[:_MOST_FAULTS]))
    values, cites = found
    texts = {field.name: canonical(values[field.name]) for field in form.texts}
    secrets = [*_leaks("canary", texts, canary), *_leaks("marker", texts, marker)]
    return _verdict([*secrets, *_checks(form, texts, cites, pack, prompt)], {**values, **texts}, cites)


def examine_again(said: Said, form: Form, pack: Pack) -> Said | Rejected:
    """Whether what was said another day holds against this day's pack."""
    faults = [
        Fault("side" if field.kind == "side" else "choice", f"`{field.name}` no longer fits.")
        for field in form.fields
        if field.kind not in ("text", "cites") and said.fields.get(field.name) not in choices(field, pack)
    ]
    texts = {field.name: said.fields.get(field.name, "") for field in form.texts}
    return _verdict([*faults, *_checks(form, texts, said.cites, pack, ())], said.fields, said.cites)


def _verdict(faults: Sequence[Fault], values: Mapping[str, str], cites: tuple[str, ...]) -> Said | Rejected:
    return Rejected(tuple(dict.fromkeys(faults))[:_MOST_FAULTS]) if faults else Said(dict(values), cites)


def _leaks(kind: FaultKind, texts: Mapping[str, str], word: str) -> Iterator[Fault]:
    """Whether a word that must stay inside is said, however it is cut up."""
    bare = re.sub(r"[^a-z]", "", word.lower())
    for name, text in texts.items():
        if bare and bare in re.sub(r"[^a-z]", "", text.lower()):
            yield Fault(kind, f"`{name}` holds a word that must not be said.")


def _checks(
    form: Form, texts: Mapping[str, str], cites: tuple[str, ...], pack: Pack, prompt: Sequence[str]
) -> list[Fault]:
    faults = [fault for name, text in texts.items() for fault in letters(name, text, pack)]
    if faults:
        return faults
    faults += cited(form, texts, cites, pack)
    for field in form.texts:
        faults += _field(field, texts[field.name], pack)
    faults += repeats(texts, pack)
    faults += echoes(form, texts, pack, prompt)
    return faults


def _field(field: Field, text: str, pack: Pack) -> Iterator[Fault]:
    name, sentences = field.name, parse(text, pack)
    yield from shape(field, text)
    yield from beside(name, text, pack)
    for sentence in sentences:
        yield from number_words(name, sentence, pack)
        yield from dates(name, sentence, pack)
    for check in _OF_A_TEXT:
        yield from check(name, sentences, pack)
    yield from states(field, sentences, pack)
    yield from side(field, sentences, pack)
    yield from voice(field, sentences)
