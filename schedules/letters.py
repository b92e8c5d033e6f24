"""What one person is told at one time: the text is put together when it leaves, from what is still true then."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schedules.templates import SHIPPED, WORDS, Template, chosen, filled, sms_cut
from starflow.service.leaving import leave_url
from storage.outbox import Envelope, Standing

KINDS = ("escalation", "nudge", "reminder", "event")  # in the order of weight
SUBJECT_LENGTH = 60
CARRIERS = frozenset({"smtp", "file"})
ANCHORED = {
    "zh": "历史锚点 {anchor}(留着这封信,日后可凭它查出记录有没有被改过)",
    "en": "History anchor {anchor} (this letter can show later whether the records were altered)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """All that a channel may know. `key` is the same at every attempt; `at` is the instant of this one. `leave`: the link by
    which its reader unsubscribes, in letters where that is lawful.
    """

    key: str
    channel: str
    address: str
    name: str
    phone: str
    subject: str
    body: str
    at: datetime
    leave: str = ""


def letter_of(
    envelope: Envelope,
    notices: Sequence[Standing],
    now: datetime,
    templates: tuple[Template, ...] = SHIPPED,
    language: str = "zh",
    home: str = "",
    anchor: str = "",
) -> Letter:
    """In the words of the template that fits its kind, its person's language and its channel. `home`: where we are reached.

    A mail carries the newest anchor away, so that as many hold it as read mail; the other channels are too narrow.
    """
    ordered = sorted(notices, key=lambda notice: KINDS.index(notice.kind))  # stable: within a kind as they fell due
    subject, body = said(envelope.channel, envelope.name, ordered, templates, language)
    if anchor and envelope.channel in CARRIERS:
        body += f"\n\n{ANCHORED[language].format(anchor=anchor)}"
    return Letter(
        key=envelope.key,
        channel=envelope.channel,
        address=envelope.address,
        name=envelope.name,
        phone=envelope.phone,
        subject=subject,
        body=body,
        at=now,
        leave=leave_url(home, envelope.id, envelope.key) if _is_mere_information(envelope, ordered) else "",
    )


def _is_mere_information(envelope: Envelope, notices: Sequence[Standing]) -> bool:
    """A mail in which nothing is anybody's duty."""
    return envelope.channel == "smtp" and all(notice.kind == "event" for notice in notices)


def said(
    channel: str, name: str, ordered: Sequence[Standing], templates: tuple[Template, ...], language: str
) -> tuple[str, str]:
    """Subject and body."""
    kinds = {notice.kind for notice in ordered}
    template = chosen(templates, kinds.pop() if len(kinds) == 1 else "several", language, channel)
    values = {
        "name": name,
        "count": str(len(ordered)),
        "summary": _summary(ordered, language),
        "first": _one_line(ordered[0].text),
        "list": _list(ordered),
    }
    subject, body = filled(template.subject, values), filled(template.body, values)
    return " ".join(subject.split()), sms_cut(" ".join(body.split())) if channel == "sms" else body


def _summary(notices: Sequence[Standing], language: str) -> str:
    if len(notices) == 1 and language == "zh":
        line = _one_line(notices[0].text)
        return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1] + "…"
    counts = Counter(notice.kind for notice in notices)
    words = WORDS[language]
    return ("、" if language == "zh" else ",").join(f"{counts[kind]}{words[kind]}" for kind in KINDS if counts[kind])


def _one_line(text: str) -> str:
    return text.splitlines()[0] if text.strip() else ""


def _list(notices: Sequence[Standing]) -> str:
    if len(notices) == 1:
        return notices[0].text
    return "\n".join(f"{number}. {notice.text}" for number, notice in enumerate(notices, 1))
