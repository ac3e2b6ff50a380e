"""The command line: reads what people type, calls one function, prints the answer.

Contract: people read stderr, machines read one JSON document on stdout (`--json`). Exit codes: 0 done, 1 a check
failed, 2 bad input with one sentence, 130 interrupted with everything acknowledged kept. This is the only place that
reads the clock. Heavy packages are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from engine.errors import WorkshopError

__all__ = ["main", "workshop"]


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("workshop-desk")
    except PackageNotFoundError:
        return "0 (not installed)"


class _Commands(click.Group):
    """Keeps commands in the order in which people need them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="workshop")
def workshop() -> None:
    r"""Run, replay and grade a market desk whose calls can be checked.

    \b
    Examples:
      workshop backtest --data sample --start 1999-01-04 --end 2018-12-31 --out runs/sample
      workshop minds list
      workshop ledger verify runs/sample
    """


def _json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")(command)


@workshop.command()
@click.option("--data", default="sample", show_default=True, metavar="SOURCE", help="sample, csv:DIR or yahoo.")
@click.option("--universe", metavar="NAME|FILE", help="Which symbol plays which role [default: sample, else us].")
@click.option("--start", required=True, metavar="DAY", help="First day, such as 1999-01-04.")
@click.option("--end", required=True, metavar="DAY", help="Last day and end of knowledge: nothing later is read.")
@click.option("--out", required=True, metavar="DIR", help="Folder for ledger, scores and essays.")
@click.option("--minds", metavar="A,B", help="Minds by name [default: macro,flow,contrarian].")
@click.option("--targets", metavar="QQQ:1,IWM:2", help="Symbols or roles with sessions ahead.")
@click.option(
    "--essays", default="last", show_default=True, metavar="last|all|none|N", help="For which of the last days."
)
@click.option("--resume", is_flag=True, help="Continue a run that was interrupted; ends in the same bytes.")
@_json_option
def backtest(as_json: bool, **options: Any) -> None:
    r"""Replay a range of days and say how the calls did.

    \b
    Examples:
      workshop backtest --start 1999-01-04 --end 2018-12-31 --out runs/sample
      workshop backtest --data csv:prices --universe us --start 2002-01-02 --end 2018-12-31 --out runs/us --essays 5
    """
    from desk.backtest import command

    command(as_json=as_json, **options)


@workshop.command()
@click.argument("essay", metavar="ESSAY.md")
@_json_option
def parse(essay: str, as_json: bool) -> None:
    r"""Read an essay in the desk's form back into a structured record.

    \b
    Example:
      workshop parse runs/sample/essays/2018-12-31-*.md --json
    """
    from desk.parse import command

    command(essay, as_json=as_json)


@workshop.group()
def minds() -> None:
    r"""The minds that can be asked for a view.

    \b
    Example:
      workshop minds list
    """


@minds.command("list")
@_json_option
def minds_list(as_json: bool) -> None:
    r"""List every installed mind, built-in or plugged in.

    \b
    Example:
      workshop minds list
    """
    from desk.minds import listing

    listing(as_json=as_json)


@workshop.group()
def ledger() -> None:
    r"""The append-only record of claims and verdicts.

    \b
    Example:
      workshop ledger verify runs/sample
    """


@ledger.command("verify")
@click.argument("path", metavar="DIR|FILE")
@click.option("--head", metavar="N:HASH", help="A head printed in an essay: proves that nothing was cut off.")
@_json_option
def ledger_verify(path: str, head: str | None, as_json: bool) -> None:
    r"""Walk the whole chain and recompute every hash.

    \b
    Example:
      workshop ledger verify runs/sample
    """
    from desk.ledger import verify

    verify(path, head, as_json=as_json)


@workshop.command()
@_json_option
def doctor(as_json: bool) -> None:
    r"""Check the installation: packages, sample data, minds.

    \b
    Example:
      workshop doctor
    """
    from desk.doctor import command

    command(as_json=as_json)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script."""
    try:
        workshop.main(arguments, prog_name="workshop", standalone_mode=False)
    except WorkshopError as error:
        _end(str(error), error.exit_code)
    except click.exceptions.Abort:
        _end("interrupted; everything acknowledged is kept", 130)
    except KeyboardInterrupt:
        _end("interrupted; everything acknowledged is kept", 130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        hint = f"; see `{error.ctx.command_path} --help`" if isinstance(error, click.UsageError) and error.ctx else ""
        _end(error.format_message().rstrip(".") + hint, 2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _end(message: str, code: int) -> None:
    """Say one sentence on stderr and leave."""
    click.echo(f"workshop: {message}", err=True)
    sys.exit(code)
