"""Draw the README's picture from a finished run: `python tools/draw_readme.py runs/sample docs/backtest.svg`.

Contract: the picture is the terminal's own summary of `scores.json`, nothing is redrawn by hand.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from rich.console import Console

from desk.summary import summary


def main(run: str, picture: str) -> None:
    """Write the summary of `run` as an SVG."""
    screen = Console(record=True, width=84, file=io.StringIO())
    for part in summary(json.loads((Path(run) / "scores.json").read_text(encoding="utf-8"))):
        screen.print(part)
    Path(picture).write_text(screen.export_svg(title="workshop backtest"), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
