"""Sources of bars, opened by the text that follows `--data`.

Contract: nothing heavy is imported before a source that needs it is opened. The engine knows its own three kinds; other
packages add theirs with `register_source`, so that the engine imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from engine.errors import InputError
from engine.sources.base import Loaded, Source
from engine.universe import Universe

__all__ = ["Loaded", "Opening", "Source", "open_source", "register_source"]


class Opening(NamedTuple):
    """What a factory may need to open its source.

    Attributes:
        rest: the text after the first colon of `--data`, empty without one.
        universe: the universe of the run.
        now: the instant of a live run, aware; None in a replay.
        cache: folder in which downloads are kept.
    """

    rest: str
    universe: Universe
    now: datetime | None
    cache: Path | None


def open_source(spec: str, *, universe: Universe, now: datetime | None = None, cache: Path | None = None) -> Source:
    """Open `sample`, `csv:DIR`, `yahoo`, or a kind that was registered; `scenarios.source` opens scenarios.

    Raises:
        InputError: no such kind, or its text is not what the kind needs.
    """
    kind, _, rest = spec.partition(":")
    if kind in _FACTORIES:
        return _FACTORIES[kind](Opening(rest, universe, now, cache))
    known = ", ".join(sorted({"csv:DIR", "sample", "yahoo", *(set(_FACTORIES) - {"csv"})}))
    raise InputError(f"no data source is called {spec!r}; known: {known}")


def register_source(kind: str, factory: Callable[[Opening], Source]) -> None:
    """Let `--data KIND:TEXT` open what `factory` makes of it.

    Raises:
        ValueError: the kind is taken by another factory, or holds a colon.
    """
    if ":" in kind or not kind or _FACTORIES.get(kind, factory) is not factory:
        raise ValueError(f"the source kind {kind!r} is taken or not a plain word")
    _FACTORIES[kind] = factory


def _open_sample(opening: Opening) -> Source:
    if opening.rest:
        raise InputError(
            f"--data sample takes nothing after it, not {opening.rest!r}; use csv:DIR for a folder of your own"
        )
    from engine.sources.sample import Sample

    return Sample()


def _open_csv(opening: Opening) -> Source:
    if not opening.rest:
        raise InputError("--data csv needs a folder; write csv:DIR, for example csv:./prices")
    from engine.sources.csv_folder import CsvFolder

    return CsvFolder(Path(opening.rest))


def _open_yahoo(opening: Opening) -> Source:
    if opening.rest:
        raise InputError(f"--data yahoo takes nothing after it, not {opening.rest!r}; symbols come from --universe")
    if opening.now is None or opening.cache is None:
        raise ValueError("the source yahoo needs now= and cache=")  # a slip of the caller's, not of a user's
    from engine.sources.yahoo import YahooSource

    return YahooSource(now=opening.now, cache=opening.cache)


_FACTORIES: dict[str, Callable[[Opening], Source]] = {"sample": _open_sample, "csv": _open_csv, "yahoo": _open_yahoo}
