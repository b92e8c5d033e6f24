"""The tables of who may come in: accounts, their one-time links, sessions, roles granted beside a post, and the log of access.

No secret stands here that could be used as it is: passwords are Argon2 hashes, links, sessions and recovery codes are kept by
their SHA-256. The one exception is the secret of one-time codes, which the server must be able to compute with.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from storage.models import _some as some
from storage.models import one_of, only_one

GRANTED_ROLES = ("organisation", "department", "committee", "city", "admin", "auditor")
SEATS = (*GRANTED_ROLES, "leader")
"""What one may sit down as: a granted role, or what a post brings."""


class Account(SQLModel, table=True):
    """A person who may sign in. Without a password nobody can; there is no account until somebody is invited."""

    __table_args__ = (sa.UniqueConstraint("login"), sa.UniqueConstraint("person_id"))
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    login: str = Field(max_length=80)
    password_hash: str | None = Field(default=None, max_length=200)
    password_at: datetime | None = None
    totp_secret: str | None = Field(default=None, max_length=64)
    totp_at: datetime | None = None  # when its first code was right; before that the secret counts for nothing
    totp_step: int = 0  # the newest step whose code was used: each counts once
    created_at: datetime
    signed_in_at: datetime | None = None
    disabled_at: datetime | None = None
    disabled_why: str = ""


class AccountLink(SQLModel, table=True):
    """A link that sets a password, once, until it expires."""

    __tablename__ = "account_link"
    hash: str = Field(primary_key=True, max_length=64)
    account_id: int = Field(foreign_key="account.id", index=True)
    resets_totp: bool = False
    issued_by: str = Field(max_length=120)
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class RecoveryCode(SQLModel, table=True):
    """In place of a one-time code, once."""

    __tablename__ = "recovery_code"
    hash: str = Field(primary_key=True, max_length=64)
    account_id: int = Field(foreign_key="account.id", index=True)
    used_at: datetime | None = None


class Identity(SQLModel, table=True):
    """Whom an OpenID provider means by (issuer, subject): never matched by e-mail, only bound by the account's own owner."""

    __table_args__ = (sa.UniqueConstraint("issuer", "subject"),)
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    issuer: str = Field(max_length=200)
    subject: str = Field(max_length=200)
    bound_at: datetime


class LoginTry(SQLModel, table=True):
    """A sign-in at the provider under way: what must come back with the answer. Used once, short-lived."""

    __tablename__ = "login_try"
    hash: str = Field(primary_key=True, max_length=64)  # of `state`
    verifier: str = Field(max_length=128)
    nonce: str = Field(max_length=64)
    browser: str = Field(max_length=64)  # hash of the cookie of the browser that set out
    account_id: int | None = Field(default=None, foreign_key="account.id")  # whom to bind, where that is the purpose
    onwards: str = Field(default="/", max_length=400)
    expires_at: datetime
    used_at: datetime | None = None


class WebSession(SQLModel, table=True):
    """A browser that somebody has signed in with. `whole` is false until the second factor is shown."""

    __tablename__ = "web_session"
    __table_args__ = (
        sa.UniqueConstraint("hash"),
        sa.CheckConstraint("(role IS NULL) = (organisation_id IS NULL)", name="seat"),
        some("ix_web_session_open", "account_id", where="ended_at IS NULL"),
    )
    id: int | None = Field(default=None, primary_key=True)
    hash: str = Field(max_length=64)
    account_id: int = Field(foreign_key="account.id")
    whole: bool = False
    role: str | None = Field(default=None, max_length=16)
    organisation_id: int | None = Field(default=None, foreign_key="organisation.id")
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    proven_at: datetime  # when whoever sits there last showed who they are
    ended_at: datetime | None = None
    ended_why: str = Field(default="", max_length=40)
    browser: str = Field(default="", max_length=120)
    network: str = Field(default="", max_length=64)


class RoleGrant(SQLModel, table=True):
    """A role at an organisation beside the posts of the roster, from–until, given by one and confirmed by another."""

    __tablename__ = "role_grant"
    __table_args__ = (
        one_of("role", *GRANTED_ROLES),
        only_one("uq_role_grant_current", "person_id", "role", "organisation_id", where="ended_at IS NULL"),
        sa.CheckConstraint("until_on IS NULL OR until_on > from_on", name="span"),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    role: str = Field(max_length=16)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    from_on: date
    until_on: date | None = None
    granted_by: str = Field(max_length=120)
    confirmed_by: str = Field(max_length=120)
    ended_at: datetime | None = None
    ended_by: str = Field(default="", max_length=120)


class Recusal(SQLModel, table=True):
    """Somebody has declared that they must not judge this organisation."""

    __table_args__ = (only_one("uq_recusal_current", "person_id", "organisation_id", where="ended_at IS NULL"),)
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    organisation_id: int = Field(foreign_key="organisation.id")
    reason: str
    at: datetime
    ended_at: datetime | None = None


class Twofold(SQLModel, table=True):
    """Something that takes two: asked for by one person in one session, done by another in another, or not at all."""

    __table_args__ = (
        one_of("outcome", "open", "done", "refused", "withdrawn", "expired"),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="two_people"),
        sa.CheckConstraint("decided_in IS NULL OR decided_in <> asked_in", name="two_sessions"),
        some("ix_twofold_open", "act", where="outcome = 'open'"),
    )
    id: int | None = Field(default=None, primary_key=True)
    act: str = Field(max_length=40)
    organisation_id: int | None = Field(default=None, foreign_key="organisation.id")
    role: str = Field(default="", max_length=16)  # in which it was asked
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    reason: str = ""
    asked_by: str = Field(max_length=120)
    asked_in: str = Field(max_length=64)
    asked_at: datetime
    expires_at: datetime
    outcome: str = Field(default="open", max_length=16)
    decided_by: str | None = Field(default=None, max_length=120)
    decided_in: str | None = Field(default=None, max_length=64)
    decided_at: datetime | None = None
    said: str = ""


class Attempt(SQLModel, table=True):
    """How often something was tried in a window of time: by account, by network. Keys are hashes."""

    key: str = Field(primary_key=True, max_length=64)
    window_at: datetime
    count: int


class AccessEvent(SQLModel, table=True):
    """Who came in, was turned away, was given a role, or read what is guarded. Append-only."""

    __tablename__ = "access_event"
    __table_args__ = (sa.Index("ix_access_event_at", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    what: str = Field(max_length=40)
    actor: str = Field(default="", max_length=120)
    about: str = Field(default="", max_length=120)
    network: str = Field(default="", max_length=64)
    detail: str = Field(default="", max_length=400)
