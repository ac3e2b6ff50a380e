"""The table at the end of a backtest, by hand: each figure in its place, beside its base, within 80 columns."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from backtest.history import History
from backtest.scores import ScoreBook
from desk.show import percent, share
from desk.summary import summary

Document = dict[str, Any]


NOISE = {"ece5": 0.0201, "mcb": 0.00123, "bias": 0.0138}


def direction(**changes: Any) -> Document:
    return {
        "n": 5030, "hit_rate": 0.5346, "hit_rate_interval": [0.5207, 0.5482], "base_rate": 0.5373, "brier": 0.24861,
        "brier_climatology": 0.24858, "skill": -0.00012, "bias": 0.0, "ece5": 0.01, "mcb": 0.0, "dsc": 0.0,
        "log_score": 0.69, "e_value": 0.871, "skill_interval": [-0.00051, 0.00031],
        "noise": {name: {"median": 0.5 * p95, "p95": p95} for name, p95 in NOISE.items()}, **changes,
    }  # fmt: skip


def interval(**changes: Any) -> Document:
    return {"n": 5031, "coverage": 0.8012, "coverage_interval": [0.7899, 0.812], "winkler": 0.03511,
            "winkler_climatology": 0.0422, "skill": 0.1679, **changes}  # fmt: skip


HELD = {"interval": interval()}


def mind(rate: float | None, n: int, **cells: tuple[float, int]) -> Document:
    by_regime = {
        name: {"n": m, "rate": value, "low": value - 0.02, "high": value + 0.04, "base": 0.54, "brier": 0.25}
        for name, (value, m) in cells.items()
    }
    band = None if rate is None else [rate - 0.014, rate + 0.014]
    return {"views": n, "abstained": 0, "n": n, "hit_rate": rate, "hit_rate_interval": band, "base": 0.537,
            "by_regime": by_regime}  # fmt: skip


def document(**changes: Any) -> Document:
    return {
        "range": {"start": "1999-01-04", "end": "2018-12-31", "sessions": 5031},
        "claims": {"published": 20124, "resolved": 20110, "void": 10, "open": 4},
        "kinds": {"direction": direction(), "interval": interval()},
        "targets": {
            "^GSPC:1": {"direction": direction(n=2515, hit_rate=0.5401, base_rate=0.46), "interval": interval(n=2516)}
        },
        "minds": {"macro": mind(0.5346, 5000, risk_on=(0.55, 3000), crisis=(0.48, 250)), "flow": mind(None, 0)},
        "regimes": {"sessions": {"risk_on": 3000, "neutral": 0, "risk_off": 1781, "crisis": 250}},
        "risks": {},
        "synthesis": {"brier_sum": 1250.5, "climatology_sum": 1250.25, "bound": 0.693},
        **changes,
    }  # fmt: skip


def printed(scores: Document, width: int = 80) -> list[str]:
    """What the terminal shows, as lines."""
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, highlight=False)
    for part in summary(scores):
        console.print(part)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def row(lines: list[str], start: str, after: str) -> list[str]:
    """The cells of the first line that begins with `start` below the title `after`."""
    below = lines[next(at for at, line in enumerate(lines) if line.startswith(after)) :]
    return next(line for line in below if line.strip().startswith(start)).split()


LINES = printed(document())


def test_what_was_said_comes_first() -> None:
    assert LINES[:2] == [
        "5,031 sessions, 1999-01-04 to 2018-12-31",
        "20,124 claims published = 20,110 resolved + 10 void + 4 open",
    ]


def test_directions_stand_beside_their_base_rate_n_and_interval() -> None:
    """The base of a hit rate is what always calling the more frequent side would have had."""
    assert row(LINES, "all", "Direction") == [
        "all", "5,030", "53.5%", "(52.1%-54.8%)", "53.7%", "0.2486", "0.2486", "-0.01%", "0.87",
    ]  # fmt: skip
    assert row(LINES, "^GSPC:1", "Direction")[:5] == ["^GSPC:1", "2,515", "54.0%", "(52.1%-54.8%)", "54.0%"]


def test_intervals_stand_beside_what_the_past_alone_would_have_given() -> None:
    assert row(LINES, "all", "Intervals") == ["all", "5,031", "80.1%", "(79.0%-81.2%)", "0.0351", "0.0422", "+16.8%"]
    assert row(LINES, "^GSPC:1", "Intervals")[1] == "2,516"


def test_minds_by_the_regimes_that_occurred() -> None:
    assert row(LINES, "mind", "Minds") == ["mind", "all", "risk-on", "risk-off", "crisis"]
    assert " ".join(row(LINES, "macro", "Minds")) == "macro 53.5 / 53.7 55.0 / 54.0 – 48.0 / 54.0"
    below = LINES[next(at for at, line in enumerate(LINES) if line.split()[:2] == ["macro", "53.5"]) + 1]
    assert below.split() == ["±1.4", "(5000)", "±3.0", "(3000)", "±3.0", "(250)"]
    assert " ".join(row(LINES, "flow", "Minds")) == "flow – – – –"


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.871, "No skill in direction is claimed"), (19.999, "No skill"), (20.0, "Evidence of skill in direction")],
)
def test_skill_is_claimed_only_when_the_record_carries_it(value: float, words: str) -> None:
    lines = printed(document(kinds={"direction": direction(e_value=value), "interval": interval()}))
    assert any(line.startswith(words) for line in lines)
    text = " ".join(lines)
    assert "+0.250 Brier points from the base rate" in text and "0.693" in text


def test_an_empty_record_says_so_and_shows_no_number() -> None:
    """From the product's own empty document, so that the two fit together."""
    book = ScoreBook(History(["macro"]))
    book.add({"session": "2000-01-03", "reading": {"label": "neutral", "score": None, "status": "degraded"},
              "gates": [], "missing": {}, "views": {}, "verdicts": [], "claims": [], "synthesis": {}})  # fmt: skip
    lines = printed(book.table("head", 2, {"macro": 0.5}))
    assert "No direction call has been settled yet." in lines
    assert "0 claims published = 0 resolved + 0 void + 0 open" in lines
    assert not any("all" in line.split() and "%" in line for line in lines)


def test_calibration_stands_beside_what_chance_alone_shows() -> None:
    assert "ECE 0.0100 (0.0201), bias +0.0000 (0.0138), miscalibration 0.00000 (0.00123)." in LINES
    assert "Brier skill -0.01% (-0.05 to +0.03%)." in LINES
    assert "Brier skill -0.01%." in printed(document(kinds={"direction": direction(skill_interval=None)} | HELD))


def test_a_long_name_leaves_room_for_the_odds() -> None:
    row = {"n": 4258, "base_rate": 0.2135, "brier": 0.09618, "brier_climatology": 0.20979, "skill": 0.5415,
           "skill_interval": [0.43, 0.664]}  # fmt: skip
    lines = printed(document(risks={"relative": {"GOOGL-over-QQQ:21": row}, "drawdown": {"A:21": row}}))
    assert not any("…" in line for line in lines)
    assert " ".join(lines).count("+54% (+43 to +66%)") == 2


def test_names_are_text_and_not_markup() -> None:
    name = "[red]X[/red]:1"
    scores = document(targets={name: {"direction": direction(), "interval": interval()}}, minds={"[b]": mind(0.5, 10)})
    lines = printed(scores, 120)
    assert sum(name in line for line in lines) == 2 and any("[b]" in line for line in lines)


record = st.tuples(st.integers(1, 9), st.floats(0.0, 1.0)) | st.tuples(st.integers(10, 9999), st.floats(0.01, 0.99))


@settings(max_examples=20)
@given(
    st.sampled_from(["QQQ:1", "^GSPC:64", "GOOGL:21"]),
    record,
    st.sampled_from([0.0, 1e-300, 0.87, 19.9, 12345.6, 1.7976931348623157e308]),
    st.floats(-0.99, 0.99),
)
def test_whatever_the_figures_it_fits_80_columns(
    name: str, known: tuple[int, float], evidence: float, skill: float
) -> None:
    n, rate = known
    part = direction(
        n=3 * n, hit_rate=rate, hit_rate_interval=[0.0, 1.0], base_rate=rate, e_value=evidence, skill=skill
    )
    band = interval(n=3 * n, coverage=rate, coverage_interval=[0.0, 1.0], skill=skill)
    cells = {label: (rate, n) for label in ("risk_on", "neutral", "risk_off", "crisis")}
    scores = document(
        kinds={"direction": part, "interval": band}, targets={name: {"direction": part, "interval": band}},
        minds={"contrarian": mind(rate, 2 * n, **cells)}, regimes={"sessions": dict.fromkeys(cells, n)},
    )  # fmt: skip
    lines = printed(scores)
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines), "a figure was cut off"
    for title in ("Direction", "Intervals"):
        assert f"{3 * n:,}" in row(lines, name, title)


@pytest.mark.parametrize(("value", "shown"), [(None, "–"), (0.547, "54.7%"), (0.0, "0.0%"), (1.0, "100.0%")])
def test_shares(value: float | None, shown: str) -> None:
    assert share(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(None, "–"), (0.1679, "+16.79%"), (-0.00012, "-0.01%"), (0.0, "+0.00%")])
def test_percentages(value: float | None, shown: str) -> None:
    assert percent(value) == shown
