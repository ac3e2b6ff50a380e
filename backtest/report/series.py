"""What the browser draws and opens: a run's history as columns of small whole numbers.

Contract: a function of the history (and of what its caller found in the folder), rounded to what a picture can show:
probabilities to a thousandth, returns to a hundredth of a percent, leads to a ten-thousandth of a Brier point. A claim
that was not made has the result `.`, and its numbers then mean nothing. No figure of the page's tables comes from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from backtest.claims import Claims
from backtest.evidence import evidence_path
from backtest.history import Gate, History, Silence
from engine import scoring
from engine.bars import FloatArray
from regimes.reading import LABELS

__all__ = ["reliability", "series"]

IntArray: TypeAlias = "npt.NDArray[np.int64]"
_POINTS = 1300
"""About as many points as a wide chart has pixels; a longer record is drawn at every so many sessions."""
_ODDS = ("direction", "volatility", "drawdown", "relative")
_SIGNS = np.array(list("ovwr"))  # open, void, wrong, right, as in `backtest.history.RESULTS`
_BINS = 10
_PLACES = 50
_BARS = 40
_LEAST = 50
"""Claims in a group, of which there are at most ten: of fewer, any rate can come."""


def series(history: History, heads: Sequence[str], essays: Mapping[str, str]) -> dict[str, Any]:
    """The columns of a run.

    Args:
        history: what the run said and what came of it.
        heads: first digits of the digest of each session's ledger entry, in order; the entry of session number i is
            number i + 1.
        essays: ISO day -> name of the file of its essay.
    """
    seen = history.sessions
    days = len(seen.days)
    step = max(1, -(-days // _POINTS))
    drawn = np.union1d(np.arange(step - 1, days, step), [days - 1]) if days else np.zeros(0, np.int64)
    streams = [_stream(kind, name, claims, history, days) for kind, name, claims in _streams(history)]
    return {
        "days": seen.days,
        "drawn": drawn,
        "labels": LABELS,
        "label": "".join(map(str, seen.label.tolist())),
        "status": _coded(seen.status),
        "score": _whole(seen.score, 100.0),
        "heads": heads,
        "essays": essays,
        "minds": history.minds,
        "streams": streams,
        "leads": [_lead(kind, name, claims, drawn, days) for kind, name, claims in _streams(history) if kind in _ODDS],
        "reliability": {kind: found for kind in _ODDS if (found := reliability(history.claims[kind].settled()))},
        "gates": _acts(history.gates),
        "silences": _acts(history.silences),
    }


def _streams(history: History) -> Iterator[tuple[str, str, Claims]]:
    """Each kind's claims on each target, kinds and targets in the order of the run: the lead call comes first."""
    place = {name: at for at, name in enumerate(history.targets)}
    for kind, claims in history.claims.items():
        for name, mine in sorted(claims.targets(), key=lambda item: place.get(item[0], len(place))):
            yield kind, name, mine


def _stream(kind: str, name: str, claims: Claims, history: History, days: int) -> dict[str, Any]:
    """One claim a session, at the session's place."""
    at = claims.day

    def placed(values: FloatArray, unit: float) -> IntArray:
        found = np.zeros(days, np.int64)
        found[at] = _whole(values, unit)
        return found

    result = np.full(days, ".")
    result[at] = _SIGNS[claims.result]
    due = np.zeros(days, np.int64)
    due[at] = np.where(claims.due >= 0, claims.due - at, 0)
    found: dict[str, Any] = {
        "kind": kind, "name": name, "result": "".join(result.tolist()), "realised": placed(claims.realised, 1e4),
    }  # fmt: skip
    horizon = int(name.rpartition(":")[2])
    if (late := np.flatnonzero((due != horizon) & (due > 0))).size:
        found["late"] = dict(zip(map(str, late.tolist()), due[late].tolist(), strict=True))
    if kind == "interval":
        for end in ("low", "high", "base_low", "base_high"):
            found[end] = placed(getattr(claims, end), 1e4)
        return found
    found["p"], found["b"] = placed(claims.p, 1e3), placed(claims.b, 1e3)
    if kind == "direction":
        found["reference"] = _reference(claims, days)
        found["lean"] = [_leans(claims.lean[:, mind], at, days) for mind in range(len(history.minds))]
    return found


def _reference(claims: Claims, days: int) -> FloatArray:
    """Closes from which the calls counted, to five digits; NaN (null) where there was no call."""
    found = np.full(days, np.nan)
    places = 4 - np.floor(np.log10(np.maximum(np.abs(claims.reference), 1e-300)))
    unit = 10.0 ** np.clip(places, 0, 12)
    found[claims.day] = np.round(claims.reference * unit) / unit
    return found


def _leans(lean: FloatArray, at: IntArray, days: int) -> IntArray:
    """Leans in hundredths; 101 where the mind was silent."""
    found = np.full(days, 101, np.int64)
    found[at] = np.where(np.isnan(lean), 101, _whole(lean, 100.0))
    return found


def _whole(values: FloatArray, unit: float) -> IntArray:
    return np.rint(np.nan_to_num(values * unit, nan=0.0, posinf=0.0, neginf=0.0)).astype(np.int64)


def _coded(words: Sequence[str]) -> dict[str, Any]:
    """Words of a small set, as places in a list."""
    names = sorted(set(words))
    place = {name: at for at, name in enumerate(names)}
    return {"names": names, "at": [place[word] for word in words]}


def _lead(kind: str, name: str, claims: Claims, drawn: IntArray, days: int) -> dict[str, Any]:
    """How far ahead of the base rate the claims were, in Brier points and as evidence, at the days that are drawn."""
    done = claims.settled()
    gained = np.zeros(days)
    np.add.at(gained, done.due, done.base_score - done.score)
    found: dict[str, Any] = {"kind": kind, "name": name, "n": len(done), "lead": _whole(gained.cumsum()[drawn], 1e4)}
    if kind == "direction" and len(done):
        lead = scoring.log_score(done.y, done.b) - done.log_score
        path = evidence_path(done, lead) / np.log(10.0)
        found["evidence"] = np.round(np.pad(path, (0, days - path.size), "edge")[drawn], 3)
    return found


def reliability(done: Claims) -> dict[str, Any] | None:
    """The reliability diagram of settled claims: the CORP curve and where it lies for a perfect forecaster, bins with
    the band that such a forecaster's rate falls into, and how many claims were made where; None without claims.

    Of claims whose windows overlap only as many count for the bands as fit side by side.

    Source: Dimitriadis, Gneiting & Jordan (2021) for the curve and its band; Bröcker & Smith (2007), Increasing the
    reliability of reliability diagrams, for the consistency bars.
    """
    if not len(done):
        return None
    order = np.argsort(done.p, kind="stable")
    p, y = done.p[order], done.y[order]
    curve = scoring.corp(done.y, done.p).recalibrated[order]
    starts = np.flatnonzero(np.diff(curve, prepend=-1.0))
    ends = np.append(starts[1:], p.size) - 1
    blocks = zip(starts.tolist(), ends.tolist(), strict=True)
    steps = [[float(p[at]), float(curve[at])] for block in blocks for at in block]
    horizon = max(done.names[code][1] for code in done.codes())
    points = np.unique(p[np.linspace(0, p.size - 1, _PLACES).astype(np.int64)])
    low, high = scoring.consistency_band(p[::horizon], points)
    bins = []
    for part in np.array_split(np.arange(p.size), max(1, min(_BINS, p.size // _LEAST))):
        spread = float(np.sqrt(horizon * (p[part] * (1.0 - p[part])).sum())) / part.size
        mean, wide = float(p[part].mean()), 1.96 * spread
        bins.append([mean, float(y[part].mean()), part.size, max(0.0, mean - wide), min(1.0, mean + wide)])
    counts, edges = np.histogram(p, bins=_BARS, range=(float(p[0]), float(p[-1]) or 1.0))
    return {
        "n": len(done),
        "curve": np.round(steps, 4).tolist(),
        "band": np.round(np.column_stack([points, low, high]), 4).tolist(),
        "bins": np.round(bins, 4).tolist(),
        "counts": counts.tolist(),
        "edges": np.round(edges, 4).tolist(),
    }


def _acts(acts: Sequence[Gate] | Sequence[Silence]) -> dict[str, Any]:
    """What happened on which day: the session's number and the place in a list of what can happen, pair by pair."""
    known: dict[tuple[Any, ...], int] = {}
    at = [[act[0], known.setdefault(act[1:], len(known))] for act in acts]
    return {"results": list(known), "at": at}
