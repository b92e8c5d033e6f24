"""What differs by installation: read from the environment, checked at once, every fault in one refusal.

SETTINGS is the one list: the documentation prints it and `read_settings` reads by it. Secrets stand in files of their own and
are named here by path only, so that no listing of the environment shows them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from workflow.engine.errors import BadInput

PREFIX = "STARFLOW_"
CHANNELS = ("console", "file", "smtp", "webhook", "wecom", "dingtalk", "feishu", "sms")
ENGINES = ("bell", "cluster")
SECURITIES = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One attribute for each row of SETTINGS, under its name in small letters."""

    database_url: str = field(repr=False)  # may hold a password
    read_url: str = field(repr=False)
    zone: ZoneInfo
    calendars: Path | None
    channels: tuple[str, ...]
    outbox_file: Path
    smtp_host: str
    smtp_port: int
    smtp_security: str
    smtp_user: str
    smtp_password_file: Path | None
    smtp_from: str
    webhook_url: str = field(repr=False)  # may hold a token
    webhook_secret_file: Path | None
    uploads: Path
    wecom_url: str = field(repr=False)  # robots' addresses are their keys
    dingtalk_url: str = field(repr=False)
    dingtalk_secret_file: Path | None
    feishu_url: str = field(repr=False)
    feishu_secret_file: Path | None
    sms_url: str = field(repr=False)
    sms_secret_file: Path | None
    private_hosts: tuple[str, ...]
    templates: Path | None
    quiet_hours: tuple[time, time] | None
    workdays_only: bool
    hook_secret_file: Path | None
    message_days: int
    pdf_font: Path | None
    certificate_key_file: Path | None = field(repr=False)
    engine: str
    sweep_seconds: int
    relay_seconds: int
    tally_seconds: int
    digest_at: time
    anchor_at: time
    anchors: Path | None
    invariants_at: time
    public_url: str
    proxies: tuple[str, ...]
    argon2_mib: int
    oidc_issuer: str
    oidc_client_id: str
    oidc_secret_file: Path | None
    oidc_name: str
    vacuum_at: time
    backups: Path | None
    backup_at: time
    backups_kept: int


@dataclass(frozen=True, slots=True)
class Setting:
    """A name without the prefix, the text that holds when the variable is unset or empty, how it is read, what it is for."""

    name: str
    default: str
    read: Callable[[str], Any]
    meaning: str


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of this environment; names of others under the prefix are left alone (orchestrators add some)."""
    values: dict[str, Any] = {}
    faults: list[str] = []
    for setting in SETTINGS:
        text = environment.get(PREFIX + setting.name, "").strip() or setting.default
        try:
            values[setting.name.lower()] = setting.read(text)
        except ValueError as fault:
            faults.append(f"{PREFIX}{setting.name}:{fault}")  # without the text: it may hold a secret
    if not faults:
        faults = list(_contradictions(Settings(**values)))
    if faults:
        raise BadInput(*faults)
    return Settings(**values)


def _contradictions(settings: Settings) -> tuple[str, ...]:
    """What each value alone cannot show."""
    smtp, webhook = "smtp" in settings.channels, "webhook" in settings.channels
    bare = settings.smtp_security == "none" and settings.smtp_user and not _is_loopback(settings.smtp_host)
    found = (
        (smtp and not settings.smtp_host, "启用了 smtp 通道,还须设置 STARFLOW_SMTP_HOST"),
        (smtp and not settings.smtp_from, "启用了 smtp 通道,还须设置 STARFLOW_SMTP_FROM"),
        (smtp and bool(settings.smtp_user) != bool(settings.smtp_password_file), "STARFLOW_SMTP_USER 与 STARFLOW_SMTP_PASSWORD_FILE 须同时设置"),
        (smtp and bare, "STARFLOW_SMTP_SECURITY=none 会让密码明文出网,请改为 starttls 或 tls"),
        (webhook and not settings.webhook_url, "启用了 webhook 通道,还须设置 STARFLOW_WEBHOOK_URL"),
        ("wecom" in settings.channels and not settings.wecom_url, "启用了 wecom 通道,还须设置 STARFLOW_WECOM_URL"),
        ("dingtalk" in settings.channels and not settings.dingtalk_url, "启用了 dingtalk 通道,还须设置 STARFLOW_DINGTALK_URL"),
        ("feishu" in settings.channels and not settings.feishu_url, "启用了 feishu 通道,还须设置 STARFLOW_FEISHU_URL"),
        ("sms" in settings.channels and not settings.sms_url, "启用了 sms 通道,还须设置 STARFLOW_SMS_URL"),
        ("sms" in settings.channels and not settings.sms_secret_file, "启用了 sms 通道,还须设置 STARFLOW_SMS_SECRET_FILE"),
        (webhook and not settings.webhook_secret_file, "启用了 webhook 通道,还须设置 STARFLOW_WEBHOOK_SECRET_FILE"),
        (settings.oidc_issuer and not settings.oidc_client_id, "设置了 STARFLOW_OIDC_ISSUER,还须设置 STARFLOW_OIDC_CLIENT_ID"),
        (settings.oidc_issuer and not settings.public_url, "设置了 STARFLOW_OIDC_ISSUER,还须设置 STARFLOW_PUBLIC_URL"),
    )  # fmt: skip
    return tuple(sentence for holds, sentence in found if holds)


# ── readers: a text to a value, or a ValueError whose text is a sentence ─────


def _text(text: str) -> str:
    if any(ord(character) < 32 for character in text):
        raise ValueError("不得含换行或控制字符")
    return text


def _number(text: str, *, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ValueError(f"须是 {least} 至 {most} 的整数")
    return int(text)


def _one_of(text: str, *, words: tuple[str, ...]) -> str:
    if text not in words:
        raise ValueError(f"须是 {'、'.join(words)} 之一")
    return text


def _several_of(text: str, *, words: tuple[str, ...]) -> tuple[str, ...]:
    chosen = tuple(word.strip() for word in text.split(",") if word.strip())
    if not chosen or set(chosen) - set(words):
        raise ValueError(f"须是 {'、'.join(words)} 中的一项或几项,用逗号分隔")
    return tuple(dict.fromkeys(chosen))


def _file(text: str) -> Path | None:
    return Path(_text(text)) if text else None


def _folder(text: str) -> Path | None:
    if text and not Path(text).is_dir():
        raise ValueError("没有这个目录")
    return _file(text)


def _time_of_day(text: str) -> time:
    try:
        hour, minute = text.split(":")
        return time(int(hour), int(minute))
    except ValueError:
        raise ValueError("须是时刻,例如 08:30") from None


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (OSError, ValueError, KeyError):  # a folder, a path outside, an unknown name
        raise ValueError("没有这个时区,例如 Asia/Shanghai") from None


def _address(text: str) -> str:
    local, at, domain = text.partition("@")
    if text and not (
        local and at and domain and text.isascii() and text.isprintable() and not set(text) & set(' <>,;:"()[]\\')
    ):
        raise ValueError("须是一个邮箱地址,例如 starflow@example.org")
    return text


def _web_address(text: str) -> str:
    """Notices name people: they travel encrypted, or do not leave the machine."""
    try:
        parts = urlsplit(_text(text))
        port = parts.port
    except ValueError:
        raise ValueError("地址无法识别") from None
    plain = parts.scheme == "http" and _is_loopback(parts.hostname or "")
    if text and not (parts.hostname and (parts.scheme == "https" or plain)):
        raise ValueError("须是 https:// 开头的地址(本机地址可用 http://)")
    if "@" in parts.netloc or parts.fragment or port == 0:
        raise ValueError("地址里不得有用户名、密码、# 或端口 0")
    return text


def _own_address(text: str) -> str:
    """Scheme and host alone: whatever stands behind them is ours."""
    try:
        parts = urlsplit(_text(text))
        _ = parts.port
    except ValueError:
        raise ValueError("地址无法识别") from None
    if text and not (parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc):
        raise ValueError("须是 https:// 或 http:// 开头的地址")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("只写到主机名(和端口)为止")
    return text.rstrip("/")


def _addresses(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ip_address(one.strip())) for one in text.split(",") if one.strip())
    except ValueError:
        raise ValueError("须是 IP 地址,用逗号分隔") from None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(host.strip() for host in _text(text).split(",") if host.strip())


def _quiet(text: str) -> tuple[time, time] | None:
    if text == "off":
        return None
    begin, dash, end = text.partition("-")
    if not dash:
        raise ValueError("须是一段时间,例如 21:00-08:00,或 off")
    return _time_of_day(begin.strip()), _time_of_day(end.strip())


def _yes_no(text: str) -> bool:
    return _one_of(text, words=("yes", "no")) == "yes"


_seconds = partial(_number, least=1, most=3600)

SETTINGS = (
    Setting("DATABASE_URL", "sqlite:///starflow.db", _text, "数据库地址:sqlite:///文件,或 postgresql://用户@主机/库名"),
    Setting("READ_URL", "", _text, "PostgreSQL 只读副本的地址:总览和卡住的名单改问它,并注明数据截至何时;不设则都问主库"),
    Setting("ZONE", "Asia/Shanghai", _zone, "本单位的时区,每日任务按它的钟点"),
    Setting("CALENDARS", "", _folder, "另放节假日日历的目录;不设则只用随软件附带的"),
    Setting("CHANNELS", "console", partial(_several_of, words=CHANNELS), "提醒经由的通道,逗号分隔:console、file、smtp、webhook"),
    Setting("OUTBOX_FILE", "outbox.jsonl", _file, "file 通道写入的文件,一行一条 JSON"),
    Setting("SMTP_HOST", "", _text, "邮件服务器"),
    Setting("SMTP_PORT", "587", partial(_number, least=1, most=65535), "邮件服务器的端口;tls 通常是 465"),
    Setting("SMTP_SECURITY", "starttls", partial(_one_of, words=SECURITIES), "邮件加密:starttls、tls(一开始就加密)或 none(仅限本机中继)"),
    Setting("SMTP_USER", "", _text, "登录邮件服务器的用户名;不设则不登录"),
    Setting("SMTP_PASSWORD_FILE", "", _file, "存放邮箱密码(授权码)的文件"),
    Setting("SMTP_FROM", "", _address, "发件人邮箱地址"),
    Setting("WEBHOOK_URL", "", _web_address, "webhook 通道的地址,须为 https"),
    Setting("WEBHOOK_SECRET_FILE", "", _file, "存放 webhook 签名密钥的文件"),
    Setting("UPLOADS", "uploads", _file, "存放上传的佐证和附件的目录,不得在网站目录之内"),
    Setting("WECOM_URL", "", _web_address, "wecom 通道:企业微信群机器人的地址"),
    Setting("DINGTALK_URL", "", _web_address, "dingtalk 通道:钉钉群机器人的地址"),
    Setting("DINGTALK_SECRET_FILE", "", _file, "存放钉钉机器人加签密钥的文件;不设则不加签"),
    Setting("FEISHU_URL", "", _web_address, "feishu 通道:飞书群机器人的地址"),
    Setting("FEISHU_SECRET_FILE", "", _file, "存放飞书机器人签名校验密钥的文件;不设则不签名"),
    Setting("SMS_URL", "", _web_address, "sms 通道:短信网关的地址"),
    Setting("SMS_SECRET_FILE", "", _file, "存放短信网关签名密钥的文件"),
    Setting("PRIVATE_HOSTS", "", _hosts, "允许向其发送的内网主机名,逗号分隔;其余内网地址一律不发"),
    Setting("TEMPLATES", "", _file, "本单位的消息模板(TOML);不设则用随附的"),
    Setting("QUIET_HOURS", "21:00-08:00", _quiet, "夜间免打扰的时段,例如 21:00-08:00;off 为不设"),
    Setting("WORKDAYS_ONLY", "no", _yes_no, "yes:只在工作日发给人;no:每天都发"),
    Setting("HOOK_SECRET_FILE", "", _file, "存放对外事件推送主密钥的文件;各接收方的密钥由它算出"),
    Setting("MESSAGE_DAYS", "14", partial(_number, least=1, most=365), "消息排队超过这么多天就不再发出"),
    Setting("PDF_FONT", "", _file, "排PDF用的中文字体文件(ttf、otf、ttc);不设则用这台机器上装着的"),
    Setting("CERTIFICATE_KEY_FILE", "", _file, "存放星级证书签名私钥的文件,用 starflow certificate key 生成"),
    Setting("ENGINE", "bell", partial(_one_of, words=ENGINES), "定时与发送由谁来跑:bell(每个进程自带)或 cluster(PostgreSQL 上的 procrastinate,多台机器)"),
    Setting("SWEEP_SECONDS", "30", _seconds, "每隔多少秒查看有什么到点;最近的时点会准时另响一次"),
    Setting("RELAY_SECONDS", "10", _seconds, "每隔多少秒发送待发的消息"),
    Setting("TALLY_SECONDS", "5", _seconds, "每隔多少秒把变动过的周期重新计数;总览上的数目随时都是准的,这里只管多快"),
    Setting("DIGEST_AT", "08:30", _time_of_day, "每日摘要的时刻"),
    Setting("ANCHOR_AT", "23:50", _time_of_day, "每日锚点的时刻"),
    Setting("ANCHORS", "", _folder, "每日锚点另存的目录,最好在别的机器或只能写一次的介质上;不设则只随信件、公示和推送离开数据库"),
    Setting("INVARIANTS_AT", "03:30", _time_of_day, "每日自检的时刻"),
    Setting("PUBLIC_URL", "", _own_address, "大家访问本系统的地址,如 https://star.example.org;https 时会话只走加密"),
    Setting("PROXIES", "", _addresses, "前面反向代理的地址,逗号分隔;只有它们说的来访地址才可信"),
    Setting("ARGON2_MIB", "64", partial(_number, least=8, most=1024), "每次核对密码占用的内存(MiB)"),
    Setting("OIDC_ISSUER", "", _web_address, "统一身份认证(OpenID Connect)的签发者地址;不设则不用"),
    Setting("OIDC_CLIENT_ID", "", _text, "本系统在统一身份认证登记的编号"),
    Setting("OIDC_SECRET_FILE", "", _file, "存放统一身份认证密钥的文件"),
    Setting("OIDC_NAME", "统一身份认证", _text, "登录页上统一身份认证的叫法"),
    Setting("VACUUM_AT", "03:10", _time_of_day, "最迟在这个时刻清扫测评留下的旧行(PostgreSQL)"),
    Setting("BACKUPS", "", _file, "每日备份存放的目录,最好在另一块磁盘上;不设则不自动备份"),
    Setting("BACKUP_AT", "02:10", _time_of_day, "每日备份的时刻"),
    Setting("BACKUPS_KEPT", "14", partial(_number, least=2, most=1000), "保留最近这么多份备份"),
)  # fmt: skip
