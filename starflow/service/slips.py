"""Supervision slips (三色督办单): blue near the limit, yellow behind, red overdue; issued, received, answered, closed.

A slip is a document about an obligation: it tells nobody to do anything that the obligation does not, and closing it ends no
obligation. What it adds is a number, a day for the answer, and a receipt.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from starflow.service.acting import Acting
from starflow.service.case import campaign_of, load_case
from starflow.service.desk import Desk
from starflow.service.shapes import FOR_PEOPLE, Page
from starflow.service.view import Filters, light_of, view_of
from storage import obligations, outbox, posts, queries, slips
from storage import organisations as tree
from storage.database import Transaction
from storage.paper_models import SupervisionSlip
from storage.slips import Issued
from workflow.engine.deadlines import due_date, local_date
from workflow.engine.errors import BadInput, Forbidden, Reason, Refused, Unknown

COLOURS: Mapping[str, str] = {"blue": "蓝", "yellow": "黄", "red": "红"}
ANSWER_WORKDAYS = {"blue": 5, "yellow": 3, "red": 2}
SAYS = {
    "blue": "临近期限,请抓紧办理",
    "yellow": "进度滞后,请说明原因并提出补救措施",
    "red": "已经逾期,请立即办理并书面说明原因、责任人和完成时间",
}
LONGEST = 2000
ISSUES = ("superior", "department", "committee")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipLine:
    """A slip as it stands: 已发, 已签收, 已反馈, 已办结."""

    id: int
    number: str
    colour: str
    organisation: str
    name: str
    owner_role: str
    owner: str
    stage: str
    status: str
    issued_at: datetime
    answer_by: date
    received_by: str | None
    received_at: datetime | None
    reply: str | None
    replied_at: datetime | None
    closed_at: datetime | None
    text: str = field(metadata=FOR_PEOPLE)
    finding: str = field(metadata=FOR_PEOPLE)
    owner_name: str = field(metadata=FOR_PEOPLE)
    stage_title: str = field(metadata=FOR_PEOPLE)
    issued_by: str = field(metadata=FOR_PEOPLE)


def issue_slip(
    desk: Desk, code: str, *, acting: Acting, colour: str | None = None, text: str = "", year: int | None = None
) -> SlipLine:
    """Issue a slip for the open stage of an organisation, in the colour of its light unless another is given.

    Once for each colour and piece of work. Raises Unknown, BadInput, Forbidden, Refused.
    """
    acting.role(ISSUES, "签发督办单", "R67")
    if len(text) > LONGEST:
        raise BadInput(f"督办内容最多{LONGEST}个字")
    with desk.transaction() as tx:
        case = load_case(desk, tx, code, year, lock=True)
        owed = obligations.open_stage(tx, case.cycle.id)
        if owed is None or owed.owner_role == "clock" or owed.id is None:
            raise Refused(f"{case.cycle.name}现在没有人欠办,不需要督办")
        colour = colour or _colour(desk, tx, case.cycle.id, case.cycle.year)
        if colour not in COLOURS:
            raise BadInput(f"督办单没有“{colour}”色,只有{'、'.join(COLOURS)}")
        if (before := slips.open_of(tx, owed.id, colour)) is not None:
            raise Refused(f"这件事已发过{COLOURS[colour]}色督办单(编号{before.id}),尚未办结")
        row = SupervisionSlip(
            campaign_id=case.cycle.campaign_id,
            colour=colour,
            seq=slips.next_seq(tx, case.cycle.campaign_id, colour),
            cycle_id=case.cycle.id,
            obligation_id=owed.id,
            owner_role=owed.owner_role,
            owner_id=owed.owner_id,
            stage=owed.stage,
            text=text.strip() or _words(case.cycle.name, case.stage.title, owed.due_at, case.zone, colour),
            answer_by=case.calendar.add_workdays(case.today, ANSWER_WORKDAYS[colour]),
            issued_by=acting.actor,
            issued_at=tx.now,
        )
        number = slips.put(tx, row)
        _tell(desk, tx, row, case.cycle.organisation_id, case.cycle.year)
        return _line(desk, tx, _known(tx, number))


def _colour(desk: Desk, tx: Transaction, cycle_id: int, year: int) -> str:
    view = view_of(desk, tx, Filters(year=year))
    light = str(light_of(view, None, queries.newest_stay(tx, cycle_id)))
    return light if light in COLOURS else "blue"


def _words(name: str, stage: str, due_at: datetime | None, zone: ZoneInfo, colour: str) -> str:
    on = due_date(due_at, zone) if due_at else None
    due = f"(截止{on.year}年{on.month}月{on.day}日)" if on else ""
    return f"{name}“{stage}”环节{due}{SAYS[colour]}。"


def _tell(desk: Desk, tx: Transaction, row: SupervisionSlip, organisation_id: int, campaign_year: int) -> None:
    person = posts.person_for(tx, row.owner_role, row.owner_id, local_date(tx.now, desk.settings.zone))
    said = f"{_number(campaign_year, row)}:{row.text}请于{row.answer_by}前签收并反馈"
    outbox.put(
        tx,
        [
            outbox.NewNotice(
                key=f"slip:{row.id}:{channel}",
                kind="nudge",
                organisation_id=organisation_id,
                stage=row.stage,
                rung="slip",
                recipient_role=row.owner_role,
                recipient_id=row.owner_id,
                person_id=person.id if person else None,
                channel=channel,
                text=said,
                due_at=tx.now,
                obligation_id=row.obligation_id,
                cycle_id=row.cycle_id,
                document="督办单",
            )
            for channel in desk.settings.channels
        ],
    )


def slip_list(
    desk: Desk, *, year: int | None = None, under: str | None = None, still_open: bool = False
) -> Page[SlipLine]:
    """The newest first. Raises Unknown (year, code)."""
    with desk.reading() as tx:
        campaign = campaign_of(tx, year)
        body = tree.by_code(tx, under) if under is not None else None
        if under is not None and body is None:
            raise Unknown(f"没有编码为“{under}”的党组织")
        assert campaign.id is not None
        found = slips.listed(tx, campaign_id=campaign.id, path=body.path if body else "", still_open=still_open)
        return Page(tuple(_line(desk, tx, one) for one in found))


def slip(desk: Desk, number: int) -> SlipLine:
    """Raises Unknown."""
    with desk.reading() as tx:
        return _line(desk, tx, _known(tx, number))


def receive_slip(desk: Desk, number: int, *, acting: Acting) -> SlipLine:
    """签收: whoever owes the work has it in hand. Raises Unknown, Forbidden, Refused."""
    with desk.transaction() as tx:
        found = _mine(tx, number, acting)
        if found.slip.received_at is not None:
            raise Refused(f"督办单{number}已由{found.slip.received_by}签收")
        found.slip.received_at, found.slip.received_by = tx.now, acting.actor
        slips.put(tx, found.slip)
        return _line(desk, tx, found)


def answer_slip(desk: Desk, number: int, reply: str, *, acting: Acting) -> SlipLine:
    """反馈; answering is receiving too. Raises Unknown, BadInput, Forbidden, Refused."""
    if not 0 < len(reply.strip()) <= LONGEST:
        raise BadInput(f"反馈须写明,最多{LONGEST}个字")
    with desk.transaction() as tx:
        found = _mine(tx, number, acting)
        if found.slip.replied_at is not None:
            raise Refused(f"督办单{number}已经反馈")
        if found.slip.received_at is None:
            found.slip.received_at, found.slip.received_by = tx.now, acting.actor
        found.slip.replied_at, found.slip.reply = tx.now, reply.strip()
        slips.put(tx, found.slip)
        return _line(desk, tx, found)


def close_slip(desk: Desk, number: int, finding: str, *, acting: Acting) -> SlipLine:
    """办结: whoever may issue slips has looked at the answer. Raises Unknown, Forbidden, Refused."""
    acting.role(ISSUES, "办结督办单", "R67")
    with desk.transaction() as tx:
        found = _known(tx, number, lock=True)
        if found.slip.closed_at is not None:
            raise Refused(f"督办单{number}已经办结")
        if found.slip.replied_at is None and not finding.strip():
            raise Refused(Reason(f"督办单{number}还没有反馈;未反馈而办结的,须写明理由", "R67"))
        found.slip.closed_at, found.slip.finding = tx.now, finding.strip()[:LONGEST]
        slips.put(tx, found.slip)
        return _line(desk, tx, found)


def _known(tx: Transaction, number: int, *, lock: bool = False) -> Issued:
    found = slips.by_id(tx, number, lock=lock)
    if found is None:
        raise Unknown(f"没有编号为{number}的督办单")
    return found


def _mine(tx: Transaction, number: int, acting: Acting) -> Issued:
    found = _known(tx, number, lock=True)
    if found.slip.owner_role not in acting.relations:
        raise Forbidden("督办单由承办的单位签收和反馈")
    if found.slip.closed_at is not None:
        raise Refused(f"督办单{number}已经办结")
    return found


def _number(year: int, row: SupervisionSlip) -> str:
    return f"督办〔{year}〕{COLOURS[row.colour]}{row.seq}号"


def _status(row: SupervisionSlip) -> str:
    if row.closed_at is not None:
        return "closed"
    if row.replied_at is not None:
        return "answered"
    return "received" if row.received_at is not None else "issued"


def _line(desk: Desk, tx: Transaction, one: Issued) -> SlipLine:
    row, zone = one.slip, desk.settings.zone
    assert row.id is not None
    campaign = campaign_of(tx, one.year)

    def local(at: datetime | None) -> datetime | None:
        return at.astimezone(zone) if at else None

    return SlipLine(
        id=row.id,
        number=_number(one.year, row),
        colour=row.colour,
        organisation=one.organisation.code,
        name=one.organisation.name,
        owner_role=row.owner_role,
        owner=one.owner.code,
        stage=row.stage,
        status=_status(row),
        issued_at=row.issued_at.astimezone(zone),
        answer_by=row.answer_by,
        received_by=row.received_by,
        received_at=local(row.received_at),
        reply=row.reply,
        replied_at=local(row.replied_at),
        closed_at=local(row.closed_at),
        text=row.text,
        finding=row.finding,
        owner_name=one.owner.name,
        stage_title=desk.scheme(tx, campaign.scheme_hash).stage_of(row.stage).title,
        issued_by=row.issued_by,
    )
