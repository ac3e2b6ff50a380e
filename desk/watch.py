"""Says which plug-in keeps everybody waiting.

Contract: a stranger's code cannot be stopped from outside without harm, so nothing is stopped and no number changes:
after some seconds in one and the same call of a plug-in a line on stderr names it, once for that call, and the person
at the keyboard decides. Costs the run nothing: a second thread looks at the stack now and then.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import click

from engine.plugins import PluginGroup
from engine.signals.compute import compute_signals
from minds.protocol import ask
from regimes.model import RegimeReader

__all__ = ["PATIENCE", "waiting_told"]

PATIENCE = 10.0
"""Seconds between two looks; a call that is met in two looks in a row has lasted at least that long."""

_CALLS: dict[CodeType, Callable[[dict[str, Any]], str]] = {
    ask.__code__: lambda at: f"the mind {at['mind'].name!r} ({at['target'].key} on {at['snapshot'].session})",
    RegimeReader.read.__code__: lambda at: f"the regime model on {at['snapshot'].session}",
    compute_signals.__code__: lambda at: f"the signal {at['spec'].name!r}",
    PluginGroup._load.__code__: lambda at: f"loading {at['point'].value}",
}
"""The calls from which a stranger's code is entered, and how to name what is asked from the call's own variables."""


@contextlib.contextmanager
def waiting_told() -> Iterator[None]:
    """Watch this thread while the block runs."""
    done, watched, patience = threading.Event(), threading.get_ident(), PATIENCE
    thread = threading.Thread(target=_watch, args=(done, watched, patience), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _watch(done: threading.Event, watched: int, patience: float) -> None:
    before: FrameType | None = None
    told = False
    while not done.wait(patience):
        now = _entered(sys._current_frames().get(watched))
        told = told and now is before
        if now is not None and now is before and not told:
            told = True
            click.echo(
                f"workshop: still waiting for {_name(now)}, for more than {patience:.0f} seconds; Control-C ends this "
                "and keeps what is done",
                err=True,
            )
        before = now


def _entered(frame: FrameType | None) -> FrameType | None:
    """The innermost call by which a plug-in was entered; None when none is being asked."""
    while frame is not None and frame.f_code not in _CALLS:
        frame = frame.f_back
    return frame


def _name(frame: FrameType) -> str:
    try:
        return _CALLS[frame.f_code](frame.f_locals)
    except Exception:  # the call has ended meanwhile, or its object cannot say its name
        return "a plug-in"
