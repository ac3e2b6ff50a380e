"""The arrows between packages: import-linter's contracts hold, and would notice if they did not.

The independent truth for the second half is a planted offence in a scratch tree of six empty packages.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "regimes", "scenarios", "minds", "backtest", "desk")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter in `folder` with the configuration found there."""
    command = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache', '--no-logo'])"
    return subprocess.run([sys.executable, "-c", command], cwd=folder, capture_output=True, text=True, check=False)


def test_contracts_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        *(
            (f"{lower}/planted.py", f"import {upper}", "Arrows point one way")
            for lower, upper in itertools.pairwise(PACKAGES)
        ),
        ("engine/planted.py", "def late() -> None:\n    import desk", "Arrows point one way"),
        ("minds/planted.py", "from tests import conftest", "No product code imports the tests"),
        ("engine/planted.py", "import engine.other", "No cycles inside a package"),
    ],
)
def test_an_offence_is_noticed(tmp_path: Path, module: str, line: str, contract: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "engine" / "other.py").write_text("def late() -> None:\n    import engine.planted\n")
    (tmp_path / "engine" / "planted.py").touch()
    (tmp_path / "minds" / "view.py").touch()
    (tmp_path / "scenarios" / "opinions.py").write_text("import minds.view\n")  # the one exception, by its name
    assert lint(tmp_path).returncode == 0, "the scratch tree itself must be clean"

    (tmp_path / module).write_text(line + "\n")
    result = lint(tmp_path)
    assert result.returncode == 1
    broken = [text for text in result.stdout.splitlines() if " BROKEN" in text]
    assert len(broken) == 1 and broken[0].startswith(contract), result.stdout
