"""One changed history against the real one, and who is to blame for what moved.

Contract: somebody is blamed for a move only when it remains after everything that it was led to has been mended: a
model moves by itself when it moves on the signals of the real history, a mind when it moves on the signals and the
readings of the real history. What moves only together with one signal, or with the regime, is laid at that door.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from backtest.audit.compare import Moved, moved_signals, moved_views
from backtest.audit.seen import Reading, Seen, Signals, grafted, look, signals_of
from backtest.audit.subject import Cast, Subject
from engine.market import Market
from engine.signals.spec import SignalSpec

__all__ = ["Led", "Whole", "led_by", "moves", "trial", "whole_run"]

_MOST = 24
"""Moved signals that are followed to the minds that they move; more of them tell a reader nothing."""


@dataclass(frozen=True)
class Whole:
    """The run over the real history, with which every other one is compared.

    Attributes:
        market: the history.
        specs: its signals' declarations.
        signals: its signals.
        window: the sessions on which models and minds were asked.
        seen: what they said.
        lead: the model whose readings the minds get.
    """

    market: Market
    specs: tuple[SignalSpec, ...]
    signals: Signals
    window: range
    seen: Seen
    lead: str

    def told(self) -> dict[int, Reading]:
        """Session -> the reading that the minds were given."""
        return dict(enumerate(self.seen.readings[self.lead], self.window.start))


class Led(NamedTuple):
    """An answer that moved because something before it had."""

    moved: Moved
    kind: str
    name: str


class Trial(NamedTuple):
    """What moved by itself, and the signals of the changed history."""

    own: list[Moved]
    signals: Signals


def whole_run(subject: Subject, market: Market, window: range) -> tuple[Whole, Cast]:
    """Run everybody over the real history; also returns the minds and models that now know all of it.

    Raises:
        InputError: a signal fails on the real history.
    """
    cast = subject.cast()
    specs = subject.specs(market.universe, cast)
    signals = signals_of(market, specs, strict=True)
    seen = look(cast, subject.targets, market, signals, window)
    return Whole(market, signals.specs, signals, window, seen, cast.models[0].name), cast


def trial(subject: Subject, whole: Whole, other: Market, at: int) -> Trial:
    """What moves up to session `at` by itself when history is `other` after it."""
    signals = signals_of(other, whole.specs)
    moved = moved_signals(whole.signals, signals, at + 1)
    return Trial(moved + _answers(subject, subject.cast(), whole, other, signals, at), signals)


def _answers(subject: Subject, cast: Cast, whole: Whole, other: Market, signals: Signals, at: int) -> list[Moved]:
    mended = grafted(signals, whole.signals, at + 1)
    window = range(whole.window.start, at + 1)
    return moved_views(whole.seen, look(cast, subject.targets, other, mended, window, told=whole.told()), at + 1)


def led_by(
    subject: Subject, whole: Whole, other: Market, at: int, found: Trial, culprits: Collection[Moved]
) -> list[Led]:
    """What moves with one of the `culprits` that is a signal or the leading model, and not by itself."""
    stop, window = at + 1, range(whole.window.start, at + 1)
    mine = {(item.kind, item.name, item.part) for item in found.own}
    led: dict[tuple[str, str, str], Led] = {}

    def follow(seen: Seen, kind: str, name: str) -> None:
        for item in moved_views(whole.seen, seen, stop):
            key = (item.kind, item.name, item.part)
            if key not in mine and key not in led:
                led[key] = Led(item, kind, name)

    for item in [item for item in culprits if item.kind == "signal"][:_MOST]:
        mended = grafted(found.signals, whole.signals, stop, [item.name])
        follow(look(subject.cast(), subject.targets, other, mended, window), "signal", item.name)
    if any(item.kind == "regime" and item.name == whole.lead for item in culprits):
        mended = grafted(found.signals, whole.signals, stop)
        follow(look(subject.cast(), subject.targets, other, mended, window), "regime", whole.lead)
    return list(led.values())


def moves(subject: Subject, whole: Whole, moved: Moved, at: int) -> Callable[[Market], bool]:
    """A test of one output: does it move, at the session where it was seen to, when history is another after `at`?"""

    def signal(other: Market) -> bool:
        spec = whole.specs[whole.signals.at[moved.name]]
        known = whole.signals.take([moved.name])
        return any(item.at == moved.at for item in moved_signals(known, signals_of(other, [spec]), at + 1, moved.at))

    def answer(other: Market) -> bool:
        cast = subject.cast()
        minds = [mind for mind in cast.minds if moved.kind == "mind" and mind.name == moved.name]
        models = [model for model in cast.models if moved.kind == "regime" and model.name == moved.name]
        signals = signals_of(other, whole.specs)
        found = _answers(subject, Cast(tuple(minds), tuple(models)), whole, other, signals, at)
        return _has(found, moved)

    return signal if moved.kind == "signal" else answer


def _has(found: Iterable[Moved], wanted: Moved) -> bool:
    return any((item.name, item.part, item.at) == (wanted.name, wanted.part, wanted.at) for item in found)
