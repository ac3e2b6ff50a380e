"""The progress bar: on stderr where somebody watches, and nowhere else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from desk.show import console

__all__ = ["progress_bar"]


@contextlib.contextmanager
def progress_bar(every: int = 1) -> Iterator[Callable[[int, int, str], None] | None]:
    """A function to be told (done, in all, what), drawn at every so many steps; None where nobody watches."""
    screen = console()
    if not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=screen, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("loading", total=None)

        def show(done: int, total: int, what: str) -> None:
            if done % every == 0 or done == total:
                bar.update(task, completed=done, total=total, description=what)

        yield show
