"""`python -m tests.browser.screens`: the pictures of docs/screens, taken from the demo city as it is now."""

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, STARFLOW, served
from tests.browser.places import ADMIN, COMMITTEE, DEPARTMENT, SECRETARY, SUPERIOR

SCREENS = Path(__file__).parents[2] / "docs" / "screens"
PICTURES = (
    ("overview", "/", DEPARTMENT, 1200),
    ("overview-phone", "/", DEPARTMENT, 390),
    ("organisation", "/organisations/D0203", DEPARTMENT, 1200),
    ("procedure", "/organisations/D0203/way", DEPARTMENT, 1200),
    ("score", "/organisations/D52/score", DEPARTMENT, 1200),
    ("tasks-phone", "/tasks", SECRETARY, 390),
    ("review", "/queue/D0604", SUPERIOR, 1200),
    ("meeting", "/meeting", COMMITTEE, 1200),
    ("calendar", "/admin/scheme", DEPARTMENT, 1200),
    ("screen", "/screen", DEPARTMENT, 1600),
    ("health", "/admin", ADMIN, 1200),
)


def main() -> None:
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        city = Path(folder) / "city.db"
        subprocess.run(
            [sys.executable, STARFLOW, "demo", "--no-serve", "--keep", city], check=True, capture_output=True
        )
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with served(city, browser) as site:
            for name, path, seat, width in PICTURES:
                page = site.page(path, seat, width)
                page.screenshot(path=SCREENS / f"{name}.png", clip={"x": 0, "y": 0, "width": width, "height": 900})
                page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
