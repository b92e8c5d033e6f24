"""Role × relation × route: what the reviewed file `matrix.toml` says is what the running application answers.

A route that the file does not name fails, and so does a line that names no route. Whatever a line allows is asked with an empty
body, so that it is let through to the work and no further.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from starflow.service import organisations
from starflow.service.access import Principal
from starflow.service.campaigns import open_campaign
from starflow.service.desk import create_desk
from starflow.service.policy import Policy
from starflow.service.settings import read_settings
from starflow.web.app import create_app
from tests.kept import app_at
from tests.web import matrix
from tests.web.conftest import APRIL, PLAY, Web
from tests.web.matrix import (
    COLUMNS,
    SEATS,
    Expectation,
    Town,
    answered,
    expectations,
    filled,
    routes_of,
    settle,
    undone,
)

STAGES = (
    "rating.declaration",
    "rating.self_evaluation",
    "rating.survey",
    "rating.review",
    "rating.audit",
    "rating.publicity",
    "rating.approval",
    "rating.city_review",
)
VALUES = {
    "year": "2027",
    "number": "1",
    "token": "0" * 43,
    "trigger": "nothing",
    "kind": "nothing",
    "slug": "nothing",
    "version": "1",
    "attached_id": "1",
    "outcome": "dismiss",
    "place": "1",
    "name": "stuck",
}
ACT = {"/survey/{code}/{act}": "open", "/api/v1/matters/{id}/{act}": "cancel"}
FORMS = {
    "/survey/{code}/{act}": {"certified": "yes", "mode": "slips", "closes_at": "2027-05-07T18:00"},
    "/n": {"on": "2027-05-06", "place": "公告栏"},
    **{f"/admin/accounts/{act}": {"login": "self-b3"} for act in ("link", "lock", "unlock")},
    "/two": {"act": "exempt", "reason": "合并:并入"},
}
"""What a form must say before it is looked at who sends it."""
ABOUT = {"anonymous": matrix.TARGET} | {seat.name: seat.about for seat in SEATS}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    settings = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/town.db", "STARFLOW_ARGON2_MIB": "8"})
    with closing(create_desk(settings, rehearsal_at=APRIL, seed=1)) as desk:
        organisations.import_roster(desk, matrix.TOWN, scheme_root_kind="市直工委", dry_run=False)
        open_campaign(desk, 2027, "anyang-five-star", actor="P1")
        yield settle(desk, app_at(desk))


def test_every_route_stands_in_the_file_and_every_line_names_one(town: Town) -> None:
    assert sorted({line.route for line in expectations()}) == sorted(routes_of(town.app))


def test_no_line_stands_twice() -> None:
    lines = [(line.route, line.stage) for line in expectations()]

    assert sorted({line for line in lines if lines.count(line) > 1}) == []


def test_everybody_is_answered_at_every_route_as_the_file_says(town: Town) -> None:
    found, asked = {}, 0
    web = Web(town.desk, town.app)
    web.at("2027-05-06 10:00")
    for stage in STAGES:
        advance(web, stage)
        lines = [one for one in expectations() if (one.stage or STAGES[0]) == stage]
        asked += len(lines)
        found |= differences(town, lines)

    assert found == {}
    assert asked == len(expectations())


def differences(town: Town, lines: Sequence[Expectation]) -> dict[str, tuple[str, str]]:
    """Route and column → what the file says, and what was answered."""
    answers = ((line, column, ask(town, line, column)) for line in lines for column in COLUMNS)
    return {
        f"{line.route} {column}": (line.expected[column], found)
        for line, column, found in answers
        if found != line.expected[column]
    }


def test_a_door_left_open_turns_the_matrix_red(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: whoever takes one check away is seen in every column that it kept out."""
    kept = Policy.require

    def forgetful(self: Policy, principal: Principal, action: str, relations: frozenset[str] | None = None) -> None:
        if action != "read_meetings":
            kept(self, principal, action, relations)

    monkeypatch.setattr(Policy, "require", forgetful)
    line = next(one for one in expectations() if one.route == "GET /meeting")
    out = [column for column in COLUMNS if line.expected[column] == "403"]

    assert differences(town, [line]) == {f"GET /meeting {column}": ("403", "yes") for column in out}
    assert len(out) == 9


def test_a_route_that_nobody_wrote_down_turns_the_matrix_red(town: Town) -> None:
    app = create_app(town.desk)
    app.add_api_route("/back-door", lambda: {})

    assert set(routes_of(app)) - {line.route for line in expectations()} == {"GET /back-door"}


def advance(web: Web, until: str) -> None:
    """On by real acts, from wherever the cycle stands."""
    while (stage := web.stage(matrix.TARGET)) != until:
        if stage == "rating.approval":
            web.fire(matrix.TARGET, "record_excess", {"level": "five_star", "number": 1, "reason": "集体研究"})
        web.fire(matrix.TARGET, *PLAY[stage])
        if stage == "rating.publicity":
            web.at("2027-05-20 10:00")


def ask(town: Town, line: Expectation, column: str) -> str:
    method, path = line.route.split(" ", 1)
    about = ABOUT[column]
    values = {
        **VALUES,
        "id": str(town.matters[about]),
        "matter_id": str(town.matters[about]),
        "act": ACT.get(path, "nothing"),
    }
    with undone(town.desk):
        program = path.startswith("/api/")
        asked = filled(path, about, values)
        return answered(
            town.ask(
                method, asked, column, token=program, fields={"code": about, "codes": about, **FORMS.get(path, {})}
            )
        )
