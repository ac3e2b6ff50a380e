"""Minds that break the contract, one way each, and one that keeps it.

Contract: `OFFENDERS` maps each class to the checks that must fail, and to no more than those.
"""

from __future__ import annotations

import datetime
import os
import random
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from engine.bars import FloatArray
from engine.market import Market
from engine.signals.columns import Columns
from minds import Abstention, Contribution, EvidenceMind, Missing, SignalSpec, Snapshot, Target, Term, View

__all__ = ["OFFENDERS", "Bars", "Own", "Sound", "Table"]


class Sound:
    """Leans with the last month."""

    name = "sound"

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        signal = f"{target.role}.ret_21d"
        z = snapshot.z(signal)
        value = snapshot.value(signal)
        if z is None or value is None:
            return Abstention(self.name, target.key, snapshot.why_missing(signal))
        return self.say(snapshot, target, max(-1.0, min(1.0, z / 3)), signal, value)

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        part = Contribution(signal, lean, value, "the month goes on")
        return View(self.name, target.key, lean, (part,))


class Own(Sound):
    """Leans with a signal of its own."""

    name = "own"

    @staticmethod
    def make(columns: Columns) -> tuple[FloatArray, FloatArray]:
        x = columns.ret("market", 5)
        return x, 50.0 * x

    signals = (SignalSpec("own.week", "return", 5, ("market",), make, "the week"),)

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        z = snapshot.z("own.week")
        if z is None:
            return Abstention(self.name, target.key, snapshot.why_missing("own.week"))
        return View(self.name, target.key, z / 3)


class Bars(Sound):
    """Leans with the bars of the market."""

    name = "bars"

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        closes = snapshot.history("market", 20)
        if len(closes) < 20 or np.isnan(closes).any():
            return Abstention(self.name, target.key, "twenty sessions are not all there")
        return View(self.name, target.key, float(np.tanh(closes[-1] / closes[0] - 1.0)))


class Table(EvidenceMind):
    """Leans with two terms."""

    name = "table"
    terms = (Term("{target}.ret_5d", 0.6, "up", "down"), Term("market.ret_21d", -0.4, "up", "down"))


# --- what it is and says ---


class NoName(Sound):
    """Has a name for people."""

    name = "The Tide"


class NoDocstring(Sound):
    __doc__ = ""
    name = "silent"


class NameOfOurs(Own):
    """Declares a signal that there is."""

    signals = (SignalSpec("market.ret_1d", "return", 1, ("market",), Own.make, "today"),)


class Unsaid(Own):
    """Declares a signal without words."""

    signals = (SignalSpec("own.week", "return", 5, ("market",), Own.make, " "),)


class Raises(Sound):
    """Fails when there is no value yet."""

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        return View(self.name, target.key, float(snapshot.z(f"{target.role}.ret_21d")) / 3)  # type: ignore[arg-type]  # that is the fault


class RaisesNothing(Sound):
    """Fails without a word."""

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        if snapshot.session < "2001-03":
            raise ValueError
        return super().view(snapshot, reading, target)


class Exits(Sound):
    """Ends the program."""

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        if snapshot.session < "2001-03":
            raise SystemExit("enough")
        return super().view(snapshot, reading, target)


class WrongType(Sound):
    """Answers with a number."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return lean


class NoReason(Sound):
    """Is silent on falls and does not say why."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        if lean < 0.0:
            return Abstention(self.name, target.key, " ")
        return super().say(snapshot, target, lean, signal, value)


class Forger(Sound):
    """Speaks for another."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return super().say(snapshot, target, lean, signal, value)._replace(mind="macro")


class MissingText(Sound):
    """Lists what is missing as text."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return super().say(snapshot, target, lean, signal, value)._replace(missing=("tides",))


class TooFar(Sound):
    """Leans beyond one."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, 3.0 * lean)


class AtTheEdge(Sound):
    """Leans beyond one when a signal is as far out as signals go."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, 1.0001 * lean)


class NotANumber(Sound):
    """Leans by nothing that is a number on rises."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, float("nan") if lean > 0.0 else lean)


class DoesNotAdd(Sound):
    """Contributes twice what it leans."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, lean, (Contribution(signal, 2.0 * lean, value, "twice"),))


class InfiniteValue(Sound):
    """Contributes an infinite value."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, lean, (Contribution(signal, lean, float("inf"), "much"),))


# --- what its answers depend on ---


class Chance(Sound):
    """Draws lots."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, random.uniform(-1.0, 1.0))


class OwnChance(Sound):
    """Draws lots from a generator of its own."""

    def __init__(self) -> None:
        self.lots = random.Random(7)

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, self.lots.uniform(-1.0, 1.0))


class Seeds(Sound):
    """Draws the same lots each time by seeding everybody's generator."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        random.seed(snapshot.at)
        return View(self.name, target.key, random.uniform(-1.0, 1.0))


class Remembers(Sound):
    """Leans half as far as it did on the session before."""

    def __init__(self) -> None:
        self.last: dict[str, tuple[int, float]] = {}

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        at, last = self.last.get(target.key, (-1, 0.0))
        if at != snapshot.at:
            self.last[target.key] = (snapshot.at, lean)
        return View(self.name, target.key, (lean + (last if at != snapshot.at else 0.0)) / 2)


class FirstTarget(Sound):
    """Says of every target what it said of the session's first."""

    def __init__(self) -> None:
        self.first: tuple[int, float] = (-1, 0.0)

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        if self.first[0] != snapshot.at:
            self.first = (snapshot.at, lean)
        return View(self.name, target.key, self.first[1])


_CALLS = [0]


class Counts(Sound):
    """Counts its calls in the module."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        _CALLS[0] += 1
        return View(self.name, target.key, lean / _CALLS[0])


class WritesUniverse(Sound):
    """Notes something in the universe that it is given."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        snapshot.universe.missing["note"] = snapshot.session  # type: ignore[index]  # that is the fault
        return super().say(snapshot, target, lean, signal, value)


class NumpyErrors(Sound):
    """Makes numpy raise for everybody."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        np.seterr(all="raise")
        return super().say(snapshot, target, lean, signal, value)


class Environment(Sound):
    """Leaves its mark among the environment variables."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        os.environ["LAST_SESSION"] = snapshot.session
        return super().say(snapshot, target, lean, signal, value)


class Function(Sound):
    """Keeps a function that no pickle takes."""

    def __init__(self) -> None:
        self.half = lambda x: x / 2


class KeepsSnapshot(Sound):
    """Keeps the snapshot that it has seen."""

    seen: Snapshot | None = None

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        self.seen = snapshot
        return super().view(snapshot, reading, target)


class Forgets(Sound):
    """Loses its scale in a pickle."""

    def __init__(self) -> None:
        self.scale = 0.5

    def __getstate__(self) -> dict[str, object]:
        return {"scale": 1.0}

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, lean * self.scale)


class Clock(Sound):
    """Leans by the months on the clock."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, lean / (time.time() // 2_592_000))


class Today(Sound):
    """Is the bolder the older the session is today."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        age = date.today().year - date.fromisoformat(snapshot.session).year
        return View(self.name, target.key, lean * age / (age + 10.0))


class Year(Sound):
    """Asks the module datetime for the year."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        aware = isinstance(snapshot.as_of, datetime.datetime)
        return View(self.name, target.key, lean / (datetime.datetime.now().year % 100 + aware))


class Setting(Sound):
    """Takes its speed from a variable that nobody has set."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, lean / float(os.environ.get("SPEED_OF_MY_MIND", "2")))


class HashOrder(Sound):
    """Takes the first of a set of words."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        words = {f"word {number}" for number in range(40)}
        return View(self.name, target.key, int(next(iter(words)).split()[1]) / 40.0)


class ReadsFile(Sound):
    """Asks whether there is a file in the working folder."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        return View(self.name, target.key, 0.5 if any(Path().iterdir()) else -0.5)


# --- what it does with data ---


class Undeclared(Sound):
    """Asks for a signal that is not there, and has a way round."""

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        try:
            snapshot.z(f"{target.role}.ret_22d")
        except ValueError:
            return super().view(snapshot, reading, target)


class Private(Sound):
    """Looks behind the snapshot."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        getattr(snapshot, "_feed", None)
        return super().say(snapshot, target, lean, signal, value)


class Neutral(Sound):
    """Takes what is missing for nothing at all."""

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        return View(self.name, target.key, (snapshot.z(f"{target.role}.ret_21d") or 0.0) / 3)


class Mean(Sound):
    """Leans with the mean of those signals that are there."""

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        names = (f"{target.role}.ret_21d", f"{target.role}.ret_5d", "market.vs_200d")
        found = [z for name in names if (z := snapshot.z(name)) is not None]
        missing = tuple(Missing(name, snapshot.why_missing(name)) for name in names if snapshot.z(name) is None)
        if not found:
            return Abstention(self.name, target.key, "nothing is there", missing)
        return View(self.name, target.key, sum(found) / len(found) / 3, (), missing)


class OldBars(Bars):
    """Leans with the bars of the market, whatever is left of them."""

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        closes = snapshot.history("market", 200)
        closes = closes[~np.isnan(closes)]
        if not len(closes):
            return Abstention(self.name, target.key, "there are no bars")
        return View(self.name, target.key, float(np.tanh(closes[-1] / closes[0] - 1.0)))


def _scaled(columns: Columns) -> tuple[FloatArray, FloatArray]:
    x = columns.ret("market", 5)
    return x, (x - np.nanmean(x)) / np.nanstd(x)


class FullSample(Own):
    """Scales its signal by the whole history."""

    signals = (SignalSpec("own.week", "return", 5, ("market",), _scaled, "the week"),)


def _tomorrow(columns: Columns) -> tuple[FloatArray, FloatArray]:
    x = np.roll(columns.ret("market"), -1)
    return x, 50.0 * x


class Tomorrow(Own):
    """Reads tomorrow's return."""

    signals = (SignalSpec("own.week", "return", 1, ("market",), _tomorrow, "tomorrow"),)


_MARKETS: list[Market] = []


def _keep(columns: Columns) -> tuple[FloatArray, FloatArray]:
    _MARKETS[:] = [columns.market]
    return Own.make(columns)


class Cached(Own):
    """Keeps the market that its signal was computed from, and looks up tomorrow there."""

    signals = (SignalSpec("own.week", "return", 5, ("market",), _keep, "the week"),)

    def view(self, snapshot: Snapshot, reading: Any, target: Target) -> Any:
        if snapshot.z("own.week") is None:
            return Abstention(self.name, target.key, "no week")
        closes = _MARKETS[0].column("SPY")
        change = closes[min(snapshot.at + 1, len(closes) - 1)] / closes[snapshot.at] - 1.0
        return View(self.name, target.key, float(np.tanh(50.0 * change)) if np.isfinite(change) else 0.0)


class Headlines(Sound):
    """Counts good words in the news."""

    def say(self, snapshot: Snapshot, target: Target, lean: float, signal: str, value: float) -> Any:
        good = sum("buy" in event.text for event in snapshot.events(10))
        return View(self.name, target.key, lean / (1 + good))


OFFENDERS: dict[type, set[str]] = {
    Sound: set(),
    Own: set(),
    Bars: set(),
    Table: set(),
    NoName: {"declared_well"},
    NoDocstring: {"declared_well"},
    Unsaid: {"declared_well"},
    Raises: {"answers_soundly", "abstains_without_data", "names_what_is_missing"},
    RaisesNothing: {"answers_soundly", "clear_errors"},
    Exits: {"answers_soundly", "clear_errors"},
    WrongType: {"answers_soundly"},
    NoReason: {"answers_soundly"},
    Forger: {"answers_soundly"},
    MissingText: {"answers_soundly"},
    TooFar: {"lean_in_range"},
    AtTheEdge: {"lean_in_range"},
    NotANumber: {"lean_in_range"},
    DoesNotAdd: {"adds_up"},
    InfiniteValue: {"adds_up"},
    Chance: {"deterministic", "stateless", "leaves_things_alone", "picklable", "other_surroundings", "another_process",
             "never_bolder_with_less", "names_what_is_missing", "blind_to_the_future", "unmoved_by_text"},
    OwnChance: {"deterministic", "stateless", "picklable", "names_what_is_missing", "never_bolder_with_less"},
    Seeds: {"leaves_things_alone"},
    Remembers: {"deterministic", "stateless", "picklable"},
    FirstTarget: {"stateless", "names_what_is_missing", "never_bolder_with_less"},
    Counts: {"deterministic", "stateless", "picklable", "other_surroundings", "another_process", "unmoved_by_text",
             "blind_to_the_future", "names_what_is_missing"},
    WritesUniverse: {"leaves_things_alone"},
    NumpyErrors: {"leaves_things_alone"},
    Environment: {"leaves_things_alone"},
    Function: {"picklable"},
    KeepsSnapshot: {"picklable"},
    Forgets: {"picklable"},
    Clock: {"other_surroundings"},
    Today: {"other_surroundings"},
    Year: {"other_surroundings"},
    Setting: {"other_surroundings"},
    HashOrder: {"another_process"},
    ReadsFile: {"another_process"},
    Undeclared: {"reads_what_is_declared"},
    Private: {"reads_what_is_declared"},
    Neutral: {"abstains_without_data", "names_what_is_missing"},
    Mean: {"never_bolder_with_less"},
    OldBars: {"abstains_without_data", "names_what_is_missing", "never_bolder_with_less"},
    FullSample: {"causal_signals", "blind_to_the_future"},
    Tomorrow: {"causal_signals", "blind_to_the_future"},
    Cached: {"blind_to_the_future"},
    Headlines: {"unmoved_by_text"},
}  # fmt: skip
"""What must fail, and nothing else may."""
