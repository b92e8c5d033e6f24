"""P5, the committee's sitting: the ranked list with the line of every quota drawn in, what would be if it lay elsewhere, and the
decision on many at once with its exceptions, looked at before it counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from starflow.service import draws, meetings, twofold
from starflow.service.acting import Acting
from starflow.service.agenda import Agenda, AgendaLine, as_signed
from starflow.service.policy import POLICY
from starflow.service.twofold import Hand, Waiting
from starflow.web.accounts.proving import proven
from starflow.web.auth import require, signature
from starflow.web.pages.fields import Faults
from starflow.web.pages.posted import EMPTY, Form, Posted
from starflow.web.pages.shell import Look, Looking
from workflow.engine.errors import BadInput, Forbidden, Refused, StarflowError, Unknown
from workflow.rating.votes import Vote

router = APIRouter(include_in_schema=False)

WHY = "why."


@router.get("/meeting")
def meeting(
    look: Looking,
    places: Annotated[int | None, Query(alias="try", ge=0, le=10_000)] = None,
    wall: Annotated[bool, Query()] = False,
    asked: Annotated[int | None, Query()] = None,
) -> Response:
    """`try`: the line as if so many places were left; nothing is changed by looking."""
    require(look.caller, "read_meetings")
    if not look.seat.started:
        return look.page("empty.html")
    return _page(look, EMPTY, places=places, wall=wall, asked=asked)


@router.post("/meeting/preview")
def preview(look: Looking, form: Posted) -> Response:
    require(look.caller, "approve")
    agenda = meetings.agenda(look.desk)
    faults = tuple(_faults(look, form, agenda))
    if faults:
        return _page(look, form, faults, 400)
    ticked = set(form.every("code"))
    return look.page(
        "meeting_preview.html",
        form=form,
        vote=_vote(form),
        voted=VOTED,
        chosen=[row for row in agenda.rows if row.organisation in ticked],
        passed=[(row, form[f"{WHY}{row.organisation}"]) for row in agenda.rows if _passed_over(form, row, ticked)],
        seen=_fingerprint(agenda),
        two=POLICY.takes_two(look.desk, "approve"),
    )


@router.post("/meeting/decide")
def decide(look: Looking, form: Posted) -> Response:
    """One after the other through the door; what cannot be approved is named with its reason. In earnest it waits for another's
    signature.
    """
    require(look.caller, "approve")
    proven(look.caller)
    agenda = meetings.agenda(look.desk)
    faults = tuple(_faults(look, form, agenda))
    if form.get("seen") != _fingerprint(agenda):
        faults = (("list", look.say("名单在您预览之后有变动,请看过下面的最新名单再决定")),)
        return _page(look, form, faults, 409)
    if faults:
        return _page(look, form, faults, 400)
    ticked = set(form.every("code"))
    exceptions = {
        row.organisation: form[f"{WHY}{row.organisation}"] for row in agenda.rows if _passed_over(form, row, ticked)
    }
    codes = (*[row.organisation for row in agenda.rows if row.organisation in ticked], *exceptions)
    on, vote = date.fromisoformat(form["on"]), _vote(form)
    if POLICY.takes_two(look.desk, "approve"):
        payload = {"number": form["number"], "on": on.isoformat(), "codes": codes, "exceptions": exceptions}
        payload |= {"vote": asdict(vote)} if vote else {}
        signed = {"signed": as_signed(agenda, codes), "year": agenda.year}
        return _asked(look, form, "approve", payload | signed, look.say("会议%(number)s", number=form["number"]))
    try:
        batch = meetings.approve(
            look.desk, form["number"], acting=_acting(look), codes=codes, exceptions=exceptions, on=on, vote=vote
        )
    except (BadInput, Refused, Unknown, Forbidden) as refusal:
        return _page(look, form, tuple(("number", str(reason)) for reason in refusal.reasons), 422)
    return look.page("meeting_done.html", batch=batch)


@router.post("/meeting/excess")
def excess(look: Looking, form: Posted) -> Response:
    """A recorded decision to exceed a quota; the list is shown again with the line where it lies then."""
    require(look.caller, "approve")
    proven(look.caller)
    try:
        count = form.get("count", "")
        if not (count.isascii() and count.isdigit() and 0 < int(count) < 1000):
            raise BadInput("请写明超出几个(1至999)")
        acting, number, on = _acting(look), form.get("number", ""), _day(form.get("on", ""))
        if POLICY.takes_two(look.desk, "record_excess"):
            payload = {"number": number, "on": on.isoformat(), "level": form.get("level", ""), "count": int(count)}
            return _asked(look, form, "record_excess", payload, form.get("reason", ""))
        meetings.open_meeting(look.desk, number, on, acting=acting)
        meetings.excess(look.desk, number, form.get("level", ""), int(count), form.get("reason", ""), acting=acting)
    except StarflowError as refusal:
        return _page(look, form, tuple(("count", str(reason)) for reason in refusal.reasons), 422)
    return _page(look, form)


@router.post("/meeting/draw/commit")
def commit_draw(look: Looking, form: Posted) -> Response:
    """The commitment to a seed is published; it cannot be replaced."""
    return _drawn(look, form, "commitment", draws.commit_draw)


@router.post("/meeting/draw/tell")
def tell_seed(look: Looking, form: Posted) -> Response:
    """The seed is told, and with it the lots stand."""
    return _drawn(look, form, "seed", draws.tell_seed)


def _drawn(look: Look, form: Form, name: str, act: Callable[..., object]) -> Response:
    require(look.caller, "draw")
    proven(look.caller)
    actor, _ = signature(look.caller)
    try:
        quota, _, scope = form.get("drawn", "").partition("|")
        if not any((one.quota, one.scope) == (quota, scope) for one in draws.draw_boards(look.desk)):
            raise BadInput("没有这项抽签,请重新打开页面再办")
        act(look.desk, quota, form.get(name, ""), actor=actor, scope=scope)
    except (BadInput, Refused, Unknown) as refusal:
        faults = tuple((name, str(reason)) for reason in refusal.reasons)
        return _page(look, form, faults, 400 if isinstance(refusal, BadInput) else 422)
    return RedirectResponse("/meeting#draws", 303)


def _asked(look: Look, form: Form, act: str, payload: Mapping[str, object], reason: str) -> Response:
    """The first of two hands: it waits on this page for the other. Raises Forbidden, BadInput."""
    number = twofold.ask(look.desk, act, payload, hand=_hand(look), reason=reason)
    return RedirectResponse(f"/meeting?asked={number}", 303)


def _hand(look: Look) -> Hand:
    return Hand(principal=look.principal, session=look.caller.token)


def _waiting(look: Look) -> tuple[tuple[Waiting, tuple[str, ...]], ...]:
    """What one member has put on the table and another has not signed yet; and what has changed on it since."""
    if not POLICY.may(look.principal, "approve"):
        return ()
    found = [one for one in twofold.waiting(look.desk, _hand(look)) if one.act in ("approve", "record_excess")]
    return tuple((one, twofold.changed(look.desk, one.payload)) for one in found)


def _page(
    look: Look,
    form: Form,
    faults: Faults = (),
    status: int = 200,
    *,
    places: int | None = None,
    wall: bool = False,
    asked: int | None = None,
) -> Response:
    agenda = meetings.agenda(look.desk)
    return look.page(
        "meeting.html",
        status,
        agenda=agenda,
        lines=_lines(agenda, places),
        tried=places,
        form=form,
        voted=VOTED,
        ticked=set(form.every("code"))
        if "number" in form
        else {r.organisation for r in agenda.rows if r.within is not False},
        faults=faults,
        may=POLICY.may(look.principal, "approve"),
        draws=draws.draw_boards(look.desk),
        may_draw=POLICY.may(look.principal, "draw"),
        held=meetings.meeting_list(look.desk).rows,
        wall=wall,
        waiting=_waiting(look),
        names={row.organisation: row.name for row in agenda.rows},
        asked=asked,
    )


def _lines(agenda: Agenda, places: int | None) -> dict[str, str]:
    """After whom a line is drawn, and what it says: where the quota has it, or where it would lie with so many places."""
    found: dict[str, str] = {}
    for quota in agenda.quotas:
        title = quota.title or quota.quota
        if places is None:
            if quota.cut_after is not None:
                found[quota.cut_after] = f"{title}:还剩{quota.left}个"
            continue
        asking = [row.organisation for row in agenda.rows if row.within is not None]
        if 0 < places < len(asking):
            found[asking[places - 1]] = f"{title}:假如有{places}个"
    return found


def _passed_over(form: Form, row: AgendaLine, ticked: set[str]) -> bool:
    return row.organisation not in ticked and bool(form.get(f"{WHY}{row.organisation}"))


def _faults(look: Look, form: Form, agenda: Agenda) -> list[tuple[str, str]]:
    found = []
    if not form.get("number"):
        found.append(("number", look.say("请填写会议编号")))
    try:
        _day(form.get("on", ""))
    except BadInput as wrong:
        found.append(("on", str(wrong)))
    found += _vote_faults(look, form)
    listed = {row.organisation for row in agenda.rows}
    if not set(form.every("code")) & listed:
        found.append(("list", look.say("没有选中任何单位,请在名单里勾选要批准的")))
    return found


VOTED = (("present", "到会人数"), ("in_favour", "赞成"), ("against", "反对"), ("abstained", "弃权"))


def _vote_faults(look: Look, form: Form) -> list[tuple[str, str]]:
    """All four or none; numbers; and in their sum and their majority what is to be decided."""
    if not any(form.get(name) for name, _ in VOTED):
        return []
    wrong = [
        (name, look.say("请填写“%(what)s”的人数(0至9999),没有表决的四项都不填", what=look.say(label)))
        for name, label in VOTED
        if not (form.get(name, "").isascii() and form.get(name, "").isdigit() and len(form[name]) < 5)
    ]
    if wrong:
        return wrong
    vote = _vote(form)
    fault = vote.fault(approving=True) if vote else None
    return [("in_favour", str(fault))] if fault else []


def _vote(form: Form) -> Vote | None:
    """As it was typed and has been judged."""
    return Vote(**{name: int(form[name]) for name, _ in VOTED}) if form.get("present") else None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("请填写会议日期,例如2027-06-16") from None


def _fingerprint(agenda: Agenda) -> str:
    """Whether the list that is decided on is the list that was looked at."""
    return ";".join(f"{row.organisation}:{row.proposed_star}:{row.total}" for row in agenda.rows)


def _acting(look: Look) -> Acting:
    actor, person = signature(look.caller)
    return Acting(actor=actor, relations=frozenset({look.principal.role}), person=person)
