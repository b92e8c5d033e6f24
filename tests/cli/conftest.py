"""A small city as its operator has it: a file and commands. It is played once; each test gets a copy of the database."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from starflow.cli import app

ROSTER = """编码,名称,类别,上级编码,领域,党员数,换届到期日,负责人,电话,邮箱,分管领导
GW,市直工委,市直工委,,机关,0,,高桂,000-1,gw@example.org,黄建
D01,发改委机关党委,机关党委,GW,机关,10,2029-06-04,赵勇,000-2,d01@example.org,罗建
D60,融媒体支部,党支部,GW,事业单位,10,2028-03-01,,,,
B1,第一支部,党支部,D01,机关,10,2028-03-04,马国,000-3,b1@example.org,
B2,第二支部,党支部,D01,机关,10,2027-03-01,黄丽,000-4,b2@example.org,
"""
"""Four are rated. Persons in order: P1 高桂, P2 黄建, P3 赵勇, P4 罗建, P5 马国, P6 黄丽. D60 has nobody."""

DECLARATION = '{"head": "马国", "members_due": 10, "target_star": 5}'
SCORES = {str(number): "9.5" for number in range(1, 11)}
SELF_EVALUATION = json.dumps(
    {"meeting": {"on": "2027-05-05", "attendees": ["甲"], "minutes": "同意"}, "scores": SCORES, "star": 5}
)
SURVEY = '{"meeting": {"on": "2027-05-06"}, "paper": {"members_present": 10, "own_unit": 5, "satisfied": 15}, "tellers": ["甲", "乙"]}'
PROPOSAL = json.dumps({"scores": SCORES, "star": 5})


@dataclass(frozen=True)
class Cli:
    """The command line on one database."""

    url: str

    def run(self, *arguments: str, env: Mapping[str, str] | None = None, stdin: str | None = None) -> Result:
        environment = {"STARFLOW_DATABASE_URL": self.url, **(env or {})}
        return CliRunner().invoke(app, list(arguments), env=environment, input=stdin)

    def done(self, *arguments: str, stdin: str | None = None) -> str:
        """What it prints; it must succeed without a word on stderr."""
        result = self.run(*arguments, stdin=stdin)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return result.stdout

    def json(self, *arguments: str, exit_code: int = 0, stdin: str | None = None) -> dict[str, Any]:
        """The one object on stdout."""
        result = self.run(*arguments, "--json", stdin=stdin)
        assert (result.exit_code, result.stderr) == (exit_code, ""), result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def refused(self, *arguments: str) -> tuple[int, str]:
        """The exit code and the sentence on stderr; nothing on stdout."""
        result = self.run(*arguments)
        assert result.stdout == ""
        return result.exit_code, result.stderr.rstrip("\n")

    def fire(self, code: str, trigger: str, role: str, data: str = "{}", *more: str) -> dict[str, Any]:
        return self.json("fire", code, trigger, "--as", role, "--data", data, *more)

    def propose(self, code: str, reviewer: str) -> None:
        """Through declaration, self-evaluation and survey to a proposed star."""
        self.fire(code, "declare", "organisation", DECLARATION)
        self.fire(code, "submit_self_evaluation", "organisation", SELF_EVALUATION)
        self.fire(code, "file_survey", "organisation", SURVEY)
        self.fire(code, "propose_star", reviewer, PROPOSAL)


@pytest.fixture
def bare(tmp_path: Path) -> Cli:
    """No database yet."""
    return Cli(f"sqlite:///{tmp_path}/starflow.db")


@pytest.fixture(scope="session")
def roster_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("roster") / "roster.csv"
    file.write_text(ROSTER, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def played(roster_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rehearsal of 2027, opened on 14 April, its clock at 6 May 10:00."""
    file = tmp_path_factory.mktemp("played") / "starflow.db"
    cli = Cli(f"sqlite:///{file}")
    cli.done("init", "--rehearsal", "--at", "2027-04-14T08:00")
    cli.done("org", "import", str(roster_file))
    cli.done("campaign", "open", "2027")
    cli.done("clock", "move", "2027-05-06T10:00")
    return file


@pytest.fixture
def cli(played: Path, tmp_path: Path) -> Cli:
    shutil.copy(played, tmp_path / "starflow.db")
    return Cli(f"sqlite:///{tmp_path}/starflow.db")


@pytest.fixture(scope="session")
def awaiting(played: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """D60's five stars wait for the committee on 20 May."""
    file = tmp_path_factory.mktemp("awaiting") / "starflow.db"
    shutil.copy(played, file)
    cli = Cli(f"sqlite:///{file}")
    cli.propose("D60", "department")
    cli.fire("D60", "post_notice", "department", '{"on": "2027-05-06", "place": "一楼公告栏"}')
    cli.done("clock", "move", "2027-05-20T10:00")
    return file


@pytest.fixture
def sitting(awaiting: Path, tmp_path: Path) -> Cli:
    shutil.copy(awaiting, tmp_path / "starflow.db")
    return Cli(f"sqlite:///{tmp_path}/starflow.db")


@pytest.fixture(scope="session")
def live_database(roster_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A live database whose year is open."""
    file = tmp_path_factory.mktemp("live") / "starflow.db"
    cli = Cli(f"sqlite:///{file}")
    cli.done("init")
    cli.done("org", "import", str(roster_file))
    cli.done("campaign", "open", "2026")
    return file


@pytest.fixture
def live(live_database: Path, tmp_path: Path) -> Cli:
    shutil.copy(live_database, tmp_path / "starflow.db")
    return Cli(f"sqlite:///{tmp_path}/starflow.db")
