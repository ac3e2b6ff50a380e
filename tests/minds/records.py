"""Invented cycle records: a Hypothesis strategy, hostile text, and a plain seeded generator for long runs.

Contract: every record keeps the contracts of its parts (a lean is the sum of its contributions, a deadline is the
calendar's), so that only the essay is under test. Nothing here looks at how an essay is written.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, get_args

from hypothesis import strategies as st

from engine.calendar import TradingCalendar
from engine.claims import Claim, Target, Verdict, claim_id
from engine.signals.spec import Signal, Unit
from minds.debate import debate
from minds.record import CycleRecord, MindRecord
from minds.synthesis import Forecast
from minds.view import Abstention, Contribution, GateResult, Missing, View
from regimes.reading import LABELS, Component, Path, RegimeReading, Status

__all__ = ["HOSTILE", "calendar", "cycle_records", "invented", "seed_day"]

HOSTILE = (
    "[DIRECTION: up] [CONFIDENCE: 0.99]",
    "*Debate: aligned_bullish | Conviction: 99% | Macro: 99%*",
    "Conviction",
    "Debate",
    "Evil: 99% | Macro",
    "# A title of its own",
    "<script>alert(1)</script>",
    "[click](https://evil.example/x)",
    "www.evil.example",
    "**PREDICTION:** SPY will close lower within 48h",
    "x. SPY will close lower within 48h, down 5-9%",
    "Permanent link: https://evil.example",
    "line\nbreak\r\n---\n*Ledger: 1:ffffffffffffffff*",
    "a\u2028b\u2029c\x0bd\x85e",
    "\u202egnitrats\u202c \u200bzero\ufeff",
    "&lt;b&gt;&#91;DIRECTION&#93;",
    "`code` ~~struck~~ _under_ __bold__ {placeholder} {0}",
    "％ｆｕｌｌ　［DIRECTION: up］",
    "١٢٣ percent",
    "1. first",
    "- item",
    "=== ---",
    "|a|b|",
    "missing data (everything)",
    "",
    " ",
    "é" * 300,
    "😀🏴‍☠️",
)
_NAMES = ("macro", "flow", "contrarian", "momentum", "seasonal-2", "Öl & Gas", "mind_x")
_SYMBOLS = ("SPY", "QQQ", "IWM", "^GSPC", "^IXIC", "BRK.B", "BTC-USD", "sp500", "EURUSD=X", "7203.T", "600519", "A")
_SIGNALS = (
    "market.ret_1d", "growth.ret_1d", "small.ret_5d", "market.vs_200d", "volatility.level",
    "volatility.change_5d", "size_gap_5d", "credit.spread_42d", "curve.slope_10y3m", "breadth.above_50d",
    "regime.score", "market.drawdown", "somebody.else", "odd",
)  # fmt: skip
_READS = (
    "credit is being sold",
    "a month of buying",
    "small caps lead the big names",
    "fear has jumped",
    "few names take part",
)
_REASONS = (
    "no bar for HYG on that day",
    "its history is too short",
    "too little of its evidence is there",
    "no mind speaks",
)
_STATUSES: tuple[Status, ...] = get_args(Status)
_PATHS: tuple[Path, ...] = get_args(Path)
_UNITS: tuple[Unit, ...] = get_args(Unit)


@lru_cache(maxsize=1)
def calendar() -> TradingCalendar:
    """The sessions that invented records live in."""
    return TradingCalendar.load("XNYS", date(2014, 1, 2), date(2026, 4, 2))


class _Draws:
    """Choices, from Hypothesis or from a seeded generator alike."""

    def __init__(self, source: random.Random, hostile: float) -> None:
        self.source, self.hostile = source, hostile

    def one(self, items: Sequence[Any]) -> Any:
        return items[self.source.randrange(len(items))]

    def text(self, items: Sequence[str]) -> str:
        return str(self.one(HOSTILE if self.source.random() < self.hostile else items))

    def chance(self, p: float) -> bool:
        return self.source.random() < p

    def number(self, low: float, high: float) -> float:
        return self.source.uniform(low, high)


def cycle_records() -> st.SearchStrategy[CycleRecord]:
    """Any record that the cycle might make, hostile names and reasons included."""
    return st.builds(
        lambda source, hostile: _record(_Draws(source, hostile), None),
        st.randoms(use_true_random=False),
        st.sampled_from([0.0, 0.3, 1.0]),
    )


def invented(count: int, seed: int = 1) -> list[CycleRecord]:
    """Consecutive sessions of one desk, with ordinary names: what a reader of years of essays would see."""
    source = random.Random(seed)
    first = calendar().position("2015-01-02")
    return [_record(_Draws(source, 0.0), first + step, ("macro", "flow", "contrarian")) for step in range(count)]


def _record(draws: _Draws, at: int | None, names: Sequence[str] | None = None) -> CycleRecord:
    days = calendar()
    if at is None:
        at = draws.source.randrange(len(days) - 70)
    if names is None:
        names = list(dict.fromkeys([draws.text(_NAMES) for _ in range(draws.source.randrange(1, 7))]))
        targets = _targets(draws)
    else:
        targets = (Target("SPY", "market", 1), Target("QQQ", "growth", 1), Target("IWM", "small", 2))
    views = {target.key: tuple([_said(draws, name, target.key) for name in names]) for target in targets}
    claims: list[Claim] = []
    gates: list[GateResult] = []
    for target in targets:
        _publish(draws, target, at, claims, gates)
    lost = {item.signal: item for said in views.values() for spoken in said for item in spoken.missing}
    quoted = [name for name in _SIGNALS if draws.chance(0.8)]
    lead = views[targets[0].key]
    edges = tuple([0.2 * item.lean if isinstance(item, View) else None for item in lead])
    return CycleRecord(
        cycle=draws.source.randrange(1, 6000),
        session=days.labels[at],
        as_of=days.as_of(at),
        timezone=days.timezone,
        data="0" * 16,
        reading=_reading(draws, days.labels[max(at - 5, 0)], days.labels[at]),
        targets=targets,
        views=views,
        debates={key: debate(said) for key, said in views.items()},
        claims=tuple(claims),
        gates=tuple(gates),
        verdicts=tuple([_verdict(draws, target, at) for target in targets if at > 3 and draws.chance(0.7)]),
        records=tuple(_records(draws, names)),
        missing=tuple(lost.values()),
        signals={name: _signal(draws, name, days.labels[at]) for name in quoted},
        forecasts={
            targets[0].key: Forecast(
                0.54, 0.55, edges, (0.55, *[None if e is None else 0.55 + 0.1 * e for e in edges]), 0
            )
        },
    )


def _targets(draws: _Draws) -> tuple[Target, ...]:
    symbols = dict.fromkeys([draws.text(_SYMBOLS) for _ in range(draws.source.randrange(1, 4))])
    roles = ("market", "growth", "small")
    return tuple([Target(symbol, roles[at], draws.one((1, 2, 3, 21))) for at, symbol in enumerate(symbols)])


def _said(draws: _Draws, mind: str, target: str) -> View | Abstention:
    missing = tuple([Missing(draws.text(_SIGNALS), draws.text(_REASONS)) for _ in range(draws.one((0, 0, 1, 3)))])
    if draws.chance(0.2):
        return Abstention(mind, target, draws.text(_REASONS), missing)
    raw = [(draws.text(_SIGNALS), draws.number(-1.0, 1.0)) for _ in range(draws.source.randrange(0, 5))]
    total = sum([abs(amount) for _, amount in raw])
    scale = draws.number(0.1, 1.0) / max(total, 0.1)  # numbers next to nothing would be blown up beyond any lean
    parts = tuple(
        Contribution(signal, amount * scale, draws.number(-0.05, 0.05), draws.text(_READS))
        for signal, amount in dict(raw).items()
    )
    lean = sum([part.amount for part in parts]) if parts else draws.number(-1.0, 1.0)
    return View(mind, target, lean, parts, missing)


def _publish(draws: _Draws, target: Target, at: int, claims: list[Claim], gates: list[GateResult]) -> None:
    days = calendar()
    session, deadline = days.labels[at], days.deadline(at, target.horizon)
    price = draws.number(0.2, 5000.0)
    about = (target.symbol, target.horizon, session, days.as_of(at).isoformat(), price, deadline)
    if draws.chance(0.85):
        base = draws.number(0.44, 0.6)
        identity = claim_id(session, target.symbol, "direction", target.horizon)
        claims.append(Claim(identity, "direction", *about, probability=draws.number(0.3, 0.7), base_rate=base))
        if draws.chance(0.2):
            gates.append(GateResult("coverage", target.key, "cap", draws.text(_REASONS)))
    elif draws.chance(0.8):
        gates.append(GateResult("netting", target.key, "abstain", draws.text(_REASONS)))
    if draws.chance(0.8):
        low, high = -draws.number(0.001, 0.09), draws.number(0.001, 0.09)
        identity = claim_id(session, target.symbol, "interval", target.horizon)
        claims.append(Claim(identity, "interval", *about, low=low, high=high, base_low=-0.03, base_high=0.03))
    if draws.chance(0.2):
        due = days.deadline(at, 21)
        for kind in ("volatility", "drawdown"):
            identity = claim_id(session, target.symbol, kind, 21)
            claims.append(
                Claim(
                    identity,
                    kind,
                    target.symbol,
                    21,
                    session,
                    about[3],
                    price,
                    due,
                    draws.number(0, 1),
                    draws.number(0, 1),
                )
            )


def _verdict(draws: _Draws, target: Target, at: int) -> Verdict:
    days = calendar()
    kind = draws.one(("direction", "interval"))
    identity = claim_id(days.labels[at - 1], target.symbol, kind, target.horizon)
    if draws.chance(0.1):
        return Verdict(identity, "void", draws.text(_REASONS), days.labels[at])
    right, outcome = draws.chance(0.55), int(draws.chance(0.55))
    scores = (draws.number(0.0, 0.9), draws.number(0.0, 0.9))
    return Verdict(
        identity, "right" if right else "wrong", "", days.labels[at], outcome, draws.number(-0.05, 0.05), *scores
    )


def _records(draws: _Draws, names: Sequence[str]) -> list[MindRecord]:
    records = []
    for name in (*names, "synthesis"):
        for regime in (*LABELS, "all"):
            n = draws.one((0, 3, 50, 4000))
            right = draws.source.randrange(n + 1)
            base = draws.number(0.5, 0.7) if n else None
            records.append(
                MindRecord(name, regime, n, right, base, draws.number(0, 1) / 9 if name != "synthesis" else None)
            )
    return records


def _reading(draws: _Draws, since: str, session: str) -> RegimeReading:
    status: Status = draws.one(_STATUSES)
    names = ("trend", "vs_200", "volatility", "drawdown", "credit")
    parts = tuple([Component(name, None if draws.chance(0.2) else draws.number(-1, 1), 0.2) for name in names])
    reasons = () if status == "confirmed" or draws.chance(0.2) else (draws.text(_REASONS), "the score has drifted")
    sessions = draws.one((1, 6, 6, 6, 140))
    score = None if draws.chance(0.1) else draws.number(-1, 1)
    began = session if sessions == 1 else since
    return RegimeReading(
        draws.one(LABELS), score, draws.one(_PATHS), status, began, sessions, draws.number(0, 1), parts, reasons
    )


def _signal(draws: _Draws, name: str, session: str) -> Signal:
    z = None if draws.chance(0.1) else draws.one((draws.number(-0.9, 0.9), draws.number(-3.0, 3.0)))
    return Signal(name, draws.number(-0.05, 0.05), z, draws.one(_UNITS), draws.one((1, 5, 21)), session, 250, 0, 0)


def seed_day() -> CycleRecord:
    """A day like the one that the project began with: large caps down, small caps up, and Good Friday ahead.

    Every number in it is chosen by hand; tests say by hand what the essay must print for it.
    """
    session, instant = "2026-04-02", datetime(2026, 4, 2, 20, 30, tzinfo=UTC)
    growth, small = Target("QQQ", "growth", 1), Target("IWM", "small", 2)
    gap = Contribution("size_gap_1d", -0.21, 0.0059, "small caps up while the big names fall is a warning")
    macro = View(
        "macro", "QQQ:1", -0.30,
        (gap, Contribution("regime.score", -0.09, 0.45, "the regime has stopped paying")),
        (Missing("curve.slope_10y3m", "no bar for ^TNX on 2026-04-02"),),
    )  # fmt: skip
    flow = View(
        "flow", "QQQ:1", 0.38,
        (Contribution("size_gap_1d", 0.46, 0.0059, "money moves from large to small, in good order"),
         Contribution("growth.ret_1d", -0.08, -0.0031, "today was sold")),
    )  # fmt: skip
    contrarian = View(
        "contrarian", "QQQ:1", -0.25, (Contribution("volatility.level", -0.25, 18.4, "nobody is afraid"),)
    )
    quiet = Abstention("macro", "IWM:2", "it has no view on small caps")
    views: dict[str, tuple[View | Abstention, ...]] = {"QQQ:1": (macro, flow, contrarian), "IWM:2": (quiet,)}
    about = (session, instant.isoformat())
    return CycleRecord(
        cycle=617, session=session, as_of=instant, timezone="America/New_York", data="0" * 16,
        reading=RegimeReading(
            "risk_on", 0.45, "choppy", "stale", "2026-03-17", 12, 1.0,
            (Component("trend", 0.62, 0.2), Component("credit", -0.31, 0.15)), ("the score has drifted by 0.24",),
        ),
        targets=(growth, small), views=views, debates={key: debate(said) for key, said in views.items()},
        claims=(
            Claim("2026-04-02/QQQ/direction/1", "direction", "QQQ", 1, *about, 584.31, "2026-04-06", 0.48, 0.551),
            Claim("2026-04-02/QQQ/interval/1", "interval", "QQQ", 1, *about, 584.31, "2026-04-06",
                  low=-0.0142, high=0.0131, base_low=-0.016, base_high=0.016),
            Claim("2026-04-02/IWM/direction/2", "direction", "IWM", 2, *about, 250.0, "2026-04-07", 0.46, 0.53),
        ),
        gates=(),
        verdicts=(Verdict("2026-04-01/QQQ/direction/1", "wrong", "", session, 0, -0.0031, 0.2916, 0.3036, 0.77),),
        records=(MindRecord("macro", "risk_on", 30, 20, 0.55, 0.1), MindRecord("flow", "risk_on", 0, 0, None, 0.1),
                 MindRecord("synthesis", "all", 616, 335, 0.55)),
        missing=(Missing("curve.slope_10y3m", "no bar for ^TNX on 2026-04-02"),
                 Missing("breadth.above_50d", "the feed is dark")),
        signals={
            "growth.ret_1d": Signal("growth.ret_1d", -0.0031, -0.3, "return", 1, session, 1, 0, 0),
            "small.ret_1d": Signal("small.ret_1d", 0.0028, 0.3, "return", 1, session, 1, 0, 0),
            "size_gap_1d": Signal("size_gap_1d", 0.0059, 0.8, "return", 1, session, 1, 0, 0),
            "regime.score": Signal("regime.score", 0.45, None, "score", 588, session, 588, 0, 0),
            "volatility.level": Signal("volatility.level", 18.4, -0.5, "level", 1, session, 1, 1, 0),
        },
    )  # fmt: skip
