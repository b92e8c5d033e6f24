"""Who may do what, and who may see it: default deny.

A role is a relation to a cycle, not an attribute of an account: the same committee is `organisation` of its own cycle and
`superior` of those it reviews. What lies outside one's subtree does not exist for one.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from starflow.service.clock import new_secret
from starflow.service.desk import Desk
from storage import organisations, posts, tokens
from storage.account_models import AccessEvent
from storage.accounts import save
from storage.database import Transaction
from storage.models import Organisation, Token
from storage.organisations import CITY
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput, Forbidden, Unauthenticated, Unknown
from workflow.engine.machine import ANYONE, CLOCK

BODIES = ("organisation", "superior", "department", "committee", "city")
"""The roles that a body can hold."""
ROLES = (*BODIES, ANYONE)
AT_THE_ROOT = ("department", "committee", "admin", "auditor")
MAX_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The bodies that stand around one cycle, by the ids of their organisations."""

    organisation_id: int
    reviewer_id: int
    root_id: int
    city_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking: a role at an organisation, and the code of the person who holds it today."""

    role: str
    organisation_id: int
    code: str
    path: str
    person: str | None
    label: str


# ── relations ────────────────────────────────────────────────────


def relations_of(role: str, actor_id: int, standing: Standing) -> frozenset[str]:
    """The relations that a body in this role has to the cycle; `anyone` is one of everybody's."""
    return frozenset((ANYONE, *_held(role, actor_id, standing)))


def claimed(role: str, standing: Standing) -> frozenset[str]:
    """The relations of `--as ROLE`: as if the body held them whose they are. Raises BadInput, Forbidden."""
    if role == CLOCK:
        raise Forbidden("时钟的动作由系统到时自动办理,不能以时钟的名义办理")
    if role not in ROLES:
        raise BadInput(f"没有“{role}”这种身份,可选:{'、'.join(ROLES)}")
    return relations_of(role, _body_of(role, standing), standing)


def _held(role: str, actor_id: int, standing: Standing) -> Iterator[str]:
    """Nobody is the superior of himself; the department is the superior of whoever stands directly under the root."""
    itself, reviews = actor_id == standing.organisation_id, actor_id == standing.reviewer_id
    match role:
        case "organisation" if itself:
            yield "organisation"
        case "organisation" | "superior" if reviews and not itself:
            yield "superior"
        case "department" if actor_id == standing.root_id:
            yield "department"
            if reviews and not itself:
                yield "superior"
        case "committee" if actor_id == standing.root_id:
            yield "committee"
        case "city" if actor_id == standing.city_id:
            yield "city"


def _body_of(role: str, standing: Standing) -> int:
    match role:
        case "superior":
            return standing.reviewer_id
        case "department" | "committee":
            return standing.root_id
        case "city":
            return standing.city_id
    return standing.organisation_id


# ── sight ────────────────────────────────────────────────────────


def may_see(actor_path: str, target_path: str) -> bool:
    """At or below oneself in the tree; paths read "/1/4/9/"."""
    return actor_path.strip("/") != "" and actor_path.endswith("/") and target_path.startswith(actor_path)


def require_sight(principal: Principal, code: str, path: str, *, before_the_city: bool = False) -> None:
    """Raises Unknown, in the words for a code that does not exist, where the organisation lies outside one's sight.

    The city stands in no tree of ours: it sees the cycles that are before it and nothing else.
    """
    if may_see(principal.path, path) or (principal.role == "city" and before_the_city):
        return
    raise Unknown(f"没有编码为{code}的组织")


# ── tokens ───────────────────────────────────────────────────────


def issue_token(desk: Desk, role: str, code: str, label: str, days: int) -> str:
    """A bearer token for a role at an organisation: its plain text, this once. Raises BadInput, Unknown."""
    if not 1 <= days <= MAX_DAYS:
        raise BadInput(f"令牌的有效天数须在1至{MAX_DAYS}之间")
    if len(label) > 80:
        raise BadInput("令牌的用途说明最多80个字")
    plain = new_secret()
    with desk.transaction() as tx:
        body = organisations.by_code(tx, code)
        if body is None or body.id is None:
            raise Unknown(f"没有编码为{code}的组织")
        _check_holds(body, role)
        tokens.add(
            tx,
            Token(
                hash=_digest(plain),
                label=label,
                role=role,
                organisation_id=body.id,
                issued_at=tx.now,
                expires_at=tx.now + timedelta(days=days),
            ),
        )
    return plain


ID_LENGTH = 12
"""A token is named by the beginning of its hash, from which nobody can make the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLine:
    """A token as an administrator sees it; `status` is one of valid, expired, revoked."""

    id: str
    role: str
    organisation: str
    label: str
    issued_at: datetime
    expires_at: datetime | None
    status: str


def list_tokens(desk: Desk) -> tuple[TokenLine, ...]:
    with desk.reading() as tx:
        return tuple(_token_line(token, body, tx.now) for token, body in tokens.all_of_them(tx))


def revoke_token(desk: Desk, id: str, *, by: str) -> str:
    """From now on it opens nothing; revoked twice is revoked. Its id. Raises Unknown, BadInput."""
    with desk.transaction() as tx:
        found = [token for token, _ in tokens.all_of_them(tx) if len(id) >= 4 and token.hash.startswith(id)]
        if not found:
            raise Unknown(f"没有编号为{id}的令牌,见 token list")
        if len(found) > 1:
            raise BadInput(f"以{id}开头的令牌有{len(found)}个,请写全编号")
        tokens.revoke(tx, found[0].hash)
        event = AccessEvent(at=desk.wall.now(), what="token.revoked", actor=by[:120], about=found[0].hash[:ID_LENGTH])
        save(tx, event)
        return found[0].hash[:ID_LENGTH]


def _token_line(token: Token, body: Organisation, now: datetime) -> TokenLine:
    status = "revoked" if token.revoked_at else "valid" if _holds(token, body.ended_on, now) else "expired"
    return TokenLine(
        id=token.hash[:ID_LENGTH],
        role=token.role,
        organisation=body.code,
        label=token.label,
        issued_at=token.issued_at,
        expires_at=token.expires_at,
        status=status,
    )


def authenticate(desk: Desk, plain: str) -> Principal:
    """Whose token this is. Raises Unauthenticated, in one sentence for whatever is wrong with it."""
    with desk.reading() as tx:
        return authenticate_in(desk, tx, plain)


def authenticate_in(desk: Desk, tx: Transaction, plain: str) -> Principal:
    """The same in a reading that goes on."""
    found = tokens.find(tx, _digest(plain))
    if found is None or not _holds(found, found.ended_on, tx.now):
        raise Unauthenticated("令牌无效或已过期")
    post = found.role, found.organisation_id
    person = posts.named_for(tx, [post], local_date(tx.now, desk.settings.zone)).get(post)
    return Principal(
        role=found.role,
        organisation_id=found.organisation_id,
        code=found.code,
        path=found.path,
        person=person.code if person else None,
        label=found.label,
    )


def _check_holds(body: Organisation, role: str) -> None:
    """A role belongs to one kind of body: the root, the city, or any organisation of the roster."""
    if role not in BODIES:
        raise BadInput(f"没有“{role}”这种身份,可选:{'、'.join(BODIES)}")
    if body.ended_on is not None:
        raise BadInput(f"{body.code}已于{body.ended_on.isoformat()}停用,不再发令牌")
    if not may_hold(body, role):
        raise BadInput(f"{body.code}不能有“{role}”这种身份")


def may_hold(body: Organisation, role: str) -> bool:
    """The root alone has a department, a committee, administrators and auditors; the city is the city."""
    at_root = body.parent_id is None and not body.external
    if role in AT_THE_ROOT:
        return at_root
    return body.code == CITY if role == "city" else not body.external


def _holds(token: Token | tokens.Shown, ended_on: date | None, now: datetime) -> bool:
    return token.revoked_at is None and ended_on is None and (token.expires_at is None or now < token.expires_at)


def _digest(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
