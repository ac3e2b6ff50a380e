"""The picture of a study: price in the colours of the regimes, bear markets hatched, alerts and stale spans below.

Contract: draws what it is given and changes nothing; equal input gives equal bytes with one version of matplotlib. The
first model colours the price; of several, each has a strip of its own. matplotlib comes with the extra `plots`;
without it `draw` raises `InputError`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from backtest.regime_study.study import Span, Track
from engine.bars import FloatArray
from engine.errors import InputError
from regimes.reading import LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLOURS", "check", "draw"]

COLOURS = {"risk_on": "#9fd3b0", "neutral": "#e6e6e1", "risk_off": "#f3b27a", "crisis": "#c9463d"}
"""One colour for each label; they differ in lightness too, for those who do not tell red from green."""
_BEAR, _ALERT, _STALE, _LINE = "#30343b", "#7a3db8", "#1f6fb2", "#14181f"
_FORMATS = (".png", ".svg")
_STYLE: Any = {
    "font.family": "DejaVu Sans", "font.size": 9, "hatch.linewidth": 0.6, "svg.hashsalt": "workshop",
    "svg.fonttype": "path", "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip


def check(path: Path) -> None:
    """Refuse what `draw` could not write, before a long study.

    Raises:
        InputError: matplotlib is absent, the ending is not `.png` or `.svg`, or there is no such folder.
    """
    if path.suffix.lower() not in _FORMATS:
        raise InputError(f"a picture is written as .png or .svg, not as {path.name!r}; give it one of these endings")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent} for the picture; make it or choose another --picture")
    try:
        import matplotlib  # noqa: F401  # only whether it is there
    except ImportError:
        raise InputError("a picture needs matplotlib; install it with: pip install 'workshop-desk[plots]'") from None


def draw(span: Span, tracks: list[Track], path: Path) -> None:
    """Write the picture of a study to a `.png` or `.svg` file.

    Raises:
        InputError: as `check`, or the file cannot be written.
    """
    check(path)
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    strips = _strips(span, tracks)
    heights = [12.0, *[0.5] * len(strips), 3.6]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(12.0, 5.4 + 0.22 * len(strips)), layout="constrained")
        FigureCanvasAgg(figure)  # a canvas of our own: no window, no global state
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        when = np.array(span.days, "datetime64[D]").astype(float)  # days since 1970, as matplotlib counts them
        _price(axes[0], when, span, tracks[0])
        for axis, (name, colours) in zip(axes[1:-1], strips, strict=True):
            _strip(axis, when, name, colours)
        _score(axes[-1], when, tracks[0])
        axes[-1].xaxis_date()
        figure.legend(handles=_legend(tracks), loc="outside upper center", ncols=8, frameon=False, handlelength=1.4)
        _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    # Neither a date nor a version: the same study is the same file.
    about = {"Date": None, "Creator": None} if path.suffix.lower() == ".svg" else {"Software": None}
    try:
        figure.savefig(path, dpi=130, metadata=about)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another --picture") from error


def _price(axis: Axes, when: FloatArray, span: Span, track: Track) -> None:
    from matplotlib.ticker import NullFormatter, NullLocator, ScalarFormatter

    low, high = float(span.closes.min()) * 0.93, float(span.closes.max()) * 1.07
    for at, label in enumerate(LABELS):
        for begin, end in _edges(when, track.labels == at):
            axis.axvspan(begin, end, color=COLOURS[label], linewidth=0)
    for begin, end in _edges(when, span.phase == 1):
        axis.axvspan(begin, end, facecolor="none", edgecolor=_BEAR, hatch="////", linewidth=0, alpha=0.45)
    axis.plot(when, span.closes, color=_LINE, linewidth=0.9)
    axis.set_yscale("log")
    axis.set_ylim(low, high)
    axis.set_xlim(when[0], when[-1])
    axis.yaxis.set_major_locator(_round_levels(low, high))
    axis.yaxis.set_major_formatter(ScalarFormatter())
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_title(
        f"{span.market}, {span.days[0]} to {span.days[-1]}: regimes by {track.name}, bear markets by hindsight",
        loc="left", fontsize=11, fontweight="bold",
    )  # fmt: skip
    axis.set_ylabel("close, log scale")


def _round_levels(low: float, high: float) -> Any:
    """Ticks at 1, 2 and 5 times the powers of ten, or denser where the price moved little."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    levels = [step * 10.0**power for power in range(-6, 9) for step in (1, 2, 3, 5)]
    inside = [level for level in levels if low <= level <= high]
    return FixedLocator(inside) if len(inside) >= 3 else MaxNLocator(5)


def _strips(span: Span, tracks: list[Track]) -> list[tuple[str, list[tuple[npt.NDArray[np.bool_], str]]]]:
    """Rows below the price: what is drawn in each, as masks with colours."""
    found = []
    for track in tracks:
        if len(tracks) > 1:  # a single model's labels already colour the price
            found.append((track.name, [(track.labels == at, COLOURS[label]) for at, label in enumerate(LABELS)]))
        if track.watches:
            found.append((f"{track.name}: alert", [(track.alert, _ALERT)]))
            found.append((f"{track.name}: stale", [(track.stale, _STALE)]))
    found.append(("bear market", [(span.phase == 1, _BEAR)]))
    return found


def _strip(axis: Axes, when: FloatArray, name: str, colours: list[tuple[npt.NDArray[np.bool_], str]]) -> None:
    for mask, colour in colours:
        for begin, end in _edges(when, mask):
            axis.axvspan(begin, end, color=colour, linewidth=0)
    axis.set_yticks([])
    axis.set_ylabel(name, rotation=0, ha="right", va="center")
    axis.spines[:].set_visible(False)
    axis.tick_params(axis="x", length=0)


def _score(axis: Axes, when: FloatArray, track: Track) -> None:
    axis.axhline(0.0, color=_LINE, linewidth=0.6)
    axis.plot(when, track.score, color=_LINE, linewidth=0.7)
    axis.fill_between(when, 0.0, track.score, where=track.score > 0.0, color=COLOURS["risk_on"], linewidth=0)
    axis.fill_between(when, 0.0, track.score, where=track.score < 0.0, color=COLOURS["risk_off"], linewidth=0)
    axis.set_ylim(-1.0, 1.0)
    axis.set_yticks([-1, 0, 1])
    axis.set_ylabel("score")


def _edges(when: FloatArray, mask: npt.NDArray[np.bool_]) -> list[tuple[float, float]]:
    """First day of each spell and first day after it, so that neighbours touch."""
    steps = np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))
    after = np.append(when, when[-1] + 1.0)
    return [
        (float(after[begin]), float(after[end]))
        for begin, end in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True)
    ]


def _legend(tracks: list[Track]) -> list[Any]:
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(color=colour, label=label.replace("_", "-")) for label, colour in COLOURS.items()]
    handles.append(Patch(facecolor="none", edgecolor=_BEAR, hatch="////", linewidth=0, label="bear market"))
    if any(track.watches for track in tracks):
        handles += [Patch(color=_ALERT, label="alert"), Patch(color=_STALE, label="stale")]
    return handles
