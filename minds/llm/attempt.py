"""One attempt at a call: its time, leave for one request, and what was met on the wire meanwhile.

Contract: an attempt belongs to the thread that opened it. What was met is noted in `Seen`, which tells a dead host from
a slow one where exceptions of libraries do not.

Imported only with the extra `llm`, which brings httpcore.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpcore

__all__ = ["NotGranted", "Seen", "attempt", "attempted"]

_mine = threading.local()


class NotGranted(BaseException):
    """A request that was not let through; no `Exception`, so that no library between catches it, waits, repeats it."""


@dataclass
class Seen:
    """What one attempt met on the wire, of its last request.

    Attributes:
        clock: seconds of a clock that never goes back.
        ends: when its time is over, by `clock`.
        tried: whether a host was looked for.
        sent: whether any byte was sent to it, so that it may have begun to work.
        status: of its answer; None when none came.
        headers: of its answer, lower case.
        body: of its answer, unpacked; None when it did not come whole.
        oversized: whether it was larger than allowed.
    """

    clock: Callable[[], float]
    ends: float
    tried: bool = False
    sent: bool = False
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    oversized: bool = False
    _granted: bool = False

    def left(self) -> float:
        """Seconds that are left; `TimeoutException` when none are."""
        left = self.ends - self.clock()
        if left <= 0.0:
            raise httpcore.ReadTimeout("the time for this call is over")
        return left

    @property
    def over(self) -> bool:
        """Whether its time is over."""
        return self.clock() >= self.ends

    def grant(self) -> None:
        """Let one request through; a library that makes another of its own accord finds the wire cut."""
        self._granted = True

    def begin(self) -> None:
        """A request is made."""
        if not self._granted:
            raise NotGranted
        self._granted = False
        self.tried = self.sent = self.oversized = False
        self.status, self.headers, self.body = None, {}, None
        self.left()


@contextmanager
def attempt(seconds: float, clock: Callable[[], float]) -> Iterator[Seen]:
    """Open the wire to this thread for so long."""
    _mine.seen = Seen(clock, clock() + seconds)
    try:
        yield _mine.seen
    finally:
        del _mine.seen


def attempted() -> Seen:
    """The attempt that is open in this thread; raises `NotGranted` when there is none."""
    seen: Seen | None = getattr(_mine, "seen", None)
    if seen is None:
        raise NotGranted
    return seen
