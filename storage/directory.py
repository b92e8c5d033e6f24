"""The roster to look things up in: organisations below a path, with who heads them, page by page and read-only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from storage import organisations
from storage.database import Transaction
from storage.models import Organisation
from storage.queries import Where

PAGE = 200  # rows fetched at a time

_tables = Organisation.metadata.tables
_body, _person, _cycle = _tables["organisation"], _tables["person"], _tables["cycle"]
_parent, _leader_person = _body.alias("parent"), _person.alias("leader_person")
_head, _leader, _election = _tables["post"].alias("head"), _tables["post"].alias("leader"), _tables["election"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An organisation as a roster has it; whoever is absent is empty."""

    code: str
    name: str
    kind: str
    parent: str | None
    field: str
    members: int
    election_due_on: date | None
    head: str | None
    leader: str | None
    phone: str | None
    email: str | None
    ended_on: date | None


def entries(tx: Transaction, where: Where) -> Iterator[Entry]:
    """Organisations of our own by code, ended ones too; of a campaign only those that have a cycle in it."""
    code = _body.c.code.collate("C") if tx.dialect == "postgresql" else _body.c.code
    statement: sa.Select[Any] = (
        sa.select(
            _body.c.code, _body.c.name, _body.c.kind, _parent.c.code, _body.c.field, _body.c.members, _election.c.due_on,
            _person.c.name, _leader_person.c.name, _person.c.phone, _person.c.email, _body.c.ended_on,
        )
        .select_from(_body)
        .outerjoin(_parent, _parent.c.id == _body.c.parent_id)
        .outerjoin(_election, sa.and_(_election.c.organisation_id == _body.c.id, _election.c.held_on.is_(None)))
        .outerjoin(_head, _holds_now(_head, "head"))
        .outerjoin(_person, _person.c.id == _head.c.person_id)
        .outerjoin(_leader, _holds_now(_leader, "leader"))
        .outerjoin(_leader_person, _leader_person.c.id == _leader.c.person_id)
        .where(_body.c.external.is_(False))
        .order_by(code)
    )  # fmt: skip
    if where.path:
        statement = statement.where(organisations.under(tx, where.path))
    if where.campaign_id is not None:
        its = sa.select(_cycle.c.id).where(_cycle.c.organisation_id == _body.c.id)
        statement = statement.where(sa.exists(its.where(_cycle.c.campaign_id == where.campaign_id)))
    if where.after:
        statement = statement.where(code > where.after[0])
    result = tx.session.execute(statement, execution_options={"yield_per": PAGE})
    try:
        for row in result:
            yield Entry(*row)
    finally:
        result.close()


def _holds_now(post: sa.FromClause, role: str) -> sa.ColumnElement[bool]:
    return sa.and_(post.c.organisation_id == _body.c.id, post.c.role == role, post.c.until_on.is_(None))
