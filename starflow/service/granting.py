"""Roles given beside the posts of the roster: from–until, asked for by one administrator and confirmed by another.

Whoever administers does no business, and whoever does business does not administer. The first two administrators are appointed by
whoever runs the installation; from then on it takes two of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starflow.service.access import Principal, may_hold
from starflow.service.desk import Desk
from starflow.service.sessions import seats_of
from storage import grants, organisations, posts
from storage.account_models import GRANTED_ROLES, AccessEvent, RoleGrant
from storage.accounts import save
from storage.database import Transaction
from storage.models import Organisation, Person
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput, Forbidden, Refused, Unknown

APART = frozenset({"admin", "auditor"})
"""Roles that go with no other."""
ENOUGH_ADMINS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantLine:
    """A role that somebody has been given."""

    number: int
    person: str
    name: str
    role: str
    organisation: str
    from_on: date
    until_on: date | None
    granted_by: str
    confirmed_by: str


def payload_of(
    desk: Desk, who: str, role: str, code: str, *, from_on: date | None = None, until_on: date | None = None
) -> dict[str, Any]:
    """What a grant says, judged before anybody is asked to confirm it. Raises Unknown, BadInput, Refused."""
    with desk.reading() as tx:
        today = local_date(tx.now, desk.settings.zone)
        begins = from_on or today
        person, body = _person(tx, who), _body(tx, code)
        _fits(tx, person, body, role, begins, until_on, today)
    until = until_on.isoformat() if until_on else None
    return {"person": person.code, "role": role, "code": code, "from_on": begins.isoformat(), "until_on": until}


def give(desk: Desk, payload: Mapping[str, Any], *, granted_by: str, confirmed_by: str) -> str:
    """The grant itself, judged again. Raises Unknown, BadInput, Refused, Forbidden."""
    until = date.fromisoformat(payload["until_on"]) if payload.get("until_on") else None
    begins = date.fromisoformat(payload["from_on"])
    with desk.transaction() as tx:
        person, body = _person(tx, payload["person"]), _body(tx, payload["code"])
        if person.code in (granted_by, confirmed_by):
            raise Forbidden("不能给自己授予职务,也不能复核给自己的职务")
        _fits(tx, person, body, payload["role"], begins, until, local_date(tx.now, desk.settings.zone))
        assert person.id is not None and body.id is not None  # they were read
        grants.add(
            tx,
            RoleGrant(
                person_id=person.id,
                role=payload["role"],
                organisation_id=body.id,
                from_on=begins,
                until_on=until,
                granted_by=granted_by,
                confirmed_by=confirmed_by,
            ),
        )
        said = f"{person.code}({person.name})自{begins.isoformat()}起在{body.code}担任{payload['role']}"
        save(tx, AccessEvent(at=desk.wall.now(), what="role.granted", actor=granted_by, about=person.code, detail=said))
    return said


def is_founding(desk: Desk, role: str) -> bool:
    """Whether the installation itself still appoints: there are not two administrators yet, and this is to be one."""
    with desk.reading() as tx:
        return role == "admin" and len(grants.holders(tx, "admin", _today(desk, tx))) < ENOUGH_ADMINS


def administrator(desk: Desk, who: str) -> Principal:
    """This person, as the administrator that they are today. Raises Unknown, Forbidden."""
    with desk.reading() as tx:
        person = _person(tx, who)
        seat = next((one for one in seats_of(desk, tx, person) if one.role == "admin"), None)
    if seat is None:
        raise Forbidden(f"{person.code}({person.name})现在不是系统管理员")
    return seat


def revoke(desk: Desk, number: int, *, by: str) -> None:
    """Taking a role away needs one only. Raises Unknown."""
    with desk.transaction() as tx:
        if not grants.end(tx, number, by):
            raise Unknown(f"没有编号为{number}的有效授权")
        save(tx, AccessEvent(at=desk.wall.now(), what="role.revoked", actor=by, detail=str(number)))


def listed(desk: Desk) -> tuple[GrantLine, ...]:
    with desk.reading() as tx:
        return tuple(_line(*found) for found in grants.grants(tx))


def recuse(desk: Desk, person: str, code: str, reason: str) -> None:
    """Whoever has an interest says so, and judges this organisation no more. Raises Unknown, BadInput."""
    if not reason.strip():
        raise BadInput("申请回避须写明理由")
    with desk.transaction() as tx:
        found, body = _person(tx, person), _body(tx, code)
        assert found.id is not None and body.id is not None  # they were read
        if grants.interest(tx, found.code, body.id, _today(desk, tx)) is None:
            grants.recuse(tx, found.id, body.id, reason)
            save(tx, AccessEvent(at=desk.wall.now(), what="recusal", actor=found.code, about=code, detail=reason[:400]))


def _fits(
    tx: Transaction, person: Person, body: Organisation, role: str, begins: date, until: date | None, today: date
) -> None:
    if role not in GRANTED_ROLES:
        raise BadInput(f"没有“{role}”这种职务,可选:{'、'.join(GRANTED_ROLES)}")
    if body.ended_on is not None or not may_hold(body, role):
        raise BadInput(f"{body.code}不能有“{role}”这种职务")
    if until is not None and until <= max(begins, today):
        raise BadInput(f"任期须晚于{max(begins, today).isoformat()}")
    assert person.id is not None  # it was read
    held = {seat.role for seat in grants.seats(tx, person.id, begins)}
    if (APART & held and role not in held) or (role in APART and held - {role}):
        raise Refused(f"{person.code}({person.name})已担任{'、'.join(sorted(held))};系统管理员、审计员不得兼任业务职务")
    if any(seat.role == role and seat.organisation_id == body.id for seat in grants.seats(tx, person.id, begins)):
        raise Refused(f"{person.code}({person.name})已在{body.code}担任{role}")


def _person(tx: Transaction, who: str) -> Person:
    found = posts.people_called(tx, who)
    if len(found) != 1:
        raise Unknown(f"没有编号或邮箱为“{who}”的人员" if not found else f"“{who}”不止一人,请写人员编号")
    return found[0]


def _body(tx: Transaction, code: str) -> Organisation:
    found = organisations.by_code(tx, code)
    if found is None:
        raise Unknown(f"没有编码为{code}的组织")
    return found


def _today(desk: Desk, tx: Transaction) -> date:
    return local_date(tx.now, desk.settings.zone)


def _line(grant: RoleGrant, person: Person, body: Organisation) -> GrantLine:
    assert grant.id is not None  # it was read
    return GrantLine(
        number=grant.id,
        person=person.code,
        name=person.name,
        role=grant.role,
        organisation=body.code,
        from_on=grant.from_on,
        until_on=grant.until_on,
        granted_by=grant.granted_by,
        confirmed_by=grant.confirmed_by,
    )
