"""Accounts in the database: who may sign in, with which one-time links and recovery codes, and as whom a provider knows them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import col, select

from storage.account_models import AccessEvent, Account, AccountLink, Attempt, Identity, LoginTry, RecoveryCode
from storage.database import Transaction
from storage.models import Person


class Known(NamedTuple):
    """An account and the person whose it is."""

    account: Account
    person: Person


# ── accounts ─────────────────────────────────────────────────────


def by_login(tx: Transaction, login: str) -> Known | None:
    return _one(tx, col(Account.login) == login)


def by_id(tx: Transaction, account_id: int) -> Known | None:
    return _one(tx, col(Account.id) == account_id)


def of_person(tx: Transaction, person_id: int) -> Known | None:
    return _one(tx, col(Account.person_id) == person_id)


def _one(tx: Transaction, condition: sa.ColumnElement[bool]) -> Known | None:
    its = select(Account, Person).where(condition, col(Person.id) == col(Account.person_id))
    found = tx.session.exec(its).one_or_none()
    return Known(*found) if found else None


def all_of_them(tx: Transaction) -> tuple[Known, ...]:
    its = select(Account, Person).where(col(Person.id) == col(Account.person_id)).order_by(col(Account.login))
    return tuple(Known(*found) for found in tx.session.exec(its))


def save(tx: Transaction, row: Account | AccountLink | Identity | LoginTry | AccessEvent) -> None:
    tx.session.add(row)
    tx.session.flush()


def change(tx: Transaction, account: Account, **values: object) -> None:
    _changed(tx, sa.update(Account).where(col(Account.id) == account.id).values(**values))


# ── one-time links ───────────────────────────────────────────────


def link(tx: Transaction, digest: str) -> tuple[AccountLink, Known] | None:
    found = tx.session.get(AccountLink, digest)
    known = by_id(tx, found.account_id) if found else None
    return (found, known) if found and known else None


def use_link(tx: Transaction, digest: str) -> bool:
    """Once: whoever comes second finds it used."""
    its = sa.update(AccountLink).where(col(AccountLink.hash) == digest, col(AccountLink.used_at).is_(None))
    return _changed(tx, its.values(used_at=tx.now)) == 1


def void_links(tx: Transaction, account_id: int) -> None:
    its = sa.update(AccountLink).where(col(AccountLink.account_id) == account_id, col(AccountLink.used_at).is_(None))
    _changed(tx, its.values(used_at=tx.now))


# ── the second factor ────────────────────────────────────────────


def use_step(tx: Transaction, account_id: int, step: int) -> bool:
    """Marks the step of a one-time code as used; False where it, or a later one, was used before."""
    its = sa.update(Account).where(col(Account.id) == account_id, col(Account.totp_step) < step)
    return _changed(tx, its.values(totp_step=step)) == 1


def replace_recovery_codes(tx: Transaction, account_id: int, digests: Iterable[str]) -> None:
    tx.session.execute(sa.delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))
    tx.session.add_all(RecoveryCode(hash=digest, account_id=account_id) for digest in digests)
    tx.session.flush()


def use_recovery_code(tx: Transaction, account_id: int, digest: str) -> bool:
    its = sa.update(RecoveryCode).where(
        col(RecoveryCode.hash) == digest,
        col(RecoveryCode.account_id) == account_id,
        col(RecoveryCode.used_at).is_(None),
    )
    return _changed(tx, its.values(used_at=tx.now)) == 1


def recovery_codes_left(tx: Transaction, account_id: int) -> int:
    its = sa.select(sa.func.count()).where(
        col(RecoveryCode.account_id) == account_id, col(RecoveryCode.used_at).is_(None)
    )
    return tx.session.scalar(its) or 0


# ── identities at a provider ─────────────────────────────────────


def by_identity(tx: Transaction, issuer: str, subject: str) -> Known | None:
    its = select(Identity.account_id).where(Identity.issuer == issuer, Identity.subject == subject)
    found = tx.session.exec(its).one_or_none()
    return by_id(tx, found) if found is not None else None


def identities(tx: Transaction, account_id: int) -> Sequence[Identity]:
    return tx.session.exec(select(Identity).where(Identity.account_id == account_id)).all()


def unbind(tx: Transaction, account_id: int) -> int:
    return _changed(tx, sa.delete(Identity).where(col(Identity.account_id) == account_id))


def use_try(tx: Transaction, digest: str) -> LoginTry | None:
    """The sign-in under way with this state, once and in time."""
    its = sa.update(LoginTry).where(
        col(LoginTry.hash) == digest, col(LoginTry.used_at).is_(None), col(LoginTry.expires_at) > tx.now
    )
    return tx.session.get(LoginTry, digest) if _changed(tx, its.values(used_at=tx.now)) == 1 else None


def forget_tries(tx: Transaction, before: datetime) -> None:
    _changed(tx, sa.delete(LoginTry).where(col(LoginTry.expires_at) < before))


# ── how often something was tried ────────────────────────────────


def attempts(tx: Transaction, key: str, since: datetime) -> int:
    its = select(Attempt.count).where(Attempt.key == key, col(Attempt.window_at) > since)
    return tx.session.exec(its).one_or_none() or 0


def count_attempt(tx: Transaction, key: str, since: datetime) -> None:
    """One more; a window that is over begins anew."""
    its = sa.update(Attempt).where(col(Attempt.key) == key)
    if _changed(tx, its.where(col(Attempt.window_at) > since).values(count=col(Attempt.count) + 1)):
        return
    if not _changed(tx, its.values(count=1, window_at=tx.now)):
        tx.session.add(Attempt(key=key, window_at=tx.now, count=1))
        tx.session.flush()


def forget_attempts(tx: Transaction, key: str) -> None:
    _changed(tx, sa.delete(Attempt).where(col(Attempt.key) == key))


# ── the log of access ────────────────────────────────────────────


def events(tx: Transaction, *, actor: str | None = None, limit: int = 200) -> Sequence[AccessEvent]:
    """The newest first."""
    its = select(AccessEvent).order_by(col(AccessEvent.id).desc()).limit(limit)
    return tx.session.exec(its if actor is None else its.where(AccessEvent.actor == actor)).all()


def _changed(tx: Transaction, statement: sa.Update | sa.Delete) -> int:
    done = tx.session.connection().execute(statement)
    tx.session.expire_all()
    return done.rowcount
