"""Every table, each stating its truths as constraints before any code does.

Instants are UTC (naive ones are refused on bind), dates are local dates of the scheme's zone, scores are exact decimals kept
as text. `cycle.stage` is a convenience; the append-only `record` rows are the truth.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {  # set before the first table, so that both databases name constraints alike
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Exact(sa.types.TypeDecorator[Decimal]):
    """A decimal kept as text, so that SQLite does not turn it into a binary float."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Digest(sa.types.TypeDecorator[str]):
    """A SHA-256: 64 hexadecimal digits to everybody, kept as their 32 bytes."""

    impl = sa.LargeBinary(32)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """What is not bytes was not written by us: it comes out as it is and agrees with nothing."""
        return lambda value: value.hex() if isinstance(value, bytes) else value


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{v}'" for v in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def only_one(name: str, *columns: str, where: str) -> sa.Index:
    """A unique index over the rows that `where` selects, alike on both databases."""
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def _some(name: str, *columns: str, where: str) -> sa.Index:
    condition = sa.text(where)
    return sa.Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


# ── the installation ─────────────────────────────────────────────


class Installation(SQLModel, table=True):
    """One row: what kind of database this is, and in a rehearsal its clock and seed."""

    __table_args__ = (
        sa.CheckConstraint("id = 1", name="one_row"),
        one_of("kind", "live", "rehearsal"),
        sa.CheckConstraint("(kind = 'rehearsal') = (hand_clock_at IS NOT NULL)", name="hand_clock"),
    )
    id: int = Field(default=1, primary_key=True)
    kind: str = Field(max_length=16)
    hand_clock_at: datetime | None = None
    seed: int | None = None
    created_at: datetime


class JobRun(SQLModel, table=True):
    """When each job of the bell last worked and what it did; the gap between two sweeps is a downtime."""

    __tablename__ = "job_run"
    job: str = Field(primary_key=True, max_length=32)
    last_at: datetime
    said: str = ""
    failed_at: datetime | None = None
    error: str | None = None


class Downtime(SQLModel, table=True):
    """A stretch in which no bell rang, and what the catch-up after it did."""

    id: int | None = Field(default=None, primary_key=True)
    from_at: datetime
    until_at: datetime
    rungs: int
    messages: int
    moved: int = 0


class SchemeFile(SQLModel, table=True):
    """A scheme as adopted: its bytes under their own hash, never changed."""

    __tablename__ = "scheme_file"
    hash: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=80)
    title: str
    content: bytes
    adopted_at: datetime


# ── organisations and people ─────────────────────────────────────


class Organisation(SQLModel, table=True):
    """A body that is rated, rates, or (kind of the root, external) only decides. Codes are never reused."""

    __table_args__ = (
        sa.UniqueConstraint("code"),
        sa.CheckConstraint("members >= 0", name="members"),
        sa.Index("ix_organisation_path", "path", postgresql_ops={"path": "varchar_pattern_ops"}),  # answers LIKE there
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=40)
    name: str = Field(max_length=200)
    kind: str = Field(max_length=40)
    field: str = Field(default="", max_length=40)
    members: int = 0
    parent_id: int | None = Field(default=None, foreign_key="organisation.id", index=True)
    path: str = Field(default="", max_length=400)  # "/1/4/9/": the ids from the root to itself
    external: bool = False
    started_on: date  # on the roster since
    founded_on: date | None = None  # as the roster says; None where it does not
    ended_on: date | None = None


class Subordination(SQLModel, table=True):
    """Who stood under whom, from when until when: the tree as of any day."""

    __table_args__ = (only_one("uq_subordination_current", "organisation_id", where="until_on IS NULL"),)
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    parent_id: int | None = Field(default=None, foreign_key="organisation.id")
    from_on: date
    until_on: date | None = None


class Person(SQLModel, table=True):
    """Somebody who holds a post. Names and addresses live here only, so that they can be erased."""

    __table_args__ = (sa.UniqueConstraint("code"), sa.Index("ix_person_email", "email"))
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=40)
    name: str = Field(max_length=80)
    email: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=40)


class Post(SQLModel, table=True):
    """(organisation, role) held by a person from–until. A post without a current row is vacant."""

    __table_args__ = (
        one_of("role", "head", "leader", "department", "committee", "city"),
        only_one("uq_post_current", "organisation_id", "role", where="until_on IS NULL"),
    )
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    role: str = Field(max_length=16)
    person_id: int = Field(foreign_key="person.id", index=True)
    from_on: date
    until_on: date | None = None


class Token(SQLModel, table=True):
    """A bearer token of the API, bound to (role, organisation); only its hash is kept."""

    hash: str = Field(primary_key=True, max_length=64)
    label: str = Field(default="", max_length=80)
    role: str = Field(max_length=16)
    organisation_id: int = Field(foreign_key="organisation.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    issued_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


# ── the rating year ──────────────────────────────────────────────


class Campaign(SQLModel, table=True):
    """One year under one scheme. `rated_count` is the base of the quotas, a snapshot of the roster."""

    __table_args__ = (sa.UniqueConstraint("year"), one_of("status", "open", "closed"))
    id: int | None = Field(default=None, primary_key=True)
    year: int
    scheme_hash: str = Field(foreign_key="scheme_file.hash", max_length=64)
    status: str = Field(default="open", max_length=8)
    rated_count: int
    opened_at: datetime
    closed_at: datetime | None = None


class Cycle(SQLModel, table=True):
    """One organisation's year. `version` is the number of its records; the columns below `visit` are the round's facts."""

    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "organisation_id"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint("open_objections >= 0", name="open_objections"),
        sa.CheckConstraint("reviewer_id <> organisation_id", name="reviewer"),
        sa.Index("ix_cycle_stage", "campaign_id", "stage"),
        _some("ix_cycle_acts", "acts_at", "id", where="acts_at IS NOT NULL"),
        _some("ix_cycle_untallied", "campaign_id", where="NOT tallied"),
    )
    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    reviewer_id: int = Field(foreign_key="organisation.id", index=True)
    route: str = Field(max_length=8)
    nested: bool = False
    field: str = Field(default="", max_length=40)
    scheme_hash: str = Field(max_length=64)

    stage: str = Field(max_length=60)
    version: int
    visit: int = 1  # entries of this cycle into stages so far
    entered_at: datetime
    head: str = Field(max_length=64)  # hash of the newest record
    outcome: str | None = Field(
        default=None, max_length=16
    )  # exempt | unrated | unrechecked, at the ends that grant nothing

    star: int | None = None  # in force
    proposed: int | None = None
    total: Decimal | None = Field(default=None, sa_type=Exact)  # the superior's explained score behind `proposed`
    posted_star: int | None = None  # had its full publicity in this round
    noticed_star: int | None = None  # the star on the notice that hangs
    posted_on: date | None = None
    open_objections: int = 0
    objection_opened_at: datetime | None = None  # of the oldest open one
    turnout_excused: bool = False
    review_begun: bool = False
    approved_on: date | None = None  # date of the meeting that approved `proposed`
    meeting_number: str | None = Field(default=None, max_length=80)
    runs_until: datetime | None = None  # end of the publicity, or of the rest in `rated`
    acts_at: datetime | None = None  # when the clock must look at this cycle; empty while something holds it up

    tallied: bool = False  # whether the two below are still true
    tally: str | None = Field(default=None, max_length=400)  # the numbers of the facets under which it is counted
    tallied_path: str | None = Field(default=None, max_length=400)  # and below which bodies


class Facet(SQLModel, table=True):
    """Something that can be said of a cycle and is worth counting, such as the stage with its dates; the name is JSON."""

    __table_args__ = (sa.UniqueConstraint("name"),)
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=300)


class Tally(SQLModel, table=True):
    """Of how many cycles at or below a body a facet was true when they were last counted (`cycle.tally` says which)."""

    campaign_id: int = Field(foreign_key="campaign.id", primary_key=True)
    body_id: int = Field(foreign_key="organisation.id", primary_key=True)
    facet_id: int = Field(foreign_key="facet.id", primary_key=True)
    number: int


class Overdue(SQLModel, table=True):
    """Open stages with a due, narrow and in the orders in which lists ask for them; as last counted, see `storage.tallies`.

    Bytes, because they stand in the order of characters on every database.
    """

    __table_args__ = (
        sa.Index("ix_overdue_due", "campaign_id", "due_at", "code", "cycle_id"),
        sa.Index("ix_overdue_unit", "campaign_id", "unit_id", "due_at", "code", "cycle_id"),
        sa.Index("ix_overdue_below", "campaign_id", "path", "due_at", "code", "cycle_id"),
    )
    cycle_id: int = Field(primary_key=True, foreign_key="cycle.id")
    campaign_id: int
    unit_id: int  # the body under the root at or below which it stands
    due_at: datetime
    code: bytes = Field(max_length=120)
    path: bytes = Field(max_length=400)


class Record(SQLModel, table=True):
    """One transition. Append-only, chained: `hash` covers everything but the id and the ask's key."""

    __table_args__ = (
        sa.UniqueConstraint("cycle_id", "seq"),
        sa.UniqueConstraint("ask_key"),
    )
    id: int | None = Field(default=None, primary_key=True)
    cycle_id: int = Field(foreign_key="cycle.id")
    seq: int
    trigger: str = Field(max_length=40)
    before: str = Field(max_length=60)
    after: str = Field(max_length=60)
    role: str = Field(max_length=16)
    actor: str = Field(max_length=120)  # a person's code, "clock", or "cli:<user> for <code>"
    at: datetime
    late_days: int = 0
    late_stage: str | None = Field(default=None, max_length=60)
    scheme_hash: str = Field(sa_type=Digest)
    detail_digest: str = Field(sa_type=Digest)
    previous_hash: str = Field(sa_type=Digest)
    hash: str = Field(sa_type=Digest)
    ask_key: str | None = Field(default=None, max_length=120)


class RecordDetail(SQLModel, table=True):
    """Reason, names and payload of a record, with the salt of its digest. Can be erased without breaking the chain."""

    __tablename__ = "record_detail"
    record_id: int = Field(primary_key=True, foreign_key="record.id")
    salt: str = Field(max_length=64)
    detail: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    retention: str = Field(default="details", max_length=16)
    erased_at: datetime | None = None


class Anchor(SQLModel, table=True):
    """The head over all cycles on a day: count and root hash, to be kept outside the database too.

    It speaks of the records up to the number `upto`, of no later one.
    """

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    cycles: int
    records: int
    upto: int
    head: str = Field(max_length=64)

    @property
    def code(self) -> str:
        """The whole anchor in a line that fits into a letter or behind a QR code."""
        return f"{self.upto}-{self.head}"


class Assessment(SQLModel, table=True):
    """A score sheet as handed in: the organisation's own or its superior's, with the explained result."""

    __table_args__ = (one_of("made_by", "self", "superior"), sa.Index("ix_assessment_cycle", "cycle_id", "round"))
    id: int | None = Field(default=None, primary_key=True)
    cycle_id: int = Field(foreign_key="cycle.id")
    round: str = Field(max_length=16)
    made_by: str = Field(max_length=16)
    scores: dict[str, str] = Field(default_factory=dict, sa_type=sa.JSON)
    base: Decimal = Field(sa_type=Exact)
    star: int
    total: Decimal | None = Field(default=None, sa_type=Exact)
    steps: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
    verification: str | None = Field(default=None, max_length=16)
    actor: str = Field(max_length=120)
    at: datetime


class Survey(SQLModel, table=True):
    """A filed survey of one round: counts only. The newest row of a round is the one that counts."""

    __table_args__ = (
        sa.CheckConstraint("members_present <= members", name="members_present"),
        sa.CheckConstraint(
            "members_present >= 0 AND own_unit >= 0 AND related_unit >= 0",
            name="counts",
        ),
        sa.Index("ix_survey_cycle", "cycle_id", "round"),
    )
    id: int | None = Field(default=None, primary_key=True)
    cycle_id: int = Field(foreign_key="cycle.id")
    round: str = Field(max_length=16)
    members: int  # the base of the quorum: members on the roster when the survey opened
    members_present: int
    own_unit: int = 0
    related_unit: int = 0
    answers: dict[str, int] = Field(
        default_factory=dict, sa_type=sa.JSON
    )  # each answer of the scheme's scale: how many
    held_on: date
    excused: bool = False
    at: datetime


class Star(SQLModel, table=True):
    """A star in force, from–until, with the decision behind it. One per organisation at a time."""

    __table_args__ = (
        only_one("uq_star_current", "organisation_id", where="until_on IS NULL"),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name="span"),
    )
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    star: int
    round: str = Field(max_length=16)
    cycle_id: int | None = Field(default=None, foreign_key="cycle.id")
    record_id: int | None = Field(default=None, foreign_key="record.id")
    from_on: date
    until_on: date | None = None
    decision: str = ""


# ── obligations: who owes which act by when ──────────────────────


class Obligation(SQLModel, table=True):
    """An open row is work somebody owes. An open stage has exactly one; each matter may have one."""

    __table_args__ = (
        only_one("uq_obligation_stage", "cycle_id", where="closed_at IS NULL AND matter_id IS NULL"),
        only_one("uq_obligation_matter", "matter_id", where="closed_at IS NULL AND matter_id IS NOT NULL"),
        _some("ix_obligation_rings", "rings_at", "id", where="closed_at IS NULL AND rings_at IS NOT NULL"),
        _some("ix_obligation_due", "due_at", where="closed_at IS NULL"),
        sa.CheckConstraint("(held_at IS NULL) = (held_reason IS NULL)", name="held"),
        sa.CheckConstraint("due_at IS NULL OR target_at IS NULL OR target_at <= due_at", name="target"),
    )
    id: int | None = Field(default=None, primary_key=True)
    cycle_id: int | None = Field(default=None, foreign_key="cycle.id", index=True)
    matter_id: int | None = Field(default=None, foreign_key="matter.id")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)  # whom it is about
    stage: str = Field(max_length=60)  # or the matter's kind
    visit: int = 1
    owner_role: str = Field(max_length=16)
    owner_id: int = Field(foreign_key="organisation.id", index=True)
    opened_at: datetime
    target_at: datetime | None = None
    due_at: datetime | None = None
    phase_due_at: datetime | None = None  # the due before a reviewer's own days: late days are charged from here
    grace_days: int = 0
    deadline_version: int = 1
    arithmetic: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    rings_at: datetime | None = None  # the next rung
    held_at: datetime | None = None
    held_reason: str | None = None
    held_days: int = 0
    closed_at: datetime | None = None


class Extension(SQLModel, table=True):
    """No due of this round falls before `until_on` for this organisation, or for its whole subtree."""

    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    round: str = Field(max_length=16)
    subtree: bool
    until_on: date
    reason: str
    actor: str = Field(max_length=120)
    at: datetime


class Notice(SQLModel, table=True):
    """One rung of one obligation for one recipient on one channel: the fact that makes it ring once."""

    __table_args__ = (
        sa.UniqueConstraint("key"),
        one_of("kind", "reminder", "escalation", "nudge", "event"),
        one_of("status", "queued", "sent", "suppressed", "expired", "vacant", "dead", "unsure"),
        _some("ix_notice_obligation", "obligation_id", where="obligation_id IS NOT NULL"),
        # neither what is unmerged nor what has left is looked for by its message
        _some(
            "ix_notice_message", "message_id", where="message_id IS NOT NULL AND status IN ('queued', 'dead', 'unsure')"
        ),
        _some("ix_notice_unmerged", "person_id", "channel", "id", where="status = 'queued' AND message_id IS NULL"),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=200)
    obligation_id: int | None = Field(default=None, foreign_key="obligation.id")
    cycle_id: int | None = Field(default=None, foreign_key="cycle.id", index=True)
    organisation_id: int = Field(foreign_key="organisation.id")  # whom it is about
    stage: str = Field(max_length=60)
    rung: str = Field(max_length=16)
    kind: str = Field(max_length=16)
    document: str | None = Field(default=None, max_length=40)
    deadline_version: int = 1
    recipient_role: str = Field(max_length=16)
    recipient_id: int = Field(foreign_key="organisation.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    channel: str = Field(max_length=16)
    text: str
    due_at: datetime  # when it should have rung
    created_at: datetime
    sent_at: datetime | None = None
    status: str = Field(default="queued", max_length=16)
    note: str = ""  # why suppressed, expired, vacant, dead or unsure
    message_id: int | None = Field(default=None, foreign_key="message.id")


class Message(SQLModel, table=True):
    """What leaves: the notices of one person and run, merged. The outbox of the relay.

    Its words are those of its notices and are kept there alone; `subject` says meanwhile what it is about.
    """

    __table_args__ = (
        sa.UniqueConstraint("key"),
        one_of("status", "queued", "claimed", "sent", "suppressed", "dead", "unsure"),
        _some("ix_message_next", "next_try_at", where="status IN ('queued', 'claimed')"),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=200)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    channel: str = Field(max_length=16)
    address: str = Field(max_length=300)  # where it went, or was last tried
    subject: str  # empty before it is first tried, and once it has been sent
    created_at: datetime
    status: str = Field(default="queued", max_length=16)
    attempts: int = 0
    next_try_at: datetime
    claimed_until: datetime | None = None
    claimed_by: str | None = Field(default=None, max_length=60)
    sent_at: datetime | None = None
    error: str | None = None


# ── meetings and quotas ──────────────────────────────────────────


class Meeting(SQLModel, table=True):
    """A sitting of the committee: a number, a date, and while it is open the list it decides."""

    __table_args__ = (sa.UniqueConstraint("campaign_id", "number"), one_of("status", "open", "closed"))
    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id")
    number: str = Field(max_length=80)
    held_on: date
    status: str = Field(default="open", max_length=8)
    opened_at: datetime
    closed_at: datetime | None = None


class MeetingItem(SQLModel, table=True):
    """What a meeting decided on one cycle."""

    __tablename__ = "meeting_item"
    __table_args__ = (
        one_of("outcome", "approved", "rejected"),
        sa.CheckConstraint("in_favour + against + abstained = present", name="votes"),
    )
    id: int | None = Field(default=None, primary_key=True)
    meeting_id: int = Field(foreign_key="meeting.id", index=True)
    cycle_id: int = Field(foreign_key="cycle.id", index=True)
    record_id: int = Field(foreign_key="record.id")
    outcome: str = Field(max_length=16)
    star: int
    reason: str = ""
    present: int | None = None  # the vote; without one all four are empty
    in_favour: int | None = None
    against: int | None = None
    abstained: int | None = None


class Excess(SQLModel, table=True):
    """The one recorded decision that lets a quota be exceeded, by how many and why."""

    __table_args__ = (sa.CheckConstraint("number > 0", name="number"),)
    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id", index=True)
    quota: str = Field(max_length=40)
    number: int
    reason: str
    actor: str = Field(max_length=120)
    at: datetime
    record_id: int | None = Field(default=None, foreign_key="record.id")


class Draw(SQLModel, table=True):
    """A draw between the tied of a quota: the commitment published beforehand, the seed told afterwards."""

    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "quota", "scope"),
        sa.CheckConstraint("(seed IS NULL) = (told_at IS NULL)", name="told"),
    )
    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id")
    quota: str = Field(max_length=40)
    scope: str = Field(default="all", max_length=80)
    commitment: str = Field(max_length=64)
    committed_at: datetime
    committed_by: str = Field(max_length=120)
    seed: str | None = Field(default=None, max_length=200)
    told_at: datetime | None = None
    told_by: str | None = Field(default=None, max_length=120)


# ── beside the stage ─────────────────────────────────────────────


class Matter(SQLModel, table=True):
    """Work beside the stage: plan, ledger item, key management, plaque, objection … with a stage of its own."""

    __table_args__ = (sa.Index("ix_matter_kind", "kind", "status"),)
    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=40)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    campaign_id: int | None = Field(default=None, foreign_key="campaign.id")
    cycle_id: int | None = Field(default=None, foreign_key="cycle.id", index=True)
    status: str = Field(max_length=40)
    version: int = 1
    data: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    opened_at: datetime
    closed_at: datetime | None = None


class MatterAct(SQLModel, table=True):
    """The history of a matter: append-only, one row per act."""

    __tablename__ = "matter_act"
    __table_args__ = (sa.UniqueConstraint("matter_id", "seq"), sa.UniqueConstraint("ask_key"))
    id: int | None = Field(default=None, primary_key=True)
    matter_id: int = Field(foreign_key="matter.id")
    seq: int
    act: str = Field(max_length=40)
    before: str = Field(max_length=40)
    after: str = Field(max_length=40)
    role: str = Field(max_length=16)
    actor: str = Field(max_length=120)
    at: datetime
    data: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    reason: str = ""
    ask_key: str | None = Field(default=None, max_length=120)


class Event(SQLModel, table=True):
    """An award, sanction or absence. Proposed by anybody, or by the system, counted only once a person has confirmed it."""

    __table_args__ = (one_of("status", "proposed", "confirmed", "withdrawn"),)
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    code: str = Field(max_length=40)
    level: str | None = Field(default=None, max_length=40)
    happened_on: date
    proof: str = ""
    case: str | None = Field(default=None, max_length=80)
    status: str = Field(default="proposed", max_length=16)
    notice_id: int | None = Field(default=None, foreign_key="notice.id")  # the escalation that proposed it
    proposed_by: str = Field(max_length=120)
    proposed_at: datetime
    decided_by: str | None = Field(default=None, max_length=120)
    decided_at: datetime | None = None
    reason: str = ""


class Election(SQLModel, table=True):
    """The register of elections (换届): one row per term of an organisation's committee."""

    __table_args__ = (
        one_of("extension", "none", "requested", "approved", "refused"),
        only_one("uq_election_current", "organisation_id", where="held_on IS NULL"),
    )
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    due_on: date
    held_on: date | None = None
    extension: str = Field(default="none", max_length=16)
    requested_on: date | None = None
    note: str = ""


def enumerated() -> tuple[str, ...]:
    """The names of all tables, in the order in which rows can be inserted."""
    return tuple(t.name for t in SQLModel.metadata.sorted_tables)
