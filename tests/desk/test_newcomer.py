"""A newcomer's two minutes with a mind of their own: written, installed, listed, checked, tested, graded.

Everything happens in a virtual environment and a folder outside the checkout; no file of ours is touched.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from minds.baseline import BASELINES
from minds.checks import each_check
from minds.checks.otherwise import class_in_file
from tests.runs import ROOT, main
from tests.shelf import Shelf, put_up
from tests.venvs import Venv

FILES = {"README.md", "momentum_mind.py", "pyproject.toml", "test_momentum_mind.py"}


def tree() -> str:
    """What git sees of the checkout; empty where there is no git."""
    seen = subprocess.run(["git", "status", "--short"], cwd=ROOT, capture_output=True, text=True, check=False)
    return seen.stdout


@pytest.mark.slow
def test_step_by_step(tmp_path: Path) -> None:
    venv, before = Venv(tmp_path), tree()

    # 1. A package in the current folder.
    ran = venv.workshop("minds", "new", "momentum")
    assert (ran.code, ran.out) == (0, "") and "pip install -e momentum-mind" in ran.err
    package = venv.home / "momentum-mind"
    assert {path.name for path in package.iterdir()} == FILES

    # 2. Installed as it stands, so that changes count at once.
    venv.install("-e", package)

    # 3. It is there, next to ours.
    listed = {item["name"]: item for item in json.loads(venv.workshop("minds", "list", "--json").out)}
    assert list(listed) == ["macro", "flow", "contrarian", *BASELINES, "momentum"]
    assert (listed["momentum"]["distribution"], listed["momentum"]["error"]) == ("momentum-mind", "")
    assert listed["momentum"]["summary"] == "Leans with the last month."

    # 4. It keeps the contract, as the desk and as its own test see it.
    checked = json.loads(venv.workshop("minds", "check", "momentum", "--json").out)
    assert checked["ok"] and {item["outcome"] for item in checked["checks"]} == {"passed"}
    tested = venv.run("-m", "pytest", "-q", "-p", "no:cacheprovider", package)
    assert tested.code == 0 and "19 passed" in tested.out, tested.out + tested.err

    # 5. It is graded like any other.
    ran = venv.workshop("backtest", "--minds", "macro,momentum", "--start", "2018-06-01", "--end", "2018-12-31",
                        "--out", "run")  # fmt: skip
    assert ran.code == 0 and "momentum" in ran.err, ran.err
    scores = json.loads((venv.home / "run" / "scores.json").read_text(encoding="utf-8"))
    assert list(scores["minds"]) == ["macro", "momentum"]
    assert scores["minds"]["momentum"]["n"] > 200
    assert "momentum" in next((venv.home / "run" / "essays").iterdir()).read_text(encoding="utf-8").lower()

    # 6. What they change counts without installing anew, and what they break is told.
    code = (package / "momentum_mind.py").read_text(encoding="utf-8")
    (package / "momentum_mind.py").write_text(code.replace("z / 2", "snapshot.z('tides') / 2"), encoding="utf-8")
    ran = venv.workshop("minds", "check", "momentum")
    assert ran.code == 1 and "checks of momentum failed" in ran.err
    assert tree() == before


# --- workshop minds new ----------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    (tmp_path / "shelf").mkdir()
    with put_up(tmp_path / "shelf", monkeypatch) as shelf:
        yield shelf


def test_what_is_written_is_what_the_readme_teaches(here: Path) -> None:
    found = json.loads(main("minds", "new", "momentum", "--json").out)
    assert found == {"name": "momentum", "folder": "momentum-mind", "files": sorted(FILES)}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, language in (("momentum_mind.py", "python"), ("pyproject.toml", "toml")):
        text = (here / "momentum-mind" / name).read_text(encoding="utf-8")
        assert f"```{language}\n{text}```\n" in readme, name


@pytest.mark.parametrize("name", ["a", "x9", "my_mind", "a__b", "x_", "json", "random", "engine", "test", "a" * 30])
def test_other_names_give_packages_that_load(name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert main("minds", "new", name, "--dir", "new").code == 0
    project = tomllib.loads((here / "new" / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, title = project["project"]["entry-points"]["workshop.minds"][name].partition(":")
    assert importlib.util.find_spec(module) is None, "it hides no module that there is"
    mind = class_in_file(here / "new" / f"{module}.py", title)
    del sys.modules[module]
    (check,) = [check for check in each_check(mind) if str(check) == "declared_well"]
    check()
    assert mind.name == name and Requirement(project["project"]["name"]).name.endswith("-mind")
    compile((here / "new" / f"test_{module}.py").read_text(encoding="utf-8"), "test", "exec")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        *[(bad, "cannot be the name of a mind; use up to 30 small letters, digits and underscores, a letter first")
          for bad in ("", "Momentum", "9lives", "_x", "a-b", "a b", "../x", "a/b", "a\\b", ".", "a.b", "mömentum",
                      "a\n", "a" * 31, "~", "$HOME", "'); import os")],
        *[(taken, "means something else in Python or in the mind's own file; choose another name")
          for taken in ("class", "lambda", "none", "view", "abstention", "contribution", "true")],
        *[(ours, f"a mind called '{ours}' is installed already; choose another name") for ours in ("flow", "macro")],
    ],
)  # fmt: skip
def test_a_name_that_will_not_do_is_refused(name: str, sentence: str, here: Path) -> None:
    ran = main("minds", "new", "--", name)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err and ran.err.count("\n") == 1
    assert list(here.iterdir()) == []


def test_a_name_that_a_stranger_has_is_refused_also_where_the_variable_hides_it(
    shelf: Shelf, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.put("zodiac")
    monkeypatch.setenv("WORKSHOP_MINDS", "flow")
    ran = main("minds", "new", "zodiac")
    assert ran.code == 2 and "a mind called 'zodiac' is installed already" in ran.err


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_is_overwritten(name: str, here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / name).write_text("mine", encoding="utf-8")
    ran = main("minds", "new", "momentum", "--dir", "mine")
    assert ran.code == 2 and f"mine already holds {name}; choose another --dir, nothing was written" in ran.err
    assert {path.name: path.read_text(encoding="utf-8") for path in (here / "mine").iterdir()} == {name: "mine"}


def test_other_files_in_the_folder_stay(here: Path) -> None:
    (here / ".git").mkdir()
    assert main("minds", "new", "momentum", "--dir", ".").code == 0
    assert {path.name for path in here.iterdir()} == {".git", *FILES}


@pytest.mark.skipif(os.name == "nt", reason="Windows needs a right of its own to make links")
def test_a_link_that_leads_nowhere_is_not_followed(here: Path, tmp_path: Path) -> None:
    (here / "momentum-mind").mkdir()
    (here / "momentum-mind" / "README.md").symlink_to(tmp_path / "elsewhere.md")
    assert main("minds", "new", "momentum").code == 2
    assert not (tmp_path / "elsewhere.md").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(here: Path) -> None:
    (here / "file").write_text("", encoding="utf-8")
    for folder in ("file", "file/in", "x" * 300):
        ran = main("minds", "new", "momentum", "--dir", folder)
        assert ran.code == 2 and ran.err.count("\n") == 1, ran.err
        assert "cannot write to the folder" in ran.err and "choose another --dir" in ran.err
