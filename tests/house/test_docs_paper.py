"""The pages on settings and spreadsheets are printed; the deployment files keep what they promise."""

import re
import tomllib
from pathlib import Path

import pytest

from starflow.cli import COMMANDS
from starflow.documents.books_page import books_page
from starflow.documents.settings_page import settings_page
from starflow.service.settings import PREFIX, SETTINGS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def test_the_page_of_settings_is_current() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page()


def test_the_page_of_spreadsheets_is_current() -> None:
    assert (ROOT / "docs" / "spreadsheets.md").read_text(encoding="utf-8") == books_page()


def test_every_variable_that_deployment_sets_is_a_setting() -> None:
    known = {PREFIX + one.name for one in SETTINGS}
    texts = {file.name: file.read_text(encoding="utf-8") for file in DEPLOY.rglob("*") if file.is_file()}
    used = {(name, word) for name, text in texts.items() for word in re.findall(r"STARFLOW_[A-Z_]+", text)}

    assert used and {(name, word) for name, word in used if word not in known} == set()


def test_every_command_that_deployment_and_guides_run_exists() -> None:
    names = {command.name for command in COMMANDS}
    files = [*DEPLOY.rglob("*.service"), *(ROOT / "docs" / "guides").glob("*.md"), ROOT / "docs" / "upgrade.md"]
    lines = [
        line
        for file in files
        for line in re.findall(r"(?:bin/|^\s*|`)starflow ([a-z][a-z -]*)", file.read_text(encoding="utf-8"), re.M)
    ]
    said = {" ".join(line.split()[:2]).strip() for line in lines}

    assert said and {words for words in said if words not in names and words.split()[0] not in names} == set()


@pytest.mark.parametrize("file", ["nginx.conf", "Caddyfile"])
def test_no_proxy_logs_a_ballot_or_a_calendar(file: str) -> None:
    text = (DEPLOY / file).read_text(encoding="utf-8")

    if file == "nginx.conf":
        silent = re.search(r"map \$uri \$starflow_log \{(.*?)\}", text, re.S)
        assert silent is not None and re.findall(r"~(\S+)\s+0;", silent[1]) == [
            "^/b(/|$)",
            "^/(calendar|activate|unsubscribe)/",
        ]
        assert "if=$starflow_log" in text and "$request_uri" not in text and "$args" not in text
        assert all(
            re.match(silent_path, "/b/abc") or re.match(silent_path, "/calendar/x.ics")
            for silent_path in (r"^/b(/|$)", r"^/calendar/")
        )
    else:
        assert "@secret path /b /b/* /calendar/* /activate/* /unsubscribe/*" in text and "skip_log @secret" in text


def test_the_container_installs_what_is_pinned_and_runs_as_nobody_in_particular() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    built = packages["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert (
        "-c constraints.txt" in text
        and "USER starflow" in text
        and text.index("USER starflow") < text.index("ENTRYPOINT")
    )
    assert all(f"COPY {package} {package}" in text for package in built)
