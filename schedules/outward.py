"""The one way out over HTTP: to a public address, or to one that the installation names; never where a redirect leads.

A name is resolved once and the connection goes to that very address, so that nobody can answer twice differently. What is looked
at of the answer is bounded; a proxy of the environment is not obeyed.
"""

import socket
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from urllib.parse import urlsplit

SECONDS = 5
ANSWER_BYTES = 64 * 1024


class Refused(Exception):
    """The address is one that nothing may be sent to; the text is a sentence."""


class Unreachable(Exception):
    """No answer came; the text says what happened. `asked`: the other side may have got the question and acted on it."""

    def __init__(self, why: str, *, asked: bool = False) -> None:
        super().__init__(why)
        self.asked = asked


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: Collection[str] = ()) -> Answer:
    """Raises Refused before anything is sent, Unreachable where no answer comes in time."""
    host, port, secure, path = _parts(url)
    address = _resolved(host, port, private)
    connection, asked = _Pinned(host, port, address, secure), False
    try:
        connection.connect()
        asked = True
        connection.request("POST", path, body, dict(headers))
        response = connection.getresponse()
        answer = Answer(response.status, response.read(ANSWER_BYTES))
        if response.length and len(answer.body) < ANSWER_BYTES:
            raise HTTPException("the answer broke off")
        return answer
    except (OSError, HTTPException) as error:
        raise Unreachable(str(error)[:200] or type(error).__name__, asked=asked) from error
    finally:
        connection.close()


def check_address(url: str, *, private: Collection[str] = ()) -> None:
    """Raises Refused where nothing could ever be sent to it; says nothing of whether anybody answers."""
    host, port, _, _ = _parts(url)
    _resolved(host, port, private)


def _parts(url: str) -> tuple[str, int, bool, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("地址无法识别") from None
    secure, host = parts.scheme == "https", parts.hostname or ""
    if not host or parts.scheme not in ("https", "http") or parts.username is not None or parts.fragment:
        raise Refused("地址须是 https:// 开头,不含用户名和 #")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if any(ord(character) <= 32 or ord(character) >= 127 for character in path + host):
        raise Refused("地址里有空格、换行或非英文字符")
    return host, port or (443 if secure else 80), secure, path


def _resolved(host: str, port: int, private: Collection[str]) -> str:
    """The address to connect to; every address that the name has must be allowed."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"找不到主机 {host}") from error
    inward = [address for address in found if not _is_public(address)]
    if inward and host not in private:
        raise Refused(f"{host} 是内网地址({inward[0]}),不向它发送;确需发送的,把主机名写进 STARFLOW_PRIVATE_HOSTS")
    return sorted(found)[0]


def _is_public(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global


class _Pinned(HTTPConnection):
    """Connects to an address that was looked at; for TLS the name is what the certificate must say."""

    def __init__(self, host: str, port: int, address: str, secure: bool) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self._address, self._secure = address, secure
        self.default_port = HTTPSConnection.default_port if secure else HTTPConnection.default_port

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), SECONDS)
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
