"""Settings of a run: what was asked for, checked once, and the part of it that the ledger's first entry keeps.

Contract: only what changes a published byte is in `genesis`: no path, no clock, and not the end of the range, so that a
longer run extends a shorter one entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

import orjson

from engine.claims import Pair, Target
from engine.errors import InputError
from engine.resolve import RESOLVER_VERSION
from engine.universe import Universe
from minds.adviser import Adviser
from minds.baseline import BASELINES

__all__ = [
    "LEDGER_FORMAT",
    "AdviserChoice",
    "EssayChoice",
    "Settings",
    "default_pairs",
    "default_targets",
    "names",
    "parse_essays",
    "parse_pairs",
    "parse_targets",
]

LEDGER_FORMAT = 3
EssayChoice = int | Literal["all"]
"""How many of the last sessions get an essay."""


class AdviserChoice(NamedTuple):
    """Who advises.

    Attributes:
        who: the adviser.
        cutoff: last day that it may remember; None where it can remember nothing, as in an invented world.
        memory: one line on what its model has been measured to remember, for people.
    """

    who: Adviser
    cutoff: date | None = None
    memory: str = ""

    def document(self) -> dict[str, str | None]:
        """What decides its part in what is published."""
        return {"cutoff": None if self.cutoff is None else str(self.cutoff), "name": self.who.name}


@dataclass(frozen=True)
class Settings:
    """One backtest.

    Attributes:
        source: kind of data (`sample`, `csv`, `yahoo`), without its path, or `scenario:NAME`.
        universe: roles and symbols.
        start: first day asked for.
        end: last day asked for, the end of knowledge.
        minds: names, in the order in which the registry gives them.
        targets: what is called, leading target first.
        regime: name of the regime model.
        pairs: pairs of targets to compare.
        essays: how many of the last sessions get an essay.
        adviser: who may tilt the lead call; None for nobody.
        seed: of the baseline that tosses a coin, and of any mind that has a use for one.
    """

    source: str
    universe: Universe
    start: date
    end: date
    minds: tuple[str, ...]
    targets: tuple[Target, ...]
    regime: str = "rules"
    essays: EssayChoice = 1
    pairs: tuple[Pair, ...] = ()
    adviser: AdviserChoice | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a reversed range."""
        if self.start > self.end:
            raise InputError(f"--start {self.start} lies after --end {self.end}; swap them")

    def genesis(self, first_session: str) -> bytes:
        """Canonical JSON of all that decides what the run publishes, but for the data."""
        universe = self.universe
        found: dict[str, Any] = {
            "baselines": list(BASELINES),
            "calendar": universe.calendar,
            "format": LEDGER_FORMAT,
            "groups": {role: list(members) for role, members in universe.groups.items()},
            "lags": dict(universe.lags),
            "minds": list(self.minds),
            "pairs": [pair.key for pair in self.pairs],
            "regime": self.regime,
            "resolver": RESOLVER_VERSION,
            "roles": dict(universe.roles),
            "seed": self.seed,
            "source": self.source.partition(":")[0],  # a copy of a scenario under another name is the same run
            "start": first_session,
            "targets": [target.key for target in self.targets],
            "universe": universe.name,
        }
        if self.adviser is not None:
            found["adviser"] = self.adviser.document()
        return orjson.dumps(found, option=orjson.OPT_SORT_KEYS)


def default_targets(universe: Universe) -> tuple[Target, ...]:
    """Market and growth one session ahead, small caps two, where the role exists."""
    wanted = (("market", 1), ("growth", 1), ("small", 2))
    return tuple(Target(universe.roles[role], role, horizon) for role, horizon in wanted if role in universe.roles)


def parse_targets(text: str, universe: Universe) -> tuple[Target, ...]:
    """Read `QQQ:1,IWM:2`; a role may stand for its symbol.

    Raises:
        InputError: not of that form, a symbol outside the universe, a horizon out of range, a level, or a target named
            twice.
    """
    targets: list[Target] = []
    for part in text.split(","):
        name, _, sessions = part.strip().rpartition(":")
        if not name or not sessions.isascii() or not sessions.isdigit() or not 1 <= int(sessions) <= 64:
            raise InputError(f"the target {part.strip()!r} is not SYMBOL:SESSIONS with 1 to 64 sessions, such as QQQ:1")
        symbol = universe.symbol(name)
        if symbol is None:
            raise InputError(
                f"the universe {universe.name} has no symbol {name!r}; targets come from {', '.join(universe.symbols)}"
            )
        if symbol in universe.levels or universe.lags.get(symbol):
            raise InputError(
                f"{symbol} is a level or comes late, so its return cannot be called; choose a traded symbol"
            )
        target = Target(symbol, universe.role(symbol), int(sessions))
        if target in targets:
            raise InputError(f"the target {target.key} is named twice; name it once")
        targets.append(target)
    return tuple(targets)


def default_pairs(targets: Sequence[Target]) -> tuple[Pair, ...]:
    """Small caps over growth one session ahead, where both are among the targets."""
    by_role = {target.role: target for target in reversed(targets)}
    return (Pair(by_role["small"], by_role["growth"], 1),) if {"small", "growth"} <= set(by_role) else ()


def parse_pairs(text: str, targets: Sequence[Target]) -> tuple[Pair, ...]:
    """Read `IWM>QQQ:1,small>market:5`; symbols or roles of the targets.

    Raises:
        InputError: not of that form, a symbol that is no target, or a pair named twice.
    """
    pairs: list[Pair] = []
    for part in text.split(","):
        names, _, sessions = part.strip().rpartition(":")
        first, mark, second = names.partition(">")
        if not mark or not sessions.isascii() or not sessions.isdigit() or not 1 <= int(sessions) <= 64:
            raise InputError(f"the pair {part.strip()!r} is not FIRST>SECOND:SESSIONS, such as IWM>QQQ:1")
        one, other = (_among(name.strip(), targets) for name in (first, second))
        if one.symbol == other.symbol:
            raise InputError(f"the pair {part.strip()!r} compares {one.symbol} with itself; name two symbols")
        pair = Pair(one, other, int(sessions))
        if pair.key in [known.key for known in pairs]:
            raise InputError(f"the pair {pair.key} is named twice; name it once")
        pairs.append(pair)
    return tuple(pairs)


def _among(name: str, targets: Sequence[Target]) -> Target:
    for target in targets:
        if name in (target.symbol, target.role):
            return target
    called = ", ".join(sorted({target.symbol for target in targets}))
    raise InputError(f"{name!r} is no target of this run ({called}); add it to --targets first")


def parse_essays(text: str) -> EssayChoice:
    """Read `last`, `all`, `none` or a number of sessions."""
    if text == "all":
        return "all"
    if text in ("last", "none"):
        return int(text == "last")
    if text.isascii() and text.isdigit():
        return int(text)
    raise InputError(f"--essays {text!r} is not possible; give last, all, none or a number of sessions")


def names(text: str | None) -> Sequence[str] | None:
    """Split a comma list; None stays None."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]
