"""The sample: real daily history that ships inside the package (docs/data.md says where it comes from).

Contract: the same reader and the same checks as any folder of CSV files; no network, nothing written.
"""

from __future__ import annotations

from datetime import date
from importlib import resources
from pathlib import Path

from engine.sources.base import Loaded
from engine.sources.csv_folder import CsvFolder
from engine.universe import Universe

__all__ = ["Sample"]


class Sample:
    """The packaged folder as a source."""

    name = "sample"

    def load(self, universe: Universe, until: date | None) -> Loaded:
        """The sample's bars of a universe up to `until`; see `engine.sources.base.Source`."""
        return CsvFolder(Path(str(resources.files("engine") / "data" / "sample"))).load(universe, until)
