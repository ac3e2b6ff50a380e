"""What the best of so many is worth: settings that made the same claims compared, and the document that says so.

Contract: from the rows of a sweep alone; the same rows give the same document. Settings compete where they made the
same claims: on one market, window and set of targets; a session without a claim is no lead. Seeds of a drawn world
repeat the contest, nobody can choose them, so they are averaged, session by session. A setting that is not done in all
of its worlds does not compete there, and is counted. Every best stands beside the number of settings that were tried,
and beside the p-value of Hansen's test against the base rate; over several contests that is multiplied by their number
(Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backtest.evaluation import confidence_set, spa
from backtest.evidence import ENOUGH
from engine.bars import FloatArray
from engine.errors import InputError, WorkshopError

__all__ = ["Row", "summarise"]

Row = dict[str, Any]
"""A cell: its names and figures by column (docs/sweeps.md), and `leads`."""

_CONTEST = ("market", "start", "end", "targets")
_SETTING = ("minds", "regime", "pairs", "seed")
_LEVEL = 0.05


def summarise(rows: Sequence[Row], *, title: str, judge: str) -> dict[str, Any]:
    """The document of `summary.json`.

    Args:
        rows: all cells in the order of the grid.
        title: of the grid.
        judge: kind of claims by which settings are compared.

    Raises:
        WorkshopError: two workers have seen different bars under one name.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in _CONTEST), []).append(row)
    contests = [_contest(group, judge) for group in groups.values()]
    counts = {status: sum(row["status"] == status for row in rows) for status in ("done", "alarm", "failed")}
    return {
        "schema": 1,
        "title": title,
        "judge": judge,
        "cells": {"all": len(rows), **counts},
        "contests": contests,
        "best": _best(contests),
    }


def _contest(rows: list[Row], judge: str) -> dict[str, Any]:
    _check_data(rows)
    settings: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        settings.setdefault(tuple(row[name] for name in _SETTING), []).append(row)
    whole = [group for group in settings.values() if all(row["status"] == "done" for row in group)]
    found: dict[str, Any] = {name: rows[0][name] for name in _CONTEST}
    found |= {
        "worlds": len({row["world"] for row in rows}),
        "settings": len(settings),
        "compared": len(whole),
        "ranking": [],
        "superior": None,
        "reason": None,
    }
    if not whole:
        return found | {"reason": "no setting is done"}
    leads = np.column_stack([np.mean([row["leads"] for row in group], axis=0) for group in whole])
    ranking = [_entry(group, judge, float(lead)) for group, lead in zip(whole, leads.mean(axis=0), strict=True)]
    try:
        tested = spa(-leads, np.zeros(len(leads)), horizon=_horizon(rows[0]["targets"], judge))
        found["superior"] = tested._asdict()
        names = tuple(str(at) for at in range(len(whole)))
        kept = confidence_set(-leads, names, horizon=_horizon(rows[0]["targets"], judge))
        for entry, name in zip(ranking, names, strict=True):
            entry["kept"] = name in kept.names
    except InputError as error:
        found["reason"] = str(error)
    found["ranking"] = sorted(ranking, key=lambda entry: (-entry["lead"], entry["cells"][0]))
    return found


def _entry(group: list[Row], judge: str, lead: float) -> dict[str, Any]:
    """A setting over the seeds of its world: means of its scores, and of its e-values, which are one again."""
    score, base = ("winkler", "winkler_climatology") if judge == "interval" else ("brier", "brier_climatology")
    mean, climatology = _mean(group, f"{judge}_{score}"), _mean(group, f"{judge}_{base}")
    return {
        **{name: group[0][name] for name in _SETTING},
        "cells": [row["cell"] for row in group],
        "n": sum(row[f"{judge}_n"] for row in group),
        "score": mean,
        "climatology": climatology,
        "skill": None if mean is None or not climatology else 1.0 - mean / climatology,
        "lead": lead,
        "e_value": _mean(group, f"{judge}_e_value"),
        "kept": None,
    }


def _best(contests: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The best of all settings on all markets, with the chance of one that looks as good."""
    ranked = [contest for contest in contests if contest["ranking"] and contest["ranking"][0]["skill"] is not None]
    if not ranked:
        return None
    first = max(ranked, key=lambda contest: contest["ranking"][0]["skill"])
    tried = sum(contest["settings"] for contest in contests)
    tested = [contest["superior"] for contest in contests]
    p = None
    if all(tested):
        p = min(1.0, len(tested) * min(test["p_consistent"] for test in tested))
    best = first["ranking"][0]
    needed = ENOUGH * tried
    evidence = best["e_value"] is not None and best["e_value"] >= needed
    shown = p is not None and p <= _LEVEL and evidence
    return {
        **{name: first[name] for name in _CONTEST}, **best, "of": tried, "p": p, "e_value_needed": needed,
        "skill_claimed": shown and best["skill"] > 0.0,
    }  # fmt: skip


def _check_data(rows: list[Row]) -> None:
    """Cells of one world must have seen the same bars, wherever they ran."""
    seen: dict[Any, tuple[Any, int]] = {}
    for row in rows:
        if row["data"] is not None:
            first, cell = seen.setdefault(row["world"], (row["data"], row["cell"]))
            if first != row["data"]:
                raise WorkshopError(
                    f"cells {cell} and {row['cell']} have seen different bars of {row['market']}: the data have "
                    "changed since the sweep began, or a worker has others; sweep again into a new --out"
                )


def _horizon(targets: str, judge: str) -> int:
    """The longest span of a claim in sessions."""
    if judge in ("volatility", "drawdown"):
        return 21
    return max(int(target.rpartition(":")[2]) for target in targets.split(","))


def _mean(group: list[Row], column: str) -> float | None:
    values = [row.get(column) for row in group]
    found: FloatArray = np.array([value for value in values if value is not None], float)
    return float(found.mean()) if found.size == len(values) else None
