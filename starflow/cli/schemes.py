"""Schemes: which there are, what one says in plain words, whether it may run, its year in dates, its procedure in print."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starflow.cli.arguments import DEFAULT_SCHEME, read_form, read_year
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, day, deadline, moment
from starflow.cli.words import english, role, say, told
from workflow.engine.errors import Unavailable, Unknown

if TYPE_CHECKING:
    from starflow.service.forecast import Mailing
    from workflow.engine.workdays import Calendar
    from workflow.rating.scheme import Scheme, Stage
    from workflow.rating.scheme_findings import Finding

Name = Annotated[str, typer.Argument(metavar="S", help="方案名称或文件")]
Which = Annotated[str, typer.Option("--scheme", metavar="S", help="方案名称或文件")]
OfYear = Annotated[int | None, typer.Option("--year", metavar="YYYY", parser=read_year, help="哪一年;不写则为今年")]
Form = Annotated[str, typer.Option("--format", metavar="F", parser=read_form, help="text、markdown 或 mermaid")]


def list_() -> Result:
    """Those shipped, and those that this database has adopted besides; without a database the shipped ones."""
    from starflow.service.campaigns import schemes

    try:
        with at_desk() as desk:
            found = list(schemes(desk))
    except Unavailable:
        found = list(schemes(None))
    rows = [(one["name"], one["title"], one["hash"][:12]) for one in found]
    return Result({"rows": found}, (Table((say("名称"), say("标题"), say("哈希")), rows),))


def check(scheme: Name) -> Result:
    """Exit code 1 with every fault, each with line, column and a hint."""
    from starflow.service.schemes import checked_scheme

    found, open_, its = checked_scheme(scheme)
    faults = [
        {"line": one.line, "column": one.column, "path": one.path, "message": one.text, "hint": _hint(one) or None}
        for one in found
    ]
    lines = [line for one in found for line in (f"  {_told(one)}", *_hinted(one))]
    head = say("✘ {n}处错误:", n=len(found)) if found else say("✔ 方案可以使用")
    undecided = [
        {"path": one.name, "place": its.place(*one.path) if its else "", "assumed": one.written} for one in open_
    ]
    if undecided:
        head = say("✔ 方案可以演练;原文没有写明的{n}处,正式开展前须逐项决定:", n=len(undecided))
        lines = [
            say("  {place}:演练时暂用 {assumed}", place=told(one["place"]), assumed=one["assumed"]) for one in undecided
        ]
    data = {"ok": not found, "faults": faults, "undecided": undecided}
    return Result(data, (head, *lines), exit_code=int(bool(found)))


def _told(one: "Finding") -> str:
    """`第42行第1列 level[1] 4星.label: …`"""
    if one.line is None or not one.path:
        return told(str(one))
    return f"{say('第{line}行第{column}列', line=one.line, column=one.column)} {one.path}: {told(one.text)}"


def _hint(one: "Finding") -> str:
    return one.hint.en if english() else one.hint.zh


def _hinted(one: "Finding") -> tuple[str, ...]:
    return (f"      → {hint}",) if (hint := _hint(one)) else ()


def show(scheme: Name = DEFAULT_SCHEME) -> Result:
    from starflow.cli.scheme_phrases import both
    from starflow.cli.scheme_words import in_chinese, in_words
    from starflow.service.schemes import read_scheme

    found = read_scheme(scheme)[0]
    title = both(found.title, found.scheme.title_en)
    lines = [say("{title}({name},{hash})", title=title, name=found.name, hash=found.hash[:12])]
    for title, sentences in in_words(found):
        lines += ["", say(title), *(f"  {sentence}" for sentence in sentences)]
    data = {"name": found.name, "title": found.title, "hash": found.hash}
    return Result({**data, "sections": [{"title": t, "lines": list(s)} for t, s in in_chinese(found)]}, lines)


def schema() -> Result:
    """What an editor needs to complete and check a scheme file."""
    import json

    from workflow.rating.scheme_schema import scheme_schema

    found = scheme_schema()
    return Result(found, (json.dumps(found, ensure_ascii=False, indent=2),))


def procedure(scheme: Which = DEFAULT_SCHEME, form: Form = "text") -> Result:
    from starflow.service.schemes import read_scheme
    from workflow.rating.printed import procedure_markdown, procedure_mermaid, procedure_text

    print_as = {"text": procedure_text, "markdown": procedure_markdown, "mermaid": procedure_mermaid}[form]
    found = read_scheme(scheme)[0]
    printed = print_as(found, told)
    return Result({"scheme": found.name, "format": form, "text": printed}, (printed.rstrip("\n"),))


# ── the year in dates ────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A stage in the calendar; one whose dates count from its entry has a rule instead."""

    stage: str
    title: str
    target_at: datetime | None
    due_at: datetime | None
    opens_on: date | None
    rule: str
    arithmetic: tuple[str, ...]


def calendar(scheme: Name = DEFAULT_SCHEME, year: OfYear = None) -> Result:
    """Every date of the year with its arithmetic, and whether the holidays it was counted with are published."""
    from starflow.service.campaigns import opens_at
    from starflow.service.clock import SystemClock
    from starflow.service.schemes import read_scheme

    found = read_scheme(scheme)[0]
    year = year or SystemClock().now().astimezone(found.zone).year
    days, mailings = _counted(found, year)
    opening = opens_at(found, year).astimezone(found.zone).date()
    dated = [_dated(found, stage, year, days) for stage in found.stage if not stage.ends]
    notes = [*_notes(found, dated, days, year), *_confirmations(days, year)]
    data = {
        "scheme": found.name,
        "year": year,
        "opens_on": opening,
        "recheck_opens_on": next((one.opens_on for one in dated if one.opens_on), None),
        "rows": [_row(one) for one in dated],
        "notes": notes,
        "confirmed": days.confirmed(opening),
        "holidays": _holidays(days, year),
        "messages": [asdict(one) for one in mailings],
    }
    titles = (say("环节"), say("目标"), say("截止"), say("说明"))
    rows = [
        (
            f"{one.title} {one.stage}",
            deadline(one.target_at, year),
            deadline(one.due_at, year) or day(one.opens_on, year) or told(one.rule),
            told(";".join(one.arithmetic)),
        )
        for one in dated
    ]
    head = f"{found.title} · {say('{year}年度', year=year)} · {say('开展')} {day(opening)}"
    return Result(data, (head, Table(titles, rows), *notes, *_off(days, year), "", *_sent(mailings, year)))


def _counted(scheme: "Scheme", year: int) -> "tuple[Calendar, tuple[Mailing, ...]]":
    """With the years and the roster of this installation; without a database as shipped, and nobody counted."""
    from starflow.service.campaigns import opens_at
    from starflow.service.forecast import forecast
    from workflow.rating import shelf

    opening = opens_at(scheme, year)
    try:
        with at_desk() as desk:
            days = desk.calendar(scheme)
            return days, forecast(scheme, year, opening, days, desk)
    except (Unavailable, Unknown):  # no database, or no roster in it yet
        days = shelf.calendar(scheme.scheme.calendar)
        return days, forecast(scheme, year, opening, days, None)


def _holidays(days: "Calendar", year: int) -> dict[str, list[date]]:
    found = next((one for one in days.years if one.year == year), None)
    names = ("festivals", "days_off", "makeup")
    return {name: sorted(getattr(found, name)) if found else [] for name in names}


def _off(days: "Calendar", year: int) -> Iterator[str]:
    """The year's holidays, a stretch of days as one."""
    found = _holidays(days, year)
    for word, listed in (("放假:{days}", found["days_off"]), ("调休上班:{days}", found["makeup"])):
        if listed:
            yield say(word, days=say("、").join(_stretches(listed)))


def _stretches(listed: list[date]) -> Iterator[str]:
    from workflow.engine.workdays import DAY

    first = listed[0]
    for one, following in zip(listed, [*listed[1:], None], strict=True):
        if following != one + DAY:
            yield f"{first:%m-%d}" if first == one else f"{first:%m-%d}–{one:%m-%d}"
            first = following or one


def _sent(mailings: "tuple[Mailing, ...]", year: int) -> Iterator[str | Table]:
    """Who hears what on which morning, if nobody has finished earlier."""
    if not mailings:
        return
    yield say("到时还没有办完的,将送出:")
    rows = [
        (
            moment(one.at, year),
            f"{one.title} {one.stage}",
            one.rung + (f" {one.document}" if one.document else ""),
            say("、").join(role(each) for each in one.recipients),
            "" if one.people is None else str(one.people) + (f" +{one.vacant} {say('空缺')}" if one.vacant else ""),
        )
        for one in mailings
    ]
    yield Table((say("时间"), say("环节"), say("级"), say("给谁"), say("人数")), rows)


def _dated(scheme: "Scheme", stage: "Stage", year: int, days: "Calendar") -> Dated:
    """By the one function that dates stages, as if each were entered on the day the campaign opens."""
    from starflow.service.campaigns import opens_at
    from workflow.rating.facts import Facts
    from workflow.rating.timing import stage_dates

    entered_at = opens_at(scheme, year)
    rule = _counted_from_entry(stage)
    if rule:
        return _line(stage, rule=rule)
    dates = stage_dates(
        stage, scheme=scheme, year=year, calendar=days, zone=scheme.zone, entered_at=entered_at, facts=Facts()
    )
    if stage.until is not None and dates.acts_at is not None:
        return _line(stage, opens_on=dates.acts_at.astimezone(scheme.zone).date(), arithmetic=dates.arithmetic)
    local = [at.astimezone(scheme.zone) if at else None for at in (dates.target_at, dates.due_at)]
    return _line(stage, target_at=local[0], due_at=local[1], arithmetic=dates.arithmetic)


def _line(stage: "Stage", **values: Any) -> Dated:
    blank = {"target_at": None, "due_at": None, "opens_on": None, "rule": "", "arithmetic": ()}
    return Dated(stage=stage.name, title=stage.title, **(blank | values))


def _counted_from_entry(stage: "Stage") -> str:
    """In words, where the date hangs on the day on which the stage is reached."""
    from workflow.rating.wording import rule_in_words, span_in_words

    if stage.period is not None:
        return say("张贴次日起{length}", length=span_in_words(stage.period))
    return rule_in_words(stage.due) if stage.due and stage.due.startswith("+") else ""


def _row(one: Dated) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Dated.__slots__} | {"rule": one.rule or None}


def _notes(scheme: "Scheme", dated: list[Dated], days: "Calendar", year: int) -> Iterator[str]:
    """A due that falls on a day off, by name: nobody should find out on that day."""
    from datetime import timedelta

    for on in sorted({(one.due_at - timedelta(seconds=1)).date() for one in dated if one.due_at}):
        if not days.is_workday(on):
            moved = scheme.deadline.weekend_rule != "none"
            yield say("注意:{on}不上班,方案规定{rule}", on=day(on, year), rule=say("顺延" if moved else "不顺延"))


def _confirmations(days: "Calendar", year: int) -> Iterator[str]:
    for one in (year, year + 1):
        published = days.confirmed(date(one, 1, 1))
        yield say(
            "{year}年节假日安排{state}",
            year=one,
            state=say("已公布,已核对" if published else "尚未公布,按未确认日历计算"),
        )
