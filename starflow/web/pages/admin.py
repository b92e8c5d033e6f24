"""P8, administration: the year's scheme and calendar, the roster, who holds which post, what was said to whom, how it all runs.

Whatever is shown here is shown by a command too; each page says by which.
"""

from base64 import b64decode, b64encode
from binascii import Error
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from starflow.documents.roster import parse
from starflow.documents.sheets import read
from starflow.service import imports, lists, organisations, twofold, undoing, upkeep
from starflow.service.campaigns import show_campaign
from starflow.service.case import campaign_of
from starflow.service.health import metrics
from starflow.service.policy import POLICY
from starflow.service.roster_requests import payload_of, preview
from starflow.service.schemes import check_scheme
from starflow.service.search import search, suggestions
from starflow.service.sight import Sight, who_sees
from starflow.service.twofold import Hand
from starflow.service.view import Filters
from starflow.service.year_calendar import year_calendar
from starflow.web.accounts.proving import proven
from starflow.web.auth import require, signature
from starflow.web.pages.months import months_of
from starflow.web.pages.posted import Posted
from starflow.web.pages.shell import Look, Looking
from storage import outbox, runs
from workflow.engine.errors import BadInput, Faulty, Refused, StarflowError, Unknown

router = APIRouter(include_in_schema=False)

PER_PAGE = 50
PARTS = (
    ("/admin", "运行状况", "read_upkeep"),
    ("/admin/scheme", "方案和日历", "read_upkeep"),
    ("/admin/scheme/check", "检查方案", "check_scheme"),
    ("/admin/roster", "名册", "import_roster"),
    ("/admin/people", "岗位", "read_upkeep"),
    ("/admin/accounts", "账号", "read_accounts"),
    ("/admin/notices", "通知记录", "read_notices"),
)
"""Where, what it is called, and the rule that says for whom it is there."""
CHANNELS = {
    "console": "控制台",
    "file": "文件",
    "smtp": "邮件",
    "webhook": "网络回调",
    "wecom": "企业微信",
    "dingtalk": "钉钉",
    "feishu": "飞书",
    "sms": "短信",
}
STATUSES = {
    "queued": "待发",
    "sent": "已发",
    "suppressed": "不必再发",
    "expired": "已过时",
    "vacant": "岗位空缺",
    "dead": "发不出",
    "unsure": "不知是否送达",
}
"""How a notice left, or why it did not, in words."""


@router.get("/admin")
def health(look: Looking) -> Response:
    require(look.caller, "read_upkeep")
    with look.desk.reading() as tx:
        jobs = tuple(runs.runs(tx))
    return administration(
        look,
        "admin/health.html",
        findings=upkeep.doctor(look.desk),
        figures={metric.name: int(metric.samples[0][1]) for metric in metrics(look.desk) if metric.samples},
        jobs=jobs,
        downtimes=upkeep.downtimes(look.desk),
    )


@router.get("/admin/scheme")
def scheme(look: Looking) -> Response:
    require(look.caller, "read_upkeep")
    try:
        calendar = year_calendar(look.desk)
    except Unknown:
        return look.page("empty.html")
    return administration(
        look,
        "admin/scheme.html",
        calendar=calendar,
        months=months_of(calendar),
        shown=show_campaign(look.desk),
        faults=_scheme_faults(calendar.scheme),
    )


def _scheme_faults(name: str) -> tuple[str, ...]:
    """A scheme adopted from elsewhere is no longer a file: it was checked when it was taken in."""
    try:
        return tuple(map(str, check_scheme(name)))
    except StarflowError:
        return ()


@router.get("/admin/people")
def people(look: Looking, code: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Who holds which post; with a code, who can see that organisation, and what they may do there."""
    require(look.caller, "read_upkeep")
    seen: tuple[Sight, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()
    try:
        seen = who_sees(look.desk, code.strip()) if code.strip() else ()
    except StarflowError as refusal:
        faults = tuple(("code", str(reason)) for reason in refusal.reasons)
    return administration(
        look,
        "admin/people.html",
        404 if faults else 200,
        vacancies=organisations.vacancies(look.desk),
        tree=organisations.tree(look.desk),
        code=code.strip(),
        seen=seen,
        faults=faults,
    )


@router.get("/admin/notices")
def notices(
    look: Looking,
    q: Annotated[str, Query(max_length=400)] = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
    resent: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """Dead letters first, then everything that was said, the newest first."""
    require(look.caller, "read_notices")
    faults: tuple[str, ...] = ()
    asked = Filters(limit=PER_PAGE, after=after)
    try:
        asked = search(look.desk, q, within=look.principal.path).narrowing(asked)
        found = lists.notices(look.desk, asked)
    except BadInput as wrong:
        faults, found = tuple(map(str, wrong.reasons)), lists.notices(look.desk, Filters(limit=PER_PAGE))
    with look.desk.reading() as tx:
        dead, unsure = outbox.dead_letters(tx), outbox.dead_letters(tx, status="unsure")
    return administration(
        look,
        "admin/notices.html",
        400 if faults else 200,
        rows=found.rows,
        next=found.next,
        q=q,
        faults=faults,
        dead=dead,
        unsure=unsure,
        resent=resent,
        suggestions=suggestions(look.desk),
        channels=CHANNELS,
        statuses=STATUSES,
        may_resend=POLICY.may(look.principal, "resend_notices"),
    )


@router.post("/admin/notices/resend")
def resend(look: Looking, form: Posted) -> Response:
    """All that was given up, or the one message that the button names."""
    require(look.caller, "resend_notices")
    one = form.get("message", "")
    again = upkeep.resend(look.desk, int(one)) if one.isdecimal() and len(one) < 10 else upkeep.resend(look.desk)
    return Response(status_code=303, headers={"location": f"/admin/notices?resent={again}"})


# ── the roster ───────────────────────────────────────────────────


@router.get("/admin/roster")
def roster(look: Looking, asked: Annotated[int | None, Query(ge=1, lt=2**31)] = None) -> Response:
    """`asked`: what another administrator has put forward, as it would be done today."""
    require(look.caller, "import_roster")
    if asked is None:
        return _roster_page(look)
    waiting = twofold.waiting(look.desk, Hand(principal=look.principal, session=look.caller.token))
    found = next((one for one in waiting if (one.number, one.act) == (asked, "import_roster")), None)
    if found is None:
        raise Unknown(f"没有第{asked}号待复核事项")
    return _roster_page(look, report=preview(look.desk, found.payload), name=found.payload["filename"], waits=found)


@router.post("/admin/roster")
def import_roster(look: Looking, form: Posted) -> Response:
    """First what would change, then on purpose; a faulty file changes nothing and is shown row by row."""
    require(look.caller, "import_roster")
    proven(look.caller)
    name, content = form.uploads.get("file", ("", b""))
    if not content and form.get("packed"):
        name, content = form.get("name", "roster.csv"), _unpacked(form["packed"])
    if not content:
        return _roster_page(look, 400, faults=("请先选择名册文件",))
    two = POLICY.takes_two(look.desk, "import_roster")
    try:
        root_kind = _root_kind(look)
        parsed = parse(read(content, name), root_kind=root_kind)
        report = organisations.import_roster(
            look.desk,
            parsed.rows,
            scheme_root_kind=root_kind,
            dry_run=two or form.get("go") != "apply",
            columns=parsed.columns,
            ignored_columns=parsed.ignored_columns,
            filename=name,
            actor=signature(look.caller)[0],
        )
    except Faulty as faulty:
        return _roster_page(look, 422, faults=tuple(map(str, faulty.faults)))
    except BadInput as wrong:
        return _roster_page(look, 400, faults=tuple(map(str, wrong.reasons)))
    if report.faults:
        return _roster_page(look, 422, faults=tuple(map(str, report.faults)))
    shown = {"report": report, "packed": b64encode(content).decode(), "name": name}
    if not (two and form.get("go") == "apply"):
        return _roster_page(look, **shown)
    payload = payload_of(parsed.rows, report, root_kind=root_kind, columns=tuple(parsed.columns), filename=name)
    return _asked(look, "import_roster", payload, form, **shown)


def _asked(look: Look, act: str, payload: dict[str, Any], form: Posted, **shown: Any) -> Response:
    """The first of two hands. Raises Forbidden."""
    reason = form.get("reason", "")
    try:
        twofold.ask(
            look.desk, act, payload, hand=Hand(principal=look.principal, session=look.caller.token), reason=reason
        )
    except BadInput as wrong:
        return _roster_page(look, 400, faults=tuple(map(str, wrong.reasons)), reason=reason, **shown)
    return Response(status_code=303, headers={"location": "/two"})


@router.post("/admin/roster/undo")
def undo_roster(look: Looking, form: Posted) -> Response:
    """The whole import, or nothing where somebody has been changed or rated since."""
    require(look.caller, "import_roster")
    proven(look.caller)
    number = form.get("number", "")
    if not number.isdecimal():
        return _roster_page(look, 400, faults=("没有写明要撤销哪一次导入",))
    if POLICY.takes_two(look.desk, "undo_roster"):
        return _asked(look, "undo_roster", {"number": int(number)}, form)
    try:
        undoing.undo_roster(look.desk, int(number), actor=signature(look.caller)[0])
    except (Unknown, Refused) as refusal:
        return _roster_page(look, 422, faults=tuple(map(str, refusal.reasons)) or (refusal.message,))
    return _roster_page(look)


def _roster_page(look: Look, status: int = 200, **values: Any) -> Response:
    last = next((one for one in imports.imports_list(look.desk).rows if one.kind == imports.ROSTER), None)
    empty = {"report": None, "faults": (), "packed": "", "name": "", "last": last, "reason": "", "waits": None}
    empty["two"] = POLICY.takes_two(look.desk, "import_roster")
    return administration(look, "admin/roster.html", status, **(empty | values))


def _root_kind(look: Look) -> str:
    with look.desk.reading() as tx:
        return look.desk.scheme(tx, campaign_of(tx, None).scheme_hash).roster.root_kind


def _unpacked(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Error, ValueError):
        raise BadInput("带来的名册无法识别,请重新选择文件") from None


def administration(look: Look, template: str, status: int = 200, **values: Any) -> Response:
    """A page of the administration, with the ways to its other parts."""
    mine = tuple((path, title) for path, title, action in PARTS if POLICY.may(look.principal, action))
    return look.page(template, status, parts_of=mine, **values)
