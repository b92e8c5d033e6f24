"""The shapes of lists: frozen rows whose fields are the keys of the contract's JSON, in its order, and the one way to it.

Instants stand in the scheme's zone. What a row carries besides, for tables and pages that people read, is marked FOR_PEOPLE.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from workflow.engine.deadlines import Light

Row = TypeVar("Row")
KEY, FOR_PEOPLE = "key", {"key": ""}


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of a list; `next` continues it where it was cut."""

    rows: tuple[Row, ...]
    next: str | None = None

    def as_json(self) -> dict[str, Any]:
        rows = {"rows": [plain(row) for row in self.rows]}
        return rows if self.next is None else rows | {"next": self.next}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A post: whoever holds it today, `person` being a person's code and empty where nobody does."""

    role: str
    organisation: str
    person: str | None
    organisation_name: str = field(metadata=FOR_PEOPLE)
    person_name: str | None = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """An open stage: who owes what since when, what is still missing, who is told next."""

    organisation: str
    name: str
    year: int
    stage: str
    owner: Owner
    since: datetime
    target_at: datetime | None
    due_at: datetime | None
    days_overdue: int
    light: Light
    missing: tuple[str, ...]
    last_reminder_at: datetime | None
    escalates_at: datetime | None
    escalates_to: tuple[Owner, ...]
    stage_title: str = field(metadata=FOR_PEOPLE)
    vacant: bool = field(metadata=FOR_PEOPLE)
    held: bool = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleLine:
    """One organisation's year; at rest nobody owes anything, and the light is that of the last stay."""

    organisation: str
    name: str
    round: str | None
    stage: str
    light: Light
    owner: Owner | None
    due_at: datetime | None
    proposed_star: int | None
    star: int | None
    stage_title: str = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationLine:
    """Work that somebody owes; `stage` is a matter's kind where it is not a stage's."""

    id: int
    organisation: str
    stage: str
    owner: Owner
    target_at: datetime | None
    due_at: datetime | None
    light: Light
    next_rung: str | None
    next_rung_at: datetime | None
    name: str = field(metadata=FOR_PEOPLE)
    stage_title: str = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """One thing said, or to be said, to one post on one channel."""

    key: str
    organisation: str
    stage: str
    rung: str
    kind: str
    recipient: Owner
    channel: str
    due_at: datetime
    sent_at: datetime | None
    status: str
    name: str = field(metadata=FOR_PEOPLE)
    stage_title: str = field(metadata=FOR_PEOPLE)
    document: str | None = field(metadata=FOR_PEOPLE)
    text: str = field(metadata=FOR_PEOPLE)
    note: str = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StarLine:
    """A star in force from a day on, until the day from which another one is."""

    organisation: str
    star: int
    round: str
    from_on: date = field(metadata={KEY: "from"})
    until_on: date | None = field(metadata={KEY: "until"})
    decision: str
    name: str = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLine:
    """A year, the scheme that it runs under, and how many organisations it rates."""

    year: int
    status: str
    scheme: str
    scheme_hash: str
    rated: int
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """A record; `reason` is empty where none was given, and where it has been erased."""

    seq: int
    at: datetime
    trigger: str
    before: str | None
    after: str
    actor: str
    role: str
    reason: str | None
    hash: str
    previous_hash: str
    late_days: int = field(metadata=FOR_PEOPLE)
    late_stage: str | None = field(metadata=FOR_PEOPLE)


def plain(value: Any) -> Any:
    """As JSON has it: a row as an object without what is only for people, instants and dates as ISO 8601."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if is_dataclass(value):
        named = ((f.metadata.get(KEY, f.name), f.name) for f in fields(value))
        return {key: plain(getattr(value, name)) for key, name in named if key}
    return str(value) if isinstance(value, Light) else value
