"""A few sessions of the sample data written by a real small model on this machine: `make demo-llm`.

Contract: starts the model's server, runs the ordinary command line against it through litellm, and says where to read
the essays and why drafts were refused; the command's exit code is this one's. A model of this size writes poorly and
breaks rules often. That is what it is good for: what it gets wrong is replaced by template text, and no number moves.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from small_model import NAME, environment, serving

__all__ = ["backtest"]

START, END = "2018-12-03", "2018-12-06"
"""Three sessions (the exchange was closed on the 5th) in a month when the minds disagreed."""


def backtest(address: str, out: Path, *options: str) -> int:
    """`workshop backtest` of the sample with the model behind `address` as its writer; gives the exit code."""
    run = [sys.executable, "-c", "from desk.cli import main; main()", "backtest", "--data", "sample", "--essays", "all"]
    chosen = ["--writer", f"litellm:openai/{NAME}", "--out", str(out), *options]
    return subprocess.run([*run, *chosen], env=environment(address), check=False).returncode


def main() -> int:
    """The demonstration."""
    parser = argparse.ArgumentParser(description="Sessions of the sample data, written by a real small model.")
    parser.add_argument("--start", default=START, metavar="D", help="first session")
    parser.add_argument("--end", default=END, metavar="D", help="last session")
    parser.add_argument("--out", default="runs/demo-llm", metavar="DIR", type=Path, help="folder of the run")
    asked, further = parser.parse_known_args()
    _say(f"Starting {NAME} on this machine; it answers in about ten seconds a question, so this takes a few minutes.")
    try:
        with serving() as address:
            code = backtest(address, asked.out, "--start", asked.start, "--end", asked.end, *further)
    except KeyboardInterrupt:
        _say("Interrupted; the model was stopped. What it has answered is kept: the same with --resume goes on.")
        return 130
    if code == 0:
        _tell(asked.out, f"--start {asked.start} --end {asked.end}")
    return code


def _tell(out: Path, days: str) -> None:
    """Where to read, one draft that was refused with its faults, and how to run this again without the model."""
    refused = [found for path in sorted((out / "calls").rglob("*.json")) if (found := _refused(path))]
    if refused:
        draft, faults = max(refused, key=lambda found: len(found[0]))
        _say(
            "A draft as the model wrote it:", "", *_quoted(draft), "", "and what it was told:", "", *_quoted(faults), ""
        )
    for essay in sorted((out / "essays").glob("*.md"))[-1:]:
        _say(f"Read an essay: {essay} (its note says who wrote what, and why not)")
    again = f"workshop backtest {days} --essays all --writer replay:{out / 'calls'} --out {out}-again"
    _say("Once more without the model, to the same bytes:", f"    {again}")


def _refused(path: Path) -> tuple[str, str] | None:
    """Draft and faults out of a recorded call that asked for a repair; None for another call."""
    kept: Any = json.loads(path.read_text(encoding="utf-8"))
    said = [message["content"] for message in kept["call"]["messages"] if message["role"] in ("assistant", "user")]
    return (said[-2], said[-1]) if len(said) > 2 else None


def _quoted(text: str) -> list[str]:
    """A text as it may be shown on a terminal: short, one margin, nothing that does not print."""
    lines = [line for line in text[:1200].splitlines() if line.strip()]
    return ["    " + "".join([letter if letter.isprintable() else "?" for letter in line]) for line in lines[:20]]


def _say(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
