"""Twenty years of the shipped history, read at once: how much is said twice, and what a careful reader would mark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.minds.prose import faults, prose, repeats
from tests.runs import main


@pytest.mark.slow
def test_twenty_years_of_essays_can_be_read(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ran = main("backtest", "--start", "1999-01-04", "--end", "2018-12-31", "--out", out, "--essays", "all")
    assert ran.code == 0, ran.err
    read = [prose(path.read_text(encoding="utf-8")) for path in sorted((out / "essays").glob("*.md"))]
    assert len(read) == 5031
    assert [fault for essay in read for fault in faults(essay)] == []
    exact, masked = repeats(read, 20), repeats(read, 20, figures=False)
    assert exact.equal == masked.equal == exact.openings == 0
    assert exact.titles < 0.25 * len(read)
    assert exact.near < 0.15 * exact.sentences and masked.near < 0.25 * masked.sentences
    assert exact.paragraphs < 0.15 * sum(len(essay.paragraphs) for essay in read)
    assert 400 < exact.words < 560
