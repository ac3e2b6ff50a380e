"""`scores.json` again from the ledger's bodies: pandas, scikit-learn, scoringrules and statsmodels say the same."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
import scoringrules
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, log_loss
from statsmodels.stats.proportion import proportion_confint

from backtest.history import History
from backtest.scores import ScoreBook
from engine.claims import Target
from engine.market import Market
from minds.record import body
from minds.registry import load_minds
from minds.synthesis import EDGE
from tests.runs import TARGETS, Fixed, Prices, records
from tests.worlds import WORLD, invented_bars

SESSIONS, START = 640, 90
LONG = (*TARGETS, Target("MKT", "market", 3))
MINDS = ("macro", "flow", "contrarian", "oracle")
WEIGHTS = {"base_rate": 0.4, "macro": 0.1, "flow": 0.2, "contrarian": 0.2, "oracle": 0.1}

Document = dict[str, Any]


@cache
def documents() -> tuple[Document, ...]:
    """Bodies of a run in which one mind is right about two times of three."""
    bars = invented_bars(61, SESSIONS)
    prices, rng = Prices(bars), np.random.default_rng(61)
    leans = {}
    for target in LONG:
        for at in range(SESSIONS - target.horizon):
            ratio = prices.ratio(target.symbol, at, at + target.horizon)
            if ratio is not None and rng.random() < 0.9:
                strength = rng.choice([0.7, -0.4, 0.0], p=[0.62, 0.32, 0.06])  # sometimes a lean without a side
                leans[prices.sessions[at], target.key] = float(strength) * (1.0 if ratio > 1.0 else -1.0)
    run = records(Market.build(WORLD, bars), START, LONG, [*load_minds(), Fixed("oracle", leans)])
    return tuple(orjson.loads(body(record)) for record in run)


def scored(bodies: tuple[Document, ...]) -> Document:
    book = ScoreBook(History(MINDS))
    for document in bodies:
        book.add(document)
    return book.table("the-head", 7, WEIGHTS)


@cache
def scores() -> Document:
    return scored(documents())


@cache
def rows() -> pd.DataFrame:
    """One row a settled claim, in the order of settlement, with whatever was said about it."""
    said: dict[str, tuple[Document, Document]] = {}
    found = []
    for document in documents():
        for verdict in document["verdicts"]:
            then, claim = said[verdict["id"]]
            target = f"{claim['symbol']}:{claim['horizon']}"
            found.append({
                **claim, **{f"v_{name}": value for name, value in verdict.items()}, "target": target,
                "label": then["reading"]["label"], "views": then["views"][target],
                "experts": then["synthesis"].get(target),
            })  # fmt: skip
        said |= {claim["id"]: (document, claim) for claim in document["claims"]}
    return pd.DataFrame(found)


def resolved(kind: str, target: str = "") -> pd.DataFrame:
    table = rows()
    mine = table[(table.kind == kind) & (table.v_result != "void")]
    return mine if not target else mine[mine.target == target]


def test_the_world_has_everything_to_score() -> None:
    assert len(resolved("direction")) > 1500 and len(resolved("interval")) > 300
    assert (rows().v_result == "void").sum() > 5
    assert resolved("direction").probability.between(0.45, 0.55).mean() < 0.9, "probabilities that say something"


def test_claims_are_counted() -> None:
    published = [claim["id"] for document in documents() for claim in document["claims"]]
    settled = [verdict for document in documents() for verdict in document["verdicts"]]
    void = sum(verdict["result"] == "void" for verdict in settled)
    assert scores()["claims"] == {
        "published": len(published), "resolved": len(settled) - void, "void": void,
        "open": len(set(published) - {verdict["id"] for verdict in settled}),
    }  # fmt: skip
    assert scores()["range"] == {
        "start": documents()[0]["session"], "end": documents()[-1]["session"], "sessions": SESSIONS - START,
    }  # fmt: skip
    assert (scores()["schema"], scores()["digest"]) == (1, "the-head")


def wilson(k: int, n: int) -> list[float]:
    return list(proportion_confint(k, n, method="wilson"))


def equal_mass_ece(y: np.ndarray, p: np.ndarray) -> float:
    order = np.argsort(p, kind="stable")
    groups = [part for part in np.array_split(order, 5) if len(part)]
    return sum(len(part) * abs(float(p[part].mean() - y[part].mean())) for part in groups) / len(y)


def evidence(table: pd.DataFrame) -> float:
    """Mean over sequences of claims that do not overlap of prod p(y) / b(y), both clipped at .02."""

    def weight(row: pd.Series) -> float:
        def of(q: float) -> float:
            q = min(max(q, 0.02), 0.98)
            return q if row.v_outcome == 1 else 1.0 - q

        return of(row.probability) / of(row.base_rate)

    values = []
    for _, mine in table.groupby("target"):
        horizon = int(mine.horizon.iloc[0])
        for turn in range(horizon):
            part = mine.iloc[turn::horizon]
            if len(part):
                values.append(math.prod(weight(row) for _, row in part.iterrows()))
    return sum(values) / len(values)


def slow_direction(table: pd.DataFrame) -> Document:
    y, p, b = (table[name].to_numpy(float) for name in ("v_outcome", "probability", "base_rate"))
    hits = int(((p >= 0.5) == (y == 1)).sum())
    fitted = IsotonicRegression(out_of_bounds="clip").fit(p, y).predict(p)
    ours, flat = brier_score_loss(y, p), np.full(len(y), y.mean())
    return {
        "n": len(y),
        "hit_rate": hits / len(y),
        "hit_rate_interval": wilson(hits, len(y)),
        "base_rate": y.mean(),
        "brier": ours,
        "brier_climatology": brier_score_loss(y, b),
        "skill": 1.0 - ours / brier_score_loss(y, b),
        "bias": p.mean() - y.mean(),
        "ece5": equal_mass_ece(y, p),
        "mcb": ours - ((fitted - y) ** 2).mean(),
        "dsc": ((flat - y) ** 2).mean() - ((fitted - y) ** 2).mean(),
        "log_score": log_loss(y, np.clip(p, 0.02, 0.98), labels=[0, 1]),
        "e_value": evidence(table),
    }


def slow_interval(table: pd.DataFrame) -> Document:
    x = table.v_realised.to_numpy(float)
    held = int(((table.low <= x) & (x <= table.high)).sum())
    ours = scoringrules.interval_score(x, table.low.to_numpy(), table.high.to_numpy(), 0.2)
    base = scoringrules.interval_score(x, table.base_low.to_numpy(), table.base_high.to_numpy(), 0.2)
    return {
        "n": len(x), "coverage": held / len(x), "coverage_interval": wilson(held, len(x)), "winkler": ours.mean(),
        "winkler_climatology": base.mean(), "skill": 1.0 - ours.sum() / base.sum(),
    }  # fmt: skip


def agree(found: Document, wanted: Document) -> None:
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name


@pytest.mark.parametrize("target", ["", *[target.key for target in LONG]])
def test_directions(target: str) -> None:
    found = scores()["targets"][target]["direction"] if target else scores()["kinds"]["direction"]
    agree(found, slow_direction(resolved("direction", target)))


@pytest.mark.parametrize("target", ["", *[target.key for target in LONG]])
def test_intervals(target: str) -> None:
    found = scores()["targets"][target]["interval"] if target else scores()["kinds"]["interval"]
    agree(found, slow_interval(resolved("interval", target)))


def spoken(name: str) -> pd.DataFrame:
    """Settled directions about which a mind took a side."""
    table = resolved("direction").copy()
    table["lean"] = [views.get(name, {}).get("lean") for views in table.views]
    table = table[table.lean.notna() & (table.lean != 0.0)]
    table["own"] = (table.base_rate + EDGE * table.lean).clip(0.01, 0.99)
    table["fair"] = [experts[1 + MINDS.index(name)] for experts in table.experts]
    table["right"] = (table.lean > 0) == (table.v_outcome == 1)
    return table


@pytest.mark.parametrize("name", MINDS)
def test_each_mind_and_each_of_its_regimes(name: str) -> None:
    found, table = scores()["minds"][name], spoken(name)
    views = [view for document in documents() for said in document["views"].values() for view in [said[name]]]
    y = table.v_outcome.to_numpy(float)
    base = brier_score_loss(y, table.base_rate)
    agree({key: value for key, value in found.items() if key != "by_regime"}, {
        "views": sum("lean" in view for view in views),
        "abstained": sum("abstains" in view for view in views),
        "n": len(table),
        "weight": WEIGHTS[name],
        "hit_rate": table.right.mean(),
        "hit_rate_interval": wilson(int(table.right.sum()), len(table)),
        "base": max(np.mean(y == 1.0), np.mean(y == 0.0)),
        "brier": brier_score_loss(y, table.own),
        "skill": 1.0 - brier_score_loss(y, table.own) / base,
        "recalibrated_brier": brier_score_loss(y, table.fair),
        "recalibrated_skill": 1.0 - brier_score_loss(y, table.fair) / base,
    })  # fmt: skip
    assert found["abstained"] > 0
    assert name != "oracle" or any(view.get("lean") == 0.0 for view in views), "no lean without a side in this world"
    assert list(found["by_regime"]) == [label for label in ("risk_on", "neutral", "risk_off", "crisis")
                                        if (table.label == label).any()]  # fmt: skip
    for label, mine in table.groupby("label"):
        low, high = wilson(int(mine.right.sum()), len(mine))
        wanted = {"n": len(mine), "rate": mine.right.mean(), "low": low, "high": high,
                  "base": mine.v_outcome.value_counts().max() / len(mine),
                  "brier": ((mine.own - mine.v_outcome) ** 2).mean()}  # fmt: skip
        agree(found["by_regime"][label], wanted)
    assert sum(cell["n"] for cell in found["by_regime"].values()) == len(table)


def test_the_oracle_has_skill_and_its_record_says_so() -> None:
    minds = scores()["minds"]
    assert minds["oracle"]["hit_rate"] > 0.6 and minds["oracle"]["recalibrated_skill"] > 0.01
    assert scores()["kinds"]["direction"]["e_value"] > 20.0


def test_regimes() -> None:
    labels = pd.Series([document["reading"]["label"] for document in documents()])
    statuses = [document["reading"]["status"] for document in documents()]
    found = scores()["regimes"]
    assert found["sessions"] == {
        name: int((labels == name).sum()) for name in ("risk_on", "neutral", "risk_off", "crisis")
    }
    assert found["flips_per_year"] == pytest.approx(int((labels != labels.shift()).iloc[1:].sum()) * 252 / len(labels))
    assert found["stale_share"] == pytest.approx(
        sum(status in ("stale", "transition") for status in statuses) / len(labels)
    )
    assert found["flips_per_year"] > 0


def test_sums_of_the_synthesis_and_counts_of_the_gates() -> None:
    table = resolved("direction")
    found = scores()["synthesis"]
    assert found["brier_sum"] == pytest.approx(((table.probability - table.v_outcome) ** 2).sum(), rel=1e-12)
    assert found["climatology_sum"] == pytest.approx(((table.base_rate - table.v_outcome) ** 2).sum(), rel=1e-12)
    assert found["bound"] == pytest.approx(7 * math.log(2) / 2)
    assert (found["outstanding"], found["weights"]) == (7, WEIGHTS)
    gates = Counter(gate["gate"] for document in documents() for gate in document["gates"])
    assert scores()["gates"] == dict(gates) and list(scores()["gates"]) == sorted(gates)
    assert {"coverage", "reference"} <= set(gates)


def test_equal_ledgers_give_equal_documents_and_no_number_is_infinite() -> None:
    text = json.dumps(scores(), allow_nan=False, sort_keys=True)
    assert json.dumps(scored(documents()), sort_keys=True) == text


def nulls(document: Document) -> bool:
    return document["n"] == 0 and all(value is None for name, value in document.items() if name != "n")


def test_what_has_not_been_settled_is_null_and_never_zero() -> None:
    """One session settles nothing."""
    empty = scored(documents()[:1])
    assert set(empty) == set(scores())
    for kind, part in empty["kinds"].items():
        assert nulls(part) and set(part) == set(scores()["kinds"][kind])
    assert empty["targets"] == {}
    for name, mind in empty["minds"].items():
        assert (mind["n"], mind["by_regime"]) == (0, {})
        assert all(
            mind[key] is None for key in ("hit_rate", "brier", "skill", "recalibrated_brier", "recalibrated_skill")
        )
        assert set(mind) == set(scores()["minds"][name])
    assert (empty["synthesis"]["brier_sum"], empty["synthesis"]["climatology_sum"]) == (0, 0)
    published = len(documents()[0]["claims"])
    assert empty["claims"] == {"published": published, "resolved": 0, "void": 0, "open": published}
    json.dumps(empty, allow_nan=False)


def first_day(keep: Callable[[Document], bool]) -> tuple[Document, ...]:
    """Bodies up to the first one in which a verdict satisfies `keep`."""
    found = next(at for at, document in enumerate(documents()) if any(map(keep, document["verdicts"])))
    return documents()[: found + 1]


def test_a_first_verdict_is_scored() -> None:
    table = scored(first_day(lambda verdict: verdict["result"] != "void"))
    part = table["kinds"]["direction"]
    assert 1 <= part["n"] <= 4 and nulls(table["kinds"]["interval"])
    for name in ("brier", "ece5", "mcb", "dsc", "e_value"):
        assert isinstance(part[name], float)
