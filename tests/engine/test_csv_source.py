"""CSV folders: what a file may hold, what is refused in one sentence, and that nothing after the end matters."""

from __future__ import annotations

import gzip
import random
import string
import tracemalloc
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bars import COLUMNS, FIELDS, Bars
from engine.calendar import TradingCalendar
from engine.errors import DataError, InputError
from engine.sources import open_source
from engine.sources.csv_folder import CsvFolder, file_stem
from engine.universe import Universe, load_universe

HEADER = ",".join(COLUMNS)
DAYS = [str(day) for day in np.arange("2018-02-05", "2018-02-17", dtype="datetime64[D]") if np.is_busday(day)]
ONE = Universe("one", "", "XNYS", {"market": "SPY"})
TWO = Universe("two", "", "XNYS", {"market": "SPY", "volatility": "^VIX"}, levels=frozenset({"^VIX"}))


def line(day: str, close: float = 100.0) -> str:
    return f"{day},{close!r},{close + 1!r},{close - 1!r},{close + 0.5!r},{close * 0.9!r},1000"


LINES = [line(day, 100.0 + at) for at, day in enumerate(DAYS)]


def write(folder: Path, content: str | bytes, name: str = "SPY.csv") -> CsvFolder:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return CsvFolder(folder)


def text(*lines: str, header: str = HEADER) -> str:
    return "\n".join([header, *lines]) + "\n"


def packed(content: str, level: int = 9) -> bytes:
    """The same gzip bytes at any hour."""
    return gzip.compress(content.encode(), level, mtime=0)


def same(left: Bars, right: Bars) -> bool:
    """Equal to the last bit."""
    pairs = [(left.days, right.days), *((getattr(left, name), getattr(right, name)) for name in FIELDS)]
    return left.symbol == right.symbol and all(one.tobytes() == other.tobytes() for one, other in pairs)


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    bars, notices, *_ = write(tmp_path, text(*LINES)).load(ONE, None)
    spy = bars["SPY"]
    assert notices == ()
    assert [str(day) for day in spy.days] == DAYS
    assert spy.open.tolist() == [100.0 + at for at in range(len(DAYS))]
    assert spy.adj_close[3] == 103.0 * 0.9
    assert spy.volume.tolist() == [1000.0] * len(DAYS)


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + text(*LINES),
        text(*LINES).replace("\n", "\r\n"),
        text(*LINES).rstrip("\n"),
        text(*LINES) + "\n\n  \n",
        text(LINES[0], "", *LINES[1:]),
        text(*LINES).replace(",", " , "),
        text(*LINES).replace(",1000", ",+1.0E3"),
        text(*LINES).replace("date,open", " date ,open"),
    ],
    ids=[
        "byte-order mark",
        "CRLF",
        "no last newline",
        "blank end",
        "blank line",
        "spaces",
        "exponents",
        "spaced header",
    ],
)
def test_harmless_habits_of_spreadsheets_change_nothing(content: str, tmp_path: Path) -> None:
    plain = write(tmp_path / "plain", text(*LINES)).load(ONE, None)
    other = write(tmp_path / "other", content).load(ONE, None)
    assert same(plain.bars["SPY"], other.bars["SPY"])
    assert other.notices == ()


@pytest.mark.parametrize("level", [1, 9])
def test_gzip_holds_the_same(level: int, tmp_path: Path) -> None:
    plain = write(tmp_path / "plain", text(*LINES)).load(ONE, None)
    zipped = write(tmp_path / "zipped", packed(text(*LINES), level), "SPY.csv.gz").load(ONE, None)
    assert same(plain.bars["SPY"], zipped.bars["SPY"])


PRICES = st.floats(1e-6, 1e9, allow_nan=False, allow_infinity=False)


@settings(max_examples=100)
@given(st.lists(PRICES, min_size=1, max_size=len(DAYS)), st.data())
def test_numbers_are_read_to_the_last_bit_on_either_path(
    tmp_path_factory: pytest.TempPathFactory, closes: list[float], data: st.DataObject
) -> None:
    base = closes[0]
    closes = [base * (1 + (close % 1) / 2) for close in closes]
    style = data.draw(st.sampled_from(["{!r}", "{:.17g}", "{:.30f}", "{:.20e}"]))
    rows = [f"{day},{','.join([style.format(close)] * 5)},0" for day, close in zip(DAYS, closes, strict=False)]
    folder = tmp_path_factory.mktemp("bits")
    fast = write(folder, text(*rows)).load(ONE, None).bars["SPY"]
    slow = write(folder, text(*rows).replace(",0\n", ", 0\n")).load(ONE, None).bars["SPY"]
    expected = [float(style.format(close)) for close in closes]
    assert fast.close.tolist() == slow.close.tolist() == expected
    assert same(fast, slow)


@pytest.mark.parametrize("missing", ["", "nan", "NaN", "null", "NULL", "NA", "n/a", " "])
def test_lines_without_prices_are_dropped_and_told(missing: str, tmp_path: Path) -> None:
    blank = f"{DAYS[2]}," + ",".join([missing] * 6)
    loaded = write(tmp_path, text(*LINES[:2], blank, *LINES[3:])).load(ONE, None)
    assert [str(day) for day in loaded.bars["SPY"].days] == DAYS[:2] + DAYS[3:]
    assert [(notice.kind, notice.day) for notice in loaded.notices] == [("empty", DAYS[2]), ("gap", DAYS[2])]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (f"{DAYS[2]},1,2,3", r"the line has 4 fields, not 7; correct or delete it"),
        (LINES[2] + ",", r"the line has 8 fields, not 7"),
        (LINES[2].replace(",", ";", 1), r"the line has 6 fields, not 7"),
        (LINES[2].replace(DAYS[2], "2018-02   "), "'2018-02' is no plain day"),
        (LINES[2].replace(DAYS[2], "   2018-02"), "'2018-02' is no plain day"),
        (LINES[2].replace("1000", ""), "the volume of 2018-02-07 is missing; write the volume"),
        (f"{DAYS[2]},102,103,101,,91,1000", "the close of 2018-02-07 is missing; fill it in or delete that line"),
        (f"{DAYS[2]},102,103,101,inf,91,1000", "the close of 2018-02-07 is infinite"),
        (f"{DAYS[2]},102,103,101,-Infinity,91,1000", "the close of 2018-02-07 is infinite"),
        (f"{DAYS[2]},102,103,101,1e400,91,1000", "the close of 2018-02-07 is infinite"),
        (f"{DAYS[2]},102,103,101,abc,91,1000", "the close 'abc' is not a number; write a plain number such as"),
        (f'{DAYS[2]},102,103,101,"102.5",91,1000', "the close '\"102.5\"' is not a number"),
        (f"{DAYS[2]},102,103,101,$102.5,91,1000", r"the close '\$102\.5' is not a number"),
        (f"{DAYS[2]},102,103,101,102.5%,91,1000", "the close '102.5%' is not a number"),
        (f"{DAYS[2]},102,103,101,1_02,91,1000", "the close '1_02' is not a number"),
        (f"{DAYS[2]},102,103,101,0x66,91,1000", "the close '0x66' is not a number"),
        (f"{DAYS[2]},102,103,101,\u0661\u0660\u0662,91,1000", "the close '\u0661\u0660\u0662' is not a number"),
        (f"{DAYS[2]},102,103,101,102.5\x00,91,1000", r"the close '102\.5\?' is not a number"),
        (f"{DAYS[2]},102,103,101,\x1b[31m7,91,1000", r"the close '\?\[31m7' is not a number"),
        (f"{DAYS[2]},102,103,101,102.5,91,1000\r" + LINES[3], "the line has 13 fields"),
        (f"{DAYS[2]},102,103,101,[1],91,1000", r"the close '\[1\]' is not a number"),
        (f"{DAYS[2]},102,103,101,true,91,1000", "the close 'true' is not a number"),
        (LINES[2].replace(DAYS[2], "2018-2-7"), "'2018-2-7' is no plain day; write YYYY-MM-DD"),
        (LINES[2].replace(DAYS[2], "20180207"), "'20180207' is no plain day"),
        (LINES[2].replace(DAYS[2], "02/07/2018"), "'02/07/2018' is no plain day"),
        (LINES[2].replace(DAYS[2], "2018-02-30"), "2018-02-30 is not in the calendar; correct the day"),
        (LINES[2].replace(DAYS[2], "2018-13-07"), "2018-13-07 is not in the calendar"),
        (LINES[2].replace(DAYS[2], "2018-02-07 00:00:00"), "'2018-02-07 00:00:00' is no plain day"),
        (LINES[2].replace(DAYS[2], "2018-02-07T21:00:00Z"), "'2018-02-07T21:00:00Z' is no plain day"),
        (LINES[2].replace(DAYS[2], "2018-02-07+01:00"), r"'2018-02-07\+01:00' is no plain day"),
        (LINES[2].replace(DAYS[2], "today"), "'today' is no plain day"),
        (LINES[2].replace(DAYS[2], "today     "), "'today' is no plain day"),
        (LINES[2].replace(DAYS[2], ""), "'' is no plain day"),
        (LINES[2].replace(DAYS[2], "0201-02-07"), "the day 0201-02-07 cannot be; correct the year"),
        (LINES[2].replace(DAYS[2], "9999-12-31"), "the day 9999-12-31 cannot be; correct the year"),
        (LINES[2].replace(DAYS[2], "2017-02-07"), "2017-02-07 comes after 2018-02-06; sort the lines"),
        (LINES[2].replace(DAYS[2], "2018-02-06"), "2018-02-06 has two different bars"),
        (HEADER, "'date' is no plain day"),
    ],
)
def test_a_bad_line_is_named_as_a_person_counts_it(bad: str, words: str, tmp_path: Path) -> None:
    source = write(tmp_path, text(*LINES[:2], bad, *LINES[3:]))
    with pytest.raises(DataError, match=words) as refusal:
        source.load(ONE, None)
    assert (refusal.value.row, refusal.value.symbol) == (4, "SPY")
    assert str(refusal.value).startswith(f"symbol SPY, {tmp_path / 'SPY.csv'}, row 4: ")


def test_blank_lines_count(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 6: the close 'x' is not a number"):
        write(tmp_path, text(LINES[0], "", "", LINES[1], f"{DAYS[2]},1,1,1,x,1,1")).load(ONE, None)
    with pytest.raises(DataError, match="row 6: the open of 2018-02-07 is -1, not above 0"):
        write(tmp_path, text(LINES[0], "", "", LINES[1], f"{DAYS[2]},-1,1,1,1,1,1")).load(ONE, None)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEADER.replace("adj_close", "adjclose"), r"the column 'adjclose' is unknown \(is it adj_close\?\)"),
        (HEADER.replace("open", "Open"), r"the column 'Open' is unknown \(is it open\?\)"),
        (HEADER + ",dividends", "the column 'dividends' is unknown; make the first line date,open,high,low,close"),
        (HEADER.replace(",volume", ""), "the column volume is missing"),
        (HEADER.replace("high,low", "low,high"), "the columns are repeated or in another order"),
        (HEADER.replace("high", "low"), "the column high is missing"),
        (HEADER.replace(",", ";"), "the column 'date;open;high;low;close;adj_close;volum' is unknown"),
        (LINES[0], "the column '2018-02-05' is unknown"),
        ("", "the column '' is unknown"),
    ],
)
def test_a_wrong_header_is_named(header: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words) as refusal:
        write(tmp_path, text(*LINES, header=header)).load(ONE, None)
    assert refusal.value.row == 1


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "SPY.csv", r"SPY\.csv: it is empty; delete it or fill it"),
        (b" \n\r\n", "SPY.csv", "it is empty"),
        (packed(""), "SPY.csv.gz", "it is empty"),
        (b"", "SPY.csv.gz", "it is empty"),
        (text(*LINES).encode(), "SPY.csv.gz", "it is not a whole gzip file; copy it again or unpack it"),
        (packed(text(*LINES))[:-9], "SPY.csv.gz", "it is not a whole gzip file"),
        (packed(text(*LINES))[:40], "SPY.csv.gz", "it is not a whole gzip file"),
        (packed(text(*LINES)) + b"tail", "SPY.csv.gz", "it is not a whole gzip file"),
        (text(*LINES).encode("utf-16"), "SPY.csv", "row 1: the column .* is unknown"),
        (b"\x00" * 1000, "SPY.csv", "row 1: the column .* is unknown"),
        (
            text(*LINES, "2018-02-20,\xe9,1,1,1,1,1").encode("latin-1"),
            "SPY.csv",
            "row 12: the open '\ufffd' is not a number",
        ),
    ],
    ids=[
        *("empty", "blank", "empty inside", "empty gzip", "not gzip", "cut at the end", "cut early", "with a tail"),
        *("utf-16", "zeros", "latin-1"),
    ],
)
def test_a_broken_file_is_refused(content: bytes, name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words) as refusal:
        write(tmp_path, content, name).load(ONE, None)
    assert str(refusal.value).startswith(f"symbol SPY, {tmp_path / name}")
    assert str(refusal.value).isprintable()


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_flipped_bytes_never_pass_through_gzip(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    pick = random.Random(seed)
    folder = tmp_path_factory.getbasetemp() / "flips"
    zipped = bytearray(packed(text(*LINES)))
    zipped[pick.randrange(len(zipped))] ^= 1 << pick.randrange(8)
    truth = write(tmp_path_factory.getbasetemp() / "right", text(*LINES)).load(ONE, None)
    try:
        found = write(folder, bytes(zipped), "SPY.csv.gz").load(ONE, None)
    except InputError as refusal:
        assert ";" in str(refusal)
    else:  # a flag or a date in the gzip header, which says nothing about the content
        assert same(found.bars["SPY"], truth.bars["SPY"])


@settings(max_examples=150)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_bars_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, junk: bytes, headed: bool) -> None:
    folder = tmp_path_factory.getbasetemp() / "junk"
    content = HEADER.encode() + b"\n" + LINES[0].encode() + b"\n" + junk if headed else junk
    try:
        loaded = write(folder, content).load(ONE, None)
    except InputError as refusal:
        assert str(refusal).isprintable() and ";" in str(refusal)
    else:
        assert len(loaded.bars["SPY"]) == 1


def test_a_file_too_large_for_daily_bars_is_refused_before_it_fills_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.sources.csv_file._LARGEST_FILE", 100)
    for name, content in (("SPY.csv", text(*LINES).encode()), ("SPY.csv.gz", packed(text(*LINES)))):
        with pytest.raises(DataError, match="it is larger than 64 MiB; give daily bars"):
            write(tmp_path / name[-2:], content, name).load(ONE, None)


class TestFolders:
    """What a folder must hold."""

    def test_must_exist(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"the data folder .*nowhere does not exist; write csv: and a folder"):
            CsvFolder(tmp_path / "nowhere").load(ONE, None)

    def test_must_not_be_a_file(self, tmp_path: Path) -> None:
        write(tmp_path, text(*LINES))
        with pytest.raises(InputError, match=r"SPY\.csv is a file; give the folder that holds one file per symbol"):
            CsvFolder(tmp_path / "SPY.csv").load(ONE, None)

    def test_must_hold_the_market(self, tmp_path: Path) -> None:
        words = r"no file for the market role, SPY: it must be called SPY\.csv or SPY\.csv\.gz; "
        with pytest.raises(InputError, match=words + "add it or choose another --universe"):
            CsvFolder(tmp_path).load(ONE, None)
        with pytest.raises(InputError, match=words + "rename SPY.CSV"):
            write(tmp_path, text(*LINES), "SPY.CSV").load(ONE, None)

    def test_must_not_hold_a_symbol_twice(self, tmp_path: Path) -> None:
        write(tmp_path, text(*LINES))
        with pytest.raises(InputError, match=r"holds both SPY\.csv and SPY\.csv\.gz; delete one of them"):
            write(tmp_path, packed(text(*LINES)), "SPY.csv.gz").load(ONE, None)

    def test_must_hold_files_not_folders(self, tmp_path: Path) -> None:
        (tmp_path / "SPY.csv").mkdir()
        with pytest.raises(DataError, match="it is not a regular file; put the CSV file itself there"):
            CsvFolder(tmp_path).load(ONE, None)

    def test_may_lack_other_symbols(self, tmp_path: Path) -> None:
        loaded = write(tmp_path, text(*LINES)).load(TWO, None)
        assert set(loaded.bars) == {"SPY"}
        assert loaded.notices == (("^VIX", "", "absent", "the source has no bar of it", 1),)

    def test_may_hold_anything_else(self, tmp_path: Path) -> None:
        write(tmp_path, b"\xff\xfe", "notes.txt")
        write(tmp_path, "rubbish", "QQQ.csv")
        assert set(write(tmp_path, text(*LINES)).load(ONE, None).bars) == {"SPY"}

    def test_name_levels_by_the_universe(self, tmp_path: Path) -> None:
        write(tmp_path, text(f"{DAYS[0]},0,0,-1,0,0,0"), "_VIX.csv")
        loaded = write(tmp_path, text(*LINES)).load(TWO, None)
        assert loaded.bars["^VIX"].low.tolist() == [-1.0]

    def test_ask_for_one_calendar_only(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[tuple[Any, ...]] = []
        real = TradingCalendar.load

        def load(*span: Any) -> TradingCalendar:
            asked.append(span)
            return real(*span)

        monkeypatch.setattr(TradingCalendar, "load", load)
        write(tmp_path, text(*(row for row in LINES[:3])), "_VIX.csv")
        write(tmp_path, text(*LINES)).load(TWO, None)
        assert asked == [("XNYS", date(2018, 2, 5), date(2018, 2, 16))]

    def test_of_symbols_with_one_name_are_refused(self, tmp_path: Path) -> None:
        universe = Universe("twins", "", "XNYS", {"market": "SPY", "volatility": "^VIX", "other": "=VIX"})
        with pytest.raises(InputError, match=r"=VIX and \^VIX would both be read from _VIX\.csv; rename one of them"):
            write(tmp_path, text(*LINES)).load(universe, None)


@given(st.text(max_size=40))
def test_no_symbol_names_a_file_elsewhere(symbol: str) -> None:
    stem = file_stem(symbol)
    assert set(stem) <= set(string.ascii_letters + string.digits + ".-_")
    assert len(stem) == len(symbol)
    assert (Path("folder") / f"{stem}.csv").parent == Path("folder")


@pytest.mark.parametrize(
    ("symbol", "stem"),
    [("^VIX", "_VIX"), ("BRK.B", "BRK.B"), ("BTC-USD", "BTC-USD"), ("../../x", ".._.._x"), ("ES=F", "ES_F")],
)
def test_file_names_are_the_published_ones(symbol: str, stem: str) -> None:
    assert file_stem(symbol) == stem


CUT = date(2018, 2, 9)
PAST, FUTURE = LINES[:5], LINES[5:]


def garbage(day: str) -> st.SearchStrategy[bytes]:
    """Lines that may follow the end of knowledge: wrong prices, broken lines, or no text at all."""
    cell = st.sampled_from([b"-5", b"nan", b"1e999", b"x", b"", b'"', b"0", b"\xff", b"\x00", b"1e12", b"101.5"])
    dated = st.lists(cell, max_size=9).map(lambda cells: b",".join([day.encode(), *cells]))
    stray = st.one_of(
        st.sampled_from([HEADER.encode(), b"garbage", b"\xff\xfe", b"\x00\x00,1", b"-1,-1", b"2019", b"9999-99-99,a"]),
        st.binary(max_size=20).filter(lambda junk: not junk[:1].isdigit()).map(lambda junk: junk.replace(b"\n", b"")),
    )
    return st.one_of(dated, dated, stray)


@settings(max_examples=200)
@given(st.data())
def test_nothing_after_the_end_of_knowledge_changes_a_byte(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    later = [(CUT + timedelta(n)).isoformat() for n in range(1, 400, 7)]
    tail = [later[0].encode(), *data.draw(st.lists(st.sampled_from(later).flatmap(garbage), max_size=8))]
    tail = data.draw(st.permutations(tail))
    volatility = data.draw(st.sampled_from([PAST, PAST[:2], []]))
    base = tmp_path_factory.getbasetemp()
    cut, full, spoilt = base / "cut", base / "full", base / "spoilt"
    for folder, more in ((cut, b""), (full, text(*FUTURE)[len(HEADER) + 1 :].encode()), (spoilt, b"\n".join(tail))):
        write(folder, text(*volatility).encode() + more, "_VIX.csv")
        write(folder, text(*PAST).encode() + more)
    known = CsvFolder(cut).load(TWO, CUT)
    for folder in (full, spoilt):
        found = CsvFolder(folder).load(TWO, CUT)
        assert found.bars.keys() == known.bars.keys()
        assert all(same(found.bars[symbol], known.bars[symbol]) for symbol in known.bars)
        assert found.notices == known.notices
    assert [str(day) for day in known.bars["SPY"].days] == DAYS[:5]
    assert ("^VIX" in known.bars) == bool(volatility)


def test_a_stray_line_of_the_future_is_cut_wherever_it_stands(tmp_path: Path) -> None:
    known = write(tmp_path / "known", text(*PAST)).load(ONE, CUT)
    stray = write(tmp_path / "stray", text(*PAST[:2], "2019-01-02,junk", *PAST[2:])).load(ONE, CUT)
    assert same(known.bars["SPY"], stray.bars["SPY"])
    assert stray.notices == ()


def test_a_file_of_nothing_but_the_future_is_absent(tmp_path: Path) -> None:
    write(tmp_path, text(*FUTURE), "_VIX.csv")
    loaded = write(tmp_path, text(*LINES)).load(TWO, CUT)
    assert loaded.notices == (("^VIX", "", "absent", "the source has no bar of it up to 2018-02-09", 1),)


def test_a_file_of_nothing_but_empty_lines_is_absent(tmp_path: Path) -> None:
    write(tmp_path, text(f"{DAYS[0]},,,,,,", f"{DAYS[1]},,,,,,0"), "_VIX.csv")
    loaded = write(tmp_path, text(*LINES)).load(TWO, None)
    assert set(loaded.bars) == {"SPY"}
    assert [(notice.kind, notice.times) for notice in loaded.notices] == [("empty", 2), ("absent", 1)]


@pytest.mark.parametrize("content", [text(*FUTURE), text(), HEADER, text(f"{DAYS[0]},,,,,,")])
def test_a_market_without_a_past_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no bar of the market role, SPY up to 2018-02-09; give a later --end"):
        write(tmp_path, content).load(ONE, CUT)


def test_the_past_is_checked_all_the_same(tmp_path: Path) -> None:
    for bad in ("garbage", f"{DAYS[2]},-1,-1,-1,-1,-1,0", f"{DAYS[2]},1"):
        with pytest.raises(DataError, match="row 4"):
            write(tmp_path, text(*PAST[:2], bad, *PAST[3:], *FUTURE)).load(ONE, CUT)


def test_the_newest_line_may_come_first_only_to_be_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"comes after .*; sort the lines by date, oldest first"):
        write(tmp_path, text(*reversed(LINES))).load(ONE, CUT)


def test_days_in_another_form_are_not_taken_for_the_future(tmp_path: Path) -> None:
    rows = [row.replace("2018-", "").replace("02-", "2/") for row in LINES]
    with pytest.raises(DataError, match="'2/05' is no plain day"):
        write(tmp_path, text(*rows)).load(ONE, CUT)


@given(st.dates(date(2018, 2, 5), date(2018, 3, 1)))
def test_the_end_of_knowledge_is_inclusive(tmp_path_factory: pytest.TempPathFactory, until: date) -> None:
    found = write(tmp_path_factory.getbasetemp() / "until", text(*LINES)).load(ONE, until)
    assert [str(day) for day in found.bars["SPY"].days] == [day for day in DAYS if day <= until.isoformat()]


class TestOpening:
    """The text after --data."""

    def test_a_folder(self, tmp_path: Path) -> None:
        write(tmp_path, text(*LINES))
        source = open_source(f"csv:{tmp_path}")
        assert source.name == "csv"
        assert len(source.load(ONE, CUT).bars["SPY"]) == 5

    def test_the_sample_holds_every_symbol_of_its_universe(self) -> None:
        universe = load_universe("sample")
        source = open_source("sample")
        loaded = source.load(universe, date(2018, 12, 31))
        assert source.name == "sample"
        assert set(loaded.bars) == set(universe.symbols)
        index = loaded.bars["^GSPC"]
        at = [str(day) for day in index.days].index("2008-10-13")
        assert index.close[at] / index.close[at - 1] - 1 == pytest.approx(0.1158, abs=5e-5)  # published: +11.58%
        assert str(index.days[-1]) == "2018-12-31"

    @pytest.mark.parametrize(
        ("spec", "words"),
        [
            ("", "no data source is called ''; known: csv:DIR, .*sample, .*yahoo"),
            ("CSV:x", "no data source is called 'CSV:x'"),
            ("/data", "no data source is called '/data'"),
            ("csv", "--data csv needs a folder; write csv:DIR"),
            ("csv:", "--data csv needs a folder"),
            ("sample:1999", "--data sample takes nothing after it, not '1999'"),
            ("yahoo:SPY", "--data yahoo takes nothing after it, not 'SPY'"),
        ],
    )
    def test_what_cannot_be_opened(self, spec: str, words: str) -> None:
        with pytest.raises(InputError, match=words):
            open_source(spec)

    def test_scenarios_are_opened_elsewhere(self) -> None:
        """The engine knows none: they come by the command line, which imports them when they are asked for."""
        with pytest.raises(InputError, match="no data source is called 'scenario:calm'; known: csv:DIR, sample, yahoo"):
            open_source("scenario:calm")

    def test_yahoo_needs_an_instant_and_a_cache_from_its_caller(self) -> None:
        with pytest.raises(ValueError, match="needs now= and cache="):
            open_source("yahoo")


def test_no_folder_is_in_memory_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each symbol's table is let go as soon as its bars are made: the whole is held once, and one symbol twice."""
    universe = load_universe("us")
    days = TradingCalendar.load("XNYS", date(2000, 1, 3), date(2009, 12, 31)).days.astype(str).tolist()
    rows = "".join([f"{day},1,1,1,1,1,1\n" for day in days])
    for symbol in universe.symbols:
        if symbol not in universe.levels:
            (tmp_path / f"{file_stem(symbol)}.csv").write_text(",".join(COLUMNS) + "\n" + rows, encoding="utf-8")
    monkeypatch.setattr("engine.sources.csv_file._LARGEST_FILE", 2**20)  # room for so much is asked for, and not used
    source = CsvFolder(tmp_path)
    source.load(universe, None)  # what is made once and kept
    tracemalloc.start()
    try:
        loaded = source.load(universe, None)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(loaded.bars) == 40 and held > 40 * len(days) * 7 * 8 * 0.9
    assert peak < 1.3 * held + 20 * len(rows)
