"""The second factor: one-time codes by time (RFC 6238), each accepted once, and ten recovery codes for a lost phone."""

import hashlib
from hmac import compare_digest

import pyotp

from starflow.service.clock import new_code
from starflow.service.desk import Desk
from storage import accounts
from storage.account_models import AccessEvent
from storage.database import Transaction
from workflow.engine.errors import Refused, Unauthenticated

STEP, SKEW = 30, 1
CODES, LETTERS = 10, 20
ISSUER = "争星 starflow"


def begin(desk: Desk, account_id: int) -> str:
    """A new secret, which counts once a code of it was shown: the address that an authenticator reads. Raises Refused."""
    with desk.transaction(desk.wall.now()) as tx:
        known = accounts.by_id(tx, account_id)
        assert known is not None  # whoever asks has an account
        if known.account.totp_at is not None:
            raise Refused("动态码已经启用;换手机请由管理员重置")
        known.account.totp_secret = pyotp.random_base32()
        accounts.save(tx, known.account)
        return pyotp.TOTP(known.account.totp_secret).provisioning_uri(name=known.account.login, issuer_name=ISSUER)


def pending(desk: Desk, account_id: int) -> str | None:
    """The address of a secret that waits for its first code."""
    with desk.reading() as tx:
        known = accounts.by_id(tx, account_id)
    if known is None or known.account.totp_at is not None or known.account.totp_secret is None:
        return None
    return pyotp.TOTP(known.account.totp_secret).provisioning_uri(name=known.account.login, issuer_name=ISSUER)


def recovery_codes_left(desk: Desk, account_id: int) -> int:
    with desk.reading() as tx:
        return accounts.recovery_codes_left(tx, account_id)


def confirm(desk: Desk, account_id: int, code: str) -> tuple[str, ...]:
    """The first code was right: the second factor counts from now on. The recovery codes, this once. Raises Unauthenticated."""
    with desk.transaction(desk.wall.now()) as tx:
        known = accounts.by_id(tx, account_id)
        assert known is not None  # whoever asks has an account
        if known.account.totp_at is not None:
            raise Refused("动态码已经启用")
        if not _code_is_right(tx, account_id, known.account.totp_secret, code):
            raise Unauthenticated("动态码不对;请核对手机的时间,再试一次")
        known.account.totp_at = tx.now
        accounts.save(tx, known.account)
        accounts.save(tx, AccessEvent(at=tx.now, what="totp.on", actor=known.person.code))
        return _new_recovery_codes(tx, account_id)


def accept(tx: Transaction, account_id: int, code: str) -> bool:
    """A one-time code, or a recovery code, that was never shown before. `tx` runs on the wall's clock."""
    known = accounts.by_id(tx, account_id)
    if known is None or known.account.totp_at is None:
        return False
    tidy = "".join(code.split()).lower()
    if len(tidy) == LETTERS:
        return accounts.use_recovery_code(tx, account_id, _digest(tidy))
    return _code_is_right(tx, account_id, known.account.totp_secret, tidy)


def _code_is_right(tx: Transaction, account_id: int, secret: str | None, code: str) -> bool:
    if secret is None or not (code.isascii() and code.isdigit()):
        return False
    now = int(tx.now.timestamp()) // STEP
    shown = pyotp.TOTP(secret)
    step = next((n for n in range(now - SKEW, now + SKEW + 1) if compare_digest(shown.generate_otp(n), code)), None)
    return step is not None and accounts.use_step(tx, account_id, step)


def _new_recovery_codes(tx: Transaction, account_id: int) -> tuple[str, ...]:
    codes = tuple(new_code(LETTERS) for _ in range(CODES))
    accounts.replace_recovery_codes(tx, account_id, map(_digest, codes))
    return codes


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
