"""The one place that talks to Yahoo: daily bars of one symbol through yfinance, which is imported on the first call.

Contract: an answer is either complete or an error in one sentence. yfinance by default logs a failure and returns an
empty table; here its exceptions are switched on, and what Yahoo really answered is kept beside, so that "no such
symbol", "no network", "too many requests" and "nonsense" stay four different things. Prices are as Yahoo gives them:
adjusted for splits, with a close adjusted for payouts beside. yfinance keeps its cookies and time zones in a folder
of ours, never in the home folder.
"""

from __future__ import annotations

import contextlib
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.bars import FIELDS
from engine.errors import DataError, InputError
from engine.sources.overlap import Fresh, RawBars

if TYPE_CHECKING:
    from curl_cffi.requests import Response
    from pandas import DataFrame

__all__ = ["Fetched", "NoSuchSymbolError", "YahooClient"]

RETRIES = 2  # yfinance waits 1 and 2 seconds before them; only for a connection that broke, never for a refusal
TIMEOUT_SECONDS = 30.0

_COLUMNS = dict(zip(FIELDS, ("Open", "High", "Low", "Close", "Adj Close", "Volume"), strict=True))
_CHART = "/v8/finance/chart/"
_KEPT = "what was fetched before is kept"
_LATER = f"run again later; {_KEPT}"


class NoSuchSymbolError(DataError):
    """Yahoo says that it has no such symbol, or no longer."""


class Fetched(NamedTuple):
    """An answer, which may hold no bar yet; days are counted in `zone`, the exchange's IANA time zone."""

    fresh: Fresh
    currency: str
    zone: str


class YahooClient:
    """A connection to Yahoo, with one session for all symbols.

    Args:
        folder: where yfinance may keep its own files.

    Raises:
        InputError: yfinance is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self._yfinance = _yfinance()
        self._session = _session()
        self._yfinance.set_tz_cache_location(str(folder))
        # yfinance remembers answers for the life of the process, failures among them.
        self._yfinance.data.YfData.cache_get.cache_clear()

    def fetch(self, symbol: str, first: date, last: date, *, now: datetime) -> Fetched:
        """Daily bars of `symbol` from `first` to `last`, both included, without a session that still runs at `now`.

        Args:
            symbol: as Yahoo writes it.
            first: first day, in the exchange's zone.
            last: last day.
            now: the aware instant of the run.

        Raises:
            NoSuchSymbolError: Yahoo does not know the symbol, or has nothing of it.
            DataError: no network, a refusal, an empty answer, or one that makes no sense.
        """
        try:
            with _strict(self._yfinance):
                frame = self._yfinance.Ticker(symbol, session=self._session).history(
                    start=first.isoformat(),
                    end=(last + timedelta(days=1)).isoformat(),
                    interval="1d",
                    auto_adjust=False,
                    back_adjust=False,
                    repair=False,
                    actions=True,
                    timeout=TIMEOUT_SECONDS,
                )
        except Exception as error:  # yfinance lets through what its parsing meets: KeyError, TypeError, its own, curl's
            raise _failure(symbol, self._session.chart, error) from error
        meta = _meta(symbol, self._session.chart)
        fresh = _bars(symbol, frame)
        keep = (fresh.bars.days <= np.datetime64(last)) & (fresh.bars.days < _running(meta, now))
        return Fetched(
            Fresh(fresh.bars.at(keep), fresh.splits[keep], fresh.payouts[keep]),
            currency=str(meta["currency"] or ""),
            zone=str(meta["exchangeTimezoneName"]),
        )


def _yfinance() -> Any:
    try:
        import curl_cffi.requests  # noqa: F401  yfinance's own dependency, which `_session` needs
        import yfinance
    except ImportError as error:
        raise InputError(
            f"Yahoo data needs the package yfinance ({error}); pip install 'workshop-desk[yahoo]', or use --data sample"
        ) from error
    return yfinance


def _session() -> Any:
    """A session as yfinance makes it, which also keeps the last answer about prices (None: there was none)."""
    from curl_cffi import requests

    class Listening(requests.Session[requests.Response]):
        chart: Response | None = None

        def request(self, method: Any, url: str, *rest: Any, **options: Any) -> Response:
            about_prices = _CHART in url
            if about_prices:
                self.chart = None
            response = super().request(method, url, *rest, **options)
            if about_prices:
                self.chart = response
            return response

    return Listening(impersonate="chrome")


@contextlib.contextmanager
def _strict(yfinance: Any) -> Iterator[None]:
    """Let yfinance raise instead of log; put its settings back afterwards, for they belong to the whole process."""
    config, logger = yfinance.config, logging.getLogger("yfinance")
    before = config.debug.hide_exceptions, config.network.retries, logger.level
    config.debug.hide_exceptions, config.network.retries = False, RETRIES
    logger.setLevel(logging.CRITICAL + 1)  # what it would say comes as an exception
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what yfinance calls in pandas, which is its own affair
            yield
    finally:
        config.debug.hide_exceptions, config.network.retries = before[:2]
        logger.setLevel(before[2])


def _failure(symbol: str, response: Response | None, error: Exception) -> DataError:
    """The sentence for an exception of yfinance, from what Yahoo really answered."""
    reason = " ".join(str(error).partition(" See http")[0].split())  # curl ends with a link to its list of errors
    what = f"{type(error).__name__}: {reason[:160]}".rstrip(":. ")
    if response is None:
        return DataError(
            f"Yahoo could not be reached ({what})", symbol=symbol, fix=f"check the network and run again; {_KEPT}"
        )
    status = response.status_code
    if status == 429 or type(error).__name__ == "YFRateLimitError":
        return DataError(
            "Yahoo takes no more requests for now (HTTP 429)",
            symbol=symbol,
            fix=f"wait some minutes and run again; {_KEPT}",
        )
    said = _said(response)
    if status in (400, 404) and said.startswith(("No data found", "Data doesn't exist", "Not Found")):
        return NoSuchSymbolError(f"Yahoo says: {said}", symbol=symbol, fix="check how Yahoo writes it, or leave it out")
    if status >= 400:
        return DataError(f"Yahoo answered HTTP {status}{f' ({said})' if said else ''}", symbol=symbol, fix=_LATER)
    if type(error).__name__ == "YFPricesMissingError":
        return DataError(f"Yahoo answered without a single bar ({what})", symbol=symbol, fix=_LATER)
    return DataError(f"Yahoo's answer makes no sense ({what})", symbol=symbol, fix=_LATER)


def _said(response: Response) -> str:
    """Yahoo's own reason in an answer, or an empty text where it is not Yahoo's form (a proxy's page, say)."""
    try:
        problem = json.loads(response.content)["chart"]["error"]
        return " ".join(str(problem.get("description") or problem["code"]).split())
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""


def _meta(symbol: str, response: Response | None) -> dict[str, Any]:
    """What Yahoo says about the symbol; checked as far as we rely on it."""
    problem = "no description of the symbol"
    try:
        meta = json.loads(response.content)["chart"]["result"][0]["meta"] if response is not None else {}
        if not isinstance(meta["exchangeTimezoneName"], str):
            problem = f"time zone {meta['exchangeTimezoneName']!r}"
        elif not (meta["currency"] is None or (isinstance(meta["currency"], str) and len(meta["currency"]) == 3)):
            problem = f"currency {meta['currency']!r}"
        elif meta.get("dataGranularity", "1d") != "1d":
            problem = f"bars of {meta['dataGranularity']}, not of a day"
        else:
            return dict(meta)
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    raise DataError(f"Yahoo's answer makes no sense ({problem})", symbol=symbol, fix=_LATER)


def _bars(symbol: str, frame: DataFrame) -> Fresh:
    """The table as arrays; days are those of the exchange's zone."""
    import pandas as pd  # late, as yfinance is, which has loaded it

    if frame.empty:
        raise DataError("Yahoo answered without a single bar", symbol=symbol, fix=_LATER)
    days = pd.DatetimeIndex(frame.index).tz_localize(None).to_numpy().astype("datetime64[D]")
    columns = {name: np.ascontiguousarray(frame[theirs].to_numpy(np.float64)) for name, theirs in _COLUMNS.items()}
    payouts = frame[[name for name in ("Dividends", "Capital Gains") if name in frame]].to_numpy(np.float64)
    return Fresh(
        RawBars(days, columns), frame["Stock Splits"].to_numpy(np.float64) != 0.0, (payouts != 0.0).any(axis=1)
    )


def _running(meta: dict[str, Any], now: datetime) -> np.datetime64:
    """First day whose session had not ended for this symbol at `now`, as far as Yahoo tells; else a day out of reach.

    The universe's exchange may have closed while a future, a currency or a coin still trades.
    """
    try:
        regular = meta["currentTradingPeriod"]["regular"]
        start, end = int(regular["start"]), int(regular["end"])
        opened = datetime.fromtimestamp(start + int(regular["gmtoffset"]), UTC).date()
    except (LookupError, TypeError, ValueError, OverflowError, OSError):
        return np.datetime64("9999-12-31")
    return np.datetime64(opened) if now.timestamp() < end else np.datetime64("9999-12-31")
