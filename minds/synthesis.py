"""Synthesis: from leans to one probability that is, in total, never much worse than the base rate.

Contract: learns only from settled claims. Step 1 turns a lean into a probability beside the base rate and shrinks that
edge by what the mind has earned (0 at first). Step 2 is Vovk's Aggregating Algorithm for square loss (eta = 2), with
the base rate as an expert that holds half of the weight. For any sequence of outcomes and any minds,
    total Brier <= total Brier of the base rate + (ln 2 / 2) * D,
where D is the number of copies, one for each forecast that was ever outstanding at a time. A silent mind sleeps: it is
charged the synthesis's own loss, which keeps the bound.

Sources: Vovk (1998) and Vovk & Zhdanov (2009) for the algorithm and eta = 2 on the Brier game; Freund et al. (1997) for
sleeping experts.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

__all__ = ["EDGE", "Aggregator", "Forecast", "Recalibration", "Synthesis", "bound"]

EDGE = 0.20
"""A lean of 1 moves a mind's own probability this far from the base rate, before shrinkage."""
_ETA = 2.0
_LOSS = -_ETA
_PRIOR_STRENGTH = 2.0
_BASE_WEIGHT = 0.5
_FLOOR, _CEILING = 0.01, 0.99
_SPREAD = 2.0 * _ETA
_exp, _log = math.exp, math.log


def bound(copies: int) -> float:
    """Most by which the total Brier score can exceed the base rate's."""
    return copies * math.log(1.0 / _BASE_WEIGHT) / _ETA


class Recalibration:
    """Shrinks one mind's edge toward nothing: k = sum(x e) / (sum(x x) + 2), clipped to [0, 1].

    x is the mind's edge over the base rate, e the outcome minus the base rate (ridge regression of outcomes on edges).
    """

    __slots__ = ("_xe", "_xx", "k")

    def __init__(self) -> None:
        self._xe = self._xx = 0.0
        self.k = 0.0

    def add(self, edge: float, base: float, outcome: int) -> None:
        """Take in one settled claim."""
        xe = self._xe = self._xe + edge * (outcome - base)
        xx = self._xx = self._xx + edge * edge
        k = xe / (xx + _PRIOR_STRENGTH)
        self.k = 0.0 if k < 0.0 else 1.0 if k > 1.0 else k


class Aggregator:
    """One copy of the Aggregating Algorithm; expert 0, such as the base rate, has the weight `first` at the start."""

    __slots__ = ("weights",)

    def __init__(self, minds: int, first: float = _BASE_WEIGHT) -> None:
        share = (1.0 - first) / minds if minds else 0.0
        self.weights = [first if minds else 1.0] + [share] * minds

    def predict(self, experts: Sequence[float | None]) -> float:
        """Probability from the experts' (None sleeps); expert 0 never sleeps."""
        zero = one = calm = wild = 0.0
        last: float | None = None
        for weight, p in zip(self.weights, experts, strict=True):
            if p is None:
                continue
            if p != last:  # minds that have earned nothing say the base rate, all the same number
                last, other = p, 1.0 - p
                calm, wild = _exp(_LOSS * p * p), _exp(_LOSS * other * other)
            zero += weight * calm
            one += weight * wild
        if zero <= 0.0 or one <= 0.0:  # every awake weight has underflowed: the base rate speaks alone
            return experts[0] if experts[0] is not None else 0.5
        # g(0) - g(1) with g(y) = -ln(sum) / 2, then the substitution of the square-loss game.
        p = 0.5 + (_log(one) - _log(zero)) / _SPREAD
        return 0.0 if p < 0.0 else 1.0 if p > 1.0 else p

    def learn(self, experts: Sequence[float | None], said: float, outcome: int) -> None:
        """Charge each expert its loss; a sleeping one is charged the synthesis's."""
        own = _exp(_LOSS * (said - outcome) ** 2)
        weights, total, kept = [], 0.0, own
        last: float | None = said
        for weight, p in zip(self.weights, experts, strict=True):
            if p is None:
                charged = weight * own
            else:
                if p != last:
                    last, kept = p, _exp(_LOSS * (p - outcome) ** 2)
                charged = weight * kept
            weights.append(charged)
            total += charged
        self.weights = [weight / total for weight in weights]


class Forecast(NamedTuple):
    """A synthesis that has not been published yet.

    Attributes:
        probability: of a rise.
        base: the base rate it was made beside.
        edges: each mind's own edge over the base rate before shrinkage, None where it is silent.
        experts: base rate first, then each mind's recalibrated probability, None where it is silent.
        copy: which copy of the aggregator made it.
    """

    probability: float
    base: float
    edges: tuple[float | None, ...]
    experts: tuple[float | None, ...]
    copy: int


# What `Forecast._make` does, at a third of its time: a replay makes tens of thousands.
_forecast: Callable[[tuple[Any, ...]], Forecast] = functools.partial(tuple.__new__, Forecast)


class Synthesis:
    """Forecasts for one target.

    A forecast occupies a copy from `publish` to `settle`; when all are busy, a new one is added, so that each copy sees
    forecast and outcome in turn, as the bound requires.
    """

    def __init__(self, minds: Sequence[str]) -> None:
        self.minds = tuple(minds)
        self.shrinkage = [Recalibration() for _ in self.minds]
        self.copies = [Aggregator(len(self.minds))]
        self._open: dict[str, Forecast] = {}

    def forecast(self, base: float, leans: Sequence[float | None], cap: float = 1.0) -> Forecast:
        """Combine leans (None: silent) beside a base rate; `cap` in [0, 1] shrinks every edge, as a gate may ask."""
        plain = _FLOOR if base < _FLOOR else _CEILING if base > _CEILING else base  # of a mind that has earned nothing
        edges: list[float | None] = []
        experts: list[float | None] = [base]
        for lean, shrink in zip(leans, self.shrinkage, strict=True):
            if lean is None:
                edges.append(None)
                experts.append(None)
                continue
            edge = EDGE * lean
            edges.append(edge)
            if k := shrink.k:
                own = base + cap * k * edge
                experts.append(_FLOOR if own < _FLOOR else _CEILING if own > _CEILING else own)
            else:
                experts.append(plain)
        copy = self._free_copy() if self._open else 0
        return _forecast((self.copies[copy].predict(experts), base, tuple(edges), tuple(experts), copy))

    def _free_copy(self) -> int:
        """The first copy that waits for no outcome; a new one when all do."""
        busy = [made.copy for made in self._open.values()]
        copy = 0
        while copy in busy:
            copy += 1
        if copy == len(self.copies):
            self.copies.append(Aggregator(len(self.minds)))
        return copy

    def publish(self, claim: str, made: Forecast) -> None:
        """The forecast was published as `claim`: its copy waits for the outcome."""
        self._open[claim] = made

    def settle(self, claim: str, outcome: int | None) -> Forecast | None:
        """Learn from a verdict (None: void); returns the forecast, None when this synthesis did not make the claim."""
        made = self._open.pop(claim, None)
        if made is None or outcome is None:
            return made
        probability, base, edges, experts, copy = made
        self.copies[copy].learn(experts, probability, outcome)
        for edge, shrink in zip(edges, self.shrinkage, strict=True):
            if edge is not None:
                shrink.add(edge, base, outcome)
        return made

    def weights(self) -> dict[str, float]:
        """Mean weight of the base rate and of each mind over the copies."""
        names = ("base_rate", *self.minds)
        return {name: sum(copy.weights[at] for copy in self.copies) / len(self.copies) for at, name in enumerate(names)}
