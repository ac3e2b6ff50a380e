"""What a run may spend on a model, and the bill: tokens, money, time.

Contract: `admit` is asked before a call is sent and refuses one whose worst case does not fit, so that a cap is never
exceeded by one token as long as hosts keep to `max_tokens` and tell the truth; one that does not is charged all the
same, and nothing is asked after it. Each retry is another attempt with a worst case of its own, and an attempt of which
nobody knows what it cost is charged that worst case. **Calls that run at the same time are decided as if each had been
asked after the one before it was paid**: a call waits for earlier ones only where they could still change the decision,
so that what is refused never depends on timing. No clock is read here; `clock` is handed in.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from engine.errors import InputError
from minds.llm.call import Call, NoAnswer

__all__ = ["FREE", "Budget", "Cost", "Estimate", "Price", "Slip", "estimate", "worst_tokens"]

_FRAME_TOKENS = 512
"""What a host may add to a question: its chat template, and its own words about how to answer in a schema."""
_MESSAGE_TOKENS = 32
"""What a host may add to each message: role and separators."""


class Cost(NamedTuple):
    """What one attempt, or one call with all its attempts, costs.

    Attributes:
        tokens: of question and answer together.
        usd: money; 0 where no price is known.
    """

    tokens: int
    usd: float


FREE = Cost(0, 0.0)


class Price(NamedTuple):
    """USD for one token of a question, and for one of an answer."""

    usd_in: float
    usd_out: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """The price of one call."""
        return math.fsum((tokens_in * self.usd_in, tokens_out * self.usd_out))


class Estimate(NamedTuple):
    """What a run may come to, before it starts.

    Attributes:
        calls: how many, at most.
        tokens: of questions and answers, at most.
        usd: money, at most; None where no price is known.
    """

    calls: int
    tokens: int
    usd: float | None

    def __str__(self) -> str:
        money = "price unknown" if self.usd is None else f"${self.usd:,.4f}"
        return f"at most {self.calls:,} calls, {self.tokens:,} tokens, {money}"


def estimate(calls: int, tokens_in: int, tokens_out: int, price: Price | None) -> Estimate:
    """What `calls` questions of `tokens_in` tokens with answers of `tokens_out` come to."""
    usd = None if price is None else price.of(calls * tokens_in, calls * tokens_out)
    return Estimate(calls, calls * (tokens_in + tokens_out), usd)


def worst_tokens(call: Call) -> int:
    """No fewer tokens than the question can have.

    Counted without a tokenizer: byte-level tokenizers, and those that fall back to bytes, never make more tokens than
    there are bytes of UTF-8. To these come the schema as JSON and what a host may add around them.
    """
    texts = sum([len(message.text.encode(errors="replace")) + _MESSAGE_TOKENS for message in call.messages])
    return texts + len(json.dumps(dict(call.schema))) + _FRAME_TOKENS


class Slip:
    """The place that one call holds in a budget, from `admit` to `settle`."""

    __slots__ = ("spent_tokens", "spent_usd", "tries", "worst")

    def __init__(self, worst: Cost, tries: int) -> None:
        self.worst, self.tries = worst, tries  # tries: attempts that may still be made, a running one included
        self.spent_tokens, self.spent_usd = 0, Fraction(0)

    @property
    def spent(self) -> Cost:
        """What its attempts have cost so far."""
        return Cost(self.spent_tokens, float(self.spent_usd))


class Budget:
    """Caps for one run. Safe to use from many threads; `admit` from one thread, in the order of the calls.

    Attributes:
        price: of the model's tokens; None where unknown.
        seconds: time from the making of this budget to the deadline; None for none.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        tokens: int | None = None,
        usd: float | None = None,
        seconds: float | None = None,
        price: Price | None = None,
    ) -> None:
        for what, value in (("tokens", tokens), ("USD", usd), ("seconds", seconds)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"a budget of {value} {what} cannot be kept; give a number above 0, or none at all")
        self.price, self.seconds = price, seconds
        self._tokens, self._usd = tokens, None if usd is None else Fraction(usd)
        self._clock, self._start = clock, clock()
        self._spent_tokens, self._spent_usd = 0, Fraction(0)  # by calls that are settled
        self._open: list[Slip] = []  # in the order of `admit`
        self._broken = False
        self._changed = threading.Condition()

    @property
    def asks_price(self) -> bool:
        """Whether it caps money, which needs a price."""
        return self._usd is not None

    @property
    def spent(self) -> Cost:
        """What is spent, by calls under way as well."""
        with self._changed:
            tokens = self._spent_tokens + sum([slip.spent_tokens for slip in self._open])
            return Cost(tokens, float(self._spent_usd + sum([slip.spent_usd for slip in self._open])))

    def worst(self, call: Call) -> Cost:
        """What one attempt at `call` costs at most."""
        asked = worst_tokens(call)
        usd = 0.0 if self.price is None else self.price.of(asked, call.max_tokens)
        return Cost(asked + call.max_tokens, usd)

    def left(self) -> float | None:
        """Seconds to the deadline, below 0 after it; None without one."""
        return None if self.seconds is None else self.seconds - (self._clock() - self._start)

    def admit(self, worst: Cost, tries: int = 1) -> Slip:
        """Hold a place for a call of up to `tries` attempts of at most `worst` each.

        Waits for calls under way if they could still make room for it, or take its room by retries.

        Raises:
            NoAnswer: `budget` when its first attempt does not fit.
        """
        with self._changed:
            while (slip := self.offer(worst, tries)) is None:
                self._changed.wait()
            return slip

    def offer(self, worst: Cost, tries: int = 1) -> Slip | None:
        """The same without waiting; None while calls under way could still change the decision."""
        with self._changed:
            slip = Slip(worst, tries)
            if self._broken:
                raise NoAnswer("budget", "the host counted more tokens than it was allowed, so nothing more is asked")
            if not self._fits(slip, self._open):
                if self._open:
                    return None
                raise NoAnswer("budget", "its worst case no longer fits in the budget")
            self._open.append(slip)
            return slip

    def charge(self, slip: Slip, cost: Cost, last: Cost | None = None) -> None:
        """An attempt has ended and cost that much; one that cost more than its worst case ends all asking.

        `last` is what the last attempt cost, where several are charged at once, as a record tells of them.
        """
        told = cost if last is None else last
        with self._changed:
            slip.tries -= 1
            slip.spent_tokens += cost.tokens
            slip.spent_usd += Fraction(cost.usd)
            self._broken |= told.tokens > slip.worst.tokens or told.usd > slip.worst.usd
            self._changed.notify_all()

    def again(self, slip: Slip) -> bool:
        """Whether one more attempt of this call fits; waits for earlier calls if they could still change that."""
        with self._changed:
            while (decided := self.offer_again(slip)) is None:
                self._changed.wait()
            return decided

    def offer_again(self, slip: Slip) -> bool | None:
        """The same without waiting; None while earlier calls could still change the decision."""
        with self._changed:
            earlier = self._open[: self._open.index(slip)]
            if self._broken or slip.tries < 1:
                return False
            return self._fits(slip, earlier) or (None if earlier else False)

    def settle(self, slip: Slip) -> None:
        """The call is over: what it did not spend is free again."""
        with self._changed:
            self._open.remove(slip)
            self._spent_tokens += slip.spent_tokens
            self._spent_usd += slip.spent_usd
            self._changed.notify_all()

    def _fits(self, slip: Slip, earlier: list[Slip]) -> bool:
        """Whether the next attempt of `slip` fits even if the `earlier` calls make all their attempts in vain."""
        tokens = self._spent_tokens + slip.spent_tokens + slip.worst.tokens
        tokens += sum([other.spent_tokens + other.tries * other.worst.tokens for other in earlier])
        if self._tokens is not None and tokens > self._tokens:
            return False
        if self._usd is None:
            return True
        usd = self._spent_usd + slip.spent_usd + Fraction(slip.worst.usd)
        usd += sum([other.spent_usd + other.tries * Fraction(other.worst.usd) for other in earlier])
        return usd <= self._usd
