"""The words around a message: closed placeholders, both languages, the length of a text message, quiet hours, one letter a day."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schedules.hours import Hours
from schedules.letters import letter_of, said
from schedules.templates import SHIPPED, filled, read_templates, sms_cut, sms_parts
from storage.outbox import Envelope, Standing
from workflow.engine.errors import BadInput

ZONE = ZoneInfo("Asia/Shanghai")


def standing(kind: str, text: str) -> Standing:
    return Standing(1, 1, kind, text, False, False, False)


TWO = [standing("nudge", "催办:第一支部“申报”须于6月5日前办理"), standing("reminder", "第二支部还有3天")]


def test_a_text_message_is_one_line_with_the_sum_and_the_first() -> None:
    _, body = said("sms", "李四", TWO, SHIPPED, "zh")

    assert body == "【争星】李四:1件催办、1件提醒。催办:第一支部“申报”须于6月5日前办理"
    assert (
        sms_parts(body),
        sms_parts("字" * 70),
        sms_parts("字" * 71),
        sms_parts("字" * 134),
        sms_parts("字" * 135),
    ) == (1, 1, 2, 2, 3)
    assert len(sms_cut("字" * 1000)) == 268


def test_english_wraps_what_the_notices_say() -> None:
    subject, body = said("smtp", "Li", TWO, SHIPPED, "en")

    assert subject == "[starflow] 1 nudges,1 reminders"
    assert body.startswith("Dear Li,\n\n1. 催办")


def test_the_installations_own_words_come_first(tmp_path: Path) -> None:
    file = tmp_path / "words.toml"
    file.write_text('[[template]]\nkind = "nudge"\nsubject = "请{name}办理"\nbody = "{first}"\n', encoding="utf-8")
    own = read_templates(file)

    assert said("smtp", "李四", TWO[:1], own, "zh")[0] == "请李四办理"
    assert said("smtp", "李四", TWO[1:], own, "zh")[0] == "【争星】第二支部还有3天"


def test_unknown_placeholders_and_keys_are_refused_together(tmp_path: Path) -> None:
    file = tmp_path / "words.toml"
    file.write_text(
        '[[template]]\nkind = "poem"\nbody = "{name.__class__} {salary}"\ncolour = "red"\n', encoding="utf-8"
    )

    with pytest.raises(BadInput) as refused:
        read_templates(file)

    places = "可用:{name}、{count}、{summary}、{first}、{list}"
    assert [reason.text for reason in refused.value.reasons] == [
        "words.toml:第1个模板:没有“colour”这一项",
        "words.toml:第1个模板:kind不能是“poem”,只能是escalation、nudge、reminder、event、several或 *",
        f"words.toml:第1个模板:没有“{{name.__class__}}”这个占位符,{places}",
        f"words.toml:第1个模板:没有“{{salary}}”这个占位符,{places}",
    ]


def test_what_a_value_brings_along_is_text() -> None:
    assert filled("{name}", {"name": "{list}{{7*7}}", "list": "secret"}) == "{list}{{7*7}}"


def test_a_line_break_in_a_name_or_text_adds_no_header() -> None:
    envelope = Envelope(1, "k", "smtp", 1, "li@example.org", "李四\r\nBcc: x@example.org", "139")
    letter = letter_of(envelope, [standing("nudge", "催办\r\nBcc: y@example.org")], datetime(2027, 5, 1, tzinfo=UTC))

    assert "\n" not in letter.subject and "\r" not in letter.subject
    from schedules.channels import _mail

    mail = _mail(letter, "starflow@example.org")
    assert [name for name in mail if name.lower() == "bcc"] == []


# ── hours ────────────────────────────────────────────────────────


def hours(quiet: tuple[time, time] | None = (time(21), time(8)), *, workdays_only: bool = False) -> Hours:
    return Hours(ZONE, quiet, workdays_only, lambda day: day.weekday() < 5 and day != date(2027, 10, 1), time(8, 30))


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2027-05-31 09:00", None),
        ("2027-05-31 21:00", "2027-06-01 08:00"),
        ("2027-06-01 03:00", "2027-06-01 08:00"),
        ("2027-06-01 08:00", None),
    ],
)
def test_quiet_hours_cross_midnight(now: str, opens: str | None) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=ZONE)

    found = hours().opens(at)

    assert (f"{found:%Y-%m-%d %H:%M}" if found else None) == opens


def test_on_a_holiday_a_message_waits_for_the_next_working_morning() -> None:
    friday = datetime(2027, 10, 1, 10, tzinfo=ZONE)  # a festival

    assert hours(workdays_only=True).opens(friday) == datetime(2027, 10, 4, 8, tzinfo=ZONE)
    assert hours(None).opens(friday) is None


def test_the_daily_letter_leaves_once_a_day() -> None:
    since = datetime(2027, 6, 1, 9, tzinfo=ZONE)

    assert hours().digest(since, since) == datetime(2027, 6, 2, 8, 30, tzinfo=ZONE)
    assert hours().digest(datetime(2027, 6, 2, 8, 30, tzinfo=ZONE), since) is None
