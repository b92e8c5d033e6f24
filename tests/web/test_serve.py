"""`starflow serve` and `starflow worker` as processes of their own, on this machine's loopback."""

import json
import os
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from schedules.bell import JOBS
from starflow.cli.serve import url_of
from starflow.service.access import issue_token
from storage import runs
from tests.web.conftest import Web

STARFLOW = Path(sysconfig.get_path("scripts")) / "starflow"
PATIENCE = 120  # the machine may be busy


@contextmanager
def started(url: str, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The process, and the first thing that it said."""
    environment = {**os.environ, "STARFLOW_DATABASE_URL": url}
    command = [STARFLOW, *words, "--json"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline() or "{}")
        finally:
            if process.poll() is None:
                process.kill()


def first_round_over(web: Web) -> None:
    """The bell has rung every job once."""
    for _ in range(10 * PATIENCE):
        with web.desk.reading() as tx:
            if all(runs.last_run(tx, job.id) for job in JOBS):
                return
        time.sleep(0.1)
    pytest.fail("the bell did not ring")


def ended(process: subprocess.Popen[str], by: signal.Signals) -> tuple[int, str]:
    process.send_signal(by)
    _, complaints = process.communicate(timeout=PATIENCE)
    return process.returncode, complaints


@pytest.mark.parametrize(
    "words", [pytest.param(["--no-bell"], id="alone"), pytest.param([], id="with the bell", marks=pytest.mark.long)]
)
def test_it_answers_until_it_is_told_to_stop(web: Web, database_url: str, words: list[str]) -> None:
    token = issue_token(web.desk, "department", "GW", label="", days=1)

    with started(database_url, "serve", "--port", "0", *words) as (process, said):
        asked = {"timeout": PATIENCE, "headers": {"authorization": f"Bearer {token}"}}
        alive = httpx.get(f"{said['url']}healthz", **asked)
        cycles = httpx.get(f"{said['url']}api/v1/cycles", **asked)
        page = httpx.get(said["url"], timeout=PATIENCE)
        if not words:
            first_round_over(web)
        code, complaints = ended(process, signal.SIGTERM)

    assert (alive.json(), len(cycles.json()["rows"]), page.status_code) == ({"status": "alive"}, 4, 200)
    assert "server" not in alive.headers
    assert (code, complaints) == (0, "")


@pytest.mark.long
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_several_workers_answer_on_one_port(web: Web, database_url: str) -> None:
    with started(database_url, "serve", "--port", "0", "--workers", "2", "--no-bell") as (process, said):
        ready = httpx.get(f"{said['url']}readyz", timeout=PATIENCE)
        code, complaints = ended(process, signal.SIGINT)

    assert (ready.json(), code, complaints) == ({"status": "ready"}, 0, "")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_port_that_is_taken_is_said_in_a_sentence(web: Web, database_url: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with started(database_url, "serve", "--port", str(port)) as (process, said):
            process.wait(PATIENCE)

    assert (process.returncode, said["error"]["code"], said["error"]["message"]) == (
        5,
        "unavailable",
        f"127.0.0.1的端口{port}已被占用,请用 --port 换一个",
    )


@pytest.mark.long
def test_a_worker_rings_until_it_is_told_to_stop(web: Web, database_url: str) -> None:
    with started(database_url, "worker") as (process, said):
        first_round_over(web)
        code, complaints = ended(process, signal.SIGTERM)

    assert (said["pid"], code, complaints) == (process.pid, 0, "")


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:8000/"), ("0.0.0.0", "http://127.0.0.1:8000/"), ("::1", "http://[::1]:8000/")],
)
def test_the_address_is_one_that_a_browser_here_can_open(host: str, url: str) -> None:
    assert url_of(host, 8000) == url
