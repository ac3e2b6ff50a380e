"""The tape: what was kept is found again, and what cannot be trusted is refused by name."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from minds.llm.budget import FREE, Cost
from minds.llm.call import Answer, Call, Message, NoAnswer
from minds.llm.tape import Tape

ANSWER = Answer('{"thesis": "…"}', "stop", 120, 30, 0.00125, 1.5)
COST, WORST = Cost(150, 0.00125), Cost(900, 0.01)


def call(text: str = "What of QQQ?", **changes: Any) -> Call:
    return Call("openai/some", "argue/1", (Message("user", text),), {"type": "object"}, 300)._replace(**changes)


def file_of(tape: Tape, asked: Call) -> Path:
    return tape.folder / asked.key[:2] / f"{asked.key}.json"


def test_nothing_is_found_and_no_folder_made_before_something_is_kept(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "calls")
    assert tape.find(call()) is None and not tape.folder.exists() and len(tape) == 0 and tape.models() == ()


texts = st.text(st.characters(exclude_categories=["Cs"]))
amounts = st.floats(0, 1e6)


@given(texts, texts, st.integers(0, 10**9), st.integers(0, 10**9), amounts, amounts, texts)
def test_an_answer_comes_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory,
    said: str,
    finish: str,
    asked: int,
    told: int,
    usd: float,
    s: float,
    q: str,
) -> None:
    tape = Tape(tmp_path_factory.mktemp("tape"))
    answer = Answer(said, finish, asked, told, usd, s)
    tape.keep(call(q), answer, Cost(asked + told, usd), WORST)
    kept = Tape(tape.folder).find(call(q))
    assert kept is not None and kept.outcome == answer._replace(kept=True)
    assert (kept.cost, kept.worst) == (Cost(asked + told, usd), WORST)


def test_a_failure_comes_back(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.keep(call(), NoAnswer("refused", "the host said no"), FREE, WORST)
    kept = tape.find(call())
    assert kept is not None and isinstance(kept.outcome, NoAnswer)
    assert (kept.outcome.reason, kept.outcome.detail) == ("refused", "the host said no")


def test_an_answer_is_never_replaced_and_a_failure_is(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.keep(call(), NoAnswer("transport", "dead"), FREE, WORST)
    tape.keep(call(), ANSWER, COST, WORST)
    before = file_of(tape, call()).read_bytes()
    tape.keep(call(), NoAnswer("transport", "dead"), FREE, WORST)
    tape.keep(call(), ANSWER._replace(text="another"), COST, WORST)
    assert file_of(tape, call()).read_bytes() == before
    kept = tape.find(call())
    assert kept is not None and kept.outcome == ANSWER._replace(kept=True)


def test_the_file_says_everything_about_the_call_and_nothing_of_whom_it_is_for(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.keep(call(who="Flow"), ANSWER, COST, WORST)
    text = file_of(tape, call()).read_text(encoding="utf-8")
    document = json.loads(text)
    assert document["call"]["messages"] == [{"role": "user", "content": "What of QQQ?"}]
    assert (document["call"]["prompt"], document["call"]["model"]) == ("argue/1", "openai/some")
    assert document["outcome"]["text"] == ANSWER.text and document["cost"] == {"tokens": 150, "usd": 0.00125}
    assert "Flow" not in text and text.count("\n") > 20, "a person can read it"


def test_the_same_call_for_another_mind_is_the_same_call(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.keep(call(who="Flow"), ANSWER, COST, WORST)
    assert tape.find(call(who="Macro")) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "openai/other"},
        {"prompt": "argue/2"},
        {"schema": {"type": "array"}},
        {"max_tokens": 301},
        {"temperature": 0.1},
        {"sample": 1},
        {"messages": (Message("system", "What of QQQ?"),)},
        {"messages": (Message("user", "What of QQQ? "),)},
    ],
    ids=str,
)
def test_another_question_is_another_call(tmp_path: Path, changes: dict[str, Any]) -> None:
    tape = Tape(tmp_path)
    tape.keep(call(), ANSWER, COST, WORST)
    assert tape.find(call(**changes)) is None


def test_every_flipped_bit_and_every_cut_is_refused(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.keep(call(), ANSWER, COST, WORST)
    path = file_of(tape, call())
    whole = path.read_bytes()
    for at in range(len(whole)):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :]):
            path.write_bytes(damaged)
            try:
                kept = tape.find(call())
            except InputError as error:
                assert str(path) in str(error) and "delete" in str(error)
            else:  # white space between the fields may differ, nothing else
                assert damaged.split() == whole.split() or orjson.loads(damaged) == orjson.loads(whole), at
                assert kept is not None and kept.outcome == ANSWER._replace(kept=True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"GIF89a",
        b'{"format": 1}',
        b'{"format": 1, "sha256": "0"}',
        b"[" * 9999,
    ],
    ids=repr,
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    tape = Tape(tmp_path)
    path = file_of(tape, call())
    path.parent.mkdir()
    path.write_bytes(content)
    for reads in (lambda: tape.find(call()), tape.models, lambda: tape.keep(call(), ANSWER, COST, WORST)):
        with pytest.raises(InputError, match=path.name):
            reads()


def test_a_call_under_another_name_is_refused(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.keep(call(), ANSWER, COST, WORST)
    other = file_of(tape, call("Another question"))
    other.parent.mkdir(exist_ok=True)
    file_of(tape, call()).rename(other)
    with pytest.raises(InputError, match="holds another call than its name says"):
        tape.find(call("Another question"))


def test_a_later_format_is_refused_as_such(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.keep(call(), ANSWER, COST, WORST)
    path = file_of(tape, call())
    path.write_bytes(path.read_bytes().replace(b'"format": 1,\n  "outcome"', b'"format": 2,\n  "outcome"'))
    with pytest.raises(InputError, match="has format 2, this Workshop reads 1"):
        tape.find(call())


def test_a_file_in_the_way_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "calls").write_text("mine")
    with pytest.raises(InputError, match="is a file, not a folder"):
        Tape(tmp_path / "calls")
    (tmp_path / call().key[:2]).write_text("mine")
    with pytest.raises(InputError, match="is in the way"):
        Tape(tmp_path).find(call())


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    tape = Tape(tmp_path)
    tape.keep(call(), NoAnswer("transport", "dead"), FREE, WORST)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}

    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", fails)
    else:
        monkeypatch.setattr(Path, step, fails)
    with pytest.raises(InputError, match="No space left on device"):
        tape.keep(call(), ANSWER, COST, WORST)
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_many_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    answers = [ANSWER._replace(text=str(number) * 5000) for number in range(8)]
    writers = [threading.Thread(target=tape.keep, args=(call(), answer, COST, WORST)) for answer in answers]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    kept = tape.find(call())
    assert kept is not None and kept.outcome in [answer._replace(kept=True) for answer in answers]
    assert len(tape) == 1 and len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_models_are_listed_and_a_half_written_file_is_no_call(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    for model in ("b/2", "a/1", "b/2"):
        tape.keep(call(model=model), ANSWER, COST, WORST)
    (tmp_path / call().key[:2]).mkdir(exist_ok=True)
    (tmp_path / call().key[:2] / ".part-1-2").write_bytes(b"{")
    assert tape.models() == ("a/1", "b/2") and len(tape) == 2
