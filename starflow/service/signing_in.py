"""Signing in: the first factor, the second, and showing again who one is.

One sentence for whatever is wrong, after the same time. The password is checked outside any transaction, because that takes
long on purpose; the try was counted before.
"""

from dataclasses import dataclass

from starflow.service import attempts, passwords, sessions, totp
from starflow.service.desk import Desk
from starflow.service.sessions import Signed
from storage import accounts
from storage.account_models import AccessEvent
from storage.accounts import Known
from storage.database import Transaction
from workflow.engine.errors import Unauthenticated

WRONG = "登录名或密码不对"
WRONG_CODE = "动态码不对、已经用过,或者已经过时;手机的时间须准确"


@dataclass(frozen=True, slots=True)
class Entered:
    """What the browser is to keep, and whether a second factor is still wanted."""

    reference: str
    whole: bool


def login_of(text: str) -> str:
    """Logins are told apart without regard to case or width."""
    import unicodedata

    return unicodedata.normalize("NFKC", text).strip().casefold()


def sign_in(desk: Desk, login: str, password: str, *, browser: str, network: str) -> Entered:
    """Raises Unauthenticated, TooOften."""
    known = _checked(desk, login_of(login)[:200], password, network)
    account = known.account
    assert account.id is not None  # it was read
    whole = account.totp_at is None
    with desk.transaction(desk.wall.now()) as tx:
        reference = sessions.open_session(desk, tx, account.id, whole=whole, browser=browser, network=network)
        if whole:
            _note(tx, "sign_in", known, network)
    return Entered(reference, whole)


def show_code(desk: Desk, signed: Signed, code: str, *, network: str) -> str:
    """The second factor of whoever has shown the first: the session's new reference. Raises Unauthenticated, TooOften."""
    _check_code(desk, signed, code, network)
    with desk.transaction(desk.wall.now()) as tx:
        reference = sessions.make_whole(tx, signed.session)
        _note_of(tx, "sign_in", signed.person, signed.login, network)
    return reference


def show_again(desk: Desk, signed: Signed, secret: str, *, network: str) -> None:
    """A one-time code, or for whoever has none the password: from now on they have shown who they are.

    Raises Unauthenticated, TooOften.
    """
    if signed.has_totp:
        _check_code(desk, signed, secret, network)
    else:
        _checked(desk, signed.login, secret, network)
    with desk.transaction(desk.wall.now()) as tx:
        sessions.prove(tx, signed.session)


def check_password(desk: Desk, signed: Signed, password: str, *, network: str) -> None:
    """Raises Unauthenticated, TooOften."""
    _checked(desk, signed.login, password, network)


def confirm_totp(desk: Desk, signed: Signed, code: str, *, network: str) -> tuple[str, ...]:
    """The first code of a new second factor; the recovery codes. Raises Unauthenticated, TooOften, Refused."""
    whose = (attempts.CODES, str(signed.account_id))
    with desk.transaction(desk.wall.now()) as tx:
        attempts.count(tx, [whose])
    codes = totp.confirm(desk, signed.account_id, code)
    with desk.transaction(desk.wall.now()) as tx:
        attempts.forget(tx, whose)
        sessions.prove(tx, signed.session)
    return codes


def _checked(desk: Desk, login: str, password: str, network: str) -> Known:
    whose = (attempts.PASSWORDS, login), (attempts.SIGN_INS, network)
    with desk.transaction(desk.wall.now()) as tx:
        attempts.count(tx, whose)
        known = accounts.by_login(tx, login)
    usable = known is not None and known.account.disabled_at is None
    mib = desk.settings.argon2_mib
    if not passwords.agrees(known.account.password_hash if known and usable else None, password, mib) or known is None:
        with desk.transaction(desk.wall.now()) as tx:
            _note_of(tx, "sign_in.failed", known.person.code if known else "", login[:120], network)
        raise Unauthenticated(WRONG)
    account = known.account
    outdated = account.password_hash is not None and passwords.is_outdated(account.password_hash, mib)
    again = {"password_hash": passwords.hashed(password, mib)} if outdated else {}
    with desk.transaction(desk.wall.now()) as tx:
        attempts.forget(tx, whose[0])
        accounts.change(tx, account, signed_in_at=tx.now, **again)
    return known


def _check_code(desk: Desk, signed: Signed, code: str, network: str) -> None:
    whose = (attempts.CODES, str(signed.account_id))
    with desk.transaction(desk.wall.now()) as tx:
        attempts.count(tx, [whose])
    with desk.transaction(desk.wall.now()) as tx:
        right = totp.accept(tx, signed.account_id, code)
        if right:
            attempts.forget(tx, whose)
        else:
            _note_of(tx, "code.failed", signed.person, signed.login, network)
    if not right:
        raise Unauthenticated(WRONG_CODE)


def _note(tx: Transaction, what: str, known: Known, network: str) -> None:
    _note_of(tx, what, known.person.code, known.account.login, network)


def _note_of(tx: Transaction, what: str, actor: str, about: str, network: str) -> None:
    accounts.save(tx, AccessEvent(at=tx.now, what=what, actor=actor, about=about, network=network))
