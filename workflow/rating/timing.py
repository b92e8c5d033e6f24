"""The dates of one stage of one cycle: target, due, whose turn it is, and when the clock must look.

Everything is counted afresh from the scheme, the entry and the facts, so an extension, a hold, a calendar or a notice
posted late moves the dates by being asked again; the sentences beside them show the arithmetic.
"""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from workflow.engine.deadlines import (
    AfterNamed,
    BeforeDue,
    FixedDate,
    Length,
    Reckoned,
    Rung,
    Unit,
    at_hour,
    doubt,
    end_of_day,
    local_date,
    parse_date_rule,
    parse_length,
    reckon,
    reckon_after,
    spoken,
    start_of_day,
)
from workflow.engine.errors import BadInput
from workflow.engine.workdays import DAY, Calendar, with_weekday
from workflow.rating.facts import Facts
from workflow.rating.scheme import Scheme
from workflow.rating.scheme_stages import RatedStage, Stage

CLOCK = "clock"
OPENING = "opening"
"""The name of the campaign's first day in a date such as `opening +60 days`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """`phase_due_at` is `due_at` without a reviewer's own days, extension and hold included: late days are counted from there."""

    target_at: datetime | None = None
    due_at: datetime | None = None
    acts_at: datetime | None = None
    owner_role: str | None = None
    arithmetic: tuple[str, ...] = ()
    phase_due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stay:
    """One stay in a stage: everything that the dates are counted from."""

    stage: Stage
    scheme: Scheme
    facts: Facts
    year: int
    calendar: Calendar
    zone: tzinfo
    entered_on: date
    extended_until: date | None
    held_days: int
    objection_on: date | None


def stage_dates(
    stage: Stage,
    *,
    scheme: Scheme,
    year: int,
    calendar: Calendar,
    zone: tzinfo,
    entered_at: datetime,
    facts: Facts,
    extended_until: date | None = None,
    held_days: int = 0,
    objection_opened_at: datetime | None = None,
) -> Dates:
    """The dates of this stay; `objection_opened_at` is the oldest open objection's."""
    stay = _Stay(
        stage=stage,
        scheme=scheme,
        facts=facts,
        year=year,
        calendar=calendar,
        zone=zone,
        entered_on=local_date(entered_at, zone),
        extended_until=extended_until,
        held_days=held_days,
        objection_on=local_date(objection_opened_at, zone) if objection_opened_at else None,
    )
    match stage.kind:
        case "closed" | "exempt":
            return Dates()
        case "rated":
            return _resting(stay)
        case "publicity":
            return _publicity(stay)
        case _:
            return _worked(stay)


def ladder_of(scheme: Scheme, stage: str) -> tuple[Rung, ...]:
    """The scheme's rungs for a stage, or a kind of matter, as the engine reads them."""
    return tuple(
        Rung(r.name, r.days, r.counts_from, r.recipients, r.document)
        for r in scheme.rung
        if not r.stages or stage in r.stages
    )


# ── a stage in which somebody works ──────────────────────────────


def _worked(stay: _Stay) -> Dates:
    written = stay.stage.due_of(stay.facts)
    agreed = _extended(_off_holidays(_by_rule(stay, written, "截止"), stay), stay) if written else ()
    phase, due = _moved(agreed, stay), _moved(_own_days(agreed, stay), stay)
    target = _target(stay, due)
    return Dates(
        target_at=_ends(target, stay),
        due_at=_ends(due, stay),
        owner_role=stay.stage.owner_of(stay.facts),
        arithmetic=tuple(step.sentence for step in due + target),
        phase_due_at=_ends(phase, stay),
    )


Steps = tuple[Reckoned, ...]
"""The way to a date, one sentence each; the last step's date holds. Empty: there is no such date."""


def _by_rule(stay: _Stay, written: str, label: str, due_on: date | None = None) -> Steps:
    rule = parse_date_rule(written)
    found = reckon(
        rule,
        label,
        year=stay.year,
        calendar=stay.calendar,
        entered_on=stay.entered_on,
        due_on=due_on,
        named=lambda name: nominal_day(stay.scheme, name, stay.year, stay.calendar),
    )
    return (found,)


def nominal_day(scheme: Scheme, name: str, year: int, calendar: Calendar) -> date:
    """The day on which the campaign opens, or on which a stage is due for everybody; a scheme is checked for rounds."""
    if name == OPENING:
        return _fixed(scheme.campaign.opens_on).of(year)
    rule = parse_date_rule(scheme.stage_of(name).due or "")
    if isinstance(rule, AfterNamed):
        return rule.length.after(nominal_day(scheme, rule.name, year, calendar), calendar)
    if not isinstance(rule, FixedDate):
        raise BadInput(f"“{name}”没有固定的截止日")
    return rule.of(year)


def window_opens(
    stage: Stage, scheme: Scheme, year: int, calendar: Calendar, entered_on: date, facts: Facts
) -> date | None:
    """The first day on which a stage may be finished, None where it may be at once."""
    written = stage.opens_of(facts)
    if not written:
        return None
    rule = parse_date_rule(written)
    return reckon(
        rule,
        "开始",
        year=year,
        calendar=calendar,
        entered_on=entered_on,
        named=lambda name: nominal_day(scheme, name, year, calendar),
    ).on


def _fixed(written: str) -> FixedDate:
    rule = parse_date_rule(written)
    assert isinstance(rule, FixedDate)  # the scheme's model says so
    return rule


def _off_holidays(steps: Steps, stay: _Stay) -> Steps:
    """The regulation says nothing of week-ends; a scheme may let a due on a day off wait for the next working day."""
    day = steps[-1].on
    if stay.scheme.deadline.weekend_rule == "none" or stay.calendar.is_workday(day):
        return steps
    on = stay.calendar.add_workdays(day, 1)
    sentence = f"{with_weekday(day)}不上班,顺延至下一个工作日 → {spoken(on, stay.year)}24时"
    return (*steps, Reckoned(on, sentence + doubt(stay.calendar, day, on)))


def _extended(steps: Steps, stay: _Stay) -> Steps:
    """No due falls before the end of an extension; one that ends earlier changes nothing."""
    until = stay.extended_until
    if not until or until <= steps[-1].on:
        return steps
    return (*steps, Reckoned(until, f"已批准延期 → {spoken(until, stay.year)}24时"))


def _own_days(steps: Steps, stay: _Stay) -> Steps:
    """A reviewer has some working days of his own, also when the work reaches him on the last evening (R8)."""
    length = Length(stay.stage.min_workdays, Unit.WORKDAYS)
    if not steps or not length.amount or length.after(stay.entered_on, stay.calendar) <= steps[-1].on:
        return steps
    own = reckon_after(length, "考评时间:进入环节", stay.entered_on, stay.calendar, stay.year)
    return (*steps, Reckoned(own.on, f"{own.sentence};晚于{spoken(steps[-1].on, stay.year)},以此为截止"))


def _moved(steps: Steps, stay: _Stay) -> Steps:
    """Days on hold are given back."""
    if not steps or not stay.held_days:
        return steps
    on = steps[-1].on + stay.held_days * DAY
    return (*steps, Reckoned(on, f"暂停办理{stay.held_days}天,顺延 → {spoken(on, stay.year)}24时"))


def _target(stay: _Stay, due: Steps) -> Steps:
    written = stay.stage.target_of(stay.facts)
    if written is None:
        return ()
    due_on = due[-1].on if due else None
    steps = _by_rule(stay, written, "目标", due_on)
    if not isinstance(parse_date_rule(written), BeforeDue):  # one counted from the due has moved with it already
        steps = _moved(steps, stay)
    if due_on and steps[-1].on > due_on:
        return (*steps, Reckoned(due_on, f"目标不晚于截止 → {spoken(due_on, stay.year)}24时"))
    return steps


def _ends(steps: Steps, stay: _Stay) -> datetime | None:
    return at_hour(steps[-1].on, stay.stage.hour, stay.zone) if steps else None


# ── publicity: who must post, then the clock, then who handles the objection ──


def _publicity(stay: _Stay) -> Dates:
    if stay.facts.posted_on is None:
        return _to_be_posted(stay)
    period = _period(stay, stay.facts.posted_on)
    ends_at = end_of_day(period.on, stay.zone)
    if stay.facts.open_objections:
        return _objected(stay, period.sentence, ends_at)
    return Dates(due_at=ends_at, acts_at=ends_at, owner_role=CLOCK, arithmetic=(period.sentence,), phase_due_at=ends_at)


def _to_be_posted(stay: _Stay) -> Dates:
    steps = _moved(_extended(_by_rule(stay, stay.scheme.publicity.post_within, "张贴公示"), stay), stay)
    return _owed(stay, steps, stay.stage.owner_of(stay.facts))


def _objected(stay: _Stay, period: str, ends_at: datetime) -> Dates:
    """The week goes on; but until the objection is settled the cycle waits for its handler (R23)."""
    if stay.objection_on is None or stay.stage.verify is None:
        raise BadInput("有未办结的异议,却不知提出时间或核实期限")
    found = reckon_after(parse_length(stay.stage.verify), "异议核实:提出异议", stay.objection_on, stay.calendar)
    steps = _moved(_extended((found,), stay), stay)
    return _owed(stay, steps, stay.scheme.objection.handler, acts_at=ends_at, also=(period,))


def _owed(stay: _Stay, steps: Steps, owner: str, acts_at: datetime | None = None, also: tuple[str, ...] = ()) -> Dates:
    due_at = _ends(steps, stay)
    arithmetic = tuple(step.sentence for step in steps) + also
    return Dates(due_at=due_at, acts_at=acts_at, owner_role=owner, arithmetic=arithmetic, phase_due_at=due_at)


def _period(stay: _Stay, posted_on: date) -> Reckoned:
    """Neither an extension nor a hold shortens or stretches the public's days (R21)."""
    written = stay.stage.period_of(stay.facts)
    if written is None:
        raise BadInput("公示环节没有写明公示期")
    length, extend = parse_length(written), stay.scheme.publicity.holiday_extend
    plain = reckon_after(length, "公示:张贴日", posted_on, stay.calendar)
    if length.unit is Unit.WORKDAYS or extend == "none":  # the last of so many working days is no holiday
        return plain
    on = _past_holiday(plain.on, extend, stay.calendar)
    reason = "法定节日" if extend == "festival" else "休息日"
    moved = f";{with_weekday(plain.on)}为{reason},顺延 → {spoken(on, plain.on.year)}24时" if on > plain.on else ""
    return Reckoned(on, plain.sentence + moved + doubt(stay.calendar, plain.on, on))


def _past_holiday(day: date, extend: str, calendar: Calendar) -> date:
    while calendar.is_festival(day) if extend == "festival" else not calendar.is_workday(day):
        day += DAY
    return day


# ── resting until the clock opens the next round ─────────────────


def _resting(stay: _Stay) -> Dates:
    """No work is owed; the clock acts at the beginning of the day `until`, at once where that has passed."""
    assert isinstance(stay.stage, RatedStage)
    rule = _fixed(stay.stage.until)
    on = rule.of(stay.year)
    sentence = f"复核:{spoken(on, stay.year)}0时开始(方案写明“{rule}”)"
    return Dates(acts_at=start_of_day(on, stay.zone), owner_role=CLOCK, arithmetic=(sentence,))
