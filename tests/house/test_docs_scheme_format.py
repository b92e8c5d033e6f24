"""docs/scheme-format.md is printed from the model: complete, current, and its samples are read."""

import tomllib
from pathlib import Path

import pytest

from workflow.rating.figures import CASE, SCORES
from workflow.rating.procedure import procedure_faults
from workflow.rating.scheme import load
from workflow.rating.scheme_format import FIGURES_EN, format_page
from workflow.rating.scheme_model import entries
from workflow.rating.shelf import page

PAGE = Path(__file__).parents[2] / "docs" / "scheme-format.md"
HOW = "python -c \"from workflow.rating.scheme_format import format_page; print(format_page(), end='')\" > docs/scheme-format.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == format_page(), HOW


@pytest.mark.parametrize("table", [path for path, entry in entries().items() if not entry.table])
def test_every_table_has_its_section(table: str) -> None:
    assert any(f"### `{sign}{table}" in format_page() for sign in ("[", "[["))


def test_every_key_stands_on_the_page() -> None:
    text = format_page()

    assert [path for path, entry in entries().items() if f"{entry.key}` |" not in text and entry.table] == []


def test_every_figure_is_said_in_english_too() -> None:
    assert {*SCORES, *CASE} - set(FIGURES_EN) == set()


def test_every_sample_is_toml() -> None:
    for sample in format_page().split("```toml\n")[1:]:
        tomllib.loads(sample.partition("```")[0])


def test_the_smallest_scheme_may_run() -> None:
    assert procedure_faults(load(page("smallest.toml"), name="our-town")) == ()
