"""The tables of secret ballots. What must never be known has no column here: no ballot has a person, a slip, a time or an order.

A slip (票证) may vote once and carries the group; a ballot (选票) carries answers and nothing else. Between the two stands no key.
Tables without rowid keep their rows in the order of random ids; on PostgreSQL old versions of rows are swept as early as can be.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from storage.models import one_of, only_one

SWEPT_EAGERLY = {
    "sqlite_with_rowid": False,
    "postgresql_with": {"autovacuum_vacuum_threshold": "0", "autovacuum_vacuum_scale_factor": "0"},
}


class Poll(SQLModel, table=True):
    """A survey of one round while and after people vote. Everything but the turnout is frozen: roll at opening, result at close."""

    __table_args__ = (
        one_of("mode", "slips", "links"),
        one_of("status", "open", "closed", "void"),
        only_one("uq_poll_current", "cycle_id", "round", where="status <> 'void'"),
        sa.CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="closed"),
        sa.CheckConstraint(
            "used >= 0 AND used_members >= 0 AND used_members <= members AND used >= used_members", name="used"
        ),
        sa.CheckConstraint("members > 0 AND own_unit >= 0 AND related_unit >= 0", name="roll"),
    )
    id: int | None = Field(default=None, primary_key=True)
    cycle_id: int = Field(foreign_key="cycle.id", index=True)
    round: str = Field(max_length=16)
    mode: str = Field(max_length=8)
    status: str = Field(default="open", max_length=8)
    members: int  # on the roster when the survey opened: the base of the quorum
    own_unit: int = 0  # slips for the masses, by where they come from
    related_unit: int = 0
    form: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    form_hash: str = Field(max_length=64)
    opened_at: datetime
    opened_by: str = Field(max_length=120)
    closes_at: datetime
    extended: bool = False
    closed_at: datetime | None = None
    closed_by: str | None = Field(default=None, max_length=120)
    used: int = 0  # slips that have voted
    used_members: int = 0
    step: int = 0  # the five minutes, counted from the opening, in which somebody voted last
    shown: int = 0  # used and used_members as they stood when that step began: all that is shown of a running survey
    shown_members: int = 0
    tally: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)  # frozen at close
    tally_seal: str | None = Field(default=None, max_length=64)  # HMAC of the tally; the chain has it too
    seal_key: str | None = Field(default=None, max_length=64)
    counted: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)  # what two tellers have signed for
    reason: str = ""
    swept: bool = True  # no old versions of its rows are left on the disk


class Slip(SQLModel, table=True):
    """The right to vote once, by the hash of its token."""

    __tablename__ = "slip"
    __table_args__ = (
        one_of("electorate", "member", "own_unit", "related_unit"),
        one_of("status", "unused", "used"),
        sa.Index("ix_slip_poll", "poll_id"),
        SWEPT_EAGERLY,
    )
    hash: str = Field(primary_key=True, max_length=64)
    poll_id: int = Field(foreign_key="poll.id")
    electorate: str = Field(max_length=16)
    status: str = Field(default="unused", max_length=8)


class Ballot(SQLModel, table=True):
    """Answers. All ballots of a survey are written anew, shuffled, with every vote that is cast."""

    __table_args__ = (sa.Index("ix_ballot_poll", "poll_id"), SWEPT_EAGERLY)
    random_id: str = Field(primary_key=True, max_length=32)
    poll_id: int = Field(foreign_key="poll.id")
    payload: str


class Remark(SQLModel, table=True):
    """A free-text remark, apart from the answers, so that its style does not give them away; shuffled alike."""

    __table_args__ = (sa.Index("ix_remark_poll", "poll_id"), SWEPT_EAGERLY)
    random_id: str = Field(primary_key=True, max_length=32)
    poll_id: int = Field(foreign_key="poll.id")
    text: str


class Invitation(SQLModel, table=True):
    """Mode B only: whom a personal link goes to. Until the close it knows the slip; then only whether there was a vote."""

    __table_args__ = (
        one_of("electorate", "member", "own_unit", "related_unit"),
        one_of("status", "queued", "claimed", "sent", "failed"),
        sa.Index("ix_invitation_poll", "poll_id"),
        sa.Index("ix_invitation_next", "next_try_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    poll_id: int = Field(foreign_key="poll.id")
    electorate: str = Field(max_length=16)
    name: str = Field(max_length=80)
    address: str = Field(max_length=200)
    slip_hash: str | None = Field(default=None, max_length=64)
    voted: bool | None = None  # known only from the close on, gone once the result is approved
    status: str = Field(default="queued", max_length=8)
    attempts: int = 0
    next_try_at: datetime | None = None
    claimed_until: datetime | None = None
    error: str | None = None
