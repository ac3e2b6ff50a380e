"""HTML in which everything from outside is escaped.

Contract: text enters by `Markup.format`, which escapes what is not `Markup` itself; the templates are the constants of
this package. Figures are written as people read them, and what does not exist is a dash, never a zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from markupsafe import Markup, escape

__all__ = [
    "Cell",
    "between",
    "chance",
    "count",
    "details",
    "evidence",
    "fine",
    "joined",
    "number",
    "percent",
    "quiet",
    "share",
    "strip",
    "table",
    "whisker",
]

Cell: TypeAlias = "str | Markup | None"
_NONE = Markup('<span class="none" title="not known">–</span>')


def joined(parts: Iterable[Cell], between: str = "") -> Markup:
    """Parts one after the other, each escaped unless it is markup already."""
    return Markup(between).join([escape(part) for part in parts if part is not None])


def count(n: int) -> str:
    """A whole number with thousands apart."""
    return f"{n:,}"


def share(value: float | None, digits: int = 1) -> str:
    """A fraction as percent: 0.547 is `54.7%`."""
    return "–" if value is None else f"{value:.{digits}%}"


def percent(value: float | None, digits: int = 1) -> str:
    """A skill as signed percent, with a real minus."""
    return "–" if value is None else _minus(f"{value:+.{digits}%}")


def number(value: float | None, form: str = ".4f") -> str:
    """A figure in its own unit, with a real minus."""
    return "–" if value is None else _minus(format(value, form))


def chance(p: float | None) -> str:
    """A p-value; one that is nearly nothing is not shown as nothing."""
    return "–" if p is None else "below 0.01" if p < 0.01 else f"{p:.2f}"


def _minus(text: str) -> str:
    """With a real minus, and no sign before what is zero as far as it is shown."""
    return text.replace("-", "−") if text.strip("+-0.%") else text.lstrip("+-")


def evidence(e: float) -> str:
    """An e-value, cut and not rounded, so that none looks like enough that is not."""
    if e >= 1e6:
        return f"{e:.1e}"
    if e < 0.01:
        return "below 0.01"
    digits = 0 if e >= 100.0 else 1 if e >= 1.0 else 2
    return f"{math.floor(e * 10.0**digits) / 10.0**digits:,.{digits}f}"


def between(pair: Sequence[float] | None, digits: int = 1, *, signed: bool = False) -> str:
    """The two ends of a 95% interval: `52.6% to 54.5%`; empty where there is none."""
    if pair is None or pair[0] is None or pair[1] is None:
        return ""
    low, high = (percent(end, digits) if signed else share(end, digits) for end in pair)
    return f"{low} to {high}"


def fine(ends: Sequence[float] | None) -> int:
    """Digits of percent in which an interval is worth showing."""
    return 2 if ends and max(abs(end) for end in ends) < 0.02 else 0


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, kind: str = "") -> Markup:
    """A table whose first column names the rows; it scrolls in a box of its own where it is wider than the page."""
    top = joined([Markup('<th scope="col">{}</th>').format(head) for head in heads])
    # Joined by hand, piece by escaped piece: `format` takes six times as long, and a page has thousands of cells.
    lines = [f'<tr><th scope="row">{escape(row[0])}</th>{"".join(map(_cell, row[1:]))}</tr>' for row in rows]
    return Markup(
        '<div class="scroll" role="region" aria-label="{}" tabindex="0"><table class="{}"><caption>{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(caption, kind, caption, top, Markup("".join(lines)))


def _cell(cell: Cell) -> str:
    if isinstance(cell, Markup) and cell.startswith("<td"):
        return cell
    return f"<td>{escape(_NONE if cell is None or cell == '–' else cell)}</td>"


def details(summary: str, content: Cell, *, kind: str = "") -> Markup:
    """Something that is folded until somebody asks for it."""
    return Markup('<details class="{}"><summary>{}</summary>{}</details>').format(kind, summary, content)


def quiet(says: str) -> Markup:
    """A sentence in the background."""
    return Markup('<p class="quiet">{}</p>').format(says)


def whisker(value: float, ends: Sequence[float] | None, base: float | None, says: str) -> Markup:
    """A dot on its 95% interval beside the mark of the base rate, drawn to scale on a strip 240 wide."""
    known = [value, *(ends or ()), *([] if base is None else [base])]
    low, high = min(known), max(known)
    room = (high - low) * 0.12 or 0.01

    def at(x: float) -> str:
        return f"{8.0 + 224.0 * (x - low + room) / (high - low + 2.0 * room):.1f}"

    parts = [Markup('<line class="axis" x1="0" x2="240" y1="12" y2="12"/>')]
    if base is not None:
        parts.append(Markup('<line class="base" x1="{0}" x2="{0}" y1="2" y2="22"/>').format(at(base)))
    if ends is not None:
        parts.append(Markup('<line class="range" x1="{}" x2="{}" y1="12" y2="12"/>').format(at(ends[0]), at(ends[1])))
    parts.append(Markup('<circle class="dot" cx="{}" cy="12" r="5"/>').format(at(value)))
    return Markup('<svg class="whisker" viewBox="0 0 240 24" role="img" aria-label="{}">{}</svg>').format(
        says, joined(parts)
    )


def strip(value: float | None, ends: Sequence[float] | None, widest: float, tone: str = "") -> Cell:
    """A cell with a value and its 95% interval on a strip of which zero is the middle; None without an interval.

    Args:
        value: what the dot shows.
        ends: of the interval.
        widest: what lies at the strip's right end.
        tone: `up`, `down` or `level`; without one, that of the interval's side of zero.
    """
    if value is None or not ends or not widest:
        return None
    tone = tone or ("up" if ends[0] > 0.0 else "down" if ends[1] < 0.0 else "level")

    def at(x: float) -> str:
        return f"{80.0 + 74.0 * x / widest:.1f}"

    return Markup(
        '<td class="drawn {}"><svg class="whisker" viewBox="0 0 160 16" role="img" aria-label="{}, 95% interval {}">'
        '<line class="axis" x1="0" x2="160" y1="8" y2="8"/><line class="base" x1="80" x2="80" y1="1" y2="15"/>'
        '<line class="range" x1="{}" x2="{}" y1="8" y2="8"/><circle class="dot" cx="{}" cy="8" r="4"/></svg></td>'
    ).format(tone, percent(value, 2), between(ends, 2, signed=True), at(ends[0]), at(ends[1]), at(value))
