"""What came back from a host: an answer, or why there is none.

Contract: an answer is believed only where litellm's reading of it and the host's own document agree; what failed is
judged by what was seen on the wire. No text of a host's gets into a fault.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from minds.llm.line import Fault

if TYPE_CHECKING:
    from minds.llm.attempt import Seen

__all__ = ["answer_of", "fault_of"]

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which another attempt may do better."""
_UNSPENT = frozenset({425, 429, 503, 529})
"""Of these, the ones that say that nothing was worked on."""
_REFUSALS = {
    400: "the host does not accept the call as it is (400)",
    401: "the host does not accept the key (401); set the provider's key in the environment",
    402: "the host wants to be paid first (402)",
    403: "the host does not allow this key to use the model (403)",
    404: "the host has no such model, or nothing at that address (404)",
    413: "the host finds the question too long (413)",
    422: "the host does not accept the call as it is (422)",
}
_STOPS = frozenset(
    {"stop", "STOP", "COMPLETE", "end_turn", "eos", "eos_token", "stop_sequence", "tool_calls", "tool_use"}
)
"""What hosts call the end of a whole answer; a tool is how some are made to answer in a schema."""
_REASON_NAMES = frozenset({"finish_reason", "finishReason", "stop_reason", "done_reason"})


def fault_of(seen: Seen) -> Fault:
    """Why there is no answer, by what was seen on the wire."""
    status = seen.status
    if seen.oversized:
        return Fault("transport", "the answer was larger than any answer can be")
    if status is None:
        if not seen.tried and not seen.over:
            return Fault("refused", "the call could not be made as it is, and nothing was sent", spent=False)
        if not seen.sent:
            return Fault("transport", "the host could not be reached", again=True, spent=False)
        return Fault("transport", "no answer came in time, or the connection broke", again=True)
    if 200 <= status < 300:
        cut = seen.body is None
        return Fault("transport", "the answer was cut short" if cut else "the answer makes no sense", again=True)
    if 300 <= status < 400:
        return Fault("refused", f"the host sends the call elsewhere ({status}), and it is not sent on", spent=False)
    if status in _AGAIN:
        said = "the host has too many calls" if status == 429 else "the host has a fault of its own"
        after = _retry_after(seen.headers)
        return Fault("transport", f"{said} ({status})", again=True, after=after, spent=status not in _UNSPENT)
    if status >= 500:
        return Fault("transport", f"the host has a fault of its own ({status})", spent=True)
    return Fault("refused", _REFUSALS.get(status, f"the host refuses the call ({status})"), spent=False)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a host asks to wait, in figures or as a date, which is measured on the host's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal() and len(text) <= 9:
        return float(text)
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError, OverflowError):  # no date, or one date with a zone and one without
        return None


def answer_of(said: Any, body: bytes | None) -> tuple[str, str, int, int]:
    """Text, reason to stop, and tokens of a question and its answer; `Fault` when litellm's answer is no answer."""
    try:
        (choice,) = said.choices
        message, usage = choice.message, getattr(said, "usage", None)
        text, finish = message.content, choice.finish_reason
        tools = getattr(message, "tool_calls", None) or getattr(message, "function_call", None)
        counts = [getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens")]
    except (AttributeError, TypeError, ValueError):
        raise Fault("transport", "the answer makes no sense", again=True) from None
    if tools:
        raise Fault("transport", "the host calls a tool that nobody offered", again=True)
    if not isinstance(text, str) or not text.strip():
        raise Fault("transport", "the answer is empty", again=True)
    doubtful, reasons = (False, set()) if body is None else _read_again(body)
    if doubtful:
        raise Fault("transport", "the answer says one thing twice, or not why it ends", again=True)
    if finish not in ("length", "content_filter"):
        finish = "stop" if finish == "stop" and reasons <= _STOPS else "other"
    tokens_in, tokens_out = (count if type(count) is int and count > 0 else 0 for count in counts)
    return text, finish, tokens_in, tokens_out


def _read_again(body: bytes) -> tuple[bool, set[str]]:
    """Whether the host's own document holds a name twice, or choices without a reason to stop; and all such reasons.

    litellm takes the last of two values, and a missing or unknown reason, even a broken connection, for `stop`.
    """
    twice, reasons = False, set()

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        found = dict(pairs)
        twice |= len(found) < len(pairs)
        reasons.update([value for name, value in pairs if name in _REASON_NAMES and isinstance(value, str)])
        return found

    try:
        document = json.loads(body, object_pairs_hook=once)
    except (ValueError, RecursionError):  # not one document of JSON, as some hosts of other forms send
        return twice, reasons
    choices = document.get("choices") if isinstance(document, dict) else None
    if not isinstance(choices, list):
        return twice, reasons
    stated = [isinstance(choice, dict) and isinstance(choice.get("finish_reason"), str) for choice in choices]
    return twice or not all(stated), reasons
