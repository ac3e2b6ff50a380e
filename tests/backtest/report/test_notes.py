"""What stands around the figures, and the sentences under the charts, counted once more by hand.

Histories are made of a few bodies of which a test knows every claim, gate, silence and gap.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from markupsafe import escape

from backtest.history import Gate, History
from backtest.report import cards, charts, notes

DAYS = [f"2018-12-{day:02d}" for day in range(3, 13)]


def history(**has: Any) -> History:
    """A stand-in with ten sessions and nothing else but what is given."""
    found: dict[str, Any] = {
        "sessions": SimpleNamespace(days=DAYS, status=["confirmed"] * 7 + ["stale"] * 3), "gates": [], "missing": [],
        "abstentions": {"macro": {}}, "spoken": {"macro": 20},
    }  # fmt: skip
    return SimpleNamespace(**(found | has))  # type: ignore[return-value]  # only these are asked for


RUN: dict[str, Any] = {
    "settings": {"source": "csv", "universe": "us", "end": "2018-12-12"},
    "data": {"symbols": ["A", "B"], "first": "2018-01-02", "last": "2018-12-12", "notices": []},
    "regime": {"notices": []},
}


def rows(text: str, caption: str) -> list[list[str]]:
    """The cells of the table with this caption."""
    body = text.split(f"<caption>{escape(caption)}</caption>")[1].split("</table>")[0].split("<tbody>")[1]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in body.split("</tr>")[:-1]]


def test_spells_of_a_missing_signal_are_added_up_and_the_longest_is_named() -> None:
    gaps = [(1, {"a": "late", "b": "no bar"}), (3, {"b": "no bar"}), (5, {"a": "late"}), (9, {})]
    text = notes.coverage(history(missing=gaps), RUN)
    assert rows(str(text), "Signals that were missing") == [
        ["a", "late", "6", "2", "2018-12-08 to 2018-12-11"],
        ["b", "no bar", "4", "1", "2018-12-04 to 2018-12-07"],
    ]


def test_a_signal_that_is_missing_to_the_end_says_so() -> None:
    text = notes.coverage(history(missing=[(8, {"a": "late"})]), RUN)
    assert rows(str(text), "Signals that were missing") == [["a", "late", "2", "1", "2018-12-11 to the end"]]
    assert "No signal that a mind wanted was missing" in notes.coverage(history(), RUN)


def test_gates_and_silences_are_counted_most_frequent_first() -> None:
    gates = [Gate(day, "netting", "A:1", "abstain", "against an open call") for day in (1, 4, 5)]
    gates += [
        Gate(2, "coverage", "A:1", "cap", "only macro speaks"),
        Gate(2, "coverage", "B:1", "cap", "only macro speaks"),
    ]
    silent = {"macro": {"too weak": 4, "nothing known": 1}}
    text = str(notes.gates(history(gates=gates, abstentions=silent)))
    assert [row[0] + row[4] for row in rows(text, "What the gates did")] == ["netting3", "coverage1", "coverage1"]
    assert rows(text, "How often each mind spoke") == [["macro", "20", "5", "20.0%"]]
    assert [row[1:] for row in rows(text, "Why minds were silent")] == [["too weak", "4"], ["nothing known", "1"]]


def test_many_rows_are_folded_and_the_fold_says_how_many() -> None:
    gates = [Gate(1, f"gate{at:03d}", "A:1", "cap", "why") for at in range(20)]
    text = str(notes.gates(history(gates=gates)))
    assert "<summary>12 more</summary>" in text
    assert len(rows(text, "What the gates did")) == 8 and len(rows(text, "What the gates did, continued")) == 12


def test_how_far_the_label_could_be_leaned_on() -> None:
    text = str(notes.coverage(history(), RUN))
    assert [row[1:] for row in rows(text, "How far the regime's label could be leaned on")] == [
        ["7", "70.0%"],
        ["3", "30.0%"],
    ]
    assert "2 symbols from 2018-01-02 to 2018-12-12. Nothing after 2018-12-12 was read." in text


class Few:
    """Claims of one target with the columns that a chart asks for."""

    def __init__(self, **columns: Any) -> None:
        self.__dict__.update({name: np.array(values) for name, values in columns.items()})
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def settled(self) -> Few:
        return self

    def targets(self) -> list[tuple[str, Few]]:
        return [("A:1", self)]

    def take(self, which: Any) -> Few:
        return Few(**{name: np.array(values)[which] for name, values in self.columns.items()})


def test_misses_above_and_below_are_those_of_the_published_interval_in_the_last_year() -> None:
    n = 300
    low, high, base = np.full(n, -0.01), np.full(n, 0.01), np.full(n, 0.03)
    came = np.zeros(n)
    came[:40] = 0.02  # long ago
    came[[100, 200, 299]], came[[150, 250]] = 0.02, -0.05
    held = (np.abs(came) <= 0.01).astype(float)
    text = charts.fan(Few(realised=came, low=low, high=high, base_low=-base, base_high=base, y=held), ["A:1"])  # type: ignore[arg-type]  # what is asked of claims
    assert "Of the last 252 intervals on A:1, 5 were missed, 3 above and 2 below; about 50 were promised." in text
    assert rows(str(text), "Intervals held and missed") == [["A:1", "252", "3", "2", "98.0%", "85.0%", "300"]]


def test_years_of_calls_stand_beside_the_commoner_side() -> None:
    days = ["2017-12-28", "2017-12-29", "2018-01-02", "2018-01-03", "2018-01-04", "2018-01-05"]
    claims = Few(day=[0, 1, 2, 3, 4, 5], result=[3, 2, 3, 3, 1, 0], y=[1.0, 1.0, 0.0, 0.0, np.nan, np.nan])
    text = charts.calendar(claims, days)  # type: ignore[arg-type]  # what is asked of claims
    assert rows(str(text), "Calls year by year") == [
        ["A:1", "2017", "2", "50.0%", "100.0%", "0", "0"], ["A:1", "2018", "2", "100.0%", "100.0%", "1", "1"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "tone"), [(0.56, 0.62, "up"), (0.5, 0.54, "down"), (0.54, 0.58, "level"), (0.5, 0.56, "level")]
)
def test_a_cell_is_coloured_only_where_its_interval_leaves_the_base_rate_out(
    low: float, high: float, tone: str
) -> None:
    cell = {"rate": (low + high) / 2, "low": low, "high": high, "base": 0.55, "n": 300}
    mind = {"hit_rate": None, "hit_rate_interval": None, "base": None, "n": 0, "by_regime": {"crisis": cell}}
    sessions = {"risk_on": 0, "neutral": 0, "risk_off": 0, "crisis": 300}
    text = str(cards.minds_by_regime({"minds": {"macro": mind}, "regimes": {"sessions": sessions}}, ["macro"]))
    assert re.findall(r'<td class="(\w+)">', text) == ["empty", tone]


def test_a_models_account_lists_every_figure_under_the_names_that_lead_to_it() -> None:
    writer = {"name": "litellm:x", "accepted": 3, "bill": {"total": {"tokens": 1200, "usd": 0.012345}}, "leak": None}
    adviser = {"n": 7, "gain": -0.0123456, "gain_interval": [-0.05, 0.02], "reasons": {"too <late>": 2}}
    run = {"writer": writer, "settings": {"adviser": {"memory": "Remembers little."}}}
    text = str(notes.account({"adviser": adviser}, run))
    assert rows(text, "The writer, which moves no number") == [
        ["accepted", "3"], ["bill: total: tokens", "1200"], ["bill: total: usd", "0.01235"],
        ["leak", '<span class="none" title="not known">–</span>'], ["name", "litellm:x"],
    ]  # fmt: skip
    assert ["reasons: too &lt;late&gt;", "2"] in rows(text, "The adviser, which has to earn its say")
    assert ["gain interval", "-0.05 to 0.02"] in rows(text, "The adviser, which has to earn its say")
    assert "Remembers little." in text
    assert notes.account({}, {"writer": {"name": "template"}, "settings": {"adviser": None}}) is None
