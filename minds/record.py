"""The record of one cycle: everything that was decided, and nothing about a decision lives anywhere else.

Contract: built by `minds.cycle`, immutable, without timings or paths. The ledger stores `body(record)` as canonical JSON; the
essay is a function of the record and the ledger head alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from engine.claims import Claim, Target, Verdict
from engine.signals.spec import Signal
from minds.view import Abstention, Debate, GateResult, Missing, View
from regimes.reading import RegimeReading

__all__ = ["CycleRecord", "MindRecord", "body"]


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
        signals: readings of the signals that the essay may quote, by name.
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


def body(record: CycleRecord) -> bytes:
    """Canonical JSON of what the ledger keeps: sorted keys, shortest float form, UTF-8."""
    raise NotImplementedError
