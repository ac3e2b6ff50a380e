"""`make bench`: how fast a replay is, as ratios measured side by side in one run.

Contract: measures and prints, never asserts; the figures in docs/performance.md come from here. Runs are interleaved,
and medians are quoted, because a shared machine drifts.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from backtest.run import run_backtest
from backtest.settings import Settings, default_targets
from engine.sources import open_source
from engine.universe import load_universe
from minds.registry import load_minds

__all__ = ["main"]

_START, _END = date(1999, 1, 4), date(2018, 12, 31)
_BACKTEST = """
from desk.cli import main
main(['backtest', '--start', '{start}', '--end', '{end}', '--out', {out!r}, '--essays', 'none'])
"""


def main(rounds: int = 5) -> None:
    """Measure and print one JSON document."""
    rates = [_sessions_per_second() for _ in range(rounds)]
    with tempfile.TemporaryDirectory() as folder:
        whole = [Path(folder) / str(at) for at in range(rounds + 1)]
        backtest = [_BACKTEST.format(start=_START, end=_END, out=str(out)) for out in whole]
        _seconds(backtest.pop())  # once unmeasured: files into the cache, bytecode compiled
        pairs = [(_seconds("import pandas"), _seconds(code)) for code in backtest]
    version = [(_seconds("pass"), _seconds("from desk.cli import main; main(['--version'])")) for _ in range(rounds)]
    report = {
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "sessions_per_second": _spread(rates),
        "whole_backtest_seconds": _spread([ours for _, ours in pairs]),
        "whole_backtest_over_import_pandas": _spread([ours / pandas for pandas, ours in pairs]),
        "version_over_empty_python": _spread([ours / empty for empty, ours in version]),
    }
    json.dump(report, sys.stdout, indent=1)
    sys.stdout.write("\n")


def _sessions_per_second() -> float:
    """One replay of the sample in this process, from signals to the ledger."""
    universe = load_universe("sample")
    minds = tuple(mind.name for mind in load_minds())
    settings = Settings("sample", universe, _START, _END, minds, default_targets(universe), essays=0)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        run_backtest(settings, open_source("sample", universe=universe), out)
        record = json.loads((out / "run.json").read_text())
    rate: float = record["timings"]["sessions_per_second"]
    return rate


def _seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - began


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {name: round(pick(values), 2) for name, pick in (("min", min), ("median", statistics.median), ("max", max))}


if __name__ == "__main__":
    main()
