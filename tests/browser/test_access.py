"""axe finds nothing, nothing scrolls sideways: every page for every role, full, empty and faulty."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Site
from tests.browser.places import DEPARTMENT, EMPTY, FAULTY, FULL

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("seat", "path"), [*FULL, *FAULTY])
def test_axe_finds_nothing(looked_at: Site, seat: str, path: str) -> None:
    page = looked_at.page(path, seat)

    assert violations(page) == []
    page.context.close()


@pytest.mark.parametrize("path", EMPTY)
def test_axe_finds_nothing_before_the_first_year(empty: Site, path: str) -> None:
    page = empty.page(path, DEPARTMENT)

    assert violations(page) == []
    page.context.close()


@pytest.mark.parametrize("width", [320, 640], ids=["320 px", "200 %"])
@pytest.mark.parametrize(("seat", "path"), [*FULL, *FAULTY])
def test_nothing_scrolls_sideways(looked_at: Site, seat: str, path: str, width: int) -> None:
    page = looked_at.page(path, seat, width)

    assert page.evaluate(SIDEWAYS) <= 0
    page.context.close()
