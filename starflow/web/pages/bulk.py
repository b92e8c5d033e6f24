"""Several at once: nudges and extensions, looked at before they go out, with what became of each.

A nudge waits in the outbox for as long as it can be taken back; an extension is a record for ever, so its preview is its question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import APIRouter, Response

from starflow.service import obligations
from starflow.service.obligations import Nudged
from starflow.web.auth import seen_case, signature
from starflow.web.dates import coordinating
from starflow.web.pages.posted import Form, Posted, own_page
from starflow.web.pages.shell import Look, Looking
from workflow.engine.errors import BadInput, StarflowError
from workflow.rating.stages import ROLE_WORDS

router = APIRouter(include_in_schema=False)

UNDO = timedelta(seconds=10)
MOST = 200


@dataclass(frozen=True, slots=True)
class One:
    """An organisation of a selection: what would become of it, or has; `note` says why not."""

    code: str
    name: str
    to: str
    person: str
    done: bool
    note: str
    text: str = ""


# ── nudges ───────────────────────────────────────────────────────


@router.post("/nudges/preview")
def preview_nudges(look: Looking, form: Posted) -> Response:
    codes = _selected(form)
    lines = _nudged(look, codes, dry_run=True)
    return look.page("nudges.html", stage="preview", lines=lines, codes=codes, back=own_page(form), at=None, undo=UNDO)


@router.post("/nudges")
def send_nudges(look: Looking, form: Posted) -> Response:
    codes = _selected(form)
    with look.desk.reading() as tx:
        at = tx.now
    lines = _nudged(look, codes, dry_run=False)
    return look.page("nudges.html", stage="sent", lines=lines, codes=codes, back=own_page(form), at=at, undo=UNDO)


@router.post("/nudges/undo")
def undo_nudges(look: Looking, form: Posted) -> Response:
    """What has left already has left, and is said so."""
    codes = _selected(form)
    for code in codes:
        _require(look, code, "nudge")
    spared = obligations.take_back(look.desk, codes, _instant(form.get("at", "")))
    return look.page("undone.html", spared=spared, back=own_page(form))


def _nudged(look: Look, codes: Sequence[str], *, dry_run: bool) -> tuple[One, ...]:
    names = {code: _require(look, code, "nudge") for code in codes}
    found = obligations.nudge(look.desk, codes, actor=signature(look.caller)[0], dry_run=dry_run, waits=UNDO)
    texts = obligations.nudge_texts(look.desk, codes) if dry_run else {}
    return tuple(_line(look, names[one.organisation], one, texts.get(one.organisation, "")) for one in found)


def _line(look: Look, name: str, one: Nudged, text: str) -> One:
    to = f"{one.recipient} {look.say(ROLE_WORDS.get(one.recipient_role, ''))}" if one.recipient_role else ""
    return One(one.organisation, name, to, one.person or "", one.sent, one.note, text)


# ── extensions ───────────────────────────────────────────────────


@router.post("/extensions/preview")
def preview_extensions(look: Looking, form: Posted) -> Response:
    codes = _selected(form)
    names = [(code, _require(look, code, "extend")) for code in codes]
    return look.page("extend.html", chosen=names, form=form, faults=(), done=(), back=own_page(form))


@router.post("/extensions")
def extend(look: Looking, form: Posted) -> Response:
    """Each in a transaction of its own: whoever is refused is named with the reason, and does not hold up the others."""
    codes = _selected(form)
    names = [(code, _require(look, code, "extend")) for code in codes]
    faults = tuple(_extension_faults(look, form))
    if faults:
        return look.page("extend.html", 400, chosen=names, form=form, faults=faults, done=(), back=own_page(form))
    until, subtree = date.fromisoformat(form["until"]), "subtree" in form
    done = tuple(_extended(look, code, name, until, form["reason"], subtree) for code, name in names)
    return look.page("extend.html", chosen=names, form=form, faults=(), done=done, back=own_page(form))


def _extended(look: Look, code: str, name: str, until: date, reason: str, subtree: bool) -> One:
    actor = signature(look.caller)[0]
    try:
        count = obligations.extend(look.desk, code, until, reason, actor=actor, subtree=subtree, year=None)
    except StarflowError as refusal:
        return One(code, name, "", "", False, ";".join(map(str, refusal.reasons)))
    return One(code, name, "", "", True, look.say("%(n)s个期限已延", n=count))


def _extension_faults(look: Look, form: Form) -> list[tuple[str, str]]:
    faults = []
    try:
        until = date.fromisoformat(form.get("until", ""))
    except ValueError:
        faults.append(("until", look.say("请填写延到哪一天,例如2027-06-30")))
    else:
        if until < look.now.date():
            faults.append(("until", look.say("延到的日期不能早于今天")))
    if not form.get("reason"):
        faults.append(("reason", look.say("请写明延期的理由,它会记入流转记录")))
    elif len(form["reason"]) > 4000:
        faults.append(("reason", look.say("理由最多4000个字")))
    return faults


# ── what both share ──────────────────────────────────────────────


def _selected(form: Form) -> tuple[str, ...]:
    """One row's own button, or the ticked rows. Raises BadInput."""
    codes = (form["only"],) if form.get("only") else form.every("code")
    if not codes:
        raise BadInput("没有选中任何单位,请先在名单里勾选")
    if len(codes) > MOST:
        raise BadInput(f"一次最多选{MOST}个单位,您选了{len(codes)}个")
    return codes


def _require(look: Look, code: str, action: str) -> str:
    """The organisation's name, if the one who looks may do this to it. Raises Unknown, Forbidden."""
    coordinating(look.caller, code, None, action)
    with look.desk.reading() as tx:
        return seen_case(look.desk, tx, look.principal, code, None).cycle.name


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("这次催办的时间无法识别") from None
    if at.tzinfo is None:
        raise BadInput("这次催办的时间没有时区")
    return at
