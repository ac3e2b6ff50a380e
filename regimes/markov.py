"""The fitted rival: calm and rough volatility as two states of a Markov chain, read by a filter.

Contract: parameters are estimated once a year on returns that end before the session of the fit, at most ten years of
them; between fits the filter advances with those parameters, one return a session. A fit that cannot be used is told
in the reading and the last good one stands; without any, the label is neutral and the status degraded. A session
without a price, or with the price of the day before, is passed over: it says nothing about volatility, and a long halt
would be a state of its own. Raises `InputError` on construction where statsmodels is absent.

The label has hysteresis: risk-off once the rough state's probability is above .8, risk-on once it is below .2. There is
no crisis in it, and nothing about direction: it says that returns are large, not that they are negative.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from regimes.fit_cache import FitCache, digest
from regimes.held import PATH_SIGNALS, HeldLabel
from regimes.reading import Component, Label, RegimeReading
from regimes.switching import Filter, Switching, fit, need_statsmodels

__all__ = ["MarkovModel"]

_WINDOW = 2520
_LEAST = 500
"""Returns below which a fit is not tried: two years."""
_ROUGH, _CALM = 0.8, 0.2
_PART = "calm"
_FORMAT = 1
"""Part of a cached fit's key: raised when the same returns would give another fit."""


class MarkovModel:
    """Two volatilities, fitted to the past once a year (statsmodels).

    Attributes:
        fitted: the parameters in use, None before the first good fit.
    """

    name = "markov"
    signals: tuple[SignalSpec, ...] = PATH_SIGNALS
    refit_every = 252
    expanding: Mapping[str, str] = MappingProxyType({
        "markov": "it is fitted on the first session given and then each year: another start, another day of the fit"
    })  # fmt: skip

    def __init__(self, cache: Path | None = None) -> None:
        """Keep fits in the folder `cache`, or for this process only."""
        need_statsmodels()
        self.fitted: Switching | None = None
        self._cache = FitCache(cache)
        self._filter: Filter | None = None
        self._fitted_on = ""
        self._trouble = "no fit has been made"
        self._level: float | None = None
        self._held = HeldLabel()

    @property
    def notices(self) -> tuple[str, ...]:
        """What there is to tell about kept fits."""
        return tuple(self._cache.notices)

    def fit(self, past: Snapshot) -> None:
        """Estimate the parameters on the sessions before this one, and read those sessions with them."""
        prices = past.history("market", _WINDOW + 2)[:-1].tolist()
        levels = [math.log(price) for price in prices if 0.0 < price < math.inf]
        self._level = levels[-1] if levels else None
        returns = [100.0 * (after - before) for before, after in pairwise(levels) if after != before]
        if len(returns) < _LEAST:
            self._trouble = f"a fit needs {_LEAST} moves of {past.universe.roles['market']} and finds {len(returns)}"
            return
        found, why = self._found(returns)
        if found is None:
            stands = f"that of {self._fitted_on} stands" if self.fitted else "there is none before it"
            self._trouble = f"the fit of {past.session} {why}; {stands}"
            return
        self.fitted, self._filter, self._fitted_on, self._trouble = found, Filter(found), past.session, ""
        for ret in returns:
            self._filter.step(ret)

    def update(self, today: Snapshot) -> RegimeReading:
        """The reading after this session; its score, and only component, is 1 - 2 * probability of the rough state."""
        symbol = today.universe.roles["market"]
        price = today.price(symbol, "adj_close")
        state, before = self._filter, self._level
        reasons = (self._trouble,) if self._trouble else ()
        if price is None or not 0.0 < price < math.inf:
            return self._held.read(today, None, Component(_PART, None, 1.0), (*reasons, f"no price of {symbol} today"))
        self._level = math.log(price)
        if state is None:
            return self._held.read(today, None, Component(_PART, None, 1.0), reasons)
        if before is not None and self._level != before:
            state.step(100.0 * (self._level - before))
        rough = state.rough
        label: Label | None = "risk_off" if rough > _ROUGH else "risk_on" if rough < _CALM else None
        return self._held.read(today, label, Component(_PART, 1.0 - 2.0 * rough, 1.0), reasons)

    def _found(self, returns: list[float]) -> tuple[Switching | None, str]:
        """The fit to these returns, out of the cache where it was made before."""
        settings = {"format": _FORMAT, "start": self.fitted, "statsmodels": _statsmodels()}
        key = digest(settings, returns)
        kept = self._cache.get(key)
        if kept is not None:
            parameters, why = kept
            return (None if parameters is None else Switching(*parameters)), why
        found, why = fit(returns, self.fitted)
        self._cache.put(key, [found, why])
        return found, why


def _statsmodels() -> str:
    try:
        return version("statsmodels")
    except PackageNotFoundError:
        return ""
