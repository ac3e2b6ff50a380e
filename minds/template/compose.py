"""The order of an essay: an angle for the day, and a section at a time.

Contract: see the package. Angles are data (`angles.toml`): what they need to exist, how often they take a turn, and
which sections follow the opening. A section that has nothing to say is left out; the regime, the record, what is
missing and each abstention are always there when the record holds them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from minds import figures
from minds.lookup import speakers
from minds.nouns import Nouns
from minds.record import CycleRecord
from minds.template.evidence import Desk, thesis_facts
from minds.template.facts import facts
from minds.template.phrases import Angle, Facts, Teller, load, order
from minds.template.track import records_text, settled_texts
from minds.text import clause, listing, plural, title_case
from minds.view import Abstention, View
from minds.writer import Draft

__all__ = ["Parts", "TemplateWriter"]

_VOICES = ("macro", "flow", "contrarian")
_MINDS = 5
_SETTLED = 4
_GAPS = 4
_FAINT = 0.015
_SHORT_TITLE = 52
_TURNS = ("fork", "insight")
_REST = ("mute", "regime", "form", "missing", "end")
_FIGURE = re.compile(r"[0-9][0-9.,]*[0-9]%?")


class Parts(NamedTuple):
    """An essay in its parts, for a writer that replaces some of them.

    Attributes:
        title: the headline.
        opening: what the day is about, and the tape.
        theses: mind -> its case, for every mind that speaks on the lead target, in the record's order.
        turns: what contradicts the cases or is missed by them.
        rest: what remains, in order: abstentions, the regime, verdicts and records, missing data, the end.
        prediction: prose that follows the stamped call; may be empty.
        closing: what follows the tags.
    """

    title: str
    opening: tuple[str, ...]
    theses: Mapping[str, str]
    turns: tuple[str, ...]
    rest: tuple[str, ...]
    prediction: str
    closing: str


class TemplateWriter:
    """Writes an essay from phrases; stateless."""

    def write(self, record: CycleRecord) -> Draft:
        """Title, argument, prediction and closing for one cycle."""
        essay = _Essay(record)
        return Draft(essay.title, tuple([text for _, text in essay.argument]), essay.prediction(), essay.say("closing"))

    def account(self) -> Mapping[str, Any]:
        """There is nothing to account for."""
        return {"name": "template"}

    def parts(self, record: CycleRecord) -> Parts:
        """The same words in parts: `write` puts them, or most of them, in the order of the day's angle."""
        essay = _Essay(record)
        turns = tuple([text for section, text in essay.argument if section in _TURNS])
        rest = tuple([text for section, text in essay.argument if section in _REST])
        return Parts(essay.title, (essay.opening,), essay.theses, turns, rest, essay.prediction(), essay.say("closing"))


class _Essay:
    """One essay in the making: `told` is what the reader has read so far."""

    def __init__(self, record: CycleRecord) -> None:
        self.record = record
        self.called = speakers(record)
        self.nouns = Nouns(record)
        self.facts = facts(record, self.called, self.nouns)
        self.teller = Teller(self.facts, date.fromisoformat(record.session).toordinal(), record.targets[0].key)
        self.say = self.teller.say
        self.said = record.views.get(record.targets[0].key, ())
        self.told = ""
        self.name, self.angle = _angle(self.teller)
        self.title = self._title(self.name, self.angle)
        self.opening = self._opening(self.name)
        self.theses = self._theses()
        self.argument = tuple(self._sections())

    def _sections(self) -> Iterator[tuple[str, str]]:
        """Section and paragraph, in the order of the day's angle."""
        yield from self._add("opening", [self.opening])
        order_of = self.angle.order[self.teller.turn(f"order/{self.name}", len(self.angle.order))]
        sections: Mapping[str, Callable[[], Sequence[str]]] = {
            "bridge": self._bridge,
            "theses": self._table,
            "fork": lambda: self.say("fork").split("\n"),
            "insight": lambda: self._insights(self.angle.skip),
            "mute": self._mute,
            "regime": self._regime,
            "form": self._form,
            "missing": self._missing,
            "end": lambda: [self.say("end")],
        }
        for section in order_of:
            yield from self._add(section, sections[section]())

    def _add(self, section: str, paragraphs: Sequence[str]) -> list[tuple[str, str]]:
        kept = [text for text in paragraphs if text]
        self.told += " ".join(kept)
        return [(section, text) for text in kept]

    def _title(self, name: str, angle: Angle) -> str:
        """A headline; one in five on an ordinary day is not about the angle, and a short one may go on."""
        general = not angle.urgent and self.teller.turn("title", 5) == 0
        title = (self.say("title_any") if general else "") or self.say(f"title_{name}")
        if len(title) <= _SHORT_TITLE and title[-1:] not in "?.":
            tail = self.say("tail")
            if tail and self.teller.turn("tail", 2) and not set(tail.split()) & _telling(title):
                title = f"{title}, {tail}"
        return title_case(title)

    def _opening(self, angle: str) -> str:
        hook = self.say(f"hook_{angle}")
        if "moves" not in self.facts or self.facts["moves"] in hook:
            return hook
        return f"{hook} {self.say('tape')}"

    def _bridge(self) -> list[str]:
        return [self.say("bridge")] if "top" in self.facts else []

    def _theses(self) -> Mapping[str, str]:
        desk = Desk(self.record, self.called, self.nouns)
        spoken = [item for item in self.said if isinstance(item, View)]
        return {item.mind: self._thesis(item, thesis_facts(desk, item)) for item in spoken}

    def _table(self) -> list[str]:
        """The cases of the strongest minds, and the rest by name."""
        spoken = [item for item in self.said if isinstance(item, View)]
        ranked = sorted(spoken, key=lambda item: -item.confidence)
        theses = [self.theses[item.mind] for item in spoken if item in ranked[:_MINDS]]
        rest = [
            f"{self.called[item.mind]} {figures.strength(item.confidence)} {_side(item)}" for item in ranked[_MINDS:]
        ]
        return [*theses, self.say("rollcall", {"others": ", ".join(rest)})] if rest else theses

    def _thesis(self, view: View, own: Facts) -> str:
        say, voice = self.say, view.mind if view.mind in _VOICES else "plain"
        if "one_thing" not in own:
            return say("voice_bare", own)
        sentences = [say("voice_faint" if view.confidence < _FAINT else f"voice_{voice}", own)]
        if "two_thing" in own and self.teller.turn(f"two/{own['me']}", 3):
            sentences.append(say(f"voice_{voice}_two", own))
        if "anti_thing" in own:
            sentences.append(say(f"voice_{voice}_anti", own))
        elif "unopposed" in own:
            sentences.append(say("voice_unopposed", own))
        if "lacks" in own and self.teller.turn(f"lacks/{own['me']}", 3) == 0:
            sentences.append(say("voice_lacks", own))
        return " ".join(sentences)

    def _insights(self, skip: Sequence[str]) -> list[str]:
        """Two or three turns of the argument: first what fits on few days, then what fits on most."""
        paragraphs: list[str] = []
        for kind, most in (("ins_", 2), ("com_", 3 - self.teller.turn("insights", 2))):
            pools = [pool for pool in load().pools if pool.startswith(kind) and pool not in skip]
            for place in order(f"{self.teller.seed}/{kind}", self.teller.day, len(pools)):
                if len(paragraphs) == most:
                    break
                text = self.say(pools[place])
                if text and not self._stale(text, paragraphs):
                    paragraphs.append(text)
        return paragraphs

    def _stale(self, text: str, so_far: Sequence[str]) -> bool:
        """Whether a paragraph only repeats figures that have been quoted twice already."""
        told = self.told + " ".join(so_far)
        found = _FIGURE.findall(text)
        return bool(found) and all(told.count(figure) >= 2 for figure in found)

    def _mute(self) -> list[str]:
        silent = [(self.called[item.mind], item.reason) for item in self.said if isinstance(item, Abstention)]
        return [" ".join([self.say("mute", {"me": who, "why": clause(reason)}) for who, reason in silent])]

    def _regime(self) -> list[str]:
        sentences = [
            self.say("regime_again" if self.facts["reading"] in self.told else "regime"),
            self.say("regime_parts"),
        ]
        for pool in ("regime_lost", "regime_path"):
            if self.teller.turn(pool, 2):
                sentences.append(self.say(pool))
        return [" ".join([text for text in sentences if text])]

    def _form(self) -> list[str]:
        """How the calls did: what settled, and the record with n."""
        texts = settled_texts(self.record.verdicts, self.record.session)
        settled = [self.say("unsettled")]
        if texts:
            settled = [self.say("settled", {"verdicts": "; ".join(texts[:_SETTLED])})]
            if len(texts) > _SETTLED:
                settled.append(self.say("settled_more", {"more": str(len(texts) - _SETTLED)}))
        record = [self.say("record_none" if "record_none" in self.facts else "record"), self.say("record_here")]
        each = records_text(self.record, self.called, _MINDS)
        if each:
            record.append(self.say("record_minds", {"each": each}))
        return [" ".join(settled), " ".join([text for text in record if text])]

    def _missing(self) -> list[str]:
        by_reason: dict[str, list[str]] = {}
        for item in self.record.missing:
            by_reason.setdefault(clause(item.reason), []).append(self.nouns.thing(item.signal))
        if not by_reason:
            return []
        gaps = [f"{listing(list(dict.fromkeys(names)))} ({reason})" for reason, names in by_reason.items()]
        if len(gaps) > _GAPS:  # over the days each has its turn
            at = _GAPS * self.teller.turn("gaps", -(-len(gaps) // _GAPS))
            gaps = gaps[at:] + gaps[:at]
        sentences = [self.say("missing", {"gaps": "; ".join(gaps[:_GAPS])})]
        if len(gaps) > _GAPS:
            sentences.append(self.say("missing_more", {"rest": plural(len(gaps) - _GAPS, "group")}))
        return [" ".join(sentences)]

    def prediction(self) -> str:
        """Prose after the stamped call."""
        if "held" in self.facts:
            return self.say("why_none")
        return " ".join([text for text in (self.say("why"), self.say("verdict_line")) if text])


def _angle(teller: Teller) -> tuple[str, Angle]:
    """Today's angle: the most urgent one that fits, else the one whose turn it is."""
    fitting = {name: angle for name, angle in load().angles.items() if angle.fits(teller.facts)}
    first = max(fitting, key=lambda name: fitting[name].urgent)
    if not fitting[first].urgent:
        rounds = [name for name, angle in fitting.items() for _ in range(angle.weight)]
        first = rounds[teller.turn("angle", len(rounds))]
    return first, fitting[first]


def _telling(title: str) -> set[str]:
    """Words of a headline that its continuation must not repeat."""
    return {word.strip(",:") for word in title.split() if len(word.strip(",:")) > 3}


def _side(view: View) -> str:
    return "up" if view.lean > 0 else "down" if view.lean < 0 else "even"
