"""A model whose answers are a function of the call, for tests and examples: no network, no chance.

Contract: serves both as a `Line` (one attempt) and as a `Model`. `asked` lists the calls in the order in which they
came. A text counts as one token for every four bytes, at least one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minds.llm.budget import Price
from minds.llm.call import Answer, Call, NoAnswer
from minds.llm.line import Fault

__all__ = ["Scripted"]


class Scripted:
    """Answers by `answer`: with a text, or a whole `Answer`, or a `NoAnswer` (a `Fault` may be tried again).

    Attributes:
        name: the model's name.
        price: of its tokens.
        asked: every call that was made.
    """

    def __init__(
        self, answer: Callable[[Call], str | Answer | NoAnswer], name: str = "scripted", price: Price | None = None
    ) -> None:
        self.name, self.price = name, price
        self.asked: list[Call] = []
        self._answer = answer

    def send(self, call: Call, timeout: float) -> Answer:
        """One attempt."""
        self.asked.append(call)
        said = self._answer(call)
        if isinstance(said, NoAnswer):
            raise said if isinstance(said, Fault) else Fault(said.reason, said.detail)
        if isinstance(said, Answer):
            return said
        asked, told = sum([_tokens(message.text) for message in call.messages]), _tokens(said)
        return Answer(said, "stop", asked, told, self.price.of(asked, told) if self.price else 0.0)

    def ask(self, calls: Sequence[Call]) -> list[Answer | NoAnswer]:
        """One outcome for each call, without record, budget or second try."""
        return [self._outcome(call) for call in calls]

    def _outcome(self, call: Call) -> Answer | NoAnswer:
        try:
            return self.send(call, 0.0)
        except NoAnswer as failure:
            return failure


def _tokens(text: str) -> int:
    return max(1, len(text.encode(errors="replace")) // 4)
