"""The record of one cycle: everything that was decided, and nothing about a decision lives anywhere else.

Contract: built by `minds.cycle`, immutable, without timings or paths. The ledger stores `body(record)` as canonical
JSON; the essay is a function of the record and the ledger head alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from engine.claims import Claim, Target, Verdict
from engine.events import Event
from engine.signals.spec import Signal
from minds.advised import Advice
from minds.baseline.kind import Leans
from minds.synthesis import Forecast
from minds.view import Abstention, Debate, Evidence, GateResult, Missing, View
from regimes.reading import RegimeReading

__all__ = [
    "CycleRecord",
    "MindRecord",
    "body",
    "canonical",
    "document",
    "kept_claim",
    "kept_reading",
    "kept_verdict",
    "kept_view",
    "places",
]


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
        events: what became known in the last days, texts of strangers; empty when no essay was asked for.
        missing_since: session of this run from which on exactly these were missing; today's when that is news.
        signals: readings of the signals that the essay may quote, by name; empty when no essay was asked for.
        forecasts: target key -> the synthesis, published or not.
        advice: what an adviser made of the lead call; None without an adviser or without a call.
        baselines: target key -> the lean of each baseline; nothing in this record depends on them.
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
    missing_since: str = ""
    events: tuple[Event, ...] = ()
    advice: Advice | None = None
    baselines: Leans = field(default_factory=dict)


def body(record: CycleRecord) -> bytes:
    """Canonical JSON of what the ledger keeps of a cycle."""
    return canonical(document(record))


def canonical(found: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """Canonical JSON: sorted keys, shortest float form, UTF-8."""
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS)


def document(record: CycleRecord) -> dict[str, Any]:
    """What the ledger keeps of a cycle: all that scores, trace and report need, and nothing of whether an essay was
    written.

    What is the same all through is said once: claims and verdicts do not repeat the session, and `missing` is the
    session that has the list when it has not changed since.
    """
    unchanged = "" < record.missing_since < record.session
    found = {
        "as_of": record.claims[0].as_of if record.claims else record.as_of.isoformat(),  # the same text
        "baselines": record.baselines,
        "claims": [kept_claim(claim) for claim in record.claims],
        "cycle": record.cycle,
        "data": record.data,
        "debates": {key: (label, conviction) for key, (label, conviction, _) in record.debates.items()},
        "gates": [gate._asdict() for gate in record.gates],
        "missing": record.missing_since if unchanged else dict(record.missing),
        "reading": kept_reading(record.reading),
        "session": record.session,
        "signals": _signals(record.views.values()),
        "synthesis": {key: made.experts for key, made in record.forecasts.items()},
        "verdicts": [kept_verdict(verdict) for verdict in record.verdicts],
        "views": {key: {item.mind: kept_view(item) for item in said} for key, said in record.views.items()},
    }
    if record.advice is not None:
        found["adviser"] = _advice(record.advice)
    return found


def _advice(advice: Advice) -> dict[str, Any]:
    """What was said, and p0; the published probability stands in the claim."""
    found: dict[str, Any] = {
        "claim": advice.claim, "copy": advice.copy, "k": advice.k, "weight": advice.weight, "without": advice.without,
    }  # fmt: skip
    if not advice.tilt:
        return found | {"abstains": advice.because}
    return found | {"alone": advice.alone, "because": advice.because, "tilt": advice.tilt}


def kept_claim(claim: Claim) -> dict[str, Any]:
    """Every field that has a value; written out, since a replay does this tens of thousands of times."""
    (identity, kind, symbol, horizon, _, _, reference, deadline, probability, base_rate, low, high, base_low, base_high,
     versus, threshold) = claim  # fmt: skip
    if low is not None:
        return {
            "base_high": base_high, "base_low": base_low, "deadline": deadline, "high": high, "horizon": horizon,
            "id": identity, "kind": kind, "low": low, "reference": reference, "symbol": symbol,
        }  # fmt: skip
    found = {
        "base_rate": base_rate, "deadline": deadline, "horizon": horizon, "id": identity, "kind": kind,
        "probability": probability, "reference": reference, "symbol": symbol,
    }  # fmt: skip
    if threshold is not None:
        found["threshold"] = threshold
    if versus is not None:
        found["versus"] = versus
    return found


def kept_verdict(verdict: Verdict) -> dict[str, Any]:
    """Every field that has a value."""
    identity, result, reason, _, outcome, realised, score, base_score, log_score = verdict
    found: dict[str, Any] = {"id": identity, "result": result}
    if outcome is None:
        found["reason"] = reason
    else:
        found["base_score"], found["outcome"], found["score"] = base_score, outcome, score
    if realised is not None:
        found["realised"] = realised
    if log_score is not None:
        found["log_score"] = log_score
    return found


def kept_reading(reading: RegimeReading) -> dict[str, Any]:
    """What the ledger keeps of a reading of the regime."""
    return {
        "components": {name: value for name, value, _ in reading.components},
        "coverage": reading.coverage,
        "label": reading.label,
        "path": reading.path,
        "reasons": reading.reasons,
        "score": reading.score,
        "since": reading.since,
        "status": reading.status,
    }


def kept_view(item: View | Abstention) -> dict[str, Any]:
    """What the ledger keeps of a view or an abstention."""
    if isinstance(item, Abstention):
        return {"abstains": item.reason}
    parts = item.contributions
    if type(parts) is Evidence:
        return {"evidence": dict(zip(parts.signals, parts.amounts, strict=True)), "lean": item.lean}
    return {"evidence": {signal: amount for signal, amount, _, _ in parts}, "lean": item.lean}


def _signals(views: Iterable[tuple[View | Abstention, ...]]) -> dict[str, float]:
    """Values of all signals that somebody's view rests on, each once."""
    names: list[tuple[str, ...]] = []
    values: list[float] = []
    for said in views:
        for item in said:
            if isinstance(item, Abstention):
                continue
            parts = item.contributions
            if type(parts) is Evidence:
                names.append(parts.signals)
                values += parts.values
            else:
                names.append(tuple([signal for signal, _, _, _ in parts]))
                values += [value for _, _, value, _ in parts]
    order, pick = places(tuple(names))
    return dict(zip(order, pick(values), strict=True))


@functools.lru_cache(maxsize=256)
def places(names: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], Callable[[list[float]], tuple[float, ...]]]:
    """Each name once, and what picks its last value out of one list; minds name the same signals for months."""
    last = {name: at for at, name in enumerate([name for some in names for name in some])}
    places = tuple(last.values())
    return tuple(last), itemgetter(*places) if len(places) > 1 else lambda values: tuple([values[at] for at in places])
