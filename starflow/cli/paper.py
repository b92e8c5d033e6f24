"""Documents, certificates, evidence packs, and supervision slips."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starflow.cli.acting import acting_on
from starflow.cli.arguments import As, By, Code, Reason, Under, Year, read_number, write_bytes
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, day, moment
from starflow.cli.words import say
from workflow.engine.errors import BadInput, Unknown

if TYPE_CHECKING:
    from starflow.service.desk import Desk
    from starflow.service.slips import SlipLine

Kind = Annotated[
    str,
    typer.Argument(metavar="KIND", help="文书:notice、slip、minutes、approval_list、certificate、ledger、summary"),
]
OutFile = Annotated[str, typer.Option("--out", metavar="FILE", help="写入这个文件;按后缀排成 docx 或 pdf")]
Zip = Annotated[str, typer.Option("--out", metavar="FILE", help="写入这个文件(zip)")]
For = Annotated[str | None, typer.Option("--for", metavar="CODE", help="哪个组织;公示和台账不写则为全部")]
Number = Annotated[str | None, typer.Option("--number", metavar="N", help="会议或督办单的编号")]
Logo = Annotated[str | None, typer.Option("--logo", metavar="FILE", help="标志图片(PNG或JPEG,最多2 MiB)")]
KeyFile = Annotated[str, typer.Argument(metavar="FILE", help="私钥写入这个文件;不要给别人")]
Signed = Annotated[str, typer.Argument(metavar="TEXT", help="证书二维码里的文字")]
Public = Annotated[str, typer.Option("--public", metavar="HEX", help="公钥")]
SlipId = Annotated[int, typer.Argument(metavar="N", parser=read_number, help="督办单的编号")]
Colour = Annotated[
    str | None, typer.Option("--colour", metavar="C", help="blue、yellow 或 red;不写则按灯:临近蓝、滞后黄、逾期红")
]
SlipText = Annotated[str, typer.Option("--text", metavar="TEXT", help="督办内容;不写则按环节和期限写")]
Reply = Annotated[str, typer.Option("--text", metavar="TEXT", help="反馈的内容")]
Open = Annotated[bool, typer.Option("--open", help="只看没有办结的")]


# ── documents ────────────────────────────────────────────────────


def document(
    kind: Kind, out: OutFile, code: For = None, number: Number = None, year: Year = None, logo: Logo = None
) -> Result:
    from starflow.documents.paper.kinds import Wanted, logo_of, paper_of

    picture = logo_of(_read(logo)) if logo is not None else None
    with at_desk() as desk:
        key = _key(desk) if kind == "certificate" else None
        wanted = Wanted(kind=kind, year=year, code=code, number=number, logo=picture, key=key)
        paper = paper_of(desk, wanted)
        content, said = _laid_out(desk, paper, out.rpartition(".")[2].lower())
    write_bytes(out, content)
    shape = {"file": out, "title": paper.title, "fonts": said}
    return Result(shape, (say("已写入 {out}:{title}", out=out, title=paper.title), said))


def _laid_out(desk: "Desk", paper: Any, form: str) -> tuple[bytes, str]:
    if form == "docx":
        from starflow.documents.paper.docx_writer import BODY, TITLE, to_docx

        return to_docx(paper), say("字体按公文格式写明为{title}和{body},由打开文件的电脑提供", title=TITLE, body=BODY)
    if form == "pdf":
        from starflow.documents.paper.fonts import faces
        from starflow.documents.paper.pdf_writer import to_pdf

        fonts = faces(desk.settings.pdf_font)
        return to_pdf(paper, fonts, desk.clock.now().astimezone(desk.settings.zone)), fonts.said
    raise BadInput(say("文书只能排成 docx 或 pdf,不是“{form}”", form=form))


def _read(name: str) -> bytes:
    """No more than a logo may have, whatever the file is."""
    from starflow.documents.paper.kinds import LOGO_BYTES

    path = Path(name)
    try:
        if path.stat().st_size > LOGO_BYTES:
            size = f"{path.stat().st_size / 1024**2:.1f}"
            raise BadInput(say("标志图片太大:{size} MiB,最多 {most} MiB", size=size, most=LOGO_BYTES // 1024**2))
        return path.read_bytes()
    except OSError as error:
        raise Unknown(say("读不到文件“{name}”:{why}", name=name, why=error.strerror)) from None


def _key(desk: "Desk") -> bytes:
    file = desk.settings.certificate_key_file
    if file is None:
        raise BadInput(say("发证须先设 STARFLOW_CERTIFICATE_KEY_FILE;用 starflow certificate key 生成密钥"))
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unknown(say("读不到文件“{name}”:{why}", name=file, why=error.strerror)) from None


def pack(code: Code, out: Zip, year: Year = None) -> Result:
    from starflow.documents.paper.pack import evidence_pack

    with at_desk() as desk:
        content = evidence_pack(desk, code, year)
    write_bytes(out, content)
    told = say("已写入 {out};核验:解出其中的 verify.py,运行 python verify.py {out}", out=out)
    return Result({"file": out, "organisation": code}, (told,))


def certificate_key(file: KeyFile) -> Result:
    """Never over a key that is there: certificates signed with it could no longer be checked."""
    from starflow.documents.paper.certificate import new_key

    private, public = new_key()
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(private)
    except FileExistsError:
        raise BadInput(say("文件“{name}”已经存在,不覆盖", name=file)) from None
    except OSError as error:
        raise BadInput(say("写不了文件“{name}”:{why}", name=file, why=error.strerror)) from None
    return Result(
        {"file": file, "public": public}, (say("私钥已写入 {name};公钥(可以公布):{key}", name=file, key=public),)
    )


def certificate_check(text: Signed, public: Public) -> Result:
    """Without any database."""
    from starflow.documents.paper.certificate import checked

    found = checked(text, public)
    names = ("organisation", "name", "star", "year", "from_on", "decision", "issuer")
    shape = {name: getattr(found, name) for name in names}
    return Result(
        shape | {"ok": True},
        (say("签名相符:{name},{year}年度{star}星,{issuer}", name=found.name, year=found.year, star=found.star, issuer=found.issuer),),
    )  # fmt: skip


# ── supervision slips ────────────────────────────────────────────


def slip_issue(
    code: Code, role: As, colour: Colour = None, text: SlipText = "", by: By = None, year: Year = None
) -> Result:
    from starflow.service.slips import issue_slip

    with at_desk() as desk:
        acting = acting_on(desk, code, role, by, year)
        line = issue_slip(desk, code, acting=acting, colour=colour, text=text, year=year)
    return _slip(line, say("打印:starflow document slip --number {n} --out 督办单.docx", n=line.id))


def slip_list(under: Under = None, only_open: Open = False, year: Year = None) -> Result:
    from starflow.service.slips import slip_list as find

    with at_desk() as desk:
        page = find(desk, year=year, under=under, still_open=only_open)
    return Result(page.as_json(), [_slips(page.rows)] if page.rows else [say("没有符合条件的")])


def slip_receive(number: SlipId, role: As = "organisation", by: By = None) -> Result:
    from starflow.service.slips import receive_slip, slip

    with at_desk() as desk:
        line = slip(desk, number)
        return _slip(receive_slip(desk, number, acting=_owning(desk, line, role, by)))


def slip_reply(number: SlipId, text: Reply, role: As = "organisation", by: By = None) -> Result:
    from starflow.service.slips import answer_slip, slip

    with at_desk() as desk:
        line = slip(desk, number)
        return _slip(answer_slip(desk, number, text, acting=_owning(desk, line, role, by)))


def slip_close(number: SlipId, reason: Reason = "", role: As = "department", by: By = None) -> Result:
    from starflow.service.slips import close_slip, slip

    with at_desk() as desk:
        line = slip(desk, number)
        acting = acting_on(desk, line.organisation, role, by, int(line.number[3:7]))
        return _slip(close_slip(desk, number, reason, acting=acting))


def _owning(desk: "Desk", line: "SlipLine", role: str, by: str | None) -> Any:
    return acting_on(desk, line.organisation, role, by, int(line.number[3:7]))


def _slip(line: "SlipLine", *more: str) -> Result:
    from starflow.service.shapes import plain

    return Result(plain(line), (_slips([line]), *more))


def _slips(rows: Any) -> Table:
    titles = ("编号", "文号", "单位", "环节", "给谁", "状态", "反馈期限", "签收", "反馈")
    return Table(tuple(map(say, titles)), [_cells(one) for one in rows])


def _cells(one: "SlipLine") -> tuple[str, ...]:
    received = f"{one.received_by} {moment(one.received_at)}" if one.received_at else ""
    name = f"{one.organisation} {one.name}"
    status = say(STATUS[one.status])
    return (
        str(one.id),
        one.number,
        name,
        one.stage_title,
        one.owner_name,
        status,
        day(one.answer_by),
        received,
        one.reply or "",
    )


STATUS = {"issued": "已发", "received": "已签收", "answered": "已反馈", "closed": "已办结"}
