"""What is wrong with the dates and rounds of a scheme: their order, what opens them, and what they are called."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from workflow.engine.deadlines import BeforeDue, FixedDate, Unit, parse_date_rule
from workflow.rating.scheme_places import Path
from workflow.rating.scheme_rounds import USUAL_ROUNDS
from workflow.rating.scheme_stages import Stage
from workflow.rating.scheme_tables import Scheme
from workflow.rating.scheme_values import shown

SAMPLE_YEAR = 2027  # dates are only compared with each other

Fault = tuple[Path, str]


def dates(scheme: Scheme) -> Iterator[Fault]:
    """Within a round nothing is due before the work above it, and nothing should be done after it is due."""
    opens = _opening(scheme)
    latest: dict[tuple[str, str], tuple[date, Stage]] = {}
    for i, stage in enumerate(scheme.stage):
        due, target = _day(stage.due), _target_day(stage)
        if due and target and target > due:
            yield ("stage", i, "target"), f"目标日{_written(target)}晚于截止日{_written(due)}"
        if due and stage.round in opens and due < opens[stage.round]:
            yield ("stage", i, "due"), f"截止日{_written(due)}早于开始日{_written(opens[stage.round])}"
        for key, word, day in (("due", "截止日", due), ("target", "目标日", target)):
            before = latest.get((stage.round, key))
            if day and before and day < before[0]:
                said = f"{word}{_written(day)}早于前面环节{before[1].name}的{word}{_written(before[0])}"
                yield ("stage", i, key), said
            elif day:
                latest[stage.round, key] = day, stage


def _opening(scheme: Scheme) -> dict[str, date]:
    """On which day each round opens: the first with the campaign, the next when `rated` is over."""
    opens: dict[str, date] = {}
    day = _day(scheme.campaign.opens_on)
    for stage in scheme.stage:
        if stage.until:
            day = _day(stage.until)
        elif day and stage.round:
            opens.setdefault(stage.round, day)
    return opens


def _day(rule: str | None) -> date | None:
    """A date rule in a year like any other; lengths have no day of their own."""
    said = parse_date_rule(rule) if rule else None
    return said.of(SAMPLE_YEAR) if isinstance(said, FixedDate) else None


def _written(day: date) -> str:
    """As a scheme writes it; a target may also lie in a year before."""
    years = day.year - SAMPLE_YEAR
    if years >= 0:
        return str(FixedDate(day.month, day.day, years))
    return f"{day:%m-%d} last year" if years == -1 else f"{day:%m-%d} {-years} years ago"


def _target_day(stage: Stage) -> date | None:
    """Working days are not placed: that needs a calendar."""
    due, said = _day(stage.due), parse_date_rule(stage.target) if stage.target else None
    if isinstance(said, BeforeDue):
        return due - timedelta(days=said.length.amount) if due and said.length.unit is Unit.DAYS else None
    return _day(stage.target)


def recheck_opens(scheme: Scheme) -> Iterator[Fault]:
    for stage in scheme.stage:
        after = scheme.stage[scheme.stage.index(stage) + 1 :]
        opens = next((other.round for other in after if other.round), "")
        if stage.until and opens in ("recheck", "") and scheme.recheck.opens_on not in (None, stage.until):
            sentence = f"{shown(scheme.recheck.opens_on)}与环节{stage.name}的until {shown(stage.until)}不一致"
            yield ("recheck", "opens_on"), sentence


def rounds_told(scheme: Scheme) -> Iterator[Fault]:
    """Every round has a title, comes once, and begins behind a rest."""
    told = [one.name for one in scheme.round]
    for i, name in enumerate(told):
        if name not in scheme.rounds:
            yield ("round", i, "name"), f"没有{shown(name)}这一轮的环节"
        elif name in told[:i]:
            yield ("round", i, "name"), f"{shown(name)}写了两次"
    over: set[str] = set()
    before = ""
    for i, stage in enumerate(scheme.stage):
        if stage.round and stage.round not in {*USUAL_ROUNDS, *told}:
            yield ("stage", i, "name"), f"轮次{shown(stage.round)}没有写明叫什么,请加一张[[round]]"
            told.append(stage.round)
        if stage.round in over and stage.round != before:
            yield ("stage", i, "name"), f"轮次{shown(stage.round)}前面已经结束,一轮的环节要连着写"
        elif stage.round and before and stage.round != before:
            yield ("stage", i, "name"), f"{shown(before)}与{shown(stage.round)}两轮之间须有定星的环节(rated)"
        over |= {stage.round} - {""}
        before = stage.round


DATE_CHECKS: tuple[Callable[[Scheme], Iterator[Fault]], ...] = (dates, recheck_opens, rounds_told)
