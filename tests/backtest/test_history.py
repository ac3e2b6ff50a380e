"""A history against a slow reading of the same bodies, and its two doors: a ledger, and a run that goes on."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from backtest.claims import DEBATES, RESULTS, Claims
from backtest.history import History
from backtest.replay import Replay
from engine.claims import Pair, Target
from engine.errors import ChainError, InputError
from engine.ledger import Ledger
from engine.market import Market
from minds.baseline import BASELINES
from minds.record import body
from minds.registry import load_minds
from regimes.reading import LABELS
from regimes.rules import RulesModel
from tests.runs import TARGETS, Fixed, Prices
from tests.worlds import WORLD, invented_bars

MINDS = ("macro", "flow", "contrarian", "half")
LONG = (*TARGETS, Target("MKT", "market", 3))
GENESIS = {"baselines": list(BASELINES), "minds": list(MINDS), "targets": [target.key for target in LONG]}
NUMBERS = {
    "p": "probability", "b": "base_rate", "reference": "reference", "threshold": "threshold", "low": "low",
    "high": "high", "base_low": "base_low", "base_high": "base_high",
}  # fmt: skip
CAME = {"y": "outcome", "realised": "realised", "score": "score", "base_score": "base_score", "log_score": "log_score"}

Document = dict[str, Any]
WAITING: Document = {"result": "open"}


@cache
def bodies() -> tuple[bytes, ...]:
    """A run in which one mind speaks every other day, and a quote is missing now and then, which voids claims."""
    bars = invented_bars(61, 1000)
    prices = Prices(bars)
    leans = {(day, target.key): 0.25 for day in prices.sessions[::2] for target in LONG}
    pairs = [Pair(LONG[0], LONG[1], 2)]
    minds = [*load_minds(), Fixed("half", leans)]
    replay = Replay(Market.build(WORLD, bars), minds, LONG, RulesModel(), 700, pairs)
    return tuple(body(record) for record in replay.run())


@cache
def documents() -> tuple[Document, ...]:
    return tuple(map(orjson.loads, bodies()))


def collected(some: tuple[Document, ...]) -> History:
    history = History(MINDS, GENESIS)
    for document in some:
        history.add(document)
    return history


def number(value: float | None) -> float:
    return math.nan if value is None else value


def slow(kind: str, until: int) -> list[Document]:
    """One dictionary a claim of this kind, by looking for its verdict in all later bodies."""
    seen = documents()[:until]
    verdicts = [(day, verdict) for day, document in enumerate(seen) for verdict in document["verdicts"]]
    found = []
    for day, document in enumerate(seen):
        for claim in document["claims"]:
            if claim["kind"] != kind:
                continue
            came: list[tuple[int, int, Document]] = [
                (turn, *pair) for turn, pair in enumerate(verdicts) if pair[1]["id"] == claim["id"]
            ]
            turn, due, verdict = came[0] if came else (-1, -1, WAITING)
            key = f"{claim['symbol']}:{claim['horizon']}"
            said = kind == "direction"
            views = document["views"].get(key, {}) if said else {}
            experts = document["synthesis"].get(key) if said else None
            label, conviction = document["debates"][key] if said else (None, math.nan)
            found.append({
                "name": (claim["id"].split("/")[1], claim["horizon"]), "day": day, "due": due, "turn": turn,
                "result": verdict["result"], "debate": label, "conviction": conviction,
                **{name: number(claim.get(key)) for name, key in NUMBERS.items()},
                **{name: number(verdict.get(key)) for name, key in CAME.items()},
                "lean": [number(views.get(mind, {}).get("lean")) for mind in MINDS] if said else [],
                "fair": ([number(own) for own in experts[1:]] if experts else [math.nan] * 4) if said else [],
                "baseline": [number(lean) for lean in document["baselines"][key]] if said else [],
                "without": claim["probability"] if said else math.nan, "tilt": math.nan,
            })  # fmt: skip
    return found


def agree(claims: Claims, wanted: list[Document]) -> None:
    assert len(claims) == len(wanted)
    assert [claims.names[code] for code in claims.target.tolist()] == [row["name"] for row in wanted]
    assert [RESULTS[code] for code in claims.result.tolist()] == [row["result"] for row in wanted]
    assert [None if code < 0 else DEBATES[code] for code in claims.debate.tolist()] == [row["debate"] for row in wanted]
    for name in ("day", "due", "turn"):
        assert getattr(claims, name).tolist() == [row[name] for row in wanted], name
    for name in (*NUMBERS, *CAME, "conviction", "lean", "fair", "baseline", "without", "tilt"):
        column = [row[name] for row in wanted]
        assert np.array_equal(getattr(claims, name), np.reshape(column, getattr(claims, name).shape), equal_nan=True), (
            name
        )


@pytest.mark.parametrize("kind", ["direction", "interval", "relative", "volatility", "drawdown"])
@pytest.mark.parametrize("until", [1, 140, 250])
def test_claims_are_what_a_slow_reading_finds(kind: str, until: int) -> None:
    agree(collected(documents()[:until]).claims[kind], slow(kind, until))


def test_the_run_has_everything_to_find() -> None:
    history = collected(documents())
    results = np.concatenate([claims.result for claims in history.claims.values()])
    assert set(results.tolist()) == set(range(len(RESULTS)))
    directions = history.claims["direction"]
    assert len(set(directions.debate.tolist())) > 2 and np.isnan(directions.lean).any()
    assert all(len(claims) for claims in history.claims.values())
    assert history.gates and any(history.abstentions.values())


def test_silences_and_what_was_missing_are_what_each_body_says() -> None:
    history = collected(documents())
    missing: dict[str, str] = {}
    assert [tuple(silence) for silence in history.silences] == [
        (day, mind, key, view["abstains"])
        for day, document in enumerate(documents())
        for key, said in document["views"].items() for mind, view in said.items() if "lean" not in view
    ]  # fmt: skip
    assert history.silences and history.missing
    known = dict(history.missing)
    lists = {document["session"]: document["missing"] for document in documents()}
    for day, document in enumerate(documents()):
        missing = known.get(day, missing)
        own = document["missing"]
        assert missing == (lists[own] if isinstance(own, str) else own)
    assert [now for _, now in history.missing] != [dict(history.missing[0][1])] * len(history.missing)


def test_settled_are_right_or_wrong_in_the_order_of_settlement() -> None:
    for kind, claims in collected(documents()).claims.items():
        wanted = [row for row in slow(kind, len(documents())) if row["result"] in ("right", "wrong")]
        wanted.sort(key=lambda row: row["turn"])
        agree(claims.settled(), wanted)
        parts = dict(claims.settled().targets())
        assert list(parts) == [f"{symbol}:{horizon}" for symbol, horizon in sorted({row["name"] for row in wanted})]
        for name, part in parts.items():
            agree(part, [row for row in wanted if "{}:{}".format(*row["name"]) == name])


def test_sessions_gates_and_what_minds_said() -> None:
    history, seen = collected(documents()), documents()
    sessions = history.sessions
    assert len(history) == len(seen) and sessions.days == [document["session"] for document in seen]
    readings = [document["reading"] for document in seen]
    assert [LABELS[code] for code in sessions.label] == [reading["label"] for reading in readings]
    assert sessions.status == [reading["status"] for reading in readings]
    assert np.array_equal(sessions.score, [number(reading["score"]) for reading in readings], equal_nan=True)
    assert [tuple(gate) for gate in history.gates] == [
        (day, gate["gate"], gate["target"], gate["action"], gate["reason"])
        for day, document in enumerate(seen) for gate in document["gates"]
    ]  # fmt: skip
    for name in MINDS:
        views = [said[name] for document in seen for said in document["views"].values()]
        assert history.spoken[name] == sum("lean" in view for view in views)
        reasons = [view["abstains"] for view in views if "abstains" in view]
        assert history.abstentions[name] == {reason: reasons.count(reason) for reason in set(reasons)}
    assert history.targets == tuple(GENESIS["targets"]) and history.minds == MINDS


def test_more_cycles_after_a_look_are_seen() -> None:
    history = collected(documents()[:50])
    before = len(history.claims["direction"])
    history.add(documents()[50])
    assert len(history.claims["direction"]) > before
    agree(history.claims["direction"], slow("direction", 51))


def written(path: Path, genesis: bytes, entries: tuple[bytes, ...]) -> Path:
    with Ledger.create(path, genesis) as ledger:
        for at, entry in enumerate(entries):
            ledger.append("cycle", str(at), entry)
    return path


def test_a_ledger_alone_gives_the_same(tmp_path: Path) -> None:
    path = written(tmp_path / "ledger.sqlite", orjson.dumps(GENESIS), bodies())
    with Ledger.open(path) as ledger:
        read = History.read(ledger)
    there = collected(documents())
    for kind, claims in there.claims.items():
        other = read.claims[kind]
        assert claims.names == other.names
        for name in Claims.__annotations__.keys() - {"names"}:
            assert np.array_equal(getattr(claims, name), getattr(other, name), equal_nan=True), name
    assert (read.gates, read.abstentions, read.spoken) == (there.gates, there.abstentions, there.spoken)
    assert (read.genesis, read.targets, read.minds) == (there.genesis, there.targets, there.minds)


@pytest.mark.parametrize(
    ("genesis", "entries"),
    [(b"{}", ()), (b"no JSON", ()), (b"[1]", ()), (b'{"minds":["a"]}', (b"{}",)), (b'{"minds":["a"]}', (b"[]",))],
)
def test_another_record_is_refused_in_one_sentence(tmp_path: Path, genesis: bytes, entries: tuple[bytes, ...]) -> None:
    with (
        Ledger.open(written(tmp_path / "ledger.sqlite", genesis, entries)) as ledger,
        pytest.raises(InputError, match="no record of a run") as raised,
    ):
        History.read(ledger)
    assert "\n" not in str(raised.value)


def test_a_ledger_that_does_not_hold_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "ledger.sqlite", orjson.dumps(GENESIS), bodies()[:20])
    with Ledger.open(path) as ledger:
        assert len(History.read(ledger)) == 20
    data = path.read_bytes()
    changed = data.replace(b'"cycle":7,', b'"cycle":8,')
    assert changed != data
    path.write_bytes(changed)
    with Ledger.open(path) as ledger, pytest.raises(ChainError):
        History.read(ledger)


def test_a_column_that_does_not_exist_is_no_column() -> None:
    claims = collected(documents()[:3]).claims["direction"]
    for name in ("probability", "_secret"):
        with pytest.raises(AttributeError, match=f"no column '{name}'"):
            getattr(claims, name)
