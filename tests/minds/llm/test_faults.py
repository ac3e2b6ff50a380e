"""Every way in which a host can fail, through the real litellm: a right answer or a named reason, and nothing else.

Each kind of fault is met by 25 calls, in none, one, two or all of their attempts, at places and in forms that differ.
What must come of each is known beforehand (`tests/openai_server.py`), to the letter.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from minds.llm.budget import Budget, worst_tokens
from minds.llm.call import Answer, Call, Message, NoAnswer
from minds.llm.reach import LiteLLM
from minds.llm.recorded import TRIES, Recorded
from minds.llm.tape import Tape
from tests.openai_server import FAULTS, KEY, SLOW, TIMEOUT, Clock, OpenAIServer, Trouble, completion, http, point

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("litellm") is None, reason="needs the extra llm"),
    pytest.mark.filterwarnings("ignore::UserWarning:pydantic"),  # of answers that are none
]
REPEATS = 25
MODEL = "openai/small"


def call(number: int) -> Call:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    return Call(MODEL, "argue/1", (Message("user", f"call {number}"),), schema, 50)


WORST = worst_tokens(call(10)) + 50


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    host = OpenAIServer(lambda request: [http(completion("ready"))], Clock())
    yield host
    host.close()


@pytest.fixture(scope="module")
def line(server: OpenAIServer) -> Iterator[LiteLLM]:
    """One line for all: litellm takes seconds to come."""
    with pytest.MonkeyPatch.context() as patch:
        point(patch, server.address)
        yield LiteLLM(MODEL, clock=server.clock)


def desk(line: LiteLLM, folder: Path, server: OpenAIServer, cap: int, workers: int) -> Recorded:
    budget = Budget(clock=server.clock, tokens=cap)
    return Recorded(line, Tape(folder), budget, workers=workers, timeout=TIMEOUT)


@pytest.mark.parametrize("name", FAULTS)
def test_a_call_that_meets_a_fault_ends_as_it_must(
    name: str,
    line: LiteLLM,
    server: OpenAIServer,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault = FAULTS[name]
    again = fault.comes in ("again", "answer")
    trouble = Trouble(fault, lambda number: number % 4 if again else number % 2 * 9)
    server.script, server.asked = trouble, []
    model = desk(line, tmp_path, server, cap := REPEATS * TRIES * WORST, 1 if name in SLOW else 4)
    outcomes = model.ask([call(number) for number in range(REPEATS)])

    for number, outcome in enumerate(outcomes):
        met = trouble.faulty(number)
        if fault.comes == "answer":
            expected = f"answer {number} — 1"
        elif met == 0 or (again and met < TRIES):
            expected = f"answer {number} — {met + 1}"
        else:
            assert isinstance(outcome, NoAnswer), outcome
            assert outcome.reason == ("refused" if fault.comes == "refused" else "transport")
            continue
        assert isinstance(outcome, Answer) and (outcome.text, outcome.finish) == (expected, "stop")
        if met == 0:
            assert (outcome.tokens_in, outcome.tokens_out) == (20, 5)

    assert max(trouble.attempts.values()) <= (TRIES if again else 2), (
        "a schema that is not taken costs one request more"
    )
    assert trouble.worked <= model.budget.spent.tokens <= cap
    written = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.json")]
    assert len(written) == REPEATS
    told = [str(outcome) for outcome in outcomes if isinstance(outcome, NoAnswer)]
    shown = capfd.readouterr()
    for text in (*written, *told, shown.out, shown.err, caplog.text):
        assert KEY not in text and "127.0.0.1" not in text
    assert not shown.out and not shown.err, "litellm says nothing to the terminal"


@pytest.mark.parametrize(
    "name", ["429", "500", "reset at once", "usage missing", "closed within the body", "100 MB", "silence"]
)
@pytest.mark.parametrize("share", [0.9, 2.5, 7.7])
def test_a_budget_is_not_exceeded_by_one_token(
    name: str, share: float, line: LiteLLM, server: OpenAIServer, tmp_path: Path
) -> None:
    """The host counts what it has truly worked for, tokens of attempts in vain too."""
    cap = int(share * WORST)
    trouble = Trouble(FAULTS[name], lambda number: number % 4)
    server.script = trouble
    model = desk(line, tmp_path, server, cap, 1 if name in SLOW else 4)
    outcomes = model.ask([call(number) for number in range(REPEATS)])
    assert trouble.worked <= model.budget.spent.tokens <= cap
    assert sum(trouble.attempts.values()) * 25 <= max(cap, trouble.worked) or not FAULTS[name].spent
    if share < 1:
        assert not trouble.attempts and {getattr(outcome, "reason", "") for outcome in outcomes} == {"budget"}


def test_a_host_that_is_not_there(line: LiteLLM, tmp_path: Path) -> None:
    gone = OpenAIServer(lambda request: [], Clock())
    address = gone.address
    gone.close()
    with pytest.MonkeyPatch.context() as patch:
        point(patch, address)
        model = Recorded(line, Tape(tmp_path), Budget(clock=lambda: 0.0, tokens=10**6))
        outcomes = model.ask([call(number) for number in range(REPEATS)])
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, NoAnswer)]
    assert len(reasons) == REPEATS and set(reasons) == {"transport", "breaker"}
    assert "could not be reached" in str(outcomes[0]) and model.budget.spent.tokens == 0
    assert reasons.count("transport") < 5 + 4, "the breaker opens after five; up to three more are under way"


def test_tls_where_none_is_spoken(line: LiteLLM, server: OpenAIServer, tmp_path: Path) -> None:
    server.script = lambda request: [http(completion("never this"))]
    with pytest.MonkeyPatch.context() as patch:
        point(patch, server.address.replace("http:", "https:"))
        model = desk(line, tmp_path, server, 10**6, 2)
        outcomes = model.ask([call(number) for number in range(4)])
    assert all(isinstance(outcome, NoAnswer) and outcome.reason == "transport" for outcome in outcomes)
    assert model.budget.spent.tokens == 0
