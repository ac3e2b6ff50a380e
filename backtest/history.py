"""A run's history: what its ledger says, as columns.

Contract: a `History` holds what was claimed, said and settled, in order, and nothing that the ledger does not state. It
is read from a ledger (`read`), or collected while a run goes on (`add` a cycle, `take` many); all give equal histories.
A figure that a kind of claim has not, or that is not known yet, is NaN, never zero. Nothing here judges: scores, arms
and reports are made from a history. A ledger of something else raises `InputError`, one that does not hold
`ChainError`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from math import nan
from operator import attrgetter
from struct import Struct
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson

from backtest.claims import DEBATES, RESULTS, TABLES, WHOLE, Claims, IntArray, Target
from engine.bars import FloatArray
from engine.errors import InputError
from engine.ledger import Ledger
from minds.advised import TILTS
from minds.stretch import Docket, Piece
from regimes.reading import LABELS

__all__ = ["Gate", "History", "Sessions", "Silence"]

_Stream: TypeAlias = "tuple[bytearray, Callable[..., bytes], int, str, str]"

_RESULT = {name: float(at) for at, name in enumerate(RESULTS)}
_DEBATE = {name: float(at) for at, name in enumerate(DEBATES)}
_LABEL = {name: at for at, name in enumerate(LABELS)}
# What a row of each kind of claim holds; that of a direction is followed by its tables.
_ODDS = ("number", "target", "day", "p", "b", "reference", "threshold")
_ROWS = {
    "direction": ("number", "target", "day", "p", "b", "reference", "debate", "conviction", "without", "tilt"),
    "interval": ("number", "target", "day", "reference", "low", "high", "base_low", "base_high"),
    "relative": _ODDS,
    "volatility": _ODDS,
    "drawdown": _ODDS,
}
_SETTLED = ("due", "result", "y", "realised", "score", "base_score", "log_score")
_COLUMNS = {"probability": "p", "base_rate": "b"}
"""What numbers of a claim are called here where they have another name."""
_PLACES = 1 << 20
"""More than there are verdicts in a session."""
_settle = Struct(f"{2 + len(_SETTLED)}d").pack


class Sessions(NamedTuple):
    """The sessions of a run, one row each.

    Attributes:
        days: ISO dates.
        label: the regime, as an index of `regimes.reading.LABELS`.
        status: `confirmed`, `alert`, `stale`, `transition` or `degraded`.
        score: of the regime, in [-1, 1]; NaN when there was none.
    """

    days: list[str]
    label: IntArray
    status: list[str]
    score: FloatArray


class Gate(NamedTuple):
    """What a gate did to one target (`*` for all) in session number `day`; passes are not in the record."""

    day: int
    gate: str
    target: str
    action: str
    reason: str


class Silence(NamedTuple):
    """A mind that had no view of a target in session number `day`, and why."""

    day: int
    mind: str
    target: str
    reason: str


class _Table:
    """Numbers that come row by row (`rows`), or many rows at once; in each the first number tells their order."""

    def __init__(self, width: int) -> None:
        self.rows, self._width = bytearray(), width
        self._blocks: list[FloatArray] = []

    def add(self, count: int, columns: Sequence[npt.ArrayLike]) -> None:
        """So many rows, as columns."""
        block = np.empty((self._width, count))
        for own, values in zip(block, columns, strict=True):
            own[:] = values
        self._blocks.append(block)

    def columns(self) -> FloatArray:
        """The columns of all rows, in order; shape (width, n)."""
        single = np.frombuffer(bytes(self.rows)).reshape(-1, self._width).T
        every = np.concatenate([*self._blocks, single], axis=1)
        return every[:, np.argsort(every[0], kind="stable")]


class History:
    """What a run said and what came of it.

    Attributes:
        minds: names in the run's order, that of the columns of `Claims.lean`.
        baselines: likewise, that of the columns of `Claims.baseline`.
        targets: keys of what is called, such as `QQQ:1`, the leading one first.
        genesis: the ledger's first entry, what the run is about.
        spoken: mind -> how many views it gave.
        abstentions: mind -> reason -> how often it gave it for having no view.
        missing: (number of a session, signal -> why it was missing from then on), in order, when that changed.
    """

    def __init__(self, minds: Sequence[str], genesis: dict[str, Any] | None = None) -> None:
        """Begin with no cycle."""
        self.minds, self.genesis = tuple(minds), genesis or {}
        self.targets: tuple[str, ...] = tuple(self.genesis.get("targets", ()))
        self.baselines: tuple[str, ...] = tuple(self.genesis.get("baselines", ()))
        self.spoken = dict.fromkeys(self.minds, 0)
        self.abstentions: dict[str, dict[str, int]] = {name: {} for name in self.minds}
        self.missing: list[tuple[int, dict[str, str]]] = []
        self._days: list[str] = []
        self._status: list[str] = []
        self._label, self._score = array("b"), array("d")
        self._gates: dict[tuple[str, str, str, str], int] = {}
        self._gated = array("l")  # day and number of the gate's result, by turns
        self._silences: dict[tuple[str, str, str], int] = {}
        self._silent = array("l")  # likewise
        self._codes: dict[Target, int] = {}
        self._streams: dict[str, _Stream] = {}
        self._made: dict[str, _Table] = {}
        self._open: dict[str, int] = {}
        self._first = array("l")  # number of the first claim of each session
        self._slots: dict[str, int] = {}  # what claims are about -> their place in each session of a piece
        self._settled = _Table(2 + len(_SETTLED))  # rank, number of the claim, and what `_SETTLED` says
        self._claims: dict[str, Claims] | None = None
        self._count = 0

    @classmethod
    def read(cls, ledger: Ledger) -> Self:
        """The history of a run from its ledger, each entry checked.

        Raises:
            ChainError: the ledger does not hold.
            InputError: it is not the record of a run.
        """
        try:
            genesis = orjson.loads(ledger.genesis())
            history = cls(genesis["minds"], genesis)
            for entry in ledger.entries(1):
                history.add(orjson.loads(entry.body))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{ledger.path} is no record of a run as this version keeps it ({error!r}); run the backtest again"
            ) from error
        return history

    def add(self, body: dict[str, Any]) -> None:
        """Take in one cycle: the body of a ledger's entry."""
        self._claims = None
        reading, day = body["reading"], len(self._days)
        self._first.append(self._count)
        self._days.append(body["session"])
        self._status.append(reading["status"])
        self._label.append(_LABEL[reading["label"]])
        score = reading["score"]
        self._score.append(nan if score is None else score)
        for gate in body["gates"]:
            result = gate["gate"], gate["target"], gate["action"], gate["reason"]
            self._gated.extend((day, self._gates.setdefault(result, len(self._gates))))
        spoken = self.spoken
        for key, said in body["views"].items():
            for name, view in said.items():
                if "lean" in view:
                    spoken[name] += 1
                else:
                    reasons, reason = self.abstentions[name], view["abstains"]
                    reasons[reason] = reasons.get(reason, 0) + 1
                    silence = name, key, reason
                    self._silent.extend((day, self._silences.setdefault(silence, len(self._silences))))
        missing = body["missing"]  # or the session that has the list
        if isinstance(missing, dict) and missing != (self.missing[-1][1] if self.missing else {}):
            self.missing.append((day, missing))
        settled = self._settled.rows
        for rank, verdict in enumerate(body["verdicts"], day * _PLACES):
            number, result = self._number(verdict["id"]), verdict["result"]
            if result == "void":  # a tie has a return all the same
                settled += _settle(rank, number, day, 1.0, nan, verdict.get("realised", nan), nan, nan, nan)
            else:
                settled += _settle(
                    rank, number, day, _RESULT[result], verdict["outcome"], verdict.get("realised", nan),
                    verdict["score"], verdict["base_score"], verdict.get("log_score", nan),
                )  # fmt: skip
        for claim in body["claims"]:
            self._claim(claim, day, body)

    def _number(self, identity: str) -> int:
        """Number of an open claim."""
        number = self._open.pop(identity, None)
        if number is None:  # it was made in a piece
            session, _, about = identity.partition("/")
            number = self._first[self._day_of(session)] + self._slots[about]
        return number

    def take(self, piece: Piece) -> None:
        """Take in some sessions; none of their verdicts may be on a claim that came by `add`."""
        if self._open:
            raise ValueError("a piece comes before the cycles that are added one by one")
        self._claims = None
        before, count, width = len(self._days), len(piece.sessions), len(piece.dockets)
        self._days += piece.sessions
        self._status += [reading.status for reading in piece.readings]
        self._label.extend([_LABEL[reading.label] for reading in piece.readings])
        self._score.extend([nan if reading.score is None else reading.score for reading in piece.readings])
        for row, gate in piece.gates:
            self._gated.extend((before + row, self._gates.setdefault(gate, len(self._gates))))
        for name in self.minds:
            self.spoken[name] += count * sum([docket.calls is not None for docket in piece.dockets])
        for row, mind, key, reason in piece.silences:
            self.spoken[mind] -= 1
            reasons, silence = self.abstentions[mind], (mind, key, reason)
            reasons[reason] = reasons.get(reason, 0) + 1
            self._silent.extend((before + row, self._silences.setdefault(silence, len(self._silences))))
        for row, missing in piece.missing:
            if missing != (self.missing[-1][1] if self.missing else {}):
                self.missing.append((before + row, missing))
        self._first.extend(range(self._count, self._count + count * width, width))
        self._count += count * width
        self._slots = {docket.slot.about[1:]: place for place, docket in enumerate(piece.dockets)}
        self._take_verdicts(piece.dockets, before)
        self._take_claims(piece, before)

    def _take_verdicts(self, dockets: Sequence[Docket], before: int) -> None:
        """The verdicts of a piece, which begins after `before` sessions."""
        first = np.array(self._first)
        for place, (slot, _, settled, _) in enumerate(dockets):
            days = np.array(settled.rows, np.int64) + before
            results = [_RESULT[each] for each in settled.results]
            numbers = first[days - slot.horizon] + place
            self._settled.add(len(days), [days * _PLACES + place, numbers, days, results, *settled.numbers])

    def _take_claims(self, piece: Piece, before: int) -> None:
        """The claims of a piece."""
        first = np.array(self._first)
        made = [(docket.said.rows[0], place) for place, docket in enumerate(piece.dockets) if docket.said.rows]
        for _, place in sorted(made):  # in the order in which they are met
            slot, said, _, calls = piece.dockets[place]
            code = self._codes.setdefault((slot.about.split("/")[1], slot.horizon), len(self._codes))
            days = np.array(said.rows, np.int64) + before
            columns: dict[str, npt.ArrayLike] = dict(
                zip(map(_COLUMNS.get, slot.names, slot.names), said.numbers, strict=True)
            )
            columns |= {"number": first[days] + place, "target": code, "day": days, "reference": said.references}
            tables: list[FloatArray] = []
            if calls is not None:
                labels, columns["conviction"] = zip(*calls.debates, strict=True)
                columns |= {"debate": [_DEBATE[each] for each in labels], "without": columns["p"]}
                plain = [piece.baselines[row][f"{slot.symbol}:{slot.horizon}"] for row in said.rows]
                fair = [own[1:] for own in calls.fair]
                for table, width in ((calls.leans, self.minds), (fair, self.minds), (plain, self.baselines)):
                    tables.extend(np.array(table, np.float64).reshape(len(days), -1)[:, : len(width)].T)
            self._table(slot.kind).add(len(days), [*[columns.get(name, nan) for name in _ROWS[slot.kind]], *tables])

    def _day_of(self, session: str) -> int:
        """Number of a session."""
        day = bisect_left(self._days, session)
        if self._days[day : day + 1] != [session]:
            raise KeyError(session)
        return day

    def _claim(self, claim: dict[str, Any], day: int, body: dict[str, Any]) -> None:
        identity = claim["id"]
        about = identity.partition("/")[2]  # all but the session
        made, row, code, kind, key = self._streams.get(about) or self._meet(about, claim)
        number = self._open[identity] = self._count
        self._count = number + 1
        reference = claim["reference"]
        if kind == "direction":
            label, conviction = body["debates"].get(key, ("", nan))
            p, tilt, advice = claim["probability"], nan, body.get("adviser")
            without = p
            if advice is not None and advice["claim"] == identity:
                without, tilt = advice["without"], TILTS.get(advice.get("tilt", ""), nan)
            made += row(
                number, code, day, p, claim["base_rate"], reference, _DEBATE.get(label, -1.0), conviction, without,
                tilt, *self._said(body, key),
            )  # fmt: skip
        elif kind == "interval":
            made += row(
                number, code, day, reference, claim["low"], claim["high"], claim["base_low"], claim["base_high"]
            )
        else:
            made += row(
                number, code, day, claim["probability"], claim["base_rate"], reference, claim.get("threshold", nan)
            )

    def _said(self, body: dict[str, Any], key: str) -> list[float]:
        """Each mind's lean on a target, then each mind's probability after recalibration, then the baselines' leans."""
        views, experts = body["views"].get(key, {}), body["synthesis"].get(key, ())
        leans = [views[name].get("lean", nan) if name in views else nan for name in self.minds]
        fair = [nan if own is None else own for own in experts[1:]]
        said = leans + (fair or [nan] * len(leans))
        if self.baselines:
            plain = body["baselines"].get(key, (None,) * len(self.baselines))
            said += [nan if lean is None else lean for lean in plain]
        return said

    def _meet(self, about: str, claim: dict[str, Any]) -> _Stream:
        """Where claims of this kind on this target go, as what rows, with which number for a target; kind and key."""
        kind, target = claim["kind"], (about.partition("/")[0], claim["horizon"])
        code = self._codes.setdefault(target, len(self._codes))
        row = Struct(f"{self._width(kind)}d").pack
        self._streams[about] = found = self._table(kind).rows, row, code, kind, f"{target[0]}:{target[1]}"
        return found

    def _table(self, kind: str) -> _Table:
        """Where the claims of a kind go."""
        table = self._made.get(kind)
        if table is None:
            table = self._made[kind] = _Table(self._width(kind))
        return table

    def _width(self, kind: str) -> int:
        return len(_ROWS[kind]) + (2 * len(self.minds) + len(self.baselines) if kind == "direction" else 0)

    def __len__(self) -> int:
        """Count the sessions."""
        return len(self._days)

    @property
    def sessions(self) -> Sessions:
        """The sessions so far."""
        return Sessions(
            list(self._days), np.array(self._label, np.int64), list(self._status), np.array(self._score, np.float64)
        )

    @property
    def gates(self) -> list[Gate]:
        """What gates did, in order."""
        results, turns = list(self._gates), iter(self._gated)
        return [Gate(day, *results[at]) for day, at in zip(turns, turns, strict=True)]

    @property
    def silences(self) -> list[Silence]:
        """What minds did not say, session by session, in each by target and mind."""
        reasons, turns = list(self._silences), iter(self._silent)
        found = [Silence(day, *reasons[at]) for day, at in zip(turns, turns, strict=True)]
        return sorted(found, key=attrgetter("day", "target", "mind"))

    @property
    def claims(self) -> dict[str, Claims]:
        """All claims of each kind, in the order in which they were made; each kind is there, if only with no claim."""
        if self._claims is None:
            _, numbers, *verdicts = self._settled.columns()
            known = numbers.astype(np.int64)
            came = {"turn": np.full(self._count, -1.0)}
            came["turn"][known] = np.arange(known.size)
            for name, values in zip(_SETTLED, verdicts, strict=True):
                came[name] = np.full(self._count, float(WHOLE.get(name, nan)))
                came[name][known] = values
            self._claims = {kind: self._columns(kind, came) for kind in _ROWS}
        return self._claims

    def _columns(self, kind: str, came: dict[str, FloatArray]) -> Claims:
        """The claims of a kind, from what came of all claims."""
        made = self._table(kind).columns()
        number, *rest = made[: len(_ROWS[kind])]
        columns = dict(zip(_ROWS[kind][1:], map(np.array, rest), strict=True))
        place = number.astype(np.int64)
        columns |= {name: values[place] for name, values in came.items()}
        if kind == "direction":
            said = made[len(_ROWS[kind]) :].T.copy()
            minds = len(self.minds)
            columns |= zip(TABLES, np.split(said, [minds, 2 * minds], axis=1), strict=True)
        return Claims(tuple(self._codes), columns)
