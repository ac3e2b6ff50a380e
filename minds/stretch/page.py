"""The texts of some sessions in a row: what `minds.record.document` keeps of each, written column by column.

Contract: equal, byte for byte, to the canonical text of each session's own document. What holds for one session alone
(somebody was asked, a gate has bitten) is put in its place afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from engine.bars import FloatArray
from minds.baseline.kind import Leans
from minds.record import canonical, kept_reading
from minds.stretch.slot import Claimed, Settled
from minds.stretch.texts import arrays, column, fields, gathered, members, woven
from minds.view import GateResult
from regimes.reading import RegimeReading

__all__ = ["Page", "pages", "signals_texts"]


class Page(NamedTuple):
    """What goes into the texts, an entry a session in each list.

    Attributes:
        as_of: ISO instants.
        baselines: what the baselines say.
        claims: the claims, in order.
        cycle: number of the first session's cycle.
        data: digests of the bars known.
        debates: target -> text of its debate.
        gates: (session, what a gate did).
        missing: text of what is missing.
        readings: the regime.
        sessions: ISO days.
        signals: text of the signals' values.
        synthesis: target or pair -> base rate and recalibrated probabilities, None where nothing was combined.
        verdicts: the verdicts, in order.
        views: target -> text of the views.
    """

    as_of: Sequence[str]
    baselines: Sequence[Leans]
    claims: Sequence[Claimed]
    cycle: int
    data: Sequence[str]
    debates: Mapping[str, list[bytes]]
    gates: Sequence[tuple[int, GateResult]]
    missing: list[bytes]
    readings: Sequence[RegimeReading]
    sessions: Sequence[str]
    signals: list[bytes]
    synthesis: Mapping[str, Sequence[tuple[float | None, ...] | None]]
    verdicts: Sequence[Settled]
    views: Mapping[str, list[bytes]]


def pages(page: Page) -> list[bytes]:
    """The texts of the sessions."""
    count = len(page.sessions)
    gates: list[list[GateResult]] = [[] for _ in range(count)]
    for row, gate in page.gates:
        gates[row].append(gate)
    return woven(fields([
        ("as_of", column(page.as_of)),
        ("baselines", list(map(canonical, page.baselines))),
        ("claims", (b"[", gathered([_placed(each.rows, each.texts, count) for each in page.claims], count), b"]")),
        ("cycle", column(list(range(page.cycle, page.cycle + count)))),
        ("data", column(page.data)),
        ("debates", fields(sorted(page.debates.items()))),
        ("gates", [canonical([gate._asdict() for gate in held]) if held else b"[]" for held in gates]),
        ("missing", page.missing),
        ("reading", _readings(page.readings)),
        ("session", column(page.sessions)),
        ("signals", page.signals),
        ("synthesis", (b"{", _synthesis(page.synthesis, count), b"}")),
        ("verdicts", (b"[", gathered([_placed(each.rows, each.texts, count) for each in page.verdicts], count), b"]")),
        ("views", fields(sorted(page.views.items()))),
    ]), count)  # fmt: skip


def _placed(rows: Sequence[int], texts: list[bytes], count: int) -> list[bytes]:
    """Texts of some of the sessions, with nothing on the others."""
    if len(rows) == count:
        return texts
    found = [b""] * count
    for row, text in zip(rows, texts, strict=True):
        found[row] = text
    return found


def _synthesis(made: Mapping[str, Sequence[tuple[float | None, ...] | None]], count: int) -> list[bytes]:
    columns = []
    for key, experts in sorted(made.items()):
        rows = [row for row, own in enumerate(experts) if own is not None]
        texts = woven((orjson.dumps(key) + b":", arrays([own for own in experts if own is not None])), len(rows))
        columns.append(_placed(rows, texts, count))
    return gathered(columns, count)


def _readings(readings: Sequence[RegimeReading]) -> list[bytes]:
    label, score, path, status, since, _, coverage, components, reasons, _ = zip(*readings, strict=True)
    values = [[value for _, value, _ in each] for each in components]
    names = [name for name, _, _ in components[0]]
    if any([[name for name, _, _ in each] != names for each in components]):
        return [canonical(kept_reading(reading)) for reading in readings]
    parts = sorted(zip(names, map(column, zip(*values, strict=True)), strict=True))
    return woven(fields([
        ("components", fields(parts)), ("coverage", column(coverage)), ("label", column(label)), ("path", column(path)),
        ("reasons", [orjson.dumps(each) if each else b"[]" for each in reasons]), ("score", column(score)),
        ("since", column(since)), ("status", column(status)),
    ]), len(readings))  # fmt: skip


def signals_texts(
    used: Iterable[Mapping[str, npt.NDArray[np.bool_]]], values: FloatArray, places: Mapping[str, int]
) -> list[bytes]:
    """The texts of the values of the signals that views rest on.

    Args:
        used: for each mind the signals that its views rest on, and whether the view of each session rests on each.
        values: of all signals on these sessions, shape (signals, sessions).
        places: where each signal stands among them.
    """
    rests: dict[str, npt.NDArray[np.bool_]] = {}
    for signals in used:
        for name, where in signals.items():
            rests[name] = where | rests[name] if name in rests else where
    parts = [
        (name, column(values[places[name]].tolist()), None if where.all() else where.tolist())
        for name, where in sorted(rests.items())
    ]
    return woven(members(parts, values.shape[1]), values.shape[1])
