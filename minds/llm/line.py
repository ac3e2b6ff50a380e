"""The line to a model: one attempt at one call, and how it can fail.

Contract: `send` makes exactly one attempt within its time, and returns an answer or raises a `Fault`; nothing else.
Whether to try again is for the caller (`minds.llm.recorded`) to decide.
"""

from __future__ import annotations

from typing import Protocol

from minds.llm.budget import Price
from minds.llm.call import Answer, Call, NoAnswer, Reason

__all__ = ["Fault", "Line"]


class Fault(NoAnswer):
    """One attempt failed.

    Attributes:
        again: whether another attempt may do better.
        after: seconds that the host asks to wait before it; None when it says nothing.
        spent: whether the host may have worked on it, and so may bill it.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        again: bool = False,
        after: float | None = None,
        spent: bool = True,
    ) -> None:
        self.again, self.after, self.spent = again, after, spent
        super().__init__(reason, detail)


class Line(Protocol):
    """Whoever carries a call to a model.

    Attributes:
        name: the model's name, as in `Call.model`.
        price: of its tokens; None where unknown.
    """

    name: str
    price: Price | None

    def send(self, call: Call, timeout: float) -> Answer:
        """Make one attempt that ends within `timeout` seconds.

        Returns:
            The answer; tokens are 0 where the host does not say how many there were.

        Raises:
            Fault: there is no usable answer.
        """
        ...
