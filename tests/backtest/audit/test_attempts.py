"""One-line peeks through the snapshot: each of them finds nothing, because nothing is there.

The truth: the market that the test holds, and the snapshot does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.claims import Target
from engine.snapshot import Snapshot
from minds.view import Abstention, View
from regimes.reading import RegimeReading
from tests.runs import TARGETS, records
from tests.worlds import WORLD, invented_market

MARKET = invented_market(3, 1200)


def next_row(snapshot: Snapshot) -> Any:
    return snapshot._feed._rows[snapshot.at + 1]


def base_of_history(snapshot: Snapshot) -> Any:
    return snapshot.history("market", 5).base


def far_history(snapshot: Snapshot) -> Any:
    return snapshot.history("market", 10**6)[snapshot.at + 1 :]


def negative_history(snapshot: Snapshot) -> Any:
    return snapshot.history("market", -3)


def feed_ahead(snapshot: Snapshot) -> Any:
    return [snapshot._feed.price("MKT", snapshot.at + step) for step in (1, 2, 10_000)]


def feed_history_ahead(snapshot: Snapshot) -> Any:
    return snapshot._feed.history("MKT", snapshot.at + 5, 5, "close")[5:]


def prices_ahead(snapshot: Snapshot) -> Any:
    return snapshot._feed.prices("MKT")[snapshot.at + 1 :]


def row_of_signals(snapshot: Snapshot) -> Any:
    """The row of numbers in memory of its own, which ends with this session."""
    held: Any = snapshot._numbers.obj
    return np.frombuffer(held)[len(snapshot._numbers) :]


def events_ahead(snapshot: Snapshot) -> Any:
    return snapshot._feed.events(snapshot.at + 1, 10**6)


ATTEMPTS = (
    next_row, base_of_history, far_history, negative_history, feed_ahead, feed_history_ahead, prices_ahead,
    row_of_signals, events_ahead,
)  # fmt: skip


class Attempts:
    """A mind that tries one way to tomorrow and writes down what it finds: no bar is zero or missing in all fields."""

    name = "attempts"

    def __init__(self, attempt: Callable[[Snapshot], Any]) -> None:
        self.attempt, self.found, self.tries = attempt, list[Any](), 0

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Try, but for the last session, which has no tomorrow."""
        if snapshot.at + 1 < MARKET.size:
            self.tries += 1
            got = self.attempt(snapshot)
            numbers = [] if got is None else [x for x in np.ravel(np.array(got, object)).tolist() if x is not None]
            self.found += [x for x in numbers if x == x and x != 0.0]
        return Abstention(self.name, target.key, "it only tries")


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.__name__)
def test_no_way_through_the_snapshot_leads_to_tomorrow(attempt: Callable[[Snapshot], Any]) -> None:
    """Three times, since memory that the first replay gives back may be handed to the next, bars and all."""
    for _ in range(3):
        mind = Attempts(attempt)
        records(MARKET, 700, TARGETS[:1], [mind])
        assert mind.tries == MARKET.size - 1 - 700
        assert mind.found == []


def test_what_is_handed_out_is_a_copy_and_signals_cannot_be_written() -> None:
    class Writes(Attempts):
        def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
            history = snapshot.history("market", 3)
            before = history.copy()
            history[:] = 1e9
            assert np.array_equal(snapshot.history("market", 3), before, equal_nan=True)
            with pytest.raises(TypeError):
                snapshot._numbers[0] = 1.0
            self.tries += 1
            return Abstention("attempts", target.key, "it only tries")

    mind = Writes(lambda _: None)
    records(MARKET, MARKET.size - 20, TARGETS[:1], [mind])
    assert mind.tries == 20 and WORLD.roles["market"] == "MKT"
