"""A certificate that can be checked without asking anybody: what it says, signed, as text behind a QR code.

Ed25519, because whoever checks needs the public key only and can forge nothing with it; the private key stays in a file of the
installation and is named by the settings. The text is `STARFLOW1.<what it says>.<signature>`, both in base64url.
"""

import io
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import date

import segno
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from workflow.engine.errors import BadInput

PREFIX = "STARFLOW1"
LONGEST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    organisation: str
    name: str
    star: int
    year: int
    from_on: date
    decision: str
    issuer: str


def new_key() -> tuple[bytes, str]:
    """A private key as its file holds it, and the public key to give away."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return private.hex().encode() + b"\n", public_of(private.hex().encode())


def public_of(key: bytes) -> str:
    return _private(key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def certified(certificate: Certificate, key: bytes) -> str:
    said = asdict(certificate) | {"from_on": certificate.from_on.isoformat()}
    body = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return ".".join((PREFIX, _packed(body), _packed(_private(key).sign(PREFIX.encode() + b"." + body))))


def checked(text: str, public: str) -> Certificate:
    """What it says, if the signature holds. Raises BadInput."""
    parts = text.strip().split(".")
    if len(text) > LONGEST or len(parts) != 3 or parts[0] != PREFIX:
        raise BadInput("这不是星级证书的签名文字")
    try:
        body, signature = _unpacked(parts[1]), _unpacked(parts[2])
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public.strip())).verify(
            signature, PREFIX.encode() + b"." + body
        )
        said = json.loads(body)
        return Certificate(**said | {"from_on": date.fromisoformat(said["from_on"])})
    except InvalidSignature:
        raise BadInput("签名不符:这张证书不是用这把钥匙签的,或者内容被改过") from None
    except (ValueError, TypeError, KeyError):
        raise BadInput("证书或公钥残缺,无法核验") from None


def qr_png(text: str) -> bytes:
    data = io.BytesIO()
    segno.make(text, error="m", micro=False).save(data, kind="png", scale=6, border=3)
    return data.getvalue()


def _private(key: bytes) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.decode("ascii").strip()))
    except (ValueError, UnicodeDecodeError):
        raise BadInput("证书密钥文件须是64位十六进制数;用 starflow certificate key 生成") from None


def _packed(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
