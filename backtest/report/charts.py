"""Frames for the charts: a heading, the place where the browser draws, one sentence and the figures behind it.

Contract: the sentence and the table say what the picture shows, so that nobody needs to see it, and they are made from
the same columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from backtest.claims import Claims
from backtest.evidence import ENOUGH
from backtest.history import History
from backtest.report.markup import Cell, count, details, evidence, number, share, table
from regimes.reading import LABELS

__all__ = ["calendar", "fan", "frame", "lead", "market", "reliability"]

Row = dict[str, Any]
_YEAR = 252


def frame(name: str, title: str, caption: str, figures: Cell, *, explains: str = "") -> Markup:
    """A chart's place, with its sentence and its figures."""
    return Markup(
        '<figure id="{0}"><h3>{1}</h3><div class="controls" data-for="{0}"></div>'
        '<div class="chart" data-chart="{0}" data-title="{1}" data-caption="{2}"></div>'
        "<figcaption><p>{2}</p>{3}{4}</figcaption></figure>"
    ).format(
        name, title, caption, Markup('<p class="quiet">{}</p>').format(explains) if explains else "",
        details("The figures", figures),
    )  # fmt: skip


def reliability(found: Row) -> Markup:
    """Does what is called 52% happen 52% of the time?"""
    if "direction" not in found:
        return _none("How often it happened, by what was said", "no direction call has been settled")
    bins = found["direction"]["bins"]
    inside = sum(low <= rate <= high for _, rate, _, low, high in bins)
    caption = (
        f"Of {count(found['direction']['n'])} settled calls in {len(bins)} groups by what was said "
        f"({share(bins[0][0])} to {share(bins[-1][0])}), {inside} lie where a perfect forecaster's would in 95 of 100 "
        "records."
    )
    rows = [
        (f"{kind} {share(said)}", count(int(n)), share(rate), f"{share(low)} to {share(high)}",
         "inside" if low <= rate <= high else "outside")
        for kind, part in found.items() for said, rate, n, low, high in part["bins"]
    ]  # fmt: skip
    heads = ["said, on average", "n", "happened", "a perfect forecaster's", "where"]
    explains = (
        "The line is the best non-decreasing fit (CORP), between the dotted lines in 95 of 100 records of a perfect "
        "forecaster; the dots are groups of equal size with the band into which a "
        "perfect forecaster's dots would fall, the bars below say how many calls were made at which probability."
    )
    return frame("reliability", "How often it happened, by what was said",
                  caption, table("Reliability", heads, rows), explains=explains)  # fmt: skip


def lead(leads: Sequence[Row], days: Sequence[str], drawn: Sequence[int]) -> Markup:
    """How far ahead of the base rate, as time went on."""
    known = [row for row in leads if row["kind"] == "direction" and row["n"]]
    title = "The lead over the base rate, as time went on"
    if not known:
        return _none(title, "no direction call has been settled")
    ends = [f"{_points(row['lead'][-1] / 1e4)} on {row['name']} (n = {count(row['n'])})" for row in known]
    most = max(known, key=lambda row: float(row["evidence"].max()))
    peak = int(most["evidence"].argmax())
    highest = 10.0 ** float(most["evidence"][peak])
    caption = (
        f"At the end the lead in Brier points was {', '.join(ends)}; evidence was highest on "
        f"{most['name']} with {evidence(highest)} on {days[drawn[peak]]}"
        f"{'' if highest >= ENOUGH else ' and never reached the 20 at which skill may be claimed'}."
    )
    lasts = _year_ends(days, drawn)
    rows = [
        (f"{row['kind']} {row['name']}", *[_points(row["lead"][at] / 1e4) for at in lasts.values()]) for row in leads
    ]
    figures = table("Lead in Brier points at the end of each year", ["claims", *lasts], rows)
    return frame("lead", title, caption, figures, explains=(
        "A line that rises is better than the base rate. Evidence multiplies with each call; a bet on luck reaches the "
        "dashed 20 in at most one record of twenty."))  # fmt: skip


def _points(lead: float) -> str:
    return number(lead, "+.2f" if abs(lead) >= 0.1 else "+.4f")


def _year_ends(days: Sequence[str], drawn: Sequence[int]) -> dict[str, int]:
    """Place of the last drawn session of each year."""
    return {days[day][:4]: at for at, day in enumerate(drawn)}


def market(history: History, name: str) -> Markup:
    """Prices over the regime's ribbon."""
    seen = history.sessions
    total = len(seen.days)
    shares = [(label, int((seen.label == at).sum())) for at, label in enumerate(LABELS)]
    flips = int((seen.label[1:] != seen.label[:-1]).sum())
    said = ", ".join([f"{label.replace('_', '-')} {share(n / total, 0)}" for label, n in shares if n])
    caption = (
        f"From {seen.days[0]} to {seen.days[-1]} the regime was {said} of the time and changed {count(flips)} times, "
        f"{number(flips * 252.0 / total, '.1f')} a year."
    )
    rows = [(label.replace("_", "-"), count(n), share(n / total)) for label, n in shares]
    return frame(
        "market", f"{name} and the regime of each day", caption,
        table("Sessions in each regime", ["regime", "sessions", "share"], rows),
        explains="Closes from which the calls counted, on a logarithmic scale; the ribbon below shows the label, the "
        "marks on top of it the days on which it was not confirmed.",
    )  # fmt: skip


def fan(claims: Claims, names: Sequence[str]) -> Markup:
    """The last year's intervals, and the returns that left them."""
    title = "Intervals of 80%, and the days that left them"
    rows, said = [], []
    for name, mine in claims.targets():
        done = mine.settled()
        if not len(done):
            continue
        last = done.take(np.arange(max(0, len(done) - _YEAR), len(done)))
        above, below = int((last.realised > last.high).sum()), int((last.realised < last.low).sum())
        rows.append((name, count(len(last)), count(above), count(below), share(1.0 - (above + below) / len(last)),
                     share(float(done.y.mean())), count(len(done))))  # fmt: skip
        said.append((name, above, below, len(last)))
    if not said:
        return _none(title, "no interval has been settled")
    name, above, below, n = next((row for row in said if row[0] in names), said[0])
    caption = (
        f"Of the last {count(n)} intervals on {name}, {above + below} were missed, {above} above and {below} below; "
        f"about {round(0.2 * n)} were promised."
    )
    heads = ["target", "last n", "missed above", "missed below", "held", "held of all", "n of all"]
    return frame("fan", title, caption, table("Intervals held and missed", heads, rows), explains=(
        "The band is what was said beforehand, the line within the return that came; dots are misses. Thin lines are "
        "the intervals that history alone would have given."))  # fmt: skip


def calendar(claims: Claims, days: Sequence[str]) -> Markup:
    """How the calls did in each year, and the place for the calendar that opens each day."""
    title = "Every call, day by day"
    rows = [row for name, mine in claims.targets() for row in _years(name, mine, days)]
    if not rows:
        return _none(title, "no direction call was made")
    heads = ["target", "year", "n", "right", "commoner side", "void", "open"]
    return Markup(
        '<figure id="calendar"><h3>{}</h3><div class="controls" data-for="calendar"></div><div class="calendar"></div>'
        '<noscript><p class="quiet">With JavaScript each day opens here; the ledger has the same.</p></noscript>'
        "<figcaption>{}</figcaption></figure>"
    ).format(title, details("The figures, year by year", table("Calls year by year", heads, rows)))


def _years(name: str, claims: Claims, days: Sequence[str]) -> Iterable[Sequence[Cell]]:
    years: dict[str, list[int]] = {}
    for day, result, y in zip(claims.day.tolist(), claims.result.tolist(), claims.y.tolist(), strict=True):
        row = years.setdefault(days[day][:4], [0, 0, 0, 0, 0])
        row[result] += 1
        row[4] += y == 1.0
    for year, (waiting, void, wrong, right, rises) in years.items():
        n = wrong + right
        yield (
            name, year, count(n), share(right / n) if n else None, share(max(rises, n - rises) / n) if n else None,
            count(void), count(waiting),
        )  # fmt: skip


def _none(title: str, why: str) -> Markup:
    return Markup('<figure><h3>{}</h3><p class="quiet">Nothing to draw: {}.</p></figure>').format(title, why)
