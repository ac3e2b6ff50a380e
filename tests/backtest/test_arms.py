"""Arms: each beside plain loops over the same claims, and the laws that hold whatever was claimed."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given

from backtest.arms import arms, arms_table
from backtest.claims import RESULTS
from backtest.history import History
from backtest.replay import Replay
from engine import scoring
from engine.market import Market
from minds.advised import TILTS
from minds.adviser import AdviserDesk, Said
from minds.baseline import BASELINES
from minds.record import CycleRecord, body
from minds.registry import load_minds
from minds.synthesis import EDGE
from regimes.rules import RulesModel
from tests.backtest.claimed import Round, collected, published, rounds
from tests.runs import TARGETS, Fixed
from tests.worlds import WORLD, invented_bars

MINDS, HORIZONS = 3, (1, 3)
Document = dict[str, Any]


@cache
def documents(advised: bool = False) -> tuple[Document, ...]:
    """A run of four minds, one of which speaks every third day; with an adviser on request."""
    bars = invented_bars(61, 560 if advised else 800)
    market = Market.build(WORLD, bars)
    days = market.calendar.labels[: market.size : 3]
    third = Fixed("third", {(day, target.key): 0.5 for day in days for target in TARGETS})
    seat = (lambda cycle: AdviserDesk(Turns(), cycle)) if advised else None
    minds = (*load_minds(), third)
    return tuple(orjson.loads(body(each)) for each in Replay(market, minds, TARGETS, RulesModel(), 420, (), seat).run())


class Turns:
    """An adviser that tilts one way and the other, and is silent every fifth session."""

    name = "turns"

    def advise(self, record: CycleRecord) -> Said:
        return Said("" if record.cycle % 5 == 0 else ("strong_up", "down")[record.cycle % 2], "by turns")


def history(advised: bool = False) -> History:
    genesis = {"baselines": list(BASELINES), "targets": [target.key for target in TARGETS]}
    found = History(["macro", "flow", "contrarian", "third"], genesis | ({"adviser": {}} if advised else {}))
    for document in documents(advised):
        found.add(document)
    return found


def settled(seen: tuple[Document, ...]) -> list[Document]:
    """The directions that were right or wrong, in the order in which they were made, with all that was said of them."""
    verdicts = {each["id"]: each for document in seen for each in document["verdicts"]}
    found = []
    for day, document in enumerate(seen):
        for claim in document["claims"]:
            verdict = verdicts.get(claim["id"], {"result": "open"})
            if claim["kind"] != "direction" or verdict["result"] not in ("right", "wrong"):
                continue
            key = f"{claim['symbol']}:{claim['horizon']}"
            leans = [view.get("lean") for view in (document["views"][key][name] for name in (
                "macro", "flow", "contrarian", "third"))]  # fmt: skip
            found.append({
                "day": day, "b": claim["base_rate"], "p": claim["probability"], "y": verdict["outcome"], "key": key,
                "leans": leans, "experts": document["synthesis"][key], "plain": document["baselines"][key],
                "score": verdict["score"],
            })  # fmt: skip
    return found


def clipped(p: float) -> float:
    return min(max(p, 0.01), 0.99)


def by_rank(leans: list[float | None], values: list[float | None]) -> float:
    """Values weighed 2, 3, 5, 8 … from the least confident speaker to the boldest."""
    speak = [(abs(lean), -at, value) for at, (lean, value) in enumerate(zip(leans, values, strict=True))
             if lean is not None and value is not None]  # fmt: skip
    fibonacci = [2, 3, 5, 8][: len(speak)]
    total = sum(weight * value for weight, (_, _, value) in zip(fibonacci, sorted(speak), strict=True))
    return total / sum(fibonacci) if speak else 0.0


def slow(row: Document) -> dict[str, float]:
    """What each arm says of one claim, from the words of the module."""
    b, leans = row["b"], row["leans"]
    own = [None if lean is None else clipped(b + EDGE * lean) for lean in leans]
    spoken = [p for p in own if p is not None]
    fair = [None if p is None else p - b for p in row["experts"][1:]]
    found = {
        "climatology": b, "minds": sum(spoken) / len(spoken), "debate": clipped(b + EDGE * by_rank(leans, leans)),
        "recalibration": b + by_rank(leans, fair), "synthesis": row["p"],
    }  # fmt: skip
    for at, name in enumerate(("macro", "flow", "contrarian", "third")):
        found[f"mind:{name}"] = b if own[at] is None else own[at]
    for lean, name in zip(row["plain"], BASELINES, strict=True):
        if name != "climatology":
            found[f"baseline:{name}"] = b if lean is None else clipped(b + EDGE * lean)
    return found


def test_each_arm_says_what_a_plain_loop_says() -> None:
    claims, found = arms(history())
    rows = settled(documents())
    assert len(claims) == len(rows) > 800
    assert claims.day.tolist() == [row["day"] for row in rows] and claims.y.tolist() == [row["y"] for row in rows]
    expected = [slow(row) for row in rows]
    for arm in found:
        if arm.stage != "without":
            assert arm.p == pytest.approx([row[arm.name] for row in expected], abs=1e-12), arm.name
    assert [arm.name for arm in found if arm.stage != "without"] == list(expected[0])
    assert [arm.name for arm in found][-4:] == [f"without:{n}" for n in ("macro", "flow", "contrarian", "third")]
    assert any(lean is None for row in rows for lean in row["leans"]), "nobody was ever silent"


def test_the_synthesis_is_the_published_probability_to_the_last_bit() -> None:
    _, found = arms(history())
    synthesis = next(arm for arm in found if arm.name == "synthesis")
    rows = settled(documents())
    assert synthesis.p.tolist() == [row["p"] for row in rows]
    table = arms_table(history())
    assert table["synthesis"]["brier"] == pytest.approx(math.fsum(row["score"] for row in rows) / len(rows), rel=1e-11)


def test_a_row_holds_what_other_functions_say() -> None:
    """Interval and p by `skill_interval` and `dm_test` on sums by day; rates by counting."""
    rows, table = settled(documents()), arms_table(history())
    expected = [slow(row) for row in rows]
    days = sorted({row["day"] for row in rows})
    for name, versus in (("minds", "climatology"), ("debate", "minds"), ("synthesis", "recalibration"),
                         ("mind:flow", "climatology"), ("baseline:coin", "climatology")):  # fmt: skip
        row = table[name]
        sums = {who: dict.fromkeys(days, 0.0) for who in (name, versus, "climatology")}
        logs = {who: dict.fromkeys(days, 0.0) for who in (name, versus)}
        for claim, says in zip(rows, expected, strict=True):
            for who in sums:
                sums[who][claim["day"]] += (says[who] - claim["y"]) ** 2
            for who in logs:
                logs[who][claim["day"]] += scoring.graded_one(claim["y"], says[who], 0.5)[2]
        mine, other, base = (list(sums[who].values()) for who in (name, versus, "climatology"))
        assert row["versus"] == versus and row["n"] == len(rows)
        assert row["brier"] == pytest.approx(sum(mine) / len(rows))
        assert row["gain"] == pytest.approx(1.0 - sum(mine) / sum(other))
        assert row["skill"] == pytest.approx(1.0 - sum(mine) / sum(base))
        assert row["gain_interval"] == pytest.approx(scoring.skill_interval(mine, other, horizon=2), abs=1e-9)
        assert row["skill_interval"] == pytest.approx(scoring.skill_interval(mine, base, horizon=2), abs=1e-9)
        assert row["p"] == pytest.approx(scoring.dm_test(mine, other, horizon=2).p, abs=1e-9)
        first, second = (list(logs[who].values()) for who in (name, versus))
        assert row["log_gain"] == pytest.approx(1.0 - sum(first) / sum(second))
        assert row["log_gain_interval"] == pytest.approx(scoring.skill_interval(first, second, horizon=2), abs=1e-9)
        assert row["log_score"] == pytest.approx(sum(first) / len(rows))
        assert row["moved"] == sum(says[name] != says[versus] for says in expected)
    for name, kind, at in (
        ("baseline:yesterday", "plain", 1),
        ("baseline:coin", "plain", 2),
        ("mind:third", "leans", 3),
    ):
        sides = [(row[kind][at], row["y"]) for row in rows if row[kind][at] is not None]
        assert sides and (len(sides) < len(rows) or name == "baseline:coin"), "nobody was silent"
        right = sum((lean > 0.0) == (y == 1) for lean, y in sides)
        assert (table[name]["sided"], table[name]["hit_rate"]) == (len(sides), pytest.approx(right / len(sides)))
        rises = sum(y for _, y in sides)
        assert table[name]["base"] == pytest.approx(max(rises, len(sides) - rises) / len(sides))
    up = [(says["debate"] >= 0.5) == (row["y"] == 1) for row, says in zip(rows, expected, strict=True)]
    assert table["debate"]["hit_rate"] == pytest.approx(sum(up) / len(up)) and table["debate"]["sided"] == len(rows)


def test_the_e_value_of_an_arm_is_against_the_base_rate() -> None:
    """One target one session ahead: a product of likelihood ratios."""
    draw = np.random.default_rng(5)
    days = [[Round(0.54, (float(draw.uniform(-1, 1)), 0.2, None), int(draw.random() < 0.6))] for _ in range(200)]
    table = arms_table(collected(published(days, (1,), 3), 3))
    product = 1.0
    for (row,) in days[:-1]:
        p = clipped(row.base + EDGE * (row.leans[0] or 0.0))
        product *= (p if row.outcome else 1.0 - p) / (row.base if row.outcome else 1.0 - row.base)
    assert table["mind:m0"]["e_value"] == pytest.approx(product, rel=1e-9)
    published_ratio = 1.0
    (claims, found) = arms(collected(published(days, (1,), 3), 3))
    for p, y in zip(next(arm.p for arm in found if arm.name == "synthesis").tolist(), claims.y.tolist(), strict=True):
        published_ratio *= (p if y else 1.0 - p) / (0.54 if y else 0.46)
    assert table["synthesis"]["e_value"] == pytest.approx(published_ratio, rel=1e-9), "not against recalibration"
    assert published_ratio != pytest.approx(1.0, abs=1e-4)
    assert table["mind:m2"]["e_value"] == 1.0 and table["mind:m2"]["says"].endswith("neither pays nor costs.")
    assert table["without:m2"]["moved"] == 0 and table["without:m2"]["gain"] == 0.0


@given(rounds(MINDS, len(HORIZONS)))
def test_laws_of_any_record(days: list[list[Round]]) -> None:
    """On the same claims for all; bounded; nothing but plain numbers; convex means are never worse than their parts."""
    seen = collected(published(days, HORIZONS, MINDS), MINDS)
    claims, found = arms(seen)
    every = seen.claims["direction"]
    assert len(claims) == int((every.result >= RESULTS.index("wrong")).sum())
    table = arms_table(seen)
    json.dumps(table, allow_nan=False)
    assert bool(table) == bool(len(claims))
    if not table:
        return
    assert all(((arm.p >= 0.0) & (arm.p <= 1.0)).all() and arm.p.shape == claims.y.shape for arm in found)
    assert len({row["n"] for row in table.values()}) == 1
    assert sorted(row["order"] for row in table.values()) == list(range(len(found)))
    total = {name: row["brier"] * row["n"] for name, row in table.items()}
    for name in ("synthesis", *(name for name in table if name.startswith("without:"))):
        assert total[name] <= total["climatology"] + math.log(2.0) / 2.0 * sum(HORIZONS) + 1e-9
    heard = ~np.isnan(claims.lean)
    alone = np.array([arm.p for arm in found if arm.stage == "mind"]).T
    losses = np.where(heard, (alone - claims.y[:, None]) ** 2, 0.0).sum(axis=1) / np.maximum(heard.sum(axis=1), 1)
    mean = next(arm.p for arm in found if arm.name == "minds")
    spoken = heard.any(axis=1)
    assert (((mean - claims.y) ** 2)[spoken] <= losses[spoken] + 1e-12).all()
    assert mean[~spoken] == pytest.approx(claims.b[~spoken])


def test_an_adviser_is_the_last_step() -> None:
    seen = documents(advised=True)
    claims, found = arms(history(advised=True))
    rows = settled(seen)
    steps = [arm for arm in found if arm.stage == "step"]
    assert [arm.name for arm in steps][-2:] == ["synthesis", "adviser"] and steps[-1].versus == "synthesis"
    advice = {document["adviser"]["claim"]: document["adviser"] for document in seen if "adviser" in document}
    without, tilts = [], []
    for row in rows:
        symbol, horizon = row["key"].split(":")
        said = advice.get(f"{seen[row['day']]['session']}/{symbol}/direction/{horizon}", {"without": row["p"]})
        without.append(said["without"])
        tilts.append(TILTS[said["tilt"]] if "tilt" in said else math.nan)
    assert steps[-2].p.tolist() == without and steps[-1].p.tolist() == [row["p"] for row in rows]
    assert np.array_equal(claims.tilt, tilts, equal_nan=True) and not np.isnan(tilts).all()
    table = arms_table(history(advised=True))
    assert table["adviser"]["moved"] == sum(p != q for p, q in zip(without, steps[-1].p.tolist(), strict=True)) > 0
    assert "adviser" not in arms_table(history())


def test_nothing_settled_has_no_arms() -> None:
    assert arms_table(collected(published([[Round(0.5, (0.1,), 1)]], (1,), 1), 1)) == {}
    assert arms_table(History(["m"])) == {}
