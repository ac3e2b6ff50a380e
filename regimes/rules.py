"""The rules model: a weighted score of five components, and a label with hysteresis.

Contract: every number comes from a causal signal (regimes.features); a component without data is left out and lowers
the coverage, below which the status says `degraded`. Thresholds were set beforehand and are not fitted.
"""

from __future__ import annotations

from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from regimes.features import REGIME_SIGNALS, WEIGHTS
from regimes.labels import LabelMachine
from regimes.reading import Component, Path, RegimeReading, Status

__all__ = ["RulesModel"]

_DEGRADED_BELOW = 0.6
_TRENDING = 1.3
"""Path length ratio of a random walk is about 1; above this the last 21 sessions went somewhere."""


class RulesModel:
    """Score, label, path and status by rule."""

    name = "rules"
    signals: tuple[SignalSpec, ...] = REGIME_SIGNALS

    def __init__(self) -> None:
        self._machine = LabelMachine()
        self._since = ""

    def update(self, snapshot: Snapshot) -> RegimeReading:
        """The reading after this session."""
        machine, value = self._machine, snapshot.value
        score, coverage = value("regime.score"), value("regime.coverage") or 0.0
        changed = machine.step(
            score, value("volatility.level"), value("market.realised_vol_21d"), value("market.drawdown")
        )
        if changed or not self._since:
            self._since = snapshot.session
        status: Status = "confirmed"
        reasons: tuple[str, ...] = ()
        components = tuple([Component(name, value(f"regime.{name}"), weight) for name, weight in WEIGHTS.items()])
        if coverage < _DEGRADED_BELOW or score is None:
            status = "degraded"
            absent = [part.name for part in components if part.value is None]
            reasons = (f"the score lacks {', '.join(absent)}" if absent else "the score has too little history",)
        return RegimeReading(
            machine.state,
            score,
            _path(value("regime.path_ratio"), value("regime.path_return")),
            status,
            self._since,
            machine.dwell,
            coverage,
            components,
            reasons,
        )


def _path(ratio: float | None, move: float | None) -> Path:
    if ratio is None or move is None:
        return "unknown"
    if ratio <= _TRENDING:
        return "choppy"
    return "trending_up" if move > 0 else "trending_down"
