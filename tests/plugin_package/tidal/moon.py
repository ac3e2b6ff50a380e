"""A regime model: the phase of the tide, held for at least two weeks."""

from __future__ import annotations

from engine.snapshot import Snapshot
from regimes.reading import Component, Label, RegimeReading

from .level import LEVEL

__all__ = ["Moon"]

_DWELL = 10


class Moon:
    """High water is risk-on, low water is risk-off; a phase lasts two weeks at least."""

    name = "moon"
    signals = (LEVEL,)
    refit_every = 0

    def __init__(self) -> None:
        self._label: Label = "neutral"
        self._since, self._sessions = "", 0

    def fit(self, past: Snapshot) -> None:
        """Nothing to estimate."""

    def update(self, today: Snapshot) -> RegimeReading:
        """The reading after this session."""
        level = today.value(LEVEL.name)
        wanted: Label = self._label
        if level is not None:
            wanted = "risk_on" if level > 0.6 else "risk_off" if level < 0.4 else "neutral"
        if not self._sessions or (wanted != self._label and self._sessions >= _DWELL):
            self._label, self._since, self._sessions = wanted, today.session, 0
        self._sessions += 1
        score = None if level is None else float(2.0 * level - 1.0)
        return RegimeReading(
            self._label, score, "unknown", "degraded" if level is None else "confirmed", self._since, self._sessions,
            0.0 if level is None else 1.0, (Component("trend", score, 1.0),),
            (today.why_missing(LEVEL.name),) if level is None else (),
        )  # fmt: skip
