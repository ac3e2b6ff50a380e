"""A run with a model that writes: the template's numbers, cold, warm and replayed to the same bytes, few calls."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from backtest.run import run_backtest
from backtest.settings import Settings, default_targets
from desk.data import open_data
from engine.errors import InputError
from engine.ledger import Ledger
from minds.llm.budget import Budget, Price
from minds.llm.call import Call
from minds.llm.recorded import Recorded
from minds.llm.scripted import Scripted
from minds.llm.tape import Tape
from minds.llm.untrusted import keep_secret
from minds.llm.writer import ModelWriter
from minds.writer import Writer
from tests.minds.llm.models import honest

MINDS = ("macro", "flow", "contrarian")
MIND_DAY = 0.1
"""Calls for each mind and session that a long replay stays below."""


class Ran(NamedTuple):
    """What a run left."""

    bodies: tuple[bytes, ...]
    scores: bytes
    essays: dict[str, str]
    account: dict[str, Any]


def run(out: Path, writer: Writer | None, start: date = date(2018, 1, 2)) -> Ran:
    """The sample's last year, an essay for every session."""
    opened = open_data("sample", None, str(start), "2018-12-31")
    settings = Settings(
        "sample", opened.universe, start, date(2018, 12, 31), MINDS, default_targets(opened.universe), essays="all"
    )
    run_backtest(settings, opened.source, out, writer=writer)
    with Ledger.open(out / "ledger.sqlite") as ledger:
        bodies = (ledger.genesis(), *[entry.body for entry in ledger.entries(1)])
    essays = {path.name[:10]: path.read_text(encoding="utf-8") for path in sorted((out / "essays").glob("*.md"))}
    account = json.loads((out / "run.json").read_text(encoding="utf-8"))["writer"]
    return Ran(bodies, (out / "scores.json").read_bytes(), essays, account)


def recorded(folder: Path, model: Scripted | None, **caps: Any) -> ModelWriter:
    """A writer behind a record of calls in `folder`; without a model it only replays."""
    budget = Budget(clock=lambda: 0.0, price=Price(1e-6, 4e-6), **caps)
    asked = Recorded(model, Tape(folder), budget, name="" if model is not None else "scripted")
    # Drawn alike each time: what `sloppy` says follows from the questions' digests, and these from the key.
    return ModelWriter(asked, keep_secret(folder, bytes), bill=asked.bill)


def sloppy(call: Call) -> str:
    """Breaks a rule in every third question, and mends it when told in half of these."""
    which = int(call.key[:8], 16)
    if which % 3:
        return honest(call)
    return "The market fell 3% because I say so." if which % 2 or len(call.messages) == 2 else honest(call)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run(tmp_path_factory.mktemp("template") / "run", None)


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path, Scripted]:
    folder, model = tmp_path_factory.mktemp("cold"), Scripted(sloppy)
    return run(folder / "run", recorded(folder / "calls", model)), folder / "calls", model


def test_no_number_differs_from_the_template_s_run(template: Ran, cold: tuple[Ran, Path, Scripted]) -> None:
    assert cold[0].bodies == template.bodies
    assert cold[0].scores == template.scores
    assert cold[0].essays.keys() == template.essays.keys() and len(template.essays) == 251
    assert not set(cold[0].essays.values()) & set(template.essays.values())


def test_warm_and_replayed_runs_write_the_same_bytes(cold: tuple[Ran, Path, Scripted], tmp_path: Path) -> None:
    ran, calls, model = cold
    asked = len(model.asked)
    warm = run(tmp_path / "warm", recorded(calls, model))
    assert len(model.asked) == asked
    replayed = run(tmp_path / "replayed", recorded(calls, None))
    for other in (warm, replayed):
        assert (other.bodies, other.scores, other.essays) == ran[:3]
        total = other.account["bill"]["total"]
        assert total["kept"] == total["calls"] >= asked  # a question that came back within the run counts each time
        assert other.account["bill"]["total"]["tokens"] == 0


def test_a_long_replay_asks_seldom(cold: tuple[Ran, Path, Scripted]) -> None:
    """Four speakers, the desk among them, over a year."""
    ran, _, model = cold
    speakers = len(MINDS) + 1
    assert len(model.asked) <= MIND_DAY * speakers * len(ran.essays)
    assert {call.who for call in model.asked} == {*MINDS, "synthesis"}


def test_a_replay_that_lacks_a_call_stops_with_a_sentence_and_keeps_the_ledger(
    cold: tuple[Ran, Path, Scripted], tmp_path: Path
) -> None:
    ran, calls, _ = cold
    some = tmp_path / "calls"
    for path in [*sorted(calls.glob("??/*.json"))[::2], calls / "marker.key"]:
        copy = some / path.relative_to(calls)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=r"argue|answer|essay"):
        run(tmp_path / "run", recorded(some, None))
    with Ledger.open(tmp_path / "run" / "ledger.sqlite") as ledger:
        kept = [entry.body for entry in ledger.entries(1)]
    assert kept and kept == list(ran.bodies[1 : len(kept) + 1])


@pytest.mark.parametrize("tokens", [5_000, 40_000])
def test_a_budget_is_kept_and_every_session_still_has_its_essay(tokens: int, template: Ran, tmp_path: Path) -> None:
    model = Scripted(honest)
    ran = run(tmp_path / "run", recorded(tmp_path / "calls", model, tokens=tokens))
    assert ran.account["bill"]["total"]["tokens"] <= tokens
    assert ran.account["unanswered"]["budget"] > 0
    assert (ran.bodies, ran.scores) == (template.bodies, template.scores)
    assert ran.essays.keys() == template.essays.keys()
    assert "no answer, budget" in "".join(ran.essays.values())
    warm = run(tmp_path / "warm", recorded(tmp_path / "calls", model, tokens=tokens))
    assert warm.essays == ran.essays
