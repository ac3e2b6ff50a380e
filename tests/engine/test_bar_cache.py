"""The append-only store of bars: what goes in comes out bit for bit, and nothing else ever does.

The independent truth is the arrays that went in, SQLite's own view of the file, and the file's bytes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bars import FIELDS
from engine.errors import DataError, InputError
from engine.sources import bar_cache_file
from engine.sources.bar_cache import Answer, BarCache
from engine.sources.overlap import Change, RawBars

ROOT = Path(__file__).resolve().parents[2]
ASKED = Answer("2024-01-05", True, "", "USD", "America/New_York")


def bars(first: str, closes: list[float]) -> RawBars:
    days = np.datetime64(first) + np.arange(len(closes))
    return RawBars(days, {name: np.array(closes) + at for at, name in enumerate(FIELDS)})


def same(left: RawBars | None, right: RawBars) -> bool:
    return left is not None and all(
        one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
        for one, other in [(left.days, right.days), *((left.columns[name], right.columns[name]) for name in FIELDS)]
    )


@pytest.fixture(scope="module", autouse=True)
def in_a_hurry() -> Iterator[None]:
    """No test here cuts the power, so none waits for the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bar_cache_file, "SYNCHRONOUS", "OFF")
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store with three bars of one symbol and one of another."""
    path = tmp_path / "store" / "yahoo.sqlite"
    with BarCache(path) as cache:
        assert cache.add("^A", ASKED, bars=bars("2024-01-02", [1.5, 2.5, 3.5]))
        assert cache.add(
            "B", ASKED, bars=bars("2024-01-02", [9.0]), changes=[Change("revised", "2024-01-02", "low", 1, 2)]
        )
    return path


def test_what_goes_in_comes_out(file: Path) -> None:
    with BarCache(file) as cache:
        assert same(cache.bars("^A"), bars("2024-01-02", [1.5, 2.5, 3.5]))
        assert same(cache.bars("B"), bars("2024-01-02", [9.0]))
        assert cache.bars("C") is None and cache.answer("C") is None and cache.changes("C") == ()
        assert cache.changes("B") == (Change("revised", "2024-01-02", "low", 1.0, 2.0),)
        assert cache.answer("B") == ASKED
    assert list(file.parent.iterdir()) == [file], "nothing is left beside the store"


numbers = st.floats(width=64)


@given(batches=st.lists(st.lists(st.tuples(*[numbers] * 6), min_size=1, max_size=4), min_size=1, max_size=4))
def test_every_float_survives(tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[float, ...]]]) -> None:
    path = tmp_path_factory.mktemp("cache") / "x.sqlite"
    start, whole = np.datetime64("2024-01-01"), list[RawBars]()
    with BarCache(path) as cache:
        for batch in batches:
            columns = dict(zip(FIELDS, np.array(batch).T.copy(), strict=True))
            batch_bars = RawBars(start + np.arange(len(batch)), columns)
            assert cache.add("X", ASKED, after=whole[-1].days[-1] if whole else None, bars=batch_bars)
            whole.append(batch_bars)
            start = batch_bars.days[-1] + 1
    with BarCache(path) as cache:
        found = cache.bars("X")
    assert found is not None
    for name in FIELDS:
        expected = np.concatenate([part.columns[name] for part in whole])
        np.testing.assert_array_equal(found.columns[name], expected, strict=True)


def test_bars_are_only_ever_added(file: Path) -> None:
    with BarCache(file) as cache:
        assert cache.add("^A", ASKED, after=np.datetime64("2024-01-04"), bars=bars("2024-01-05", [4.5]))
        assert same(cache.bars("^A"), bars("2024-01-02", [1.5, 2.5, 3.5, 4.5]))
        with pytest.raises(ValueError, match="do not follow"):
            cache.add("^A", ASKED, after=np.datetime64("2024-01-05"), bars=bars("2024-01-05", [9.9]))
    with contextlib.closing(sqlite3.connect(file)) as db:
        for table in ("bars", "changes", "answers"):
            for statement in (f"UPDATE {table} SET symbol = 'Z'", f"DELETE FROM {table}"):
                with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                    db.execute(statement)


def test_a_join_to_bars_that_have_grown_is_refused(file: Path) -> None:
    with BarCache(file) as slow, BarCache(file) as fast:
        seen = slow.bars("^A")
        assert seen is not None
        assert fast.add("^A", ASKED, after=seen.days[-1], bars=bars("2024-01-05", [4.5]))
        late = [Change("revised", "2024-01-04", "low", 1.0, 2.0)]
        assert not slow.add("^A", ASKED, after=seen.days[-1], bars=bars("2024-01-05", [9.9, 9.8]), changes=late)
        assert same(slow.bars("^A"), bars("2024-01-02", [1.5, 2.5, 3.5, 4.5]))
        assert slow.changes("^A") == ()


def test_runs_side_by_side_lose_and_mix_nothing(tmp_path: Path) -> None:
    """Four writers append the days 0..39, each always the next; every day is stored once, by one of them."""
    path, written, trouble = tmp_path / "x.sqlite", list[tuple[int, float]](), list[BaseException]()

    def write(who: float) -> None:
        try:
            with BarCache(path) as cache:
                while True:
                    seen = cache.bars("X")
                    count = 0 if seen is None else len(seen.days)
                    if count == 40:
                        return
                    after = None if seen is None else seen.days[-1]
                    if cache.add("X", ASKED, after=after, bars=bars(str(np.datetime64("2024-01-01") + count), [who])):
                        written.append((count, who))
        except BaseException as error:
            trouble.append(error)

    threads = [threading.Thread(target=write, args=(float(who),)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble
    assert sorted(count for count, _ in written) == list(range(40))
    with BarCache(path) as cache:
        found = cache.bars("X")
    assert found is not None and found.columns["open"].tolist() == [who for _, who in sorted(written)]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from tests.engine import test_bar_cache as case
    from engine.sources import bar_cache

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def dying():
        die()
        yield
"""


def killed(script: str, path: Path) -> None:
    """Run `script` in a process of its own, which kills itself in the middle."""
    code = textwrap.dedent(KILLED) + textwrap.dedent(script)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code, str(path)], env=environment, cwd=ROOT, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_in_the_middle_of_an_append(file: Path) -> None:
    killed(
        """
        with bar_cache.BarCache(Path(sys.argv[1])) as cache:
            # The bars are inserted first; asking for the first change kills the process inside the transaction.
            many = case.bars("2024-01-05", [float(x) for x in range(20000)])
            cache.add("^A", case.ASKED, after=case.np.datetime64("2024-01-04"), bars=many, changes=dying())
        """,
        file,
    )
    assert len(list(file.parent.iterdir())) == 2, "the journal of the transaction that was cut off"
    with BarCache(file) as cache:
        assert same(cache.bars("^A"), bars("2024-01-02", [1.5, 2.5, 3.5]))
        assert cache.add("^A", ASKED, after=np.datetime64("2024-01-04"), bars=bars("2024-01-05", [4.5]))
        assert same(cache.bars("^A"), bars("2024-01-02", [1.5, 2.5, 3.5, 4.5]))
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_while_it_is_created(tmp_path: Path) -> None:
    path = tmp_path / "yahoo.sqlite"
    killed("os.link = die; bar_cache.BarCache(Path(sys.argv[1]))", path)
    assert not path.exists()
    with BarCache(path) as cache:
        assert cache.bars("X") is None


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with BarCache(tmp_path / "x.sqlite") as cache:
        assert cache.add("X", ASKED, bars=bars("2024-01-02", [1.0]))
    assert [item.name for item in tmp_path.iterdir()] == ["x.sqlite"]


def cut(part: float) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])


def edit(statement: str, table: str = "bars") -> Callable[[Path], object]:
    """What somebody can do who first removes the guards."""

    def damage(path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute(f"DROP TRIGGER {table}_no_update")
            db.execute(f"DROP TRIGGER {table}_no_delete")
            db.execute(statement)

    return damage


def foreign(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE holiday (photo BLOB)")


def of_tomorrow(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 2")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (cut(0.0), "is empty"),
        (cut(0.01), "damaged or not a cache"),
        (cut(0.5), "damaged or not a cache"),
        (cut(0.99), "was cut short"),
        (lambda path: path.write_text("date,open,high,low,close,adj_close,volume\n" * 200), "damaged or not a cache"),
        (lambda path: path.write_bytes(b"\0" * 4096), "damaged or not a cache"),
        (foreign, "another program"),
        (of_tomorrow, "has cache format 2, this Workshop reads 1"),
        (edit("DROP TABLE changes"), "has lost its table changes"),
        (
            edit("UPDATE bars SET data = CAST(x'00' || substr(data, 2) AS BLOB)"),
            "does not hold the bars of ^A up to 2024-01-04 as they",
        ),
        (edit("UPDATE bars SET data = substr(data, 1, 56), count = 1"), "does not hold the bars of ^A"),
        (edit("UPDATE bars SET data = x''"), "does not hold the bars of ^A"),
        (edit("UPDATE bars SET count = 2"), "does not hold the bars of ^A"),
        (edit("UPDATE bars SET symbol = '^A'"), "does not hold the bars of ^A"),
        (edit("UPDATE bars SET data = 'dear'"), "is damaged"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused_and_left_alone(
    file: Path, damage: Callable[[Path], object], says: str
) -> None:
    damage(file)
    before = file.read_bytes()
    for _ in range(2):
        with pytest.raises(DataError) as caught, BarCache(file) as cache:
            cache.bars("^A")
        assert says in str(caught.value) and str(file) in str(caught.value)
        assert "move that file away" in str(caught.value) and "\n" not in str(caught.value)
    assert file.read_bytes() == before
    file.unlink()  # the way out that the sentence names
    with BarCache(file) as cache:
        assert cache.bars("^A") is None


def test_places_where_no_store_can_be(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "plain" / "yahoo.sqlite", tmp_path / "folder"):
        with pytest.raises(InputError, match="cannot be opened or written") as caught:
            BarCache(path)
        assert str(path) in str(caught.value) and not isinstance(caught.value, DataError)


def test_a_store_that_another_run_holds(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar_cache_file, "WAIT_SECONDS", 0.0)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other, BarCache(file) as cache:
        other.execute("BEGIN IMMEDIATE")
        assert cache.bars("B") is not None, "reading goes on"
        with pytest.raises(InputError, match="another run holds the cache"):
            cache.add("B", ASKED, after=np.datetime64("2024-01-02"))
