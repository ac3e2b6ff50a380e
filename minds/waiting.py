"""Claims between publication and verdict: what they share when they are drafted, and what is kept while they wait.

Contract: immutable; nothing here decides anything.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.claims import Claim, Kind

__all__ = ["Draft", "Waiting"]


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

    def claim(self, kind: Kind, identity: str, *forecast: float | None, **more: Any) -> Claim:
        """A claim with its forecast: the fields of `Claim` from `probability` on."""
        symbol, horizon, session, as_of, reference, deadline, _ = self
        numbers: tuple[Any, ...] = forecast
        return Claim(identity, kind, symbol, horizon, session, as_of, reference, deadline, *numbers, **more)


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
