"""The dates of a stage for each way to write them, in the campaign of 2027, and what a scheme without a date says."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workflow.engine.deadlines import Rung, end_of_day
from workflow.engine.errors import BadInput
from workflow.rating.facts import Facts
from workflow.rating.scheme import Scheme
from workflow.rating.scheme_afterwards import Rung as SchemeRung
from workflow.rating.scheme_stages import But, Condition, PublicityStage
from workflow.rating.scheme_values import Cite
from workflow.rating.shelf import calendar
from workflow.rating.timing import Dates, ladder_of, nominal_day, stage_dates, window_opens

ZONE = ZoneInfo("Asia/Shanghai")
WEEKENDS = calendar("weekends")
FIXED = "截止:6月5日24时(方案写明“06-05”,2027年6月5日为星期六)"
ENTERED = datetime(2027, 6, 2, 20, tzinfo=UTC)
"""In the evening in Greenwich, and Thursday the 3rd already where the work is done."""


def ends(month: int, day: int) -> datetime:
    return end_of_day(date(2027, month, day), ZONE)


def dates(scheme: Scheme, **more: Any) -> Dates:
    said: dict[str, Any] = {"facts": Facts(), "entered_at": ENTERED, "year": 2027, "calendar": WEEKENDS, "zone": ZONE}
    return stage_dates(scheme.stage[-2], scheme=scheme, **said | more)


def owed(lines: tuple[str, ...], due: datetime | None = None, target: datetime | None = None) -> Dates:
    return Dates(target_at=target, due_at=due, owner_role="superior", arithmetic=lines, phase_due_at=due)


REVIEW = 'rating.review\nowner = "superior"\n'
FORMS = {
    'due = "06-05"': owed((FIXED,), ends(6, 5)),
    'due = "+10 days"': owed(("截止:进入环节6月3日(星期四)起10天(次日为第1天) → 6月13日24时",), ends(6, 13)),
    'due = "+3 workdays"': owed(("截止:进入环节6月3日(星期四)起3个工作日 → 6月8日24时",), ends(6, 8)),
    'due = "opening +60 days"': owed(
        ("截止:opening4月15日(星期四)起60天(次日为第1天) → 6月14日24时",), ends(6, 14)
    ),
    'due = "rating.self_evaluation +2 workdays"': owed(
        ("截止:rating.self_evaluation5月28日(星期五)起2个工作日 → 6月1日24时",), ends(6, 1)
    ),
    "": owed(()),
    'target = "05-20"': owed(("目标:5月20日24时(方案写明“05-20”,2027年5月20日为星期四)",), target=ends(5, 20)),
    'due = "06-05"\ntarget = "06-05"': owed((FIXED, FIXED.replace("截止", "目标")), ends(6, 5), ends(6, 5)),
    'due = "06-05"\ntarget = "due -3 days"': owed(
        (FIXED, "目标:截止6月5日(星期六)前3天 → 6月2日24时"), ends(6, 5), ends(6, 2)
    ),
    'due = "06-08"\nmin_workdays = 3': owed(
        ("截止:6月8日24时(方案写明“06-08”,2027年6月8日为星期二)",), ends(6, 8)
    ),
}  # fmt: skip


@pytest.mark.parametrize("written", FORMS)
def test_each_way_to_write_a_date_comes_to_a_day_and_shows_its_arithmetic(scheme_of: Any, written: str) -> None:
    declared = 'rating.declaration\nowner = "organisation"\ndue = "opening +29 workdays"'
    evaluated = 'rating.self_evaluation\nowner = "organisation"\ndue = "rating.declaration +2 workdays"'

    assert dates(scheme_of(declared, evaluated, REVIEW + written, "closed")) == FORMS[written]


def test_by_the_case_another_owner_owes_it_by_another_day(scheme: Scheme) -> None:
    top = (Condition(proposed=(5,)),)
    but = (But(when=top, owner="city", due="07-01"), But(when=top, target="06-20"))
    review = scheme.stage_of("rating.review").model_copy(update={"but": but, "target": None, "due": None})
    one = scheme.model_copy(update={"stage": (review, scheme.stage_of("closed"))})

    assert dates(one, facts=Facts(proposed=5)) == Dates(
        target_at=ends(6, 20),
        due_at=ends(7, 1),
        owner_role="city",
        arithmetic=(
            "截止:7月1日24时(方案写明“07-01”,2027年7月1日为星期四)",
            "目标:6月20日24时(方案写明“06-20”,2027年6月20日为星期日)",
        ),
        phase_due_at=ends(7, 1),
    )
    assert dates(one, facts=Facts(proposed=4)) == owed(())


CITE = Cite(rule="R21")
NOTICE = PublicityStage(
    name="rating.publicity",
    owner="superior",
    period="5 days",
    verify="10 days",
    but=(But(when=(Condition(proposed=(5,)),), period="7 days"),),
    cite=CITE,
)


def hung(scheme: Scheme, stage: PublicityStage = NOTICE, **more: Any) -> Dates:
    its = {"proposed": more.pop("proposed", 4), "open_objections": more.pop("objections", 0)}
    one = scheme.model_copy(update={"stage": (stage, scheme.stage_of("closed"))})
    return dates(one, facts=Facts(posted_on=date(2027, 6, 10), **its), **more)


@pytest.mark.parametrize(("proposed", "day", "length"), [(4, 15, 5), (5, 17, 7)])
def test_the_public_has_the_days_of_the_case(scheme: Scheme, proposed: int, day: int, length: int) -> None:
    said = f"公示:张贴日6月10日(星期四)起{length}天(次日为第1天) → 6月{day}日24时"
    until = ends(6, day)

    found = hung(scheme, proposed=proposed)

    assert found == Dates(due_at=until, acts_at=until, owner_role="clock", arithmetic=(said,), phase_due_at=until)


def test_an_objection_is_counted_from_the_day_of_the_place(scheme: Scheme) -> None:
    found = hung(scheme, objections=1, objection_opened_at=datetime(2027, 6, 10, 20, tzinfo=UTC))

    assert (found.due_at, found.acts_at, found.owner_role) == (ends(6, 21), ends(6, 15), "department")
    assert found.arithmetic[0] == "异议核实:提出异议6月11日(星期五)起10天(次日为第1天) → 6月21日24时"


def test_what_a_date_cannot_be_counted_from_is_said(scheme: Scheme) -> None:
    lasting = NOTICE.model_copy(update={"period": None})
    cases = (
        (lambda: hung(scheme, objections=1), "有未办结的异议,却不知提出时间或核实期限"),
        (lambda: hung(scheme, lasting), "公示环节没有写明公示期"),
        (lambda: nominal_day(scheme, "rating.audit", 2027, WEEKENDS), "“rating.audit”没有固定的截止日"),
        (
            lambda: nominal_day(scheme, "rating.publicity", 2027, WEEKENDS),
            "不是日期写法:''(可写 06-05、01-15 next year、06-30 in 2 years、+30 days、+10 workdays、due -20 days、"
            "opening +60 days)",
        ),
    )

    for asked, said in cases:
        with pytest.raises(BadInput) as refused:
            asked()
        assert str(refused.value) == said


def test_a_rung_that_names_stages_is_climbed_there_alone(scheme: Scheme) -> None:
    common = {"days": 3, "counts_from": "due", "recipients": ("owner",), "cite": CITE}
    rungs = (SchemeRung(name="all", **common), SchemeRung(name="one", stages=("rating.review",), **common))
    one = scheme.model_copy(update={"rung": rungs})

    assert ladder_of(one, "rating.review") == (Rung("all", 3, "due", ("owner",)), Rung("one", 3, "due", ("owner",)))
    assert ladder_of(one, "rating.audit") == (Rung("all", 3, "due", ("owner",)),)


@pytest.mark.parametrize(
    ("written", "opens"),
    [
        ("", None),
        ('opens = "05-20"', date(2027, 5, 20)),
        ('opens = "rating.declaration +2 workdays"', date(2027, 5, 28)),
        ('opens = "+3 workdays"', date(2027, 6, 8)),
        ('opens = "05-20"\nbut = [{when = [{proposed=[4]}], opens = "05-21"}]', date(2027, 5, 21)),
    ],
)
def test_a_window_opens_on_the_day_that_is_written(scheme_of: Any, written: str, opens: date | None) -> None:
    declared = 'rating.declaration\nowner = "organisation"\ndue = "opening +29 workdays"'
    one = scheme_of(declared, f'{REVIEW}due = "06-30"\n{written}', "closed")

    assert window_opens(one.stage[1], one, 2027, WEEKENDS, date(2027, 6, 3), Facts(proposed=4)) == opens
    assert nominal_day(one, "rating.review", 2028, WEEKENDS) == date(2028, 6, 30)
