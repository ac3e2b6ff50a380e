"""`workshop report`: the report of a finished run, made anew from its folder."""

from __future__ import annotations

from pathlib import Path

from backtest.report.answer import answer
from backtest.report.write import report_again
from desk.show import console, print_json

__all__ = ["command"]


def command(folder: str, *, studied: bool, as_json: bool) -> None:
    """Write the report and say its three sentences."""
    path, scores = report_again(Path(folder), studied=studied)
    said = answer(scores)
    if as_json:
        print_json({"answer": list(said), "report": str(path)})
        return
    screen = console()
    for sentence in said:
        screen.print(sentence, soft_wrap=False)
    screen.print(f"Open it in a browser: {path}", soft_wrap=True)
