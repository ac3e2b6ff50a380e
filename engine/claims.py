"""Claims and verdicts: what is said so that it can be graded, and the grade.

Contract: a claim fixes all that scoring needs on the day it is made (reference price, deadline session, tie and void
rule) and is never changed. There is one scored claim per (symbol, kind, horizon, session): these four are its identity.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["Claim", "Kind", "Pair", "Result", "Target", "Verdict", "claim_id", "horizon_label"]

Kind = Literal["direction", "interval", "relative", "volatility", "drawdown"]
Result = Literal["right", "wrong", "void"]


class Target(NamedTuple):
    """What a call is about.

    Attributes:
        symbol: the instrument.
        role: the role that it plays in the universe (the symbol itself where it has none).
        horizon: sessions ahead, 1 to 64.
    """

    symbol: str
    role: str
    horizon: int

    @property
    def key(self) -> str:
        """Short name as the command line writes it, such as `QQQ:1`."""
        return f"{self.symbol}:{self.horizon}"


class Pair(NamedTuple):
    """Two instruments to compare: will the first do better than the second?

    Attributes:
        first: the one said to do better.
        second: the other.
        horizon: sessions ahead.
    """

    first: Target
    second: Target
    horizon: int

    @property
    def symbol(self) -> str:
        """Both symbols, as in the identity of a claim: `IWM-over-QQQ`."""
        return f"{self.first.symbol}-over-{self.second.symbol}"

    @property
    def key(self) -> str:
        """Short name, such as `IWM-over-QQQ:1`."""
        return f"{self.symbol}:{self.horizon}"


class Claim(NamedTuple):
    """One gradable statement.

    Attributes:
        id: `SESSION/SYMBOL/KIND/HORIZON`.
        kind: `direction` (the adjusted close is higher at the deadline), `interval` (the return lies between low and
            high), …
        symbol: the instrument; for `relative` the one said to do better.
        horizon: sessions from `session` to the deadline.
        session: ISO day whose close is the reference.
        as_of: ISO instant of publication, UTC.
        reference: quoted close of `session`.
        deadline: ISO day on which it falls due, as scheduled when it was made.
        probability: of the event; None for an interval.
        base_rate: frequency of the event in the past at that time; None for an interval.
        low: lower end of the return, as a fraction; None but for an interval.
        high: upper end.
        base_low: lower end that the past alone would give (expanding 10% quantile).
        base_high: upper end that the past alone would give (90%).
        versus: the other symbol of a `relative` claim.
        threshold: annualised volatility to exceed (`volatility`), or return to fall to (`drawdown`), as a fraction.
    """

    id: str
    kind: Kind
    symbol: str
    horizon: int
    session: str
    as_of: str
    reference: float
    deadline: str
    probability: float | None = None
    base_rate: float | None = None
    low: float | None = None
    high: float | None = None
    base_low: float | None = None
    base_high: float | None = None
    versus: str | None = None
    threshold: float | None = None


class Verdict(NamedTuple):
    """The grade of one claim.

    Attributes:
        id: the claim's.
        result: `right`, `wrong`, or `void` with a reason.
        reason: why it is void; empty otherwise.
        settled: ISO day of the bar that settled it.
        outcome: 1 when the event happened, 0 when not; None when void.
        realised: the return (or other quantity) that happened, as a fraction; None when void.
        score: Brier score of a probability, Winkler score of an interval; None when void.
        base_score: the same score of the base rate or base interval.
        log_score: minus the log of the probability given to what happened (clipped at .02); None for an interval.
    """

    id: str
    result: Result
    reason: str
    settled: str
    outcome: int | None = None
    realised: float | None = None
    score: float | None = None
    base_score: float | None = None
    log_score: float | None = None


def claim_id(session: str, symbol: str, kind: Kind, horizon: int) -> str:
    """The identity of a claim, readable and stable across runs."""
    return f"{session}/{symbol}/{kind}/{horizon}"


def horizon_label(horizon: int) -> str:
    """Sessions as the desk says them: 1 is `24h`, 2 is `48h`, 21 is `21 sessions`."""
    return {1: "24h", 2: "48h"}.get(horizon, f"{horizon} sessions")
