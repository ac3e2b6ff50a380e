"""litellm: the line to whatever model it reaches.

Contract: importing this module imports nothing heavy; making a `LiteLLM` imports litellm, and only a release that is
known to be good, with telemetry, callbacks, logging, its caches and its remote price map off. Keys and addresses come
from the environment variables that litellm itself reads, and no text of litellm's or of a host's ever becomes part of
an error, so that no key can. One `send` is one attempt; what failed is judged by what was seen on the wire, not by the
names of litellm's exceptions, which say the same of a dead host and of a missing key.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import warnings
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from minds.llm.budget import Price
from minds.llm.call import Answer, Call, Message
from minds.llm.line import Fault

if TYPE_CHECKING:
    from minds.llm.wire import Seen

__all__ = ["COMPROMISED", "LiteLLM"]

COMPROMISED = frozenset({"1.82.7", "1.82.8", "1.107.0"})
"""Releases of litellm that carried stolen credentials away, or are said to have."""
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


class LiteLLM:
    """One model that litellm reaches.

    Attributes:
        name: the model's name with its provider, as litellm writes it.
        price: of its tokens by the price map that came with litellm; None where unknown.
    """

    def __init__(self, model: str, *, clock: Callable[[], float]) -> None:
        self._litellm = _imported()
        from minds.llm.wire import attempt

        self.name, self._clock = model, clock
        self._provider = _provider(self._litellm, model)
        self.price = _price(self._litellm, model)
        self._formed = self._takes_schema()
        with attempt(1.0, clock) as seen:  # nothing is granted, so nothing is sent: it only imports what a call needs
            self._complete(Call(model, "", (Message("user", "?"),), {}, 1), seen, True)

    def send(self, call: Call, timeout: float) -> Answer:
        """Make one attempt that ends within `timeout` seconds.

        A host that does not take a schema is asked once more without it, within the same time, and never with it again.

        Raises:
            Fault: there is no usable answer.
        """
        from minds.llm.wire import attempt

        begin = self._clock()
        with attempt(timeout, self._clock) as seen:
            formed = self._formed
            seen.grant()
            said = self._complete(call, seen, formed)
            if said is None and formed and seen.status in (400, 422):
                seen.grant()
                said = self._complete(call, seen, False)
                self._formed = said is None
            if said is None:
                raise _fault(seen)
            if not seen.sent:
                raise Fault(
                    "refused", "litellm reaches this provider by a way on which neither time nor size is bounded"
                )
        text, finish, tokens_in, tokens_out = _parsed(said, seen.body)
        usd = self.price.of(tokens_in, tokens_out) if self.price else 0.0
        return Answer(text, finish, tokens_in, tokens_out, usd, self._clock() - begin)

    def _complete(self, call: Call, seen: Seen, formed: bool) -> Any:
        """Litellm's answer; None when it has none."""
        from minds.llm.wire import NotGranted

        extra: dict[str, Any] = {}
        if formed:
            schema = {"name": call.prompt.partition("/")[0] or "answer", "schema": dict(call.schema), "strict": True}
            extra["response_format"] = {"type": "json_schema", "json_schema": schema}
        try:
            return self._litellm.completion(
                model=self.name,
                messages=[{"role": message.role, "content": message.text} for message in call.messages],
                max_tokens=call.max_tokens,
                temperature=call.temperature,
                timeout=seen.left(),
                num_retries=0,
                max_retries=0,
                drop_params=True,
                caching=False,
                **extra,
            )
        except (Exception, NotGranted):  # of any kind, with any text, perhaps the key in it: the wire knows better
            return None

    def _takes_schema(self) -> bool:
        """Whether to ask in a schema: where litellm knows that it works, and at hosts of which it knows nothing."""
        try:
            known = bool(self._litellm.supports_response_schema(model=self.name))
        except Exception:
            known = False
        return known or self.price is None


def _imported() -> Any:
    """litellm, tamed."""
    try:
        version = importlib.metadata.version("litellm")
    except importlib.metadata.PackageNotFoundError:
        raise InputError(
            "asking a model needs the package litellm; install it with: pip install 'workshop-desk[llm]'"
        ) from None
    if version in COMPROMISED:
        raise InputError(
            f"litellm {version} is a compromised release and is not imported; remove it, change every key that this "
            "machine has held, and install the pinned one with: pip install 'workshop-desk[llm]'"
        )
    os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_MODE="PRODUCTION", HF_HUB_OFFLINE="1")
    for name in ("LITELLM_LOG", "DETAILED_DEBUG", "DEBUG_OTEL"):  # these print whole requests, keys and all
        os.environ.pop(name, None)
    import httpx
    import litellm
    from litellm.llms.custom_httpx import http_handler

    from minds.llm.wire import Wire

    if not isinstance(getattr(litellm.client_session, "_transport", None), Wire):
        wire = Wire()

        def client(*_: object) -> httpx.Client:
            return httpx.Client(transport=wire, follow_redirects=False, trust_env=False)

        litellm.client_session = client()  # of those providers that litellm reaches by the openai package
        http_handler.HTTPHandler.create_client = client  # of all others
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.set_verbose = False
    litellm.drop_params = True
    litellm.num_retries = None
    litellm.cache = None
    for hooks in ("callbacks", "input_callback", "success_callback", "failure_callback", "service_callback"):
        setattr(litellm, hooks, [])
    warnings.filterwarnings("ignore", module=r"pydantic\.", category=UserWarning)  # of answers that are none
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx", "openai"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return litellm


def _provider(litellm: Any, model: str) -> str:
    """Check that the model can be asked at all: its provider is known, its key is there."""
    try:
        provider = str(litellm.get_llm_provider(model=model)[1])
        lacking = litellm.validate_environment(model=model)
    except Exception:
        raise InputError(
            f"litellm knows no provider for the model '{model}'; write it with its provider, such as openai/{model}"
        ) from None
    if not lacking.get("keys_in_environment") and lacking.get("missing_keys"):
        names = ", ".join(map(str, lacking["missing_keys"]))
        raise InputError(f"{model} needs {names} in the environment; set it there, keys are taken from nowhere else")
    return provider


def _price(litellm: Any, model: str) -> Price | None:
    try:
        known = litellm.get_model_info(model=model)
        price = Price(float(known["input_cost_per_token"]), float(known["output_cost_per_token"]))
    except Exception:
        return None
    return price if min(price) >= 0.0 else None


# --- what came back ---------------------------------------------------------------------------------------------------


def _fault(seen: Seen) -> Fault:
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


def _parsed(said: Any, body: bytes | None) -> tuple[str, str, int, int]:
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
