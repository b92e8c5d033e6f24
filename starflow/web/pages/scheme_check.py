"""P8, a scheme before it runs: every fault with its line and column beside the text, its year in dates, what it changes, who would
change star under it; and putting it forward, so that another administrator adopts it.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from starflow.service import proposals, twofold
from starflow.service.policy import POLICY
from starflow.service.schemes import checked_content
from starflow.service.trial import try_scheme
from starflow.service.twofold import Hand
from starflow.service.year_calendar import calendar_under
from starflow.web.accounts.proving import proven
from starflow.web.auth import require
from starflow.web.pages.admin import administration
from starflow.web.pages.months import months_of
from starflow.web.pages.posted import EMPTY, FILES, Form, Posted
from starflow.web.pages.shell import Look, Looking
from workflow.engine.errors import BadInput, StarflowError, Unknown
from workflow.rating import shelf
from workflow.rating.scheme import Scheme
from workflow.rating.scheme_findings import Finding

router = APIRouter(include_in_schema=False)

AROUND, MOST_CHANGES, MOST_TRIED = 1, 200, 100
Listed = tuple[tuple[int, str, bool], ...]
"""Lines of the text around its faults: number, line, and whether a fault is in it."""


@router.get("/admin/scheme/check")
def form(
    look: Looking,
    opened: Annotated[str | None, Query(alias="open", max_length=80)] = None,
    asked: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
) -> Response:
    """An empty form, a scheme to begin with, or one that somebody has put forward."""
    require(look.caller, "check_scheme")
    if asked is not None:
        return _checked(look, EMPTY, _put_forward(look, asked))
    if opened is None:
        return _page(look)
    return _checked(look, EMPTY, proposals.text_of(look.desk, opened))


@router.post("/admin/scheme/check")
def check(look: Looking, form: Posted) -> Response:
    """Looks, tries it on the newest year's scores, or puts it forward."""
    require(look.caller, "check_scheme")
    try:
        text = _text(form)
    except BadInput as wrong:
        return _page(look, form, 400, wrong=tuple(("toml", str(reason)) for reason in wrong.reasons))
    if form.get("go") == "adopt":
        return _adopted(look, form, text)
    return _checked(look, form, text, trying=form.get("go") == "try")


def _text(form: Form) -> str:
    """What was uploaded, else what was typed. Raises BadInput."""
    _, content = form.uploads.get("file", ("", b""))
    try:
        text = content.decode("utf-8-sig") if content else form.get("toml", "")
    except UnicodeDecodeError:
        raise BadInput("方案文件不是UTF-8编码的文本") from None
    text = text.replace("\r\n", "\n")
    if not text.strip():
        raise BadInput("请粘贴方案的内容,或选择一个方案文件")
    if len(text) > FILES["toml"]:
        raise BadInput(f"方案最多{FILES['toml']}个字")
    return text if text.endswith("\n") else text + "\n"


# ── putting forward ──────────────────────────────────────────────


def _put_forward(look: Look, number: int) -> str:
    """The text that waits for its second hand. Raises Unknown."""
    waiting = twofold.waiting(look.desk, _hand(look))
    found = next((one for one in waiting if (one.number, one.act) == (number, "adopt_scheme")), None)
    if found is None:
        raise Unknown(f"没有第{number}号待复核事项")
    return str(found.payload["text"])


def _adopted(look: Look, form: Form, text: str) -> Response:
    """In earnest it waits for another administrator. Raises Forbidden, Unproven."""
    require(look.caller, "adopt_scheme")
    proven(look.caller)
    found, _, scheme = checked_content(text.encode())
    if scheme is None or found:
        return _checked(look, form, text)
    try:
        if POLICY.takes_two(look.desk, "adopt_scheme"):
            payload = {"text": text, "name": scheme.name, "title": scheme.title, "hash": scheme.hash}
            twofold.ask(look.desk, "adopt_scheme", payload, hand=_hand(look), reason=form.get("reason", ""))
            return Response(status_code=303, headers={"location": "/two"})
        proposals.adopt(look.desk, text)
    except StarflowError as refusal:
        wrong = tuple(("reason", str(reason)) for reason in refusal.reasons)
        return _checked(look, form, text, status=422, wrong=wrong)
    return _checked(look, form, text, done=look.say("已采用%(title)s,可以用它开展年度", title=scheme.title))


def _hand(look: Look) -> Hand:
    return Hand(principal=look.principal, session=look.caller.token)


# ── what is shown ────────────────────────────────────────────────


def _checked(look: Look, form: Form, text: str, *, trying: bool = False, status: int = 200, **values: Any) -> Response:
    found, undecided, scheme = checked_content(text.encode())
    if scheme is None or found:
        listed = _around(text, found)
        return _page(
            look, form, 422, text=text, findings=found, listed=listed, lined={n for n, _, _ in listed}, **values
        )
    calendar = calendar_under(look.desk, scheme, look.seat.year or look.now.year)
    return _page(
        look,
        form,
        status,
        text=text,
        scheme=scheme,
        open_questions=tuple((scheme.place(*one.path), one.written) for one in undecided),
        calendar=calendar,
        months=months_of(calendar),
        changed=_changed(look, text),
        trial=_tried(look, scheme) if trying and look.seat.started else None,
        tried=trying,
        **values,
    )


def _around(text: str, found: tuple[Finding, ...]) -> Listed:
    wrong = {one.line for one in found if one.line}
    shown = {number + step for number in wrong for step in range(-AROUND, AROUND + 1)}
    lines = enumerate(text.splitlines(), 1)
    return tuple((number, line[:200], number in wrong) for number, line in lines if number in shown)


def _changed(look: Look, text: str) -> tuple[proposals.Changed, ...] | None:
    """Against the scheme that the newest year runs under; None where there is none."""
    if not look.seat.started:
        return None
    return tuple(proposals.changes(proposals.text_of(look.desk, ""), text))[:MOST_CHANGES]


def _tried(look: Look, scheme: Scheme) -> dict[str, Any]:
    trial = try_scheme(look.desk, scheme)
    stars = sorted({*trial.before, *trial.after}, reverse=True)
    changed = [one for one in trial.rows if one.changed]
    return {
        "trial": trial,
        "stars": [(trial.names(star), trial.before.get(star, 0), trial.after.get(star, 0)) for star in stars],
        "changed": changed[:MOST_TRIED],
        "count": len(changed),
    }


def _page(look: Look, form: Form = EMPTY, status: int = 200, **values: Any) -> Response:
    empty: dict[str, Any] = {
        "text": form.get("toml", ""),
        "wrong": (),
        "findings": (),
        "listed": (),
        "lined": set(),
        "scheme": None,
        "open_questions": (),
        "calendar": None,
        "months": {},
        "changed": None,
        "trial": None,
        "tried": False,
        "done": "",
    }
    return administration(
        look,
        "admin/scheme_check.html",
        status,
        form=form,
        shipped=shelf.scheme_names(),
        may_adopt=POLICY.may(look.principal, "adopt_scheme"),
        two=POLICY.takes_two(look.desk, "adopt_scheme"),
        **(empty | values),
    )
