"""Backups taken under load, the move to PostgreSQL, and a graceful restart."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
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
    number, rows = trial.size(4, 50, control=3), 0
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
    """G25: two processes take turns to be stopped and started under load; no request that was taken fails."""
    turns = trial.size(2, 8, control=4)
    with opened(trial, 12) as desk:
        desk.clock = SystemClock()
        token = issue_token(desk, "department", "GW", "", 30)
        url = desk.settings.database_url
        ports = (_free_port(), _free_port())
        servers = {port: _serving(url, port) for port in ports}
        answers: list[int] = []
        broken: list[str] = []
        stop = threading.Event()
        flying: Flying = {}
        asking = [threading.Thread(target=_asks, args=(ports, token, answers, broken, stop, flying)) for _ in range(8)]
        try:
            for port in ports:
                _wait(port)
            for thread in asking:
                thread.start()
            for turn in range(turns):
                port = ports[turn % 2]
                _until(lambda port=port: _served(flying, port))  # type: ignore[misc]
                servers[port].send_signal(signal.SIGKILL if trial.fault else signal.SIGTERM)
                code = servers[port].wait(timeout=60)
                must(trial.fault or code == 0, f"the server ended with {code}")
                servers[port] = _serving(url, port)
                _wait(port)
        finally:
            stop.set()
            for thread in asking:
                thread.join()
            for server in servers.values():
                server.kill()
                server.wait()
        bad = [status for status in answers if status not in (200, 409)]
        must(not broken and not bad, f"{len(broken)} requests were cut off, {len(bad)} answered {set(bad)}")
    return f"两个进程轮流停启{turns}次,其间{len(answers)}个请求:中断0,错误0"


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _serving(url: str, port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", "from starflow.cli import main; main()", "serve", "--port", str(port)]
    return subprocess.Popen(
        command, env={**os.environ, "STARFLOW_DATABASE_URL": url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the server did not come up")


def _served(flying: "Flying", port: int) -> bool:
    """Somebody is being served there right now."""
    now = time.monotonic()
    return any(where == port and now - since > 1.5 * TAKEN for where, since in list(flying.values()))


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(60_000):
        if holds():
            return
        time.sleep(0.001)
    raise RuntimeError("nobody asked anything for a minute")


Flying = dict[int, tuple[int, float]]
"""Which client has been waiting at which port, and since when."""
TAKEN = 0.03
"""A request that a server has had for so many seconds was taken. One that is cut off sooner may have lain in the queue of its
socket: a balancer asks the other server."""


def _asks(
    ports: tuple[int, int], token: str, answers: list[int], broken: list[str], stop: threading.Event, flying: Flying
) -> None:
    """A client behind a balancer: where nobody takes the connection, the other one is asked; what was taken must be answered."""
    me, number = threading.get_ident(), 0
    while not stop.is_set():
        number += 1
        for port in (ports[number % 2], ports[(number + 1) % 2]):
            since = time.monotonic()
            try:
                with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as line:
                    line.connect()
                    flying[me] = (port, since)
                    line.request(
                        "GET", "/api/v1/stuck", headers={"authorization": f"Bearer {token}", "connection": "close"}
                    )
                    said = line.getresponse()
                    said.read()
                answers.append(said.status)
                break
            except (OSError, http.client.HTTPException) as error:
                if me in flying and time.monotonic() - since > TAKEN:
                    broken.append(repr(error))
                    break
            finally:
                flying.pop(me, None)
