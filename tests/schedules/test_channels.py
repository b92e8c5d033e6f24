"""The ways out, each against a real server on this machine."""

import asyncio
import hmac
import io
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from schedules import channels
from schedules.channels import BUILDERS, ChannelDown, ChannelRefused, Console, File, Nowhere, Smtp, Webhook, channels_of
from schedules.letters import Letter
from starflow.service.settings import CHANNELS, read_settings
from workflow.engine.errors import BadInput

NOW = datetime(2027, 5, 29, 1, 0, tzinfo=UTC)
CERTIFICATE = Path(__file__).with_name("localhost.pem")


def letter(**changes: Any) -> Letter:
    plain = {"key": "k1", "channel": "smtp", "address": "li@example.org", "name": "李四", "phone": "139"}
    return Letter(**(plain | {"subject": "【争星】提醒", "body": "李四:您好!\n\n该申报了\n", "at": NOW} | changes))


# ── a mail server ────────────────────────────────────────────────


@dataclass
class Mailbox:
    """What a mail server took, and its answers to commands where they are not the usual ones."""

    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "QUIT" in self.answers:
            server.transport.abort()
        return "221 Bye"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> Any:

        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


@contextmanager
def mail_server(ssl_context: ssl.SSLContext | None = None, **options: Any) -> Iterator[Mailbox]:
    """In a loop of its own, because the controller of aiosmtpd cannot take whatever port is free."""
    mailbox, loop = Mailbox(), asyncio.new_event_loop()
    rules = {"authenticator": mailbox.authenticate, "hostname": "localhost"} | options
    serving = loop.create_server(lambda: SMTP(mailbox, loop=loop, **rules), "127.0.0.1", 0, ssl=ssl_context)
    server = loop.run_until_complete(serving)
    mailbox.port = server.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield mailbox
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(_ended(loop))
        loop.close()


async def _ended(loop: asyncio.AbstractEventLoop) -> None:
    """Every connection's task, so that none is found pending when the loop closes."""
    rest = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def tls() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


# ── a web server ─────────────────────────────────────────────────


@dataclass
class Gateway:
    """What a webhook's receiver got; it answers with `status`, after `behave` if that is set."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    behave: Any = None
    requests: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.requests]


@contextmanager
def web_server(context: ssl.SSLContext | None = None) -> Iterator[Gateway]:
    gateway = Gateway()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            gateway.requests.append((self.path, dict(self.headers), body))
            if gateway.behave and not gateway.behave(self):
                return
            self.send_response(gateway.status)
            for name, value in gateway.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        gateway.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}/hook?room=1"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield gateway
        finally:
            server.shutdown()
            thread.join()


# ── a server that accepts and says nothing ───────────────────────


@contextmanager
def silent_server() -> Iterator[int]:
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with web_server() as gateway:
        yield gateway


# ── console and file ─────────────────────────────────────────────


def test_the_console_shows_the_letter() -> None:
    out = io.StringIO()

    Console(out).send(letter(channel="console", address="p1"))

    assert out.getvalue() == "→ 李四(p1)  【争星】提醒\n李四:您好!\n\n该申报了\n\n"


def test_the_file_gets_one_line_of_json_for_each_letter_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "outbox.jsonl"

    File(path).send(letter())
    File(path).send(letter(key="k2"))

    first, second = map(json.loads, path.read_text().splitlines())
    assert first == {
        "key": "k1",
        "at": "2027-05-29T01:00:00+00:00",
        "to": {"address": "li@example.org", "name": "李四", "phone": "139"},
        "subject": "【争星】提醒",
        "body": "李四:您好!\n\n该申报了\n",
    }
    assert second == first | {"key": "k2"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_line_that_was_cut_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "outbox.jsonl"
    path.write_text('{"key": "k')

    File(path).send(letter())

    assert [line[:12] for line in path.read_text().splitlines()] == ['{"key": "k', '{"key": "k1"']


def test_a_full_disk_is_a_channel_that_is_down() -> None:
    with pytest.raises(ChannelDown, match="/dev/full"):
        File(Path("/dev/full")).send(letter())


# ── mail ─────────────────────────────────────────────────────────


def smtp(port: int, **options: Any) -> Smtp:
    return Smtp(**({"host": "127.0.0.1", "port": port, "security": "none", "sender": "star@anyang.example"} | options))


def read(content: bytes) -> EmailMessage:
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_a_mail_says_who_what_when_and_carries_the_key(mailbox: Mailbox) -> None:
    smtp(mailbox.port).send(letter())

    (content,) = mailbox.taken
    mail = read(content)
    assert {name: str(mail[name]) for name in ("From", "To", "Subject", "Date", "Auto-Submitted", "Message-ID")} == {
        "From": "star@anyang.example",
        "To": "李四 <li@example.org>",
        "Subject": "【争星】提醒",
        "Date": "Sat, 29 May 2027 01:00:00 +0000",
        "Auto-Submitted": "auto-generated",
        "Message-ID": "<6ab9f1eb8f7d3388f4f9d586f66e99fd@anyang.example>",
    }
    assert mail.get_content().splitlines() == ["李四:您好!", "", "该申报了"]
    assert content.isascii()


def test_the_same_letter_has_the_same_message_id_at_every_attempt(mailbox: Mailbox) -> None:
    for changes in ({}, {"subject": "另一个时刻"}, {"key": "k2"}):
        smtp(mailbox.port).send(letter(**changes))

    first, again, other = (read(content)["Message-ID"] for content in mailbox.taken)
    assert (first == again, first == other) == (True, False)


def test_a_name_or_subject_cannot_add_a_header(mailbox: Mailbox) -> None:
    evil = "李四\r\nBcc: all@example.org\x00\u2028"

    smtp(mailbox.port).send(letter(name=evil, subject=evil))

    (content,) = mailbox.taken
    mail = read(content)
    assert (mail["Bcc"], mail["Subject"]) == (None, "李四 Bcc: all@example.org")
    assert [address.addr_spec for address in mail["To"].addresses] == ["li@example.org"]


@pytest.mark.parametrize(
    "address", ["", "李四", "a@b@c", "a b@example.org", "a@b\r\nBcc: c@d", "李@example.org", "@", "<>"]
)
def test_an_address_that_is_none_is_refused_before_the_server_is_asked(mailbox: Mailbox, address: str) -> None:
    with pytest.raises(ChannelRefused, match="邮箱") as refused:
        smtp(mailbox.port).send(letter(address=address))

    assert (refused.value.later, mailbox.taken) == (False, [])


@pytest.mark.parametrize(
    ("command", "answer", "later"),
    [
        ("RCPT", "550 5.1.1 no such user", False),
        ("RCPT", "450 4.2.0 greylisted", True),
        ("DATA", "554 5.7.1 looks like spam", False),
        ("DATA", "452 4.3.1 insufficient storage", True),
    ],
)
def test_an_answer_about_this_letter_is_a_refusal(mailbox: Mailbox, command: str, answer: str, later: bool) -> None:
    mailbox.answers[command] = answer

    with pytest.raises(ChannelRefused) as refused:
        smtp(mailbox.port).send(letter())

    assert (str(refused.value), refused.value.later) == (f"邮件服务器拒收:{answer}", later)


def test_a_letter_that_was_taken_is_sent_even_when_the_server_hangs_up_on_our_farewell(mailbox: Mailbox) -> None:
    mailbox.answers["QUIT"] = "hang up"

    smtp(mailbox.port).send(letter())

    assert len(mailbox.taken) == 1


def test_a_server_that_is_not_there_is_down() -> None:
    with pytest.raises(ChannelDown, match=r"邮件服务器 127\.0\.0\.1:1:.*refused"):
        smtp(1).send(letter())


def test_a_server_that_never_answers_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "SMTP_SECONDS", 0.2)
    with silent_server() as port, pytest.raises(ChannelDown, match="timed out"):
        smtp(port).send(letter())


def test_mail_that_should_be_encrypted_is_not_sent_in_the_clear(mailbox: Mailbox) -> None:
    with pytest.raises(ChannelDown, match="STARTTLS"):
        smtp(mailbox.port, security="starttls").send(letter())

    assert mailbox.taken == []


def test_a_certificate_that_nobody_vouches_for_is_not_trusted() -> None:
    with mail_server(tls_context=tls()) as mailbox, pytest.raises(ChannelDown, match="CERTIFICATE_VERIFY_FAILED"):
        smtp(mailbox.port, security="starttls").send(letter())

    assert mailbox.taken == []


def test_mail_goes_encrypted_and_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with mail_server(tls_context=tls(), require_starttls=True, auth_required=True) as mailbox:
        smtp(mailbox.port, security="starttls", user="star", password="right").send(letter())

    assert (len(mailbox.taken), mailbox.logins) == (1, [(b"star", b"right")])


def test_mail_goes_through_a_port_that_is_encrypted_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with mail_server(ssl_context=tls()) as mailbox:
        smtp(mailbox.port, security="tls").send(letter())

    assert len(mailbox.taken) == 1


def test_a_wrong_password_is_ours_to_mend_and_loses_no_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with mail_server(tls_context=tls()) as mailbox, pytest.raises(ChannelDown, match="535"):
        smtp(mailbox.port, security="starttls", user="star", password="wrong").send(letter())


# ── webhook ──────────────────────────────────────────────────────


def webhook(gateway: Gateway) -> Webhook:
    return Webhook(url=gateway.url, secret=b"hidden")


def test_a_webhook_is_a_signed_post_under_the_letters_key(gateway: Gateway) -> None:
    webhook(gateway).send(letter(channel="webhook", address="p1"))

    ((path, headers, body),) = gateway.requests
    signed = hmac.new(b"hidden", headers["Starflow-Timestamp"].encode() + b"." + body, "sha256").hexdigest()
    assert path == "/hook?room=1"
    assert (headers["Idempotency-Key"], headers["Starflow-Timestamp"]) == ("k1", str(int(NOW.timestamp())))
    assert (headers["Starflow-Signature"], headers["Content-Type"]) == (
        f"v1={signed}",
        "application/json; charset=utf-8",
    )
    assert json.loads(body) == {
        "key": "k1",
        "at": "2027-05-29T01:00:00+00:00",
        "to": {"address": "p1", "name": "李四", "phone": "139"},
        "subject": "【争星】提醒",
        "body": "李四:您好!\n\n该申报了\n",
    }


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_letter_the_receiver_cannot_read_is_refused_for_good(gateway: Gateway, status: int) -> None:
    gateway.status = status

    with pytest.raises(ChannelRefused, match=f"HTTP {status}") as refused:
        webhook(gateway).send(letter())

    assert not refused.value.later


def test_a_receiver_that_is_busy_gets_the_letter_later(gateway: Gateway) -> None:
    gateway.status = 429

    with pytest.raises(ChannelRefused, match="HTTP 429") as refused:
        webhook(gateway).send(letter())

    assert refused.value.later


@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_any_other_answer_is_a_channel_that_is_down(gateway: Gateway, status: int) -> None:
    gateway.status = status

    with pytest.raises(ChannelDown, match=f"HTTP {status}"):
        webhook(gateway).send(letter())


def test_a_redirect_is_not_followed(gateway: Gateway) -> None:
    with web_server() as elsewhere:
        gateway.status, gateway.headers = 307, {"Location": elsewhere.url}

        with pytest.raises(ChannelDown, match="HTTP 307"):
            webhook(gateway).send(letter())

    assert (len(gateway.requests), elsewhere.requests) == (1, [])


def test_a_receiver_that_is_not_there_or_never_answers_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "WEBHOOK_SECONDS", 0.2)
    with pytest.raises(ChannelDown, match="refused"):
        Webhook(url="http://127.0.0.1:1/", secret=b"hidden").send(letter())
    with silent_server() as port, pytest.raises(ChannelDown, match="timed out"):
        Webhook(url=f"http://127.0.0.1:{port}/", secret=b"hidden").send(letter())


def test_an_answer_that_is_no_http_is_a_channel_that_is_down(gateway: Gateway) -> None:
    gateway.behave = lambda receiver: receiver.wfile.write(b"what?\r\n\r\n") == 0

    with pytest.raises(ChannelDown):
        webhook(gateway).send(letter())


def test_a_webhook_goes_encrypted_to_a_receiver_that_is_vouched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with web_server(tls()) as gateway:
        with pytest.raises(ChannelDown, match="CERTIFICATE_VERIFY_FAILED"):
            webhook(gateway).send(letter())
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        webhook(gateway).send(letter())

    assert len(gateway.requests) == 1


def test_secrets_are_not_printed() -> None:
    shown = repr(Webhook(url="https://h/?key=hidden", secret=b"hidden")) + repr(smtp(1, user="u", password="hidden"))

    assert "hidden" not in shown


# ── the registry ─────────────────────────────────────────────────


def test_every_channel_of_the_settings_can_be_built() -> None:
    assert tuple(name for name, _ in BUILDERS) == CHANNELS


def test_channels_are_built_from_the_settings_with_the_secrets_of_their_files(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("right\n")
    (tmp_path / "secret").write_text("hidden\n")
    environment = {
        "CHANNELS": "console,file,smtp,webhook",
        "OUTBOX_FILE": f"{tmp_path}/out",
        "SMTP_HOST": "mail.example.org",
        "SMTP_PORT": "465",
        "SMTP_SECURITY": "tls",
        "SMTP_USER": "star",
        "SMTP_PASSWORD_FILE": f"{tmp_path}/password",
        "SMTP_FROM": "star@anyang.example",
        "WEBHOOK_URL": "https://gateway.example.org/hook",
        "WEBHOOK_SECRET_FILE": f"{tmp_path}/secret",
    }
    settings = read_settings({f"STARFLOW_{name}": value for name, value in environment.items()})

    assert channels_of(settings) == {
        "console": Console(),
        "file": File(tmp_path / "out"),
        "smtp": smtp(465, host="mail.example.org", security="tls", user="star", password="right"),
        "webhook": Webhook(url="https://gateway.example.org/hook", secret=b"hidden"),
    }
    assert channels_of(settings, rehearsal=True) == dict.fromkeys(CHANNELS[:4], Nowhere())


@pytest.mark.parametrize(("content", "sentence"), [(None, "读不出来"), ("", "是空的"), ("\n", "是空的")])
def test_a_secret_that_is_missing_is_a_sentence(tmp_path: Path, content: str | None, sentence: str) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
    given = {"CHANNELS": "webhook", "WEBHOOK_URL": "https://h/", "WEBHOOK_SECRET_FILE": str(path)}
    settings = read_settings({f"STARFLOW_{name}": value for name, value in given.items()})

    with pytest.raises(BadInput) as refused:
        channels_of(settings)

    assert refused.value.message == f"STARFLOW_WEBHOOK_SECRET_FILE:文件 {path} {sentence}"
