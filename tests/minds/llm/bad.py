"""Thirty ways in which an answer can be bad, each in twenty shapes: six hundred answers.

Contract: each is made from a good answer to the same question, so that nothing else is wrong with it. `KINDS` says by
which words the guards may name it; a shape that is right by chance does not occur.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from minds.llm.call import Answer

__all__ = ["EACH", "KINDS", "Bad", "spoil"]

EACH = 20
"""Shapes of each kind."""
Doc = dict[str, Any]
Maker = Callable[[Doc, random.Random], "str | Answer"]


class Bad(NamedTuple):
    """One kind.

    Attributes:
        make: from a good document and a source of chance, the raw text, or a whole answer.
        named: words of which the guards must find one.
    """

    make: Maker
    named: frozenset[str]


def spoil(kind: str, shape: int, good: str) -> Answer:
    """One of the six hundred."""
    made = KINDS[kind].make(json.loads(good), random.Random(f"{kind} {shape}"))
    return made if isinstance(made, Answer) else Answer(made, "stop")


def _prose(doc: Doc) -> list[str]:
    return [name for name, text in doc.items() if isinstance(text, str) and " " in text]


_PROPER = ("Apple", "Bitcoin", "NVDA", "TSLA", "BRK.B")


def _in_text(*pieces: str) -> Maker:
    """One of the pieces put behind a text, as a sentence of its own."""

    def make(doc: Doc, chance: random.Random) -> str:
        name = chance.choice([name for name in _prose(doc) if name != "title"])
        text, piece = doc[name], chance.choice(pieces)
        tail = piece if piece.startswith(_PROPER) else piece[0].lower() + piece[1:]
        doc[name] = f"{text} {piece}" if chance.random() < 0.5 else f"{text[:-1]}, and {tail}"
        return json.dumps(doc, ensure_ascii=chance.random() < 0.5)

    return make


def _missing(doc: Doc, chance: random.Random) -> str:
    for name in chance.sample(list(doc), chance.randint(1, len(doc))):
        del doc[name]
    return json.dumps(doc)


def _extra(doc: Doc, chance: random.Random) -> str:
    name = chance.choice(["confidence", "p", "note", "id", "tool_call", "Thesis", "direction ", "", "__proto__"])
    return json.dumps({**doc, name: chance.choice(["x", None, 1, [], {}])})


def _enum(doc: Doc, chance: random.Random) -> str:
    first = next(iter(doc))
    doc[first] = chance.choice(["sideways", "UP", "Down ", "", "higher", "bullish", "нет", "up/down", "long", "flat"])
    return json.dumps(doc)


def _turned(doc: Doc, chance: random.Random) -> str:
    first = next(iter(doc))
    others = [word for word in ("up", "down", "none", "strong_up") if word != doc[first]]
    doc[first] = chance.choice(others[: 2 if first == "direction" else 1])
    return json.dumps(doc)


def _probability(doc: Doc, chance: random.Random) -> str:
    said = chance.choice(["1.2", "-0.1", '"0,52"', '"52%"', "1e400", "0.99", '"certain"', "99"])
    return json.dumps(doc)[:-1] + f', "p": {said}}}'


def _no_number(doc: Doc, chance: random.Random) -> str:
    return (
        json.dumps(doc)[:-1] + f', "p": {chance.choice(["NaN", "Infinity", "-Infinity", "nan", ".5", "+1", "0x1F"])}}}'
    )


def _type(doc: Doc, chance: random.Random) -> str:
    name = chance.choice(list(doc))
    doc[name] = chance.choice([None, 1, -1.5, True, {"text": doc[name]}, [[doc[name]]], {}])
    return json.dumps(doc)


def _horizon(doc: Doc, chance: random.Random) -> str:
    return json.dumps({**doc, "horizon": chance.choice([0, 10**9, -1, "0h", "24h", "1000000000h", "tomorrow"])})


def _digits(doc: Doc, chance: random.Random) -> str:
    name = chance.choice(_prose(doc))
    number = str(chance.randint(2, 9999))
    zero = chance.choice([0x30, 0x0660, 0x06F0, 0x0966, 0xFF10, 0x1D7CE, 0x0E50])
    doc[name] = doc[name].replace(" ", " " + "".join(chr(zero + int(digit)) for digit in number) + " ", 1)
    return json.dumps(doc, ensure_ascii=chance.random() < 0.5)


def _fences(doc: Doc, chance: random.Random) -> str:
    text = json.dumps(doc)
    return chance.choice([
        f"```json\n{text}", f"{text}\n```", f"```json\n{text}\n```\n```json\n{text}\n```",
        f"Here:\n```json\n{text}\n```",
        f"```python\nprint({text!r})\n```", f"~~~\n{text}\n~~~", f"```json\n{text}\n```\nI hope this helps.",
    ])  # fmt: skip


def _two(doc: Doc, chance: random.Random) -> str:
    text = json.dumps(doc)
    return chance.choice(
        [f"{text}\n{text}", f"[{text}]", f"{text}{{}}", f"{{}}{text}", f"[{text},{text}]", f"{text},{text}"]
    )


def _around(doc: Doc, chance: random.Random) -> str:
    before, after = chance.choice([("Sure! ", ""), ("", "\nDone."), ("Answer: ", ""), ("Thought: hm. ", ""),
                                   ("\ufeff", ""),
                                   ("json\n", ""), ("", " // end"), ("\x00", ""), ("'", "'"), ("(", ")")])  # fmt: skip
    return before + json.dumps(doc) + after


def _refusal(doc: Doc, chance: random.Random) -> str:
    said = chance.choice([
        "I'm sorry, but I cannot help with that.", "As an AI language model, I do not give financial advice.",
        "I can't comply with this request.", "I am unable to provide market predictions.",
    ])  # fmt: skip
    if chance.random() < 0.4:
        return said
    doc[chance.choice(_prose(doc))] = said
    return json.dumps(doc)


def _empty(doc: Doc, chance: random.Random) -> str:
    if chance.random() < 0.5:
        return chance.choice(["", " ", "\n\n\n", "{}", "[]", "null", '""', "\t"])
    doc[chance.choice(_prose(doc))] = chance.choice(["", " ", ".", "...", "-", "n/a", "TBD.", "\u200b"])
    return json.dumps(doc)


def _cut(doc: Doc, chance: random.Random) -> Answer:
    text = json.dumps(doc)
    return Answer(text[: chance.randint(1, len(text) - 1)], chance.choice(["length", "max_tokens", "content_filter"]))


def _torn(doc: Doc, chance: random.Random) -> str:
    text = json.dumps(doc)
    return text[: chance.randint(1, len(text) - 1)]


def _loop(doc: Doc, chance: random.Random) -> str:
    name = chance.choice([name for name in _prose(doc) if name != "title"])
    piece = chance.choice([doc[name], "The market is the market.", "very", "and so on and so forth,"])
    doc[name] = (f"{doc[name]} " + f"{piece} " * chance.randint(3, 60)).strip().rstrip(",") + "."
    return json.dumps(doc)


def _long(doc: Doc, chance: random.Random) -> str:
    doc[chance.choice(_prose(doc))] = "a" * chance.choice([20_000, 300_000, 1_000_000, 10_000_000])
    return json.dumps(doc)


def _language(doc: Doc, chance: random.Random) -> str:
    doc[chance.choice([name for name in _prose(doc) if name != "title"])] = chance.choice([
        "Der Markt ist gestern deutlich gefallen und wird wohl auch morgen nicht steigen.",
        "Le marché est en baisse et les vendeurs sont toujours dans la place pour une semaine.",
        "El mercado cae con fuerza y los compradores no quieren saber nada de una subida.",
        "Рынок падает, и покупателей пока не видно.", "市场今天下跌了，买家没有出现。", "السوق يهبط اليوم بقوة.",
        "Il mercato scende e che cosa sono i compratori non lo sa una persona.",
    ])  # fmt: skip
    return json.dumps(doc, ensure_ascii=chance.random() < 0.5)


def _twice(doc: Doc, chance: random.Random) -> str:
    name = chance.choice(list(doc))
    return json.dumps(doc)[:-1] + f", {json.dumps(name)}: {json.dumps(doc[name])}}}"


def _deep(doc: Doc, chance: random.Random) -> str:
    depth = chance.choice([5, 100, 5000])
    name = chance.choice(list(doc))
    shape = chance.choice([("[", "]"), ('{"a":', "}")])
    return json.dumps(doc)[:-1] + f', "{name}x": {shape[0] * depth}1{shape[1] * depth}}}'


def _cites(doc: Doc, chance: random.Random) -> str:
    doc["cites"] = chance.choice([
        [*doc["cites"], "growth.ret_999d"], [*doc["cites"], doc["cites"][0]], doc["cites"][1:], [], ["E1", "E2"],
        [*doc["cites"], "view.nobody"], [*doc["cites"], "{regime}"], [*doc["cites"], ""], [*doc["cites"]] * 9, "all",
    ])  # fmt: skip
    return json.dumps(doc)


def _placeholder(doc: Doc, chance: random.Random) -> str:
    name = chance.choice([name for name in _prose(doc) if name != "title"])
    piece = chance.choice(["{gold.ret_1d}", "{growth.ret_999d}", "{", "}", "{{regime}}", "{}", "{regime.score!r}",
                           "{0}", "{a b}",
                           "{regime", "%s", "${regime}", "{REGIME}"])  # fmt: skip
    doc[name] = f"{doc[name]} The desk says {piece} of it."
    return json.dumps(doc)


def _contradicts(doc: Doc, chance: random.Random) -> str:
    """The other side in the text that states one, or in the writer's own name."""
    way = {"up": "lower", "down": "higher"}.get(next(iter(doc.values())), "higher")
    said = chance.choice(
        [f"I expect {way} prices.", f"I lean {way}.", f"My own call is {way}, and firmly so.", f"We will see it {way}."]
    )
    name = "thesis" if "thesis" in doc else "closing" if "closing" in doc else _prose(doc)[-1]
    doc[name] = said if name == "thesis" else f"{doc[name]} {said}"
    return json.dumps(doc)


def _own_wrong(doc: Doc, chance: random.Random) -> str:
    name = "thesis" if "thesis" in doc else _prose(doc)[-1]
    said = chance.choice(["This view is incorrect.", "The thesis is wrong.", "My call is mistaken.",
                          "I am wrong about this.",
                          "The direction is not supported by anything."])  # fmt: skip
    doc[name] = f"{doc[name]} {said}"
    return json.dumps(doc)


def _repeats_itself(doc: Doc, chance: random.Random) -> str:
    prose = [name for name in _prose(doc) if name != "title"]
    one, *rest = prose
    doc[chance.choice(rest)] = doc[one]
    return json.dumps(doc)


_JSON = frozenset({"json"})
_FORM = frozenset({"keys", "type"})

KINDS: Mapping[str, Bad] = {
    "missing field": Bad(_missing, _FORM),
    "extra field": Bad(_extra, _FORM),
    "enum": Bad(_enum, frozenset({"side", "choice"})),
    "turned round": Bad(_turned, frozenset({"side", "choice"})),
    "probability": Bad(_probability, _FORM | _JSON),
    "not a number": Bad(_no_number, _JSON),
    "wrong type": Bad(_type, _FORM),
    "horizon": Bad(_horizon, _FORM),
    "digits": Bad(_digits, frozenset({"digit", "letters"})),
    "fences": Bad(_fences, _JSON),
    "two objects": Bad(_two, _JSON),
    "prose around": Bad(_around, _JSON),
    "refusal": Bad(_refusal, _JSON | {"assistant"}),
    "empty": Bad(_empty, _JSON | {"keys", "length", "ending", "letters", "markup"}),
    "cut": Bad(_cut, frozenset({"finish"})),
    "torn": Bad(_torn, _JSON),
    "loop": Bad(_loop, frozenset({"repeat", "size"})),
    "long": Bad(_long, frozenset({"size"})),
    "language": Bad(_language, frozenset({"language", "letters"})),
    "key twice": Bad(_twice, _JSON),
    "deep": Bad(_deep, _JSON | {"size"}),
    "cites": Bad(_cites, frozenset({"cite", "uncited", "type"})),
    "placeholder": Bad(_placeholder, frozenset({"unknown-fact", "braces", "digit", "markup", "sign", "letters"})),
    "contradiction": Bad(_contradicts, frozenset({"other-side", "no-side"})),
    "own view wrong": Bad(_own_wrong, frozenset({"own-wrong"})),
    "stranger": Bad(_in_text("TSLA led the way.", "NVDA was the reason for it.", "Apple told investors as much.",
                             "BRK.B and XLE disagree.", "Bitcoin said so first.", "^DJI shows it too."),
                    frozenset({"ticker", "name", "link", "letters"})),
    "invented source": Bad(_in_text("According to Reuters, more is to come.", "Analysts at Goldman agree with that.",
                                    "Sources say that a fund is in trouble.", "A survey of managers shows it.",
                                    "Traders say that it is over."), frozenset({"source", "name"})),
    "date": Bad(_in_text("It began on Monday.", "The same happened in March.", "It will be over by next year.",
                         "Nothing like it was seen for decades.", "It started a week ago.", "Tomorrow will tell."),
                frozenset({"date"})),
    "markup": Bad(_in_text("See [the desk](https://evil.example).", "Read <b>this</b> twice.",
                           "Visit www.evil.example now.",
                           "Write to me@evil.example.", "Run `rm -rf` on it.", "This is **bold** talk.",
                           "A\u202eB is a trick.",
                           "Hidden\u200bwords are here.", "It is a #tag | a table."),
                  frozenset({"markup", "link", "letters"})),
    "says it twice": Bad(_repeats_itself, frozenset({"repeat"})),
}  # fmt: skip
"""The thirty kinds."""
