"""What people do in a rehearsal beside the stages: plans, ledgers, inspections, rectifications, plaques; each done, late, or left.

As in `players`: they know the matter and their own dice, and what they want goes through the matters' one door. Dice fall by the
organisation's code, the kind and how often somebody has acted on it, never by a row's number: those differ between databases.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from starflow.service.case import Case
from starflow.service.clock import draw
from starflow.service.players import SOON, Player
from storage.models import Matter
from storage.obligations import Beside
from workflow.engine.deadlines import due_date, local_date
from workflow.rating.scheme import Scheme

LEDGERS, INSPECTIONS, SENT_BACK, SLIPPED = 0.25, 0.08, 0.2, 0.15
"""Shares: of plans with an item in the ledger, of those that are inspected, of reports that come back, of work that has slipped."""


@dataclass(frozen=True, slots=True)
class Step:
    """One act on a matter that somebody tries, as whom. With a `kind` it opens a matter of that kind instead."""

    act: str
    role: str
    data: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    kind: str = ""


def dice(player: Player, code: str, kind: str, version: int, *names: str) -> float:
    return draw(player.seed, code, "beside", kind, version, *names)


def day_of(player: Player, scheme: Scheme, owed: Beside) -> date:
    """When the owner gets round to it; the share that in a stage would wait for the last rung is left here."""
    if owed.code in player.parts:
        return date.max
    opened = local_date(owed.opened_at, scheme.zone)
    due = due_date(owed.due_at, scheme.zone) if owed.due_at else opened + timedelta(days=SOON)
    rolls = (owed.code, owed.kind, owed.version)
    roll, b = dice(player, *rolls, "when"), player.behaviour
    if roll >= b.early + b.in_time + b.late:
        return date.max
    return player.day(roll, dice(player, *rolls, "spread"), opened, max(opened, due - timedelta(days=SOON)), due)


def steps(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    """What the owner does with it, and what follows from that."""
    play = PLAYS.get((matter.kind, matter.status))
    if play is not None:
        yield from play(player, case, matter, owner)


# ── one play per kind and status ─────────────────────────────────


def _plan(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    higher = [star for star in case.scheme.stars if star > (case.cycle.star or 0)]
    target = higher[0] if higher else case.cycle.star or 0
    yield Step("file", owner, {"target_star": target, "measures": "对照短板逐项改进"})
    if _roll(player, case, matter, "ledger") < LEDGERS:
        item = {"target": "党员教育", "measure": "每月一课", "responsible": "书记", "due_on": _in_days(case, 40)}
        yield Step("", "organisation", item, kind="ledger_item")
    if _roll(player, case, matter, "inspection") < INSPECTIONS:
        yield Step("", "superior", {"on": _in_days(case, 20)}, kind="inspection")


def _start(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    yield Step("start", owner)


def _claim(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    yield Step("claim", owner, {"evidence": "会议记录、照片"})


def _sign_off(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    yield from _sent_back(player, case, matter, owner)
    yield Step("sign_off", owner)


def _sent_back(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    if _roll(player, case, matter, "sent back") < SENT_BACK:
        yield Step("send_back", owner, {"due_on": _in_days(case, 15)}, reason="佐证不足,请补充")


def _found(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    slipped = _roll(player, case, matter, "slipped") < SLIPPED
    result = "slipped" if slipped else "passed"
    yield Step("record", owner, {"on": case.today.isoformat(), "result": result, "findings": "现场查看、查阅记录"})
    if slipped:
        said = {"problem": "复验发现工作下滑", "due_on": _in_days(case, 30)}
        yield Step("", owner, said, kind="rectification")


def _report(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    yield Step("report", owner, {"result": "已逐项整改", "evidence": "整改台账、照片"})


def _accept(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    yield from _sent_back(player, case, matter, owner)
    yield Step("accept", owner, {"score": "100", "asked": 20, "dissatisfied": 1})


def _leader(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    yield Step("name_leader", owner, {"leader": "联系领导", "position": "班子成员"})


def _award(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    yield Step("award", owner, {"on": case.today.isoformat(), "place": "会议室"})


def _take_back(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    yield Step("take_back", owner, {"on": case.today.isoformat()})


def _withdraw(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    yield Step("withdraw", owner, reason="已失去相应星级")


def _of_the_unit(player: Player, case: Case, matter: Matter, owner: str) -> Iterator[Step]:
    yield Step("file", owner, {"document": "关于印发创建活动实施方案的通知"})


def _roll(player: Player, case: Case, matter: Matter, name: str) -> float:
    return dice(player, case.cycle.code, matter.kind, matter.version, name)


def _in_days(case: Case, days: int) -> str:
    return (case.today + timedelta(days=days)).isoformat()


Play = Callable[[Player, Case, Matter, str], Iterator[Step]]
PLAYS: Mapping[tuple[str, str], Play] = {
    ("plan", "open"): _plan,
    ("ledger_item", "open"): _start,
    ("ledger_item", "in_progress"): _claim,
    ("ledger_item", "returned"): _claim,
    ("ledger_item", "claimed"): _sign_off,
    ("inspection", "open"): _found,
    ("rectification", "open"): _report,
    ("rectification", "returned"): _report,
    ("rectification", "reported"): _accept,
    ("key_management", "open"): _leader,
    ("plaque", "to_award"): _award,
    ("plaque", "to_recall"): _take_back,
    ("demonstration_site", "to_withdraw"): _withdraw,
    ("implementation_plan", "open"): _of_the_unit,
}
"""What has no play here (a contact leader who is named, a demotion, a clue) is nobody's to do in a rehearsal."""
