"""The essay's form: title, stamp, dateline, argument, prediction, tags, footer, adviser, ledger head, writer, link.

Contract: a pure function of the record, the ledger head and a writer's draft. Every date, tag and claim is stamped
here from the record; a draft is prose and cannot break the form. When the lead call was not published the tags say
`none`, with the reason and without a confidence. `minds.parse` reads back what is written here.
"""

from __future__ import annotations

import re
from datetime import UTC
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine.claims import Claim, Target, horizon_label
from engine.errors import InputError
from minds.figures import clock, day, percent, price, probability, short_day, strength
from minds.gates import side
from minds.lookup import claim_of, missing_names, speakers, why_none
from minds.record import CycleRecord
from minds.template import TemplateWriter
from minds.text import name, plain, slug, ticker
from minds.view import Debate
from minds.writer import Draft, Writer

__all__ = ["INTERVAL_LEVEL", "NAMED", "NOTE_LENGTH", "file_name", "link", "render"]

INTERVAL_LEVEL = 0.80
"""What an interval claim promises to hold; part of the claim's kind."""
NAMED = 5
"""Missing signals that the closing line names; the rest is counted."""
_TILTS = {
    "strong_up": "a strong tilt up", "up": "a tilt up", "none": "no tilt", "down": "a tilt down",
    "strong_down": "a strong tilt down",
}  # fmt: skip
_REASON_LENGTH = 240
NOTE_LENGTH = 240
"""Letters of a writer's note that are printed."""
_LEVEL = percent(INTERVAL_LEVEL, 0, sign=False)
_HIGHER = {"up": "higher", "down": "lower"}
_BRACKETS = str.maketrans("[]<>", "()‹›")
_FORM = re.compile(
    r"^(?:[#>|\s]+|[-+=*_]{3,}\s*|[-+*](?=\s)|\*+(?=\s*(?:workshop|cycle|prediction|debate|adviser|ledger|writer)\b))+",
    re.IGNORECASE,
)
"""What a paragraph must not begin with: a heading, a rule, a list, or one of the form's own lines."""


def render(record: CycleRecord, head: str, writer: Writer | Draft | None = None) -> str:
    """One essay as Markdown.

    Args:
        record: the cycle; its first target leads.
        head: the ledger's head after this cycle, such as `5031:abcdef0123456789`.
        writer: who writes the prose, or a finished draft; the template writer by default.

    Raises:
        InputError: the record has no target, or its time zone is unknown.
    """
    if not record.targets:
        raise InputError(f"cycle {record.cycle} has no target; give one such as QQQ:1")
    draft = writer if isinstance(writer, Draft) else (writer or TemplateWriter()).write(record)
    title = _line(draft.title) or "Untitled"
    local = record.as_of.astimezone(_zone(record.timezone))
    blocks = [
        f"# {title}",
        f"*Workshop · {record.as_of.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC*",
        f"**Cycle {record.cycle} | {short_day(local.date().isoformat(), 2)} — {clock(local)}**",
        *[_line(paragraph) for paragraph in draft.argument],
        "**PREDICTION:**",
        " ".join([*_lead(record), _line(draft.prediction)]).strip(),
        " ".join(_others(record)),
        _tags(record),
        f"{_line(draft.closing)} {_missing(record)}".strip(),
        f"---\n{_footer(record)}",
        _adviser(record),
        f"---\n*Ledger: {plain(head)}*",
        _note(draft.note),
        f"Permanent link: {link(record, title)}",
    ]
    return "\n\n".join([block for block in blocks if block]) + "\n"


def link(record: CycleRecord, title: str) -> str:
    """The essay's path on the desk's pages."""
    return f"/read/{record.cycle}/{slug(title)}"


def file_name(record: CycleRecord, title: str) -> str:
    """The essay's file name: days sort, and no two sessions share one."""
    return f"{record.session}-{slug(title)}.md"


def _lead(record: CycleRecord) -> list[str]:
    target = record.targets[0]
    symbol, horizon = ticker(target.symbol), horizon_label(target.horizon)
    call, band = claim_of(record, target, "direction"), _band(record, target)
    if call is None or call.probability is None:
        said = [f"No direction call on {symbol} ({horizon}): {why_none(record, target)}."]
    else:
        side_of = _HIGHER[side(call.probability)]
        said = [f"{symbol} will close {side_of} by the close of {day(call.deadline)} ({horizon}): {_odds(call)}."]
    if band is not None:
        due = "" if call is not None else f" by the close of {band.due}"
        said.append(
            f"The central {_LEVEL} interval runs from {band.ends}{due}, "
            f"which is {band.prices} from a reference price of {band.reference}."
        )
    elif call is not None:
        said.append(f"The reference price is {price(call.reference)}.")
    return said


def _others(record: CycleRecord) -> list[str]:
    """A sentence or two for each further target, and one for each claim of another kind."""
    said = []
    for target in record.targets[1:]:
        symbol, horizon = ticker(target.symbol), horizon_label(target.horizon)
        call, band = claim_of(record, target, "direction"), _band(record, target)
        if call is None or call.probability is None:
            said.append(f"No direction call on {symbol} ({horizon}): {why_none(record, target)}.")
        else:
            said.append(
                f"{symbol} will close {_HIGHER[side(call.probability)]} within {horizon}, "
                f"by the close of {day(call.deadline)}: {_odds(call)}, reference price {price(call.reference)}."
            )
        if band is not None:
            said.append(f"Its {_LEVEL} interval is {band.ends}, {band.prices}.")
    said += [_side_bet(claim) for claim in record.claims if claim.kind not in ("direction", "interval")]
    return said


def _side_bet(claim: Claim) -> str:
    symbol, horizon = ticker(claim.symbol), horizon_label(claim.horizon)
    event = {
        "volatility": f"that {symbol} turns rougher over {horizon} than the upper quartile of its past",
        "drawdown": f"that {symbol} gives up five percent at some close within {horizon}",
        "relative": f"that {symbol} does better than {ticker(claim.versus or '')} over {horizon}",
    }.get(claim.kind, f"of {claim.kind} on {symbol} over {horizon}")
    return f"The probability {event} is {_chance(claim)}{_against(claim)}, due {day(claim.deadline)}."


class _Band(NamedTuple):
    """An interval claim as it is printed."""

    ends: str
    prices: str
    reference: str
    due: str


def _band(record: CycleRecord, target: Target) -> _Band | None:
    claim = claim_of(record, target, "interval")
    if claim is None or claim.low is None or claim.high is None:
        return None
    low, high = [price(claim.reference * (1.0 + end)) for end in (claim.low, claim.high)]
    ends = f"{percent(claim.low)} to {percent(claim.high)}"
    return _Band(ends, f"{low} to {high}", price(claim.reference), day(claim.deadline))


def _odds(call: Claim) -> str:
    return f"p(up) {_chance(call)}{_against(call)}"


def _chance(claim: Claim) -> str:
    return "n/a" if claim.probability is None else probability(claim.probability)


def _against(claim: Claim) -> str:
    return (
        " without a base rate" if claim.base_rate is None else f" against a base rate of {probability(claim.base_rate)}"
    )


def _tags(record: CycleRecord) -> str:
    target = record.targets[0]
    call = claim_of(record, target, "direction")
    horizon = f"[TIMEFRAME: {horizon_label(target.horizon)}]"
    if call is None or call.probability is None:
        return f"[DIRECTION: none] {horizon}"
    shown = probability(max(call.probability, 1.0 - call.probability))
    return f"[DIRECTION: {side(call.probability)}] {horizon} [CONFIDENCE: {shown}]"


def _footer(record: CycleRecord) -> str:
    called = speakers(record)
    held = record.debates.get(record.targets[0].key, Debate("silent", 0.0, ()))
    parts = [f"Debate: {held.label}", f"Conviction: {strength(held.conviction)}"]
    parts += [f"{called.get(mind, name(mind))}: {strength(value)}" for mind, value in held.confidences]
    return f"*{' | '.join(parts)}*"


def _missing(record: CycleRecord) -> str:
    names = missing_names(record)
    if not names:
        return "No data is missing."
    rest = len(names) - NAMED
    shown = ", ".join(names) if rest <= 0 else f"{', '.join(names[:NAMED])}, and {rest} more"
    return f"I am missing data ({shown})."


def _adviser(record: CycleRecord) -> str:
    """What an adviser asked for, what it was given and why, on a line of its own; empty without an adviser."""
    advice = record.advice
    if advice is None:
        return ""
    because = _line(plain(advice.because, _REASON_LENGTH)).rstrip(".") or "No reason is given"
    if not advice.tilt:
        return f"*Adviser: no advice ({because}); p(up) {advice.probability:.3f} is the desk's own.*"
    earned = percent(advice.k, 0, sign=False)
    return (
        f"*Adviser: {_TILTS[advice.tilt]}, of which its record has earned {earned}; p(up) "
        f"{advice.probability:.3f}, and {advice.without:.3f} without it. {because}.*"
    )


def _note(text: str) -> str:
    """Who wrote the prose, on a line of its own; empty without a note."""
    said = _line(plain(text, NOTE_LENGTH))
    return f"*Writer: {said}*" if said else ""


def _line(text: str) -> str:
    """One paragraph of a draft on one line, unable to look like a part of the form."""
    return _FORM.sub("", " ".join(text.translate(_BRACKETS).split())).strip()


@lru_cache(maxsize=16)
def _zone(key: str) -> ZoneInfo:
    try:
        return ZoneInfo(key)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"the time zone {key!r} is unknown; use a name such as America/New_York") from error
