"""Messages, calendar feeds, webhooks out, and the client for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from starflow.cli.acting import coordinator
from starflow.cli.arguments import By, Limit, Under, read_number, write_bytes
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, moment, text
from starflow.cli.words import say
from workflow.engine.errors import BadInput, Unknown

Kind = Annotated[str, typer.Option("--kind", metavar="K", help="escalation、nudge、reminder、event 或 several")]
Channel = Annotated[
    str, typer.Option("--channel", metavar="C", help="通道:smtp、webhook、wecom、dingtalk、feishu、sms 等")
]
MessageLang = Annotated[str, typer.Option("--in", metavar="zh|en", help="消息的语言")]
Words = Annotated[str, typer.Option("--text", metavar="TEXT", help="事项的内容,例如一条提醒")]
NoticeKey = Annotated[str, typer.Argument(metavar="KEY", help="提醒的键,见 notices --json")]
MessageId = Annotated[int, typer.Argument(metavar="N", parser=read_number, help="消息的编号,见 message log")]
Because = Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由")]
Who = Annotated[str, typer.Argument(metavar="PERSON", help="人员编号或邮箱")]
Digest = Annotated[str | None, typer.Option("--digest", metavar="on|off", help="每日一信:提醒和知会并成每天一封")]
Unsubscribe = Annotated[
    str | None, typer.Option("--events", metavar="on|off", help="知会类消息;off 为退订,催办和上报不能退订")
]
PreferLang = Annotated[str | None, typer.Option("--in", metavar="zh|en", help="消息的语言")]
Person = Annotated[str | None, typer.Option("--person", metavar="PERSON", help="谁的日历:人员编号或邮箱")]
FeedId = Annotated[int, typer.Argument(metavar="N", parser=read_number, help="日历的编号")]
Ics = Annotated[str, typer.Option("--out", metavar="FILE", help="写入这个文件(ics)")]
Url = Annotated[str, typer.Argument(metavar="URL", help="接收方的地址,须为 https")]
Label = Annotated[str, typer.Option("--label", metavar="TEXT", help="接收方的名称")]
FromStart = Annotated[bool, typer.Option("--from-start", help="从第一条记录推起;不写则从现在起")]
HookId = Annotated[int, typer.Argument(metavar="N", parser=read_number, help="接收方的编号")]
Cursor = Annotated[int, typer.Option("--after", metavar="CURSOR", parser=read_number, help="从这个游标之后重推")]
PythonFile = Annotated[str, typer.Option("--out", metavar="FILE", help="写入这个文件(py)")]


# ── messages ─────────────────────────────────────────────────────


def preview(
    kind: Kind = "reminder", channel: Channel = "smtp", language: MessageLang = "zh", words: Words = ""
) -> Result:
    """What such a message looks like, in the templates of this installation; nothing is sent."""
    import os

    from schedules.letters import said
    from schedules.templates import KINDS, LANGUAGES, read_templates, sms_parts
    from starflow.service.settings import CHANNELS, read_settings
    from storage.outbox import Standing

    for name, value, known in (("kind", kind, KINDS), ("channel", channel, CHANNELS), ("in", language, LANGUAGES)):
        if value not in known:
            raise BadInput(say("--{name} 只能是 {known}", name=name, known="、".join(known)))
    example = words or say("第一党支部“申报”须于6月5日前办理")
    kinds = ("nudge", "reminder") if kind == "several" else (kind,)
    notices = [Standing(n, 1, one, example, False, False, False) for n, one in enumerate(kinds)]
    subject, body = said(channel, say("张伟"), notices, read_templates(read_settings(os.environ).templates), language)
    parts = sms_parts(body) if channel == "sms" else None
    lines = [subject, "", body]
    if parts is not None:
        lines += ["", say("短信{n}字,分{parts}条发出", n=len(body), parts=parts)]
    return Result({"subject": subject, "body": body, "characters": len(body), "sms_parts": parts}, lines)


def log(limit: Limit = None) -> Result:
    """Every attempt to send, the newest first."""
    from storage import preferences

    with at_desk() as desk:
        with desk.reading() as tx:
            found = preferences.logged(tx, limit or 200)
        zone = desk.settings.zone
    rows = [
        {
            "message": one.message_id,
            "person": one.person,
            "channel": one.channel,
            "attempt": one.attempt,
            "at": one.at.astimezone(zone),
            "outcome": one.outcome,
            "said": one.said,
        }
        for one in found
    ]
    titles = tuple(map(say, ("时间", "消息", "给谁", "通道", "第几次", "结果", "对方说")))
    cells = [
        (
            moment(one.at.astimezone(zone)),
            str(one.message_id),
            text(one.person),
            one.channel,
            str(one.attempt),
            say(OUTCOMES[one.outcome]),
            one.said,
        )
        for one in found
    ]
    return Result({"rows": rows}, [Table(titles, cells)] if rows else [say("还没有发过消息")])


OUTCOMES = {
    "sent": "已发",
    "retried": "待重试",
    "dead": "发不出",
    "unsure": "不知是否送达",
    "suppressed": "不必再发",
    "postponed": "稍后发出",
}


def resend(number: MessageId, by: By = None) -> Result:
    """One message once more, that was given up or of which nobody knows whether it arrived."""
    from starflow.service.upkeep import resend as again

    with at_desk() as desk:
        coordinator(desk, by)
        if not again(desk, number):
            raise Unknown(say("消息{n}不在发不出的或不知是否送达的之中", n=number))
    return Result({"message": number, "status": "queued"}, (say("已重新排队"),))


def suppress(key: NoticeKey, reason: Because, by: By = None) -> Result:
    """Keep one notice that still waits from being sent; the list shows why, and who said so."""
    from storage import outbox

    if not reason.strip():
        raise BadInput(say("须写明理由"))
    with at_desk() as desk:
        note = f"{reason.strip()}({coordinator(desk, by)})"
        with desk.transaction() as tx:
            if not outbox.suppress_named(tx, key, note):
                raise Unknown(say("没有待发的提醒“{key}”", key=key))
    return Result({"key": key, "status": "suppressed", "note": note}, (say("不再发出,理由已记下"),))


def prefer(
    person: Who, digest: Digest = None, events: Unsubscribe = None, language: PreferLang = None, by: By = None
) -> Result:
    """How a person wants to be told; what is not said stays as it is."""
    from starflow.service.organisations import find_person
    from storage import preferences
    from storage.paper_models import Preference

    for name, value, known in (("digest", digest, ONOFF), ("events", events, ONOFF), ("in", language, ("zh", "en"))):
        if value is not None and value not in known:
            raise BadInput(say("--{name} 只能是 {known}", name=name, known="、".join(known)))
    with at_desk() as desk:
        actor = coordinator(desk, by)
        with desk.transaction() as tx:
            who = find_person(tx, person)
            assert who.id is not None
            before = preferences.of_person(tx, who.id)
            row = Preference(
                person_id=who.id,
                digest=before.digest if digest is None and before else digest == "on",
                unsubscribed=before.unsubscribed if events is None and before else events == "off",
                language=language or (before.language if before else "zh"),
                actor=actor,
                at=tx.now,
            )
            preferences.put(tx, row)
            shape = {
                "person": who.code,
                "digest": row.digest,
                "unsubscribed": row.unsubscribed,
                "language": row.language,
            }
    said = say(
        "{name}:每日一信{digest},知会{events},语言{language}",
        name=who.name,
        digest=ON[bool(row.digest)],
        events=ON[not row.unsubscribed],
        language=row.language,
    )
    return Result(shape, (said,))


ONOFF = ("on", "off")
ON = {True: "on", False: "off"}


# ── calendar feeds ───────────────────────────────────────────────


def feed_issue(person: Person = None, under: Under = None, by: By = None) -> Result:
    from starflow.service.feeds import issue_feed

    with at_desk() as desk:
        plain = issue_feed(desk, person=person, under=under, actor=coordinator(desk, by))
        url = f"{desk.settings.public_url.rstrip('/')}/calendar/{plain}.ics"
    return Result({"url": url}, (say("日历地址(只显示这一次,谁有谁能看):{url}", url=url),))


def feed_list() -> Result:
    from starflow.service.feeds import feed_list as find

    with at_desk() as desk:
        page = find(desk)
    titles = tuple(map(say, ("编号", "人员", "范围", "经办", "时间", "停用")))
    cells = [
        (
            str(one.id),
            text(one.person),
            text(one.organisation),
            one.actor,
            moment(one.created_at),
            moment(one.revoked_at),
        )
        for one in page.rows
    ]
    return Result(page.as_json(), [Table(titles, cells)] if page.rows else [say("还没有日历")])


def feed_revoke(number: FeedId) -> Result:
    from starflow.service.feeds import revoke_feed
    from starflow.service.shapes import plain

    with at_desk() as desk:
        line = revoke_feed(desk, number)
    return Result(plain(line), (say("日历{n}已停用", n=number),))


def feed_write(out: Ics, person: Person = None, under: Under = None) -> Result:
    """The same calendar as a file, for those whose network reaches nothing."""
    from starflow.documents.calendars import feed
    from starflow.service.feeds import Scope
    from starflow.service.organisations import find_person

    if (person is None) == (under is None):
        raise BadInput(say("--person 和 --under 只写其一"))
    with at_desk() as desk:
        if person is not None:
            with desk.reading() as tx:
                found = find_person(tx, person)
            scope = Scope(person=found.code, organisation=None, title=found.name)
        else:
            scope = Scope(person=None, organisation=under, title=str(under))
        content = feed(desk, scope)
    write_bytes(out, content)
    entries = content.count(b"BEGIN:VEVENT")
    return Result({"file": out, "entries": entries}, (say("已写入 {out}:{n}项", out=out, n=entries),))


# ── webhooks out ─────────────────────────────────────────────────


def hook_add(url: Url, label: Label = "", from_start: FromStart = False, by: By = None) -> Result:
    from schedules.outward import Refused, Unreachable, check_address
    from starflow.service.hooks import add_hook

    with at_desk() as desk:
        private = desk.settings.private_hosts
        try:
            check_address(url, private=private)
        except (Refused, Unreachable) as trouble:
            raise BadInput(str(trouble)) from None
        if not url.startswith("https://") and not any(host in url for host in private):
            raise BadInput(say("接收方的地址须为 https"))
        line, secret = add_hook(desk, url, label=label, actor=coordinator(desk, by), from_start=from_start)
    told = say("接收方{n}已登记;它的签名密钥(只显示这一次):{secret}", n=line.id, secret=secret)
    return Result({"id": line.id, "url": url, "secret": secret}, (told,))


def hook_list() -> Result:
    from starflow.service.hooks import hook_list as find

    with at_desk() as desk:
        page = find(desk)
    titles = tuple(map(say, ("编号", "接收方", "地址", "已推送", "待推送", "放弃", "停用")))
    cells = [
        (str(one.id), one.label, one.url, str(one.sent), str(one.pending), str(one.dead), moment(one.revoked_at))
        for one in page.rows
    ]
    return Result(page.as_json(), [Table(titles, cells)] if page.rows else [say("还没有接收方")])


def hook_log(number: HookId, limit: Limit = None) -> Result:
    from starflow.service.hooks import hook_log as find

    with at_desk() as desk:
        page = find(desk, number, limit or 50)
    titles = tuple(map(say, ("游标", "结果", "第几次", "时间", "下次", "对方说")))
    cells = [
        (str(one.cursor), say(HOOK_STATUS[one.status]), str(one.attempts), moment(one.sent_at), moment(one.next_try_at), one.said)
        for one in page.rows
    ]  # fmt: skip
    return Result(page.as_json(), [Table(titles, cells)] if page.rows else [say("还没有推送过")])


HOOK_STATUS = {"sent": "已推送", "pending": "待推送", "dead": "放弃"}


def hook_replay(number: HookId, cursor: Cursor) -> Result:
    from starflow.service.hooks import replay_hook

    with at_desk() as desk:
        waiting = replay_hook(desk, number, cursor)
    return Result({"id": number, "after": cursor, "waiting": waiting}, (say("{n}件重新排队", n=waiting),))


def hook_revoke(number: HookId) -> Result:
    from starflow.service.hooks import revoke_hook
    from starflow.service.shapes import plain

    with at_desk() as desk:
        line = revoke_hook(desk, number)
    return Result(plain(line), (say("接收方{n}已停用", n=number),))


# ── the client ───────────────────────────────────────────────────


def client(out: PythonFile) -> Result:
    """A typed client of this very version's API: one file that needs only Python."""
    from starflow.web.client import client_source

    source = client_source()
    write_bytes(out, source.encode())
    calls = source.count("\n    def ") - source.count("\n    def _")
    return Result({"file": str(Path(out)), "calls": calls}, (say("已写入 {out}:{n}个调用", out=out, n=calls),))
