"""What stands around the figures: gates, silences, the data, the models' account, words, how to make it again.

Contract: functions of a run's history and of `run.json`, of which only what two equal runs share is shown: no timing,
no path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from backtest.history import History
from backtest.report.markup import Cell, count, details, joined, quiet, share, table

__all__ = ["GLOSSARY", "account", "coverage", "gates", "glossary", "reproduce"]

Row = dict[str, Any]
_FEW, _MANY = 8, 300
"""Rows that are seen at once, and rows that are in the page at all."""

GLOSSARY = {
    "base rate": "How often the event happened before, in the record up to that day; what somebody without "
    "any opinion would say.",
    "Brier score": "Squared distance between a probability and what happened (1 or 0). Lower is better; "
    "always saying one half costs 0.25.",
    "skill": "Share of the base rate's loss that a forecast saved. Zero is no better, below zero worse.",
    "95% interval": "Where the true figure may well lie, given how few the claims are. Two figures whose "
    "intervals overlap may be equal.",
    "evidence (e-value)": "How many times one would have multiplied a stake by betting on these forecasts "
    "against the base rate. Without skill it reaches 20 in at most one record of twenty, however often one looks.",
    "calibrated": "What is called 52% happens 52% of the time. ECE, bias and miscalibration (MCB) measure how "
    "far off that is; even a perfect forecaster shows some by chance.",
    "discrimination (DSC)": "How far the forecasts tell days on which it happens from days on which it does not.",
    "Winkler score": "Width of an interval, plus ten times what it was missed by (for 80%). Lower is better.",
    "session": "A trading day of the exchange. SPY:1 is the close one session ahead, SPY:21 a month ahead.",
    "mind": "A set of rules that leans to a rise or to a fall, from figures known on that day.",
    "synthesis": "The published probability: minds weighed by their record, with the base rate as one of them.",
    "regime": "What kind of day it is: risk-on, neutral, risk-off or crisis. The status says how far the label can be "
    "leaned on.",
    "gate": "A check before publication. It passes, caps (halves each mind's edge) or abstains, and gives its reason.",
    "void": "A claim that cannot be graded, such as an unchanged price or a closed market. It counts for nobody.",
    "ledger": "The append-only record of claims and verdicts, each entry chained to the last by its SHA-256 digest.",
}  # fmt: skip
"""Words of the page, each in a line."""


def gates(history: History) -> Markup:
    """What gates did and why minds were silent, with counts."""
    acted = Counter((gate.gate, gate.action, gate.target, gate.reason) for gate in history.gates)
    spoken = [
        (name, count(history.spoken[name]), count(sum(reasons.values())),
         share(sum(reasons.values()) / total if (total := history.spoken[name] + sum(reasons.values())) else None))
        for name, reasons in history.abstentions.items()
    ]  # fmt: skip
    reasons = Counter({(name, why): n for name, found in history.abstentions.items() for why, n in found.items()})
    return joined([
        _ranked("What the gates did", ["gate", "did", "target", "reason", "times"], acted)
        or quiet("Every gate passed on every session."),
        table("How often each mind spoke", ["mind", "views", "abstentions", "share silent"], spoken),
        _ranked("Why minds were silent", ["mind", "reason", "times"], reasons)
        or quiet("No mind was ever silent."),
    ])  # fmt: skip


def _ranked(caption: str, heads: list[str], found: Counter[Any]) -> Markup | None:
    """The most frequent first, ties by name."""
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return _folded(caption, heads, [(*what, count(n)) for what, n in ranked])


def _folded(caption: str, heads: list[str], rows: Sequence[Sequence[Cell]]) -> Markup | None:
    """A table of which the first rows are seen, and the others when somebody asks; None without any."""
    if not rows:
        return None
    shown = table(caption, heads, rows[:_FEW], kind="words")
    if len(rows) <= _FEW:
        return shown
    left = len(rows) - _MANY
    more = f"{count(len(rows) - _FEW)} more" + (f", the last {count(left)} of them not shown" if left > 0 else "")
    return shown + details(more, table(f"{caption}, continued", heads, rows[_FEW:_MANY], kind="words"))


def coverage(history: History, run: Row) -> Markup:
    """What the data covered, what was noticed on them, what was missing and since when."""
    data, settings = run["data"], run["settings"]
    sessions = history.sessions
    facts = (
        f"Source {settings['source']}, universe {settings['universe']}: {len(data['symbols'])} symbols from "
        f"{data['first']} to {data['last']}. Nothing after {settings['end']} was read."
    )
    notices = [
        (item["symbol"], item["kind"], str(item["day"]), count(item["times"]), item["detail"])
        for item in data["notices"]
    ]
    status = Counter(sessions.status)
    states = [(name, count(n), share(n / len(sessions.days))) for name, n in sorted(status.items())]
    fits: list[Cell] = [Markup("<li>{}</li>").format(notice) for notice in run["regime"]["notices"]]
    return joined([
        Markup("<p>{}</p>").format(facts),
        _missing(history),
        _folded("Notices on the data", ["symbol", "kind", "first", "times", "what"], notices)
        or quiet("Nothing was noticed on the data."),
        table("How far the regime's label could be leaned on", ["status", "sessions", "share"], states),
        details("On the regime model's fits", Markup("<ul>{}</ul>").format(joined(fits))) if fits else None,
        details("Symbols", Markup("<p>{}</p>").format(", ".join(data["symbols"]))),
    ])  # fmt: skip


def _missing(history: History) -> Markup:
    """Signals that somebody wanted and could not have: since when, and until when."""
    days = history.sessions.days
    since: dict[tuple[str, str], int] = {}
    spells = []
    for day, now in [*history.missing, (len(days), {})]:
        known = set(now.items())
        for gone in sorted(since.keys() - known):
            first = since.pop(gone)
            spells.append((day - first, gone, first, day))
        since |= dict.fromkeys(known - since.keys(), day)
    if not spells:
        return quiet("No signal that a mind wanted was missing on any session.")
    longest: dict[tuple[str, str], list[Any]] = {}
    for length, what, first, end in spells:
        row = longest.setdefault(what, [0, 0, 0, first, end])
        row[0] += length
        row[1] += 1
        if length > row[2]:
            row[2:] = length, first, end
    ends = [*days[:-1], "the end"]
    ranked = sorted(longest.items(), key=lambda item: (-item[1][0], item[0]))
    rows = [
        (signal, reason, count(total), count(times), f"{days[first]} to {ends[end - 1]}")
        for (signal, reason), (total, times, _, first, end) in ranked
    ]
    heads = ["signal", "why", "sessions", "spells", "longest"]
    return _folded("Signals that were missing", heads, rows) or Markup()


def account(scores: Row, run: Row) -> Markup | None:
    """What a model that wrote or advised did, and what it cost; None for a run without one."""
    writer, adviser = run.get("writer") or {}, scores.get("adviser")
    heads, parts = ["what", "how much"], []
    if writer.get("name", "template") != "template":
        parts.append(table("The writer, which moves no number", heads, _flat(writer), kind="words"))
    if adviser is not None:
        parts.append(table("The adviser, which has to earn its say", heads, _flat(adviser), kind="words"))
        memory = (run["settings"].get("adviser") or {}).get("memory")
        parts.append(quiet(memory) if memory else Markup())
    return joined(parts) if parts else None


def _flat(found: Row, above: str = "") -> list[tuple[str, str]]:
    """Every figure of a nested document under the names that lead to it, by name."""
    rows = []
    for name, value in sorted(found.items()):
        path = f"{above}{name.replace('_', ' ')}"
        rows += _flat(value, f"{path}: ") if isinstance(value, dict) else [(path, _plain(value))]
    return rows


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return " to ".join(map(_plain, value))
    return "–" if value is None else str(value)


def glossary() -> Markup:
    """A line for each word."""
    lines = [Markup("<dt>{}</dt><dd>{}</dd>").format(word, meaning) for word, meaning in GLOSSARY.items()]
    return Markup("<dl>{}</dl>").format(joined(lines))


def reproduce(run: Row, digest: str) -> Markup:
    """The command, the versions, the digests."""
    settings = run["settings"]
    source = "csv:DIR" if settings["source"] == "csv" else settings["source"]
    command = (
        f"workshop backtest --data {source} --universe {settings['universe']} --start {settings['start']} "
        f"--end {settings['end']} --minds {','.join(settings['minds'])} --targets {','.join(settings['targets'])} "
        f"--regime {settings['regime']} --out DIR"
    )
    rows = [
        ("ledger's head", digest), ("entries", count(run["ledger"]["entries"])),
        ("digest of the data", run["data"]["digest"]), ("commit", run.get("commit")), ("Python", run["python"]),
        *sorted(run["packages"].items()),
    ]  # fmt: skip
    return joined([
        Markup("<p>The same data and settings give the same ledger, byte for byte:</p>"),
        Markup("<pre><code>{}</code></pre>").format(command),
        Markup("<p>Check this record, from its folder:</p><pre><code>workshop ledger verify .</code></pre>"),
        table("What this run is", ["what", "which"], rows, kind="words"),
    ])  # fmt: skip
