"""A running year moves to another scheme: first seen, then done deliberately, each cycle with a record of its own.

A cycle keeps its stage, or takes the one that the map names; it is refused wherever something would be lost on the way. What
has ended stays under the scheme it ran under. Cycles move in pages, a transaction each: whoever was interrupted runs the same
command again, and what has moved is passed over. The campaign itself moves last.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from starflow.service.around import Around
from starflow.service.campaigns import undecided
from starflow.service.case import Case, campaign_of, case_of
from starflow.service.cycles import administer, dated, redate, reloaded
from starflow.service.desk import Desk
from starflow.service.schemes import keep
from storage import ballots, cycles, evidence
from storage.cycles import CycleRow
from storage.database import Transaction
from storage.models import Campaign
from workflow.engine.errors import BadInput, Refused
from workflow.rating.procedure import table_of
from workflow.rating.scheme import Scheme

PAGE = 200
MIGRATE = "migrate"
NAMED = 5
"""So many of those that a reason blocks are named."""
DATES = ("target_at", "due_at", "acts_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """One reason, how many organisations of a stage it holds back, and the first of them."""

    reason: str
    organisations: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A date that moves, for so many organisations: `which` of DATES; before or after may be none."""

    which: str
    before: datetime | None
    after: datetime | None
    organisations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMove:
    """Where the cycles of one stage go. `to` is None where they stay behind; `blocked` says why nothing may move.

    `dates` are those of the organisations that nothing holds back.
    """

    stage: str
    title: str
    cycles: int
    to: str | None
    blocked: tuple[Blocked, ...]
    dates: tuple[Shift, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What a migration would do, or has done: `moved` now, `done` by earlier runs."""

    year: int
    before: str
    after: str
    rows: tuple[StageMove, ...]
    moved: int
    done: int

    @property
    def blocked(self) -> tuple[str, ...]:
        return tuple(
            f"{row.title}({row.stage})的{one.organisations}家:{one.reason}" for row in self.rows for one in row.blocked
        )


def plan_migration(
    desk: Desk, scheme: Scheme, *, year: int | None = None, stages: Mapping[str, str] | None = None
) -> Migration:
    """What would happen, stage by stage; nothing is written."""
    with desk.reading() as tx:
        campaign = campaign_of(tx, year)
        return _planned(desk, tx, campaign, scheme, stages or {})


def migrate(
    desk: Desk,
    scheme: Scheme,
    content: bytes,
    reason: str,
    *,
    actor: str,
    year: int | None = None,
    stages: Mapping[str, str] | None = None,
) -> Migration:
    """Do it. Raises BadInput without a reason, Refused with everything that stands in the way; then nothing is written."""
    if not reason.strip():
        raise BadInput("须写明理由")
    if scheme.undecided and not desk.rehearsal:
        raise Refused(*undecided(scheme))
    with desk.transaction() as tx:
        campaign = campaign_of(tx, year)
        plan = _planned(desk, tx, campaign, scheme, stages or {})
        if campaign.status == "closed":
            raise Refused(f"{campaign.year}年度已经结束,不再更换方案")
        if plan.blocked:
            raise Refused(*plan.blocked)
        keep(tx, scheme, content)
    moved = 0
    while page := move_page(desk, campaign.year, scheme, stages or {}, reason, actor):
        moved += page
    return replace(plan, moved=moved)


# ── the plan ─────────────────────────────────────────────────────


def _planned(desk: Desk, tx: Transaction, campaign: Campaign, scheme: Scheme, stages: Mapping[str, str]) -> Migration:
    assert campaign.id is not None
    old = desk.scheme(tx, campaign.scheme_hash)
    everybody = cycles.in_campaign(tx, campaign.id)
    waiting = [cycle for cycle in everybody if cycle.scheme_hash != scheme.hash]
    return Migration(
        year=campaign.year,
        before=campaign.scheme_hash,
        after=scheme.hash,
        rows=tuple(_rows(desk, tx, waiting, scheme, stages, old)),
        moved=0,
        done=len(everybody) - len(waiting),
    )


def _rows(
    desk: Desk, tx: Transaction, waiting: Sequence[CycleRow], scheme: Scheme, stages: Mapping[str, str], old: Scheme
) -> Iterator[StageMove]:
    order = {stage.name: place for place, stage in enumerate(old.stage)}
    standing: dict[str, list[Case]] = {}
    for cycle in waiting:
        standing.setdefault(cycle.stage, []).append(case_of(desk, tx, cycle))
    for name in sorted(standing, key=lambda stage: order.get(stage, len(order))):
        its = standing[name]
        stage = its[0].stage
        to = None if stage.ends else _to(name, stages)
        why = {case.cycle.code: tuple(_blocks(tx, case, to, scheme)) for case in its} if to else {}
        free = [case for case in its if to and not why[case.cycle.code]]
        yield StageMove(
            stage=name,
            title=stage.title,
            cycles=len(its),
            to=to,
            blocked=tuple(_blocked(why)),
            dates=tuple(_shifts(desk, tx, free, to, scheme)) if to else (),
        )


def _blocked(why: Mapping[str, Sequence[str]]) -> Iterator[Blocked]:
    """The reasons in the order in which they first stand in somebody's way. `why`: code → reasons."""
    for reason in dict.fromkeys(one for said in why.values() for one in said):
        held = tuple(code for code, said in why.items() if reason in said)
        yield Blocked(reason=reason, organisations=len(held), codes=held[:NAMED])


def _shifts(desk: Desk, tx: Transaction, its: Sequence[Case], to: str, scheme: Scheme) -> Iterator[Shift]:
    """Which dates move, counted by the function that writes them when the cycles do move."""
    there = {case.cycle.id: _as_moved(desk, case, to, scheme) for case in its}
    presents = cycles.presents(tx, list(there))
    around, found = Around(tx, presents), Counter[tuple[str, datetime | None, datetime | None]]()
    for present in presents:
        changes, owed = dated(tx, around, there[present.cycle.id], present.stay, fresh=False)
        after = {**changes, **(owed or {})}
        for which in DATES:
            held = present.cycle if which == "acts_at" else present.stay
            before = getattr(held, which) if held else None
            if before != after.get(which):
                found[which, before, after.get(which)] += 1
    by_date = sorted(found.items(), key=lambda one: (DATES.index(one[0][0]), *(str(at or "") for at in one[0][1:])))
    for (which, before, later), count in by_date:
        yield Shift(which=which, before=_local(before, scheme), after=_local(later, scheme), organisations=count)


def _as_moved(desk: Desk, case: Case, to: str, scheme: Scheme) -> Case:
    cycle = case.cycle._replace(scheme_hash=scheme.hash, stage=to)
    return Case(cycle, scheme, table_of(scheme), desk.calendar(scheme), case.now)


def _local(at: datetime | None, scheme: Scheme) -> datetime | None:
    return at.astimezone(scheme.zone) if at else None


def _to(stage: str, stages: Mapping[str, str]) -> str:
    return stages.get(stage, stage)


def _blocks(tx: Transaction, case: Case, to: str, scheme: Scheme) -> Iterator[str]:
    """Why a cycle cannot stand there: whatever it has brought so far must mean the same under the new scheme."""
    there = next((stage for stage in scheme.stage if stage.name == to), None)
    cycle = case.cycle
    if there is None:
        yield f"新方案没有“{to}”这个环节,用 --map {cycle.stage}=新环节 指定"
        return
    if there.kind != case.stage.kind or there.round != case.stage.round:
        yield f"“{to}”不是同一轮的同一类环节,办过的会丢失"
    if cycle.route not in scheme.procedure.routes:
        yield f"新方案没有路线{cycle.route}"
    for word, star in (("现有", cycle.star), ("拟定", cycle.proposed)):
        if star is not None and star not in scheme.stars:
            yield f"新方案没有{word}的“{case.scheme.star_word(star)}”这一等次"
    if scheme.fields and cycle.field and cycle.field not in scheme.fields:
        yield f"新方案没有领域“{cycle.field}”"
    if set(scheme.survey.scale) != set(case.scheme.survey.scale) and (said := _asked(tx, case)):
        yield f"{said},新方案改了测评表的档次(survey.scale),原来的答案无法计票;须等评完,或先作废重测"


def _asked(tx: Transaction, case: Case) -> str:
    """What people have been asked in the cycle's round, or have answered already."""
    cycle = case.cycle
    if (cycle.id, cycle.round) in evidence.newest_surveys(tx, (cycle.id,)):
        return "测评已经备案"
    poll = ballots.current(tx, cycle.id, cycle.round)
    return "" if poll is None else "测评正在进行" if poll.status == "open" else "测评已经截止、还没有备案"


# ── the move ─────────────────────────────────────────────────────


def move_page(desk: Desk, year: int, scheme: Scheme, stages: Mapping[str, str], reason: str, actor: str) -> int:
    """Move some cycles, the campaign with the last of them; returns how many, 0 when all is done."""
    with desk.transaction() as tx:
        campaign = campaign_of(tx, year)
        assert campaign.id is not None
        waiting = [cycle for cycle in cycles.in_campaign(tx, campaign.id) if cycle.scheme_hash != scheme.hash]
        cases = [case for cycle in waiting if not (case := case_of(desk, tx, cycle)).stage.ends]
        for case in cases[:PAGE]:
            _move(desk, tx, case, _to(case.cycle.stage, stages), scheme, reason, actor)
        if len(cases) <= PAGE:
            campaign.scheme_hash = scheme.hash
            tx.session.add(campaign)
            tx.session.flush()
        return len(cases[:PAGE])


def _move(desk: Desk, tx: Transaction, case: Case, to: str, scheme: Scheme, reason: str, actor: str) -> None:
    """One record under the new scheme; the dates are counted afresh, and an obligation whose date moves says so itself."""
    if blocked := tuple(_blocks(tx, case, to, scheme)):  # somebody has worked on it since the plan was made
        raise Refused(*(f"{case.cycle.name}:{why}" for why in blocked))
    detail = {"from": case.cycle.scheme_hash, "to": scheme.hash, "reason": reason}
    administer(tx, case, MIGRATE, actor, detail, after=to, scheme_hash=scheme.hash)
    cycles.update_facts(tx, case.cycle.id, {"scheme_hash": scheme.hash, "stage": to})
    redate(tx, reloaded(desk, tx, case))
