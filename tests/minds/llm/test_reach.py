"""The line by litellm: what it sends, what it takes for an answer, and what it never does."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.errors import InputError
from minds.llm.budget import Budget, Price
from minds.llm.call import Answer, Call, Message, NoAnswer
from minds.llm.opening import open_model
from minds.llm.reach import COMPROMISED, LiteLLM
from minds.llm.recorded import Recorded
from minds.llm.tape import Tape
from tests.openai_server import KEY, Clock, OpenAIServer, Request, completion, http, point
from tests.runs import ROOT

needs_litellm = pytest.mark.skipif(importlib.util.find_spec("litellm") is None, reason="needs the extra llm")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
CALL = Call(
    "openai/small", "argue/1", (Message("system", "Be brief."), Message("user", "What of QQQ?")), SCHEMA, 50, 0.7
)


def opened(text: str, folder: Path, budget: Budget | None = None) -> Recorded:
    held = budget or Budget(clock=lambda: 0.0)
    return open_model(text, calls=folder, budget=held, clock=time.monotonic, sleep=lambda _: None)


# --- without litellm --------------------------------------------------------------------------------------------------


def test_without_the_extra_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(InputError, match=r"pip install 'workshop-desk\[llm\]'"):
        opened("litellm:openai/small", tmp_path)


@pytest.mark.parametrize("version", sorted(COMPROMISED))
def test_a_compromised_release_is_refused_before_it_is_imported(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    before = set(sys.modules)
    with pytest.raises(InputError, match=f"litellm {version} is a compromised release and is not imported"):
        opened("litellm:openai/small", tmp_path)
    assert "litellm" not in set(sys.modules) - before


def test_the_pinned_release_is_not_among_the_compromised() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (pin,) = [line for line in extras["llm"] if line.startswith("litellm")]
    assert pin.startswith("litellm==") and pin.removeprefix("litellm==") not in COMPROMISED


def test_replaying_imports_neither_litellm_nor_httpx(tmp_path: Path) -> None:
    Tape(tmp_path).keep(CALL, Answer("yes", "stop", 1, 1), *([Budget(clock=lambda: 0.0).worst(CALL)] * 2))
    code = (
        "import sys, pathlib; from minds.llm.opening import open_model; from minds.llm.budget import Budget;"
        f"m = open_model('replay:' + {str(tmp_path)!r}, calls=pathlib.Path('x'), budget=Budget(clock=lambda: 0.0),"
        "clock=lambda: 0.0, sleep=lambda s: None);"
        "print(m.name, sorted({'litellm', 'httpx', 'openai', 'pandas'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "openai/small []\n"


# --- with it ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    host = OpenAIServer(lambda request: [http(completion("Up."))], Clock())
    point(monkeypatch, host.address)
    yield host
    host.close()


def line(server: OpenAIServer, model: str = "openai/small") -> LiteLLM:
    return LiteLLM(model, clock=server.clock)


@needs_litellm
def test_the_question_is_sent_as_it_is(server: OpenAIServer) -> None:
    assert line(server).send(CALL, 60.0) == Answer("Up.", "stop", 20, 5)
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions" and asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": "small",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What of QQQ?"}],
        "max_tokens": 50,
        "temperature": 0.7,
        "response_format": {"type": "json_schema", "json_schema": {"name": "argue", "schema": SCHEMA, "strict": True}},
    }


@needs_litellm
def test_a_host_that_takes_no_schema_is_asked_without_one_from_then_on(server: OpenAIServer) -> None:
    def picky(request: Request) -> list[bytes]:
        return [http(b"{}", "400 Bad Request") if "response_format" in request.body else http(completion("Up."))]

    server.script = picky
    way = line(server)
    for _ in range(3):
        assert way.send(CALL, 60.0).text == "Up."
    assert ["response_format" in request.body for request in server.asked] == [True, False, False, False]


@needs_litellm
def test_a_host_that_takes_no_such_call_at_all_is_offered_the_schema_again(server: OpenAIServer) -> None:
    server.script = lambda request: [http(b"{}", "400 Bad Request")]
    way = line(server)
    for _ in range(2):
        with pytest.raises(NoAnswer, match="does not accept the call"):
            way.send(CALL, 60.0)
    server.script = lambda request: [http(completion("Up."))]
    way.send(CALL, 60.0)
    assert ["response_format" in request.body for request in server.asked] == [True, False, True, False, True]


FINISHES = {
    "stop": "stop", "eos": "stop", "length": "length", "max_tokens": "length", "content_filter": "content_filter",
    "network_error": "other", "ERROR": "other", "MALFORMED_RESPONSE": "other", "\x1b[31m": "other", "": "other",
}  # fmt: skip


@needs_litellm
@pytest.mark.parametrize("words, finish", FINISHES.items())
def test_why_it_ended_is_one_of_a_few_words(server: OpenAIServer, words: str, finish: str) -> None:
    document = completion("Up.")
    document["choices"][0]["finish_reason"] = words
    server.script = lambda request: [http(document)]
    assert line(server).send(CALL, 60.0).finish == finish


@needs_litellm
def test_the_key_and_the_call_are_not_taken_to_another_host(server: OpenAIServer) -> None:
    other = OpenAIServer(lambda request: [http(completion("never this"))], Clock())
    with contextlib.closing(other):
        for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"):
            where = f"{other.address}/chat/completions"
            server.script = lambda request, status=status, where=where: [http(b"", status, Location=where)]  # type: ignore[misc] # bound now
            with pytest.raises(NoAnswer, match="is not sent on"):
                line(server).send(CALL, 60.0)
    assert not other.asked and len(server.asked) == 5


@needs_litellm
def test_other_providers_go_by_the_same_wire(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the openai package: another client of litellm's, another header for the key, another form of answer."""
    monkeypatch.setenv("ANTHROPIC_API_BASE", server.address.removesuffix("/v1"))
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    way = line(server, "anthropic/claude-sonnet-4-5")
    said = {"type": "text", "text": "Down."}
    document = {"id": "1", "type": "message", "role": "assistant", "model": "x", "content": [said]}
    usage = {"input_tokens": 11, "output_tokens": 3}
    server.script = lambda request: [http(document | {"stop_reason": "end_turn", "usage": usage})]
    answer = way.send(CALL._replace(model=way.name), 60.0)
    assert (answer.text, answer.finish, answer.tokens_in, answer.tokens_out) == ("Down.", "stop", 11, 3)
    assert way.price is not None and answer.usd == pytest.approx(11 * way.price.usd_in + 3 * way.price.usd_out)
    assert server.asked[0].headers["x-api-key"] == KEY
    server.script = lambda request: [http(b"", "307 Temporary Redirect", Location="http://127.0.0.2:9/")]
    with pytest.raises(NoAnswer, match="is not sent on"):
        way.send(CALL._replace(model=way.name), 60.0)


@needs_litellm
def test_an_answer_that_came_another_way_is_none(server: OpenAIServer) -> None:
    """Some provider's own library may have brought it, past every bound."""
    way = line(server)
    way._litellm = SimpleNamespace(completion=lambda **_: "an answer from somewhere")
    with pytest.raises(NoAnswer, match="neither time nor size is bounded"):
        way.send(CALL, 60.0)


@needs_litellm
def test_nothing_leaves_but_by_an_attempt(server: OpenAIServer) -> None:
    line(server)
    import litellm

    from minds.llm.attempt import NotGranted

    with pytest.raises(NotGranted):
        litellm.completion(model="openai/small", messages=[{"role": "user", "content": "?"}])
    assert not server.asked


@needs_litellm
def test_a_host_that_counts_more_tokens_than_there_can_be_is_charged_and_asked_no_more(
    server: OpenAIServer, tmp_path: Path
) -> None:
    server.script = lambda request: [http(completion("Up.", 10**9, 5))]
    model = opened("litellm:openai/small", tmp_path, Budget(clock=lambda: 0.0, tokens=10**6))
    outcomes = [*model.ask([CALL]), *model.ask([CALL._replace(sample=1)])]
    assert isinstance(outcomes[0], Answer) and model.budget.spent.tokens == 10**9 + 5
    assert isinstance(outcomes[1], NoAnswer) and outcomes[1].reason == "budget" and len(server.asked) == 1


@needs_litellm
def test_a_price_is_known_without_asking_anybody(server: OpenAIServer, tmp_path: Path) -> None:
    """Truth: what the host's own price list said in 2025, USD for a million tokens."""
    assert line(server, "openai/gpt-4o-mini").price == Price(0.15e-6, 0.60e-6)
    budget = Budget(clock=lambda: 0.0, usd=1.0)
    opened("litellm:openai/gpt-4o-mini", tmp_path, budget)
    assert budget.price == Price(0.15e-6, 0.60e-6)
    with pytest.raises(InputError, match=r"no price is known for openai/small, so .* use --budget-tokens"):
        opened("litellm:openai/small", tmp_path, Budget(clock=lambda: 0.0, usd=1.0))
    assert not server.asked


@needs_litellm
def test_a_model_without_key_or_provider_is_refused_at_once(
    server: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"litellm knows no provider for the model 'small'; .* openai/small"):
        opened("litellm:small", tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(InputError, match="openai/small needs OPENAI_API_KEY in the environment"):
        opened("litellm:openai/small", tmp_path)


@needs_litellm
def test_cold_warm_and_replay_through_litellm(server: OpenAIServer, tmp_path: Path) -> None:
    server.script = lambda request: [http(completion(json.dumps({"a": request.text[::-1]})))]
    calls = [CALL._replace(messages=(Message("user", text),)) for text in ("one", "two", "three")]
    cold = opened("litellm:openai/small", tmp_path).ask(calls)
    warm = opened("litellm:openai/small", tmp_path).ask(calls)
    asked = len(server.asked)
    server.close()
    replay = opened(f"replay:{tmp_path}", tmp_path).ask(calls)
    assert [answer.text for answer in cold if isinstance(answer, Answer)] == [
        '{"a": "eno"}',
        '{"a": "owt"}',
        '{"a": "eerht"}',
    ]
    assert asked == 3 and warm == replay == [
        answer._replace(kept=True) for answer in cold if isinstance(answer, Answer)
    ]


@needs_litellm
def test_nobody_but_the_model_s_host_is_spoken_to(server: OpenAIServer, tmp_path: Path) -> None:
    """A process of its own, in which the interpreter tells of every connection, from its start to its end."""
    ran = asking(tmp_path, AUDIT)
    assert "Up." in ran.stdout and len(server.asked) == 1
    spoken = set(ran.stderr.split("\n")) - {""}
    assert spoken == {f"connect 127.0.0.1 {server.port}"}


AUDIT = """
import sys
def hook(event, args):
    if event == "socket.connect":
        print("connect", *args[1][:2], file=sys.stderr)
    elif event == "socket.getaddrinfo" and not str(args[0]).startswith("127."):
        print("look up", *args[:2], file=sys.stderr)
sys.addaudithook(hook)
"""
ASK = """
import pathlib, time
from minds.llm.budget import Budget
from minds.llm.call import Call, Message
from minds.llm.opening import open_model
model = open_model("litellm:openai/small", calls=pathlib.Path({folder!r}), clock=time.monotonic,
                   budget=Budget(clock=time.monotonic), sleep=time.sleep)
print(*model.ask([Call("openai/small", "argue/1", (Message("user", "hi"),), {{}}, 9)]))
"""


def asking(folder: Path, before: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """One call to `openai/small` in another process, its record in `folder`."""
    code = before + ASK.format(folder=str(folder))
    told = os.environ | {"PYTHONWARNINGS": "ignore"} | environment
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env=told, check=True)


@needs_litellm
def test_a_debugging_environment_does_not_print_the_key(server: OpenAIServer, tmp_path: Path) -> None:
    """A process of its own, with litellm's switches for printing whole requests on, and a host that repeats the key."""
    server.script = lambda request: [http({"error": {"message": f"wrong key {KEY}"}}, "401 Unauthorized")]
    ran = asking(tmp_path, LITELLM_LOG="DEBUG", DETAILED_DEBUG="True")
    assert "no answer (refused): the host does not accept the key (401)" in ran.stdout
    written = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()]
    assert written and all(KEY not in text for text in (ran.stdout, ran.stderr, *written)) and not ran.stderr
