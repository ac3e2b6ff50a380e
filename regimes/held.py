"""What the plain models share: a label that is held until something speaks against it, and the month's path.

Contract: causal, as the signals it reads. `path_of` needs `PATH_SIGNALS` among the signals of the run.
"""

from __future__ import annotations

from engine.snapshot import Snapshot
from regimes.features import REGIME_SIGNALS
from regimes.reading import Component, Label, Path, RegimeReading

__all__ = ["PATH_SIGNALS", "HeldLabel", "path_of"]

_READ = ("regime.path_ratio", "regime.path_return")
PATH_SIGNALS = tuple(spec for spec in REGIME_SIGNALS if spec.name in _READ)
"""What `path_of` reads."""

_TRENDING = 1.3
"""As for the rules model: the path ratio of a random walk is about 1, and above this the month went somewhere."""


def path_of(today: Snapshot) -> Path:
    """Trending up, trending down or choppy over 21 sessions; unknown without the history for it."""
    return path_from(*today.values(_READ))


def path_from(ratio: float | None, move: float | None) -> Path:
    """The path for a straightness (`regime.path_ratio`) and a return (`regime.path_return`)."""
    if ratio is None or move is None:
        return "unknown"
    if ratio <= _TRENDING:
        return "choppy"
    return "trending_up" if move > 0.0 else "trending_down"


class HeldLabel:
    """A label with the session on which it began and how long it has lasted; it starts neutral."""

    def __init__(self) -> None:
        self._label: Label = "neutral"
        self._since = ""
        self._sessions = 0

    def read(
        self, today: Snapshot, label: Label | None, part: Component, reasons: tuple[str, ...] = ()
    ) -> RegimeReading:
        """Take in one session and write its reading, degraded where `part` has no value.

        Args:
            today: this session's snapshot.
            label: what the label is to be, None to hold the one that stands.
            part: the one component, whose value is the score.
            reasons: what there is to tell.
        """
        if label is None or label == self._label:
            self._sessions += 1
        else:
            self._label, self._sessions = label, 1
        if self._sessions == 1:
            self._since = today.session
        known = part.value is not None
        return RegimeReading(
            self._label, part.value, path_of(today), "confirmed" if known else "degraded", self._since,
            self._sessions, 1.0 if known else 0.0, (part,), reasons,
        )  # fmt: skip
