"""The import order of the rooms, as the linter reads it from pyproject.toml."""

import subprocess
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_contract_between_the_rooms_is_kept() -> None:
    lint = [Path(sysconfig.get_path("scripts")) / "lint-imports", "--no-cache"]

    said = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stdout
    assert "5 kept, 0 broken" in said.stdout
