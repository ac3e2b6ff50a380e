"""The claims of one kind that a run has made, and what came of them, as columns.

Contract: a column that a kind of claim has not, or that is not known yet, is NaN (or -1), never zero. Nothing is read
or judged here: `backtest.history` puts claims together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from engine.bars import FloatArray
from minds.view import DebateLabel

__all__ = ["DEBATES", "RESULTS", "TABLES", "WHOLE", "Claims", "IntArray", "Target"]

IntArray = npt.NDArray[np.int64]
Target: TypeAlias = "tuple[str, int]"
"""Symbol and horizon."""

RESULTS = ("open", "void", "wrong", "right")
DEBATES: tuple[str, ...] = get_args(DebateLabel)
WHOLE = {"target": 0, "day": 0, "due": -1, "result": 0, "turn": -1, "debate": -1}
"""Columns of whole numbers, and what each holds where nothing is known."""
TABLES = ("lean", "fair", "baseline")
"""Columns that are tables, one column a mind or a baseline."""


class Claims:
    """Claims of one kind, in the order in which they were made unless said otherwise.

    All arrays have shape (n,) but for `lean`, `fair` and `baseline`; NaN (or -1) stands for what there is not, or not
    yet. A column is taken out when somebody asks for it: most readers want a few.
    """

    names: tuple[Target, ...]
    target: IntArray
    """What each claim is about, as an index of `names`."""
    day: IntArray
    """Number of the session, from 0, in which it was made."""
    due: IntArray
    """Number of the session in which it was settled."""
    turn: IntArray
    """Its rank among all settlements of the run."""
    result: IntArray
    """As an index of `RESULTS`."""
    p: FloatArray
    """Probability of the event; none of an interval."""
    b: FloatArray
    """Base rate, likewise."""
    y: FloatArray
    """Outcome: 1 when the event happened (an interval held), 0 when not."""
    realised: FloatArray
    """Return, or other quantity, that happened, as a fraction."""
    reference: FloatArray
    """Quoted close from which it counts."""
    threshold: FloatArray
    """Volatility to exceed or return to fall to."""
    low: FloatArray
    high: FloatArray
    base_low: FloatArray
    base_high: FloatArray
    score: FloatArray
    """Brier score of a probability, Winkler score of an interval."""
    base_score: FloatArray
    """The same of the base rate or base interval."""
    log_score: FloatArray
    debate: IntArray
    """Of a direction: how the minds stood, as an index of `DEBATES`."""
    conviction: FloatArray
    without: FloatArray
    """Of a direction: what the probability would have been without an adviser."""
    tilt: FloatArray
    """Of a direction: what an adviser said, in [-1, 1]; NaN where there was none or it said nothing."""
    lean: FloatArray
    """Of a direction: each mind's lean, shape (n, minds); NaN where it was silent."""
    fair: FloatArray
    """Of a direction: each mind's probability after recalibration, shape (n, minds)."""
    baseline: FloatArray
    """Of a direction: each baseline's lean, shape (n, baselines); NaN where it was silent."""

    def __init__(
        self, names: Sequence[Target], columns: Mapping[str, npt.NDArray[Any]], which: IntArray | None = None
    ) -> None:
        """From the columns that there are, `target` among them, or from some positions of each."""
        self.names, self._columns, self._which = tuple(names), columns, which

    def __getattr__(self, name: str) -> npt.NDArray[Any]:
        """Take a column out, and keep it."""
        if name.startswith("_") or name not in Claims.__annotations__:
            raise AttributeError(f"claims have no column {name!r}")
        values, whole = self._columns.get(name), WHOLE.get(name)
        if values is None:
            values = np.full((len(self), 0) if name in TABLES else len(self), nan if whole is None else whole)
        elif self._which is not None:
            values = values[self._which]
        values = np.asarray(values, np.float64 if whole is None else np.int64)
        setattr(self, name, values)
        return values

    def __len__(self) -> int:
        return self._columns["target"].size if self._which is None else self._which.size

    def take(self, which: npt.NDArray[Any]) -> Claims:
        """The claims of a mask or of positions, in their order."""
        places = np.flatnonzero(which) if which.dtype == np.bool_ else which.astype(np.int64, copy=False)
        return Claims(self.names, self._columns, places if self._which is None else self._which[places])

    def settled(self) -> Claims:
        """The claims that were right or wrong, in the order in which they were settled."""
        known = np.flatnonzero(self.result >= RESULTS.index("wrong"))
        return self.take(known[np.argsort(self.turn[known], kind="stable")])

    def codes(self) -> list[int]:
        """The targets that have claims, by symbol and horizon."""
        return sorted(np.flatnonzero(np.bincount(self.target)).tolist(), key=self.names.__getitem__)

    def targets(self) -> Iterator[tuple[str, Claims]]:
        """The claims on each target, under the name `symbol:horizon`."""
        for code in self.codes():
            symbol, horizon = self.names[code]
            yield f"{symbol}:{horizon}", self.take(self.target == code)
