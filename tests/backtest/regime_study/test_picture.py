"""The picture: right colours in the right places, the same bytes twice, and sentences where it cannot be drawn."""

from __future__ import annotations

import builtins
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from backtest.regime_study.picture import COLOURS, check, draw
from backtest.regime_study.study import Span, Track, span
from engine.errors import InputError
from regimes.reading import LABELS
from tests.worlds import invented_market

MARKET = invented_market(5, 640)
SPAN = span(MARKET, 0)


def track(name: str = "rules", watches: bool = True) -> Track:
    """Each label for a quarter of the range."""
    size = len(SPAN.days)
    labels = (np.arange(size) * 4 // size).astype(np.int8)
    nothing = np.zeros(size, bool)
    alert = np.arange(size) % 100 < 10
    score = np.where(np.arange(size) < 50, np.nan, np.sin(np.arange(size) / 60.0))
    return Track(name, labels, score, alert & watches, alert[::-1] & watches, nothing, nothing, labels != 1, watches)


def bars_of(path: Path) -> list[str]:
    """The label whose colour is most frequent in each sixteenth of the picture's upper half."""
    pixels = imread(path)[:, :, :3]
    upper = pixels[: len(pixels) // 2, len(pixels[0]) // 8 :]
    found = []
    for part in np.array_split(upper, 16, axis=1):
        near = [int((np.abs(part - to_rgb(colour)).max(axis=2) < 0.02).sum()) for colour in COLOURS.values()]
        found.append(list(COLOURS)[int(np.argmax(near))])
    return found


@pytest.mark.parametrize("tracks", [[track()], [track(), track("sma200", watches=False)]])
def test_the_price_stands_before_its_regimes(tmp_path: Path, tracks: list[Track]) -> None:
    draw(SPAN, tracks, tmp_path / "a.png")
    seen = bars_of(tmp_path / "a.png")
    assert list(dict.fromkeys(seen)) == list(LABELS), "left to right, each label once"
    assert all(2 <= seen.count(label) <= 6 for label in LABELS)
    width, height = struct.unpack(">II", (tmp_path / "a.png").read_bytes()[16:24])
    assert width >= 1200 and height >= 600


@pytest.mark.parametrize("name", ["a.png", "a.svg"])
def test_equal_studies_are_equal_bytes(tmp_path: Path, name: str) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        draw(SPAN, [track()], tmp_path / folder / name)
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_only_the_first_models_labels_colour_the_price(tmp_path: Path) -> None:
    other = track("other")._replace(labels=np.full(len(SPAN.days), 3, np.int8))
    draw(SPAN, [track(), other], tmp_path / "a.png")
    assert list(dict.fromkeys(bars_of(tmp_path / "a.png"))) == list(LABELS)


@pytest.mark.parametrize("place", ["a.pdf", "a", "there is none/a.png"])
def test_what_cannot_be_written_is_a_sentence(tmp_path: Path, place: str) -> None:
    with pytest.raises(InputError) as early:
        check(tmp_path / place)
    with pytest.raises(InputError) as late:
        draw(SPAN, [track()], tmp_path / place)
    assert "\n" not in str(early.value) and str(early.value) == str(late.value)


def test_a_folder_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        draw(SPAN, [track()], tmp_path / "a.png")


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(InputError, match=r"workshop-desk\[plots\]"):
        draw(SPAN, [track()], tmp_path / "a.png")


def test_a_short_and_flat_price_can_be_drawn(tmp_path: Path) -> None:
    few = 30
    flat = Span(
        SPAN.market, SPAN.at[:few], SPAN.days[:few], np.full(few, 3.7), SPAN.phase[:few], (),
        type(SPAN.outcome)(*(column[:few] for column in SPAN.outcome)),
    )  # fmt: skip
    columns: list[Any] = [value[:few] if isinstance(value, np.ndarray) else value for value in track()]
    short = Track(*columns)
    draw(flat, [short], tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 5000
