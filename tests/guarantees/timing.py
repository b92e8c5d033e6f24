"""What falls due happens once, whatever crashed, slept or jumped; and the calendar is the same on every machine."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, select

from schedules import relay
from schedules.letters import Letter
from starflow.service import obligations, upkeep
from starflow.service.desk import Desk
from storage import records
from storage.database import retrying
from storage.models import Message, Notice
from tests.guarantees import acting, crash, faults
from tests.guarantees.places import CITY, NOW, Fast, Fixed, opened, reopened, twin
from tests.guarantees.trial import Trial, must
from workflow.engine import deadlines
from workflow.engine.errors import Unavailable

# ── G4: once, with schedulers and dispatchers killed all the time ─


class Sink:
    """The other side of a channel: takes a letter under its key, slowly enough to be killed meanwhile."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def send(self, letter: Letter) -> None:
        handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(handle, f"{letter.key}\t{letter.address}\t{hash(letter.body)}\n".encode())
        os.close(handle)
        time.sleep(0.004)


PACE, START = 300, datetime(2027, 5, 28, 6, tzinfo=CITY)
"""A second of the trial is five minutes: a killed dispatcher's lease runs out in one second."""


def once(trial: Trial) -> str:
    """G4: every reminder takes effect exactly once by its key."""
    kills, schedulers, dispatchers = trial.size(16, 40, control=16), 2, 3
    with opened(trial, trial.size(24, 60, control=24), at=START) as desk:
        for code, _ in acting.stages(desk)[:6]:
            acting.to_publicity(desk, code)
        sink = trial.folder / "sink"
        sink.touch()
        with twin(trial, desk) as quiet:
            end = START + timedelta(days=12)
            _settle(quiet, Sink(trial.folder / "quiet"), end)
            expected = _rungs(quiet)
        url = desk.settings.database_url
        desk.database.close()
        since = time.monotonic()
        working = {}
        for number in range(kills + schedulers + dispatchers):
            role = "ring" if number % (schedulers + dispatchers) < schedulers else "send"
            at = START + timedelta(seconds=(time.monotonic() - since) * PACE)
            working[number] = crash.born(_works, url, role, str(sink), at, number, fault=trial.fault)
            if len(working) >= schedulers + dispatchers:
                oldest = min(working)
                working.pop(oldest).killed(trial.dice.uniform(0.05, 0.2))
        for child in working.values():
            child.killed(0)
        with faults.switched_on(trial.fault):
            _settle(desk, Sink(sink), end)
        attempts = [line.split("\t") for line in sink.read_text().splitlines()]
        effects = {key for key, *_ in attempts}
        with desk.reading() as tx:
            sent = tx.session.scalars(select(Message.key).where(Message.status == "sent")).all()
            left = tx.session.scalar(sa.select(sa.func.count()).where(col(Message.status).in_(("queued", "claimed"))))
        must(not left, f"{left} messages were never sent")
        must(effects == set(sent), f"{len(effects)} effects for {len(sent)} messages")
        rungs = _rungs(desk)
        must(max(Counter(_rungs_listed(desk)).values()) == 1, "a rung rang twice")
        must(
            set(rungs) == set(expected),
            f"{len(set(expected) - set(rungs))} rungs are missing, {len(set(rungs) - set(expected))} too many",
        )
        must(upkeep.check(desk) == (), "invariants")
    return f"{len(expected)}级提醒、{len(sent)}条消息、{kills}次 kill −9:尝试{len(attempts)}次,生效{len(effects)}次,遗漏0、重复0"


def _works(url: str, role: str, sink: str, at: datetime, number: int, pipe: int) -> None:
    with reopened(url, Fast(at, PACE)) as desk:
        while True:
            try:
                if role == "ring":
                    retrying(lambda: obligations.sweep(desk))
                else:
                    relay.relay(desk, {"console": Sink(Path(sink))})
            except Unavailable:
                continue
            os.write(pipe, b"done once\n")
            time.sleep(0.01)


def _settle(desk: Desk, sink: Sink, end: datetime) -> None:
    """Whatever is left, by one quiet worker, day by day."""
    at = START
    while at <= end:
        at += timedelta(days=1)
        desk.clock = Fixed(at)
        obligations.sweep(desk)
        relay.relay(desk, {"console": sink})
    for _ in range(3):
        desk.clock = Fixed(desk.clock.now() + timedelta(minutes=30))
        relay.relay(desk, {"console": sink})


def _rungs(desk: Desk) -> set[str]:
    return set(_rungs_listed(desk))


def _rungs_listed(desk: Desk) -> list[str]:
    ladder = col(Notice.kind).in_(("reminder", "escalation"))
    with desk.reading() as tx:
        return list(tx.session.scalars(select(Notice.key).where(ladder)))


# ── G5: after any downtime ───────────────────────────────────────


def catching_up(trial: Trial) -> str:
    """G5: asleep for an hour, three days, 45 days, 200 days; what the clock had to do is as if it had never slept."""
    said = []
    spans = (timedelta(hours=1), timedelta(days=3), timedelta(days=45), timedelta(days=200))
    for span in spans[2:3] if trial.fault else spans:
        with opened(trial, 8, at=NOW) as desk:
            for code, _ in acting.stages(desk)[:5]:
                acting.to_publicity(desk, code)
            with twin(trial, desk) as awake:
                awake.clock, at = Fixed(NOW), NOW
                while at < NOW + span:
                    at = min(at + timedelta(days=2), NOW + span)
                    awake.clock = Fixed(at)
                    obligations.sweep(awake)
                expected = _moves(awake)
            desk.clock = Fixed(NOW + span)
            with faults.switched_on(trial.fault):
                obligations.sweep(desk)
                must(
                    _moves(desk) == expected, f"after {span}: {len(_moves(desk))} of {len(expected)} moves of the clock"
                )
                with desk.reading() as tx:
                    per = Counter(tx.session.execute(select(Message.person_id, Message.channel)).tuples())
                    unmerged = tx.session.scalar(
                        sa.select(sa.func.count()).where(Notice.status == "queued", col(Notice.message_id).is_(None))
                    )
            most = max(per.values(), default=0)
            must(most <= 1 and not unmerged, f"after {span} somebody got {most} messages at once")
            must(upkeep.check(desk) == (), "invariants")
            said.append(f"停{span.days}天" if span.days else "停1小时")
            said[-1] += f"补{len(expected)}项、每人≤1条消息"
    return ";".join(said)


def _moves(desk: Desk) -> list[tuple[int, str, str, str]]:
    """What the clock did, and when it took effect."""
    with desk.reading() as tx:
        found = [
            (
                r.cycle_id,
                r.trigger,
                r.after,
                str((d.detail or {}).get("effective_at", r.at.astimezone(CITY).isoformat())),
            )
            for _, rows in records.chains(tx)
            for r, d in rows
            if r.role == "clock" and d
        ]
    return sorted((c, t, a, datetime.fromisoformat(at).astimezone(UTC).isoformat()) for c, t, a, at in found)


# ── G6: clocks that jump ─────────────────────────────────────────


def jumping(trial: Trial) -> str:
    """G6: a day on, a day back, a year back, two nodes ten minutes apart: nothing is undone, nothing rings twice."""
    jumps = (
        timedelta(days=1), timedelta(days=-1), timedelta(days=-365), timedelta(minutes=10), timedelta(minutes=-10),
        timedelta(days=12), timedelta(seconds=-90),
    )  # fmt: skip
    with faults.switched_on(trial.fault), opened(trial, 12, at=NOW) as desk:
        acting.to_publicity(desk, "D0102")
        number = 0
        for jump in jumps:
            before = _stages(desk)
            desk.clock = Fixed(NOW + jump)
            obligations.sweep(desk)
            for _ in range(3):
                code, stage = trial.dice.choice([s for s in acting.stages(desk) if s[0] != "D0102"])
                ask = acting.ask_of(code, stage, f"jump/{number}", day=desk.clock.now().date().isoformat())
                number += 1
                if ask is not None:
                    try:
                        acting.fire(desk, ask)
                    except Exception as refusal:
                        must(type(refusal).__name__ in ("Refused", "BadInput"), f"{refusal!r}")
            verdict = upkeep.verify(desk)
            must(verdict.ok, f"after a jump of {jump}: {verdict.first_bad}")
            now = _stages(desk)
            must(all(now[code] >= before[code] for code in before), f"a jump of {jump} has undone something")
            listed = Counter(_rungs_listed(desk))
            must(max(listed.values(), default=1) == 1, "a rung rang twice")
        said = [s for s in upkeep.check(desk) if not s.startswith("期限")]
        must(not said, f"{said[:2]}")
    return f"时钟跳{len(jumps)}次(+1天、−1天、−1年、±10分……)、其间{number}次办理:历史时间不倒退,重复0,撤销0"


def _stages(desk: Desk) -> dict[str, int]:
    with desk.reading() as tx:
        found = upkeep.cycles.in_campaign(tx, upkeep.cycles.campaign_of_year(tx, 2027).id)  # type: ignore[union-attr,arg-type]
    return {row.code: row.version for row in found}


# ── G7: calendars ────────────────────────────────────────────────

MACHINES = ("UTC", "America/New_York", "Asia/Kathmandu", "Asia/Shanghai")
YEARS = (1986, 2060)


def calendars(trial: Trial) -> str:
    """G7: ends of days, working days and a scheme's dates, on machines of four zones, through leap days and Shanghai's summer times."""
    dates, zone = trial.size(2_500, 10_000, control=300), ZoneInfo("Asia/Shanghai")
    days = [
        date(YEARS[0], 1, 1) + timedelta(days=trial.dice.randrange(0, 365 * (YEARS[1] - YEARS[0])))
        for _ in range(dates)
    ]
    days += [date(2024, 2, 29), date(2027, 12, 31), date(1988, 7, 1), date(1986, 5, 4), date(1991, 9, 15)]
    found = {}
    for machine in MACHINES:
        with machine_in(machine), faults.switched_on(trial.fault):
            found[machine] = [
                (
                    deadlines.end_of_day(day, zone).astimezone(UTC),
                    deadlines.local_date(deadlines.end_of_day(day, zone) - timedelta(microseconds=1), zone),
                    deadlines.due_date(deadlines.end_of_day(day, zone), zone),
                    deadlines.local_date(deadlines.start_of_day(day, zone), zone),
                )
                for day in days
            ]
    first = found[MACHINES[0]]
    for machine in MACHINES:
        must(found[machine] == first, f"a machine in {machine} has other dates")
    for day, (end, last, due, first_of) in zip(days, first, strict=True):
        must(last == day == due == first_of, f"the end of {day} lies on {last}, its due on {due}")
        must(end.astimezone(zone).date() == day + timedelta(days=1), f"the end of {day} is {end}")
    return f"{len(days)}个日期 × {len(MACHINES)}个时区的服务器:差异0(含闰日、1986–1991年上海夏令时)"


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()
