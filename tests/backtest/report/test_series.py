"""The columns that the browser draws, against a slow reading of the bodies of a run.

Every claim of every session is looked up in the ledger's own entries; lead, evidence and reliability diagram are worked
out once more by loops.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import orjson
import pytest
from sklearn.isotonic import IsotonicRegression

from backtest.history import History
from backtest.replay import Replay
from backtest.report.series import reliability, series
from engine.claims import Pair, Target
from engine.market import Market
from minds.baseline import BASELINES
from minds.record import body
from minds.registry import load_minds
from regimes.rules import RulesModel
from tests.runs import TARGETS
from tests.worlds import WORLD, invented_bars

LONG = (*TARGETS, Target("MKT", "market", 3))
WAITING: tuple[int | None, dict[str, Any]] = (None, {"result": "open"})
SIGNS = {"open": "o", "void": "v", "wrong": "w", "right": "r"}


@cache
def bodies() -> tuple[dict[str, Any], ...]:
    bars = invented_bars(61, 1000)
    replay = Replay(Market.build(WORLD, bars), load_minds(), LONG, RulesModel(), 700, [Pair(LONG[0], LONG[1], 2)])
    return tuple(orjson.loads(body(record)) for record in replay.run())


@cache
def history() -> History:
    minds = [mind.name for mind in load_minds()]
    found = History(minds, {"baselines": list(BASELINES), "minds": minds, "targets": [target.key for target in LONG]})
    for one in bodies():
        found.add(one)
    return found


@cache
def drawn() -> dict[str, Any]:
    heads = [f"{at:016x}" for at in range(len(bodies()))]
    found = series(history(), heads, {})
    made: dict[str, Any] = orjson.loads(orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY))
    return made


@cache
def verdicts() -> dict[str, tuple[int, dict[str, Any]]]:
    return {verdict["id"]: (day, verdict) for day, one in enumerate(bodies()) for verdict in one["verdicts"]}


def test_every_claim_is_at_its_day_with_its_figures_and_its_verdict() -> None:
    streams = {(stream["kind"], stream["name"]): stream for stream in drawn()["streams"]}
    seen = 0
    for day, one in enumerate(bodies()):
        for claim in one["claims"]:
            symbol = claim["id"].split("/")[1]
            stream = streams[claim["kind"], f"{symbol}:{claim['horizon']}"]
            settled, verdict = verdicts().get(claim["id"], WAITING)
            assert stream["result"][day] == SIGNS[verdict["result"]]
            if "realised" in verdict:
                assert stream["realised"][day] == pytest.approx(1e4 * verdict["realised"], abs=0.51)
            if settled is not None:
                waited = stream.get("late", {}).get(str(day), claim["horizon"])
                assert day + waited == settled
            if claim["kind"] == "interval":
                for end in ("low", "high", "base_low", "base_high"):
                    assert stream[end][day] == pytest.approx(1e4 * claim[end], abs=0.51)
            else:
                assert stream["p"][day] == pytest.approx(1e3 * claim["probability"], abs=0.51)
                assert stream["b"][day] == pytest.approx(1e3 * claim["base_rate"], abs=0.51)
            if claim["kind"] == "direction":
                assert stream["reference"][day] == pytest.approx(claim["reference"], rel=1e-4)
                for at, mind in enumerate(drawn()["minds"]):
                    lean = one["views"][stream["name"]][mind].get("lean")
                    assert stream["lean"][at][day] == (101 if lean is None else pytest.approx(100 * lean, abs=0.51))
            seen += 1
    assert seen == sum(sum(sign != "." for sign in stream["result"]) for stream in drawn()["streams"]) > 500


def test_charts_begin_with_the_call_that_leads() -> None:
    names = [target.key for target in LONG]
    assert names != sorted(names), "the order of the run has to differ from that of the alphabet"
    for kind in ("direction", "interval"):
        assert [stream["name"] for stream in drawn()["streams"] if stream["kind"] == kind] == names


def test_lead_and_evidence_are_those_of_a_loop() -> None:
    for row in drawn()["leads"]:
        horizon = int(row["name"].rpartition(":")[2])
        done = []
        for one in bodies():
            for claim in one["claims"]:
                symbol = claim["id"].split("/")[1]
                if (claim["kind"], f"{symbol}:{claim['horizon']}") == (row["kind"], row["name"]) and claim[
                    "id"
                ] in verdicts():
                    day, verdict = verdicts()[claim["id"]]
                    if verdict["result"] != "void":
                        done.append((day, claim, verdict))
        done.sort(key=lambda item: item[0])
        assert row["n"] == len(done)
        for at, day in enumerate(drawn()["drawn"]):
            past = [item for item in done if item[0] <= day]
            lead = sum(verdict["base_score"] - verdict["score"] for _, _, verdict in past)
            assert row["lead"][at] == pytest.approx(1e4 * lead, abs=0.51)
            if row["kind"] == "direction" and at % 20 == 0:
                games = [1.0] * min(horizon, len(done))
                for turn, (_, claim, verdict) in enumerate(past):
                    b = min(max(claim["base_rate"], 0.02), 0.98)
                    said = b if verdict["outcome"] == 1 else 1.0 - b
                    games[turn % horizon] *= math.exp(-verdict["log_score"]) / said
                assert row["evidence"][at] == pytest.approx(math.log10(sum(games) / len(games)), abs=6e-4)


def test_the_reliability_diagram_is_an_isotonic_fit_and_groups_of_equal_size() -> None:
    done = history().claims["direction"].settled()
    found = reliability(done)
    assert found is not None and found["n"] == len(done) == sum(found["counts"])
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(done.p, done.y)
    for x, y in found["curve"]:
        nearest = done.p[np.abs(done.p - x).argmin()]
        assert y == pytest.approx(float(fitted.predict([nearest])[0]), abs=1e-4)
    sizes = [n for _, _, n, _, _ in found["bins"]]
    assert max(sizes) - min(sizes) <= 1 and sum(sizes) == len(done) and min(sizes) >= 50
    order = np.sort(done.p)
    overlap = max(target.horizon for target in LONG)
    for at, (said, _, n, low, high) in enumerate(found["bins"]):
        mine = order[int(sum(sizes[:at])) :][: int(n)]
        assert said == pytest.approx(mine.mean(), abs=1e-4)
        wide = 1.96 * math.sqrt(overlap * sum(p * (1 - p) for p in mine.tolist())) / n
        assert (low, high) == (pytest.approx(said - wide, abs=2e-4), pytest.approx(said + wide, abs=2e-4))


def test_a_perfect_forecaster_is_inside_its_band_nineteen_times_in_twenty() -> None:
    draw = np.random.default_rng(5)
    inside = []
    for _ in range(80):
        p = 0.3 + 0.4 * draw.random(600)
        y = (draw.random(600) < p).astype(float)

        class Done:
            names = (("A", 1),)

            def codes(self) -> list[int]:
                return [0]

            def __len__(self) -> int:
                return 600

        done = Done()
        done.p, done.y = p, y  # type: ignore[attr-defined]  # the two columns that are read
        found = reliability(done)  # type: ignore[arg-type]  # likewise
        assert found is not None
        inside += [low <= rate <= high for _, rate, _, low, high in found["bins"]]
    share = sum(inside) / len(inside)
    assert 0.92 < share < 0.98, "four standard deviations of 800 draws at 95%"


def test_a_longer_record_is_drawn_at_about_as_many_days_as_a_chart_has_pixels() -> None:
    days = drawn()["days"]
    assert drawn()["drawn"] == list(range(len(days)))
    assert reliability(history().claims["direction"].take(np.zeros(0, np.int64))) is None
