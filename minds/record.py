"""The record of one cycle: everything that was decided, and nothing about a decision lives anywhere else.

Contract: built by `minds.cycle`, immutable, without timings or paths. The ledger stores `body(record)` as canonical
JSON; the essay is a function of the record and the ledger head alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from engine.claims import Claim, Target, Verdict
from engine.signals.spec import Signal
from minds.synthesis import Forecast
from minds.view import Abstention, Debate, GateResult, Missing, View
from regimes.reading import RegimeReading

__all__ = ["CycleRecord", "MindRecord", "body", "canonical", "document"]


class MindRecord(NamedTuple):
    """How one mind's direction calls have done so far, settled before this cycle.

    Attributes:
        mind: the mind's name, or `synthesis` for the published call.
        regime: the label that these calls were made under, or `all`.
        n: settled calls with a side.
        right: how many were right.
        base: share of right calls that always saying the more frequent side would have had; None when n is 0.
        weight: the mind's weight in the synthesis for the first target, in [0, 1]; None where it has none.
    """

    mind: str
    regime: str
    n: int
    right: int
    base: float | None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """One session's cycle.

    Attributes:
        cycle: running number, 1 for the first session of the run.
        session: ISO day whose close it follows.
        as_of: aware UTC instant at which it speaks.
        timezone: IANA zone of the exchange, for the essay's dateline.
        data: digest of the bars known at this instant.
        reading: the regime.
        targets: what is called, the first one leads the essay.
        views: target key -> what each mind said, in the run's order.
        debates: target key -> debate.
        claims: published claims.
        gates: every gate result that is not a pass.
        verdicts: claims settled in this cycle.
        records: track records that stand behind the speakers, as of now.
        missing: signals that somebody wanted and could not have, each once.
        signals: readings of the signals that the essay may quote, by name; empty when no essay was asked for.
        forecasts: target key -> the synthesis, published or not.
    """

    cycle: int
    session: str
    as_of: datetime
    timezone: str
    data: str
    reading: RegimeReading
    targets: tuple[Target, ...]
    views: Mapping[str, tuple[View | Abstention, ...]]
    debates: Mapping[str, Debate]
    claims: tuple[Claim, ...]
    gates: tuple[GateResult, ...]
    verdicts: tuple[Verdict, ...]
    records: tuple[MindRecord, ...]
    missing: tuple[Missing, ...]
    signals: Mapping[str, Signal]
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)


def body(record: CycleRecord) -> bytes:
    """Canonical JSON of what the ledger keeps of a cycle."""
    return canonical(document(record))


def canonical(found: dict[str, Any]) -> bytes:
    """Canonical JSON: sorted keys, shortest float form, UTF-8."""
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS)


def document(record: CycleRecord) -> dict[str, Any]:
    """What the ledger keeps of a cycle: all that scores, trace and report need, and nothing of whether an essay was
    written.
    """
    return {
        "as_of": record.as_of.isoformat(),
        "claims": [_claim(claim) for claim in record.claims],
        "cycle": record.cycle,
        "data": record.data,
        "debates": {key: [debate.label, debate.conviction] for key, debate in record.debates.items()},
        "gates": [gate._asdict() for gate in record.gates],
        "missing": dict(record.missing),
        "reading": _reading(record.reading),
        "session": record.session,
        "signals": _signals(record.views.values()),
        "synthesis": {key: list(made.experts) for key, made in record.forecasts.items()},
        "verdicts": [_verdict(verdict) for verdict in record.verdicts],
        "views": {key: {item.mind: _said(item) for item in said} for key, said in record.views.items()},
    }


def _claim(claim: Claim) -> dict[str, Any]:
    """Every field that has a value; written out, since a replay does this tens of thousands of times."""
    found: dict[str, Any] = {
        "as_of": claim.as_of, "deadline": claim.deadline, "horizon": claim.horizon, "id": claim.id, "kind": claim.kind,
        "reference": claim.reference, "session": claim.session, "symbol": claim.symbol,
    }  # fmt: skip
    if claim.probability is not None:
        found["probability"], found["base_rate"] = claim.probability, claim.base_rate
    if claim.low is not None:
        found["low"], found["high"], found["base_low"], found["base_high"] = claim[10:14]
    if claim.threshold is not None:
        found["threshold"] = claim.threshold
    if claim.versus is not None:
        found["versus"] = claim.versus
    return found


def _verdict(verdict: Verdict) -> dict[str, Any]:
    """Every field that has a value."""
    found: dict[str, Any] = {
        "id": verdict.id, "reason": verdict.reason, "result": verdict.result, "settled": verdict.settled,
    }  # fmt: skip
    if verdict.outcome is not None:
        found["outcome"], found["score"], found["base_score"] = verdict.outcome, verdict.score, verdict.base_score
    if verdict.realised is not None:
        found["realised"] = verdict.realised
    if verdict.log_score is not None:
        found["log_score"] = verdict.log_score
    return found


def _reading(reading: RegimeReading) -> dict[str, Any]:
    return {
        "components": {part.name: part.value for part in reading.components},
        "coverage": reading.coverage,
        "label": reading.label,
        "path": reading.path,
        "reasons": reading.reasons,
        "score": reading.score,
        "since": reading.since,
        "status": reading.status,
    }


def _said(item: View | Abstention) -> dict[str, Any]:
    if isinstance(item, Abstention):
        return {"abstains": item.reason}
    return {"evidence": {part.signal: part.amount for part in item.contributions}, "lean": item.lean}


def _signals(views: Iterable[tuple[View | Abstention, ...]]) -> dict[str, float]:
    """Values of all signals that somebody's view rests on, each once."""
    return {
        part.signal: part.value
        for said in views
        for item in said
        if isinstance(item, View)
        for part in item.contributions
    }
