"""The model writer: an essay in which a model has the words and code has everything else.

Contract: a draft has the template's parts, each replaced by the model's words where these were accepted and marked
where they were not. Placeholders are filled here, beside each paragraph stands the evidence that it cites, and the note
at the end says who wrote what. The form itself (dates, tags, claims, footer) is stamped by `minds.essay`.
"""

from __future__ import annotations

from typing import Any

from minds import figures
from minds.llm.argue import PACE, Argued, Arguments, Words
from minds.llm.bill import Bill
from minds.llm.call import Model
from minds.llm.gather import SYNTHESIS, lead_views
from minds.llm.guard import fill
from minds.lookup import speakers
from minds.record import CycleRecord
from minds.template import TemplateWriter
from minds.text import listing
from minds.writer import Draft

__all__ = ["ModelWriter"]


class ModelWriter:
    """Writes essays of sessions that come in order.

    Args:
        model: who is asked.
        secret: the key of the record of calls (`minds.llm.untrusted.keep_secret`).
        pace: see `Arguments`.
        bill: what the model's calls come to, if somebody counts.
        leak: what was measured of the model's memory, one line for the run's record.
    """

    def __init__(
        self, model: Model, secret: bytes, pace: float = PACE, bill: Bill | None = None, leak: str = ""
    ) -> None:
        self.name, self.bill, self.leak = model.name, bill, leak
        self.arguments = Arguments(model, secret, pace)
        self._sides: dict[str, tuple[str, float]] = {}

    def write(self, record: CycleRecord) -> Draft:
        """The draft for one cycle, with the arguments that stand."""
        parts = TemplateWriter().parts(record)
        argued = self.arguments.hear(record)
        named = speakers(record)
        frame = argued.frame
        paragraphs = list(parts.opening) if frame is None else [_text(frame, "opening")]
        for mind in lead_views(record):
            words = argued.arguments.get(mind)
            paragraphs.append(parts.theses[mind] if words is None else _argument(named[mind], words, record))
        paragraphs += [_answer(named[mind], words) for mind, words in argued.answers.items()]
        paragraphs += self._turned(record)
        paragraphs += parts.turns if frame is None else [_text(frame, "turn")]
        paragraphs += _evidence(argued)
        paragraphs += parts.rest
        return Draft(
            title=parts.title if frame is None else _text(frame, "title").rstrip("."),
            argument=tuple(paragraphs),
            prediction=parts.prediction,
            closing=parts.closing if frame is None else f"{_text(frame, 'closing')} {parts.closing}",
            note=self._note(record, argued),
        )

    def account(self) -> dict[str, Any]:
        """What became of the drafts, for the run's record."""
        tried = self.arguments.tried
        return {
            "name": self.name,
            "essays": tried.heard,
            "mind_days": tried.spoke,
            "questions": tried.asked,
            "accepted": tried.accepted,
            "repaired": tried.repaired,
            "rejected_for": dict(sorted(tried.faults.items())),
            "unanswered": dict(sorted(tried.unanswered.items())),
            "leak": self.leak,
            "bill": {} if self.bill is None else _bill(self.bill, tried.heard),
        }

    def _turned(self, record: CycleRecord) -> list[str]:
        """Who changed sides since the last essay, by the evidence's own arithmetic."""
        named, turned = speakers(record), []
        for mind, view in lead_views(record).items():
            side = "up" if view.lean > 0.0 else "down"
            before = self._sides.get(mind)
            if before is not None and before[0] != side and view.lean:
                was, now = figures.percent(before[1], 0), figures.percent(view.lean, 0)
                turned.append(f"{named[mind]} turned {side} since the last essay: its lean went from {was} to {now}.")
            self._sides[mind] = (side, view.lean)
        return [" ".join(turned)] if turned else []

    def _note(self, record: CycleRecord, argued: Argued) -> str:
        """Who wrote what."""
        named = {**speakers(record), SYNTHESIS: "the frame"}
        new = [named[mind] for mind, words in argued.arguments.items() if words.since == record.session]
        old = [f"{named[mind]} of {figures.short_day(words.since)}" for mind, words in argued.arguments.items()
               if words.since != record.session]  # fmt: skip
        if argued.frame is not None:
            new.append(named[SYNTHESIS])
        said = [f"{self.name} wrote {listing(new)}" if new else self.name]
        said += [f"standing: {listing(old)}"] if old else []
        failed = [f"{named.get(who, who)} ({why})" for who, why in argued.why.items()]
        said += [f"template text for {listing(failed)}"] if failed else []
        return "; ".join(said) if new or old or failed else f"{self.name}; template text, nothing was asked today"


def _text(words: Words, name: str) -> str:
    return fill(words.said.fields[name], words.pack)


def _argument(who: str, words: Words, record: CycleRecord) -> str:
    """Thesis, argument and risk; only the thesis and the risk when they stand from another day."""
    fresh = words.since == record.session
    names = ("thesis", "argument", "risk") if fresh else ("thesis", "risk")
    lead = f"{who} says:" if fresh else f"{who} stands by its argument of {figures.short_day(words.since)}:"
    return " ".join([lead, *[_text(words, name) for name in names]])


def _answer(who: str, words: Words) -> str:
    stance = "concedes the point" if words.said.fields["stance"] == "concede" else "holds"
    return f"{who} answers {words.said.fields['to']} and {stance}: {_text(words, 'point')} {_text(words, 'answer')}"


def _evidence(argued: Argued) -> list[str]:
    """Everything that a model's words cite, name and figure, so that a reader can hold one against the other."""
    words = [*argued.arguments.values(), *argued.answers.values(), *([argued.frame] if argued.frame else [])]
    cited = {fact.id: fact for item in words for fact in item.pack.facts if fact.id in item.said.cites}
    shown = [f"{fact.thing} {fact.text}" for fact in cited.values() if fact.kind == "signal"]
    return [f"The evidence that these words cite: {'; '.join(shown)}."] if shown else []


def _bill(bill: Bill, essays: int) -> dict[str, Any]:
    """What was paid and kept: in all, for each essay (null where there is none), for each mind."""
    total = bill.total()
    return {
        "total": total.document(),
        "usd_per_essay": (total.usd + total.kept_usd) / essays if essays else None,
        "tokens_per_essay": (total.tokens + total.kept_tokens) / essays if essays else None,
        "minds": {who: row.document() for who, row in bill.rows.items()},
    }
