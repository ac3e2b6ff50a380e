"""Joining a fresh answer to a stored past.

The independent truth is `tests.yahoo_server.Stock`: prices as they were paid, from which returns follow by definition
and a vendor's adjusted history by the textbook; and series short enough to work out by hand.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bar_checks import Repair
from engine.bars import FIELDS
from engine.errors import DataError
from engine.sources.overlap import OVERLAP, Change, Fresh, RawBars, join, told
from tests.yahoo_server import Row, Stock, weekdays

NONE = float("nan")
DAYS = weekdays(date(2024, 3, 4), 30)


def raw(rows: list[Row]) -> RawBars:
    columns = {name: np.array([getattr(row, name) for row in rows], dtype=np.float64) for name in FIELDS}
    return RawBars(np.array([row.day for row in rows], dtype="datetime64[D]"), columns)


def fresh(stock: Stock, today: date, first: date) -> Fresh:
    rows = [row for row in stock.seen_on(today) if row.day >= first]
    marks = [np.array([row.day in events for row in rows]) for events in (stock.splits, stock.payouts)]
    return Fresh(raw(rows), *marks)


def returns(bars: RawBars, name: str) -> Any:
    return bars.columns[name][1:] / bars.columns[name][:-1] - 1.0


def joined(stored: RawBars, answer: Fresh, *, level: bool = False) -> tuple[RawBars, tuple[Change, ...]]:
    return join(stored, answer, symbol="X", level=level, fix="delete it")


prices = st.lists(st.floats(5.0, 500.0), min_size=len(DAYS), max_size=len(DAYS))
cut = st.integers(3, len(DAYS) - 2)  # the last stored session
ratio = st.sampled_from([2.0, 3.0, 4.0, 10.0, 20.0, 1.5, 1.05, 0.1, 0.125])


@given(prices=prices, at=cut, data=st.data())
def test_returns_are_those_of_the_prices_paid(prices: list[float], at: int, data: st.DataObject) -> None:
    """Whatever splits and payouts come after the stored end, every return is the one that holders had."""
    later = st.sampled_from(DAYS[at + 1 :])
    splits = data.draw(st.dictionaries(later, ratio, max_size=2), label="splits")
    shares = data.draw(st.dictionaries(later, st.floats(1e-3, 0.2), max_size=4), label="payouts / close before")
    payouts = {day: part * prices[DAYS.index(day) - 1] / splits.get(day, 1.0) for day, part in shares.items()}
    stock = Stock(DAYS, tuple(prices), (10_000,) * len(DAYS), splits, payouts)
    stored = raw(stock.seen_on(DAYS[at]))
    new, changes = joined(stored, fresh(stock, DAYS[-1], DAYS[max(0, at + 1 - OVERLAP)]))

    whole = stored.plus(new)
    assert whole.days.tolist() == list(DAYS)
    for name, truth in (("close", stock.price_return), ("adj_close", stock.payout_return)):
        expected = [1.0 + truth(at) for at in range(1, len(DAYS))]
        np.testing.assert_allclose(1.0 + returns(whole, name), expected, rtol=1e-6)  # both sides in 32-bit floats
    assert {change.kind for change in changes} <= {"rebased"}, "nothing that was stored is said to be wrong"
    assert any(change.field == "close" for change in changes) == (not np.isclose(np.prod([*splits.values()]), 1))


@given(prices=prices, at=cut)
def test_without_events_new_bars_come_bit_for_bit(prices: list[float], at: int) -> None:
    stock = Stock(DAYS, tuple(prices), (1_000_000,) * len(DAYS))
    answer = fresh(stock, DAYS[-1], DAYS[max(0, at - 5)])
    new, changes = joined(raw(stock.seen_on(DAYS[at])), answer)
    assert changes == ()
    later = answer.bars.at(answer.bars.days > np.datetime64(DAYS[at]))
    for name in FIELDS:
        assert new.columns[name].tobytes() == later.columns[name].tobytes()


def flat(
    days: tuple[date, ...], closes: list[float], adjusted: list[float] | None = None, *, volume: int = 100
) -> RawBars:
    adjusted = closes if adjusted is None else adjusted
    return raw([Row(day, c, c, c, c, a, volume) for day, c, a in zip(days, closes, adjusted, strict=True)])


def answer(bars: RawBars, *, splits: tuple[date, ...] = (), payouts: tuple[date, ...] = ()) -> Fresh:
    return Fresh(bars, *(np.isin(bars.days, np.array(days, "datetime64[D]")) for days in (splits, payouts)))


def test_a_corrected_bar_is_told_and_moves_no_basis() -> None:
    stored = flat(DAYS[:4], [10.0, 11.0, 12.0, 13.0])
    new, changes = joined(stored, answer(flat(DAYS[:5], [10.0, 11.5, 12.0, 13.0, 14.0])))
    assert new.columns["close"].tolist() == [14.0]
    day = str(DAYS[1])
    fields = ["open", "high", "low", "close", "adj_close"]
    assert list(changes) == [Change("revised", day, name, 11.0, 11.5) for name in fields]


def test_a_corrected_last_bar_moves_no_basis_either() -> None:
    new, changes = joined(flat(DAYS[:3], [10.0, 11.0, 12.0]), answer(flat(DAYS[:4], [10.0, 11.0, 12.5, 13.0])))
    assert new.columns["close"].tolist() == [13.0]
    assert {(change.day, change.old, change.new) for change in changes} == {(str(DAYS[2]), 12.0, 12.5)}


def test_a_correction_beside_a_split_is_told_on_the_stored_basis() -> None:
    # 2:1 on the fourth day: 10, 11, 12 become 5, 5.5, 6, but the vendor also corrects the 11 to 11.4.
    after = flat(DAYS[:4], [5.0, 5.7, 6.0, 6.5], volume=200)
    new, changes = joined(flat(DAYS[:3], [10.0, 11.0, 12.0]), answer(after, splits=(DAYS[3],)))
    assert new.columns["close"].tolist() == [13.0]
    assert new.columns["volume"].tolist() == [100.0]
    assert changes[0] == Change("rebased", str(DAYS[2]), "close", 12.0, 6.0)
    told = [change.new for change in changes if change.day == str(DAYS[1])]
    np.testing.assert_allclose(told, [11.4] * 5)


def test_a_share_lost_in_rounding_is_no_news() -> None:
    """1:8 on the fourth day: 100 shares become 12.5, which the vendor writes as 12."""
    after = flat(DAYS[:4], [80.0, 88.0, 96.0, 97.0], volume=12)
    new, changes = joined(flat(DAYS[:3], [10.0, 11.0, 12.0]), answer(after, splits=(DAYS[3],)))
    assert new.columns["volume"].tolist() == [96.0]
    assert [(change.kind, change.field) for change in changes] == [("rebased", "close")]


def test_a_payout_that_the_vendor_learns_late() -> None:
    """Ex on the last stored day, applied afterwards: the new bar continues that day, and the older days are told."""
    # Close 100, 100, 98, payout 2 on the third day: earlier adjusted prices become 98.
    stored = flat(DAYS[:3], [100.0, 100.0, 98.0])
    late = flat(DAYS[:4], [100.0, 100.0, 98.0, 99.0], [98.0, 98.0, 98.0, 99.0])
    new, changes = joined(stored, answer(late, payouts=(DAYS[2],)))
    assert new.columns["adj_close"].tolist() == [99.0]
    assert [(change.day, change.field, change.old, change.new) for change in changes] == [
        (str(day), "adj_close", 100.0, 98.0) for day in DAYS[:2]
    ]


def test_a_late_payout_before_another_one() -> None:
    """The same, and a payout of 10% on the new day: the seam follows the last stored day, which stands alone."""
    stored = flat(DAYS[:3], [100.0, 100.0, 98.0])
    late = flat(DAYS[:4], [100.0, 100.0, 98.0, 90.0], [98.0 * 0.9, 98.0 * 0.9, 98.0 * 0.9, 90.0])
    new, changes = joined(stored, answer(late, payouts=(DAYS[2], DAYS[3])))
    # A holder got 90 + 9.8 for 98: the adjusted return is 90 / (98 * 0.9).
    assert new.columns["adj_close"][0] / 98.0 == pytest.approx(90.0 / (98.0 * 0.9))
    assert {change.kind for change in changes if change.day != str(DAYS[2])} == {"revised"}


def test_a_level_is_never_rescaled() -> None:
    stored = flat(DAYS[:3], [4.0, 4.0, 4.0])
    new, changes = joined(stored, answer(flat(DAYS[:4], [2.0, 2.0, 2.0, 2.1])), level=True)
    assert new.columns["close"].tolist() == [2.1]
    assert {change.kind for change in changes} == {"revised"}


def test_bars_that_come_and_go_are_told_and_not_taken() -> None:
    stored = flat((*DAYS[:2], *DAYS[3:5]), [10.0, 11.0, 13.0, 14.0])
    new, changes = joined(stored, answer(flat((DAYS[0], *DAYS[2:6]), [10.0, 12.0, 13.0, 14.0, 15.0])))
    assert new.days.tolist() == [DAYS[5]]
    gone, came = changes
    assert (gone.day, gone.field, gone.old, came.day, came.new) == (str(DAYS[1]), "bar", 11.0, str(DAYS[2]), 12.0)
    assert np.isnan(gone.new) and np.isnan(came.old)


def test_an_answer_without_a_common_session_is_refused() -> None:
    with pytest.raises(DataError, match=r"shares no session .* end on 2024-03-06; delete it"):
        joined(flat(DAYS[:3], [1.0, 2.0, 3.0]), answer(flat(DAYS[4:6], [4.0, 5.0])))


def test_prices_that_differ_without_rule_are_refused() -> None:
    with pytest.raises(DataError, match="by no single ratio"):
        joined(flat(DAYS[:4], [10.0, 11.0, 12.0, 13.0]), answer(flat(DAYS[:5], [20.0, 23.0, 26.0, 29.0, 30.0])))


def test_noise_of_32_bit_floats_is_no_news() -> None:
    closes = [170.33, 171.11, 169.87]
    stored = flat(DAYS[:3], closes)
    _, changes = joined(stored, answer(flat(DAYS[:4], [*(float(np.float32(value)) for value in closes), 172.0])))
    assert changes == ()


def test_changes_are_told_in_clauses_and_corrected_volumes_together() -> None:
    changes = [
        Change("revised", "2024-03-04", "volume", 100.0, 110.0),
        Change("rebased", "2024-03-05", "close", 12.0, 6.0),
        Change("rebased", "2024-03-05", "adj_close", 10.0, 8.0),
        Change("revised", "2024-03-06", "volume", 100.0, 90.0),
        Change("revised", "2024-03-07", "bar", 11.25, NONE),
        Change("revised", "2024-03-08", "bar", NONE, 11.5),
    ]
    here = "V now has a bar here, with a close of 11.5; stored is none, and so it stays; fix it"
    more, end = "later ones are multiplied by", "to continue those stored; fix it"
    split = f"V rescaled its prices up to 2024-03-05 (a split); {more} 2 {end}"
    payout = f"V rescaled its adjusted prices up to 2024-03-05 (a payout); {more} 1.25 {end}"
    assert told("X", changes, vendor="V", fix="fix it") == [
        Repair("X", "2024-03-05", "rebased", split),
        Repair("X", "2024-03-05", "rebased", payout),
        Repair(
            "X", "2024-03-07", "revised", "V no longer has this bar; stored is a close of 11.25, which stays; fix it"
        ),
        Repair("X", "2024-03-08", "revised", here),
        Repair("X", "2024-03-04", "revised", "V now gives volume 110; stored is 100, which stays; fix it", 2),
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (
            Change("rebased", "2024-03-04", "close", 12.0, 6.0),
            Change("rebased", "2024-03-08", "close", 15.0, 7.5),
            True,
        ),
        (
            Change("rebased", "2024-03-04", "close", 12.0, 6.0),
            Change("rebased", "2024-03-08", "close", 12.0, 4.0),
            False,
        ),
        (Change("revised", "2024-03-04", "low", 1.0, 2.0), Change("revised", "2024-03-04", "low", 1.0, 2.000001), True),
        (Change("revised", "2024-03-04", "low", 1.0, 2.0), Change("revised", "2024-03-04", "high", 1.0, 2.0), False),
        (Change("revised", "2024-03-04", "bar", 1.0, NONE), Change("revised", "2024-03-04", "bar", 1.0, NONE), True),
    ],
)
def test_one_change_is_told_once(one: Change, other: Change, same: bool) -> None:
    assert one.says_the_same_as(other) is same
