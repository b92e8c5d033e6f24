"""Bearer tokens: only a hash is kept, so that whoever reads the table cannot use it."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Organisation, Token


def add(tx: Transaction, token: Token) -> None:
    tx.session.add(token)
    tx.session.flush()


def find(tx: Transaction, digest: str) -> tuple[Token, Organisation] | None:
    """The token with this hash and the body that it speaks for, be it valid or not."""
    its = select(Token, Organisation).where(Token.hash == digest, col(Organisation.id) == col(Token.organisation_id))
    found = tx.session.exec(its).one_or_none()
    return (found[0], found[1]) if found else None


def all_of_them(tx: Transaction) -> Sequence[tuple[Token, Organisation]]:
    """The newest first."""
    its = select(Token, Organisation).where(col(Organisation.id) == col(Token.organisation_id))
    return [(token, body) for token, body in tx.session.exec(its.order_by(col(Token.issued_at).desc(), Token.hash))]


def revoke(tx: Transaction, digest: str) -> None:
    its = sa.update(Token).where(col(Token.hash) == digest, col(Token.revoked_at).is_(None))
    tx.session.connection().execute(its.values(revoked_at=tx.now))
    tx.session.expire_all()
