"""Two runs, and what moved between them.

Contract: numbers are compared to the last bit and texts letter by letter, unless a tolerance is given; every NaN is the
same NaN. Of an output that moved on many sessions the last one is shown, which is the one nearest to the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from backtest.audit.seen import Seen, Signals
from engine.bars import FloatArray
from minds.view import Abstention, View
from regimes.reading import RegimeReading

__all__ = ["Kind", "Moved", "moved_signals", "moved_views", "same_numbers"]

Kind = Literal["signal", "regime", "mind"]
BoolArray = npt.NDArray[np.bool_]


class Moved(NamedTuple):
    """An output that is not the same in two runs.

    Attributes:
        kind: what moved.
        name: of the signal, model or mind.
        part: `value` or `z`, a field of the reading, or the target.
        at: the last session on which it differs, as a position.
        sessions: on how many sessions it differs.
        was: what the first run says.
        now: what the second run says.
        by: absolute difference where both are numbers.
    """

    kind: Kind
    name: str
    part: str
    at: int
    sessions: int
    was: str
    now: str
    by: float | None


def same_numbers(one: FloatArray, other: FloatArray, tolerance: float = 0.0) -> BoolArray:
    """Where two arrays of one shape agree: to the last bit, or within a relative tolerance."""
    missing = np.isnan(one) & np.isnan(other)
    if not tolerance:
        found: BoolArray = missing | (
            np.ascontiguousarray(one).view(np.int64) == np.ascontiguousarray(other).view(np.int64)
        )
        return found
    with np.errstate(invalid="ignore"):
        close = np.abs(one - other) <= tolerance * np.maximum(np.maximum(np.abs(one), np.abs(other)), 1e-12)
    return missing | close


def moved_signals(
    one: Signals, other: Signals, sessions: int, first: int = 0, tolerance: float = 0.0, skip: int = 0
) -> list[Moved]:
    """Signals that differ on the sessions from `first` to before `sessions`.

    Args:
        one: the first run.
        other: the second run, of the same signals.
        sessions: where to stop.
        first: where to begin.
        tolerance: relative difference that is let pass.
        skip: sessions that the first run has in front of those of the second.
    """
    found = []
    for part in ("values", "zs"):
        mine = getattr(one, part)[:, first + skip : sessions + skip]
        yours = getattr(other, part)[:, first:sessions]
        differs = ~same_numbers(mine, yours, tolerance)
        for row in np.flatnonzero(differs.any(axis=1)).tolist():
            name, at = one.specs[row].name, int(np.flatnonzero(differs[row])[-1])
            was, now = float(mine[row, at]), float(yours[row, at])
            by = abs(was - now)
            found.append(Moved(
                "signal", name, part.removesuffix("s"), first + at, int(differs[row].sum()), _number(was),
                other.errors.get(name, _number(now)), None if by != by or by == np.inf else by,
            ))  # fmt: skip
    return _once(found)


def _once(found: Sequence[Moved]) -> list[Moved]:
    """A signal whose value and z both moved is one finding; its value speaks for it."""
    kept: dict[str, Moved] = {}
    for item in found:
        kept.setdefault(item.name, item)
    return list(kept.values())


def moved_views(
    one: Seen, other: Seen, sessions: int, *, skip: int = 0, words: bool = True, tolerance: float = 0.0
) -> list[Moved]:
    """Readings and views that differ before position `sessions`; where one of the runs did not ask, nothing differs.

    Args:
        one: the first run.
        other: the second run, of minds and models that took part in the first.
        sessions: where to stop, by the positions of the second run.
        skip: sessions that the first run's history has in front of the second's.
        words: whether texts count too: reasons, and the day since which a label stands.
        tolerance: relative difference of numbers that is let pass.
    """
    found = []
    start = max(one.first - skip, other.first)
    for model, mine in other.readings.items():
        known = one.readings[model]
        pairs = [(known[at + skip - one.first], mine[at - other.first]) for at in range(start, sessions)]
        fields = [name for name in RegimeReading._fields if words or name not in ("since", "reasons")]
        for name in fields if any(a != b for a, b in pairs) else ():
            differs = [at for at, (a, b) in enumerate(pairs) if not _alike(_of(a, name), _of(b, name), tolerance)]
            if differs:
                was, now = (_of(item, name) for item in pairs[differs[-1]])
                found.append(_moved("regime", model, name, start + differs[-1], len(differs), was, now))
    for (mind, target), heard in other.said.items():
        before = one.said[mind, target]
        both = [(before[at + skip - one.first], heard[at - other.first]) for at in range(start, sessions)]
        if not words:
            both = [(_numbers(a), _numbers(b)) for a, b in both]
        differs = [at for at, (a, b) in enumerate(both) if None not in (a, b) and not _alike(a, b, tolerance)]
        if differs:
            old, new = both[differs[-1]]
            found.append(_moved("mind", mind, target, start + differs[-1], len(differs), *_told(old, new)))
    return found


def _alike(one: Any, other: Any, tolerance: float) -> bool:
    if not tolerance or one == other:
        return bool(one == other)
    if type(one) is float and type(other) is float:
        return abs(one - other) <= tolerance * max(abs(one), abs(other))
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(_alike(mine, yours, tolerance) for mine, yours in zip(one, other, strict=True))
    return False


def _of(reading: RegimeReading | str, name: str) -> Any:
    return reading if isinstance(reading, str) else getattr(reading, name)


def _numbers(said: View | Abstention | None) -> View | Abstention | None:
    return (
        said._replace(reason="it abstains", missing=())
        if isinstance(said, Abstention)
        else said and said._replace(missing=())
    )


def _told(old: View | Abstention | None, new: View | Abstention | None) -> tuple[Any, Any]:
    """What to show of two answers: their leans where both have one and these differ."""
    if isinstance(old, View) and isinstance(new, View) and old.lean != new.lean:
        return old.lean, new.lean
    was, now = (said.reason if isinstance(said, Abstention) else said and said.lean for said in (old, new))
    return (old, new) if was == now else (was, now)


def _moved(kind: Kind, name: str, part: str, at: int, sessions: int, was: Any, now: Any) -> Moved:
    numbers = all(type(item) in (int, float) for item in (was, now))
    return Moved(kind, name, part, at, sessions, _number(was), _number(now), abs(was - now) if numbers else None)


def _number(x: Any) -> str:
    """A value in a few letters."""
    if type(x) is float:
        return "missing" if x != x else f"{x:.6g}"
    text = "missing" if x is None else str(x)
    return text if len(text) <= 120 else text[:117] + "..."
