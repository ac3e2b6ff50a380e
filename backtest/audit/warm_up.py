"""Start length: does an answer hang on how much history came before, and from which length on does it not?

Contract: the same session is answered with five lengths of history behind it. A signal that has a value must have the
same one from its declared window on, its z-score from that window and two years of scale on, a model's reading and a
mind's view from ten years on, which is what a replay gives them. Sooner than that a difference is only told. An answer
that takes in all of history by design is declared with its reason, and told too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from backtest.audit.seen import Reading, Seen, Signals, look, signals_of
from backtest.audit.subject import Cast, Subject
from backtest.audit.trial import Whole
from backtest.replay import WARM_UP
from engine.market import Market
from minds.view import View
from regimes.reading import RegimeReading

__all__ = ["LENGTHS", "Settling", "later", "settling"]

LENGTHS = (252, 756, 1512, 3024, 6048)
"""Sessions of history, in years of 252: one, three, six, twelve, twenty-four."""
_SCALE = 504 + 63
"""Sessions beyond its window that the scale of a z-score may take in: two years, and a quarter for what feeds it."""
_SAME = 1e-9
_FIELDS = ("label", "score", "path", "status", "coverage")


class Settling(NamedTuple):
    """How one output depends on the length of history.

    Attributes:
        kind: `signal`, `regime` or `mind`.
        name: whose output.
        part: which of its outputs.
        differences: (sessions of history, difference from the longest one): relative for numbers, 1 for other words,
            None where there was no value.
        settles: sessions from which the answer stays; None when it never does.
        needs: sessions that it may need.
        declared: why it takes in all of history, empty when that is not declared.
        fails: whether it differs although it had all that it may need, and nothing is declared.
    """

    kind: str
    name: str
    part: str
    differences: tuple[tuple[int, float | None], ...]
    settles: int | None
    needs: int
    declared: str
    fails: bool


class _Answers(NamedTuple):
    signals: Signals
    seen: Seen


def settling(subject: Subject, whole: Whole, at: int) -> list[Settling]:
    """Every output that is not the same with all lengths of history up to session `at`, declared ones first to last."""
    lengths = _lengths(at + 1)
    cast = subject.cast()
    declared = cast.expanding()
    runs = [_short(subject, whole, at, length) for length in lengths]
    outputs: dict[tuple[str, str, str], tuple[int, list[Any]]] = {}
    for spec in whole.specs:
        for part, more in (("values", 0), ("zs", _SCALE)):
            row = whole.signals.at[spec.name]
            found = [_shown(getattr(run.signals, part)[row, -1]) for run in runs]
            outputs["signal", spec.name, part.removesuffix("s")] = (spec.window + 1 + spec.max_age + more, found)
    for model in runs[-1].seen.readings:
        for name in _FIELDS:
            outputs["regime", model, name] = (WARM_UP, [_field(run.seen.readings[model][-1], name) for run in runs])
    for mind, target in runs[-1].seen.said:
        said = [run.seen.said[mind, target][-1] for run in runs]
        outputs["mind", mind, target] = (WARM_UP, [item.lean if isinstance(item, View) else None for item in said])
    rows = [_settled(key, lengths, needs, found, declared) for key, (needs, found) in outputs.items()]
    return [row for row in rows if any(row.differences[at][1] for at in range(len(lengths)))]


def _lengths(most: int) -> list[int]:
    """Five lengths of history: those of `LENGTHS`, or fifths of what there is where that is less."""
    return sorted({length if most >= LENGTHS[-1] else most * part // 5 for part, length in enumerate(LENGTHS, 1)})


def _short(subject: Subject, whole: Whole, at: int, length: int) -> _Answers:
    """The answers at session `at` with `length` sessions of history, as a replay that begins there gives them."""
    market = later(whole.market.cut(at + 1), at + 1 - length)
    signals = signals_of(market, whole.specs)
    cast, window = subject.cast(), range(max(length - WARM_UP, 0), length)
    readings = look(Cast((), cast.models), subject.targets, market, signals, window)
    told = {length - 1: _at(whole, at)}
    last = range(length - 1, length)
    given = whole.signals.since(at + 1 - length)
    said = look(Cast(cast.minds, ()), subject.targets, market, given, last, told=told)
    return _Answers(signals, replace(said, readings=readings.readings))


def _at(whole: Whole, at: int) -> Reading:
    return whole.seen.readings[whole.lead][at - whole.window.start]


def later(market: Market, start: int) -> Market:
    """The market as if history had begun at session `start`."""
    calendar = replace(market.calendar, days=market.calendar.days[start:], closes=market.calendar.closes[start:])
    columns = {name: column[:, start:].copy() for name, column in market.columns.items()}
    return replace(market, calendar=calendar, columns=columns, size=market.size - start)


def _shown(x: float) -> float | None:
    return None if np.isnan(x) else float(x)


def _field(reading: Reading, name: str) -> Any:
    return getattr(reading, name) if isinstance(reading, RegimeReading) else reading


def _settled(
    key: tuple[str, str, str], lengths: Sequence[int], needs: int, found: Sequence[Any], declared: Mapping[str, str]
) -> Settling:
    kind, name, part = key
    last = found[-1]
    differences = [None if item is None else 0.0 if last is None else _apart(item, last) for item in found]
    settles = lengths[-1]
    for length, item in zip(reversed(lengths), reversed(differences), strict=True):
        if item is None or item > _SAME:
            break
        settles = length
    judged = [item for length, item in zip(lengths, differences, strict=True) if length >= needs and item is not None]
    why = declared.get(f"{name}.{part}", declared.get(name, ""))
    fails = not why and any(item > _SAME for item in judged)
    never = len(lengths) > 1 and (differences[-2] or 0.0) > _SAME
    return Settling(
        kind, name, part, tuple(zip(lengths, differences, strict=True)), None if never else settles, needs, why, fails
    )


def _apart(one: Any, other: Any) -> float:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) / max(abs(one), abs(other), 1e-12)
    return float(one != other)
