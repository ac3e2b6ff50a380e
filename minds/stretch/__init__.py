"""A stretch of sessions at once: what `Cycle.run` does on each day, for days of which nobody reads the record.

Contract: byte for byte the same record. The path of the data: `at_hand` (what prices and signals alone say; `told` has
what the minds say) -> `run` (claims in columns: `column`, `slot`) -> `sitting` (what goes day by day, by the `team`;
`line` has its claims) -> `writing` (`page`, `texts`: what the ledger keeps) -> `piece`.
"""

from minds.stretch.at_hand import AtHand, Prices
from minds.stretch.piece import Docket, Piece
from minds.stretch.run import Stretch
from minds.stretch.told import told_ahead

__all__ = ["AtHand", "Docket", "Piece", "Prices", "Stretch", "told_ahead"]
