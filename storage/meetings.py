"""Sittings of the committee, what they decided, and what has been taken of each quota.

A quota is counted afresh from the cycles whenever it is asked, under a lock that two approvers cannot hold at once: no counter
stands anywhere that could drift from what was approved.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from storage import organisations
from storage.database import Transaction
from storage.models import Campaign, Cycle, Excess, Meeting, MeetingItem, Organisation, Record, RecordDetail
from storage.outbox import INSERTS
from workflow.rating.votes import Vote

_tables = SQLModel.metadata.tables
_campaign, _cycle, _organisation = _tables["campaign"], _tables["cycle"], _tables["organisation"]
_meeting, _item, _assessment = _tables["meeting"], _tables["meeting_item"], _tables["assessment"]


# ── sittings ─────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Sat:
    """A sitting with how many it has approved and rejected."""

    id: int
    number: str
    held_on: date
    status: str
    opened_at: datetime
    closed_at: datetime | None
    approved: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision of a sitting; the reason is empty where none was given, and where it has been erased."""

    code: str
    name: str
    outcome: str
    star: int
    reason: str
    at: datetime
    vote: Vote | None = None


def sitting(tx: Transaction, campaign_id: int, number: str, held_on: date) -> Meeting:
    """The sitting of that number, entered in the register if it is new; locked, so that nobody closes it meanwhile."""
    new = {"campaign_id": campaign_id, "number": number, "held_on": held_on, "status": "open", "opened_at": tx.now}
    insert = INSERTS[tx.dialect](_meeting).values(new)
    tx.session.execute(insert.on_conflict_do_nothing(index_elements=["campaign_id", "number"]))
    found = by_number(tx, campaign_id, number, lock=True)
    assert found is not None  # it is there now, whoever entered it
    return found


def by_number(tx: Transaction, campaign_id: int, number: str, *, lock: bool = False) -> Meeting | None:
    statement = select(Meeting).where(Meeting.campaign_id == campaign_id, Meeting.number == number)
    if lock and tx.dialect == "postgresql":
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return tx.session.exec(statement).first()


def close(tx: Transaction, meeting_id: int) -> bool:
    """False where somebody has closed it already."""
    its = sa.and_(_meeting.c.id == meeting_id, _meeting.c.status == "open")
    done = tx.session.execute(sa.update(_meeting).where(its).values(status="closed", closed_at=tx.now))
    tx.session.expire_all()
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def of_campaign(tx: Transaction, campaign_id: int) -> tuple[Sat, ...]:
    """All sittings of a year, by date."""

    def counted(outcome: str) -> sa.ColumnElement[int]:
        return sa.func.count(sa.case((_item.c.outcome == outcome, 1)))

    names = ("id", "number", "held_on", "status", "opened_at", "closed_at")
    statement = (
        sa.select(*(_meeting.c[name] for name in names), counted("approved"), counted("rejected"))
        .outerjoin(_item, _item.c.meeting_id == _meeting.c.id)
        .where(_meeting.c.campaign_id == campaign_id)
        .group_by(_meeting.c.id)
        .order_by(_meeting.c.held_on, _meeting.c.id)
    )
    return tuple(Sat(*row) for row in tx.session.execute(statement))


def decided(tx: Transaction, meeting_id: int) -> tuple[Decided, ...]:
    """What a sitting has decided, in the order in which it did."""
    found = tx.session.execute(
        sa.select(col(Organisation.code), col(Organisation.name), MeetingItem, col(Record.at), RecordDetail)
        .select_from(MeetingItem)
        .join(Cycle, col(Cycle.id) == col(MeetingItem.cycle_id))
        .join(Organisation, col(Organisation.id) == col(Cycle.organisation_id))
        .join(Record, col(Record.id) == col(MeetingItem.record_id))
        .outerjoin(RecordDetail, col(RecordDetail.record_id) == col(MeetingItem.record_id))
        .where(col(MeetingItem.meeting_id) == meeting_id)
        .order_by(col(MeetingItem.id))
    )
    return tuple(
        Decided(code, name, item.outcome, item.star, item.reason or _reason(detail), at, _vote(item))
        for code, name, item, at, detail in found
    )


def _vote(item: Any) -> Vote | None:
    return None if item.present is None else Vote(**{one.name: getattr(item, one.name) for one in fields(Vote)})


def votes_of(tx: Transaction, campaign_id: int) -> Mapping[tuple[int, str, Vote], tuple[str, ...]]:
    """(sitting, outcome, what was counted) → on whom, in the order in which it was decided."""
    found = tx.session.execute(
        sa.select(_item, col(Organisation.code))
        .join(_meeting, _meeting.c.id == _item.c.meeting_id)
        .join(Cycle, col(Cycle.id) == _item.c.cycle_id)
        .join(Organisation, col(Organisation.id) == col(Cycle.organisation_id))
        .where(_meeting.c.campaign_id == campaign_id, _item.c.present.is_not(None))
        .order_by(_item.c.id)
    )
    grouped: dict[tuple[int, str, Vote], tuple[str, ...]] = {}
    for row in found:
        vote = _vote(row)
        assert vote is not None  # only those with a vote were asked for
        key = (row.meeting_id, row.outcome, vote)
        grouped[key] = (*grouped.get(key, ()), row.code)
    return grouped


def _reason(detail: RecordDetail | None) -> str:
    said = detail.detail if detail and detail.detail else {}
    return str(said.get("reason") or "")


def put(tx: Transaction, row: Meeting | MeetingItem | Excess) -> int:
    tx.session.add(row)
    tx.session.flush()
    assert row.id is not None
    return row.id


# ── quotas ───────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Scope:
    """Over what a quota is counted: the whole year, one unit (the path of its top), or one field."""

    unit: str | None = None
    field: str | None = None
    fields: tuple[str, ...] = ()  # only these fields, whatever else

    @classmethod
    def of(cls, scope: str, path: str, field: str, fields: tuple[str, ...] = ()) -> Self:
        """The scope to which an organisation of this path and field belongs."""
        match scope:
            case "unit":
                return cls(unit="/".join(path.split("/")[:3]) + "/", fields=fields)
            case "field":
                return cls(field=field, fields=fields)
        return cls(fields=fields)


EVERYBODY = Scope()


def lock_quotas(tx: Transaction, campaign_id: int) -> None:
    """Two approvers at once must not both take the last place: the second waits here until the first is done.

    Weaker than FOR UPDATE, because whoever only refers to the campaign (an objection, a matter) need not wait.
    """
    if tx.dialect == "postgresql":  # on SQLite every writer has waited already
        mine = sa.select(_campaign.c.id).where(_campaign.c.id == campaign_id)
        tx.session.execute(mine.with_for_update(key_share=True))


def rated_base(tx: Transaction, campaign_id: int, scope: Scope = EVERYBODY) -> int:
    """The base of the quotas: the roster as it was opened, without the exempt (R30); who joined later is not in it."""
    size = sa.select(col(Campaign.rated_count)).where(col(Campaign.id) == campaign_id).scalar_subquery()
    opened = (  # ids grow, so the cycles of the opening are the first ones
        sa.select(_cycle.c.organisation_id, _cycle.c.field, _cycle.c.outcome)
        .where(_cycle.c.campaign_id == campaign_id)
        .order_by(_cycle.c.id)
        .limit(size)
        .subquery()
    )
    rated = sa.select(sa.func.count()).select_from(opened).where(opened.c.outcome.is_distinct_from("exempt"))
    return tx.session.scalar(_scoped(tx, rated, opened, scope)) or 0


TAKES_A_PLACE = sa.or_(_cycle.c.outcome.is_(None), _cycle.c.outcome == "unrechecked")
TAKEN = sa.case(
    (_cycle.c.outcome.is_not(None), _cycle.c.star),
    (_cycle.c.approved_on.is_not(None), _cycle.c.proposed),
    (_cycle.c.stage.startswith("rating."), sa.null()),
    else_=_cycle.c.star,
)
"""The star for which a cycle takes a place of this year's quotas: approved and on its way, or in force from this year.

In `rating.*` the star in force is last year's and takes none; nor does it for whoever ends exempt or unrated.
"""


def approved_counts(
    tx: Transaction,
    campaign_id: int,
    scope: Scope = EVERYBODY,
    *,
    without: int | None = None,
    proposals: bool = False,
) -> dict[int, int]:
    """star → how many organisations hold it from this campaign or have it approved; `without` leaves out one cycle.

    With `proposals` what is proposed counts too: where nobody approves, a proposal takes its place at once.
    """
    taken = sa.func.coalesce(_cycle.c.proposed, TAKEN) if proposals else TAKEN
    statement = (
        sa.select(taken, sa.func.count())
        .select_from(_cycle)
        .where(_cycle.c.campaign_id == campaign_id, taken.is_not(None), TAKES_A_PLACE)
        .group_by(taken)
    )
    if without is not None:
        statement = statement.where(_cycle.c.id != without)
    found = tx.session.execute(_scoped(tx, statement, _cycle, scope))
    return {int(star): int(count) for star, count in found}


def excess_allowed(tx: Transaction, campaign_id: int, quota: str, scope: Scope = EVERYBODY) -> int:
    """By how many the recorded decisions let this quota be exceeded; a decision counts where its cycle belongs."""
    found = sa.select(sa.func.coalesce(sa.func.sum(col(Excess.number)), 0)).where(
        col(Excess.campaign_id) == campaign_id, col(Excess.quota) == quota
    )
    if scope != EVERYBODY:
        found = found.join(Record, col(Record.id) == col(Excess.record_id))
        found = found.join(_cycle, _cycle.c.id == col(Record.cycle_id))
    return int(tx.session.scalar(_scoped(tx, found, _cycle, scope)) or 0)


def _scoped(tx: Transaction, statement: sa.Select[Any], cycle: sa.FromClause, scope: Scope) -> sa.Select[Any]:
    if scope.unit is not None:
        statement = statement.join(_organisation, _organisation.c.id == cycle.c.organisation_id)
    return _within(tx, statement, scope, cycle)


def _within(tx: Transaction, statement: sa.Select[Any], scope: Scope, cycle: sa.FromClause = _cycle) -> sa.Select[Any]:
    """A scope's conditions; a unit's wants the organisation joined."""
    if scope.field is not None:
        statement = statement.where(cycle.c.field == scope.field)
    if scope.fields:
        statement = statement.where(cycle.c.field.in_(scope.fields))
    return statement if scope.unit is None else statement.where(organisations.under(tx, scope.unit))


@dataclass(frozen=True, slots=True)
class Contender:
    """An organisation as the quotas see it: the star it has taken, the one last proposed, and the newest total."""

    cycle_id: int
    code: str
    name: str
    path: str
    field: str
    stage: str
    taken: int | None
    proposed: int | None
    total: Decimal | None
    members: int = 0
    held: int | None = None


def contenders(
    tx: Transaction,
    campaign_id: int,
    scope: Scope = EVERYBODY,
    *,
    stages: Collection[str] | None = None,
    proposed: Collection[int] | None = None,
) -> tuple[Contender, ...]:
    """Everybody whom the quotas look at, by code; the exempt and the unrated are out of it.

    With `stages` and `proposed` only those who stand there and are to get one of these stars.
    """
    scored = (
        sa.select(_assessment.c.total)
        .where(_assessment.c.cycle_id == _cycle.c.id, _assessment.c.made_by == "superior")
        .order_by(_assessment.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    code = _organisation.c.code
    statement: sa.Select[Any] = (
        sa.select(
            _cycle.c.id, code, _organisation.c.name, _organisation.c.path, _cycle.c.field, _cycle.c.stage,
            TAKEN, _cycle.c.proposed, sa.func.coalesce(_cycle.c.total, scored), _organisation.c.members, _cycle.c.star,
        )
        .join(_organisation, _organisation.c.id == _cycle.c.organisation_id)
        .where(_cycle.c.campaign_id == campaign_id, TAKES_A_PLACE)
        .order_by(code.collate("C") if tx.dialect == "postgresql" else code)
    )  # fmt: skip
    if stages is not None:
        statement = statement.where(_cycle.c.stage.in_(stages))
    if proposed is not None:
        statement = statement.where(_cycle.c.proposed.in_(proposed))
    return tuple(Contender(*row) for row in tx.session.execute(_within(tx, statement, scope)))
