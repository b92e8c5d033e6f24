"""The figures that are kept, as the page reads them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
DATABASES = ("sqlite", "postgresql")
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "memory": "memory"}


def read(name: str) -> dict[str, Any]:
    """A part's figures; empty where it was never measured."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def sizes() -> dict[int, Mapping[str, Any]]:
    """Number of cycles → the rounds of who is stuck among so many, the smallest first."""
    found = read("stuck") | read("millions")
    return {int(size): found[size] for size in sorted((name for name in found if name.isdigit()), key=int)}
