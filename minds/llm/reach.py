"""litellm: the line to whatever model it reaches.

Contract: litellm is imported when a line is made, and only a release that is known to be good.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import InputError
from minds.llm.budget import Price
from minds.llm.call import Answer, Call
from minds.llm.line import Fault

__all__ = ["LiteLLM"]


class LiteLLM:
    """One model that litellm reaches."""

    def __init__(self, model: str, *, clock: Callable[[], float]) -> None:
        self.name = model
        self.price: Price | None = None
        raise InputError("a model needs the package litellm; install it with: pip install 'workshop-desk[llm]'")

    def send(self, call: Call, timeout: float) -> Answer:
        """Make one attempt."""
        raise Fault("transport", "no line")
