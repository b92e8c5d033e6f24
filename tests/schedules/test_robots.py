"""Robots and the SMS gateway, each against a local server that behaves like the real one on a bad day."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from schedules import outward
from schedules.channels import ChannelDown, ChannelRefused, ChannelUnsure, Webhook, signature
from schedules.letters import Letter
from schedules.outward import Refused, check_address, post
from schedules.robots import DingTalk, Feishu, Sms, WeCom

NOW = datetime(2027, 5, 29, 1, 0, tzinfo=UTC)
HERE = ("127.0.0.1",)
LETTER = Letter(
    key="k1",
    channel="wecom",
    address="P1",
    name="李四",
    phone="13900000000",
    subject="【争星】提醒",
    body="该申报了",
    at=NOW,
)


@dataclass
class Robot:
    """A server that keeps what it got and says what it is told to say."""

    url: str = ""
    status: int = 200
    says: Any = field(default_factory=lambda: {"errcode": 0, "code": 0, "accepted": True})
    got: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    sleeps: Event | None = None
    cut_short: bool = False


@contextmanager
def robot(**behaviour: Any) -> Iterator[Robot]:
    one = Robot(**behaviour)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one.got.append((self.path, dict(self.headers), json.loads(body)))
            if one.sleeps is not None:
                one.sleeps.wait(5)
            content = one.says if isinstance(one.says, bytes) else json.dumps(one.says).encode()
            self.send_response(one.status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if one.cut_short else content)

        def log_message(self, *said: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.url = f"http://127.0.0.1:{server.server_port}/robot?key=1"
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield one
    finally:
        if one.sleeps is not None:
            one.sleeps.set()
        server.shutdown()
        thread.join()
        server.server_close()


SENDERS: dict[str, Callable[[str], Any]] = {
    "wecom": lambda url: WeCom(url=url, private=HERE),
    "dingtalk": lambda url: DingTalk(url=url, secret="s", private=HERE),
    "feishu": lambda url: Feishu(url=url, secret="s", private=HERE),
    "sms": lambda url: Sms(url=url, secret=b"s", private=HERE),
}
each = pytest.mark.parametrize("name", SENDERS)


def test_wecom_says_the_text_and_mentions_the_person() -> None:
    with robot() as server:
        SENDERS["wecom"](server.url).send(LETTER)

    text = {"content": "【争星】提醒\n该申报了", "mentioned_mobile_list": ["13900000000"]}
    assert [said for _, _, said in server.got] == [{"msgtype": "text", "text": text}]


def test_dingtalk_signs_in_the_address_as_its_documentation_says() -> None:
    with robot() as server:
        SENDERS["dingtalk"](server.url).send(LETTER)

    path, _, said = server.got[0]
    asked = parse_qs(urlsplit(path).query)
    stamp = str(int(NOW.timestamp() * 1000))
    sign = base64.b64encode(hmac.new(b"s", f"{stamp}\ns".encode(), hashlib.sha256).digest()).decode()
    assert asked == {"key": ["1"], "timestamp": [stamp], "sign": [sign]}
    assert (said["msgtype"], said["at"]) == ("text", {"atMobiles": ["13900000000"]})


def test_feishu_signs_in_the_body() -> None:
    with robot() as server:
        SENDERS["feishu"](server.url).send(LETTER)

    stamp = str(int(NOW.timestamp()))
    sign = base64.b64encode(hmac.new(f"{stamp}\ns".encode(), b"", hashlib.sha256).digest()).decode()
    content = {"text": "【争星】提醒\n该申报了"}
    assert server.got[0][2] == {"msg_type": "text", "content": content, "timestamp": stamp, "sign": sign}


def test_sms_carries_number_text_key_and_a_signature() -> None:
    with robot() as server:
        SENDERS["sms"](server.url).send(LETTER)

    _, headers, said = server.got[0]
    assert said == {"key": "k1", "phone": "13900000000", "text": "该申报了"}
    body = json.dumps(said, ensure_ascii=False).encode()
    assert headers["Starflow-Signature"] == signature(b"s", headers["Starflow-Timestamp"], body)
    with pytest.raises(ChannelRefused, match="收件人没有手机号"):
        SENDERS["sms"]("http://127.0.0.1:1/").send(Letter(**{**as_dict(LETTER), "phone": ""}))


def as_dict(letter: Letter) -> dict[str, Any]:
    return {name: getattr(letter, name) for name in Letter.__slots__}


@pytest.mark.parametrize(
    ("name", "says", "error", "said"),
    [
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, ChannelDown, "企业微信要求放慢:45009"),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, ChannelDown, "钉钉要求放慢:130101"),
        ("feishu", {"code": 11232, "msg": "frequency limited"}, ChannelDown, "飞书要求放慢:11232"),
        (
            "wecom",
            {"errcode": 93000, "errmsg": "invalid webhook url"},
            ChannelDown,
            "企业微信没有接收:93000 invalid webhook url",
        ),
        (
            "dingtalk",
            {"errcode": 310000, "errmsg": "sign not match"},
            ChannelDown,
            "钉钉没有接收:310000 sign not match",
        ),
        (
            "wecom",
            {"errcode": 44004, "errmsg": "empty content"},
            ChannelRefused,
            "企业微信没有接收:44004 empty content",
        ),
        ("sms", {"accepted": False, "message": "空号"}, ChannelRefused, "短信网关不收:空号"),
        ("sms", {"accepted": "yes"}, ChannelRefused, "短信网关不收:"),
    ],
)
def test_what_it_says_inside_a_200_counts(name: str, says: Any, error: type[Exception], said: str) -> None:
    with robot(says=says) as server, pytest.raises(error) as trouble:
        SENDERS[name](server.url).send(LETTER)

    assert (str(trouble.value), len(server.got)) == (said, 1)


@each
@pytest.mark.parametrize(
    "says", [b"<html>welcome</html>", b"", b"[]", b"null"], ids=["page", "nothing", "list", "null"]
)
def test_a_200_that_is_no_verdict_is_no_success(name: str, says: bytes) -> None:
    with robot(says=says) as server, pytest.raises(ChannelDown, match="回答了HTTP 200,但没有说收到"):
        SENDERS[name](server.url).send(LETTER)


@each
@pytest.mark.parametrize(
    ("status", "said"), [(429, "要求放慢"), (501, "HTTP 501"), (503, "HTTP 503"), (302, "HTTP 302")]
)
def test_a_server_in_trouble_is_down_and_no_redirect_is_followed(name: str, status: int, said: str) -> None:
    with robot(status=status) as server, pytest.raises(ChannelDown, match=said):
        SENDERS[name](server.url).send(LETTER)

    assert len(server.got) == 1


@each
def test_a_server_that_never_answers_does_not_hold_us_up_and_may_have_taken_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outward, "SECONDS", 0.2)
    with robot(sleeps=Event()) as server, pytest.raises(LOST[name], match="timed out"):
        SENDERS[name](server.url).send(LETTER)


LOST = dict.fromkeys(("wecom", "dingtalk", "feishu"), ChannelUnsure) | {"sms": ChannelDown}
"""What a lost answer means: a gateway that knows the letter's key may be asked again."""


@each
def test_an_answer_that_breaks_off_may_hide_that_it_was_taken(name: str) -> None:
    with robot(cut_short=True) as server, pytest.raises(LOST[name], match="the answer broke off"):
        SENDERS[name](server.url).send(LETTER)


@each
@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_gateway_that_gives_up_may_have_passed_it_on(name: str, status: int) -> None:
    with robot(status=status) as server, pytest.raises(LOST[name], match=f"HTTP {status}"):
        SENDERS[name](server.url).send(LETTER)


@each
def test_where_nobody_listens_nothing_has_arrived(name: str) -> None:
    with robot() as server:
        gone = server.url
    with pytest.raises(ChannelDown, match="Connection refused"):
        SENDERS[name](gone).send(LETTER)


def test_a_long_text_is_cut_between_characters() -> None:
    with robot() as server:
        SENDERS["wecom"](server.url).send(Letter(**{**as_dict(LETTER), "body": "长" * 3000}))

    content = server.got[0][2]["text"]["content"]
    assert len(content.encode()) <= 2048 and content.endswith("长…")


INWARD = [
    *(
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://localhost/",
        "http://0.0.0.0/",
    ),
    *("http://10.1.2.3/", "http://172.16.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data"),
    *("http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://[fe80::1]/", "http://[fd00::1]/", "http://100.64.0.1/"),
]


@pytest.mark.parametrize("url", INWARD)
def test_nothing_is_sent_to_an_address_inside(url: str) -> None:
    with pytest.raises(Refused, match="是内网地址"):
        check_address(url)
    with pytest.raises(ChannelDown, match="是内网地址"):
        WeCom(url=url).send(LETTER)
    with pytest.raises(ChannelDown, match="是内网地址"):
        Webhook(url=url, secret=b"s", private=()).send(LETTER)


def test_a_name_that_answers_differently_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[(2, 1, 6, "", ("93.184.216.34", 80))], [(2, 1, 6, "", ("127.0.0.1", 80))]])
    asked: list[str] = []

    def connect(address: tuple[str, int], timeout: float) -> Any:
        asked.append(address[0])
        raise OSError("stop here")

    monkeypatch.setattr(outward.socket, "getaddrinfo", lambda *said, **more: next(answers))
    monkeypatch.setattr(outward.socket, "create_connection", connect)
    with pytest.raises(outward.Unreachable):
        post("http://rebinding.example.org/", b"", {})

    assert asked == ["93.184.216.34"]


@pytest.mark.parametrize(
    "url", ["ftp://h/", "https://u:p@h/", "https://h/#x", "https://h/a b", "https://h/\r\nX: y", "https:///"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        check_address(url)
