"""What one person is told at one time: the text is put together when it leaves, from what is still true then."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.outbox import Envelope, Standing

KIND_WORDS = {
    "escalation": "件逾期上报",
    "nudge": "件催办",
    "reminder": "件提醒",
    "event": "件通知",
}  # in the order of weight
SUBJECT_LENGTH = 60
CLOSING = "本消息由争星系统自动发送,请勿直接回复。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """All that a channel may know. `key` is the same at every attempt; `at` is the instant of this one."""

    key: str
    channel: str
    address: str
    name: str
    phone: str
    subject: str
    body: str
    at: datetime


def letter_of(envelope: Envelope, notices: Sequence[Standing], now: datetime) -> Letter:
    ordered = sorted(
        notices, key=lambda notice: list(KIND_WORDS).index(notice.kind)
    )  # stable: within a kind as they fell due
    return Letter(
        key=envelope.key,
        channel=envelope.channel,
        address=envelope.address,
        name=envelope.name,
        phone=envelope.phone,
        subject=_subject(ordered),
        body=f"{envelope.name}:您好!\n\n{_list(ordered)}\n\n{CLOSING}\n",
        at=now,
    )


def _subject(notices: Sequence[Standing]) -> str:
    if len(notices) == 1:
        line = notices[0].text.splitlines()[0]
        return f"【争星】{line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1] + '…'}"
    counts = Counter(notice.kind for notice in notices)
    return "【争星】" + "、".join(f"{counts[kind]}{word}" for kind, word in KIND_WORDS.items() if counts[kind])


def _list(notices: Sequence[Standing]) -> str:
    if len(notices) == 1:
        return notices[0].text
    return "\n".join(f"{number}. {notice.text}" for number, notice in enumerate(notices, 1))
