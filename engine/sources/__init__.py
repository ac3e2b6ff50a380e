"""Sources of bars, opened by the text that follows `--data`.

Contract: nothing heavy is imported before a source that needs it is opened. The engine knows its own three kinds;
scenarios are opened by whoever may import them.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from engine.errors import InputError
from engine.sources.base import Loaded, Source

__all__ = ["Loaded", "Source", "open_source"]


def open_source(spec: str, *, now: datetime | None = None, cache: Path | None = None) -> Source:
    """Open `sample`, `csv:DIR` or `yahoo`; `scenarios.source` opens scenarios.

    Args:
        spec: what is typed after `--data`.
        now: the instant of a live run, aware; None in a replay.
        cache: folder in which downloads are kept.

    Raises:
        InputError: no such kind, or its text is not what the kind needs.
    """
    kind, _, rest = spec.partition(":")
    if kind == "sample":
        return _sample(rest)
    if kind == "csv":
        return _csv(rest)
    if kind == "yahoo":
        return _yahoo(rest, now, cache)
    raise InputError(f"no data source is called {spec!r}; known: csv:DIR, sample, yahoo")


def _sample(rest: str) -> Source:
    if rest:
        raise InputError(f"--data sample takes nothing after it, not {rest!r}; use csv:DIR for a folder of your own")
    from engine.sources.sample import Sample

    return Sample()


def _csv(rest: str) -> Source:
    if not rest:
        raise InputError("--data csv needs a folder; write csv:DIR, for example csv:./prices")
    from engine.sources.csv_folder import CsvFolder

    return CsvFolder(Path(rest))


def _yahoo(rest: str, now: datetime | None, cache: Path | None) -> Source:
    if rest:
        raise InputError(f"--data yahoo takes nothing after it, not {rest!r}; symbols come from --universe")
    if now is None or cache is None:
        raise ValueError("the source yahoo needs now= and cache=")  # a slip of the caller's, not of a user's
    from engine.sources.yahoo import YahooSource

    return YahooSource(now=now, cache=cache)
