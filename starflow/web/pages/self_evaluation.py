"""Self-evaluation, one criterion a page: what is typed is kept at once, looked over at the end, and sent on purpose.

The draft belongs to the post and lies on the server, so it can be begun in the office and ended on a phone.
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from starflow.service import drafts
from starflow.service import picture as pictures
from starflow.service.clock import new_secret
from starflow.service.drafts import Begun
from starflow.service.why import Why
from starflow.web.bodies import LONGEST_REASON
from starflow.web.pages.act import conflict, do
from starflow.web.pages.fields import Faults, Field, empty_faults, fields_of, payload_of, placed, typed
from starflow.web.pages.organisation import explained
from starflow.web.pages.posted import Form, Posted
from starflow.web.pages.shell import Look, Looking
from workflow.engine.errors import BadInput, Forbidden, Refused, Stale, Unknown, WrongStage
from workflow.rating.scheme import Scheme
from workflow.rating.sheet import score_fault

router = APIRouter(include_in_schema=False)

FORM, TRIGGER = "self_evaluation", "submit_self_evaluation"
WHY = "why"
AT = "/organisations/{code}/self-evaluation"


@router.get(AT)
def begin(look: Looking, code: str) -> Response:
    """On to the first criterion without a score, or to the check of all answers."""
    why, scheme = _mine(look, code)
    kept = drafts.begun(look.desk, look.principal, code, FORM)
    for number, one in enumerate(scheme.criterion, 1):
        if not kept.texts.get(f"scores.{one.code}"):
            return RedirectResponse(f"{AT.format(code=why.organisation)}/{number}", 303)
    return RedirectResponse(f"{AT.format(code=why.organisation)}/check", 303)


@router.get(AT + "/check")
def check(look: Looking, code: str) -> Response:
    why, scheme = _mine(look, code)
    return _check_page(look, why, scheme, drafts.begun(look.desk, look.principal, code, FORM))


@router.get(AT + "/{number}")
def criterion(look: Looking, code: str, number: int) -> Response:
    why, scheme = _mine(look, code)
    return _page(look, why, scheme, number, drafts.begun(look.desk, look.principal, code, FORM))


@router.post(AT + "/draft")
def keep_draft(look: Looking, code: str, form: Posted, request: Request) -> Response:
    """What the script sends while somebody types; answers with when it was kept."""
    _mine(look, code)
    kept = drafts.keep(look.desk, look.principal, code, FORM, _texts(form))
    assert kept.saved_at is not None  # it was kept just now
    return PlainTextResponse(look.say("已保存 %(at)s", at=f"{kept.saved_at:%H:%M}"))


@router.post(AT + "/send")
def send(look: Looking, code: str, form: Posted) -> Response:
    """Everything that was kept and what stands on the last page, through the one door."""
    why, scheme = _mine(look, code)
    kept = drafts.keep(look.desk, look.principal, code, FORM, _texts(form))
    fields = _fields(why, scheme)
    faults = empty_faults(fields, kept.texts, look.say)
    if faults:
        return _check_page(look, why, scheme, kept, faults, 400)
    try:
        do(look, code, TRIGGER, payload_of(fields, kept.texts), _with_grounds(scheme, kept, form))
    except (Stale, WrongStage):
        whole = Form([*kept.texts.items(), *form.pairs])
        return conflict(look, explained(look, code)[0], whole, TRIGGER, typed(fields, whole))
    except (BadInput, Refused, Forbidden) as refusal:
        status = 400 if isinstance(refusal, BadInput) else 422 if isinstance(refusal, Refused) else 403
        return _check_page(look, why, scheme, kept, placed(fields, refusal.reasons), status)
    drafts.drop(look.desk, look.principal, code, FORM)
    return RedirectResponse(f"/organisations/{code}?done={TRIGGER}", 303)


@router.post(AT + "/{number}")
def save(look: Looking, code: str, number: int, form: Posted) -> Response:
    """Keep this page and go on; a score that is none stays on the page with what is wrong."""
    why, scheme = _mine(look, code)
    one = scheme.criterion[_index(scheme, number)]
    kept = drafts.keep(look.desk, look.principal, code, FORM, _texts(form))
    text = kept.texts.get(f"scores.{one.code}", "")
    wrong = score_fault(f"第{one.code}项“{one.title}”", text, one.max, scheme.score.decimals) if text else None
    if wrong:
        return _page(look, why, scheme, number, kept, ((f"scores.{one.code}", wrong),), 400)
    match form.get("go", "next"):
        case "later":
            return RedirectResponse("/tasks", 303)
        case "back" if number > 1:
            return RedirectResponse(f"{AT.format(code=code)}/{number - 1}", 303)
    onwards = "check" if form.get("go") == "check" or number == len(scheme.criterion) else str(number + 1)
    return RedirectResponse(f"{AT.format(code=code)}/{onwards}", 303)


def _with_grounds(scheme: Scheme, kept: Begun, form: Form) -> Form:
    """Why each score is what it is goes into the history as the reason, where the reviewer reads it."""
    grounds = ((one, kept.texts.get(f"{WHY}.{one.code}", "")) for one in scheme.criterion)
    text = "\n".join(f"{one.code}. {one.title}:{said}" for one, said in grounds if said)
    return Form([*((name, its) for name, its in form.pairs if name != "reason"), ("reason", text[:LONGEST_REASON])])


# ── the pages ────────────────────────────────────────────────────


def _mine(look: Look, code: str) -> tuple[Why, Scheme]:
    """Raises Unknown, WrongStage, Forbidden: only the organisation itself, and only now."""
    why, scheme = explained(look, code)
    option = next((one for one in why.options if one.trigger == TRIGGER), None)
    if option is None:
        raise WrongStage(f"{why.name}现在在“{why.stage_title}”,不是自评的时候")
    if look.principal.code != code or look.principal.role != "organisation":
        raise Forbidden(f"{why.name}的自评由它自己填写")
    return why, scheme


def _page(
    look: Look, why: Why, scheme: Scheme, number: int, kept: Begun, faults: Faults = (), status: int = 200
) -> Response:
    one = scheme.criterion[_index(scheme, number)]
    last = _last_year(look, why)
    return look.page(
        "criterion.html",
        status,
        why=why,
        one=one,
        number=number,
        count=len(scheme.criterion),
        filled=sum(bool(kept.texts.get(f"scores.{each.code}")) for each in scheme.criterion),
        field=Field(f"scores.{one.code}", "得分", "", "score", False, most=str(one.max)),
        form=kept.texts,
        reason=f"{WHY}.{one.code}",
        saved_at=kept.saved_at,
        faults=faults,
        last=last.scores.get(one.code) if last else None,
    )


def _check_page(look: Look, why: Why, scheme: Scheme, kept: Begun, faults: Faults = (), status: int = 200) -> Response:
    fields = _fields(why, scheme)
    numbers = {f"scores.{one.code}": number for number, one in enumerate(scheme.criterion, 1)}
    total = sum(
        (float(t) for one in scheme.criterion if _is_number(t := kept.texts.get(f"scores.{one.code}", ""))), 0.0
    )
    return look.page(
        "check.html",
        status,
        why=why,
        scheme=scheme,
        scores=[field for field in fields if field.kind == "score"],
        fields=[field for field in fields if field.kind != "score"],
        numbers=numbers,
        form=kept.texts,
        faults=faults,
        total=f"{total:g}",
        key=new_secret(),
    )


def _fields(why: Why, scheme: Scheme) -> tuple[Field, ...]:
    option = next(one for one in why.options if one.trigger == TRIGGER)
    return fields_of(option.payload, scheme, option.needs_reason, {})


def _last_year(look: Look, why: Why) -> Any:
    """The sheet of the year before, where there was one."""
    try:
        return pictures.picture(look.desk, why.organisation, year=why.year - 1).own
    except Unknown:
        return None


def _index(scheme: Scheme, number: int) -> int:
    if not 1 <= number <= len(scheme.criterion):
        raise Unknown(f"没有第{number}项指标")
    return number - 1


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() and text.isascii()


def _texts(form: Form) -> dict[str, str]:
    """What of a form belongs into the draft."""
    return {name: text for name, text in form.items() if name not in ("go", "key", "version", "back")}
