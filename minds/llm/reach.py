"""litellm: the line to whatever model it reaches.

Contract: importing this module imports nothing heavy; making a `LiteLLM` imports litellm, and only a release that is
known to be good, with telemetry, callbacks, logging, its caches and its remote price map off. Keys and addresses come
from the environment variables that litellm itself reads, and no text of litellm's or of a host's ever becomes part of
an error, so that no key can. One `send` is one attempt; what failed is judged by what was seen on the wire, not by the
names of litellm's exceptions, which say the same of a dead host and of a missing key.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from minds.llm.budget import Price
from minds.llm.call import Answer, Call, Message
from minds.llm.line import Fault
from minds.llm.returned import answer_of, fault_of

if TYPE_CHECKING:
    from minds.llm.attempt import Seen

__all__ = ["COMPROMISED", "LiteLLM"]

COMPROMISED = frozenset({"1.82.7", "1.82.8", "1.107.0"})
"""Releases of litellm that carried stolen credentials away, or are said to have."""


class LiteLLM:
    """One model that litellm reaches.

    Attributes:
        name: the model's name with its provider, as litellm writes it.
        price: of its tokens by the price map that came with litellm; None where unknown.
    """

    def __init__(self, model: str, *, clock: Callable[[], float]) -> None:
        self._litellm = _imported()
        from minds.llm.attempt import attempt

        self.name, self._clock = model, clock
        _check(self._litellm, model)
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
        from minds.llm.attempt import attempt

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
                raise fault_of(seen)
            if not seen.sent:
                raise Fault(
                    "refused", "litellm reaches this provider by a way on which neither time nor size is bounded"
                )
        text, finish, tokens_in, tokens_out = answer_of(said, seen.body)
        usd = self.price.of(tokens_in, tokens_out) if self.price else 0.0
        return Answer(text, finish, tokens_in, tokens_out, usd, self._clock() - begin)

    def _complete(self, call: Call, seen: Seen, formed: bool) -> Any:
        """Litellm's answer; None when it has none."""
        from minds.llm.attempt import NotGranted

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


def _check(litellm: Any, model: str) -> None:
    """Refuse a model that cannot be asked at all: its provider is not known, or its key is not there."""
    try:
        litellm.get_llm_provider(model=model)
        lacking = litellm.validate_environment(model=model)
    except Exception:
        raise InputError(
            f"litellm knows no provider for the model '{model}'; write it with its provider, such as openai/{model}"
        ) from None
    if not lacking.get("keys_in_environment") and lacking.get("missing_keys"):
        names = ", ".join(map(str, lacking["missing_keys"]))
        raise InputError(f"{model} needs {names} in the environment; set it there, keys are taken from nowhere else")


def _price(litellm: Any, model: str) -> Price | None:
    try:
        known = litellm.get_model_info(model=model)
        price = Price(float(known["input_cost_per_token"]), float(known["output_cost_per_token"]))
    except Exception:
        return None
    return price if min(price) >= 0.0 else None
