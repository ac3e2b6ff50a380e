"""A run's folder: what is asked of git leaves nothing behind, also when the run ends before git has answered."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from backtest.folder import commit_asked

SLOW_GIT = """#!/bin/sh
trap 'rm -f "$0.lock"; exit 1' TERM
touch "$0.lock"
touch "$0.began"
while true; do sleep 0.05; done
"""


def test_a_git_that_is_not_waited_for_may_put_its_lock_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command locks the index of the checkout; the next `git commit` there would fail for ever."""
    git = tmp_path / "git"
    git.write_text(SLOW_GIT, encoding="utf-8")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with commit_asked():
        while not (tmp_path / "git.began").exists():
            time.sleep(0.01)
    assert not (tmp_path / "git.lock").exists()
