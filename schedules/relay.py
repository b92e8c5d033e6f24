"""The outbox's postman: claim one message, ask whether it is still true, send it, mark it; until none is left.

Claim and mark are short transactions, the send stands between them in none: a kill there repeats the letter under its key
and never loses it; where the other side takes no key, the letter waits for a person to say whether it arrived. One message at
a time, so that the question is fresh and a killed process repeats one letter only.
"""

import hashlib
import logging
import os
import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from schedules.channels import (
    MAY_HAVE_ARRIVED,
    WITHOUT_KEY,
    Channel,
    ChannelDown,
    ChannelRefused,
    ChannelUnsure,
    channels_of,
)
from schedules.hours import PEOPLE, Hours
from schedules.letters import Letter, letter_of
from schedules.templates import SHIPPED, Template, read_templates
from starflow.service.desk import Desk
from starflow.service.policy import POLICY
from storage import outbox, preferences, records
from storage.cycles import campaign_of_year
from storage.database import Transaction, retrying
from storage.outbox import Envelope, Heading, Standing
from storage.paper_models import Preference

LOG = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than any send can take
MAX_ATTEMPTS = 8
OUT_OF_SIGHT = "收件岗位看不到这个单位"
CUT_OFF = f"发送时中断,{MAY_HAVE_ARRIVED}"
NOTHING_LEFT = "其中的事项都已不必再提醒"
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 25, 120, 600, 1440, 1440))
JITTER = 0.2  # of the pause, so that what failed together does not come back together


class Outcome(StrEnum):
    SENT = "sent"
    RETRIED = "retried"
    DEAD = "dead"
    UNSURE = "unsure"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class RelayReport:
    """What became of the messages whose turn it was."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    suppressed: int = 0
    unsure: int = 0

    def __str__(self) -> str:
        said = f"发出{self.sent}条,待重试{self.retried}条,放弃{self.dead}条,不必再发{self.suppressed}条"
        return f"{said},不知是否送达{self.unsure}条" if self.unsure else said


def deliver(desk: Desk) -> str:
    """The job: secrets and addresses of the channels are read anew at each ring. A rehearsal's letters go nowhere, in heaps."""
    return str(_delivered(desk, limit=1000))


def relay_once(desk: Desk) -> RelayReport:
    """The one message whose turn it is, for an engine that has a task for each."""
    return _delivered(desk, limit=1)


def _delivered(desk: Desk, limit: int) -> RelayReport:
    channels = channels_of(desk.settings, rehearsal=desk.rehearsal)
    words = read_templates(desk.settings.templates)
    hours = None if desk.rehearsal else hours_of(desk)
    return relay(desk, channels, limit, 500 if desk.rehearsal else 1, hours, words)


def hours_of(desk: Desk) -> Hours:
    """By the newest campaign's calendar; before the first campaign every day but the weekend is a working day."""
    settings = desk.settings
    with desk.reading() as tx:
        campaign = campaign_of_year(tx, None)
        scheme = desk.scheme(tx, campaign.scheme_hash) if campaign else None
    is_workday = desk.calendar(scheme).is_workday if scheme else lambda day: day.weekday() < 5
    return Hours(settings.zone, settings.quiet_hours, settings.workdays_only, is_workday, settings.digest_at)


def relay(
    desk: Desk,
    channels: Mapping[str, Channel],
    limit: int = 1000,
    at_once: int = 1,
    hours: Hours | None = None,
    templates: tuple[Template, ...] = SHIPPED,
) -> RelayReport:
    """Sends what is due, at most `limit` messages. A channel that is down rests until the next ring."""
    worker, resting, outcomes = _worker(), set[str](), Counter[str]()
    _expire(desk)
    while outcomes.total() < limit and not desk.stopping.is_set():
        taken = _take(desk, worker, min(at_once, limit - outcomes.total()), resting, hours, templates)
        if not any((taken.letters, taken.void, taken.waiting, taken.unsure)):
            break
        results = [(envelope, _send(channels, letter)) for envelope, letter in taken.letters]
        outcomes.update({Outcome.SUPPRESSED: taken.void, Outcome.UNSURE: taken.unsure})
        outcomes.update(_mark(desk, worker, results))
        resting |= {envelope.channel for envelope, trouble in results if isinstance(trouble, ChannelDown)}
    return RelayReport(**outcomes)


def _worker() -> str:
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{threading.get_ident()}"


def _expire(desk: Desk) -> None:
    with desk.transaction() as tx:
        outbox.expire_waiting(tx, tx.now - timedelta(days=desk.settings.message_days))


# ── claim, and ask again ─────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The letters that go now; how many went otherwise: nothing in them holds, put off, perhaps sent already."""

    letters: list[tuple[Envelope, Letter]]
    void: int
    waiting: int
    unsure: int


def _take(
    desk: Desk, worker: str, limit: int, resting: set[str], hours: Hours | None, templates: tuple[Template, ...]
) -> Taken:
    """The next messages under our lease, with their letters."""
    with desk.transaction() as tx:
        claimed = outbox.claim(tx, worker, limit, LEASE, resting)
        envelopes = [envelope for envelope in claimed if not _cut_off(tx, envelope, worker)]
        wishes = preferences.of_people(tx, [e.person_id for e in envelopes if e.person_id is not None])
        going = [e for e in envelopes if not _put_off(tx, e, worker, hours, wishes.get(e.person_id or 0))]
        if hours is not None:
            for envelope in going:
                outbox.absorb(tx, envelope)
        ids = [envelope.id for envelope in going]
        notices = _still_true(tx, outbox.standing(tx, ids), _deaf(going, wishes), _out_of_sight(tx, ids))
        newest = records.latest_anchor(tx)
        anchor = newest.code if newest else ""
        letters = [
            (
                e,
                letter_of(
                    e,
                    notices[e.id],
                    tx.now,
                    templates,
                    _language(wishes.get(e.person_id or 0)),
                    desk.settings.public_url,
                    anchor,
                ),
            )
            for e in going
            if e.id in notices
        ]
        outbox.head(tx, [Heading(e.id, letter.address, letter.subject) for e, letter in letters])
        for envelope in going:
            if envelope.id not in notices:
                outbox.dropped(tx, envelope.id, worker, NOTHING_LEFT)
                preferences.log(tx, [_attempt(tx, envelope, Outcome.SUPPRESSED, NOTHING_LEFT)])
    void, waiting, unsure = len(going) - len(letters), len(envelopes) - len(going), len(claimed) - len(envelopes)
    return Taken(letters=letters, void=void, waiting=waiting, unsure=unsure)


def _cut_off(tx: Transaction, envelope: Envelope, worker: str) -> bool:
    """Whoever had it before was stopped and may have sent it; a robot would say it once more."""
    if not envelope.taken_over or envelope.channel not in WITHOUT_KEY:
        return False
    outbox.unsure(tx, envelope.id, worker, CUT_OFF)
    preferences.log(tx, [_attempt(tx, envelope, Outcome.UNSURE, CUT_OFF)])
    return True


def _put_off(tx: Transaction, envelope: Envelope, worker: str, hours: Hours | None, wish: Preference | None) -> bool:
    """A message to a person waits out the quiet hours, and a person's daily letter until its time."""
    if hours is None or envelope.channel not in PEOPLE:
        return False
    until, why = hours.opens(tx.now), "免打扰时段,稍后发出"
    if until is None and wish is not None and wish.digest and not _urgent(tx, envelope):
        until, why = hours.digest(tx.now, envelope.created_at or tx.now), "收件人选了每日一信"
    if until is None:
        return False
    outbox.postponed(tx, envelope.id, worker, until, why)
    preferences.log(tx, [_attempt(tx, envelope, "postponed", why)])
    return True


def _urgent(tx: Transaction, envelope: Envelope) -> bool:
    return any(notice.kind in ("escalation", "nudge") for notice in outbox.standing(tx, [envelope.id]))


def _language(wish: Preference | None) -> str:
    return wish.language if wish else "zh"


def _deaf(going: Iterable[Envelope], wishes: Mapping[int, Preference]) -> frozenset[int]:
    """The messages whose person has unsubscribed from what is only for information."""
    return frozenset(e.id for e in going if (wish := wishes.get(e.person_id or 0)) is not None and wish.unsubscribed)


def _out_of_sight(tx: Transaction, message_ids: list[int]) -> frozenset[int]:
    """The notices that speak of an organisation which their recipient does not see: the tree may have changed since."""
    return frozenset(
        one.notice_id
        for one in outbox.addressed(tx, message_ids)
        if not POLICY.may_be_told(one.role, one.path, one.about, owes=one.owes)
    )


def _attempt(tx: Transaction, envelope: Envelope, outcome: str, said: str) -> dict[str, Any]:
    what = {"message_id": envelope.id, "attempt": envelope.attempts}
    return what | {"at": tx.now, "outcome": str(outcome), "said": said}


def _still_true(
    tx: Transaction,
    notices: Iterable[Standing],
    deaf: frozenset[int] = frozenset(),
    out_of_sight: frozenset[int] = frozenset(),
) -> dict[int, list[Standing]]:
    """Suppresses what is void, each with its reason, and returns the rest by message."""
    void, left = defaultdict[str, list[int]](list), defaultdict[int, list[Standing]](list)
    for notice in notices:
        unwanted = "收件人退订了知会" if notice.kind == "event" and notice.message_id in deaf else ""
        unseen = OUT_OF_SIGHT if notice.notice_id in out_of_sight else ""
        if reason := why_void(notice) or unwanted or unseen:
            void[reason].append(notice.notice_id)
        else:
            left[notice.message_id].append(notice)
    for reason, notice_ids in void.items():
        outbox.suppress(tx, notice_ids, reason)
    return left


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
    except (ChannelDown, ChannelRefused, ChannelUnsure) as trouble:
        return trouble
    except Exception as trouble:
        LOG.exception("message %s broke channel %s", letter.key, letter.channel)
        return trouble
    return None


def _mark(desk: Desk, worker: str, results: list[tuple[Envelope, Exception | None]]) -> list[Outcome]:
    return retrying(lambda: _marked(desk, worker, results))


def _marked(desk: Desk, worker: str, results: list[tuple[Envelope, Exception | None]]) -> list[Outcome]:
    with desk.transaction() as tx:
        outbox.sent(tx, [envelope.id for envelope, trouble in results if trouble is None])
        outcomes = [_settled(tx, worker, envelope, trouble) for envelope, trouble in results]
        said = ("" if trouble is None else _sentence(trouble) for _, trouble in results)
        told = zip(results, outcomes, said, strict=True)
        preferences.log(tx, [_attempt(tx, envelope, outcome, text) for (envelope, _), outcome, text in told])
        return outcomes


def _settled(tx: Transaction, worker: str, envelope: Envelope, trouble: Exception | None) -> Outcome:
    if trouble is None:
        return Outcome.SENT
    if isinstance(trouble, ChannelUnsure):
        outbox.unsure(tx, envelope.id, worker, _sentence(trouble))
        return Outcome.UNSURE
    if _is_final(trouble) or envelope.attempts >= MAX_ATTEMPTS:
        outbox.dead(tx, envelope.id, worker, _sentence(trouble))
        return Outcome.DEAD
    next_try_at = tx.now + pause_after(envelope.attempts, envelope.key)
    outbox.failed(tx, envelope.id, worker, _sentence(trouble), next_try_at)
    return Outcome.RETRIED


def _is_final(trouble: Exception) -> bool:
    return isinstance(trouble, ChannelRefused) and not trouble.later


def _sentence(trouble: Exception) -> str:
    ours = isinstance(trouble, (ChannelDown, ChannelRefused, ChannelUnsure))
    return str(trouble) if ours else f"程序错误 {type(trouble).__name__}"


def pause_after(attempt: int, key: str) -> timedelta:
    """How long to wait after the n-th attempt. The jitter comes from the key: it spreads as chance would and can be repeated."""
    share = int(hashlib.sha256(f"{key} {attempt}".encode()).hexdigest()[:8], 16) / 2**32
    return PAUSES[min(attempt, len(PAUSES)) - 1] * (1 + JITTER * share)
