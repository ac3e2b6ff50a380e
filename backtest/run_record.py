"""What `run.json` says of a run: settings, data, program, writer, timings.

Contract: a function of what it is given. Nothing in it is hashed, so timings and versions may stand here; paths and
keys may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from backtest.folder import versions
from backtest.leak_alarm import Alarm
from backtest.settings import Settings
from engine.bar_checks import Repair
from engine.ledger import Head
from engine.market import Market

__all__ = ["Covered", "Left", "run_record"]


class Covered(NamedTuple):
    """What data a run has seen.

    Attributes:
        digest: of all bars.
        symbols: those that have bars.
        first: ISO day of the first session.
        last: of the last one.
    """

    digest: str
    symbols: tuple[str, ...]
    first: str
    last: str

    @classmethod
    def by(cls, market: Market, digest: str) -> Self:
        """All of a market."""
        labels = market.calendar.labels
        return cls(digest, market.symbols, labels[0], labels[market.size - 1])


class Left(NamedTuple):
    """What a run leaves behind beside its scores.

    Attributes:
        data: what it has seen.
        notices: what was noticed on the data.
        fits: what was noticed on the fits of the regime model.
        head: the ledger's.
        alarm: the leak alarm, if it rang.
        commit: of the program; None when unknown.
        writer: what the writer has done.
        adviser: what asking the adviser came to; None where there is none, or it keeps no account.
    """

    data: Covered
    notices: tuple[Repair, ...]
    fits: tuple[str, ...]
    head: Head
    alarm: Alarm | None
    commit: str | None
    writer: Mapping[str, Any]
    adviser: Mapping[str, Any] | None = None


def run_record(settings: Settings, left: Left, timings: Mapping[str, float]) -> dict[str, Any]:
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
            **left.data._asdict(),
            "symbols": list(left.data.symbols),
            "notices": [notice._asdict() for notice in left.notices],
        },
        "regime": {"notices": list(left.fits)},
        "writer": dict(left.writer),
        "adviser": None if left.adviser is None else dict(left.adviser),
        "ledger": {"entries": left.head.entries, "digest": left.head.digest},
        "leak_alarm": None if left.alarm is None else left.alarm._asdict(),
        "seeds": {"run": settings.seed},
        "timings": dict(timings),
        **versions(left.commit),
    }
