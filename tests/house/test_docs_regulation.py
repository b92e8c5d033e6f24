"""docs/regulation.md names for each rule where it lives and a test that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    line.split("|")[1:5] for line in (ROOT / "docs/regulation.md").read_text().splitlines() if line.startswith("| R")
]


def test_every_rule_from_r1_to_r67_has_its_line_in_order() -> None:
    assert [row[0].strip() for row in ROWS] == [f"R{n}" for n in range(1, 68)]


def test_every_test_that_is_named_exists() -> None:
    named = [re.findall(r"`([^`]+)`", row[3])[0] for row in ROWS]

    assert [name for name in named if not _exists(name)] == []


def test_every_table_of_the_scheme_that_is_named_stands_in_the_file() -> None:
    scheme = (ROOT / "workflow/rating/schemes/anyang-five-star.toml").read_text()
    named = {table for row in ROWS for table in re.findall(r"`(\[+[a-z._]+\]+)", row[2])}

    assert sorted(table for table in named if table not in scheme) == []


def _exists(name: str) -> bool:
    file, _, function = name.partition("::")
    path = ROOT / "tests" / file
    return path.is_file() and (not function or f"def {function}(" in path.read_text())
