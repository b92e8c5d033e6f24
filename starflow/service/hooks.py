"""Webhooks out: other systems that are told of every transition, in order, signed, until they have taken it.

The secret of each is derived from the installation's master secret and its own number, so that none stands in the database.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from starflow.service.desk import Desk
from starflow.service.shapes import Page
from storage import hooks
from storage.database import Transaction
from storage.paper_models import Hook
from workflow.engine.errors import BadInput, Refused, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class HookLine:
    """A receiver and how far it is: `cursor` is the newest record's number."""

    id: int
    url: str
    label: str
    created_at: datetime
    revoked_at: datetime | None
    sent: int
    pending: int
    dead: int
    cursor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HookLogLine:
    """One record's way to a receiver."""

    cursor: int
    status: str
    attempts: int
    next_try_at: datetime | None
    sent_at: datetime | None
    said: str


def master_secret(desk: Desk) -> bytes:
    """Raises BadInput where the installation has none."""
    file = desk.settings.hook_secret_file
    try:
        text = file.read_text(encoding="utf-8").strip() if file else ""
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"STARFLOW_HOOK_SECRET_FILE:文件 {file} 读不出来") from None
    if len(text) < 32:
        raise BadInput("须先设 STARFLOW_HOOK_SECRET_FILE,文件里写至少32个字符的主密钥")
    return text.encode()


def secret_of(master: bytes, hook_id: int) -> str:
    return hmac.new(master, f"hook:{hook_id}".encode(), hashlib.sha256).hexdigest()


def add_hook(desk: Desk, url: str, *, label: str, actor: str, from_start: bool = False) -> tuple[HookLine, str]:
    """A new receiver and its secret. It is told of what happens from now on, or `from_start` of everything."""
    if len(url) > 500 or len(label) > 80:
        raise BadInput("地址最多500个字,名称最多80个字")
    master = master_secret(desk)
    with desk.transaction() as tx:
        since = 0 if from_start else hooks.newest_record(tx)
        row = Hook(url=url, label=label, actor=actor, created_at=tx.now, since=since, floor=since, floor_at=tx.now)
        number = hooks.put(tx, row)
        return _line(desk, tx, row), secret_of(master, number)


def hook_list(desk: Desk) -> Page[HookLine]:
    with desk.reading() as tx:
        return Page(tuple(_line(desk, tx, one) for one in hooks.listed(tx)))


def hook_log(desk: Desk, number: int, limit: int = 50) -> Page[HookLogLine]:
    """The newest first. Raises Unknown."""
    zone = desk.settings.zone
    with desk.reading() as tx:
        if number not in {one.id for one in hooks.listed(tx)}:
            raise Unknown(f"没有编号为{number}的接收方")
        return Page(
            tuple(
                HookLogLine(
                    cursor=one.record_id,
                    status=one.status,
                    attempts=one.attempts,
                    next_try_at=one.next_try_at.astimezone(zone) if one.status == "pending" else None,
                    sent_at=one.sent_at.astimezone(zone) if one.sent_at else None,
                    said=one.said,
                )
                for one in hooks.log(tx, number, limit)
            )
        )


def replay_hook(desk: Desk, number: int, cursor: int) -> int:
    """Tell a receiver once more of everything after the cursor; returns how much. Raises Unknown, Refused."""
    with desk.transaction() as tx:
        return hooks.again(tx, _standing(tx, number), cursor)


def revoke_hook(desk: Desk, number: int) -> HookLine:
    """Raises Unknown, Refused."""
    with desk.transaction() as tx:
        found = _standing(tx, number)
        found.revoked_at = tx.now
        hooks.put(tx, found)
        return _line(desk, tx, found)


def _standing(tx: Transaction, number: int) -> Hook:
    found = hooks.by_id(tx, number)
    if found is None:
        raise Unknown(f"没有编号为{number}的接收方")
    if found.revoked_at is not None:
        raise Refused(f"接收方{number}已经停用")
    return found


def _line(desk: Desk, tx: Transaction, one: Hook) -> HookLine:
    assert one.id is not None
    counted, zone = hooks.counts(tx), desk.settings.zone
    return HookLine(
        id=one.id,
        url=one.url,
        label=one.label,
        created_at=one.created_at.astimezone(zone),
        revoked_at=one.revoked_at.astimezone(zone) if one.revoked_at else None,
        sent=counted.get((one.id, "sent"), 0),
        pending=counted.get((one.id, "pending"), 0),
        dead=counted.get((one.id, "dead"), 0),
        cursor=hooks.newest_record(tx),
    )
