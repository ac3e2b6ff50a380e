"""A scripted stand-in for an OpenAI-compatible host on the loopback, and the catalogue of ways in which one can fail.

Contract: `OpenAIServer` reads one request per connection and plays the steps that a function of that request gives:
bytes are sent as they are, a number lets a clock of the test's own go on by so many seconds, `HOLD` waits until the
client has hung up, `RESET` breaks the connection; then it closes. It speaks no HTTP of its own accord, so that it can
break every rule. `FAULTS` names the faults; each says what must come of a call that meets it. No test here waits for
real time.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import pytest

RESET: Literal["reset"] = "reset"
HOLD: Literal["hold"] = "hold"
Step = bytes | float | Literal["reset", "hold"]
KEY = "sk-loopback-0123456789-never-written-anywhere"
TIMEOUT = 20.0
"""Seconds of the test's clock for one attempt."""


class Clock:
    """A clock that goes on only when told."""

    def __init__(self) -> None:
        self.now, self._lock = 1000.0, threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds


@dataclass
class Request:
    """What was asked: path, headers in lower case, and the body as JSON."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    number: int = 0

    @property
    def text(self) -> str:
        """The last message."""
        return str(self.body["messages"][-1]["content"])


def completion(text: Any, tokens_in: Any = 20, tokens_out: Any = 5, **changes: Any) -> dict[str, Any]:
    """The document of an ordinary answer."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "small",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": 25},
        **changes,
    }


def http(body: bytes | dict[str, Any], status: str = "200 OK", length: int | None = None, **headers: Any) -> bytes:
    """An answer as bytes; `length` is what its head says, -1 for saying nothing."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    said = {"Content-Type": "application/json", "Content-Length": str(len(content) if length is None else length)}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    if length == -1:
        del said["Content-Length"]
    head = "".join([f"{name}: {value}\r\n" for name, value in said.items()])
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content


Script = Callable[[Request], Iterable[Step]]


class OpenAIServer:
    """A host; `asked` holds every request that came whole."""

    def __init__(self, script: Script, clock: Clock) -> None:
        self.script, self.clock = script, clock
        self.asked: list[Request] = []
        self._over, self._lock = threading.Event(), threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._port = int(self._socket.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return self._port

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def close(self) -> None:
        """Stop; later connections are refused."""
        self._over.set()
        with socket.socket() as knock:  # wakes `accept`
            knock.connect_ex(("127.0.0.1", self.port))
        self._socket.close()
        for thread in list(self._threads):
            thread.join(10)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                request = self._read(connection)
                if request is None:
                    return
                for step in self.script(request):
                    if isinstance(step, bytes):
                        connection.sendall(step)
                    elif isinstance(step, float):
                        self.clock.sleep(step)
                    elif step == HOLD:
                        while connection.recv(4096):
                            pass
                    else:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return
            except OSError:
                pass  # a client that no longer waits

    def _read(self, connection: socket.socket) -> Request | None:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return None
            data += chunk
            if data[:1] == b"\x16":  # somebody speaks TLS
                return None
        head, body = data.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in [line.partition(":") for line in lines]}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        with self._lock:
            request = Request(first.split()[1], headers, json.loads(body or b"{}"), len(self.asked))
            self.asked.append(request)
        return request


@contextmanager
def serving(patch: pytest.MonkeyPatch, script: Script, clock: Clock | None = None) -> Iterator[OpenAIServer]:
    """A host to which litellm sends the calls of models named `openai/...`."""
    server = OpenAIServer(script, clock or Clock())
    point(patch, server.address)
    try:
        yield server
    finally:
        server.close()


def point(patch: pytest.MonkeyPatch, address: str) -> None:
    """Make litellm's OpenAI host the one at `address`, whatever the environment says of others."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")] + ["OPENAI_BASE_URL"]:
        patch.delenv(name, raising=False)
    patch.setenv("OPENAI_API_BASE", address)
    patch.setenv("OPENAI_API_KEY", KEY)


# --- faults -----------------------------------------------------------------------------------------------------------


class Fault(NamedTuple):
    """One way to fail.

    Attributes:
        steps: what the host does, from the answer that it would have given and a source of chance.
        comes: what a call comes to that meets it: `answer` where it does no harm; `again` where the next attempt may do
            better, and three of them are no answer (`transport`); `transport` or `refused` where no second is made.
        spent: whether the host has worked for it.
    """

    steps: Callable[[dict[str, Any], random.Random], Iterable[Step]]
    comes: Literal["answer", "again", "transport", "refused"]
    spent: bool = True


def _status(status: str, body: bytes | dict[str, Any] | None = None, **headers: Any) -> Callable[..., Iterable[Step]]:
    told = {"error": {"message": f"Incorrect API key provided: {KEY}", "type": "x", "code": None}}
    return lambda good, chance: [http(told if body is None else body, status, **headers)]


def _moved(status: str, host: str) -> Callable[..., Iterable[Step]]:
    return lambda good, chance: [http(b"", status, Location=f"{host}/v1/chat/completions")]


def _body(make: Callable[[bytes, random.Random], bytes], **headers: Any) -> Callable[..., Iterable[Step]]:
    return lambda good, chance: [http(make(json.dumps(good).encode(), chance), **headers)]


def _document(**changes: Any) -> Callable[..., Iterable[Step]]:
    return lambda good, chance: [http(good | changes)]


def _choice(**changes: Any) -> Callable[..., Iterable[Step]]:
    return lambda good, chance: [http(good | {"choices": [good["choices"][0] | changes]})]


def _message(**changes: Any) -> Callable[..., Iterable[Step]]:
    return _choice(message={"role": "assistant", "content": "never this"} | changes)


def _without_finish(good: dict[str, Any], chance: random.Random) -> Iterable[Step]:
    choice = {name: value for name, value in good["choices"][0].items() if name != "finish_reason"}
    return [http(good | {"choices": [choice]})]


def _cut(
    good: dict[str, Any], chance: random.Random, end: Step | None = None, length: int | None = 0
) -> Iterable[Step]:
    body = json.dumps(good).encode()
    at = chance.randrange(1, len(body))
    yield http(body[:at], length=len(body) if length == 0 else length)
    if end is not None:
        yield end


def _head_cut(good: dict[str, Any], chance: random.Random) -> Iterable[Step]:
    whole = http(good)
    return [whole[: chance.randrange(1, whole.index(b"\r\n\r\n"))], RESET]


def _drip(good: dict[str, Any], chance: random.Random, start: int = 0) -> Iterable[Step]:
    whole = http(good)
    at = whole.index(b"\r\n\r\n") + 4 if start else 0
    yield whole[:at]
    for place in range(at, len(whole)):
        yield whole[place : place + 1]
        yield TIMEOUT / (len(whole) - at) * 1.01


def _large(good: dict[str, Any], chance: random.Random, megabytes: int = 10) -> Iterable[Step]:
    whole = http(completion("x" * 1000), length=megabytes * 1_000_000)
    yield whole
    for _ in range(megabytes * 10):
        yield b"x" * 100_000


def _chunked_cut(good: dict[str, Any], chance: random.Random) -> Iterable[Step]:
    body = json.dumps(good).encode()
    at = chance.randrange(1, len(body))
    return [http(b"", length=-1, Transfer_Encoding="chunked"), f"{len(body):x}\r\n".encode(), body[:at]]


def _gzip_cut(body: bytes, chance: random.Random) -> bytes:
    packed = gzip.compress(body)
    return packed[: chance.randrange(1, len(packed) - 8)]


def _gzip_flipped(body: bytes, chance: random.Random) -> bytes:
    packed = bytearray(gzip.compress(body))
    packed[chance.randrange(10, len(packed))] ^= 1 << chance.randrange(8)
    return bytes(packed)


def _inside(made: bytes) -> Callable[[bytes, random.Random], bytes]:
    """Bytes put into the middle of the answer's text."""
    return lambda body, chance: body.replace(b'"content": "', b'"content": "' + made, 1)


def _usage(text: bytes) -> Callable[[bytes, random.Random], bytes]:
    return lambda body, chance: body.replace(b'"prompt_tokens": 20', b'"prompt_tokens": ' + text, 1)


def _stream(good: dict[str, Any], chance: random.Random) -> Iterable[Step]:
    piece = {
        "id": "1",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": "never this"}}],
    }
    return [http(b"data: " + json.dumps(piece).encode() + b"\n\ndata: [DONE]\n\n", Content_Type="text/event-stream")]


_TOOL = [{"id": "1", "type": "function", "function": {"name": "buy", "arguments": "{}"}}]
_HTML = b"<!doctype html><html><body><h1>Sign in to the network</h1></body></html>"
_DATES: dict[str, Any] = {"Date": "Sun, 22 Nov 2026 10:00:00 GMT", "Retry_After": "Sun, 22 Nov 2026 10:00:07 GMT"}
SLOW = ("silence", "silence after the head", "silence within the body", "bytes now and then", "a body now and then")
"""Faults during which the clock goes on: one call at a time."""
_LATER: dict[str, Any] = {"Date": "Sun, 22 Nov 2026 10:00:00 GMT", "Retry_After": "Mon, 23 Nov 2026 10:00:00 GMT"}
_BOMB = gzip.compress(b"[" + b"0," * 50_000_000 + b"0]", 1)
_DEEP = b"[" * 10_000 + b"]" * 10_000

FAULTS: dict[str, Fault] = {
    # statuses
    "429": Fault(_status("429 Too Many Requests"), "again", False),
    "429, wait 2 s": Fault(_status("429 Too Many Requests", Retry_After="2"), "again", False),
    "429, wait until a time": Fault(_status("429 Too Many Requests", **_DATES), "again", False),
    "429, wait a day": Fault(_status("429 Too Many Requests", Retry_After="86400"), "transport", False),
    "429, wait until tomorrow": Fault(_status("429 Too Many Requests", **_LATER), "transport", False),
    "429, wait for nonsense": Fault(_status("429 Too Many Requests", Retry_After="-1e9 soon"), "again", False),
    "500": Fault(_status("500 Internal Server Error"), "again"),
    "502 with a page": Fault(_status("502 Bad Gateway", _HTML, Content_Type="text/html"), "again"),
    "503": Fault(_status("503 Service Unavailable"), "again", False),
    "504": Fault(_status("504 Gateway Timeout"), "again"),
    "529": Fault(_status("529 Overloaded"), "again", False),
    "500 without a body": Fault(_status("500 Internal Server Error", b""), "again"),
    "400": Fault(_status("400 Bad Request"), "refused", False),
    "401": Fault(_status("401 Unauthorized"), "refused", False),
    "402": Fault(_status("402 Payment Required"), "refused", False),
    "403": Fault(_status("403 Forbidden"), "refused", False),
    "404": Fault(_status("404 Not Found"), "refused", False),
    "413": Fault(_status("413 Content Too Large"), "refused", False),
    "418": Fault(_status("418 I'm a teapot"), "refused", False),
    "422": Fault(_status("422 Unprocessable Content"), "refused", False),
    "204": Fault(lambda good, chance: [b"HTTP/1.1 204 No Content\r\n\r\n"], "again"),
    "301 to another host": Fault(_moved("301 Moved", "http://127.0.0.2:9"), "refused", False),
    "307 to the same host": Fault(_moved("307 Temporary Redirect", ""), "refused", False),
    "308 in a circle": Fault(_moved("308 Permanent Redirect", ""), "refused", False),
    "100 first": Fault(lambda good, chance: [b"HTTP/1.1 100 Continue\r\n\r\n", http(good)], "answer"),
    "103 first": Fault(lambda good, chance: [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", http(good)], "answer"),
    # connections
    "closed at once": Fault(lambda good, chance: [], "again"),
    "reset at once": Fault(lambda good, chance: [RESET], "again"),
    "reset within the head": Fault(_head_cut, "again"),
    "reset within the body": Fault(lambda good, chance: _cut(good, chance, RESET), "again"),
    "closed within the body": Fault(_cut, "again"),
    "closed within a body of unknown length": Fault(lambda good, chance: _cut(good, chance, None, -1), "again"),
    "closed within a chunk": Fault(_chunked_cut, "again"),
    "length too short": Fault(lambda good, chance: [http(good, length=chance.randrange(1, 200))], "again"),
    "silence": Fault(lambda good, chance: [TIMEOUT, HOLD], "again"),
    "silence after the head": Fault(lambda good, chance: [http(b"", length=500), TIMEOUT, HOLD], "again"),
    "silence within the body": Fault(lambda good, chance: [*_cut(good, chance), TIMEOUT, HOLD], "again"),
    "bytes now and then": Fault(_drip, "again"),
    "a body now and then": Fault(lambda good, chance: _drip(good, chance, 1), "again"),
    "no HTTP": Fault(lambda good, chance: [b"220 mail.example.com ESMTP\r\n"], "again"),
    "a head without end": Fault(lambda good, chance: [b"HTTP/1.1 200 OK\r\n", *[b"X-Y: " + b"z" * 9000] * 30], "again"),
    # bodies
    "empty": Fault(_body(lambda body, chance: b""), "again"),
    "a page": Fault(_body(lambda body, chance: _HTML, Content_Type="text/html"), "again"),
    "a page called JSON": Fault(_body(lambda body, chance: _HTML), "again"),
    "JSON called a page": Fault(_body(lambda body, chance: body, Content_Type="text/html"), "answer"),
    "JSON cut before it was sent": Fault(_body(lambda body, chance: body[: chance.randrange(1, len(body))]), "again"),
    "gzip": Fault(_body(lambda body, chance: gzip.compress(body), Content_Encoding="gzip"), "answer"),
    "deflate": Fault(_body(lambda body, chance: zlib.compress(body), Content_Encoding="deflate"), "answer"),
    "gzip cut": Fault(_body(_gzip_cut, Content_Encoding="gzip"), "again"),
    "gzip damaged": Fault(_body(_gzip_flipped, Content_Encoding="gzip"), "again"),
    "gzip that is none": Fault(_body(lambda body, chance: body, Content_Encoding="gzip"), "again"),
    "gzip of 100 MB": Fault(_body(lambda body, chance: _BOMB, Content_Encoding="gzip"), "transport"),
    "an unknown packing": Fault(_body(lambda body, chance: body, Content_Encoding="zstd"), "again"),
    "10 MB": Fault(_large, "transport"),
    "100 MB": Fault(lambda good, chance: _large(good, chance, 100), "transport"),
    "bad UTF-8": Fault(_body(_inside(b"\xff\xfe\xc3")), "again"),
    "a bare NUL": Fault(_body(_inside(b"\x00")), "again"),
    "a byte order mark": Fault(_body(lambda body, chance: b"\xef\xbb\xbf" + body), "answer"),
    "UTF-16": Fault(_body(lambda body, chance: body.decode().encode("utf-16")), "answer"),
    "half of a pair": Fault(_body(_inside(b"\\ud83d")), "again"),
    "the text twice": Fault(_body(_inside(b'never this", "content": "')), "again"),
    "the choices twice": Fault(_body(lambda body, chance: body[:-1] + b', "choices": []}'), "again"),
    "10,000 deep": Fault(_body(lambda body, chance: body[:-1] + b', "x": ' + _DEEP + b"}"), "again"),
    "10,000 deep and nothing else": Fault(_body(lambda body, chance: _DEEP), "again"),
    "a stream": Fault(_stream, "again"),
    # documents
    "null": Fault(_body(lambda body, chance: b"null"), "again"),
    "a list": Fault(_body(lambda body, chance: b"[" + body + b"]"), "again"),
    "a text": Fault(_body(lambda body, chance: b'"never this"'), "again"),
    "an error with status 200": Fault(_body(lambda body, chance: b'{"error": {"message": "no"}}'), "again"),
    "no choices": Fault(_document(choices=None), "again"),
    "choices of nothing": Fault(_document(choices=[]), "again"),
    "choices of texts": Fault(_document(choices=["never this"]), "again"),
    "two choices": Fault(lambda good, chance: [http(good | {"choices": good["choices"] * 2})], "again"),
    "no message": Fault(_choice(message=None), "again"),
    "null text": Fault(_message(content=None), "again"),
    "a number as text": Fault(_message(content=0.52), "again"),
    "a list as text": Fault(_message(content=[{"type": "text", "text": "never this"}]), "again"),
    "no text": Fault(_message(content=""), "again"),
    "blanks as text": Fault(_message(content=" \n\t "), "again"),
    "a tool that nobody offered": Fault(_message(content=None, tool_calls=_TOOL), "again"),
    "text and a tool": Fault(_message(tool_calls=_TOOL), "again"),
    "no reason to stop": Fault(_without_finish, "again"),
    "null reason to stop": Fault(_choice(finish_reason=None), "again"),
    "another model's name": Fault(_document(model="another-model-2026"), "answer"),
    "fields of their own": Fault(_document(x_trace={"a": [1, None]}, service_tier="gold"), "answer"),
    "usage missing": Fault(_document(usage=None), "answer"),
    "usage below zero": Fault(_body(_usage(b"-20")), "answer"),
    "usage as text": Fault(_body(_usage(b'"20"')), "answer"),
    "usage NaN": Fault(_body(_usage(b"NaN")), "again"),
    "usage 1e400": Fault(_body(_usage(b"1e400")), "again"),
}  # fmt: skip


@dataclass
class Trouble:
    """A script: the call "call n" meets a fault in its first `faulty(n)` attempts and is answered then."""

    fault: Fault
    faulty: Callable[[int], int]
    worked: int = 0  # tokens that the host has truly worked for
    attempts: dict[int, int] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Iterable[Step]:
        number = int(request.text.rpartition(" ")[2])
        with self.lock:
            self.attempts[number] = attempt = self.attempts.get(number, 0) + 1
        good = completion(f"answer {number} — {attempt}")
        if attempt > self.faulty(number):
            with self.lock:
                self.worked += 25
            return [http(good)]
        if self.fault.spent:
            with self.lock:
                self.worked += 25
        return self.fault.steps(good, random.Random(f"{number}/{attempt}"))
