"""Sessions: who sits at this browser, in which of their roles, and until when.

A browser holds a reference of 256 bits; the database holds its hash. It changes whenever its holder's standing does, ends after
half an hour of rest or a working day, and with the account. All of this runs on the wall's clock: a rehearsal's own may leap.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starflow.service.access import Principal
from starflow.service.clock import new_secret
from starflow.service.desk import Desk
from storage import grants, sessions
from storage.account_models import AccessEvent, Account, WebSession
from storage.accounts import save
from storage.database import Transaction
from storage.models import Organisation, Person
from storage.sessions import Sitting
from workflow.engine.deadlines import local_date
from workflow.engine.errors import Forbidden, Unknown

IDLE, LONGEST, PROVEN = timedelta(minutes=30), timedelta(hours=8), timedelta(minutes=15)
HALF = timedelta(minutes=10)
"""For whoever has shown the first factor only."""
TOUCHED = timedelta(minutes=1)
"""How exactly one knows when a session was last used: not every look is worth a write."""
APPROVING = frozenset({"department", "committee", "city", "admin"})
"""Roles that nobody takes without a second factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Somebody signed in. `principal` is the role they sit in; None where they hold none today."""

    session: int
    account_id: int
    login: str
    person: str
    name: str
    whole: bool
    has_totp: bool
    proven_at: datetime
    principal: Principal | None
    seats: tuple[Principal, ...]

    @property
    def must_enrol(self) -> bool:
        return not self.has_totp and any(seat.role in APPROVING for seat in self.seats)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """A session as its owner sees it."""

    number: int
    browser: str
    network: str
    opened_at: datetime
    seen_at: datetime
    ends_at: datetime
    login: str = ""
    here: bool = field(default=False)


# ── opening ──────────────────────────────────────────────────────


def open_session(
    desk: Desk, tx: Transaction, account_id: int, *, whole: bool, browser: str, network: str, proven: bool = True
) -> str:
    """A new session's reference, this once. `tx` runs on the wall's clock."""
    plain = new_secret()
    row = WebSession(
        hash=digest_of(plain),
        account_id=account_id,
        whole=whole,
        opened_at=tx.now,
        seen_at=tx.now,
        expires_at=tx.now + (LONGEST if whole else HALF),
        proven_at=tx.now if proven else tx.now - PROVEN,
        browser=browser[:120],
        network=network[:64],
    )
    sessions.add(tx, row)
    return plain


def make_whole(tx: Transaction, session: int) -> str:
    """The second factor was shown: the session counts from now on, under a new reference."""
    plain = new_secret()
    sessions.change(
        tx,
        session,
        hash=digest_of(plain),
        whole=True,
        opened_at=tx.now,
        seen_at=tx.now,
        proven_at=tx.now,
        expires_at=tx.now + LONGEST,
    )
    return plain


# ── who it is ────────────────────────────────────────────────────


def signed_in(desk: Desk, plain: str) -> Signed | None:
    """Whose session this is; None where it is nobody's, has ended, rested too long, or its account is disabled."""
    now = desk.wall.now()
    with desk.reading(now) as tx:
        found = sessions.find(tx, digest_of(plain))
        if found is None or not _holds(found, found.disabled_at, now):
            return None
        signed = _signed(desk, tx, found)
    if now - found.seen_at >= TOUCHED:
        with desk.transaction(now) as tx:
            sessions.change(tx, signed.session, seen_at=now)
    return signed


def _holds(session: WebSession | Sitting, disabled_at: datetime | None, now: datetime) -> bool:
    rested = now - session.seen_at >= IDLE
    return disabled_at is None and session.ended_at is None and not rested and now < session.expires_at


def _signed(desk: Desk, tx: Transaction, found: Sitting) -> Signed:
    seats = _seats(desk, tx, found.person_id, found.person)
    chosen = next(
        (s for s in seats if (s.role, s.organisation_id) == (found.role, found.organisation_id)),
        seats[0] if seats else None,
    )
    return Signed(
        session=found.id,
        account_id=found.account_id,
        login=found.login,
        person=found.person,
        name=found.name,
        whole=found.whole,
        has_totp=found.totp_at is not None,
        proven_at=found.proven_at,
        principal=chosen,
        seats=seats,
    )


def seats_of(desk: Desk, tx: Transaction, person: Person) -> tuple[Principal, ...]:
    """The roles that this person may take today; the day is the desk's, in a rehearsal too."""
    assert person.id is not None  # it was read
    return _seats(desk, tx, person.id, person.code)


def _seats(desk: Desk, tx: Transaction, person_id: int, person: str) -> tuple[Principal, ...]:
    today = local_date(desk.clock.now(), desk.settings.zone)
    return tuple(
        Principal(
            role=seat.role,
            organisation_id=seat.organisation_id,
            code=seat.code,
            path=seat.path,
            person=person,
            label=seat.name,
        )
        for seat in grants.seats(tx, person_id, today)
    )


def principal_at(role: str, body: Organisation, person: str | None, label: str = "") -> Principal:
    assert body.id is not None  # it was read
    return Principal(
        role=role, organisation_id=body.id, code=body.code, path=body.path, person=person, label=label or body.name
    )


# ── what its owner does with it ──────────────────────────────────


def sit_as(desk: Desk, signed: Signed, role: str, code: str) -> None:
    """Take another of one's roles. Raises Forbidden."""
    seat = next((one for one in signed.seats if (one.role, one.code) == (role, code)), None)
    if seat is None:
        raise Forbidden("您没有担任这个职务,或任期已满")
    with desk.transaction(desk.wall.now()) as tx:
        sessions.change(tx, signed.session, role=role, organisation_id=seat.organisation_id)


def prove(tx: Transaction, session: int) -> None:
    """Whoever sits there has just shown again who they are."""
    sessions.change(tx, session, proven_at=tx.now)


def is_proven(desk: Desk, signed: Signed) -> bool:
    return desk.wall.now() - signed.proven_at < PROVEN


def listed(desk: Desk, account_id: int | None = None, here: int | None = None) -> tuple[SessionLine, ...]:
    """The sessions that hold, the newest first."""
    from storage.accounts import all_of_them

    now = desk.wall.now()
    with desk.reading(now) as tx:
        known: Mapping[int | None, Account] = {one.account.id: one.account for one in all_of_them(tx)}
        rows = [
            one for one in sessions.open_ones(tx, account_id) if _holds(one, known[one.account_id].disabled_at, now)
        ]
    return tuple(_line(row, known[row.account_id].login, here) for row in rows)


def _line(row: WebSession, login: str, here: int | None) -> SessionLine:
    assert row.id is not None  # it was read
    return SessionLine(
        number=row.id,
        browser=row.browser,
        network=row.network,
        opened_at=row.opened_at,
        seen_at=row.seen_at,
        ends_at=min(row.expires_at, row.seen_at + IDLE),
        login=login,
        here=row.id == here,
    )


def end(
    desk: Desk,
    account_id: int,
    why: str,
    *,
    only: int | None = None,
    but: int | None = None,
    actor: str = "",
    network: str = "",
) -> int:
    """Ends sessions of one account. Raises Unknown where the one named is not there, or another's."""
    with desk.transaction(desk.wall.now()) as tx:
        ended = sessions.end(tx, account_id, why, tx.now, only=only, but=but)
        if only is not None and not ended:
            raise Unknown(f"没有编号为{only}的登录")
        save(tx, AccessEvent(at=tx.now, what="session.end", actor=actor, network=network, detail=f"{why} {ended}"))
    return ended


def digest_of(plain: str) -> str:
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
