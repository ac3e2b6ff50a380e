"""The tape: every call that was ever answered, one file each, found by its content address.

Contract: `<folder>/<first two digits>/<key>.json` holds the call, its outcome (an answer, or why there is none) and
what it cost, as JSON that a person can read. A file appears whole or not at all and survives a power cut. A file that
is damaged, foreign or under a wrong name is an `InputError` that names it, never passed over and never believed. A
success is never replaced. Nothing here reads the clock, the environment or the network, and no key or address of a host
ever comes here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import orjson

from engine.errors import InputError
from engine.files import write_whole
from minds.llm.budget import Cost
from minds.llm.call import Answer, Call, NoAnswer, Reason

__all__ = ["TAPE_FORMAT", "Kept", "Tape"]

TAPE_FORMAT = 1
_NAME = 64  # hexadecimal digits of a key
_REASONS: tuple[str, ...] = get_args(Reason)
_ANSWER: dict[str, Any] = {
    "text": str,
    "finish": str,
    "tokens_in": int,
    "tokens_out": int,
    "usd": float,
    "seconds": float,
}


class Kept(NamedTuple):
    """What the tape holds of one call.

    Attributes:
        outcome: the answer, marked as kept; or why there was none.
        cost: what it was charged, failed attempts included.
        worst: what one attempt could have cost at most.
    """

    outcome: Answer | NoAnswer
    cost: Cost
    worst: Cost


class Tape:
    """A folder of recorded calls; it need not exist before the first is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file, not a folder of recorded calls; give another folder")

    def find(self, call: Call) -> Kept | None:
        """What is recorded of `call`; None when nothing is.

        Raises:
            InputError: the file is damaged, foreign, or holds another call than its name says.
        """
        path = self._path(call.key)
        try:
            return _read(path)[1]
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise InputError(f"{path.parent} is in the way of recorded calls; move it away") from None

    def keep(self, call: Call, outcome: Answer | NoAnswer, cost: Cost, worst: Cost) -> None:
        """Record an outcome; an answer that is already there stays.

        Raises:
            InputError: the file cannot be written, or one is there that cannot be trusted.
        """
        before = self.find(call)
        if before is not None and isinstance(before.outcome, Answer):
            return
        document: dict[str, Any] = {
            "format": TAPE_FORMAT,
            "call": call.document(),
            "outcome": _outcome(outcome),
            "cost": cost._asdict(),
            "worst": worst._asdict(),
        }
        document["sha256"] = _digest(document)
        path = self._path(call.key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"
            write_whole(path, text, sync_folder=True)
        except OSError as error:
            raise InputError(f"cannot record a call in {path}: {error.strerror}; free some space there") from error

    def models(self) -> tuple[str, ...]:
        """The models whose calls are on the tape, sorted."""
        return tuple(sorted({str(call["model"]) for call in self._calls()}))

    def __len__(self) -> int:
        return sum(1 for _ in self._files())

    def _calls(self) -> Iterator[dict[str, Any]]:
        for path in self._files():
            yield _read(path)[0]

    def _files(self) -> Iterator[Path]:
        return (path for path in sorted(self.folder.glob("??/*.json")) if len(path.stem) == _NAME)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def _outcome(outcome: Answer | NoAnswer) -> dict[str, Any]:
    if isinstance(outcome, NoAnswer):
        return {"reason": outcome.reason, "detail": outcome.detail}
    return {name: kind(getattr(outcome, name)) for name, kind in _ANSWER.items()}


def _digest(document: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _read(path: Path) -> tuple[dict[str, Any], Kept]:
    """Call document and what is kept of it; `FileNotFoundError` and `NotADirectoryError` pass."""
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise InputError(f"cannot read the recorded call {path}: {error.strerror}") from error
    try:
        document = orjson.loads(raw)
        stated = document.pop("sha256")
        if document["format"] != TAPE_FORMAT:
            raise _damaged(path, f"has format {document['format']!r}, this Workshop reads {TAPE_FORMAT}")
        if stated != _digest(document):
            raise _damaged(path, "was changed after it was recorded")
        if _digest(document["call"]) != path.stem:
            raise _damaged(path, "holds another call than its name says")
        kept = Kept(_parsed(document["outcome"]), _cost(document["cost"]), _cost(document["worst"]))
        return document["call"], kept
    except InputError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError):  # no JSON, or of another shape
        raise _damaged(path, "is damaged, or not a recorded call at all") from None


def _parsed(fields: dict[str, Any]) -> Answer | NoAnswer:
    if "reason" in fields:
        if fields["reason"] not in _REASONS or not isinstance(fields["detail"], str):
            raise ValueError(fields["reason"])
        return NoAnswer(fields["reason"], fields["detail"])
    if fields.keys() != _ANSWER.keys() or any(type(fields[name]) is not kind for name, kind in _ANSWER.items()):
        raise ValueError(fields)
    return Answer(**fields, kept=True)


def _cost(fields: dict[str, Any]) -> Cost:
    if type(fields["tokens"]) is not int or type(fields["usd"]) is not float:
        raise ValueError(fields)
    return Cost(fields["tokens"], fields["usd"])


def _damaged(path: Path, what: str) -> InputError:
    return InputError(f"the recorded call {path} {what}; delete that file to have the call asked again, or restore it")
