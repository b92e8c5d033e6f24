"""The two registers beside the cycles, in one place: events that bring or cost points, and elections."""

from starflow.service.elections import ElectionLine, election_reminders, elections, set_election
from starflow.service.events import (
    EventLine,
    EventSaid,
    add_event,
    confirm_event,
    event,
    events,
    withdraw_event,
)

__all__ = [
    "ElectionLine",
    "EventLine",
    "EventSaid",
    "add_event",
    "confirm_event",
    "election_reminders",
    "elections",
    "event",
    "events",
    "set_election",
    "withdraw_event",
]
