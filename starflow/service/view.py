"""What every list shares: the flags that narrow it, the cut and the cursor, who holds a post today, and a cycle's light."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

from starflow.service.case import year_of
from starflow.service.desk import Desk
from starflow.service.ladder import rings_of, stage_title
from starflow.service.shapes import Owner
from storage import organisations as tree
from storage import posts
from storage.cycles import Year
from storage.database import Transaction
from storage.posts import Named
from storage.queries import Stay, Where
from workflow.engine import deadlines
from workflow.engine.deadlines import Light, Ringing
from workflow.engine.errors import BadInput, Unknown
from workflow.engine.machine import CLOCK
from workflow.rating.scheme import Role, Scheme
from workflow.rating.tracks import KIND

Found = TypeVar("Found")
People = Mapping[posts.Owner, Named]
OWNERS = (*get_args(Role), "leader", CLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What lists can be narrowed to; `after` is the `next` of the page before."""

    under: str | None = None
    stage: str | None = None
    light: str | None = None
    owner: str | None = None
    year: int | None = None
    limit: int | None = None
    after: str | None = None
    owed_by: tuple[int, tuple[str, ...]] | None = None
    reviewer: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """One campaign at one moment, as one list looks at it."""

    desk: Desk
    tx: Transaction
    campaign: Year
    scheme: Scheme
    filters: Filters
    path: str
    rings: dict[tuple[Any, ...], tuple[Ringing, ...]] = field(
        default_factory=dict
    )  # by dates: most cycles share theirs
    lights: dict[tuple[Any, ...], Light] = field(default_factory=dict)  # the same

    @property
    def zone(self) -> ZoneInfo:
        return self.scheme.zone

    @property
    def now(self) -> datetime:
        return self.tx.now

    @property
    def today(self) -> date:
        return self.desk.today(self.scheme, self.tx.now)

    def local(self, at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(self.zone)

    def shows(self, light: Light) -> bool:
        return self.filters.light in (None, light.value)


def view_of(desk: Desk, tx: Transaction, filters: Filters) -> View:
    """Raises Unknown (year, code) and BadInput for filters that name nothing there is."""
    if filters.limit is not None and filters.limit < 1:
        raise BadInput("limit至少是1")
    _one_of("light", filters.light, [light.value for light in Light])
    _one_of("owner", filters.owner, OWNERS)
    campaign = year_of(tx, filters.year)
    return View(desk, tx, campaign, desk.scheme(tx, campaign.scheme_hash), filters, _path(tx, filters.under))


def where_of(view: View, *place: Callable[[Any], Any], kinds: bool = False) -> Where:
    """`place` reads the parts of the cursor; `kinds`: this list knows kinds of matters besides stages."""
    return Where(
        campaign_id=view.campaign.id,
        path=view.path,
        stages=_stages(view, kinds),
        owner_role=view.filters.owner,
        owed_by=view.filters.owed_by,
        reviewer=view.filters.reviewer,
        text=view.filters.text,
        after=_read_cursor(view.filters.after, place),
    )


def _path(tx: Transaction, code: str | None) -> str:
    if code is None:
        return ""
    found = tree.place_of(tx, code)
    if found is None:
        raise Unknown(f"没有编码为“{code}”的党组织")
    return found[1]


def _stages(view: View, kinds: bool) -> tuple[str, ...]:
    """A stage by its full name, or by the last part of it in every round."""
    name = view.filters.stage
    if name is None:
        return ()
    known = tuple(s.name for s in view.scheme.stage)
    found = (name,) if name in known else tuple(n for n in known if n.rpartition(".")[2] == name)
    if not found and kinds and name in KIND:
        return (name,)
    if not found:
        raise Unknown(f"没有“{name}”这个环节,只有{'、'.join((*known, *(KIND if kinds else ())))}")
    return found


def _one_of(name: str, value: str | None, known: Iterable[str]) -> None:
    if value is not None and value not in known:
        raise BadInput(f"{name}不能是“{value}”,只能是{'、'.join(known)}")


# ── the cut and the cursor ───────────────────────────────────────


def cut(
    view: View, found: Iterable[Found], place: Callable[[Found], tuple[Any, ...]]
) -> tuple[list[Found], str | None]:
    """As many as wanted, and where to go on if there are more."""
    limit = view.filters.limit
    rows = list(found if limit is None else islice(found, limit + 1))
    if limit is None or len(rows) <= limit:
        return rows, None
    return rows[:limit], _cursor(place(rows[limit - 1]))


def _cursor(place: tuple[Any, ...]) -> str:
    text = json.dumps([p.isoformat() if isinstance(p, datetime) else p for p in place])
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str | None, place: tuple[Callable[[Any], Any], ...]) -> tuple[Any, ...]:
    if text is None:
        return ()
    try:
        values = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return tuple(read(value) for read, value in zip(place, values, strict=True))
    except (ValueError, TypeError):
        raise BadInput("after不是上一页给出的续页标记") from None


def instant(value: Any) -> datetime | None:
    at = None if value is None else datetime.fromisoformat(value)
    if at is not None and (
        at.tzinfo is None or not 1900 < at.year < 2300
    ):  # near its ends no database can shift it to UTC
        raise ValueError("no instant of ours")
    return at


def code(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a code")
    value.encode()  # half a character is none: raises ValueError
    return value


def number(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**63:
        raise TypeError("not an id")
    return value


# ── owners ───────────────────────────────────────────────────────


def people_of(view: View, stays: Iterable[Stay]) -> People:
    """Whoever holds the owners' posts today; a vacant post is missing."""
    return posts.named_for(view.tx, {(stay.owner_role, stay.owner_id) for stay in stays}, view.today)


def owner_of(stay: Stay, people: People) -> Owner:
    return owner(stay.owner_role, stay.owner_code, stay.owner_name, people.get((stay.owner_role, stay.owner_id)))


def owner(role: str, organisation: str, name: str, person: Named | None) -> Owner:
    return Owner(
        role=role,
        organisation=organisation,
        person=person.code if person else None,
        organisation_name=name,
        person_name=person.name if person else None,
    )


# ── titles, lights and rungs ─────────────────────────────────────────────


def title_of(scheme: Scheme, stage: str) -> str:
    """Of a stage, or of a kind of matters."""
    return KIND[stage].title if stage in KIND else stage_title(scheme, stage)


def light_of(view: View, outcome: str | None, stay: Stay | None) -> Light:
    """Of the open stay, or at rest of the last one; a period that the clock ended was never late."""
    if stay is None or outcome is not None:
        return Light.GREY if outcome is None else Light.BLACK
    timely = stay.closed_at is not None and stay.owner_role == CLOCK
    return light_at(view, stay.target_at, None if timely else stay.due_at, stay.grace_days, stay.closed_at)


def light_at(
    view: View, target_at: datetime | None, due_at: datetime | None, grace_days: int, done_at: datetime | None = None
) -> Light:
    """Worked out once for all that have the same dates."""
    dates = target_at, due_at, grace_days, done_at
    if dates not in view.lights:
        view.lights[dates] = deadlines.light(
            now=view.now, zone=view.zone, target_at=target_at, due_at=due_at, grace_days=grace_days, done_at=done_at
        )
    return view.lights[dates]


DATES = ("stage", "owner_role", "target_at", "due_at", "grace_days", "opened_at")
"""What the ladder looks at."""
_dates = attrgetter(*DATES)


def rungs_ahead(view: View, scheme: Scheme, stay: Stay) -> Iterator[Ringing]:
    """The rungs that will still ring if nothing is done, in order; none on hold."""
    if stay.held_at is not None:
        return iter(())
    key = (id(scheme), *_dates(stay))
    if key not in view.rings:
        view.rings[key] = rings_of(scheme, dict(zip(DATES, key[1:], strict=True)))
    return (ringing for ringing in view.rings[key] if ringing.at > view.now)
