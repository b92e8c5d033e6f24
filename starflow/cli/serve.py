"""The two commands that stay: the web with the bell, and the bell alone.

The port is taken before anything else begins, so that "it is taken" is said at once. The bell rings in the process that was
started, whatever the number of workers; a worker of uvicorn makes its application for itself, from the same environment.
"""

import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starflow.cli.opening import at_desk
from starflow.cli.output import json_of
from starflow.cli.words import say
from workflow.engine.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from starflow.service.desk import Desk

Host = Annotated[str, typer.Option("--host", metavar="H", help="监听的地址;0.0.0.0 则别的机器也能访问")]
Port = Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="端口;0 则任选一个空闲的")]
Workers = Annotated[int, typer.Option("--workers", metavar="N", min=1, max=64, help="网页开几个进程")]
NoBell = Annotated[bool, typer.Option("--no-bell", help="不跑定时任务,另由 starflow worker 来跑")]

Engine = Annotated[str | None, typer.Option("--engine", metavar="E", help="bell 或 cluster;不写则按 STARFLOW_ENGINE")]

LOOPBACK = "127.0.0.1"
APPLICATION = "starflow.web.app:from_environment"
GRACE_SECONDS = 10
START_SECONDS = 60  # until a worker must be up, or answer: a busy machine takes its time
BACKLOG = 2048
STOPS = (signal.SIGTERM, signal.SIGINT)
WHY_NOT = {
    errno.EADDRINUSE: "已被占用",
    errno.EACCES: "须有管理员权限",
    errno.EADDRNOTAVAIL: "不能用:本机没有这个地址",
}


def serve(host: Host = LOOPBACK, port: Port = 8000, workers: Workers = 1, no_bell: NoBell = False) -> None:
    """Until SIGTERM or Ctrl-C; then it answers what it has begun and ends with 0."""
    with at_desk() as desk:
        serve_desk(desk, host=host, port=port, workers=workers, bell=not no_bell)


def worker(engine: Engine = None) -> None:
    """Until SIGTERM or Ctrl-C; then the jobs that run end."""
    stopped = Event()
    with _on_stop(stopped.set), at_desk() as desk:
        if (engine or desk.settings.engine) == "cluster":
            from schedules.cluster import Cluster, attach

            attach(desk)
            cluster = Cluster(desk)
            _say({"pid": os.getpid()}, say("定时任务已开始;按 Ctrl-C 结束"))
            cluster.run(stopped)
            return
        with ringing(desk):
            _say({"pid": os.getpid()}, say("定时任务已开始;按 Ctrl-C 结束"))
            stopped.wait()


def serve_desk(desk: "Desk", *, host: str = LOOPBACK, port: int = 8000, workers: int = 1, bell: bool = True) -> None:
    """The web over this desk. Raises Unavailable where the address cannot be had.

    With several workers each opens the database of the environment for itself, so this desk must be of it.
    """
    with taken(host, port) as listening:
        url = url_of(host, listening.getsockname()[1])
        with ringing(desk) if bell and desk.settings.engine == "bell" else _silence():
            _say({"url": url, "pid": os.getpid()}, say("网页:{url}  按 Ctrl-C 结束", url=url))
            _run(desk, listening, workers)


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine finds it."""
    shown = {"0.0.0.0": LOOPBACK, "::": "[::1]", "": LOOPBACK}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}/"


@contextmanager
def taken(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens already: of two that start at once, the second hears so."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise BadInput(f"地址“{host}”无法识别,例如 127.0.0.1 或 0.0.0.0") from None
    with socket.socket(family, kind, proto) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen(BACKLOG)
        except OSError as error:
            why = WHY_NOT.get(error.errno or 0, "不能用")
            raise Unavailable(f"{host}的端口{port}{why},请用 --port 换一个") from error
        listening.set_inheritable(True)
        yield listening


@contextmanager
def ringing(desk: "Desk") -> Iterator[None]:
    """The bell from here to the end of the block."""
    from schedules.bell import Bell

    bell = Bell(desk)
    bell.start()
    try:
        yield
    finally:
        bell.stop()


@contextmanager
def _silence() -> Iterator[None]:
    yield


def _run(desk: "Desk", listening: socket.socket, workers: int) -> None:
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    from starflow.web.app import create_app
    from starflow.web.patience import Patient

    app: Any = create_app(desk) if workers == 1 else APPLICATION
    config = uvicorn.Config(
        app,
        factory=workers > 1,
        http=Patient,
        workers=workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whoever may read the first page without a token depends on the true address
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_worker_healthcheck=START_SECONDS,
    )
    with _on_stop(
        lambda: None
    ):  # uvicorn raises the signal anew when it has ended; by then there is nothing left to stop
        if workers == 1:
            uvicorn.Server(config).run(sockets=[listening])
        else:
            parent = Multiprocess(config, sockets=[listening])
            parent.run()
            if any(child.exitcode == STARTUP_FAILURE for child in parent.processes):
                raise Unavailable("网页进程没能启动,原因见上")


@contextmanager
def _on_stop(act: Callable[[], None]) -> Iterator[None]:
    before = {number: signal.signal(number, lambda _number, _frame: act()) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(data: dict[str, Any], sentence: str) -> None:
    """At once, because the command's own answer would come at its end only."""
    print(json_of(data) if "--json" in sys.argv else sentence, flush=True)
