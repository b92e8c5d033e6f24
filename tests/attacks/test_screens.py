"""The secretary's, reviewer's and administrator's screens: whichever way two members voted, not one word on them differs."""

import json
from contextlib import closing
from datetime import datetime

import pytest

from starflow.service import polls, upkeep
from starflow.service.acting import Acting
from starflow.service.casting import cast
from starflow.service.poll_views import live, result, results_below
from starflow.service.polls import NewPoll
from starflow.service.shapes import plain
from starflow.service.why import history, why
from storage.database import Database
from tests.attacks.hall import ZONE, Hall, hall_at
from tests.service.conftest import City

BRANCH = Acting(actor="P3", relations=frozenset({"organisation"}), person="P3")


def played(url: str, answers: list[str]) -> list[str]:
    """Everything that screens say after each vote, and after the close; votes in this order."""
    with hall_at(url) as hall:
        City(hall.desk).submit("B1", "2027-05-05")
        closes_at = datetime(2027, 5, 7, 18, tzinfo=ZONE)
        polls.open_poll(hall.desk, "B1", NewPoll(mode="slips", closes_at=closes_at, own_unit=1), acting=BRANCH)
        tokens = polls.issue_slips(hall.desk, "B1", acting=BRANCH)[0].tokens
        said = []
        for token, answer in zip(tokens, answers, strict=False):
            assert cast(hall.desk, token, {"overall": answer}).taken
            said.append(_screens(hall))
        polls.close_poll(hall.desk, "B1", acting=BRANCH)
        return [*said, _screens(hall)]


def _screens(hall: Hall) -> str:
    shown = [plain(live(hall.desk, "B1")), plain(result(hall.desk, "B1")), why(hall.desk, "B1").as_json()]
    shown += [history(hall.desk, "B1").as_json(), upkeep.check(hall.desk), results_below(hall.desk, "GW")]
    text = json.dumps(shown, ensure_ascii=False, default=str)
    return text


@pytest.fixture
def two(database_url: str, another_database: Database) -> tuple[str, str]:
    with closing(another_database):
        url = another_database.engine.url.render_as_string(hide_password=False)
    return database_url, url


def test_whoever_voted_what_no_screen_differs(two: tuple[str, str]) -> None:
    first = played(two[0], ["satisfied", "dissatisfied", "satisfied", "satisfied", "satisfied", "unknown"])
    second = played(two[1], ["unknown", "satisfied", "satisfied", "satisfied", "dissatisfied", "satisfied"])

    assert first == second
    assert "不满意" not in "".join(first[:-1]).replace("基本满意", "")
