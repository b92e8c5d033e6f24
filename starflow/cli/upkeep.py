"""Proving the history, keeping its head elsewhere, asking what is wrong, erasing by rule, tokens."""

import json
import re
from dataclasses import asdict
from typing import Annotated, Any

import typer

from starflow.cli.arguments import Code, DryRun, read_number, read_text, write_bytes
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, json_of, working
from starflow.cli.words import reported, say
from workflow.engine.errors import BadInput

AnchorFile = Annotated[
    str | None,
    typer.Option("--anchor", metavar="FILE", help="与以前用 anchor 存下的文件核对;也可直接写信件、公示上的锚点"),
]
Export = Annotated[
    str | None,
    typer.Option(
        "--export",
        metavar="FILE",
        help="另把全部记录写入这个文件,供独立的校验程序核对",
    ),
]
Out = Annotated[str | None, typer.Option("--out", metavar="FILE", help="写入这个文件,请存到数据库以外的地方")]
TokenRole = Annotated[
    str, typer.Option("--role", metavar="ROLE", help="令牌的身份:organisation、superior、department、committee、city")
]
Label = Annotated[str, typer.Option("--label", metavar="TEXT", help="令牌的用途")]
Days = Annotated[int, typer.Option("--days", metavar="N", parser=read_number, help="有效天数")]

SHOWN_DOWNTIMES = 3
CODE = re.compile(r"(\d{1,18})-([0-9a-fA-F]{64})")
Redate = Annotated[bool, typer.Option("--redate", help="先按现在的节假日历重算全部未办结的期限")]


def verify(anchor: AnchorFile = None, export: Export = None) -> Result:
    """Exit code 1 when the history does not hold."""
    from starflow.service.upkeep import exported
    from starflow.service.upkeep import verify as proved

    kept = _anchor(anchor) if anchor is not None else None
    with at_desk() as desk, working(say("校验历史")):
        verdict = proved(desk, kept)
        if export is not None:  # also of a history that does not hold: the other verifier shall see it too
            write_bytes(export, b"".join(f"{json_of(row)}\n".encode() for row in exported(desk)))
    if verdict.ok:
        lines = [say("✔ 历史完整:{cycles}个周期,{records}条记录", cycles=verdict.cycles, records=verdict.records)]
        lines += [say("✔ 与锚点一致({at})", at=_day_of(kept))] if kept else []
    else:
        lines = [say("✘ 历史校验失败:{place}", place=verdict.first_bad)]
        lines += [say("请保留现场,停止写入,并与最近的备份和锚点比较")]
    lines += [say("已写入 {out}", out=export)] if export is not None else []
    return Result(asdict(verdict), [*lines, f"  {say('总哈希')} {verdict.head}"], exit_code=int(not verdict.ok))


def _day_of(kept: dict[str, Any]) -> str:
    """When the anchor was taken, in local time; an anchor of another hand may not say."""
    from datetime import datetime

    from starflow.cli.output import moment

    said = kept.get("at")
    return moment(datetime.fromisoformat(said).astimezone()) if isinstance(said, str) else ""


def _anchor(file: str) -> dict[str, Any]:
    """What `anchor` has written, or the line that letters and notices carry; anything else is not an anchor."""
    if line := CODE.fullmatch(file.strip()):
        return {"upto": int(line[1]), "head": line[2].lower()}
    try:
        found = json.loads(read_text(file))
        chains = found["chains"]
        good = all(isinstance(c, str) and isinstance(n, int) and isinstance(h, str) for c, (n, h) in chains.items())
        good = good and isinstance(found.get("upto", 0), int)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        good = False
    if not good:
        raise BadInput(say("“{file}”不是锚点文件;锚点由 starflow anchor --out 写出", file=file))
    return found


def anchor(out: Out = None) -> Result:
    from starflow.service.upkeep import anchor as keep

    with at_desk() as desk:
        kept = keep(desk)
    said = say("锚点:{cycles}个周期,{records}条记录", cycles=kept["cycles"], records=kept["records"])
    lines = [said, f"  {say('总哈希')} {kept['head']}", f"  {say('一行写下')} {kept['code']}"]
    if out is not None:
        write_bytes(out, f"{json_of(kept)}\n".encode())
        lines.append(say("已写入 {out}", out=out))
    return Result(kept, lines)


def doctor(redate: Redate = False) -> Result:
    """Exit code 1 when something needs a hand; each finding says what to do."""
    from starflow.service.upkeep import doctor as examine
    from starflow.service.upkeep import downtimes, redate_all

    with at_desk() as desk, working(say("体检")):
        if redate:
            redate_all(desk)
        found, down = examine(desk), downtimes(desk)
    rows = [asdict(one) for one in found]
    lines = [f"✘ {reported(one.found)} → {reported(one.remedy)}" for one in found] or [say("✔ 一切正常")]
    lines += [f"  {reported(sentence)}" for sentence in down[:SHOWN_DOWNTIMES]]
    return Result({"ok": not found, "rows": rows, "downtimes": list(down)}, lines, exit_code=int(bool(found)))


def retain(dry_run: DryRun = False) -> Result:
    from starflow.service.upkeep import retain as erase

    with at_desk() as desk:
        done = erase(desk, dry_run=dry_run)
    word = say("试算(没有写入)" if dry_run else "已销毁")
    said = say("{word}:明细{details}条,异议{objections}件,消息地址{addresses}个", word=word, details=done.details,
               objections=done.objections, addresses=done.addresses)  # fmt: skip
    return Result(asdict(done), (said,))


def token_issue(code: Code, role: TokenRole, label: Label = "", days: Days = 365) -> Result:
    """Shown this once: only its hash is kept."""
    from starflow.service.access import issue_token

    with at_desk() as desk:
        token = issue_token(desk, role, code, label, days)
    lines = (token, say("请立即保存:令牌只显示这一次,{days}天后失效", days=days))
    return Result({"token": token, "role": role, "organisation": code, "days": days}, lines)
