"""Secret ballots in a crowd: everybody votes twice, from two processes of which one is killed, while the survey is being closed."""

import os
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import IntegrityError

from starflow.service.casting import urn_of
from starflow.service.desk import Desk
from starflow.service.polls import digest
from storage import ballots
from storage.ballots import Vote
from storage.invariants import ballots_are_counted
from tests.attacks.hall import VOTERS, Hall, Run, hall_at
from tests.guarantees.crash import born
from tests.guarantees.places import empty, reopened
from tests.guarantees.trial import Broken, Trial, must

AT_ONCE = 3


def counted(trial: Trial) -> str:
    """G23: used slips = ballots = the count at the close; each slip once; what was acknowledged is in."""
    surveys, taken, late, killed = trial.size(12, 40, control=12), 0, 0, 0
    with empty(trial) as url, hall_at(url) as hall:
        for number in range(surveys):
            run = hall.prepare("slips", number)
            hall.desk.database.close()
            voting = [born(_votes, url, run, hall.desk.clock, fault=trial.fault) for _ in range(2)]
            closed = number % 2 == 0
            said = [voting[0].killed(0, trial.dice.randrange(1, 12))] if number % 3 else []
            killed += len(said)
            if closed:
                _close(hall, run)
            heard = b"".join([*said, *(child.ended() for child in voting[len(said) :])]).decode().splitlines()
            must(not any("too many" in line for line in heard), " ".join(line for line in heard if "too many" in line))
            acknowledged = {line for line in heard if len(line) == 64}  # a line that was cut off was never said
            again = sum(_one_vote(hall.desk, run, name) for name in run.order)
            must(not (closed and again), f"survey {number} is closed and took {again} more")
            used = {row["hash"] for row in hall.dump("slip", run.poll) if row["status"] == "used"}
            with hall.desk.reading() as tx:
                poll, faults = ballots.by_id(tx, run.poll), list(ballots_are_counted(tx))
            assert poll is not None
            kept = len(hall.dump("ballot", run.poll))
            must(
                len(used) == kept == poll.used,
                f"survey {number}: {len(used)} slips used, {kept} ballots, count {poll.used}",
            )
            must(acknowledged <= used, f"survey {number}: {len(acknowledged - used)} acknowledged votes are not there")
            must(closed or kept == len(VOTERS), f"survey {number}: {kept} of {len(VOTERS)} voted")
            must(not faults, f"survey {number}: {faults[:2]}")
            taken, late = taken + kept, late + len(VOTERS) - kept
    return (
        f"{surveys}次测评、每次{len(VOTERS)}人各投两遍(两个进程同时,其中{killed}个被 kill −9;{(surveys + 1) // 2}次边投边结束):"
        f"计入{taken}票,结束后一律不收的{late}票;已用票=选票=计数,重复0,确认后丢失0"
    )


def _votes(url: str, run: Run, clock: object, pipe: int) -> None:
    """The child: everybody once, several at a time; it says each slip that was taken."""
    with reopened(url, clock) as desk, ThreadPoolExecutor(AT_ONCE) as crowd:
        try:
            for name, done in zip(
                run.order, crowd.map(lambda name: _one_vote(desk, run, name), run.order), strict=True
            ):
                if done:
                    os.write(pipe, f"{digest(run.token[name])}\n".encode())
        except Broken as broken:
            os.write(pipe, f"{broken}\n".encode())


def _one_vote(desk: Desk, run: Run, name: str) -> bool:
    """First it is looked whether the slip may vote, as the page does; what counts is what the cast itself finds."""
    slip = digest(run.token[name])
    with desk.reading() as tx:
        if ballots.blank(tx, slip) is None:
            return False
    try:
        return urn_of(desk).put(Vote(slip, run.payload[name]))
    except IntegrityError as refused:  # the last wall: more votes than members
        raise Broken(f"a vote too many came as far as the table: {refused.orig}") from refused


def _close(hall: Hall, run: Run) -> None:
    with hall.desk.transaction() as tx:
        ballots.by_id(tx, run.poll, lock=True)
        ballots.change(tx, run.poll, {"status": "closed", "closed_at": tx.now})
