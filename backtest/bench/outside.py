"""What is measured of whole processes: their time from the shell to the prompt, and the most memory that they hold."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

from backtest.bench.measure import Child, Figure, alternately, child, ratios, spread
from backtest.bench.world import write_world
from engine.universe import load_universe

__all__ = ["BARE_PANDAS", "memory", "version", "whole"]

BARE_PANDAS = "import sys; sys.modules.update(pyarrow=None, numexpr=None, bottleneck=None); import pandas"
"""Imports pandas as the core's install has it: without packages that make it larger and slower where they happen to be
installed too.
"""
_START, _END = date(1999, 1, 4), date(2018, 12, 31)
_WARM_UP = date(1989, 1, 3)


def memory(rounds: int) -> list[Figure]:
    """The most memory of a large run, twenty years of forty-five symbols after ten of warm-up, against pandas alone."""
    rounds = min(rounds, 3)  # it hardly varies
    with tempfile.TemporaryDirectory() as name:
        prices = Path(name) / "prices"
        prices.mkdir()
        universe = load_universe("us")
        count = write_world(prices, universe, _WARM_UP, _END)
        large = ["--data", f"csv:{prices}", "--universe", "us"]
        pandas, small, big = _children([_IMPORT, _backtest(name, "s"), _backtest(name, "l", *large)], rounds)
    alone = [one.mebibytes for one in pandas]
    return [
        Figure("memory_over_pandas", f"peak memory of 20 years x {count} symbols over importing pandas",
               ratios([one.mebibytes for one in big], alone), 2.0),
        Figure("memory_mib", f"peak memory of 20 years x {count} symbols, MiB", spread([one.mebibytes for one in big])),
        Figure("memory_sample_mib", "peak memory of 20 years of the sample, MiB",
               spread([one.mebibytes for one in small])),
        Figure("memory_pandas_mib", "memory of importing pandas, MiB", spread(alone)),
    ]  # fmt: skip


def whole(rounds: int) -> list[Figure]:
    """The whole process of a twenty-year backtest, from typing it to the prompt, against importing pandas."""
    with tempfile.TemporaryDirectory() as name:
        pandas, ours = _children([_IMPORT, _backtest(name, "w")], rounds)
    return [
        Figure("whole_over_pandas", "whole process of 20 years over importing pandas",
               ratios([one.seconds for one in ours], [one.seconds for one in pandas]), 4.0),
        Figure("whole_over_pandas_processor", "the same in processor time",
               ratios([one.processor for one in ours], [one.processor for one in pandas])),
        Figure("whole_seconds", "whole process of 20 years, seconds", spread([one.seconds for one in ours])),
        Figure("pandas_seconds", "importing pandas, seconds", spread([one.seconds for one in pandas])),
    ]  # fmt: skip


def version(rounds: int) -> list[Figure]:
    """The shortest answer against no answer at all."""
    empty, ours, usage = _children([[sys.executable, "-c", "pass"], [*_workshop(), "--version"],
                                    [*_workshop(), "--help"]], 5 * rounds)  # fmt: skip
    nothing = [one.seconds for one in empty]
    return [
        Figure("version_over_pass", "workshop --version over python -c pass",
               ratios([one.seconds for one in ours], nothing), 3.0),
        Figure("help_over_pass", "workshop --help over python -c pass",
               ratios([one.seconds for one in usage], nothing)),
    ]  # fmt: skip


_IMPORT = [sys.executable, "-c", BARE_PANDAS]


def _workshop() -> list[str]:
    """The console script beside this interpreter, which is what people type; else what it would run."""
    script = Path(sys.executable).with_name("workshop")
    return [str(script)] if script.is_file() else [sys.executable, "-c", "from desk.entry import main; main()"]


def _backtest(folder: str, out: str, *options: str) -> list[str]:
    """A command that runs twenty years; `{n}` becomes the number of the round."""
    days = ["--start", str(_START), "--end", str(_END)]
    return [*_workshop(), "backtest", *options, *days, "--essays", "none", "--out", f"{folder}/{out}-{{n}}"]


def _children(commands: Sequence[Sequence[str]], rounds: int) -> list[list[Child]]:
    """All commands in turn, each round into folders of its own."""
    numbers = [iter(range(rounds + 1)) for _ in commands]

    def run(at: int) -> Child:
        number = str(next(numbers[at]))
        return child([word.replace("{n}", number) for word in commands[at]])

    return alternately([partial(run, at) for at in range(len(commands))], rounds)
