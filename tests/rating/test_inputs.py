"""What is wrong with the facts of a year, which events fall into the window, and in which order they are told."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from tests.rating.schemes_at_random import CITE, PLAIN
from workflow.rating.inputs import (
    Election,
    Event,
    RatingInputs,
    Satisfaction,
    counts_for,
    fact_faults,
    in_order,
    outside,
)
from workflow.rating.scheme import load

MORE = f"""
[[bonus]]
code = "award"
title = "获奖"
events = ["award", "honour"]
points = {{ city = "1", province = "2" }}
aggregate = "sum"
{CITE}
[[deduction]]
code = "finding"
title = "被查出问题"
events = ["finding", "honour"]
points = {{ each = "2" }}
{CITE}
[[counter]]
code = "times"
title = "次数"
events = ["late", "finding"]
{CITE}
"""
DAY = date(2027, 6, 1)


def inputs(round_: str = "rating", on: date = DAY, **facts: Any) -> RatingInputs:
    return RatingInputs(round_, on, **facts)


def event(code: str = "award", level: str | None = None, on: date = DAY, case: str | None = None) -> Event:
    return Event(code, on, level, case)


@pytest.mark.parametrize(
    ("facts", "faults"),
    [
        (inputs(), ()),
        (inputs("recheck"), ()),
        (inputs("autumn"), ("没有轮次“autumn”,只有rating、recheck",)),
        (inputs(events=(event(level="city"), event("finding"), event("late"), event("late", "city"))), ()),
        (inputs(events=(event("prize"),)), ("方案没有事项“prize”,只有award、honour、finding、late",)),
        (inputs(events=(event(),)), ("事项“award”缺级别,只有city、province",)),
        (inputs(events=(event(level="nation"),)), ("事项“award”没有级别“nation”,只有city、province",)),
        (inputs(events=(event("finding", "city"),)), ("事项“finding”没有级别“city”,只有each",)),
        (inputs(events=(event("honour"),)), ("事项“honour”缺级别,只有city、province",)),
        (inputs(election=Election(DAY)), ()),
        (
            inputs(election=Election(DAY, extension="perhaps")),
            ("换届延期没有“perhaps”这一情形,只有none、requested、approved、refused",),
        ),
        (inputs(satisfaction=Satisfaction(0, 0)), ()),
        (inputs(satisfaction=Satisfaction(Fraction(7, 2), 4)), ()),
        (inputs(satisfaction=Satisfaction(4, 4)), ()),
        (inputs(satisfaction=Satisfaction(5, 4)), ("满意5票与有效4票不合",)),
        (inputs(satisfaction=Satisfaction(-1, 4)), ("满意-1票与有效4票不合",)),
        (
            inputs("autumn", events=(event("prize"), event()), satisfaction=Satisfaction(5, 4)),
            (
                "没有轮次“autumn”,只有rating、recheck",
                "方案没有事项“prize”,只有award、honour、finding、late",
                "事项“award”缺级别,只有city、province",
                "满意5票与有效4票不合",
            ),
        ),
    ],
)  # fmt: skip
def test_every_fact_that_the_scheme_does_not_know_is_refused(facts: RatingInputs, faults: tuple[str, ...]) -> None:
    assert fact_faults(load(PLAIN.text() + MORE), facts) == faults


@pytest.mark.parametrize(
    ("on", "facts", "years", "window", "why"),
    [
        ("2027-01-01", inputs(), 1, "calendar_year", None),
        ("2026-12-31", inputs(), 1, "calendar_year", "不在2027年度内"),
        ("2027-06-01", inputs(), 1, "calendar_year", None),
        ("2027-06-02", inputs(), 1, "calendar_year", "晚于评定日2027-06-01"),
        ("2027-06-02", inputs("recheck"), 1, "calendar_year", None),
        ("2028-01-01", inputs("recheck"), 1, "calendar_year", "不在2027年度内"),
        ("2026-01-01", inputs(), 2, "calendar_year", None),
        ("2025-12-31", inputs(), 2, "calendar_year", "不在2026至2027年度内"),
        ("2025-01-01", inputs(), 3, "calendar_year", None),
        ("2024-12-31", inputs(), 3, "calendar_year", "不在2025至2027年度内"),
        ("2026-12-31", inputs(year=2026), 1, "calendar_year", None),
        ("2027-01-01", inputs(year=2026), 1, "calendar_year", "不在2026年度内"),
        ("2026-06-01", inputs(), 1, "months", "不在评定日以前12个月内"),
        ("2026-06-02", inputs(), 1, "months", None),
        ("2027-06-01", inputs(), 1, "months", None),
        ("2027-06-02", inputs("recheck"), 1, "months", "不在评定日以前12个月内"),
        ("2025-06-01", inputs(), 2, "months", "不在评定日以前24个月内"),
        ("2025-06-02", inputs(), 2, "months", None),
        ("2027-02-28", inputs(on=date(2028, 2, 29)), 1, "months", "不在评定日以前12个月内"),
        ("2027-03-01", inputs(on=date(2028, 2, 29)), 1, "months", None),
        ("2024-02-29", inputs(on=date(2028, 2, 29)), 4, "months", "不在评定日以前48个月内"),
    ],
)  # fmt: skip
def test_an_event_outside_the_window_says_why(
    on: str, facts: RatingInputs, years: int, window: str, why: str | None
) -> None:
    one = event(on=date.fromisoformat(on))

    assert (outside(one, facts, years, window), counts_for(one, facts, years, window)) == (why, why is None)


@pytest.mark.parametrize(("on", "why"), [("2027-01-01", None), ("2026-12-31", "不在2027年度内")])
def test_where_nothing_is_said_the_window_is_the_year(on: str, why: str | None) -> None:
    one = event(on=date.fromisoformat(on))

    assert (outside(one, inputs()), counts_for(one, inputs(), 1)) == (why, why is None)


def test_events_are_told_by_day_then_by_what_they_are() -> None:
    told = [
        event("award", "city", date(2027, 1, 1)),
        event("award"), event("award", case="A"), event("award", case="Z"),
        event("award", "A"), event("award", "city", case="A"), event("award", "city", case="b"),
        event("late"),
        event("award", on=date(2027, 7, 1)),
    ]  # fmt: skip

    assert in_order(reversed(told)) == told
