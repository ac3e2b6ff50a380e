"""A stand-in for Yahoo on the loopback, for tests that go through the real yfinance; and what a vendor says of a stock.

Contract: `Stock` is the independent truth. It keeps the prices at which a share really traded and derives, by the
textbook definitions, the split- and payout-adjusted history as a vendor shows it on a given day. `YahooServer` speaks
the endpoints that yfinance 1.7 uses for daily bars, in Yahoo's form, and keeps a list of what it was asked. `serving`
sends every request of yfinance to it; what it does not know gets 404, so nothing leaves the machine.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import numpy as np
import pytest

NOT_FOUND = {"code": "Not Found", "description": "No data found, symbol may be delisted"}


@dataclass(frozen=True)
class Row:
    """One day as a vendor shows it; None stands for what it lacks."""

    day: date
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    adj_close: float | None
    volume: int | None


@dataclass(frozen=True)
class Stock:
    """A share as it traded.

    Attributes:
        days: sessions, ascending.
        prices: price at the close on each, in the shares of that day.
        volumes: shares of that day.
        splits: ex-day -> new shares for an old one.
        payouts: ex-day -> amount on a share of that day.
    """

    days: tuple[date, ...]
    prices: tuple[float, ...]
    volumes: tuple[int, ...]
    splits: dict[date, float] = field(default_factory=dict)
    payouts: dict[date, float] = field(default_factory=dict)

    def price_return(self, at: int) -> float:
        """What one share, with what it was split into, gained from the session before to session `at`."""
        return self.prices[at] * self.splits.get(self.days[at], 1.0) / self.prices[at - 1] - 1.0

    def payout_return(self, at: int) -> float:
        """The same where a payout is taken off the close before, as the exchange does with open orders on an ex-day."""
        split = self.splits.get(self.days[at], 1.0)
        before = self.prices[at - 1] - self.payouts.get(self.days[at], 0.0) * split
        return self.prices[at] * split / before - 1.0

    def seen_on(self, today: date) -> list[Row]:
        """The history as a vendor shows it after the close of `today`.

        Every split since a day divides its prices. Every payout since multiplies its adjusted price by
        `1 - payout / close before` (the definition of CRSP and Yahoo), both on the basis of `today`.
        """
        rows: list[Row] = []
        shares, kept = 1.0, 1.0  # of a share of the day: how many today; what payouts leave of its adjusted price
        for at in reversed(range(len(self.days))):
            day, price = self.days[at], self.prices[at]
            if day > today:
                continue
            close = price / shares
            opened, high, low = close * 0.99, close * 1.01, close * 0.98
            volume = round(self.volumes[at] * shares)
            o, h, low, c, adjusted = (_single(value) for value in (opened, high, low, close, close * kept))
            rows.append(Row(day, o, h, low, c, adjusted, volume))
            if at and day in self.payouts:
                split = self.splits.get(day, 1.0)  # the payout is in shares after the split, the close before is not
                kept *= 1.0 - self.payouts[day] * split / self.prices[at - 1]
            shares *= self.splits.get(day, 1.0)
        return rows[::-1]


def _single(value: float) -> float:
    """As Yahoo sends it: a 32-bit float."""
    return float(np.float32(value))


@dataclass(frozen=True)
class Listing:
    """What the server says about one symbol."""

    rows: list[Row]
    splits: dict[date, float] = field(default_factory=dict)
    payouts: dict[date, float] = field(default_factory=dict)
    kind: str = "EQUITY"
    meta: dict[str, Any] = field(default_factory=dict)  # overrides
    zone: str = "America/New_York"
    opens: clock = clock(9, 30)
    closes: clock = clock(16, 0)

    def but(self, **changes: Any) -> Listing:
        """The same with `changes`."""
        return replace(self, **changes)

    def instant(self, day: date, at: clock) -> int:
        """Epoch seconds of a wall-clock time in the exchange's zone."""
        return int(datetime.combine(day, at, ZoneInfo(self.zone)).timestamp())

    def chart(self, symbol: str, first: float, end: float) -> dict[str, Any]:
        """Yahoo's answer for rows that open in [first, end)."""
        rows = [row for row in self.rows if first <= self.instant(row.day, self.opens) < end]
        result: dict[str, Any] = {"meta": self._meta(symbol), "indicators": {"quote": [{}], "adjclose": [{}]}}
        if rows:
            result["timestamp"] = [self.instant(row.day, self.opens) for row in rows]
            names = ("open", "high", "low", "close", "volume")
            result["indicators"] = {
                "quote": [{name: [getattr(row, name) for row in rows] for name in names}],
                "adjclose": [{"adjclose": [row.adj_close for row in rows]}],
            }
            shown = {row.day for row in rows}
            events = {
                "dividends": {
                    str(self.instant(day, self.opens)): {"amount": amount, "date": self.instant(day, self.opens)}
                    for day, amount in self.payouts.items()
                    if day in shown
                },
                "splits": {
                    str(self.instant(day, self.opens)): {
                        "date": self.instant(day, self.opens),
                        "numerator": ratio,
                        "denominator": 1.0,
                        "splitRatio": f"{ratio:g}:1",
                    }
                    for day, ratio in self.splits.items()
                    if day in shown
                },
            }
            result["events"] = {name: items for name, items in events.items() if items}
        return {"chart": {"result": [result], "error": None}}

    def _meta(self, symbol: str) -> dict[str, Any]:
        last = self.rows[-1].day if self.rows else date(2024, 1, 2)
        start, end = self.instant(last, self.opens), self.instant(last, self.closes)
        offset = int(datetime.fromtimestamp(start, ZoneInfo(self.zone)).utcoffset().total_seconds())  # type: ignore[union-attr] # aware
        period = {"timezone": "XXX", "start": start, "end": end, "gmtoffset": offset}
        return {
            "currency": "USD",
            "symbol": symbol,
            "exchangeName": "PCX",
            "instrumentType": self.kind,
            "firstTradeDate": start,
            "regularMarketTime": end,
            "gmtoffset": offset,
            "timezone": "XXX",
            "exchangeTimezoneName": self.zone,
            "priceHint": 2,
            "currentTradingPeriod": {"pre": period, "regular": period, "post": period},
            "dataGranularity": "1d",
            "range": "",
            "validRanges": ["1d", "5d", "1mo", "max"],
            **self.meta,
        }


@dataclass(frozen=True)
class Reply:
    """An answer out of order: what a fault makes of a request. `status` 0 cuts the connection."""

    status: int = 200
    body: bytes = b""
    wait: float = 0.0


Fault = Callable[[str, dict[str, str]], Reply | None]
"""From symbol and query to a reply, or None for the ordinary one."""


class YahooServer:
    """Yahoo, as far as daily bars need it. `asked` holds (symbol, query) of each request about prices."""

    def __init__(self) -> None:
        self.listings: dict[str, Listing] = {}
        self.fault: Fault | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.requests: list[str] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement

            def do_GET(self) -> None:
                owner._answer(self)

            def do_POST(self) -> None:
                owner._answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop; later connections are refused."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def forget(self) -> None:
        """Empty the lists of what was asked."""
        self.asked.clear()
        self.requests.clear()

    def _answer(self, http: BaseHTTPRequestHandler) -> None:
        self.requests.append(http.path)
        parts = urlsplit(http.path)
        _, host, *path = unquote(parts.path).split("/")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if host == "fc.yahoo.com":
            return _send(http, 404, b"", cookie="A3=d=loopback; Max-Age=3600; Path=/")  # as the real one does
        if path == ["v1", "test", "getcrumb"]:
            return _send(http, 200, b"crumb")
        if path[:-1] != ["v8", "finance", "chart"]:
            return _send(http, 404, b'{"finance": {"result": null, "error": {"code": "Not Found"}}}')
        symbol = path[-1]
        self.asked.append((symbol, query))
        reply = self.fault(symbol, query) if self.fault is not None else None
        if reply is None:
            reply = self._chart(symbol, query)
        time.sleep(reply.wait)
        if reply.status == 0:
            http.close_connection = True
            return None
        return _send(http, reply.status, reply.body)

    def _chart(self, symbol: str, query: dict[str, str]) -> Reply:
        listing = self.listings.get(symbol)
        if listing is None:
            return Reply(404, json.dumps({"chart": {"result": None, "error": NOT_FOUND}}).encode())
        if "period1" in query:
            chart = listing.chart(symbol, float(query["period1"]), float(query["period2"]))
        else:
            chart = listing.but(rows=listing.rows[-1:]).chart(symbol, -1e12, 1e12)
        return Reply(200, json.dumps(chart).encode())


def _send(http: BaseHTTPRequestHandler, status: int, body: bytes, cookie: str | None = None) -> None:
    try:
        http.send_response(status)
        http.send_header("Content-Type", "application/json")
        http.send_header("Content-Length", str(len(body)))
        if cookie:
            http.send_header("Set-Cookie", cookie)
        http.end_headers()
        http.wfile.write(body)
    except OSError:
        pass  # a client that no longer waits


@contextmanager
def serving(patch: pytest.MonkeyPatch) -> Iterator[YahooServer]:
    """A server to which all of yfinance's requests go, with nothing left over in yfinance from other tests."""
    yfinance = pytest.importorskip("yfinance")
    curl = pytest.importorskip("curl_cffi.requests")
    server = YahooServer()
    request = curl.Session.request

    def redirected(session: Any, method: str, url: str, *rest: Any, **options: Any) -> Any:
        parts = urlsplit(url)
        target = f"{server.address}/{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return request(session, method, target, *rest, **options)

    patch.setattr(curl.Session, "request", redirected)
    patch.setattr(yfinance.data.SingletonMeta, "_instances", {})  # its session with cookies and crumb
    for manager, held in (("_TzCacheManager", "_tz_cache"), ("_CookieCacheManager", "_Cookie_cache")):
        patch.setattr(getattr(yfinance.cache, manager), held, None)  # its open files
    try:
        yield server
    finally:
        server.close()


def weekdays(first: date, count: int) -> tuple[date, ...]:
    """Mondays to Fridays."""
    days = (first + timedelta(days=step) for step in range(2 * count + 7))
    return tuple(day for day in days if day.weekday() < 5)[:count]


def utc(text: str) -> datetime:
    """An instant from ISO text, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
