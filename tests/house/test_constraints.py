"""One set of versions: what pip reads, what uv reads and what the project declares agree."""

import re
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = (ROOT / "constraints.txt").read_text().splitlines()


def test_uv_and_pip_read_the_same_pins() -> None:
    assert PROJECT["tool"]["uv"]["constraint-dependencies"] == PINS


def test_every_pin_is_a_name_a_version_and_at_most_a_marker() -> None:
    assert [pin for pin in PINS if not re.fullmatch(r"[a-z0-9.-]+==[\w.]+( ; [\w .'!=<>]+)?", pin)] == []


def test_every_declared_dependency_is_pinned() -> None:
    pinned = {pin.split("==")[0] for pin in PINS}
    declared = [*PROJECT["project"]["dependencies"], *chain(*PROJECT["project"]["optional-dependencies"].values())]

    assert {re.split(r"[^\w-]", line, maxsplit=1)[0] for line in declared} - pinned == {PROJECT["project"]["name"]}
