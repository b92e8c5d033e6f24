"""The tables of paper, messages and feeds: imports, supervision slips, the log of sending, preferences, calendar feeds, webhooks out."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from storage.models import _some as some
from storage.models import one_of


class Import(SQLModel, table=True):
    """A spreadsheet that was taken in as a whole, and what undoing it would take."""

    __table_args__ = (sa.Index("ix_import_file", "kind", "sha256"),)
    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=24)
    filename: str = Field(default="", max_length=200)
    sha256: str = Field(max_length=64)
    actor: str = Field(max_length=120)
    at: datetime
    added: int = 0
    changed: int = 0
    ended: int = 0
    unchanged: int = 0
    undo: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
    undone_at: datetime | None = None
    undone_by: str | None = Field(default=None, max_length=120)


class SupervisionSlip(SQLModel, table=True):
    """A supervision slip (督办单): issued on paper with a number, received, answered, and closed by whoever issued it."""

    __tablename__ = "supervision_slip"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "colour", "seq"),
        one_of("colour", "blue", "yellow", "red"),
        sa.CheckConstraint("(received_at IS NULL) = (received_by IS NULL)", name="received"),
        sa.CheckConstraint("(replied_at IS NULL) = (reply IS NULL)", name="replied"),
    )
    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id")
    colour: str = Field(max_length=8)
    seq: int
    cycle_id: int = Field(foreign_key="cycle.id", index=True)
    obligation_id: int = Field(foreign_key="obligation.id")
    owner_role: str = Field(max_length=16)
    owner_id: int = Field(foreign_key="organisation.id", index=True)
    stage: str = Field(max_length=60)
    text: str
    answer_by: date
    issued_by: str = Field(max_length=120)
    issued_at: datetime
    received_by: str | None = Field(default=None, max_length=120)
    received_at: datetime | None = None
    reply: str | None = None
    replied_at: datetime | None = None
    closed_at: datetime | None = None
    finding: str = ""


class Delivery(SQLModel, table=True):
    """The log of sending: one row for each attempt at a message, with what the other side said."""

    __table_args__ = (one_of("outcome", "sent", "retried", "dead", "suppressed", "postponed", "unsure"),)
    id: int | None = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id")
    attempt: int
    at: datetime
    outcome: str = Field(max_length=16)
    said: str = ""


class Preference(SQLModel, table=True):
    """How a person wants to be told; what duty demands is told whatever stands here."""

    __table_args__ = (one_of("language", "zh", "en"),)
    person_id: int = Field(primary_key=True, foreign_key="person.id")
    digest: bool = False
    unsubscribed: bool = False
    language: str = Field(default="zh", max_length=2)
    actor: str = Field(max_length=120)
    at: datetime


class Feed(SQLModel, table=True):
    """A calendar feed: a secret address for a person's own work, or for a coordinator's view of a subtree."""

    __table_args__ = (sa.CheckConstraint("(person_id IS NULL) <> (organisation_id IS NULL)", name="one_scope"),)
    id: int | None = Field(default=None, primary_key=True)
    hash: str = Field(max_length=64, unique=True)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    organisation_id: int | None = Field(default=None, foreign_key="organisation.id")
    actor: str = Field(max_length=120)
    created_at: datetime
    revoked_at: datetime | None = None


class Hook(SQLModel, table=True):
    """A system that is told of every transition. Its secret is derived, never stored."""

    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(max_length=500)
    label: str = Field(default="", max_length=80)
    actor: str = Field(max_length=120)
    created_at: datetime
    since: int = 0  # records up to this id are not told
    floor: int = 0  # every record up to this id has its delivery; above it, each ring looks again
    floor_at: datetime
    seen: int = 0  # the newest record at the last look
    revoked_at: datetime | None = None


class HookDelivery(SQLModel, table=True):
    """One record on its way to one hook; replaying puts it on its way again."""

    __tablename__ = "hook_delivery"
    __table_args__ = (
        sa.UniqueConstraint("hook_id", "record_id"),
        one_of("status", "pending", "sent", "dead"),
        some("ix_hook_delivery_next", "hook_id", "record_id", where="status = 'pending'"),
    )
    id: int | None = Field(default=None, primary_key=True)
    hook_id: int = Field(foreign_key="hook.id")
    record_id: int = Field(foreign_key="record.id")
    status: str = Field(default="pending", max_length=8)
    attempts: int = 0
    next_try_at: datetime
    sent_at: datetime | None = None
    said: str = ""
