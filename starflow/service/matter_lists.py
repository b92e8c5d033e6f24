"""Matters as lists and pages have them: never with the name or contact of whoever objected or reported.

An item of a ledger that is past its due is shown as overdue; that is a question of its light and stands in no table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starflow.service.case import case_of
from starflow.service.desk import Desk
from starflow.service.matter_turns import NOT_REPEATED, facts_of
from starflow.service.shapes import FOR_PEOPLE, Owner, Page
from starflow.service.shapes import plain as in_json
from starflow.service.view import (
    Filters,
    People,
    View,
    code,
    cut,
    light_of,
    number,
    owner_of,
    people_of,
    view_of,
    where_of,
)
from storage import cycles, matters, obligations
from storage import organisations as tree
from storage.matters import Line
from storage.models import Matter, MatterAct
from storage.queries import Stay
from workflow.engine.deadlines import Light
from workflow.engine.errors import BadInput, Reason, Unknown
from workflow.engine.machine import ANYONE, CLOCK, Option, options
from workflow.rating import tracks
from workflow.rating.track_dates import matter_dates
from workflow.rating.track_parts import Kind
from workflow.rating.track_payloads import PERSONAL

OBJECTION = tracks.OBJECTION.name
UNNAMED = {OBJECTION: ("open",), tracks.SUPERVISION.name: ("clue",)}
"""How a matter begins that somebody has objected to or reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterLine:
    """A matter: whose it is, how it stands, who must act by when. Nobody must where it rests or has ended."""

    id: int
    kind: str
    organisation: str
    status: str
    owner: Owner | None
    due_at: datetime | None
    name: str = field(metadata=FOR_PEOPLE)
    kind_title: str = field(metadata=FOR_PEOPLE)
    status_title: str = field(metadata=FOR_PEOPLE)
    light: Light | None = field(metadata=FOR_PEOPLE)
    opened_at: datetime = field(metadata=FOR_PEOPLE)


def list_matters(
    desk: Desk, filters: Filters | None = None, *, status: str | None = None, closed: bool = False
) -> Page[MatterLine]:
    """Open matters, by organisation and number. `filters.stage` is a kind; without a year, those of every year.

    Raises Unknown (year, code, kind) and BadInput for filters that name nothing there is.
    """
    filters = filters or Filters()
    _known_status(status)
    with desk.reading() as tx:
        view = view_of(desk, tx, filters)
        where = where_of(view, code, number, kinds=True)
        found = matters.listed(tx, where, closed=closed, every_year=filters.year is None, unowed=_unowed(view))
        rows, following = cut(view, _kept(view, found, status), lambda one: one[0].place)
        people = people_of(view, (stay for _, stay in rows if stay))
        return Page(tuple(_line(view, line, stay, people) for line, stay in rows), following)


def _known_status(status: str | None) -> None:
    known = dict.fromkeys([tracks.OVERDUE, *(s.name for kind in tracks.KINDS for s in kind.statuses)])
    if status is not None and status not in known:
        raise BadInput(f"status不能是“{status}”,只能是{'、'.join(known)}")


def _kept(view: View, found: Iterator[Line], status: str | None) -> Iterator[tuple[Line, Stay | None]]:
    for line in found:
        stay = _verification(view, line) if line.kind == OBJECTION and line.closed_at is None else line.stay
        light = light_of(view, None, stay) if stay else None
        if view.filters.light in (None, light) and status in (None, _status(line, light)):
            yield line, stay


def _unowed(view: View) -> tuple[str, ...]:
    """An objection has no obligation of its own: the stage has it, once for all that are open."""
    return (OBJECTION,) if view.filters.owner == view.scheme.objection.handler else ()


def _verification(view: View, line: Line) -> Stay:
    """What the handler owes for one objection: so many days from when it was lodged (R23)."""
    root = tree.by_id(view.tx, tree.root(view.tx))
    assert root is not None and root.id is not None  # its id was read in this transaction
    dates = matter_dates(
        tracks.OBJECTION.status["open"].due,
        since=tracks.OBJECTION.acts[0].title,
        judges=False,
        scheme=view.scheme,
        calendar=view.desk.calendar(view.scheme),
        zone=view.zone,
        opened_at=line.opened_at,
        entered_at=line.opened_at,
        data={},
    )
    return Stay(
        id=0,
        stage=OBJECTION,
        owner_role=view.scheme.objection.handler,
        owner_id=root.id,
        opened_at=line.opened_at,
        target_at=None,
        due_at=dates.due_at,
        grace_days=view.scheme.deadline.grace_days,
        held_at=None,
        closed_at=None,
        owner_code=root.code,
        owner_name=root.name,
        owner_path=root.path,
    )


def _status(line: Line, light: Light | None) -> str:
    overdue = line.kind == tracks.LEDGER_ITEM.name and light is Light.RED
    return tracks.OVERDUE if overdue else line.status


def _line(view: View, line: Line, stay: Stay | None, people: People) -> MatterLine:
    kind = tracks.KIND[line.kind]
    light = light_of(view, None, stay) if stay else None
    status = _status(line, light)
    title = kind.status[line.status].title
    return MatterLine(
        id=line.id,
        kind=line.kind,
        organisation=line.code,
        status=status,
        owner=owner_of(stay, people) if stay else None,
        due_at=view.local(stay.due_at) if stay else None,
        name=line.name,
        kind_title=kind.title,
        status_title=title if status == line.status else f"逾期({title})",
        light=light,
        opened_at=line.opened_at.astimezone(view.zone),
    )


# ── one matter ───────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterOption:
    """One act that the matter offers: a button, live where there is nothing against it."""

    act: str
    role: str
    allowed: bool
    reasons: tuple[Reason, ...]
    payload: Mapping[str, Any] | None
    needs_reason: bool
    title: str = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLine:
    """One act of a matter's history."""

    seq: int
    at: datetime
    act: str
    before: str | None
    after: str
    role: str
    actor: str | None
    data: Mapping[str, Any]
    reason: str | None
    title: str = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterView:
    """A matter with what is known of it, what has happened to it and what can be done."""

    id: int
    kind: str
    organisation: str
    status: str
    version: int
    rule: str
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    arithmetic: tuple[str, ...]
    data: Mapping[str, Any]
    acts: tuple[ActLine, ...]
    options: tuple[MatterOption, ...]
    name: str = field(metadata=FOR_PEOPLE)
    kind_title: str = field(metadata=FOR_PEOPLE)
    status_title: str = field(metadata=FOR_PEOPLE)

    def as_json(self) -> dict[str, Any]:
        shape: dict[str, Any] = in_json(self)
        return shape


def show_matter(desk: Desk, matter_id: int, relations: frozenset[str] = frozenset()) -> MatterView:
    """One matter for somebody with these relations to its organisation. Raises Unknown."""
    with desk.reading() as tx:
        matter = matters.by_id(tx, matter_id)
        if matter is None or matter.cycle_id is None:
            raise Unknown(f"没有编号为{matter_id}的事项")
        row = cycles.by_id(tx, matter.cycle_id)
        assert row is not None  # a foreign key
        kind, case = tracks.KIND[matter.kind], case_of(desk, tx, row)
        facts = facts_of(tx, case, kind, matter, relations)
        owed = obligations.of_matter(tx, matter_id)
        if (
            kind.elsewhere and matter.closed_at is None
        ):  # it is settled by an act of the cycle, whose obligation it then is
            owed = obligations.open_stage(tx, row.id)
        offered = () if kind.elsewhere else options(kind.table, matter.status, facts.relations, facts, tx.now)
        return MatterView(
            id=matter_id,
            kind=kind.name,
            organisation=row.code,
            status=matter.status,
            version=matter.version,
            rule=kind.rule,
            opened_at=matter.opened_at.astimezone(case.zone),
            closed_at=matter.closed_at.astimezone(case.zone) if matter.closed_at else None,
            due_at=owed.due_at.astimezone(case.zone) if owed and owed.due_at else None,
            arithmetic=tuple(owed.arithmetic) if owed else (),
            data=_told(matter, relations),
            acts=tuple(_act_line(kind, act, case.zone) for act in matters.acts(tx, matter_id)),
            options=tuple(_option(kind, matter.status, option) for option in offered if option.role != CLOCK),
            name=row.name,
            kind_title=kind.title,
            status_title=kind.status[matter.status].title,
        )


def _told(matter: Matter, relations: frozenset[str]) -> dict[str, Any]:
    """What was reported is for the department to read; by whom is not for any page."""
    hidden = PERSONAL if "department" in relations else NOT_REPEATED
    return {name: value for name, value in matter.data.items() if name not in hidden}


def _act_line(kind: Kind, act: MatterAct, zone: Any) -> ActLine:
    """Whoever objected or reported is anyone: not even the relation in which they stand is told."""
    unnamed = not act.before and act.after in UNNAMED.get(kind.name, ())
    return ActLine(
        seq=act.seq,
        at=act.at.astimezone(zone),
        act=act.act,
        before=act.before or None,
        after=act.after,
        role=ANYONE if unnamed else act.role,
        actor=None if unnamed else act.actor,
        data=act.data,
        reason=act.reason or None,
        title=kind.titled(act.act),
    )


def _option(kind: Kind, status: str, option: Option) -> MatterOption:
    row = kind.table.row[status, option.trigger]
    return MatterOption(
        act=option.trigger,
        role=option.role,
        allowed=option.allowed,
        reasons=option.reasons,
        payload=row.takes.model_json_schema() if row.takes else None,
        needs_reason=option.needs_reason,
        title=kind.titled(option.trigger),
    )
