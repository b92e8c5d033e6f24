"""The use cases that happen by themselves: each takes the desk and says in one sentence what it did.

The bell rings them as often as it likes, in any number of processes: whatever they do is claimed in the database.
"""

from starflow.service import backups, objections, obligations, polls, tallies, upkeep, uploads
from starflow.service.desk import Desk
from starflow.service.registers import election_reminders


def sweep(desk: Desk) -> str:
    """Moves what the clock moves, puts the rungs that are due into the outbox and merges them into messages."""
    return str(obligations.sweep(desk))


def tally(desk: Desk) -> str:
    """Counts anew the cycles that have changed, for every body above them."""
    return tallies.fold(desk)


def digest(desk: Desk) -> str:
    """Reminds of elections that are six months ahead (R42)."""
    return f"换届提醒{election_reminders(desk)}条"


def tidy_ballots(desk: Desk) -> str:
    """Leaves no older state of any ballot on the disk, as soon as that can be done; and nothing of objections never confirmed."""
    return f"{polls.tidy(desk)};{objections.tidy(desk)}"


def sweep_uploads(desk: Desk) -> str:
    """Once a night: files that belong to nothing."""
    return f"清除无主附件{uploads.sweep_orphans(desk)}个"


def vacuum_ballots(desk: Desk) -> str:
    """The same once a night, whether surveys are open or not."""
    return polls.tidy_at_night(desk)


def anchor(desk: Desk) -> str:
    """Keeps today's head over all cycles, and lays it down outside the database."""
    kept = upkeep.anchor(desk)
    said = f"锚点 {kept['head'][:12]}:{kept['cycles']}个周期,{kept['records']}条记录"
    file = upkeep.laid_down(desk, kept)
    return f"{said},已另存为{file.name}" if file else said


def backup(desk: Desk) -> str:
    """Takes the day's backup and restores it to see that it holds."""
    return backups.nightly(desk)


def check_invariants(desk: Desk) -> str:
    """Asks the database every question that must have an empty answer; raises with what it found, so that it is shown."""
    found = upkeep.check(desk)
    if found:
        raise AssertionError(";".join(found[:5]))
    return "各项不变量均成立"
