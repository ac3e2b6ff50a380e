"""Views: what a mind says about one target, or why it says nothing.

Contract: a lean is in [-1, 1] and equals the sum of its contributions; |lean| is the mind's confidence, a strength and
not a probability. A mind that cannot speak returns an `Abstention` with a reason; it never returns a neutral lean
instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, overload

__all__ = ["Abstention", "Contribution", "Debate", "DebateLabel", "Evidence", "GateResult", "Missing", "View"]

DebateLabel = Literal["aligned_bullish", "aligned_bearish", "divergent", "lone", "silent"]


class Contribution(NamedTuple):
    """What one piece of evidence adds to a lean.

    Attributes:
        signal: name of the signal.
        amount: signed share of the lean, in [-1, 1].
        value: the signal's value, in its own unit.
        reads: what the mind takes it to mean, a clause or a noun phrase without digits ("a month of buying").
    """

    signal: str
    amount: float
    value: float
    reads: str


class Evidence(Sequence[Contribution]):
    """Contributions of one view that are put together when somebody looks at them; equal to a tuple of the same.

    A replay makes tens of thousands of views, and on most days only names, amounts and values are read.

    Attributes:
        signals: names of the signals.
        amounts: what each adds to the lean.
        values: the value of each.
        words: for each, what it reads as when it takes from the lean and when it adds to it.
    """

    __slots__ = ("amounts", "signals", "values", "words")

    def __init__(
        self, signals: tuple[str, ...], amounts: tuple[float, ...], values: tuple[float, ...],
        words: tuple[tuple[str, str], ...],
    ) -> None:  # fmt: skip
        self.signals, self.amounts, self.values, self.words = signals, amounts, values, words

    def _all(self) -> tuple[Contribution, ...]:
        reads = [words[amount > 0.0] for words, amount in zip(self.words, self.amounts, strict=True)]
        return tuple(map(Contribution, self.signals, self.amounts, self.values, reads))

    def __len__(self) -> int:
        return len(self.signals)

    @overload
    def __getitem__(self, at: int) -> Contribution: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Contribution, ...]: ...
    def __getitem__(self, at: int | slice) -> Contribution | tuple[Contribution, ...]:
        return self._all()[at]

    def __iter__(self) -> Iterator[Contribution]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        return self._all() == tuple(other) if isinstance(other, (tuple, Evidence)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[type[tuple[Contribution, ...]], tuple[tuple[Contribution, ...]]]:
        return tuple, (self._all(),)


class Missing(NamedTuple):
    """Evidence that a mind would have used.

    Attributes:
        signal: name of the signal.
        reason: why there is none.
    """

    signal: str
    reason: str


class View(NamedTuple):
    """A mind's opinion on one target.

    Attributes:
        mind: the mind's name.
        target: the target's key, such as `QQQ:1`.
        lean: in [-1, 1]; above zero it expects a rise.
        contributions: evidence, in the mind's own order; amounts add up to `lean`.
        missing: evidence that it lacked.
    """

    mind: str
    target: str
    lean: float
    contributions: Sequence[Contribution] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def confidence(self) -> float:
        """|lean|: strength, not probability."""
        return abs(self.lean)


class Abstention(NamedTuple):
    """A mind that says nothing on one target, and why.

    Attributes:
        mind: the mind's name.
        target: the target's key.
        reason: one clause.
        missing: evidence that it lacked.
    """

    mind: str
    target: str
    reason: str
    missing: tuple[Missing, ...] = ()


class Debate(NamedTuple):
    """How the minds stand to one another on one target.

    Attributes:
        label: `aligned_bullish`, `aligned_bearish`, `divergent`, `lone` or `silent`.
        conviction: rank-weighted mean confidence of those who speak, in [0, 1]; 0 when silent.
        confidences: (mind, confidence) of those who speak, in the run's order of minds.
    """

    label: DebateLabel
    conviction: float
    confidences: tuple[tuple[str, float], ...]


class GateResult(NamedTuple):
    """What one gate did to one target (or to the whole cycle, target `*`).

    Attributes:
        gate: the gate's name.
        target: the target's key, or `*`.
        action: `pass`, `cap` or `abstain`.
        reason: one clause; empty on `pass`.
    """

    gate: str
    target: str
    action: Literal["pass", "cap", "abstain"]
    reason: str
