"""What a regime model is, and how a replay asks one.

Contract: `RegimeReader` hands a model each session once, in order: `fit` first where it is due, then `update`. A model
keeps its own state and may use nothing but the snapshots it was given; two that were fed the same snapshots give the
same readings. One that fails, or answers with something other than a reading, ends the run with a sentence: there is
no regime to put in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, get_args

from engine.errors import InputError, WorkshopError, told
from engine.signals.compute import SignalFrame
from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from regimes.reading import LABELS, Component, Path, RegimeReading, Status
from regimes.rules import READS, RulesModel

__all__ = ["RegimeModel", "RegimeReader"]

_PATHS, _STATUSES = get_args(Path), get_args(Status)


class RegimeModel(Protocol):
    """Reads the regime session by session.

    Attributes:
        name: how users choose it.
        signals: signals that it needs beyond the standard table.
        refit_every: sessions from one `fit` to the next; 0 for a model that is never fitted.
    A model may also have `notices`, sentences about its fits that belong to no reading; a run keeps them. It may have
    `expanding`: outputs that take in all of history by design (`NAME`, or `NAME.status`), with the reason.
    """

    name: str
    signals: tuple[SignalSpec, ...]
    refit_every: int

    def fit(self, past: Snapshot) -> None:
        """Estimate what is to be estimated, on the first session and every `refit_every` sessions from then on.

        Args:
            past: the snapshot with which `update` is called next; all that it leads to is the past.
        """
        ...

    def update(self, today: Snapshot) -> RegimeReading:
        """The reading after this session."""
        ...


class RegimeReader:
    """Asks one model, session by session."""

    def __init__(self, model: RegimeModel) -> None:
        self._model = model
        self._ours = type(model) is RulesModel  # asked on every session, it is made of checked signals alone
        self._sessions = 0

    @property
    def reads_ahead(self) -> bool:
        """Whether `ahead` gives readings."""
        return self._ours

    def ahead(self, frame: SignalFrame, labels: Sequence[str], sessions: range) -> list[RegimeReading] | None:
        """The readings of the next `sessions` at once, in place of `read`; None where the model must see each day.

        The rules model reads nothing but a day's own signals, so that it cannot know of those that come later.
        """
        if not isinstance(self._model, RulesModel) or not self._ours:
            return None
        self._sessions += len(sessions)
        rows = frame.picked(READS, sessions.start, sessions.stop)
        return list(map(self._model.read, labels[sessions.start : sessions.stop], rows))

    def read(self, snapshot: Snapshot) -> RegimeReading:
        """The reading after this session.

        Raises:
            InputError: the model fails, or its answer is no reading.
        """
        model = self._model
        try:
            if model.refit_every and self._sessions % model.refit_every == 0:
                model.fit(snapshot)
            self._sessions += 1
            reading = model.update(snapshot)
            wrong = "" if self._ours and type(reading) is RegimeReading else _fault(reading)
        except (KeyboardInterrupt, WorkshopError):
            raise
        except BaseException as error:  # a stranger's code; sys.exit too
            raise InputError(
                f"the regime model {model.name!r} failed on {snapshot.session} with {told(error)}"
            ) from error
        if wrong:
            raise InputError(f"the regime model {model.name!r} gave no reading on {snapshot.session}: {wrong}")
        return reading


def _fault(reading: object) -> str:
    """What is wrong with an answer, as a clause; empty when nothing is."""
    if not isinstance(reading, RegimeReading):
        return f"it returned {type(reading).__name__} instead of a RegimeReading"
    if reading.label not in LABELS or reading.path not in _PATHS or reading.status not in _STATUSES:
        return f"one of {reading.label!r}, {reading.path!r} and {reading.status!r} is not a known word"
    if not (reading.score is None or _is_share(reading.score, -1.0)) or not _is_share(reading.coverage, 0.0):
        return "its score must be None or a plain float from -1 to 1, its coverage a plain float from 0 to 1"
    for part in reading.components:
        value = part.value if type(part) is Component else "none of its type"
        if value is not None and (type(value) is not float or not -1.0 <= value <= 1.0):
            return "its components must be of type Component, each value None or a plain float from -1 to 1"
    if type(reading.reasons) is not tuple or not all([type(reason) is str for reason in reading.reasons]):
        return "its reasons must be a tuple of texts"
    return ""


def _is_share(x: object, least: float) -> bool:
    return type(x) is float and least <= x <= 1.0  # NaN fails this too
