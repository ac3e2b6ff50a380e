"""What a segment means for one symbol: drift, volatility and loading, from its tables or from its regime's preset.

Contract: the entry that `scenarios.lookup.pick` finds counts as it stands. Without one a symbol's volatility is its
role's multiple of the market's, and its drift the market's times its loading and that multiple.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.universe import Universe
from scenarios.lookup import names_of, pick
from scenarios.model import Jumps, Segment
from scenarios.presets import OTHER, PRESETS, ROLES, YIELDS

__all__ = ["Moves", "is_volatility", "jumps_of", "level_of", "market_volatility", "moves", "tails_of"]

_COUPLED_FROM = 0.5
"""Loading from which a symbol counts as a risky asset, which a panic draws along."""
_VOLATILITY_POINTS = 105.0
"""Points of a volatility index for a volatility of one: it stands a little above what is realised."""


class Moves(NamedTuple):
    """How a symbol moves: mean and standard deviation of log returns, annualised, and loading on the factor."""

    drift: float
    volatility: float
    loading: float


def market_volatility(segment: Segment) -> float:
    """Volatility of the market role, annualised."""
    given = segment.volatility.get("market", segment.volatility.get("all"))
    return PRESETS[segment.regime].volatility if given is None else given


def moves(segment: Segment, universe: Universe, symbol: str) -> Moves:
    """What the segment means for a symbol that is traded."""
    names, preset = names_of(universe, symbol), PRESETS[segment.regime]
    usual = pick(ROLES, names) or OTHER
    loading = pick(segment.correlation, names)
    if loading is None:
        loading = usual.loading
        if loading >= _COUPLED_FROM:
            loading += preset.coupling * (1.0 - loading)
    volatility = pick(segment.volatility, names)
    if volatility is None:
        volatility = market_volatility(segment) * usual.volatility
    drift = pick(segment.drift, names)
    if drift is None:
        drift = segment.drift.get("market", preset.drift) * loading * usual.volatility
    return Moves(drift, volatility, loading)


def jumps_of(segment: Segment) -> Jumps:
    """The segment's jumps, or its regime's."""
    preset = PRESETS[segment.regime]
    return segment.jumps or Jumps(preset.jump_probability, preset.jump_size)


def tails_of(segment: Segment) -> float:
    """Degrees of freedom of its shocks; 0 is normal."""
    return PRESETS[segment.regime].tails if segment.tails is None else segment.tails


def level_of(segment: Segment, universe: Universe, symbol: str) -> float:
    """Where a level is drawn to, in points."""
    names = names_of(universe, symbol)
    given = pick(segment.levels, names)
    if given is not None:
        return given
    if is_volatility(universe, symbol):
        return max(_VOLATILITY_POINTS * market_volatility(segment), 6.0)
    return (pick(YIELDS, names) or 3.0) * PRESETS[segment.regime].yields


def is_volatility(universe: Universe, symbol: str) -> bool:
    """Whether a level is a volatility index, which jumps when the market falls; every other level is a yield."""
    return any(name.startswith("volatility") for name in names_of(universe, symbol)[1:])
