"""Another clock for a process of its own: later by years, or standing still.

Contract: `install` changes what the functions of `time` say about the present, and hands another module `datetime` to
whoever imports it, but for the standard library and the libraries below: compiled code has the layout of the real types
built in. It must run before what is audited is imported, hence this module imports nothing else of ours. Objects are of
the usual types. What C code reads by itself (such as numpy's word "now") is not changed, which is why the audit also
changes the time zone.
"""

from __future__ import annotations

import builtins
import datetime
import sys
import time
import types
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["LIBRARIES", "install"]

LIBRARIES = frozenset({
    "backtest", "dateutil", "engine", "exchange_calendars", "matplotlib", "numpy", "orjson", "pandas", "patsy",
    "pyarrow", "pytz", "scipy", "sklearn", "statsmodels", "tzdata",
})  # fmt: skip
"""Top-level names that keep the real types; what is audited lives elsewhere."""


def install(later: float, *, still: bool = False) -> None:
    """From now on it is `later` seconds later than it is; with `still` it stays that instant."""
    real, zone, utc, text, words = time.time, time.localtime, time.gmtime, time.strftime, time.ctime
    begun = real()

    def present() -> float:
        return (begun if still else real()) + later

    changed: dict[str, Any] = {
        "time": present,
        "time_ns": lambda: int(present() * 1e9),
        "localtime": lambda at=None: zone(present() if at is None else at),
        "gmtime": lambda at=None: utc(present() if at is None else at),
        "strftime": lambda form, at=None: text(form, zone(present()) if at is None else at),
        "ctime": lambda at=None: words(present() if at is None else at),
    }
    if still:
        changed |= {"perf_counter": lambda: begun, "perf_counter_ns": lambda: int(begun * 1e9)}
    for name, value in changed.items():
        setattr(time, name, value)
    days: dict[str, Any] = {"today": staticmethod(lambda: datetime.date.fromtimestamp(present()))}
    instants: dict[str, Any] = {
        "now": staticmethod(lambda tz=None: datetime.datetime.fromtimestamp(present(), tz)),
        "today": staticmethod(lambda: datetime.datetime.fromtimestamp(present())),
        "utcnow": staticmethod(
            lambda: datetime.datetime.fromtimestamp(present(), datetime.UTC).replace(tzinfo=None)
        ),
    }  # fmt: skip
    other = types.ModuleType("datetime")
    vars(other).update(vars(datetime))
    for kind, methods in ((datetime.date, days), (datetime.datetime, instants)):
        setattr(other, kind.__name__, _stand_in(kind, methods))
    _hand_out(other)


def _stand_in(plain: type, methods: dict[str, Any]) -> type:
    """A type with other methods that makes objects of the plain type, and counts those as its own."""

    class Type(type):
        def __call__(cls, *given: Any, **named: Any) -> Any:
            return plain(*given, **named) if cls is made else super().__call__(*given, **named)

        def __instancecheck__(cls, item: object) -> bool:
            return isinstance(item, plain) if cls is made else super().__instancecheck__(item)

        def __subclasscheck__(cls, kind: type) -> bool:
            return issubclass(kind, plain) if cls is made else super().__subclasscheck__(kind)

    made: type = Type(plain.__name__, (plain,), methods)
    return made


def _hand_out(other: types.ModuleType) -> None:
    plain = builtins.__import__

    def importing(
        name: str, globals: Mapping[str, object] | None = None, locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (), level: int = 0,
    ) -> types.ModuleType:  # fmt: skip
        who = str((globals or {}).get("__name__", "")).partition(".")[0]
        if name == "datetime" and level == 0 and who not in LIBRARIES and who not in sys.stdlib_module_names:
            return other
        return plain(name, globals, locals, fromlist, level)

    builtins.__import__ = importing
