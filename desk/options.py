"""Options that several commands share, each said once.

Contract: decorators for commands of `desk.cli`; what is typed arrives under the same names everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

__all__ = ["data_options", "json_option", "model_options"]

Command = Callable[..., Any]


def json_option(command: Command) -> Command:
    """`--json`, which arrives as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")(command)


def data_options(command: Command) -> Command:
    """`--data` and `--universe`."""
    return _all(
        command,
        click.option(
            "--data", default="sample", show_default=True, metavar="SOURCE",
            help="sample, csv:DIR, yahoo or scenario:NAME.",
        ),
        click.option(
            "--universe", metavar="NAME|FILE",
            help="Which symbol plays which role [default: sample, us, or the scenario's].",
        ),
    )  # fmt: skip


def model_options(*, calls: str) -> Callable[[Command], Command]:
    """The fields of `desk.models.ModelOptions`; `calls` says where the record of calls is kept by default."""

    def decorate(command: Command) -> Command:
        return _all(
            command,
            click.option("--calls", metavar="DIR", help=f"Record of a model's calls, and cache [default: {calls}]."),
            click.option("--budget-usd", type=float, metavar="USD", help="Most money; checked before each call."),
            click.option("--budget-tokens", type=int, metavar="N", help="Most tokens, likewise."),
            click.option("--deadline", type=float, metavar="SECONDS", help="After so many seconds nothing is asked."),
        )  # fmt: skip

    return decorate


def _all(command: Command, *options: Callable[[Command], Command]) -> Command:
    """The command with these options, which its help lists in this order."""
    for option in reversed(options):
        command = option(command)
    return command
