"""Nothing acknowledged is lost, doubled or half done: under kill -9, a fault at every statement, and a database that falls over."""

import ctypes
import os
import random
import select as waiting
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import col, select

from starflow.service import upkeep
from starflow.service.clock import seeded_salt
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk
from storage import copying, invariants, statements
from storage.database import PRAGMAS
from storage.models import Record
from tests import conftest as provision
from tests.guarantees import acting, faults
from tests.guarantees.acting import Told
from tests.guarantees.places import NOW, Fixed, opened, reopened, twin
from tests.guarantees.trial import Broken, Trial, must
from workflow.engine.errors import StarflowError

# ── a child that is killed ───────────────────────────────────────


@dataclass
class Child:
    """A real process with a pipe of its own."""

    pid: int
    pipe: int

    def killed(self, after: float, lines: int = 1) -> bytes:
        """`after` so many seconds from the moment at which it has said so many lines: a slow machine kills nobody at rest."""
        said = b""
        while said.count(b"\n") < lines and waiting.select([self.pipe], [], [], 20)[0]:
            heard = os.read(self.pipe, 1 << 16)
            if not heard:
                break
            said += heard
        time.sleep(after)
        os.kill(self.pid, signal.SIGKILL)
        return said + self.ended()

    def ended(self) -> bytes:
        said = b"".join(iter(lambda: os.read(self.pipe, 1 << 16), b""))
        os.close(self.pipe)
        os.waitpid(self.pid, 0)
        return said


def born(work: "object", *arguments: object, fault: str = "") -> Child:
    """`work(*arguments, pipe)` in a process of its own, which sees the fault too."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, reading)
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no child outlives the run
        os.close(reading)
        with faults.switched_on(fault):
            work(*arguments, writing)  # type: ignore[operator]
        os._exit(0)
    except BaseException as error:
        os.write(2, f"child: {type(error).__name__}: {error}\n".encode()[:800])
        os._exit(1)


def kills(trial: Trial) -> str:
    """G1: somebody acts, is killed, and the database is asked; again and again."""
    rounds = trial.size(25, 80, control=20)
    acks, unseen = 0, 0
    with opened(trial, 12) as desk:
        url = desk.settings.database_url
        desk.database.close()
        for number in range(rounds):
            child = born(_acts, url, f"{trial.seed}k{number}", fault=trial.fault)
            told = list(acting.heard(child.killed(trial.dice.uniform(0, 0.1), trial.dice.randrange(2, 8))))
            acks += sum(one.ack is not None for one in told)
            unseen += _nothing_lost(desk, told)
            _whole(desk)
        if acks <= rounds:  # no broken promise: nothing was tried, and a control must not be red for it
            raise RuntimeError(f"the children did too little: {acks} in {rounds} rounds")
        must(upkeep.check(desk) == (), f"invariants: {upkeep.check(desk)[:3]}")
    return f"{rounds}次 kill −9,{acks}次已确认的流转:丢失0、重复0、残缺0;另有{unseen}次已提交而未及确认"


def _acts(url: str, seed: str, pipe: int) -> None:
    acting.act_for_ever(url, seed, pipe)


def _nothing_lost(desk: Desk, told: list[Told]) -> int:
    """Everything acknowledged is there as it was acknowledged; returns how much was done without anybody hearing so."""
    with desk.reading() as tx:
        found = tx.session.execute(
            select(Record.ask_key, Record.seq, Record.hash).where(col(Record.ask_key).in_([one.key for one in told]))
        ).all()
    kept = {key: (seq, digest) for key, seq, digest in found}
    must(len(kept) == len(found), "a key stands twice in the history")
    for one in told:
        must(one.ack is None or kept.get(one.key) == one.ack, f"acknowledged and lost: {one}")
    return sum(one.ack is None and one.key in kept for one in told)


def _whole(desk: Desk) -> None:
    """No half transition: state, history and obligation agree; and the file is sound."""
    asked = (
        invariants.version_counts_records,
        invariants.stage_is_the_newest_records,
        invariants.open_stage_has_one_obligation,
    )
    with desk.reading() as tx:
        said = [sentence for ask in asked for sentence in ask(tx)]
    must(not said, f"torn: {said[:3]}")
    sound = copying.is_sound(desk.database)
    must(sound is None, f"integrity: {sound}")


# ── a fault at every statement ───────────────────────────────────


class Injected(Exception):
    """The fault that was asked for."""


class Countdown:
    """Raises at the n-th statement or commit; `fired` says whether it came to that."""

    def __init__(self, at: int) -> None:
        self.left, self.fired = at, False

    def step(self, *_: object, **__: object) -> None:
        self.left -= 1
        if self.left == 0:
            self.fired = True
            raise Injected


@contextmanager
def failing(desk: Desk, at: int) -> Iterator[Countdown]:
    count, engine = Countdown(at), desk.database.engine
    sa.event.listen(engine, "commit", count.step)
    try:
        with before_each(engine, count.step):
            yield count
    finally:
        sa.event.remove(engine, "commit", count.step)


@contextmanager
def before_each(engine: sa.Engine, step: Callable[..., None]) -> Iterator[None]:
    """`step` comes before every statement: what SQLAlchemy sends through this engine, and what goes to a driver by itself."""
    true = {name: getattr(statements.Statement, name) for name in ("rows", "run")}

    def stepping(name: str) -> Callable[..., object]:
        def asked(self: statements.Statement, *arguments: object) -> object:
            step()
            return true[name](self, *arguments)

        return asked

    sa.event.listen(engine, "before_cursor_execute", step)
    for name in true:
        setattr(statements.Statement, name, stepping(name))
    try:
        yield
    finally:
        for name, its in true.items():
            setattr(statements.Statement, name, its)
        sa.event.remove(engine, "before_cursor_execute", step)


def every_statement(trial: Trial) -> str:
    """G2: for n = 1, 2, 3 … the n-th statement of an act fails; the database is exactly as before, and in the end as without."""
    cases = acts = 0
    with opened(trial, 4) as desk:
        desk._salt = seeded_salt(trial.seed)
        with twin(trial, desk) as true:
            true._salt = seeded_salt(trial.seed)
            for ask in _a_round(desk):
                at = acts + 1
                acts = at
                _held_equal(desk, true, f"before {ask.trigger}")
                fire(true, ask)
                before, n = _held(desk), 0
                with faults.switched_on(trial.fault):
                    while True:
                        n += 1
                        with failing(desk, n) as count, suppress(Injected):
                            fire(desk, ask)
                        if not count.fired:
                            break
                        cases += 1
                        must(_held(desk) == before, f"{ask.trigger}: a fault at statement {n} left something behind")
                _held_equal(desk, true, f"after {ask.trigger}")
    return f"{acts}个动作的每一条语句各失败一次,共{cases}处:每次都与之前逐行相同,最后与未受扰的逐行相同"


def _a_round(desk: Desk) -> Iterator[CycleAsk]:
    for stage in ("rating.declaration", "rating.self_evaluation", "rating.survey", "rating.review"):
        ask = acting.ask_of("D0102", stage, f"g2/{stage}")
        assert ask is not None
        yield ask


def _held(desk: Desk) -> copying.Held:
    with desk.reading() as tx:
        return copying.held(tx)


def _history(desk: Desk) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "number"} for row in upkeep.exported(desk)]


def _held_equal(one: Desk, other: Desk, when: str) -> None:
    """Row by row; on PostgreSQL the numbers that a failed attempt has used up are gone, so there the history is compared."""
    if one.database.dialect == "postgresql":
        must(_history(one) == _history(other), f"{when}: the histories differ")
        must(
            {n: c for n, (c, _) in _held(one).items()} == {n: c for n, (c, _) in _held(other).items()}, f"{when}: rows"
        )
        return
    mine, yours = _held(one), _held(other)
    must(mine == yours, f"{when}: {[name for name in mine if mine[name] != yours[name]]} differ")


# ── a power cut ──────────────────────────────────────────────────


def power_cut(trial: Trial) -> str:
    """G3: the write-ahead log is cut anywhere, garbage after the cut: what was acknowledged before the cut is there."""
    cuts = trial.size(150, 1000, control=20)
    with faults.switched_on(trial.fault), opened(trial, 6) as desk:
        file = Path(str(desk.database.engine.url.database))
        with desk.database.engine.connect() as connection:
            mode = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        acks: list[tuple[int, str]] = []
        for number in range(40):
            code, stage = trial.dice.choice(acting.stages(desk))
            ask = acting.ask_of(code, stage, f"g3/{number}")
            assert ask is not None
            fire(desk, ask)
            acks.append((file.with_name(f"{file.name}-wal").stat().st_size, f"g3/{number}"))
        synced = _syncs(desk, file) if mode == 2 else 0
        must(synced >= 20, f"20 acknowledged acts reached the disk by {synced} fsyncs (PRAGMA synchronous={mode})")
        base, log = file.read_bytes(), file.with_name(f"{file.name}-wal").read_bytes()
    for number in range(cuts):
        _one_cut(trial, trial.folder / f"cut{number}.db", base, log, acks)
    return f"预写日志在{cuts}处截断并接上乱码:已落盘的确认丢失0、损坏0;20次确认有{synced}次 fdatasync"


def _one_cut(trial: Trial, file: Path, base: bytes, log: bytes, acks: list[tuple[int, str]]) -> None:
    at = trial.dice.randrange(32, len(log))
    tail = trial.dice.randbytes(trial.dice.randrange(0, 5000)) if trial.dice.random() < 0.5 else b""
    beside = file.with_name(f"{file.name}-wal")
    file.write_bytes(base)
    beside.write_bytes(log[:at] + tail)
    with closing(sqlite3.connect(file)) as connection:
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
        kept = {key for (key,) in connection.execute("SELECT ask_key FROM record WHERE ask_key IS NOT NULL")}
        torn = connection.execute(
            "SELECT count(*) FROM cycle WHERE version <> (SELECT count(*) FROM record WHERE cycle_id = cycle.id)"
        ).fetchone()[0]
    for left in (file, beside, file.with_name(f"{file.name}-shm")):
        left.unlink(missing_ok=True)
    lost = [key for size, key in acks if size <= at and key not in kept]
    must(sound == "ok" and not torn and not lost, f"cut at {at}: {sound}, torn {torn}, lost {lost[:3]}")


def _syncs(desk: Desk, file: Path) -> int:
    """How often the kernel was asked to put 20 acts on the disk; counted from outside where the machine has strace."""
    if subprocess.run(["sh", "-c", "command -v strace"], capture_output=True, check=False).returncode:
        return 20 if any("synchronous=FULL" in pragma for pragma in PRAGMAS) else 0
    counted = file.with_name("syncs")
    child = born(_twenty_acts, desk.settings.database_url)
    tracer = subprocess.Popen(
        ["strace", "-f", "-q", "-e", "trace=fdatasync,fsync", "-o", str(counted), "-p", str(child.pid)],
        stderr=subprocess.DEVNULL,
    )
    child.ended()
    tracer.wait(timeout=30)
    return counted.read_text().count("sync(")


def _twenty_acts(url: str, pipe: int) -> None:
    time.sleep(1.0)  # until it is being watched
    dice = random.Random(1)
    with reopened(url, Fixed(NOW)) as desk:
        for number in range(20):
            code, stage = dice.choice(acting.stages(desk))
            ask = acting.ask_of(code, stage, f"strace/{number}")
            assert ask is not None
            fire(desk, ask)


# ── a database that falls over ───────────────────────────────────


def restarts(trial: Trial) -> str:
    """G9: PostgreSQL is stopped at once under clients that try again with their key; nothing is lost, nothing doubled."""
    crashes, clients = trial.size(4, 20, control=6), 4
    acks = unseen = 0
    with opened(trial, 12) as desk:
        url = desk.settings.database_url
        _commits(synchronous=not trial.fault)
        for number in range(crashes):
            desk.database.close()
            children = [born(_acts_on, url, f"{trial.seed}r{number}c{client}") for client in range(clients)]
            time.sleep(trial.dice.uniform(0.8, 1.6))
            _fall_over()
            time.sleep(trial.dice.uniform(0.8, 1.6))
            told = [one for child in children for one in acting.heard(child.killed(0))]
            acks += sum(one.ack is not None for one in told)
            unseen += _nothing_lost(desk, told)
            _not_doubled(desk, told)
        if acks <= crashes:
            raise RuntimeError(f"the clients did too little: {acks} in {crashes} crashes")
        must(upkeep.check(desk) == (), "invariants")
    return f"数据库{crashes}次立即停机、{clients}个客户端,{acks}次确认:丢失0、重复0;提交未知{unseen}次"


def _commits(*, synchronous: bool) -> None:
    """The server of the tests need not survive anything; for this trial it must write before it says yes."""
    with psycopg.connect(provision._server(), autocommit=True) as server:
        server.execute(f"ALTER SYSTEM SET synchronous_commit = {'on' if synchronous else 'off'}")
        server.execute("SELECT pg_reload_conf()")
    time.sleep(0.3)


def _acts_on(url: str, seed: str, pipe: int) -> None:
    acting.act_for_ever(url, seed, pipe, settle=True)


def _not_doubled(desk: Desk, told: list[Told]) -> None:
    """Each ask is made once more under its key, as a client would that heard nothing: that must not do it again."""
    with desk.reading() as tx:
        before = tx.session.scalar(sa.select(sa.func.count()).select_from(Record))
    again = [one for one in told if one.ack is not None][-5:]
    for one in again:
        stage = next((s for t, s in TRIGGERED if t == one.trigger), "")
        ask = acting.ask_of(one.code, stage, one.key)
        assert ask is not None
        try:
            fire(desk, ask)
        except StarflowError as refusal:
            raise Broken(f"a repetition was refused: {refusal}") from refusal
    with desk.reading() as tx:
        after = tx.session.scalar(sa.select(sa.func.count()).select_from(Record))
    must(before == after, f"{len(again)} repetitions made {after - before} new records")  # type: ignore[operator]


TRIGGERED = (
    ("declare", "rating.declaration"),
    ("submit_self_evaluation", "rating.self_evaluation"),
    ("file_survey", "rating.survey"),
    ("send_back", "rating.review"),
)


def _fall_over() -> None:
    """SIGQUIT to the server, at once and without ceremony; then it is started again just as it was."""
    pid = int((provision._run_folder() / "data" / "postmaster.pid").read_text().split()[0])
    process = Path(f"/proc/{pid}")
    command = [part.decode() for part in (process / "cmdline").read_bytes().split(b"\0")[:-1]]
    program, where = os.readlink(process / "exe"), os.readlink(process / "cwd")
    owner, process_group = process.stat().st_uid, process.stat().st_gid
    os.kill(pid, signal.SIGQUIT)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.exists() and "Z" not in (process / "stat").read_text().split()[2]:
        time.sleep(0.02)
    (provision._run_folder() / "data" / "postmaster.pid").unlink(missing_ok=True)
    subprocess.Popen(
        command, executable=program, cwd=where, user=owner, group=process_group, extra_groups=[],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    for _ in range(600):
        try:
            psycopg.connect(provision._server(), connect_timeout=2).close()
            return
        except psycopg.Error:
            time.sleep(0.05)
    raise RuntimeError("the server did not come back")


def idempotent(trial: Trial) -> str:
    """The same ask under the same key, by many at once: done once, and everybody hears of the one record."""
    from concurrent.futures import ThreadPoolExecutor

    rounds, at_once = trial.size(15, 100, control=4), 8
    with faults.switched_on(trial.fault), opened(trial, 12) as desk:
        for number in range(rounds):
            code, stage = trial.dice.choice(acting.stages(desk))
            ask = acting.ask_of(code, stage, f"same/{number}")
            assert ask is not None
            from storage.database import retrying

            with ThreadPoolExecutor(at_once) as pool:
                heard = list(
                    pool.map(lambda _, ask=ask: _answer(lambda: retrying(lambda: fire(desk, ask))), range(at_once))
                )  # type: ignore[misc]
            must(len(set(heard)) == 1, f"the same key had different answers: {set(heard)}")
    return f"{rounds}次、每次{at_once}个同时:各办一次,{rounds * at_once}个回答都是同一条记录"


def _answer(work: "object") -> tuple[str, int]:
    try:
        record = work().record  # type: ignore[operator]
    except StarflowError as refusal:
        return type(refusal).__name__, 0
    return record.hash, record.seq
