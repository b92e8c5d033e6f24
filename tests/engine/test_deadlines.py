"""Deadlines: local days, lights, the arithmetic of a date as a sentence, rungs, and whom late days are charged to."""

import os
import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.engine.deadlines import (
    AfterEntry,
    BeforeDue,
    FixedDate,
    LateDays,
    Length,
    Light,
    Reckoned,
    Ringing,
    Rung,
    Unit,
    Visit,
    add_days,
    at_hour,
    days_overdue,
    doubt,
    due_date,
    end_of_day,
    late_days,
    light,
    local_date,
    next_ringing,
    parse_date_rule,
    parse_length,
    reckon,
    ringings,
    start_of_day,
)
from workflow.engine.errors import BadInput, Reason
from workflow.engine.workdays import Calendar, CalendarYear

ZONE = ZoneInfo("Asia/Shanghai")
DRAGON_BOAT = date(2027, 6, 9)
CN = Calendar(
    (
        CalendarYear(
            year=2026,
            confirmed=True,
            festivals=frozenset({date(2026, 10, d) for d in (1, 2, 3)}),
            days_off=frozenset({date(2026, 10, d) for d in range(1, 8)}),
            makeup=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
        ),
        CalendarYear(2027, False, frozenset({DRAGON_BOAT}), frozenset({DRAGON_BOAT})),
    )
)
ZONES = st.sampled_from(
    ["Asia/Shanghai", "UTC", "America/New_York", "Asia/Kathmandu", "America/Sao_Paulo", "Asia/Beirut"]
)
DATES = st.dates(date(1986, 1, 1), date(2040, 12, 31))


def at(text: str) -> datetime:
    """A local time of 2027: `06-05 18:00`."""
    return datetime.fromisoformat(f"2027-{text}").replace(tzinfo=ZONE)


def ends(text: str) -> datetime:
    return end_of_day(date.fromisoformat(f"2027-{text}"), ZONE)


# ── local days ───────────────────────────────────────────────────


def test_the_end_of_5_june_is_stored_as_the_first_instant_of_6_june_in_utc():
    assert end_of_day(date(2027, 6, 5), ZONE) == datetime(2027, 6, 5, 16, tzinfo=UTC)
    assert end_of_day(date(2027, 6, 5), ZONE).tzinfo is UTC
    assert due_date(end_of_day(date(2027, 6, 5), ZONE), ZONE) == date(2027, 6, 5)
    assert start_of_day(date(2027, 6, 6), ZONE) == end_of_day(date(2027, 6, 5), ZONE)


def test_midnight_is_the_end_of_the_day_before_and_the_least_after_it_is_the_day_itself():
    midnight = at("06-06 00:00")

    assert [due_date(midnight + timedelta(microseconds=n), ZONE).day for n in (0, 1, 2)] == [5, 6, 6]


def test_a_due_has_an_hour_of_its_zone_and_at_24_it_is_the_end_of_the_day():
    day = date(2027, 6, 5)

    assert at_hour(day, 18, ZONE) == at("06-05 18:00")
    assert at_hour(day, 24, ZONE) == ends("06-05")


def test_the_summer_time_of_1988_is_known():
    assert end_of_day(date(1988, 7, 1), ZONE) == datetime(1988, 7, 1, 15, tzinfo=UTC)


@given(day=DATES, zone=ZONES)
def test_a_deadline_is_the_date_it_was_made_of_in_every_zone(day, zone):
    assert due_date(end_of_day(day, ZoneInfo(zone)), ZoneInfo(zone)) == day
    assert local_date(start_of_day(day, ZoneInfo(zone)), ZoneInfo(zone)) == day


@given(day=DATES, zone=ZONES, count=st.integers(0, 400))
def test_days_are_added_as_local_days_whatever_the_clocks_do(day, zone, count):
    zone = ZoneInfo(zone)

    assert add_days(end_of_day(day, zone), count, zone) == end_of_day(day + timedelta(days=count), zone)


@pytest.mark.parametrize("machine", ["UTC", "America/New_York", "Asia/Kathmandu", "Asia/Shanghai"])
def test_the_zone_of_the_machine_changes_nothing(machine, monkeypatch):
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        rings = ringings(
            LADDER, target_at=ends("05-16"), due_at=ends("06-05"), grace_days=0, opened_at=at("04-15 08:00"), zone=ZONE
        )

        assert [r.at.isoformat() for r in rings[:2]] == ["2027-05-02T01:00:00+00:00", "2027-05-09T01:00:00+00:00"]
        assert days_overdue(now=at("06-06 00:00"), zone=ZONE, due_at=ends("06-05")) == 1
        assert os.environ["TZ"] == machine
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("machine", ["Pacific/Kiritimati", "Pacific/Honolulu"])
def test_on_which_day_something_was_due_entered_or_done_is_said_by_the_zone_of_the_scheme(machine, monkeypatch):
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        late = (Visit("survey", at("06-07 05:00"), at("06-09 23:00"), ends("06-05"), 1),)
        later = (Visit("task", at("05-20 10:00"), at("06-07 10:00"), ends("06-05")),)
        light_now = light(now=at("05-09 00:00"), zone=ZONE, target_at=ends("05-16"), due_at=None, grace_days=0)

        assert rung_days(target_at=ends("05-16"), due_at=ends("06-05"))[4:6] == ["+1 05-17 09:00", "e0 06-06 09:00"]
        assert late_days(late, calendar=CN, zone=ZONE) == (LateDays(0, "survey", 1),)
        assert late_days(later, calendar=CN, zone=ZONE) == (LateDays(0, "task", 2),)
        assert light_now is Light.BLUE
    finally:
        monkeypatch.undo()
        time.tzset()


# ── light ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("05-08 23:59", Light.GREY),
        ("05-09 00:00", Light.BLUE),  # seven days to 16 May
        ("05-16 23:59", Light.BLUE),
        ("05-17 00:00", Light.YELLOW),
        ("06-05 23:59", Light.YELLOW),
        ("06-06 00:00", Light.RED),
    ],
)
def test_an_open_stage_turns_from_grey_to_red_at_midnights(now, expected):
    assert light(now=at(now), zone=ZONE, target_at=ends("05-16"), due_at=ends("06-05"), grace_days=0) is expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [("05-28 23:59", Light.GREY), ("05-29 00:00", Light.BLUE), ("06-07 23:59", Light.BLUE), ("06-08 00:00", Light.RED)],
)
def test_without_a_target_blue_counts_to_the_due_and_grace_puts_red_off(now, expected):
    assert light(now=at(now), zone=ZONE, target_at=None, due_at=ends("06-05"), grace_days=2) is expected


@pytest.mark.parametrize(("done", "expected"), [("06-05 23:59", Light.GREEN), ("06-06 00:00", Light.YELLOW)])
def test_done_after_the_due_stays_yellow_for_ever(done, expected):
    found = light(
        now=at("09-01 00:00"), zone=ZONE, target_at=ends("05-16"), due_at=ends("06-05"), grace_days=5, done_at=at(done)
    )

    assert found is expected


def test_without_dates_a_stage_is_grey_and_then_green():
    dates = {"zone": ZONE, "target_at": None, "due_at": None, "grace_days": 0}

    assert light(now=at("06-06 00:00"), **dates) is Light.GREY
    assert light(now=at("06-06 00:00"), done_at=at("06-05 00:00"), **dates) is Light.GREEN


def test_void_is_black_even_when_overdue():
    found = light(now=at("07-01 00:00"), zone=ZONE, target_at=None, due_at=ends("06-05"), grace_days=0, void=True)

    assert (found, found == "black", found.label) == (Light.BLACK, True, "不评")


@pytest.mark.parametrize(("now", "expected"), [("06-05 23:59", 0), ("06-06 00:00", 1), ("06-16 12:00", 11)])
def test_the_sixth_of_june_is_the_first_day_overdue(now, expected):
    assert days_overdue(now=at(now), zone=ZONE, due_at=ends("06-05")) == expected


def test_what_has_no_due_is_never_overdue():
    assert days_overdue(now=at("06-06 00:00"), zone=ZONE, due_at=None) == 0


# ── date rules ───────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("06-05", FixedDate(6, 5)),
        ("02-29", FixedDate(2, 29)),
        ("01-15 next year", FixedDate(1, 15, years=1)),
        ("+30 days", AfterEntry(Length(30, Unit.DAYS))),
        ("+10 workdays", AfterEntry(Length(10, Unit.WORKDAYS))),
        ("due -20 days", BeforeDue(Length(20, Unit.DAYS))),
        ("due -3 workdays", BeforeDue(Length(3, Unit.WORKDAYS))),
    ],
)
def test_a_date_rule_is_read(text, rule):
    assert parse_date_rule(text) == rule


@pytest.mark.parametrize(
    "text", ["", "6-5", "06-31", "13-01", "+5", "5 days", "due +3 days", "due 3 days", "06-05 ", "+5 weeks"]
)
def test_anything_else_is_no_date_rule(text):
    with pytest.raises(BadInput, match=r"不是日期写法|没有这一天"):
        parse_date_rule(text)


@pytest.mark.parametrize(
    ("text", "length"), [("7 days", Length(7, Unit.DAYS)), ("5 workdays", Length(5, Unit.WORKDAYS))]
)
def test_a_length_is_read(text, length):
    assert parse_length(text) == length


@pytest.mark.parametrize("text", ["+7 days", "7", "7 weeks", "-1 days"])
def test_anything_else_is_no_length(text):
    with pytest.raises(BadInput, match="不是期限写法"):
        parse_length(text)


ENTERED = date(2027, 6, 8)
GOLDEN = [
    ("06-05", 2027, ENTERED, "2027-06-05", "截止:6月5日24时(方案写明“06-05”,2027年6月5日为星期六)"),
    ("01-15 next year", 2027, ENTERED, "2028-01-15", "截止:2028年1月15日24时(方案写明“01-15 next year”,2028年1月15日为星期六)"),
    ("02-29", 2028, ENTERED, "2028-02-29", "截止:2月29日24时(方案写明“02-29”,2028年2月29日为星期二)"),
    ("02-29", 2027, ENTERED, "2027-02-28", "截止:2月28日24时(方案写明“02-29”,2027年没有2月29日,2027年2月28日为星期日)"),
    ("+30 days", 2027, ENTERED, "2027-07-08", "截止:进入环节6月8日(星期二)起30天(次日为第1天) → 7月8日24时"),
    ("+30 days", 2027, date(2027, 12, 20), "2028-01-19", "截止:进入环节12月20日(星期一)起30天(次日为第1天) → 2028年1月19日24时"),
    (
        "+5 workdays", 2027, ENTERED, "2027-06-16",
        "截止:进入环节6月8日(星期二)起5个工作日 → 6月16日24时;其间6月9日(星期三)为法定节日,不计;2027年节假日安排尚未公布,按未确认日历计算",
    ),
    ("+5 workdays", 2026, date(2026, 6, 5), "2026-06-12", "截止:进入环节6月5日(星期五)起5个工作日 → 6月12日24时"),
    (
        "+3 workdays", 2026, date(2026, 12, 30), "2027-01-04",
        "截止:进入环节12月30日(星期三)起3个工作日 → 2027年1月4日24时;2027年节假日安排尚未公布,按未确认日历计算",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "year", "entered_on", "on", "sentence"), GOLDEN)
def test_a_due_date_shows_its_arithmetic(text, year, entered_on, on, sentence):
    found = reckon(parse_date_rule(text), "截止", year=year, calendar=CN, entered_on=entered_on)

    assert found == Reckoned(date.fromisoformat(on), sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("+3 days", "截止:进入环节2028年1月7日(星期五)起3天(次日为第1天) → 2028年1月10日24时"),
        ("due -3 days", "截止:截止2028年1月20日(星期四)前3天 → 2028年1月17日24时"),
    ],
)
def test_a_day_of_the_year_after_the_campaign_s_is_said_with_its_year(text, sentence):
    rule, on = parse_date_rule(text), date(2028, 1, 7)
    found = reckon(rule, "截止", year=2027, calendar=CN, entered_on=on, due_on=date(2028, 1, 20))

    assert found.sentence == sentence


def test_the_sentence_names_holidays_and_make_up_days_on_the_way():
    found = reckon(parse_date_rule("+5 workdays"), "截止", year=2026, calendar=CN, entered_on=date(2026, 9, 29))

    assert found == Reckoned(
        date(2026, 10, 12),
        "截止:进入环节9月29日(星期二)起5个工作日 → 10月12日24时;其间10月1日至10月2日为法定节日,不计、"
        "10月5日至10月7日为放假调休日,不计、10月10日(星期六)为调休上班日,计入",
    )


@pytest.mark.parametrize(
    ("text", "on", "sentence"),
    [
        ("due -20 days", "2027-05-23", "目标:截止6月12日(星期六)前20天 → 5月23日24时"),
        (
            "due -3 workdays", "2027-06-08",
            "目标:截止6月12日(星期六)前3个工作日 → 6月8日24时;其间6月9日(星期三)为法定节日,不计;"
            "2027年节假日安排尚未公布,按未确认日历计算",
        ),
    ],
)  # fmt: skip
def test_a_target_is_counted_back_from_the_due(text, on, sentence):
    found = reckon(parse_date_rule(text), "目标", year=2027, calendar=CN, entered_on=ENTERED, due_on=date(2027, 6, 12))

    assert found == Reckoned(date.fromisoformat(on), sentence)


def test_the_day_that_is_counted_from_is_not_named_as_skipped():
    on = reckon(parse_date_rule("+1 workdays"), "截止", year=2027, calendar=CN, entered_on=DRAGON_BOAT)
    back = reckon(
        parse_date_rule("due -1 workdays"), "目标", year=2027, calendar=CN, entered_on=ENTERED, due_on=DRAGON_BOAT
    )

    assert (on.on, "其间" in on.sentence) == (date(2027, 6, 10), False)
    assert (back.on, "其间" in back.sentence) == (date(2027, 6, 8), False)


def test_a_date_may_count_from_a_day_that_has_a_name():
    rule = parse_date_rule("opening +60 days")
    opening = {"opening": date(2027, 4, 15)}

    found = reckon(rule, "目标", year=2027, calendar=CN, entered_on=ENTERED, named=opening.__getitem__)

    assert found == Reckoned(date(2027, 6, 14), "目标:opening4月15日(星期四)起60天(次日为第1天) → 6月14日24时")
    assert str(rule) == "opening +60 days"

    of_last_year = reckon(rule, "目标", year=2026, calendar=CN, entered_on=ENTERED, named=opening.__getitem__)
    assert of_last_year.sentence == "目标:opening2027年4月15日(星期四)起60天(次日为第1天) → 2027年6月14日24时"


def test_working_days_may_count_from_a_day_that_has_a_name():
    opening = {"opening": date(2026, 9, 30)}

    found = reckon(
        parse_date_rule("opening +1 workdays"), "目标", year=2026, calendar=CN, entered_on=ENTERED, named=opening.get
    )

    assert found == Reckoned(
        date(2026, 10, 8),
        "目标:opening9月30日(星期三)起1个工作日 → 10月8日24时;其间10月1日至10月2日为法定节日,不计、10月5日至10月7日为放假调休日,不计",
    )


def test_a_day_whose_name_nobody_knows_is_refused():
    with pytest.raises(BadInput, match="不知道“opening”是哪一天"):
        reckon(parse_date_rule("opening +60 days"), "目标", year=2027, calendar=CN, entered_on=ENTERED)


def test_a_date_of_a_later_year_is_written_as_it_was_read():
    written = ("06-05", "01-15 next year", "06-30 in 2 years")

    assert tuple(str(parse_date_rule(text)) for text in written) == written


def test_every_year_without_published_holidays_has_its_warning():
    assert doubt(CN, date(2027, 12, 1), date(2028, 1, 31)) == (
        ";2027年节假日安排尚未公布,按未确认日历计算;2028年节假日安排尚未公布,按未确认日历计算"
    )


def test_a_day_that_is_in_no_calendar_is_named_as_it_was_written():
    with pytest.raises(BadInput) as refused:
        parse_date_rule("06-31 next year")

    assert refused.value.reasons == (Reason("没有这一天:'06-31 next year'"),)


def test_counting_back_from_no_due_is_refused():
    with pytest.raises(BadInput, match=r"^按截止日倒推的日期,需要先有截止日$"):
        reckon(parse_date_rule("due -20 days"), "目标", year=2027, calendar=CN, entered_on=ENTERED)


@given(month_day=DATES.map(lambda d: f"{d:%m-%d}"), year=st.integers(2020, 2040))
def test_every_written_day_exists_in_every_year(month_day, year):
    found = parse_date_rule(month_day).of(year)

    assert f"{found:%Y-%m-%d}" in {f"{year}-{month_day}", f"{year}-02-28"}


# ── rungs ────────────────────────────────────────────────────────

LADDER = (
    *(Rung(f"{n:+}", n, "target", ("owner",)) for n in (-14, -7, -3, -1, 1)),
    Rung("e0", 0, "due", ("owner", "superior"), "催办"),
    Rung("e3", 3, "due", ("department",)),
    Rung("e7", 7, "due", ("leader",), "督办单"),
    Rung("e14", 14, "due", ("department",), "proposal"),
)


def rung_days(**dates) -> list[str]:
    dates = {"target_at": None, "due_at": None, "grace_days": 0, "opened_at": at("04-15 00:00"), "zone": ZONE} | dates
    return [f"{r.rung.name} {r.at.astimezone(ZONE):%m-%d %H:%M}" for r in ringings(LADDER, **dates)]


def test_reminders_count_from_the_target_and_escalation_from_the_first_morning_after_the_due():
    assert rung_days(target_at=ends("05-16"), due_at=ends("06-05")) == [
        "-14 05-02 09:00", "-7 05-09 09:00", "-3 05-13 09:00", "-1 05-15 09:00", "+1 05-17 09:00",
        "e0 06-06 09:00", "e3 06-09 09:00", "e7 06-13 09:00", "e14 06-20 09:00",
    ]  # fmt: skip


def test_without_a_target_reminders_count_from_the_due_and_nobody_is_told_twice():
    assert rung_days(due_at=ends("06-05")) == [
        "-14 05-22 09:00", "-7 05-29 09:00", "-3 06-02 09:00", "-1 06-04 09:00",
        "e0 06-06 09:00", "e3 06-09 09:00", "e7 06-13 09:00", "e14 06-20 09:00",
    ]  # fmt: skip


def test_a_target_on_the_day_of_the_due_does_not_ring_as_passed():
    assert rung_days(target_at=ends("06-05"), due_at=ends("06-05")) == rung_days(due_at=ends("06-05"))


def test_on_the_day_of_the_target_one_may_be_reminded_though_it_is_the_due_as_well():
    ladder = (Rung("today", 0, "target", ("owner",)),)

    rings = ringings(
        ladder, target_at=ends("06-05"), due_at=ends("06-05"), grace_days=0, opened_at=at("04-15 00:00"), zone=ZONE
    )

    assert rings == (Ringing(ladder[0], at("06-05 09:00")),)


def test_a_reminder_may_count_from_the_due_though_there_is_a_target():
    ladder = (Rung("last", -2, "due", ("owner",)),)

    rings = ringings(
        ladder, target_at=ends("05-16"), due_at=ends("06-05"), grace_days=0, opened_at=at("04-15 00:00"), zone=ZONE
    )

    assert rings == (Ringing(ladder[0], at("06-03 09:00")),)


def test_grace_puts_escalation_off():
    assert rung_days(target_at=ends("05-16"), due_at=ends("06-05"), grace_days=2)[5:] == [
        "e0 06-08 09:00", "e3 06-11 09:00", "e7 06-15 09:00", "e14 06-22 09:00",
    ]  # fmt: skip


def test_without_a_due_nothing_escalates_and_without_dates_nothing_rings():
    assert rung_days(target_at=ends("05-16"))[-1] == "+1 05-17 09:00"
    assert rung_days() == []


def test_rungs_before_the_start_are_dropped_and_one_at_the_start_rings():
    assert rung_days(target_at=ends("05-16"), due_at=ends("06-05"), opened_at=at("05-15 09:00"))[0] == "-1 05-15 09:00"
    assert rung_days(target_at=ends("05-16"), due_at=ends("06-05"), opened_at=at("05-15 09:01"))[0] == "+1 05-17 09:00"


def test_the_kind_of_a_rung_follows_from_what_it_counts_from():
    assert [r.kind for r in LADDER] == ["reminder"] * 5 + ["escalation"] * 4


def test_the_next_ringing_is_the_first_after_an_instant():
    rings = ringings(LADDER, target_at=None, due_at=ends("06-05"), grace_days=0, opened_at=at("04-15 00:00"), zone=ZONE)

    assert next_ringing(rings, at("06-04 09:00")).rung.name == "e0"
    assert next_ringing(rings, at("06-20 09:00")) is None


# ── late days ────────────────────────────────────────────────────


def visit(stage: str, entered: str, finished: str, own_workdays: int = 0) -> Visit:
    return Visit(stage, at(f"{entered} 10:00"), at(f"{finished} 10:00"), ends("06-05"), own_workdays)


def charged(*visits: Visit) -> tuple[LateDays, ...]:
    return late_days(visits, calendar=CN, zone=ZONE)


def test_late_days_run_from_the_later_of_due_and_entry_to_the_finish():
    found = charged(visit("declaration", "04-15", "06-07"), visit("self_evaluation", "06-07", "06-10"))

    assert found == (LateDays(0, "declaration", 2), LateDays(1, "self_evaluation", 3))


def test_the_reviewers_first_three_workdays_are_charged_to_the_last_late_stage_before():
    # entered Thursday 10 June: 11, 14 and 15 June are his own; he finishes on the 18th
    found = charged(
        visit("declaration", "04-15", "06-01"), visit("survey", "06-01", "06-10"), visit("review", "06-10", "06-18", 3)
    )

    assert found == (LateDays(1, "survey", 5 + 5), LateDays(2, "review", 3))


def test_a_review_within_its_own_days_of_work_that_came_in_time_is_nobodys_delay():
    # entered Friday 4 June: 7, 8 and (9 June being Dragon Boat) 10 June are his own
    assert charged(visit("survey", "05-20", "06-04"), visit("review", "06-04", "06-10", 3)) == ()
    assert charged(visit("survey", "05-20", "06-04"), visit("review", "06-04", "06-11", 3)) == (
        LateDays(1, "review", 1),
    )


def test_an_early_review_that_ends_late_is_the_reviewers_alone():
    assert charged(visit("review", "05-20", "06-07", 3)) == (LateDays(0, "review", 2),)


def test_a_review_within_its_own_days_is_not_the_late_stage_that_the_next_one_looks_for():
    found = charged(
        visit("declaration", "04-15", "06-07"),
        visit("review", "06-07", "06-08", 3),
        visit("review", "06-08", "06-10", 3),
    )

    assert found == (LateDays(0, "declaration", 2 + 1 + 2),)


def test_a_late_review_pays_for_the_own_days_of_the_next():
    found = charged(visit("review", "05-20", "06-07", 3), visit("review", "06-07", "06-09", 3))

    assert found == (LateDays(0, "review", 2 + 2),)


def test_what_is_done_in_time_or_has_no_due_costs_nothing():
    assert charged(visit("survey", "05-20", "06-05"), Visit("task", at("06-01 00:00"), at("09-01 00:00"), None)) == ()


def test_what_has_no_due_takes_no_day_and_gives_none_to_the_late_stage_before():
    task = Visit("task", at("06-07 10:00"), at("06-09 10:00"), None)

    assert charged(visit("declaration", "04-15", "06-07"), task) == (LateDays(0, "declaration", 2),)


def test_what_is_done_in_the_instant_of_the_due_is_late_and_pays_for_the_reviewer_after_it():
    midnight = ends("06-05")
    review = Visit("review", midnight, at("06-08 10:00"), midnight, 3)

    found = charged(
        Visit("survey", at("05-20 10:00"), midnight, midnight), Visit("task", midnight, midnight, midnight), review
    )

    assert found == (LateDays(0, "survey", 1), LateDays(1, "task", 2))


@given(st.lists(st.integers(0, 12), min_size=1, max_size=6), st.integers(0, 5))
def test_a_chain_that_starts_late_loses_and_doubles_no_day(lengths, own):
    finished = [date(2027, 6, 7)]
    for length in lengths:
        finished.append(finished[-1] + timedelta(days=length))
    noon = [end_of_day(d, ZONE) - timedelta(hours=12) for d in finished]
    first = Visit("declaration", at("04-15 00:00"), noon[0], ends("06-05"))
    rest = [Visit("review", a, b, ends("06-05"), own) for a, b in pairwise(noon)]

    assert sum(c.days for c in charged(first, *rest)) == (finished[-1] - date(2027, 6, 5)).days
