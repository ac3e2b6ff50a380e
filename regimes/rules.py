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
_READ = (
    "regime.score", "regime.coverage", "regime.path_ratio", "regime.path_return",
    "volatility.level", "market.realised_vol_21d", "market.drawdown", *(f"regime.{name}" for name in WEIGHTS),
)  # fmt: skip


class RulesModel:
    """Score, label, path and status by rule."""

    name = "rules"
    signals: tuple[SignalSpec, ...] = REGIME_SIGNALS

    def __init__(self) -> None:
        self._machine = LabelMachine()
        self._since = ""

    def update(self, snapshot: Snapshot) -> RegimeReading:
        """The reading after this session."""
        machine = self._machine
        (score, coverage, ratio, move, vix, realised, drawdown, *parts), _ = snapshot.values_and_zs(_READ)
        changed = machine.step(score, vix, realised, drawdown)
        if changed or not self._since:
            self._since = snapshot.session
        components = tuple(map(Component, WEIGHTS, parts, WEIGHTS.values()))
        coverage = coverage or 0.0
        status: Status = "confirmed"
        reasons: tuple[str, ...] = ()
        if coverage < _DEGRADED_BELOW or score is None:
            status = "degraded"
            absent = [part.name for part in components if part.value is None]
            reasons = (f"the score lacks {', '.join(absent)}" if absent else "the score has too little history",)
        return RegimeReading(
            machine.state, score, _path(ratio, move), status, self._since, machine.dwell, coverage, components, reasons
        )


def _path(ratio: float | None, move: float | None) -> Path:
    if ratio is None or move is None:
        return "unknown"
    if ratio <= _TRENDING:
        return "choppy"
    return "trending_up" if move > 0 else "trending_down"
