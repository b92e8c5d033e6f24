"""What can be asked of everything at once: open work, cycles, notices and stars, one statement each, read-only.

Rows come as they are needed, so that a page of 50 costs little whatever stands behind it. A list is continued after its last
row (never at a number of rows), so that nothing is shown twice or left out when rows before it have gone meanwhile.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import chain, islice, repeat
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from storage import cycles, organisations, overdue
from storage.among import among
from storage.cycles import CycleRow
from storage.database import Transaction
from storage.models import Organisation
from storage.organisations import chunks
from storage.overdue import PAGE, SCREEN, Late
from storage.posts import POST_OF
from storage.statements import Statement, past_its_index

One = TypeVar("One")
TOLD = ("reminder", "escalation", "nudge")

_tables = Organisation.metadata.tables
_cycle, _campaign, _scheme = (_tables[name] for name in ("cycle", "campaign", "scheme_file"))
_obligation, _matter, _notice, _star = (_tables[name] for name in ("obligation", "matter", "notice", "star"))
_record = _tables["record"]
_person, _post, _about = (_tables[name] for name in ("person", "post", "organisation"))  # about: whom a row speaks of
_owner, _recipient = _about.alias("owner"), _about.alias("recipient")


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What a list is narrowed to; `after` is the place of the row before, in the words of the list's own order."""

    campaign_id: int | None = None
    path: str = ""
    stages: tuple[str, ...] = ()
    owner_role: str | None = None
    owed_by: tuple[int, tuple[str, ...]] | None = None  # a body, and the roles in which it owes
    reviewer: str | None = None  # the reviewer's code
    text: str = ""  # in the name, or at the beginning of the code
    after: tuple[Any, ...] = ()


class Stay(NamedTuple):
    """A stay in a stage, or a matter's work, as its obligation has it, with the body that owes it."""

    id: int
    stage: str
    owner_role: str
    owner_id: int
    opened_at: datetime
    target_at: datetime | None
    due_at: datetime | None
    grace_days: int
    held_at: datetime | None
    closed_at: datetime | None
    owner_code: str
    owner_name: str
    owner_path: str


_STAY = (
    *(_obligation.c[name] for name in Stay._fields[:10]),
    _owner.c.code.label("owner_code"),
    _owner.c.name.label("owner_name"),
    _owner.c.path.label("owner_path"),
)
_OWES = _owner.c.id == _obligation.c.owner_id


# ── open work of stages ──────────────────────────────────────────


class OpenStage(NamedTuple):
    """A cycle, the stay it is in, and whether the post that owes the act has nobody in it."""

    cycle: CycleRow
    stay: Stay
    vacant: bool
    told_at: datetime | None
    """When the newest reminder, nudge or escalation left; None where none has."""

    @property
    def place(self) -> tuple[datetime | None, str]:
        return self.stay.due_at, self.cycle.code


@dataclass(frozen=True, slots=True)
class Edges:
    """The instants that part what is late from what is near, and the local day on which posts are looked up."""

    today: date
    began_at: datetime  # today's beginning: whatever was due by then is overdue
    near_at: datetime  # what is due by then is near


def stages_in_order(
    tx: Transaction, where: Where, edges: Edges, *, everything: bool, screen: int = SCREEN
) -> Iterator[Sequence[tuple[int, Late | None]]]:
    """Cycles by their open stage, longest overdue first, then by code: a screenful at first, then page by page.

    Each with its dates where they stand ready. Without `everything`: those past their target, near their due, held, or owed by
    a vacant post.
    """
    return _pages(_stages_in_order(tx, where, edges, everything=everything), screen)


def open_stages(tx: Transaction, cycle_ids: Sequence[int], today: date) -> dict[int, OpenStage]:
    """What these cycles have open, by cycle."""
    found: dict[int, OpenStage] = {}
    for page in chunks(cycle_ids, PAGE):
        found |= {row[0]: _open_stage(row) for row in _OPEN_STAGES.rows(tx, {"ids": page, "today": today})}
    return found


def _open_stage(row: Sequence[Any]) -> OpenStage:
    width = len(CycleRow._fields)
    return OpenStage(CycleRow(*row[:width]), Stay(*row[width:-2]), bool(row[-2]), row[-1])


def _stages_in_order(
    tx: Transaction, where: Where, edges: Edges, *, everything: bool
) -> Iterator[tuple[int, Late | None]]:
    """Where nothing but a subtree is asked for, those that are overdue stand ready in their order."""
    ready = where.campaign_id is not None and not any(
        (where.stages, where.owner_role, where.owed_by, where.reviewer, where.text)
    )
    due_at, last = where.after or (None, "")
    key = due_at if due_at is not None and due_at <= edges.began_at else None
    if ready and where.campaign_id is not None and (key is not None or not where.after):
        after = (key, last) if key is not None else None
        late_ones = overdue.overdue(tx, where.campaign_id, where.path, edges.began_at, after)
        yield from ((one.cycle_id, one) for one in late_ones)
        last, key = "", None
    if ready:
        page = _next_bodies(tx, where.path, last)
        its = {"campaign": where.campaign_id, "ids": [body for body, _ in page], "today": edges.today}
        near = {"began": edges.began_at, "near": edges.near_at}
        found = _OF_BODIES[everything].rows(tx, its | near)
        yield from (
            (cycle_id, None) for cycle_id, _ in sorted(found, key=lambda row: row[1])
        )  # in the order of characters
        if len(page) < PAGE:
            return
        last = page[-1][1]
    late = sa.case((_obligation.c.due_at <= edges.began_at, _obligation.c.due_at))
    code = _ordered(tx, _about.c.code)
    order = (
        sa.select(_cycle.c.id)
        .join(_about, _about.c.id == _cycle.c.organisation_id)
        .join(_obligation, _its_open_stay())
        .where(*_in_campaign(tx, where), *_owed(where))
        .order_by(sa.nulls_last(late), code)
    )
    if not everything:
        began_at, near_at = sa.literal(edges.began_at), sa.literal(edges.near_at)
        order = order.where(sa.or_(*_worth_a_look(sa.literal(edges.today), began_at, near_at)))
    if ready:
        order = order.where(late.is_(None))
    if last:
        order = order.where(_beyond(late, key, code > last))
    rest = tx.session.execute(order, execution_options={"yield_per": PAGE}).scalars()
    try:
        yield from ((cycle_id, None) for cycle_id in rest)
    finally:
        rest.close()


def _next_bodies(tx: Transaction, path: str, last: str) -> Sequence[tuple[int, str]]:
    """The next few at or below the path by code: where most are worth a look, a screenful is among them."""
    below = path if path.count("/") > 2 else ""  # below the root everybody stands
    return _bodies_after(tx.dialect, bool(below)).rows(tx, {"low": path, "high": f"{path[:-1]}0", "last": last})


@cache
def _bodies_after(dialect: str, below: bool) -> Statement:
    code = _about.c.code.collate("C") if dialect == "postgresql" else _about.c.code
    low, high, last = (sa.bindparam(name, type_=sa.String) for name in ("low", "high", "last"))
    lite = sa.and_(_about.c.path >= low, _about.c.path < high)
    its = (lite if dialect == "sqlite" else _about.c.path.startswith(low),) if below else ()
    found = sa.select(_about.c.id, _about.c.code).where(code > last, *its)
    return Statement(found.order_by(code).limit(sa.literal_column(str(PAGE))))


def _its_stay() -> sa.ColumnElement[bool]:
    return sa.and_(_obligation.c.cycle_id == _cycle.c.id, _obligation.c.matter_id.is_(None))


def _its_open_stay() -> sa.ColumnElement[bool]:
    return sa.and_(_its_stay(), _obligation.c.closed_at.is_(None))


def _worth_a_look(
    today: sa.ColumnElement[date], began_at: sa.ColumnElement[datetime], near_at: sa.ColumnElement[datetime]
) -> tuple[sa.ColumnElement[bool], ...]:
    near, held = _obligation.c.due_at <= near_at, _obligation.c.held_at.is_not(None)
    return near, _obligation.c.target_at <= began_at, held, _vacant(today)


def _vacant(today: sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    """Nobody holds the owner's post today; the clock has none and is never vacant."""
    post = sa.case(
        {role: sa.literal_column(f"'{name}'") for role, name in POST_OF.items()}, value=_obligation.c.owner_role
    )
    at_its_post = sa.and_(
        _post.c.organisation_id == _obligation.c.owner_id,
        _post.c.role == post,
        _post.c.from_on <= today,
        sa.or_(_post.c.until_on.is_(None), _post.c.until_on > today),
    )
    return sa.and_(post.is_not(None), ~sa.exists(sa.select(_post.c.id).where(at_its_post)))


_TOLD_AT = (
    sa.select(sa.func.max(_notice.c.sent_at))
    .where(_notice.c.obligation_id == _obligation.c.id, _notice.c.sent_at.is_not(None))
    .where(_notice.c.kind.in_(sa.literal_column(f"'{kind}'") for kind in TOLD))
    .correlate(_obligation)
    .scalar_subquery()
)
_OPEN_STAGES = Statement(
    cycles.selected()
    .add_columns(*_STAY, _vacant(sa.bindparam("today", type_=sa.Date)), _TOLD_AT)
    .join(_obligation, _its_open_stay())
    .join(_owner, _OWES)
    .where(among(_cycle.c.id, "ids"))
)


def _of_bodies(*, everything: bool) -> sa.Select[Any]:
    """The open stages of some bodies that are not overdue, by code."""
    instant = _obligation.c.due_at.type
    began_at, near_at = sa.bindparam("began", type_=instant), sa.bindparam("near", type_=instant)
    today = sa.bindparam("today", type_=sa.Date)
    worth = () if everything else (sa.or_(*_worth_a_look(today, began_at, near_at)),)
    return (
        sa.select(_cycle.c.id, _about.c.code)
        .join(_about, _about.c.id == _cycle.c.organisation_id)
        .join(_obligation, _its_open_stay())
        .where(_cycle.c.campaign_id == sa.bindparam("campaign", type_=sa.Integer), among(_about.c.id, "ids"))
        .where(sa.or_(_obligation.c.due_at.is_(None), _obligation.c.due_at > began_at), *worth)
    )


_OF_BODIES = {everything: Statement(_of_bodies(everything=everything)) for everything in (False, True)}


# ── cycles ───────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Standing:
    """A cycle and its newest stay: the open one, or while it rests the one that ended last."""

    cycle: CycleRow
    stay: Stay | None


def standings(tx: Transaction, where: Where) -> Iterator[Standing]:
    """Cycles of a campaign by code."""
    code = _ordered(tx, _about.c.code)
    order = (
        sa.select(_cycle.c.id)
        .join(_about, _about.c.id == _cycle.c.organisation_id)
        .where(*_in_campaign(tx, where))
        .order_by(code)
    )
    if where.owner_role is not None or where.owed_by is not None:
        order = order.join(_obligation, _its_open_stay()).where(*_owed(where))
    if where.after:
        order = order.where(code > where.after[0])
    newest = sa.and_(_its_stay(), _obligation.c.visit == _newest_visit())
    full = cycles.selected().add_columns(*_STAY).outerjoin(_obligation, newest).outerjoin(_owner, _OWES)
    width = len(CycleRow._fields)
    for row in _in_order(tx, order, full, _cycle.c.id):
        yield Standing(CycleRow(*row[:width]), Stay(*row[width:]) if row[width] is not None else None)


def _newest_visit() -> sa.ScalarSelect[int]:
    other = _obligation.alias()
    its = sa.and_(other.c.cycle_id == _cycle.c.id, other.c.matter_id.is_(None))
    return sa.select(sa.func.max(other.c.visit)).where(its).scalar_subquery()


class Seated(NamedTuple):
    """A body, whether it reviews anybody in a campaign, and how many open stages it owes there, by role."""

    code: str
    name: str
    reviews: bool
    owed: Mapping[str, int]


def seated(tx: Transaction, campaign_id: int, body: int) -> Seated | None:
    rows = _SEATED.rows(tx, {"campaign": campaign_id, "body": body})
    if not rows:
        return None
    code, name, reviews, *_ = rows[0]
    return Seated(code, name, reviews, {role: number for *_, role, number in rows if role is not None})


_CAMPAIGN = sa.bindparam("campaign", type_=sa.Integer)
_REVIEWS = sa.exists().where(_cycle.c.campaign_id == _CAMPAIGN, _cycle.c.reviewer_id == _about.c.id).correlate(_about)
_BODY = sa.bindparam("body", type_=sa.Integer)
_OWED = (
    sa.select(_obligation.c.owner_role, sa.func.count().label("number"))
    .select_from(_cycle)
    .join(_obligation, _its_open_stay())
    .where(past_its_index(_cycle.c.campaign_id) == _CAMPAIGN)  # by the owner's
    .where(_obligation.c.owner_id == _BODY)
    .group_by(_obligation.c.owner_role)
    .subquery("owed")
)
_SEATED = Statement(
    sa.select(_about.c.code, _about.c.name, _REVIEWS, _OWED.c.owner_role, _OWED.c.number)
    .outerjoin(_OWED, sa.true())
    .where(_about.c.id == _BODY)
)


class Listed(NamedTuple):
    """As the map names it, and whether it reviews anybody in a campaign."""

    id: int
    code: str
    name: str
    reviews: bool


def family(tx: Transaction, campaign_id: int, body: int) -> tuple[Listed, ...]:
    """A body, then those that stand directly under it today, by code."""
    rows = [Listed(*row) for row in _FAMILY.rows(tx, {"campaign": campaign_id, "body": body})]
    return tuple(sorted(rows, key=lambda one: (one.id != body, one.code)))


_CHILD = sa.and_(_about.c.parent_id == _BODY, ~_about.c.external, _about.c.ended_on.is_(None))
_FAMILY = Statement(
    sa.select(_about.c.id, _about.c.code, _about.c.name, _REVIEWS).where(sa.or_(_about.c.id == _BODY, _CHILD))
)


@dataclass(frozen=True, slots=True)
class Passed:
    """A stage that a cycle has been in and left, and whether it was left too late."""

    path: str
    reviewer_id: int
    stage: str
    standing: str  # the stage that the cycle stands in now
    late: bool


def passed(tx: Transaction, where: Where) -> Iterator[Passed]:
    """Each stage that each cycle has left, once, however often it was there."""
    late = sa.func.max(sa.case((_obligation.c.closed_at > _obligation.c.due_at, 1), else_=0))
    owed = sa.and_(_its_stay(), _obligation.c.closed_at.is_not(None))
    statement = (
        sa.select(_about.c.path, _cycle.c.reviewer_id, _obligation.c.stage, _cycle.c.stage, late)
        .select_from(_cycle)
        .join(_about, _about.c.id == _cycle.c.organisation_id)
        .join(_obligation, owed)
        .where(*_in_campaign(tx, where))
        .group_by(_cycle.c.id, _about.c.path, _cycle.c.reviewer_id, _obligation.c.stage, _cycle.c.stage)
    )
    for path, reviewer, stage, standing, was_late in _fetched(tx, statement):
        yield Passed(path, reviewer, stage, standing, bool(was_late))


def newest_stay(tx: Transaction, cycle_id: int) -> Stay | None:
    """The stay that a cycle is in, or while it rests the one that ended last."""
    statement = (
        sa.select(*_STAY)
        .join(_owner, _OWES)
        .where(_obligation.c.cycle_id == cycle_id, _obligation.c.matter_id.is_(None))
        .order_by(_obligation.c.visit.desc())
        .limit(1)
    )
    row = tx.session.execute(statement).one_or_none()
    return Stay(*row) if row else None


# ── all open obligations, matters too ────────────────────────────


@dataclass(frozen=True, slots=True)
class Owed:
    """An open obligation, whose it is about, and the scheme that its cycle runs under (none: the campaign's)."""

    stay: Stay
    code: str
    name: str
    scheme_hash: str | None

    @property
    def place(self) -> tuple[datetime | None, str, int]:
        return self.stay.due_at, self.code, self.stay.id


def open_obligations(
    tx: Transaction, where: Where, *, due_after: datetime | None = None, due_by: datetime | None = None
) -> Iterator[Owed]:
    """Open obligations by due, then code; those without a due come last. The two instants bound the due."""
    code, due = _ordered(tx, _about.c.code), _obligation.c.due_at
    stages = (_obligation.c.stage.in_(where.stages),) if where.stages else ()
    after = (due > due_after,) if due_after is not None else ()
    by = (due <= due_by,) if due_by is not None else ()
    order = (
        sa.select(_obligation.c.id)
        .join(_about, _about.c.id == _obligation.c.organisation_id)
        .outerjoin(_cycle, _cycle.c.id == _obligation.c.cycle_id)
        .outerjoin(_matter, _matter.c.id == _obligation.c.matter_id)
        .where(_obligation.c.closed_at.is_(None), *_of_year(where), *_below(tx, where), *_owed(where))
        .where(*_reviewed_by(where))
        .where(*stages, *after, *by)
        .order_by(sa.nulls_last(due), code, _obligation.c.id)
    )
    if where.after:
        last_due, last, last_id = where.after
        further = sa.or_(code > last, sa.and_(code == last, _obligation.c.id > last_id))
        order = order.where(_beyond(due, last_due, further))
    full: sa.Select[Any] = (
        sa.select(*_STAY, _about.c.code, _about.c.name, _cycle.c.scheme_hash)
        .join(_about, _about.c.id == _obligation.c.organisation_id)
        .join(_owner, _OWES)
        .outerjoin(_cycle, _cycle.c.id == _obligation.c.cycle_id)
    )
    width = len(Stay._fields)
    for row in _in_order(tx, order, full, _obligation.c.id):
        yield Owed(Stay(*row[:width]), *row[width:])


# ── notices ──────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with the codes of whom it is about and for whom it is."""

    id: int
    key: str
    code: str
    name: str
    stage: str
    rung: str
    kind: str
    document: str | None
    recipient_role: str
    recipient_code: str
    recipient_name: str
    person: str | None
    person_name: str | None
    channel: str
    text: str
    due_at: datetime
    sent_at: datetime | None
    status: str
    note: str


def notices(tx: Transaction, where: Where) -> Iterator[Told]:
    """Notices, the newest first; `owner_role` is the recipient's."""
    n = _notice.c
    statement: sa.Select[Any] = (
        sa.select(
            n.id, n.key, _about.c.code, _about.c.name, n.stage, n.rung, n.kind, n.document,
            n.recipient_role, _recipient.c.code, _recipient.c.name, _person.c.code, _person.c.name,
            n.channel, n.text, n.due_at, n.sent_at, n.status, n.note,
        )
        .select_from(_notice)
        .join(_about, _about.c.id == n.organisation_id)
        .join(_recipient, _recipient.c.id == n.recipient_id)
        .outerjoin(_person, _person.c.id == n.person_id)
        .outerjoin(_cycle, _cycle.c.id == n.cycle_id)
        .outerjoin(_obligation, _obligation.c.id == n.obligation_id)
        .outerjoin(_matter, _matter.c.id == _obligation.c.matter_id)
        .where(*_of_year(where), *_below(tx, where), *_reviewed_by(where))
        .order_by(n.id.desc())
    )  # fmt: skip
    if where.stages:
        statement = statement.where(n.stage.in_(where.stages))
    if where.owner_role is not None:
        statement = statement.where(n.recipient_role == where.owner_role)
    if where.after:
        statement = statement.where(n.id < where.after[0])
    for row in _fetched(tx, statement):
        yield Told(*row)


def told_of(tx: Transaction, obligation_ids: Collection[int]) -> dict[int, tuple[tuple[datetime, str], ...]]:
    """(when, kind) of what was said about each obligation, in order; on several channels it counts once."""
    found: dict[int, list[tuple[datetime, str]]] = {}
    n = _notice.c
    for chunk in chunks(obligation_ids):
        statement = (
            sa.select(n.obligation_id, n.due_at, n.kind)
            .where(n.obligation_id.in_(chunk), n.kind.in_(TOLD), n.status != "suppressed", n.due_at <= tx.now)
            .distinct()
            .order_by(n.obligation_id, n.due_at)
        )
        for which, at, kind in tx.session.execute(statement):
            found.setdefault(which, []).append((at, kind))
    return {which: tuple(said) for which, said in found.items()}


def told_since(tx: Transaction, where: Where, since: datetime) -> tuple[tuple[str, str], ...]:
    """(kind, text) of each reminder, nudge and escalation since then, in order; one on several channels counts once."""
    n = _notice.c
    statement = (
        sa.select(n.kind, sa.func.min(n.text))
        .join(_about, _about.c.id == n.organisation_id)
        .join(_cycle, _cycle.c.id == n.cycle_id)
        .where(n.kind.in_(TOLD), n.due_at > since, n.due_at <= tx.now, *_in_campaign(tx, where))
        .group_by(n.kind, n.obligation_id, n.rung, n.recipient_role, n.recipient_id)
        .order_by(sa.func.min(n.id))
    )
    return tuple((str(kind), str(text)) for kind, text in tx.session.execute(statement))


@dataclass(frozen=True, slots=True)
class ClockMove:
    """A stage that time has ended."""

    code: str
    name: str
    before: str
    after: str
    at: datetime


def clock_moves(tx: Transaction, where: Where, since: datetime) -> Iterator[ClockMove]:
    """What the clock has moved since then, in order."""
    r = _record.c
    statement = (
        sa.select(_about.c.code, _about.c.name, r.before, r.after, r.at)
        .join(_cycle, _cycle.c.id == r.cycle_id)
        .join(_about, _about.c.id == _cycle.c.organisation_id)
        .where(r.role == "clock", r.at > since, *_in_campaign(tx, where))
        .order_by(r.id)
    )
    for row in _fetched(tx, statement):
        yield ClockMove(*row)


# ── stars and campaigns ──────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class InForce:
    """A star in force: since when, until when, by which decision."""

    code: str
    name: str
    star: int
    round: str
    from_on: date
    until_on: date | None
    decision: str


def stars_as_of(tx: Transaction, day: date, where: Where) -> Iterator[InForce]:
    """The star of every organisation that had one on that day, by code."""
    s, code = _star.c, _ordered(tx, _about.c.code)
    statement: sa.Select[Any] = (
        sa.select(_about.c.code, _about.c.name, s.star, s.round, s.from_on, s.until_on, s.decision)
        .select_from(_star)
        .join(_about, _about.c.id == s.organisation_id)
        .where(s.from_on <= day, sa.or_(s.until_on.is_(None), s.until_on > day), *_below(tx, where))
        .order_by(code)
    )
    if where.after:
        statement = statement.where(code > where.after[0])
    for row in _fetched(tx, statement):
        yield InForce(*row)


@dataclass(frozen=True, slots=True)
class Year:
    """A campaign and the scheme it runs under."""

    year: int
    status: str
    scheme: str
    scheme_hash: str
    rated: int
    opened_at: datetime
    closed_at: datetime | None


def years(tx: Transaction) -> tuple[Year, ...]:
    """All campaigns, the newest first."""
    c = _campaign.c
    statement: sa.Select[Any] = (
        sa.select(c.year, c.status, _scheme.c.name, c.scheme_hash, c.rated_count, c.opened_at, c.closed_at)
        .join(_scheme, _scheme.c.hash == c.scheme_hash)
        .order_by(c.year.desc())
    )
    return tuple(Year(*row) for row in tx.session.execute(statement))


# ── names ────────────────────────────────────────────────────────


class Body(NamedTuple):
    """What people call an organisation."""

    code: str
    name: str


def bodies(tx: Transaction, organisation_ids: Collection[int]) -> dict[int, Body]:
    return {number: Body(code, name) for number, code, name in _BODIES.rows(tx, {"ids": organisation_ids})}


_BODIES = Statement(sa.select(_about.c.id, _about.c.code, _about.c.name).where(among(_about.c.id, "ids")))


# ── the pieces of a statement ────────────────────────────────────


def _in_campaign(tx: Transaction, where: Where) -> tuple[sa.ColumnElement[bool], ...]:
    stages = (_cycle.c.stage.in_(where.stages),) if where.stages else ()
    of: sa.ColumnElement[int] = _cycle.c.campaign_id
    if where.path.count("/") > 2 and not stages and where.reviewer is None:
        of = past_its_index(of)  # by the path's: no walk over all cycles of the year
    return (of == where.campaign_id, *stages, *_below(tx, where), *_reviewed_by(where))


def _reviewed_by(where: Where) -> tuple[sa.ColumnElement[bool], ...]:
    if where.reviewer is None:
        return ()
    its = sa.select(_owner.c.id).where(_owner.c.code == where.reviewer).scalar_subquery()
    return (_cycle.c.reviewer_id == its,)


def _of_year(where: Where) -> tuple[sa.ColumnElement[bool], ...]:
    """Of the campaign by way of the cycle or the matter; what belongs to no campaign belongs to every one."""
    if where.campaign_id is None:
        return ()
    campaign = sa.func.coalesce(_cycle.c.campaign_id, _matter.c.campaign_id)
    return (sa.or_(campaign.is_(None), campaign == where.campaign_id),)


def _below(tx: Transaction, where: Where) -> tuple[sa.ColumnElement[bool], ...]:
    """At or below the path, and called so."""
    path = (organisations.under(tx, where.path),) if where.path else ()
    return (*path, _called(where.text)) if where.text else path


def _called(text: str) -> sa.ColumnElement[bool]:
    return sa.or_(_about.c.name.contains(text, autoescape=True), _about.c.code.startswith(text, autoescape=True))


def _owed(where: Where) -> tuple[sa.ColumnElement[bool], ...]:
    role = () if where.owner_role is None else (_obligation.c.owner_role == where.owner_role,)
    if where.owed_by is None:
        return role
    body, roles = where.owed_by
    return (*role, _obligation.c.owner_id == body, _obligation.c.owner_role.in_(roles))


def _ordered(tx: Transaction, code: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """In the order of characters, which is not every database's own."""
    return code.collate("C") if tx.dialect == "postgresql" else code


def _beyond(key: sa.ColumnElement[Any], last: Any, further: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Behind the row with this key, where rows without a key come last and `further` parts those with equal keys."""
    if last is None:
        return sa.and_(key.is_(None), further)
    return sa.or_(key > last, key.is_(None), sa.and_(key == last, further))


def _in_order(
    tx: Transaction, order: sa.Select[tuple[int]], full: sa.Select[Any], key: sa.ColumnElement[int]
) -> Iterator[Sequence[Any]]:
    """The order first, which is narrow enough to sort 100 000 at once; the rows themselves as they are needed."""
    ids = tx.session.execute(order, execution_options={"yield_per": PAGE}).scalars()
    try:
        yield from _full(tx, ids, full, key)
    finally:
        ids.close()


def _full(
    tx: Transaction, ids: Iterable[int], full: sa.Select[Any], key: sa.ColumnElement[int]
) -> Iterator[Sequence[Any]]:
    """The rows of these ids: a screenful first, because most ask for no more."""
    for chunk in _pages(ids):
        found = {row[0]: row for row in tx.session.execute(full.where(key.in_(chunk)))}
        yield from (found[one] for one in chunk)


def _pages(ids: Iterable[One], screen: int = SCREEN) -> Iterator[list[One]]:
    rest = iter(ids)
    for size in chain((screen,), repeat(PAGE)):
        chunk = list(islice(rest, size))
        if not chunk:
            return
        yield chunk


def _fetched(tx: Transaction, statement: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    result = tx.session.execute(statement, execution_options={"yield_per": PAGE})
    try:
        yield from result
    finally:
        result.close()
