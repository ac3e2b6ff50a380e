"""The wire under litellm: carries one request at a time for one attempt, within its time and a size.

Contract: `Wire` is an httpx transport that works only while an `attempt` is open in the same thread, so nothing else
ever leaves the process through it. The whole of a request, from looking for the host to the last byte of its answer,
ends when the attempt's time is over, however slowly bytes come. An answer is read whole, at most `MOST_BYTES` of it,
also after unpacking. Nobody is sent on to another address: a redirect is an answer like any other. Cookies are dropped,
and a connection is used once, so that nothing is left over from one call to the next. Proxies come from the
environment, as usual, but not for hosts on this machine.

Imported only with the extra `llm`, which brings httpx and httpcore.
"""

from __future__ import annotations

import ssl
import urllib.request
import zlib
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from minds.llm.attempt import Seen, attempted

__all__ = ["MOST_BYTES", "Wire"]

MOST_BYTES = 4_000_000
"""An answer of a few hundred words takes a thousandth of that."""
_CONNECT_SECONDS = 10.0
_SLICE_SECONDS = 0.05
"""How long the system is left waiting for bytes before the clock is asked again."""


class Wire(httpx.BaseTransport):
    """An httpx transport for attempts; safe to use from many threads."""

    def __init__(self) -> None:
        self._tls = httpx.create_ssl_context()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request.

        Raises:
            httpx.TransportError: no whole answer came in time.
            NotGranted: it was not let through.
        """
        seen = attempted()
        assert isinstance(request.stream, Iterable)
        try:
            seen.begin()
            with self._pool(request.url, seen) as pool:
                url = httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                )
                asked = httpcore.Request(request.method, url, headers=_asked(request), content=request.stream)
                return _read(pool.handle_request(asked), seen)
        except httpcore.TimeoutException as error:
            raise httpx.ReadTimeout(str(error)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, OSError) as error:
            raise httpx.ReadError(str(error)) from error

    def _pool(self, url: httpx.URL, seen: Seen) -> httpcore.ConnectionPool:
        backend = _Backend(seen)
        proxy = _proxy(url)
        if not proxy:
            return httpcore.ConnectionPool(self._tls, network_backend=backend, max_keepalive_connections=0)
        through = httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}")
        return httpcore.HTTPProxy(
            str(through.url),
            through.raw_auth,
            ssl_context=self._tls,
            network_backend=backend,
            max_keepalive_connections=0,
        )


def _proxy(url: httpx.URL) -> str:
    """The proxy that the environment names for an address; empty for none, and for this machine's own addresses."""
    if url.host in ("localhost", "::1") or url.host.startswith("127."):
        return ""
    proxies = urllib.request.getproxies()
    named = proxies.get(url.scheme) or proxies.get("all") or ""
    return "" if urllib.request.proxy_bypass(url.host) else named


def _asked(request: httpx.Request) -> list[tuple[bytes, bytes]]:
    """Headers without those that would bring state along, or packings that are not unpacked here."""
    kept = [
        pair for pair in request.headers.raw if pair[0].lower() not in (b"cookie", b"accept-encoding", b"connection")
    ]
    return [*kept, (b"Accept-Encoding", b"identity"), (b"Connection", b"close")]


def _read(response: httpcore.Response, seen: Seen) -> httpx.Response:
    seen.status = response.status
    headers = httpx.Headers(response.headers)
    seen.headers = {name.lower(): value for name, value in headers.items()}
    assert isinstance(response.stream, Iterable)
    packed = _Packed(headers.get("content-encoding", ""))
    pieces, size = [], 0
    try:
        for chunk in response.stream:
            seen.left()
            piece = packed.unpack(chunk)
            size += max(len(chunk), len(piece))
            if size > MOST_BYTES or packed.more:
                seen.oversized = True
                raise httpcore.RemoteProtocolError("the answer is larger than any answer can be")
            pieces.append(piece)
        packed.end()
    finally:
        response.close()
    seen.body = b"".join(pieces)
    for name in ("content-encoding", "content-length", "transfer-encoding", "set-cookie"):
        headers.pop(name, None)
    return httpx.Response(response.status, headers=headers, content=seen.body)


class _Packed:
    """Unpacks gzip and deflate, never more at once than an answer may have."""

    def __init__(self, encoding: str) -> None:
        names = [name for name in encoding.lower().replace(" ", "").split(",") if name not in ("", "identity")]
        if names and names not in (["gzip"], ["x-gzip"], ["deflate"]):
            raise httpcore.RemoteProtocolError("the answer is packed in a way that was not asked for")
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32) if names else None  # either header
        self.more = False

    def unpack(self, chunk: bytes) -> bytes:
        if self._stream is None:
            return chunk
        try:
            piece = self._stream.decompress(chunk, MOST_BYTES)
        except zlib.error as error:
            raise httpcore.RemoteProtocolError("the answer cannot be unpacked") from error
        self.more = bool(self._stream.unconsumed_tail)
        return piece

    def end(self) -> None:
        if self._stream is not None and not self._stream.eof:
            raise httpcore.RemoteProtocolError("the packed answer was cut short")


class _Stream(httpcore.NetworkStream):
    """A connection on which every wait ends with the attempt."""

    def __init__(self, inner: httpcore.NetworkStream, seen: Seen) -> None:
        self._inner, self._seen = inner, seen

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            try:
                return self._inner.read(max_bytes, min(self._seen.left(), _SLICE_SECONDS))
            except httpcore.ReadTimeout:
                self._seen.left()

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._seen.left()
        self._seen.sent = True
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = min(self._seen.left(), _CONNECT_SECONDS)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, seconds), self._seen)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Makes such connections."""

    def __init__(self, seen: Seen) -> None:
        self._inner, self._seen = httpcore.SyncBackend(), seen

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self._seen.tried = True
        seconds = min(self._seen.left(), _CONNECT_SECONDS)
        return _Stream(self._inner.connect_tcp(host, port, seconds, local_address, socket_options), self._seen)
