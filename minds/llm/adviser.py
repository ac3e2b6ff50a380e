"""The model as an adviser: one question about the lead call, one of five tilts as an answer, and a reason.

Contract: asked at most once a session, from the record's evidence pack; the same situation makes the same question,
which is then answered from the record of calls. An answer that the guards reject, that points the other way than its
own tilt, or that does not come is an abstention that says so: no repairs, no second try. What a tilt is worth is
decided elsewhere (`minds.advised`). A replay that does not hold a question is an `InputError`, as for a writer.
"""

from __future__ import annotations

import json
from typing import Any

from minds.advised import TILTS
from minds.adviser import Said
from minds.llm.bill import Bill, Row
from minds.llm.call import Answer, Model, NoAnswer
from minds.llm.form import ADVISE
from minds.llm.gather import gather
from minds.llm.guard import Rejected, examine, fill
from minds.llm.pack import Pack, Side
from minds.llm.prompt import ask, version
from minds.record import CycleRecord

__all__ = ["ADVISER", "ModelAdviser"]

ADVISER = "Adviser"
"""How it is called in prompts and bills."""


class ModelAdviser:
    """Asks a model for a tilt.

    Attributes:
        name: the model and the version of what it is asked.

    Args:
        model: who is asked.
        secret: the key of the record of calls (`minds.llm.untrusted.keep_secret`).
    """

    def __init__(self, model: Model, secret: bytes) -> None:
        self.name = f"{model.name}, {version(ADVISE)}"
        self._model, self._secret = model, secret

    def advise(self, record: CycleRecord) -> Said:
        """What the model says about the lead call."""
        pack = gather(record, None)._replace(mind=ADVISER)
        question = ask(ADVISE, pack, self._model.name, ADVISER.lower(), self._secret)
        (outcome,) = self._model.ask([question.call])
        if isinstance(outcome, NoAnswer):
            return Said("", f"no answer, {outcome.reason}")
        leaning = pack._replace(side=_side(outcome, pack))
        seen = examine(outcome, ADVISE, leaning, prompt=question.texts, canary=question.canary, marker=question.marker)
        if isinstance(seen, Rejected):
            return Said("", f"answer rejected, {seen.faults[0].kind}")
        return Said(seen.fields["tilt"], fill(seen.fields["because"], pack))

    def account(self) -> dict[str, Any]:
        """What asking it came to, for the run's record: `bill` is null where nobody counts."""
        bill: Bill | None = getattr(self._model, "bill", None)
        row = None if bill is None else bill.rows.get(ADVISER.lower(), Row())
        return {"name": self.name, "bill": None if row is None else row.document()}


def _side(answer: Answer, pack: Pack) -> Side:
    """Which way the answer's tilt points, for the check that its reason does not say the opposite."""
    try:
        tilt = TILTS[json.loads(answer.text)["tilt"]]
    except (ValueError, TypeError, LookupError, RecursionError):
        return pack.side  # the guards will say what is wrong with it
    return "up" if tilt > 0.0 else "down" if tilt < 0.0 else "none"
