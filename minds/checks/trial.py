"""A trial: one mind over one invented market, asked on any session in any order.

Contract: `Stage` is a market with its signals and regime, from which the snapshot of any session is made anew, holding
nothing later. `Trial` makes fresh minds and keeps what several checks need. Answers are what the desk would hear
(`minds.protocol.ask`), so they can be compared.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from engine.claims import Target
from engine.errors import InputError, told
from engine.market import Market
from engine.signals.columns import Columns, MissingRole
from engine.signals.compute import SignalFrame, compute_signals
from engine.signals.spec import SignalSpec, ValueAndZ
from engine.signals.table import signal_table
from engine.snapshot import Feed, Snapshot, session_events, session_rows
from minds.ahead import views_ahead
from minds.checks.markets import SESSIONS, invented
from minds.protocol import Mind, ask, own_signals
from minds.registry import mind_fault
from minds.view import Abstention, View
from regimes.features import REGIME_SIGNALS
from regimes.model import RegimeReader
from regimes.reading import RegimeReading
from regimes.rules import RulesModel

__all__ = ["ASKED", "TARGETS", "Answers", "Stage", "Trial", "answers", "lost", "plainly", "pushed"]

TARGETS = (Target("SPY", "market", 1), Target("QQQ", "growth", 5), Target("IWM", "small", 21), Target("GLD", "gold", 1))
"""Three roles with all standard signals, and one that gets its own only because it is a target."""
ASKED = (1, 21, *range(63, SESSIONS, 13))
"""Sessions on which a mind is asked in the ordinary course: before there is much history, and then regularly."""

Answers = dict[tuple[int, str], View | Abstention]
"""(session's position, target's key) -> what the desk heard."""


class Stage:
    """A market with everything that a mind is asked with."""

    def __init__(
        self, market: Market, specs: Sequence[SignalSpec], readings: Sequence[RegimeReading] | None = None
    ) -> None:
        self.market, self.specs = market, tuple(specs)
        self.frame: SignalFrame = compute_signals(market, self.specs)
        self._rows, self._events = session_rows(market), session_events(market)
        self.readings = list(self._read() if readings is None else readings)

    def snapshot(self, at: int) -> Snapshot:
        """The snapshot of one session, from a feed of its own that ends there."""
        market = self.market
        feed = Feed(market.universe, market.calendar, market.symbols, at + 1)
        feed.reveal(self._rows[: at + 1], self._events[: at + 1])
        (row,) = self.frame.rows(at, at + 1)
        return Snapshot(feed, self.frame.index, at, market.calendar.as_of(at), f"invented-{at}", row)

    def each(self, sessions: Iterable[int]) -> Iterator[Snapshot]:
        """The snapshots of `sessions`, in rising order, from one feed; each is good until the next is taken."""
        market = self.market
        feed = Feed(market.universe, market.calendar, market.symbols, market.size)
        for at in sessions:
            new = slice(feed.revealed, at + 1)
            feed.reveal(self._rows[new], self._events[new])
            (row,) = self.frame.rows(at, at + 1)
            yield Snapshot(feed, self.frame.index, at, market.calendar.as_of(at), f"invented-{at}", row)

    def _read(self) -> Iterator[RegimeReading]:
        reader = RegimeReader(RulesModel())
        return map(reader.read, self.each(range(self.market.size)))


class Trial:
    """What the checks of one mind share."""

    def __init__(self, factory: Callable[[], Mind]) -> None:
        self.factory = factory

    def mind(self) -> Mind:
        """A new object.

        Raises:
            InputError: it cannot be made, or is no mind.
        """
        name = getattr(self.factory, "__qualname__", repr(self.factory))
        try:
            made = self.factory()
            fault = "gives a class and no object" if inspect.isclass(made) else mind_fault(made, made.name)
        except Exception as error:  # a stranger's constructor
            raise InputError(f"no mind can be made by {name}(): {told(error)}") from error
        if fault:
            raise InputError(f"{name} is no mind: it {fault}")
        return made

    @cached_property
    def stage(self) -> Stage:
        """The ordinary stage, nothing withheld."""
        return Stage(invented(), self.specs) if own_signals(self.mind()) else _plain_stage()

    @cached_property
    def specs(self) -> tuple[SignalSpec, ...]:
        """All signals of a run with this mind: the standard ones, the regime's, its own."""
        return (*_standard(), *own_signals(self.mind()))

    def ahead(self, mind: Mind) -> Answers:
        """What a run takes for the mind's answers without asking it: none for a mind that is no table of evidence."""
        made = views_ahead([mind], TARGETS, self.stage.frame, range(self.stage.market.size))
        found = {(at, target.key): made[at][n][0] for at in ASKED for n, target in enumerate(TARGETS)}
        return {key: view for key, view in found.items() if view is not None}

    @cached_property
    def ordinary(self) -> Answers:
        """What a fresh mind says on the sessions `ASKED`."""
        return answers(self.mind(), self.stage)


def _standard() -> tuple[SignalSpec, ...]:
    return (*signal_table(invented().universe, [target.symbol for target in TARGETS]), *REGIME_SIGNALS)


@cache
def _plain_stage() -> Stage:
    """The stage of all minds without signals of their own."""
    return Stage(invented(), _standard())


def answers(
    mind: Mind, stage: Stage, sessions: Sequence[int] = ASKED, targets: Sequence[Target] = TARGETS
) -> Answers:  # fmt: skip
    """Ask about each target on each session, in that order."""
    found: Answers = {}
    for at in sessions:
        snapshot = stage.snapshot(at)
        for target in targets:
            found[at, target.key] = ask(mind, snapshot, stage.readings[at], target)
    return found


def lost(stage: Stage, names: Iterable[str], sessions: Sequence[int]) -> Stage:
    """The same stage, on which the signals `names` have gone missing on `sessions`; all else stays to the bit."""
    gone = set(names)
    specs = [_kept(stage, spec, sessions if spec.name in gone else ()) for spec in stage.specs]
    return Stage(stage.market, specs, stage.readings)


def pushed(stage: Stage, z: float) -> Stage:
    """The same stage, on which every signal that has a z-score has this one."""
    specs = []
    for spec in stage.specs:
        kept = _kept(stage, spec, ())
        if spec.name not in stage.frame.index.absent:
            at = stage.frame.index.at[spec.name]
            column = stage.frame.values[at].copy(), np.where(np.isnan(stage.frame.zs[at]), np.nan, z)
            kept = kept._replace(make=partial(_given, column))
        specs.append(kept)
    return Stage(stage.market, specs, stage.readings)


def _kept(stage: Stage, spec: SignalSpec, holes: Sequence[int]) -> SignalSpec:
    """The signal as it has been computed, with holes."""
    if spec.name in stage.frame.index.absent:
        return spec._replace(make=partial(_absent, spec.name, stage.frame.index.absent[spec.name]))
    at = stage.frame.index.at[spec.name]
    value, z = stage.frame.values[at].copy(), stage.frame.zs[at].copy()
    value[list(holes)] = z[list(holes)] = np.nan
    return spec._replace(make=partial(_given, (value, z)), max_age=0)


def _given(column: ValueAndZ, _: Columns) -> ValueAndZ:
    return column


def _absent(name: str, reason: str, _: Columns) -> ValueAndZ:
    raise MissingRole(name, reason)


def plainly(said: Any) -> str:
    """An answer in a few words, for messages."""
    if isinstance(said, View):
        return f"leaned {said.lean:+.4f}"
    return f"abstained ({said.reason})" if isinstance(said, Abstention) else f"answered {type(said).__name__}"
