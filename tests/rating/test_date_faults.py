"""What is wrong with the dates and rounds of a scheme: one slip in a sound one, and every fault that it makes."""

import pytest

from tests.rating.slips import Slips, found

DECLARED, SURVEYED, RECHECKED = 'due = "03-01"', 'due = "03-20"', 'due = "08-10"'
TARGET = '"due -5 days"'  # of the review, due on 10 April
REST = '[[stage]]\nname = "rated"\nuntil = "07-01"\n'
CLOSED = '[[stage]]\nname = "closed"'
SECOND_REST = '[[stage]]\nname = "rated_2"\nkind = "rated"\nuntil = "09-01"\n'
THIRD = '[[round]]\nname = "third"\ntitle = "第三轮"\n'
RECHECK_OPENS = '[recheck]\nopens_on = "07-02"\n'


def task(name: str, due: str) -> tuple[str, str]:
    """One more stage before the end."""
    return CLOSED, f'[[stage]]\nname = "{name}"\nkind = "task"\nowner = "superior"\ndue = "{due}"\n{CLOSED}'


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([(TARGET, '"04-11"')], ["stage.2.target: 目标日04-11晚于截止日04-10"]),
        ([(TARGET, '"04-10"')], []),
        ([('opens_on = "02-01"', 'opens_on = "03-02"')], ["stage.0.due: 截止日03-01早于开始日03-02"]),
        ([('opens_on = "02-01"', 'opens_on = "03-01"')], []),
        ([(RECHECKED, 'due = "06-30"')], ["stage.5.due: 截止日06-30早于开始日07-01"]),
        ([(RECHECKED, 'due = "07-01"')], []),
        ([(RECHECKED, 'due = "01-15 next year"')], []),
        ([('until = "07-01"', 'until = "01-10 next year"')], ["stage.5.due: 截止日08-10早于开始日01-10 next year"]),
        ([task("task", "01-05")], []),
        ([(CLOSED, SECOND_REST + CLOSED), task("third.task", "08-31"), THIRD], ["stage.7.due: 截止日08-31早于开始日09-01"]),
    ],
)  # fmt: skip
def test_what_is_due_lies_behind_its_target_and_the_beginning_of_its_round(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([(SURVEYED, 'due = "02-20"')], ["stage.1.due: 截止日02-20早于前面环节rating.declaration的截止日03-01"]),
        ([(SURVEYED, DECLARED)], []),
        ([('due = "04-10"', 'due = "03-10"'), ('due = "05-05"', 'due = "03-15"')],
         ["stage.2.due: 截止日03-10早于前面环节rating.survey的截止日03-20", "stage.3.due: 截止日03-15早于前面环节rating.survey的截止日03-20"]),
        ([(DECLARED, f'{DECLARED}\ntarget = "due -1 days"'), (SURVEYED, f'{SURVEYED}\ntarget = "due -21 days"')],
         ["stage.1.target: 目标日02-27早于前面环节rating.declaration的目标日02-28"]),
        ([(DECLARED, f'{DECLARED}\ntarget = "due -1 days"'), (SURVEYED, f'{SURVEYED}\ntarget = "due -20 days"')], []),
        ([(DECLARED, f'{DECLARED}\ntarget = "02-20"'), (SURVEYED, 'due = "+10 days"\ntarget = "02-10"')],
         ["stage.1.target: 目标日02-10早于前面环节rating.declaration的目标日02-20"]),
        ([(RECHECKED, 'due = "01-15 in 2 years"'), task("recheck.task", "12-20 next year")],
         ["stage.6.due: 截止日12-20 next year早于前面环节recheck.review的截止日01-15 in 2 years"]),
        ([(DECLARED, f'{DECLARED}\ntarget = "due -20 days"'), (SURVEYED, f'{SURVEYED}\ntarget = "due -90 days"')],
         ["stage.1.target: 目标日12-20 last year早于前面环节rating.declaration的目标日02-09"]),
        ([(DECLARED, f'{DECLARED}\ntarget = "02-20"'), (SURVEYED, f'{SURVEYED}\ntarget = "due -900 days"')],
         ["stage.1.target: 目标日10-01 3 years ago早于前面环节rating.declaration的目标日02-20"]),
    ],
)  # fmt: skip
def test_nothing_is_due_before_the_work_above_it(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    "dates", ['due = "+10 days"\ntarget = "due -50 days"', f'{SURVEYED}\ntarget = "due -60 workdays"']
)
def test_lengths_and_working_days_have_no_day_to_compare(dates: str) -> None:
    assert found((DECLARED, f'{DECLARED}\ntarget = "02-20"'), (SURVEYED, dates)) == []


OTHERWISE = ["recheck.opens_on: “07-02”与环节rated的until “07-01”不一致"]


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([RECHECK_OPENS], OTHERWISE),
        (['[recheck]\nopens_on = "07-01"\n'], []),
        ([('name = "recheck.review"', 'name = "third.review"'), THIRD, RECHECK_OPENS], []),
        ([('[[stage]]\nname = "recheck.review"\nowner = "superior"\ndue = "08-10"\n', ""), RECHECK_OPENS], OTHERWISE),
        ([(CLOSED, SECOND_REST + CLOSED), task("third.task", "09-02"), THIRD, RECHECK_OPENS], OTHERWISE),
        ([(CLOSED, SECOND_REST + CLOSED), RECHECK_OPENS], [*OTHERWISE, "recheck.opens_on: “07-02”与环节rated_2的until “09-01”不一致"]),
    ],
)  # fmt: skip
def test_the_recheck_opens_when_the_rest_before_it_ends(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([THIRD], ["round.0.name: 没有“third”这一轮的环节"]),
        ([THIRD.replace("third", "rating") * 3], ["round.1.name: “rating”写了两次", "round.2.name: “rating”写了两次"]),
        ([('name = "recheck.review"', 'name = "third.review"'), task("third.task", "08-11"), THIRD], []),
        ([('name = "recheck.review"', 'name = "third.review"'), task("third.task", "08-11")],
         ["stage.5.name: 轮次“third”没有写明叫什么,请加一张[[round]]"]),
        ([('name = "recheck.review"', 'name = "rating.task"')], ["stage.5.name: 轮次“rating”前面已经结束,一轮的环节要连着写"]),
        ([(REST, "")], ["stage.4.name: “rating”与“recheck”两轮之间须有定星的环节(rated)"]),
        ([(REST, ""), task("rating.task", "08-11")],
         ["stage.4.name: “rating”与“recheck”两轮之间须有定星的环节(rated)", "stage.5.name: 轮次“rating”前面已经结束,一轮的环节要连着写"]),
    ],
)  # fmt: skip
def test_rounds_are_told_once_and_follow_each_other_behind_a_rest(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults
