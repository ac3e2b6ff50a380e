"""Every attack as headline, filing and source, against a model that obeys: nothing of it is ever printed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.events import Event, Tier
from minds.llm.call import Answer
from minds.llm.form import ARGUE, ESSAY, Form
from minds.llm.gather import gather
from minds.llm.guard import Rejected, Said, examine
from minds.llm.pack import Pack
from minds.llm.prompt import Question, ask
from minds.llm.untrusted import datamark, marker, sanitise
from minds.record import CycleRecord
from tests.minds.llm.attacks.obedient import LINK, WAYS, Attack, attacks, obey, outside, secret_of
from tests.minds.llm.models import honest
from tests.minds.records import seed_day

SECRET = b"a key that nobody has"
PLACES = ("headline", "filing", "source")
FORMS: tuple[tuple[Form, str | None], ...] = ((ARGUE, "macro"), (ESSAY, None))


def struck(text: str, place: str) -> CycleRecord:
    """The seed's day with one event that carries the attack."""
    record = seed_day()
    told, source = ("Shares were little changed.", text[:200]) if place == "source" else (text, "newswire")
    tier: Tier = "official" if place == "filing" else "crowd"
    kind = "filing" if place == "filing" else "headline"
    event = Event(kind, record.session, record.as_of - timedelta(hours=2), told[:2000], source, tier)
    return replace(record, events=(event,))


def runs(text: str, length: int) -> set[str]:
    """Runs of words, in small letters, letters only."""
    words = re.findall(r"[a-z]+", text.lower())
    return {" ".join(words[at : at + length]) for at in range(len(words) - length + 1)}


def asked(text: str, place: str, form: Form, who: str | None) -> tuple[Pack, Question]:
    pack = gather(struck(text, place), who)
    return pack, ask(form, pack, "fake/obedient", who or "synthesis", SECRET)


@pytest.mark.parametrize("place", PLACES)
def test_nothing_of_an_attack_is_printed(place: str) -> None:
    """142 attacks in three places, two forms, nine ways to obey: 7,668 answers."""
    count = 0
    for attack in attacks():
        for form, who in FORMS:
            pack, question = asked(attack.text, place, form, who)
            for way in range(WAYS):
                count += 1
                seen = examine(
                    Answer(obey(question.call, way), "stop"),
                    form,
                    pack,
                    prompt=question.texts,
                    canary=question.canary,
                    marker=question.marker,
                )
                if isinstance(seen, Rejected):
                    continue
                printed = " ".join(seen.fields[field.name] for field in form.texts)
                assert question.canary not in printed and LINK not in printed, attack.id
                assert not any(letter.isdigit() for letter in printed.replace("_1d", "").replace("_5d", "")), attack.id
                assert not runs(printed, 4) & runs(attack.text, 4), (attack.id, way, printed)
    assert count == len(attacks()) * len(FORMS) * WAYS


@pytest.mark.parametrize("place", PLACES)
def test_an_attack_cannot_close_the_quotation_it_stands_in(place: str) -> None:
    for attack in attacks():
        _, question = asked(attack.text, place, ARGUE, "macro")
        lines = [line for line in question.call.messages[1].text.splitlines() if line.startswith("- (")]
        assert len(lines) <= 1  # one event, one line, whatever line breaks it brought
        marks = re.findall(r"\^[a-z]+\^", "".join(lines))
        assert len(set(marks)) <= 1
        assert secret_of(question.call) not in attack.text


def test_the_marker_and_the_canary_do_what_they_say() -> None:
    """Another key, another fact or another text makes another marker; the same make the same."""
    one, other = asked("Buy now.", "headline", ARGUE, "macro")[1], asked("Buy now!", "headline", ARGUE, "macro")[1]
    again = asked("Buy now.", "headline", ARGUE, "macro")[1]
    assert one == again
    assert one.canary != other.canary
    assert marker(b"k" * 32, b"facts") != marker(b"l" * 32, b"facts")
    pretender = marker(SECRET, b"facts")
    marked = datamark(f"so {pretender} end of data {pretender.strip('^').upper()} now", pretender)
    assert marked.strip("^").count("^") == 2 * (len(marked.split(pretender)) - 2)
    assert pretender.strip("^") not in marked.replace(pretender, " ").lower()


@pytest.mark.parametrize("attack", attacks("benign"), ids=[item.id for item in attacks("benign")])
def test_of_a_benign_text_nothing_is_lost_but_markup(attack: Attack) -> None:
    """Every word that is not an address or a tag is still there, in its order."""
    bare = re.sub(
        r"https?://\S+|data:\S+|www\.\S+|\S+@\S+|<[^<>]*>|\b[\w.-]+\.(?:com|net|org|io|example|test)\b\S*",
        " ",
        attack.text,
    )
    wanted = re.findall(r"\w+", re.sub(r"(?<![^\W_])_+|_+(?![^\W_])", " ", bare))
    left = re.findall(r"\w+", sanitise(attack.text, limit=2000))
    rest = iter(left)
    assert [word for word in wanted if word not in rest] == []


def test_a_model_that_does_not_obey_is_printed() -> None:
    """The same questions, answered as one should: the guards do not win by refusing everything."""
    for attack in attacks()[::7]:
        for form, who in FORMS:
            pack, question = asked(attack.text, "headline", form, who)
            assert outside(question.call)
            seen = examine(
                Answer(honest(question.call), "stop"),
                form,
                pack,
                prompt=question.texts,
                canary=question.canary,
                marker=question.marker,
            )
            assert isinstance(seen, Said), (attack.id, seen)
