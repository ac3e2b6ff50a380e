"""Hypothesis strategies for opinions and texts: views, records of a cycle, and essays with what they must read back as.

    from hypothesis import given
    from scenarios.strategies import essays, views

    @given(views())
    def test_mine(said): ...

Contract: what is drawn keeps the contracts of its parts: a lean is in [-1, 1] and the sum of its contributions, an
abstention has a reason, a deadline is the calendar's, a debate is that of its views. Numbers have two digits, as essays
print them, so that a text can hold them without loss. A draw shrinks to few minds, no evidence and plain words.
Import these names from `scenarios.strategies`: this is the one module of the package that knows `minds`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, get_args

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from engine.calendar import TradingCalendar
from engine.claims import Claim, Target, claim_id
from minds.debate import conviction, debate
from minds.essay import render
from minds.record import CycleRecord
from minds.view import Abstention, Contribution, Missing, View
from regimes.reading import LABELS, RegimeReading, Status

__all__ = ["Essay", "essays", "records", "views"]

MINDS = ("macro", "flow", "contrarian", "momentum", "seasonal")
SIGNALS = ("market.ret_1d", "growth.ret_1d", "volatility.level", "size_gap_5d", "market.drawdown", "regime.score")
_SYMBOLS = ("SPY", "QQQ", "IWM", "^GSPC", "BRK.B")
_READS = st.sampled_from(["a month of buying", "fear has jumped", "credit is being sold", "few names take part"])
_REASONS = st.sampled_from(["its history is too short", "no bar for it today", "the feed is dark", "no mind speaks"])
_STATUSES = st.sampled_from(get_args(Status))
_CENTS = st.integers(-100, 100)
_FIRST, _LAST = date(2015, 1, 2), date(2018, 6, 29)
"""Years in which the exchange kept its timetable, so that a text's day tells every deadline."""


class Essay(NamedTuple):
    """A text and what it says.

    Attributes:
        text: the essay.
        says: attribute of `minds.parse.ParsedEssay` -> its value once the text has been read. `deadline` is the day
            alone, `secondary` holds (symbol, direction, sessions, day) for each further call.
    """

    text: str
    says: Mapping[str, Any]


@st.composite
def views(
    draw: DrawFn, *, mind: str | None = None, target: str = "SPY:1", signals: Sequence[str] = SIGNALS,
    silent: bool = True,
) -> View | Abstention:  # fmt: skip
    """What a mind says about one target.

    Args:
        draw: given by Hypothesis.
        mind: whose view; None draws a name.
        target: the target's key.
        signals: what its evidence may be called.
        silent: whether it may abstain.
    """
    who = draw(st.sampled_from(MINDS)) if mind is None else mind
    lacks = draw(st.dictionaries(st.sampled_from(signals), _REASONS, max_size=2))
    missing = tuple(Missing(name, reason) for name, reason in lacks.items())
    if silent and draw(st.sampled_from([False, False, True])):
        return Abstention(who, target, draw(_REASONS), missing)
    left, total, parts = 100, 0, []
    for name in draw(st.lists(st.sampled_from(signals), max_size=4, unique=True)):
        amount = draw(st.integers(-left, left))
        if amount:
            left, total = left - abs(amount), total + amount
            parts.append(Contribution(name, amount / 100, draw(_CENTS) / 100, draw(_READS)))
    lean = total if parts else draw(_CENTS)
    return View(who, target, lean / 100, tuple(parts), missing)


@lru_cache(maxsize=1)
def _calendar() -> TradingCalendar:
    return TradingCalendar.load("XNYS", _FIRST, _LAST)


_SESSIONS = st.integers(0, 800)
_TARGETS = st.lists(
    st.tuples(st.sampled_from(_SYMBOLS), st.sampled_from([1, 2, 3, 21])), min_size=1, max_size=3,
    unique_by=lambda target: target[0],
)  # fmt: skip


@st.composite
def records(draw: DrawFn) -> CycleRecord:
    """The record of one cycle without history: views, debates, and the claims that they may lead to."""
    days, at = _calendar(), draw(_SESSIONS)
    session, instant = days.labels[at], days.as_of(at)
    targets = tuple(Target(symbol, "market", horizon) for symbol, horizon in draw(_TARGETS))
    names = draw(st.lists(st.sampled_from(MINDS), min_size=1, max_size=3, unique=True))
    said = {target.key: tuple(draw(views(mind=name, target=target.key)) for name in names) for target in targets}
    missing = {item.signal: item for spoken in said.values() for view in spoken for item in view.missing}
    return CycleRecord(
        cycle=draw(st.integers(1, 9999)), session=session, as_of=instant, timezone=days.timezone, data="0" * 16,
        reading=draw(_readings(session)), targets=targets, views=said,
        debates={key: debate(spoken) for key, spoken in said.items()},
        claims=tuple(claim for target in targets for claim in draw(_claims(target, at))), gates=(), verdicts=(),
        records=(), missing=tuple(missing.values()), signals={},
    )  # fmt: skip


@st.composite
def _readings(draw: DrawFn, session: str) -> RegimeReading:
    status, score = draw(_STATUSES), draw(st.none() | _CENTS)
    reasons = () if status == "confirmed" else (draw(_REASONS),)
    shown = None if score is None else score / 100
    return RegimeReading(draw(st.sampled_from(LABELS)), shown, "choppy", status, session, 1, 1.0, (), reasons)


@st.composite
def _claims(draw: DrawFn, target: Target, at: int) -> list[Claim]:
    """At most a direction and an interval, as the gates let them."""
    days = _calendar()
    session, deadline = days.labels[at], days.deadline(at, target.horizon)
    about = (target.symbol, target.horizon, session, days.as_of(at).isoformat(), draw(st.integers(1, 900)) + 0.25)
    found = []
    if draw(st.sampled_from([True, True, False])):
        p, base = draw(st.integers(20, 80)) / 100, draw(st.integers(45, 60)) / 100
        identity = claim_id(session, target.symbol, "direction", target.horizon)
        found.append(Claim(identity, "direction", *about, deadline, p, base))
    if draw(st.booleans()):
        low, high = -draw(st.integers(1, 900)) / 10_000, draw(st.integers(1, 900)) / 10_000
        identity = claim_id(session, target.symbol, "interval", target.horizon)
        found.append(Claim(identity, "interval", *about, deadline, low=low, high=high, base_low=-0.03, base_high=0.03))
    return found


def essays(*, product: bool | None = None) -> st.SearchStrategy[Essay]:
    """Essays and what they must read back as.

    Args:
        product: True for records rendered as the product does, False for texts in the freer form of the first desk,
            written without it; None for both.
    """
    if product is None:
        return _freely_written() | records().map(_rendered)
    return records().map(_rendered) if product else _freely_written()


def _side(p: float) -> str:
    return "up" if p >= 0.5 else "down"


def _rendered(record: CycleRecord) -> Essay:
    """What a record says, told from its claims and views alone."""
    lead, *others = record.targets
    calls = {claim.symbol: claim for claim in record.claims if claim.kind == "direction"}
    bands = {claim.symbol: claim for claim in record.claims if claim.kind == "interval"}
    says: dict[str, Any] = {
        "cycle": record.cycle, "as_of": record.session, "stamp": record.as_of.isoformat(), "symbol": lead.symbol,
        "sessions": lead.horizon, "ledger": "617:abcdef0123456789", "direction": "none", "confidence": None,
        "debate": record.debates[lead.key].label,
        "confidences": {v.mind.capitalize(): abs(v.lean) for v in record.views[lead.key] if isinstance(v, View)},
        "secondary": tuple(
            (other.symbol, _side(calls[other.symbol].probability or 0.0), other.horizon, calls[other.symbol].deadline)
            for other in others if other.symbol in calls
        ),
    }  # fmt: skip
    if lead.symbol in calls:
        p = calls[lead.symbol].probability or 0.0
        says |= {
            "direction": _side(p), "confidence": round(max(p, 1.0 - p), 2), "deadline": calls[lead.symbol].deadline
        }  # fmt: skip
    if lead.symbol in bands:
        low, high = bands[lead.symbol].low or 0.0, bands[lead.symbol].high or 0.0
        says["range_percent"] = (round(100.0 * low, 2), round(100.0 * high, 2))
    return Essay(render(record, says["ledger"]), says)


_WORDS = st.sampled_from(["Patience", "Nobody", "Asks", "Small", "Names", "Float", "Credit", "Sinks", "Again", "Twice"])
_VERBS = {"up": ["higher", "up", "rises"], "down": ["lower", "down", "falls"]}
_HOURS = {1: ["24h", "24 hours", "1 session"], 2: ["48h", "2 sessions"], 3: ["72h", "3 sessions"]}
_THINGS = st.lists(st.sampled_from(["yield curve", "fear gauge", "Fed speak", "breadth"]), max_size=3, unique=True)
_CLOCK = st.datetimes(datetime(2020, 1, 1, 12), datetime(2020, 1, 1, 19, 59), timezones=st.just(UTC))


@st.composite
def _freely_written(draw: DrawFn) -> Essay:
    """An essay in the form of the first desk, put together here word by word."""
    days, at = _calendar(), draw(_SESSIONS)
    day, cycle = datetime.fromisoformat(days.labels[at]), draw(st.integers(1, 9999))
    stamp = datetime.combine(day.date(), draw(_CLOCK).time().replace(microsecond=0))
    title = " ".join(draw(st.lists(_WORDS, min_size=1, max_size=6)))
    symbol, other = draw(st.permutations(["QQQ", "IWM", "SPY"]))[:2]
    way, horizon = draw(st.sampled_from(["down", "up"])), draw(st.sampled_from([1, 2, 3]))
    hours, verb = draw(st.sampled_from(_HOURS[horizon])), draw(st.sampled_from(_VERBS[way]))
    low, reach = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    ends = f"{low / 10:.1f}-{(low + reach) / 10:.1f}%"
    signed = [low / 10, (low + reach) / 10] if way == "up" else [-(low + reach) / 10, -low / 10]
    confidence = draw(st.integers(50, 99)) / 100
    leans = draw(st.dictionaries(st.sampled_from(MINDS), st.integers(1, 100), min_size=1, max_size=4))
    label = draw(st.sampled_from(["divergent", "aligned_bullish"])) if len(leans) > 1 else "lone"
    strength = conviction([lean / 100 for lean in leans.values()])
    missing = draw(_THINGS)
    further, then = draw(st.booleans()), days.deadline(at, 2)
    called = " | ".join(f"{mind.capitalize()}: {lean}%" for mind, lean in leans.items())
    lacks = f"Conviction is low since I am missing data ({', '.join(missing)})." if missing else "Nothing is lacking."
    text = "\n\n".join([
        f"# {title}",
        f"*Workshop · {stamp:%Y-%m-%d %H:%M:%S}*",
        f"**Cycle {cycle} | {day:%B %d, %Y} — {stamp:%I:%M %p}**",
        "The desk looked at one gap. **Either the label is out of date, or the hold is an accident.**",
        "**PREDICTION:**",
        f"{symbol} will go {verb} within {hours}, {way} {ends}." + (f" {other} falls within 48h." if further else ""),
        f"[DIRECTION: {way}] [TIMEFRAME: {hours}] [CONFIDENCE: {confidence:.2f}]",
        lacks,
        f"---\n*Debate: {label} | Conviction: {100 * strength:.0f}% | {called}*",
        f"---\n*Ledger: {cycle}:0123456789abcdef*",
        f"Permanent link: /read/{cycle}/x",
    ])  # fmt: skip
    return Essay(text + "\n", {
        "title": title, "cycle": cycle, "stamp": stamp.isoformat(), "as_of": days.labels[at], "symbol": symbol,
        "direction": way, "sessions": horizon, "confidence": confidence, "range_percent": tuple(signed),
        "deadline": days.deadline(at, horizon), "debate": label, "missing": tuple(missing),
        "confidences": {mind.capitalize(): lean / 100 for mind, lean in leans.items()},
        "secondary": ((other, "down", 2, then),) if further else (), "ledger": f"{cycle}:0123456789abcdef",
        "link": f"/read/{cycle}/x", "problems": (),
    })  # fmt: skip
