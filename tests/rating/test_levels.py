"""Which level is reached, and what is said of those that are missed: conditions, pass lines of sheets, and climbing."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from tests.rating.schemes_at_random import PLAIN
from workflow.rating.figures import case_figures, failing, holding
from workflow.rating.inputs import Event, RatingInputs, Step
from workflow.rating.levels import reached
from workflow.rating.linked import linked_steps
from workflow.rating.scheme import Scheme, load

TWO, FIVE = '{ value = "members", op = ">=", than = "2" }', '{ value = "members", op = ">=", than = "5" }'
LINKED = """
[[linked]]
code = "chief"
title = "书记"
grades = { "0" = "差", "1" = "中", "2" = "良", "3" = "优" }
needs = [{ value = "held", op = ">=", than = "1" }]
{more}
cite = { rule = "K" }
"""
COUNTED = """
[[counter]]
code = "prizes"
title = "获奖次数"
events = ["prize"]
years = 2
cite = { rule = "1" }
[[counter]]
code = "city"
title = "市级获奖次数"
events = ["prize"]
levels = ["city"]
cite = { rule = "1" }
[[counter]]
code = "row"
title = "连年获奖"
events = ["prize"]
period = "consecutive_years"
years = 3
cite = { rule = "1" }
"""


@cache
def scheme(one: str = "", two: str = "", score: str = "", more: str = "") -> Scheme:
    """A scheme whose first and second level need this."""
    text = PLAIN.text().replace("flag_difference", f"{score}\nflag_difference")
    for star, needs in ((1, one), (2, two)):
        text = text.replace(f'label = "第{star}等"', f'label = "第{star}等"\nneeds = [{needs}]')
    return load(text + more)


def case(**facts: Any) -> RatingInputs:
    return RatingInputs(**{"round": "rating", "rated_on": date(2027, 6, 1), "base": Decimal(90), **facts})


def got(one: Scheme, band: int, **facts: Any) -> tuple[int, tuple[Step, ...]]:
    return reached(one, case(**facts), band, case_figures(one, case(**facts)))


def at(star: int) -> Step:
    return Step("1", f"达到第{star}等的条件", f"star={star}")


def missed(star: int, why: str) -> Step:
    return Step("1", f"不得第{star}等:{why}", "none")


EACH = 'climb = "each"'


@pytest.mark.parametrize(
    ("score", "band", "members", "found"),
    [
        ("", 3, 1, (3, (at(3),))),
        ("", 2, 5, (2, (at(2),))),
        ("", 2, 4, (1, (missed(2, "党员数4,低于5"), at(1)))),
        ("", 2, 1, (0, (missed(2, "党员数1,低于5"), missed(1, "党员数1,低于2"), at(0)))),
        ("", 2, None, (0, (missed(2, "没有党员数"), missed(1, "没有党员数"), at(0)))),
        (EACH, 3, 5, (3, (at(3),))),
        (EACH, 3, 4, (1, (missed(2, "党员数4,低于5"), at(1)))),
        (EACH, 3, 1, (0, (missed(1, "党员数1,低于2"), at(0)))),
        (EACH, 1, 5, (1, (at(1),))),
        (EACH, 0, 5, (0, (at(0),))),
    ],
)
def test_a_level_is_reached_with_its_band_and_all_that_it_needs(
    score: str, band: int, members: Any, found: Any
) -> None:
    assert got(scheme(TWO, FIVE, score), band, members=members) == found


@pytest.mark.parametrize("score", ["", EACH])
def test_where_no_level_needs_anything_the_band_has_said_it_all(score: str) -> None:
    assert got(scheme(score=score), 2) == (2, ())


@pytest.mark.parametrize(
    ("more", "star", "held", "said"),
    [
        ("", 2, 1, "书记:随本组织的第2等,为良"),
        ("", 2, 0, "书记:本组织为第2等,但现有等次0,低于1,为中"),
        ("", 2, None, "书记:本组织为第2等,但没有现有等次,为中"),
        ("", 0, 0, "书记:随本组织的第0等,为差"),
        ('otherwise = "不定"', 3, 0, "书记:本组织为第3等,但现有等次0,低于1,为不定"),
    ],
)
def test_a_grade_follows_the_level_or_falls_one_lower(more: str, star: int, held: Any, said: str) -> None:
    one = scheme(more=LINKED.replace("{more}", more))

    assert linked_steps(one, star, case_figures(one, case(held=held))) == (Step("K", said, "none"),)


def test_every_figure_of_a_case_is_known_by_its_name() -> None:
    days = (date(2027, 6, 1), date(2026, 12, 31), date(2025, 1, 1), date(2027, 6, 2))
    inputs = case(
        held=3, claimed=2, target=1, members=5, turnout=Fraction(4, 5), founded_on=date(2025, 6, 2),
        history=((2024, 3), (2025, 2), (2026, 3)),
        events=(*(Event("prize", day) for day in days), Event("prize", date(2027, 1, 1), "city"), Event("x", days[0])),
    )  # fmt: skip

    assert case_figures(scheme(more=COUNTED), inputs) == {
        "held": 3, "claimed": 2, "target": 1, "members": 5, "turnout": 80, "age_months": 23,
        "years_at.0": 3, "years_at.1": 3, "years_at.2": 3, "years_at.3": 1, "years_rated": 3,
        "counter.prizes": 3, "counter.city": 1, "counter.row": 3,
    }  # fmt: skip
    assert case_figures(scheme(), case()) == {}


@pytest.mark.parametrize(
    ("founded", "months"),
    [(date(2025, 6, 1), 24), (date(2026, 12, 1), 6), (date(2026, 7, 15), 10), (date(2027, 6, 1), 0)],
)
def test_an_age_is_counted_in_full_months(founded: date, months: int) -> None:
    assert case_figures(scheme(), case(founded_on=founded)) == {"age_months": months}


def test_a_row_of_years_ends_with_the_first_gap_and_a_day_to_come_is_none() -> None:
    def row(*days: date) -> Fraction:
        one = scheme(more=COUNTED)
        return case_figures(one, case(events=tuple(Event("prize", day) for day in days)))["counter.row"]

    first, last, before, old = date(2027, 6, 1), date(2026, 1, 1), date(2024, 1, 1), date(2025, 1, 1)
    assert [row(first), row(last), row(first, last), row(first, before), row(date(2027, 6, 2))] == [1, 0, 2, 1, 0]
    assert row(first, last, old, before) == 3


NEEDS = f"""
{{ any = [{TWO}, {{ value = "held", op = "=", than = "3" }}] }}, {{ value = "turnout", op = "<", than = "90.5" }},
{{ value = "satisfaction", op = ">", than = "60" }}, {{ value = "total", op = "<=", than = "80" }}"""


def test_what_fails_and_what_holds_is_said_with_its_numbers_but_never_how_satisfied_people_are() -> None:
    one = scheme(NEEDS.replace("\n", " "))
    needs = one.level_of(1).needs
    bad = {"members": Fraction(1), "held": Fraction(2), "turnout": Fraction("95.5"), "satisfaction": Fraction(50)}
    good = {"held": Fraction(3), "turnout": Fraction(80), "satisfaction": Fraction(70), "total": Fraction(80)}

    assert failing(one, needs, bad) == (
        "党员数1,低于2或现有等次2,不等于3;党员参与率95.5,不低于90.5;满意率不高于60;没有总分"
    )
    assert holding(one, needs, good) == "现有等次3,等于3、党员参与率80,低于90.5、满意率高于60、总分80,不高于80"
    assert failing(one, needs, good) == ""
