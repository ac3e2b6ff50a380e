"""Language models on the command line: opened under one budget for the whole run, each once.

Contract: the only place that hands a clock and a pause to the language-model edge. Nothing is asked here.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from backtest.settings import Settings
from engine.calendar import TradingCalendar
from engine.errors import InputError

if TYPE_CHECKING:
    from minds.llm.budget import Budget, Price
    from minds.llm.recorded import Recorded

__all__ = ["ModelOptions", "Models", "sessions_of"]


class ModelOptions(NamedTuple):
    """What may be typed about the models of a run.

    Attributes:
        calls: folder for the record of calls; None for the usual one.
        budget_usd: most money.
        budget_tokens: most tokens.
        deadline: most seconds.
    """

    calls: str | None = None
    budget_usd: float | None = None
    budget_tokens: int | None = None
    deadline: float | None = None


class Models:
    """Opens the models of one run."""

    def __init__(self, options: ModelOptions, calls: Path) -> None:
        """Begin with what was typed, and the usual folder for the record of calls."""
        self._options = options
        self._calls = Path(options.calls) if options.calls else calls
        self._budget: Budget | None = None
        self._opened: dict[str, Recorded] = {}

    def open(self, text: str) -> Recorded:
        """The model that `litellm:MODEL` or `replay:DIR` names.

        Raises:
            InputError: no such model, folder or extra, or a budget that cannot be kept.
        """
        from minds.llm.budget import Budget
        from minds.llm.opening import open_model

        _, usd, tokens, seconds = self._options
        if self._budget is None:
            self._budget = Budget(clock=time.monotonic, tokens=tokens, usd=usd, seconds=seconds)
        if text not in self._opened:
            if usd is not None and self._opened:
                raise InputError(
                    "--budget-usd can be kept for one model only, since prices differ; use the same for --writer and "
                    "--adviser, or --budget-tokens"
                )
            self._opened[text] = open_model(
                text, calls=self._calls, budget=self._budget, clock=time.monotonic, sleep=time.sleep
            )
        return self._opened[text]

    @property
    def price(self) -> Price | None:
        """Of the models' tokens, where that is known."""
        return None if self._budget is None else self._budget.price

    def check(self, needs: str) -> None:
        """Refuse options for a run that opened no model; `needs` is the way out, as an imperative clause.

        Raises:
            InputError: some option is for a model.
        """
        typed = [name for name, value in zip(self._options._fields, self._options, strict=True) if value is not None]
        if typed and not self._opened:
            raise InputError(f"--{typed[0].replace('_', '-')} needs a model; {needs}")


def sessions_of(settings: Settings, after: date | None = None) -> int:
    """Sessions of a run, or those of them after a day: how often a model may be asked."""
    sessions = TradingCalendar.load(settings.universe.calendar, settings.start, settings.end)
    first = str(settings.start) if after is None else max(str(settings.start), str(after + timedelta(1)))
    return sum(first <= day <= str(settings.end) for day in sessions.labels)
