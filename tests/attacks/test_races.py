"""Twice is once, a closed survey takes nothing, and a process killed in the middle leaves no half vote."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from starflow.service.casting import urn_of
from starflow.service.desk import open_desk
from starflow.service.polls import digest
from starflow.service.settings import read_settings
from storage import ballots
from storage.ballots import Vote
from storage.invariants import ballots_are_counted
from tests.attacks.hall import Hall, Run, hall_at

CHILD = """
import os, sys, threading
from starflow.service.casting import urn_of
from starflow.service.desk import open_desk
from starflow.service.settings import read_settings
from storage.ballots import Vote
desk = open_desk(read_settings({"STARFLOW_DATABASE_URL": sys.argv[1]}))
votes = [line.split(" ", 1) for line in sys.stdin.read().splitlines()]
def cast(part):
    for slip, payload in part:
        for _ in range(2):
            if urn_of(desk).put(Vote(slip, payload)):
                os.write(1, (slip + chr(10)).encode())
threads = [threading.Thread(target=cast, args=(votes[n::3],)) for n in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
"""


@pytest.fixture
def hall(database_url: str) -> Iterator[Hall]:
    with hall_at(database_url) as hall:
        yield hall


def used(hall: Hall, run: Run) -> set[str]:
    return {row["hash"] for row in hall.dump("slip", run.poll) if row["status"] == "used"}


def sound(hall: Hall) -> list[str]:
    with hall.desk.reading() as tx:
        return list(ballots_are_counted(tx))


def test_the_same_slip_from_ten_sides_at_once_votes_once(hall: Hall, database_url: str) -> None:
    run = hall.prepare("slips", 1)
    slip = digest(run.token[run.order[0]])
    with (
        closing(open_desk(read_settings({"STARFLOW_DATABASE_URL": database_url}))) as other,
        ThreadPoolExecutor(10) as pool,
    ):
        urns = [urn_of(hall.desk), urn_of(other)] * 5
        taken = list(pool.map(lambda urn: urn.put(Vote(slip, "[]")), urns))

    assert (sum(taken), len(hall.dump("ballot", run.poll)), sound(hall)) == (1, 1, [])


def test_votes_that_race_the_close_are_wholly_in_or_wholly_out(hall: Hall) -> None:
    run = hall.prepare("slips", 1)
    started = threading.Event()

    def vote(name: str) -> bool:
        started.set()
        return urn_of(hall.desk).put(Vote(digest(run.token[name]), run.payload[name]))

    def close() -> int:
        started.wait()
        with hall.desk.transaction() as tx:
            poll = ballots.by_id(tx, run.poll, lock=True)
            assert poll is not None
            ballots.change(tx, run.poll, {"status": "closed", "closed_at": tx.now})
            return poll.used

    with ThreadPoolExecutor(9) as pool:
        closing_at = pool.submit(close)
        taken = sum(pool.map(vote, run.order))

    assert taken == closing_at.result() == len(hall.dump("ballot", run.poll)) == len(used(hall, run))
    assert urn_of(hall.desk).put(Vote(digest(run.token[run.order[0]]), "[]")) is False


@pytest.mark.parametrize("after", [7, *(pytest.param(vote, marks=pytest.mark.long) for vote in (1, 20))])
def test_a_process_killed_in_the_middle_leaves_used_slips_ballots_and_count_alike(
    hall: Hall, database_url: str, after: int
) -> None:
    run = hall.prepare("slips", after)
    said = "\n".join(f"{digest(run.token[name])} {run.payload[name]}" for name in run.order)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, database_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(said)
    child.stdin.close()
    heard = [child.stdout.readline().strip() for _ in range(after)]
    os.kill(child.pid, signal.SIGKILL)
    heard += [line.strip() for line in child.stdout.read().splitlines() if len(line.strip()) == 64]
    child.wait()
    child.stdout.close()

    assert set(heard) <= used(hall, run)
    assert sound(hall) == []
    with hall.desk.reading() as tx:
        poll = ballots.by_id(tx, run.poll)
    assert poll is not None and poll.used == len(used(hall, run)) == len(hall.dump("ballot", run.poll))

    again = [urn_of(hall.desk).put(Vote(digest(run.token[name]), run.payload[name])) for name in run.order]
    assert (sum(again) + poll.used, sound(hall)) == (34, [])
