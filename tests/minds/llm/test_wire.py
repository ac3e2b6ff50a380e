"""The wire under litellm: one request, one time, one size, and nothing left over."""

from __future__ import annotations

import contextlib
import gzip
import tracemalloc
from collections.abc import Iterator

import pytest

from tests.openai_server import HOLD, Clock, OpenAIServer, completion, http, point

pytest.importorskip("httpx", reason="needs the extra llm")
pytest.importorskip("httpcore", reason="needs the extra llm")

import httpx

from minds.llm.attempt import NotGranted, Seen, attempt
from minds.llm.wire import MOST_BYTES, Wire, _proxy


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    host = OpenAIServer(lambda request: [http({"ok": True})], Clock())
    point(monkeypatch, host.address)
    yield host
    host.close()


@contextlib.contextmanager
def client(server: OpenAIServer, seconds: float = 20.0) -> Iterator[tuple[httpx.Client, Seen]]:
    with attempt(seconds, server.clock) as seen, httpx.Client(transport=Wire(), trust_env=False) as made:
        seen.grant()
        yield made, seen


def test_an_answer_is_noted_as_it_came(server: OpenAIServer) -> None:
    server.script = lambda request: [http(gzip.compress(b'{"a": 1}'), "418 Teapot", Content_Encoding="gzip", X_Y="z")]
    with client(server) as (made, seen):
        said = made.post(server.address, json={"b": 2})
    assert (said.status_code, said.json()) == (418, {"a": 1})
    assert (seen.status, seen.body, seen.headers["x-y"]) == (418, b'{"a": 1}', "z")
    assert seen.tried and seen.sent and not seen.oversized and not seen.over


def test_one_request_is_granted_and_a_second_is_not_made(server: OpenAIServer) -> None:
    with client(server) as (made, seen):
        made.post(server.address, json={})
        with pytest.raises(NotGranted):
            made.post(server.address, json={})
        assert seen.status == 200, "what is known of the first stays known"
    assert len(server.asked) == 1


def test_without_an_attempt_nothing_is_sent(server: OpenAIServer) -> None:
    with httpx.Client(transport=Wire()) as made, pytest.raises(NotGranted):
        made.post(server.address, json={})
    with attempt(20.0, server.clock), httpx.Client(transport=Wire()) as made, pytest.raises(NotGranted):
        made.post(server.address, json={})
    assert not server.asked


def test_an_attempt_ends_when_its_time_is_over(server: OpenAIServer) -> None:
    server.script = lambda request: [http(b"", length=99), 19.0, b"a", 0.5, b"b", 0.5, HOLD]
    with client(server) as (made, seen), pytest.raises(httpx.ReadTimeout):
        made.post(server.address, json={})
    assert seen.over and seen.body is None
    with client(server, 0.0) as (made, seen), pytest.raises(httpx.ReadTimeout):
        made.post(server.address, json={})
    assert not seen.tried and len(server.asked) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_a_size_is_not_exceeded_in_memory_either(server: OpenAIServer, packed: bool) -> None:
    megabyte = b"0" * 1_000_000
    body = gzip.compress(megabyte * 200, 1)
    plain = [http(b"", length=200_000_000), *[megabyte] * 200]
    server.script = lambda request: [http(body, Content_Encoding="gzip")] if packed else plain
    tracemalloc.start()
    try:
        with client(server) as (made, seen), pytest.raises(httpx.ReadError):
            made.post(server.address, json={})
        assert tracemalloc.get_traced_memory()[1] < 5 * MOST_BYTES
    finally:
        tracemalloc.stop()
    assert seen.oversized and seen.body is None


@pytest.mark.parametrize("size, fits", [(MOST_BYTES, True), (MOST_BYTES + 1, False)])
def test_the_largest_answer_that_there_can_be(server: OpenAIServer, size: int, fits: bool) -> None:
    server.script = lambda request: [http(b"x" * size)]
    with client(server) as (made, seen):
        if fits:
            assert len(made.post(server.address, json={}).content) == size
        else:
            with pytest.raises(httpx.ReadError):
                made.post(server.address, json={})
    assert seen.oversized is not fits


def test_cookies_are_neither_kept_nor_sent(server: OpenAIServer) -> None:
    server.script = lambda request: [http({}, Set_Cookie="tracked=1; Path=/")]
    with attempt(20.0, server.clock) as seen, httpx.Client(transport=Wire(), cookies={"mine": "2"}) as made:
        for _ in range(2):
            seen.grant()
            assert "set-cookie" not in made.post(server.address, json={}).headers
    assert len(server.asked) == 2 and not any("cookie" in request.headers for request in server.asked)


@pytest.mark.parametrize("name", ["http_proxy", "all_proxy"])
def test_a_proxy_is_taken_from_the_environment(
    name: str, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is the proxy; the host that is asked need not exist."""
    monkeypatch.delenv("REQUEST_METHOD", raising=False)
    monkeypatch.setenv(name, f"http://user:pass@127.0.0.1:{server.port}")
    server.script = lambda request: [http(completion("by proxy"))]
    with client(server) as (made, _):
        made.post("http://model.invalid/v1/chat/completions", json={})
    (asked,) = server.asked
    assert asked.path == "http://model.invalid/v1/chat/completions"
    assert asked.headers["proxy-authorization"] == "Basic dXNlcjpwYXNz", "user:pass in base 64"


def test_a_host_on_this_machine_is_asked_without_a_proxy(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with client(server) as (made, _):
        assert made.post(server.address, json={}).status_code == 200


def test_whom_the_environment_exempts_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUEST_METHOD", raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    monkeypatch.setenv("no_proxy", ".house.invalid,exact.invalid")
    hosts = ("model.invalid", "a.house.invalid", "exact.invalid", "localhost", "127.0.0.5")
    found = [_proxy(httpx.URL(f"https://{host}/v1")) for host in hosts]
    assert found == ["http://proxy.invalid:3128", "", "", "", ""]
    assert _proxy(httpx.URL("http://model.invalid/v1")) == "", "named for https only"
