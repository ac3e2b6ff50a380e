"""Take the README's picture of a report: `python tools/draw_report.py runs/sample docs/report.png`.

Contract: what a browser shows of the top of the page, in light, 1200 wide; nothing is retouched. Needs playwright and a
Chromium or Chrome on PATH.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_HEIGHT = 1365


def main(run: str, picture: str) -> None:
    """Write the picture of the report in the folder `run`."""
    browser = next(path for name in _NAMES if (path := shutil.which(name)))
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = opened.new_page(viewport={"width": 1200, "height": _HEIGHT}, color_scheme="light")
        page.goto((Path(run).resolve() / "report.html").as_uri())
        page.screenshot(path=picture)
        opened.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
