"""What minds, models and signals reach for beside what they are given: files, network, programs, frames.

Contract: `watch` turns the interpreter's audit events (PEP 578) into notes on whoever `now` has named; before that,
`now` costs an assignment. Events while a module is imported are not held against anybody. An audit hook cannot be taken
out again, so only the worker process, which ends after its run, sets one.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from backtest.audit.clock import LIBRARIES

__all__ = ["now", "reached", "watch"]

_current = ("", "")
_noted: dict[tuple[str, str], list[str]] = {}

_OUTSIDE = {
    "open": "opens the file {0}", "os.listdir": "lists the folder {0}", "os.scandir": "lists the folder {0}",
    "socket.connect": "connects to a network address", "socket.getaddrinfo": "looks up a network address",
    "subprocess.Popen": "starts the program {0}", "os.system": "runs a shell command",
    "sqlite3.connect": "opens the database {0}", "os.putenv": "changes the environment",
}  # fmt: skip
_INSIDE = {
    "sys._getframe": "walks up the interpreter's frames", "sys._current_frames": "looks at the interpreter's frames",
    "gc.get_objects": "lists the objects of the interpreter", "gc.get_referrers": "lists who refers to an object",
    "gc.get_referents": "lists what an object refers to",
}  # fmt: skip
"""Common in libraries, hence counted only when the caller is no installed library and no part of Python."""


def now(kind: str, name: str) -> None:
    """From here on, whatever happens is done by this mind, model or signal; by nobody for empty texts."""
    global _current
    _current = (kind, name)


def watch() -> None:
    """Take notes from now on, for the rest of the process."""
    sys.addaudithook(_hook)


def reached() -> dict[tuple[str, str], list[str]]:
    """(kind, name) -> what it did, each once, in the order of the first time."""
    return {who: list(what) for who, what in _noted.items()}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _current[0] or (event not in _OUTSIDE and event not in _INSIDE):
        return
    who = _current
    now("", "")  # what follows is ours
    try:
        frame = sys._getframe(1)
        if event in _OUTSIDE and not _importing(frame):
            _note(who, _OUTSIDE[event].format(arguments[0] if arguments else ""))
        elif event in _INSIDE and _is_strangers(frame) and not _importing(frame):
            _note(who, _INSIDE[event])
    finally:
        now(*who)


def _note(who: tuple[str, str], what: str) -> None:
    noted = _noted.setdefault(who, [])
    if what not in noted and len(noted) < 5:
        noted.append(what)


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if "importlib" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def _is_strangers(frame: FrameType) -> bool:
    top = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return top not in sys.stdlib_module_names and top not in LIBRARIES
