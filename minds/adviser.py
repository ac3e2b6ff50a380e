"""The adviser's seat: somebody who may tilt the lead call, within a cap (`minds.advised`) and as far as that is earned.

Contract: a cycle is run as it is without an adviser; only then is the adviser asked about the record, and the lead call
gets the probability of `minds.advised`. Nothing else changes: where calls on the lead's symbol overlap, an adviser may
not turn a call to the other side, so that the same calls are published and the synthesis learns from the same verdicts.
Whatever an adviser does wrong is its own abstention, with the reason, and never stops a cycle; only an `InputError`,
such as that of a replay that does not hold a question, gets through. On days that its model
may remember it is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, Protocol

from engine.errors import InputError, told
from minds.advised import TILTS, Advised
from minds.cycle import Cycle
from minds.gates import COVERAGE_CAP
from minds.lookup import claim_of
from minds.record import CycleRecord
from minds.text import clause, plain

__all__ = ["REMEMBERED", "Adviser", "AdviserDesk", "Said"]

REMEMBERED = "the session is not after the model's cutoff"
"""Why an adviser is not asked: what it would say may be memory."""
_MOST = 600
"""Characters of a reason that are kept."""


class Said(NamedTuple):
    """What an adviser says of one day.

    Attributes:
        tilt: one of `minds.advised.TILTS`; empty when it abstains.
        because: its reason, or why it abstains.
    """

    tilt: str
    because: str


class Adviser(Protocol):
    """Somebody who may tilt the lead call.

    Attributes:
        name: what decides its answers, such as a model and the version of its prompt.
    """

    name: str

    def advise(self, record: CycleRecord) -> Said:
        """What it says about the lead call of a record (made with quotes, its probability that of the synthesis).

        Raises:
            InputError: it was given something that cannot be used, and the run should stop.
        """
        ...


class AdviserDesk:
    """Asks one adviser about one run's lead calls, and keeps what it has earned."""

    def __init__(
        self, adviser: Adviser, cycle: Cycle, cutoff: str = "", heard: Mapping[str, Said] | None = None
    ) -> None:
        """Take a seat at a cycle.

        Args:
            adviser: who is asked.
            cycle: the run's cycle, before its first session.
            cutoff: ISO day up to which the adviser may remember what happened; empty when there is no such day.
            heard: session -> what the adviser said there, for a run that is resumed: it is not asked again.
        """
        lead = cycle.targets[0]
        self.layer, self.cutoff = Advised(), cutoff
        self._adviser, self._cycle, self._heard = adviser, cycle, {} if heard is None else heard
        overlapping = lead.horizon > 1 or sum([target.symbol == lead.symbol for target in cycle.targets]) > 1
        self._turns = not overlapping

    def wants(self, session: str) -> bool:
        """Whether the adviser will be asked about a session, and so needs the record's quotes."""
        return session > self.cutoff and session not in self._heard

    def advise(self, record: CycleRecord) -> CycleRecord:
        """The record with the adviser's part in it: the record of the next session in order, each once."""
        for verdict in record.verdicts:
            self.layer.settle(verdict.id, verdict.outcome)
        lead = record.targets[0]
        claim = claim_of(record, lead, "direction")
        if claim is None or claim.probability is None:
            return record
        said = self._said(record)
        capped = any(gate.gate == "coverage" and gate.target == lead.key for gate in record.gates)
        advice = self.layer.advice(
            claim.id, claim.probability, record.forecasts[lead.key].copy, said.tilt, said.because,
            share=COVERAGE_CAP if capped else 1.0, turns=self._turns,
        )  # fmt: skip
        called = claim._replace(probability=advice.probability)
        self._cycle.desks[lead.key].amend(called)
        claims = tuple([called if other is claim else other for other in record.claims])
        return replace(record, claims=claims, advice=advice)

    def _said(self, record: CycleRecord) -> Said:
        """What the adviser says, held to its contract."""
        if record.session <= self.cutoff:
            return Said("", REMEMBERED)
        known = self._heard.get(record.session)
        if known is not None:
            return known
        try:
            tilt, because = self._adviser.advise(record)
            of_form, because = not tilt or tilt in TILTS, plain(str(because), _MOST)
        except InputError:
            raise
        except Exception as error:  # a stranger's code: any failure of it is its own abstention
            return Said("", clause(f"it failed with {told(error)}"))
        return Said(tilt or "", because) if of_form else Said("", f"it said none of {', '.join(TILTS)}")
