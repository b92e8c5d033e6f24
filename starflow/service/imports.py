"""Spreadsheets taken in: every row through the door that people use, all of them or none, and seen beforehand.

A preview is the import itself, rolled back: it runs the same guards on the same facts, so that what it promises is what happens.
How an import is undone stands in `starflow.service.undoing`.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from starflow.service.acting import Acting
from starflow.service.case import campaign_of
from starflow.service.cycles import CycleAsk, fire_in
from starflow.service.desk import Desk
from starflow.service.elections import set_election_in
from starflow.service.events import EventSaid, add_event_in
from starflow.service.organisations import Holder, appoint_in, holder_in, vacate_in
from starflow.service.shapes import FOR_PEOPLE, Page
from storage import cycles, evidence, imports, organisations
from storage.database import Transaction
from storage.models import Event
from storage.paper_models import Import
from workflow.engine.deadlines import local_date
from workflow.engine.errors import StarflowError, Unknown
from workflow.rating.roster import Fault
from workflow.rating.scheme_asking import HEADS

ROSTER = "roster"
VACANT = ("空缺", "免去", "-", "无")
ADDED, CHANGED, ENDED, UNCHANGED = "added", "changed", "ended", "unchanged"
Values = Mapping[str, Any]
Actings = Callable[[str], Acting]
"""Code → in whose name, and with which relations, a row about it is done. Raises what makes that row faulty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDone:
    """What a row did, or would do, in words; `undo` is what it takes to put it back."""

    row: int
    organisation: str
    what: str
    text: str
    undo: Mapping[str, Any] | None = field(default=None, metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an import did or would do; with faults nothing is written. `number` undoes it."""

    kind: str
    number: int | None = None
    added: int = 0
    changed: int = 0
    ended: int = 0
    unchanged: int = 0
    faults: tuple[Fault, ...] = ()
    rows: tuple[RowDone, ...] = ()
    applied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """An import that was made, and whether it was undone."""

    number: int
    kind: str
    filename: str
    actor: str
    at: datetime
    added: int
    changed: int
    ended: int
    unchanged: int
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Which file it was: its name for people, its hash so that it counts once."""

    name: str
    sha256: str


class _NotWritten(Exception):
    """Rolls the transaction back with the report in hand."""

    def __init__(self, report: Taken) -> None:
        super().__init__()
        self.report = report


# ── in ───────────────────────────────────────────────────────────


def take_in(
    desk: Desk,
    kind: str,
    lines: Sequence[tuple[int, Values]],
    file: File,
    *,
    actings: Actings,
    actor: str,
    dry_run: bool,
    year: int | None = None,
) -> Taken:
    """All rows, or with a single fault none. The same file twice is taken in once. Raises Unknown (kind, year)."""
    work = HANDLERS.get(kind)
    if work is None:
        raise Unknown(f"没有“{kind}”这种表格,可选:{'、'.join(HANDLERS)}")
    try:
        with desk.transaction() as tx:
            before = imports.standing(tx, kind, file.sha256)
            if before is not None:
                return Taken(kind=kind, number=before.id, unchanged=len(lines))
            organisations.lock(tx)
            report = _worked(desk, tx, work, kind, lines, actings, year, file)
            if dry_run or report.faults:
                raise _NotWritten(report)
            return _kept(tx, report, file, actor)
    except _NotWritten as told:
        return told.report


def _worked(
    desk: Desk,
    tx: Transaction,
    work: "Work",
    kind: str,
    lines: Sequence[tuple[int, Values]],
    actings: Actings,
    year: int | None,
    file: File,
) -> Taken:
    done: list[RowDone] = []
    faults: list[Fault] = []
    said: dict[tuple[Any, ...], int] = {}
    undone = imports.times_undone(tx, kind, file.sha256)
    key = f"import:{file.sha256[:40]}{f'~{undone}' if undone else ''}"
    for number, values in lines:
        code = str(values.get("code", ""))
        twin = said.setdefault(tuple(sorted((k, str(v)) for k, v in values.items())), number)
        if twin != number:
            faults.append(Fault(number, None, f"与第{twin}行完全相同"))
            continue
        try:
            with tx.session.begin_nested():
                row = Row(desk, tx, number, code, values, actings(code), year, f"{key}:{number}")
                done.append(work(row))
        except StarflowError as refusal:
            sentences = [str(reason) for reason in refusal.reasons] or [refusal.message]
            faults += [Fault(number, None, text) for text in sentences]
    if faults:
        return Taken(kind=kind, faults=tuple(faults))
    counts = Counter(one.what for one in done)
    return Taken(
        kind=kind,
        rows=tuple(done),
        added=counts[ADDED],
        changed=counts[CHANGED],
        ended=counts[ENDED],
        unchanged=counts[UNCHANGED],
    )


def _kept(tx: Transaction, report: Taken, file: File, actor: str) -> Taken:
    row = Import(
        kind=report.kind,
        filename=file.name[:200],
        sha256=file.sha256,
        actor=actor,
        at=tx.now,
        added=report.added,
        changed=report.changed,
        ended=report.ended,
        unchanged=report.unchanged,
        undo=[{"row": one.row, "code": one.organisation, **one.undo} for one in report.rows if one.undo],
    )
    return replace(report, number=imports.put(tx, row), applied=True)


# ── what a row of each kind does ─────────────────────────────────


@dataclass(frozen=True, slots=True)
class Row:
    """One row on its way in."""

    desk: Desk
    tx: Transaction
    number: int
    code: str
    values: Values
    acting: Acting
    year: int | None
    key: str

    @property
    def today(self) -> date:
        return local_date(self.tx.now, self.desk.settings.zone)

    def text(self, name: str) -> str:
        return str(self.values.get(name) or "")

    def done(self, what: str, text: str, undo: Mapping[str, Any] | None = None) -> RowDone:
        return RowDone(row=self.number, organisation=self.code, what=what, text=text, undo=undo)


Work = Callable[[Row], RowDone]


def _person(row: Row) -> RowDone:
    row.acting.role(("department", "superior"), "任免岗位", "R64")
    role, name = row.text("role"), row.text("person")
    before = holder_in(row.tx, row.code, role, row.today)
    was = {"name": before.name, "phone": before.phone, "email": before.email} if before else None
    on = row.values.get("from_on")
    if name in VACANT:
        if before is None:
            return row.done(UNCHANGED, "本来就空缺")
        vacate_in(row.desk, row.tx, row.code, role, on)
        return row.done(ENDED, f"免去{before.name}", {"role": role, "before": was, "after": None})
    now = {"name": name, "phone": row.text("phone"), "email": row.text("email")}
    if was == now:
        return row.done(UNCHANGED, f"{name}已在任")
    appoint_in(row.desk, row.tx, row.code, role, Holder(**now), on)
    said = f"{was['name']} → {name}" if was else f"任命{name}"
    return row.done(CHANGED if was else ADDED, said, {"role": role, "before": was, "after": now})


def _event(row: Row) -> RowDone:
    said = EventSaid(
        code=row.text("event"),
        on=row.values["on"],
        proof=row.text("proof"),
        level=row.text("level") or None,
        case=row.text("case") or None,
    )
    if (same := _same(row, said)) is not None:
        return row.done(UNCHANGED, f"已登记(编号{same})")
    confirm = row.values.get("confirmed") == "yes"
    added = add_event_in(row.desk, row.tx, [row.code], said, acting=row.acting, confirm=confirm)
    return row.done(ADDED, "、".join(one.title for one in added), {"events": [one.id for one in added]})


def _same(row: Row, said: EventSaid) -> int | None:
    body = organisations.by_code(row.tx, row.code)
    if body is None or body.id is None:
        return None
    wanted = Event(
        organisation_id=body.id,
        code=said.code,
        level=said.level,
        happened_on=said.on,
        case=said.case,
        proof=said.proof.strip(),
        proposed_by="",
        proposed_at=row.tx.now,
    )
    found = evidence.same_event(row.tx, wanted)
    return found.id if found else None


def _election(row: Row) -> RowDone:
    body = organisations.by_code(row.tx, row.code)
    if body is None or body.id is None:
        raise Unknown(f"没有编码为“{row.code}”的党组织")
    running = evidence.running_term(row.tx, body.id)
    held, due, extension = (row.values.get(name) for name in ("held_on", "due_on", "extension"))
    if running is not None and held is None and (due, extension) in ((running.due_on, None), (None, running.extension)):
        return row.done(UNCHANGED, "与登记的相同")
    if held is not None and held == evidence.last_election(row.tx, body.id):
        return row.done(UNCHANGED, f"{held}换届已登记")
    before = imports.terms_of(row.tx, body.id)
    line = set_election_in(
        row.desk, row.tx, row.code,
        acting=row.acting, held_on=held, due_on=due, extension=extension, on=row.values.get("on"), reason=row.text("reason"),
    )  # fmt: skip
    undo = {"before": before, "after": imports.terms_of(row.tx, body.id)}
    return row.done(ADDED if held else CHANGED, f"到期{line.due_on}", undo)


def _declaration(row: Row) -> RowDone:
    names = ("head", "members_due", "target_star")
    return _fired(row, "declare", {name: row.values[name] for name in names})


def _self_evaluation(row: Row) -> RowDone:
    people = re.split(r"[、,;\uff0c\uff1b\s]+", row.text("attendees"))
    meeting = {
        "on": row.values["on"].isoformat(),
        "attendees": [name for name in people if name],
        "minutes": row.text("minutes"),
    }
    data = {"meeting": meeting, "scores": _scores(row), "star": row.values["star"]}
    return _fired(row, "submit_self_evaluation", data)


def _ballots(row: Row) -> RowDone:
    paper = {key: number for key, number in row.values.items() if key in HEADS}
    paper |= {name.removeprefix("answer_"): n for name, n in row.values.items() if name.startswith("answer_")}
    meeting = {"on": row.values["on"].isoformat()}
    tellers = [row.text("teller_1"), row.text("teller_2")]
    return _fired(row, "file_survey", {"meeting": meeting, "paper": paper, "tellers": tellers})


def _review(row: Row) -> RowDone:
    scores = _scores(row)
    data: dict[str, Any] = {"scores": scores} if scores else {"base": row.text("base") or None}
    if row.text("verification"):
        data["verification"] = row.text("verification")
    if _keeps(row):
        return _fired(row, "keep_star", data)
    return _fired(row, "propose_star", data | {"star": row.values["star"]})


def _keeps(row: Row) -> bool:
    """In a review that may keep it, the star that is in force already is kept and needs no new proposal (R57)."""
    campaign = campaign_of(row.tx, row.year)
    assert campaign.id is not None
    cycle = cycles.find(row.tx, campaign.id, row.code)
    if cycle is None or cycle.star != row.values["star"]:
        return False
    return bool(row.desk.scheme(row.tx, cycle.scheme_hash).stage_of(cycle.stage).keep_star)


def _posting(row: Row) -> RowDone:
    return _fired(row, "post_notice", {"on": row.values["on"].isoformat(), "place": row.text("place")})


def _scores(row: Row) -> dict[str, str]:
    return {name.removeprefix("score_"): str(v) for name, v in row.values.items() if name.startswith("score_")}


def _fired(row: Row, trigger: str, payload: Mapping[str, Any]) -> RowDone:
    """Through the one door; a row that was taken in already gives its first record back."""
    ask = CycleAsk(
        code=row.code,
        trigger=trigger,
        relations=row.acting.relations,
        actor=row.acting.actor,
        person=row.acting.person,
        payload=payload,
        reason=row.text("reason"),
        year=row.year,
        key=row.key,
    )
    done = fire_in(row.desk, row.tx, ask)
    undo = {"trigger": trigger, "seq": done.record.seq, "year": campaign_of(row.tx, row.year).year}
    return row.done(ADDED, f"{done.record.before} → {done.record.after}", undo)


HANDLERS: Mapping[str, Work] = {
    "people": _person,
    "events": _event,
    "elections": _election,
    "declarations": _declaration,
    "self_evaluations": _self_evaluation,
    "ballots": _ballots,
    "reviews": _review,
    "postings": _posting,
}


# ── what was taken in ────────────────────────────────────────────


def imports_list(desk: Desk) -> Page[ImportLine]:
    """The newest first."""
    with desk.reading() as tx:
        return Page(tuple(line_of(desk, one) for one in imports.listed(tx)))


def line_of(desk: Desk, one: Import) -> ImportLine:
    zone = desk.settings.zone
    assert one.id is not None
    return ImportLine(
        number=one.id,
        kind=one.kind,
        filename=one.filename,
        actor=one.actor,
        at=one.at.astimezone(zone),
        added=one.added,
        changed=one.changed,
        ended=one.ended,
        unchanged=one.unchanged,
        undone_at=one.undone_at.astimezone(zone) if one.undone_at else None,
        undone_by=one.undone_by,
    )
