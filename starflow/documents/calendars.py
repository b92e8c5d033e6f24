"""Calendar feeds (RFC 5545): a deadline is a whole day, because it ends at 24:00; what happens at an hour carries its time zone.

A UID names the work and never the date, so that a deadline that moves moves its entry in the reader's calendar.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from starflow.service import lists
from starflow.service.desk import Desk
from starflow.service.feeds import Scope
from starflow.service.shapes import ObligationLine
from starflow.service.view import Filters
from storage import feeds, installation
from workflow.engine.deadlines import due_date

NAMED = 20
REFRESH = "PT1H"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: a whole day, or with `at` an hour."""

    uid: str
    sequence: int
    title: str
    text: str
    on: date
    at: datetime | None = None


def feed(desk: Desk, scope: Scope) -> bytes:
    """The calendar of a person's own work, or of the work at or below an organisation, as it stands now."""
    rows = lists.obligations(desk, Filters(under=scope.organisation)).rows
    rows = tuple(row for row in rows if row.due_at is not None and row.owner.role != "clock")
    with desk.reading() as tx:
        versions = feeds.deadline_versions(tx, [row.id for row in rows])
        revision = feeds.revision(tx)
        known = installation.installation(tx)
        here = known.created_at.isoformat() if known else ""
    if scope.person is not None:
        rows = tuple(row for row in rows if row.owner.person == scope.person)
        entries: Iterable[Entry] = (one for row in rows for one in _own(row, versions[row.id], here))
    else:
        entries = _coordinated(rows, revision, here)
    return _written(entries, scope.title, desk.settings.zone, desk.clock.now())


def _own(row: ObligationLine, version: int, here: str) -> Iterator[Entry]:
    """The deadline, and before it the target where there is one."""
    assert row.due_at is not None
    uid = _uid(here, "obligation", row.id)
    title = f"{row.name}:{row.stage_title}截止"
    yield Entry(
        uid=uid, sequence=version - 1, title=title, text=_words(row), on=due_date(row.due_at, row.due_at.tzinfo)
    )
    if row.next_rung_at is not None:
        yield Entry(
            uid=_uid(here, "rung", row.id),
            sequence=version - 1,
            title=f"{row.name}:{row.stage_title}将自动提醒",
            text=f"{row.next_rung}",
            on=row.next_rung_at.date(),
            at=row.next_rung_at,
        )


def _coordinated(rows: Sequence[ObligationLine], revision: int, here: str) -> Iterator[Entry]:
    """One entry for each kind of work: how many still owe it, and by when the first of them must.

    Whatever changes such an entry is in the history, so the history's length is its sequence: it never falls, whoever is done.
    """
    groups = defaultdict[str, list[ObligationLine]](list)
    for row in rows:
        groups[row.stage].append(row)
    for stage, its in groups.items():
        first = min(row.due_at for row in its if row.due_at)
        names = "、".join(row.name for row in its[:NAMED]) + (f"等{len(its)}个" if len(its) > NAMED else "")
        yield Entry(
            uid=_uid(here, "stage", stage),
            sequence=revision,
            title=f"{len(its)}个党组织未办结:{its[0].stage_title}",
            text=names,
            on=due_date(first, first.tzinfo),
        )


def _words(row: ObligationLine) -> str:
    target = f"目标:{due_date(row.target_at, row.target_at.tzinfo)};" if row.target_at else ""
    assert row.due_at is not None
    return f"{target}截止:{due_date(row.due_at, row.due_at.tzinfo)} 24:00;承办:{row.owner.organisation_name}"


def _uid(here: str, kind: str, which: object) -> str:
    return f"{kind}-{hashlib.sha256(f'{here}|{kind}|{which}'.encode()).hexdigest()[:24]}@starflow"


def _written(entries: Iterable[Entry], title: str, zone: ZoneInfo, now: datetime) -> bytes:
    calendar = Calendar()
    for name, value in (
        ("prodid", "-//starflow//zh-CN"),
        ("version", "2.0"),
        ("calscale", "GREGORIAN"),
        ("method", "PUBLISH"),
        ("x-wr-calname", title),
        ("x-wr-timezone", zone.key),
        ("x-published-ttl", REFRESH),
    ):
        calendar.add(name, value)
    for entry in sorted(entries, key=lambda one: (one.on, one.uid)):
        calendar.add_component(_event(entry, zone, now))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(entry: Entry, zone: ZoneInfo, now: datetime) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", now)
    event.add("sequence", entry.sequence)
    event.add("summary", entry.title)
    event.add("description", entry.text)
    if entry.at is None:
        event.add("dtstart", entry.on)
        event.add("dtend", entry.on + timedelta(days=1))  # the end of a day is the beginning of the next
        event.add("transp", "TRANSPARENT")
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", entry.title)
        alarm.add("trigger", timedelta(hours=-15))  # 09:00 of the day before
        event.add_component(alarm)
    else:
        event.add("dtstart", entry.at.astimezone(zone))
        event.add("dtend", entry.at.astimezone(zone) + HOUR)
    return event
