"""Scoring: what a forecast was worth, against what the past frequency alone would have said.

Contract: pure functions of arrays and numbers. Outcome first, then forecast; options are keyword-only; lower scores are
better. Bad input raises `InputError`; no claims raise too, except where an empty answer is meaningful. Nothing reads a
clock, a file or a random number, and nothing used by a forecast (`climatology` and its kin) sees an outcome before it
has resolved.

- `rules`: the cost of one verdict (Brier, log, Winkler), coverage, skill; `*_one` are scalar twins, equal bit for bit
- `reference`: climatology, as arrays and as incremental classes
- `calibration`: bias, ECE, Murphy and CORP decompositions of a finished record
- `evidence`: Wilson intervals, shrunk rates, e-process
- `comparison`: whether one forecaster beats another when claims overlap
- `bootstrap`: intervals of a skill from resampled blocks
- `noise`: what a perfect forecaster would show by chance
"""

from engine.scoring.bootstrap import block_deviation, block_length, long_run_deviation, skill_bootstrap
from engine.scoring.calibration import Corp, Murphy, bias, corp, ece, murphy
from engine.scoring.comparison import Comparison, Gain, dm_test, gains, skill_interval
from engine.scoring.evidence import Interval, cell_rate, e_process, e_value, shrunk_rate, wilson
from engine.scoring.noise import Floor, Noise, consistency_band, noise_floor
from engine.scoring.reference import (
    Band,
    BaseRate,
    ExpandingQuantile,
    RunningQuantile,
    climatology,
    climatology_interval,
    tails,
)
from engine.scoring.rules import (
    CLIP,
    brier,
    covered,
    graded_one,
    log_score,
    skill,
    winkler,
    winkler_one,
)

__all__ = [
    "CLIP",
    "Band",
    "BaseRate",
    "Comparison",
    "Corp",
    "ExpandingQuantile",
    "Floor",
    "Gain",
    "Interval",
    "Murphy",
    "Noise",
    "RunningQuantile",
    "bias",
    "block_deviation",
    "block_length",
    "brier",
    "cell_rate",
    "climatology",
    "climatology_interval",
    "consistency_band",
    "corp",
    "covered",
    "dm_test",
    "e_process",
    "e_value",
    "ece",
    "gains",
    "graded_one",
    "log_score",
    "long_run_deviation",
    "murphy",
    "noise_floor",
    "shrunk_rate",
    "skill",
    "skill_bootstrap",
    "skill_interval",
    "tails",
    "wilson",
    "winkler",
    "winkler_one",
]
