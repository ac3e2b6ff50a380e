"""Claims between publication and verdict: what they share when they are drafted, and what is kept while they wait.

Contract: immutable; nothing here decides anything.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from engine.claims import Claim, Kind

__all__ = ["Draft", "Waiting"]


# What `Claim._make` does, at a third of its time: a replay makes tens of thousands.
_claim: Callable[[tuple[Any, ...]], Claim] = functools.partial(tuple.__new__, Claim)


class Draft(NamedTuple):
    """What every claim of one symbol, horizon and session has in common.

    Attributes:
        symbol: the instrument.
        horizon: sessions ahead.
        session: ISO day of publication.
        as_of: ISO instant.
        reference: quoted close.
        deadline: ISO day on which it falls due, as scheduled.
        due: position of the session on which it settles.
    """

    symbol: str
    horizon: int
    session: str
    as_of: str
    reference: float
    deadline: str
    due: int

    def claim(
        self, kind: Kind, identity: str, probability: float | None = None, base_rate: float | None = None,
        low: float | None = None, high: float | None = None, base_low: float | None = None,
        base_high: float | None = None, versus: str | None = None, threshold: float | None = None,
    ) -> Claim:  # fmt: skip
        """A claim with its forecast: the fields of `Claim` from `probability` on."""
        symbol, horizon, session, as_of, reference, deadline, _ = self
        return _claim((
            identity, kind, symbol, horizon, session, as_of, reference, deadline, probability, base_rate, low, high,
            base_low, base_high, versus, threshold,
        ))  # fmt: skip


class Waiting(NamedTuple):
    """A claim that waits for its deadline.

    Attributes:
        claim: what was published.
        due: position of the session on which it settles.
        label: the regime on the day of publication.
        leans: each mind's lean, None where it was silent; empty for claims that minds have no part in.
    """

    claim: Claim
    due: int
    label: str
    leans: tuple[float | None, ...] = ()
