"""Everything that is learned about one target: its base rate, its intervals, who has earned a say.

Contract: `prime` for what lies far back, then for each session `learn` (the return that ends today) and `look` (today's
interval), in order. Nothing is learned from a return before the session on which it ends.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from engine.bars import FloatArray
from engine.claims import Claim, Target
from engine.scoring import BaseRate, RunningQuantile
from engine.snapshot import Feed, Snapshot
from minds.intervals import Band, IntervalForecaster
from minds.known import TAILS, Known
from minds.synthesis import Synthesis
from minds.waiting import Waiting
from regimes.odds import MONTH

__all__ = ["TargetDesk"]

_SHORT = 10
"""Up to this horizon intervals are scaled by tomorrow's expected volatility, beyond it by the month's."""


class TargetDesk:
    """Learners and open claims of one target."""

    def __init__(self, target: Target, minds: Sequence[str]) -> None:
        self.target = target
        self.volatility = f"{target.role}.vol_forecast_{1 if target.horizon <= _SHORT else MONTH}d"
        self.base = BaseRate()
        self.low, self.high = (RunningQuantile(level) for level in TAILS)
        self.intervals = IntervalForecaster(target.horizon)
        self.synthesis = Synthesis(minds)
        self.open: deque[Waiting] = deque()
        self._said: deque[tuple[float | None, Band | None]] = deque()

    def prime(self, prices: FloatArray) -> None:
        """Base rate and past returns from long before the run, at once; intervals need no more than a few years."""
        horizon = self.target.horizon
        with np.errstate(all="ignore"):
            growth = prices[horizon:] / prices[:-horizon]
        growth = growth[(growth > 0.0) & (growth < np.inf)]
        for ratio in growth[growth != 1.0].tolist():
            self.base.add(ratio > 1.0)
        for past in (self.low, self.high):
            past.extend((growth - 1.0).tolist())
        self._said.extend([(None, None)] * min(horizon, len(prices)))

    def learn(self, feed: Feed, at: int) -> None:
        """The return that ends today joins the base rate and the intervals."""
        if len(self._said) < self.target.horizon:
            return
        sigma, band = self._said.popleft()
        prices = feed.prices(self.target.symbol)
        start, end = prices[at - self.target.horizon], prices[at]
        if not start or end is None:
            return
        growth = end / start
        if not 0.0 < growth < math.inf:
            return
        realised = math.log(growth)
        if realised != 0.0:
            self.base.add(realised > 0.0)
        self.low.add(growth - 1.0)
        self.high.add(growth - 1.0)
        self.intervals.observe(realised, sigma, band)

    def amend(self, claim: Claim) -> None:
        """Put another probability to a direction that was claimed today, before anybody has read it."""
        at = next(at for at in reversed(range(len(self.open))) if self.open[at].claim.id == claim.id)
        self.open[at] = self.open[at]._replace(claim=claim)

    def know(self, feed: Feed, snapshot: Snapshot) -> Known:
        """Take in one session; on a stretch of them `minds.known.known_ahead` is faster."""
        self.learn(feed, snapshot.at)
        band = self.look(snapshot)
        low, high = (past.value if len(past) else math.nan for past in (self.low, self.high))
        return Known(self.base.value, band, low, high)

    def look(self, snapshot: Snapshot) -> Band | None:
        """Today's interval, remembered for the day on which it can be checked."""
        sigma = snapshot.value(self.volatility)
        band = self.intervals.predict(sigma)
        self._said.append((sigma, band))
        return band
