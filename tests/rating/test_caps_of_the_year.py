"""What a year may do to a level whatever the score: low satisfaction, an overdue election, repeated absence."""

from datetime import date
from typing import Any

import pytest

from tests.rating.test_caps import bound, case, scheme
from workflow.rating.caps import Bound, absence_bound, election_bounds, no_star_bound, one_year_after
from workflow.rating.inputs import Election, Event, Satisfaction

ABSENCE = """
[[deduction]]
code = "late"
title = "缺席"
events = ["unexcused"]
points = { each = "1" }
cite = { rule = "1" }
[absence]
event = "unexcused"
threshold = 2
op = ">="
cap = 2
cite = { rule = "A" }
[words]
unexcused = "缺会"
"""
ELECTION = """
[election]
terms = { "机关" = 3 }
cap = 3
exempt_if = ["approved"]
cite = { rule = "B" }
[election.over_one_year]
cap = 2
cite = { rule = "C" }
"""
SURVEYED = """
[satisfaction]
count = ["good"]
of = ["good", "bad"]
no_star = { op = "<", value = "50" }
cite = { rule = "S" }
[survey]
scale = ["good", "bad"]
labels = { good = "好", bad = "差" }
cite = { rule = "S" }
"""


@pytest.mark.parametrize(
    ("votes", "found"),
    [
        (None, ()),
        (Satisfaction(0, 0), ()),
        (Satisfaction(5, 10), ()),
        (Satisfaction(4, 10), (bound("S", "满意率40%(4/10),低于50%,不合格", "star=0", 0),)),
    ],
)
def test_low_satisfaction_leaves_no_star(votes: Any, found: Any) -> None:
    without = SURVEYED.replace('no_star = { op = "<", value = "50" }', "")

    assert no_star_bound(scheme(SURVEYED, lowest=0), case(satisfaction=votes)) == found
    assert no_star_bound(scheme(without), case(satisfaction=votes)) == ()


LATE = "换届应于2027-01-10前完成,至2027-06-01仍未换届"
LONG = "换届到期日为2026-05-31,至2027-06-01超过一年未换届"


@pytest.mark.parametrize(
    ("due_on", "extension", "found"),
    [
        (date(2027, 6, 1), "none", ()),
        (date(2027, 1, 10), "none", (bound("B", f"{LATE},未请示,不得高于良好", "star<=3", 3),)),
        (date(2027, 1, 10), "requested", (bound("B", f"{LATE},已请示,不得高于良好", "star<=3", 3),)),
        (date(2027, 1, 10), "approved", (bound("B", f"{LATE},延期已获批准,不受限制", "none", 4),)),
        (
            date(2026, 5, 31), "approved",
            (
                bound("B", "换届应于2026-05-31前完成,至2027-06-01仍未换届,延期已获批准,不受限制", "none", 4),
                bound("C", f"{LONG},不得高于合格", "star<=2", 2),
            ),
        ),
    ],
)  # fmt: skip
def test_an_overdue_election_bounds_and_after_a_year_more(due_on: date, extension: str, found: Any) -> None:
    assert election_bounds(scheme(ELECTION), case(election=Election(due_on, None, extension))) == found


def test_an_approval_excuses_a_year_without_an_election_only_where_the_scheme_says_so() -> None:
    excusing = scheme(ELECTION.replace("cap = 2", "cap = 2\nexempt = true"))

    def last(extension: str) -> Bound:
        return election_bounds(excusing, case(election=Election(date(2026, 5, 31), None, extension)))[-1]

    assert last("approved") == bound("C", f"{LONG},不受限制", "none", 4)
    assert last("requested") == bound("C", f"{LONG},不得高于合格", "star<=2", 2)


def test_an_election_that_was_held_bounds_nothing() -> None:
    held = {day: Election(date(2026, 5, 31), date(2027, 6, day)) for day in (1, 2)}

    assert election_bounds(scheme(ELECTION), case(election=held[1])) == ()
    assert [b.star for b in election_bounds(scheme(ELECTION), case(election=held[2]))] == [3, 2]
    assert [election_bounds(one, case(election=e)) for one, e in ((scheme(), held[2]), (scheme(ELECTION), None))] == [
        (),
        (),
    ]


def test_repeated_absence_counts_the_days_of_the_year_and_no_others() -> None:
    def absent(*days: date, code: str = "unexcused") -> tuple[Bound, ...]:
        return absence_bound(scheme(ABSENCE), case(events=tuple(Event(code, day) for day in days)))

    in_may, last_year, after = date(2027, 5, 1), date(2026, 12, 31), date(2027, 6, 2)
    assert absent(in_may, in_may) == (bound("A", "年度内缺会累计2次,达到2次,不得高于合格", "star<=2", 2),)
    assert absent(in_may) == absent(in_may, last_year) == absent(in_may, after) == ()
    assert absent(in_may, in_may, code="other") == absence_bound(scheme(), case()) == ()


def test_a_year_ends_on_the_same_day_of_the_next() -> None:
    days = (date(2027, 1, 31), date(2024, 2, 29), date(2024, 2, 28), date(2024, 3, 29))

    assert [one_year_after(day) for day in days] == [
        date(2028, 1, 31), date(2025, 2, 28), date(2025, 2, 28), date(2025, 3, 29),
    ]  # fmt: skip
