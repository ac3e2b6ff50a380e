"""A run's folder: what is asked of git leaves nothing behind, also when the run ends before git has answered."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from backtest import folder
from backtest.folder import commit_asked

SLOW_GIT = """#!/bin/sh
trap 'rm -f "$0.lock"; exit 1' TERM
touch "$0.lock"
touch "$0.began"
while true; do sleep 0.05; done
"""


def test_a_git_that_is_not_waited_for_may_put_its_lock_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a lock left on the index of the checkout the next `git commit` there would fail for ever."""
    slow = tmp_path / "git"
    slow.write_text(SLOW_GIT, encoding="utf-8")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with commit_asked():
        while not (tmp_path / "git.began").exists():
            time.sleep(0.01)
    assert not (tmp_path / "git.lock").exists()


def git(checkout: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env = {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", "-C", str(checkout), *who, *arguments], env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="asks the real git")
def test_the_commit_is_git_s_own_with_a_mark_for_local_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked while somebody else holds the lock of the index, which stays as it is."""
    monkeypatch.setattr(folder, "__file__", str(tmp_path / "backtest" / "folder.py"))

    def asked() -> str | None:
        with commit_asked() as answer:
            return answer()

    assert asked() is None  # no checkout
    git(tmp_path, "init", "-q")
    assert asked() is None  # no commit
    file = tmp_path / "a.txt"
    file.write_text("one", encoding="utf-8")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-qm", "first")
    head = git(tmp_path, "rev-parse", "HEAD")
    lock = tmp_path / ".git" / "index.lock"
    lock.touch()
    assert asked() == head
    (tmp_path / "b.txt").touch()  # nobody's business
    os.utime(file, (1, 1))  # looked at, and found to be the same
    assert asked() == head
    file.write_text("two", encoding="utf-8")
    assert asked() == f"{head}+"
    assert lock.exists()
