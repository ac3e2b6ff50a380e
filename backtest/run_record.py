"""What `run.json` says of a run: settings, data, program, writer, timings.

Contract: a function of what it is given. Nothing in it is hashed, so timings and versions may stand here; paths and
keys may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from backtest.folder import versions
from backtest.leak_alarm import Alarm
from backtest.settings import Settings
from engine.bar_checks import Repair
from engine.ledger import Head
from engine.market import Market

__all__ = ["Left", "run_record"]


class Left(NamedTuple):
    """What a run leaves behind beside its scores.

    Attributes:
        digest: of all bars.
        notices: what was noticed on the data.
        fits: what was noticed on the fits of the regime model.
        head: the ledger's.
        alarm: the leak alarm, if it rang.
        commit: of the program; None when unknown.
        writer: what the writer has done.
    """

    digest: str
    notices: tuple[Repair, ...]
    fits: tuple[str, ...]
    head: Head
    alarm: Alarm | None
    commit: str | None
    writer: Mapping[str, Any]


def run_record(settings: Settings, market: Market, left: Left, timings: Mapping[str, float]) -> dict[str, Any]:
    """The document."""
    return {
        "schema": 1,
        "settings": {
            "source": settings.source,
            "universe": settings.universe.name,
            "start": str(settings.start),
            "end": str(settings.end),
            "minds": list(settings.minds),
            "targets": [target.key for target in settings.targets],
            "pairs": [pair.key for pair in settings.pairs],
            "regime": settings.regime,
            "essays": settings.essays,
            "adviser": None
            if settings.adviser is None
            else {**settings.adviser.document(), "memory": settings.adviser.memory},
        },
        "data": {
            "digest": left.digest,
            "symbols": list(market.symbols),
            "first": market.calendar.labels[0],
            "last": market.calendar.labels[market.size - 1],
            "notices": [notice._asdict() for notice in left.notices],
        },
        "regime": {"notices": list(left.fits)},
        "writer": dict(left.writer),
        "ledger": {"entries": left.head.entries, "digest": left.head.digest},
        "leak_alarm": None if left.alarm is None else left.alarm._asdict(),
        "seeds": {"run": settings.seed},
        "timings": dict(timings),
        **versions(left.commit),
    }
