"""What must always be true, asked as questions whose answer is empty: by tests after every story, nightly, and by `doctor`.

Each invariant is one function from a transaction to sentences; INVARIANTS is the list. What needs a scheme (which edges
exist, what a deadline should be) is asked by `starflow.service.upkeep`, which knows schemes.
"""

from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage import ballots, models, records
from storage.cycles import resting
from storage.database import Transaction

T = SQLModel.metadata.tables
CYCLE, RECORD, OBLIGATION, ORGANISATION = T["cycle"], T["record"], T["obligation"], T["organisation"]
STAR, MATTER, NOTICE, MESSAGE, SURVEY = T["star"], T["matter"], T["notice"], T["message"], T["survey"]
_ = models  # the tables are declared by importing them


def invariants(tx: Transaction) -> tuple[str, ...]:
    """Every sentence that should not be sayable; empty in a healthy database."""
    return tuple(said for ask in INVARIANTS for said in ask(tx))


def version_counts_records(tx: Transaction) -> Iterator[str]:
    """I1: a cycle's version is the number of its records."""
    counted = sa.select(RECORD.c.cycle_id, sa.func.count().label("n")).group_by(RECORD.c.cycle_id).subquery()
    found = tx.session.execute(
        sa.select(CYCLE.c.id, CYCLE.c.version, sa.func.coalesce(counted.c.n, 0))
        .outerjoin(counted, counted.c.cycle_id == CYCLE.c.id)
        .where(CYCLE.c.version != sa.func.coalesce(counted.c.n, 0))
    )
    yield from (f"I1 周期{cycle}:版本{version},记录{n}条" for cycle, version, n in found)


def chains_hold(tx: Transaction) -> Iterator[str]:
    """I2: gapless, chained, in order of time."""
    verdict = records.verify(tx)
    if not verdict.ok:
        yield f"I2 历史校验失败:{verdict.first_bad}"


def stage_is_the_newest_records(tx: Transaction) -> Iterator[str]:
    """I1: the stage of a cycle is where its newest record led."""
    found = tx.session.execute(
        sa.select(CYCLE.c.id, CYCLE.c.stage, RECORD.c.after)
        .join(RECORD, sa.and_(RECORD.c.cycle_id == CYCLE.c.id, RECORD.c.seq == CYCLE.c.version))
        .where(CYCLE.c.stage != RECORD.c.after)
    )
    yield from (f"I1 周期{cycle}:环节{stage},末条记录到{after}" for cycle, stage, after in found)


def open_stage_has_one_obligation(tx: Transaction) -> Iterator[str]:
    """Each open stage has exactly one open obligation, of that stage and visit; a resting one has none."""
    owed = OBLIGATION.alias()
    found = tx.session.execute(
        sa.select(CYCLE.c.id, CYCLE.c.stage, owed.c.stage)
        .outerjoin(owed, sa.and_(owed.c.cycle_id == CYCLE.c.id, owed.c.closed_at.is_(None), owed.c.matter_id.is_(None)))
        .where(
            sa.or_(
                sa.and_(~resting(CYCLE.c.stage), owed.c.id.is_(None)),
                sa.and_(resting(CYCLE.c.stage), owed.c.id.is_not(None)),
                owed.c.stage != CYCLE.c.stage,
                owed.c.visit != CYCLE.c.visit,
            )
        )
    )
    yield from (f"I13 周期{cycle}在{stage},待办为{said}" for cycle, stage, said in found)


def open_matter_owes_its_own_work(tx: Transaction) -> Iterator[str]:
    """An open obligation of a matter belongs to an open matter of the same kind and organisation."""
    found = tx.session.execute(
        sa.select(OBLIGATION.c.id, MATTER.c.id, MATTER.c.kind)
        .join(MATTER, MATTER.c.id == OBLIGATION.c.matter_id)
        .where(
            OBLIGATION.c.closed_at.is_(None),
            sa.or_(
                MATTER.c.closed_at.is_not(None),
                MATTER.c.kind != OBLIGATION.c.stage,
                MATTER.c.organisation_id != OBLIGATION.c.organisation_id,
            ),
        )
    )
    yield from (f"I13 待办{owed}属于已办结或别的事项{matter}({kind})" for owed, matter, kind in found)


def granted_only_by_arrival(tx: Transaction) -> Iterator[str]:
    """Every star in force hangs on a record that led to an end of a round, or on a recorded demotion."""
    found = tx.session.execute(
        sa.select(STAR.c.id, RECORD.c.trigger, RECORD.c.after)
        .join(RECORD, RECORD.c.id == STAR.c.record_id)
        .where(~resting(RECORD.c.after), RECORD.c.trigger != "demote")
    )
    yield from (f"I4 星级{star}:来自{trigger}→{after}" for star, trigger, after in found)


def star_of_cycle_is_in_force(tx: Transaction) -> Iterator[str]:
    """The star on a finished cycle of the newest campaign is the one in the register."""
    newest = sa.select(sa.func.max(CYCLE.c.campaign_id)).scalar_subquery()
    found = tx.session.execute(
        sa.select(CYCLE.c.id, CYCLE.c.star, STAR.c.star)
        .outerjoin(STAR, sa.and_(STAR.c.organisation_id == CYCLE.c.organisation_id, STAR.c.until_on.is_(None)))
        .where(CYCLE.c.campaign_id == newest, sa.func.coalesce(CYCLE.c.star, -1) != sa.func.coalesce(STAR.c.star, -1))
    )
    yield from (f"R52 周期{cycle}:星级{mine},台账{register}" for cycle, mine, register in found)


def open_objections_are_counted(tx: Transaction) -> Iterator[str]:
    """The counter that the guards look at equals the open objection matters."""
    counted = (
        sa.select(MATTER.c.cycle_id, sa.func.count().label("n"))
        .where(MATTER.c.kind == "objection", MATTER.c.closed_at.is_(None))
        .group_by(MATTER.c.cycle_id)
        .subquery()
    )
    found = tx.session.execute(
        sa.select(CYCLE.c.id, CYCLE.c.open_objections, sa.func.coalesce(counted.c.n, 0))
        .outerjoin(counted, counted.c.cycle_id == CYCLE.c.id)
        .where(
            CYCLE.c.open_objections != sa.func.coalesce(counted.c.n, 0),
            ~resting(CYCLE.c.stage),
        )
    )
    yield from (f"I4 周期{cycle}:记{mine}件异议,实有{n}件" for cycle, mine, n in found)


def nothing_granted_with_an_open_objection(tx: Transaction) -> Iterator[str]:
    """I4: no star is in force for a cycle that has an open objection of its own."""
    found = tx.session.execute(
        sa.select(CYCLE.c.id, MATTER.c.id)
        .join(MATTER, MATTER.c.cycle_id == CYCLE.c.id)
        .where(
            MATTER.c.kind == "objection",
            MATTER.c.closed_at.is_(None),
            resting(CYCLE.c.stage),
            CYCLE.c.stage != "exempt",
            CYCLE.c.outcome.is_(None),
        )
    )
    yield from (f"I4 周期{cycle}已定星,异议{matter}未办结" for cycle, matter in found)


def reviewer_is_somebody_else(tx: Transaction) -> Iterator[str]:
    """I9: nobody reviews himself."""
    found = tx.session.scalars(sa.select(CYCLE.c.id).where(CYCLE.c.reviewer_id == CYCLE.c.organisation_id))
    yield from (f"I9 周期{cycle}由本组织考评" for cycle in found)


def tree_has_no_loop(tx: Transaction) -> Iterator[str]:
    """I12: every path starts at a root and ends at the organisation itself."""
    rows = tx.session.execute(sa.select(ORGANISATION.c.id, ORGANISATION.c.path))
    yield from (f"I12 组织{key}的路径{path}不通" for key, path in rows if not path.endswith(f"/{key}/"))


def sent_messages_say_so(tx: Transaction) -> Iterator[str]:
    """I10: a sent notice belongs to a sent message."""
    found = tx.session.scalars(
        sa.select(NOTICE.c.id)
        .join(MESSAGE, MESSAGE.c.id == NOTICE.c.message_id)
        .where(NOTICE.c.status == "sent", MESSAGE.c.status != "sent")
    )
    yield from (f"I10 通知{notice}已发,消息未发" for notice in found)


def ballots_are_counted(tx: Transaction) -> Iterator[str]:
    """I14: slips that have voted, ballots and the count of a survey are one number; nothing else of a ballot is kept."""
    for poll, used, found, spent in ballots.miscounted(tx):
        yield f"I14 测评{poll}:计{used}票,存{found}票,用去{spent}张票证"


INVARIANTS: tuple[Callable[[Transaction], Iterator[str]], ...] = (
    version_counts_records,
    chains_hold,
    stage_is_the_newest_records,
    open_stage_has_one_obligation,
    open_matter_owes_its_own_work,
    granted_only_by_arrival,
    star_of_cycle_is_in_force,
    open_objections_are_counted,
    nothing_granted_with_an_open_objection,
    reviewer_is_somebody_else,
    tree_has_no_loop,
    sent_messages_say_so,
    ballots_are_counted,
)
