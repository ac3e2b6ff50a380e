"""What everything in one program shares: looked at, and put back after a stranger's code has run."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from collections.abc import Iterator
from decimal import getcontext
from typing import Any

import numpy as np

__all__ = ["restored", "shared"]


def shared() -> dict[str, Any]:
    """What is shared, by name, in a form that can be compared."""
    return {
        "the state of `random`": random.getstate(),
        "the state of `numpy.random`": repr(np.random.get_state(legacy=False)),
        "numpy's error handling": np.geterr(),
        "numpy's print options": repr(np.get_printoptions()),
        "the environment variables": {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"},
        "the working folder": os.getcwd(),
        "the import path": list(sys.path),
        "the recursion limit": sys.getrecursionlimit(),
        "the decimal context": repr(getcontext()),
    }


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Put all of it back when the block ends."""
    chance, numpy_chance = random.getstate(), np.random.get_state()
    errors, options, environ = np.geterr(), np.get_printoptions(), dict(os.environ)
    folder, path, limit, context = os.getcwd(), list(sys.path), sys.getrecursionlimit(), getcontext().copy()
    try:
        yield
    finally:
        random.setstate(chance)
        np.random.set_state(numpy_chance)
        np.seterr(**errors)
        np.set_printoptions(**options)
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(folder)
        sys.path[:] = path
        sys.setrecursionlimit(limit)
        getcontext().prec, getcontext().rounding = context.prec, context.rounding
