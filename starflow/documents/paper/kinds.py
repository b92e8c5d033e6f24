"""What each document says. DOCUMENTS is the list; every figure and date comes from the database, nothing is typed in again."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from starflow.documents.lists import moment
from starflow.documents.paper.blocks import (
    Bars,
    Block,
    Cut,
    Heading,
    NewPage,
    Paper,
    Picture,
    Signed,
    Table,
    Text,
    in_words,
    numbered,
)
from starflow.documents.paper.certificate import Certificate, certified, qr_png
from starflow.service import lists
from starflow.service.agenda import agenda
from starflow.service.campaigns import show_campaign
from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.matter_lists import list_matters, show_matter
from starflow.service.quotas import quota
from starflow.service.slips import COLOURS, SlipLine, slip
from starflow.service.view import Filters
from storage import cycles, meetings, organisations, outbox, records
from storage.cycles import CycleRow
from workflow.engine.deadlines import due_date
from workflow.engine.errors import BadInput, Refused, Unknown
from workflow.rating.scheme import Scheme

LEDGER = "ledger_item"
NAME_IN_A_LINE = 16  # of a certificate, which is one page whatever the name
MOST_ITEMS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which document: of which year, for whom, and by which number."""

    kind: str
    year: int | None = None
    code: str | None = None
    number: str | None = None
    logo: bytes | None = None
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A kind of document: what it is called, what it needs to be told, and who writes it."""

    name: str
    title: str
    needs: tuple[str, ...]
    write: Callable[[Desk, Wanted], Paper]


def paper_of(desk: Desk, wanted: Wanted) -> Paper:
    """Raises Unknown (kind, code, number), BadInput where something it needs is not said, Refused where there is nothing to say."""
    document = next((one for one in DOCUMENTS if one.name == wanted.kind), None)
    if document is None:
        raise Unknown(f"没有“{wanted.kind}”这种文书,可选:{'、'.join(one.name for one in DOCUMENTS)}")
    missing = [NEEDED[name] for name in document.needs if getattr(wanted, name) is None]
    if missing:
        raise BadInput(f"{document.title}须写明{'、'.join(missing)}")
    return document.write(desk, wanted)


NEEDED = {"code": "组织编码", "number": "编号", "key": "签名密钥"}


@dataclass(frozen=True, slots=True)
class Setting:
    """The year, its scheme's title, the issuer, today, and what calls a level by its name."""

    year: int
    title: str
    issuer: str
    today: date
    campaign_id: int
    zone: Any
    star_word: Callable[[int | None], str]


def _setting(desk: Desk, tx: Any, year: int | None) -> Setting:
    campaign = campaign_of(tx, year)
    scheme = desk.scheme(tx, campaign.scheme_hash)
    assert campaign.id is not None
    issuer = organisations.name_of(tx, organisations.root(tx))
    today = desk.today(scheme, tx.now)
    return Setting(campaign.year, scheme.title, issuer, today, campaign.id, scheme.zone, scheme.star_word)


# ── the public notice ────────────────────────────────────────────


def _notice(desk: Desk, wanted: Wanted) -> Paper:
    """Everybody at or below an organisation whose proposed star is in publicity now."""
    with desk.reading() as tx:
        its = _setting(desk, tx, wanted.year)
        body = _body(tx, wanted.code)
        found = [
            row
            for row in cycles.in_campaign(tx, its.campaign_id, under=body.path if body else "")
            if row.stage.endswith(".publicity")
        ]
        if not found:
            raise Refused("现在没有处在公示环节的党组织")
        contact = _contact(tx, found[0])
        head = organisations.root(tx) if body is None else body.id
        issuer = organisations.name_of(tx, head or organisations.root(tx))
    posted = [row.posted_on for row in found if row.posted_on]
    periods = [_days_of(row, its.zone, _short) for row in found]
    together = len(set(periods)) == 1
    rows = tuple(
        (str(n), row.name, its.star_word(row.proposed), *(() if together else (days,)))
        for n, (row, days) in enumerate(zip(found, periods, strict=True), 1)
    )
    return Paper(
        title=f"关于{its.year}年度拟定星级的公示",
        subject=its.title,
        head=issuer,
        number=f"公示〔{its.year}〕   号",
        logo=wanted.logo,
        blocks=(
            Text(f"根据{its.title}有关规定,经自评、党员群众测评、考评和审核,现将{len(found)}个党组织的拟定星级予以公示。"),
            Text(f"公示时间:{_days_of(found[0], its.zone, in_words)}。" if together else "公示时间:各党组织张贴的日期不同,分别列在下表。"),
            Text(
                "公示期间,任何单位和个人均可通过来信、来电、来访等形式反映问题。反映情况应实事求是,提倡实名;"
                "受理单位对反映人及反映的内容严格保密。"
            ),
            Text(f"受理单位:{contact[0]}"),
            Text(f"联系电话:{contact[1] or '见张贴处'}"),
            Table(("序号", "党组织", "拟定星级"), rows, (1, 6, 2))
            if together
            else Table(("序号", "党组织", "拟定星级", "公示时间"), rows, (1, 4, 2, 4)),
            Signed(issuer, min(posted) if posted and together else its.today),
        ),
    )  # fmt: skip


def _short(on: date) -> str:
    """In a narrow column, where the year stands above."""
    return f"{on.month}月{on.day}日"


def _days_of(row: CycleRow, zone: Any, say: Callable[[date], str]) -> str:
    """Each organisation has its own days: a notice that named the longest for all would be wrong for the others."""
    if row.posted_on is None or row.runs_until is None:
        return "尚未张贴,自张贴次日起算"
    return f"{say(row.posted_on)}至{say(due_date(row.runs_until, zone))}"


def _body(tx: Any, code: str | None) -> Any:
    found = organisations.by_code(tx, code) if code is not None else None
    if code is not None and found is None:
        raise Unknown(f"没有编码为“{code}”的党组织")
    return found


def _contact(tx: Any, row: CycleRow) -> tuple[str, str]:
    from storage import posts

    root = organisations.root(tx)
    person = posts.holder(tx, root, "department", tx.now.date()) or posts.holder(tx, root, "head", tx.now.date())
    return f"{organisations.name_of(tx, root)}组织部", person.phone if person else ""


# ── the supervision slip ─────────────────────────────────────────


def _slip(desk: Desk, wanted: Wanted) -> Paper:
    if not (wanted.number or "").isdigit():
        raise BadInput(f"督办单的编号应是数字,不是“{wanted.number}”")
    line = slip(desk, int(wanted.number or ""))
    with desk.reading() as tx:
        issuer = organisations.name_of(tx, organisations.root(tx))
    facts = (line.owner_name, f"{line.name}“{line.stage_title}”", f"{in_words(line.answer_by)}前")
    return Paper(
        title=f"{COLOURS[line.colour]}色督办单",
        head=issuer,
        number=line.number,
        colour=line.colour,
        subject=line.name,
        blocks=(
            Table(("督办对象", "事项", "反馈期限"), (facts,), (3, 4, 2), 14),
            Heading("一、督办内容"),
            Text(line.text),
            Heading("二、办理要求"),
            Text(f"请收到本单后签收,于{in_words(line.answer_by)}前将办理情况书面反馈。"),
            Signed(issuer, line.issued_at.date()),
            Cut("沿此线裁下,签收后交回"),
            *_receipt(line),
        ),
        logo=wanted.logo,
    )


def _receipt(line: SlipLine) -> tuple[Block, ...]:
    """Filled in where it is known already."""
    received = f"{line.received_by}  {moment(line.received_at)}" if line.received_at else ""
    return (
        Text(f"回  执({line.number})", indent=False, centred=True, bold=True),
        Table(("签收人、时间", "办理情况", "承办单位(章)"), ((received, line.reply or "\n\n", ""),), (2, 4, 2)),
    )


# ── minutes and the list for approval ────────────────────────────


def _minutes(desk: Desk, wanted: Wanted) -> Paper:
    with desk.reading() as tx:
        its = _setting(desk, tx, wanted.year)
        meeting = meetings.by_number(tx, its.campaign_id, wanted.number or "")
        if meeting is None or meeting.id is None:
            raise Unknown(f"{its.year}年度没有编号为“{wanted.number}”的会议")
        decided = meetings.decided(tx, meeting.id)
    approved = [one for one in decided if one.outcome == "approved"]
    rejected = [one for one in decided if one.outcome == "rejected"]
    waiting = agenda(desk, its.year).rows
    quotas = [f"{one.title or one.quota}:{one.arithmetic},已用{one.taken}个。" for one in quota(desk, its.year).rows]
    levels = Counter(one.star for one in approved)
    said = "、".join(f"{its.star_word(star)}{levels[star]}个" for star in sorted(levels, reverse=True)) or "无"
    heads = numbered(("会议议定事项", "批准名单", "不予批准", "名额使用情况", "留待下次会议"))
    return Paper(
        title=f"{its.issuer}会议纪要",
        head=its.issuer,
        number=f"编号:{meeting.number}",
        subject=its.title,
        logo=wanted.logo,
        blocks=(
            Text(f"时间:{in_words(meeting.held_on)}"),
            Text("地点:________________    主持:____________"),
            Text("出席:________________________________________"),
            Text("列席:____________________    记录:____________"),
            heads[0],
            Text(f"会议听取了{its.year}年度{its.title}考评、审核和公示情况的汇报,批准{len(approved)}个党组织的拟定星级({said}),不予批准{len(rejected)}个。"),
            heads[1],
            *(_decided(its, approved) or (Text("本次会议没有批准。"),)),
            *map(Text, _voted(approved)),
            heads[2],
            *([Text(f"{one.name}:{one.reason or '未写明理由'}。") for one in rejected] or [Text("无。")]),
            *map(Text, _voted(rejected)),
            heads[3],
            *([Text(text) for text in quotas] or [Text("方案没有名额规定。")]),
            heads[4],
            *([Text(f"{one.name}(拟定{its.star_word(one.proposed_star)}){':' + one.deferred if one.deferred else ''}。") for one in waiting] or [Text("无。")]),
            Signed(its.issuer, meeting.held_on),
        ),
    )  # fmt: skip


def _decided(its: Setting, approved: list[Any]) -> tuple[Block, ...]:
    rows = tuple((str(n), one.name, its.star_word(one.star)) for n, one in enumerate(approved, 1))
    return (Table(("序号", "党组织", "批准星级"), rows, (1, 6, 2)),) if rows else ()


def _voted(decided: list[Any]) -> Iterator[str]:
    """A sentence for each vote, with those whom it was about, unless it was about all of them."""
    votes: dict[Any, list[str]] = {}
    for one in decided:
        if one.vote:
            votes.setdefault(one.vote, []).append(one.name)
    for vote, names in votes.items():
        about = "" if len(names) == len(decided) else f"({'、'.join(names)})"
        counted = f"赞成{vote.in_favour}票,反对{vote.against}票,弃权{vote.abstained}票"
        yield f"表决{about}:到会{vote.present}人,{counted}。"


def _approval_list(desk: Desk, wanted: Wanted) -> Paper:
    found = agenda(desk, wanted.year)
    with desk.reading() as tx:
        its = _setting(desk, tx, wanted.year)
    if not found.rows:
        raise Refused("现在没有等待批准的党组织")
    rows = tuple(
        (
            str(one.rank), one.name, one.self_score or "", one.base or "", one.total, its.star_word(one.proposed_star),
            its.star_word(one.star), "线外" if one.within is False else "并列" if one.tied else "",
        )
        for one in found.rows
    )  # fmt: skip
    titles = ("名次", "党组织", "自评", "考评", "总分", "拟定", "现星级", "备注")
    cuts = [
        f"{one.title or one.quota}:{one.arithmetic};还剩{one.left}个,本次要{one.wanted}个。" for one in found.quotas
    ]
    ties = [one.tie for one in found.quotas if one.tie]
    return Paper(
        title=f"{its.year}年度拟定星级审批名单",
        head=its.issuer,
        subject=its.title,
        logo=wanted.logo,
        blocks=(
            Text(f"共{len(rows)}个党组织等待批准,按总分排列;总分相同的名次相同。"),
            Table(titles, rows, (1.2, 5, 1.4, 1.4, 1.4, 1.6, 1.6, 1.2), 11),
            *(Text(text) for text in (*cuts, *ties)),
            Text("审批意见:"),
            Text("\n签字:                    日期:      年    月    日"),
            Signed(its.issuer, its.today),
        ),
    )


# ── certificate ──────────────────────────────────────────────────


def _certificate(desk: Desk, wanted: Wanted) -> Paper:
    with desk.reading() as tx:
        its = _setting(desk, tx, wanted.year)
    found = lists.stars(desk, Filters(under=wanted.code)).rows
    line = next((one for one in found if one.organisation == wanted.code), None)
    if line is None or line.star < 1:
        raise Refused(f"{wanted.code}现在没有有效的星级,不能发证")
    assert wanted.key is not None
    air = (Text("", indent=False),) if len(line.name) <= NAME_IN_A_LINE else ()
    signed = certified(
        Certificate(
            organisation=line.organisation,
            name=line.name,
            star=line.star,
            year=its.year,
            from_on=line.from_on,
            decision=line.decision,
            issuer=its.issuer,
        ),
        wanted.key,
    )
    return Paper(
        title="星级证书",
        subject=its.title,
        signed=signed,
        frame=True,
        logo=wanted.logo,
        blocks=(
            Text("", indent=False),
            Text("★" * line.star, indent=False, centred=True, size=40),
            *air,
            Text(
                line.name, indent=False, centred=True, bold=True, size=26 if air else 20 if len(line.name) <= 44 else 16
            ),
            *air,
            Text(f"经{its.issuer}评定,在{its.year}年度{its.title}中定为", indent=True, size=18),
            Text(its.star_word(line.star), indent=False, centred=True, bold=True, size=32),
            Text(f"依据:{line.decision}", size=14),
            Text(f"自{in_words(line.from_on)}起有效", size=14),
            Signed(its.issuer, line.from_on),
            Picture(qr_png(signed), 34, "扫码取得签名文字,用 starflow certificate check 可离线核验"),
        ),
    )


# ── ledger and summary ───────────────────────────────────────────


def _ledger(desk: Desk, wanted: Wanted) -> Paper:
    with desk.reading() as tx:
        its = _setting(desk, tx, wanted.year)
        body = _body(tx, wanted.code)
    found = list_matters(desk, Filters(stage=LEDGER, under=wanted.code, year=its.year), closed=True).rows[:MOST_ITEMS]
    if not found:
        raise Refused(f"{its.year}年度没有整改台账条目")
    rows = tuple(_item(desk, n, one) for n, one in enumerate(found, 1))
    done = sum(one.status == "signed_off" for one in found)
    return Paper(
        title=f"{its.year}年度整改台账",
        head=body.name if body else its.issuer,
        subject=its.title,
        logo=wanted.logo,
        blocks=(
            Text(f"共{len(rows)}项,已销号{done}项,未销号{len(rows) - done}项。"),
            Table(
                ("序号", "党组织", "整改目标", "措施", "责任人", "期限", "状态"),
                rows,
                (1, 3, 4, 4, 1.8, 2.2, 1.8),
                10.5,
            ),
            Signed(body.name if body else its.issuer, its.today),
        ),
    )


def _item(desk: Desk, number: int, one: Any) -> tuple[str, ...]:
    data = show_matter(desk, one.id).data
    texts = (str(data.get(name) or "") for name in ("target", "measure", "responsible"))
    due = date.fromisoformat(str(data["due_on"])) if data.get("due_on") else None
    return (str(number), one.name, *texts, in_words(due) if due else "", one.status_title)


def _summary(desk: Desk, wanted: Wanted) -> Paper:
    """The year in figures: stars, stages, timeliness, words said."""
    overview = show_campaign(desk, wanted.year)
    rows = lists.cycles(desk, Filters(year=overview.year)).rows
    lights = Counter(str(one.light) for one in rows)
    stars = Counter(one.star for one in rows)
    with desk.reading() as tx:
        its = _setting(desk, tx, wanted.year)
        told, late = outbox.count_by_kind(tx), records.late_count(tx)
        scheme = desk.scheme(tx, campaign_of(tx, its.year).scheme_hash)
    done = lights["green"] + lights["black"]
    heads = numbered(("星级分布", "办理进度", "按时情况", "提醒与督办", "名额使用"))
    words = {"reminder": "提醒", "nudge": "催办", "escalation": "上报", "event": "通知"}
    return Paper(
        title=f"{its.year}年度星级创建情况年度总结",
        head=its.issuer,
        subject=its.title,
        logo=wanted.logo,
        blocks=(
            Text(f"截至{in_words(its.today)},{its.year}年度{its.title}共有{overview.rated}个党组织参评。"),
            heads[0],
            Bars("各星级党组织数", tuple((scheme.star_word(star), stars.get(star, 0)) for star in (*reversed(scheme.stars), None))),
            heads[1],
            Bars("各环节党组织数", tuple((_round(name, scheme), number) for name, number in overview.stages.items())),
            NewPage(),
            heads[2],
            Bars("亮灯情况", tuple((word, lights[key]) for key, word in LIGHT_WORDS), LIGHT_COLOURS),
            Text(f"按期或已办结{done}个;逾期办理累计{late}次。"),
            heads[3],
            Table(("种类", "条数"), tuple((words.get(kind, kind), str(n)) for kind, n in sorted(told.items())), (3, 2)),
            heads[4],
            *(Text(f"{one.title or one.quota}:{one.arithmetic},已用{one.taken}个,拟定{one.proposed}个。") for one in quota(desk, its.year).rows),
            Signed(its.issuer, its.today),
        ),
    )  # fmt: skip


def _round(stage: str, scheme: Scheme) -> str:
    round_, title = stage.rpartition(".")[0], scheme.stage_of(stage).title
    return f"{SHORT_ROUNDS.get(round_) or scheme.round_word(round_)}·{title}" if round_ else title


SHORT_ROUNDS = {"rating": "申报", "recheck": "复检"}


LIGHT_WORDS = (
    ("green", "按期"),
    ("grey", "未到"),
    ("blue", "临近"),
    ("yellow", "滞后"),
    ("red", "逾期"),
    ("black", "终止"),
)

LIGHT_COLOURS = ((46, 125, 50), (150, 150, 150), (31, 78, 160), (191, 132, 0), (200, 16, 16), (40, 40, 40))

DOCUMENTS = (
    Document("notice", "公示", (), _notice),
    Document("slip", "督办单", ("number",), _slip),
    Document("minutes", "会议纪要", ("number",), _minutes),
    Document("approval_list", "审批名单", (), _approval_list),
    Document("certificate", "星级证书", ("code", "key"), _certificate),
    Document("ledger", "整改台账", (), _ledger),
    Document("summary", "年度总结", (), _summary),
)


# ── a logo ───────────────────────────────────────────────────────

LOGO_BYTES, LOGO_PIXELS = 2 * 1024**2, 4_000


def logo_of(content: bytes) -> bytes:
    """A PNG or JPEG of reasonable size. Raises BadInput."""
    from PIL import Image, UnidentifiedImageError

    if len(content) > LOGO_BYTES:
        raise BadInput(f"标志图片太大:{len(content) / 1024**2:.1f} MiB,最多 {LOGO_BYTES // 1024**2} MiB")
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            if max(image.size) > LOGO_PIXELS:
                raise BadInput(f"标志图片边长最多{LOGO_PIXELS}像素,这张是{image.size[0]}×{image.size[1]}")
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise BadInput("标志须是PNG或JPEG图片") from None
    return content
