"""P4, the reviewer's queue: the oldest first, and for a review self-evaluation, last year and grounds beside the own score.

What is typed is kept as it goes; what it comes to is reckoned before it is handed in, with every step.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from starflow.service import drafts, quotas, reviewing, seat
from starflow.service import picture as pictures
from starflow.service.clock import new_secret
from starflow.service.picture import Sheet
from starflow.service.reviewing import Waiting
from starflow.service.view import Filters
from starflow.service.why import OptionLine, Why
from starflow.web.auth import relations, seen_case
from starflow.web.pages.act import conflict, do
from starflow.web.pages.fields import Faults, Field, empty_faults, fields_of, payload_of, placed, typed
from starflow.web.pages.organisation import explained
from starflow.web.pages.posted import Form, Posted
from starflow.web.pages.shell import Look, Looking
from workflow.engine.errors import BadInput, Forbidden, Refused, Stale, Unknown, WrongStage
from workflow.rating.scheme import Scheme

router = APIRouter(include_in_schema=False)

FORM = "review"
SCORED = ("propose_star", "keep_star")


@router.get("/queue")
def queue(look: Looking) -> Response:
    if not look.seat.started:
        return look.page("empty.html")
    return look.page("queue.html", waits=_waiting(look))


@router.get("/queue/{code}")
def review(look: Looking, code: str) -> Response:
    """The workbench of a review; anything else that is owed has its own form."""
    why, scheme = explained(look, code)
    theirs = [one for one in why.options if one.trigger in SCORED and one.role in _held(look, why)]
    if not theirs:
        return RedirectResponse(f"/organisations/{code}", 303)
    return _page(look, why, scheme, drafts.begun(look.desk, look.principal, code, FORM).texts)


@router.post("/queue/{code}/draft")
def keep_draft(look: Looking, code: str, form: Posted, request: Request) -> Response:
    why, _ = explained(look, code)
    if not _scored(look, why):
        raise WrongStage(f"{why.name}现在在“{why.stage_title}”,没有要考评的")
    kept = drafts.keep(look.desk, look.principal, code, FORM, _texts(form))
    assert kept.saved_at is not None  # it was kept just now
    return PlainTextResponse(look.say("已保存 %(at)s", at=f"{kept.saved_at:%H:%M}"))


@router.post("/queue/{code}")
def score(look: Looking, code: str, form: Posted) -> Response:
    """Take over the self-evaluation, reckon, or hand in: by the button that was pressed."""
    why, scheme = explained(look, code)
    go = form.get("go", "reckon")
    options = {one.trigger: one for one in _scored(look, why)}
    if not options:
        return conflict(look, why, form, go, tuple(_texts(form).items()))
    texts = dict(drafts.keep(look.desk, look.principal, code, FORM, _texts(form)).texts)
    if go == "agree":
        own = pictures.picture(look.desk, code, year=why.year).own
        texts |= {f"scores.{name}": its for name, its in own.scores.items()} if own else {}
        drafts.keep(look.desk, look.principal, code, FORM, texts)
    if go not in options:
        return _page(look, why, scheme, texts)
    return _handed_in(look, why, scheme, options[go], texts, form)


def _handed_in(look: Look, why: Why, scheme: Scheme, option: OptionLine, texts: dict[str, str], form: Form) -> Response:
    code, fields = why.organisation, _fields(scheme, option)
    faults = empty_faults(fields, texts, look.say)
    if faults:
        return _page(look, why, scheme, texts, faults, 400)
    sent = Form([*form.pairs, ("reason", texts.get("reason", ""))])
    try:
        do(look, code, option.trigger, payload_of(fields, texts), sent)
    except (Stale, WrongStage):
        return conflict(look, explained(look, code)[0], sent, option.trigger, typed(fields, sent))
    except (BadInput, Refused, Forbidden) as refusal:
        status = 400 if isinstance(refusal, BadInput) else 422 if isinstance(refusal, Refused) else 403
        return _page(look, why, scheme, texts, placed(fields, refusal.reasons), status)
    drafts.drop(look.desk, look.principal, code, FORM)
    following = next((row for row in _waiting(look).rows if row.stage.endswith(".review")), None)
    return RedirectResponse(f"/queue/{following.organisation}" if following else "/queue", 303)


def _page(
    look: Look, why: Why, scheme: Scheme, texts: dict[str, str] | object, faults: Faults = (), status: int = 200
) -> Response:
    form = dict(texts) if isinstance(texts, dict) else dict(getattr(texts, "items", dict)())
    options = _scored(look, why)
    fields = _fields(scheme, options[0])
    seen = pictures.picture(look.desk, why.organisation, year=why.year)
    came_to = reviewing.reckoned(look.desk, why.organisation, payload_of(fields, form))
    if came_to is not None and not form.get("star"):
        form["star"] = str(min(came_to.star, came_to.cap if came_to.cap is not None else came_to.star))
    return look.page(
        "review.html",
        status,
        why=why,
        waits=_waiting(look),
        seen=seen,
        rows=_rows(scheme, seen.own, _last_year(look, why), reviewing.grounds(look.desk, why.organisation), form),
        fields=[field for field in fields if field.kind != "score"],
        options=options,
        others=[one for one in why.options if one.allowed and one.trigger not in SCORED],
        reckoned=came_to,
        form=form,
        faults=faults,
        key=new_secret(),
        places=[line for line in quotas.quota(look.desk, why.year).rows if line.op == "max"],
    )


def _rows(
    scheme: Scheme, own: Sheet | None, last: Sheet | None, grounds: dict[str, str], form: dict[str, str]
) -> list[dict[str, object]]:
    """Each criterion: self, last year, grounds, and the own score so far; ▲ where it is far from the self-evaluation."""
    rows: list[dict[str, object]] = []
    for one in scheme.criterion:
        mine, theirs = form.get(f"scores.{one.code}", ""), own.scores.get(one.code) if own else None
        rows.append(
            {
                "field": Field(f"scores.{one.code}", one.title, "", "score", True, most=str(one.max)),
                "code": one.code,
                "title": one.title,
                "own": theirs,
                "last": last.scores.get(one.code) if last else None,
                "grounds": grounds.get(one.code, ""),
                "apart": _apart(mine, theirs, float(one.max)),
            }
        )
    return rows


def _apart(mine: str, theirs: str | None, most: float) -> bool:
    try:
        return theirs is not None and abs(float(mine) - float(theirs)) > most / 5
    except ValueError:
        return False


def _scored(look: Look, why: Why) -> tuple[OptionLine, ...]:
    """The acts that hand in scores, if it is time for them. Raises Forbidden where they are another body's to do."""
    found = tuple(one for one in why.options if one.trigger in SCORED)
    mine = tuple(one for one in found if one.role in _held(look, why))
    if found and not mine:
        raise Forbidden(f"{why.name}的考评由{why.owner.organisation_name if why.owner else '上级党组织'}办理")
    return mine


def _held(look: Look, why: Why) -> frozenset[str]:
    with look.desk.reading() as tx:
        return relations(tx, look.principal, seen_case(look.desk, tx, look.principal, why.organisation, why.year))


def _fields(scheme: Scheme, option: OptionLine) -> tuple[Field, ...]:
    found = fields_of(option.payload, scheme, option.needs_reason, {})
    more = () if option.needs_reason else (Field("reason", "理由", "低于算出的星级时必须写明", "long", False),)
    return (
        *(Field(f.name, f.label, f.hint, f.kind, f.kind == "score" or f.required, f.most, f.choices) for f in found),
        *more,
    )


def _last_year(look: Look, why: Why) -> Sheet | None:
    try:
        return pictures.picture(look.desk, why.organisation, year=why.year - 1).superior
    except Unknown:
        return None


def _waiting(look: Look) -> Waiting:
    return reviewing.waiting(look.desk, Filters(owed_by=seat.owed_by(look.principal), limit=500))


def _texts(form: Form) -> dict[str, str]:
    return {name: text for name, text in form.items() if name not in ("go", "key", "version", "back")}
