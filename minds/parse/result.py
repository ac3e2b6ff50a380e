"""The record that an essay is read into.

Contract: plain values only, immutable by convention of the frozen class; `to_json_dict` gives what `json.dumps`
accepts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from minds.parse.calls import SecondaryCall
from minds.parse.dates import Deadline

__all__ = ["ParsedEssay"]


@dataclass(frozen=True, slots=True)
class ParsedEssay:
    """What an essay says, as far as it can be read; None where it does not say it.

    Attributes:
        title: the headline.
        stamp: ISO date and time of the stamp line, with its offset where it states a zone.
        cycle: running number.
        dateline: ISO date and time (minutes) of the dateline; the date alone where it has no time.
        direction: `up`, `down` or `none`.
        timeframe: the tag's text.
        sessions: what the timeframe comes to, in sessions.
        confidence: in [0, 1].
        debate: debate label, with underscores.
        conviction: as the footer states it, in [0, 1].
        confidences: mind -> confidence in [0, 1], in the footer's order.
        recomputed_conviction: what the confidences give by rank weights.
        prediction: the prediction's text without the tags, a line for each paragraph.
        symbol: what the lead call is about.
        range_percent: lower and upper end of the lead call's return, in percent.
        secondary: further calls in the prediction.
        missing: data that the closing line names as missing.
        missing_unnamed: how many more it counts without naming them.
        adviser: what an adviser asked for and was given, where the essay says so.
        ledger: ledger head.
        writer: who wrote the prose, where the essay says so.
        link: permanent link.
        as_of: ISO session from which horizons count.
        deadline: when the lead call falls due.
        warnings: contradictions.
        problems: what is absent or unreadable.
    """

    title: str | None = None
    stamp: str | None = None
    cycle: int | None = None
    dateline: str | None = None
    direction: str | None = None
    timeframe: str | None = None
    sessions: int | None = None
    confidence: float | None = None
    debate: str | None = None
    conviction: float | None = None
    confidences: dict[str, float] = field(default_factory=dict)
    recomputed_conviction: float | None = None
    prediction: str | None = None
    symbol: str | None = None
    range_percent: tuple[float, float] | None = None
    secondary: tuple[SecondaryCall, ...] = ()
    missing: tuple[str, ...] = ()
    missing_unnamed: int = 0
    adviser: str | None = None
    ledger: str | None = None
    writer: str | None = None
    link: str | None = None
    as_of: str | None = None
    deadline: Deadline | None = None
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def to_json_dict(self) -> dict[str, Any]:
        """The same as dictionaries, lists, text and numbers."""
        found: dict[str, Any] = {name: _json(getattr(self, name)) for name in self.__slots__}
        return found


def _json(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _json(item) for name, item in value._asdict().items()}
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    return dict(value) if isinstance(value, dict) else value
