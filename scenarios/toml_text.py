"""TOML as people hand it in: a file's text, and the table that it says.

Contract: whatever is wrong (no such file, not UTF-8, too long, too deep, no TOML) is an `InputError` of one sentence
that names the file and what it was to be. What the table means is for `scenarios.fields`.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from engine.errors import InputError

__all__ = ["file_text", "parsed"]

_LARGEST = 1_000_000
"""Characters of a file."""


def file_text(path: str, what: str) -> str:
    """The text of the file at `path`, which is to be a `what` (`scenario`, `grid`), its lines ending in one way.

    Raises:
        InputError: it does not exist, cannot be read, or is not UTF-8 text.
    """
    if not os.path.isfile(path):  # Path.is_file raises for a name that is too long
        raise InputError(f"the {what} file {path} does not exist; give a path to a .toml file")
    try:
        with Path(path).open("rb") as file:
            text = file.read(4 * _LARGEST + 1).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"the {what} file {path} is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"the {what} file {path} cannot be read: {error.strerror}; check it") from None
    return text.replace("\r\n", "\n")


def parsed(text: str, name: str, what: str) -> dict[str, Any]:
    """The table that a text says; `name` is the file's, for messages.

    Raises:
        InputError: it is too long, or no TOML.
    """
    if len(text) > _LARGEST:
        raise InputError(f"{name} has {len(text):,} characters; a {what} has at most {_LARGEST:,}")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{name} is nested too deeply; a {what} has tables in lists and no more") from None
    except ValueError as error:  # TOMLDecodeError, or an int of thousands of digits
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{name} is not valid TOML: {reason}; mend that line") from None
