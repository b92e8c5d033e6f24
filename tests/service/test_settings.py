"""The settings: one list, read from the environment, every fault a sentence."""

from dataclasses import fields
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from starflow.service.settings import CHANNELS, SETTINGS, Settings, read_settings
from workflow.engine.errors import BadInput

MAIL = {"STARFLOW_CHANNELS": "smtp", "STARFLOW_SMTP_HOST": "mail.example.org", "STARFLOW_SMTP_FROM": "a@example.org"}
LOGIN = {"STARFLOW_SMTP_USER": "u", "STARFLOW_SMTP_PASSWORD_FILE": "password"}


def refusal(environment: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(BadInput) as refused:
        read_settings(environment)
    return tuple(reason.text for reason in refused.value.reasons)


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    assert read_settings({}) == Settings(
        database_url="sqlite:///starflow.db",
        read_url="",
        zone=ZoneInfo("Asia/Shanghai"),
        calendars=None,
        channels=("console",),
        outbox_file=Path("outbox.jsonl"),
        smtp_host="",
        smtp_port=587,
        smtp_security="starttls",
        smtp_user="",
        smtp_password_file=None,
        smtp_from="",
        webhook_url="",
        webhook_secret_file=None,
        uploads=Path("uploads"),
        wecom_url="",
        dingtalk_url="",
        dingtalk_secret_file=None,
        feishu_url="",
        feishu_secret_file=None,
        sms_url="",
        sms_secret_file=None,
        private_hosts=(),
        templates=None,
        quiet_hours=(time(21), time(8)),
        workdays_only=False,
        hook_secret_file=None,
        message_days=14,
        pdf_font=None,
        certificate_key_file=None,
        engine="bell",
        sweep_seconds=30,
        relay_seconds=10,
        tally_seconds=5,
        digest_at=time(8, 30),
        anchor_at=time(23, 50),
        anchors=None,
        invariants_at=time(3, 30),
        public_url="",
        proxies=(),
        argon2_mib=64,
        oidc_issuer="",
        oidc_client_id="",
        oidc_secret_file=None,
        oidc_name="统一身份认证",
        vacuum_at=time(3, 10),
        backups=None,
        backup_at=time(2, 10),
        backups_kept=14,
    )


def test_the_list_names_every_attribute_in_order_and_says_what_it_is_for() -> None:
    assert [setting.name.lower() for setting in SETTINGS] == [field.name for field in fields(Settings)]
    assert [setting.name for setting in SETTINGS if not setting.meaning] == []


def test_values_are_read_from_under_the_prefix_and_an_empty_one_is_unset() -> None:
    given = {"STARFLOW_CHANNELS": " smtp, file,smtp", "STARFLOW_DIGEST_AT": "7:05", "STARFLOW_ZONE": "", "ZONE": "UTC"}

    settings = read_settings(MAIL | given)

    assert settings.channels == ("smtp", "file")
    assert settings.digest_at == time(7, 5)
    assert settings.zone == ZoneInfo("Asia/Shanghai")


def test_names_of_others_under_the_prefix_are_left_alone() -> None:
    assert read_settings({"STARFLOW_PORT": "tcp://10.0.0.1:8000"}) == read_settings({})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ZONE", "Asia/Anyang", "没有这个时区,例如 Asia/Shanghai"),
        ("ZONE", "../etc/passwd", "没有这个时区,例如 Asia/Shanghai"),
        ("CALENDARS", "/no/such/folder", "没有这个目录"),
        ("CHANNELS", "console,fax", f"须是 {'、'.join(CHANNELS)} 中的一项或几项,用逗号分隔"),
        ("CHANNELS", ",", f"须是 {'、'.join(CHANNELS)} 中的一项或几项,用逗号分隔"),
        ("SMTP_PORT", "0", "须是 1 至 65535 的整数"),
        ("SMTP_SECURITY", "ssl", "须是 starttls、tls、none 之一"),
        ("SMTP_FROM", "争星 <a@example.org>", "须是一个邮箱地址,例如 starflow@example.org"),
        ("SMTP_FROM", "a@b\r\nBcc: c@d", "须是一个邮箱地址,例如 starflow@example.org"),
        ("SMTP_HOST", "mail\nexample", "不得含换行或控制字符"),
        ("WEBHOOK_URL", "http://gateway.example.org/", "须是 https:// 开头的地址(本机地址可用 http://)"),
        ("WEBHOOK_URL", "gateway.example.org", "须是 https:// 开头的地址(本机地址可用 http://)"),
        ("WEBHOOK_URL", "https://u:p@example.org/", "地址里不得有用户名、密码、# 或端口 0"),
        ("WEBHOOK_URL", "https://example.org:port/", "地址无法识别"),
        ("SWEEP_SECONDS", "0", "须是 1 至 3600 的整数"),
        ("SWEEP_SECONDS", "１０", "须是 1 至 3600 的整数"),
        ("RELAY_SECONDS", "1.5", "须是 1 至 3600 的整数"),
        ("MESSAGE_DAYS", "366", "须是 1 至 365 的整数"),
        ("ANCHOR_AT", "24:00", "须是时刻,例如 08:30"),
        ("ANCHOR_AT", "8", "须是时刻,例如 08:30"),
    ],
)
def test_a_wrong_value_is_a_sentence_that_does_not_repeat_it(name: str, value: str, sentence: str) -> None:
    assert refusal({f"STARFLOW_{name}": value}) == (f"STARFLOW_{name}:{sentence}",)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/hook", "http://[::1]/", "http://localhost/", "https://example.org/?key=1"]
)
def test_a_webhook_is_encrypted_or_on_this_machine(url: str) -> None:
    assert read_settings({"STARFLOW_WEBHOOK_URL": url}).webhook_url == url


def test_every_fault_is_named_at_once() -> None:
    assert refusal({"STARFLOW_SMTP_PORT": "x", "STARFLOW_MESSAGE_DAYS": "-1"}) == (
        "STARFLOW_SMTP_PORT:须是 1 至 65535 的整数",
        "STARFLOW_MESSAGE_DAYS:须是 1 至 365 的整数",
    )


@pytest.mark.parametrize(
    ("environment", "sentences"),
    [
        (
            {"STARFLOW_CHANNELS": "smtp"},
            ("启用了 smtp 通道,还须设置 STARFLOW_SMTP_HOST", "启用了 smtp 通道,还须设置 STARFLOW_SMTP_FROM"),
        ),
        (MAIL | {"STARFLOW_SMTP_USER": "u"}, ("STARFLOW_SMTP_USER 与 STARFLOW_SMTP_PASSWORD_FILE 须同时设置",)),
        (
            MAIL | LOGIN | {"STARFLOW_SMTP_SECURITY": "none"},
            ("STARFLOW_SMTP_SECURITY=none 会让密码明文出网,请改为 starttls 或 tls",),
        ),
        (
            {"STARFLOW_CHANNELS": "webhook"},
            (
                "启用了 webhook 通道,还须设置 STARFLOW_WEBHOOK_URL",
                "启用了 webhook 通道,还须设置 STARFLOW_WEBHOOK_SECRET_FILE",
            ),
        ),
    ],
)
def test_a_channel_says_what_it_still_needs(environment: dict[str, str], sentences: tuple[str, ...]) -> None:
    assert refusal(environment) == sentences


def test_a_password_may_go_in_the_clear_to_this_machine_only() -> None:
    local = {"STARFLOW_SMTP_SECURITY": "none", "STARFLOW_SMTP_HOST": "127.0.0.1"}

    assert read_settings(MAIL | LOGIN | local).smtp_user == "u"


def test_addresses_that_may_hold_secrets_are_not_printed() -> None:
    settings = read_settings(
        {"STARFLOW_DATABASE_URL": "postgresql://u:hidden@h/d", "STARFLOW_WEBHOOK_URL": "https://h/?key=hidden"}
    )

    assert "hidden" not in repr(settings)
