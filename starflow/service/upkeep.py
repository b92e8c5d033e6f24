"""Upkeep: proving the history, keeping its head outside the database, asking what must be true, erasing by rule."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from starflow.service import tallies
from starflow.service.around import Around
from starflow.service.case import case_of, stored_facts
from starflow.service.cycles import redate
from starflow.service.desk import Desk
from starflow.service.health import Finding, findings
from starflow.service.recomputation import scores_agree
from starflow.service.scopes import quota_base, scope_word
from storage import ballots, cycles, evidence, filings, meetings, obligations, outbox, records, retention, runs
from storage.database import Transaction
from storage.invariants import invariants
from storage.organisations import chunks
from storage.records import Verdict
from workflow.rating.procedure import approves, table_of
from workflow.rating.quota import excess
from workflow.rating.survey import needed

POLLS = ("open_survey", "extend_survey", "close_survey", "count_survey", "void_survey")
ADMINISTRATIVE = ("open", "extend", "hold", "release", "reroute", "migrate", "demote", "defer", *POLLS)
"""Triggers that stand in the history but in no procedure: what coordinators do around it."""
BALLOT_YEARS = 2
"""Answers are kept to the end of the year after theirs, at most two years after the close; tallies stay."""


def verify(desk: Desk, anchor: Mapping[str, Any] | None = None) -> Verdict:
    """Recompute every hash; with an anchor also what has been cut off or rewritten since."""
    with desk.reading() as tx:
        return records.verify(tx, anchor)


def exported(desk: Desk) -> Iterator[dict[str, Any]]:
    """The whole history with its hashes and details, for the second verifier."""
    with desk.reading() as tx:
        yield from records.exported(tx)


def anchor(desk: Desk) -> dict[str, Any]:
    """Today's head over all cycles, kept in the database and given back for keeping elsewhere."""
    with desk.transaction() as tx:
        kept = records.put_anchor(tx)
        chains = {chain: [length, head] for chain, (length, head) in records.current_heads(tx).items()}
    return {
        "at": kept.at.isoformat(),
        "cycles": kept.cycles,
        "records": kept.records,
        "upto": kept.upto,
        "head": kept.head,
        "code": kept.code,
        "chains": chains,
    }


def laid_down(desk: Desk, kept: Mapping[str, Any]) -> Path | None:
    """The anchor as a file of its own in STARFLOW_ANCHORS, never written again; a rehearsal leaves nothing. Raises OSError."""
    folder = desk.settings.anchors
    if folder is None or desk.rehearsal:
        return None
    at = datetime.fromisoformat(kept["at"]).astimezone(desk.settings.zone)
    file = folder / f"{at:%Y-%m-%d-%H%M%S}.json"
    with file.open("x", encoding="utf-8") as written:
        json.dump(kept, written, ensure_ascii=False)
        written.flush()
        os.fsync(written.fileno())
    file.chmod(0o444)
    return file


# ── doctor ───────────────────────────────────────────────────────


def check(desk: Desk) -> tuple[str, ...]:
    """Everything that must be true of the data: the tables' own invariants, and what only the schemes can say."""
    with desk.reading() as tx:
        return (
            *invariants(tx),
            *edges_exist(desk, tx),
            *dates_are_right(desk, tx),
            *quotas_are_kept(desk, tx),
            *evidence_holds(desk, tx),
            *tallies.counted_rightly(desk, tx),
        )


def edges_exist(desk: Desk, tx: Transaction) -> Iterator[str]:
    """I3: every record is an edge of the procedure it ran under."""
    for digest, trigger, before, after, chain in records.edges(tx):
        if trigger in ADMINISTRATIVE:
            continue
        row = table_of(desk.scheme(tx, digest)).row.get((before, trigger))
        if row is None or after not in {way.dest for way in row.ways}:
            yield f"I3 {chain}:{before} —{trigger}→ {after} 不在程序里"


def dates_are_right(desk: Desk, tx: Transaction) -> Iterator[str]:
    """The stored deadline of every open stage is what the pure function says today."""
    for campaign_id in cycles.open_campaigns(tx):
        ids = [row.id for row in cycles.in_campaign(tx, campaign_id)]
        for page in chunks(ids):
            presents = cycles.presents(tx, page)
            around = Around(tx, presents)
            for cycle, stay in ((p.cycle, p.stay) for p in presents if p.stay is not None):
                case = case_of(desk, tx, cycle)
                dates = around.dates(case, cycle.stage, stored_facts(case), cycle.entered_at, stay.held_days)
                if (stay.due_at, stay.target_at) != (dates.due_at, dates.target_at):
                    yield f"期限 {cycle.chain}:存{stay.due_at},应为{dates.due_at}"


def redate_all(desk: Desk) -> int:
    """Store every open deadline anew, after a calendar has been replaced; returns how many have moved."""
    with desk.transaction() as tx:
        moved = 0
        for campaign_id in cycles.open_campaigns(tx):
            for row in cycles.in_campaign(tx, campaign_id):
                before = obligations.open_stage(tx, row.id)
                due = before.due_at if before else None
                redate(tx, case_of(desk, tx, row))
                after = obligations.open_stage(tx, row.id)
                moved += after is not None and after.due_at != due
        return moved


def quotas_are_kept(desk: Desk, tx: Transaction) -> Iterator[str]:
    """I5: no quota is exceeded beyond what a recorded decision covers."""
    for campaign_id, digest in cycles.open_campaigns(tx).items():
        rated = cycles.in_campaign(tx, campaign_id)
        quotas = desk.scheme(tx, digest).quotas_of(rated[0].year) if rated else ()
        recorded = approves(desk.scheme(tx, digest))
        for quota in (q for q in quotas if q.op == "max" and (q.hard or recorded)):
            for scope in dict.fromkeys(
                meetings.Scope.of(quota.scope, c.path, c.field, quota.fields)
                for c in rated
                if not quota.fields or c.field in quota.fields
            ):
                counts = meetings.approved_counts(tx, campaign_id, scope)
                over = excess(quota, quota_base(tx, campaign_id, quota, scope), counts)
                over -= meetings.excess_allowed(tx, campaign_id, quota.code, scope)
                if over > 0:
                    where = "" if scope == meetings.EVERYBODY else f"({scope_word(tx, scope)})"
                    yield f"I5 名额{quota.code}{where}超出{over}个,没有超额决定"


def evidence_holds(desk: Desk, tx: Transaction) -> Iterator[str]:
    """I7: every filed survey reached its quorum or was excused. I11: every score is what its sheet and its events come to."""
    for campaign_id, digest in cycles.open_campaigns(tx).items():
        scheme = desk.scheme(tx, digest)
        for filed in evidence.surveys_of(tx, campaign_id):
            if (
                scheme.survey.hard
                and not filed.excused
                and filed.members_present < needed(filed.members, scheme.survey.quorum)
            ):
                yield f"I7 测评{filed.id}:参加{filed.members_present}人,不到{filed.members}人的{scheme.survey.quorum}"
        yield from scores_agree(desk, tx, campaign_id)


def doctor(desk: Desk) -> tuple[Finding, ...]:
    """All invariants, and whether the installation fares well; empty when all is well."""
    found = [Finding(said, "请保留现场,用 starflow verify 核对历史,并与备份比较") for said in check(desk)]
    with desk.reading() as tx:
        found += findings(desk, tx)
    return tuple(found)


def downtimes(desk: Desk) -> tuple[str, ...]:
    """What each stretch without a bell cost, the newest first: a sentence each."""
    with desk.reading() as tx:
        return tuple(down.sentence(desk.settings.zone) for down in runs.downtimes(tx))


def resend(desk: Desk, message_id: int | None = None) -> int:
    """Give every dead message all its attempts again, or just this one, dead or perhaps arrived; returns how many."""
    with desk.transaction() as tx:
        if message_id is not None:
            return outbox.requeue(tx, [message_id])
        return outbox.requeue(tx, [letter.id for letter in outbox.dead_letters(tx, limit=10_000)])


# ── retention ────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Retained:
    """What was, or would be, erased: details of records, objections, addresses of notices."""

    details: int
    objections: int
    addresses: int
    applied: bool


def retain(desk: Desk, *, dry_run: bool) -> Retained:
    """Erase what the scheme's retention classes no longer allow to be kept; records and stars stay for ever."""
    with desk.reading() if dry_run else desk.transaction() as tx:
        limits = _limits(desk, tx)
        counted = retention.count(tx, limits) if dry_run else retention.erase(tx, limits)
        if not dry_run and limits:
            filings.forget_people(tx, limits["objections"])
            ballots.forget_old(tx, _years_before(tx.now, BALLOT_YEARS))
        return Retained(*counted, applied=not dry_run)


def _limits(desk: Desk, tx: Transaction) -> dict[str, datetime]:
    """For each class, before which instant is erased: by the newest campaign's scheme."""
    campaign = cycles.campaign_of_year(tx, None)
    if campaign is None:
        return {}
    rule = desk.scheme(tx, campaign.scheme_hash).retention
    years = {
        "details": rule.details_years,
        "objections": rule.objections_years,
        "addresses": rule.notice_addresses_years,
    }
    return {name: _years_before(tx.now, count) for name, count in years.items()}


def _years_before(at: datetime, years: int) -> datetime:
    day = 28 if (at.month, at.day) == (2, 29) else at.day
    return at.replace(year=at.year - years, day=day)
