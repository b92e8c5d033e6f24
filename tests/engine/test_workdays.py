"""Working days: the State Council's list of 2026 in full, years without a list, and files that are refused."""

from datetime import date, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.engine.errors import BadInput, Faulty
from workflow.engine.workdays import Calendar, CalendarYear, days, read_year


def shipped(year: int) -> CalendarYear:
    name = f"cn-{year}.toml"
    return read_year(files("workflow.rating").joinpath("calendars", name).read_text("utf-8"), name)


CN = Calendar(tuple(shipped(year) for year in (2025, 2026, 2027, 2028)))
DATES = st.dates(date(2020, 1, 1), date(2032, 12, 31))


def test_the_year_2026_is_the_published_list():
    year = shipped(2026)

    weekdays_off = sorted(d for d in year.days_off if d.weekday() < 5)

    assert year.confirmed
    assert len(year.days_off) == 33
    assert [f"{d:%m-%d}" for d in weekdays_off] == [
        "01-01", "01-02", "02-16", "02-17", "02-18", "02-19", "02-20", "02-23", "04-06", "05-01", "05-04", "05-05",
        "06-19", "09-25", "10-01", "10-02", "10-05", "10-06", "10-07",
    ]  # fmt: skip
    assert [f"{d:%m-%d}" for d in sorted(year.makeup)] == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028])
def test_every_year_has_its_thirteen_statutory_festival_days(year):
    festivals = shipped(year).festivals

    # in 2028 Mid-Autumn is the third day of the National Day
    assert len(festivals) == (12 if year == 2028 else 13)


def test_the_year_2027_is_not_published_and_knows_festivals_only():
    year = shipped(2027)

    assert (year.confirmed, year.days_off, year.makeup) == (False, year.festivals, frozenset())
    assert date(2027, 6, 9) in year.festivals


def test_a_make_up_saturday_is_a_workday_and_a_bridge_day_is_not():
    assert CN.is_workday(date(2026, 2, 14))
    assert not CN.is_workday(date(2026, 2, 20))
    assert not CN.is_festival(date(2026, 2, 20))
    assert CN.is_festival(date(2026, 2, 19))


def test_counting_through_spring_festival_counts_the_make_up_days():
    # Friday 13 February 2026: 14 (make-up) is the first, the 24th to the 27th follow, 28 (make-up) is the sixth
    assert CN.add_workdays(date(2026, 2, 13), 6) == date(2026, 2, 28)
    assert CN.subtract_workdays(date(2026, 2, 28), 6) == date(2026, 2, 13)


def test_counting_over_the_end_of_the_year_uses_both_lists():
    assert CN.add_workdays(date(2025, 12, 31), 1) == date(2026, 1, 4)
    assert CN.add_workdays(date(2026, 12, 31), 1) == date(2027, 1, 4)


def test_a_year_without_a_list_has_week_ends_only_and_is_unconfirmed():
    bare = Calendar()

    assert bare.is_workday(date(2030, 10, 1))
    assert bare.add_workdays(date(2030, 9, 30), 5) == date(2030, 10, 7)
    assert not bare.confirmed(date(2030, 10, 1))


def test_the_unconfirmed_years_of_a_span_are_named():
    assert CN.unconfirmed(date(2026, 1, 1), date(2026, 12, 31)) == ()
    assert CN.unconfirmed(date(2026, 12, 31), date(2028, 1, 1)) == (2027, 2028)


def test_surprises_are_what_a_reader_of_week_ends_would_miss():
    assert CN.surprises(date(2026, 9, 18), date(2026, 10, 12)) == (
        "9月20日(星期日)为调休上班日,计入",
        "9月25日(星期五)为法定节日,不计",
        "10月1日至10月2日为法定节日,不计",
        "10月5日至10月7日为放假调休日,不计",
        "10月10日(星期六)为调休上班日,计入",
    )


def test_a_negative_count_is_refused():
    with pytest.raises(BadInput, match="工作日数不能为负"):
        CN.add_workdays(date(2026, 1, 1), -1)


def test_every_fault_of_a_calendar_file_is_told_at_once():
    text = """
        year = 2026
        confirmed = true
        source = ""
        festivals = [2026-05-01]
        days_off = [2027-05-02, 2026-05-09]
        makeup = [2026-05-09, 2026-05-11]
    """

    with pytest.raises(Faulty) as refused:
        read_year(text, "cn-2026.toml")

    assert refused.value.faults == (
        "cn-2026.toml: 2027-05-02 不在2026年",
        "cn-2026.toml: 2026-05-01 是节日,却不在放假日期中",
        "cn-2026.toml: 2026-05-09 既放假又调休上班",
        "cn-2026.toml: 2026-05-11 不是周末,不能调休上班",
    )


def test_misspelt_keys_and_values_of_another_type_are_told():
    with pytest.raises(Faulty) as refused:
        read_year('year = true\nconfirmed = true\nsource = ""\nfestival = []\ndays_off = ["05-01"]\nmakeup = []', "x")

    assert refused.value.faults == (
        "x: 不认识的键 festival",
        "x: 缺少 festivals",
        "x: year 的写法不对",
        "x: days_off 的写法不对",
    )


def test_a_file_that_is_no_toml_is_told():
    with pytest.raises(Faulty, match="x: 不是有效的 TOML"):
        read_year("year = ", "x")


def test_a_year_of_holidays_is_refused_since_counting_would_never_end():
    with pytest.raises(Faulty, match="放假61天"):
        CalendarYear(year=2026, confirmed=True, days_off=frozenset(days(date(2026, 1, 1), date(2026, 3, 2))))


def test_sixty_days_off_are_the_most_that_a_year_may_have():
    first, last = date(2026, 1, 1), date(2026, 3, 1)

    assert len(CalendarYear(year=2026, confirmed=True, days_off=frozenset(days(first, last))).days_off) == 60


def test_one_year_twice_is_refused():
    with pytest.raises(Faulty, match=r"^同一年份的节假日安排出现了两次$"):
        Calendar((shipped(2026), shipped(2026)))


@given(day=DATES, count=st.integers(0, 60))
def test_more_workdays_never_end_earlier(day, count):
    assert CN.add_workdays(day, count) < CN.add_workdays(day, count + 1)


@given(day=DATES, later=st.integers(0, 40), count=st.integers(1, 40))
def test_a_later_start_never_ends_earlier(day, later, count):
    assert CN.add_workdays(day, count) <= CN.add_workdays(day + timedelta(days=later), count)


@given(day=DATES, count=st.integers(1, 60))
def test_the_end_is_a_workday_with_exactly_so_many_workdays_up_to_it(day, count):
    end = CN.add_workdays(day, count)

    assert CN.is_workday(end)
    assert sum(CN.is_workday(d) for d in days(day + timedelta(days=1), end)) == count


@given(day=DATES, count=st.integers(1, 60))
def test_counting_back_undoes_counting_on(day, count):
    start = CN.add_workdays(day, 1)

    assert CN.subtract_workdays(CN.add_workdays(start, count), count) == start
