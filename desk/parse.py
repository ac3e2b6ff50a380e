"""`workshop parse`: an essay in the desk's form back to a record."""

from __future__ import annotations

from pathlib import Path

from desk.show import console, print_json
from engine.errors import InputError
from minds.parse import parse_essay

__all__ = ["command"]

_LARGEST = 4 << 20


def command(essay: str, *, as_json: bool) -> None:
    """Parse one file and print what it says, with what is missing or does not agree."""
    path = Path(essay)
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(
                f"{essay} is larger than {_LARGEST >> 20} MiB, which no essay is; give the essay's own file"
            )
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{essay} is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"cannot read {essay}: {error.strerror}; give the path of an essay") from error
    found = parse_essay(text).to_json_dict()
    if as_json:
        print_json(found)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table("field", "value", title="Essay")
    for name, value in found.items():
        table.add_row(name, Text("–" if value in (None, [], {}, "") else str(value)))
    console().print(table)
