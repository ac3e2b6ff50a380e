"""A piece of a replay: what some sessions in a row have said and seen settled, as columns, and as the ledger keeps it.

Contract: the columns say nothing that the texts do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from minds.baseline.kind import Leans
from minds.stretch.slot import Claimed, Settled, Slot
from minds.view import DebateLabel, GateResult
from regimes.reading import RegimeReading

__all__ = ["Calls", "Docket", "Piece"]


class Calls(NamedTuple):
    """What stands behind direction claims, an entry a claim in each sequence.

    Attributes:
        debates: label and conviction.
        leans: of each mind, None where it was silent.
        fair: base rate first, then each mind's probability after recalibration, None likewise.
    """

    debates: Sequence[tuple[DebateLabel, float]]
    leans: Sequence[tuple[float | None, ...]]
    fair: Sequence[tuple[float | None, ...]]


class Docket(NamedTuple):
    """Claims of one kind on one target.

    Attributes:
        slot: what they have in common.
        said: what was claimed.
        settled: what became of earlier ones.
        calls: what stands behind direction claims; None for other kinds.
    """

    slot: Slot
    said: Claimed
    settled: Settled
    calls: Calls | None = None


class Piece(NamedTuple):
    """Some sessions in a row; rows count from the first of them.

    Attributes:
        sessions: ISO days.
        readings: the regime.
        dockets: claims and verdicts, in the order in which a session has them.
        baselines: what the baselines say.
        gates: (row, what a gate did), in order.
        silences: (row, mind, target, its reason), in order.
        missing: (row, signal -> why it was missing from then on), in order, when that was news.
        texts: what the ledger keeps of each session.
    """

    sessions: Sequence[str]
    readings: Sequence[RegimeReading]
    dockets: Sequence[Docket]
    baselines: Sequence[Leans]
    gates: Sequence[tuple[int, GateResult]]
    silences: Sequence[tuple[int, str, str, str]]
    missing: Sequence[tuple[int, dict[str, str]]]
    texts: Sequence[bytes]
