"""`workshop leak`: asks, prints, keeps; and what backtests then say of the model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from desk.leak import leak_line
from minds.llm.budget import Budget
from minds.llm.recorded import Recorded
from minds.llm.scripted import Scripted
from minds.llm.tape import Tape
from tests.runs import Ran, main

OPTIONS = ("--data", "sample", "--start", "2005-01-03", "--end", "2010-12-31", "--n", "40")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def measured(folder: Path, says: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, *more: str) -> Ran:
    """The command with a scripted model where litellm's would be; its calls are recorded in `folder`."""

    def opened(text: str, *, calls: Path, budget: Budget, **_: object) -> Recorded:
        return Recorded(Scripted(lambda call: says(call.messages[-1].text), name="house/m 1"), Tape(calls), budget)

    with monkeypatch.context() as patch:
        patch.setattr("minds.llm.opening.open_model", opened)
        return main("leak", "--model", "litellm:house/m 1", "--calls", folder, *OPTIONS, *more)


def guess(text: str) -> str:
    return f'{{"direction": "{("up", "down")[hashlib.sha256(text.encode()).digest()[0] % 2]}"}}'


def test_a_measurement_is_printed_kept_and_said_again(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert leak_line("house/m 1") == (
        "Memory of house/m 1: not measured; run `workshop leak --model litellm:house/m 1`"
    )
    ran = measured(
        tmp_path / "calls", guess, monkeypatch, "--cutoff", "2008-06-30", "--out", str(tmp_path / "out"), "--n", "120"
    )
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert "…" not in ran.err  # fits 80 columns
    assert "Days up to the cutoff 2008-06-30" in ran.err
    assert "no sign of memory at n=" in " ".join(ran.err.split())
    (kept,) = (cache / "leak").glob("*.json")
    found = json.loads(kept.read_text(encoding="utf-8"))
    assert found == json.loads((tmp_path / "out" / "leak.json").read_text(encoding="utf-8"))
    assert found["model"] == "house/m 1"
    assert found["parts"]["before"]["n"] + found["parts"]["after"]["n"] == 120
    assert found["verdict"]["says"] in leak_line("house/m 1")
    assert "not measured" in leak_line("house/m 2")


def test_a_replay_measures_the_same_and_an_unseen_question_fails_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = measured(tmp_path / "calls", guess, monkeypatch, "--json")
    again = main("leak", "--model", f"replay:{tmp_path / 'calls'}", *OPTIONS, "--json")
    assert again.code == 0, again.err
    assert again.out == first.out
    other = main("leak", "--model", f"replay:{tmp_path / 'calls'}", *OPTIONS, "--seed", "2")
    assert other.code == 2
    assert "holds no answer" in other.err
    assert "Traceback" not in other.err


def test_one_that_always_answers_alike_cannot_be_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = measured(tmp_path / "calls", lambda text: '{"direction": "up"}', monkeypatch)
    assert "cannot be judged: 40 answers, of which 40 say up" in " ".join(ran.err.split())


def test_lost_answers_are_told_by_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = measured(tmp_path / "calls", guess, monkeypatch, "--budget-tokens", "20000")
    assert ran.code == 0, ran.err
    assert "budget" in ran.err


def test_hostile_names_do_not_reach_the_terminal(tmp_path: Path, cache: Path) -> None:
    line = leak_line("evil\x1b[31m\nname")
    assert "\x1b" not in line
    place = next(iter([*(cache / "leak").glob("*")]), None)
    assert place is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"verdict": {}}', "[" * 100_000, '{"verdict": {"says": 1}, "days": 3}']
)
def test_a_damaged_measurement_is_said_to_be_unreadable(
    text: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(tmp_path / "calls", guess, monkeypatch)
    (kept,) = (cache / "leak").glob("*.json")
    kept.write_text(text, encoding="utf-8")
    assert leak_line("house/m 1") == (
        "Memory of house/m 1: its measurement cannot be read; run `workshop leak --model litellm:house/m 1` again"
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--start", "2010-01-01", "--end", "2009-01-01"), "swap them"),
        (("--start", "2010-12-31"), "widen --start and --end"),
        (("--start", "2030-01-01", "--end", "2031-01-01"), "earlier --start"),
        (("--cutoff", "soon"), "--cutoff"),
        (("--n", "1"), "--n"),
        (("--budget-usd", "-1"), "budget"),
    ],
)
def test_bad_options_end_in_one_sentence(
    options: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = measured(tmp_path / "calls", guess, monkeypatch, *options)
    assert ran.code == 2
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_no_such_model() -> None:
    ran = main("leak", "--model", "gpt", *OPTIONS)
    assert ran.code == 2
    assert "litellm:MODEL" in ran.err
