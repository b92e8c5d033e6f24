"""Public notices (公示): what hangs when, for whom to read, and how it is corrected. Posting is the cycle's own act; this is its paper.

A notice is public for exactly its days. Its text is corrected by another version beside the first, which stays to be read, struck
through; a star is corrected only by another posting, with days of its own.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from starflow.service.acting import Acting
from starflow.service.case import load_case
from starflow.service.cycles import CycleAsk, fire_in
from starflow.service.desk import Desk
from storage import cycles, publications, records
from storage import organisations as tree
from storage.database import Transaction
from storage.notice_models import Publication
from workflow.engine.deadlines import parse_length
from workflow.engine.errors import BadInput, Reason, Refused, Unknown
from workflow.rating.scheme import Scheme

TEXTS = {"title": "标题", "basis": "依据", "scope": "范围", "contact": "联系方式", "place": "张贴地点"}
"""What may be corrected without another period."""
HANDLERS = {"department": "组织部", "committee": "工委会"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A line of a notice as it is read. `struck`: the star that stood there before; `replaced_by`: where it has been corrected;
    `back`: an objection was upheld and the star is being weighed again, so that this line is no longer before the public (R23).
    """

    code: str
    name: str
    star: str
    star_before: str | None
    struck: str | None
    replaced_by: str | None
    back: bool
    chain: str
    seq: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePage:
    """A notice at a moment. `state`: before, during or after its days; its lines are there to be read during them only. `head` is of its own
    lines; `anchor` the one over all cycles that was newest when it was put up, empty where there was none.
    """

    slug: str
    version: int
    newest: int
    state: str
    year: int
    title: str
    basis: str
    scope: str
    contact: str
    place: str
    publisher: str
    posted_on: date
    first_on: date
    last_on: date
    opens_at: datetime
    closes_at: datetime
    arithmetic: tuple[str, ...]
    correction: str
    head: str
    anchor: str
    at: datetime
    handler: str
    verify: str
    anonymous_ok: bool
    lines: tuple[Shown, ...] = ()
    struck: Mapping[str, str] = field(default_factory=dict)

    def scanned(self, link: str) -> str:
        """What its QR code says: whoever photographs the notice keeps the anchor of that day."""
        return f"{link}#{self.anchor}" if self.anchor else link

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1

    @property
    def halted(self) -> bool:
        """Its days run, but every star on it is being weighed again."""
        return bool(self.lines) and all(line.back for line in self.lines)

    @property
    def objecting(self) -> str:
        """Who may object, who looks into it, and by when: as the scheme has it."""
        how = "实名或匿名" if self.anonymous_ok else "实名"
        return (
            f"任何人都可以{how}提出,由{self.handler}{self.verify}核实;实名的告知结果。"
            "打分的人不参与核实,被反映的党组织不知道是谁提出的。"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What came of posting: the address of the notice, and its days."""

    slug: str
    organisations: tuple[str, ...]
    first_on: date
    last_on: date


# ── posting ──────────────────────────────────────────────────────


def publish(
    desk: Desk,
    codes: Sequence[str],
    on: date,
    place: str,
    *,
    acting: Acting,
    texts: Mapping[str, str] | None = None,
    year: int | None = None,
) -> Posted:
    """Post several at once as one notice: all of them or none. Raises what any of them is refused for."""
    said = {name: text.strip() for name, text in (texts or {}).items() if name in TEXTS and text.strip()}
    if not codes:
        raise BadInput("请选择要公示的党组织")
    with desk.transaction() as tx:
        slugs, periods = [], set()
        for code in dict.fromkeys(codes):
            payload = {"on": on.isoformat(), "place": place}
            ask = CycleAsk(
                code=code,
                trigger="post_notice",
                relations=acting.relations,
                actor=acting.actor,
                person=acting.person,
                payload=payload,
                year=year,
            )
            fire_in(desk, tx, ask)
            case = load_case(desk, tx, code, year)
            entry = publications.last_of_cycle(tx, case.cycle.id, case.cycle.round)
            assert entry is not None
            found = publications.newest(tx, entry.slug)
            assert found is not None
            slugs.append(entry.slug)
            periods.add((found.last_on, found.publisher_id, found.round))
        if len(periods) > 1:
            raise Refused(Reason("所选党组织的公示单位、轮次或期限不同,请分开公示", "R21"))
        publications.gather(tx, slugs, slugs[0], said)
        one = publications.newest(tx, slugs[0])
        assert one is not None
        return Posted(slug=one.slug, organisations=tuple(codes), first_on=one.first_on, last_on=one.last_on)


# ── correcting ───────────────────────────────────────────────────


def correct(desk: Desk, slug: str, texts: Mapping[str, str], reason: str, *, acting: Acting) -> int:
    """Another version under the same address; what stood there before stays readable, struck through. Returns its number.

    The days go on: where a star changes, it is reviewed and posted again, and its days begin anew (R23).
    """
    if not reason.strip():
        raise BadInput("更正须写明原因")
    changed = {name: text.strip() for name, text in texts.items() if name in TEXTS}
    with desk.transaction() as tx:
        now = publications.newest(tx, slug)
        if now is None or now.id is None:
            raise Unknown("没有这份公示")
        acting.role(("department", "superior", "organisation"), "更正公示", "R21")
        changed = {name: text for name, text in changed.items() if text != getattr(now, name)}
        if not changed:
            raise BadInput("没有改动")
        if tx.now >= now.closes_at:
            raise Refused(Reason("公示期已满,不再更正", "R21"))
        values = now.model_dump(exclude={"id"}) | changed
        values |= {"version": now.version + 1, "actor": acting.actor, "at": tx.now, "correction": reason.strip()}
        publications.put(tx, Publication(**values))
        return now.version + 1


# ── reading ──────────────────────────────────────────────────────


def notice_page(desk: Desk, slug: str, version: int | None = None) -> NoticePage:
    """For everybody. Raises Unknown."""
    with desk.reading() as tx:
        every = publications.versions(tx, slug)
        found = next((one for one in every if version in (None, one.version) and (version or one is every[-1])), None)
        if found is None:
            raise Unknown("没有这份公示")
        return _page(desk, tx, found, every)


def _page(desk: Desk, tx: Transaction, found: Publication, every: Sequence[Publication]) -> NoticePage:
    state = "before" if tx.now < found.opens_at else "during" if tx.now < found.closes_at else "after"
    lines = publications.lines(tx, found.slug)
    row = cycles.by_id(tx, lines[0].entry.cycle_id) if lines else None
    assert row is not None
    scheme = desk.scheme(tx, row.scheme_hash)
    labels = scheme.star_words
    publisher = tree.by_id(tx, found.publisher_id)
    former = next((one for one in every if one.version == found.version - 1), None)
    heads = "|".join(f"{line.year}/{line.code}#{line.entry.seq}:{line.entry.head}" for line in lines)
    return NoticePage(
        slug=found.slug,
        version=found.version,
        newest=every[-1].version,
        state=state,
        year=row.year,
        **{name: getattr(found, name) for name in TEXTS},
        publisher=publisher.name if publisher else "",
        posted_on=found.posted_on,
        first_on=found.first_on,
        last_on=found.last_on,
        opens_at=found.opens_at.astimezone(scheme.zone),
        closes_at=found.closes_at.astimezone(scheme.zone),
        arithmetic=tuple(found.arithmetic),
        correction=found.correction,
        head=hashlib.sha256(heads.encode()).hexdigest(),
        anchor=anchor.code if (anchor := records.latest_anchor(tx, found.at)) else "",
        at=found.at.astimezone(scheme.zone),
        handler=_handler(tx, scheme),
        verify=_verify(scheme),
        anonymous_ok=scheme.objection.anonymous_ok,
        lines=tuple(_shown(line, labels, _is_back(tx, scheme, line)) for line in lines) if state == "during" else (),
        struck={n: getattr(former, n) for n in TEXTS if former and getattr(former, n) != getattr(found, n)},
    )


def _handler(tx: Transaction, scheme: Scheme) -> str:
    """市直工委组织部: the body at the top, and whose business objections are there."""
    top = tree.by_id(tx, tree.root(tx))
    return f"{top.name if top else ''}{HANDLERS.get(scheme.objection.handler, '')}"


def _verify(scheme: Scheme) -> str:
    """在10个工作日内, by the stage that verifies; nothing where no stage says it."""
    said = next((stage.verify for stage in scheme.stage if stage.verify), None)
    if said is None:
        return ""
    return f"在{parse_length(said)}内"


def _is_back(tx: Transaction, scheme: Scheme, line: publications.Line) -> bool:
    row = cycles.by_id(tx, line.entry.cycle_id)
    return row is not None and any(one.name == row.stage and one.kind != "publicity" for one in scheme.stage)


def _shown(line: publications.Line, labels: Mapping[int, str], back: bool) -> Shown:
    entry = line.entry
    return Shown(
        code=line.code,
        name=line.name,
        star=labels.get(entry.star, str(entry.star)),
        star_before=None if entry.star_before is None else labels.get(entry.star_before, str(entry.star_before)),
        struck=None if line.replaced is None else labels.get(line.replaced, str(line.replaced)),
        replaced_by=line.replaced_by,
        back=back and not line.replaced_by,
        chain=f"{line.year}/{line.code}",
        seq=entry.seq,
        head=entry.head,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """A notice that hangs now, for the list of them."""

    slug: str
    title: str
    publisher: str
    last_on: date


def hanging(desk: Desk) -> tuple[Hanging, ...]:
    with desk.reading() as tx:
        return tuple(
            Hanging(slug=one.slug, title=one.title, publisher=publisher, last_on=one.last_on)
            for one, publisher in publications.running(tx)
        )


def targets(desk: Desk, slug: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of everybody on a notice: at whom an objection may be directed."""
    with desk.reading() as tx:
        return tuple((line.code, line.name) for line in publications.lines(tx, slug))
