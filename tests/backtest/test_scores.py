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
from arch.bootstrap import optimal_block_length
from scipy import special, stats
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, log_loss
from statsmodels.stats.proportion import proportion_confint

from backtest.history import History
from backtest.scores import ScoreBook
from engine.claims import Target
from engine.market import Market
from engine.scoring import dm_test, long_run_deviation, noise_floor
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
                "label": then["reading"]["label"], "day": then["cycle"], "due": document["cycle"],
                "views": then["views"][target],
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


def weight(row: Any) -> float:
    """p(y) / b(y), both clipped at .02."""

    def of(q: float) -> float:
        q = min(max(q, 0.02), 0.98)
        return q if row.v_outcome == 1 else 1.0 - q

    return of(row.probability) / of(row.base_rate)


def sequences(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Claims that do not overlap: those of one target, dealt in turn."""
    found = []
    for _, mine in table.groupby("target"):
        horizon = int(mine.horizon.iloc[0])
        found += [mine.iloc[turn::horizon] for turn in range(horizon) if turn < len(mine)]
    return found


def evidence(table: pd.DataFrame) -> float:
    """Mean over sequences of what each grew to."""
    values = [math.prod(map(weight, part.itertuples())) for part in sequences(table)]
    return sum(values) / len(values)


def peak(table: pd.DataFrame) -> float:
    """The largest that this mean ever was, as one session after the other is settled; each begins at one."""
    parts = [list(zip(part.due, map(weight, part.itertuples()), strict=True)) for part in sequences(table)]
    grown, largest = [1.0] * len(parts), 1.0
    for session in sorted(set(table.due)):
        for at, part in enumerate(parts):
            grown[at] *= math.prod(value for due, value in part if due == session)
        largest = max(largest, sum(grown) / len(grown))
    return largest


def resampled(table: pd.DataFrame, ours: Any, base: Any) -> list[float]:
    """The interval of a skill by its rule, session by session: blocks that begin anywhere on a circle of sessions."""
    sums = pd.DataFrame({"day": table.day, "ours": np.asarray(ours), "base": np.asarray(base)}).groupby("day").sum()
    both, n = sums.to_numpy(), len(sums)
    wanted = float(optimal_block_length(both[:, 0] - both[:, 1])["circular"].iloc[0])
    block = max(int(table.horizon.max()), math.ceil(max(wanted, 1.0)), math.ceil(n / 128))
    draw = np.random.default_rng(0)
    starts = draw.integers(0, n, (n // block, 1000))
    places = [(starts[:, None, :] + np.arange(block)[None, :, None]).reshape(-1, 1000) % n]
    if n % block:
        places.append((draw.integers(0, n, 1000)[None, :] + np.arange(n % block)[:, None]) % n)
    drawn = np.concatenate(places)
    skills = [1.0 - both[turn, 0].sum() / both[turn, 1].sum() for turn in drawn.T]
    return [float(value) for value in np.quantile(skills, [0.025, 0.975])]


def slow_direction(table: pd.DataFrame) -> Document:
    y, p, b = (table[name].to_numpy(float) for name in ("v_outcome", "probability", "base_rate"))
    hits = int(((p >= 0.5) == (y == 1)).sum())
    fitted = IsotonicRegression(out_of_bounds="clip").fit(p, y).predict(p)
    ours, flat = brier_score_loss(y, p), np.full(len(y), y.mean())
    logs = [-np.log(np.where(y == 1, np.clip(q, 0.02, 0.98), 1 - np.clip(q, 0.02, 0.98))) for q in (p, b)]
    noise = noise_floor(p)._asdict()  # which has tests of its own
    return {
        "n": len(y),
        "hit_rate": hits / len(y),
        "hit_rate_interval": wilson(hits, len(y)),
        "base_rate": y.mean(),
        "brier": ours,
        "brier_climatology": brier_score_loss(y, b),
        "skill": 1.0 - ours / brier_score_loss(y, b),
        "skill_interval": resampled(table, (p - y) ** 2, (b - y) ** 2),
        "bias": p.mean() - y.mean(),
        "ece5": equal_mass_ece(y, p),
        "mcb": ours - ((fitted - y) ** 2).mean(),
        "dsc": ((flat - y) ** 2).mean() - ((fitted - y) ** 2).mean(),
        "noise": {name: dict(zip(("median", "p95"), floor, strict=True)) for name, floor in noise.items()},
        "log_score": log_loss(y, np.clip(p, 0.02, 0.98), labels=[0, 1]),
        "log_score_climatology": log_loss(y, np.clip(b, 0.02, 0.98), labels=[0, 1]),
        "log_skill": 1.0 - np.sum(logs[0]) / np.sum(logs[1]),
        "log_skill_interval": resampled(table, *logs),
        "e_value": evidence(table),
        "e_peak": peak(table),
    }


def slow_interval(table: pd.DataFrame) -> Document:
    x = table.v_realised.to_numpy(float)
    held = int(((table.low <= x) & (x <= table.high)).sum())
    ours = scoringrules.interval_score(x, table.low.to_numpy(), table.high.to_numpy(), 0.2)
    base = scoringrules.interval_score(x, table.base_low.to_numpy(), table.base_high.to_numpy(), 0.2)
    return {
        "n": len(x), "coverage": held / len(x), "coverage_interval": wilson(held, len(x)), "winkler": ours.mean(),
        "winkler_climatology": base.mean(), "skill": 1.0 - ours.sum() / base.sum(),
        "skill_interval": resampled(table, ours, base), "rolling": rolling(table, (table.low <= x) & (x <= table.high)),
    }  # fmt: skip


def rolling(table: pd.DataFrame, held: Any) -> Document | None:
    shares = pd.concat([part.rolling(250).mean().dropna() for _, part in held.astype(float).groupby(table.target)])
    if not len(shares):
        return None
    return {"window": 250, "n": len(shares), "lowest": shares.min(), "highest": shares.max(),
            "outside": (~shares.round(9).between(0.72, 0.88)).mean()}  # fmt: skip


def agree(found: Document, wanted: Document) -> None:
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        if isinstance(value, dict):
            agree(found[name], value)
        elif value is None or isinstance(value, str):
            assert found[name] == value, name
        else:
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
    agree({key: value for key, value in found.items() if not key.startswith("by_")}, {
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
    agree(found["by_regime"], slow_cells(table))
    assert sum(cell["n"] for cell in found["by_regime"].values()) == len(table)
    assert list(found["by_horizon"]) == ["1", "2", "3"]
    for horizon, mine in table.groupby("horizon"):
        agree(found["by_horizon"][str(horizon)], slow_cells(mine))


def slow_cells(table: pd.DataFrame) -> Document:
    """Each regime's record, and its rate pulled to that of all regimes, which is pulled to the commoner side's."""
    base = table.v_outcome.value_counts().max() / len(table)
    whole = (table.right.sum() + 200 * base) / (len(table) + 200)
    found = {}
    for label, mine in table.groupby("label"):
        low, high = wilson(int(mine.right.sum()), len(mine))
        found[str(label)] = {
            "n": len(mine), "rate": mine.right.mean(), "low": low, "high": high,
            "base": mine.v_outcome.value_counts().max() / len(mine),
            "shrunk": (mine.right.sum() + 500 * whole) / (len(mine) + 500),
            "brier": ((mine.own - mine.v_outcome) ** 2).mean(),
            "e_value": evidence(mine.assign(probability=mine.own)),
        }  # fmt: skip
    return found


def test_cells_need_more_evidence_the_more_there_are() -> None:
    values = [
        cell["e_value"]
        for mind in scores()["minds"].values() for cells in mind["by_horizon"].values() for cell in cells.values()
    ]  # fmt: skip
    agree(scores()["cells"], {"n": len(values), "e_needed": 20.0 * len(values), "e_mean": np.mean(values)})
    assert len(values) > 20


@pytest.mark.parametrize("kind", ["direction", "interval"])
def test_years_and_drift(kind: str) -> None:
    table = resolved(kind).copy()
    if kind == "interval":
        ends = [(table[f"{name}low"].to_numpy(), table[f"{name}high"].to_numpy()) for name in ("", "base_")]
        ours, base = (scoringrules.interval_score(table.v_realised.to_numpy(), *pair, 0.2) for pair in ends)
    else:
        ours, base = ((table[name] - table.v_outcome) ** 2 for name in ("probability", "base_rate"))
    table["ours"], table["base"] = np.asarray(ours, float), np.asarray(base, float)
    table["year"] = [documents()[day - 1]["session"][:4] for day in table.day]
    found = scores()["years"][kind]
    assert list(found) == sorted(set(table.year)) and (kind == "interval" or len(found) > 1)
    for year, mine in table.groupby("year"):
        sums, row = mine.groupby("day")[["ours", "base"]].sum(), found[str(year)]
        assert (row["n"], row["skill"]) == (len(mine), pytest.approx(1 - mine.ours.sum() / mine.base.sum()))
        if len(sums) < 16:
            assert row["skill_interval"] is None
            continue
        test = dm_test(sums.ours, sums.base, horizon=int(table.horizon.max()))
        reach = stats.t.ppf(0.975, test.df) * abs(test.mean / test.t)
        assert row["skill_interval"] == pytest.approx(np.array([-reach, reach]) / sums.base.mean() + row["skill"])
    sums = table.groupby("day")[["ours", "base"]].sum()
    gain = (sums.base - sums.ours).to_numpy()
    walk = np.cumsum(gain - gain.mean()) / (long_run_deviation(gain, horizon=3) * math.sqrt(len(gain)))
    at = int(np.abs(walk).argmax())
    agree(scores()["drift"][kind], {
        "cusum": abs(walk[at]), "on": documents()[int(sums.index[at]) - 1]["session"],
        "p": special.kolmogorov(abs(walk[at])),
    })  # fmt: skip


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
        assert (mind["n"], mind["by_regime"], mind["by_horizon"]) == (0, {}, {})
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
