"""What one person is told at one time."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schedules.letters import Letter, letter_of
from storage.outbox import Envelope, Standing

NOW = datetime(2027, 5, 29, 1, 0, tzinfo=UTC)
ENVELOPE = Envelope(7, "k1", "smtp", 1, "li@example.org", "李四", "139")


def notice(text: str, kind: str = "reminder") -> Standing:
    return Standing(1, 7, kind, text, closed=False, held=False, moved=False)


def test_a_single_notice_is_the_letter() -> None:
    assert letter_of(ENVELOPE, [notice("提醒:第一支部“申报”距06月05日还有7天")], NOW) == Letter(
        key="k1",
        channel="smtp",
        address="li@example.org",
        name="李四",
        phone="139",
        subject="【争星】提醒:第一支部“申报”距06月05日还有7天",
        body="李四:您好!\n\n提醒:第一支部“申报”距06月05日还有7天\n\n本消息由争星系统自动发送,请勿直接回复。\n",
        at=NOW,
    )


def test_several_notices_are_counted_in_the_subject_and_listed_by_weight() -> None:
    notices = [notice("甲"), notice("乙", "event"), notice("丙", "escalation"), notice("丁", "nudge"), notice("戊")]

    letter = letter_of(ENVELOPE, notices, NOW)

    assert letter.subject == "【争星】1件逾期上报、1件催办、2件提醒、1件通知"
    assert letter.body.splitlines()[2:7] == ["1. 丙", "2. 丁", "3. 甲", "4. 戊", "5. 乙"]


def test_a_long_first_line_is_cut_in_the_subject_only() -> None:
    letter = letter_of(ENVELOPE, [notice("长" * 61 + "\n第二行")], NOW)

    assert letter.subject == f"【争星】{'长' * 59}…"
    assert letter.body.splitlines()[2:4] == ["长" * 61, "第二行"]


@pytest.mark.parametrize("channel", ["wecom", "sms", "console"])
def test_a_mail_carries_the_newest_anchor_away_and_a_narrow_channel_does_not(channel: str) -> None:
    said = [notice("提醒")]

    mail = letter_of(ENVELOPE, said, NOW, anchor="12-abc").body
    narrow = letter_of(replace(ENVELOPE, channel=channel), said, NOW, anchor="12-abc").body

    assert (
        mail == letter_of(ENVELOPE, said, NOW).body + "\n\n历史锚点 12-abc(留着这封信,日后可凭它查出记录有没有被改过)"
    )
    assert "12-abc" not in narrow
