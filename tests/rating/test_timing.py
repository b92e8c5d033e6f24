"""The dates of each kind of stage in the campaign of 2027, with the sentences that show how they came about."""

import time
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.engine.deadlines import Rung, end_of_day, start_of_day
from workflow.engine.errors import BadInput
from workflow.rating import shelf
from workflow.rating.facts import Facts
from workflow.rating.scheme_afterwards import Rung as SchemeRung
from workflow.rating.scheme_asking import Objection, Publicity
from workflow.rating.scheme_stages import (
    AuditStage,
    But,
    CityReviewStage,
    ClosedStage,
    Condition,
    ExemptStage,
    PublicityStage,
    RatedStage,
    ReviewStage,
    SelfEvaluationStage,
)
from workflow.rating.scheme_tables import Deadline
from workflow.rating.scheme_values import Cite
from workflow.rating.timing import Dates, ladder_of, stage_dates

ZONE = ZoneInfo("Asia/Shanghai")
CN = shelf.calendar("cn")
CITE = Cite(rule="R8", text="")
UNPUBLISHED = "2027年节假日安排尚未公布,按未确认日历计算"

SELF_EVALUATION = SelfEvaluationStage(
    name="rating.self_evaluation", owner="organisation", target="due -20 days", due="06-05", cite=CITE
)
REVIEW = ReviewStage(
    name="rating.review", owner="superior", target="due -5 days", due="06-05", min_workdays=3, cite=CITE
)
AUDIT = AuditStage(name="rating.audit", owner="department", due="+5 workdays", cite=CITE)
PUBLICITY = PublicityStage(
    name="rating.publicity",
    owner="superior",
    but=(But(when=(Condition(proposed=(5,)),), owner="department"),),
    period="7 days",
    verify="10 workdays",
    cite=CITE,
)
CITY = CityReviewStage(name="rating.city_review", owner="city", due="+30 days", cite=CITE)
RATED = RatedStage(name="rated", until="12-01", cite=CITE)


def scheme(*, weekend_rule="none", **publicity):
    return SimpleNamespace(
        publicity=Publicity(cite=CITE, **publicity),
        objection=Objection(),
        deadline=Deadline(weekend_rule=weekend_rule, cite=CITE),
    )


def at(text: str) -> datetime:
    """A local time of 2027: `06-05 18:00`."""
    return datetime.fromisoformat(f"2027-{text}").replace(tzinfo=ZONE)


def ends(text: str) -> datetime:
    return end_of_day(date.fromisoformat(f"2027-{text}"), ZONE)


def dates(stage, entered: str, *, rules=None, posted=None, objections=0, proposed=4, **more) -> Dates:
    facts = Facts(
        posted_on=posted and date.fromisoformat(f"2027-{posted}"), open_objections=objections, proposed=proposed
    )
    year = more.pop("year", 2027)
    return stage_dates(
        stage, scheme=rules or scheme(), year=year, calendar=CN, zone=ZONE, entered_at=at(entered), facts=facts, **more
    )


# ── a stage in which somebody works ──────────────────────────────


def test_a_self_evaluation_is_due_on_5_june_and_aimed_at_twenty_days_before():
    assert dates(SELF_EVALUATION, "04-20 10:00") == Dates(
        target_at=ends("05-16"),
        due_at=ends("06-05"),
        owner_role="organisation",
        arithmetic=(
            "截止:6月5日24时(方案写明“06-05”,2027年6月5日为星期六)",
            "目标:截止6月5日(星期六)前20天 → 5月16日24时",
        ),
        phase_due_at=ends("06-05"),
    )


def test_an_extension_moves_the_due_and_the_target_with_it():
    found = dates(SELF_EVALUATION, "04-20 10:00", extended_until=date(2027, 6, 20))

    assert (found.target_at, found.due_at) == (ends("05-31"), ends("06-20"))
    assert found.arithmetic[1:] == ("已批准延期 → 6月20日24时", "目标:截止6月20日(星期日)前20天 → 5月31日24时")


@pytest.mark.parametrize("day", [4, 5])
def test_an_extension_that_ends_no_later_than_the_due_changes_nothing(day):
    extended = dates(SELF_EVALUATION, "04-20 10:00", extended_until=date(2027, 6, day))

    assert extended == dates(SELF_EVALUATION, "04-20 10:00")


def test_days_on_hold_are_given_back_to_target_and_due_once():
    found = dates(SELF_EVALUATION, "04-20 10:00", held_days=4)

    assert (found.target_at, found.due_at, found.phase_due_at) == (ends("05-20"), ends("06-09"), ends("06-09"))
    assert found.arithmetic[1] == "暂停办理4天,顺延 → 6月9日24时"


def test_a_target_with_a_date_of_its_own_moves_with_a_hold_too():
    stage = SELF_EVALUATION.model_copy(update={"target": "05-10"})

    found = dates(stage, "04-20 10:00", held_days=4)

    assert (found.target_at, found.due_at) == (ends("05-14"), ends("06-09"))


def test_a_target_never_lies_after_the_due():
    stage = SELF_EVALUATION.model_copy(update={"target": "+60 days"})

    found = dates(stage, "04-20 10:00")

    assert (found.target_at, found.due_at) == (ends("06-05"), ends("06-05"))
    assert found.arithmetic[-1] == "目标不晚于截止 → 6月5日24时"


def test_a_scheme_may_let_a_due_on_a_saturday_wait_for_monday():
    found = dates(SELF_EVALUATION, "04-20 10:00", rules=scheme(weekend_rule="next_workday"))

    assert (found.target_at, found.due_at) == (ends("05-18"), ends("06-07"))
    assert found.arithmetic[1] == f"6月5日(星期六)不上班,顺延至下一个工作日 → 6月7日24时;{UNPUBLISHED}"


def test_a_due_in_the_next_year_is_counted_from_the_campaigns_year():
    stage = SELF_EVALUATION.model_copy(update={"target": None, "due": "01-15 next year"})

    found = dates(stage, "12-20 10:00")

    assert (found.target_at, found.due_at) == (None, end_of_day(date(2028, 1, 15), ZONE))


def test_a_review_that_is_reached_early_is_due_with_the_others():
    found = dates(REVIEW, "05-20 10:00")

    assert (found.target_at, found.due_at, found.owner_role) == (ends("05-31"), ends("06-05"), "superior")


def test_a_review_that_is_reached_late_has_three_working_days_of_its_own():
    assert dates(REVIEW, "06-04 18:00") == Dates(
        target_at=ends("06-05"),
        due_at=ends("06-10"),
        owner_role="superior",
        arithmetic=(
            "截止:6月5日24时(方案写明“06-05”,2027年6月5日为星期六)",
            f"考评时间:进入环节6月4日(星期五)起3个工作日 → 6月10日24时;其间6月9日(星期三)为法定节日,不计;{UNPUBLISHED};"
            "晚于6月5日,以此为截止",
            "目标:截止6月10日(星期四)前5天 → 6月5日24时",
        ),
        phase_due_at=ends("06-05"),
    )


def test_days_of_its_own_in_the_next_year_are_told_with_their_year_as_the_due_is():
    new_year = datetime(2028, 1, 5, 10, tzinfo=ZONE)
    review = ReviewStage(name="rating.review", owner="superior", due="01-06 next year", min_workdays=3, cite=CITE)

    found = stage_dates(
        review, scheme=scheme(), year=2027, calendar=CN, zone=ZONE, entered_at=new_year, facts=Facts(proposed=4)
    )

    assert found.arithmetic == (
        "截止:2028年1月6日24时(方案写明“01-06 next year”,2028年1月6日为星期四)",
        "考评时间:进入环节2028年1月5日(星期三)起3个工作日 → 2028年1月10日24时;2028年节假日安排尚未公布,按未确认日历计算;"
        "晚于2028年1月6日,以此为截止",
    )


def test_a_late_stage_without_days_of_its_own_stays_due_on_5_june():
    assert dates(SELF_EVALUATION, "06-08 10:00").due_at == ends("06-05")


def test_an_audit_has_five_working_days_and_no_target():
    assert dates(AUDIT, "06-11 09:00") == Dates(
        due_at=ends("06-18"),
        owner_role="department",
        arithmetic=(f"截止:进入环节6月11日(星期五)起5个工作日 → 6月18日24时;{UNPUBLISHED}",),
        phase_due_at=ends("06-18"),
    )


def test_the_entry_counts_by_its_local_date():
    late_evening = datetime(2027, 6, 10, 16, 30, tzinfo=UTC)  # half past midnight of 11 June in Shanghai

    found = stage_dates(
        CITY, scheme=scheme(), year=2027, calendar=CN, zone=ZONE, entered_at=late_evening, facts=Facts()
    )

    assert found.due_at == ends("07-11")
    assert found.arithmetic == ("截止:进入环节6月11日(星期五)起30天(次日为第1天) → 7月11日24时",)


# ── publicity ────────────────────────────────────────────────────


@pytest.mark.parametrize(("proposed", "owner"), [(4, "superior"), (5, "department")])
def test_first_somebody_must_post_within_two_working_days(proposed, owner):
    assert dates(PUBLICITY, "06-08 10:00", proposed=proposed) == Dates(
        due_at=ends("06-11"),
        owner_role=owner,
        arithmetic=(
            f"张贴公示:进入环节6月8日(星期二)起2个工作日 → 6月11日24时;其间6月9日(星期三)为法定节日,不计;{UNPUBLISHED}",
        ),
        phase_due_at=ends("06-11"),
    )


def test_then_the_clock_waits_for_the_end_of_the_seventh_day():
    assert dates(PUBLICITY, "06-10 10:00", posted="06-11") == Dates(
        due_at=ends("06-18"),
        acts_at=ends("06-18"),
        owner_role="clock",
        arithmetic=(f"公示:张贴日6月11日(星期五)起7天(次日为第1天) → 6月18日24时;{UNPUBLISHED}",),
        phase_due_at=ends("06-18"),
    )


def test_a_notice_of_2_june_2027_hangs_over_dragon_boat():
    found = dates(PUBLICITY, "06-01 10:00", posted="06-02")

    assert (found.due_at, found.acts_at) == (ends("06-10"), ends("06-10"))
    assert found.arithmetic == (
        "公示:张贴日6月2日(星期三)起7天(次日为第1天) → 6月9日24时;"
        f"6月9日(星期三)为法定节日,顺延 → 6月10日24时;{UNPUBLISHED}",
    )


@pytest.mark.parametrize(
    ("extend", "posted", "end"),
    [
        ("festival", "09-24", "10-04"),  # day 7 is 1 October: past all three festival days
        ("rest_day", "09-24", "10-04"),  # 4 October 2027 is a Monday
        ("none", "09-24", "10-01"),
        ("festival", "06-12", "06-19"),  # a plain Saturday moves nothing
        ("rest_day", "06-12", "06-21"),
    ],
)
def test_what_moves_the_seventh_day_is_the_schemes_choice(extend, posted, end):
    assert dates(PUBLICITY, "06-01 10:00", posted=posted, rules=scheme(holiday_extend=extend)).acts_at == ends(end)


def test_bridge_days_are_no_festival_but_they_are_rest_days():
    facts = Facts(posted_on=date(2026, 9, 28))  # day 7 is 5 October 2026, a day off that is no festival
    common = {"year": 2026, "calendar": CN, "zone": ZONE, "entered_at": at("01-01 00:00"), "facts": facts}

    festival = stage_dates(PUBLICITY, scheme=scheme(), **common)
    rest_day = stage_dates(PUBLICITY, scheme=scheme(holiday_extend="rest_day"), **common)

    assert festival.acts_at == end_of_day(date(2026, 10, 5), ZONE)
    assert rest_day.acts_at == end_of_day(date(2026, 10, 8), ZONE)
    assert rest_day.arithmetic == (
        "公示:张贴日9月28日(星期一)起7天(次日为第1天) → 10月5日24时;10月5日(星期一)为休息日,顺延 → 10月8日24时",
    )


def test_a_period_in_working_days_shows_what_it_skips():
    stage = PUBLICITY.model_copy(update={"period": "5 workdays"})

    found = dates(stage, "06-01 10:00", posted="06-07")

    assert found.acts_at == ends("06-15")
    assert found.arithmetic == (
        f"公示:张贴日6月7日(星期一)起5个工作日 → 6月15日24时;其间6月9日(星期三)为法定节日,不计;{UNPUBLISHED}",
    )


def test_an_open_objection_hands_the_stage_to_its_handler_and_leaves_the_week_alone():
    found = dates(PUBLICITY, "06-10 10:00", posted="06-11", objections=1, objection_opened_at=at("06-14 09:00"))

    assert found == Dates(
        due_at=ends("06-28"),
        acts_at=ends("06-18"),
        owner_role="department",
        arithmetic=(
            f"异议核实:提出异议6月14日(星期一)起10个工作日 → 6月28日24时;{UNPUBLISHED}",
            f"公示:张贴日6月11日(星期五)起7天(次日为第1天) → 6月18日24时;{UNPUBLISHED}",
        ),
        phase_due_at=ends("06-28"),
    )


def test_an_objection_without_its_time_is_refused():
    with pytest.raises(BadInput, match="不知提出时间"):
        dates(PUBLICITY, "06-10 10:00", posted="06-11", objections=1)


def test_a_notice_that_must_be_posted_again_comes_before_the_other_open_objection():
    found = dates(PUBLICITY, "06-21 10:00", objections=1, objection_opened_at=at("06-14 09:00"))

    assert (found.owner_role, found.due_at, found.acts_at) == ("superior", ends("06-23"), None)


def test_an_extension_and_a_hold_leave_the_publics_week_alone_but_not_the_people():
    moved = {"extended_until": date(2027, 6, 30), "held_days": 3}
    objection = {"objections": 1, "objection_opened_at": at("06-14 09:00")}

    assert dates(PUBLICITY, "06-10 10:00", **moved).due_at == ends("07-03")
    assert dates(PUBLICITY, "06-10 10:00", posted="06-11", **moved).acts_at == ends("06-18")
    assert dates(PUBLICITY, "06-10 10:00", posted="06-11", **objection, **moved).due_at == ends("07-03")


def test_a_notice_that_has_had_its_week_lets_the_clock_act_at_once():
    found = dates(PUBLICITY, "06-25 10:00", posted="06-11")

    assert found.acts_at == ends("06-18")


# ── resting and ended ────────────────────────────────────────────


def test_a_rated_cycle_rests_until_the_first_instant_of_december():
    assert dates(RATED, "07-01 10:00", extended_until=date(2027, 12, 20), held_days=3) == Dates(
        acts_at=start_of_day(date(2027, 12, 1), ZONE),
        owner_role="clock",
        arithmetic=("复核:12月1日0时开始(方案写明“12-01”)",),
    )


@pytest.mark.parametrize("stage", [ClosedStage(name="closed", cite=CITE), ExemptStage(name="exempt", cite=CITE)])
def test_an_ended_cycle_owes_nothing(stage):
    assert dates(stage, "07-01 10:00") == Dates()


def test_the_ladder_of_a_scheme_is_what_the_engine_climbs():
    rung = SchemeRung(
        name="e0", days=0, counts_from="due", recipients=("owner", "superior"), document="催办", cite=CITE
    )

    assert ladder_of(SimpleNamespace(rung=(rung,)), "rating.review") == (
        Rung("e0", 0, "due", ("owner", "superior"), "催办"),
    )


# ── whatever the day, whatever the machine ───────────────────────

STAGES = st.sampled_from([SELF_EVALUATION, REVIEW, AUDIT, PUBLICITY, CITY, RATED])
ENTRIES = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(ZONE))  # noqa: DTZ001 - bounds are naive by contract


@given(stage=STAGES, entered_at=ENTRIES, extended=st.none() | st.dates(date(2027, 1, 1), date(2027, 12, 31)))
def test_a_target_is_never_after_its_due_and_an_extension_never_takes_a_day(stage, entered_at, extended):
    common = {
        "scheme": scheme(),
        "year": 2027,
        "calendar": CN,
        "zone": ZONE,
        "entered_at": entered_at,
        "facts": Facts(),
    }

    plain, found = stage_dates(stage, **common), stage_dates(stage, extended_until=extended, **common)

    assert found.target_at is None or found.target_at <= found.due_at
    assert found.due_at is None or found.due_at >= max(plain.due_at, end_of_day(extended or date.min, ZONE))


@given(posted=st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_the_public_always_has_seven_full_days_and_at_most_a_festival_more(posted):
    common = {"year": posted.year, "calendar": CN, "zone": ZONE, "entered_at": start_of_day(posted, ZONE)}

    found = stage_dates(PUBLICITY, scheme=scheme(), facts=Facts(posted_on=posted), **common)

    full = end_of_day(posted + timedelta(days=7), ZONE)
    assert full <= found.acts_at <= full + timedelta(days=4)


@given(entered_at=ENTRIES, stage=STAGES)
def test_the_zone_of_the_machine_changes_no_date(entered_at, stage):
    common = {"scheme": scheme(), "year": 2027, "calendar": CN, "zone": ZONE, "facts": Facts()}
    found = set()
    with pytest.MonkeyPatch.context() as patch:
        for machine in ("UTC", "America/New_York", "Asia/Kathmandu", "Asia/Shanghai"):
            patch.setenv("TZ", machine)
            time.tzset()
            found |= {stage_dates(stage, entered_at=entered_at.astimezone(z), **common) for z in (UTC, ZONE, None)}
    time.tzset()

    assert len(found) == 1
