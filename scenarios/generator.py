"""The seeded market generator: segments and scripted days to daily bars.

Contract: every draw comes from a stream of its own, named by seed, symbol and purpose and used one session after the
other. So a symbol's bars do not depend on which other symbols there are, what comes later never changes what came
before (a longer world, another last segment), and the same scenario gives the same bytes.

A traded symbol's log return is `drift / 252 + volatility / sqrt(252) * W * shock + jump`, its shock mixed by
`scenarios.correlation`, W the common root of an inverse chi-square that makes all shocks of a session Student's t with
variance one (multivariate t; Kotz and Nadarajah 2004). A volatility index is drawn to its level and jumps against the
market's return; a yield is an Ornstein-Uhlenbeck process with a shock that the yields share.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from engine.bars import FloatArray
from engine.signals.columns import YEAR
from engine.universe import Universe
from scenarios.correlation import FACTOR, mixes
from scenarios.kinds import refuse
from scenarios.lookup import names_of, pick
from scenarios.model import ScriptedDay, Segment
from scenarios.segments import Moves, is_volatility, jumps_of, level_of, moves, tails_of

__all__ = ["draw", "stream"]

_LARGEST_STEP = 1.0
"""Largest log return that is drawn; a scripted one may be larger."""
_PRICES = (1e-6, 1e12)
_VOLATILITY_BOUNDS = (math.log(5.0), math.log(150.0))
_LEVEL_BOUNDS = (-4.0, 40.0)
_OVERNIGHT = 0.35
"""Share of a session's return that has happened by its open."""


def stream(seed: int, symbol: str, purpose: str) -> np.random.Generator:
    """The stream of random numbers of one symbol for one purpose."""
    digest = hashlib.sha256(f"{seed}\n{symbol}\n{purpose}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "big")))


def draw(
    seed: int,
    universe: Universe,
    warm_up: Sequence[Segment],
    segments: Sequence[Segment],
    days: Mapping[int, ScriptedDay],
    where: str,
) -> dict[str, FloatArray]:
    """Bars of every symbol of a universe, each an array of shape (6, sessions) in the order of `engine.bars.FIELDS`.

    Args:
        seed: of all streams.
        universe: roles and symbols.
        warm_up: segments before the run.
        segments: those of the run, one after the other.
        days: position -> what is scripted there.
        where: for messages.

    Raises:
        InputError: prices that leave 1e-6 to 1e12, or pairs that are no correlation.
    """
    for number, segment in enumerate(segments, 1):
        mixes(segment.pairs, _loading(segment, universe), universe, f"{where} segments {number}.pairs")
    world = _World(seed, universe, [*warm_up, *segments], days, where)
    return {symbol: world.bars(symbol) for symbol in universe.symbols}


class _World:
    """What all symbols share, and the making of one symbol's bars from it."""

    def __init__(
        self, seed: int, universe: Universe, segments: Sequence[Segment], days: Mapping[int, ScriptedDay], where: str
    ) -> None:
        self.seed, self.universe, self.segments, self.days, self.where = seed, universe, segments, days, where
        self.lengths = [segment.sessions for segment in segments]
        self.size = sum(self.lengths)
        self._mixes = [mixes(segment.pairs, _loading(segment, universe), universe, where) for segment in segments]
        self._shocks: dict[str, FloatArray] = {}
        self._tails = self._roots_of_tails()
        jumps = [jumps_of(segment) for segment in segments]
        hit = stream(seed, FACTOR, "jump").random(self.size) < self.spread([jump.probability for jump in jumps])
        self._jumps = np.where(hit, self.spread([jump.size for jump in jumps]), 0.0)
        self._market_return = self._returns(universe.roles["market"])

    def spread(self, numbers: Sequence[float]) -> FloatArray:
        """One number a segment to one a session."""
        return np.repeat(np.array(numbers, float), self.lengths)

    def bars(self, symbol: str) -> FloatArray:
        if symbol in self.universe.levels:
            make = self._volatility_index if is_volatility(self.universe, symbol) else self._yield
            return self._level_bars(symbol, make(symbol))
        return self._traded(symbol)

    def _roots_of_tails(self) -> FloatArray:
        freedom = self.spread([tails_of(segment) for segment in self.segments])
        fat = freedom > 0.0
        chi = stream(self.seed, FACTOR, "tails").chisquare(np.where(fat, freedom, 1.0))
        return np.where(fat, np.sqrt(np.maximum(freedom - 2.0, 0.0) / np.maximum(chi, 1e-12)), 1.0)

    def _shock(self, symbol: str) -> FloatArray:
        found = self._shocks.get(symbol)
        if found is None:
            found = self._shocks[symbol] = stream(self.seed, symbol, "shock").standard_normal(self.size)
        return found

    def _mixed(self, symbol: str) -> FloatArray:
        """The symbol's shocks, variance one, before the tails."""
        weights = [mix(symbol) for mix in self._mixes]
        parts = sorted({name for weight in weights for name in weight})
        total: FloatArray = np.zeros(self.size)
        for name in parts:
            total += self.spread([weight.get(name, 0.0) for weight in weights]) * self._shock(name)
        return total

    def _scripted(self, part: str, symbol: str) -> dict[int, float]:
        """Position -> what is written down for a symbol."""
        names = names_of(self.universe, symbol)
        found = {at: pick(getattr(day, part), names) for at, day in self.days.items()}
        return {at: number for at, number in found.items() if number is not None}

    def _deviation(self, symbol: str) -> FloatArray:
        """Standard deviation of a session's log return."""
        return self.spread([moves(at, self.universe, symbol).volatility / math.sqrt(YEAR) for at in self.segments])

    def _returns(self, symbol: str) -> FloatArray:
        per_segment = [moves(segment, self.universe, symbol) for segment in self.segments]
        jumps = [move.loading * (move.volatility / market.volatility if market.volatility else 1.0)
                 for move, market in zip(per_segment, self._markets(), strict=True)]  # fmt: skip
        found = self.spread([move.drift for move in per_segment]) / YEAR
        found = found + self._deviation(symbol) * self._tails * self._mixed(symbol) + self.spread(jumps) * self._jumps
        found = np.clip(found, -_LARGEST_STEP, _LARGEST_STEP)
        for at, number in self._scripted("returns", symbol).items():
            found[at] = math.log1p(number)
        return found

    def _markets(self) -> list[Moves]:
        return [moves(segment, self.universe, self.universe.roles["market"]) for segment in self.segments]

    def _traded(self, symbol: str) -> FloatArray:
        returns, deviation = self._returns(symbol), self._deviation(symbol)
        path = math.log(100.0) + np.cumsum(returns)
        if path.min() < math.log(_PRICES[0]) or path.max() > math.log(_PRICES[1]):
            refuse(self.where, f"takes {symbol} outside prices from {_PRICES[0]:g} to {_PRICES[1]:g}",
                   "write fewer sessions, or less drift and volatility")  # fmt: skip
        close = np.exp(path)
        before = np.concatenate([[100.0], close[:-1]])
        inside = stream(self.seed, symbol, "inside").standard_normal((self.size, 3))
        opened = before * np.exp(_OVERNIGHT * returns + 0.2 * deviation * inside[:, 0])
        self._write(opened, before, symbol, "opens")
        high = np.maximum(opened, close) * np.exp(0.4 * deviation * np.abs(inside[:, 1]))
        low = np.minimum(opened, close) * np.exp(-0.4 * deviation * np.abs(inside[:, 2]))
        self._write(high, before, symbol, "highs")
        self._write(low, before, symbol, "lows")
        high, low = np.maximum(high, np.maximum(opened, close)), np.minimum(low, np.minimum(opened, close))
        return np.stack([opened, high, low, close, close, self._volume(symbol, returns, deviation)])

    def _write(self, prices: FloatArray, before: FloatArray, symbol: str, part: str) -> None:
        for at, number in self._scripted(part, symbol).items():
            prices[at] = before[at] * (1.0 + number)

    def _volume(self, symbol: str, returns: FloatArray, deviation: FloatArray) -> FloatArray:
        """Lognormal, larger on days of large moves (Karpoff 1987)."""
        size = np.minimum(np.abs(returns) / np.maximum(deviation, 1e-9), 8.0) * (deviation > 0.0)
        noise = stream(self.seed, symbol, "volume").standard_normal(self.size)
        volume = np.exp(15.0 + 0.3 * noise) * (1.0 + 0.25 * size)
        for at, day in self.days.items():
            volume[at] *= day.volume
        found: FloatArray = np.round(volume)
        return found

    def _volatility_index(self, symbol: str) -> FloatArray:
        target = [math.log(max(level_of(segment, self.universe, symbol), 5.0)) for segment in self.segments]
        slow = "volatility" not in names_of(self.universe, symbol)
        pull, reaction = (0.04, -2.2) if slow else (0.08, -4.5)
        pushes = reaction * self._market_return + 0.025 * stream(self.seed, symbol, "shock").standard_normal(self.size)
        scripted = {at: math.log(max(level, 1.0)) for at, level in self._scripted("levels", symbol).items()}
        return np.exp(_pulled(self.spread(target), pull, pushes, _VOLATILITY_BOUNDS, scripted))

    def _yield(self, symbol: str) -> FloatArray:
        target = self.spread([level_of(segment, self.universe, symbol) for segment in self.segments])
        common, own = (stream(self.seed, name, "yield").standard_normal(self.size) for name in (FACTOR, symbol))
        quiet = self.spread([float(segment.regime != "still") for segment in self.segments])
        pushes = 0.04 * quiet * (0.3 * self._shock(FACTOR) + 0.8 * common + 0.5 * own)
        return _pulled(target, 0.01, pushes, _LEVEL_BOUNDS, self._scripted("levels", symbol))

    def _level_bars(self, symbol: str, close: FloatArray) -> FloatArray:
        before = np.concatenate([close[:1], close[:-1]])
        reach = 0.3 * np.abs(close - before) * stream(self.seed, symbol, "inside").random(self.size)
        opened = before + _OVERNIGHT * (close - before)
        high, low = np.maximum(opened, close) + reach, np.minimum(opened, close) - reach
        return np.stack([opened, high, low, close, close, np.zeros(self.size)])


def _loading(segment: Segment, universe: Universe) -> Callable[[str], float]:
    return lambda symbol: moves(segment, universe, symbol).loading


def _pulled(
    target: FloatArray, pull: float, pushes: FloatArray, bounds: tuple[float, float], scripted: Mapping[int, float]
) -> FloatArray:
    """A level that is drawn to its target and pushed away from it, one session after the other."""
    level, found = float(target[0]), []
    for at, (goal, push) in enumerate(zip(target.tolist(), pushes.tolist(), strict=True)):
        level = min(max(level + pull * (goal - level) + push, bounds[0]), bounds[1])
        level = scripted.get(at, level)
        found.append(level)
    return np.array(found)
