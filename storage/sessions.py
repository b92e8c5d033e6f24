"""Sessions of browsers in the database: kept by the hash of their reference, found with the person who signed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from storage.account_models import WebSession
from storage.database import Transaction
from storage.statements import Statement

_OPEN = col(WebSession.ended_at).is_(None)


class Sitting(NamedTuple):
    """A session, and whose it is."""

    id: int
    account_id: int
    whole: bool
    role: str | None
    organisation_id: int | None
    seen_at: datetime
    expires_at: datetime
    proven_at: datetime
    ended_at: datetime | None
    login: str
    totp_at: datetime | None
    disabled_at: datetime | None
    person_id: int
    person: str
    name: str


def find(tx: Transaction, digest: str) -> Sitting | None:
    """The session with this hash, be it over or not."""
    rows = _FIND.rows(tx, {"hash": digest})
    return Sitting(*rows[0]) if rows else None


_session, _account, _person = (SQLModel.metadata.tables[name] for name in ("web_session", "account", "person"))
_FIND = Statement(
    sa.select(
        *(_session.c[name] for name in Sitting._fields[:9]),
        *(_account.c[name] for name in Sitting._fields[9:13]),
        _person.c.code,
        _person.c.name,
    )
    .join(_account, _account.c.id == _session.c.account_id)
    .join(_person, _person.c.id == _account.c.person_id)
    .where(_session.c.hash == sa.bindparam("hash", type_=sa.String))
)


def add(tx: Transaction, session: WebSession) -> None:
    tx.session.add(session)
    tx.session.flush()


def open_ones(tx: Transaction, account_id: int | None = None) -> Sequence[WebSession]:
    """Those not ended, the newest first; some may have run out since."""
    its = select(WebSession).where(_OPEN).order_by(col(WebSession.id).desc())
    return tx.session.exec(its if account_id is None else its.where(WebSession.account_id == account_id)).all()


def change(tx: Transaction, session_id: int, **values: object) -> bool:
    """False where it has ended meanwhile."""
    return _changed(tx, sa.update(WebSession).where(col(WebSession.id) == session_id, _OPEN).values(**values)) == 1


def end(
    tx: Transaction, account_id: int, why: str, at: datetime, *, only: int | None = None, but: int | None = None
) -> int:
    """Ends this account's sessions, or only one, or all but one; returns how many."""
    its = sa.update(WebSession).where(col(WebSession.account_id) == account_id, _OPEN)
    if only is not None:
        its = its.where(col(WebSession.id) == only)
    if but is not None:
        its = its.where(col(WebSession.id) != but)
    return _changed(tx, its.values(ended_at=at, ended_why=why))


def _changed(tx: Transaction, statement: sa.Update) -> int:
    done = tx.session.connection().execute(statement)
    tx.session.expire_all()
    return done.rowcount
