"""Accounts: who may sign in. Nobody can until somebody is invited, and whoever is invited chooses the password.

There is no default account and no password that anybody else knows: an invitation is a link that works once, for a day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starflow.service import attempts, passwords
from starflow.service.clock import new_secret
from starflow.service.desk import Desk
from starflow.service.sessions import digest_of, seats_of
from starflow.service.signing_in import login_of
from storage import accounts, posts, sessions
from storage.account_models import AccessEvent, Account, AccountLink
from storage.accounts import Known
from storage.database import Transaction
from storage.models import Person
from workflow.engine.errors import BadInput, Refused, Unknown

LINK_HOURS = 24
GONE = "链接无效、已经用过或已经过期;请向发给您的人再要一个"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """The link's token, shown this once to whoever invites."""

    login: str
    person: str
    name: str
    token: str
    expires_at: datetime
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """An account as an administrator sees it; `status` is one of invited, active, disabled; `why` it is disabled."""

    login: str
    person: str
    name: str
    status: str
    totp: bool
    roles: tuple[str, ...]
    signed_in_at: datetime | None
    email: str = ""
    why: str = ""


# ── inviting ─────────────────────────────────────────────────────


def invite(desk: Desk, who: str, *, login: str = "", name: str = "", by: str) -> Invitation:
    """An account for a person of the roster (code or e-mail), or with `name` for somebody new; again: another link.

    Raises Unknown, BadInput, Refused.
    """
    with desk.transaction(desk.wall.now()) as tx:
        person = _person(tx, who, name)
        assert person.id is not None  # it was read
        known = accounts.of_person(tx, person.id) or _new_account(tx, person, login)
        if known.account.disabled_at is not None:
            raise Refused(f"账号{known.account.login}已停用,须先恢复(account enable)")
        return _link(tx, known, by=by, resets_totp=False)


def address_of(desk: Desk, who: str, name: str = "") -> str:
    """Where a letter to whoever is invited would go, empty where nowhere is known. Raises Unknown, BadInput as `invite` does."""
    with desk.reading() as tx:
        found = _found(tx, who, name)
    return found.email if found else _address(who)


def reset(desk: Desk, login: str, *, totp: bool, by: str) -> Invitation:
    """A link to set another password; `totp`: the second factor is set up anew as well. Raises Unknown, Refused."""
    with desk.transaction(desk.wall.now()) as tx:
        known = _known(tx, login)
        if known.account.disabled_at is not None:
            raise Refused(f"账号{known.account.login}已停用,须先恢复(account enable)")
        return _link(tx, known, by=by, resets_totp=totp)


def _person(tx: Transaction, who: str, name: str) -> Person:
    return _found(tx, who, name) or posts.add_person(tx, name=name, email=_address(who))


def _found(tx: Transaction, who: str, name: str) -> Person | None:
    """None: somebody new, of this name."""
    found = posts.people_called(tx, who)
    if len(found) > 1:
        raise BadInput(f"“{who}”有{len(found)}人:{'、'.join(one.code for one in found)};请写人员编号")
    if not found and not name:
        raise Unknown(f"没有编号或邮箱为“{who}”的人员;名册以外的人请同时写明姓名(--name)")
    return found[0] if found else None


def _address(who: str) -> str:
    return who if "@" in who else ""


def _new_account(tx: Transaction, person: Person, login: str) -> Known:
    chosen = login_of(login or person.email or person.code)
    if not 2 <= len(chosen) <= 80 or any(not c.isprintable() or c.isspace() for c in chosen):
        raise BadInput("登录名须是2至80个字符,不含空格")
    if accounts.by_login(tx, chosen) is not None:
        raise BadInput(f"登录名“{chosen}”已有人使用,请用 --login 另定一个")
    assert person.id is not None  # it was read
    account = Account(person_id=person.id, login=chosen, created_at=tx.now)
    accounts.save(tx, account)
    return Known(account, person)


def _link(tx: Transaction, known: Known, *, by: str, resets_totp: bool) -> Invitation:
    account, person = known
    assert account.id is not None  # it was read
    accounts.void_links(tx, account.id)
    plain, until = new_secret(), tx.now + timedelta(hours=LINK_HOURS)
    accounts.save(
        tx,
        AccountLink(
            hash=digest_of(plain),
            account_id=account.id,
            resets_totp=resets_totp,
            issued_by=by[:120],
            issued_at=tx.now,
            expires_at=until,
        ),
    )
    note(tx, "account.link", by, account.login)
    return Invitation(
        login=account.login, person=person.code, name=person.name, token=plain, expires_at=until, email=person.email
    )


# ── activating ───────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a link is for."""

    login: str
    name: str


def invited(desk: Desk, token: str, *, network: str) -> Invited:
    """Raises Unknown, in one sentence for whatever is wrong with the link."""
    with desk.reading(desk.wall.now()) as tx:
        _, known = _usable(tx, token)
    return Invited(known.account.login, known.person.name)


def activate(desk: Desk, token: str, password: str, again: str, *, network: str) -> str:
    """Sets the password, once; all of the account's sessions end. The login. Raises Unknown, BadInput, TooOften."""
    with desk.transaction(desk.wall.now()) as tx:
        attempts.count(tx, [(attempts.ACTIVATIONS, network)])
    with desk.reading(desk.wall.now()) as tx:
        _, known = _usable(tx, token)
    _check_password(known, password, again)
    kept = passwords.hashed(password, desk.settings.argon2_mib)
    with desk.transaction(desk.wall.now()) as tx:
        link, known = _usable(tx, token)
        if not accounts.use_link(tx, link.hash):
            raise Unknown(GONE)
        _set_password(tx, known.account, kept)
        if link.resets_totp:
            _forget_totp(tx, known.account)
        note(tx, "account.password", known.person.code, known.account.login, network)
        return known.account.login


def change_password(desk: Desk, login: str, password: str, again: str, *, session: int, network: str) -> None:
    """By whoever has just shown the old one; every other session ends. Raises BadInput."""
    with desk.reading() as tx:
        known = _known(tx, login)
    _check_password(known, password, again)
    kept = passwords.hashed(password, desk.settings.argon2_mib)
    with desk.transaction(desk.wall.now()) as tx:
        known = _known(tx, login)
        _set_password(tx, known.account, kept, but=session)
        note(tx, "account.password", known.person.code, known.account.login, network)


def _usable(tx: Transaction, token: str) -> tuple[AccountLink, Known]:
    found = accounts.link(tx, digest_of(token))
    if found is None or found[0].used_at is not None or tx.now >= found[0].expires_at or found[1].account.disabled_at:
        raise Unknown(GONE)
    return found


def _check_password(known: Known, password: str, again: str) -> None:
    person = known.person
    about = (known.account.login, person.name, person.code, person.email.partition("@")[0], person.phone)
    if faults := passwords.faults_of(password, about):
        raise BadInput(*faults)
    if password != again:
        raise BadInput("两次输入的密码不一样")


def _set_password(tx: Transaction, account: Account, kept: str, *, but: int | None = None) -> None:
    assert account.id is not None  # it was read
    account.password_hash, account.password_at = kept, tx.now
    accounts.save(tx, account)
    sessions.end(tx, account.id, "password", tx.now, but=but)


def _forget_totp(tx: Transaction, account: Account) -> None:
    assert account.id is not None  # it was read
    account.totp_secret, account.totp_at = None, None
    accounts.save(tx, account)
    accounts.replace_recovery_codes(tx, account.id, ())


# ── keeping ──────────────────────────────────────────────────────


def listed(desk: Desk) -> tuple[AccountLine, ...]:
    with desk.reading() as tx:
        return tuple(_line(desk, tx, known) for known in accounts.all_of_them(tx))


def _line(desk: Desk, tx: Transaction, known: Known) -> AccountLine:
    account, person = known
    status = "disabled" if account.disabled_at else "active" if account.password_hash else "invited"
    return AccountLine(
        login=account.login,
        person=person.code,
        name=person.name,
        status=status,
        totp=account.totp_at is not None,
        roles=tuple(f"{seat.role}:{seat.code}" for seat in seats_of(desk, tx, person)),
        signed_in_at=account.signed_in_at,
        email=person.email,
        why=account.disabled_why,
    )


def withdraw_password(desk: Desk, login: str, *, by: str) -> str:
    """As if nobody had activated it yet: no password, no second factor, no session, no link. Whose it is. Raises Unknown."""
    now = desk.wall.now()
    with desk.transaction(now) as tx:
        known = _known(tx, login)
        assert known.account.id is not None  # it was read
        _forget_totp(tx, known.account)
        known.account.password_hash, known.account.password_at = None, None
        accounts.save(tx, known.account)
        accounts.void_links(tx, known.account.id)
        sessions.end(tx, known.account.id, "password withdrawn", now)
        note(tx, "account.withdrawn", by, known.account.login)
        return known.person.code


def forget_second_factor(desk: Desk, login: str, *, by: str) -> str:
    """Somebody's phone is lost: their password still counts, and a new second factor is set up at the next sign-in.

    Whose account it is, by code. All its sessions end. Raises Unknown.
    """
    now = desk.wall.now()
    with desk.transaction(now) as tx:
        known = _known(tx, login)
        assert known.account.id is not None  # it was read
        _forget_totp(tx, known.account)
        sessions.end(tx, known.account.id, "second factor reset", now)
        note(tx, "totp.reset", by, login)
        return known.person.code


def disable(desk: Desk, login: str, why: str, *, by: str) -> int:
    """Nobody signs in with it any more, and whoever has is out at once: so many sessions ended. Raises Unknown."""
    with desk.transaction(desk.wall.now()) as tx:
        known = _known(tx, login)
        assert known.account.id is not None  # it was read
        known.account.disabled_at, known.account.disabled_why = tx.now, why
        accounts.save(tx, known.account)
        accounts.void_links(tx, known.account.id)
        note(tx, "account.disabled", by, known.account.login, detail=why)
        return sessions.end(tx, known.account.id, "disabled", tx.now)


def enable(desk: Desk, login: str, *, by: str) -> None:
    with desk.transaction(desk.wall.now()) as tx:
        known = _known(tx, login)
        known.account.disabled_at, known.account.disabled_why = None, ""
        accounts.save(tx, known.account)
        note(tx, "account.enabled", by, known.account.login)


def identities_of(desk: Desk, account_id: int) -> tuple[str, ...]:
    """At which providers this account is known."""
    with desk.reading() as tx:
        return tuple(one.issuer for one in accounts.identities(tx, account_id))


def account_of(desk: Desk, login: str) -> Known:
    """Raises Unknown."""
    with desk.reading() as tx:
        return _known(tx, login)


def _known(tx: Transaction, login: str) -> Known:
    found = accounts.by_login(tx, login_of(login))
    if found is None:
        raise Unknown(f"没有登录名为“{login}”的账号")
    return found


def log(desk: Desk, limit: int = 200) -> tuple[AccessEvent, ...]:
    """Who came in, was turned away, was given a role: the newest first."""
    with desk.reading() as tx:
        return tuple(accounts.events(tx, limit=limit))


def note(tx: Transaction, what: str, actor: str, about: str = "", network: str = "", detail: str = "") -> None:
    """One line in the log of access. `tx` runs on the wall's clock."""
    accounts.save(
        tx,
        AccessEvent(at=tx.now, what=what, actor=actor[:120], about=about[:120], network=network, detail=detail[:400]),
    )
