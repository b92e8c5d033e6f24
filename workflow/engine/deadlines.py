"""What is due: date rules, light, rungs and late days, all pure; nothing here knows what is being rated.

Every deadline is the end of a local day, so the instant stored for "5 June" is the first of 6 June: the interval is
half-open, an act at that very instant is late, and the local date after it is the first day overdue.
"""

import re
from calendar import isleap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Literal, Self

from workflow.engine.errors import BadInput
from workflow.engine.workdays import DAY, Calendar, month_day, weekday

NEAR_DAYS = 7
"""Blue from this many calendar days before the target (else the due)."""


# ── local days and instants ──────────────────────────────────────


def start_of_day(day: date, zone: tzinfo) -> datetime:
    return _instant(day, 0, zone)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """24:00 of this day, that is 00:00 of the next."""
    return _instant(day + DAY, 0, zone)


def at_hour(day: date, hour: int, zone: tzinfo) -> datetime:
    """An hour of this day; 24 is its end."""
    return end_of_day(day, zone) if hour == 24 else _instant(day, hour, zone)


def local_date(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()


def due_date(due_at: datetime, zone: tzinfo) -> date:
    """The day whose 24:00 this instant is."""
    return local_date(due_at - timedelta(microseconds=1), zone)


@lru_cache(maxsize=4096)
def _instant(day: date, hour: int, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


# ── light ────────────────────────────────────────────────────────


class Light(StrEnum):
    """How an obligation stands, worst first; the label is for people."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        light = str.__new__(cls, value)
        light._value_ = value
        light.label = label
        return light

    BLACK = "black", "不评"
    RED = "red", "逾期"
    YELLOW = "yellow", "滞后"
    GREEN = "green", "按期办结"
    BLUE = "blue", "临近"
    GREY = "grey", "未到期"


def light(
    *,
    now: datetime,
    zone: tzinfo,
    target_at: datetime | None,
    due_at: datetime | None,
    grace_days: int,
    done_at: datetime | None = None,
    void: bool = False,
) -> Light:
    """The first of the contract's lines (§1) that holds; void is exempt, or closed unrated."""
    if void:
        return Light.BLACK
    if done_at is not None:
        return Light.YELLOW if due_at and done_at >= due_at else Light.GREEN
    if due_at and now >= add_days(due_at, grace_days, zone):
        return Light.RED
    if target_at and now >= target_at:
        return Light.YELLOW
    near = target_at or due_at
    return Light.BLUE if near and _days_to(near, now, zone) <= NEAR_DAYS else Light.GREY


def days_overdue(*, now: datetime, zone: tzinfo, due_at: datetime | None) -> int:
    """Local days since the due's date: for 5 June, 6 June is 1."""
    return max(0, -_days_to(due_at, now, zone)) if due_at else 0


def add_days(due_at: datetime, count: int, zone: tzinfo) -> datetime:
    """The same deadline some calendar days later: whole local days, whatever the clocks do in between."""
    return end_of_day(due_date(due_at, zone) + count * DAY, zone)


def _days_to(due_at: datetime, now: datetime, zone: tzinfo) -> int:
    return (due_date(due_at, zone) - local_date(now, zone)).days


# ── date rules: how a scheme writes a date ───────────────────────


class Unit(StrEnum):
    DAYS = "days"
    WORKDAYS = "workdays"


@dataclass(frozen=True, slots=True)
class Length:
    """So many calendar days or working days; the day they start from never counts."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount}个工作日" if self.unit is Unit.WORKDAYS else f"{self.amount}天"

    def after(self, day: date, calendar: Calendar) -> date:
        return calendar.add_workdays(day, self.amount) if self.unit is Unit.WORKDAYS else day + self.amount * DAY

    def before(self, day: date, calendar: Calendar) -> date:
        return calendar.subtract_workdays(day, self.amount) if self.unit is Unit.WORKDAYS else day - self.amount * DAY


@dataclass(frozen=True, slots=True)
class FixedDate:
    """`"06-05"` of the campaign's year, `"01-15 next year"`, or `"06-30 in 2 years"`."""

    month: int
    day: int
    years: int = 0

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}" + LATER.get(self.years, f" in {self.years} years")

    def of(self, year: int) -> date:
        """29 February is the 28th where there is none."""
        year += self.years
        missing = (self.month, self.day) == (2, 29) and not isleap(year)
        return date(year, self.month, 28 if missing else self.day)


@dataclass(frozen=True, slots=True)
class AfterEntry:
    """`"+10 workdays"`: counted from the day after the entry."""

    length: Length


@dataclass(frozen=True, slots=True)
class BeforeDue:
    """`"due -20 days"`: counted back from the effective due."""

    length: Length


@dataclass(frozen=True, slots=True)
class AfterNamed:
    """`"opening +60 days"`: counted from another date that has a name; whoever reckons says which date that is."""

    name: str
    length: Length

    def __str__(self) -> str:
        return f"{self.name} +{self.length.amount} {self.length.unit.value}"


DateRule = FixedDate | AfterEntry | BeforeDue | AfterNamed


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A local date, its 24:00 meant, and the sentence that shows how it came about."""

    on: date
    sentence: str


FIXED = re.compile(r"(\d\d)-(\d\d)( next year| in ([2-9]) years)?")
LATER = {0: "", 1: " next year"}
LENGTH = r"(\d{1,4}) (days|workdays)"


@lru_cache(maxsize=256)
def parse_date_rule(text: str) -> DateRule:
    if said := FIXED.fullmatch(text):
        return _fixed(said)
    if said := re.fullmatch(rf"\+{LENGTH}", text):
        return AfterEntry(_length(said))
    if said := re.fullmatch(rf"due -{LENGTH}", text):
        return BeforeDue(_length(said))
    if said := re.fullmatch(rf"((?!due )[a-z][a-z_]*(?:\.[a-z][a-z_]*)?) \+{LENGTH}", text):
        return AfterNamed(said[1], Length(int(said[2]), Unit(said[3])))
    raise BadInput(
        f"不是日期写法:{text!r}(可写 06-05、01-15 next year、06-30 in 2 years、+30 days、+10 workdays、due -20 days、opening +60 days)"
    )


@lru_cache(maxsize=256)
def parse_length(text: str) -> Length:
    said = re.fullmatch(LENGTH, text)
    if said is None:
        raise BadInput(f"不是期限写法:{text!r}(可写 7 days、5 workdays)")
    return _length(said)


def reckon(
    rule: DateRule,
    label: str,
    *,
    year: int,
    calendar: Calendar,
    entered_on: date,
    due_on: date | None = None,
    named: Callable[[str], date] | None = None,
) -> Reckoned:
    """The rule's date in a campaign of this year, for a stage entered on this day; label leads the sentence."""
    match rule:
        case FixedDate():
            return _reckon_fixed(rule, label, year)
        case AfterEntry(length):
            return reckon_after(length, f"{label}:进入环节", entered_on, calendar, year)
        case BeforeDue(length):
            return _reckon_before(length, label, due_on, calendar, year)
        case AfterNamed(name, length):
            if named is None:
                raise BadInput(f"不知道“{name}”是哪一天")
            return reckon_after(length, f"{label}:{name}", named(name), calendar, year)


def reckon_after(length: Length, since: str, start: date, calendar: Calendar, year: int | None = None) -> Reckoned:
    """So long after a day; since says what happened on it. A reader who thinks of another `year` than the day's is told."""
    on, reader = length.after(start, calendar), year or start.year
    counted = "" if length.unit is Unit.WORKDAYS else "(次日为第1天)"
    sentence = f"{since}{_spoken_weekday(start, reader)}起{length}{counted} → {spoken(on, reader)}24时"
    return Reckoned(on, sentence + _counted(length, start + DAY, on, calendar))


def doubt(calendar: Calendar, first: date, last: date) -> str:
    """The warning that belongs to every date counted through a year whose holidays are not published."""
    return "".join(f";{year}年节假日安排尚未公布,按未确认日历计算" for year in calendar.unconfirmed(first, last))


def spoken(day: date, year: int) -> str:
    """The year is said where it is not the reader's."""
    return month_day(day) if day.year == year else f"{day.year}年{month_day(day)}"


def _spoken_weekday(day: date, year: int) -> str:
    return f"{spoken(day, year)}({weekday(day)})"


def _reckon_fixed(rule: FixedDate, label: str, year: int) -> Reckoned:
    on = rule.of(year)
    clamped = "" if on.day == rule.day else f",{on.year}年没有2月29日"
    written = f"(方案写明“{rule}”{clamped},{on.year}年{month_day(on)}为{weekday(on)})"
    return Reckoned(on, f"{label}:{spoken(on, year)}24时{written}")


def _reckon_before(length: Length, label: str, due_on: date | None, calendar: Calendar, year: int) -> Reckoned:
    if due_on is None:
        raise BadInput("按截止日倒推的日期,需要先有截止日")
    on = length.before(due_on, calendar)
    sentence = f"{label}:截止{_spoken_weekday(due_on, year)}前{length} → {spoken(on, year)}24时"
    return Reckoned(on, sentence + _counted(length, on, due_on - DAY, calendar))


def _counted(length: Length, first: date, last: date, calendar: Calendar) -> str:
    if length.unit is Unit.DAYS:
        return ""
    surprises = calendar.surprises(first, last)
    return (f";其间{'、'.join(surprises)}" if surprises else "") + doubt(calendar, first, last)


def _fixed(said: re.Match[str]) -> FixedDate:
    month, day = int(said[1]), int(said[2])
    try:
        date(2000, month, day)  # a leap year, so that 29 February may be written
    except ValueError as error:
        raise BadInput(f"没有这一天:{said[0]!r}") from error
    return FixedDate(month, day, years=int(said[4] or 1) if said[3] else 0)


def _length(said: re.Match[str]) -> Length:
    return Length(int(said[1]), Unit(said[2]))


# ── rungs: reminders before, escalation after ────────────────────


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: so many days from the target's date, or from the first morning after due and grace."""

    name: str
    days: int
    counts_from: Literal["target", "due"]
    recipients: tuple[str, ...]
    document: str | None = None

    @property
    def kind(self) -> Literal["reminder", "escalation"]:
        return "escalation" if self.counts_from == "due" and self.days >= 0 else "reminder"


@dataclass(frozen=True, slots=True)
class Ringing:
    rung: Rung
    at: datetime


def ringings(
    ladder: Iterable[Rung],
    *,
    target_at: datetime | None,
    due_at: datetime | None,
    grace_days: int,
    opened_at: datetime,
    zone: tzinfo,
    hour: int = 9,
) -> tuple[Ringing, ...]:
    """When each rung rings, in order of time; those before the obligation's own start are dropped."""
    target_on = due_date(target_at, zone) if target_at else None
    due_on = due_date(due_at, zone) if due_at else None
    dated = ((rung, _rings_on(rung, target_on, due_on, grace_days)) for rung in ladder)
    found = (Ringing(rung, _instant(day, hour, zone)) for rung, day in dated if day)
    return tuple(sorted((r for r in found if r.at >= opened_at), key=lambda r: r.at))


def next_ringing(rings: Iterable[Ringing], after: datetime) -> Ringing | None:
    return min((r for r in rings if r.at > after), key=lambda r: r.at, default=None)


def _rings_on(rung: Rung, target_on: date | None, due_on: date | None, grace_days: int) -> date | None:
    if rung.kind == "escalation":
        return due_on + (grace_days + 1 + rung.days) * DAY if due_on else None
    base = due_on if rung.counts_from == "due" else target_on or due_on
    if base is None or (rung.days > 0 and base == due_on):  # "target passed" is already said by the first escalation
        return None
    return base + rung.days * DAY


# ── late days ────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Visit:
    """One finished stay in a stage. `due_at` is the due without the reviewer's own days, `own_workdays` is how many."""

    stage: str
    entered_at: datetime
    finished_at: datetime
    due_at: datetime | None
    own_workdays: int = 0


@dataclass(frozen=True, slots=True)
class LateDays:
    """So many late days, charged to the visit with this number in the sequence."""

    visit: int
    stage: str
    days: int


def late_days(visits: Sequence[Visit], *, calendar: Calendar, zone: tzinfo) -> tuple[LateDays, ...]:
    """Whom the late days are charged to (R8), in the order of the visits; those with none are left out.

    Late days run from the later of the due and the entry to the finish. What falls into a reviewer's own working days
    is charged to the last late visit before it, and to nobody if there is none: then the work came in time.
    """
    charged = [0] * len(visits)
    last_late: int | None = None
    for number, visit in enumerate(visits):
        given, own = _split(visit, calendar, zone)
        charged[number] += own
        if last_late is not None:
            charged[last_late] += given
        if own or (visit.due_at and not visit.own_workdays and visit.finished_at >= visit.due_at):
            last_late = number
    return tuple(LateDays(n, v.stage, charged[n]) for n, v in enumerate(visits) if charged[n])


def _split(visit: Visit, calendar: Calendar, zone: tzinfo) -> tuple[int, int]:
    """(days within the reviewer's own working days, days that are the visit's own doing)."""
    if visit.due_at is None:
        return 0, 0
    entered_on, finished_on = local_date(visit.entered_at, zone), local_date(visit.finished_at, zone)
    late_from = max(due_date(visit.due_at, zone), entered_on)
    own_from = max(late_from, calendar.add_workdays(entered_on, visit.own_workdays))
    given = (min(finished_on, own_from) - late_from).days
    return max(0, given), max(0, (finished_on - own_from).days)
