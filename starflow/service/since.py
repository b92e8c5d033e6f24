"""What has happened since an instant: what the clock moved, who was reminded, whom it was reported to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starflow.service.desk import Desk
from starflow.service.view import Filters, title_of, view_of, where_of
from storage import queries
from workflow.engine.errors import BadInput

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Move:
    """A cycle that time has moved."""

    code: str
    name: str
    before: str
    after: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """Between two instants; `moves` and `texts` are the first of each."""

    from_at: datetime
    to_at: datetime
    moved: int
    moves: tuple[Move, ...]
    reminders: int
    escalations: int
    texts: tuple[str, ...]


def happened(desk: Desk, filters: Filters, since: str) -> Happened:
    """Raises BadInput where `since` is no instant."""
    from_at = _instant(since)
    with desk.reading() as tx:
        view = view_of(desk, tx, filters)
        where = where_of(view)
        moves = tuple(queries.clock_moves(tx, where, from_at))
        told = queries.told_since(tx, where, from_at)
        return Happened(
            from_at=from_at.astimezone(view.zone),
            to_at=view.now.astimezone(view.zone),
            moved=len(moves),
            moves=tuple(
                Move(
                    m.code,
                    m.name,
                    title_of(view.scheme, m.before),
                    title_of(view.scheme, m.after),
                    m.at.astimezone(view.zone),
                )
                for m in moves[:SHOWN]
            ),
            reminders=sum(kind != "escalation" for kind, _ in told),
            escalations=sum(kind == "escalation" for kind, _ in told),
            texts=tuple(dict.fromkeys(text for kind, text in told if kind == "escalation"))[:SHOWN],
        )


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise BadInput(f"“{text[:40]}”不是带时区的时间")
    return at


def days_ago(desk: Desk, days: int) -> str:
    """The instant so many days before now, as `happened` takes it."""
    return (desk.clock.now() - timedelta(days=days)).isoformat()
