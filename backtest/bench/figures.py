"""All that is measured: what `--only` may name, and what makes its figures from a number of rounds."""

from __future__ import annotations

from collections.abc import Callable

from backtest.bench.inside import minds, record, replay, sessions
from backtest.bench.measure import Figure
from backtest.bench.outside import memory, version, whole

__all__ = ["FIGURES"]

FIGURES: dict[str, Callable[[int], list[Figure]]] = {
    "replay": replay, "record": record, "sessions": sessions, "minds": minds, "memory": memory, "whole": whole,
    "version": version,
}  # fmt: skip
