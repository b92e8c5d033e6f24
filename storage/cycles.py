"""Cycles: one organisation's year as a row, moved only by compare-and-swap."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from storage.among import among
from storage.database import Transaction, known_to_planner
from storage.models import Campaign
from storage.obligations import Stay
from storage.statements import Statement, by_name
from workflow.engine.errors import Stale

_tables = SQLModel.metadata.tables
_cycle, _organisation, _campaign = _tables["cycle"], _tables["organisation"], _tables["campaign"]
_reviewer = _organisation.alias("reviewer")


class CycleRow(NamedTuple):
    """A cycle with what one needs to know of its organisation, reviewer and year."""

    id: int
    campaign_id: int
    organisation_id: int
    reviewer_id: int
    route: str
    nested: bool
    field: str
    scheme_hash: str
    stage: str
    version: int
    visit: int
    entered_at: datetime
    head: str
    outcome: str | None
    star: int | None
    proposed: int | None
    total: Decimal | None
    posted_star: int | None
    noticed_star: int | None
    posted_on: date | None
    open_objections: int
    objection_opened_at: datetime | None
    turnout_excused: bool
    review_begun: bool
    approved_on: date | None
    meeting_number: str | None
    runs_until: datetime | None
    acts_at: datetime | None
    year: int
    code: str
    name: str
    kind: str
    path: str
    members: int
    reviewer_code: str
    reviewer_path: str

    @property
    def chain(self) -> str:
        return f"{self.year}/{self.code}"

    @property
    def round(self) -> str:
        return self.stage.rpartition(".")[0]


_COUNTED = frozenset({"tallied", "tally", "tallied_path"})  # what storage.tallies keeps there
_COLUMNS = (
    *(column for column in _cycle.c if column.name not in _COUNTED),
    _campaign.c.year,
    _organisation.c.code,
    _organisation.c.name,
    _organisation.c.kind,
    _organisation.c.path,
    _organisation.c.members,
    _reviewer.c.code.label("reviewer_code"),
    _reviewer.c.path.label("reviewer_path"),
)


def resting(stage: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a stage is one where cycles rest or end: these are known by their names, whatever the scheme."""
    return sa.or_(stage.in_(("closed", "exempt")), stage.startswith("rated"))


def selected() -> sa.Select[Any]:
    """Cycles as `CycleRow` has them; `organisation` is the table of whom they are."""
    return (
        sa.select(*_COLUMNS)
        .select_from(_cycle)
        .join(_campaign, _campaign.c.id == _cycle.c.campaign_id)
        .join(_organisation, _organisation.c.id == _cycle.c.organisation_id)
        .join(_reviewer, _reviewer.c.id == _cycle.c.reviewer_id)
    )


@dataclass(frozen=True, slots=True)
class Present:
    """A cycle as a decision needs it: with its present stay, when its newest record was made, and whether its year has extensions."""

    cycle: CycleRow
    said_at: datetime | None
    extended: bool
    stay: Stay | None


_present, _newest = _tables["obligation"].alias("present"), _tables["record"].alias("newest")
_PRESENT = (
    selected()
    .add_columns(
        _newest.c.at,
        sa.exists().where(_tables["extension"].c.campaign_id == _cycle.c.campaign_id).label("extended"),
        *(_present.c[name] for name in Stay._fields),
    )
    .outerjoin(_newest, sa.and_(_newest.c.cycle_id == _cycle.c.id, _newest.c.seq == _cycle.c.version))
    .outerjoin(
        _present,
        sa.and_(_present.c.cycle_id == _cycle.c.id, _present.c.closed_at.is_(None), _present.c.matter_id.is_(None)),
    )
)
_year = _campaign.alias("asked")
_ITS_YEAR = (
    sa.select(_year.c.id)
    .where(
        sa.or_(sa.bindparam("year", type_=sa.Integer).is_(None), _year.c.year == sa.bindparam("year", type_=sa.Integer))
    )
    .order_by((_year.c.status == "open").desc(), _year.c.year.desc())
    .limit(1)
    .scalar_subquery()
)
_CODE = sa.bindparam("code", type_=sa.String)
_FIND = Statement(
    selected().where(_cycle.c.campaign_id == sa.bindparam("campaign", type_=sa.Integer), _organisation.c.code == _CODE)
)
_BY_ID = Statement(selected().where(_cycle.c.id == sa.bindparam("cycle", type_=sa.Integer)))
_IN_YEAR = _PRESENT.where(_cycle.c.campaign_id == _ITS_YEAR, _organisation.c.code == _CODE)
_PRESENT_IN_YEAR = Statement(_IN_YEAR)
_PRESENTS = Statement(_PRESENT.where(among(_cycle.c.id, "ids")))
_LOCK_IN_YEAR = Statement(
    sa.select(_cycle.c.id)
    .join(_organisation, _organisation.c.id == _cycle.c.organisation_id)
    .where(_cycle.c.campaign_id == _ITS_YEAR, _organisation.c.code == _CODE)
    .with_for_update(of=_cycle)
)
_LOCK = Statement(
    sa.select(_cycle.c.id).where(_cycle.c.id == sa.bindparam("cycle", type_=sa.Integer)).with_for_update()
)
_LOCK_IN = Statement(
    sa.select(_cycle.c.id)
    .join(_organisation, _organisation.c.id == _cycle.c.organisation_id)
    .where(_cycle.c.campaign_id == sa.bindparam("campaign", type_=sa.Integer), _organisation.c.code == _CODE)
    .with_for_update(of=_cycle)
)


def find(tx: Transaction, campaign_id: int, code: str, *, lock: bool = False) -> CycleRow | None:
    """`lock`: on PostgreSQL nobody else can change it before this transaction ends; on SQLite nobody can anyway."""
    wanted = {"campaign": campaign_id, "code": code}
    return _one(tx, _FIND, wanted, _LOCK_IN if lock else None)


def by_id(tx: Transaction, cycle_id: int, *, lock: bool = False) -> CycleRow | None:
    return _one(tx, _BY_ID, {"cycle": cycle_id}, _LOCK if lock else None)


def _one(tx: Transaction, statement: Statement, wanted: Mapping[str, Any], lock: Statement | None) -> CycleRow | None:
    _locked(tx, lock, wanted)
    rows = statement.rows(tx, wanted)
    return CycleRow(*rows[0]) if rows else None


def by_ids(tx: Transaction, ids: Collection[int]) -> tuple[CycleRow, ...]:
    """In the order of the ids."""
    found = {row[0]: CycleRow(*row) for row in tx.connection.execute(selected().where(_cycle.c.id.in_(ids)))}
    return tuple(found[which] for which in ids if which in found)


def present(tx: Transaction, year: int | None, code: str) -> Present | None:
    """The cycle of a year (None: as `campaign_of_year`) as it stands, kept from everybody else until this transaction ends."""
    wanted = {"year": year, "code": code}
    _locked(tx, _LOCK_IN_YEAR, wanted)
    rows = _PRESENT_IN_YEAR.rows(tx, wanted)
    return _present_of(rows[0]) if rows else None


def presents(tx: Transaction, ids: Collection[int]) -> tuple[Present, ...]:
    """These cycles as they stand, in the order of the ids; whoever wants to write has claimed them."""
    if not ids:
        return ()
    found = {row[0]: _present_of(row) for row in _PRESENTS.rows(tx, {"ids": ids})}
    return tuple(found[which] for which in ids if which in found)


def _locked(tx: Transaction, lock: Statement | None, wanted: Mapping[str, Any]) -> None:
    """First the lock, then the reading: what is read in one statement with the lock may be older than the lock."""
    if lock is not None and tx.dialect == "postgresql":
        lock.rows(tx, wanted)


def _present_of(row: tuple[Any, ...]) -> Present:
    width = len(_COLUMNS)
    said_at, extended, *stay = row[width:]
    return Present(CycleRow(*row[:width]), said_at, bool(extended), Stay(*stay) if stay[0] is not None else None)


def in_campaign(
    tx: Transaction, campaign_id: int, *, stages: Sequence[str] = (), under: str = ""
) -> tuple[CycleRow, ...]:
    """All cycles of a campaign by code, of some stages only, or below a path."""
    statement = selected().where(_cycle.c.campaign_id == campaign_id)
    if stages:
        statement = statement.where(_cycle.c.stage.in_(stages))
    if under:
        statement = statement.where(_organisation.c.path.startswith(under))
    rows = (CycleRow(*row) for row in tx.session.execute(statement))
    return tuple(sorted(rows, key=lambda row: row.code))  # by characters, which is not every database's collation


def insert(tx: Transaction, values: Mapping[str, Any]) -> int:
    return insert_all(tx, [values])[0]


def insert_all(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """New cycles; their numbers, in the order of the rows."""
    empty = {"open_objections": 0, "turnout_excused": False, "review_begun": False, "tallied": False}
    its = sa.insert(_cycle).returning(_cycle.c.id, sort_by_parameter_order=True)
    return tuple(tx.session.scalars(its, [{**empty, **values} for values in rows]))


def opened(tx: Transaction) -> None:
    """After many: each decision would read every open obligation of the year, by a plan made when there was none."""
    known_to_planner(tx, "cycle", "obligation", "record", "record_detail")


def set_heads(tx: Transaction, heads: Mapping[int, str]) -> None:
    """The newest hash of cycles that have just been given their first record."""
    _SET_HEAD.run(tx, *({"which": which, "head": head} for which, head in heads.items()))


_SET_HEAD = Statement(
    sa.update(_cycle).where(_cycle.c.id == sa.bindparam("which", type_=sa.Integer)).values(**by_name(_cycle.c.head))
)


def count_by_stage(tx: Transaction, campaign_id: int) -> dict[str, int]:
    rows = tx.session.execute(
        sa.select(_cycle.c.stage, sa.func.count()).where(_cycle.c.campaign_id == campaign_id).group_by(_cycle.c.stage)
    )
    return {str(stage): int(count) for stage, count in rows}


def move(tx: Transaction, cycle: CycleRow, changes: Mapping[str, Any]) -> None:
    """Compare-and-swap on the version; raises Stale for the loser."""
    move_all(tx, [(cycle, changes)])


def move_all(tx: Transaction, moved: Sequence[tuple[CycleRow, Mapping[str, Any]]]) -> None:
    """`move` of many cycles, each once. Raises Stale when one of them is no longer as it was read; then none may count."""
    rows = [{**cycle._asdict(), **changes, "which": cycle.id, "seen": cycle.version} for cycle, changes in moved]
    if _MOVE.run(tx, *rows) != len(rows):
        names = moved[0][0].name if len(moved) == 1 else f"{len(moved)}个党组织之一"
        raise Stale(f"{names}刚刚被别人办理过,请重新打开再办")


_CHANGEABLE = (
    "stage", "visit", "entered_at", "head", "outcome", "star", "proposed", "total", "posted_star", "noticed_star", "posted_on",
    "open_objections", "objection_opened_at", "turnout_excused", "review_begun", "approved_on", "meeting_number", "runs_until",
    "acts_at",
)  # fmt: skip
_MOVE = Statement(
    sa.update(_cycle)
    .where(
        _cycle.c.id == sa.bindparam("which", type_=sa.Integer),
        _cycle.c.version == sa.bindparam("seen", type_=sa.Integer),
    )
    .values(**by_name(*(_cycle.c[name] for name in _CHANGEABLE)), version=_cycle.c.version + 1, tallied=sa.false())
)


def update_facts(tx: Transaction, cycle_id: int, changes: Mapping[str, Any]) -> None:
    """Changes derived columns (dates, counters) that carry no record of their own."""
    tx.session.execute(sa.update(_cycle).where(_cycle.c.id == cycle_id).values(**changes, tallied=sa.false()))


def due_for_clock(tx: Transaction, limit: int) -> tuple[int, ...]:
    """Ids of the cycles at which the clock must look, oldest first; on PostgreSQL those that nobody else holds."""
    return tuple(which for (which,) in _CLAIM_DUE.rows(tx, {"now": tx.now, "most": limit}))


_CLAIM_DUE = Statement(
    sa.select(_cycle.c.id)
    .where(_cycle.c.acts_at <= sa.bindparam("now", type_=_cycle.c.acts_at.type))
    .order_by(_cycle.c.acts_at, _cycle.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)


def campaign_of_year(tx: Transaction, year: int | None) -> Campaign | None:
    """The campaign of a year; without one, the newest that is open, else the newest."""
    statement = sa.select(Campaign)
    if year is not None:
        statement = statement.where(col(Campaign.year) == year)
    newest = statement.order_by((col(Campaign.status) == "open").desc(), col(Campaign.year).desc()).limit(1)
    return tx.session.scalars(newest).first()


@dataclass(frozen=True, slots=True)
class Year:
    """A campaign, for whoever only looks at it."""

    id: int
    year: int
    scheme_hash: str
    rated_count: int


def year_row(tx: Transaction, year: int | None) -> Year | None:
    """The campaign of a year (None: as `campaign_of_year`)."""
    rows = _YEAR.once(tx, {"year": year})
    return Year(*rows[0]) if rows else None


_YEAR = Statement(sa.select(*(_campaign.c[name] for name in Year.__slots__)).where(_campaign.c.id == _ITS_YEAR))


def next_move(tx: Transaction, campaign_id: int) -> datetime | None:
    """When the clock will next move a cycle of this campaign; None when it will move none."""
    found: datetime | None = tx.session.scalar(
        sa.select(sa.func.min(_cycle.c.acts_at)).where(_cycle.c.campaign_id == campaign_id)
    )
    return found


def opened_since(tx: Transaction) -> datetime | None:
    """Since when any campaign has been open; None while none is."""
    found: datetime | None = tx.connection.execute(
        sa.select(sa.func.min(_campaign.c.opened_at)).where(_campaign.c.status == "open")
    ).scalar()
    return found


def open_campaigns(tx: Transaction) -> dict[int, str]:
    """id → the scheme's hash of every campaign that is open."""
    found = tx.session.execute(
        sa.select(_campaign.c.id, _campaign.c.scheme_hash)
        .where(_campaign.c.status == "open")
        .order_by(_campaign.c.year)
    )
    return {int(campaign_id): str(digest) for campaign_id, digest in found}


def scheme_hash_of(tx: Transaction, campaign_id: int) -> str:
    """Of the scheme that a campaign runs under."""
    return str(_HASH.rows(tx, {"campaign": campaign_id})[0][0])


_HASH = Statement(
    sa.select(_campaign.c.scheme_hash).where(_campaign.c.id == sa.bindparam("campaign", type_=sa.Integer))
)
