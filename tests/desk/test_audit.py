"""`workshop audit`: what it prints, its document, its exit codes."""

from __future__ import annotations

import json

import pytest

from tests.runs import command, main

SHORT = ("--regime", "rules", "--start", "1953-08-03", "--end", "1953-12-31", "--dates", "2")
"""Little history, so that it is quick."""


def test_the_built_in_ones_are_clean_on_the_sample_and_the_document_says_what_was_run() -> None:
    ran = main("audit", "--regime", "rules", "--regime", "sma200", "--start", "2022-08-01", "--dates", "1", "--json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert document["clean"] is True and document["findings"] == [] == document["followed"]
    checked = document["checked"]
    assert checked["minds"] == ["macro", "flow", "contrarian"] and checked["regimes"] == ["rules", "sma200"]
    assert checked["first"] == "2022-08-01" and checked["last"] == "2022-12-28" and len(checked["dates"]) == 1
    assert "market.ret_1d" in checked["signals"] and "regime.score" in checked["signals"]
    assert all("2022-08-01" < day < "2022-12-28" for day in checked["dates"])


def test_people_read_what_was_run_on_stderr() -> None:
    ran = main("audit", "--mind", "flow", *SHORT)
    assert ran.code == 0 and ran.out == ""
    assert "1 mind (flow)" in ran.err and "Nothing moved that must not." in ran.err


def test_equal_audits_give_equal_documents_whatever_the_hash_seed_and_the_zone() -> None:
    one, other = (
        command("audit", *SHORT, "--json", env={"PYTHONHASHSEED": seed, "TZ": zone})
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    )
    assert one.code == other.code == 0, one.err + other.err
    assert one.out == other.out and json.loads(one.out)["clean"] is True


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--mind", "nobody"), "no mind is called 'nobody'"),
        (("--regime", "rule"), "did you mean 'rules'?"),
        (("--start", "1900-01-01"), "the data begin on 1950-01-03"),
        (("--start", "2023-01-03"), "needs 27 sessions and finds 0"),
        (("--start", "2022-01-03", "--end", "2021-01-04"), "swap them"),
        (("--start", "2022-12-01"), "needs 27 sessions and finds 19"),
        (("--dates", "0"), "0 is not in the range"),
        (("--data", "csv:nowhere"), "nowhere"),
    ],
)
def test_bad_input_is_one_sentence(options: tuple[str, ...], words: str) -> None:
    ran = main("audit", *options)
    assert ran.code == 2 and words in ran.err and "Traceback" not in ran.err
