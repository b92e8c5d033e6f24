"""Bytes, not times: what a page, the sheet and the script may weigh, and that nothing comes from elsewhere."""

import gzip
from pathlib import Path

import pytest

from tests.browser.conftest import Site
from tests.browser.places import FULL

STATIC = Path(__file__).parents[2] / "starflow" / "web" / "static"
HTML, SCRIPT, SHEET = 60_000, 40_000, 25_000


@pytest.mark.parametrize(("seat", "path"), FULL)
def test_a_page_is_light_and_asks_nobody_else(looked_at: Site, seat: str, path: str) -> None:
    page = looked_at.context(seat).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(looked_at.url + path)

    assert answer is not None
    assert len(gzip.compress(answer.body())) <= HTML
    assert [url for url in asked if not url.startswith((looked_at.url, "data:"))] == []
    page.context.close()


def test_sheet_and_script_are_small() -> None:
    """What a page of the shell loads; the public's leaves and the slips have one small sheet of their own."""
    script = sum(len(file.read_bytes()) for file in STATIC.glob("*.js"))
    sheets = [len((STATIC / name).read_bytes()) for name in ("pages.css", "print.css")]

    assert script <= SCRIPT and sum(sheets) <= SHEET
    assert {file.name for file in STATIC.glob("*.css")} == {"pages.css", "print.css", "leaf.css", "slips.css"}
