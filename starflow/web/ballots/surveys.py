"""The secretary's page of a survey: set up, print, watch in steps, close, sign for, file. It never names who has voted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, UploadFile

from starflow.service import polls
from starflow.service.acting import Acting
from starflow.service.answers import answer_of
from starflow.service.case import Case
from starflow.service.cycles import CycleAsk, fire
from starflow.service.poll_views import live, result
from starflow.service.polls import Invited, NewPoll
from starflow.service.uploads import MOST_BYTES, Upload
from starflow.web.auth import Caller, Viewer, relations, seen_case, signature
from starflow.web.ballots.showing import Fields, placed, small
from starflow.web.ballots.slips import slip_page
from starflow.web.forms import Posted, csrf_field
from starflow.web.replies import Year
from workflow.engine.errors import BadInput, Forbidden, StarflowError, Unknown
from workflow.rating.scheme import Scheme
from workflow.rating.stages import KIND
from workflow.rating.survey import needed
from workflow.rating.voting import ELECTORATES
from workflow.rating.wording import percent

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Seat:
    """Whoever looks at a survey: the case that exists for them, and in which relations they stand to it."""

    caller: Caller
    case: Case
    held: frozenset[str]

    @property
    def acting(self) -> Acting:
        actor, person = signature(self.caller)
        return Acting(actor=actor, relations=self.held, person=person)


def seat_of(caller: Caller, code: str, year: int | None) -> Seat:
    with caller.desk.reading() as tx:
        case = seen_case(caller.desk, tx, caller.principal, code, year)
        return Seat(caller, case, relations(tx, caller.principal, case))


@router.get("/survey/{code}")
def show(request: Request, caller: Viewer, code: str, year: Year = None) -> Response:
    try:
        return _page(request, seat_of(caller, code, year))
    except StarflowError as refusal:
        return _refused(request, refusal)


@router.post("/survey/{code}/{act}")
def act(request: Request, caller: Viewer, form: Posted, code: str, act: str, year: Year = None) -> Response:
    """Each act by its name; what is refused comes back with everything that was typed."""
    done = ACTS.get(act)
    try:
        seat = seat_of(caller, code, year)
        if done is None:
            raise Unknown(f"没有“{act}”这一步")
        answer = done(seat, form)
    except StarflowError as refusal:
        try:
            return _page(request, seat_of(caller, code, year), refusal, form, act if act in ACTS else "")
        except StarflowError:
            return _refused(request, refusal)
    return answer or Response(
        status_code=303, headers={"location": f"/survey/{code}" + (f"?year={year}" if year else "")}
    )


# ── what can be done ─────────────────────────────────────────────


def _open(seat: Seat, form: FormData) -> None:
    if typed_text(form, "certified") != "yes":
        raise BadInput("请先核对名册上的党员数,并勾选确认")
    mode = typed_text(form, "mode")
    wanted = NewPoll(
        mode=mode,
        closes_at=_instant(form, "closes_at", seat.case),
        own_unit=_number(form, "own_unit", "本单位群众"),
        related_unit=_number(form, "related_unit", "联系单位群众"),
        people=_people(typed_text(form, "people")) if mode == "links" else (),
    )
    polls.open_poll(seat.caller.desk, seat.case.cycle.code, wanted, acting=seat.acting, year=seat.case.cycle.year)


def _slips(seat: Seat, form: FormData) -> Response:
    desk, cycle = seat.caller.desk, seat.case.cycle
    sheets = polls.issue_slips(desk, cycle.code, acting=seat.acting, year=cycle.year)
    return Response(slip_page(desk, cycle.code, cycle.year, sheets, linked=True), 200, media_type="text/html")


def _extend(seat: Seat, form: FormData) -> None:
    until = _instant(form, "until", seat.case)
    cycle = seat.case.cycle
    polls.extend_poll(
        seat.caller.desk, cycle.code, until, typed_text(form, "reason"), acting=seat.acting, year=cycle.year
    )


def _remind(seat: Seat, form: FormData) -> None:
    polls.remind(seat.caller.desk, seat.case.cycle.code, acting=seat.acting, year=seat.case.cycle.year)


def _close(seat: Seat, form: FormData) -> None:
    if typed_text(form, "sure") != "yes":
        raise BadInput("提前截止不能恢复:请勾选确认")
    polls.close_poll(seat.caller.desk, seat.case.cycle.code, acting=seat.acting, year=seat.case.cycle.year)


HEADS = {"members_present": "党员", "own_unit": "本单位群众", "related_unit": "联系单位群众"}


def _on_paper(scheme: Scheme) -> dict[str, str]:
    """What tellers count of ballots on paper: the heads, then each answer as the scheme calls it."""
    return {name: f"{title}(纸质票)" for name, title in {**HEADS, **scheme.survey.words}.items()}


def _count(seat: Seat, form: FormData) -> None:
    said = {
        "tellers": [typed_text(form, "teller_1"), typed_text(form, "teller_2")],
        "returned": _number(form, "returned", "收回的空票"),
        "paper": {name: _number(form, name, title) for name, title in _on_paper(seat.case.scheme).items()},
    }
    cycle = seat.case.cycle
    reason = typed_text(form, "reason")
    polls.count_poll(seat.caller.desk, cycle.code, said, acting=seat.acting, reason=reason, year=cycle.year)


def _void(seat: Seat, form: FormData) -> None:
    cycle = seat.case.cycle
    polls.void_poll(seat.caller.desk, cycle.code, typed_text(form, "reason"), acting=seat.acting, year=cycle.year)


def _file(seat: Seat, form: FormData) -> None:
    on, cycle = typed_text(form, "held_on"), seat.case.cycle
    try:
        date.fromisoformat(on)
    except ValueError:
        raise BadInput("请填会议日期") from None
    actor, person = signature(seat.caller)
    fire(
        seat.caller.desk,
        CycleAsk(
            code=cycle.code,
            trigger="file_survey",
            relations=seat.held,
            actor=actor,
            person=person,
            payload={"meeting": {"on": on}},
            year=cycle.year,
        ),
    )


ACTS: dict[str, Callable[[Seat, FormData], Response | None]] = {
    "open": _open,
    "slips": _slips,
    "extend": _extend,
    "remind": _remind,
    "close": _close,
    "count": _count,
    "void": _void,
    "file": _file,
}


# ── what was typed ───────────────────────────────────────────────


def typed_text(form: FormData, name: str) -> str:
    said = form.get(name, "")
    return said.strip() if isinstance(said, str) else ""


def brought_files(form: FormData) -> tuple[Upload, ...]:
    """Read, one byte beyond what is taken at most, and let go of."""
    found = []
    for _, one in form.multi_items():
        if isinstance(one, UploadFile):
            if one.filename:
                found.append(Upload(one.filename, one.file.read(MOST_BYTES + 1)))
            one.file.close()
    return tuple(found)


def _number(form: FormData, name: str, title: str) -> int:
    said = typed_text(form, name) or "0"
    if not (said.isascii() and said.isdigit() and len(said) <= 6):
        raise BadInput(f"“{title}”应为不小于零的整数,不是“{said}”")
    return int(said)


def _instant(form: FormData, name: str, case: Case) -> datetime:
    try:
        found = datetime.fromisoformat(typed_text(form, name))
    except ValueError:
        raise BadInput("请填截止的日期和时间") from None
    if not 2000 <= found.year <= 2200:
        raise BadInput("截止时间不在2000年至2200年之间")
    return found.replace(tzinfo=case.zone)


def _people(said: str) -> tuple[Invited, ...]:
    kinds = {title: kind for kind, title in ELECTORATES.items()}
    found = []
    for number, line in enumerate(said.splitlines(), 1):
        parts = [part.strip() for part in line.replace("\uff0c", ",").split(",")]
        if not any(parts):
            continue
        if len(parts) < 2 or not parts[1]:
            raise BadInput(f"名单第{number}行应写成:姓名,电话或邮箱")
        kind = parts[2] if len(parts) > 2 and parts[2] else "党员"
        found.append(Invited(name=parts[0], address=parts[1], electorate=kinds.get(kind, kind)))
    return tuple(found)


# ── the page ─────────────────────────────────────────────────────


FIELDS: dict[str, Fields] = {
    "open": (
        ("核对名册|勾选", "certified"),
        ("名单|人员|联系方式|电话|链接", "people"),
        ("联系单位", "related_unit"),
        ("群众", "own_unit"),
        ("截止|最长开放", "closes_at"),
        ("方式", "mode"),
        ("党员数", "certified"),
    ),
    "extend": (("理由", "reason"), ("", "until")),
    "close": (("", "sure"),),
    "count": (
        ("监票人", "teller_1"),
        ("空票", "returned"),
        ("本单位群众", "own_unit"),
        ("联系单位", "related_unit"),
        ("党员", "members_present"),
    ),
    "void": (("", "reason"),),
    "file": (("", "held_on"),),
}
"""Of each act: what a refusal says → the field that it speaks of."""
FIRST = {"open": "certified", "count": "reason"}


def _page(
    request: Request,
    seat: Seat,
    refusal: StarflowError | None = None,
    form: FormData | None = None,
    acted: str = "",
) -> Response:
    desk, case = seat.caller.desk, seat.case
    try:
        now = live(desk, case.cycle.code, case.cycle.year)
    except Unknown:
        now = None
    closed = now is not None and now.status == "closed"
    return small(
        request,
        "survey",
        200 if refusal is None else answer_of(refusal).http_status,
        cycle=case.cycle,
        stage=KIND[case.stage.kind].title,
        in_survey=case.stage.kind == "survey",
        own="organisation" in seat.held,
        superior="superior" in seat.held or "department" in seat.held,
        live=now,
        modes=polls.MODES,
        answers=case.scheme.survey.words,
        paper=_on_paper(case.scheme),
        needed=needed(case.cycle.members, case.scheme.survey.quorum),
        quorum=percent(case.scheme.survey.quorum),
        result=result(desk, case.cycle.code, case.cycle.year) if closed else None,
        today=case.today.isoformat(),
        faults=tuple(
            (f"{acted}-{name}" if acted else name, said)
            for name, said in placed(refusal, FIELDS.get(acted, ()), FIRST.get(acted, "form"))
        ),
        acted=acted,
        typed={k: v for k, v in form.multi_items() if isinstance(v, str)} if form else {},
        csrf=csrf_field(request),
        refresh=now is not None and now.status == "open" and refusal is None,
    )


def _refused(request: Request, refusal: StarflowError) -> Response:
    title = "无权查看" if isinstance(refusal, Forbidden) else "没有找到"
    return small(
        request, "said", answer_of(refusal).http_status, title=title, said=[str(reason) for reason in refusal.reasons]
    )
