"""The register of sittings: a number, a date, open until it is closed; and what is left for the next one (R24)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starflow.service.acting import Acting
from starflow.service.agenda import deferred, waiting
from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.shapes import Page
from starflow.service.shapes import plain as in_json
from storage import meetings
from storage.database import Transaction
from storage.meetings import Sat
from storage.models import Campaign, Meeting
from workflow.engine.errors import BadInput, Reason, Refused, Unknown

LONGEST = 80
PREPARES = ("committee", "department")
"""The committee decides; its department enters a sitting and closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteLine:
    """One vote of a sitting, and on whom it was taken."""

    outcome: str
    organisations: tuple[str, ...]
    present: int
    in_favour: int
    against: int
    abstained: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingLine:
    """A sitting and how much it has decided so far."""

    number: str
    held_on: date
    year: int
    status: str
    opened_at: datetime
    closed_at: datetime | None
    approved: int
    rejected: int
    votes: tuple[VoteLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """An organisation that waits for the next sitting, and why it was passed over, if this one said so."""

    organisation: str
    name: str
    proposed_star: int | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed sitting: how much it decided, and who still waits."""

    number: str
    held_on: date
    approved: int
    rejected: int
    rows: tuple[Undecided, ...]

    def as_json(self) -> dict[str, Any]:
        shape: dict[str, Any] = in_json(self)
        return shape


def meeting_list(desk: Desk, year: int | None = None) -> Page[MeetingLine]:
    """All sittings of a year, by date. Raises Unknown (year)."""
    with desk.reading() as tx:
        campaign = campaign_of(tx, year)
        return Page(_lines(desk, tx, campaign))


def open_meeting(desk: Desk, number: str, held_on: date, *, acting: Acting, year: int | None = None) -> MeetingLine:
    """Enter a sitting; one that is entered already, with this date, stays as it is. Raises Forbidden, BadInput, Refused."""
    with desk.transaction() as tx:
        campaign, meeting = enter_sitting(tx, number, held_on, acting, year)
        return next(line for line in _lines(desk, tx, campaign) if line.number == meeting.number)


def enter_sitting(
    tx: Transaction, number: str, held_on: date, acting: Acting, year: int | None
) -> tuple[Campaign, Meeting]:
    """Within a transaction, so that a decision refused for the whole sitting leaves no sitting behind."""
    acting.role(PREPARES, "登记会议", "R24")
    number = number.strip()
    if not 0 < len(number) <= LONGEST:
        raise BadInput(f"会议编号须有1至{LONGEST}个字")
    campaign = campaign_of(tx, year)
    assert campaign.id is not None
    meeting = meetings.sitting(tx, campaign.id, number, held_on)
    if meeting.held_on != held_on:
        raise Refused(Reason(f"会议{number}已经登记,日期是{meeting.held_on},不是{held_on}", "R24"))
    _still_open(meeting)
    return campaign, meeting


def close_meeting(desk: Desk, number: str, *, acting: Acting, year: int | None = None) -> Closed:
    """No more decisions of this sitting; whoever is left waits for the next. Raises Unknown, Forbidden, Refused."""
    acting.role(PREPARES, "闭会", "R24")
    with desk.transaction() as tx:
        campaign, meeting = open_sitting(tx, number, year, lock=True)
        assert meeting.id is not None
        outcomes = Counter(one.outcome for one in meetings.decided(tx, meeting.id))
        meetings.close(tx, meeting.id)
        return Closed(
            number=number,
            held_on=meeting.held_on,
            approved=outcomes["approved"],
            rejected=outcomes["rejected"],
            rows=tuple(
                Undecided(organisation=c.code, name=c.name, proposed_star=c.proposed, reason=deferred(tx, c.id))
                for c in waiting(tx, campaign, desk.scheme(tx, campaign.scheme_hash))
            ),
        )


def open_sitting(tx: Transaction, number: str, year: int | None, *, lock: bool = False) -> tuple[Campaign, Meeting]:
    """A sitting that may still decide, with its year. Raises Unknown, Refused."""
    campaign = campaign_of(tx, year)
    assert campaign.id is not None
    meeting = meetings.by_number(tx, campaign.id, number, lock=lock)
    if meeting is None:
        raise Unknown(f"{campaign.year}年度没有编号为“{number}”的会议,请先登记(meeting open)")
    _still_open(meeting)
    return campaign, meeting


def _still_open(meeting: Meeting) -> None:
    if meeting.status == "closed":
        raise Refused(Reason(f"会议{meeting.number}已经闭会,不能再加决定", "R24"))


def _lines(desk: Desk, tx: Transaction, campaign: Campaign) -> tuple[MeetingLine, ...]:
    assert campaign.id is not None
    zone = desk.scheme(tx, campaign.scheme_hash).zone
    taken: dict[int, list[VoteLine]] = {}
    for (meeting_id, outcome, counted), codes in meetings.votes_of(tx, campaign.id).items():
        taken.setdefault(meeting_id, []).append(VoteLine(outcome=outcome, organisations=codes, **asdict(counted)))
    return tuple(
        _line(sat, campaign.year, zone, taken.get(sat.id, ())) for sat in meetings.of_campaign(tx, campaign.id)
    )


def _line(sat: Sat, year: int, zone: ZoneInfo, votes: Iterable[VoteLine]) -> MeetingLine:
    return MeetingLine(
        number=sat.number,
        held_on=sat.held_on,
        year=year,
        status=sat.status,
        opened_at=sat.opened_at.astimezone(zone),
        closed_at=sat.closed_at.astimezone(zone) if sat.closed_at else None,
        approved=sat.approved,
        rejected=sat.rejected,
        votes=tuple(votes),
    )
