"""Score cards and the tables behind them: each rate beside its base rate, n and interval.

Contract: functions of the document of `scores.json`; nothing is worked out here that it does not state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from backtest.evidence import ENOUGH
from backtest.report.answer import commoner
from backtest.report.markup import Cell, between, count, evidence, fine, joined, number, percent, share, table, whisker
from regimes.reading import LABELS

__all__ = ["cards", "minds_by_regime", "targets"]

Row = dict[str, Any]
_ODDS = {
    "volatility": ("Odds of a turbulent month", "the next 21 sessions' volatility above its own 75th percentile"),
    "drawdown": ("Odds of a fall", "a loss of 5% within 21 sessions"),
    "relative": ("Odds of doing better", "one target ahead of another"),
}

_FLOORS = {"ece5": "ECE", "bias": "bias", "mcb": "miscalibration"}


def cards(scores: Row) -> Markup:
    """One card for each kind of claim that has been settled, and one for the promise of the synthesis."""
    kinds = scores["kinds"]
    found = [_direction(kinds["direction"]), _intervals(kinds["interval"])]
    found += [_odds(name, kinds[name]) for name in _ODDS]
    found += [_calibration(kinds["direction"]), _promise(scores["synthesis"], kinds["direction"]["n"])]
    return Markup('<div class="cards">{}</div>').format(joined(found))


def _card(title: str, big: str, what: str, strip: Cell, lines: Iterator[str] | list[str], tone: str = "") -> Markup:
    return Markup(
        '<article class="card {}"><h3>{}</h3><p class="big">{} <small>{}</small></p>{}<ul>{}</ul></article>'
    ).format(tone, title, big, what, strip or "", joined([Markup("<li>{}</li>").format(line) for line in lines]))


def _direction(row: Row) -> Markup | None:
    if not row["n"]:
        return None
    base = commoner(row)
    says = f"right {share(row['hit_rate'])}, 95% interval {between(row['hit_rate_interval'])}, base rate {share(base)}"
    claimed = row["e_value"] >= ENOUGH
    return _card(
        "Direction: will it close higher?", share(row["hit_rate"]), "right",
        whisker(row["hit_rate"], row["hit_rate_interval"], base, says),
        [
            f"base rate {share(base)}; 95% interval {between(row['hit_rate_interval'])}; n = {count(row['n'])}",
            f"Brier {number(row['brier'])}, base rate {number(row['brier_climatology'])}: "
            f"skill {percent(row['skill'], 2)}" + _ends(row.get("skill_interval"), 2),
            f"evidence {evidence(row['e_value'])} of the 20 needed: "
            + ("skill is claimed" if claimed else "no skill is claimed"),
        ],
        "good" if claimed else "",
    )  # fmt: skip


def _intervals(row: Row) -> Markup | None:
    if not row["n"]:
        return None
    says = f"held {share(row['coverage'])}, 95% interval {between(row['coverage_interval'])}, promised 80%"
    low, high = row["coverage_interval"]
    return _card(
        "Intervals that should hold 80%", share(row["coverage"]), "held",
        whisker(row["coverage"], row["coverage_interval"], 0.8, says),
        [
            f"promised 80.0%; 95% interval {between(row['coverage_interval'])}; n = {count(row['n'])}",
            f"Winkler score {number(row['winkler'])}, history alone {number(row['winkler_climatology'])}: "
            f"{percent(row['skill'])} better{_ends(row.get('skill_interval'), 0)}",
            *_rolling(row.get("rolling")),
        ],
        "good" if low <= 0.8 <= high else "bad",
    )  # fmt: skip


def _ends(ends: Sequence[float] | None, digits: int) -> str:
    """A skill's interval in brackets, where there is one."""
    return f" ({between(ends, digits, signed=True)})" if ends else ""


def _rolling(row: Row | None) -> list[str]:
    if not row:
        return []
    return [
        f"of {row['window']} in a row on one target, between {share(row['lowest'])} and {share(row['highest'])} held"
    ]


def _odds(kind: str, row: Row) -> Markup | None:
    if not row["n"]:
        return None
    title, event = _ODDS[kind]
    ends = row["skill_interval"]
    says = f"skill {percent(row['skill'])}, 95% interval {between(ends, signed=True) or 'not known'}, base rate 0"
    lines = [
        f"95% interval {between(ends, fine(ends), signed=True)}; n = {count(row['n'])}" if ends else
        f"too few claims for an interval; n = {count(row['n'])}",
        f"Brier {number(row['brier'])}, base rate {number(row['brier_climatology'])}",
        f"{event}: happened {share(row['base_rate'])} of the time, bias {number(row['bias'], '+.3f')}",
    ]  # fmt: skip
    tone = "" if not ends else "good" if ends[0] > 0.0 else "bad" if ends[1] < 0.0 else ""
    return _card(title, percent(row["skill"]), "on the base rate", whisker(row["skill"], ends, 0.0, says), lines, tone)


def _calibration(row: Row) -> Markup | None:
    """Calibration beside what a perfect forecaster of the same probabilities shows by chance."""
    if not row["n"]:
        return None
    floors = row.get("noise") or {}

    def beside(name: str, form: str) -> str:
        floor = floors.get(name)
        return f"; by chance up to {number(floor['p95'], form)}" if floor else ""

    beyond = [name for name, floor in floors.items() if floor and abs(row[name]) > floor["p95"]]
    lines = [
        f"ECE {number(row['ece5'], '.4f')}{beside('ece5', '.4f')} (n = {count(row['n'])})",
        f"bias {number(row['bias'], '+.4f')}{beside('bias', '.4f')}",
        f"miscalibration (MCB) {number(row['mcb'], '.5f')}{beside('mcb', '.5f')}",
    ]
    if floors:
        lines.append(
            "up to there a perfect forecaster of the same probabilities shows as much in 95 of 100 records"
            + (f"; beyond it: {', '.join([_FLOORS[name] for name in _FLOORS if name in beyond])}" if beyond else "")
        )
    return _card(
        "Calibration of direction", number(row["ece5"], ".3f"), "off on average, over five bins", None, lines,
        "" if not floors else "bad" if beyond else "good",
    )  # fmt: skip


def _promise(row: Row, n: int) -> Markup | None:
    if not n:
        return None
    excess, bound = row["brier_sum"] - row["climatology_sum"], row["bound"]
    says = f"{number(excess, '+.3f')} from the base rate, at most {number(bound, '+.3f')}"
    return _card(
        "What the synthesis promises", number(excess, "+.2f"), "Brier points",
        whisker(excess, None, bound, says),
        [f"from the base rate, over n = {count(n)} calls; below zero is better",
         f"by a theorem never more than {number(bound, '+.3f')}, however wrong the minds are"],
        "good" if excess <= bound else "bad",
    )  # fmt: skip


def targets(scores: Row) -> Markup:
    """Directions and intervals target by target, and the other odds claim by claim."""
    directions, intervals = [], []
    for name, part in [*sorted(scores["targets"].items()), ("all", scores["kinds"])]:
        row, held = part["direction"], part["interval"]
        if row["n"]:
            directions.append((
                name, count(row["n"]), share(row["hit_rate"]), between(row["hit_rate_interval"]), share(commoner(row)),
                number(row["brier"]), number(row["brier_climatology"]), percent(row["skill"], 2),
                between(row.get("skill_interval"), 2, signed=True) or None, evidence(row["e_value"]),
            ))  # fmt: skip
        if held["n"]:
            intervals.append((
                name, count(held["n"]), share(held["coverage"]), between(held["coverage_interval"]),
                number(held["winkler"]), number(held["winkler_climatology"]), percent(held["skill"]),
                between(held.get("skill_interval"), 0, signed=True) or None,
            ))  # fmt: skip
    odds = [
        (f"{kind} {name}", count(row["n"]), share(row["base_rate"]), number(row["brier"]),
         number(row["brier_climatology"]), percent(row["skill"]),
         between(row["skill_interval"], fine(row["skill_interval"]), signed=True) or None)
        for kind in _ODDS for name, row in sorted(scores["risks"][kind].items())
    ]  # fmt: skip
    return joined([
        table("Direction, target by target",
              ["target", "n", "right", "95%", "base", "Brier", "base", "skill", "95%", "evidence"], directions),
        table("Intervals, target by target",
              ["target", "n", "held", "95%", "Winkler", "history", "skill", "95%"], intervals),
        table("Other odds, claim by claim", ["claim", "n", "happens", "Brier", "base", "skill", "95%"], odds),
    ])  # fmt: skip


def minds_by_regime(scores: Row, minds: Sequence[str]) -> Markup:
    """Each mind's side in each regime; a colour only where the 95% interval leaves the base rate out."""
    labels = [label for label in LABELS if scores["regimes"]["sessions"][label]]
    rows = []
    for name in minds:
        row = scores["minds"][name]
        ends = row["hit_rate_interval"] or (None, None)
        whole = {"rate": row["hit_rate"], "low": ends[0], "high": ends[1], "base": row["base"], "n": row["n"]}
        rows.append([name, *map(_heat, [whole, *[row["by_regime"].get(label) for label in labels]])])
    heads = ["mind", "all", *[label.replace("_", "-") for label in labels]]
    return table("Right side, beside the base rate of the same days", heads, rows, kind="heat")


def _heat(cell: Row | None) -> Markup:
    if cell is None or cell["rate"] is None:
        return Markup('<td class="empty">–</td>')
    tone = "up" if cell["low"] > cell["base"] else "down" if cell["high"] < cell["base"] else "level"
    return Markup(
        '<td class="{}"><b>{}</b> <span>{} points</span><small>base {}<br>95% {}<br>n = {}</small></td>'
    ).format(
        tone, share(cell["rate"]), number(100.0 * (cell["rate"] - cell["base"]), "+.1f"), share(cell["base"]),
        between((cell["low"], cell["high"])), count(cell["n"]),
    )  # fmt: skip
