"""Objections (异议): brought by anybody against a notice, with a name and a code sent to prove it, or as an anonymous hint.

Who objects is known to the handler alone, and each look is written down. What reaches the cycle is its one door's `object`; after
the last day it becomes a clue for supervision instead.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starflow.service import uploads
from starflow.service.acting import Acting
from starflow.service.case import load_case
from starflow.service.clock import new_number, new_slip
from starflow.service.contacts import reaches
from starflow.service.cycles import CycleAsk, fire_in
from starflow.service.desk import Desk
from starflow.service.matters import late_clue
from starflow.service.uploads import Upload
from storage import attachments, cycles, evidence, filings, matters, publications
from storage.database import Transaction
from storage.notice_models import Filing, Look
from workflow.engine.errors import BadInput, Forbidden, Reason, Refused, StarflowError, TooOften, Unknown, WrongStage
from workflow.engine.machine import ANYONE
from workflow.rating.tracks import KIND, SUPERVISION

MOST_FILES = 3
A_DAY = timedelta(days=1)
PER_CONTACT, PER_NOTICE = 3, 200
CODE_MINUTES, CODE_TRIES, PIN_TRIES = 30, 5, 5
LONGEST = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewObjection:
    """What a form brings. Without a name it is an anonymous hint."""

    code: str
    content: str
    name: str = ""
    contact: str = ""
    anonymous: bool = False
    files: tuple[Upload, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """With these its writer can ask what has become of it. `late`: it is a clue, since it came after the last day or, with days
    left (`halted`), while the star is being weighed again.
    """

    number: str
    pin: str = field(repr=False)
    late: bool
    halted: bool
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A code is on its way; `ticket` is what the next form carries. `code` is shown in a rehearsal, where nothing is sent."""

    ticket: str = field(repr=False)
    contact: str
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What has become of an objection, for whoever brought it."""

    number: str
    organisation: str
    status: str
    title: str
    lodged_at: datetime
    due_at: datetime | None
    finding: str | None


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def secret(number: str, pin: str) -> str:
    """Six digits can be tried through: slowly, even for whoever has the database."""
    return hashlib.scrypt(pin.encode(), salt=number.encode(), n=2**13, r=8, p=1).hex()[:64]


# ── bringing one ─────────────────────────────────────────────────


def bring(desk: Desk, slug: str, said: NewObjection) -> Receipt | Waiting:
    """Lodge a hint at once; with a name, send a code first. Nothing is stored of what is refused. Raises BadInput, TooOften."""
    _check(said)
    for file in said.files:
        uploads.kind_of(file)
    with desk.transaction() as tx:
        line = next((one for one in publications.lines(tx, slug) if one.code == said.code), None)
        if line is None:
            raise BadInput("请选择是对哪个党组织的异议")
        row = cycles.by_id(tx, line.entry.cycle_id)
        if said.anonymous and row is not None and not desk.scheme(tx, row.scheme_hash).objection.anonymous_ok:
            raise BadInput(Reason("按本方案只受理实名的异议,请写姓名和能收到验证码的手机号或邮箱", "R23"))
        _not_too_often(tx, slug, said)
        filing = Filing(
            slug=slug,
            cycle_id=line.entry.cycle_id,
            status="unverified",
            named=not said.anonymous,
            name="" if said.anonymous else said.name.strip(),
            contact="" if said.anonymous else said.contact.strip(),
            contact_digest="" if said.anonymous else _contact_digest(said.contact),
            content=said.content.strip(),
            at=tx.now,
        )
        filing_id = filings.put(tx, filing)
        uploads.attach(desk, tx, said.files, "objection", filing_id)
        return _lodged(desk, tx, filing) if said.anonymous else _sent(desk, tx, filing)


def _check(said: NewObjection) -> None:
    faults = (
        (len(said.content.strip()) < 10, "请写明事实:什么时间、什么事情、有什么依据(至少10个字)"),
        (len(said.content) > LONGEST, f"事实最多{LONGEST}字,更多的请放在附件里"),
        (len(said.files) > MOST_FILES, f"附件最多{MOST_FILES}个"),
        (not said.anonymous and not 2 <= len(said.name.strip()) <= 40, "请写真实姓名,或选择匿名反映"),
        (not said.anonymous and not reaches(said.contact), "请写能收到验证码的手机号或邮箱"),
        ("\x00" in said.content + said.name + said.contact, "内容里有不能保存的字符"),
    )
    found = [text for wrong, text in faults if wrong]
    if found:
        raise BadInput(*(Reason(text, "R23") for text in found))


def _contact_digest(contact: str) -> str:
    return digest("".join(c for c in contact.strip().lower() if c not in " -"))


def _not_too_often(tx: Transaction, slug: str, said: NewObjection) -> None:
    since = tx.now - A_DAY
    if not said.anonymous and filings.since(tx, since, contact=_contact_digest(said.contact)) >= PER_CONTACT:
        raise TooOften(f"同一手机号或邮箱一天最多提{PER_CONTACT}件,请明天再来,或直接与公示上的联系人联系")
    if filings.since(tx, since, slug=slug) >= PER_NOTICE:
        raise TooOften("这份公示今天收到的异议太多,请明天再来,或直接与公示上的联系人联系")


def _sent(desk: Desk, tx: Transaction, filing: Filing) -> Waiting:
    """The code is made when it is sent; only a rehearsal, which sends nothing, makes and shows it at once."""
    ticket = new_slip()
    code = new_number(6) if desk.rehearsal else None
    values = {"ticket": digest(ticket), "sending": "sent" if code else "queued", "next_try_at": tx.now}
    assert filing.id is not None
    filings.change(tx, filing.id, values | ({"code": digest(code)} if code else {}))
    return Waiting(ticket=ticket, contact=masked(filing.contact), code=code)


def masked(contact: str) -> str:
    if "@" in contact:
        name, _, host = contact.partition("@")
        return f"{name[:1]}***@{host}"
    return f"{contact[:3]}****{contact[-4:]}" if len(contact) >= 8 else "****"


def confirm(desk: Desk, ticket: str, code: str) -> Receipt:
    """The code that was sent, typed in. Raises BadInput, TooOften; a wrong code costs a try, which is kept."""
    with desk.transaction() as tx:
        filing = filings.by_ticket(tx, digest(ticket))
        late = filing is None or tx.now - filing.at > timedelta(minutes=CODE_MINUTES)
        if filing is None or filing.id is None or late:
            raise BadInput(f"验证码已过期({CODE_MINUTES}分钟),请重新填写")
        if filing.code_tries >= CODE_TRIES:
            raise TooOften("验证码错误次数过多,请重新填写")
        if filing.code and digest(code.strip()) == filing.code:
            return _lodged(desk, tx, filing)
        filings.change(tx, filing.id, {"code_tries": filing.code_tries + 1})
    raise BadInput("验证码不对,请核对后再填")


def _lodged(desk: Desk, tx: Transaction, filing: Filing) -> Receipt:
    """Through the cycle's one door, in the name of nobody; after the last day as a clue (R23, R65)."""
    row = cycles.by_id(tx, filing.cycle_id)
    assert row is not None and filing.id is not None
    matter_id, late = _matter(desk, tx, row.code, row.year, filing.content)
    number, pin = _free_number(tx), new_number(6)
    values = {
        "status": "clue" if late else "open",
        "matter_id": matter_id,
        "number": number,
        "pin": secret(number, pin),
        "content": "",
        "ticket": "",
        "code": "",
        "sending": "none",
    }
    filings.change(tx, filing.id, values)
    hanging = publications.versions(tx, filing.slug)
    halted = late and bool(hanging) and hanging[-1].opens_at <= tx.now < hanging[-1].closes_at
    return Receipt(number=number, pin=pin, late=late, halted=halted, named=filing.named)


def _matter(desk: Desk, tx: Transaction, code: str, year: int, content: str) -> tuple[int, bool]:
    ask = CycleAsk(
        code=code,
        trigger="object",
        relations=frozenset({ANYONE}),
        actor=ANYONE,
        payload={"content": content},
        year=year,
    )
    try:
        fire_in(desk, tx, ask)
    except (WrongStage, Refused) as refusal:
        if not _is_late(refusal):
            raise
        case = load_case(desk, tx, code, year, lock=True)
        return late_clue(desk, tx, case, content, actor=ANYONE).id, True
    case = load_case(desk, tx, code, year)
    newest = matters.open_of(tx, "objection", case.cycle.id)[-1]
    assert newest.id is not None
    return newest.id, False


def _is_late(refusal: StarflowError) -> bool:
    return isinstance(refusal, WrongStage) or any(reason.cite == SUPERVISION.rule for reason in refusal.reasons)


def _free_number(tx: Transaction) -> str:
    while filings.by_number(tx, number := new_number(10)) is not None:
        pass
    return number


# ── asking after one ─────────────────────────────────────────────

NOT_FOUND = "查询号或查询密码不对"


def fate(desk: Desk, number: str, pin: str) -> Fate:
    """For whoever has number and PIN. A wrong PIN costs a try; five lock the number for an hour. Raises BadInput, TooOften."""
    with desk.transaction() as tx:
        filing = filings.by_number(tx, number.strip())
        if filing is None or filing.id is None:
            raise BadInput(NOT_FOUND)
        if filing.locked_until is not None and tx.now < filing.locked_until:
            raise TooOften("查询密码错误次数过多,请一小时后再查")
        if secret(filing.number or "", pin.strip()) == filing.pin:
            if filing.wrong_pins:
                filings.change(tx, filing.id, {"wrong_pins": 0, "locked_until": None})
            return _fate(desk, tx, filing)
        wrong = filing.wrong_pins + 1
        lock = {"wrong_pins": 0, "locked_until": tx.now + timedelta(hours=1)} if wrong >= PIN_TRIES else {}
        filings.change(tx, filing.id, {"wrong_pins": wrong} | lock)
    raise BadInput(NOT_FOUND)


WORDS = {
    "open": "正在核实",
    "dismissed": "经核实不成立",
    "upheld": "经核实成立,已退回重新考评",
    "clue": "作为督导线索登记",
}


def _fate(desk: Desk, tx: Transaction, filing: Filing) -> Fate:
    from storage import obligations

    assert filing.matter_id is not None and filing.number is not None
    matter, row = matters.by_id(tx, filing.matter_id), cycles.by_id(tx, filing.cycle_id)
    assert matter is not None and row is not None
    zone = desk.scheme(tx, row.scheme_hash).zone
    owed = obligations.open_stage(tx, row.id) if matter.kind == "objection" and matter.status == "open" else None
    due = owed.due_at.astimezone(zone) if owed and owed.due_at and owed.owner_role != "clock" else None
    status = matter.status if matter.kind == "objection" else "clue"
    return Fate(
        number=filing.number,
        organisation=row.name,
        status=status,
        title=WORDS.get(status, KIND[matter.kind].status[matter.status].title),
        lodged_at=matter.opened_at.astimezone(zone),
        due_at=due,
        finding=matter.data.get("finding") if filing.named and matter.closed_at else None,
    )


# ── the handler ──────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Objector:
    """Who it was. Reading this is itself written down."""

    named: bool
    name: str
    contact: str
    looks: int


def objector(desk: Desk, matter_id: int, reason: str, *, acting: Acting) -> Objector:
    """For the case handler alone, and never for whoever scored. Raises Unknown, Forbidden, BadInput."""
    if not reason.strip():
        raise BadInput("查看异议人须写明理由,查看会留下记录")
    with desk.transaction() as tx:
        filing = filings.by_matter(tx, matter_id)
        row = cycles.by_id(tx, filing.cycle_id) if filing else None
        if filing is None or filing.id is None or row is None:
            raise Unknown(f"没有经公示页提出、编号为{matter_id}的异议")
        acting.role((desk.scheme(tx, row.scheme_hash).objection.handler,), "查看异议人", "R23")
        scored = evidence.newest_assessment(tx, row.id, row.round, "superior")
        if scored and acting.person and scored.actor.rpartition(" for ")[2] == acting.person:
            raise Forbidden(Reason("打分的人不能查看同一党组织的异议人", "R23"))
        filings.put(tx, Look(filing_id=filing.id, actor=acting.actor, reason=reason.strip(), at=tx.now))
        seen = len(filings.looks(tx, filing.id))
        return Objector(named=filing.named, name=filing.name, contact=filing.contact, looks=seen)


def files_of(tx: Transaction, matter_id: int) -> Sequence[tuple[int, str, int]]:
    """(number, name, size) of what was brought with an objection."""
    filing = filings.by_matter(tx, matter_id)
    if filing is None or filing.id is None:
        return ()
    return [(one.id or 0, one.name, file.size) for one, file in attachments.of(tx, "objection", filing.id)]


def tidy(desk: Desk) -> str:
    """What was begun and never confirmed is forgotten after a day."""
    with desk.transaction() as tx:
        return f"清除未确认的异议{filings.forget_unverified(tx, tx.now - A_DAY)}件"
