"""Other surroundings for a mind: another clock, other random seeds, other variables, another process.

Contract: everything that `other_surroundings` changes is as before when its block ends; the clock is another one for
those who ask the modules `time` and `datetime`, and for what the mind's own package has imported from them.
`another_process` needs a class that a second process can find again, and raises LookupError for anything else.
"""

from __future__ import annotations

import contextlib
import datetime as dt  # the module, in which names are exchanged
import importlib
import importlib.util
import inspect
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np

from engine.errors import InputError, told
from minds.checks.globals import restored
from minds.checks.trial import Trial, answers
from minds.protocol import Mind

__all__ = ["another_process", "class_in_file", "other_surroundings"]

_CHILD = "from minds.checks.otherwise import answer_in_child; answer_in_child()"
_HASH_SEEDS = ("1", "2")
_SECONDS = 300.0


@contextlib.contextmanager
def other_surroundings(mind: Mind, days: int) -> Iterator[str]:
    """Shift the clock by `days`, seed random numbers by it, let every variable that is not set read `7`.

    Yields what has been changed, in words.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(restored())
        fakes = _fakes(days)
        homes = [(module, name) for module in _modules_of(mind) for name in list(vars(module))]
        for module, name in [*((time, name) for name in vars(time)), (dt, "datetime"), (dt, "date"), *homes]:
            fake = fakes.get(id(vars(module)[name]))
            if fake is not None:
                stack.enter_context(mock.patch.object(module, name, fake))
        stack.enter_context(mock.patch.object(os, "environ", _Odd(os.environ)))
        random.seed(days)
        np.random.seed(days)
        yield f"the clock {days} days on, other random seeds and other environment variables"


class _Odd(dict[str, str]):
    """The environment, in which everything is set."""

    def __missing__(self, name: str) -> str:
        return "7"

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> str:  # it always has one
        return self[name]


def _fakes(days: int) -> dict[int, object]:
    """Identity of each clock -> what stands in for it."""
    shift = 86_400 * days + 4_567
    moved: dict[int, object] = {}
    for name in ("time", "monotonic", "perf_counter"):
        seconds, nanoseconds = getattr(time, name), getattr(time, f"{name}_ns")
        moved[id(seconds)] = lambda seconds=seconds: seconds() + shift
        moved[id(nanoseconds)] = lambda nanoseconds=nanoseconds: nanoseconds() + 1_000_000_000 * shift
    now = time.time
    for parts in (time.localtime, time.gmtime):
        moved[id(parts)] = lambda at=None, parts=parts: parts(now() + shift if at is None else at)
    moved[id(dt.datetime)], moved[id(dt.date)] = _later_types(dt.timedelta(seconds=shift))
    return moved


def _later_types(shift: dt.timedelta) -> tuple[type, type]:
    """`datetime` and `date` whose now and today lie later, and which recognise the objects of the real ones."""

    class Kind(type):
        def __instancecheck__(cls, thing: object) -> bool:
            return isinstance(thing, datetime if issubclass(cls, datetime) else date)

    class Later(datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return datetime.now(tz) + shift

        @classmethod
        def utcnow(cls) -> Any:
            return datetime.now(dt.UTC).replace(tzinfo=None) + shift

        @classmethod
        def today(cls) -> Any:
            return datetime.now() + shift

    class LaterDate(date, metaclass=Kind):
        @classmethod
        def today(cls) -> Any:
            return (datetime.now() + shift).date()

    return Later, LaterDate


def _modules_of(mind: Mind) -> list[ModuleType]:
    """The loaded modules of the package that the mind's class comes from, this kit's own left out."""
    home = type(mind).__module__.partition(".")[0]
    kit = __name__.rpartition(".")[0]
    loaded = [(name, module) for name, module in list(sys.modules.items()) if isinstance(module, ModuleType)]
    return [module for name, module in loaded if name.partition(".")[0] == home and not name.startswith(kit)]


def another_process(factory: Callable[[], Mind]) -> list[dict[str, str]]:
    """What the mind says in processes with other hash seeds, another time zone and an empty working folder.

    Returns:
        For each process: session's position and target's key -> the answer as Python writes it.

    Raises:
        LookupError: the class cannot be found again from elsewhere; the sentence says why.
    """
    if not inspect.isclass(factory):
        raise LookupError("not asked: only a class can be found again by another process, and this is something else")
    file = inspect.getsourcefile(factory)
    if "<locals>" in factory.__qualname__ or file is None:
        raise LookupError("not asked: another process finds a class only at the top of a module that is a file")
    request = json.dumps([factory.__module__, str(Path(file).resolve()), factory.__qualname__])
    path = os.pathsep.join(os.path.abspath(entry or ".") for entry in sys.path)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        here = {**os.environ, "PYTHONPATH": path, "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
        children = [
            subprocess.Popen(
                [sys.executable, "-c", _CHILD], cwd=folder, env={**here, "PYTHONHASHSEED": seed}, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
            for seed in _HASH_SEEDS
        ]  # fmt: skip
        try:
            for child in children:
                out, err = child.communicate(request, timeout=_SECONDS)
                if child.returncode:
                    last = (err.strip().splitlines() or ["it ended without a word"])[-1]
                    raise LookupError(f"not asked: another process could not load the mind ({last})")
                found.append(json.loads(out))
        except subprocess.TimeoutExpired:
            raise LookupError(f"not asked: another process took more than {_SECONDS:.0f} seconds") from None
        finally:
            for child in children:
                child.kill()
                child.wait()
    return found


def answer_in_child() -> None:
    """The other process: reads which mind is meant from stdin, writes its answers as JSON on stdout."""
    module, file, name = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        try:
            made: Any = importlib.import_module(module)
            if Path(str(made.__file__)).resolve() != Path(file):
                raise ImportError(f"{module} is another file here")
            for part in name.split("."):
                made = getattr(made, part)
        except (ImportError, AttributeError):
            made = class_in_file(Path(file), name, module)
        trial = Trial(made)
        found = {f"{at} {key}": repr(said) for (at, key), said in answers(trial.mind(), trial.stage).items()}
    json.dump(found, sys.stdout)


def class_in_file(file: Path, name: str, module: str = "") -> Any:
    """Load a class from a Python file, whose folder is then on the import path, as when Python runs that file.

    Raises:
        InputError: there is no such file or class, or the file cannot be loaded.
    """
    if not file.is_file():
        raise InputError(f"there is no file {file}; give the path of a Python file, as in momentum_mind.py:Momentum")
    module = module or file.stem
    known = sys.modules.get(module)
    if known is not None and getattr(known, "__file__", None) != str(file):
        module = f"checked_{module}"  # a file called random.py must not stand in for the real one
    spec = importlib.util.spec_from_file_location(module, file)
    if spec is None or spec.loader is None:
        raise InputError(f"{file} is not a Python file; give one whose name ends in .py")
    made: Any = importlib.util.module_from_spec(spec)
    sys.modules[module] = made  # pickle looks for classes there
    sys.path.append(str(file.parent))
    try:
        spec.loader.exec_module(made)
        for part in name.split("."):
            made = getattr(made, part)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's code; sys.exit too
        raise InputError(f"{file}:{name} cannot be loaded: {told(error)}") from error
    return made
