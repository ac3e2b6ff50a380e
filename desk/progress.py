"""How far a long job is: a bar where somebody watches, now and then a line where nobody does; and how to go on.

Contract: all of it goes to stderr. The clock that is read here reaches nothing but the eye.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shlex import quote

import click

from backtest.folder import LEDGER
from desk.show import console
from engine.errors import WorkshopError

__all__ = ["Interrupted", "Lines", "progress_bar", "resumable"]

Told = Callable[[int, int, str], None]


class Interrupted(WorkshopError):
    """Control-C ended a job that can be taken up again (exit code 130)."""

    exit_code = 130


class Lines:
    """Says on a line each, every so many steps, how far the job is, how fast it goes and how long it will still take.

    The speed is that since the line before: a resumed run begins faster than it goes on. There is none for the last
    step, so a job of no more than `every` steps is silent.
    """

    def __init__(self, every: int, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._every, self._say, self._clock = every, say, clock
        self._before: tuple[int, float] | None = None

    def __call__(self, done: int, total: int, what: str) -> None:
        """Take note of a step."""
        if self._before is None:
            self._before = done, self._clock()
        elif done % self._every == 0 and done < total:
            steps, then = self._before
            now = self._clock()
            text = f"{done:,} of {total:,} ({done / total:.0%}), {what}"
            if now > then:
                speed = (done - steps) / (now - then)
                text += f"; {_count(speed)} a second, {_span((total - done) / speed)} left"
            self._say(text)
            self._before = done, now


@contextlib.contextmanager
def progress_bar(every: int = 1, lines: int = 0) -> Iterator[Told | None]:
    """A function to be told (done, in all, what): it draws a bar where somebody watches, at every so many steps.

    Where nobody does, it says a line at every `lines` steps; with 0 there is no function, and nothing is said.
    """
    screen = console()
    if not screen.is_terminal:
        say = Lines(lines, lambda text: click.echo(f"workshop: {text}", err=True), time.monotonic) if lines else None
        yield say
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.progress import TimeRemainingColumn as Left
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text("" if task.speed is None else f"{_count(task.speed)}/s")

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Speed(), Left(),
        console=screen, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("loading", total=None)

        def show(done: int, total: int, what: str) -> None:
            if done % every == 0 or done == total:
                bar.update(task, completed=done, total=total, description=what)

        yield show


@contextlib.contextmanager
def resumable(out: Path) -> Iterator[None]:
    """Turns Control-C in a run into the sentence that says what is kept and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        if not (out / LEDGER).exists():
            raise Interrupted("interrupted before the first session; nothing is kept, run it again") from None
        kept = f"everything acknowledged is kept in {quote(str(out))}"
        raise Interrupted(f"interrupted; {kept}: add --resume to the same command to go on") from None


def _count(speed: float) -> str:
    """A speed without digits that nobody reads: 3,041, or 0.25."""
    return f"{speed:,.0f}" if speed >= 10.0 else f"{speed:.2g}"


def _span(seconds: float) -> str:
    """A time without digits that nobody reads: 8 s, 12 min, 3.5 h."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5970.0 else f"{seconds / 3600.0:.1f} h"
