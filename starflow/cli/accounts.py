"""Accounts and roles from the command line: whoever runs the installation invites, looks, shuts out, and appoints the first two.

Everything done here is recorded under the machine's user; what takes two people takes two here as well.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from starflow.cli.acting import os_user
from starflow.cli.arguments import Code, read_day, read_number
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, moment, text
from starflow.cli.words import role as role_word
from starflow.cli.words import say
from workflow.engine.errors import Forbidden

if TYPE_CHECKING:
    from starflow.service.accounts import Invitation
    from starflow.service.desk import Desk
    from starflow.service.twofold import Hand

Who = Annotated[str, typer.Argument(metavar="PERSON", help="人员编号或邮箱")]
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="登录名")]
MaybeLogin = Annotated[str | None, typer.Argument(metavar="[LOGIN]", help="只看这个登录名的")]
NewLogin = Annotated[str, typer.Option("--login", metavar="L", help="登录名;不写则用邮箱或人员编号")]
Name = Annotated[str, typer.Option("--name", metavar="N", help="姓名:名册以外的人")]
Totp = Annotated[bool, typer.Option("--totp", help="连同动态码一起重设")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由")]
Role = Annotated[
    str, typer.Argument(metavar="ROLE", help="organisation、department、committee、city、admin 或 auditor")
]
From = Annotated[date | None, typer.Option("--from", metavar="D", parser=read_day, help="自这一天起;不写则自今天起")]
Until = Annotated[date | None, typer.Option("--until", metavar="D", parser=read_day, help="到这一天为止(当天已不算)")]
Admin = Annotated[str | None, typer.Option("--by", metavar="PERSON", help="代哪位系统管理员办理(人员编号或邮箱)")]
Number = Annotated[int, typer.Argument(metavar="ID", parser=read_number, help="编号")]


# ── accounts ─────────────────────────────────────────────────────


def invite(who: Who, login: NewLogin = "", name: Name = "") -> Result:
    """The link is shown this once; whoever opens it chooses the password."""
    from starflow.service import accounts

    with at_desk() as desk:
        return _invitation(desk, accounts.invite(desk, who, login=login, name=name, by=_operator()))


def reset(login: Login, totp: Totp = False) -> Result:
    from starflow.service import accounts

    with at_desk() as desk:
        return _invitation(desk, accounts.reset(desk, login, totp=totp, by=_operator()))


def _invitation(desk: "Desk", made: "Invitation") -> Result:
    base = desk.settings.public_url or "http://127.0.0.1:8000"
    url, until = f"{base}/activate/{made.token}", made.expires_at.astimezone(desk.settings.zone)
    lines = (
        url,
        say("请交给{name}本人:登录名{login},链接只能用一次,{until}前有效", name=made.name, login=made.login,
            until=moment(until)),
    )  # fmt: skip
    return Result({"url": url, "login": made.login, "person": made.person, "expires_at": until}, lines)


def list_() -> Result:
    from starflow.service import accounts

    with at_desk() as desk:
        found, zone = accounts.listed(desk), desk.settings.zone
    titles = tuple(map(say, ("登录名", "人员", "状态", "动态码", "职务", "最近登录")))
    rows = [
        (one.login, f"{one.person} {one.name}", say(STATUS[one.status]), say("有" if one.totp else "无"),
         " ".join(one.roles), moment(one.signed_in_at.astimezone(zone)) if one.signed_in_at else "")
        for one in found
    ]  # fmt: skip
    return Result({"rows": [asdict(one) for one in found]}, _table(titles, rows))


STATUS = {"invited": "未激活", "active": "在用", "disabled": "已停用"}


def disable(login: Login, reason: Why = "") -> Result:
    from starflow.service import accounts

    with at_desk() as desk:
        ended = accounts.disable(desk, login, reason, by=_operator())
    return Result({"login": login, "ended": ended}, (say("已停用{login},退出了{n}处登录", login=login, n=ended),))


def enable(login: Login) -> Result:
    from starflow.service import accounts

    with at_desk() as desk:
        accounts.enable(desk, login, by=_operator())
    return Result({"login": login}, (say("已恢复{login}", login=login),))


def sessions(login: MaybeLogin = None) -> Result:
    from starflow.service import accounts
    from starflow.service import sessions as open_ones

    with at_desk() as desk:
        account_id = accounts.account_of(desk, login).account.id if login else None
        found, zone = open_ones.listed(desk, account_id), desk.settings.zone
    titles = tuple(map(say, ("编号", "登录名", "来自", "浏览器", "登录时间", "最近使用")))
    rows = [
        (str(one.number), one.login, one.network, one.browser, moment(one.opened_at.astimezone(zone)),
         moment(one.seen_at.astimezone(zone)))
        for one in found
    ]  # fmt: skip
    keys = ("number", "login", "network", "browser", "opened_at", "seen_at", "ends_at")
    return Result({"rows": [{key: getattr(one, key) for key in keys} for one in found]}, _table(titles, rows))


def sign_out(login: Login) -> Result:
    from starflow.service import accounts
    from starflow.service import sessions as open_ones

    with at_desk() as desk:
        account_id = accounts.account_of(desk, login).account.id
        assert account_id is not None  # it was read
        ended = open_ones.end(desk, account_id, "operator", actor=_operator())
    return Result({"login": login, "ended": ended}, (say("退出了{login}的{n}处登录", login=login, n=ended),))


def log() -> Result:
    from starflow.service import accounts

    with at_desk() as desk:
        found, zone = accounts.log(desk), desk.settings.zone
    titles = tuple(map(say, ("时间", "什么", "谁", "关于", "来自", "说明")))
    keys = ("at", "what", "actor", "about", "network", "detail")
    data = [{key: getattr(one, key) for key in keys} for one in found]
    rows = [(moment(one.at.astimezone(zone)), one.what, one.actor, one.about, one.network, one.detail) for one in found]
    return Result({"rows": data}, _table(titles, rows))


# ── roles ────────────────────────────────────────────────────────


def grant(
    who: Who, role: Role, code: Code, from_: From = None, until: Until = None, reason: Why = "", by: Admin = None
) -> Result:
    """Asked for by one administrator; the first two are appointed at once."""
    from starflow.service import granting, twofold

    with at_desk() as desk:
        payload = granting.payload_of(desk, who, role, code, from_on=from_, until_on=until)
        if granting.is_founding(desk, role):
            said = granting.give(desk, payload, granted_by=_operator(), confirmed_by="installation")
            return Result({"request": None, "said": said}, (said,))
        number = twofold.ask(desk, "grant_role", payload, hand=_hand(desk, by), code=code, reason=reason)
    said = say("已提出,第{n}号;须另一位管理员复核:starflow role confirm {n} --by …", n=number)
    return Result({"request": number, "said": said}, (said,))


def confirm(number: Number, by: Admin = None) -> Result:
    from starflow.service import twofold

    with at_desk() as desk:
        said = twofold.confirm(desk, number, hand=_hand(desk, by))
    return Result({"request": number, "said": said}, (said,))


def roles() -> Result:
    from starflow.service import granting

    with at_desk() as desk:
        found = granting.listed(desk)
    titles = tuple(map(say, ("编号", "人员", "职务", "组织", "自", "至", "授予", "复核")))
    rows = [
        (str(one.number), f"{one.person} {one.name}", role_word(one.role), one.organisation, one.from_on.isoformat(),
         text(one.until_on), one.granted_by, one.confirmed_by)
        for one in found
    ]  # fmt: skip
    return Result({"rows": [asdict(one) for one in found]}, _table(titles, rows))


def revoke(number: Number) -> Result:
    from starflow.service import granting

    with at_desk() as desk:
        granting.revoke(desk, number, by=_operator())
    return Result({"number": number}, (say("已收回第{n}号授权", n=number),))


def _hand(desk: "Desk", by: str | None) -> "Hand":
    """The administrator for whom somebody types. Raises Forbidden, Unknown."""
    from starflow.service import granting
    from starflow.service.twofold import Hand

    if by is None:
        raise Forbidden(say("须用 --by 写明代哪位系统管理员办理(人员编号或邮箱)"))
    return Hand(principal=granting.administrator(desk, by), session=f"cli:{os_user()}:{by}")


# ── tokens ───────────────────────────────────────────────────────


def token_list() -> Result:
    from starflow.service.access import list_tokens

    with at_desk() as desk:
        found, zone = list_tokens(desk), desk.settings.zone
    titles = tuple(map(say, ("编号", "身份", "组织", "用途", "发出", "到期", "状态")))
    rows = [
        (one.id, role_word(one.role), one.organisation, one.label, moment(one.issued_at.astimezone(zone)),
         moment(one.expires_at.astimezone(zone)) if one.expires_at else "", say(TOKEN_STATUS[one.status]))
        for one in found
    ]  # fmt: skip
    return Result({"rows": [asdict(one) for one in found]}, _table(titles, rows))


TOKEN_STATUS = {"valid": "有效", "expired": "已过期", "revoked": "已吊销"}
TokenId = Annotated[str, typer.Argument(metavar="ID", help="令牌的编号,见 token list")]


def token_revoke(id: TokenId) -> Result:
    from starflow.service.access import revoke_token

    with at_desk() as desk:
        revoked = revoke_token(desk, id, by=_operator())
    return Result({"id": revoked}, (say("已吊销令牌{id}", id=revoked),))


# ── shared ───────────────────────────────────────────────────────


def _operator() -> str:
    return f"cli:{os_user()}"


def _table(titles: tuple[str, ...], rows: Sequence[Sequence[str]]) -> list[str | Table]:
    return [Table(titles, rows)] if rows else [say("没有符合条件的")]
