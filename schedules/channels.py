"""The ways out: console, file, mail, webhook. A channel hands over one letter, or says why not and whether it is worth trying.

Most channels pass the letter's key on, so that the other side can know a repetition: a letter may arrive twice, after a kill
between send and mark, but always under the same key. A group robot takes no key: what it may have said is not said again.
"""

import hashlib
import hmac
import json
import os
import smtplib
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Protocol, TextIO
from urllib.parse import urlsplit

from schedules.letters import Letter
from schedules.outward import Refused, Unreachable, check_address
from starflow.service.settings import Settings
from workflow.engine.errors import BadInput

SMTP_SECONDS = 10
WEBHOOK_SECONDS = 5
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Whoever writes one of these into the settings means this very machine."""


class ChannelDown(Exception):
    """No letter gets through this channel just now."""


class ChannelRefused(Exception):
    """The channel works but did not take this letter; `later` says whether the same letter may be taken another time."""

    def __init__(self, why: str, *, later: bool = False) -> None:
        super().__init__(why)
        self.later = later


class ChannelUnsure(Exception):
    """The answer was lost, and this channel cannot know a repetition: the letter may have arrived."""


class Channel(Protocol):
    def send(self, letter: Letter) -> None:
        """Returns when the other side has taken the letter; otherwise ChannelDown, ChannelRefused or ChannelUnsure."""


def channels_of(settings: Settings, *, rehearsal: bool = False) -> Mapping[str, Channel]:
    """The channels this installation has switched on, with their secrets read from their files; a rehearsal's lead nowhere."""
    on = {name: build for name, build in BUILDERS if name in settings.channels}
    return {name: Nowhere() if rehearsal else build(settings) for name, build in on.items()}


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Nobody hears of an imagined year; its list of notices shows what would have gone out."""

    def send(self, letter: Letter) -> None:
        pass


# ── console and file ─────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Console:
    """For trying out. On stderr, because stdout belongs to the command's own answer."""

    out: TextIO | None = None

    def send(self, letter: Letter) -> None:
        with _down("终端"):
            print(
                f"→ {letter.name}({letter.address})  {letter.subject}\n{letter.body}",
                file=self.out or sys.stderr,
                flush=True,
            )


@dataclass(frozen=True, slots=True)
class File:
    """One line of JSON for each letter, on the disk before it counts as sent."""

    path: Path

    def send(self, letter: Letter) -> None:
        with _down(f"文件 {self.path}"):
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with open(descriptor, "rb+", buffering=0) as file:
                line = json.dumps(_public(letter), ensure_ascii=False).encode() + b"\n"
                line = line if _ends_with_newline(descriptor) else b"\n" + line
                if file.write(line) != len(line):  # in one write, so that processes do not mix their lines
                    raise OSError("磁盘已满")
                os.fsync(descriptor)


def _ends_with_newline(descriptor: int) -> bool:
    """False after a line that was cut off by a full disk."""
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def _public(letter: Letter) -> dict[str, Any]:
    to = {"address": letter.address, "name": letter.name, "phone": letter.phone}
    return {"key": letter.key, "at": letter.at.isoformat(), "to": to, "subject": letter.subject, "body": letter.body}


# ── mail ─────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """One connection for each letter: a server that hangs up spoils no other, and no lease waits for a queue."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    def send(self, letter: Letter) -> None:
        mail = _mail(letter, self.sender)
        with _down(f"邮件服务器 {self.host}:{self.port}"), closing(self._connect()) as server:
            _hand_over(server, mail)
            with suppress(smtplib.SMTPException, OSError):  # it has taken the letter, whatever it says to our farewell
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        """Never falls back to plain text: a server without the encryption that is demanded counts as down."""
        context, domain = ssl.create_default_context(), _domain(self.sender)
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, domain, timeout=SMTP_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, domain, timeout=SMTP_SECONDS)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


def _hand_over(server: smtplib.SMTP, mail: EmailMessage) -> None:
    """An answer about this letter is a refusal; anything else that happens is the channel's trouble."""
    try:
        server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as refusal:
        raise _refused(*next(iter(refusal.recipients.values()))) from None
    except smtplib.SMTPDataError as refusal:
        raise _refused(refusal.smtp_code, refusal.smtp_error) from None


def _refused(code: int, answer: bytes | str) -> ChannelRefused:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return ChannelRefused(f"邮件服务器拒收:{code} {_one_line(text)[:200]}", later=code < 500)


class _Unfolded(EmailPolicy):
    """A link is one word, however long: folded it would be encoded, and no mail program would know it for a link."""

    def fold_binary(self, name: str, value: str) -> bytes:
        whole = f"{name}: {value}{self.linesep}".encode()
        return whole if name == "List-Unsubscribe" else super().fold_binary(name, value)


POLICY = _Unfolded(linesep=SMTP.linesep)


def _mail(letter: Letter, sender: str) -> EmailMessage:
    if not letter.address:
        raise ChannelRefused("收件人没有邮箱")
    mail = EmailMessage(policy=POLICY)
    try:
        mail["To"] = Address(display_name=_one_line(letter.name), addr_spec=letter.address.encode("ascii").decode())
    except (MessageError, ValueError, IndexError):
        raise ChannelRefused("收件人的邮箱地址有误") from None
    mail["From"] = sender
    mail["Subject"] = _one_line(letter.subject)
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}@{_domain(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"  # so that no holiday notice answers
    mail.set_content(letter.body + _farewell(mail, letter), cte="base64")  # every server takes seven bits
    return mail


def _farewell(mail: EmailMessage, letter: Letter) -> str:
    """How to unsubscribe, where that is lawful: for mail programs (RFC 2369, RFC 8058) and as the letter's last line."""
    if not letter.leave:
        return ""
    mail["List-Unsubscribe"] = f"<{letter.leave}>"
    if letter.leave.startswith("https:"):  # one click is for encrypted ways only
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return f"\n退订知会 · Unsubscribe: {letter.leave}\n"


def _one_line(text: str) -> str:
    """Without line ends and control characters: a name cannot add a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


# ── webhook ──────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """POSTs the letter as JSON. The signature is HMAC-SHA256 over "timestamp.body"; redirects are not followed.

    The standard library's client suffices and obeys no proxy of the environment: what is signed goes to the address that is set.
    """

    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    private: tuple[str, ...] = LOOPBACK

    def send(self, letter: Letter) -> None:
        self._look_at_the_address()
        body = json.dumps(_public(letter), ensure_ascii=False).encode()
        with _down(f"webhook {urlsplit(self.url).hostname}"):
            status = self._post(body, self._headers(letter, body))
        if status in {400, 413, 422}:
            raise ChannelRefused(f"对方不接受这条消息(HTTP {status})")
        if status in {409, 425, 429}:
            raise ChannelRefused(f"对方要求稍后再发(HTTP {status})", later=True)
        if not 200 <= status < 300:  # a wrong address or secret is ours to mend: no letter is given up for it at once
            raise ChannelDown(f"对方没有接收(HTTP {status})")

    def _look_at_the_address(self) -> None:
        """An address inside that nobody has named is not sent to, whatever its name says today."""
        try:
            check_address(self.url, private=self.private)
        except (Refused, Unreachable) as trouble:
            raise ChannelDown(f"webhook {urlsplit(self.url).hostname}:{trouble}") from None

    def _post(self, body: bytes, headers: Mapping[str, str]) -> int:
        parts = urlsplit(self.url)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        with closing(connect(parts.hostname or "", parts.port, timeout=WEBHOOK_SECONDS)) as connection:
            connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
            return connection.getresponse().status

    def _headers(self, letter: Letter, body: bytes) -> dict[str, str]:
        timestamp = str(int(letter.at.timestamp()))
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": letter.key,
            "Starflow-Timestamp": timestamp,
            "Starflow-Signature": signature(self.secret, timestamp, body),
        }


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """What the receiver computes too, and compares in constant time; a timestamp that is minutes old it refuses."""
    return "v1=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


# ── what went wrong, in our words ────────────────────────────────


@contextmanager
def _down(where: str) -> Iterator[None]:
    try:
        yield
    except (OSError, HTTPException) as error:  # smtplib's errors are OSErrors too
        raise ChannelDown(f"{where}:{_one_line(str(error))[:200] or type(error).__name__}") from error


# ── the registry ─────────────────────────────────────────────────


def _console(settings: Settings) -> Channel:
    return Console()


def _file(settings: Settings) -> Channel:
    return File(settings.outbox_file)


def _smtp(settings: Settings) -> Channel:
    return Smtp(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.smtp_from,
        user=settings.smtp_user,
        password=_secret("SMTP_PASSWORD_FILE", settings.smtp_password_file) if settings.smtp_user else "",
    )


def _webhook(settings: Settings) -> Channel:
    return Webhook(
        url=settings.webhook_url,
        secret=_secret("WEBHOOK_SECRET_FILE", settings.webhook_secret_file).encode(),
        private=(*settings.private_hosts, *LOOPBACK),
    )


def _wecom(settings: Settings) -> Channel:
    from schedules.robots import WeCom

    return WeCom(url=settings.wecom_url, private=settings.private_hosts)


def _dingtalk(settings: Settings) -> Channel:
    from schedules.robots import DingTalk

    secret = _secret("DINGTALK_SECRET_FILE", settings.dingtalk_secret_file) if settings.dingtalk_secret_file else ""
    return DingTalk(url=settings.dingtalk_url, secret=secret, private=settings.private_hosts)


def _feishu(settings: Settings) -> Channel:
    from schedules.robots import Feishu

    secret = _secret("FEISHU_SECRET_FILE", settings.feishu_secret_file) if settings.feishu_secret_file else ""
    return Feishu(url=settings.feishu_url, secret=secret, private=settings.private_hosts)


def _sms(settings: Settings) -> Channel:
    from schedules.robots import Sms

    secret = _secret("SMS_SECRET_FILE", settings.sms_secret_file).encode()
    return Sms(url=settings.sms_url, secret=secret, private=settings.private_hosts)


def _secret(name: str, path: Path | None) -> str:
    """The first line of its file."""
    try:
        text = path.read_text(encoding="utf-8").split("\n", 1)[0].strip() if path else ""
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"STARFLOW_{name}:文件 {path} 读不出来") from None
    if not text:
        raise BadInput(f"STARFLOW_{name}:文件 {path} 是空的")
    return text


WITHOUT_KEY = ("wecom", "dingtalk", "feishu")
"""Channels whose other side would show a repetition as another message."""
MAY_HAVE_ARRIVED = "消息可能已经送达;为免重复不再自动发出,群里没有的可以重发"

BUILDERS: tuple[tuple[str, Callable[[Settings], Channel]], ...] = (
    ("console", _console),
    ("file", _file),
    ("smtp", _smtp),
    ("webhook", _webhook),
    ("wecom", _wecom),
    ("dingtalk", _dingtalk),
    ("feishu", _feishu),
    ("sms", _sms),
)
