"""Working days over a calendar with make-up days (调休): which day counts, and why a day did not.

A year that has not been published is still reckoned with (its festivals by law, or week-ends alone), but never
silently: whoever counts through it can ask `unconfirmed()` and say so.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from workflow.engine.errors import BadInput, Faulty

DAY = timedelta(days=1)
SATURDAY = 5
MOST_DAYS_OFF = 60
"""More days off than this in one year is a mistyped file; the bound is also why counting always ends."""


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """One year of the State Council's list; festivals are the statutory days proper, without the bridge days."""

    year: int
    confirmed: bool
    festivals: frozenset[date] = frozenset()
    days_off: frozenset[date] = frozenset()
    makeup: frozenset[date] = frozenset()
    source: str = ""

    def __post_init__(self) -> None:
        if faults := tuple(_faults(self)):
            raise Faulty(faults)


@dataclass(frozen=True)
class Calendar:
    """Some years of holidays; every other year has week-ends only and is unconfirmed."""

    years: tuple[CalendarYear, ...] = ()
    _by_year: MappingProxyType[int, CalendarYear] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_year = {y.year: y for y in self.years}
        if len(by_year) < len(self.years):
            raise Faulty(("同一年份的节假日安排出现了两次",))
        object.__setattr__(self, "_by_year", MappingProxyType(by_year))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.years)

    def is_workday(self, day: date) -> bool:
        year = self._year(day)
        return day not in year.days_off and (day.weekday() < SATURDAY or day in year.makeup)

    def is_festival(self, day: date) -> bool:
        return day in self._year(day).festivals

    def is_makeup(self, day: date) -> bool:
        return day in self._year(day).makeup

    def confirmed(self, day: date) -> bool:
        return self._year(day).confirmed

    def add_workdays(self, day: date, count: int) -> date:
        """The count-th working day after this day; the day itself never counts."""
        return self._walk(day, count, DAY)

    def subtract_workdays(self, day: date, count: int) -> date:
        """The count-th working day before this day; the day itself never counts."""
        return self._walk(day, count, -DAY)

    def unconfirmed(self, first: date, last: date) -> tuple[int, ...]:
        """The years from first to last whose list has not been published."""
        return tuple(y for y in range(first.year, last.year + 1) if not self.confirmed(date(y, 1, 1)))

    def surprises(self, first: date, last: date) -> tuple[str, ...]:
        """What a reader who only knows week-ends would have counted differently, as Chinese phrases in order."""
        odd = [d for d in days(first, last) if self.is_workday(d) != (d.weekday() < SATURDAY)]
        return tuple(_phrase(run, self) for run in _runs(odd, self))

    def _walk(self, day: date, count: int, step: timedelta) -> date:
        if count < 0:
            raise BadInput(f"工作日数不能为负:{count}")
        while count:
            day += step
            count -= self.is_workday(day)
        return day

    def _year(self, day: date) -> CalendarYear:
        return self._by_year.get(day.year) or _weekends_only(day.year)


@lru_cache(maxsize=64)
def _weekends_only(year: int) -> CalendarYear:
    return CalendarYear(year=year, confirmed=False)


def read_year(text: str, name: str) -> CalendarYear:
    """One calendar file (TOML); raises Faulty with every fault, each led by the file's name."""
    try:
        return CalendarYear(**_values(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        raise Faulty((f"{name}: 不是有效的 TOML:{error}",)) from error
    except Faulty as error:
        raise Faulty(f"{name}: {fault}" for fault in error.faults) from error


def days(first: date, last: date) -> Iterator[date]:
    """Every day from first to last, both included."""
    return (first + n * DAY for n in range((last - first).days + 1))


WEEKDAYS = "一二三四五六日"


def month_day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def weekday(day: date) -> str:
    return f"星期{WEEKDAYS[day.weekday()]}"


def with_weekday(day: date) -> str:
    return f"{month_day(day)}({weekday(day)})"


KEYS = {"year": int, "confirmed": bool, "source": str, "festivals": list, "days_off": list, "makeup": list}


def _values(said: dict[str, Any]) -> dict[str, Any]:
    faults = [f"不认识的键 {key}" for key in said if key not in KEYS]
    faults += [f"缺少 {key}" for key in KEYS if key not in said]
    faults += [f"{key} 的写法不对" for key, kind in KEYS.items() if key in said and not _is(said[key], kind)]
    if faults:
        raise Faulty(faults)
    return {key: frozenset(said[key]) if kind is list else said[key] for key, kind in KEYS.items()}


def _is(value: Any, kind: type) -> bool:
    # `type(...) is`, since True is an int and a datetime is a date
    return type(value) is kind and (not isinstance(value, list) or all(type(day) is date for day in value))


def _faults(year: CalendarYear) -> Iterator[str]:
    listed = year.festivals | year.days_off | year.makeup
    yield from (f"{d} 不在{year.year}年" for d in sorted(listed) if d.year != year.year)
    yield from (f"{d} 是节日,却不在放假日期中" for d in sorted(year.festivals - year.days_off))
    yield from (f"{d} 既放假又调休上班" for d in sorted(year.makeup & year.days_off))
    yield from (f"{d} 不是周末,不能调休上班" for d in sorted(year.makeup) if d.weekday() < SATURDAY)
    if len(year.days_off) > MOST_DAYS_OFF:
        yield f"放假{len(year.days_off)}天,超过{MOST_DAYS_OFF}天"


def _runs(odd: list[date], calendar: Calendar) -> list[list[date]]:
    """Neighbouring odd days that share one reason; a week-end inside a holiday does not cut it in two."""
    runs = [[day] for day in odd[:1]]
    for before, day in pairwise(odd):
        if _reason(before, calendar) == _reason(day, calendar) and _joined(before, day, calendar):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _joined(before: date, day: date, calendar: Calendar) -> bool:
    return not any(calendar.is_workday(d) for d in days(before + DAY, day - DAY))


def _phrase(run: list[date], calendar: Calendar) -> str:
    span = with_weekday(run[0]) if len(run) == 1 else f"{month_day(run[0])}至{month_day(run[-1])}"
    return f"{span}{_reason(run[0], calendar)}"


def _reason(day: date, calendar: Calendar) -> str:
    if calendar.is_makeup(day):
        return "为调休上班日,计入"
    return "为法定节日,不计" if calendar.is_festival(day) else "为放假调休日,不计"
