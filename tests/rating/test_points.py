"""Bonuses and deductions, line by line: how points are added up, limited, and left out, each with its sentence."""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from tests.rating.schemes_at_random import PLAIN
from workflow.rating.inputs import Event, RatingInputs, Satisfaction, Step
from workflow.rating.points import Line, bonuses, deductions
from workflow.rating.scheme import Scheme, load

PRIZE = """
[[bonus]]
code = "prize"
title = "获奖"
events = ["prize", "cup"]
points = { each = "2", city = "3" }
aggregate = "{how}"
{more}
cite = { rule = "B" }
[[bonus]]
code = "paper"
title = "文章"
events = ["paper"]
points = { each = "1" }
aggregate = "sum"
cite = { rule = "P" }
[words]
prize = "奖"
cup = "杯"
"""
FINE = """
[[deduction]]
code = "fine"
title = "被罚"
events = ["fine"]
points = { each = "2", city = "5" }
{more}
cite = { rule = "D" }
[[deduction]]
code = "late"
title = "迟到"
events = ["late"]
points = { each = "1" }
cite = { rule = "L" }
"""
ASKED = """
[satisfaction]
count = ["satisfied"]
of = ["satisfied", "dissatisfied"]
deduct = [{ op = "<", value = "70", points = "5" }, { op = "<", value = "50", points = "8" }, { op = "<", value = "60", points = "6" }]
cite = { rule = "S" }
"""


@cache
def scheme(more: str = "", score: str = "") -> Scheme:
    return load(PLAIN.text().replace("flag_difference", f"{score}\nflag_difference") + more)


def prize(how: str = "sum", more: str = "") -> str:
    return PRIZE.replace("{how}", how).replace("{more}", more)


def fine(more: str = "") -> str:
    return FINE.replace("{more}", more)


def on(code: str, level: str | None = None, case: str | None = None, day: date = date(2027, 3, 1)) -> Event:
    return Event(code, day, level, case)


def case(*events: Event, **facts: Any) -> RatingInputs:
    return RatingInputs("rating", date(2027, 6, 1), Decimal(90), events=events, **facts)


def line(rule: str, text: str, points: str, code: str = "") -> Line:
    number = Decimal(points)
    return Line(Step(rule, text, points if number else "none"), number, code)


THREE = (on("prize"), on("prize"), on("cup", "city"))
LISTED = "获奖:奖2次(每次2分)、市级杯1次(每次3分)"


@pytest.mark.parametrize(
    ("how", "more", "said", "points"),
    [
        ("sum", "", f"{LISTED},共加7分", "+7"),
        ("max", "", f"{LISTED},以最高的为准,加3分", "+3"),
        ("sum", 'cap = "6"', f"{LISTED},以6分为限,加6分", "+6"),
        ("sum", 'cap = "7"', f"{LISTED},共加7分", "+7"),
        ("sum", 'multiplier = "0.5"', "获奖:奖2次(每次1分)、市级杯1次(每次1.5分),共加3.5分", "+3.5"),
    ],
)
def test_the_events_of_an_item_are_one_line(how: str, more: str, said: str, points: str) -> None:
    assert bonuses(scheme(prize(how, more)), case(*THREE)) == (line("B", said, points, "prize"),)


def test_deductions_are_listed_like_bonuses_and_cost_their_points() -> None:
    found = deductions(scheme(fine('cap = "8"')), case(on("fine"), on("fine", "city"), on("fine", "city"), on("late")))

    assert found == (
        line("D", "被罚:1次(每次2分)、市级fine2次(每次5分),以8分为限,扣8分", "-8", "fine"),
        line("L", "迟到:1次(每次1分),共扣1分", "-1", "late"),
    )


WINDOW = 'window = "months"'


@pytest.mark.parametrize(
    ("more", "day", "why"),
    [
        ("", date(2026, 12, 31), "不在2027年度内"),
        ("", date(2027, 6, 2), "晚于评定日2027-06-01"),
        ("window_years = 2", date(2025, 12, 31), "不在2026至2027年度内"),
        (WINDOW, date(2026, 6, 1), "不在评定日以前12个月内"),
        (f"{WINDOW}\nwindow_years = 2", date(2025, 6, 1), "不在评定日以前24个月内"),
        ("window_years = 2", date(2026, 1, 1), ""),
        (WINDOW, date(2026, 6, 2), ""),
        (WINDOW, date(2027, 6, 1), ""),
    ],
)
def test_what_lies_outside_the_window_has_a_line_that_says_why(more: str, day: date, why: str) -> None:
    left_out = line("B", f"{day}的市级奖{why},不计", "0")
    counted = line("B", "获奖:市级奖1次(每次3分),共加3分", "+3", "prize")

    assert bonuses(scheme(prize(more=more)), case(on("prize", "city", day=day))) == ((left_out if why else counted),)


SAME = 'same_case = "max"\ncite = { rule = "M" }\n'


def test_without_a_word_about_one_case_every_event_counts() -> None:
    said = "获奖:奖1次(每次2分)、市级杯1次(每次3分),共加5分"

    assert bonuses(scheme(prize()), case(on("prize", case="A"), on("cup", "city", case="A"))) == (
        line("B", said, "+5", "prize"),
    )


def test_of_one_case_only_the_heaviest_counts_where_the_scheme_says_so() -> None:
    events = (on("prize", case="A"), on("cup", "city", case="A"), on("paper", case="A"), on("paper"), on("paper"))

    assert bonuses(scheme(prize() + f"[award]\n{SAME}"), case(*events)) == (
        line("B", "获奖:奖1次(每次2分)、市级杯1次(每次3分),其中1次与同一件事重复,不再加分,共加3分", "+3", "prize"),
        line("P", "文章:3次(每次1分),其中1次与同一件事重复,不再加分,共加2分", "+2", "paper"),
    )
    assert bonuses(scheme(prize() + f"[award]\n{SAME}"), case(on("prize", case="A"), on("paper", case="A")))[1] == line(
        "P", "文章:1次(每次1分),其中1次与同一件事重复,不再加分,共加0分", "0", "paper"
    )
    costs = (on("fine", case="A"), on("fine", "city", case="A"), on("late", case="A"), on("late"), on("late", case="B"))
    assert deductions(scheme(fine() + f"[deduct]\n{SAME}"), case(*costs)) == (
        line("D", "被罚:1次(每次2分)、市级fine1次(每次5分),其中1次与同一案件重复,不再扣分,共扣5分", "-5", "fine"),
        line("L", "迟到:3次(每次1分),其中1次与同一案件重复,不再扣分,共扣2分", "-2", "late"),
    )


@pytest.mark.parametrize(
    ("most", "more", "back"),
    [
        ("8", "", ()),
        ("7.5", "", (("1", "-0.5"),)),
        ("5", "", (("1", "-3"),)),
        ("5", f"[award]\n{SAME}[deduct]\n{SAME}", (("M", "-3"),)),
    ],
)
def test_what_is_beyond_the_limit_of_all_together_is_given_back(most: str, more: str, back: Any) -> None:
    gained, lost = (*THREE, on("paper")), (*(on("fine"),) * 3, on("late"), on("late"))
    one = scheme(prize() + fine() + more, f'bonus_cap = "{most}"\ndeduction_cap = "{most}"')

    def limit(word: str, rule: str, points: str) -> Line:
        return line(rule, f"{word}分合计8分,以{most}分为限", points)

    assert bonuses(one, case(*gained))[2:] == tuple(limit("加", rule, points) for rule, points in back)
    assert deductions(one, case(*lost))[2:] == tuple(
        limit("扣", rule, points.replace("-", "+")) for rule, points in back
    )


@pytest.mark.parametrize(
    ("satisfied", "said", "points"),
    [
        (4, "满意率40%(4/10),低于50%,扣8分", "-8"),
        (5, "满意率50%(5/10),低于60%,扣6分", "-6"),
        (6, "满意率60%(6/10),低于70%,扣5分", "-5"),
        (7, "满意率70%(7/10),不低于70%,不扣分", "0"),
    ],
)
def test_low_satisfaction_costs_the_dearest_threshold_that_holds(satisfied: int, said: str, points: str) -> None:
    assert deductions(scheme(ASKED), case(satisfaction=Satisfaction(satisfied, 10))) == (line("S", said, points),)


def test_a_limit_may_be_less_than_one_point() -> None:
    one = scheme(prize(more='multiplier = "0.2"'), 'bonus_cap = "0.5"')

    assert bonuses(one, case(on("cup", "city")))[1:] == (line("1", "加分合计0.6分,以0.5分为限", "-0.1"),)


def test_an_item_of_which_nothing_is_left_brings_nothing_even_where_its_highest_counts() -> None:
    highest = prize().replace(
        'points = { each = "1" }\naggregate = "sum"', 'points = { each = "1" }\naggregate = "max"'
    )
    events = (on("prize", case="A"), on("paper", case="A"))

    assert bonuses(scheme(highest + f"[award]\n{SAME}"), case(*events))[1] == line(
        "P", "文章:1次(每次1分),其中1次与同一件事重复,不再加分,共加0分", "0", "paper"
    )
    dearest = fine().replace('points = { each = "1" }', 'points = { each = "1" }\naggregate = "max"')
    costs = (on("fine", case="A"), on("late", case="A"))
    assert deductions(scheme(dearest + f"[deduct]\n{SAME}"), case(*costs))[1] == line(
        "L", "迟到:1次(每次1分),其中1次与同一案件重复,不再扣分,共扣0分", "0", "late"
    )


def test_of_two_items_of_equal_weight_the_first_counts() -> None:
    equal = prize().replace('points = { each = "1" }', 'points = { each = "2" }')

    assert bonuses(scheme(equal + f"[award]\n{SAME}"), case(on("paper", case="A"), on("prize", case="A"))) == (
        line("B", "获奖:奖1次(每次2分),共加2分", "+2", "prize"),
        line("P", "文章:1次(每次2分),其中1次与同一件事重复,不再加分,共加0分", "0", "paper"),
    )
