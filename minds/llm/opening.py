"""From what a user types to a model: `litellm:MODEL` or `replay:DIR`.

Contract: returns a model that asks nothing before its first call, or raises `InputError` with the way out. Names and
folders are checked here, once; keys are neither taken nor read, the model's own library finds them in the environment.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import InputError
from minds.llm.budget import Budget
from minds.llm.recorded import Recorded
from minds.llm.tape import Tape

__all__ = ["open_model"]

_FORMS = "litellm:MODEL, such as litellm:openai/gpt-5-mini, or replay:DIR"


def open_model(
    text: str,
    *,
    calls: Path,
    budget: Budget,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    workers: int = 4,
) -> Recorded:
    """The model that `text` names.

    Args:
        text: `litellm:MODEL`, or `replay:DIR` with the folder of an earlier run's calls (`replay:DIR#MODEL` where it
            holds those of several models).
        calls: folder for the calls of a model that is asked; answers that are already there are taken from it.
        budget: for the whole run; it is told the model's price if it has none.
        clock: seconds of a clock that never goes back.
        sleep: waits so many seconds.
        workers: calls that may run at the same time.

    Raises:
        InputError: no such form, folder, extra or release; or money is capped and the price is not known.
    """
    kind, _, rest = text.partition(":")
    if kind == "replay" and rest:
        return _replayed(rest, budget)
    if kind != "litellm" or not rest:
        raise InputError(f"'{text}' is no model that can be asked; give {_FORMS}")
    from minds.llm.reach import LiteLLM

    line = LiteLLM(rest, clock=clock)
    budget.price = budget.price or line.price
    if budget.asks_price and budget.price is None:
        raise InputError(f"no price is known for {rest}, so money cannot be capped; use --budget-tokens instead")
    return Recorded(line, Tape(calls), budget, sleep=sleep, workers=workers)


def _replayed(place: str, budget: Budget) -> Recorded:
    folder, _, model = (place, "", "") if Path(place).is_dir() else place.rpartition("#")
    folder, model = (folder, model) if folder else (place, "")
    if not Path(folder).is_dir():
        raise InputError(f"no folder {folder} to replay calls from; give the one that a run with litellm:MODEL wrote")
    tape = Tape(Path(folder))
    models = tape.models()
    if not models:
        raise InputError(f"{folder} holds no recorded calls; give the folder that a run with litellm:MODEL wrote")
    if model and model not in models:
        raise InputError(f"{folder} holds no calls of {model}; it holds those of {', '.join(models)}")
    if not model and len(models) > 1:
        raise InputError(f"{folder} holds calls of {', '.join(models)}; name one, as in replay:{folder}#{models[0]}")
    return Recorded(None, tape, budget, name=model or models[0])
