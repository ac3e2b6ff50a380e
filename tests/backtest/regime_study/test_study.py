"""The run of the models against the replay, scripted models against what they were told to say, and the document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from backtest.regime_study.report import GOALS, Goal, study_report
from backtest.regime_study.study import Span, leave_out, run_models, span
from backtest.replay import Replay
from engine.bars import FloatArray
from engine.errors import InputError
from engine.market import Market
from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from regimes.model import RegimeModel
from regimes.reading import LABELS, Fired, Label, RegimeReading, Status
from regimes.rules import RulesModel
from regimes.sma200 import Sma200Model
from tests.runs import TARGETS
from tests.worlds import WORLD, invented_market

MARKET = invented_market(11, 900)
START = 620


class Scripted:
    """Says what it is told for each session; keeps what it was asked."""

    signals: tuple[SignalSpec, ...] = ()
    refit_every = 100

    def __init__(
        self,
        labels: Sequence[Label],
        fired: Sequence[tuple[str, ...]],
        status: Status = "confirmed",
        name: str = "said",
    ) -> None:
        self.name, self.status = name, status
        self.labels, self.tests = labels, fired
        self.asked: list[int] = []
        self.fitted: list[int] = []

    def fit(self, past: Snapshot) -> None:
        self.fitted.append(past.at)

    def update(self, today: Snapshot) -> RegimeReading:
        self.asked.append(today.at)
        tests = tuple(Fired(test, 1.0, 0.5) for test in self.tests[today.at])
        return RegimeReading(
            self.labels[today.at], 0.5, "choppy", self.status, today.session, 1, 1.0, (), (), tests
        )  # fmt: skip


def quiet(size: int, label: Label = "risk_on", name: str = "said") -> Scripted:
    return Scripted([label] * size, [()] * size, name=name)


def trading(market: Market, closes: FloatArray) -> Market:
    """The market with other closes for its market role; shorter closes end it."""
    market = market.cut(len(closes))
    row = market.rows["MKT"]
    for name in ("open", "high", "low", "close", "adj_close"):
        market.columns[name][row] = closes
    return market


def test_a_model_reads_what_it_would_read_in_a_replay() -> None:
    studied = span(MARKET, START)
    models: list[RegimeModel] = [RulesModel(), Sma200Model()]
    again: list[RegimeModel] = [RulesModel(), Sma200Model()]
    for track, model in zip(run_models(MARKET, models, studied.at), again, strict=True):
        readings = [record.reading for record in Replay(MARKET, [], TARGETS, model, START).run()]
        kept = [readings[at - START] for at in studied.at]
        assert [LABELS[label] for label in track.labels] == [reading.label for reading in kept]
        assert np.array_equal(
            track.score, np.array([np.nan if r.score is None else r.score for r in kept]), equal_nan=True
        )
        assert track.alert.tolist() == [reading.alert for reading in kept]
        for status in ("transition", "degraded"):
            assert getattr(track, status).tolist() == [reading.status == status for reading in kept]


def test_what_was_said_is_what_is_kept() -> None:
    size = 700
    rng = np.random.default_rng(3)
    labels: list[Label] = [LABELS[at] for at in rng.integers(0, 4, size)]
    tests = ("volatility", "fall", "likelihood", "drift", "behaviour")
    fired = [tuple(test for test in tests if rng.random() < 0.4) for _ in range(size)]
    market = MARKET.cut(size)
    studied = span(market, START)
    model = Scripted(labels, fired, "transition")
    (track,) = run_models(market, [model], studied.at)
    assert model.asked == list(range(size))
    assert model.fitted == list(range(0, size, 100))
    told, doubts = [labels[at] for at in studied.at], [set(fired[at]) for at in studied.at]
    assert [LABELS[label] for label in track.labels] == told
    assert track.off.tolist() == [label in ("risk_off", "crisis") for label in told]
    assert track.sided.tolist() == [label != "neutral" for label in told]
    assert track.alert.tolist() == [bool(tests & {"volatility", "fall"}) for tests in doubts]
    assert track.stale.tolist() == [len(tests & {"likelihood", "drift", "behaviour"}) >= 2 for tests in doubts]
    assert track.transition.all() and not track.degraded.any() and track.watches


def test_progress_counts_every_session() -> None:
    seen: list[tuple[int, int, str]] = []
    market = MARKET.cut(640)
    run_models(market, [quiet(640)], span(market, START).at, lambda *told: seen.append(told))
    assert [(done, total) for done, total, _ in seen] == [(at + 1, 640) for at in range(640)]
    assert seen[-1][2] == market.calendar.labels[639]


def test_sessions_without_a_close_are_left_out() -> None:
    missing = np.flatnonzero(np.isnan(MARKET.column("MKT")))
    assert missing.size  # the invented market has some
    studied = span(MARKET, 0)
    assert set(range(MARKET.size)) - set(studied.at.tolist()) == set(missing.tolist())
    assert studied.days == tuple(MARKET.calendar.labels[at] for at in studied.at)
    assert not np.isnan(studied.closes).any()


def test_the_span_judges_the_range_by_the_whole_history() -> None:
    """Twenty years of calm and shock: the part from the middle on, dated and judged as in the whole."""
    rng = np.random.default_rng(2)
    moves = rng.normal(0.0, 1.0, 900) * np.repeat([0.01, 0.03, 0.008], 300)
    market = trading(MARKET, 100.0 * np.exp(np.cumsum(moves)))
    whole, part = span(market, 0), span(market, 500)
    assert part.phase.tolist() == whole.phase[500:].tolist()
    assert part.closes.tolist() == whole.closes[500:].tolist()
    for one, other in zip(part.outcome, whole.outcome, strict=True):
        assert np.array_equal(one, other[500:], equal_nan=True)
    assert [bear.fall for bear in part.bears] == [bear.fall for bear in whole.bears if bear.peak >= 500]
    assert [part.days[bear.peak] for bear in part.bears] == [
        whole.days[bear.peak] for bear in whole.bears if bear.peak >= 500
    ]


def falling(size: int, start: int) -> tuple[Market, Span]:
    """Up a fifth, one fall of a quarter over fifty sessions from `start` + 100, then up again."""
    up, down, back = np.linspace(100, 125, start + 101), np.linspace(125, 93.75, 51), 93.75
    closes = np.concatenate([up, down[1:], np.linspace(back, 140, size - start - 150)[1:]])
    market = trading(invented_market(4, size), closes)
    return market, span(market, start)


def test_the_document_of_a_planted_bear_market() -> None:
    size, start = 1000, 300
    market, studied = falling(size, start)
    peak = start + 100
    assert [(bear.peak, bear.trough) for bear in studied.bears] == [(100, 150)]
    labels: list[Label] = ["risk_on"] * size
    labels[peak + 10 : peak + 60] = ["risk_off"] * 50  # ten late, ten too long
    labels[peak - 50 : peak - 40] = ["crisis"] * 10  # a false alarm
    fired: list[tuple[str, ...]] = [()] * size
    fired[peak + 4 : peak + 10] = [("fall",)] * 6
    model = Scripted(labels, fired)
    report = study_report(studied, run_models(market, [model], studied.at))
    said = report["models"]["said"]
    years = (size - start) / 252
    label, alert = said["label"], said["label_or_alert"]
    assert (label["bears"], label["missed"], label["delays"], alert["delays"]) == (1, 0, [10], [4])
    assert label["median_lost"] == pytest.approx(10 / 50)
    assert label["false_alarms_per_year"] == pytest.approx(1 / years)
    assert label["flips_per_year"] == said["changes_per_year"] == pytest.approx(4 / years)
    dated = int((studied.phase >= 0).sum())
    assert label["balanced_accuracy"] == pytest.approx(0.5 * (41 / 50 + 1 - 19 / (dated - 50)))
    assert said["labels"]["crisis"]["sessions"] == 10 and said["labels"]["neutral"]["up"] is None
    assert report["range"] == {"start": studied.days[0], "end": studied.days[-1], "sessions": size - start}
    (bear,) = report["bear_markets"]["found"]
    assert (bear["peak"], bear["trough"], bear["sessions"]) == (studied.days[100], studied.days[150], 50)
    assert bear["fall"] == pytest.approx(0.25)
    assert sum(row["sessions"] for row in said["score_bands"]) == size - start
    assert [row["sessions"] for row in said["score_bands"]] == [0, 0, 0, size - start, 0]  # it always says 0.5
    assert said["stale"]["fired"] == 0


def test_the_document_is_plain_and_the_same_twice() -> None:
    def made() -> str:
        studied = span(MARKET, START)
        return json.dumps(study_report(studied, run_models(MARKET, [RulesModel()], studied.at)), allow_nan=False)

    assert made() == made()


def test_a_model_that_tests_nothing_has_no_stale_record() -> None:
    market, studied = falling(1000, 300)
    report = study_report(studied, run_models(market, [quiet(1000)], studied.at))
    said = report["models"]["said"]
    assert said["stale"] is None
    assert (said["label"]["missed"], said["label"]["delays"], said["label"]["median_delay"]) == (1, [None], None)
    assert said["label"]["lost"] == [1.0]
    assert said["label"]["volatility_ratio"] is None


def test_goals() -> None:
    assert Goal("x", ">=", 0.78).met(0.78) and not Goal("x", ">=", 0.78).met(0.7799)
    assert Goal("x", "<=", 0).met(0) and not Goal("x", "<=", 0).met(1)
    assert Goal("x", "<=", 0).met(None) is None
    market, studied = falling(1000, 300)
    said = study_report(studied, run_models(market, [Scripted(["risk_on"] * 1000, [("drift",)] * 1000)], studied.at))
    for goal in GOALS:
        place = said["models"]["said"]
        for part in goal.name.split("."):
            place = place[part]
    assert [goal["name"] for goal in said["goals"]] == [goal.name for goal in GOALS]


def test_leaving_out_roles() -> None:
    less = leave_out(WORLD, ["volatility", "credit"])
    assert less.symbol("volatility") is None and less.symbol("credit") is None
    assert "on purpose" in less.why_missing("credit")
    assert {role: symbol for role, symbol in WORLD.roles.items() if role not in ("volatility", "credit")} == less.roles
    assert leave_out(WORLD, []) == WORLD
    lacking = leave_out(replace(WORLD, missing={"mid": "there is none"}), ["mid"])
    assert (lacking.roles, lacking.missing) == (WORLD.roles, {"mid": "there is none"})
    for role in ("market", "weather"):
        with pytest.raises(InputError, match=f"{role!r}.*volatility"):
            leave_out(WORLD, [role])


def test_refusals() -> None:
    studied = span(MARKET.cut(640), START)
    with pytest.raises(InputError, match="named twice"):
        run_models(MARKET.cut(640), [quiet(640), quiet(640)], studied.at)


def test_bands_of_the_score_cover_it() -> None:
    from backtest.regime_study.report import SCORE_BANDS

    assert (SCORE_BANDS[0], SCORE_BANDS[-1]) == (-1.0, 1.0)
    assert all(low < high for low, high in pairwise(SCORE_BANDS))
