"""Leaks of regime models."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from engine.bars import FloatArray
from engine.market import Market
from engine.signals.columns import Columns
from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from regimes.held import PATH_SIGNALS, HeldLabel
from regimes.reading import Component, RegimeReading
from tests.backtest.audit.leaks.kit import declared

__all__ = ["FittedOnAll", "Smoother"]


def _rough(columns: Columns) -> FloatArray:
    """Leak: the state of a volatility model whose threshold is fitted on all of history."""
    size = columns.realised_vol("market", 21)
    return np.where(np.isnan(size), np.nan, (size > np.nanquantile(size, 0.7)).astype(float))


class Smoother:
    """Leak: reads a state that was estimated on the whole sample; its signal is to blame."""

    name = "smoother"
    signals: tuple[SignalSpec, ...] = (*PATH_SIGNALS, declared("smoother.rough", _rough, 21))
    refit_every = 0

    def __init__(self) -> None:
        self._held = HeldLabel()

    def fit(self, past: Snapshot) -> None:
        """Nothing."""

    def update(self, today: Snapshot) -> RegimeReading:
        rough = today.value("smoother.rough")
        label = None if rough is None else "risk_off" if rough else "risk_on"
        return self._held.read(today, label, Component("calm", rough, 1.0))  # type: ignore[arg-type]  # one of the labels


class FittedOnAll:
    """Leak: is fitted on all that the replay holds, which it finds up the stack; the model itself is to blame."""

    name = "fitted_on_all"
    signals: tuple[SignalSpec, ...] = PATH_SIGNALS
    refit_every = 20

    def __init__(self) -> None:
        self._held, self._limit = HeldLabel(), 0.0

    def fit(self, past: Snapshot) -> None:
        frame: Any = sys._getframe()
        while frame is not None:
            for item in (*frame.f_locals.values(), *vars(frame.f_locals.get("self", Market)).values()):
                if isinstance(item, Market):
                    self._limit = float(np.nanmedian(item.column(past.universe.roles["market"])))
                    return
            frame = frame.f_back

    def update(self, today: Snapshot) -> RegimeReading:
        price = today.price(today.universe.roles["market"], "adj_close")
        score = None if price is None or not self._limit else float(np.tanh(price / self._limit - 1.0))
        return self._held.read(today, None, Component("calm", score, 1.0))
