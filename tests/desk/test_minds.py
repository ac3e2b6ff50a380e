"""`workshop minds check`: a table for people, a document for machines, exit code 1 when something needs doing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from minds.checks.kit import CHECKS
from tests.runs import main
from tests.shelf import Shelf, put_up

CODE = '''
from minds import Abstention, View
print("imported")
class Mind:
    """Leans with the last day."""
    name = "zodiac"
    {extra}
    def view(self, snapshot, reading, target):
        z = snapshot.z("market.ret_1d")
        if z is None:
            return Abstention(self.name, target.key, snapshot.why_missing("market.ret_1d"))
        return View(self.name, target.key, z / {scale})
'''


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    with put_up(tmp_path, monkeypatch) as shelf:
        yield shelf


def test_a_mind_that_passes(shelf: Shelf) -> None:
    shelf.put("zodiac", CODE.format(extra="", scale=3))
    ran = main("minds", "check", "zodiac")
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert all(name in ran.err for name in CHECKS)
    assert "microseconds a view" in ran.err and "Losing an input never adds confidence." in ran.err


def test_a_mind_that_fails_and_says_that_it_would(shelf: Shelf) -> None:
    shelf.put("zodiac", CODE.format(extra="expected_failures = {'lean_in_range': 'it shouts'}", scale=2))
    ran = main("minds", "check", "zodiac", "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["mind"], found["ok"]) == (0, "zodiac", True), ran.err
    by_name = {item["name"]: item for item in found["checks"]}
    assert list(by_name) == list(CHECKS)
    assert by_name["lean_in_range"]["outcome"] == "expected"
    assert by_name["lean_in_range"]["told"].startswith("it shouts (asked about SPY:1 on 200")
    assert {item["outcome"] for name, item in by_name.items() if name != "lean_in_range"} == {"passed"}


def test_a_class_in_a_file_that_fails(tmp_path: Path) -> None:
    (tmp_path / "zodiac_file.py").write_text(CODE.format(extra="", scale=2), encoding="utf-8")
    ran = main("minds", "check", f"{tmp_path}/zodiac_file.py:Mind", "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["ok"]) == (1, False)
    assert [item["name"] for item in found["checks"] if item["outcome"] != "passed"] == ["lean_in_range"]
    last = ran.err.splitlines()[-1]
    assert last.startswith("workshop: 1 of 19 checks of ") and last.endswith(" failed; each says above what to do")


@pytest.mark.parametrize(
    ("what", "code", "sentence"),
    [
        ("flwo", None, "no mind is called 'flwo'; did you mean 'flow'?"),
        ("none.py:Mind", None, "there is no file {}/none.py; give the path of a Python file, as in"),
        ("file.py", "", "names no class; write it as in momentum_mind.py:Momentum"),
        ("file.py:", "", "names no class; write it as in momentum_mind.py:Momentum"),
        ("file.py:Mind", "x = 1", "file.py:Mind cannot be loaded: AttributeError"),
        ("file.py:Mind", "Mind = 7", "is no class; write it as in momentum_mind.py:Momentum"),
        ("file.py:Mind", "def Mind(", "file.py:Mind cannot be loaded: SyntaxError"),
        ("file.py:Mind", "import sys; sys.exit(0)", "file.py:Mind cannot be loaded: SystemExit: 0"),
        ("file.py:Mind", "class Mind: pass", "no mind can be made by Mind(): AttributeError"),
        ("file.py:Mind", "class Mind: name = 'x'", "Mind is no mind: it must have that `name` and a method `view`"),
        ("file.txt:Mind", "class Mind: name = 'x'", "file.txt is not a Python file; give one whose name ends in .py"),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_is_one_sentence(what: str, code: str | None, sentence: str, tmp_path: Path) -> None:
    if code is not None:
        (tmp_path / what.partition(":")[0]).write_text(code, encoding="utf-8")
    ran = main("minds", "check", f"{tmp_path}/{what}" if "." in what else what)
    assert (ran.code, ran.out) == (2, ""), ran
    assert ran.err.startswith("workshop: ") and ran.err.count("\n") == 1 and "Traceback" not in ran.err
    assert sentence.format(tmp_path) in ran.err
