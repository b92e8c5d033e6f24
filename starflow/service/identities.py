"""Signing in by somebody else's word: which try it belongs to, whom (issuer, subject) means here, and binding it to an account.

An identity is bound by the account's own owner and by nothing else: an e-mail address that agrees proves nothing.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from starflow.service import sessions
from starflow.service.clock import new_secret
from starflow.service.desk import Desk
from starflow.service.signing_in import Entered
from storage import accounts
from storage.account_models import AccessEvent, Identity, LoginTry
from workflow.engine.errors import Refused, Unauthenticated

LASTS = timedelta(minutes=10)
UNKNOWN = "这个身份还没有绑定账号;请先用登录名和密码登录,在“我的账号”里绑定"
STALE = "登录用时太久,或者不是从这个浏览器发起的,请重新登录"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A sign-in that sets out: what the provider is told, and what only the browser and we know."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """A sign-in that has come back, once. `account_id`: whom to bind, where that is what it was for."""

    nonce: str
    verifier: str
    account_id: int | None
    onwards: str


def set_out(desk: Desk, *, browser: str, onwards: str, account_id: int | None = None) -> Setting:
    made = Setting(state=new_secret(), nonce=new_secret(), verifier=new_secret() + new_secret())
    with desk.transaction(desk.wall.now()) as tx:
        accounts.forget_tries(tx, tx.now)
        accounts.save(
            tx,
            LoginTry(
                hash=_digest(made.state),
                verifier=made.verifier,
                nonce=made.nonce,
                browser=_digest(browser),
                account_id=account_id,
                onwards=onwards,
                expires_at=tx.now + LASTS,
            ),
        )
    return made


def come_back(desk: Desk, state: str, *, browser: str) -> Underway:
    """The sign-in with this state, to the browser that set out, once. Raises Unauthenticated."""
    with desk.transaction(desk.wall.now()) as tx:
        found = accounts.use_try(tx, _digest(state))
        if found is None or found.browser != _digest(browser):
            raise Unauthenticated(STALE)
        return Underway(nonce=found.nonce, verifier=found.verifier, account_id=found.account_id, onwards=found.onwards)


def sign_in_as(desk: Desk, issuer: str, subject: str, *, browser: str, network: str) -> Entered:
    """The account that this identity is bound to; a second factor is asked for all the same. Raises Unauthenticated."""
    with desk.transaction(desk.wall.now()) as tx:
        known = accounts.by_identity(tx, issuer, subject)
        if known is None or known.account.disabled_at is not None or known.account.id is None:
            raise Unauthenticated(UNKNOWN)
        whole = known.account.totp_at is None
        reference = sessions.open_session(desk, tx, known.account.id, whole=whole, browser=browser, network=network)
        accounts.change(tx, known.account, signed_in_at=tx.now)
        event = AccessEvent(
            at=tx.now, what="sign_in.provider", actor=known.person.code, about=issuer[:120], network=network
        )
        accounts.save(tx, event)
    return Entered(reference, whole)


def bind(desk: Desk, account_id: int, issuer: str, subject: str) -> None:
    """Raises Refused where it is somebody else's already."""
    with desk.transaction(desk.wall.now()) as tx:
        known = accounts.by_identity(tx, issuer, subject)
        if known is not None and known.account.id != account_id:
            raise Refused("这个身份已绑定另一个账号")
        if known is None:
            accounts.save(tx, Identity(account_id=account_id, issuer=issuer, subject=subject, bound_at=tx.now))
            accounts.save(tx, AccessEvent(at=tx.now, what="identity.bound", actor=str(account_id), about=issuer[:120]))


def unbind(desk: Desk, account_id: int) -> None:
    with desk.transaction(desk.wall.now()) as tx:
        accounts.unbind(tx, account_id)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
