"""The job that tells other systems: record after record, each signed and in order, until the receiver has taken it.

What leaves names no person and no reason: who wants to know more asks the API with a token of his own.
"""

import json
import logging
from collections import Counter
from typing import Any

from schedules.channels import signature
from schedules.outward import Refused, Unreachable, post
from schedules.relay import MAX_ATTEMPTS, pause_after
from starflow.service.desk import Desk
from starflow.service.hooks import master_secret, secret_of
from storage import hooks
from storage.hooks import Due
from workflow.engine.errors import BadInput

LOG = logging.getLogger(__name__)
AT_MOST = 500
SENT, RETRIED, DEAD = "sent", "retried", "dead"


def tell(desk: Desk) -> str:
    """The job. A rehearsal tells nobody."""
    with desk.reading() as tx:
        receivers = [(one.id, one.url) for one in hooks.listed(tx, revoked=False) if one.id is not None]
    if desk.rehearsal or not receivers:
        return "没有要推送的事件"
    try:
        master = master_secret(desk)
    except BadInput as missing:
        return f"没有推送:{missing.message}"
    outcomes = Counter[str]()
    for number, url in receivers:
        _enrol(desk, number)
        outcomes.update(_told(desk, number, url, secret_of(master, number)))
    return f"推送{outcomes[SENT]}件,待重试{outcomes[RETRIED]}件,放弃{outcomes[DEAD]}件"


def _enrol(desk: Desk, number: int) -> None:
    with desk.transaction() as tx:
        hook = hooks.by_id(tx, number)
        if hook is not None and hook.revoked_at is None:
            hooks.enrol(tx, hook)


def _told(desk: Desk, number: int, url: str, secret: str) -> list[str]:
    """What became of each; a receiver that is in trouble is left in peace until the next try, and nothing overtakes."""
    done: list[str] = []
    while len(done) < AT_MOST and not desk.stopping.is_set():
        with desk.transaction() as tx:
            due = hooks.first_due(tx, number)
            now = tx.now
        if due is None:
            break
        trouble = _sent(desk, due, url, secret, str(int(now.timestamp())))
        done.append(_settled(desk, due, trouble))
        if done[-1] == RETRIED:
            break
    return done


def _sent(desk: Desk, due: Due, url: str, secret: str, stamp: str) -> str:
    """What went wrong; empty where nothing did."""
    body = json.dumps(event_of(due), ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": f"record-{due.record.id}",
        "Starflow-Timestamp": stamp,
        "Starflow-Signature": signature(secret.encode(), stamp, body),
    }
    try:
        answer = post(url, body, headers, private=desk.settings.private_hosts)
    except (Refused, Unreachable) as trouble:
        return str(trouble)
    return "" if 200 <= answer.status < 300 else f"对方没有接收(HTTP {answer.status})"


def event_of(due: Due) -> dict[str, Any]:
    """The event as it leaves; docs/webhooks.md says the same."""
    record = due.record
    return {
        "cursor": record.id,
        "type": f"cycle.{record.trigger}",
        "organisation": due.organisation,
        "name": due.name,
        "year": due.year,
        "seq": record.seq,
        "before": record.before or None,
        "after": record.after,
        "role": record.role,
        "at": record.at.isoformat(),
        "late_days": record.late_days,
        "hash": record.hash,
        "previous_hash": record.previous_hash,
    }


def _settled(desk: Desk, due: Due, trouble: str) -> str:
    number, attempts = due.delivery.id, due.delivery.attempts + 1
    assert number is not None
    with desk.transaction() as tx:
        values: dict[str, Any] = {"attempts": attempts, "said": trouble[:300]}
        if not trouble:
            values |= {"status": "sent", "sent_at": tx.now}
        elif attempts >= MAX_ATTEMPTS:
            values |= {"status": "dead"}
        else:
            values |= {"next_try_at": tx.now + pause_after(attempts, f"record-{due.record.id}")}
        hooks.settle(tx, number, values)
    return SENT if not trouble else DEAD if attempts >= MAX_ATTEMPTS else RETRIED
