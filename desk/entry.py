"""Where the console script comes in: `--version` is answered at once, everything else by the command line.

Contract: says what the command line would say, and imports neither it nor anything else before it must: a version is
asked for by scripts and editors, often, and its answer is a literal.
"""

import sys

from engine.version import VERSION

__all__ = ["main"]


def main() -> None:
    """Entry point of the console script."""
    if sys.argv[1:] == ["--version"]:
        print(f"workshop, version {VERSION}")
        return
    try:
        from desk.cli import main as command_line
    except KeyboardInterrupt:
        print("workshop: interrupted before anything was begun", file=sys.stderr)
        sys.exit(130)
    command_line()
