"""P8, the accounts: who is invited, who is in, who is locked, who has a second factor; inviting, locking and another link.

A link is shown this once to whoever invites, or goes to the invited person's own address and is shown to nobody. An account that is
in use is nobody else's to open: its next link goes by mail, or two administrators take its password back first.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from schedules.inviting import can_mail, mail_invitation
from starflow.service import accounts
from starflow.service.accounts import AccountLine, Invitation
from starflow.service.policy import POLICY, SEAT_WORDS
from starflow.web.accounts.proving import proven
from starflow.web.auth import require, signature
from starflow.web.forms import own_origin
from starflow.web.pages.admin import administration
from starflow.web.pages.posted import EMPTY, Form, Posted
from starflow.web.pages.shell import Look, Looking
from workflow.engine.errors import BadInput, Forbidden, Refused, Unknown

router = APIRouter(include_in_schema=False)

STANDING = {"invited": "未激活", "active": "在用", "disabled": "已锁定"}
"""What an account's state is called."""
MISSING = {"who": "请写明邀请谁:人员编号或邮箱", "reason": "请写明为什么锁定"}
LONGEST = {"who": 120, "name": 80, "login": 80, "reason": 200, "q": 80}
SHOWN = 50


@router.get("/admin/accounts")
def listed(
    look: Looking,
    q: Annotated[str, Query(max_length=80)] = "",
    state: Annotated[str, Query(max_length=10)] = "",
    part: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    require(look.caller, "read_accounts")
    return _page(look, q=q, state=state, part=part)


@router.post("/admin/accounts")
def invite(look: Looking, form: Posted) -> Response:
    """Somebody of the roster, or somebody new. Raises Forbidden."""
    actor = _administrator(look)
    if faults := _faults(look, form, "who"):
        return _page(look, form, faults, 400)
    try:
        if faults := _unmailable(look, form, accounts.address_of(look.desk, form["who"], form.get("name", ""))):
            return _page(look, form, faults, 422)
        known = _account_of(look, form["who"])
        if known is not None and known.status == "active":
            raise Refused(f"{known.name}已经有账号{known.login},在用")
        made = accounts.invite(look.desk, form["who"], login=form.get("login", ""), name=form.get("name", ""), by=actor)
    except Unknown:
        return _page(look, form, (("who", look.say("名册里没有这位人员;名册以外的人请同时写明姓名")),), 422)
    except (BadInput, Refused) as refusal:
        return _page(look, form, tuple(("who", str(reason)) for reason in refusal.reasons), 422)
    return _handed_over(look, form, made)


@router.post("/admin/accounts/link")
def renew(look: Looking, form: Posted) -> Response:
    """Another link; the one before it counts no more. Raises Forbidden."""
    actor, line = _administrator(look), _line(look, form.get("login", ""))
    if line.status == "active" and form.get("way") != "mail" and POLICY.takes_two(look.desk, "withdraw_password"):
        said = look.say("账号%(login)s在用:新链接只发到本人邮箱;没有邮箱的,须两位管理员先收回密码", login=line.login)
        return _page(look, form, (("list", said),), 403)
    if faults := _unmailable(look, form, line.email):
        return _page(look, form, faults, 422)
    try:
        made = accounts.reset(look.desk, line.login, totp=False, by=actor)
    except Refused as refusal:
        return _page(look, form, tuple(("list", str(reason)) for reason in refusal.reasons), 422)
    return _handed_over(look, form, made)


@router.post("/admin/accounts/lock")
def lock(look: Looking, form: Posted) -> Response:
    """Whoever is in is out at once. Raises Forbidden."""
    actor, line = _administrator(look), _line(look, form.get("login", ""))
    if line.person == look.principal.person:
        raise Forbidden("不能锁定自己的账号,请另一位管理员办理")
    if faults := _faults(look, form, "reason"):
        return _page(look, form, faults, 400)
    ended = accounts.disable(look.desk, line.login, form["reason"], by=actor)
    return _page(look, done=look.say("已锁定%(login)s,退出了%(n)s处登录", login=line.login, n=ended))


@router.post("/admin/accounts/unlock")
def unlock(look: Looking, form: Posted) -> Response:
    actor, line = _administrator(look), _line(look, form.get("login", ""))
    accounts.enable(look.desk, line.login, by=actor)
    return _page(look, done=look.say("已解锁%(login)s", login=line.login))


# ── the link ─────────────────────────────────────────────────────


def _handed_over(look: Look, form: Form, made: Invitation) -> Response:
    """By mail where that was asked for, else on this page, this once."""
    if form.get("way") != "mail":
        base = look.desk.settings.public_url or own_origin(look.request)
        return _page(look, made=made, url=f"{base}/activate/{made.token}", until=made.expires_at.astimezone(look.zone))
    if not mail_invitation(look.desk, made):
        return _page(look, form, (("way", look.say("邮件服务器没有收下这封信,链接没有发出;请稍后再试")),), 422)
    return _page(look, done=look.say("激活链接已发到%(name)s的邮箱", name=made.name))


def _unmailable(look: Look, form: Form, address: str) -> tuple[tuple[str, str], ...]:
    """Why no letter can go out, asked before there is a link: making one ends the one before it."""
    if form.get("way") != "mail":
        return ()
    if not can_mail(look.desk):
        return (("way", look.say("本系统没有接入邮件,没有生成链接;请改用在这里显示一次,当面交给本人")),)
    if not address:
        return (("way", look.say("这位人员没有邮箱,没有生成链接;请先在名册里补上,或改用在这里显示一次,当面交给本人")),)
    return ()


# ── shared ───────────────────────────────────────────────────────


def _administrator(look: Look) -> str:
    """Whose name stands in the log. Raises Forbidden, Unproven."""
    require(look.caller, "manage_accounts")
    proven(look.caller)
    return signature(look.caller)[0]


def _line(look: Look, login: str) -> AccountLine:
    found = next((one for one in accounts.listed(look.desk) if one.login == login), None)
    if found is None:
        raise Unknown(f"没有登录名为“{login[:80]}”的账号")
    return found


def _account_of(look: Look, who: str) -> AccountLine | None:
    return next((one for one in accounts.listed(look.desk) if who and who in (one.person, one.email)), None)


def _faults(look: Look, form: Form, required: str) -> tuple[tuple[str, str], ...]:
    if not form.get(required):
        return ((required, look.say(MISSING[required])),)
    long = [name for name in form if len(form[name]) > LONGEST.get(name, 20_000)]
    return tuple((name, look.say("最多%(n)s个字", n=LONGEST[name])) for name in long)


def _page(
    look: Look,
    form: Form = EMPTY,
    faults: tuple[tuple[str, str], ...] = (),
    status: int = 200,
    *,
    q: str = "",
    state: str = "",
    part: int = 1,
    **values: Any,
) -> Response:
    lines = accounts.listed(look.desk)
    found = [one for one in lines if _fits(one, q, state)]
    pages = max(1, -(-len(found) // SHOWN))
    part = min(part, pages)
    return administration(
        look,
        "admin/accounts.html",
        status,
        lines=found[(part - 1) * SHOWN : part * SHOWN],
        counts={name: sum(one.status == name for one in lines) for name in STANDING},
        standing=STANDING,
        seats=SEAT_WORDS,
        q=q,
        state=state,
        part=part,
        pages=pages,
        form=form,
        faults=faults,
        mails=can_mail(look.desk),
        alone=not POLICY.takes_two(look.desk, "withdraw_password"),
        manages=POLICY.may(look.principal, "manage_accounts"),
        **({"done": "", "made": None, "url": "", "until": None} | values),
    )


def _fits(one: AccountLine, q: str, state: str) -> bool:
    about = f"{one.login} {one.person} {one.name} {' '.join(one.roles)}".lower()
    return (not state or one.status == state) and q.strip().lower() in about
