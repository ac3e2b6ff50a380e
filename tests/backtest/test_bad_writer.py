"""Runs whose model gives six hundred bad answers: each ends in a valid essay that says whose words were refused, and no
number differs from the template's run. Once from a function, once from a host on the loopback through the real litellm.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from minds.llm.budget import Budget
from minds.llm.call import Answer, Call, Message, NoAnswer
from minds.llm.opening import open_model
from minds.llm.scripted import Scripted
from minds.llm.writer import ModelWriter
from minds.parse import parse_essay
from tests.minds.llm.bad import EACH, KINDS, spoil
from tests.minds.llm.models import honest
from tests.openai_server import Request, completion, http, serving
from tests.written import Ran, run, world

SECRET = b"a key that nobody has"
SESSIONS = 70
DAILY = 9.0
_NOTE = re.compile(r"^\*Writer: .*\*$", re.MULTILINE)
ALL = [(kind, shape) for shape in range(EACH) for kind in KINDS]
"""The six hundred, one of each kind after the other."""


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world(tmp_path_factory.mktemp("quiet"), SESSIONS)


@pytest.fixture(scope="module")
def template(quiet: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run(tmp_path_factory.mktemp("template") / "run", quiet, None)


def bad(number: int, call: Call) -> tuple[str, Answer]:
    """The answer to the n-th question: what it is called, and what is said."""
    kind, shape = ALL[number % len(ALL)]
    return f"{kind} {shape}", spoil(kind, shape, honest(call))


@pytest.fixture(scope="module")
def silent(quiet: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The run of a model that never answers: code's words and figures alone."""
    mute = Scripted(lambda call: NoAnswer("refused", "it says nothing"))
    return run(tmp_path_factory.mktemp("silent") / "run", quiet, ModelWriter(mute, SECRET, DAILY))


def check(ran: Ran, template: Ran, silent: Ran, writer: ModelWriter) -> None:
    """What must hold of a run, whatever its model said."""
    assert ran.bodies == template.bodies
    assert ran.scores == template.scores
    assert len(ran.essays) == SESSIONS
    for essay, other, still in zip(ran.essays.values(), template.essays.values(), silent.essays.values(), strict=True):
        ours, theirs = parse_essay(essay), parse_essay(other)
        assert not ours.problems
        for name in ("direction", "confidence", "timeframe"):
            assert getattr(ours, name) == getattr(theirs, name)
        assert _NOTE.sub("", essay) == _NOTE.sub("", still)
        assert "draft rejected" in essay or "no answer" in essay  # the note says whose words were refused, and why
    tried = writer.arguments.tried
    assert tried.accepted == 0
    assert sum(tried.faults.values()) > 0


def test_six_hundred_bad_answers(quiet: Path, template: Ran, silent: Ran, tmp_path: Path) -> None:
    given: Counter[str] = Counter()

    def answer(call: Call) -> Answer:
        name, said = bad(sum(given.values()), call)
        given[name] += 1
        return said

    writer = ModelWriter(Scripted(answer), SECRET, DAILY)
    check(run(tmp_path / "run", quiet, writer), template, silent, writer)
    assert len(given) == len(ALL)


@pytest.mark.skipif(importlib.util.find_spec("litellm") is None, reason="needs the extra llm")
def test_six_hundred_bad_answers_through_litellm(
    quiet: Path, template: Ran, silent: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: Counter[str] = Counter()

    def script(request: Request) -> list[bytes]:
        messages = tuple([Message(one["role"], one["content"]) for one in request.body["messages"]])
        schema = request.body["response_format"]["json_schema"]["schema"]
        name, said = bad(request.number, Call("openai/small", "", messages, schema, 700))
        given[name] += 1
        document = completion(said.text)
        document["choices"][0]["finish_reason"] = said.finish
        return [http(json.dumps(document).encode("utf-8", "replace"))]

    with serving(monkeypatch, script) as server:
        budget = Budget(clock=server.clock)
        model = open_model(
            "litellm:openai/small", calls=tmp_path / "calls", budget=budget, clock=server.clock,
            sleep=server.clock.sleep, workers=1,
        )  # fmt: skip
        writer = ModelWriter(model, SECRET, DAILY)
        ran = run(tmp_path / "run", quiet, writer)
    check(ran, template, silent, writer)
    assert len(given) == len(ALL)
