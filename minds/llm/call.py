"""What is asked of a model, and what comes back: the one door, whoever stands behind it.

Contract: a call is a value, and `key` its content address: SHA-256 over model, messages, schema, parameters and prompt
version, never over time, cost, keys or addresses of hosts. A model answers with an `Answer` or raises `NoAnswer` with a
named reason; it never returns an empty or invented text instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import orjson

from engine.errors import WorkshopError

__all__ = ["CALL_FORMAT", "Answer", "Call", "Message", "Model", "NoAnswer", "Reason"]

CALL_FORMAT = 1
"""Version of the content address."""

Reason = Literal["budget", "deadline", "transport", "refused", "breaker", "unseen"]
"""Why there is no answer: money or tokens are spent, time is up, the way to the model failed, the model's host refused
the call, too many calls failed in a row, or a replay does not hold this call."""


class Message(NamedTuple):
    """One message of a conversation.

    Attributes:
        role: `system`, `user` or `assistant`.
        text: its content.
    """

    role: Literal["system", "user", "assistant"]
    text: str


class Call(NamedTuple):
    """One question to a model.

    Attributes:
        model: the model's name as the caller knows it, such as `openai/gpt-5-mini`.
        prompt: name and version of the prompt, such as `argue/1`.
        messages: the conversation so far.
        schema: JSON schema of the answer; flat, every field required.
        max_tokens: most tokens that the answer may have.
        temperature: sampling temperature.
        sample: number of the sample, when one question is asked several times.
        who: whom the answer is for (a mind's name), for the bill; not part of the key.
    """

    model: str
    prompt: str
    messages: tuple[Message, ...]
    schema: Mapping[str, Any]
    max_tokens: int
    temperature: float = 0.0
    sample: int = 0
    who: str = ""

    def document(self) -> dict[str, Any]:
        """Everything that decides what the answer may be."""
        return {
            "format": CALL_FORMAT,
            "max_tokens": self.max_tokens,
            "messages": [{"role": message.role, "content": message.text} for message in self.messages],
            "model": self.model,
            "prompt": self.prompt,
            "sample": self.sample,
            "schema": dict(self.schema),
            "temperature": self.temperature,
        }

    @property
    def key(self) -> str:
        """Content address: 64 hexadecimal digits."""
        return hashlib.sha256(orjson.dumps(self.document(), option=orjson.OPT_SORT_KEYS)).hexdigest()


class Answer(NamedTuple):
    """What a model said, and what it cost.

    Attributes:
        text: the raw answer.
        finish: why the model stopped: `stop`, `length` or another word of its host's.
        tokens_in: tokens of the question.
        tokens_out: tokens of the answer.
        usd: price; 0 where none is known.
        seconds: latency.
        kept: whether the answer was read from a record and not asked now.
    """

    text: str
    finish: str
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    kept: bool = False


class NoAnswer(WorkshopError):
    """A model gave no answer.

    Attributes:
        reason: one of a few words, for counting.
        detail: one clause for people; never holds a key or a host's address.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"no answer ({reason}): {detail}")


class Model(Protocol):
    """Whoever answers calls."""

    name: str

    def ask(self, calls: Sequence[Call]) -> list[Answer | NoAnswer]:
        """One outcome for each call, in the calls' order; calls of one batch may run at the same time."""
        ...
