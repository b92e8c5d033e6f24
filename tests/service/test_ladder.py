"""Who is told of a transition, and in which words: everything that it has to say reaches everybody whom it concerns."""

from collections.abc import Iterator

import pytest

from starflow.service.lists import notices
from tests.service.town import MEETING, Town, town_of


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with town_of(database_url) as town:
        yield town


def test_who_falls_in_the_city_review_is_told_why_and_at_which_level_it_stands(town: Town) -> None:
    town.waiting({"D01": (5, "95")})
    town.fire("D01", "approve", MEETING)
    before = set(notices(town.desk).rows)

    town.fire("D01", "overturn_star", reason="现场复核与材料不符")

    told = {(one.recipient.role, one.text) for one in notices(town.desk).rows if one not in before}
    assert told == {
        ("organisation", "第01支部市级复审未通过:现场复核与材料不符"),
        ("organisation", "第01支部定为四星级,原为未评"),
        ("superior", "第01支部定为四星级,原为未评"),
        ("department", "第01支部市级复审未通过:现场复核与材料不符"),
    }
