"""`--adviser` and `--cutoff`: from what was typed to whoever may tilt the lead call.

Contract: a model that may remember the days of the run is not let near them: on real history a cutoff has to be stated,
since without one every day may be memory. Nobody is asked here.
"""

from __future__ import annotations

from datetime import date

from backtest.settings import AdviserChoice, Settings
from desk.models import Models, sessions_of
from engine.calendar import parse_day
from engine.errors import InputError

__all__ = ["advice_estimate", "open_adviser"]

_TYPICAL_OUT = 80
"""Tokens of a usual answer, for the estimate."""


def open_adviser(
    adviser: str | None, cutoff: str | None, models: Models, *, end: date, invented: bool
) -> AdviserChoice | None:
    """The adviser that was asked for; None for nobody.

    Args:
        adviser: `litellm:MODEL` or `replay:DIR`.
        cutoff: last day that its model was trained on.
        models: opens it.
        end: last day of the run.
        invented: whether the market is, so that nothing in it can be remembered.

    Raises:
        InputError: no such model, or what it says would be worth nothing.
    """
    known = None if cutoff is None else parse_day(cutoff, what="--cutoff")
    if adviser is None:
        if known is not None:
            raise InputError(
                "--cutoff is for a model that advises; add --adviser litellm:MODEL or --adviser replay:DIR"
            )
        return None
    if adviser.partition(":")[0] not in ("litellm", "replay"):
        raise InputError(f"--adviser {adviser!r} is not known; give litellm:MODEL or replay:DIR")
    if known is None and not invented:
        raise InputError(
            "--adviser needs --cutoff on real history: the last day that the model was trained on, as its maker states "
            "it; what a model says of the days before that may be memory"
        )
    if known is not None and known >= end:
        raise InputError(
            f"the run ends on {end} and the model may remember all days up to its cutoff {known}, so it would never be "
            "asked; give a later --end, or leave out --adviser"
        )
    from desk.leak import leak_line
    from minds.llm.adviser import ModelAdviser
    from minds.llm.untrusted import keep_secret

    model = models.open(adviser)
    return AdviserChoice(ModelAdviser(model, keep_secret(model.tape.folder)), known, leak_line(model.name))


def advice_estimate(choice: AdviserChoice, settings: Settings, models: Models) -> str:
    """What asking it may come to, in one line: at most one question for each session after the cutoff."""
    from minds.llm.budget import estimate
    from minds.llm.prompt import TYPICAL_TOKENS

    calls = sessions_of(settings, after=choice.cutoff)
    return f"Adviser {choice.who.name}: {estimate(calls, TYPICAL_TOKENS, _TYPICAL_OUT, models.price)}"
