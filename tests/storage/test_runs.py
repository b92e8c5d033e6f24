"""What the bell notes about itself, and the instant at which it is needed next."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from storage import outbox, runs
from storage.database import Database
from storage.models import Campaign, Cycle, Message, Obligation, Organisation, SchemeFile
from storage.runs import Downtime, Run

NOW = datetime(2027, 5, 28, 18, 10, tzinfo=UTC)  # 02:10 of 29 May in Shanghai
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(database: Database, minutes: float = 0) -> Any:
    return database.transaction(NOW + timedelta(minutes=minutes))


# ── job runs ─────────────────────────────────────────────────────


def test_a_job_keeps_its_last_success_beside_a_later_failure(database: Database) -> None:
    with at(database) as tx:
        runs.worked(tx, "sweep", "推进2个")
    with at(database, 1) as tx:
        runs.failed(tx, "sweep", "OSError: 磁盘已满")
        runs.failed(tx, "anchor", "ValueError: 坏了")

    with at(database, 2) as tx:
        later = NOW + timedelta(minutes=1)
        assert runs.runs(tx) == (
            Run("anchor", None, "", later, "ValueError: 坏了"),
            Run("sweep", NOW, "推进2个", later, "OSError: 磁盘已满"),
        )
        assert runs.last_run(tx, "relay") is None


def test_a_success_ends_the_failure(database: Database) -> None:
    with at(database) as tx:
        runs.failed(tx, "sweep", "OSError: 磁盘已满")
        runs.worked(tx, "sweep", "推进2个")

        assert runs.last_run(tx, "sweep") == Run("sweep", NOW, "推进2个")


# ── downtimes ────────────────────────────────────────────────────


def test_a_gap_between_two_sweeps_is_written_down_once_with_what_the_catch_up_did(database: Database) -> None:
    with at(database) as tx:
        runs.worked(tx, "sweep", "")

    with at(database, 335) as tx:
        downtime = runs.open_downtime(tx)
        assert downtime is not None
        runs.add_to_downtime(tx, downtime, moved=300, rungs=32)
        runs.add_to_downtime(tx, downtime, moved=80, messages=9)
    with at(database, 335) as tx:  # another process that woke up together with the first
        assert runs.open_downtime(tx) is None

    with at(database, 335) as tx:
        (found,) = runs.downtimes(tx)
    assert found == Downtime(NOW, NOW + timedelta(minutes=335), moved=380, rungs=32, messages=9)
    assert found.sentence(SHANGHAI) == "停机 02:10–07:45;412项到点:推进380个,32个提醒合并为9条消息"


def test_a_downtime_over_midnight_names_the_days() -> None:
    found = Downtime(NOW, NOW + timedelta(days=2), moved=0, rungs=2, messages=1)

    assert found.sentence(SHANGHAI) == "停机 2027-05-29 02:10–2027-05-31 02:10;2项到点:推进0个,2个提醒合并为1条消息"


@pytest.mark.parametrize("minutes", [None, 0.5, 10])
def test_a_first_sweep_or_one_in_time_is_no_downtime(database: Database, minutes: float | None) -> None:
    if minutes is not None:
        with at(database) as tx:
            runs.worked(tx, "sweep", "")

    with at(database, minutes or 0) as tx:
        assert (runs.open_downtime(tx), runs.downtimes(tx)) == (None, ())


def test_a_sweep_that_has_only_failed_so_far_is_no_downtime(database: Database) -> None:
    with at(database) as tx:
        runs.failed(tx, "sweep", "坏了")

    with at(database, 60) as tx:
        assert runs.open_downtime(tx) is None


# ── when next ────────────────────────────────────────────────────


def next_instant(database: Database, minutes: float = 0) -> float | None:
    """In minutes from NOW."""
    with database.reading(NOW + timedelta(minutes=minutes)) as tx:
        found = runs.next_instant(tx)
    return None if found is None else (found - NOW) / timedelta(minutes=1)


@pytest.fixture
def branch(database: Database) -> None:
    """Its superior stands above it, so that the two can have a cycle."""
    with at(database) as tx:
        for id, code in ((1, "D01"), (2, "D0101")):
            tx.session.add(Organisation(id=id, code=code, name=code, kind="党支部", started_on=NOW.date()))


def owed(database: Database, **facts: Any) -> None:
    with at(database) as tx:
        whom = {"organisation_id": 2, "owner_id": 2, "owner_role": "organisation", "stage": "rating.publicity"}
        tx.session.add(Obligation(**whom, opened_at=NOW, **facts))


def runs_until(database: Database, acts_at: datetime) -> None:
    """A cycle that the clock must look at then."""
    with at(database) as tx:
        tx.session.add(SchemeFile(hash="h", name="s", title="s", content=b"", adopted_at=NOW))
        tx.session.flush()
        tx.session.add(Campaign(id=1, year=2027, scheme_hash="h", rated_count=1, opened_at=NOW))
        tx.session.flush()
        who = {"campaign_id": 1, "organisation_id": 2, "reviewer_id": 1, "route": "A", "scheme_hash": "h"}
        where = {"stage": "rating.publicity", "version": 1, "entered_at": NOW, "head": ""}
        tx.session.add(Cycle(**who, **where, acts_at=acts_at))


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def test_nothing_due_needs_no_bell(database: Database) -> None:
    assert next_instant(database) is None


@pytest.mark.usefixtures("branch")
def test_the_nearest_of_deadlines_rungs_and_retries_comes_next(database: Database) -> None:
    runs_until(database, minutes(40))
    owed(database, rings_at=minutes(30))
    owed(database, rings_at=minutes(20))
    with at(database) as tx:
        row = {"key": "k", "channel": "console", "address": "", "subject": "", "created_at": NOW}
        tx.session.add(Message(**row, next_try_at=minutes(10)))

    assert [next_instant(database, now) for now in (0, 10, 20, 30, 40)] == [10, 20, 30, 40, None]


@pytest.mark.usefixtures("branch")
def test_what_is_closed_or_held_does_not_call(database: Database) -> None:
    owed(database, rings_at=minutes(30), closed_at=NOW)
    owed(database, rings_at=minutes(30), held_at=NOW, held_reason="撤并中")

    assert next_instant(database) is None


@pytest.mark.usefixtures("branch")
def test_a_rehearsals_next_step_does_not_wait_for_messages(database: Database) -> None:
    owed(database, rings_at=minutes(30))
    with at(database) as tx:
        row = {"key": "k", "channel": "console", "address": "", "subject": "", "created_at": NOW}
        tx.session.add(Message(**row, next_try_at=minutes(10)))

    with database.reading(NOW) as tx:
        assert (runs.next_instant(tx), runs.next_due(tx)) == (minutes(10), minutes(30))


def test_a_claimed_message_calls_when_its_lease_ends(database: Database) -> None:
    with at(database) as tx:
        row = {"key": "k", "channel": "console", "address": "", "subject": "", "created_at": NOW}
        tx.session.add(Message(**row, next_try_at=NOW))
        tx.session.flush()
        outbox.claim(tx, "w1", 1, timedelta(minutes=5))

    assert next_instant(database) == 5
