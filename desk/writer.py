"""`--writer`: from what was typed to whoever writes the essays, an estimate before the run, and the bill after it.

Contract: nobody is asked here; the default, `template`, asks nobody at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from backtest.settings import Settings
from desk.models import Models, sessions_of
from engine.errors import InputError

if TYPE_CHECKING:
    from minds.llm.budget import Price
    from minds.llm.writer import ModelWriter

__all__ = ["Opened", "account_lines", "estimate_line", "open_writer"]

_TYPICAL_OUT = 300
"""Tokens of a usual answer, for the estimate."""


class Opened(NamedTuple):
    """A model writer, and the price of its model's tokens where that is known."""

    writer: ModelWriter
    price: Price | None


def open_writer(writer: str, models: Models) -> Opened | None:
    """The model writer that was asked for; None for the template.

    Args:
        writer: `template`, `litellm:MODEL` or `replay:DIR`.
        models: opens it.

    Raises:
        InputError: no such writer, folder or extra, or a budget that cannot be kept.
    """
    if writer == "template":
        return None
    if writer.partition(":")[0] not in ("litellm", "replay"):
        raise InputError(f"--writer {writer!r} is not known; give template, litellm:MODEL or replay:DIR")
    from desk.leak import leak_line
    from minds.llm.untrusted import keep_secret
    from minds.llm.writer import ModelWriter

    model = models.open(writer)
    secret = keep_secret(model.tape.folder)
    return Opened(ModelWriter(model, secret, bill=model.bill, leak=leak_line(model.name)), models.price)


def estimate_line(opened: Opened, settings: Settings) -> str:
    """What the run may come to, in one line."""
    from minds.llm.argue import most_calls
    from minds.llm.budget import estimate
    from minds.llm.prompt import TYPICAL_TOKENS

    sessions = sessions_of(settings)
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
    often = f"{calls / days:.3f} calls per mind and day" if days else "there was no essay to write"
    yield f"Writer {account['name']}: {drafts}; {often}"
    faults = [f"{kind} {count}" for kind, count in account["rejected_for"].items()]
    lost = [f"{kind} {count}" for kind, count in account["unanswered"].items()]
    if faults or lost:
        yield (
            "Rejected or unanswered: " + ", ".join([*faults, *lost]) + "; the template stands in where no draft passed"
        )
    if total:
        each = account["bill"]["usd_per_essay"]
        yield (
            f"Bill: {total['calls']} calls, {total['kept']} from the record; {total['tokens']:,} tokens and "
            f"${total['usd']:.4f} now, {total['kept_tokens']:,} and ${total['kept_usd']:.4f} kept"
            + ("" if each is None else f"; ${each:.4f} an essay")
        )
    if account["leak"]:
        yield account["leak"]
