"""Bearer tokens: only a hash is kept, so that whoever reads the table cannot use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from storage.database import Transaction
from storage.models import Organisation, Token
from storage.statements import Statement


def add(tx: Transaction, token: Token) -> None:
    tx.session.add(token)
    tx.session.flush()


@dataclass(frozen=True, slots=True)
class Shown:
    """A token that somebody shows, valid or not, and the body that it speaks for."""

    label: str
    role: str
    organisation_id: int
    expires_at: datetime | None
    revoked_at: datetime | None
    code: str
    path: str
    ended_on: date | None


_token, _body = (SQLModel.metadata.tables[name] for name in ("token", "organisation"))
_SHOWN = Statement(
    sa.select(*(_token.c[name] for name in Shown.__slots__[:5]), *(_body.c[name] for name in Shown.__slots__[5:]))
    .join(_body, _body.c.id == _token.c.organisation_id)
    .where(_token.c.hash == sa.bindparam("hash", type_=sa.String))
)


def find(tx: Transaction, digest: str) -> Shown | None:
    """The token with this hash."""
    rows = _SHOWN.rows(tx, {"hash": digest})
    return Shown(*rows[0]) if rows else None


def all_of_them(tx: Transaction) -> Sequence[tuple[Token, Organisation]]:
    """The newest first."""
    its = select(Token, Organisation).where(col(Organisation.id) == col(Token.organisation_id))
    return [(token, body) for token, body in tx.session.exec(its.order_by(col(Token.issued_at).desc(), Token.hash))]


def revoke(tx: Transaction, digest: str) -> None:
    its = sa.update(Token).where(col(Token.hash) == digest, col(Token.revoked_at).is_(None))
    tx.session.connection().execute(its.values(revoked_at=tx.now))
    tx.session.expire_all()
