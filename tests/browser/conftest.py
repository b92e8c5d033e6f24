"""A real browser before a real server: the demo city, played once, served from a copy of its own to each test that changes it.

A tier of its own (`make browser`): it needs Debian's Chromium and is not among the tests that `pytest` runs by itself.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from json import loads
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from starflow.web.auth import SEEN_AS

STARFLOW = Path(sysconfig.get_path("scripts")) / "starflow"
CHROMIUM = os.environ.get("STARFLOW_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 60_000


@dataclass(frozen=True)
class Site:
    """A server, and pages of it as whoever one likes."""

    url: str
    browser: Browser

    def context(self, seat: str = "department:GW", width: int = 1280, **more: object) -> BrowserContext:
        made = self.browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN", **more)
        made.add_cookies([{"name": SEEN_AS, "value": seat, "url": self.url}])
        made.set_default_timeout(PATIENCE)
        return made

    def page(self, path: str, seat: str = "department:GW", width: int = 1280, **more: object) -> Page:
        page = self.context(seat, width, **more).new_page()
        page.goto(self.url + path)
        return page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo city on 16 June."""
    kept = tmp_path_factory.mktemp("city") / "city.db"
    subprocess.run([sys.executable, STARFLOW, "demo", "--no-serve", "--keep", kept], check=True, capture_output=True)
    return kept


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rehearsal in which nothing has begun."""
    kept = tmp_path_factory.mktemp("blank") / "blank.db"
    environment = {**os.environ, "STARFLOW_DATABASE_URL": f"sqlite:///{kept}"}
    words = ["init", "--rehearsal", "--at", "2027-04-01T08:00"]
    subprocess.run([sys.executable, STARFLOW, *words], check=True, capture_output=True, env=environment)
    return kept


@contextmanager
def served(database: Path, browser: Browser) -> Iterator[Site]:
    environment = {**os.environ, "STARFLOW_DATABASE_URL": f"sqlite:///{database}"}
    command = [sys.executable, STARFLOW, "serve", "--port", "0", "--no-bell", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Site(loads(process.stdout.readline())["url"].rstrip("/"), browser)
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def looked_at(city: Path, browser: Browser) -> Iterator[Site]:
    """For tests that only look."""
    with served(city, browser) as site:
        yield site


@pytest.fixture
def site(city: Path, browser: Browser, tmp_path: Path) -> Iterator[Site]:
    """For tests that change something."""
    shutil.copy(city, tmp_path / "city.db")
    with served(tmp_path / "city.db", browser) as made:
        yield made


@pytest.fixture(scope="session")
def empty(blank: Path, browser: Browser) -> Iterator[Site]:
    with served(blank, browser) as made:
        yield made


Reach = Callable[[Page, str], None]
