"""The outbox's postman: claim one message, ask whether it is still true, send it, mark it; until none is left.

Claim and mark are short transactions, the send stands between them in none: a kill there repeats the letter under its key
and never loses it. One message at a time, so that the question is fresh and a killed process holds up one letter only.
"""

import hashlib
import logging
import os
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import groupby

from schedules.channels import Channel, ChannelDown, ChannelRefused, channels_of
from schedules.letters import Letter, letter_of
from starflow.service.desk import Desk
from storage import outbox
from storage.database import Transaction, retrying
from storage.outbox import Envelope, Standing

LOG = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than any send can take
MAX_ATTEMPTS = 8
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 25, 120, 600, 1440, 1440))
JITTER = 0.2  # of the pause, so that what failed together does not come back together


class Outcome(StrEnum):
    SENT = "sent"
    RETRIED = "retried"
    DEAD = "dead"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class RelayReport:
    """What became of the messages whose turn it was."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    suppressed: int = 0

    def __str__(self) -> str:
        return f"发出{self.sent}条,待重试{self.retried}条,放弃{self.dead}条,不必再发{self.suppressed}条"


def deliver(desk: Desk) -> str:
    """The job: secrets and addresses of the channels are read anew at each ring."""
    return str(relay(desk, channels_of(desk.settings, rehearsal=desk.rehearsal)))


def relay(desk: Desk, channels: Mapping[str, Channel], limit: int = 1000) -> RelayReport:
    """Sends what is due, at most `limit` messages. A channel that is down rests until the next ring."""
    worker, resting, outcomes = _worker(), set[str](), Counter[str]()
    _expire(desk)
    while outcomes.total() < limit and (taken := _take(desk, worker, resting)) is not None:
        envelope, letter = taken
        trouble = _send(channels, letter) if letter else None
        outcomes[_mark(desk, worker, envelope, letter, trouble)] += 1
        if isinstance(trouble, ChannelDown):
            resting.add(envelope.channel)
    return RelayReport(**outcomes)


def _worker() -> str:
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{threading.get_ident()}"


def _expire(desk: Desk) -> None:
    with desk.transaction() as tx:
        outbox.expire_waiting(tx, tx.now - timedelta(days=desk.settings.message_days))


# ── claim, and ask again ─────────────────────────────────────────


def _take(desk: Desk, worker: str, resting: set[str]) -> tuple[Envelope, Letter | None] | None:
    """The next message under our lease, with its letter; without one if nothing in it is worth saying any more."""
    with desk.transaction() as tx:
        envelope = outbox.claim(tx, worker, LEASE, resting)
        if envelope is None:
            return None
        true_ones = _still_true(tx, outbox.standing(tx, envelope.id))
        if not true_ones:
            outbox.dropped(tx, envelope.id, worker, "其中的事项都已不必再提醒")
            return envelope, None
        letter = letter_of(envelope, true_ones, tx.now)
        outbox.write(tx, envelope.id, letter.address, letter.subject, letter.body)
        return envelope, letter


def _still_true(tx: Transaction, notices: Iterable[Standing]) -> list[Standing]:
    """Suppresses what is void, each with its reason, and returns the rest."""
    by_reason = sorted(notices, key=why_void)
    for reason, group in groupby(by_reason, key=why_void):
        if reason:
            outbox.suppress(tx, [notice.notice_id for notice in group], reason)
    return [notice for notice in by_reason if not why_void(notice)]


def why_void(notice: Standing) -> str:
    """Why it need not be said any more; empty if it still holds. An event happened, whatever the deadline does since."""
    if notice.closed:
        return "事项已办结"
    if notice.kind != "event" and notice.held:
        return "已暂停计时"
    if notice.kind != "event" and notice.moved:
        return "截止时间已变更"
    return ""


# ── send, and mark ───────────────────────────────────────────────


def _send(channels: Mapping[str, Channel], letter: Letter) -> Exception | None:
    """Outside any transaction. A letter that breaks its channel must not hold up the others: any error is this letter's."""
    try:
        if letter.channel not in channels:
            raise ChannelDown(f"通道 {letter.channel} 没有启用")
        channels[letter.channel].send(letter)
    except (ChannelDown, ChannelRefused) as trouble:
        return trouble
    except Exception as trouble:
        LOG.exception("message %s broke channel %s", letter.key, letter.channel)
        return trouble
    return None


def _mark(desk: Desk, worker: str, envelope: Envelope, letter: Letter | None, trouble: Exception | None) -> Outcome:
    if letter is None:
        return Outcome.SUPPRESSED
    return retrying(lambda: _marked(desk, worker, envelope, trouble))


def _marked(desk: Desk, worker: str, envelope: Envelope, trouble: Exception | None) -> Outcome:
    with desk.transaction() as tx:
        if trouble is None:
            outbox.sent(tx, envelope.id)
            return Outcome.SENT
        if _is_final(trouble) or envelope.attempts >= MAX_ATTEMPTS:
            outbox.dead(tx, envelope.id, worker, _sentence(trouble))
            return Outcome.DEAD
        next_try_at = tx.now + pause_after(envelope.attempts, envelope.key)
        outbox.failed(tx, envelope.id, worker, _sentence(trouble), next_try_at)
        return Outcome.RETRIED


def _is_final(trouble: Exception) -> bool:
    return isinstance(trouble, ChannelRefused) and not trouble.later


def _sentence(trouble: Exception) -> str:
    ours = isinstance(trouble, (ChannelDown, ChannelRefused))
    return str(trouble) if ours else f"程序错误 {type(trouble).__name__}"


def pause_after(attempt: int, key: str) -> timedelta:
    """How long to wait after the n-th attempt. The jitter comes from the key: it spreads as chance would and can be repeated."""
    share = int(hashlib.sha256(f"{key} {attempt}".encode()).hexdigest()[:8], 16) / 2**32
    return PAUSES[min(attempt, len(PAUSES)) - 1] * (1 + JITTER * share)
