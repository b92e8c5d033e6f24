"""What time does to obligations, and what coordinators do to their dates: sweep, extend, hold, release, nudge.

A sweep may run twice, late, or in two places at once: each step claims its rows, and what it writes is unique.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from starflow.service import ladder, polls
from starflow.service.case import Case, case_of, load_case
from starflow.service.cycles import administer, catch_up, redate, reloaded
from starflow.service.desk import Desk
from storage import cycles, installation, obligations, outbox, posts, runs
from storage import organisations as tree
from storage.database import Transaction
from storage.models import Extension, Obligation
from workflow.engine.deadlines import due_date, end_of_day, local_date
from workflow.engine.errors import BadInput, Forbidden, Refused
from workflow.rating.stages import KIND

PAGE = 500
BREATH = 0.01
"""Seconds between two pages on SQLite: whoever waits for the one writer's place looks every few milliseconds whether it is free."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did: cycles the clock moved, rungs that rang, messages that they became."""

    moved: int = 0
    rungs: int = 0
    notices: int = 0
    messages: int = 0

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(
            self.moved + other.moved,
            self.rungs + other.rungs,
            self.notices + other.notices,
            self.messages + other.messages,
        )

    def __str__(self) -> str:
        return f"推进{self.moved}个,{self.rungs}级提醒到点,{self.notices}条通知合并为{self.messages}条消息"


# ── the sweep ────────────────────────────────────────────────────


def sweep(desk: Desk) -> Swept:
    """Everything that has fallen due by now: the clock's own transitions, then the rungs, then one message a person.

    Works in pages of one transaction each, so that a storm does not hold everybody up.
    """
    with desk.transaction() as tx:
        downtime = None if desk.rehearsal else runs.open_downtime(tx)  # a clock moved by hand was never down
        if not runs.is_anything_due(tx):
            return Swept()
    total = Swept()
    while True:
        with desk.transaction() as tx:
            page, more = _sweep_page(desk, tx, downtime)
        total += page
        if not more:
            return total
        if desk.database.dialect == "sqlite":
            desk.stopping.wait(BREATH)


def _sweep_page(desk: Desk, tx: Transaction, downtime: int | None = None) -> tuple[Swept, bool]:
    """One page of moves and one of rungs, and their messages; whether there may be more."""
    closing = polls.close_due(desk, tx, PAGE)
    moving = cycles.due_for_clock(tx, PAGE)
    catch_up(desk, tx, cycles.presents(tx, moving))
    ringing = obligations.ringing(tx, PAGE)
    rungs = ladder.ring_page(desk, tx, ladder.schemes_of(desk, tx, ringing)) if ringing else 0
    more = PAGE in (len(moving), len(ringing), closing)
    merged = outbox.Merged(0, 0) if more else _merge(desk, tx)
    done = Swept(len(moving), rungs, merged.notices, merged.messages)
    if downtime is not None and done != Swept():
        runs.add_to_downtime(tx, downtime, moved=done.moved, rungs=done.rungs, messages=done.messages)
    return done, more


def _merge(desk: Desk, tx: Transaction) -> outbox.Merged:
    """One message a person for the whole sweep; what should have rung too long ago is given up and said so."""
    for digest in cycles.open_campaigns(tx).values():
        outbox.expire(tx, tx.now - timedelta(days=desk.scheme(tx, digest).reminder.max_age_days))
    merged = outbox.merge(tx)
    if merged.messages:
        desk.enqueue(tx, "send", merged.messages)
    return merged


# ── a rehearsal's clock ──────────────────────────────────────────


def move_clock(desk: Desk, to: datetime, progress: Callable[[datetime], None] | None = None) -> Swept:
    """Move a rehearsal's clock; everything that falls due on the way happens in order, each at its own instant."""
    if not desk.rehearsal:
        raise Forbidden("这是正式数据库,时钟不能用手拨动")
    if to.tzinfo is None:
        raise BadInput("时间须带时区")
    now = desk.clock.now()
    if to < now:
        raise BadInput(f"时钟只能向前拨:现在是{now.astimezone(desk.settings.zone):%Y-%m-%d %H:%M}")
    total, at = _step(desk, now)
    while at is not None and at <= to:
        if progress is not None:
            progress(at)
        done, at = _step(desk, at)
        total += done
    done, _ = _step(desk, to)
    return total + done


def _step(desk: Desk, at: datetime) -> tuple[Swept, datetime | None]:
    """Set the clock and sweep in the same transaction; returns also when something falls due next."""
    total, more = Swept(), True
    while more:
        with desk.transaction(at) as tx:
            installation.move_hand_clock(tx, at)
            done, more = _sweep_page(desk, tx)
            total += done
            following = runs.next_due(tx)
    return total, following


# ── extensions and holds ─────────────────────────────────────────


def extend(desk: Desk, code: str, until: date, reason: str, *, actor: str, subtree: bool, year: int | None) -> int:
    """No due of the present round falls before `until` any more; targets and rungs move with it. Returns how many cycles.

    Raises Refused where no open due lies before `until`, BadInput without a reason.
    """
    _with_reason(reason)
    with desk.transaction() as tx:
        case = load_case(desk, tx, code, year, lock=True)
        _within_campaign(case, until)
        round_ = case.cycle.round
        if not round_ or KIND[case.stage.kind].rests:
            raise Refused(f"{case.cycle.name}现在没有可延的期限({case.stage.title})")
        alone = ((case, obligations.open_stage(tx, case.cycle.id)),)
        open_now = _open_below(desk, tx, case, round_) if subtree else alone
        moving = [c for c, o in open_now if o is not None and _before(o, until, c)]
        if not moving:
            raise Refused(f"期限已经不早于{until},不需要延期")
        tx.session.add(
            Extension(
                campaign_id=case.cycle.campaign_id,
                organisation_id=case.cycle.organisation_id,
                round=round_,
                subtree=subtree,
                until_on=until,
                reason=reason,
                actor=actor,
                at=tx.now,
            )
        )
        tx.session.flush()
        for one in moving:
            administer(tx, one, "extend", actor, {"until": until.isoformat(), "reason": reason, "granted_to": code})
            redate(tx, reloaded(desk, tx, one))
        return len(moving)


def _within_campaign(case: Case, until: date) -> None:
    """A new due lies between today and the end of March, when the year's work must be over."""
    last = date(case.cycle.year + 1, 3, 31)
    if not case.today <= until <= last:
        raise BadInput(f"延到{until}不行:须在今天{case.today}与{last}之间")


def _open_below(desk: Desk, tx: Transaction, case: Case, round_: str) -> Sequence[tuple[Case, Obligation | None]]:
    rows = cycles.in_campaign(tx, case.cycle.campaign_id, under=case.cycle.path)
    return [(case_of(desk, tx, r), obligations.open_stage(tx, r.id)) for r in rows if r.round == round_]


def _before(o: Obligation, until: date, case: Case) -> bool:
    return o.due_at is not None and o.owner_role != "clock" and o.due_at < end_of_day(until, case.zone)


def hold(desk: Desk, code: str, reason: str, *, actor: str, year: int | None = None) -> None:
    """Pause the open obligation: no rung rings until `release`, and the days held are added to its dates."""
    _with_reason(reason)
    with desk.transaction() as tx:
        case, current = _open_one(desk, tx, code, year)
        if current.held_at is not None:
            raise Refused(f"{case.cycle.name}已经暂停:{current.held_reason}")
        administer(tx, case, "hold", actor, {"reason": reason})
        assert current.id is not None
        obligations.update(tx, current.id, {"held_at": tx.now, "held_reason": reason, "rings_at": None})


def release(desk: Desk, code: str, *, actor: str, year: int | None = None) -> int:
    """End a hold; returns the days by which target and due have moved."""
    with desk.transaction() as tx:
        case, current = _open_one(desk, tx, code, year)
        if current.held_at is None:
            raise Refused(f"{case.cycle.name}没有暂停")
        days = (local_date(tx.now, case.zone) - local_date(current.held_at, case.zone)).days
        administer(tx, case, "release", actor, {"days": days})
        assert current.id is not None
        freed = {"held_at": None, "held_reason": None, "held_days": current.held_days + days}
        obligations.update(tx, current.id, freed)
        redate(tx, reloaded(desk, tx, case))
        return days


def _open_one(desk: Desk, tx: Transaction, code: str, year: int | None) -> tuple[Case, Obligation]:
    case = load_case(desk, tx, code, year, lock=True)
    current = obligations.open_stage(tx, case.cycle.id)
    if current is None:
        raise Refused(f"{case.cycle.name}现在没有待办({case.stage.title})")
    return case, current


def _with_reason(reason: str) -> None:
    if not reason.strip():
        raise BadInput("须写明理由")


# ── nudges ───────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Nudged:
    """What became of one nudge: sent to whom, or why not."""

    organisation: str
    recipient_role: str
    recipient: str
    person: str | None
    sent: bool
    note: str


def nudge(
    desk: Desk,
    codes: Sequence[str],
    *,
    actor: str,
    year: int | None = None,
    dry_run: bool = False,
    waits: timedelta = timedelta(0),
) -> tuple[Nudged, ...]:
    """Remind the owner of each open obligation now; at most once in the scheme's cool-down, and never a vacant post.

    `waits`: for so long it stays in the outbox and can be taken back.
    """
    with desk.transaction() as tx:
        return tuple(_nudge_one(desk, tx, code, actor, year, dry_run, waits) for code in codes)


def nudge_texts(desk: Desk, codes: Sequence[str], *, year: int | None = None) -> dict[str, str]:
    """What each owner would read; of those of whom nobody owes anything there is nothing."""
    with desk.reading() as tx:
        cases = [load_case(desk, tx, code, year) for code in codes]
        found = ((case, obligations.open_stage(tx, case.cycle.id)) for case in cases)
        return {case.cycle.code: nudge_text(case, o) for case, o in found if o is not None}


def take_back(desk: Desk, codes: Sequence[str], at: datetime, *, year: int | None = None) -> int:
    """Take back the nudges of that instant that are still in the outbox; returns how many organisations are spared."""
    with desk.transaction() as tx:
        found = [obligations.open_stage(tx, load_case(desk, tx, code, year).cycle.id) for code in codes]
        return sum(bool(outbox.take_back(tx, _nudge_keys(desk, o, at), "已撤销")) for o in found if o is not None)


def _nudge_keys(desk: Desk, o: Obligation, at: datetime) -> list[str]:
    return [f"{o.id}:nudge:{at.isoformat()}:{channel}" for channel in desk.settings.channels]


def _nudge_one(
    desk: Desk, tx: Transaction, code: str, actor: str, year: int | None, dry_run: bool, waits: timedelta
) -> Nudged:
    case = load_case(desk, tx, code, year)
    o = obligations.open_stage(tx, case.cycle.id)
    if o is None or o.owner_role == "clock":
        return Nudged(code, "", "", None, False, "现在没有人欠办")
    person = posts.person_for(tx, o.owner_role, o.owner_id, case.today)
    name = tree.name_of(tx, o.owner_id)
    hours = case.scheme.reminder.nudge_cooldown_hours
    assert o.id is not None
    if o.held_at is not None:
        return Nudged(code, o.owner_role, name, person.name if person else None, False, f"已暂停:{o.held_reason}")
    if person is None:
        return Nudged(code, o.owner_role, name, None, False, "岗位空缺")
    if outbox.nudged_since(tx, o.id, tx.now - timedelta(hours=hours)):
        return Nudged(code, o.owner_role, name, person.name, False, f"{hours}小时内已催办过")
    if not dry_run:
        _put_nudge(desk, tx, case, o, person.id, waits)
    return Nudged(code, o.owner_role, name, person.name, True, "将发出" if dry_run else "已发出")


def nudge_text(case: Case, o: Obligation) -> str:
    """What the owner reads."""
    day = f"{due_date(o.due_at, case.zone):%m月%d日}" if o.due_at else "规定时间"
    return f"催办:{case.cycle.name}“{case.stage.title}”须于{day}前办理"


def _put_nudge(desk: Desk, tx: Transaction, case: Case, o: Obligation, person_id: int | None, waits: timedelta) -> None:
    outbox.put(
        tx,
        [
            outbox.NewNotice(
                key=key,
                kind="nudge",
                organisation_id=o.organisation_id,
                stage=o.stage,
                rung="nudge",
                recipient_role=o.owner_role,
                recipient_id=o.owner_id,
                person_id=person_id,
                channel=channel,
                text=nudge_text(case, o),
                due_at=tx.now + waits,
                obligation_id=o.id,
                cycle_id=o.cycle_id,
                deadline_version=o.deadline_version,
            )
            for key, channel in zip(_nudge_keys(desk, o, tx.now), desk.settings.channels, strict=True)
        ],
    )
