"""Asking: the record first, the budget always, and the same outcomes however calls ran."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from minds.llm.budget import Budget, Price, worst_tokens
from minds.llm.call import Answer, Call, Message, NoAnswer
from minds.llm.line import Fault
from minds.llm.opening import open_model
from minds.llm.recorded import BREAKS, Recorded
from minds.llm.scripted import Scripted
from minds.llm.tape import Tape

Said = str | Answer | NoAnswer


def call(text: str, who: str = "Flow", max_tokens: int = 50) -> Call:
    return Call("scripted", "argue/1", (Message("user", text),), {"type": "object"}, max_tokens, who=who)


def question(asked: Call) -> str:
    return asked.messages[-1].text


def free(**caps: float) -> Budget:
    return Budget(clock=lambda: 0.0, **caps)  # type: ignore[arg-type] # tokens are whole where given


def desk(folder: Path, answer: Callable[[Call], Said], budget: Budget | None = None, **rest: object) -> Recorded:
    return Recorded(Scripted(answer), Tape(folder), budget or free(), **rest)  # type: ignore[arg-type] # options


def plain(outcomes: list[Answer | NoAnswer]) -> list[tuple[str, ...]]:
    """Outcomes without what may differ between a cold and a warm run: whether they come from the record."""
    return [("no", it.reason, it.detail) if isinstance(it, NoAnswer) else ("yes", *map(str, it[:6])) for it in outcomes]


def script(model: Recorded) -> Scripted:
    assert isinstance(model._line, Scripted)
    return model._line


def test_a_warm_run_asks_nothing_and_says_the_same(tmp_path: Path) -> None:
    calls = [call(text) for text in "abc"]
    cold = desk(tmp_path, question)
    first = cold.ask(calls)
    warm = desk(tmp_path, lambda _: "never asked")
    second = warm.ask(calls)
    assert plain(first) == plain(second) and not script(warm).asked
    assert [answer.kept for answer in first + second if isinstance(answer, Answer)] == [False] * 3 + [True] * 3


def test_outcomes_come_in_the_calls_order_whoever_is_first(tmp_path: Path) -> None:
    """Each of the first three calls waits until all three are under way, and the first ends last."""
    barrier, last = threading.Barrier(3), threading.Event()

    def slow(asked: Call) -> str:
        barrier.wait(30)
        if question(asked) == "a":
            assert last.wait(30)
        elif question(asked) == "c":
            last.set()
        return question(asked).upper()

    outcomes = desk(tmp_path, slow, workers=3).ask([call(text) for text in "abc"])
    assert [answer.text for answer in outcomes if isinstance(answer, Answer)] == ["A", "B", "C"]


def test_never_more_calls_at_a_time_than_workers(tmp_path: Path) -> None:
    lock, seen = threading.Lock(), [0, 0]

    def counted(asked: Call) -> str:
        with lock:
            seen[0] += 1
            seen[1] = max(seen)
        threading.Event().wait(0.001)
        with lock:
            seen[0] -= 1
        return "ok"

    desk(tmp_path, counted, workers=3).ask([call(str(number)) for number in range(30)])
    assert 1 <= seen[1] <= 3


def test_the_same_question_is_asked_once_and_told_to_all(tmp_path: Path) -> None:
    model = desk(tmp_path, question)
    outcomes = model.ask([call("a"), call("a", "Macro"), call("b")]) + model.ask([call("a", "Contrarian")])
    assert [question(asked) for asked in script(model).asked] == ["a", "b"]
    assert [answer.text for answer in outcomes if isinstance(answer, Answer)] == ["a", "a", "b", "a"]
    rows = model.bill.rows
    assert {who: (row.calls, row.kept) for who, row in rows.items()} == {
        "Flow": (2, 0), "Macro": (1, 1), "Contrarian": (1, 1)
    }  # fmt: skip


def test_a_failure_is_told_again_in_this_run_asked_again_in_the_next_and_repeated_by_a_replay(tmp_path: Path) -> None:
    broken = desk(tmp_path, lambda _: NoAnswer("refused", "no such model"))
    first = broken.ask([call("a")]) + broken.ask([call("a")])
    assert plain(first) == [("no", "refused", "no such model")] * 2 and len(script(broken).asked) == 1
    replay = Recorded(None, Tape(tmp_path), free(), name="scripted")
    assert plain(replay.ask([call("a")])) == plain(first[:1])
    mended = desk(tmp_path, question)
    assert plain(mended.ask([call("a")]))[0][:2] == ("yes", "a")
    assert plain(Recorded(None, Tape(tmp_path), free()).ask([call("a")]))[0][:2] == ("yes", "a")


def test_a_replay_fails_closed_and_says_for_whom(tmp_path: Path) -> None:
    desk(tmp_path, question).ask([call("a")])
    replay = Recorded(None, Tape(tmp_path), free())
    with pytest.raises(InputError, match=r"holds no answer to prompt argue/1 for Flow .* litellm:MODEL"):
        replay.ask([call("a"), call("b")])


# --- tries ------------------------------------------------------------------------------------------------------------


def failing(times: int, **how: Any) -> Callable[[Call], Said]:
    left = {"n": times}

    def answer(asked: Call) -> Said:
        left["n"] -= 1
        return Fault("transport", "dead", **how) if left["n"] >= 0 else question(asked)

    return answer


@pytest.mark.parametrize("times, asked", [(0, 1), (1, 2), (2, 3), (3, 3), (9, 3)])
def test_there_are_at_most_two_more_tries(tmp_path: Path, times: int, asked: int) -> None:
    model = desk(tmp_path, failing(times, again=True))
    (outcome,) = model.ask([call("a")])
    assert isinstance(outcome, Answer) == (times < 3) and len(script(model).asked) == asked


def test_what_cannot_do_better_is_not_tried_again(tmp_path: Path) -> None:
    model = desk(tmp_path, failing(1, again=False))
    assert plain(model.ask([call("a")])) == [("no", "transport", "dead")] and len(script(model).asked) == 1


def test_pauses_are_jittered_grow_and_repeat_themselves(tmp_path: Path) -> None:
    pauses: list[list[float]] = []
    for run in range(2):
        slept: list[float] = []
        model = desk(tmp_path / str(run), lambda _: Fault("transport", "dead", again=True), sleep=slept.append)
        for number in range(4):
            model.ask([call(str(number))])
        pauses.append(slept)
    assert pauses[0] == pauses[1] and len(set(pauses[0])) == 8
    assert all(0 <= pause <= 1 for pause in pauses[0][::2]) and all(0 <= pause <= 2 for pause in pauses[0][1::2])


def test_a_host_that_names_a_pause_is_waited_for(tmp_path: Path) -> None:
    slept: list[float] = []
    desk(tmp_path, failing(1, again=True, after=7.0), sleep=slept.append).ask([call("a")])
    assert slept == [7.0]


def test_a_host_that_names_a_long_pause_is_not(tmp_path: Path) -> None:
    slept: list[float] = []
    model = desk(tmp_path, failing(1, again=True, after=86_400.0), sleep=slept.append)
    assert plain(model.ask([call("a")])) == [("no", "transport", "dead")] and slept == []


def test_five_failed_calls_in_a_row_end_the_asking(tmp_path: Path) -> None:
    model = desk(tmp_path, lambda _: NoAnswer("refused", "no"), workers=1)
    outcomes = model.ask([call(str(number)) for number in range(BREAKS + 3)])
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, NoAnswer)]
    assert reasons == ["refused"] * BREAKS + ["breaker"] * 3 and len(script(model).asked) == BREAKS
    assert model.ask([call("later")])[0].reason == "breaker"  # type: ignore[union-attr] # a failure by now


def test_an_answer_in_between_closes_the_breaker_again(tmp_path: Path) -> None:
    model = desk(tmp_path, lambda asked: "ok" if question(asked) == "4" else NoAnswer("refused", "no"), workers=1)
    outcomes = model.ask([call(str(number)) for number in range(9)])
    assert [isinstance(outcome, Answer) for outcome in outcomes] == [number == 4 for number in range(9)]
    assert len(script(model).asked) == 9


# --- budget and deadline ----------------------------------------------------------------------------------------------


def cost(asked: Call) -> int:
    """What `Scripted` says that a call and its echo come to."""
    return max(1, len(question(asked)) // 4) * 2


def test_a_budget_for_so_many_worst_cases_stops_exactly_there(tmp_path: Path) -> None:
    one = worst_tokens(call("a")) + 50
    model = desk(tmp_path, question, free(tokens=one + 3 * 2), workers=1)  # each really costs 2
    outcomes = model.ask([call(text) for text in "abcdef"])
    assert [isinstance(outcome, Answer) for outcome in outcomes] == [True] * 4 + [False] * 2
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, NoAnswer)} == {"budget"}
    assert model.budget.spent.tokens == 8 and model.bill.total().tokens == 8


CALLS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 300), st.booleans()), max_size=10)


@given(CALLS, st.integers(500, 9000), st.integers(1, 4), st.integers(0, 3))
@settings(max_examples=60)
def test_cold_warm_and_replayed_runs_are_stopped_at_the_same_call(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, int, bool]], cap: int, workers: int, cut: int
) -> None:
    """Cold and warm differ in nothing but `kept`, wherever the batches are cut and however many run at a time.

    Questions of b need two attempts, those of c three, and the one of h has no answer; attempts in vain may cost.
    """
    folder = tmp_path_factory.mktemp("calls")
    calls = [call("h" if letter == "h" else letter * size + letter, max_tokens=20) for letter, size, _ in asked]
    spent = {question(made): costs for made, (_, _, costs) in zip(calls, asked, strict=True)}
    runs = []
    for number in range(4):
        tape = Tape(folder)
        tried: Counter[str] = Counter()

        def answer(made: Call, tried: Counter[str] = tried) -> Said:
            text = question(made)
            tried[text] += 1
            if tried[text] <= {"b": 1, "c": 2, "h": 3}.get(text[0], 0):
                return Fault("transport", "dead", again=True, spent=spent[text])
            return text

        line = None if number == 3 else Scripted(answer)
        model = Recorded(line, tape, free(tokens=cap), workers=workers if number < 2 else 1)
        outcomes = model.ask(calls[:cut]) + model.ask(calls[cut:])
        runs.append(plain(outcomes))
        assert model.budget.spent.tokens <= cap
    assert runs[0] == runs[1] == runs[2] == runs[3]


def test_a_host_that_counts_too_much_stops_cold_warm_and_replayed_runs_alike(tmp_path: Path) -> None:
    def answer(asked: Call) -> Answer:
        return Answer("text", "stop", 10**6 if question(asked) == "b" else 5, 5)

    runs = []
    for number in range(3):
        line = None if number == 2 else Scripted(answer)
        model = Recorded(line, Tape(tmp_path), free(), workers=1)
        runs.append(plain(model.ask([call(text) for text in "abcd"])))
    assert [row[:2] for row in runs[0]] == [("yes", "text")] * 2 + [("no", "budget")] * 2
    assert runs[0] == runs[1] == runs[2]


def test_an_attempt_of_which_nobody_knows_the_cost_is_charged_its_worst_case(tmp_path: Path) -> None:
    worst = worst_tokens(call("a")) + 50
    for spent, expected in ((True, 2 * worst + 2), (False, 2)):
        model = desk(tmp_path / str(spent), failing(2, again=True, spent=spent))
        model.ask([call("a")])
        assert model.budget.spent.tokens == model.bill.total().tokens == expected
    silent = desk(tmp_path / "silent", lambda _: Answer("text", "stop"))
    silent.ask([call("a")])
    assert silent.budget.spent.tokens == worst


def test_a_try_that_does_not_fit_is_not_made(tmp_path: Path) -> None:
    worst = worst_tokens(call("a")) + 50
    model = desk(tmp_path, failing(9, again=True), free(tokens=2 * worst + worst - 1))
    assert plain(model.ask([call("a")])) == [("no", "transport", "dead")]
    assert len(script(model).asked) == 2 and model.budget.spent.tokens == 2 * worst


class Clock:
    """A clock that goes on when somebody sleeps or a call is made."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Slow(Scripted):
    """Uses all the time that it is given, up to `takes` seconds, and remembers when that was over."""

    def __init__(self, clock: Clock, takes: list[float], answer: Callable[[Call], Said]) -> None:
        super().__init__(answer)
        self.clock, self.takes, self.ends = clock, takes, [0.0]

    def send(self, call: Call, timeout: float) -> Answer:
        assert timeout > 0
        wants = self.takes[len(self.asked) % len(self.takes)]
        self.clock.sleep(min(timeout, wants))
        self.ends.append(self.clock.now)
        if wants > timeout:
            self.asked.append(call)
            raise Fault("transport", "no answer in time", again=True)
        return super().send(call, timeout)


@given(
    st.floats(0.5, 200.0),
    st.lists(st.floats(0.1, 90.0), min_size=1, max_size=6),
    st.integers(0, 2),
    st.sampled_from([None, 0.0, 5.0, 59.0, 61.0]),
)
def test_nothing_is_under_way_after_the_deadline(
    tmp_path_factory: pytest.TempPathFactory, seconds: float, takes: list[float], bad: int, after: float | None
) -> None:
    clock = Clock()
    line = Slow(clock, takes, failing(bad, again=True, after=after))
    held = Budget(clock=clock, seconds=seconds)
    model = Recorded(line, Tape(tmp_path_factory.mktemp("calls")), held, sleep=clock.sleep, workers=1)
    outcomes = model.ask([call(str(number)) for number in range(12)])
    assert max(line.ends) <= 1000.0 + seconds + 1e-9 and clock.now <= 1000.0 + seconds + 1e-9
    late = [isinstance(outcome, NoAnswer) and outcome.reason == "deadline" for outcome in outcomes]
    assert late == sorted(late), "after the first that came too late, none is answered"


def test_a_deadline_by_hand(tmp_path: Path) -> None:
    """100 s for calls of 30 s: three are answered, the fourth is broken off at 100 s, no more are sent."""
    clock = Clock()
    line = Slow(clock, [30.0], question)
    held = Budget(clock=clock, seconds=100.0)
    model = Recorded(line, Tape(tmp_path), held, sleep=clock.sleep, workers=1)
    outcomes = model.ask([call(text) for text in "abcdef"])
    assert [row[0] for row in plain(outcomes)] == ["yes"] * 3 + ["no"] * 3
    assert [row[1] for row in plain(outcomes)[3:]] == ["transport", "deadline", "deadline"]
    assert len(line.asked) == 4 and clock.now == 1100.0


def test_a_bill_by_mind(tmp_path: Path) -> None:
    price = Price(1e-6, 2e-6)
    line = Scripted(lambda asked: NoAnswer("refused", "no") if question(asked) == "bad" else "x" * 40, price=price)
    model = Recorded(line, Tape(tmp_path), Budget(clock=lambda: 0.0, price=price))
    model.ask([call("x" * 80, "Flow"), call("x" * 40, "Macro"), call("bad", "Macro")])
    flow, macro = model.bill.rows["Flow"], model.bill.rows["Macro"]
    assert (flow.calls, flow.tokens, flow.failures.total()) == (1, 30, 0) and flow.usd == pytest.approx(20e-6 + 20e-6)
    worst = worst_tokens(call("bad")) + 50
    assert (macro.calls, macro.tokens, macro.failures["refused"]) == (2, 20 + worst, 1)
    warm = Recorded(line, Tape(tmp_path), Budget(clock=lambda: 0.0))
    warm.ask([call("x" * 80, "Flow")])
    row = warm.bill.total()
    assert (row.calls, row.kept, row.tokens, row.usd, row.kept_tokens) == (1, 1, 0, 0.0, 30)
    assert row.kept_usd == pytest.approx(40e-6) and list(model.bill.rows) == ["Flow", "Macro"]


def test_an_answer_that_cannot_be_written_down_is_none(tmp_path: Path) -> None:
    (outcome,) = desk(tmp_path, lambda _: "half a pair \ud83d").ask([call("a")])
    assert plain([outcome]) == [("no", "transport", "the answer is not valid Unicode")]


def test_answers_that_came_before_a_crash_are_on_the_tape(tmp_path: Path) -> None:
    def crashes(asked: Call) -> str:
        if question(asked) == "c":
            raise KeyboardInterrupt
        return question(asked)

    with pytest.raises(KeyboardInterrupt):
        desk(tmp_path, crashes, workers=1).ask([call(text) for text in "abc"])
    assert len(Tape(tmp_path)) == 2


# --- opening ----------------------------------------------------------------------------------------------------------


def opened(text: str, folder: Path) -> Recorded:
    return open_model(text, calls=folder, budget=free(), clock=lambda: 0.0, sleep=lambda _: None)


def test_a_replay_finds_its_model_by_itself(tmp_path: Path) -> None:
    desk(tmp_path / "calls", question).ask([call("a")])
    model = opened(f"replay:{tmp_path / 'calls'}", tmp_path / "none")
    assert model.name == "scripted" and plain(model.ask([call("a")]))[0][:2] == ("yes", "a")
    assert not (tmp_path / "none").exists()


def test_a_replay_of_several_models_names_one(tmp_path: Path) -> None:
    for name in ("a/1", "b/2"):
        Recorded(Scripted(question, name), Tape(tmp_path), free()).ask([call("a")._replace(model=name)])
    with pytest.raises(InputError, match=r"holds calls of a/1, b/2; name one, as in replay:.*#a/1"):
        opened(f"replay:{tmp_path}", tmp_path)
    assert opened(f"replay:{tmp_path}#b/2", tmp_path).name == "b/2"
    with pytest.raises(InputError, match="holds no calls of c; it holds those of a/1, b/2"):
        opened(f"replay:{tmp_path}#c", tmp_path)


@pytest.mark.parametrize("text", ["", "gpt-5", "litellm:", "replay:", "openai:gpt", "LITELLM:x", "template"])
def test_what_is_no_model_is_refused_with_the_forms(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"give litellm:MODEL, such as .*, or replay:DIR"):
        opened(text, tmp_path)


def test_a_folder_without_calls_cannot_be_replayed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no recorded calls"):
        opened(f"replay:{tmp_path}", tmp_path)
    with pytest.raises(InputError, match=r"no folder .* to replay"):
        opened(f"replay:{tmp_path}/none", tmp_path)
