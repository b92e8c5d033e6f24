"""The use cases that happen by themselves: each takes the desk and says in one sentence what it did.

The bell rings them as often as it likes, in any number of processes: whatever they do is claimed in the database.
"""

from starflow.service.desk import Desk


def sweep(desk: Desk) -> str:
    """Moves what the clock moves, puts the rungs that are due into the outbox and merges them into messages."""
    raise NotImplementedError


def digest(desk: Desk) -> str:
    """Puts the day's summary for those who coordinate into the outbox."""
    raise NotImplementedError


def anchor(desk: Desk) -> str:
    """Keeps today's head over all cycles."""
    raise NotImplementedError


def check_invariants(desk: Desk) -> str:
    """Asks the database every question that must have an empty answer."""
    raise NotImplementedError
