"""Every picture that a page of ours shows is there, and every picture that we keep is shown somewhere."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
SHOWN = {
    (page.parent / target).resolve()
    for page in PAGES
    for target in re.findall(r"\]\(([^)#\s]+\.(?:png|svg))\)", page.read_text())
}


def test_every_picture_that_is_shown_is_there() -> None:
    assert {str(picture) for picture in SHOWN if not picture.is_file()} == set()


def test_every_picture_that_is_kept_is_shown() -> None:
    kept = {picture.resolve() for kind in ("png", "svg") for picture in (ROOT / "docs").rglob(f"*.{kind}")}

    assert {picture.name for picture in kept - SHOWN} == set()
