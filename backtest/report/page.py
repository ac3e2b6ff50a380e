"""The page: one file that needs nothing else.

Contract: `page` gives equal bytes for equal inputs. Scripts run only if their digest stands in the page's policy;
nothing is fetched, nothing evaluated. Without JavaScript the page is text and tables.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from markupsafe import Markup

from backtest.history import History
from backtest.report import cards, charts, layers, notes, study, wealth, years
from backtest.report.answer import answer
from backtest.report.markup import Cell, count, joined
from backtest.report.series import series

__all__ = ["page"]

_ASSETS = Path(__file__).with_name("assets")
_LIBRARY = "echarts.common.min.js"
_SCRIPT = "report.js"
_SECTIONS = {
    "answer": "Answer", "scores": "Scores", "charts": "Charts", "minds": "Minds", "layers": "Layers",
    "years": "Years", "days": "Days", "gates": "Gates", "data": "Data", "trade": "Account", "words": "Words",
    "again": "Again",
}  # fmt: skip


def page(
    history: History,
    scores: dict[str, Any],
    run: dict[str, Any],
    heads: Sequence[str],
    essays: Mapping[str, str],
    studied: dict[str, Any] | None = None,
) -> str:
    """The whole file.

    Args:
        history: what the run said and what came of it.
        scores: the document of `scores.json`.
        run: the document of `run.json`; its timings are not read.
        heads: digest of each session's ledger entry, in order, of which 16 digits are shown.
        essays: ISO day -> name of its essay's file.
        studied: what `backtest.report.study.study` found, where somebody asked.
    """
    drawn = series(history, [head[:16] for head in heads], essays)
    trading = scores.get("trading")
    if trading:
        drawn["wealth"] = wealth.curves(history, trading)
    said = answer(scores)
    span = scores["range"]
    title = f"{run['settings']['source']}, {span['start']} to {span['end']}"
    style, library, script = (_asset(name) for name in ("report.css", _LIBRARY, _SCRIPT))
    policy = (
        f"default-src 'none'; script-src '{_digest(library)}' '{_digest(script)}'; style-src '{_digest(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    body = joined([
        _header(title, scores, run),
        Markup("<main id=main>{}</main>").format(joined([
            _answer(said),
            _section("scores", "What it scored", cards.cards(scores), cards.targets(scores)),
            _section("charts", "What it looks like", *_charts(history, drawn)),
            _section("minds", "Which mind, in which regime",
                     cards.minds_by_regime(scores, history.minds), _cells(scores), years.cells(scores)),
            _section("layers", "What each layer adds", layers.layers(scores, run),
                     None if studied is None else study.tables(studied)),
            _section("years", "Has it changed?", years.years(scores)),
            _section("days", "What was said on which day",
                     charts.calendar(history.claims["direction"], history.sessions.days)),
            _section("gates", "What was held back", notes.gates(history)),
            _section("data", "What it was made from", notes.coverage(history, run), notes.account(scores, run)),
            _section("trade", "What an account would have made of it", wealth.wealth(trading)) if trading else None,
            _section("words", "Words", notes.glossary()),
            _section("again", "How to make it again", notes.reproduce(run, scores["digest"])),
        ])),
        Markup('<dialog id="day" aria-labelledby="day-title"></dialog>'),
    ])  # fmt: skip
    return "".join([
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n",
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
        '<meta name=viewport content="width=device-width, initial-scale=1">\n',
        '<meta name=color-scheme content="light dark">\n',
        Markup("<title>What was it worth: {}</title>\n").format(title),
        f"<style>{style}</style>\n</head>\n<body>\n",
        body,
        f'\n<script type="application/json" id="series">{_json(drawn)}</script>\n',
        f"<script>{library}</script>\n<script>{script}</script>\n</body>\n</html>\n",
    ])  # fmt: skip


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """As a policy names a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(found: dict[str, Any]) -> str:
    """JSON that cannot end its script."""
    text = orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    for sign in "<>&\u2028\u2029":
        if sign in text:
            text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _section(name: str, title: str, *parts: Cell) -> Markup:
    return Markup('<section id="{0}" aria-labelledby="{0}-title"><h2 id="{0}-title">{1}</h2>{2}</section>').format(
        name, title, joined(parts)
    )


def _header(title: str, scores: dict[str, Any], run: dict[str, Any]) -> Markup:
    claims, span = scores["claims"], scores["range"]
    links = [
        Markup('<li><a href="#{}">{}</a></li>').format(name, word)
        for name, word in _SECTIONS.items()
        if name != "trade" or scores.get("trading")
    ]
    return Markup(
        '<a class="skip" href="#main">Skip to the answer</a><header><p class="brand">Workshop <span>backtest</span></p>'
        "<h1>What was it worth?</h1><p class=run>{}; {} sessions, {} minds on {}. "
        "{} claims published = {} resolved + {} void + {} open."
        '</p><nav aria-label="Contents"><ul>{}</ul></nav><div id="theme"></div></header>'
    ).format(
        title, count(span["sessions"]), len(run["settings"]["minds"]), ", ".join(run["settings"]["targets"]),
        count(claims["published"]), count(claims["resolved"]), count(claims["void"]), count(claims["open"]),
        joined(links),
    )  # fmt: skip


def _answer(said: tuple[str, str, str]) -> Markup:
    heads = ("Did it work?", "Compared with what?", "Could it be luck?")
    parts = [
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(head, text) for head, text in zip(heads, said, strict=True)
    ]
    return Markup('<section id="answer" aria-label="The answer"><dl>{}</dl></section>').format(joined(parts))


def _charts(history: History, drawn: dict[str, Any]) -> list[Markup]:
    lead = history.targets[0] if history.targets else ""
    return [
        charts.reliability(drawn["reliability"]),
        charts.lead(drawn["leads"], drawn["days"], drawn["drawn"].tolist()),
        charts.market(history, lead.rpartition(":")[0]),
        charts.fan(history.claims["interval"], [lead]),
    ]


def _cells(scores: dict[str, Any]) -> Markup:
    cells = sum(len(row["by_regime"]) for row in scores["minds"].values())
    return Markup(
        '<p class="quiet">A cell is coloured only where its 95% interval leaves the base rate out. '
        "Of {} cells about {} would be coloured by luck alone.</p>"
    ).format(cells, max(1, round(0.05 * cells)))
