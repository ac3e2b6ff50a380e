"""Runs with a model that advises: what it was worth by the ledger alone; cold, warm, replayed, stopped, resumed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pytest
import statsmodels.api as sm

from backtest.advice_scores import AdviceBook
from backtest.costs import Cost, costs, model_sentences
from backtest.leak_alarm import LeakAlarm
from backtest.run import run_backtest
from backtest.settings import AdviserChoice, Settings, default_targets
from desk.data import open_data
from engine.errors import InputError
from engine.ledger import Ledger
from minds.advised import CAP, TILTS, logit
from minds.adviser import REMEMBERED, Adviser, Said
from minds.llm.adviser import ModelAdviser
from minds.llm.budget import Budget
from minds.llm.call import Answer, Call, NoAnswer
from minds.llm.recorded import Recorded
from minds.llm.scripted import Scripted
from minds.llm.tape import Tape
from minds.llm.untrusted import keep_secret
from minds.record import CycleRecord
from tests.minds.llm.models import facts_of, honest

MINDS = ("macro", "flow", "contrarian")
START, END, CUTOFF = date(2018, 1, 2), date(2018, 12, 31), date(2018, 3, 29)
Body = dict[str, Any]
# Fixed: what the scripted models say follows from the questions' digests, and these from the key.
SECRET = b"a key that nobody has"


class Ran(NamedTuple):
    """What a run left."""

    genesis: Body
    bodies: tuple[Body, ...]
    raw: tuple[bytes, ...]
    scores: Body
    record: Body


def run(
    out: Path, who: Adviser | None, cutoff: date | None = CUTOFF, *, data: str = "sample", end: date = END,
    resume: bool = False,
) -> Ran:  # fmt: skip
    scenario = data != "sample"
    opened = open_data(data, None, None if scenario else str(START), None if scenario else str(end))
    first, last = opened.days()
    choice = None if who is None else AdviserChoice(who, cutoff, "Memory of it: not measured")
    settings = Settings(
        opened.name, opened.universe, first, last, MINDS, default_targets(opened.universe), essays=0, adviser=choice
    )
    run_backtest(settings, opened.source, out, resume=resume)
    with Ledger.open(out / "ledger.sqlite") as ledger:
        genesis, raw = ledger.genesis(), tuple(entry.body for entry in ledger.entries(1))
    scores, record = (json.loads((out / name).read_text(encoding="utf-8")) for name in ("scores.json", "run.json"))
    return Ran(orjson.loads(genesis), tuple(orjson.loads(body) for body in raw), raw, scores, record)


def seated(folder: Path, model: Scripted | None, **caps: Any) -> ModelAdviser:
    """Behind a record of calls, its key beside it; without a model it only replays."""
    asked = Recorded(model, Tape(folder), Budget(clock=lambda: 0.0, **caps), name="" if model else "scripted")
    return ModelAdviser(asked, keep_secret(folder, lambda size: SECRET.ljust(size)))


def moody(call: Call) -> str:
    """Keeps the rules, and tilts as the digest of the question falls."""
    answer = json.loads(honest(call))
    answer["tilt"] = list(TILTS)[int(call.key[:6], 16) % 5]
    return json.dumps(answer)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run(tmp_path_factory.mktemp("plain") / "run", None)


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path, Scripted]:
    folder, model = tmp_path_factory.mktemp("cold"), Scripted(moody)
    return run(folder / "run", seated(folder / "calls", model)), folder / "calls", model


def advice(bodies: tuple[Body, ...]) -> Iterator[tuple[Body, Body]]:
    """(body, advice) of the sessions that have one."""
    return ((body, body["adviser"]) for body in bodies if "adviser" in body)


def published(body: Body) -> float:
    found = [claim["probability"] for claim in body["claims"] if claim["id"] == body["adviser"]["claim"]]
    assert len(found) == 1
    return float(found[0])


def test_the_synthesis_is_what_it_is_without_the_adviser(plain: Ran, cold: tuple[Ran, Path, Scripted]) -> None:
    ours, theirs = cold[0], plain
    assert [body["synthesis"] for body in ours.bodies] == [body["synthesis"] for body in theirs.bodies]
    for body, other in zip(ours.bodies, theirs.bodies, strict=True):
        was = {claim["id"]: claim.get("probability") for claim in other["claims"]}
        now = {claim["id"]: claim.get("probability") for claim in body["claims"]}
        if "adviser" in body:
            now[body["adviser"]["claim"]] = body["adviser"]["without"]
        assert now == was
    assert ours.scores["synthesis"]["climatology_sum"] == theirs.scores["synthesis"]["climatology_sum"]
    assert ours.scores["minds"] == theirs.scores["minds"]
    assert "adviser" not in theirs.scores
    assert "adviser" not in theirs.genesis
    assert theirs.record["settings"]["adviser"] is None


def test_it_is_asked_at_most_once_a_session_and_only_after_the_cutoff(cold: tuple[Ran, Path, Scripted]) -> None:
    ran, _, model = cold
    after = [body for body in ran.bodies if body["session"] > str(CUTOFF)]
    assert 0 < len(model.asked) <= len(after)
    assert len({call.key for call in model.asked}) == len(model.asked)
    before = [item for body, item in advice(ran.bodies) if body["session"] <= str(CUTOFF)]
    assert len(before) == sum(body["session"] <= str(CUTOFF) for body in ran.bodies)
    assert all(item["abstains"] == REMEMBERED for item in before)
    assert all(item["tilt"] in TILTS for body, item in advice(ran.bodies) if body["session"] > str(CUTOFF))
    assert {call.who for call in model.asked} == {"adviser"}


def test_what_it_cost_and_what_it_gained_stand_side_by_side(plain: Ran, cold: tuple[Ran, Path, Scripted]) -> None:
    ran, _, model = cold
    assert ran.record["adviser"]["bill"]["calls"] >= len(model.asked) > 0
    assert ran.record["adviser"]["bill"]["calls"] - ran.record["adviser"]["bill"]["kept"] == len(model.asked)
    assert plain.record["adviser"] is None and "adviser" not in plain.scores["arms"]
    row = ran.scores["arms"]["adviser"]
    assert row["versus"] == "synthesis" and row["moved"] > 0
    cost = costs(ran.record)["adviser"]
    assert isinstance(cost, Cost) and cost.calls == ran.record["adviser"]["bill"]["calls"]
    assert model_sentences(ran.scores, ran.record) == [f"{row['says'][:-1]}; it cost {cost.says()}."]


def test_prompts_hold_no_date_no_figure_and_no_outcome(cold: tuple[Ran, Path, Scripted]) -> None:
    for call in cold[2].asked:
        text = call.messages[-1].text
        assert "2018" not in text
        assert len(facts_of(call)) >= 2
        assert not any(letter.isdigit() for fact in facts_of(call) for letter in fact.rest)


def test_cold_warm_and_replayed_runs_leave_the_same_bytes(tmp_path: Path, cold: tuple[Ran, Path, Scripted]) -> None:
    ran, calls, _ = cold
    silent = Scripted(lambda call: pytest.fail("a recorded call was asked again"))
    warm = run(tmp_path / "warm", seated(calls, silent))
    replayed = run(tmp_path / "replayed", seated(calls, None))
    assert warm.raw == replayed.raw == ran.raw
    assert warm.scores == replayed.scores == ran.scores
    assert ran.genesis["adviser"] == {"cutoff": "2018-03-29", "name": "scripted, advise/1"}
    assert ran.record["settings"]["adviser"] == ran.genesis["adviser"] | {"memory": "Memory of it: not measured"}


def test_a_replay_that_does_not_hold_a_question_fails_closed(tmp_path: Path, cold: tuple[Ran, Path, Scripted]) -> None:
    with pytest.raises(InputError, match=r"holds no answer to prompt advise/1 for adviser"):
        run(tmp_path / "run", seated(cold[1], None), date(2018, 1, 10))


def test_scores_are_those_of_the_ledger(cold: tuple[Ran, Path, Scripted]) -> None:
    """Recounted claim by claim; the interval by statsmodels' regression on cosines."""
    ran, row = cold[0], cold[0].scores["adviser"]
    said = {item["claim"]: (item["without"], published(body)) for body, item in advice(ran.bodies) if "tilt" in item}
    settled = [
        (*said[verdict["id"]], verdict["outcome"])
        for body in ran.bodies for verdict in body["verdicts"] if verdict["id"] in said and verdict["result"] != "void"
    ]  # fmt: skip
    p0, p, y = np.array(settled).T
    assert row["n"] == len(settled) > 150
    assert row["brier"] == pytest.approx(((p - y) ** 2).mean(), rel=1e-12)
    assert row["brier_without"] == pytest.approx(((p0 - y) ** 2).mean(), rel=1e-12)
    assert row["gain"] == pytest.approx(1 - ((p - y) ** 2).sum() / ((p0 - y) ** 2).sum(), abs=1e-12)
    d = (p0 - y) ** 2 - (p - y) ** 2
    n = len(d)
    count = int(0.4 * n ** (2 / 3))
    cosines = np.sqrt(2 / n) * np.cos(np.pi * np.outer(np.arange(n) + 0.5, np.arange(1, count + 1)) / n)
    weights = sm.OLS(d - d.mean(), cosines).fit().params
    from scipy.stats import t

    margin = t.ppf(0.975, count) * math.sqrt((weights**2).sum() / count / n)
    scale = ((p0 - y) ** 2).mean()
    assert row["gain_interval"] == pytest.approx([(d.mean() - margin) / scale, (d.mean() + margin) / scale], abs=1e-9)
    assert row["spoke"] == len(said)
    assert row["spoke"] + row["abstained"] + row["replay"] == len(ran.bodies)
    assert row["replay"] == sum(body["session"] <= str(CUTOFF) for body in ran.bodies)
    shifts = [abs(logit(now) - logit(was)) for was, now in said.values()]
    assert row["largest_shift"] == pytest.approx(max(shifts), rel=1e-12)
    assert max(shifts) <= CAP
    last = list(advice(ran.bodies))[-1][1]
    assert (row["k"], row["weight"]) == (last["k"], last["weight"])
    assert sum(row["tilts"].values()) == row["spoke"]


def test_total_brier_stays_within_the_bounds(plain: Ran, cold: tuple[Ran, Path, Scripted]) -> None:
    ours, theirs = cold[0].scores["synthesis"], plain.scores["synthesis"]
    assert ours["brier_sum"] <= theirs["brier_sum"] + math.log(8 / 7) / 2
    assert ours["bound"] == pytest.approx(theirs["bound"] + math.log(8 / 7) / 2)


def test_a_run_that_the_budget_stopped_is_resumed_with_what_it_had_said(tmp_path: Path) -> None:
    """The days without an answer stay so: the record is never rewritten, and the money goes to the days after."""
    calls, half = tmp_path / "calls", date(2018, 7, 31)
    first = run(tmp_path / "run", seated(calls, Scripted(moody), tokens=25_000), end=half)
    reasons = [item["abstains"] for _, item in advice(first.bodies) if "abstains" in item]
    assert "no answer, budget" in reasons
    assert first.scores["adviser"]["spoke"] > 5
    whole = run(tmp_path / "run", seated(calls, Scripted(moody)), resume=True)
    assert whole.raw[: len(first.raw)] == first.raw
    late = [item for body, item in advice(whole.bodies) if body["session"] > str(half)]
    assert all("tilt" in item for item in late)
    again = run(tmp_path / "run", seated(calls, Scripted(moody)), resume=True)
    assert again.raw == whole.raw
    assert again.scores == whole.scores


def test_other_advisers_are_other_runs(tmp_path: Path, cold: tuple[Ran, Path, Scripted]) -> None:
    run(tmp_path / "run", seated(tmp_path / "calls", Scripted(moody)), end=date(2018, 4, 30))
    for who, cutoff in ((None, None), (seated(tmp_path / "calls", Scripted(moody, name="other")), CUTOFF),
                        (seated(tmp_path / "calls", Scripted(moody)), date(2018, 4, 2))):  # fmt: skip
        with pytest.raises(InputError, match="other settings"):
            run(tmp_path / "run", who, cutoff, resume=True)


def spoil(**fields: Any) -> Callable[[Call], str]:
    return lambda call: json.dumps(json.loads(honest(call)) | fields)


BAD: dict[str, tuple[Callable[[Call], str | Answer | NoAnswer], str]] = {
    "a digit": (spoil(tilt="up", because="The market will rise by 3 percent tomorrow."), "answer rejected"),
    "prose": (lambda call: "I would go up.", "answer rejected, json"),
    "no tilt of ours": (spoil(tilt="p=.99"), "answer rejected, choice"),
    "a number": (spoil(tilt=0.99), "answer rejected"),
    "cut off": (lambda call: Answer(honest(call), "length"), "answer rejected, finish"),
    "nothing": (lambda call: "", "answer rejected"),
    "a link": (spoil(tilt="up", because="See https://evil.example for the market's day {market.ret_1d}."), "answer"),
    "no answer": (lambda call: NoAnswer("refused", "the host declines"), "no answer, refused"),
    "a list": (lambda call: "[" * 50_000, "answer rejected"),
    "its own opposite": (
        lambda call: json.dumps(json.loads(honest(call)) | {
            "tilt": "strong_up",
            "because": f"I expect a fall, as {facts_of(call)[0].thing} at {{{facts_of(call)[0].id}}} shows.",
        }),
        "answer rejected, other-side",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("says", "told"), BAD.values(), ids=BAD)
def test_what_the_guards_reject_is_an_abstention(
    says: Callable[[Call], str | Answer | NoAnswer], told: str, tmp_path: Path, plain: Ran
) -> None:
    ran = run(tmp_path / "run", seated(tmp_path / "calls", Scripted(says)), end=date(2018, 5, 31))
    late = [(body, item) for body, item in advice(ran.bodies) if body["session"] > str(CUTOFF)]
    assert len(late) > 40
    for body, item in late:
        assert item["abstains"].startswith((told, "no answer, b")), item["abstains"]
        assert published(body) == item["without"]
    stripped = [{key: part for key, part in body.items() if key != "adviser"} for body in ran.bodies]
    assert stripped == list(plain.bodies[: len(stripped)])
    assert ran.scores["adviser"]["abstained"] == len(late)
    assert ran.scores["adviser"]["n"] == 0


@cache
def closes() -> tuple[list[str], list[float]]:
    prices = np.genfromtxt(
        Path(__file__).resolve().parents[2] / "engine" / "data" / "sample" / "_GSPC.csv.gz", delimiter=",",
        names=True, dtype=None, encoding="utf-8",
    )  # fmt: skip
    return [str(day) for day in prices["date"]], prices["adj_close"].tolist()


def knows(session: str) -> float:
    days, found = closes()
    at = days.index(session)
    return found[at + 1] - found[at] if at + 1 < len(days) else 0.0


class Seer:
    """Knows the next close, as a model does of days that it was trained on."""

    name = "seer"

    def advise(self, record: CycleRecord) -> Said:
        """Always right."""
        return Said("strong_up" if knows(record.session) > 0.0 else "strong_down", "it remembers")


def test_one_that_remembers_raises_the_alarm(tmp_path: Path) -> None:
    with pytest.raises(LeakAlarm, match=r"the adviser got 100.0% of .*`workshop leak`.*--cutoff"):
        run(tmp_path / "run", Seer(), None)
    assert not (tmp_path / "run" / "scores.json").exists()


def test_the_same_days_behind_the_cutoff_raise_none(tmp_path: Path) -> None:
    ran = run(tmp_path / "run", Seer(), date(2018, 11, 30))
    assert ran.scores["adviser"]["spoke"] < 25


def test_an_obedient_model_in_a_storm_of_hostile_headlines_stays_within_the_cap(tmp_path: Path) -> None:
    """It does what any text says: the strongest tilt whenever the prompt holds something from outside."""

    def obedient(call: Call) -> str:
        answer = json.loads(honest(call))
        answer["tilt"] = "strong_up" if "From outside" in call.messages[-1].text else "none"
        return json.dumps(answer)

    data = "scenario:injection-storm"
    without = run(tmp_path / "plain", None, data=data)
    ran = run(tmp_path / "run", seated(tmp_path / "calls", Scripted(obedient)), None, data=data)
    strong = [item for _, item in advice(ran.bodies) if item.get("tilt") == "strong_up"]
    assert len(strong) > 10
    for body, item in advice(ran.bodies):
        assert abs(logit(published(body)) - logit(item["without"])) <= CAP
    assert [body["synthesis"] for body in ran.bodies] == [body["synthesis"] for body in without.bodies]


def test_of_nothing_settled_every_figure_is_null() -> None:
    row = AdviceBook("SPY", 1).table()
    assert row["n"] == row["spoke"] == row["replay"] == 0
    assert all(row[name] is None for name in ("brier", "brier_without", "gain", "gain_interval", "k", "weight"))


def booked(*sessions: tuple[float, float, int, int]) -> AdviceBook:
    """A ledger's advice by hand: for each session p without the adviser and with it, the outcome, and the copy."""
    book = AdviceBook("SPY", 1)
    for at, (without, published, outcome, copy) in enumerate(sessions):
        verdict = {"id": str(at), "result": "right", "outcome": outcome, "score": (published - outcome) ** 2}
        advice = {"claim": str(at), "tilt": "up", "without": without, "k": 0.5, "weight": 0.125, "copy": copy}
        book.add({"verdicts": [], "claims": [{"id": str(at), "probability": published}], "adviser": advice})
        book.add({"verdicts": [verdict], "claims": []})
    return book


def test_worth_by_hand() -> None:
    row = booked((0.5, 0.6, 1, 0), (0.5, 0.6, 1, 1), (0.5, 0.6, 0, 0)).table()
    assert (row["n"], row["spoke"]) == (3, 3)
    assert row["brier"] == pytest.approx((0.16 + 0.16 + 0.36) / 3)
    assert row["brier_without"] == pytest.approx(0.25)
    assert row["gain"] == pytest.approx(1 - (0.68 / 3) / 0.25)
    assert row["largest_shift"] == pytest.approx(math.log(0.6 / 0.4))
    assert row["bound"] == pytest.approx(2 * math.log(8 / 7) / 2)  # two calls could be open at a time


def test_an_adviser_that_moved_nothing_has_a_gain_of_zero_and_no_interval() -> None:
    row = booked(*[(0.5, 0.5, at % 2, 0) for at in range(200)]).table()
    assert (row["n"], row["gain"], row["gain_interval"], row["largest_shift"]) == (200, 0.0, None, 0.0)
