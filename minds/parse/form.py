"""The essay's own lines: title, stamp, cycle line, prediction, tags, footer, adviser, ledger head, writer, link.

Contract: each reader takes lines and gives the fields it found; what it could not read goes to `notes`. The form's
lines are only looked for where they belong: tags in the prediction, the footer after it. The first of a kind counts,
a second is a problem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from minds.debate import conviction
from minds.parse import values
from minds.parse.calls import named_missing

__all__ = ["LONGEST_PROSE", "Notes", "Sections", "read_footer", "read_heading", "read_tags", "split"]

LONGEST_PROSE = 20_000
_LONGEST_LINE = 400
"""Longer lines are prose or rubbish: the form's own lines are never looked for in them."""
_MOST_MINDS = 64
_MOST_NOTES = 100
_MARK = re.compile(r"\*\*PREDICTION(?::\*\*|\*\*:?)", re.IGNORECASE)
_STAMP = re.compile(
    r"\*Workshop\s?[·|–—-]\s?([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)"
    r"\s?(UTC|Z|[+-][0-9]{2}:[0-9]{2})?\*"
)
_CYCLE = re.compile(
    r"\*\*Cycle ([0-9]{1,9})(?:\s?\|\s?([A-Z][a-z]{2,8} [0-9]{1,2}, [0-9]{4})"
    r"(?:\s?[—–-]\s?([0-9]{1,2}:[0-9]{2}\s?[AaPp][Mm]))?)?\*\*"
)
_TAG = re.compile(r"\[[ \t]{0,4}(DIRECTION|TIMEFRAME|CONFIDENCE)[ \t]{0,4}:([^\[\]\n]{0,80})\]", re.IGNORECASE)
_LEDGER = re.compile(r"\*Ledger: ?([0-9]{1,18}:[0-9a-f]{8,64})\*")
_ADVISER = re.compile(r"\*Adviser: ?(\S.{0,380})\*")
_WRITER = re.compile(r"\*Writer: ?(\S.{0,300})\*")
_DIRECTIONS = {
    "up": "up", "higher": "up", "bullish": "up", "long": "up",
    "down": "down", "lower": "down", "bearish": "down", "short": "down",
    "none": "none", "neutral": "none", "flat": "none", "abstain": "none",
}  # fmt: skip
_LABELS = ("aligned_bullish", "aligned_bearish", "divergent", "lone", "silent")
_ROUNDING = 0.0101
"""A footer's whole percents: half a point from the conviction's own rounding, half from that of the confidences."""


@dataclass(slots=True)
class Notes:
    """What went wrong while reading."""

    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def problem(self, text: str) -> None:
        """Note something absent or unreadable; a flood of them is cut off."""
        if len(self.problems) < _MOST_NOTES:
            self.problems.append(text)

    def value(self, what: str, shown: str, value: Any) -> Any:
        """Pass a value on, noting a problem when there is none."""
        if value is None:
            self.problem(f"unreadable {what}: {shown[:80]!r}")
        return value


class Sections(NamedTuple):
    """An essay in three pieces.

    Attributes:
        head: lines before the prediction.
        prediction: the prediction's prose, a line for each paragraph; None without a section.
        tags: the lines that may hold tags.
        closing: the first line of prose after the tags.
        tail: lines from the end of the prediction's prose on.
    """

    head: list[str]
    prediction: str | None
    tags: list[str]
    closing: str
    tail: list[str]


def split(text: str, notes: Notes) -> Sections:
    """Cut an essay where its prediction begins and ends."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line.strip() for line in text.split("\n")]
    marks = [at for at, line in enumerate(lines) if _MARK.match(line)]
    if not marks:
        notes.problem("no **PREDICTION:** section")
        return Sections(lines, None, lines, "", lines)
    if len(marks) > 1:
        notes.problem(f"{len(marks)} **PREDICTION:** sections, the first is read")
    first = marks[0]
    body = [_MARK.sub("", lines[first], count=1).strip(), *lines[first + 1 :]]
    end = next((at for at, line in enumerate(body) if line == "---" or _TAG.search(line)), len(body))
    before = _TAG.split(body[end], maxsplit=1)[0] if end < len(body) and body[end] != "---" else ""
    paragraphs = "\n".join([*body[:end], before]).split("\n\n")
    prose = "\n".join([" ".join(text.split()) for text in paragraphs if text.strip()])
    tail = body[end:]
    stop = next((at for at, line in enumerate(tail) if line == "---"), len(tail))
    closing = next((line for line in tail[:stop] if line and not _TAG.search(line)), "")
    if any(_TAG.search(line) for line in lines[:first]):
        notes.problem("tags before the **PREDICTION:** section are not read")
    return Sections(lines[:first], prose, tail[:stop], closing, tail)


def read_heading(lines: list[str], notes: Notes) -> dict[str, Any]:
    """Title, stamp, cycle and dateline."""
    found: dict[str, Any] = {}
    title = next((line[2:].strip() for line in lines if line.startswith("# ") and len(line) <= _LONGEST_LINE), "")
    if title:
        found["title"] = title
    else:
        notes.problem("no title (a line that begins with '# ')")
    stamp = _only(lines, "*Workshop", _STAMP, "stamp (*Workshop · date time*)", notes)
    if stamp is not None:
        moment = values.stamp(stamp[1], stamp[2], stamp[3])
        found["stamp"] = notes.value("stamp", stamp[0], None if moment is None else moment.isoformat())
    cycle = _only(lines, "**Cycle", _CYCLE, "cycle line (**Cycle N | date — time**)", notes)
    if cycle is not None:
        found["cycle"] = int(cycle[1])
        if cycle[2] is None:
            notes.problem("the cycle line has no date")
        else:
            shown = values.dateline(cycle[2], cycle[3])
            text = None if shown is None else shown.isoformat(timespec="minutes")[: 10 if cycle[3] is None else 16]
            found["dateline"] = notes.value("dateline", cycle[0], text)
    return found


def read_tags(sections: Sections, notes: Notes) -> dict[str, Any]:
    """Direction, timeframe and confidence."""
    tags: dict[str, str] = {}
    for match in _TAG.finditer("\n".join(sections.tags)):
        key, value = match[1].upper(), match[2].strip()
        if key in tags:
            notes.problem(f"a second tag [{key}: {value}] is not read")
        tags.setdefault(key, value)
    found: dict[str, Any] = {}
    if "DIRECTION" in tags:
        said = tags["DIRECTION"]
        found["direction"] = notes.value("direction", said, _DIRECTIONS.get(said.lower()))
    if "TIMEFRAME" in tags:
        said = found["timeframe"] = tags["TIMEFRAME"]
        found["sessions"] = notes.value("timeframe", said, values.sessions(said))
    if "CONFIDENCE" in tags:
        said = tags["CONFIDENCE"]
        found["confidence"] = notes.value("confidence", said, values.fraction(said))
    wanted = (
        ("DIRECTION", "TIMEFRAME") if found.get("direction") == "none" else ("DIRECTION", "TIMEFRAME", "CONFIDENCE")
    )
    for key in wanted:
        if key not in tags:
            notes.problem(f"no [{key}: …] tag")
    return found


def read_footer(sections: Sections, notes: Notes) -> dict[str, Any]:
    """Debate, conviction, confidences, what is missing, adviser, ledger head, writer's note and link."""
    tail = sections.tail
    found: dict[str, Any] = {}
    footers = [line for line in tail if line.startswith("*Debate:")]
    if footers:
        found |= _debate(footers[0], notes)
    if len(footers) > 1:
        notes.problem(f"{len(footers)} *Debate: …* footers, the first is read")
    if not footers:
        notes.problem("no *Debate: …* footer")
    found["missing"], found["missing_unnamed"] = named_missing(sections.closing[:LONGEST_PROSE])
    ledger = _only(tail, "*Ledger:", _LEDGER, "ledger head (*Ledger: …*)", notes)
    if ledger is not None:
        found["ledger"] = ledger[1]
    if any(line.startswith("*Adviser:") for line in tail):
        adviser = _only(tail, "*Adviser:", _ADVISER, "adviser's line (*Adviser: …*)", notes)
        found["adviser"] = None if adviser is None else adviser[1]
    if any(line.startswith("*Writer:") for line in tail):  # only some essays have one
        writer = _only(tail, "*Writer:", _WRITER, "writer's note (*Writer: …*)", notes)
        found["writer"] = None if writer is None else writer[1]
    links = [
        line.partition(":")[2].strip()
        for line in tail
        if line.startswith("Permanent link:") and len(line) <= _LONGEST_LINE
    ]
    if links and links[0]:
        found["link"] = links[0]
    else:
        notes.problem("no permanent link")
    return found


def _debate(line: str, notes: Notes) -> dict[str, Any]:
    first, *parts = line.strip("*")[: 80 * _MOST_MINDS].split("|")
    if len(parts) > _MOST_MINDS + 1:
        notes.problem(f"the footer names more than {_MOST_MINDS} minds, the rest is not read")
    label = "_".join(first.partition(":")[2].lower().replace("-", " ").replace("_", " ").split())
    found: dict[str, Any] = {"debate": notes.value("debate label", label, label if label in _LABELS else None)}
    confidences: dict[str, float] = {}
    for at, part in enumerate(parts[: _MOST_MINDS + 1]):
        who, _, shown = part.rpartition(":")
        who, value = who.strip(), values.fraction(shown)
        if not who or value is None:
            notes.problem(f"the footer's {part.strip()[:60]!r} is not a name and a percentage")
        elif at == 0 and who == "Conviction":
            found["conviction"] = value
        elif who in confidences:
            notes.problem(f"{who} stands twice in the footer, the first is read")
        else:
            confidences[who] = value
    found["confidences"] = confidences
    if "conviction" not in found:
        notes.problem("the footer has no conviction")
    if confidences:
        again = found["recomputed_conviction"] = round(conviction(confidences.values()), 4)
        if "conviction" in found and abs(found["conviction"] - again) > _ROUNDING:
            notes.warnings.append(
                f"the footer's conviction is {found['conviction']:.0%}, its confidences give {again:.0%}"
            )
    return found


def _only(lines: list[str], start: str, pattern: re.Pattern[str], what: str, notes: Notes) -> re.Match[str] | None:
    having = [line for line in lines if line.startswith(start)]
    if not having:
        notes.problem(f"no {what}")
        return None
    if len(having) > 1:
        notes.problem(f"{len(having)} lines begin with {start}, the first is read")
    match = pattern.fullmatch(having[0]) if len(having[0]) <= _LONGEST_LINE else None
    if match is None:
        notes.problem(f"unreadable {what}: {having[0][:80]!r}")
    return match
