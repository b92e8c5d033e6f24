"""An import undone as a whole: all of it or nothing, and never by unwriting a record.

People, events, elections and the roster are put back as they stood, unless somebody has changed them since. What has become a
record goes back by a new act that the procedure has; where it has none, `LASTING` says so and what can be done instead.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from starflow.service import roster
from starflow.service.acting import Acting
from starflow.service.case import campaign_of
from starflow.service.cycles import CycleAsk, fire_in
from starflow.service.desk import Desk
from starflow.service.events import withdraw_event_in
from starflow.service.imports import ROSTER, Actings, ImportLine, Values, line_of
from starflow.service.organisations import Holder, appoint_in, holder_in, vacate_in
from storage import cycles, imports, organisations, records
from storage.database import Transaction
from storage.paper_models import Import
from workflow.engine.deadlines import local_date
from workflow.engine.errors import Refused, StarflowError, Unknown
from workflow.rating.stages import TITLES


def undo_import(desk: Desk, number: int, *, actings: Actings, actor: str) -> ImportLine:
    """Put back what an import did, all of it or nothing. Raises Unknown, and Refused where something has moved on since."""
    with _undoing(desk, number, actor) as (tx, found):
        if found.kind == ROSTER:
            raise Refused(f"导入{number}是名册,不是表格")
        if refusals := list(_put_back(desk, tx, found, actings)):
            raise Refused(*refusals)
    return line_of(desk, found)


def undo_roster(desk: Desk, number: int, *, actor: str) -> ImportLine:
    """The roster as it stood before an import, all of it or nothing. Raises Unknown, Refused."""
    with _undoing(desk, number, actor) as (tx, found):
        if found.kind != ROSTER:
            raise Refused(f"导入{number}不是名册")
        roster.put_back(tx, found.undo, local_date(tx.now, desk.settings.zone))
    return line_of(desk, found)


def kind_of(desk: Desk, number: int) -> str:
    """What was taken in under this number. Raises Unknown."""
    with desk.reading() as tx:
        found = imports.by_id(tx, number)
        if found is None:
            raise Unknown(f"没有编号为{number}的导入")
        return found.kind


@contextmanager
def _undoing(desk: Desk, number: int, actor: str) -> Iterator[tuple[Transaction, Import]]:
    with desk.transaction() as tx:
        organisations.lock(tx)
        found = imports.by_id(tx, number, lock=True)
        if found is None:
            raise Unknown(f"没有编号为{number}的导入")
        if found.undone_at is not None:
            raise Refused(f"导入{number}已于{found.undone_at.astimezone(desk.settings.zone):%Y-%m-%d %H:%M}撤销")
        yield tx, found
        imports.undone(tx, found, actor)


def _put_back(desk: Desk, tx: Transaction, found: Import, actings: Actings) -> Iterable[str]:
    """The last row first; what is refused, in words: every organisation is named, and what they share is said once."""
    back = BACK[found.kind]
    refused: dict[str, list[str]] = {}
    for one in reversed(found.undo):
        try:
            with tx.session.begin_nested():
                back(desk, tx, one, actings(one["code"]), f"撤销导入{found.id}")
        except StarflowError as refusal:
            why = str((refusal.reasons or (refusal.message,))[0])
            refused.setdefault(why, []).insert(0, f"第{one['row']}行 {one['code']}")
    return [f"{'、'.join(places)}:{why}" for why, places in refused.items()]


def _person_back(desk: Desk, tx: Transaction, one: Values, acting: Acting, reason: str) -> None:
    acting.role(("department", "superior"), "任免岗位", "R64")
    today = local_date(tx.now, desk.settings.zone)
    held = holder_in(tx, one["code"], one["role"], today)
    now = {"name": held.name, "phone": held.phone, "email": held.email} if held else None
    if now != one["after"]:
        raise Refused(f"该岗位在导入以后又有变动,现在是{held.name if held else '空缺'}")
    if one["before"] is None:
        vacate_in(desk, tx, one["code"], one["role"])
    else:
        appoint_in(desk, tx, one["code"], one["role"], Holder(**one["before"]))


def _event_back(desk: Desk, tx: Transaction, one: Values, acting: Acting, reason: str) -> None:
    for event_id in one["events"]:
        withdraw_event_in(desk, tx, event_id, reason, acting=acting)


def _election_back(desk: Desk, tx: Transaction, one: Values, acting: Acting, reason: str) -> None:
    acting.role(("department", "superior"), "登记换届", "R42")
    body = organisations.id_of(tx, one["code"])
    if imports.terms_of(tx, body) != one["after"]:
        raise Refused("换届登记在导入以后又有变动")
    imports.restore_terms(tx, body, one["before"])


def _act_back(desk: Desk, tx: Transaction, one: Values, acting: Acting, reason: str) -> None:
    """By the way that the procedure has; a history is never unwritten."""
    campaign = campaign_of(tx, one["year"])
    assert campaign.id is not None
    cycle = cycles.find(tx, campaign.id, one["code"], lock=True)
    if cycle is None or cycle.version != one["seq"]:
        raise Refused(f"导入以后又办理过{_since(desk, tx, cycle)}")
    trigger = WAY_BACK.get(one["trigger"])
    if trigger is None:
        raise Refused(LASTING[one["trigger"]])
    ask = CycleAsk(
        code=one["code"],
        trigger=trigger,
        relations=acting.relations,
        actor=acting.actor,
        person=acting.person,
        reason=reason,
        year=one["year"],
    )
    fire_in(desk, tx, ask)


def _since(desk: Desk, tx: Transaction, cycle: cycles.CycleRow | None) -> str:
    """What was done last, so that the clerk sees from where it can be corrected."""
    if cycle is None or cycle.id is None:
        return ""
    last = records.newest(tx, cycle.id)
    act, on = TITLES.get(last.trigger, last.trigger), local_date(last.at, desk.settings.zone)
    return f",最近一次是{on.month}月{on.day}日“{act}”;只能从现在的环节按办理程序退回"


KEPT = "已写入流转记录,流转记录只能续写、不能改写,更正须是办理程序里有的退回;这一步办理程序里没有退回的动作"
LASTING: Mapping[str, str] = {
    "declare": f"{KEPT};目标星级只是申报的意愿,自评和考评按实际评分定",
    "submit_self_evaluation": f"{KEPT};测评备案以后,本组织可以撤回(withdraw),上级可以退回自评(send_back)",
    "post_notice": f"{KEPT},贴出去的公示也收不回;公示有误的,发更正后的新版本(starflow notice correct)",
    "keep_star": f"{KEPT};结果有误的,公示期间提出异议,核实成立的退回考评",
}
"""What cannot be taken back, why, and what can be done instead."""
LASTING_BOOKS = ("declarations", "self_evaluations", "postings")
"""The books all of whose rows are such acts: said before they are taken in, not only when somebody wants them back."""
WAY_BACK: Mapping[str, str] = {"file_survey": "withdraw", "propose_star": "send_back"}
BACK: Mapping[str, Callable[[Desk, Transaction, Values, Acting, str], None]] = {
    "people": _person_back,
    "events": _event_back,
    "elections": _election_back,
    **dict.fromkeys(("declarations", "self_evaluations", "ballots", "reviews", "postings"), _act_back),
}
