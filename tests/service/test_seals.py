"""The seal of a tally opens once the star is granted, and tells whether anything was changed since the close."""

from collections.abc import Iterator
from datetime import date, datetime

import pytest
import sqlalchemy as sa

from starflow.service import meetings, polls
from starflow.service.casting import cast
from starflow.service.polls import NewPoll
from starflow.service.seals import OpenedSeal, open_seal
from tests.service.town import BRANCH, COMMITTEE, ZONE, Town, town_of
from workflow.engine.errors import Refused, Unknown


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with town_of(database_url) as found:
        yield found


def surveyed(town: Town, code: str, votes: int) -> None:
    """Up to the filing, with so many of ten members."""
    meeting = {"on": "2027-05-06", "attendees": ["书记"], "minutes": "一致同意"}
    scores = {str(number): "8.5" for number in range(1, 11)}
    town.fire(code, "declare", {"head": "书记", "members_due": 10, "target_star": 4})
    town.fire(code, "submit_self_evaluation", {"meeting": meeting, "scores": scores, "star": 4})
    closes_at = datetime(2027, 5, 7, 18, tzinfo=ZONE)
    polls.open_poll(town.desk, code, NewPoll(mode="slips", closes_at=closes_at, own_unit=1), acting=BRANCH)
    members, masses = (sheet.tokens for sheet in polls.issue_slips(town.desk, code, acting=BRANCH))
    for token in (*members[:votes], *masses):
        assert cast(town.desk, token, {"overall": "satisfied"}).taken
    polls.close_poll(town.desk, code, acting=BRANCH)
    polls.count_poll(town.desk, code, {"tellers": ["甲", "乙"]}, acting=BRANCH)


def granted(town: Town, code: str) -> None:
    town.fire(code, "accept_turnout", reason="外出学习")
    town.fire(code, "file_survey", {"meeting": {"on": "2027-05-06"}})
    town.fire(code, "propose_star", {"base": "85", "star": 4}, by="P1")
    town.fire(code, "post_notice", {"on": "2027-05-06", "place": "公告栏"})
    town.at("2027-05-14 10:00")
    meetings.approve(town.desk, "2027-1", acting=COMMITTEE, codes=[code], on=date(2027, 5, 14))


def opened(town: Town) -> tuple[bool, bool | None]:
    found = open_seal(town.desk, "D01")
    return found.tally_agrees, found.ballots_agree


def changed(town: Town, statement: str) -> None:
    with town.desk.transaction() as tx:
        tx.session.execute(sa.text(statement))


def test_it_stays_shut_until_the_star_is_granted_and_then_agrees(town: Town) -> None:
    with pytest.raises(Unknown):
        open_seal(town.desk, "D01")
    surveyed(town, "D01", 8)
    with pytest.raises(Refused, match="密钥封存到那时"):
        open_seal(town.desk, "D01")

    granted(town, "D01")

    found = open_seal(town.desk, "D01")
    assert found == OpenedSeal(
        organisation="D01",
        name="第01支部",
        round="rating",
        seal=found.seal,
        key=found.key,
        tally_agrees=True,
        ballots_agree=True,
    )
    assert len(found.seal) == 64 and found.key not in str(town.history("D01"))


def test_whoever_changes_tally_seal_or_ballots_afterwards_is_found_out(town: Town) -> None:
    surveyed(town, "D01", 8)
    granted(town, "D01")

    changed(town, "UPDATE ballot SET payload = replace(payload, '\"satisfied\"', '\"dissatisfied\"')")
    assert opened(town) == (True, False)
    changed(town, "UPDATE poll SET tally_seal = replace(tally_seal, substr(tally_seal, 1, 4), 'ffff')")
    assert opened(town) == (False, False)
    changed(town, "DELETE FROM ballot")
    assert opened(town) == (False, None)


def test_a_survey_of_few_has_no_seal(town: Town) -> None:
    surveyed(town, "D01", 3)
    granted(town, "D01")

    with pytest.raises(Refused, match="不足5票"):
        open_seal(town.desk, "D01")
