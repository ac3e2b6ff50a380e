"""Who is asked for words, and when: arguments that stand until they no longer fit, answers, the essay's frame.

Contract: sessions come in order. A model is asked only when a mind has no argument that still holds: the side has
changed, or the evidence has moved so that the old words would now be refused by the guard. Until then its argument
stands and code fills in today's figures. An allowance per mind keeps a long replay from asking every day. Nothing here
changes a number: what is not accepted after two repairs is left to the template, with the reason.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from minds.llm.call import Model, NoAnswer
from minds.llm.form import ANSWER, ARGUE, ESSAY, Form
from minds.llm.gather import SYNTHESIS, gather, lead_views
from minds.llm.guard import Rejected, Said, examine, examine_again
from minds.llm.pack import Pack
from minds.llm.prompt import Question, ask, mend
from minds.record import CycleRecord

__all__ = ["BURST", "PACE", "REPAIRS", "Argued", "Arguments", "Tried", "Words", "most_calls"]

PACE = 0.07
"""Calls that each mind earns with a session: a long replay stays below one call in ten mind-days."""
BURST = 4.0
"""Calls that a mind may have saved up; it begins with these, so that the first essays are fully argued."""
REPAIRS = 2
"""Times that a rejected draft goes back with its faults named."""


def most_calls(minds: int, essays: int, pace: float = PACE) -> int:
    """Most calls that `minds` minds and the desk can make over so many essays, repairs included."""
    each = min(2 * (REPAIRS + 1) * essays, math.floor(BURST + pace * (essays - 1) + REPAIRS)) if essays else 0
    return (minds + 1) * each


class Words(NamedTuple):
    """Accepted words of one speaker, placeholders unfilled.

    Attributes:
        said: the fields.
        pack: today's facts, for filling in.
        since: session on which they were written.
    """

    said: Said
    pack: Pack
    since: str


class Argued(NamedTuple):
    """What there is to print for one essay.

    Attributes:
        arguments: mind -> its argument; a mind without one is left to the template.
        answers: mind -> its answer to another mind.
        frame: title, opening, turn and closing, when they were written today.
        why: speaker -> why the template stands in for it, where a draft failed.
    """

    arguments: Mapping[str, Words]
    answers: Mapping[str, Words]
    frame: Words | None
    why: Mapping[str, str]


@dataclass
class Tried:
    """What became of the drafts of a run.

    Attributes:
        asked: questions, repairs not counted.
        accepted: drafts that were printed.
        repaired: accepted drafts that needed a repair.
        faults: fault -> rejected drafts that had it (repairs counted each).
        unanswered: reason -> questions that got no answer.
        heard: sessions with an essay.
        spoke: mind-days: minds, the desk among them, that had something to say, over all sessions.
    """

    asked: int = 0
    accepted: int = 0
    repaired: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    heard: int = 0
    spoke: int = 0


class _Asked(NamedTuple):
    """A question that waits for its answer."""

    form: Form
    pack: Pack
    question: Question


class Arguments:
    """Remembers who argued what, over the sessions that get an essay.

    Args:
        model: who is asked.
        secret: the key of the record of calls.
        pace: calls that each mind earns with a session.
    """

    def __init__(self, model: Model, secret: bytes, pace: float = PACE) -> None:
        self.tried = Tried()
        self._model, self._secret, self._pace = model, secret, pace
        self._saved: dict[str, float] = {}
        self._standing: dict[str, Words] = {}
        self._answers: dict[str, Words] = {}

    def hear(self, record: CycleRecord) -> Argued:
        """Ask whoever has to be asked about one cycle.

        Raises:
            InputError: a replay does not hold a call.
        """
        views = {mind: view for mind, view in lead_views(record).items() if view.lean}
        for who in (*views, SYNTHESIS):
            self._saved[who] = min(self._saved.get(who, BURST - self._pace) + self._pace, BURST)
        self.tried.heard += 1
        self.tried.spoke += len(views) + 1
        why: dict[str, str] = {}
        theses = self._argue(record, list(views), why)
        divided = record.debates[record.targets[0].key].label == "divergent"
        self._answer(record, list(views) if divided else [], theses, why)
        frame = self._frame(record, theses, why)
        return Argued(
            {mind: self._standing[mind] for mind in views if mind in self._standing},
            {mind: self._answers[mind] for mind in views if mind in self._answers},
            frame, why,
        )  # fmt: skip

    def _argue(self, record: CycleRecord, minds: Sequence[str], why: dict[str, str]) -> dict[str, str]:
        """Each mind's argument, old or new; gives the theses."""
        asked: dict[str, _Asked] = {}
        for mind in minds:
            pack = gather(record, mind)
            words = self._kept(self._standing.pop(mind, None), ARGUE, pack)
            if words is not None:
                self._standing[mind] = words
            elif self._may(mind, pack, ARGUE):
                asked[mind] = self._question(ARGUE, pack, mind)
        self._standing |= self._converse(record, asked, why)
        return {mind: words.said.fields["thesis"] for mind, words in self._standing.items() if mind in minds}

    def _answer(
        self, record: CycleRecord, minds: Sequence[str], theses: Mapping[str, str], why: dict[str, str]
    ) -> None:
        """Each mind that has argued answers one on the other side that has."""
        asked: dict[str, _Asked] = {}
        kept: dict[str, Words] = {}
        for mind in minds:
            if mind not in theses:
                continue
            pack = gather(record, mind, theses)
            rivals = tuple([other for other in pack.others if other.thesis and other.side not in (pack.side, "none")])
            if not rivals:
                continue
            pack = pack._replace(others=rivals)
            old = self._answers.get(mind)
            fresh = any(self._standing[who].since == record.session for who in theses)
            words = None if fresh else self._kept(old, ANSWER, pack)
            if words is not None:
                kept[mind] = words
            elif self._may(mind, pack, ANSWER):
                asked[mind] = self._question(ANSWER, pack, mind)
        self._answers = kept | self._converse(record, asked, why)

    def _frame(self, record: CycleRecord, theses: Mapping[str, str], why: dict[str, str]) -> Words | None:
        """The desk's own words, on days on which somebody has argued anew."""
        fresh = any(self._standing[mind].since == record.session for mind in theses)
        pack = gather(record, None, theses)
        if not fresh or not self._may(SYNTHESIS, pack, ESSAY):
            return None
        asked = {SYNTHESIS: self._question(ESSAY, pack, "synthesis")}
        return self._converse(record, asked, why).get(SYNTHESIS)

    def _may(self, who: str, pack: Pack, form: Form) -> bool:
        """Whether the allowance holds a call, and the pack enough to cite."""
        return self._saved[who] >= 1.0 and sum([fact.kind == "signal" for fact in pack.facts]) >= form.cited

    def _kept(self, words: Words | None, form: Form, pack: Pack) -> Words | None:
        """Old words with today's facts, as long as the guard would let them through today."""
        if words is None:
            return None
        again = examine_again(words.said, form, pack)
        return None if isinstance(again, Rejected) else Words(again, pack, words.since)

    def _question(self, form: Form, pack: Pack, who: str) -> _Asked:
        self.tried.asked += 1
        return _Asked(form, pack, ask(form, pack, self._model.name, who, self._secret))

    def _converse(self, record: CycleRecord, asked: Mapping[str, _Asked], why: dict[str, str]) -> dict[str, Words]:
        """Ask, examine, send back what is rejected; the batch of one round runs at the same time."""
        waiting, accepted = dict(asked), dict[str, Words]()
        for again in range(REPAIRS + 1):
            if not waiting:
                break
            for who in waiting:
                self._saved[who] -= 1.0
            outcomes = self._model.ask([item.question.call for item in waiting.values()])
            mended: dict[str, _Asked] = {}
            for (who, item), outcome in zip(waiting.items(), outcomes, strict=True):
                if isinstance(outcome, NoAnswer):
                    self.tried.unanswered[outcome.reason] += 1
                    why[who] = f"no answer, {outcome.reason}"
                    continue
                question = item.question
                seen = examine(
                    outcome, item.form, item.pack,
                    prompt=question.texts, canary=question.canary, marker=question.marker,
                )  # fmt: skip
                if isinstance(seen, Rejected):
                    kinds = dict.fromkeys([fault.kind for fault in seen.faults])
                    self.tried.faults.update(kinds.keys())
                    why[who] = f"draft rejected, {seen.faults[0].kind}"
                    mended[who] = item._replace(question=mend(question, outcome, seen.faults))
                    continue
                self.tried.accepted += 1
                self.tried.repaired += again > 0
                why.pop(who, None)
                accepted[who] = Words(seen, item.pack, record.session)
            waiting = mended
        return accepted
