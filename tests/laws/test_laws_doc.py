"""docs/laws.md lists every law, in the words of its test, and nothing else."""

from __future__ import annotations

import ast
import re

import pytest

from tests.runs import ROOT

PAGE = (ROOT / "docs" / "laws.md").read_text(encoding="utf-8")
LISTED = {
    (path, name): " ".join(sentence.split())
    for sentence, path, name in re.findall(r"^- (.+?)\s+`([\w/.]+)::(\w+)`$", PAGE, flags=re.M | re.S)
}


def laws_of(path: str) -> dict[str, str]:
    """Test or state machine -> first paragraph of its docstring."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        machine = isinstance(node, ast.ClassDef) and any(
            isinstance(base, ast.Name) and base.id == "RuleBasedStateMachine" for base in node.bases
        )
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and (test or machine):
            found[node.name] = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
    return found


FILES = sorted({f"tests/laws/{path.name}" for path in (ROOT / "tests" / "laws").glob("test_*.py")} - {
    "tests/laws/test_laws_doc.py"
})  # fmt: skip


@pytest.mark.parametrize("path", FILES)
def test_every_law_is_listed_in_its_own_words(path: str) -> None:
    laws = {(path, name): said for name, said in laws_of(path).items() if not name.startswith("test_the_suite_")}
    assert laws == {key: sentence for key, sentence in LISTED.items() if key[0] == path}


def test_what_is_listed_elsewhere_is_there() -> None:
    others = [key for key in LISTED if key[0] not in FILES]
    assert others and all(name in laws_of(path) for path, name in others)
    assert PAGE.count("\n- ") == len(LISTED), "a line that names no test"
