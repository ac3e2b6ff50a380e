"""`--writer`: from what was typed to whoever writes the essays, an estimate before the run, and the bill after it.

Contract: the only place that hands a clock and a pause to the model's edge. The default, `template`, asks nobody.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from backtest.settings import Settings
from engine.errors import InputError

if TYPE_CHECKING:
    from minds.llm.budget import Price
    from minds.llm.writer import ModelWriter

__all__ = ["Opened", "WriterOptions", "account_lines", "estimate_line", "open_writer"]

_TYPICAL_OUT = 300
"""Tokens of a usual answer, for the estimate."""


class WriterOptions(NamedTuple):
    """What may be typed about the writer.

    Attributes:
        writer: `template`, `litellm:MODEL` or `replay:DIR`.
        calls: folder for the record of calls; None for `calls` in the run's folder.
        budget_usd: most money.
        budget_tokens: most tokens.
        deadline: most seconds.
    """

    writer: str = "template"
    calls: str | None = None
    budget_usd: float | None = None
    budget_tokens: int | None = None
    deadline: float | None = None


class Opened(NamedTuple):
    """A model writer, and the price of its model's tokens where that is known."""

    writer: ModelWriter
    price: Price | None


def open_writer(options: WriterOptions, out: Path) -> Opened | None:
    """The model writer that was asked for; None for the template.

    Raises:
        InputError: no such writer, folder or extra, or a budget that cannot be kept.
    """
    asked = [name for name, value in zip(options._fields[1:], options[1:], strict=True) if value is not None]
    if options.writer == "template":
        if asked:
            flag = "--" + asked[0].replace("_", "-")
            raise InputError(f"{flag} needs a model that writes; add --writer litellm:MODEL or --writer replay:DIR")
        return None
    if options.writer.partition(":")[0] not in ("litellm", "replay"):
        raise InputError(f"--writer {options.writer!r} is not known; give template, litellm:MODEL or replay:DIR")
    from desk.leak import leak_line
    from minds.llm.budget import Budget
    from minds.llm.opening import open_model
    from minds.llm.untrusted import keep_secret
    from minds.llm.writer import ModelWriter

    budget = Budget(
        clock=time.monotonic, tokens=options.budget_tokens, usd=options.budget_usd, seconds=options.deadline
    )
    calls = Path(options.calls) if options.calls else out / "calls"
    model = open_model(options.writer, calls=calls, budget=budget, clock=time.monotonic, sleep=time.sleep)
    secret = keep_secret(model.tape.folder)
    return Opened(ModelWriter(model, secret, bill=model.bill, leak=leak_line(model.name)), budget.price)


def estimate_line(opened: Opened, settings: Settings) -> str:
    """What the run may come to, in one line."""
    import numpy as np

    from engine.calendar import TradingCalendar
    from minds.llm.argue import most_calls
    from minds.llm.budget import estimate
    from minds.llm.prompt import TYPICAL_TOKENS

    days = TradingCalendar.load(settings.universe.calendar, settings.start, settings.end).days
    sessions = int(np.sum((days >= np.datetime64(settings.start)) & (days <= np.datetime64(settings.end))))
    essays = sessions if settings.essays == "all" else min(settings.essays, sessions)
    calls = most_calls(len(settings.minds), essays)
    return f"Writer {opened.writer.name}: {estimate(calls, TYPICAL_TOKENS, _TYPICAL_OUT, opened.price)}"


def account_lines(account: dict[str, Any]) -> Iterator[str]:
    """What the writer did and what it cost, for people."""
    if "bill" not in account:
        return
    total, days = account["bill"].get("total"), account["mind_days"]
    drafts = f"{account['accepted']} of {account['questions']} drafts printed ({account['repaired']} after a repair)"
    calls = total["calls"] if total else account["questions"]
    yield f"Writer {account['name']}: {drafts}; {calls / days if days else 0.0:.3f} calls per mind and day"
    faults = [f"{kind} {count}" for kind, count in account["rejected_for"].items()]
    lost = [f"{kind} {count}" for kind, count in account["unanswered"].items()]
    if faults or lost:
        yield (
            "Rejected or unanswered: " + ", ".join([*faults, *lost]) + "; the template stands in where no draft passed"
        )
    if total:
        yield (
            f"Bill: {total['calls']} calls, {total['kept']} from the record; {total['tokens']:,} tokens and "
            f"${total['usd']:.4f} now, {total['kept_tokens']:,} and ${total['kept_usd']:.4f} kept; "
            f"${account['bill']['usd_per_essay']:.4f} an essay"
        )
    if account["leak"]:
        yield account["leak"]
