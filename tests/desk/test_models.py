"""Models of one run: opened once each, under one budget, and money for one model only."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from backtest.settings import Settings, default_targets
from desk.data import open_data
from desk.models import ModelOptions, Models, sessions_of
from engine.errors import InputError
from minds.llm.budget import Budget
from minds.llm.recorded import Recorded
from minds.llm.scripted import Scripted
from minds.llm.tape import Tape


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Budget]:
    """The budgets with which models were opened; each model is a script."""
    found: list[Budget] = []

    def model(text: str, *, calls: Path, budget: Budget, **_: object) -> Recorded:
        found.append(budget)
        return Recorded(Scripted(lambda call: "no", name=text), Tape(calls), budget)

    monkeypatch.setattr("minds.llm.opening.open_model", model)
    return found


def test_each_model_is_opened_once_and_all_share_a_budget(tmp_path: Path, opened: list[Budget]) -> None:
    models = Models(ModelOptions(budget_tokens=1000), tmp_path)
    first = models.open("litellm:a")
    assert models.open("litellm:a") is first
    assert models.open("litellm:b") is not first
    assert len(opened) == 2 and opened[0] is opened[1]


def test_money_is_kept_for_one_model_only(tmp_path: Path, opened: list[Budget]) -> None:
    models = Models(ModelOptions(budget_usd=1.0), tmp_path)
    assert models.open("litellm:a") is models.open("litellm:a")
    with pytest.raises(InputError, match="for one model only"):
        models.open("litellm:b")


def test_calls_go_where_they_were_asked_to(tmp_path: Path, opened: list[Budget]) -> None:
    assert Models(ModelOptions(), tmp_path / "usual").open("litellm:a").tape.folder == tmp_path / "usual"
    typed = ModelOptions(calls=str(tmp_path / "mine"))
    assert Models(typed, tmp_path / "usual").open("litellm:a").tape.folder == tmp_path / "mine"


@pytest.mark.parametrize(
    ("after", "sessions"),
    [
        (None, 5),  # 3 to 7 December 2018 without the 5th, a day of mourning; and the 10th
        (date(2018, 12, 2), 5),
        (date(2018, 12, 4), 3),
        (date(2018, 12, 9), 1),
        (date(2018, 12, 10), 0),
    ],
)
def test_sessions_are_counted_by_hand(after: date | None, sessions: int) -> None:
    data = open_data("sample", None, "2018-12-03", "2018-12-10")
    settings = Settings(
        "sample", data.universe, date(2018, 12, 3), date(2018, 12, 10), ("flow",), default_targets(data.universe)
    )
    assert sessions_of(settings, after) == sessions
