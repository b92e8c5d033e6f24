"""The one policy: what exists for whoever asks, and what they may do with it. Default deny.

    outside one's subtree → nothing exists (404)    inside, but not one's to do → 403    not at this stage → 409

Pages, the API, exports, search, counts and mail ask the same object. What an act of the procedure takes stands in the procedure's
own table, as a relation to the cycle; which relations somebody has is said here, and RULES says it of everything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starflow.service.access import Principal, Standing, may_see, relations_of, require_sight
from starflow.service.case import Case, campaign_of, case_of
from starflow.service.desk import Desk
from starflow.service.view import Filters
from storage import cycles, grants, obligations, organisations
from storage.cycles import CycleRow
from storage.database import Transaction
from workflow.engine.errors import Forbidden, Unknown
from workflow.rating.stages import ROLE_WORDS

SEAT_WORDS: Mapping[str, str] = {**ROLE_WORDS, "leader": "分管领导", "admin": "系统管理员", "auditor": "审计员"}
JUDGING = frozenset({"superior", "department", "committee", "city"})
"""Relations in which one decides about somebody: nobody has them towards an organisation that is their own."""
OF_THE_TREE = ("organisation", "superior", "leader", "department", "committee", "auditor")
"""Whoever sees the work of their subtree; the administrator keeps accounts and sees none of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Something one may do that is no act of the procedure. `roles`: relations to the organisation, or roles where none is meant.

    `two`: in earnest it takes two people; `again`: one shows again who one is; `where`: the page on which two do it.
    """

    action: str
    title: str
    roles: tuple[str, ...]
    two: bool = False
    again: bool = False
    where: str = "待复核"


RULES = (
    Rule(action="extend", title="延期", roles=("department",)),
    Rule(action="hold", title="暂停计时", roles=("department",)),
    Rule(action="release", title="恢复计时", roles=("department",)),
    Rule(action="nudge", title="催办", roles=("superior", "department")),
    Rule(action="slip", title="签发督办单", roles=("superior", "department")),
    Rule(action="read_work", title="查看办理情况", roles=(*OF_THE_TREE, "city")),
    Rule(action="read_roster", title="查看名册和星级", roles=(*OF_THE_TREE, "admin")),
    Rule(action="read_meetings", title="查看工委会的会议", roles=("department", "committee", "auditor")),
    Rule(action="export", title="导出名单", roles=OF_THE_TREE, again=True),
    Rule(action="import_roster", title="导入名册", roles=("admin",), two=True, again=True, where="名册"),
    Rule(action="undo_roster", title="撤销导入名册", roles=("admin",), two=True, again=True, where="名册"),
    Rule(action="read_upkeep", title="查看运行状况", roles=("department", "admin", "auditor")),
    Rule(action="check_scheme", title="检查方案", roles=("department", "admin")),
    Rule(action="adopt_scheme", title="采用方案", roles=("department", "admin"), two=True, again=True),
    Rule(action="read_notices", title="查看通知记录", roles=("department", "admin", "auditor")),
    Rule(action="resend_notices", title="重发通知", roles=("department", "admin")),
    Rule(action="read_accounts", title="查看账号和职务", roles=("admin", "auditor")),
    Rule(action="manage_accounts", title="管理账号和职务", roles=("admin",), again=True),
    Rule(action="read_access_log", title="查看登录和授权记录", roles=("admin", "auditor")),
    Rule(action="grant_role", title="授予职务", roles=("admin",), two=True, again=True),
    Rule(action="withdraw_password", title="收回密码", roles=("admin",), two=True, again=True),
    Rule(action="reset_totp", title="重置双重验证", roles=("admin",), two=True, again=True),
    Rule(action="approve", title="批准星级", roles=("committee",), two=True, again=True, where="批准"),
    Rule(action="reject", title="不予批准", roles=("committee",), two=True, again=True),
    Rule(action="record_excess", title="超额决定", roles=("committee",), two=True, again=True, where="批准"),
    Rule(action="draw", title="抽签", roles=("department", "committee"), again=True),
    Rule(action="exempt", title="免评", roles=("department",), two=True, again=True),
    Rule(action="close_unrated", title="终止评定", roles=("department",), two=True, again=True),
)


class TwoNeeded(Forbidden):
    """It takes two people; whoever asks alone is told how."""


class Policy:
    """Decides; knows nothing of HTTP. There is one, `POLICY`."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = {rule.action: rule for rule in rules}

    # ── what exists ──

    def sees(self, tx: Transaction, principal: Principal, cycle: CycleRow) -> bool:
        """The city stands in no tree of ours: it sees the cycles whose open act is its own to do."""
        if principal.role != "city":
            return may_see(principal.path, cycle.path)
        current = obligations.open_stage(tx, cycle.id)
        return current is not None and current.owner_role == "city"

    def seen_case(self, desk: Desk, tx: Transaction, principal: Principal, code: str, year: int | None) -> Case:
        """The case with this code, if it exists for whoever asks. Raises Unknown, in the same words for both, and Forbidden."""
        campaign = campaign_of(tx, year)
        assert campaign.id is not None  # it was read
        found = cycles.find(tx, campaign.id, code)
        if found is None or not self.sees(tx, principal, found):
            raise Unknown(f"{campaign.year}年度没有编码为“{code}”的党组织")
        self.require(principal, "read_work")
        return case_of(desk, tx, found)

    def narrowed(self, desk: Desk, principal: Principal, filters: Filters) -> Filters | None:
        """The filters that show what exists for whoever asks; None: nothing of it does. Raises Unknown, Forbidden."""
        if principal.role == "city":
            if filters.under is not None:
                raise Forbidden("市委组织部的清单不能按组织范围(under)筛选")
            return replace(filters, owner="city") if filters.owner in (None, "city") else None
        if filters.under is None:
            return replace(filters, under=principal.code)
        with desk.reading() as tx:
            found = organisations.by_code(tx, filters.under)
        require_sight(principal, filters.under, found.path if found else "")
        return filters

    def may_be_told(self, role: str, path: str, about: str, *, owes: bool = False) -> bool:
        """Whether mail to a post at `path` may speak of the organisation at `about`; whoever owes an act is told of it."""
        return owes or role in ("department", "committee", "city") or path == about or may_see(path, about)

    # ── what one may do ──

    def relations(self, tx: Transaction, principal: Principal, case: Case) -> frozenset[str]:
        """What whoever asks is to this very cycle; towards one's own organisation nobody judges."""
        held = self._relations(tx, principal, case)
        return held - JUDGING if self.interest(tx, principal, case) else held

    def acting_relations(self, tx: Transaction, principal: Principal, case: Case) -> frozenset[str]:
        """The same for whoever is about to act: an interest is named. Raises Forbidden."""
        held = self._relations(tx, principal, case)
        interest = self.interest(tx, principal, case)
        if interest and held & JUDGING:
            raise Forbidden(f"{interest},须回避,请由担任同一职务的其他人办理")
        return held

    def interest(self, tx: Transaction, principal: Principal, case: Case) -> str | None:
        """Why whoever asks must not judge this cycle; None where nothing stands against it."""
        if principal.person is None:
            return None
        return grants.interest(tx, principal.person, case.cycle.organisation_id, case.today)

    def may(self, principal: Principal, action: str, relations: frozenset[str] = frozenset()) -> bool:
        return bool({principal.role, *relations} & set(self._rules[action].roles))

    def require(self, principal: Principal, action: str, relations: frozenset[str] | None = None) -> None:
        """By relation to an organisation where one is meant, else by role. Raises Forbidden."""
        rule = self._rules[action]
        if not (frozenset({principal.role}) if relations is None else relations) & set(rule.roles):
            raise Forbidden(f"{rule.title}由{'、'.join(SEAT_WORDS[role] for role in rule.roles)}办理")

    def takes_two(self, desk: Desk, action: str) -> bool:
        """In a rehearsal one person plays everybody."""
        return action in self._rules and self._rules[action].two and not desk.rehearsal

    def require_not_alone(self, desk: Desk, action: str) -> None:
        """Raises TwoNeeded for what takes two, asked by one."""
        if self.takes_two(desk, action):
            rule = self._rules[action]
            raise TwoNeeded(f"{rule.title}须两人办理:一人提出,另一人在自己的登录里复核(网页“{rule.where}”)")

    def rule(self, action: str) -> Rule:
        return self._rules[action]

    @staticmethod
    def _relations(tx: Transaction, principal: Principal, case: Case) -> frozenset[str]:
        standing = Standing(
            organisation_id=case.cycle.organisation_id,
            reviewer_id=case.cycle.reviewer_id,
            root_id=organisations.root(tx),
            city_id=organisations.id_of(tx, organisations.CITY),
        )
        return relations_of(principal.role, principal.organisation_id, standing)


POLICY = Policy(RULES)
