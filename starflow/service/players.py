"""What people do in a rehearsal: one function per stage kind, giving the acts a player would try, in order.

Players know only what people would know: the case, its facts and their own dice. They never touch the database; whatever
they want goes through the one door and may be refused there like anybody's.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from starflow.service.case import Case
from starflow.service.clock import draw
from storage.models import Obligation
from workflow.engine.deadlines import due_date, local_date
from workflow.rating.facts import Facts
from workflow.rating.scheme import Scheme
from workflow.rating.sheet import highest_base, lines_of
from workflow.rating.stages import body_of
from workflow.rating.survey import needed

SOON = 7
"""So many days after it came in, what has no due is due in a rehearsal."""
TELLERS = ["监票人甲", "监票人乙"]


@dataclass(frozen=True, slots=True)
class Move:
    """One act that a player tries, as whom."""

    trigger: str
    role: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Shares of work done before its target, before its due, and some days after it; the rest waits for the last rung."""

    name: str
    early: float
    in_time: float
    late: float


BEHAVIOURS = (
    Behaviour("prompt", early=0.9, in_time=0.1, late=0.0),
    Behaviour("mixed", early=0.55, in_time=0.33, late=0.1),
    Behaviour("lazy", early=0.05, in_time=0.35, late=0.45),
)


@dataclass(frozen=True, slots=True)
class Part:
    """An organisation whose story is told: its people act `pace` days after each arrival, until the stage where it stays."""

    stays_in: str = ""
    quality: float | None = None  # mean score per criterion, of ten
    pace: int = 8


@dataclass(frozen=True, slots=True)
class Player:
    """The dice of everybody, and the parts of those whose story is told."""

    seed: int
    behaviour: Behaviour
    parts: Mapping[str, Part] = field(default_factory=dict)

    def dice(self, case: Case, *names: str | int) -> float:
        return draw(self.seed, case.cycle.code, case.cycle.stage, case.cycle.visit, *names)

    def acts_on(self, case: Case, o: Obligation) -> date:
        """The day on which the owner gets round to it."""
        opened = local_date(o.opened_at, case.zone)
        if (part := self.parts.get(case.cycle.code)) is not None:
            return date.max if part.stays_in == case.cycle.stage else opened + timedelta(days=part.pace)
        due = due_date(o.due_at, case.zone) if o.due_at else opened + timedelta(days=SOON)
        target = due_date(o.target_at, case.zone) if o.target_at else due
        roll, spread = self.dice(case, "when", o.owner_role), self.dice(case, "spread", o.owner_role)
        return self.day(roll, spread, opened, target, due)

    def day(self, roll: float, spread: float, opened: date, target: date, due: date) -> date:
        """By these two dice: before the target, before the due, some days after it, or when the last rung has rung."""
        b = self.behaviour
        if roll < b.early:
            return opened + timedelta(days=round(spread * max(0, (target - opened).days)))
        if roll < b.early + b.in_time:
            return max(opened, target + timedelta(days=round(spread * max(0, (due - target).days))))
        if roll < b.early + b.in_time + b.late:
            return max(opened, due) + timedelta(days=1 + round(spread * 9))
        return max(opened, due) + timedelta(days=12 + round(spread * 10))


def moves(player: Player, case: Case, facts: Facts) -> Iterator[Move]:
    """What the people of this stage try today, in order."""
    play = PLAYS.get(case.stage.kind)
    if play is not None:
        yield from play(player, case, facts)


# ── one play per kind ────────────────────────────────────────────


def _declaration(player: Player, case: Case, facts: Facts) -> Iterator[Move]:
    stars = case.scheme.stars
    star = stars[-1] if player.dice(case, "hope") < 0.3 else stars[max(len(stars) - 2, 0)]
    said = {"head": "负责人", "members_due": case.cycle.members, "target_star": star, **_papers(case)}
    yield Move("declare", case.stage.owner_of(facts), said)


def _self_evaluation(player: Player, case: Case, facts: Facts) -> Iterator[Move]:
    scores = _scores(player, case, optimism=0.4)
    base = sum((Decimal(s) for s in scores.values()), Decimal(0)) * 100 / highest_base(case.scheme, case.cycle.field)
    payload = {
        "meeting": {
            "on": case.today.isoformat(),
            "attendees": ["书记", "副书记", "组织委员"],
            "minutes": "对照标准逐项自评",
        },
        "scores": scores,
        "star": case.scheme.band(base * case.scheme.score.max / 100),
        **_papers(case),
    }
    yield Move("submit_self_evaluation", case.stage.owner_of(facts), payload)


def answered(scheme: Scheme, ballots: int, unhappy: int, unknown: int) -> dict[str, int]:
    """In the scheme's own answers: the first that counts as satisfied, the last valid one that does not, the last beside them."""
    rule, scale = scheme.satisfaction, scheme.survey.scale
    happy = rule.count[0] if rule else scale[0]
    against = [one for one in (rule.of if rule else scale) if one not in (rule.count if rule else scale[:1])]
    beside = [one for one in scale if one not in (rule.of if rule else scale)] or against
    found = {happy: ballots}
    for answer, number in ((against, unhappy), (beside, unknown)):
        if answer:
            found[answer[-1]] = found.get(answer[-1], 0) + number
            found[happy] -= number
    return found


def _survey(player: Player, case: Case, facts: Facts) -> Iterator[Move]:
    """Most reach the quorum; of those that do not, the superior accepts the reason and the filing is tried again."""
    members = case.cycle.members
    enough = needed(members, case.scheme.survey.quorum)
    short = player.dice(case, "turnout") < 0.05 and enough > 1
    came = enough - 1 if short else min(members, enough + round(player.dice(case, "more") * (members - enough)))
    masses = max(case.scheme.survey.masses_min, 5 + round(player.dice(case, "masses") * 5))
    ballots = came + masses
    unhappy = round(ballots * (player.dice(case, "unhappy") ** 6) * 0.7)
    unknown = min(ballots - unhappy, round(ballots * 0.05))
    paper = {
        "members_present": came,
        "own_unit": masses,
        **answered(case.scheme, ballots, unhappy, unknown),
    }
    filing: dict[str, Any] = {
        "meeting": {"on": case.today.isoformat()},
        "paper": paper,
        "tellers": TELLERS,
        **_papers(case),
    }
    counts = {"masses_due": masses, "members_due": members, "attended": came}
    filing |= {name: counts[name] for name in case.scheme.survey.asks}
    owner = case.stage.owner_of(facts)
    yield Move("file_survey", owner, filing)
    if short:
        yield Move("accept_turnout", "superior", reason="部分党员驻外,说明属实")
        yield Move("file_survey", owner, filing)


def _review(player: Player, case: Case, facts: Facts) -> Iterator[Move]:
    owner, back = case.stage.owner_of(facts), case.stage.send_back
    yield Move("begin_review", owner)
    if back and _sends_back(player, case, 0.04):
        names = (back,) if isinstance(back, str) else back
        to = names[0] if player.dice(case, "to") < 0.5 else names[-1]
        yield Move("send_back", owner, {"to": to}, "材料不全,请补正")
        return
    scores = _scores(player, case, optimism=0.0)
    marks = {"scores": scores} if scores else {"base": _base(player, case)}
    sheet: dict[str, Any] = {**marks, **_papers(case)}
    ways = case.scheme.review.verification
    if ways and case.cycle.route == tuple(case.scheme.procedure.routes)[-1]:
        sheet["verification"] = ways[int(player.dice(case, "check") * len(ways))]
    yield Move("keep_star", owner, sheet)
    for star in reversed(case.scheme.stars):
        lowered = case.cycle.visit > 8  # came back from the committee: settle for less
        if lowered and star == case.scheme.stars[-1] and len(case.scheme.stars) > 1:
            continue
        yield Move("propose_star", owner, sheet | {"star": star}, "综合平时掌握情况" if lowered else "")
    for star in reversed(case.scheme.stars):
        yield Move("propose_star", owner, sheet | {"star": star}, "名额已满,综合平时掌握情况")
    yield Move("close_unrated", "department", reason="按方案不予评定")


def _audit(player: Player, case: Case, facts: Facts) -> Iterator[Move]:
    yield from _checked(player, case, facts, "pass_audit")


def _checked(player: Player, case: Case, facts: Facts, onward: str) -> Iterator[Move]:
    """Looked through, and now and then sent back where the scheme offers it."""
    owner, back = case.stage.owner_of(facts), case.stage.send_back
    if back and _sends_back(player, case, 0.05):
        yield Move("send_back", owner, {} if isinstance(back, str) else {"to": back[0]}, "佐证材料须补充")
    else:
        yield Move(onward, owner, _papers(case))


def _publicity(player: Player, case: Case, facts: Facts) -> Iterator[Move]:
    if facts.posted_on is None:
        role = case.stage.owner_of(facts)
        yield Move("post_notice", role, {"on": case.today.isoformat(), "place": "单位公告栏"})
    if player.dice(case, "objection") < 0.03:
        yield Move("object", "anyone", {"content": "对考评中的服务情况有不同意见"})


def _approval(player: Player, case: Case, facts: Facts) -> Iterator[Move]:
    owner = case.stage.owner_of(facts)
    number = f"{body_of(case.scheme, owner)}{case.cycle.year}年{case.today:%m%d}次"
    meeting = {"meeting": {"on": case.today.isoformat(), "number": number}, **_papers(case)}
    yield Move("approve", owner, meeting)
    yield Move("reject", owner, meeting, "五星名额已满,请重新考评")
    yield Move("approve", owner, meeting)


def _city_review(player: Player, case: Case, facts: Facts) -> Iterator[Move]:
    owner = case.stage.owner_of(facts)
    if case.stage.overturn_star and player.dice(case, "city") < 0.06:
        yield Move("overturn_star", owner, reason="现场复核与材料不符")
    else:
        yield Move("confirm_star", owner, {"document": "复审意见", **_papers(case)})


def _task(player: Player, case: Case, facts: Facts) -> Iterator[Move]:
    yield from _checked(player, case, facts, "complete_task")


def _papers(case: Case) -> dict[str, Any]:
    """Whatever documents the scheme wants at this stage are there."""
    wanted = [paper.title for paper in case.scheme.attachment if paper.stage == case.stage.name]
    return {"attachments": wanted} if wanted else {}


def _sends_back(player: Player, case: Case, share: float) -> bool:
    """Now and then work goes back, but nobody is sent round for ever, and never one whose story is told."""
    told = case.cycle.code in player.parts
    return not told and case.cycle.visit < 8 and player.dice(case, "back") < share


def findings(player: Player, case: Case, objection: int) -> Iterator[Move]:
    """The handler settles an objection: one in four is upheld."""
    said = {"objection": objection, "finding": "已逐项核实"}
    yield Move(
        "uphold_objection" if player.dice(case, "finding", objection) < 0.25 else "dismiss_objection",
        "department",
        said,
    )


def _scores(player: Player, case: Case, optimism: float) -> dict[str, str]:
    """Every organisation has its own quality, the same all year; self-evaluations are a little kinder."""
    quality = _quality(player, case)
    scores = {}
    for criterion in lines_of(case.scheme, case.cycle.field):
        wobble = (player.dice(case, "score", criterion.code) - 0.5) * 0.8
        share = max(0.0, min(1.0, (quality + wobble + optimism) / 10))
        scores[criterion.code] = f"{int(float(criterion.max) * share * 10) / 10:.1f}"
    return scores


def _base(player: Player, case: Case) -> str:
    """The one mark of a scheme that has no lines to score."""
    return f"{int(float(case.scheme.score.max) * _quality(player, case) / 10)}"


def _quality(player: Player, case: Case) -> float:
    """Out of ten."""
    part = player.parts.get(case.cycle.code)
    drawn = 5.2 + 4.4 * draw(player.seed, case.cycle.code, "quality") ** 0.5
    return drawn if part is None or part.quality is None else part.quality


PLAYS: Mapping[str, Callable[[Player, Case, Facts], Iterator[Move]]] = {
    "declaration": _declaration,
    "self_evaluation": _self_evaluation,
    "survey": _survey,
    "review": _review,
    "audit": _audit,
    "publicity": _publicity,
    "approval": _approval,
    "city_review": _city_review,
    "task": _task,
}
