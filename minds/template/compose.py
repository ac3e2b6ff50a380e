"""The order of an essay: an angle for the day, and a section at a time.

Contract: see the package. Angles are data (`angles.toml`): what they need to exist, how often they take a turn, and
which sections follow the opening. A section that has nothing to say is left out; the regime, the record, what is
missing and each abstention are always there when the record holds them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from minds import figures
from minds.lookup import because, missing_names, speakers
from minds.nouns import Nouns, spoken
from minds.record import CycleRecord
from minds.template.desk import Desk
from minds.template.evidence import thesis_facts
from minds.template.facts import facts
from minds.template.phrases import Angle, Facts, Teller, day_number, load
from minds.text import clause, count, listing, title_case
from minds.view import Abstention, View
from minds.writer import Draft

__all__ = ["Parts", "TemplateWriter"]

_VOICES = ("macro", "flow", "contrarian")
_MINDS = 5
_NAMES = 2
_GROUPS = 2
_FAINT = 0.015
_SHORT_TITLE = 60
_TURNS = ("turn", "further")
_REST = ("mute", "regime", "form", "missing", "end")
_LOOSE = ("ins_contra", "ins_clash", "ins_shared", "ins_torn", "com_shrink", "com_weight")
"""Further turns that say little about the day's own evidence."""
_SIGNAL = re.compile(r"(?<![\w.])[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*(?![\w.])")
_STATES = ("crisis", "stale", "transition", "alert", "dark", "degraded")
"""Angles that are the news of their days, so that the headline is about them."""
_FRESH = re.compile(r"no (?:bar|value|close)\b|its inputs")
"""Reasons that are news: something that is there on other days is not there today."""


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
        self.nouns = Nouns(record, spoken)
        self.teller = Teller({}, day_number(record.session), record.targets[0].key)
        self.desk = Desk(record, self.called, self.nouns, self.teller)
        self.facts = self.teller.facts = facts(self.desk)
        self.say = self.teller.say
        self.said = record.views.get(record.targets[0].key, ())
        self.name, self.angle = _angle(self.teller)
        self.title = self._title()
        self.opening = self._opening()
        self.told = self.opening
        self.theses = self._theses()
        self.told += " ".join(self.theses.values())
        self._fade(self.facts)
        self.argument = (("opening", self.opening), *self._sections())

    def _sections(self) -> list[tuple[str, str]]:
        """Section and paragraph, in the order of the day's angle."""
        order_of = self.angle.order[self.teller.turn(f"order/{self.name}", len(self.angle.order))]
        sections: Mapping[str, Callable[[], Sequence[str]]] = {
            "theses": self._table,
            "turn": self._turn,
            "further": self._further,
            "mute": self._mute,
            "regime": self._regime,
            "form": self._form,
            "missing": self._missing,
            "end": self._end,
        }
        told: list[tuple[str, str]] = []
        for section in order_of:
            kept = [text for text in sections[section]() if text]
            self.told += " ".join(kept)
            if section == "missing" and told and told[-1][0] in ("regime", "form"):  # an aside, not a point of its own
                before, text = told.pop()
                kept, section = [" ".join([text, *kept])], before
            told += [(section, text) for text in kept]
        return told

    def _title(self) -> str:
        """A headline, of an ordinary day in turn about its angle and about the evidence; a short one may go on."""
        general = not self.angle.urgent and self.name not in _STATES and self.teller.turn("title", 2) == 0
        title = (self.say("title_any") if general else "") or self.say(f"title_{self.name}")
        if len(title) <= _SHORT_TITLE and not re.search(r"[0-9?.]", title):
            tail = self.say("tail")
            if tail and self.teller.turn("tail", 5) and not _telling(tail) & _telling(title):
                title = f"{title}, {tail}"
        return title_case(title)

    def _opening(self) -> str:
        hook = self.say(f"hook_{self.name}")
        if "day_is" not in self.facts or self.facts["day_is"][1:] in hook or self.facts.get("size", "?") in hook:
            return hook
        return f"{hook} {self.say('tape')}"

    def _theses(self) -> Mapping[str, str]:
        """Each speaker's case; whoever disagrees with the last one, or agrees, may take the word from it."""
        theses: dict[str, str] = {}
        last: View | None = None
        for item in [item for item in self.said if isinstance(item, View)]:
            own = thesis_facts(self.desk, item)
            if last is not None and last.lean and item.lean:
                against = (last.lean > 0.0) != (item.lean > 0.0)
                own["ahead" if against else "before"] = self.called[last.mind]
                own["opposite"] = "up" if last.lean > 0.0 else "down"
            theses[item.mind] = self._thesis(item, own, "".join(theses.values()))
            last = item
        return theses

    def _thesis(self, view: View, own: Facts, so_far: str) -> str:
        voice, turn = view.mind if view.mind in _VOICES else "plain", self.teller.turn
        if not view.lean:
            return self.say("voice_even", own)
        if "one_thing" not in own:
            return self.say("voice_bare", own)
        told = own["one_amount"] in self.told + so_far
        self._fade(own, so_far)
        if view.confidence < _FAINT:
            return self.say("voice_faint", own)
        link = ""
        if ("ahead" in own or "before" in own) and turn(f"link/{own['me']}", 2):
            link = self.say("link_against" if "ahead" in own else "link_with", own)
        heard = own | {"me": "it", "my": "its", "linked": ""} if link else own
        pool = f"voice_{voice}_told" if told and turn(f"told/{own['me']}", 4) else f"voice_{voice}"
        sentences = [link, self.say(pool, heard, self._place(view))]
        if "two_thing" in own and turn(f"two/{own['me']}", 2):
            sentences.append(self.say(f"voice_{voice}_two", own))
        if "anti_thing" in own and turn(f"anti/{own['me']}", 5):
            sentences.append(self.say(f"voice_{voice}_anti", own))
        elif "unopposed" in own and turn(f"alone/{own['me']}", 2):
            sentences.append(self.say("voice_unopposed", own))
        if "lacks" in own and turn(f"lacks/{own['me']}", 8) == 0:
            sentences.append(self.say("voice_lacks", own))
        return " ".join([text for text in sentences if text])

    def _place(self, view: View) -> int:
        """The place among the speakers, since `it` speaks for several of them."""
        return [item.mind for item in self.said].index(view.mind)

    def _fade(self, known: Facts, so_far: str = "") -> None:
        """Leave out figures that the reader knows: a clause without one takes the place of the clause with it."""
        for key in [name.removesuffix("_gist") for name in known if name.endswith("_gist")]:
            if known[f"{key}_amount"] in self.told + so_far:
                known[f"{key}_is"] = known[f"{key}_gist"]

    def _table(self) -> list[str]:
        """The cases of the strongest minds, and the rest by name."""
        spoken_of = [item for item in self.said if isinstance(item, View)]
        ranked = sorted(spoken_of, key=lambda item: -item.confidence)
        theses = [self.theses[item.mind] for item in spoken_of if item in ranked[:_MINDS]]
        rest = [
            f"{self.called[item.mind]} {figures.strength(item.confidence)} {_side(item)}" for item in ranked[_MINDS:]
        ]
        return [*theses, self.say("rollcall", {"others": ", ".join(rest)})] if rest else theses

    def _turn(self) -> list[str]:
        """What the table misses about the day's own point; on some days of split tables, the two ways to read it."""
        share = 3 if self.name == "divergent" else 9
        if "is_divergent" in self.facts and self.teller.turn("fork?", share) == 0:
            fork = self.say("fork")
            if fork:
                return fork.split("\n")
        pool = f"turn_{self.name}"
        return [self._ground(self.say(pool), self.teller.turn("ground", 2) == 0)] if pool in load().pools else []

    def _ground(self, said: str, wanted: bool) -> str:
        """A turn, on some days followed by what it means for the evidence at hand."""
        return " ".join([text for text in (said, self.say("ground")) if text]) if said and wanted else said

    def _further(self) -> list[str]:
        """One further turn of the argument: often one that fits on few days, else one that fits on most."""
        inside = ("ins_parts",) if self._after() == "regime_parts" else ()  # one look inside the regime is enough
        kinds = ("ins_", "com_") if self.teller.turn("further", 3) else ("com_", "ins_")
        for kind in kinds:
            pools = [pool for pool in load().pools if pool.startswith(kind) and pool not in (*self.angle.skip, *inside)]
            first = self.teller.turn(kind, len(pools))
            for pool in pools[first:] + pools[:first]:
                text = self.say(pool)
                if text:
                    return [self._ground(text, pool in _LOOSE and self.teller.turn("ground", 2) == 1)]
        return []

    def _mute(self) -> list[str]:
        silent = [(self.called[item.mind], item.reason) for item in self.said if isinstance(item, Abstention)]
        return [" ".join([self.say("mute", {"me": who, "why": self._named(reason)}) for who, reason in silent])]

    def _named(self, reason: str) -> str:
        """A reason as a clause, with signals called as everywhere else."""
        return _SIGNAL.sub(lambda found: self.nouns.known(found[0]) or found[0], because(reason))

    def _regime(self) -> list[str]:
        known = any(self.facts.get(name, "") and self.facts[name] in self.told for name in ("reading", "reasons"))
        sentences = [(self.say("regime_again") if known else "") or self.say("regime"), self.say(self._after())]
        return [" ".join([text for text in sentences if text])]

    def _after(self) -> str:
        """What follows the reading today."""
        return ("regime_parts", "regime_path", "regime_lost", "regime_parts")[self.teller.turn("after", 4)]

    def _form(self) -> list[str]:
        """How the calls did: what settled, and the record with n."""
        verdict = [self.say("unsettled")]
        if "v_call" in self.facts:
            told = self.facts["v_did"][1:] in self.told
            more = (
                "settled_count"
                if "several" in self.facts and (told or self.teller.turn("count", 2))
                else "settled_score"
            )
            verdict = ["" if told else self.say("settled"), self.say(more) if "v_brier" in self.facts else ""]
        if "void" in self.facts:
            verdict.append(self.say("settled_void", {"why": self.facts["void"]}))
        record = [self.say("record_none" if "record_none" in self.facts else "record")]
        minds = self.say("record_minds") or self.say("record_mind")
        record.append(minds if minds and self.teller.turn("keyed", 3) else self.say("record_here"))
        return [" ".join([text for text in (*verdict, *record) if text])]

    def _missing(self) -> list[str]:
        """One gap with its reason, what failed today before what never was there; the others are counted."""
        by_reason: dict[str, list[str]] = {}
        for item in self.record.missing:
            by_reason.setdefault(clause(item.reason), []).append(self.nouns.thing(item.signal))
        if not by_reason:
            return []
        most = {reason: 1 if reason.startswith("its ") else _NAMES for reason in by_reason}
        groups = [(listing(list(dict.fromkeys(names))[: most[why]]), why) for why, names in by_reason.items()]
        fresh = [group for group in groups if _FRESH.match(group[1])] or groups
        chosen = groups if len(groups) <= _GROUPS else [fresh[self.teller.turn("gap", len(fresh))]]
        said = [self.say("missing", {"gap": gap, "why": because(reason), "me": reason}) for gap, reason in chosen]
        named = sum([min(len(dict.fromkeys(by_reason[reason])), most[reason]) for _, reason in chosen])
        rest = len(missing_names(self.record)) - named
        if rest > 0 and self.teller.turn("rest", 3) == 0:
            said.append(self.say("missing_more", {"rest": count(rest), "one_more" if rest == 1 else "more": ""}))
        return [" ".join(said)]

    def _end(self) -> list[str]:
        own = f"end_{self.name}"
        said = self.say(own) if own in load().pools and self.teller.turn("end", 5) else ""
        said = said or self.say("end")
        stake = self.say("stake") if self.teller.turn("stake", 3) else ""
        return [" ".join([text for text in (said, stake) if text])]

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
    words = {word.strip(",:").removesuffix("'s") for word in title.split()}
    return {word for word in words if len(word) > 2 and word not in ("the", "and", "for", "into", "with")}


def _side(view: View) -> str:
    return "up" if view.lean > 0 else "down" if view.lean < 0 else "even"
