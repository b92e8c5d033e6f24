"""What the documentation shows: one request and one answer for each operation. Tests hold them against the models.

People, places and figures are invented.
"""

from collections.abc import Mapping
from typing import Any

OWNER = {"role": "superior", "organisation": "D01", "person": "P0003"}
HASH = "9f2c61f0d2b7c0f2a5f0d5a4b8c1e7d39f2c61f0d2b7c0f2a5f0d5a4b8c1e7d3"
MEETING = {"on": "2027-06-24", "number": "工委会〔2027〕7号"}
SCORES = {str(number): "9.5" for number in range(1, 11)}

BODIES: Mapping[str, dict[str, Any]] = {
    "declare": {"head": "赵勇", "members_due": 12, "target_star": 5},
    "submit_self_evaluation": {
        "meeting": {"on": "2027-05-20", "attendees": ["赵勇", "高桂"], "minutes": "对照十项标准逐项自评"},
        "scores": SCORES,
        "star": 5,
    },
    "file_survey": {
        "meeting": {"on": "2027-05-24"},
        "tellers": ["周敏", "吴涛"],
        "paper": {"members_present": 11, "own_unit": 6, "satisfied": 14, "basically_satisfied": 2, "dissatisfied": 1},
    },
    "accept_turnout": {"reason": "3名党员驻外,说明属实"},
    "begin_review": {"expected_version": 4},
    "propose_star": {"scores": SCORES, "star": 5, "verification": "sampled"},
    "keep_star": {"base": "92.5"},
    "send_back": {"to": "survey", "reason": "测评表缺两份,请补正"},
    "withdraw": {"reason": "自评得分填错"},
    "pass_audit": {},
    "post_notice": {"on": "2027-06-08", "place": "单位公告栏"},
    "object": {"content": "服务窗口的评价与实际不符"},
    "dismiss_objection": {"objection": 41, "finding": "已逐项核实,不属实"},
    "uphold_objection": {"objection": 41, "finding": "属实,退回重新考评"},
    "approve": {"meeting": MEETING},
    "record_excess": {"level": "five_star", "number": 1, "reason": "工委会集体研究同意"},
    "reject": {"meeting": MEETING, "reason": "五星名额已满"},
    "confirm_star": {"document": "市委组织部复审意见〔2027〕3号"},
    "overturn_star": {"reason": "现场复核与材料不符"},
    "complete_task": {},
    "exempt": {"reason": "新成立不足一年"},
    "close_unrated": {"reason": "已整建制转出"},
    "extend": {"until": "2027-06-12", "reason": "防汛期间顺延", "subtree": False},
    "hold": {"reason": "等待上级批复"},
    "release": {},
    "nudge": {"dry_run": True},
}

STUCK = {
    "organisation": "D0102",
    "name": "第二党支部",
    "year": 2027,
    "stage": "rating.review",
    "owner": OWNER,
    "since": "2027-05-24T10:02:00+08:00",
    "target_at": "2027-06-01T00:00:00+08:00",
    "due_at": "2027-06-06T00:00:00+08:00",
    "days_overdue": 11,
    "light": "red",
    "missing": [],
    "last_reminder_at": "2027-06-01T09:00:00+08:00",
    "escalates_at": "2027-06-20T09:00:00+08:00",
    "escalates_to": [{"role": "department", "organisation": "GW", "person": "P0001"}],
}
CYCLE = {
    "organisation": "D0102",
    "name": "第二党支部",
    "round": "rating",
    "stage": "rating.review",
    "light": "red",
    "owner": OWNER,
    "due_at": "2027-06-06T00:00:00+08:00",
    "proposed_star": None,
    "star": 4,
}
CYCLE_DETAIL = {
    **{key: CYCLE[key] for key in ("organisation", "name")},
    "year": 2027,
    **{key: CYCLE[key] for key in ("round", "stage")},
    "version": 4,
    "light": "red",
    "owner": OWNER,
    "since": "2027-05-24T10:02:00+08:00",
    "target_at": "2027-06-01T00:00:00+08:00",
    "due_at": "2027-06-06T00:00:00+08:00",
    "proposed_star": None,
    "star": 4,
}
OBLIGATION = {
    "id": 1071,
    "organisation": "D0102",
    "stage": "rating.review",
    "owner": OWNER,
    "target_at": "2027-06-01T00:00:00+08:00",
    "due_at": "2027-06-06T00:00:00+08:00",
    "light": "yellow",
    "next_rung": "e0",
    "next_rung_at": "2027-06-06T09:00:00+08:00",
}
NOTICE = {
    "key": "1071:4:-3:1:superior:3:console",
    "organisation": "D0102",
    "stage": "rating.review",
    "rung": "-3",
    "kind": "reminder",
    "recipient": OWNER,
    "channel": "console",
    "due_at": "2027-05-28T09:00:00+08:00",
    "sent_at": "2027-05-28T09:00:02+08:00",
    "status": "sent",
}
STAR = {
    "organisation": "D0102",
    "star": 4,
    "round": "rating",
    "from": "2026-07-01",
    "until": None,
    "decision": "工委会〔2026〕6号批准",
}
DRAW = {
    "quota": "gold",
    "scope": "all",
    "commitment": HASH,
    "committed_at": "2027-03-01T09:00:00+08:00",
    "committed_by": "P1",
    "seed": None,
    "told_at": None,
    "told_by": None,
}
QUOTA = {
    "quota": "five_star",
    "scope": "all",
    "stars": [5],
    "op": "max",
    "hard": False,
    "base": 524,
    "limit": 52,
    "arithmetic": "参评524个×1/10向下取整,不超过52个",
    "taken": 51,
    "proposed": 2,
    "excess": 0,
    "left": 1,
    "over": 0,
    "cut": 52,
    "tie": None,
    "warning": None,
    "ranked": [
        {
            "rank": 1,
            "organisation": "D0102",
            "name": "发改委第二支部",
            "total": "98",
            "star": 5,
            "taken": True,
            "within": True,
            "tied": False,
        }
    ],
    "lowest": [],
    "draw": None,
}
CAMPAIGN = {
    "year": 2027,
    "status": "open",
    "scheme": "anyang-five-star",
    "scheme_hash": HASH,
    "rated": 524,
    "opened_at": "2027-04-14T08:00:00+08:00",
    "closed_at": None,
}
ORGANISATION = {
    "code": "D0102",
    "name": "第二党支部",
    "kind": "党支部",
    "parent": "D01",
    "field": "机关",
    "members": 12,
    "election_due_on": "2028-03-01",
    "head": "赵勇",
    "leader": "罗建",
    "phone": "138****1234",
    "email": "d0102@example.org",
    "ended_on": None,
}
MEETING_LINE = {
    "number": "工委会〔2027〕7号",
    "held_on": "2027-06-24",
    "year": 2027,
    "status": "open",
    "opened_at": "2027-06-24T09:00:00+08:00",
    "closed_at": None,
    "approved": 12,
    "rejected": 1,
    "votes": [
        {
            "outcome": "approved",
            "organisations": ["D0101", "D0102"],
            "present": 9,
            "in_favour": 8,
            "against": 1,
            "abstained": 0,
        }
    ],
}
SCHEME = {"name": "anyang-five-star", "title": "星级党组织创建方案", "hash": HASH}
HISTORY = {
    "seq": 2,
    "at": "2027-05-06T10:00:00+08:00",
    "trigger": "declare",
    "before": "rating.declaration",
    "after": "rating.self_evaluation",
    "actor": "P0012",
    "role": "organisation",
    "reason": None,
    "hash": HASH,
    "previous_hash": HASH[::-1],
}
WHY = {
    "organisation": "D0102",
    "year": 2027,
    "stage": "rating.review",
    "version": 4,
    "light": "red",
    "owner": OWNER,
    "since": "2027-05-24T10:02:00+08:00",
    "target_at": "2027-06-01T00:00:00+08:00",
    "due_at": "2027-06-06T00:00:00+08:00",
    "arithmetic": ["截止:06-05 → 2027-06-05 24时"],
    "options": [
        {
            "trigger": "begin_review",
            "role": "superior",
            "allowed": True,
            "reasons": [],
            "payload": {"type": "object", "properties": {}, "additionalProperties": False},
            "needs_reason": False,
        }
    ],
    "acts_at": None,
    "extended_until": None,
    "hold": None,
    "held_days": 0,
    "founded_on": None,
    "objections": [],
}
FIRED = {
    "organisation": "D0102",
    "trigger": "declare",
    "before": "rating.declaration",
    "after": "rating.self_evaluation",
    "version": 2,
    "seq": 2,
    "hash": HASH,
    "notices": 1,
}
NUDGED = {
    "organisation": "D0102",
    "recipient_role": "superior",
    "recipient": "第一机关党委",
    "person": "高桂",
    "sent": True,
    "note": "已发出",
}

AGENDA = {
    "year": 2027,
    "rows": [
        {
            "rank": 1,
            "organisation": "D0106",
            "name": "第六党支部",
            "round": "rating",
            "route": "A",
            "self_score": "95",
            "self_star": 5,
            "satisfaction": "满意率96%",
            "base": "94.5",
            "total": "97.5",
            "proposed_star": 5,
            "star": 4,
            "within": True,
            "tied": False,
            "flags": [],
            "deferred": None,
        }
    ],
    "quotas": [
        {
            "quota": "five_star",
            "scope": "全市直",
            "limit": 52,
            "base": 524,
            "arithmetic": "524×1/10=52.4,取52",
            "taken": 31,
            "excess": 0,
            "freed": 0,
            "left": 21,
            "wanted": 1,
            "cut_after": None,
            "tie": None,
        }
    ],
}
MATTER = {
    "id": 17,
    "kind": "plan",
    "organisation": "D0102",
    "status": "open",
    "owner": {"role": "organisation", "organisation": "D0102", "person": "P0012"},
    "due_at": "2027-08-01T00:00:00+08:00",
}
MATTER_VIEW = {
    "id": 17,
    "kind": "plan",
    "organisation": "D0102",
    "status": "open",
    "version": 1,
    "rule": "R49",
    "opened_at": "2027-07-01T00:00:00+08:00",
    "closed_at": None,
    "due_at": "2027-08-01T00:00:00+08:00",
    "arithmetic": ["定星后30天"],
    "data": {"star": 4},
    "acts": [
        {
            "seq": 1,
            "at": "2027-07-01T00:00:00+08:00",
            "act": "open",
            "before": None,
            "after": "open",
            "role": "clock",
            "actor": "clock",
            "data": {},
            "reason": None,
        }
    ],
    "options": [
        {
            "act": "file",
            "role": "organisation",
            "allowed": True,
            "reasons": [],
            "payload": {"type": "object"},
            "needs_reason": False,
        }
    ],
}
ACTED = {
    "id": 17,
    "kind": "plan",
    "organisation": "D0102",
    "act": "file",
    "before": "open",
    "status": "filed",
    "version": 2,
    "due_at": None,
    "notices": 1,
    "opened": [],
    "suggests": [],
    "repeated": False,
}
MATTERS: Mapping[str, dict[str, Any]] = {
    "plan": {},
    "ledger_item": {"target": "阵地达标", "measure": "修缮活动室", "responsible": "赵勇", "due_on": "2027-09-30"},
    "inspection": {"on": "2027-09-10"},
    "rectification": {"problem": "三会一课记录不全", "due_on": "2027-10-15"},
    "demotion": {"star": 3, "reason": "限期整改后仍不合格"},
    "key_management": {"leader": "罗建", "position": "机关党委副书记", "weak": True},
    "plaque": {},
    "demonstration_site": {"reason": "党建品牌突出"},
    "supervision": {"content": "反映活动记录后补"},
    "implementation_plan": {},
}


def page(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"rows": [dict(row)]}
