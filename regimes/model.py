"""What a regime model is.

Contract: `update` is called once a session, in order, with the snapshot of that session; it keeps its own state and may
use nothing but what it was given. Two models fed the same snapshots give the same readings.
"""

from __future__ import annotations

from typing import Protocol

from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from regimes.reading import RegimeReading

__all__ = ["RegimeModel"]


class RegimeModel(Protocol):
    """Reads the regime session by session.

    Attributes:
        name: how users choose it.
        signals: signals that it needs beyond the standard table.
    """

    name: str
    signals: tuple[SignalSpec, ...]

    def update(self, snapshot: Snapshot) -> RegimeReading:
        """The reading after this session."""
        ...
