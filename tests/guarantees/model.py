"""The default procedure once more, small and by hand: from what is told in docs/procedure.md, not from the program's table.

A world is a dict; `expected` says what an act leads to: a word of refusal, or the stage and the changed facts. Nothing of
`workflow` is used here, so that a mistake there is not copied.
"""

from collections.abc import Mapping
from typing import Any

World = Mapping[str, Any]

AFTER = {
    "rating": ("declaration", "self_evaluation", "survey", "review", "audit", "publicity", "approval", "city_review"),
    "recheck": ("self_evaluation", "survey", "review", "publicity", "approval", "city_review"),
}
"""Each round from top to bottom; after the last of a round comes its end."""
ENDS = {"rating": "rated", "recheck": "closed"}
STAGES = (*(f"{r}.{s}" for r in AFTER for s in AFTER[r]), "rated", "closed", "exempt")
FRESH = {
    "proposed": None, "posted_star": None, "noticed_star": None, "posted": False, "turnout_excused": False,
    "review_begun": False, "approved": False,
}  # fmt: skip

ACTS: Mapping[str, tuple[str, ...]] = {
    "declaration": ("declare",),
    "self_evaluation": ("submit_self_evaluation",),
    "survey": ("file_survey", "accept_turnout"),
    "review": ("propose_star", "begin_review", "send_back", "withdraw"),
    "audit": ("pass_audit", "send_back"),
    "publicity": ("close_publicity", "post_notice", "object", "dismiss_objection", "uphold_objection"),
    "approval": ("approve", "record_excess", "reject"),
    "city_review": ("confirm_star", "overturn_star"),
}
TRIGGERS = (
    *dict.fromkeys(t for acts in ACTS.values() for t in acts),
    "keep_star",
    "open_recheck",
    "exempt",
    "close_unrated",
)
ROLES = ("organisation", "superior", "department", "committee", "city", "clock", "anyone")
OWNERS = {
    "declaration": "organisation", "self_evaluation": "organisation", "survey": "organisation", "review": "superior",
    "audit": "department", "approval": "committee", "city_review": "city",
}  # fmt: skip
OTHERS = {
    "accept_turnout": "superior", "withdraw": "organisation", "close_publicity": "clock", "open_recheck": "clock",
    "object": "anyone", "dismiss_objection": "department", "uphold_objection": "department", "exempt": "department",
    "close_unrated": "department",
}  # fmt: skip
REASONED = {
    "accept_turnout", "send_back", "withdraw", "record_excess", "reject", "overturn_star", "exempt", "close_unrated",
}  # fmt: skip
NAMES_A_STAR = {"declare", "submit_self_evaluation", "propose_star"}

BLOCKS: Mapping[str, frozenset[str]] = {
    "late": frozenset({"declare", "submit_self_evaluation", "file_survey"}),
    "meeting_too_early": frozenset({"submit_self_evaluation", "file_survey"}),
    "scores_missing": frozenset({"submit_self_evaluation", "propose_star", "keep_star"}),
    "poll_runs": frozenset({"file_survey"}),
    "tally_wrong": frozenset({"file_survey"}),
    "quota_full": frozenset({"approve"}),
    "own_score": frozenset({"dismiss_objection", "uphold_objection", "approve"}),
    "before_entry": frozenset({"post_notice", "approve", "reject"}),
}
"""One obstacle at a time, and the acts that it stands before; `turnout`, `cap` and `score` are reckoned below."""


def acts_of(stage: str) -> tuple[str, ...]:
    kind = stage.partition(".")[2]
    if stage == "rated":
        return ("open_recheck", "close_unrated")
    if not kind:
        return ()
    kept = ("keep_star",) if stage == "recheck.review" else ()
    return (*ACTS[kind], *kept, "exempt", "close_unrated")


def expected(w: World, trigger: str, role: str, told: World) -> str | tuple[str, dict[str, Any]]:
    """`told`: star, to, reason ("", "listed", "free"), shape (False: nonsense), obstacle."""
    if trigger not in TRIGGERS:
        return "unknown"
    if trigger not in acts_of(w["stage"]):
        return "stage"
    wanted = OTHERS.get(trigger) or _owner(w)
    if wanted not in ("anyone", role):
        return "role"
    if not told["shape"] or (trigger in REASONED and not told["reason"]):
        return "payload"
    back = _back(w["stage"]) if trigger == "send_back" else ()
    if trigger == "send_back" and told["to"] not in back and not (told["to"] is None and len(back) == 1):
        return "payload"
    if _refused(w, trigger, told):
        return "guard"
    changes = _effect(w, trigger, told)
    return _arrived(w, {**w, **changes}, trigger, told)


def _owner(w: World) -> str:
    kind = w["stage"].partition(".")[2]
    if kind == "publicity":
        return "department" if w["proposed"] == 5 else "superior"
    return OWNERS[kind]


def _back(stage: str) -> tuple[str, ...]:
    return ("self_evaluation", "survey") if stage.endswith(".review") else ("review",)


def _refused(w: World, trigger: str, told: World) -> bool:
    obstacle, star = told["obstacle"], told["star"]
    if trigger in BLOCKS.get(obstacle, ()) or (trigger in NAMES_A_STAR and star > 5):
        return True
    match trigger:
        case "file_survey":
            return obstacle == "turnout" and not w["turnout_excused"]
        case "accept_turnout":
            return bool(w["turnout_excused"])
        case "begin_review" | "withdraw":
            return bool(w["review_begun"])
        case "propose_star":
            kept = w["stage"] == "recheck.review" and star == w["star"]
            over = obstacle in ("cap_of_three", "score_of_three") and star > 3
            return kept or over or (obstacle == "score_of_five" and star < 5 and not told["reason"])
        case "keep_star":
            rated = {"score_of_three": 3, "score_of_five": 5}.get(obstacle, w["star"])
            return w["star"] is None or (obstacle == "cap_of_three" and w["star"] > 3) or rated != w["star"]
        case "close_publicity":
            return not w["posted"] or not w["over"] or w["objections"] > 0
        case "post_notice":
            return bool(w["posted"])
        case "object":
            return not w["posted"] or w["over"]
        case "dismiss_objection" | "uphold_objection":
            return not w["objections"]
        case "open_recheck":
            return not w["over"]
        case "exempt":
            return told["reason"] != "listed"
    return False


def _effect(w: World, trigger: str, told: World) -> dict[str, Any]:
    match trigger:
        case "accept_turnout":
            return {"turnout_excused": True}
        case "begin_review":
            return {"review_begun": True}
        case "send_back" | "withdraw" if w["stage"].endswith(".review"):
            return {"review_begun": False, "turnout_excused": False}
        case "propose_star" | "keep_star":
            star = told["star"] if trigger == "propose_star" else w["star"]
            off = trigger == "propose_star" and star != w["noticed_star"]
            hangs = {"noticed_star": None, "posted": False} if off else {}
            return {"proposed": star, "review_begun": True, "approved": False, **hangs}
        case "post_notice":
            return {"posted": True, "noticed_star": w["proposed"]}
        case "object":
            return {"objections": w["objections"] + 1}
        case "dismiss_objection":
            return {"objections": w["objections"] - 1}
        case "uphold_objection":
            full = {"posted_star": w["noticed_star"]} if w["posted"] and w["over"] else {}
            return {"objections": w["objections"] - 1, **full}
        case "close_publicity":
            return {"posted_star": w["noticed_star"]}
        case "approve":
            return {"approved": True}
        case "overturn_star":
            return {"proposed": 4}
        case "exempt":
            return {"outcome": "exempt"}
        case "close_unrated":
            return {"outcome": "unrated" if w["stage"].startswith("rating.") else "unrechecked"}
    return {}


STAYS = {"accept_turnout", "begin_review", "post_notice", "object", "dismiss_objection", "record_excess"}


def _arrived(before: World, w: World, trigger: str, told: World) -> tuple[str, dict[str, Any]]:
    stage = before["stage"]
    round_, _, kind = stage.partition(".")
    if trigger == "exempt":
        dest = "exempt"
    elif trigger == "close_unrated":
        dest = "closed"
    elif trigger == "open_recheck":
        dest = "recheck.self_evaluation"
    elif trigger in STAYS:
        dest = stage
    elif trigger == "send_back":
        dest = f"{round_}.{told['to'] or _back(stage)[0]}"
    elif trigger == "withdraw":
        dest = f"{round_}.self_evaluation"
    elif trigger in ("reject", "uphold_objection"):
        dest = f"{round_}.review"
    else:
        below = AFTER[round_][AFTER[round_].index(kind) + 1 :]
        dest = next((f"{round_}.{step}" for step in below if _stops(round_, step, w)), ENDS[round_])
    left = {name: value for name, value in w.items() if name not in ("stage", "over")}
    granted = dest in ("rated", "closed") and trigger != "close_unrated"
    return dest, {**left, **FRESH, "star": w["star"] if w["proposed"] is None else w["proposed"]} if granted else left


def _stops(round_: str, step: str, w: World) -> bool:
    """Whether a cycle that comes down the list has to do this."""
    five = w["proposed"] == 5
    changed = w["star"] is not None and w["proposed"] != w["star"]
    shown = w["proposed"] is not None and w["posted_star"] == w["proposed"]
    if step == "audit":
        return five and w["route"] == "A"
    if step == "publicity":
        return w["objections"] > 0 or (not shown and (changed or round_ == "rating"))
    if step == "approval":
        return changed if round_ == "recheck" else five or w["route"] == "B"
    if step == "city_review":
        return five and (changed or round_ == "rating")
    return True
