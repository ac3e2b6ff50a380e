"""`workshop ledger verify`."""

from __future__ import annotations

import os
from pathlib import Path

from backtest.folder import LEDGER
from desk.show import console, print_json
from engine.errors import InputError
from engine.ledger import Head, Ledger

__all__ = ["verify"]


def verify(path: str, head: str | None, *, as_json: bool) -> None:
    """Walk the chain of the ledger at `path` (a file, or the folder of a run)."""
    file = Path(path)
    if os.path.isdir(file):  # Path.is_dir raises for a name that is too long; Ledger.open then says what is wrong
        file = file / LEDGER
    try:
        expected = None if head is None else Head.parse(head)
    except ValueError as error:
        raise InputError(f"--head {head!r} is not a head; copy it from an essay, in the form N:HASH") from error
    with Ledger.open(file) as ledger:
        found = ledger.verify(expected)
    if as_json:
        print_json({"entries": found.entries, "digest": found.digest, "ok": True})
    else:
        # A path or a head that is broken at column 80 could not be copied.
        console().print(f"{file}: {found.entries} entries, chain intact, head {found}", soft_wrap=True)
