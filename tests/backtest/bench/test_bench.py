"""The bench's own parts: what it counts, the minds and the market it invents. No test looks at a clock."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from backtest.bench.crowd import FOUR, crowd
from backtest.bench.figures import FIGURES
from backtest.bench.measure import Figure, Spread, alternately, child, ratios, spread
from backtest.bench.world import write_world
from engine.errors import InputError
from engine.sources.csv_folder import CsvFolder
from engine.universe import load_universe
from minds.evidence import EvidenceMind
from minds.registry import load_minds, taken_names
from tests.runs import command

BENCH = "import sys; sys.argv[0] = 'bench'; from backtest.bench.__main__ import main; main()"


def test_a_child_s_memory_is_its_peak_and_its_own() -> None:
    large, small = (child([sys.executable, "-c", f"bytearray({mib} << 20); print('x')"]) for mib in (96, 1))
    assert 85 < large.mebibytes - small.mebibytes < 107
    assert min(large.seconds, large.processor) > 0.0


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"ended with 3: no such thing"):
        child([sys.executable, "-c", "import sys; sys.stderr.write('no such thing'); sys.exit(3)"])


def test_a_child_starts_as_python_does_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither unwritten bytecode nor warnings that somebody has turned on are part of what is measured."""
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONWARNINGS", "PYTHONPROFILEIMPORTTIME"):
        monkeypatch.setenv(name, "1")
    seen = tmp_path / "seen"
    child([sys.executable, "-c", f"import os; open({str(seen)!r}, 'w').write(' '.join(os.environ))"])
    kept = {name for name in seen.read_text().split() if name.startswith("PYTHON")}
    assert kept <= {"PYTHONPATH", "PYTHONPYCACHEPREFIX"}


def test_ways_take_turns_and_the_first_time_does_not_count() -> None:
    called: list[str] = []
    counts = iter(range(100))

    def way(name: str) -> int:
        called.append(name)
        return next(counts)

    assert alternately([lambda: way("a"), lambda: way("b")], 3) == [[2, 4, 6], [3, 5, 7]]
    assert "".join(called) == "ab" * 4


def test_ratios_are_of_pairs() -> None:
    assert ratios([2.0, 9.0, 4.0], [1.0, 3.0, 8.0]) == Spread(0.5, 2.0, 3.0) == spread([3.0, 0.5, 2.0])


@pytest.mark.parametrize(
    ("figure", "held"),
    [
        (Figure("x", "x", Spread(1, 2, 9), 2.0), True),
        (Figure("x", "x", Spread(1, 2.1, 9), 2.0), False),
        (Figure("x", "x", Spread(1, 2, 9), 2.1, at_least=True), False),
        (Figure("x", "x", Spread(1, 2, 9)), None),
        (Figure("x", "not here", None, 2.0), None),
    ],
)
def test_a_goal_is_held_by_the_median(figure: Figure, held: bool | None) -> None:
    assert figure.held is held


def test_the_crowd_comes_in_by_the_door_and_goes_again() -> None:
    before = taken_names()
    with crowd(3):
        minds = {mind.name: mind for mind in load_minds([*FOUR, "flow-3"])}
        assert list(minds) == ["macro", "flow", "contrarian", "flow-3", "macro-2"]
        copy, original = minds["macro-2"], minds["macro"]
        assert isinstance(copy, EvidenceMind) and isinstance(original, EvidenceMind)
        assert copy.terms == original.terms and type(copy) is not type(original)
    assert taken_names() == before
    with pytest.raises(InputError, match="macro-2"):
        load_minds(FOUR)


def test_the_drawn_market_is_whole_and_always_the_same(tmp_path: Path) -> None:
    universe, first, last = load_universe("us"), date(2015, 1, 2), date(2018, 12, 31)
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        assert write_world(folder, universe, first, last) == len(universe.symbols) == 45
    one, two = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == two and len(one) == 45
    loaded = CsvFolder(folders[0]).load(universe, last)
    assert set(loaded.bars) == set(universe.symbols) and not loaded.notices
    assert {len(bars) for bars in loaded.bars.values()} == {1006}  # sessions of the NYSE in these four years
    assert len({np.round(bars.adj_close[-1], 6) for bars in loaded.bars.values()}) > 40


def test_one_figure_can_be_asked_for() -> None:
    ran = command("--only", "version", "--rounds", "1", code=BENCH)
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    assert said["rounds"] == 1 and said["machine"]["processors"] >= 1
    figure = said["figures"]["version_over_pass"]
    assert figure["min"] <= figure["median"] <= figure["max"] and figure["goal"] == 3.0
    assert "workshop --version over python -c pass" in ran.err


def test_the_table_of_the_documentation_can_be_had() -> None:
    ran = command("--only", "version", "--rounds", "1", "--markdown", code=BENCH)
    head, rule, first, *_ = ran.out.splitlines()
    assert head == "| what | measured | goal |" and rule == "|---|---|---|"
    assert first.startswith("| workshop --version over python -c pass | ") and first.endswith(" | at most 3 |")


def test_numbers_are_written_for_people() -> None:
    assert str(Spread(0.98765, 12.3456, 12345.6)) == "12.3 (0.988 to 12,346)"


def test_an_unknown_figure_is_refused_with_those_there_are() -> None:
    ran = command("--only", "speed", code=BENCH)
    assert ran.code == 2 and all(name in ran.err for name in FIGURES)


@pytest.mark.parametrize("name", ["backtrader", "backtesting"])
def test_the_others_pass_every_bar(name: str) -> None:
    pytest.importorskip(name, reason="only `make bench` installs it")
    from backtest.bench import others

    assert getattr(others, f"{name}_seconds")(others.bars(60)) > 0.0  # it asserts that each bar was seen
