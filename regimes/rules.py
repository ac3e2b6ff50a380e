"""The rules model: a weighted score of five components, and a label with hysteresis.

Contract: every number comes from a causal signal (regimes.features); a component without data is left out and lowers
the coverage. Thresholds were set beforehand and are not fitted. The status says how far the label can be leaned on:
`degraded` (coverage below 0.6, or no score), `transition` (all three staleness tests fire, or an alert in risk-on),
`stale` (two fire), `alert` (a shock less than ten sessions old), else `confirmed`; the reasons name what fired.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from engine.signals.compute import Row
from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from regimes.features import REGIME_SIGNALS, WEIGHTS
from regimes.held import path_from
from regimes.labels import LabelMachine
from regimes.reading import Component, Fired, Label, RegimeReading, Status
from regimes.staleness import AlertWatch, StaleWatch

__all__ = ["READS", "RulesModel"]

_DEGRADED_BELOW = 0.6
READS = (
    "regime.score", "regime.coverage", "regime.path_ratio", "regime.path_return",
    "volatility.level", "market.realised_vol_21d", "market.drawdown", "volatility.change_5d",
    "regime.realised_vol_ratio_5d", "regime.ret_5d_z", "market.ret_1d", "regime.appetite",
    *(f"regime.{name}" for name in WEIGHTS),
)  # fmt: skip

_WORDS = {
    "volatility": "volatility has jumped by {0.value:.0%} in a week",
    "fall": "the week's fall is {size:.1f} deviations deep",
    "likelihood": "the returns fit another label better, by {0.value:.1f} nats",
    "drift": "the score has moved {0.value:.2f} against the label",
    "behaviour": "only {0.value:.0%} of the risk-taking measures agree with the label",
}


# What `_make` does, at a third of its time: there is a reading a session.
_component: Callable[[tuple[Any, ...]], Component] = functools.partial(tuple.__new__, Component)
_reading: Callable[[tuple[Any, ...]], RegimeReading] = functools.partial(tuple.__new__, RegimeReading)


class RulesModel:
    """Score, label, path and status by rule."""

    name = "rules"
    signals: tuple[SignalSpec, ...] = REGIME_SIGNALS
    refit_every = 0
    expanding: Mapping[str, str] = MappingProxyType({
        "rules.status": "each label's volatility is estimated from all sessions before"
    })  # fmt: skip

    def __init__(self) -> None:
        self._machine = LabelMachine()
        self._alert, self._stale = AlertWatch(), StaleWatch()
        self._since = ""

    def fit(self, past: Snapshot) -> None:
        """Nothing to estimate."""

    def update(self, today: Snapshot) -> RegimeReading:
        """The reading after this session."""
        return self.read(today.session, today.values(READS))

    def read(self, session: str, values: Row) -> RegimeReading:
        """The same from the values of the signals `READS`: all that this model looks at."""
        machine = self._machine
        score, coverage, ratio, move, vix, realised, drawdown, vix_change, jump, week, ret, appetite, *parts = values
        changed = machine.step(score, vix, realised, drawdown)
        if changed or not self._since:
            self._since = session
        alerts = self._alert.update(vix, vix_change, realised, jump, week)
        doubts = self._stale.update(machine.state, score, ret, appetite)
        components = tuple(map(_component, zip(WEIGHTS, parts, WEIGHTS.values(), strict=True)))
        coverage = coverage or 0.0
        status: Status
        reasons: tuple[str, ...]
        if coverage < _DEGRADED_BELOW or score is None:
            status = "degraded"
            absent = [part.name for part in components if part.value is None]
            reasons = (f"the score lacks {', '.join(absent)}" if absent else "the score has too little history",)
        elif alerts or doubts:
            status, reasons = _doubted(machine.state, alerts, doubts)
        else:
            status, reasons = "confirmed", ()
        return _reading((
            machine.state, score, path_from(ratio, move), status, self._since, machine.dwell, coverage, components,
            reasons, (*alerts, *doubts),
        ))  # fmt: skip


def _doubted(label: Label, alerts: tuple[Fired, ...], doubts: tuple[Fired, ...]) -> tuple[Status, tuple[str, ...]]:
    """The status that fired tests add up to, and what each has to say."""
    if not alerts and len(doubts) < 2:
        return "confirmed", ()
    reasons = tuple([_WORDS[item.test].format(item, size=abs(item.value)) for item in (*alerts, *doubts)])
    if len(doubts) == 3 or (alerts and label == "risk_on"):
        return "transition", reasons
    return "stale" if len(doubts) == 2 else "alert", reasons
