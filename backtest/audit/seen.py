"""One run over one history, and all that came out of it: signals, regime readings, views.

Contract: minds and models meet a market as they do in a replay: a feed that holds nothing later, one snapshot a
session, in order. Differences from a replay are deliberate: minds may be given readings of another run, or signals of
another run, so that what they do themselves can be told from what they were led to. A model that fails leaves a text in
place of its reading; a signal that fails is missing and its error is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from backtest.audit import reach
from backtest.audit.subject import Cast
from backtest.replay import reveal
from engine.bars import FIELDS, FloatArray
from engine.claims import Target
from engine.errors import InputError
from engine.market import Market
from engine.signals.columns import Columns
from engine.signals.compute import SignalFrame, compute_signals
from engine.signals.spec import SignalSpec, ValueAndZ
from engine.snapshot import Feed
from minds.protocol import ask
from minds.view import Abstention, View
from regimes.model import RegimeReader
from regimes.reading import RegimeReading

__all__ = ["Cell", "Reading", "Said", "Seen", "Signals", "grafted", "look", "signals_of"]

Reading: TypeAlias = RegimeReading | str
Said: TypeAlias = View | Abstention


class Cell(NamedTuple):
    """One number of the bar table."""

    symbol: str
    field: str
    at: int


@dataclass(frozen=True)
class Signals:
    """Signals of all sessions.

    Attributes:
        specs: their declarations.
        absent: signal -> why it can never have a value in this universe.
        values: shape (signals, sessions), NaN where missing.
        zs: the same of the z-scores.
        ages: sessions since the newest bar in each value.
        errors: signal -> with what it failed.
    """

    specs: tuple[SignalSpec, ...]
    absent: Mapping[str, str]
    values: FloatArray
    zs: FloatArray
    ages: npt.NDArray[np.uint8]
    errors: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def at(self) -> dict[str, int]:
        """Signal -> its row."""
        return {spec.name: row for row, spec in enumerate(self.specs)}

    def take(self, names: Sequence[str]) -> Signals:
        """Some of them, in the given order."""
        rows = [self.at[name] for name in names]
        specs = tuple(self.specs[row] for row in rows)
        return replace(self, specs=specs, values=self.values[rows], zs=self.zs[rows], ages=self.ages[rows])

    def until(self, sessions: int) -> Signals:
        """The first sessions, in memory of their own."""
        return self.each(lambda part: part[:, :sessions].copy())

    def since(self, session: int) -> Signals:
        """The sessions from this one on."""
        return self.each(lambda part: part[:, session:])

    def each(self, change: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Signals:
        """With `change` applied to values, z-scores and ages alike."""
        return replace(self, values=change(self.values), zs=change(self.zs), ages=change(self.ages))


@dataclass(frozen=True)
class Seen:
    """What came out of a run.

    Attributes:
        first: position of the first session at which anybody was asked.
        readings: model -> its reading on each session from `first` on.
        said: (mind, target) -> what was said on each session from `first` on; None where it was not asked.
        overwritten: the first cell of the data that did not stay as it was revealed.
    """

    first: int
    readings: dict[str, list[Reading]] = field(default_factory=dict)
    said: dict[tuple[str, str], list[Said | None]] = field(default_factory=dict)
    overwritten: Cell | None = None


def signals_of(market: Market, specs: Sequence[SignalSpec], *, strict: bool = False) -> Signals:
    """Compute signals; one that fails is missing throughout, and its error is kept.

    Raises:
        InputError: `strict` is asked for, and a signal fails or two of them share a name.
    """
    try:
        return _plain(compute_signals(market, specs))
    except InputError:
        if strict:
            raise
    errors: dict[str, str] = {}  # find out whose it is
    found = [_alone(market, spec, errors) for spec in specs]
    absent = {name: why for one in found for name, why in one.absent.items()}
    values, zs = (np.concatenate([getattr(one, part) for one in found]) for part in ("values", "zs"))
    return Signals(tuple(specs), absent, values, zs, np.concatenate([one.ages for one in found]), errors)


def _plain(frame: SignalFrame) -> Signals:
    return Signals(frame.index.specs, frame.index.absent, frame.values, frame.zs, frame.ages)


def _alone(market: Market, spec: SignalSpec, errors: dict[str, str]) -> Signals:
    try:
        return _plain(compute_signals(market, [spec]))
    except InputError as error:
        errors[spec.name] = str(error)
        nothing = np.full((1, market.size), np.nan)
        return Signals((spec,), {}, nothing, nothing, np.zeros((1, market.size), np.uint8))


def grafted(signals: Signals, known: Signals, sessions: int, but: Sequence[str] = ()) -> Signals:
    """`signals` with the first `sessions` sessions of `known`, except for those named in `but`."""
    rows = [row for row, spec in enumerate(signals.specs) if spec.name not in but]
    mended = signals.each(lambda part: part.copy())
    for name in ("values", "zs", "ages"):
        getattr(mended, name)[rows, :sessions] = getattr(known, name)[rows, :sessions]
    return mended


def _frame(market: Market, signals: Signals, first: int) -> SignalFrame:
    """The signals as a replay computes them."""
    given = [
        spec._replace(make=partial(_given, value, z), max_age=0)
        for spec, value, z in zip(signals.specs, signals.values, signals.zs, strict=True)
    ]
    frame = compute_signals(market, given, first)
    index = replace(frame.index, specs=signals.specs, absent=signals.absent)
    return replace(frame, index=index, ages=signals.ages[:, first : market.size])


def _given(value: FloatArray, z: FloatArray, columns: Columns) -> ValueAndZ:
    return value[: columns.market.size], z[: columns.market.size]


def look(
    cast: Cast, targets: Sequence[Target], market: Market, signals: Signals, window: range, *,
    told: Mapping[int, Reading] | None = None, asked: Container[int] | None = None,
) -> Seen:  # fmt: skip
    """Run models and minds over the sessions of `window`.

    Args:
        cast: who is asked.
        targets: what the minds are asked about.
        market: the history.
        signals: its signals, or those of another run; of at least as many sessions.
        window: sessions, one after another; what lies before is known from the start.
        told: readings for the minds instead of the first model's, by session.
        asked: sessions on which the minds are asked; None for all.
    """
    seen = Seen(
        window.start,
        {model.name: [] for model in cast.models},
        {(mind.name, target.key): [] for mind in cast.minds for target in targets},
    )
    frame = _frame(market, signals, window.start)
    feed = Feed(market.universe, market.calendar, market.symbols, market.size)
    feed.prime(market, window.start)
    readers = [RegimeReader(model) for model in cast.models]
    for snapshot in reveal(market, frame, feed, window, [""] * len(window)):
        for model, reader in zip(cast.models, readers, strict=True):
            reach.now("regime", model.name)
            seen.readings[model.name].append(_read(reader, snapshot, seen.readings[model.name]))
        own = seen.readings[cast.models[0].name][-1] if told is None else "no reading"
        reading = own if told is None else told.get(snapshot.at, own)
        quiet = isinstance(reading, str) or (asked is not None and snapshot.at not in asked)
        for mind in cast.minds:
            reach.now("mind", mind.name)
            for target in targets:
                said = None if quiet else ask(mind, snapshot, reading, target)  # type: ignore[arg-type]  # no text: see above
                seen.said[mind.name, target.key].append(said)
        reach.now("", "")
    return replace(seen, overwritten=_overwritten(feed, market, window.stop))


def _read(reader: RegimeReader, snapshot: object, before: list[Reading]) -> Reading:
    if before and isinstance(before[-1], str):
        return before[-1]  # a model that has failed is not asked again
    try:
        return reader.read(snapshot)  # type: ignore[arg-type]  # the snapshot of `reveal`
    except InputError as error:
        return str(error)


def _overwritten(feed: Feed, market: Market, stop: int) -> Cell | None:
    for row, symbol in enumerate(market.symbols):
        for name in FIELDS:
            held, ours = feed.history(symbol, stop - 1, stop, name), market.columns[name][row, :stop]
            moved = ~((held == ours) | (np.isnan(held) & np.isnan(ours)))
            if moved.any():
                return Cell(symbol, name, int(moved.argmax()))
    return None
