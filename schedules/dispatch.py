"""Secrets that go to one person: a ballot's link, an objector's code. Made at the moment of sending, kept in the letter alone.

The outbox keeps what it sends; a link must not be kept. So this way has no stored body: a killed process sends a new link, and
the one before it is void.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from schedules.channels import Channel, ChannelDown, ChannelRefused, channels_of
from schedules.letters import Letter
from schedules.relay import pause_after
from starflow.service import objections
from starflow.service.clock import new_number, new_slip
from starflow.service.desk import Desk
from starflow.service.polls import ballot_link, digest
from storage import ballots, cycles, filings
from storage.ballot_models import Invitation
from storage.database import Transaction
from storage.notice_models import Filing
from workflow.engine.errors import Unavailable

LOG = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 5
NO_TRACE = ("smtp", "webhook")
"""Ways that keep no copy on this machine; a file or a terminal would."""


def dispatch(desk: Desk) -> str:
    """The job: every link whose turn it is. A rehearsal's go nowhere."""
    channels = channels_of(desk.settings, rehearsal=desk.rehearsal)
    sent, failed = send_links(desk, {name: channels[name] for name in NO_TRACE if name in channels})
    codes, lost = send_codes(desk, channels)
    return f"发出链接{sent}条、验证码{codes}条,未能发出{failed + lost}条"


def send_links(desk: Desk, channels: Mapping[str, Channel]) -> tuple[int, int]:
    sent, failed, done = 0, 0, list[int]()
    while not desk.stopping.is_set():
        with desk.transaction() as tx:
            invitation = ballots.claim_invitation(tx, LEASE, done)
        if invitation is None or invitation.id is None:
            break
        done.append(invitation.id)
        if _send(desk, channels, invitation):
            sent += 1
        else:
            failed += 1
    return sent, failed


def send_codes(desk: Desk, channels: Mapping[str, Channel]) -> tuple[int, int]:
    """To whoever objects by name: by mail, or by the webhook to a telephone; on trial also by file or terminal."""
    sent, failed, done = 0, 0, list[int]()
    while not desk.stopping.is_set():
        with desk.transaction() as tx:
            filing = filings.claim_code(tx, LEASE, done)
            if filing is None or filing.id is None:
                break
            code = new_number(6)
            filings.change(tx, filing.id, {"code": objections.digest(code)})
            letter = _code_letter(filing, filing.id, code, tx.now)
        done.append(letter_id := int(letter.key.split(":")[1]))
        trouble = _hand_over(channels, letter, also=("file", "console"))
        sent, failed = (sent + 1, failed) if trouble is None else (sent, failed + 1)
        _settle_code(desk, letter_id, int(letter.key.split(":")[2]), trouble)
    return sent, failed


def _code_letter(filing: Filing, number: int, code: str, now: datetime) -> Letter:
    mail = "@" in filing.contact
    return Letter(
        key=f"objection:{number}:{filing.attempts}",
        channel="smtp" if mail else "webhook",
        address=filing.contact if mail else "",
        name=filing.name,
        phone="" if mail else filing.contact,
        subject="【争星】验证码",
        body=f"您正在对公示提出异议,验证码是{code},{objections.CODE_MINUTES}分钟内有效。不是您本人办理的,请不必理会。\n",
        at=now,
    )


def _settle_code(desk: Desk, filing_id: int, attempts: int, trouble: Exception | None) -> None:
    with desk.transaction() as tx:
        values: dict[str, Any] = {"sending": "sent", "claimed_until": None}
        if trouble is not None:
            again = attempts < MAX_ATTEMPTS and not isinstance(trouble, ChannelRefused)
            values |= {"sending": "queued" if again else "failed", "next_try_at": tx.now + timedelta(seconds=20)}
        filings.change(tx, filing_id, values)


def _send(desk: Desk, channels: Mapping[str, Channel], invitation: Invitation) -> bool:
    token = new_slip()
    with desk.transaction() as tx:
        if not ballots.give_slip(tx, invitation, digest(token)):
            assert invitation.id is not None
            ballots.settle_invitation(tx, invitation.id, "sent", None, "")  # has voted meanwhile
            return True
        letter = _letter(desk, invitation, token, _subject_of(tx, invitation), tx.now)
    trouble = _hand_over(channels, letter)
    _settle(desk, invitation, trouble)
    return trouble is None


def _subject_of(tx: Transaction, invitation: Invitation) -> str:
    poll = ballots.by_id(tx, invitation.poll_id)
    row = cycles.by_id(tx, poll.cycle_id) if poll else None
    return f"{row.name}{row.year}年度党员群众测评" if row else "党员群众测评"


def _letter(desk: Desk, invitation: Invitation, token: str, subject: str, now: datetime) -> Letter:
    said = (
        f"{invitation.name}:您好!\n\n请在手机上打开下面的链接参加{subject}:\n{ballot_link(desk, token)}\n\n"
        "链接只属于您,只能投一次,请不要转发。系统在截止前知道哪个链接发给了谁,截止时删除这一对应;"
        "谁投了什么,任何时候都不记录。再次收到链接的,以最后一次为准。\n"
    )
    mail = "@" in invitation.address
    return Letter(
        key=f"survey:{invitation.id}:{invitation.attempts}",
        channel="smtp" if mail else "webhook",
        address=invitation.address if mail else "",
        name=invitation.name,
        phone="" if mail else invitation.address,
        subject=f"【争星】{subject}",
        body=said,
        at=now,
    )


def _hand_over(channels: Mapping[str, Channel], letter: Letter, also: Sequence[str] = ()) -> Exception | None:
    """By mail where the address is one, else by the webhook, which may pass it on to telephones."""
    ways = (letter.channel, "webhook", *also)
    channel = next((channels[way] for way in ways if way in channels), None)
    if channel is None:
        return ChannelDown("没有可用的通道(smtp 或 webhook)")
    try:
        channel.send(letter)
    except (ChannelDown, ChannelRefused, Unavailable) as trouble:
        return trouble
    except Exception as trouble:
        LOG.error("a secret letter broke its channel: %s", type(trouble).__name__)  # the text might hold the link
        return trouble
    return None


def _settle(desk: Desk, invitation: Invitation, trouble: Exception | None) -> None:
    assert invitation.id is not None
    final = isinstance(trouble, ChannelRefused) and not trouble.later
    with desk.transaction() as tx:
        if trouble is None:
            ballots.settle_invitation(tx, invitation.id, "sent", None, "")
        elif final or invitation.attempts >= MAX_ATTEMPTS:
            ballots.settle_invitation(tx, invitation.id, "failed", None, type(trouble).__name__)
        else:
            again = tx.now + pause_after(invitation.attempts, f"survey:{invitation.id}")
            ballots.settle_invitation(tx, invitation.id, "queued", again, type(trouble).__name__)
