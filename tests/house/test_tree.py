"""What must not stand in any file: where one machine keeps things, and which index packages came from."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IGNORED = {".git", ".venv", ".hypothesis", "__pycache__", "dist", "build", "mutants", "uv.lock"}

MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:root/\.|(?:home|work|Users|opt|mnt)/\w)")
INDEX_HOST = re.compile(r"\b(?:pypi\.\w|pythonhosted\.|npmjs\.|registry\.\w+\.|mirrors?\.\w+\.)")


def files() -> list[Path]:
    found = (file for file in ROOT.rglob("*") if file.is_file() and not IGNORED & set(file.parts))
    return [file for file in found if not any(part.endswith(("_cache", ".egg-info")) for part in file.parts)]


@pytest.mark.parametrize("forbidden", [MACHINE_PATH, INDEX_HOST], ids=["machine path", "index host"])
def test_no_file_names(forbidden: re.Pattern[str]) -> None:
    texts = {file: file.read_text(errors="ignore") for file in files() if file != Path(__file__)}

    assert {
        str(file.relative_to(ROOT)): found[0] for file, text in texts.items() if (found := forbidden.search(text))
    } == {}


def test_what_is_looked_for_would_be_found() -> None:
    assert MACHINE_PATH.search("see /home/somebody/file") and INDEX_HOST.search("https://pypi.example/simple")
