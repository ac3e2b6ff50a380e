"""Who asks: record first, then the line, within the budget; tries again, gives up, asks several calls at a time.

Contract: implements `call.Model`. A recorded answer is taken as if it were given now, and charged to the budget what it
had cost, so that a cold run, a warm one and a replay are stopped at the same call; a recorded failure is asked again,
or, in a replay, repeated. Within one run a call has one outcome: who asks again is told the same, free of charge.
Without a line nothing is ever asked: a call that the record does not hold is an `InputError`. No exception of a line
but `Fault` is expected; outcomes come in the calls' order, and do not depend on which of them finished first.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from engine.errors import InputError
from minds.llm.bill import Bill
from minds.llm.budget import FREE, Budget, Cost, Slip
from minds.llm.call import Answer, Call, NoAnswer
from minds.llm.line import Fault, Line
from minds.llm.tape import Kept, Tape

__all__ = ["BREAKS", "TRIES", "Recorded"]

TRIES = 3
"""Attempts at a call: the first and two more."""
BREAKS = 5
"""After so many failed calls in a row nothing more is asked in this run."""
_PAUSE = 1.0
"""Seconds; the longest pause before the second attempt, twice that before the third."""
_PATIENCE = 60.0
"""Seconds; who asks for a longer pause is not waited for."""
_TIMEOUT = 60.0
_UNSENT = frozenset({"budget", "deadline", "breaker"})
"""Reasons for which a call was never sent."""


class _Sent(NamedTuple):
    outcome: Answer | NoAnswer
    cost: Cost


class Recorded:
    """A model behind a record and a budget.

    Attributes:
        name: the model's name.
        tape: where answers are kept.
        bill: what was asked so far.
    """

    def __init__(
        self,
        line: Line | None,
        tape: Tape,
        budget: Budget,
        *,
        name: str = "",
        sleep: Callable[[float], None] = lambda seconds: None,
        workers: int = 4,
        timeout: float = _TIMEOUT,
    ) -> None:
        self.name = name if line is None else line.name
        self.tape, self.budget, self.bill = tape, budget, Bill()
        self._line, self._sleep, self._workers, self._timeout = line, sleep, workers, timeout
        self._told: dict[str, Kept] = {}  # outcomes of this run by key
        self._row = 0  # failed calls in a row
        self._stopped = False

    def ask(self, calls: Sequence[Call]) -> list[Answer | NoAnswer]:
        """One outcome for each call, in the calls' order.

        Raises:
            InputError: the record cannot be trusted or written; or, in a replay, it does not hold a call.
        """
        pool: ThreadPoolExecutor | None = None
        if self._line is not None and self._workers > 1 and len(calls) > 1:
            pool = ThreadPoolExecutor(min(self._workers, len(calls)), thread_name_prefix="model")
        try:
            return self._ask(calls, pool)
        except BaseException:
            self._stopped = True  # calls under way end, and are not tried again
            raise
        finally:
            if pool is not None:
                pool.shutdown(cancel_futures=True)

    def _ask(self, calls: Sequence[Call], pool: ThreadPoolExecutor | None) -> list[Answer | NoAnswer]:
        running: deque[tuple[Call, Slip, Future[_Sent]]] = deque()
        first: dict[str, int] = {}  # of each key that is new in this run
        for place, call in enumerate(calls):
            if call.key in self._told or call.key in first:
                continue
            first[call.key] = place
            if not self._from_tape(call):
                # The breaker knows exactly the calls that are so far back, however many more have finished by now.
                while len(running) >= (self._workers if pool else 1):
                    self._collect(*running.popleft())
                self._send(call, pool, running)
        while running:
            self._collect(*running.popleft())
        outcomes = []
        for place, call in enumerate(calls):
            kept = self._told[call.key]
            if first.get(call.key) != place:  # told before
                self.bill.add(call, kept.outcome, kept=FREE)
            outcomes.append(kept.outcome)
        return outcomes

    def _from_tape(self, call: Call) -> bool:
        """Settle a call by what is recorded of it; False when it must be sent."""
        kept = self.tape.find(call)
        if kept is None and self._line is None:
            whom = f" for {call.who}" if call.who else ""
            raise InputError(
                f"{self.tape.folder} holds no answer to prompt {call.prompt}{whom} (call {call.key[:12]}); replay with "
                "the data and options of the run that recorded it, or ask a model: litellm:MODEL"
            )
        if kept is None or (isinstance(kept.outcome, NoAnswer) and self._line is not None):
            return False
        if not (isinstance(kept.outcome, NoAnswer) and kept.outcome.reason in _UNSENT):
            try:
                slip = self.budget.admit(kept.worst, TRIES)
            except NoAnswer as refusal:
                self._tell(call, Kept(refusal, FREE, kept.worst))
                return True
            last = _cost(kept.outcome, kept.worst) if isinstance(kept.outcome, Answer) else FREE
            self.budget.charge(slip, kept.cost, last)
            self.budget.settle(slip)
        self._told[call.key] = kept
        self.bill.add(call, kept.outcome, kept=kept.cost)
        return True

    def _send(
        self, call: Call, pool: ThreadPoolExecutor | None, running: deque[tuple[Call, Slip, Future[_Sent]]]
    ) -> None:
        worst = self.budget.worst(call)
        try:
            if self._row >= BREAKS:
                raise NoAnswer("breaker", f"{BREAKS} calls in a row had failed, so nothing more is asked")
            self._in_time()
            slip = self.budget.admit(worst, TRIES)
        except NoAnswer as refusal:
            self._tell(call, Kept(refusal, FREE, worst))
            return
        if pool is not None:
            running.append((call, slip, pool.submit(self._attempts, call, slip)))
            return
        done: Future[_Sent] = Future()
        done.set_result(self._attempts(call, slip))
        running.append((call, slip, done))

    def _attempts(self, call: Call, slip: Slip) -> _Sent:
        """Try until there is an answer or no more trying; the answer is on the tape before anybody is told."""
        try:
            outcome = self._tried(call, slip)
            sent = _Sent(outcome, slip.spent)
        finally:
            self.budget.settle(slip)
        if isinstance(outcome, Answer):
            self.tape.keep(call, outcome, sent.cost, slip.worst)
        return sent

    def _tried(self, call: Call, slip: Slip) -> Answer | NoAnswer:
        assert self._line is not None
        for attempt in range(1, TRIES + 1):
            try:
                left = self._in_time()
                answer = self._line.send(call, self._timeout if left is None else min(self._timeout, left))
                if not _writable(answer.text):
                    raise Fault("transport", "the answer is not valid Unicode", again=True)
            except Fault as fault:
                self.budget.charge(slip, slip.worst if fault.spent else FREE)
                pause = _pause(call, attempt, fault)
                left = self.budget.left()
                late = pause is None or (left is not None and pause >= left)
                if pause is None or late or self._stopped or attempt == TRIES or not self.budget.again(slip):
                    return NoAnswer(fault.reason, fault.detail)
                self._sleep(pause)
            except NoAnswer as late:
                return late
            else:
                self.budget.charge(slip, _cost(answer, slip.worst))
                return answer._replace(kept=False)
        raise AssertionError("the last attempt returns")

    def _collect(self, call: Call, slip: Slip, sent: Future[_Sent]) -> None:
        outcome, cost = sent.result()
        if isinstance(outcome, Answer):
            self._row = 0
        elif outcome.reason not in _UNSENT:
            self._row += 1
        self._tell(call, Kept(outcome, cost, slip.worst))

    def _tell(self, call: Call, kept: Kept) -> None:
        """Keep the outcome of a call that was not on the tape."""
        if isinstance(kept.outcome, NoAnswer):
            self.tape.keep(call, *kept)
        self._told[call.key] = kept
        self.bill.add(call, kept.outcome, kept.cost)

    def _in_time(self) -> float | None:
        """Seconds to the deadline; `NoAnswer` when there are none."""
        left = self.budget.left()
        if left is not None and left <= 0.0:
            raise NoAnswer("deadline", "the time that was given for the run is over")
        return left


def _cost(answer: Answer, worst: Cost) -> Cost:
    """What an attempt cost: as the host says, or the worst case where it says nothing that can be true."""
    if answer.tokens_in < 1 or answer.tokens_out < 1:
        return worst
    return Cost(answer.tokens_in + answer.tokens_out, answer.usd)


def _writable(text: str) -> bool:
    """Whether a text can be recorded, hashed and printed: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _pause(call: Call, attempt: int, fault: Fault) -> float | None:
    """Seconds before the next attempt, with full jitter that is the call's own; None when it is no use."""
    if not fault.again or (fault.after is not None and fault.after > _PATIENCE):
        return None
    jitter = random.Random(f"{call.key}/{attempt}").uniform(0.0, _PAUSE * 2 ** (attempt - 1))
    return jitter if fault.after is None else max(fault.after, jitter)
