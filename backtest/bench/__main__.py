"""`make bench`: one JSON document on stdout (or a table in Markdown), the same as a table on stderr."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import version as version_of

import click

from backtest.bench.figures import FIGURES
from backtest.bench.measure import Figure


@click.command()
@click.option("--only", metavar="A,B", help=f"Some of {', '.join(FIGURES)} [default: all].")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Measurements of each.")
@click.option("--markdown", is_flag=True, help="Print the table of docs/performance.md instead of JSON.")
def main(only: str | None, rounds: int, markdown: bool) -> None:
    """Measure speed and memory, as ratios side by side."""
    wanted = list(FIGURES) if only is None else [name.strip() for name in only.split(",")]
    for name in wanted:
        if name not in FIGURES:
            raise click.BadParameter(f"there is no {name!r}; known: {', '.join(FIGURES)}", param_hint="--only")
    found: list[Figure] = []
    for name in wanted:
        figures = FIGURES[name](rounds)
        found += figures
        for figure in figures:
            click.echo(_line(figure), err=True)
    if markdown:
        click.echo("| what | measured | goal |\n|---|---|---|")
        for figure in found:
            click.echo(f"| {figure.what} | {figure.measured or 'not measured'} | {_goal(figure)} |")
        return
    document = {"machine": _machine(), "rounds": rounds, "figures": {figure.name: _told(figure) for figure in found}}
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


def _line(figure: Figure) -> str:
    if figure.measured is None:
        return figure.what
    held = {True: "held", False: "MISSED", None: ""}[figure.held]
    return f"{figure.what:62} {figure.measured!s:>34}   {_goal(figure)} {held}".rstrip()


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    return f"{'at least' if figure.at_least else 'at most'} {figure.goal:,g}"


def _told(figure: Figure) -> dict[str, object]:
    numbers = {} if figure.measured is None else {name: round(x, 4) for name, x in figure.measured._asdict().items()}
    return {"what": figure.what, **numbers, "goal": figure.goal, "held": figure.held}


def _machine() -> dict[str, object]:
    return {
        "type": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "packages": {name: version_of(name) for name in ("numpy", "pandas", "orjson")},
    }


if __name__ == "__main__":
    main()
