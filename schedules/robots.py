"""Group robots (企业微信, 钉钉, 飞书) and the SMS gateway: each speaks its own dialect of "taken", "slow down" and "no".

All of them answer 200 to nearly everything and say in the body what they mean; an answer that is no such body counts as no.
A robot knows no key, so that where no answer came, or only that of a gateway, nobody can tell: such a letter is not sent again by
itself. The SMS gateway gets the letter's key and can.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from schedules.channels import MAY_HAVE_ARRIVED, ChannelDown, ChannelRefused, ChannelUnsure, signature
from schedules.letters import Letter
from schedules.outward import Refused, Unreachable, post

LONGEST_BYTES = 2_000  # WeCom takes 2 048 bytes of text, the others more
NOBODY_KNOWS = (500, 502, 504)  # whoever says so may have passed the letter on; 503 and 429 say that they have not


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a kind of robot counts: the key of its verdict, which codes mean "slow down", which "never"."""

    name: str
    key: str
    slow: tuple[int, ...]
    never: tuple[int, ...]


WECOM = Dialect("企业微信", "errcode", slow=(45009, 45033, -1), never=(40008, 44004, 40058))
DINGTALK = Dialect("钉钉", "errcode", slow=(130101, 410100, -1), never=(400102, 460101))
FEISHU = Dialect("飞书", "code", slow=(9499, 11232), never=(9496,))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeCom:
    url: str = field(repr=False)
    private: tuple[str, ...] = ()

    def send(self, letter: Letter) -> None:
        text: dict[str, Any] = {"content": _text(letter)}
        if letter.phone:
            text["mentioned_mobile_list"] = [letter.phone]
        _robot(WECOM, self.url, {"msgtype": "text", "text": text}, self.private)


@dataclass(frozen=True, slots=True, kw_only=True)
class DingTalk:
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    private: tuple[str, ...] = ()

    def send(self, letter: Letter) -> None:
        stamp = str(int(letter.at.timestamp() * 1000))
        url = self.url
        if self.secret:
            sign = _hmac(self.secret.encode(), f"{stamp}\n{self.secret}".encode())
            url += f"{'&' if '?' in url else '?'}timestamp={stamp}&sign={quote_plus(sign)}"
        at = {"atMobiles": [letter.phone] if letter.phone else []}
        _robot(DINGTALK, url, {"msgtype": "text", "text": {"content": _text(letter)}, "at": at}, self.private)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feishu:
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    private: tuple[str, ...] = ()

    def send(self, letter: Letter) -> None:
        said: dict[str, Any] = {"msg_type": "text", "content": {"text": _text(letter)}}
        if self.secret:
            stamp = str(int(letter.at.timestamp()))
            said |= {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{self.secret}".encode(), b"")}
        _robot(FEISHU, self.url, said, self.private)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """The seam for any gateway: number, text and key, signed as the generic webhook is; it answers `{"accepted": true}`."""

    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    private: tuple[str, ...] = ()

    def send(self, letter: Letter) -> None:
        if not letter.phone:
            raise ChannelRefused("收件人没有手机号")
        body = json.dumps({"key": letter.key, "phone": letter.phone, "text": letter.body}, ensure_ascii=False).encode()
        stamp = str(int(letter.at.timestamp()))
        headers = {
            "Idempotency-Key": letter.key,
            "Starflow-Timestamp": stamp,
            "Starflow-Signature": signature(self.secret, stamp, body),
        }
        answer = _answer("短信网关", self.url, body, headers, self.private)
        if answer.get("accepted") is not True:
            raise ChannelRefused(
                f"短信网关不收:{str(answer.get('message', ''))[:200]}", later=bool(answer.get("later"))
            )


# ── what they have in common ─────────────────────────────────────


def _robot(dialect: Dialect, url: str, said: Mapping[str, Any], private: tuple[str, ...]) -> None:
    body = json.dumps(said, ensure_ascii=False).encode()
    answer = _answer(dialect.name, url, body, {}, private, once=True)
    code = answer.get(dialect.key)
    if code == 0:
        return
    why = f"{dialect.name}没有接收:{code} {str(answer.get('errmsg') or answer.get('msg') or '')[:160]}"
    if code in dialect.never:
        raise ChannelRefused(why)
    raise ChannelDown(f"{dialect.name}要求放慢:{code}" if code in dialect.slow else why)


def _answer(
    name: str, url: str, body: bytes, headers: Mapping[str, str], private: tuple[str, ...], *, once: bool = False
) -> dict[str, Any]:
    """`once`: the other side knows no repetition, so that a lost answer is not asked for again."""
    try:
        answer = post(url, body, {"Content-Type": "application/json; charset=utf-8", **headers}, private=private)
    except Refused as refusal:
        raise ChannelDown(f"{name}:{refusal}") from None
    except Unreachable as trouble:
        if once and trouble.asked:
            raise ChannelUnsure(f"{name}没有回答({trouble}),{MAY_HAVE_ARRIVED}") from None
        raise ChannelDown(f"{name}:{trouble}") from None
    if once and answer.status in NOBODY_KNOWS:
        raise ChannelUnsure(f"{name}回答了HTTP {answer.status},{MAY_HAVE_ARRIVED}")
    if answer.status == 429:
        raise ChannelDown(f"{name}要求放慢(HTTP 429)")
    if answer.status != 200:
        raise ChannelDown(f"{name}没有接收(HTTP {answer.status})")
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ChannelDown(f"{name}回答了HTTP 200,但没有说收到")
    return said


def _text(letter: Letter) -> str:
    """At most so many bytes, cut between characters."""
    text = f"{letter.subject}\n{letter.body}"
    if len(text.encode()) <= LONGEST_BYTES:
        return text
    return text.encode()[: LONGEST_BYTES - 3].decode(errors="ignore") + "…"


def _hmac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
