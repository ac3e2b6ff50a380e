"""Many cells at a time: on this machine, or on a cluster, by the same code.

Contract: each cell is handed to `run_cell` up to `TRIES` times, until it is done or gives an alarm; after the last time
what went wrong is its result. A worker that dies costs the cells that it had begun one try each; those are tried alone
after that, so that a cell that kills its worker is never blamed on its neighbours. Results come in any order and each
is handed over once, when it is final. A cluster that is gone raises `WorkshopError`; what was handed over before stays.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from backtest.sweep.cell import Found, Task, run_cell
from engine.errors import InputError, WorkshopError, told

__all__ = ["ALONE", "TRIES", "Crew", "Run", "run_cells"]

TRIES = 3
"""Times that a cell is run before it counts as failed."""
_PATIENCE = 30
"""Seconds within which a cluster must have a worker."""

_NOTHING = Found("failed")
Run = Callable[[Task], Found]
"""Runs one cell; raises nothing but what ends a process."""
Pool = Callable[[Iterable[tuple[int, Task]]], Iterator[tuple[int, Found]]]


class Crew(NamedTuple):
    """Who does the work.

    Attributes:
        workers: processes on this machine; 1 is this one.
        cluster: address of a Dask scheduler; empty for this machine.
    """

    workers: int = 1
    cluster: str = ""


ALONE = Crew()


def run_cells(tasks: Sequence[Task], crew: Crew, keep: Callable[[int, Found], None], run: Run = run_cell) -> list[int]:
    """Run all cells and hand each result to `keep` with the number of its task.

    Args:
        tasks: what is run.
        crew: who runs it.
        keep: given (number of a task, what was found), once for each.
        run: runs one cell; another one is for tests.

    Returns:
        How often each was tried.

    Raises:
        InputError: the cluster cannot be had, or an extra is missing.
        WorkshopError: the cluster is gone.
    """
    tries = [0] * len(tasks)
    waiting, suspects = list(range(len(tasks))), list[int]()
    with _pool(crew, run) as (pool, alive):
        while waiting or suspects:
            batch, rest = ([suspects.pop(0)], waiting) if suspects else (waiting, [])
            begun: dict[int, bool] = {}  # whether it is back
            again: list[int] = []
            results = pool(_begin(tasks, batch, begun))
            while True:
                try:
                    at, found = next(results, (-1, _NOTHING))
                except Exception as error:
                    lost = [at for at, back in begun.items() if not back]
                    if not lost or not alive():
                        raise WorkshopError(
                            f"the workers are gone ({told(error)[:200]}); what is done is kept, add --resume to go on"
                        ) from error
                    for at in lost:
                        tries[at] += 1
                        if tries[at] < TRIES:
                            suspects.append(at)
                        else:
                            keep(at, Found("failed", f"its worker died, {TRIES} times out of {TRIES}"))
                    break
                if at < 0:
                    break
                begun[at] = True
                tries[at] += 1
                if found.status == "failed" and tries[at] < TRIES:
                    again.append(at)
                else:
                    keep(at, found)
            waiting = [*rest, *[at for at in batch if at not in begun], *again]
    return tries


def _begin(tasks: Sequence[Task], batch: list[int], begun: dict[int, bool]) -> Iterator[tuple[int, Task]]:
    """The tasks of a batch as they are asked for, each noted down as begun."""
    for at in batch:
        begun[at] = False
        yield at, tasks[at]


def _numbered(run: Run, at: int, task: Task) -> tuple[int, Found]:
    return at, run(task)


@contextlib.contextmanager
def _pool(crew: Crew, run: Run) -> Iterator[tuple[Pool, Callable[[], bool]]]:
    """What runs many tasks, and whether it still can."""
    if crew.workers == 1 and not crew.cluster:
        yield lambda tasks: ((at, run(task)) for at, task in tasks), lambda: True
        return
    joblib = _joblib()

    def pool(tasks: Iterable[tuple[int, Task]]) -> Iterator[tuple[int, Found]]:
        # One cell a batch: joblib would put short ones together, and a worker's death would cost all of them.
        parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1)
        found: Iterator[tuple[int, Found]] = parallel(joblib.delayed(_numbered)(run, at, task) for at, task in tasks)
        return found

    if not crew.cluster:
        with joblib.parallel_config(backend="loky", n_jobs=max(crew.workers, 2)):
            yield pool, lambda: True
        return
    with _client(crew.cluster) as client, joblib.parallel_config(backend="dask"):
        yield pool, lambda: bool(client.status == "running")


def _joblib() -> Any:
    try:
        import joblib
    except ImportError:
        raise InputError(
            "more than one worker needs the package joblib; install the extra: pip install 'workshop-desk[sweep]'"
        ) from None
    return joblib


@contextlib.contextmanager
def _client(address: str) -> Iterator[Any]:
    """A connection to a Dask scheduler that has a worker."""
    try:
        import distributed
    except ImportError:
        raise InputError(
            "--cluster needs the package distributed; install the extra: pip install 'workshop-desk[cluster]'"
        ) from None
    try:
        client: Any = distributed.Client(address, timeout=_PATIENCE, set_as_default=True)
    except Exception as error:  # it raises what the address leads to: OSError, ValueError, TimeoutError, its own
        raise InputError(
            f"no Dask scheduler answers at {address} ({told(error)[:200]}); start one, or mend --cluster"
        ) from error
    try:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise InputError(f"the cluster at {address} has no worker; start `dask worker {address}`") from None
        yield client
    finally:
        client.close(timeout=_PATIENCE)
