"""Risk claims of one symbol: how rough the next month will be, and whether it will lose five percent.

Contract: `look` is called once a session, in order, also before the run; `call` turns today's odds into claims. Claims
of one kind overlap for a month, which is why their skill is tested with that in mind (engine.scoring.comparison) and
never naively. No odds, no claim.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from engine.claims import Claim, Kind, claim_id
from engine.snapshot import Snapshot
from minds.waiting import Draft, Waiting
from regimes.odds import MONTH, Facts, Odds, Outlook

__all__ = ["RISKS", "RiskDesk"]

RISKS: tuple[Kind, Kind] = ("volatility", "drawdown")
"""What is claimed, in the order of `RiskDesk.odds`."""


class RiskDesk:
    """Volatility and drawdown claims on one symbol.

    Attributes:
        symbol: the instrument.
        open: published claims that wait.
        odds: today's, None where there are none.
    """

    def __init__(self, symbol: str, role: str) -> None:
        self.symbol = symbol
        self.open: deque[Waiting] = deque()
        self._outlook = Outlook()
        self._reads = (f"{role}.realised_vol_21d", f"{role}.vol_forecast_21d")
        self.odds: tuple[Odds | None, Odds | None] = (None, None)

    @property
    def reads(self) -> tuple[str, str]:
        """Signals that it lives on: realised volatility, and what is expected of the month to come."""
        return self._reads

    def take(self, facts: Facts, score: float | None) -> None:
        """Take in a session by its facts (`regimes.odds.facts_ahead`), in a run in which all come with theirs."""
        self.odds = self._outlook.take(facts, score)

    def look(self, snapshot: Snapshot, score: float | None) -> None:
        """Take in a session."""
        realised, expected = snapshot.values(self._reads)
        price = snapshot.price(self.symbol, "adj_close")
        self.odds = self._outlook.update(price, realised, expected, score)

    def call(self, draft: Draft, label: str) -> Iterator[Claim]:
        """Today's claims."""
        for kind, odds in zip(RISKS, self.odds, strict=True):
            if odds is not None:
                p, base_rate, threshold = odds
                identity = claim_id(draft.session, self.symbol, kind, MONTH)
                claim = draft.claim(kind, identity, p, base_rate, threshold=threshold)
                self.open.append(Waiting(claim, draft.due, label))
                yield claim
