"""The second verifier: alone, small, and of one mind with the first."""

import ast
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

from starflow.documents import verifier
from tests.cli.conftest import DECLARATION, Cli

SOURCE = Path(verifier.__file__)


def test_it_is_small_and_stands_alone() -> None:
    tree = ast.parse(SOURCE.read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert imported == {"datetime", "hashlib", "json", "pathlib", "sys"}
    assert len(SOURCE.read_text().splitlines()) <= 120


def test_it_agrees_with_the_first_on_a_history_that_holds(cli: Cli, tmp_path: Path) -> None:
    cli.fire("B1", "declare", "organisation", DECLARATION)
    cli.done("anchor", "--out", str(tmp_path / "anchor.json"))
    first = cli.json("verify", "--export", str(tmp_path / "history.jsonl"))

    assert second(tmp_path) == (0, {**first, "why": None})


def test_it_names_the_same_record(cli: Cli, tmp_path: Path) -> None:
    cli.done("anchor", "--out", str(tmp_path / "anchor.json"))
    with sqlite3.connect(cli.url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE record SET actor = 'somebody' WHERE id = 2")
    cli.json("verify", "--export", str(tmp_path / "history.jsonl"), exit_code=1)

    code, said = second(tmp_path)

    assert (code, said["first_bad"], said["why"]) == (1, "2027/B2#1", "content and hash differ")


def second(folder: Path) -> tuple[int, dict[str, object]]:
    """Run as anybody would: by its file, with nothing of starflow to be imported."""
    command = [sys.executable, "-I", str(SOURCE), str(folder / "history.jsonl"), str(folder / "anchor.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)
