"""Progress: rate and time left by a clock of the test's, silence for short jobs, and lines where nobody watches."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from desk import progress
from desk.progress import Interrupted, Lines, progress_bar, resumable
from tests.runs import main


class Clock:
    """Seconds that a test hands out."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(steps: int, every: int, seconds: float, *, from_step: int = 1) -> list[str]:
    """Lines of a job that takes so long for each step."""
    clock, said = Clock(), list[str]()
    lines = Lines(every, said.append, clock)
    for done in range(from_step, steps + 1):
        lines(done, steps, f"day {done}")
        clock.now += seconds
    return said


def test_a_line_says_how_far_how_fast_and_how_long() -> None:
    assert told(5031, 1000, 0.002)[:2] == [
        "1,000 of 5,031 (20%), day 1000; 500 a second, 8 s left",
        "2,000 of 5,031 (40%), day 2000; 500 a second, 6 s left",
    ]
    assert told(30, 10, 5.0) == [
        "10 of 30 (33%), day 10; 0.2 a second, 2 min left",
        "20 of 30 (67%), day 20; 0.2 a second, 50 s left",
    ]
    assert told(2_000_000, 1_000_000, 0.1)[0].endswith("10 a second, 27.8 h left")


def test_the_speed_is_that_since_the_line_before() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(100, said.append, clock)
    for done in range(1, 301):
        lines(done, 1000, "d")
        clock.now += 0.001 if done < 100 else 0.1  # a resumed run flies through what is there
    assert [line.split("; ")[1].split(" a ")[0] for line in said] == ["1,000", "10", "10"]


@pytest.mark.parametrize("steps", [1, 2, 999, 1000])
def test_short_jobs_are_silent(steps: int) -> None:
    assert told(steps, 1000, 0.01) == []


def test_a_clock_that_stands_still_is_no_division_by_zero() -> None:
    assert told(30, 10, 0.0) == ["10 of 30 (33%), day 10", "20 of 30 (67%), day 20"]


def test_a_bar_is_drawn_with_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr(progress, "console", lambda: Console(file=file, force_terminal=True, width=100))
    with progress_bar() as show:
        assert show is not None
        for done in range(1, 6):
            show(done, 5, "2001-01-02")
    assert "5/5" in file.getvalue()
    assert "/s" in file.getvalue()


@pytest.mark.parametrize(("every", "lines"), [("40", 3), ("0", 0), ("1000", 0)])
def test_a_backtest_without_a_terminal(every: str, lines: int, tmp_path: Path) -> None:
    ran = main(
        "backtest", "--start", "2018-06-01", "--end", "2018-12-31", "--out", tmp_path / "run", "--essays", "none",
        "--no-report", "--progress-every", every,
    )  # fmt: skip
    said = [line for line in ran.err.splitlines() if line.startswith("workshop: ")]
    assert len(said) == lines
    assert all("a second" in line and " left" in line for line in said)


def test_what_control_c_leaves(tmp_path: Path) -> None:
    with pytest.raises(Interrupted, match="before the first session"), resumable(tmp_path):
        raise KeyboardInterrupt
    (tmp_path / "a run").mkdir()
    (tmp_path / "a run" / "ledger.sqlite").touch()
    with pytest.raises(Interrupted, match=r"kept in '.*a run': add --resume") as found, resumable(tmp_path / "a run"):
        raise KeyboardInterrupt
    assert found.value.exit_code == 130
