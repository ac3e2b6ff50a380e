"""The command line: reads what people type, calls one function, prints the answer.

Contract: people read stderr, machines read one JSON document on stdout (`--json`). Exit codes: 0 done, 1 a check
failed, 2 bad input with one sentence, 130 interrupted with everything acknowledged kept. Heavy packages are imported
inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import Any

import click

from desk.options import data_options, json_option, model_options
from engine.errors import WorkshopError
from engine.version import VERSION

__all__ = ["main", "workshop"]


class _Commands(click.Group):
    """Keeps commands in the order in which people need them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def _examples(*lines: str) -> str:
    """The end of a help text; click keeps a paragraph's lines apart when it starts with this mark."""
    return "\n".join(["\b", "Examples:" if len(lines) > 1 else "Example:", *[f"  {line}" for line in lines]])


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_examples(
        "workshop backtest --data sample --start 1999-01-04 --end 2018-12-31 --out runs/sample",
        "workshop minds list",
        "workshop ledger verify runs/sample",
    ),
)  # fmt: skip
@click.version_option(VERSION, prog_name="workshop")
def workshop() -> None:
    """Run, replay and grade a market desk whose calls can be checked."""


@workshop.command(epilog=_examples(
    "workshop backtest --start 1999-01-04 --end 2018-12-31 --out runs/sample",
    "workshop backtest --data csv:prices --start 2002-01-02 --end 2018-12-31 --out runs/us --essays 5",
    "workshop backtest --start 2018-07-02 --end 2018-12-31 --out runs/mini --writer litellm:openai/gpt-5-mini",
))  # fmt: skip
@data_options
@click.option("--start", metavar="DAY", help="First day, such as 1999-01-04 [default: the scenario's].")
@click.option("--end", metavar="DAY", help="Last day and end of knowledge: nothing later is read [default: likewise].")
@click.option("--out", required=True, metavar="DIR", help="Folder for ledger, scores, report and essays.")
@click.option("--minds", metavar="A,B", help="Minds by name [default: macro,flow,contrarian].")
@click.option("--pairs", metavar="A>B:1", help="Which of two targets will do better [default: small>growth:1].")
@click.option(
    "--regime",
    default="rules",
    show_default=True,
    metavar="NAME",
    help="Regime model: rules, markov (fitted; needs the extra fit), sma200, or a plug-in's.",
)
@click.option("--targets", metavar="QQQ:1,IWM:2", help="Symbols or roles with sessions ahead.")
@click.option(
    "--essays", default="last", show_default=True, metavar="last|all|none|N", help="For which of the last days."
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the baseline that tosses a coin."
)
@click.option(
    "--writer",
    default="template",
    show_default=True,
    metavar="WHO",
    help="Who writes the essays: template, litellm:MODEL or replay:DIR. It changes no number.",
)
@click.option(
    "--adviser", metavar="WHO", help="A model that may tilt the lead call a little: litellm:MODEL or replay:DIR."
)
@click.option(
    "--cutoff", metavar="DAY", help="Last day the adviser's model was trained on; it is asked about later ones."
)
@model_options(calls="OUT/calls")
@click.option("--trade", is_flag=True, help="Add what a simple account would have made of the calls (docs/trading.md).")
@click.option("--cost", type=float, metavar="BP", help="With --trade: cost of each trade in basis points [default: 5].")
@click.option("--report/--no-report", default=True, help="Whether to write report.html.")
@click.option(
    "--progress-every",
    default=1000,
    show_default=True,
    type=click.IntRange(0),
    metavar="N",
    help="A line each N sessions where no terminal shows a bar; 0 for none.",
)
@click.option("--resume", is_flag=True, help="Continue a run that was interrupted; ends in the same bytes.")
@json_option
def backtest(as_json: bool, **options: Any) -> None:
    """Replay a range of days and say how the calls did."""
    from desk.backtest import command

    command(as_json=as_json, **options)


@workshop.command(epilog=_examples("workshop report runs/sample"))
@click.argument("folder", metavar="DIR")
@click.option("--study", is_flag=True, help="Test many forecasters at once, too (seconds; needs the extra study).")
@json_option
def report(folder: str, study: bool, as_json: bool) -> None:
    """Make report.html of a finished backtest anew, from its folder."""
    from desk.report import command

    command(folder, studied=study, as_json=as_json)


@workshop.command(epilog=_examples("workshop parse runs/sample/essays/2018-12-31-*.md --json"))
@click.argument("essay", metavar="ESSAY.md")
@json_option
def parse(essay: str, as_json: bool) -> None:
    """Read an essay in the desk's form back into a structured record."""
    from desk.parse import command

    command(essay, as_json=as_json)


@workshop.group(epilog=_examples("workshop minds list", "workshop minds new momentum", "workshop minds check flow"))
def minds() -> None:
    """The minds that can be asked for a view."""


@minds.command("list", epilog=_examples("workshop minds list"))
@json_option
def minds_list(as_json: bool) -> None:
    """List every installed mind, built-in or plugged in."""
    from desk import listing

    listing.minds(as_json=as_json)


@minds.command("new", epilog=_examples("workshop minds new momentum", "workshop minds new momentum --dir my/momentum"))
@click.argument("name")
@click.option("--dir", "folder", metavar="DIR", help="Folder to write into [default: NAME-mind].")
@json_option
def minds_new(name: str, folder: str | None, as_json: bool) -> None:
    """Write a small package with a mind of your own, ready to install."""
    from desk.new_mind import new

    new(name, folder, as_json=as_json)


@minds.command("check", epilog=_examples("workshop minds check flow", "workshop minds check momentum_mind.py:Momentum"))
@click.argument("mind", metavar="NAME|FILE.py:CLASS")
@json_option
def minds_check(mind: str, as_json: bool) -> None:
    """Check that a mind keeps its contract, over invented markets."""
    from desk import minds

    minds.check(mind, as_json=as_json)


@workshop.group(epilog=_examples("workshop regimes list", "workshop regimes evaluate --start 1994-01-03"))
def regimes() -> None:
    """The regime models, and what they have been worth."""


@regimes.command("list", epilog=_examples("workshop regimes list"))
@json_option
def regimes_list(as_json: bool) -> None:
    """List every installed regime model, built-in or plugged in."""
    from desk import listing

    listing.regimes(as_json=as_json)


@regimes.command(
    "evaluate",
    epilog=_examples(
        "workshop regimes evaluate --start 1994-01-03 --end 2022-12-28 --without volatility,credit",
        "workshop regimes evaluate --models rules --picture regimes.png",
    ),
)
@data_options
@click.option("--start", metavar="DAY", help="First day [default: when the score has its history].")
@click.option("--end", metavar="DAY", help="Last day and end of knowledge [default: the data's last].")
@click.option("--models", metavar="A,B", help="Regime models, the first one drawn [default: all installed].")
@click.option("--without", metavar="ROLE,ROLE", help="Roles to leave out, such as volatility,credit.")
@click.option("--picture", metavar="FILE", help="Draw prices and regimes to .png or .svg (needs the extra plots).")
@json_option
def regimes_evaluate(as_json: bool, **options: Any) -> None:
    """Compare regime models with the bear markets of the past, and show what followed each label."""
    from desk.regimes import evaluate

    evaluate(as_json=as_json, **options)


@workshop.group(epilog=_examples("workshop scenario list", "workshop scenario run good-friday"))
def scenario() -> None:
    """Worlds as files: a market's worst days, and what the desk must make of them."""


@scenario.command("list", epilog=_examples("workshop scenario list"))
@json_option
def scenario_list(as_json: bool) -> None:
    """List the scenarios that ship."""
    from desk.scenario import shelf

    shelf(as_json=as_json)


@scenario.command("run", epilog=_examples(
    "workshop scenario run good-friday",
    "workshop scenario run mine.toml --minds macro,flow --out runs/mine --essays all",
))  # fmt: skip
@click.argument("name", metavar="NAME|FILE.toml")
@click.option("--minds", metavar="A,B", help="Minds by name [default: macro,flow,contrarian].")
@click.option("--regime", default="rules", show_default=True, metavar="NAME", help="Regime model, as for backtest.")
@click.option("--out", metavar="DIR", help="Keep the run here: ledger, scores and essays, as backtest does.")
@click.option("--essays", metavar="last|all|none|N", help="For which of the last days, with --out [default: last].")
@click.option("--resume", is_flag=True, help="Continue a run in --out that was interrupted; ends in the same bytes.")
@json_option
def scenario_run(name: str, as_json: bool, **options: Any) -> None:
    """Run a scenario and check that the run shows what it expects."""
    from desk.scenario import run

    run(name, as_json=as_json, **options)


@workshop.command(epilog=_examples(
    "workshop sweep grid.toml --dry-run",
    "workshop sweep grid.toml --workers 4 --out runs/grid",
    "workshop sweep grid.toml --cluster tcp://10.0.0.1:8786 --out runs/grid --resume",
))  # fmt: skip
@click.argument("grid", metavar="GRID.toml")
@click.option("--out", metavar="DIR", help="Folder for the results.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 1024), help="Processes at work.")
@click.option("--cluster", metavar="ADDRESS", help="A Dask scheduler whose workers do it, such as tcp://10.0.0.1:8786.")
@click.option("--resume", is_flag=True, help="Continue a sweep: only the cells that are missing or failed run.")
@click.option("--dry-run", is_flag=True, help="List the cells and run none.")
@json_option
def sweep(grid: str, as_json: bool, **options: Any) -> None:
    """Run every combination of a grid, and say what the best of so many is worth."""
    if options["cluster"] and options["workers"] > 1:
        raise click.UsageError("Give --workers or --cluster, not both.")
    from desk.sweep import command

    command(grid, as_json=as_json, **options)


@workshop.command(epilog=_examples("workshop audit", "workshop audit --mind momentum --regime rules --dates 3"))
@data_options
@click.option("--mind", multiple=True, metavar="NAME", help="A mind; repeat it for more [default: the built-in ones].")
@click.option("--regime", multiple=True, metavar="NAME", help="A regime model; the first leads [default: all].")
@click.option("--start", metavar="DAY", help="First day on which anybody is asked [default: five years of sessions].")
@click.option("--end", metavar="DAY", help="Last day of the data that are used [default: the targets' last].")
@click.option(
    "--dates", default=5, show_default=True, type=click.IntRange(1, 1000), help="Days after which the future changes."
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of those days and futures.")
@json_option
def audit(as_json: bool, **options: Any) -> None:
    """Look for minds, signals and regime models that see the future, or remember what they should not."""
    from desk.audit import command

    command(as_json=as_json, **options)


@workshop.command(epilog=_examples(
    "workshop leak --model litellm:openai/gpt-5-mini --cutoff 2024-05-31 --budget-usd 1",
    "workshop leak --model replay:calls --data csv:prices --n 50 --json",
))  # fmt: skip
@click.option("--model", required=True, metavar="litellm:MODEL|replay:DIR", help="Who is asked.")
@data_options
@click.option("--start", metavar="DAY", help="First day to be asked about [default: after the data's first year].")
@click.option("--end", metavar="DAY", help="Last day of the data that are used [default: the data's last].")
@click.option("--n", default=200, show_default=True, type=click.IntRange(2, 5000), help="Days; five questions each.")
@click.option("--cutoff", metavar="DAY", help="Last day that the model was trained on, as its maker states it.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of the draw of days.")
@click.option("--out", metavar="DIR", help="Write leak.json here as well as into the cache folder.")
@model_options(calls="in the cache folder")
@json_option
def leak(as_json: bool, **options: Any) -> None:
    """Measure what a model remembers of the days that a backtest would ask it about."""
    from desk.leak import command

    command(as_json=as_json, **options)


@workshop.group(epilog=_examples("workshop ledger verify runs/sample"))
def ledger() -> None:
    """The append-only record of claims and verdicts."""


@ledger.command("verify", epilog=_examples("workshop ledger verify runs/sample"))
@click.argument("path", metavar="DIR|FILE")
@click.option("--head", metavar="N:HASH", help="A head printed in an essay: proves that nothing was cut off.")
@json_option
def ledger_verify(path: str, head: str | None, as_json: bool) -> None:
    """Walk the whole chain and recompute every hash."""
    from desk.ledger import verify

    verify(path, head, as_json=as_json)


@workshop.command(epilog=_examples("workshop doctor"))
@json_option
def doctor(as_json: bool) -> None:
    """Check the installation: packages, sample data, minds."""
    from desk.doctor import command

    command(as_json=as_json)


def main(arguments: list[str] | None = None) -> None:
    """Read the arguments (those of the process by default) and run the command that they name."""
    # Before numpy is imported. No number of ours comes from a threaded product, and threads take time to start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(50_000)  # importing makes many objects and next to no garbage
    atexit.register(gc.freeze)  # nobody need look for cycles in what goes with the process
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
        context = error.ctx if isinstance(error, click.UsageError) else None
        about = context.command_path if context else "workshop"  # a fault of the parser's knows no command
        _end(f"{error.format_message().rstrip('.')}; see `{about} --help`", 2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _end(message: str, code: int) -> None:
    """Say one sentence on stderr and leave."""
    click.echo(f"workshop: {message}", err=True)
    sys.exit(code)
