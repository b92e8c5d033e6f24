"""The bell: rings what its list says, survives what raises, and wakes at the instant that is due."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schedules.bell import JOBS, NEXT, Bell, Job, Stroke, is_missing, ring, tick
from starflow.service.desk import Desk, create_desk
from starflow.service.settings import Settings, read_settings
from storage import installation, runs
from storage.models import Obligation, Organisation
from storage.runs import Run

NOW = datetime(2027, 5, 29, 1, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def counting(id: str, rhythm: str = "sweep_seconds") -> tuple[Job, list[str]]:
    """A job and the list of its runs."""
    done: list[str] = []

    def work(desk: Desk) -> str:
        done.append(id)
        return f"{id} {len(done)}"

    return Job(id, rhythm, work), done


def breaking(id: str) -> Job:
    def work(desk: Desk) -> str:
        raise LookupError("坏了")

    return Job(id, "sweep_seconds", work)


def eventually(holds: Callable[[], object], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return bool(holds())


# ── the list ─────────────────────────────────────────────────────


def test_every_job_has_an_id_of_its_own_and_a_rhythm_among_the_settings() -> None:
    named = [
        "sweep",
        "relay",
        "dispatch",
        "hooks",
        "tally",
        "ballots",
        "vacuum",
        "uploads",
        "digest",
        "anchor",
        "backup",
        "invariants",
    ]
    assert [job.id for job in JOBS] == named
    assert [job.rhythm for job in JOBS if job.rhythm not in Settings.__slots__] == []


def test_a_tick_runs_every_job_once_and_says_what_it_did(desk: Desk) -> None:
    first, second = counting("sweep")[0], counting("anchor", "anchor_at")[0]

    strokes = tick(desk, (first, second, first))

    assert strokes == (Stroke("sweep", "sweep 1"), Stroke("anchor", "anchor 1"), Stroke("sweep", "sweep 2"))
    with desk.reading() as tx:
        assert runs.runs(tx) == (Run("anchor", NOW, "anchor 1"), Run("sweep", NOW, "sweep 2"))


def test_a_job_that_raises_is_logged_and_noted_and_the_next_one_rings(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    good, _ = counting("relay")

    strokes = tick(desk, (breaking("sweep"), good))

    assert strokes == (Stroke("sweep", "坏了", failed=True), Stroke("relay", "relay 1"))
    assert [(record.levelname, record.message) for record in caplog.records] == [("ERROR", "job sweep failed")]
    with desk.reading() as tx:
        assert runs.last_run(tx, "sweep") == Run("sweep", None, "", NOW, "LookupError: 坏了")


def test_a_database_that_is_gone_raises_nothing_out_of_the_bell(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.transaction = None  # type: ignore[assignment,method-assign]
    job, _ = counting("sweep")

    assert ring(desk, job).failed
    assert [record.message for record in caplog.records] == [
        "job sweep failed",
        "the failure of job sweep could not be noted",
    ]


# ── daily jobs ───────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("last", "missing"),
    [
        (None, True),
        (Run("anchor", datetime(2027, 5, 28, 15, 49, tzinfo=UTC), ""), True),  # a minute before yesterday's 23:50
        (Run("anchor", datetime(2027, 5, 28, 15, 50, tzinfo=UTC), ""), False),
        (Run("anchor", None, "", NOW - timedelta(minutes=59), "坏了"), False),
        (Run("anchor", None, "", NOW - timedelta(minutes=60), "坏了"), True),
        (Run("anchor", None, "", datetime(2027, 5, 28, 15, 49, tzinfo=UTC), "坏了"), True),
    ],
)
def test_a_daily_job_is_missing_until_it_has_run_since_its_last_time_of_day(last: Run | None, missing: bool) -> None:
    assert is_missing(last, clock_time(23, 50), SHANGHAI, NOW) is missing


def test_a_daily_jobs_day_is_the_installations_own() -> None:
    at_nine = Run("digest", datetime(2027, 5, 29, 0, 59, tzinfo=UTC), "")  # 08:59 in Shanghai

    assert is_missing(at_nine, clock_time(9, 0), SHANGHAI, NOW)
    assert not is_missing(at_nine, clock_time(9, 0), SHANGHAI, NOW - timedelta(seconds=1))


# ── ringing by itself ────────────────────────────────────────────


@pytest.fixture
def live(tmp_path: Path) -> Desk:
    settings = {"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/live.db", "STARFLOW_SWEEP_SECONDS": "3600"}
    return create_desk(read_settings(settings | {"STARFLOW_RELAY_SECONDS": "1"}))


def test_a_bell_rings_every_job_when_it_starts_and_none_after_it_stopped(live: Desk) -> None:
    (sweep, swept), (relay, relayed), (anchor, anchored) = (
        counting("sweep"),
        counting("relay", "relay_seconds"),
        counting("anchor", "anchor_at"),
    )
    bell = Bell(live, (sweep, relay, anchor))

    bell.start()
    assert eventually(lambda: len(relayed) >= 3)
    bell.stop()
    rung = len(relayed)
    time.sleep(1.5)

    assert (swept, anchored, len(relayed)) == (["sweep"], ["anchor"], rung)
    live.close()


def test_a_bell_goes_on_after_a_job_that_raises(live: Desk) -> None:
    relay, relayed = counting("relay", "relay_seconds")
    bell = Bell(live, (breaking("sweep"), relay))

    bell.start()
    assert eventually(lambda: len(relayed) >= 2)
    bell.stop()
    live.close()


def test_no_job_is_dropped_for_being_late_or_started_beside_itself(live: Desk) -> None:
    bell = Bell(live, (counting("sweep")[0], counting("anchor", "anchor_at")[0]))

    bell.start()
    scheduled = [bell._scheduler.get_job(id) for id in ("sweep", "anchor")]
    bell.stop()

    rules = [(job.misfire_grace_time, job.coalesce, job.max_instances) for job in scheduled]
    assert rules == [(None, True, 1)] * 2
    live.close()


def test_a_deadline_rings_at_its_instant_and_not_at_the_next_sweep(live: Desk) -> None:
    instants: list[datetime] = []

    def sweep(desk: Desk) -> str:
        instants.append(desk.clock.now())
        return ""

    due = live.clock.now() + timedelta(seconds=2.5)
    with live.transaction() as tx:
        tx.session.add(Organisation(id=1, code="D0101", name="第一支部", kind="党支部", started_on=due.date()))
        tx.session.flush()
        whom = {"organisation_id": 1, "owner_id": 1, "owner_role": "organisation", "stage": "rating.declaration"}
        tx.session.add(Obligation(**whom, opened_at=live.clock.now(), rings_at=due))
    bell = Bell(live, (Job("sweep", "sweep_seconds", sweep),))

    bell.start()
    assert eventually(lambda: len(instants) == 2)
    bell.stop()

    assert instants[0] < due <= instants[1]
    live.close()


def test_nothing_that_lies_behind_makes_the_bell_ring_without_end(live: Desk) -> None:
    past = live.clock.now() - timedelta(days=1)
    with live.transaction() as tx:
        tx.session.add(Organisation(id=1, code="D0101", name="第一支部", kind="党支部", started_on=past.date()))
        tx.session.flush()
        whom = {"organisation_id": 1, "owner_id": 1, "owner_role": "organisation", "stage": "rating.declaration"}
        tx.session.add(Obligation(**whom, opened_at=past, rings_at=past))
    sweep, swept = counting("sweep")
    bell = Bell(live, (sweep,))

    bell.start()
    time.sleep(1)
    bell.stop()

    assert swept == ["sweep"]
    live.close()


def test_a_clock_set_back_by_eight_hours_does_not_silence_the_bell(live: Desk) -> None:
    sweep, swept = counting("sweep")
    relay, relayed = counting("relay", "relay_seconds")
    bell = Bell(live, (sweep, relay))
    bell.start()
    assert eventually(lambda: swept and relayed)
    assert bell.wake_stalled() == ()

    bell._scheduler.modify_job("sweep", next_run_time=live.clock.now() + timedelta(hours=8))

    assert bell.wake_stalled() == ("sweep",)
    assert eventually(lambda: len(swept) == 2)
    bell.stop()
    live.close()


def test_a_rehearsals_clock_stands_and_its_bell_does_not_spin(desk: Desk) -> None:
    with desk.transaction() as tx:
        installation.move_hand_clock(tx, datetime(2020, 1, 1, tzinfo=UTC))  # long ago, on this machine's clock
        tx.session.add(Organisation(id=1, code="D0101", name="第一支部", kind="党支部", started_on=NOW.date()))
        tx.session.flush()
        whom = {"organisation_id": 1, "owner_id": 1, "owner_role": "organisation", "stage": "rating.declaration"}
        tx.session.add(Obligation(**whom, opened_at=NOW, rings_at=datetime(2020, 1, 2, tzinfo=UTC)))
    sweep, swept = counting("sweep")
    bell = Bell(desk, (sweep,))

    bell.start()
    assert eventually(lambda: bell._scheduler.get_job(NEXT))
    time.sleep(0.5)
    bell.stop()

    assert swept == ["sweep"]
