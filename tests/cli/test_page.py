"""docs/cli.md is what the commands say of themselves, and what they print is what the page says."""

import json
from pathlib import Path

import pytest
from typer.main import get_command

from starflow.cli import COMMANDS, app
from starflow.cli.page import KEYS, ROWS, cli_page, paths
from tests.cli.conftest import Cli

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
STAYS = {"serve", "worker"}


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == cli_page()


def test_every_command_has_its_help_on_the_page() -> None:
    page = cli_page()

    assert [path for path, _ in paths(get_command(app), "starflow") if f"## {path}\n" not in page] == []


def test_every_command_that_ends_says_what_its_json_is() -> None:
    assert [c.name for c in COMMANDS if c.name not in {*KEYS, *ROWS, *STAYS}] == []


CASES = [
    ("tick", "cli"),
    ("clock show", "cli"),
    ("clock move 2027-05-07", "cli"),
    ("scheme list", "cli"),
    ("scheme show", "cli"),
    ("scheme check anyang-five-star", "cli"),
    ("scheme calendar --year 2027", "cli"),
    ("scheme schema", "cli"),
    ("scheme diff anyang-five-star company-teams", "cli"),
    ("scheme adopt anyang-five-star", "cli"),
    ("scheme migrate anyang-five-star --dry-run", "cli"),
    ("scheme try anyang-five-star --set level.5.min=96", "sitting"),
    ("procedure", "cli"),
    ("org import {roster}", "cli"),
    ("org tree", "cli"),
    ("org export", "cli"),
    ("campaign show", "cli"),
    ("stuck", "cli"),
    ("cycles", "cli"),
    ("obligations", "cli"),
    ("due --next 60d", "cli"),
    ("notices", "cli"),
    ("quota", "cli"),
    ("why B1", "cli"),
    ("history B1", "cli"),
    ("extend B1 --until 2027-06-10 --reason 汛期", "cli"),
    ("hold B1 --reason 汛期", "cli"),
    ("nudge", "cli"),
    ("meeting open 2027-1 --on 2027-05-06", "cli"),
    ("meeting list", "cli"),
    ("meeting approve 2027-1 --on 2027-05-20 --except D60=材料待核", "sitting"),
    ("meeting excess 2027-2 five_star 1 --reason 典型", "opened"),
    ("meeting close 2027-2", "opened"),
    ("matter list", "cli"),
    ("matter open inspection B1 --as department --data {inspection}", "cli"),
    ("event add commendation B1 --on 2027-05-01 --level city --proof 文号1 --as department", "cli"),
    ("event list", "cli"),
    ("election list", "cli"),
    ("election set B2 --extension requested --on 2027-02-01 --as organisation", "cli"),
    ("verify", "cli"),
    ("anchor", "cli"),
    ("retain --dry-run", "cli"),
    ("db upgrade", "cli"),
    ("token issue B1 --role organisation", "cli"),
    ("token list", "cli"),
    ("account invite P5", "cli"),
    ("account list", "cli"),
    ("account sessions", "cli"),
    ("account log", "cli"),
    ("role list", "cli"),
]


@pytest.fixture
def opened(sitting: Cli) -> Cli:
    sitting.done("meeting", "open", "2027-2", "--on", "2027-05-20")
    return sitting


@pytest.mark.parametrize(("line", "database"), CASES, ids=[line for line, _ in CASES])
def test_the_json_of(line: str, database: str, roster_file: Path, request: pytest.FixtureRequest) -> None:
    cli: Cli = request.getfixturevalue(database)
    said = {"{roster}": str(roster_file), "{inspection}": json.dumps({"on": "2027-06-01"})}
    arguments = [said.get(word, word) for word in line.split()]

    found = cli.json(*arguments)

    name = next(command.name for command in COMMANDS if f"{line} ".startswith(f"{command.name} "))
    assert tuple(found) == KEYS.get(name, ("rows",))
    assert {tuple(row) for row in found.get("rows", ())} <= {ROWS.get(name, ())}
