"""The tables of arms and of accounts: every figure that they show stands in the scores, drawn to scale.

Scores are written down here by hand; a strip's positions are worked out from its own scale.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from backtest.report.layers import layers
from backtest.report.markup import chance, evidence, number, percent, whisker
from backtest.report.wealth import wealth


def arm(order: int, stage: str, gain: float | None, ends: list[float] | None, **more: Any) -> dict[str, Any]:
    return {
        "order": order, "stage": stage, "versus": "climatology", "n": 1234, "brier": 0.2488, "gain": gain,
        "gain_interval": ends, "p": 0.4, "p_holm": 0.8, "hit_rate": 0.531, "base": 0.536, "e_value": 1.26,
        "verdict": "nothing", "says": f"Arm {order}: cannot be told from nothing.", **more,
    }  # fmt: skip


ARMS = {
    "mind:macro": arm(3, "mind", -0.01, [-0.04, 0.02], verdict="cost"),
    "climatology": arm(0, "step", None, None, p=None, p_holm=None, e_value=None),
    "debate": arm(2, "step", 0.02, [0.01, 0.03], verdict="paid"),
    "minds": arm(1, "step", -0.005, [-0.02, 0.01]),
}


def test_arms_come_in_their_order_and_each_says_its_sentence() -> None:
    text = str(layers({"arms": ARMS}, {}))
    heads = re.findall(r'<th scope="row">([^<]+)</th>', text)
    assert heads == ["climatology", "minds", "debate", "macro"]
    assert [int(n) for n in re.findall(r"<li>Arm (\d)", text)] == [0, 1, 2, 3]
    assert "1,234 settled direction calls" in text


def test_a_gain_is_drawn_where_it_lies_between_the_ends_of_its_table() -> None:
    text = str(layers({"arms": ARMS}, {}))
    strips = re.findall(
        r'<td class="drawn (\w+)">.*?x1="([\d.]+)" x2="([\d.]+)" y1="8" y2="8"/><circle[^>]*cx="([\d.]+)"', text
    )
    found = [(tone, *map(float, where)) for tone, *where in strips]
    # The widest end of the steps is 0.03, that of the minds 0.04; a strip is 160 wide, zero in the middle, 6 left free.
    assert [tone for tone, *_ in found] == ["level", "up", "down"]
    assert [where for _, *where in found] == [
        pytest.approx([80 + 74 * part for part in parts], abs=0.06)
        for parts in ((-2 / 3, 1 / 3, -1 / 6), (1 / 3, 1, 2 / 3), (-1, 1 / 2, -1 / 4))
    ]


def test_no_arms_are_said_to_be_none() -> None:
    assert "nothing to compare" in layers({"arms": {}}, {})


def test_a_writer_is_paid_for_and_gains_nothing() -> None:
    bill = {"total": {"tokens": 12345, "usd": 0.5, "calls": 7}}
    text = layers({"arms": ARMS}, {"writer": {"name": "litellm:<b>", "bill": bill}})
    assert "litellm:&lt;b&gt; changes no number" in text and "12,345 tokens and 0.5000 USD in 7 calls" in text
    assert "changes no number" not in layers({"arms": ARMS}, {"writer": {"name": "template"}})


def test_an_account_stands_beside_holding_with_all_that_may_be_luck() -> None:
    account = {"final": 2.1, "annual_return": 0.038, "sharpe": 0.32, "psr": 0.921, "dsr": 0.91, "max_drawdown": -0.503,
               "dsr_over_buy_and_hold": 0.538, "minimum_track_years": 27.1, "exposure": 0.925, "turnover": 8.76,
               "trials": {"n": 4, "pbo": 0.718}}  # fmt: skip
    held = {"final": 2.01, "annual_return": 0.036, "sharpe": 0.28, "max_drawdown": -0.568}
    few = {"reason": "no call has been acted on and settled yet"}
    rule = {"execution": "next close", "cost_bp": 5.0}
    text = str(
        wealth({"rule": rule, "targets": {"A:1": {"buy_and_hold": held, "long_only": account, "long_short": few}}})
    )
    assert "On A:1 one unit became 2.01 by holding, 2.10 long only." in text
    cells = re.findall(r"A:1 long only</th>(.*?)</tr>", text)[0]
    assert re.findall(r"<td>([^<]*)</td>", cells) == [
        "+3.8%", "0.32", "0.92", "0.91", "0.54", "4", "0.72", "27 years", "−50%", "92%", "8.8",
    ]  # fmt: skip
    assert "Nothing has been traded yet" in wealth(
        {"rule": rule, "targets": {"A:1": {"buy_and_hold": few, "long_only": few, "long_short": few}}}
    )


@pytest.mark.parametrize(
    ("e", "shown"),
    [(0.0, "below 0.01"), (0.019, "0.01"), (1.0, "1.0"), (19.999, "19.9"), (20.0, "20.0"), (1234.9, "1,234"),
     (2e7, "2.0e+07")],
)  # fmt: skip
def test_evidence_is_never_rounded_up(e: float, shown: str) -> None:
    assert evidence(e) == shown


def test_figures_have_a_real_minus_and_zero_has_no_sign() -> None:
    assert (percent(-0.0123), percent(0.5, 0), percent(-0.00001), percent(None)) == ("−1.2%", "+50%", "0.0%", "–")
    assert (number(-1.5, "+.1f"), number(-0.0001, ".2f"), number(0.0, "+.1f")) == ("−1.5", "0.00", "0.0")
    assert (chance(0.004), chance(0.05), chance(None)) == ("below 0.01", "0.05", "–")


def test_a_whisker_has_its_dot_between_its_ends_and_its_base_where_it_is() -> None:
    text = str(whisker(0.5, (0.4, 0.6), 0.3, "half"))
    drawn = r'class="base" x1="([\d.]+)".*class="range" x1="([\d.]+)" x2="([\d.]+)".*cx="([\d.]+)"'
    ((base, low, high, dot),) = [[float(x) for x in found] for found in re.findall(drawn, text)]
    assert base < low < dot < high < 240
    assert dot - low == pytest.approx(high - dot, abs=0.11) and low - base == pytest.approx(dot - low, abs=0.11)
