"""The tables of public notices, of objections to them, and of the files that people bring.

Who has objected stands in one table only, apart from the objection itself; each look at it is a row of its own.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from storage.models import one_of


class Publication(SQLModel, table=True):
    """One version of a public notice (公示书). A version is never changed: a correction is another one under the same address."""

    __table_args__ = (
        sa.UniqueConstraint("slug", "version"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint("last_on >= first_on AND first_on > posted_on", name="period"),
        sa.CheckConstraint("(version = 1) = (correction = '')", name="correction"),
    )
    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=16)
    version: int = 1
    campaign_id: int = Field(foreign_key="campaign.id", index=True)
    round: str = Field(max_length=16)
    publisher_id: int = Field(foreign_key="organisation.id")
    title: str
    basis: str
    scope: str = ""
    contact: str = ""
    place: str
    posted_on: date
    first_on: date
    last_on: date
    opens_at: datetime
    closes_at: datetime = Field(index=True)
    arithmetic: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    actor: str = Field(max_length=120)
    at: datetime
    correction: str = ""  # why there is another version


class PublicationEntry(SQLModel, table=True):
    """A line of a notice: whose star, and where its history stood when it was posted."""

    __tablename__ = "publication_entry"
    __table_args__ = (sa.UniqueConstraint("slug", "cycle_id"), sa.Index("ix_publication_entry_cycle", "cycle_id"))
    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=16)
    cycle_id: int = Field(foreign_key="cycle.id")
    round: str = Field(max_length=16)
    star: int
    star_before: int | None = None
    seq: int
    head: str = Field(max_length=64)
    corrects: str | None = Field(default=None, max_length=16)  # the notice whose line this one replaces


class Filing(SQLModel, table=True):
    """What somebody has brought against a notice. Name and way of contact stand here only, for the handler alone."""

    __tablename__ = "objection_filing"
    __table_args__ = (
        one_of("status", "unverified", "open", "clue", "expired"),
        one_of("sending", "none", "queued", "claimed", "sent", "failed"),
        sa.UniqueConstraint("number"),
        sa.CheckConstraint("(status IN ('unverified', 'expired')) = (matter_id IS NULL)", name="matter"),
        sa.CheckConstraint("named OR (name = '' AND contact = '')", name="named"),
        sa.Index("ix_objection_filing_contact", "contact_digest", "at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=16)
    cycle_id: int = Field(foreign_key="cycle.id", index=True)
    status: str = Field(max_length=12)
    named: bool
    name: str = Field(default="", max_length=80)
    contact: str = Field(default="", max_length=200)
    contact_digest: str = Field(default="", max_length=64)
    content: str = ""  # until it has become a matter
    matter_id: int | None = Field(default=None, foreign_key="matter.id", index=True)
    ticket: str = Field(default="", max_length=64)  # hash of what the form carries between the two steps
    code: str = Field(default="", max_length=64)  # hash of the code that was sent
    code_tries: int = 0
    sending: str = Field(default="none", max_length=8)
    attempts: int = 0
    next_try_at: datetime | None = None
    claimed_until: datetime | None = None
    number: str | None = Field(default=None, max_length=12)
    pin: str = Field(default="", max_length=64)
    wrong_pins: int = 0
    locked_until: datetime | None = None
    at: datetime


class Look(SQLModel, table=True):
    """Somebody has looked at who objected: append-only."""

    __tablename__ = "objector_look"
    id: int | None = Field(default=None, primary_key=True)
    filing_id: int = Field(foreign_key="objection_filing.id", index=True)
    actor: str = Field(max_length=120)
    reason: str
    at: datetime


class Attachment(SQLModel, table=True):
    """A file by the hash of its content; the content lies in a folder that no server shows."""

    hash: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=8)
    size: int
    at: datetime


class Attached(SQLModel, table=True):
    """To what a file belongs, and under which name it was brought."""

    __table_args__ = (
        one_of("owner", "objection", "evidence"),
        sa.Index("ix_attached_owner", "owner", "owner_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    hash: str = Field(foreign_key="attachment.hash", max_length=64, index=True)
    owner: str = Field(max_length=12)
    owner_id: int  # a filing, or a cycle
    name: str = Field(max_length=200)
    label: str = Field(default="", max_length=80)  # of evidence: the criterion
    actor: str = Field(default="", max_length=120)
    at: datetime
