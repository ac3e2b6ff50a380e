"""docs/writers.md tells the truth: its commands run, through the real litellm, against a host on the loopback."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from desk.leak import leak_line
from minds.llm.call import Call, Message
from tests.minds.llm.models import honest
from tests.openai_server import KEY, Clock, OpenAIServer, Request, Step, completion, http, point
from tests.runs import ROOT, main

TEXT = (ROOT / "docs" / "writers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, flags=re.M | re.S)
LINES = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]


def answer(request: Request) -> list[Step]:
    """What an honest model says, in the schema that it is given."""
    messages = tuple([Message(item["role"], item["content"]) for item in request.body["messages"]])
    schema = request.body["response_format"]["json_schema"]["schema"]
    if set(schema["properties"]) == {"direction"}:  # the leak meter's question
        return [http(completion('{"direction": "up"}', 200, 8))]
    return [http(completion(honest(Call(request.body["model"], "doc/1", messages, schema, 1)), 900, 150))]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    host = OpenAIServer(answer, Clock())
    point(monkeypatch, host.address)
    yield host
    host.close()


def test_every_block_is_of_a_kind_that_is_run_or_read() -> None:
    assert {language for language, _ in BLOCKS} == {"sh", "text"}
    assert {shlex.split(line)[0] for line in LINES} == {"pip", "workshop"}


def test_the_extra_that_it_installs_is_there() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "pip install 'workshop-desk[llm]'" in LINES and re.search(r"^llm = \[", project, flags=re.M)


@pytest.mark.skipif(find_spec("litellm") is None, reason="needs the extra llm")
def test_its_commands_run_one_after_the_other(
    server: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "cache"))
    asked = 0
    for line in LINES:
        words = shlex.split(line)
        if words[0] == "pip":
            continue
        ran = main(*words[1:], *(("--n", "20") if words[1] == "leak" else ()))
        assert ran.code == 0, (line, ran.err)
        if "--writer" in words:
            assert "drafts printed" in ran.err and "Bill: " in ran.err
            asked = asked or len(server.asked)
        elif "--adviser" in words:
            assert "Adviser: spoke on 190 sessions, abstained on 0" in " ".join(ran.err.split())
            assert "Memory of openai/gpt-5-mini: not measured" in ran.err
        else:
            assert "of which" in ran.err and "say up" in ran.err
    assert asked > 0
    assert "Memory of openai/gpt-5-mini: cannot be judged" in leak_line("openai/gpt-5-mini")
    advised = b"".join([path.read_bytes() for path in sorted((tmp_path / "runs" / "advised" / "essays").glob("*.md"))])
    assert b"\n*Adviser: " in advised
    essays = [sorted((tmp_path / "runs" / name / "essays").glob("*.md")) for name in ("model", "again")]
    assert [path.read_bytes() for path in essays[0]] == [path.read_bytes() for path in essays[1]]
    assert "*Writer: openai/gpt-5-mini wrote Macro" in essays[0][0].read_text(encoding="utf-8")
    written = b"".join([path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()])
    assert KEY.encode() not in written and f"127.0.0.1:{server.port}".encode() not in written
    account = json.loads((tmp_path / "runs" / "model" / "run.json").read_text())["writer"]
    assert account["bill"]["total"]["usd"] > 0.0 and account["bill"]["total"]["calls"] == asked
