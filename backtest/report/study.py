"""Many forecasters at once: what the best of so many would show by luck alone.

Contract: a function of a history, on its settled direction calls, losses added up by session. It needs the extra
`study` and takes seconds, so a backtest does not do it; `workshop report DIR --study` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from backtest.arms import arms
from backtest.history import History
from backtest.report.markup import chance, count, joined, quiet, table

__all__ = ["study", "tables"]

Row = dict[str, Any]
_BENCHMARK = "climatology"


def study(history: History) -> Row:
    """Superior predictive ability over the base rate, and the model confidence set, of all arms.

    Raises:
        InputError: the extra is missing, or there are too few sessions for a test.
    """
    from backtest.evaluation import confidence_set, spa

    claims, found = arms(history)
    losses = np.array([np.bincount(claims.day, (arm.p - claims.y) ** 2) for arm in found]).T
    losses = losses[np.flatnonzero(np.bincount(claims.day))] if len(claims) else losses[:0]
    names = [arm.name for arm in found]
    horizon = max((claims.names[code][1] for code in claims.codes()), default=1)
    at = names.index(_BENCHMARK)
    best = spa(np.delete(losses, at, axis=1), losses[:, at], horizon=horizon)
    kept = confidence_set(losses, names, horizon=horizon)
    return {"spa": best._asdict(), "kept": kept._asdict(), "mean": dict(zip(names, losses.mean(axis=0), strict=True))}


def tables(found: Row) -> Markup:
    """One sentence for the best, and who stays in the set."""
    best, kept = found["spa"], found["kept"]
    verdict = (
        "the best of them beats the base rate" if best["p_consistent"] < 0.05 else "luck explains the best of them"
    )
    rows = [
        (name, f"{found['mean'][name]:.5f}", chance(p), "stays" if name in kept["names"] else "is out")
        for name, p in sorted(kept["p"].items(), key=lambda item: (found["mean"][item[0]], item[0]))
    ]
    return joined([
        quiet(
            f"Of {count(best['k'])} forecasters beside the base rate on {count(best['n'])} sessions, {verdict}: p = "
            f"{chance(best['p_consistent'])} (Hansen's SPA, between {chance(best['p_lower'])} and "
            f"{chance(best['p_upper'])}, blocks of {count(best['block'])} sessions)."
        ),
        table(f"Who cannot be told from the best, at {1.0 - kept['size']:.0%} (model confidence set)",
              ["forecaster", "loss a session", "p", "verdict"], rows, kind="words"),
    ])  # fmt: skip
