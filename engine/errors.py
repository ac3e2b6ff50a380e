"""The one tree of errors that Workshop raises on purpose.

Contract: every message is one sentence that says what is wrong, where, and what to do next. The command line turns
`InputError` into exit code 2 and prints the sentence; anything else that escapes is a defect of ours.
"""

from __future__ import annotations

__all__ = ["ChainError", "DataError", "InputError", "LedgerError", "WorkshopError", "told"]


class WorkshopError(Exception):
    """Base of all deliberate errors; a check that failed (exit code 1)."""

    exit_code = 1


class InputError(WorkshopError, ValueError):
    """Something the user gave cannot be used: an option, a file, a range, a name (exit code 2)."""

    exit_code = 2


class DataError(InputError):
    """Market data breaks the bar contract.

    Built from where it happened, so that each message names file, row and symbol, and ends with the way out.
    """

    def __init__(
        self,
        problem: str,
        *,
        fix: str,
        symbol: str | None = None,
        where: str | None = None,
        row: int | str | None = None,
    ) -> None:
        self.problem, self.fix, self.symbol, self.where, self.row = problem, fix, symbol, where, row
        place = ", ".join(
            part
            for part in (
                f"symbol {symbol}" if symbol else "",
                str(where) if where else "",
                f"row {row}" if row is not None else "",
            )
            if part
        )
        super().__init__(f"{place + ': ' if place else ''}{problem}; {fix}")


class LedgerError(InputError):
    """The ledger file is missing, locked, foreign, or its chain does not hold (exit code 2)."""


class ChainError(WorkshopError):
    """The ledger was read, and its chain does not hold: changed, cut or damaged (a failed check, exit code 1)."""


def told(error: BaseException) -> str:
    """An error of a stranger's code as one line, also when its text has many lines or cannot be had."""
    try:
        text = str(error)
    except Exception:  # its own __str__ fails as well
        text = ""
    line = " ".join(text.encode(errors="replace").decode().split())
    return f"{type(error).__name__}: {line}" if line else type(error).__name__
