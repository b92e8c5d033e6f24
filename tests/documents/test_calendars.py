"""Calendar feeds: read by two parsers alike, entries that keep their name when a deadline moves, addresses that can be revoked."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
import vobject
from icalendar import Calendar

from starflow.documents.calendars import feed
from starflow.service.feeds import Scope, feed_list, issue_feed, revoke_feed, scope_of
from starflow.service.obligations import extend
from starflow.web.app import create_app
from tests.service.town import Town, town_of
from workflow.engine.errors import BadInput, Refused, Unknown

EVERYBODY = Scope(person=None, organisation="GW", title="市直工委")
ONE = Scope(person="P3", organisation=None, title="书记01")


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with town_of(database_url) as found:
        yield found


def by_icalendar(content: bytes) -> dict[str, tuple[str, Any, int]]:
    found = Calendar.from_ical(content)
    assert found.errors == []
    events = list(found.walk("VEVENT"))
    return {str(one["uid"]): (str(one["summary"]), one["dtstart"].dt, int(one["sequence"])) for one in events}


def by_vobject(content: bytes) -> dict[str, tuple[str, Any, int]]:
    found = vobject.readOne(content.decode())
    found.validate(raiseException=True)
    events = found.vevent_list
    return {one.uid.value: (one.summary.value, one.dtstart.value, int(one.sequence.value)) for one in events}


def fetched(town: Town, path: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(town.desk))
        async with httpx.AsyncClient(transport=transport, base_url="https://testserver") as client:
            return await client.get(path)

    return asyncio.run(asked())


def test_two_parsers_read_the_same_entries(town: Town) -> None:
    person = person_of(town, "D01")
    for scope in (EVERYBODY, Scope(person=person, organisation=None, title="x")):
        content = feed(town.desk, scope)
        ours, theirs = by_icalendar(content), by_vobject(content)

        def plain(found: dict[str, tuple[str, Any, int]]) -> dict[str, tuple[str, str, int]]:
            return {uid: (title, at.isoformat(), n) for uid, (title, at, n) in found.items()}

        assert plain(ours) == plain(theirs) and ours
        assert all(len(line) <= 75 for line in content.split(b"\r\n"))


def person_of(town: Town, code: str) -> str:
    from starflow.service.lists import obligations
    from starflow.service.view import Filters

    return str(obligations(town.desk, Filters(under=code)).rows[0].owner.person)


def test_a_coordinator_sees_how_many_owe_what_by_when(town: Town) -> None:
    titles = {title: day for title, day, _ in by_icalendar(feed(town.desk, EVERYBODY)).values()}

    assert titles["10个党组织未办结:申报"] == date(2027, 6, 5)


def test_a_deadline_that_moves_moves_its_entry_and_keeps_its_name(town: Town) -> None:
    scope = Scope(person=person_of(town, "D01"), organisation=None, title="x")
    before = by_icalendar(feed(town.desk, scope))
    extend(town.desk, "D01", date(2027, 6, 20), "汛期", actor="P1", subtree=False, year=2027)
    after = by_icalendar(feed(town.desk, scope))

    due = {uid: value for uid, value in before.items() if "截止" in value[0]}
    assert set(due) <= set(after)
    ((uid, (title, day, sequence)),) = due.items()
    assert after[uid] == (title, date(2027, 6, 20), sequence + 1)
    assert day == date(2027, 6, 5)


def test_the_sequence_of_a_coordinators_entry_never_falls_when_somebody_is_done(town: Town) -> None:
    """A calendar takes an entry of a lower sequence for an old one, and goes on showing the former number."""

    def entry() -> tuple[str, int]:
        (found,) = [
            (title, n) for title, _, n in by_icalendar(feed(town.desk, EVERYBODY)).values() if "未办结:申报" in title
        ]
        return found

    title, first = entry()
    town.fire("D01", "declare", {"head": "书记", "members_due": 10, "target_star": 4})
    extend(town.desk, "D02", date(2027, 6, 20), "汛期", actor="P1", subtree=False, year=2027)
    town.fire("D02", "declare", {"head": "书记", "members_due": 10, "target_star": 4})
    later, second = entry()

    assert (title, later) == ("10个党组织未办结:申报", "8个党组织未办结:申报")
    assert second > first


def test_an_hour_carries_its_zone_and_a_day_none(town: Town) -> None:
    content = feed(town.desk, Scope(person=person_of(town, "D01"), organisation=None, title="x"))

    assert b"DTSTART;VALUE=DATE:20270605\r\nDTEND;VALUE=DATE:20270606" in content
    assert b"DTSTART;TZID=Asia/Shanghai:" in content and b"BEGIN:VTIMEZONE" in content
    hours = [at for _, at, _ in by_icalendar(content).values() if type(at) is not date]
    assert {(at.hour, at.utcoffset()) for at in hours} == {(9, timedelta(hours=8))}


def test_an_address_is_given_once_read_by_anybody_and_revoked(town: Town) -> None:
    plain = issue_feed(town.desk, person=None, under="GW", actor="P1")
    read = fetched(town, f"/calendar/{plain}.ics")
    assert (read.status_code, read.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert "未办结" in read.text.replace("\r\n ", "")

    number = feed_list(town.desk).rows[0].id
    revoke_feed(town.desk, number)
    gone, never = fetched(town, f"/calendar/{plain}.ics"), fetched(town, "/calendar/nonsense.ics")

    assert (gone.status_code, never.status_code) == (404, 404)
    with pytest.raises(Refused, match="已经停用"):
        revoke_feed(town.desk, number)
    with pytest.raises(Unknown, match="没有这个日历,或已停用"):
        scope_of(town.desk, plain)
    with pytest.raises(BadInput, match="只写其一"):
        issue_feed(town.desk, person=None, under=None, actor="P1")
