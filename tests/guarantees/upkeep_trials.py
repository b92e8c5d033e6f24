"""Backups taken under load, the move to PostgreSQL, and a graceful restart."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import sqlalchemy as sa

from starflow.service import backups, upkeep
from starflow.service.access import issue_token
from starflow.service.clock import SystemClock
from starflow.service.desk import Desk, open_desk
from storage import copying
from storage.models import Record
from tests.guarantees import acting, crash, faults
from tests.guarantees.places import NOW, Fixed, empty, opened, settings_of
from tests.guarantees.trial import Broken, Trial, must
from workflow.engine.errors import StarflowError

# ── G19 ──────────────────────────────────────────────────────────


def under_load(trial: Trial) -> str:
    """G19: backups while others write; each is restored, and holds everything that was acknowledged before it began."""
    number, rows = trial.size(4, 16, control=3), 0
    with opened(trial, 12) as desk:
        url = desk.settings.database_url
        children = [crash.born(_acts, url, f"{trial.seed}b{n}") for n in range(2)]
        try:
            for turn in range(number):
                time.sleep(trial.dice.uniform(0.2, 0.5))
                before = _keys(desk)
                with faults.switched_on(trial.fault):
                    made = _made(desk, trial.folder / f"kept{turn}")
                with empty(trial) as target:
                    backups.restore(Path(made.path), settings_of(target, uploads=str(trial.folder / "none")))
                    with closing(open_desk(settings_of(target))) as restored:
                        must(upkeep.check(restored) == (), "the restored database breaks an invariant")
                        lost = before - _keys(restored)
                must(not lost, f"{len(lost)} acknowledged records are not in the backup")
                rows += made.rows
        finally:
            heard = [child.killed(0) for child in children]
        must(sum(line.count(b"\nack") for line in heard) > number, "nobody wrote meanwhile")
    return f"边写边备份{number}次,每次恢复并核对:{number}次完好,共{rows}行,先前确认的缺0"


def _acts(url: str, seed: str, pipe: int) -> None:
    acting.act_for_ever(url, seed, pipe, settle=True, pause=0.02)


def _made(desk: Desk, folder: Path) -> backups.Backup:
    try:
        return backups.create(desk, folder)
    except (StarflowError, sa.exc.DatabaseError) as refusal:
        must(False, f"the backup does not hold: {refusal}")
        raise


def _keys(desk: Desk) -> set[str]:
    with desk.reading() as tx:
        return set(tx.session.scalars(sa.select(Record.hash)))


# ── G21 ──────────────────────────────────────────────────────────


def moving(trial: Trial) -> str:
    """G21: a city at work moves from SQLite to PostgreSQL, and back: every table the same."""
    there = Trial(trial.tier, trial.seed, "postgresql", trial.folder)
    with opened(trial, trial.size(24, 200)) as desk, empty(there) as url, empty(trial) as home:
        for number in range(40):
            code, stage = trial.dice.choice(acting.stages(desk))
            ask = acting.ask_of(code, stage, f"move/{number}")
            assert ask is not None
            acting.fire(desk, ask)
        desk.database.close()
        with faults.switched_on(trial.fault):
            try:
                moved = backups.copy_to(desk, url)
            except StarflowError as refusal:
                raise Broken(f"the move was refused: {refusal}") from refusal
        with closing(open_desk(settings_of(url))) as elsewhere:
            elsewhere.clock = Fixed(NOW)
            backups.copy_to(elsewhere, home)
            with desk.reading() as tx, elsewhere.reading() as ty, closing(open_desk(settings_of(home))) as back:
                first, second = copying.held(tx), copying.held(ty)
                with back.reading() as tz:
                    third = copying.held(tz)
            must(first == second == third, f"differing: {[n for n in first if not first[n] == second[n] == third[n]]}")
            must(upkeep.verify(elsewhere) == upkeep.verify(desk), "the chains differ")
            must(upkeep.check(elsewhere) == (), "invariants")
            code, stage = acting.stages(elsewhere)[0]
            ask = acting.ask_of(code, stage, "after the move")
            assert ask is not None
            acting.fire(elsewhere, ask)
    return (
        f"{sum(moved.values())}行、{len(first)}张表 SQLite → PostgreSQL → SQLite:逐表哈希一致,总哈希一致,随后照常办理"
    )


# ── G25 ──────────────────────────────────────────────────────────


def restarting(trial: Trial) -> str:
    """G25: one after the other the processes of the web are replaced under load; every request is answered."""
    turns = trial.size(2, 6, control=2)
    with opened(trial, 12) as desk:
        desk.clock = SystemClock()
        token = issue_token(desk, "department", "GW", "", 30)
        port, answers, broken, stop = _free_port(), Counter[int](), list[str](), threading.Event()
        server = _serving(desk.settings.database_url, port)
        asking = [threading.Thread(target=_asks, args=(port, token, answers, broken, stop)) for _ in range(8)]
        try:
            _wait(port)
            for thread in asking:
                thread.start()
            for _ in range(turns):
                heard = answers.total()
                _until(lambda heard=heard: answers.total() > heard + 20)  # type: ignore[misc]
                old = _children(server.pid)
                if trial.fault:
                    os.kill(_serves_longest(old), signal.SIGKILL)
                else:
                    server.send_signal(signal.SIGHUP)
                gone = 1 if trial.fault else 2
                _until(lambda old=old, gone=gone: len(old - _children(server.pid)) >= gone)  # type: ignore[misc]
        finally:
            stop.set()
            for thread in asking:
                thread.join()
            server.terminate()
            server.wait(timeout=60)
        must(not broken and set(answers) == {200}, f"{len(broken)} requests were cut off, answers {dict(answers)}")
    return f"两个网页进程逐个换下{turns}轮,其间{answers.total()}个请求:中断0,错误0"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _serving(url: str, port: int) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable,
        "-c",
        "from starflow.cli import main; main()",
        "serve",
        "--port",
        str(port),
        "--workers",
        "2",
    ]
    return subprocess.Popen(
        command, env={**os.environ, "STARFLOW_DATABASE_URL": url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def _serves_longest(children: set[int]) -> int:
    """The first child watches over what they share; the newest may not have begun to serve."""
    return sorted(children)[1]


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=60).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the server did not come up")


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(30_000):
        if holds():
            return
        time.sleep(0.02)
    raise RuntimeError("nothing changed for ten minutes")


def _asks(port: int, token: str, answers: Counter[int], broken: list[str], stop: threading.Event) -> None:
    """A client that knows one address and does not try again."""
    headers = {"authorization": f"Bearer {token}", "connection": "close"}
    while not stop.is_set():
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as line:
                line.request("GET", "/api/v1/stuck", headers=headers)
                said = line.getresponse()
                said.read()
            answers[said.status] += 1
        except (OSError, http.client.HTTPException) as error:
            broken.append(repr(error))
