"""Bearer tokens: only a hash is kept, so that whoever reads the table cannot use it."""

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
