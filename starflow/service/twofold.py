"""What takes two people: asked for by one in one session, done when another confirms it in another session, or not at all.

ACTS is the closed list. Confirming judges anew: whoever confirms must hold a role that may, and what is done goes through the same
door as everything else, so that what has become impossible meanwhile is refused then, and the request stays open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from starflow.service import accounts, granting, meetings, proposals, roster_requests
from starflow.service.access import Principal
from starflow.service.acting import Acting
from starflow.service.agenda import as_signed
from starflow.service.case import load_case
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk
from starflow.service.policy import POLICY
from storage import grants, organisations
from storage.account_models import Twofold
from storage.database import Transaction
from workflow.engine.errors import BadInput, Forbidden, Reason, Refused, StarflowError, Unknown, WrongStage
from workflow.rating.votes import Vote

LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwofoldAct:
    """One thing that takes two: the rule that says who, and what is done at the end. Both must hold one of the rule's roles."""

    name: str
    title: str
    run: Callable[[Desk, Twofold, str], str]
    confirmers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Whoever asks or confirms: the role they sit in, and the session (or token) that they do it with."""

    principal: Principal
    session: str

    @property
    def person(self) -> str:
        """Raises Forbidden: a vacant post has no hand."""
        if self.principal.person is None:
            raise Forbidden("岗位空缺,没有人可以提出或复核")
        return self.principal.person


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A request that waits for its second hand."""

    number: int
    act: str
    title: str
    organisation: str
    payload: Mapping[str, Any]
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    mine: bool = False


def ask(
    desk: Desk, act: str, payload: Mapping[str, Any], *, hand: Hand, code: str | None = None, reason: str = ""
) -> int:
    """Raises Forbidden, Unknown, BadInput."""
    its = _act(act)
    POLICY.require(hand.principal, act)
    if not reason.strip():
        raise BadInput(f"{its.title}须写明理由")
    with desk.transaction() as tx:
        about = organisations.id_of(tx, code) if code else None
        return grants.ask(
            tx,
            Twofold(
                act=act,
                organisation_id=about,
                role=hand.principal.role,
                payload=dict(payload),
                reason=reason,
                asked_by=hand.person,
                asked_in=hand.session,
                asked_at=tx.now,
                expires_at=tx.now + LASTS,
            ),
        )


def confirm(desk: Desk, number: int, *, hand: Hand) -> str:
    """The second hand: done at once, in a sentence. Raises Unknown, Forbidden, WrongStage, and whatever the act itself refuses."""
    with desk.reading() as tx:
        asked = _open(tx, number)
    its = _act(asked.act)
    _other_hand(asked, hand, its)
    with desk.transaction() as tx:  # claimed first: two who confirm at once do it once
        _open(tx, number)
        if not grants.decide(tx, number, "done", by=hand.person, within=hand.session):
            raise WrongStage(f"第{number}号已有人处理")
    try:
        said = its.run(desk, asked, hand.person)
    except StarflowError:
        with desk.transaction() as tx:
            grants.reopen(tx, number)
        raise
    with desk.transaction() as tx:
        grants.note(tx, number, said)
    return said


def refuse(desk: Desk, number: int, *, hand: Hand, reason: str = "") -> None:
    """By another hand; whoever asked may take it back. Raises Unknown, Forbidden."""
    with desk.transaction() as tx:
        asked = _open(tx, number)
        if asked.asked_by == hand.person:
            grants.decide(tx, number, "withdrawn", by=None, within=None, said=reason)
            return
        _other_hand(asked, hand, _act(asked.act))
        grants.decide(tx, number, "refused", by=hand.person, within=hand.session, said=reason)


def waiting(desk: Desk, hand: Hand) -> tuple[Waiting, ...]:
    """What waits for a second hand and concerns whoever asks."""
    with desk.reading() as tx:
        rows = [one for one in grants.waiting(tx) if tx.now < one.expires_at]
        return tuple(_line(tx, one, hand) for one in rows if _concerns(one, hand))


def _concerns(one: Twofold, hand: Hand) -> bool:
    return one.asked_by == hand.principal.person or hand.principal.role in _act(one.act).confirmers


def _line(tx: Transaction, one: Twofold, hand: Hand) -> Waiting:
    assert one.id is not None  # it was read
    body = organisations.by_id(tx, one.organisation_id) if one.organisation_id is not None else None
    return Waiting(
        number=one.id,
        act=one.act,
        title=_act(one.act).title,
        organisation=body.code if body else "",
        payload=one.payload,
        reason=one.reason,
        asked_by=one.asked_by,
        asked_at=one.asked_at,
        expires_at=one.expires_at,
        mine=one.asked_by == hand.principal.person,
    )


def _open(tx: Transaction, number: int) -> Twofold:
    found = grants.asked(tx, number)
    if found is None:
        raise Unknown(f"没有第{number}号待复核事项")
    if found.outcome != "open" or tx.now >= found.expires_at:
        raise WrongStage(f"第{number}号已经处理或已过期")
    return found


def _other_hand(asked: Twofold, hand: Hand, its: TwofoldAct) -> None:
    if hand.principal.role not in its.confirmers:
        raise Forbidden(f"{its.title}由{'、'.join(its.confirmers)}复核")
    if asked.asked_by == hand.person:
        raise Forbidden("须由另一个人复核,提出的人自己不能复核")
    if asked.asked_in == hand.session:
        raise Forbidden("须在另一个登录里复核")


# ── what is done at the end ──────────────────────────────────────


def _grant(desk: Desk, asked: Twofold, second: str) -> str:
    return granting.give(desk, asked.payload, granted_by=asked.asked_by, confirmed_by=second)


def _forget(desk: Desk, asked: Twofold, second: str) -> str:
    """Not one's own: whoever asks and whoever confirms are two others."""
    login = str(asked.payload["login"])
    if accounts.account_of(desk, login).person.code in (asked.asked_by, second):
        raise Forbidden("不能重置自己的双重验证,请另外两位管理员办理")
    accounts.forget_second_factor(desk, login, by=f"{asked.asked_by}+{second}")
    return f"{login}的双重验证已重置,下次登录时重新启用"


def _withdraw(desk: Desk, asked: Twofold, second: str) -> str:
    """The account of somebody else than these two waits for a new activation link."""
    login = str(asked.payload["login"])
    if accounts.account_of(desk, login).person.code in (asked.asked_by, second):
        raise Forbidden("不能收回自己的密码,请另外两位管理员办理")
    accounts.withdraw_password(desk, login, by=f"{asked.asked_by}+{second}")
    return f"{login}的密码已收回,请另发激活链接"


def _adopt(desk: Desk, asked: Twofold, second: str) -> str:
    """A scheme as it was put forward, to the letter; a campaign may be opened on it from now on."""
    scheme = proposals.adopt(desk, str(asked.payload["text"]))
    return f"已采用{scheme.title}({scheme.name},{scheme.hash[:12]})"


def _force(desk: Desk, asked: Twofold, second: str) -> str:
    """A forced end of a cycle, or a committee's no, through the one door; both names stand in its reason."""
    payload = asked.payload
    impartial(desk, payload["code"], payload.get("year"), (asked.asked_by, second))
    fired = fire(
        desk,
        CycleAsk(
            code=payload["code"],
            trigger=asked.act,
            relations=frozenset({asked.role}),
            actor=asked.asked_by,
            person=asked.asked_by,
            payload=payload.get("payload", {}),
            reason=f"{asked.reason}({asked.asked_by}提出,{second}复核)",
            year=payload.get("year"),
            key=f"two:{asked.id}",
        ),
    )
    return f"{fired.code}:{fired.record.after}"


def impartial(desk: Desk, code: str, year: int | None, people: tuple[str, ...]) -> None:
    """Nobody signs about an organisation that is their own. Raises Forbidden."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code, year)
        for person in people:
            if grants.interest(tx, person, case.cycle.organisation_id, case.today):
                raise Forbidden(f"{person}在该组织任职或已申请回避,须由其他人办理")


def _take_in(desk: Desk, asked: Twofold, second: str) -> str:
    return roster_requests.take_in(desk, asked.payload, actor=asked.asked_by)


def _undo(desk: Desk, asked: Twofold, second: str) -> str:
    return roster_requests.undo(desk, asked.payload, actor=asked.asked_by)


def _approve(desk: Desk, asked: Twofold, second: str) -> str:
    """A sitting's decision on its list, as the first hand has signed it."""
    payload = asked.payload
    if moved := changed(desk, payload):
        raise Refused(Reason(f"名单在提出之后有变动:{';'.join(moved)}。请不同意这一号,按最新名单重新提出", "R24"))
    on = payload.get("on")
    batch = meetings.approve(
        desk,
        payload["number"],
        acting=Acting(actor=asked.asked_by, relations=frozenset({"committee"}), person=asked.asked_by),
        codes=tuple(payload.get("codes", ())),
        exceptions=dict(payload.get("exceptions", {})),
        on=datetime.fromisoformat(on).date() if on else None,
        year=payload.get("year"),
        second=second,
        vote=Vote(**payload["vote"]) if payload.get("vote") else None,
    )
    failed = "".join(f";{row.name}:{row.reasons[0]}" for row in batch.rows if row.outcome == meetings.REFUSED)
    return f"批准{batch.approved}家,暂缓{batch.deferred}家,未能批准{batch.refused}家({second}会签){failed}"


def changed(desk: Desk, payload: Mapping[str, Any]) -> tuple[str, ...]:
    """In what the list differs from the one that was signed first, a sentence each."""
    signed: Mapping[str, str] = payload.get("signed", {})
    now = as_signed(meetings.agenda(desk, payload.get("year")), signed)
    return tuple(
        f"{code}提出时{was},现在{now.get(code, '不在名单上')}" for code, was in signed.items() if now.get(code) != was
    )


def _excess(desk: Desk, asked: Twofold, second: str) -> str:
    """A recorded decision to exceed a quota."""
    payload = asked.payload
    acting = Acting(actor=asked.asked_by, relations=frozenset({"committee"}), person=asked.asked_by)
    number = payload["number"]
    meetings.open_meeting(desk, number, date.fromisoformat(payload["on"]), acting=acting)
    reason = f"{asked.reason}({asked.asked_by}提出,{second}会签)"
    done = meetings.excess(desk, number, payload["level"], payload["count"], reason, acting=acting)
    return f"已记录:{done.quota}超出{done.number}个({second}会签)"


ACTS = (
    TwofoldAct(name="grant_role", title="授予职务", run=_grant, confirmers=("admin",)),
    TwofoldAct(name="reset_totp", title="重置双重验证", run=_forget, confirmers=("admin",)),
    TwofoldAct(name="withdraw_password", title="收回密码", run=_withdraw, confirmers=("admin",)),
    TwofoldAct(name="adopt_scheme", title="采用方案", run=_adopt, confirmers=("admin",)),
    TwofoldAct(name="exempt", title="免评", run=_force, confirmers=("department", "committee")),
    TwofoldAct(name="close_unrated", title="终止评定", run=_force, confirmers=("department", "committee")),
    TwofoldAct(name="import_roster", title="导入名册", run=_take_in, confirmers=("admin",)),
    TwofoldAct(name="undo_roster", title="撤销导入名册", run=_undo, confirmers=("admin",)),
    TwofoldAct(name="reject", title="不予批准", run=_force, confirmers=("committee",)),
    TwofoldAct(name="approve", title="批准星级", run=_approve, confirmers=("committee",)),
    TwofoldAct(name="record_excess", title="超额决定", run=_excess, confirmers=("committee",)),
)


def _act(name: str) -> TwofoldAct:
    found = next((act for act in ACTS if act.name == name), None)
    if found is None:
        raise BadInput(f"“{name}”不须两人办理")
    return found


FORCED = tuple(act.name for act in ACTS if act.run is _force)
"""What is asked for with an act's own form; a list and an excess are signed at the meeting."""


def confirmers_of(name: str) -> tuple[str, ...]:
    """In which roles one may be the second hand. Raises BadInput."""
    return _act(name).confirmers
