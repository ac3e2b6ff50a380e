"""The report in a real browser: it opens, draws, asks nobody for anything, and can be used without a mouse.

Chromium is driven by playwright; what axe-core calls a violation is one. Skipped where there is no Chromium or Chrome.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.runs import main

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]  # fmt: skip
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
CHARTS = {"reliability", "lead", "market", "fan"}
Scheme = Literal["light", "dark"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium or Chrome on PATH to open the report with")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a year, with essays."""
    out = tmp_path_factory.mktemp("year") / "run"
    ran = main("backtest", "--start", "2018-01-02", "--end", "2018-12-31", "--essays", "2", "--out", out)
    assert ran.code == 0, ran.err
    return out / "report.html"


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a quarter with an account: every part of the page, and few days."""
    out = tmp_path_factory.mktemp("quarter") / "run"
    ran = main("backtest", "--start", "2018-10-01", "--end", "2018-12-31", "--trade", "--out", out)
    assert ran.code == 0, ran.err
    return out / "report.html"


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a single session, with nothing settled."""
    out = tmp_path_factory.mktemp("day") / "run"
    assert main("backtest", "--start", "2018-12-31", "--end", "2018-12-31", "--out", out).code == 0
    return out / "report.html"


class Seen:
    """A page that has been opened, and all that it complained of or asked for."""

    def __init__(self, browser: Browser, report: Path, *, width: int = 1200, scheme: Scheme = "light", **more: Any):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(error.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(report.as_uri())

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def violations(self, where: str = "html") -> list[str]:
        """What axe has to say; for it a chart is one picture with a text, and not the thousand paths inside."""
        found = (
            Axe().run(self.page, context={"include": [where], "exclude": ["[data-chart] svg"]}).response["violations"]
        )
        return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]

    def focused(self) -> str:
        return str(
            self.page.evaluate(
                "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )

    def wide(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_opens_draws_and_asks_for_nothing(browser: Browser, year: Path, scheme: Scheme, width: int) -> None:
    with Seen(browser, year, width=width, scheme=scheme) as seen:
        paths = seen.page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('[data-chart]')]"
            ".map(box => [box.dataset.chart, box.querySelectorAll('svg path').length]))"
        )
        assert paths.keys() == CHARTS
        assert min(paths.values()) > 10, paths
        assert seen.complaints == []
        assert seen.asked == [year.as_uri()]
        assert seen.wide() <= width, "the page itself never scrolls sideways"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_axe_finds_nothing(browser: Browser, quarter: Path, scheme: Scheme, width: int) -> None:
    with Seen(browser, quarter, width=width, scheme=scheme, bypass_csp=True) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
        assert seen.violations() == []
        assert seen.wide() <= width
        seen.page.locator(".calendar button[tabindex='0']").press("Enter")
        assert seen.violations("dialog") == []


def test_axe_would_find_something(browser: Browser, quarter: Path) -> None:
    with Seen(browser, quarter, bypass_csp=True) as seen:
        seen.page.evaluate("document.querySelector('.quiet').style.color = '#ccc'")
        assert any(line.startswith("color-contrast") for line in seen.violations("main"))


def test_every_chart_has_a_sentence_and_its_figures(browser: Browser, quarter: Path) -> None:
    with Seen(browser, quarter) as seen:
        for name in (*CHARTS, "wealth"):
            assert seen.page.locator(f"[data-chart={name}] svg path").count() > 10
            figure = seen.page.locator(f"figure#{name}")
            caption = figure.locator("figcaption > p").first.inner_text()
            assert caption.endswith(".") and any(sign.isdigit() for sign in caption)
            label = figure.locator("[role=img]").first.get_attribute("aria-label")
            assert label is not None and caption in label
            assert figure.locator("details table tbody tr").count() > 0


def test_a_day_opens_by_keyboard_and_gives_the_focus_back(browser: Browser, year: Path) -> None:
    with Seen(browser, year) as seen:
        page = seen.page
        page.locator(".calendar button[tabindex='0']").focus()
        page.keyboard.press("ArrowLeft")
        day = seen.focused()
        assert day.startswith("2018-12-28: up") or day.startswith("2018-12-28: down")
        page.keyboard.press("Enter")
        drawer = page.locator("dialog[open]")
        assert drawer.locator("h2").inner_text() == "2018-12-28"
        assert seen.focused() == "Close"
        text = drawer.inner_text()
        for what in ("direction ^GSPC:1", "interval ^IXIC:1", "macro", "contrarian", "workshop ledger verify . --head"):
            assert what in text, what
        href = drawer.get_by_role("link").get_attribute("href")
        assert href is not None and (year.parent / href).is_file()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        assert seen.focused() == "‹ day before"
        page.keyboard.press("Enter")
        assert drawer.locator("h2").inner_text() == "2018-12-27"
        assert seen.focused() == "‹ day before"
        page.keyboard.press("Escape")
        assert page.locator("dialog[open]").count() == 0
        assert seen.focused().startswith("2018-12-27")
        page.keyboard.press("Home")
        assert seen.focused().startswith("2018-01-02")
        page.keyboard.press("ArrowLeft")
        assert seen.focused().startswith("2018-01-02")
        assert seen.complaints == []


def test_the_head_that_a_day_shows_is_the_ledgers(browser: Browser, year: Path) -> None:
    with Seen(browser, year) as seen:
        seen.page.locator(".calendar button[data-at='100']").click()
        command = seen.page.locator("dialog pre").first.inner_text().split()
    assert command[:4] == ["workshop", "ledger", "verify", "."]
    assert main("ledger", "verify", year.parent, *command[4:]).code == 0
    assert main("ledger", "verify", year.parent, "--head", "103:" + command[5].partition(":")[2]).code == 1


def test_every_control_redraws_without_a_complaint(browser: Browser, year: Path) -> None:
    with Seen(browser, year) as seen:
        buttons = seen.page.locator(".controls button")
        assert buttons.count() >= 6
        for at in range(buttons.count()):
            buttons.nth(at).click()
            assert buttons.nth(at).get_attribute("aria-pressed") == "true"
        for name in CHARTS:
            seen.page.locator(f"[data-chart={name}] svg").hover(position={"x": 300, "y": 120})
        assert seen.complaints == []


def test_the_toggle_turns_light_to_dark_in_text_and_charts(browser: Browser, year: Path) -> None:
    with Seen(browser, year, scheme="light") as seen:
        page = seen.page
        colour = "getComputedStyle(document.body).backgroundColor"
        line = "document.querySelector('[data-chart=market] svg path[fill=none]').getAttribute('stroke')"
        before = page.evaluate(f"[{colour}, {line}]")
        page.get_by_role("button", name="Dark").click()
        after = page.evaluate(f"[{colour}, {line}]")
        assert before[0] != after[0] and before[1] != after[1]
        page.get_by_role("button", name="Light").click()
        assert page.evaluate(f"[{colour}, {line}]") == before


def test_prints_light_with_its_charts(browser: Browser, year: Path, tmp_path: Path) -> None:
    with Seen(browser, year, scheme="dark") as seen:
        paper = seen.page.pdf(format="A4")
        assert paper.startswith(b"%PDF-") and len(paper) > 20_000
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert seen.page.evaluate("document.documentElement.dataset.theme") == "light"
        widths = seen.page.evaluate("[...document.querySelectorAll('[data-chart] svg')].map(one => one.clientWidth)")
        assert len(widths) == len(CHARTS) and max(widths) <= 690, "wider than an A4 page between its margins"
        seen.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert seen.page.evaluate("document.documentElement.dataset.theme ?? 'none'") == "none"
        assert seen.complaints == []


def test_without_javascript_it_is_text_and_tables(browser: Browser, year: Path) -> None:
    with Seen(browser, year, java_script_enabled=False) as seen:
        text = seen.page.locator("main").inner_text()
        assert "Could it be luck?" in text and "Right side, beside the base rate" in text
        assert seen.page.locator("table").count() > 8
        assert seen.wide() <= 1200


def test_a_script_from_elsewhere_does_not_run(browser: Browser, year: Path, tmp_path: Path) -> None:
    changed = tmp_path / "report.html"
    evil = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    changed.write_text(year.read_text(encoding="utf-8").replace("<main", evil + "<main", 1), encoding="utf-8")
    with Seen(browser, changed) as seen:
        assert seen.page.title().startswith("What was it worth")
        assert any("Content Security Policy" in line for line in seen.complaints)


def test_a_run_of_one_day_opens_too(browser: Browser, first_day: Path) -> None:
    with Seen(browser, first_day, width=360, bypass_csp=True) as seen:
        assert "Nothing can be said yet" in seen.page.locator("#answer").inner_text()
        seen.page.locator(".calendar button").click()
        assert "open" in seen.page.locator("dialog[open]").inner_text()
        assert seen.violations() == []
        assert seen.complaints == []
        assert seen.wide() <= 360
