"""What happens by itself, and when: JOBS is the whole list. APScheduler only rings; the database says what there is to do.

Every process may ring: claims in the database decide who works. Nothing of value stands in the scheduler's memory: a process
that was down, asleep or killed asks at its first ring what fell due meanwhile.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from threading import Event, Thread

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from schedules.dispatch import dispatch
from schedules.hooks import tell
from schedules.relay import deliver
from starflow.service import jobs
from starflow.service.clock import SystemClock
from starflow.service.desk import Desk
from storage import runs

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """`rhythm` names the setting: a number of seconds between two rings, or the local time of a daily one."""

    id: str
    rhythm: str
    work: Callable[[Desk], str]


JOBS = (
    Job("sweep", "sweep_seconds", jobs.sweep),
    Job("relay", "relay_seconds", deliver),
    Job("dispatch", "relay_seconds", dispatch),
    Job("hooks", "relay_seconds", tell),
    Job("tally", "tally_seconds", jobs.tally),
    Job("ballots", "sweep_seconds", jobs.tidy_ballots),
    Job("vacuum", "vacuum_at", jobs.vacuum_ballots),
    Job("uploads", "vacuum_at", jobs.sweep_uploads),
    Job("digest", "digest_at", jobs.digest),
    Job("anchor", "anchor_at", jobs.anchor),
    Job("backup", "backup_at", jobs.backup),
    Job("invariants", "invariants_at", jobs.check_invariants),
)

LOOK_SECONDS = 60  # how often a daily job looks whether today's run is still missing
RETRY_AFTER = timedelta(hours=1)  # a daily job that failed
NEXT = "next"
AT_DUE_INSTANTS = ("sweep", "relay")


@dataclass(frozen=True, slots=True)
class Stroke:
    """One run of a job: what it said, or why it failed."""

    job: str
    said: str
    failed: bool = False


def tick(desk: Desk, jobs: Iterable[Job] = JOBS) -> tuple[Stroke, ...]:
    """Every job once, now, in the order of the list."""
    return tuple(ring(desk, job) for job in jobs)


def ring(desk: Desk, job: Job) -> Stroke:
    """Runs the job and notes it. One that raises is logged and noted, and the bell goes on."""
    try:
        said = job.work(desk)
        with desk.transaction() as tx:
            runs.worked(tx, job.id, said)
        return Stroke(job.id, said)
    except Exception as error:
        LOG.exception("job %s failed", job.id)
        _note_failure(desk, job, f"{type(error).__name__}: {error}")
        return Stroke(job.id, str(error) or type(error).__name__, failed=True)


def _note_failure(desk: Desk, job: Job, error: str) -> None:
    try:
        with desk.transaction() as tx:
            runs.failed(tx, job.id, error)
    except Exception:  # most likely for the same reason: the database is not to be had
        LOG.exception("the failure of job %s could not be noted", job.id)


# ── the bell ─────────────────────────────────────────────────────


class Bell:
    """Rings the jobs from threads of its own, from start() to stop()."""

    def __init__(self, desk: Desk, jobs: tuple[Job, ...] = JOBS) -> None:
        self.desk = desk
        self.jobs = jobs
        every = {
            "max_instances": 1,
            "coalesce": True,
            "misfire_grace_time": None,
        }  # its own default drops what is 1 s late
        self._threads = ThreadPoolExecutor()
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults=every, executors={"default": self._threads})
        self._stopped = Event()
        self._guard = Thread(target=self._watch, name="bell guard", daemon=True)

    def start(self) -> None:
        """The first round rings at once: what fell due while no bell rang is not left to wait for the rhythm."""
        self.desk.stopping.clear()
        self._scheduler.add_job(self._first_round, id="first round")
        for job in self.jobs:
            seconds = _seconds(self.desk, job)
            self._scheduler.add_job(self._ring, "interval", [job], id=job.id, seconds=seconds, jitter=seconds / 10)
        self._scheduler.start()
        self._guard.start()

    def stop(self) -> None:
        """Lets the jobs that are running end; the relay ends after the letter in its hands."""
        self._stopped.set()
        self.desk.stopping.set()
        # waiting itself, the scheduler would hold the lock that a job needs to arm the next ring
        self._scheduler.shutdown(wait=False)
        self._threads.shutdown()

    def wake_stalled(self) -> tuple[str, ...]:
        """Rings the jobs that have lost their rhythm, and names them.

        APScheduler waits for times of the wall clock: where that is set back by eight hours, it is silent for eight hours.
        """
        now = SystemClock().now()
        stalled = [
            job for job in self.jobs if self._next_at(job) > now + timedelta(seconds=2 * _seconds(self.desk, job))
        ]
        for job in stalled:
            self._scheduler.modify_job(job.id, next_run_time=now)
        return tuple(job.id for job in stalled)

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            if stalled := self.wake_stalled():
                LOG.warning("the clock was set back; rung again: %s", ", ".join(stalled))

    def _next_at(self, job: Job) -> datetime:
        found: datetime = self._scheduler.get_job(job.id).next_run_time
        return found

    def _first_round(self) -> None:
        for job in self.jobs:
            if not self._stopped.is_set():
                self._ring(job)

    def _ring(self, job: Job) -> None:
        try:
            if is_due(self.desk, job):
                ring(self.desk, job)
            if job.id == runs.SWEEP:
                self._arm()
        except Exception:
            LOG.exception("the bell could not ask the database about job %s", job.id)

    def _arm(self) -> None:
        """One more ring at the nearest due instant, so that a deadline is met on its second and not at the next sweep.

        The wait is reckoned on the desk's clock, which need not be this machine's.
        """
        with self.desk.reading() as tx:
            instant, now = runs.next_instant(tx), tx.now
        if instant is not None:
            at = SystemClock().now() + (instant - now)
            self._scheduler.add_job(self._nearest, "date", id=NEXT, run_date=at, replace_existing=True)

    def _nearest(self) -> None:
        for job in self.jobs:
            if job.id in AT_DUE_INSTANTS:
                self._ring(job)


def _seconds(desk: Desk, job: Job) -> int:
    rhythm = getattr(desk.settings, job.rhythm)
    return LOOK_SECONDS if isinstance(rhythm, time) else int(rhythm)


def is_due(desk: Desk, job: Job) -> bool:
    """A job that rings every so many seconds always; a daily one while today's run is missing."""
    at = getattr(desk.settings, job.rhythm)
    if not isinstance(at, time):
        return True
    with desk.reading() as tx:
        return is_missing(runs.last_run(tx, job.id), at, desk.settings.zone, tx.now)


def is_missing(last: runs.Run | None, at: time, zone: tzinfo, now: datetime) -> bool:
    """Whether a daily job has yet to run for the newest of its local times that is past."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), at, zone)
    slot = today if today <= local else datetime.combine(local.date() - timedelta(days=1), at, zone)
    if last is None:
        return True
    if last.last_at is not None and last.last_at >= slot:
        return False
    return last.failed_at is None or last.failed_at < slot or now - last.failed_at >= RETRY_AFTER
