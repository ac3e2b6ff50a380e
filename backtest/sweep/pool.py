"""Many cells at a time: on this machine, or on a cluster, by the same code.

Contract: each cell is handed to `run_cell` up to `TRIES` times, until it is done or gives an alarm; after the last time
what went wrong is its result. A worker that dies costs the cells that it had begun one try each; those are tried alone
after that, so that a cell that kills its worker is never blamed on its neighbours. A cluster moves a dead worker's
cells by itself and counts the death against all of them, so one that it gives up is tried alone, too, and once; a
result that died with its worker is made again. Results come in any order, and each is handed over once, when it is
final. Workers that are all gone raise `WorkshopError`; what was handed over before stays.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any, NamedTuple

from backtest.sweep.cell import Found, Task, run_cell
from engine.errors import InputError, WorkshopError, told

__all__ = ["ALONE", "TRIES", "Crew", "Run", "run_cells"]

TRIES = 3
"""Times that a cell is run before it counts as failed."""
_PATIENCE = 30
"""Seconds within which a cluster must have a worker."""

_POLL = 0.02
_KEPT = "what is done is kept, add --resume to go on"
_NOTHING = Found("failed")
_KILLER = Found("failed", "it has killed every worker that the cluster gave it to")
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
    with _pool(crew, run) as pool:
        while waiting or suspects:
            batch, rest = ([suspects.pop(0)], waiting) if suspects else (waiting, [])
            begun: dict[int, bool] = {}  # whether it is back
            again: list[int] = []
            results = pool(_begin(tasks, batch, begun))
            while True:
                try:
                    at, found = next(results, (-1, _NOTHING))
                except ConnectionError as error:
                    raise WorkshopError(f"the workers are gone ({error}); {_KEPT}") from error
                except BrokenExecutor as error:
                    lost = [at for at, back in begun.items() if not back]
                    if not lost:
                        raise WorkshopError(f"no worker can be started ({told(error)[:200]}); {_KEPT}") from error
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
                if found is _KILLER and len(batch) > 1:
                    suspects.append(at)
                elif found.status == "failed" and found is not _KILLER and tries[at] < TRIES:
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
def _pool(crew: Crew, run: Run) -> Iterator[Pool]:
    """What runs many tasks.

    Its iterators raise `BrokenExecutor` when a worker has died, and `ConnectionError` when all are gone for good.
    """
    if crew.cluster:
        with _client(crew.cluster) as client:
            yield functools.partial(_on_cluster, client, run)
    elif crew.workers > 1:
        with _processes(crew.workers) as parallel:
            yield functools.partial(_in_processes, parallel, run)
    else:
        yield lambda tasks: ((at, run(task)) for at, task in tasks)


@contextlib.contextmanager
def _processes(workers: int) -> Iterator[Any]:
    """What makes a `joblib.Parallel` of so many processes."""
    try:
        import joblib
    except ImportError:
        raise InputError(
            "more than one worker needs the package joblib; install the extra: pip install 'workshop-desk[sweep]'"
        ) from None
    with joblib.parallel_config(backend="loky", n_jobs=workers):
        yield joblib


def _in_processes(joblib: Any, run: Run, tasks: Iterable[tuple[int, Task]]) -> Iterator[tuple[int, Found]]:
    # One cell a batch: joblib would put short ones together, and a worker's death would cost all of them.
    parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1)
    found: Iterator[tuple[int, Found]] = parallel(joblib.delayed(_numbered)(run, at, task) for at, task in tasks)
    return found


def _on_cluster(client: Any, run: Run, tasks: Iterable[tuple[int, Task]]) -> Iterator[tuple[int, Found]]:
    """By the cluster's own client: through joblib, a cell that the scheduler gives up never comes back (joblib 1.6)."""
    from distributed import as_completed

    _check_scheduler(client)
    futures = {client.submit(run, task, pure=False): at for at, task in tasks}
    try:
        ready: Any = as_completed(list(futures))
        waited = 0.0
        while ready.count():
            if not ready.has_ready():
                time.sleep(_POLL)
                waited += _POLL
                if waited >= _PATIENCE:
                    waited = 0.0
                    _check_scheduler(client)
                    if not client.scheduler_info(n_workers=1)["workers"]:
                        raise ConnectionError("none is left")
                continue
            waited = 0.0
            for future in ready.next_batch(block=False):
                found = _fetched(client, future)
                if found is None:
                    ready.add(future)
                else:
                    yield futures[future], found
    finally:
        with contextlib.suppress(Exception):  # whatever it cannot take back any more is nobody's
            client.cancel(list(futures))


def _check_scheduler(client: Any) -> None:
    if client.status != "running":
        raise ConnectionError("the scheduler does not answer")


def _fetched(client: Any, future: Any) -> Found | None:
    """What a finished cell has found; None where its worker took that along, so that the cluster runs it again."""
    from distributed import CancelledError, KilledWorker

    try:
        for patience in (1, _PATIENCE):  # without a limit it waits for a worker that never comes
            with contextlib.suppress(TimeoutError):
                found: Found = future.result(timeout=patience)
                return found
            if future.status != "finished":
                break
        return None
    except CancelledError:
        raise ConnectionError("the scheduler does not answer") from None
    except KilledWorker:  # it has moved the cell from worker to worker by itself
        return _KILLER
    except Exception as error:  # the worker could not even begin: it has no Workshop, or another one
        _check_scheduler(client)
        return Found("failed", told(error))


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
        client: Any = distributed.Client(address, timeout=_PATIENCE)  # the default one: `as_completed` asks for it
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
