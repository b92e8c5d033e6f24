"""The program beside its model: every pair of stage and act, legal and illegal; long walks by hypothesis; mutants of its table, all killed."""

import itertools
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from starflow.service import rehearsal
from starflow.service.desk import create_desk
from storage import cycles, records
from tests.guarantees import model
from tests.guarantees.mutants import all_mutants, mutants
from tests.guarantees.places import CITY, SCHEME, city, empty, settings_of
from tests.guarantees.trial import Broken, Trial, must
from workflow.engine.machine import Ask, Decision, decide
from workflow.engine.table import Table
from workflow.rating.facts import Facts
from workflow.rating.procedure import table_of
from workflow.rating.scheme import Scheme, load_bytes
from workflow.rating.scoring import Rating
from workflow.rating.shelf import scheme_bytes

ENDS = datetime(2027, 6, 15, 16, tzinfo=UTC)
POSTED = date(2027, 6, 8)
MEETING = {"on": "2027-06-15", "number": "工委会2027-3"}
PAYLOADS: dict[str, dict[str, Any]] = {
    "declare": {"head": "王某", "members_due": 12},
    "submit_self_evaluation": {
        "meeting": {"on": "2027-05-10", "attendees": ["王某", "李某"], "minutes": "逐项对照"}, "scores": {"1": "9.5"},
    },
    "file_survey": {"meeting": {"on": "2027-05-20"}, "paper": {"members_present": 10}},
    "propose_star": {"base": "85"},
    "keep_star": {"base": "85"},
    "post_notice": {"on": "2027-06-08", "place": "公示栏"},
    "object": {"content": "群众来信"},
    "dismiss_objection": {"objection": 1, "finding": "不属实"},
    "uphold_objection": {"objection": 1, "finding": "属实"},
    "approve": {"meeting": MEETING},
    "reject": {"meeting": MEETING},
    "record_excess": {"level": "five_star", "number": 2},
    "confirm_star": {},
}  # fmt: skip
RATED = {n: Rating(total=Decimal(85), star=n, cap=5, cap_reasons=(), band_star=n, steps=()) for n in range(6)}
OBSTACLES: dict[str, dict[str, Any]] = {
    "": {},
    "late": {"refused_after": datetime(2027, 6, 1, tzinfo=UTC)},
    "meeting_too_early": {"opens_on": date(2027, 5, 25)},
    "scores_missing": {"score_faults": ("缺第三项",)},
    "poll_runs": {"poll_faults": ("测评还没有结束",)},
    "tally_wrong": {"tally_faults": ("票数对不上",)},
    "turnout": {"members": 12, "quorum": Fraction(1)},
    "quota_full": {"quota_block": "名额已满"},
    "own_score": {"scored_by": "王某"},
    "before_entry": {"entered_on": date(2027, 7, 1), "today": date(2027, 7, 2)},
    "cap_of_three": {"cap": 3},
    "score_of_three": {"rating": RATED[3]},
    "score_of_five": {"rating": RATED[5]},
}
COMPARED = ("star", "proposed", "posted_star", "noticed_star", "turnout_excused", "review_begun", "outcome")
CALM: dict[str, Any] = {"star": 4, "to": None, "reason": "listed", "shape": True, "obstacle": ""}
REASONS = {"": "", "listed": "其他:说明", "free": "说明"}


@cache
def _scheme() -> Scheme:
    return load_bytes(scheme_bytes(SCHEME))


# ── one act, asked of both ───────────────────────────────────────


def asked(table: Table, w: model.World, trigger: str, role: str, told: model.World) -> str | tuple[str, dict[str, Any]]:
    """What the program answers, in the model's words."""
    facts = Facts(
        route=w["route"],
        **{name: w[name] for name in COMPARED},
        open_objections=w["objections"],
        posted_on=POSTED if w["posted"] else None,
        approved_on=date(2027, 6, 20) if w["approved"] else None,
        runs_until=ENDS,
        today=date(2027, 6, 20),
        **{name: value for name, value in OBSTACLES[told["obstacle"]].items() if name != "today"},
    )
    if "today" in OBSTACLES[told["obstacle"]]:
        facts = replace(facts, today=OBSTACLES[told["obstacle"]]["today"])
    ask = Ask(
        trigger=trigger,
        relations=frozenset({role}),
        person="王某",
        payload=_payload(trigger, told),
        reason=REASONS[told["reason"]],
    )
    verdict = decide(table, w["stage"], ask, facts, ENDS if w["over"] else ENDS - timedelta(seconds=1))
    if not isinstance(verdict, Decision):
        return verdict.code
    after = {name: getattr(verdict.facts, name) for name in COMPARED}
    after |= {"route": verdict.facts.route, "objections": verdict.facts.open_objections}
    after |= {"posted": verdict.facts.posted_on is not None, "approved": verdict.facts.approved_on is not None}
    return verdict.after, after


def _payload(trigger: str, told: model.World) -> dict[str, Any] | None:
    if not told["shape"]:
        return {"没有这一项": 1}
    payload = dict(PAYLOADS.get(trigger, {}))
    if trigger in ("submit_self_evaluation", "propose_star"):
        payload["star"] = told["star"]
    if trigger == "declare":
        payload["target_star"] = told["star"]
    if trigger == "send_back" and told["to"]:
        payload["to"] = told["to"]
    return payload or None


def agree(table: Table, w: model.World, trigger: str, role: str, told: model.World) -> str | tuple[str, dict[str, Any]]:
    """Both answers are one; returned. Broken where they are not."""
    wanted = model.expected(w, trigger, role, told)
    try:
        found = asked(table, w, trigger, role, told)
    except Exception as error:
        raise Broken(f"{w['stage']}.{trigger} as {role}: {type(error).__name__}: {error}") from error
    must(found == wanted, f"{w['stage']}.{trigger} as {role}, {told}, in {dict(w)}: program {found}, model {wanted}")
    return wanted


# ── every pair ───────────────────────────────────────────────────


def worlds(stage: str) -> Iterator[dict[str, Any]]:
    hung = ((False, False), (False, True), (True, False), (True, True))
    done = ((False, False), (True, False), (False, True))
    cases = itertools.product("AB", (None, 3, 4, 5), (3, 4, 5), (False, True), hung, (0, 1, 2), done)
    for route, star, proposed, shown, (posted, over), objections, (excused, begun) in cases:
        yield {
            "stage": stage, "route": route, "star": star, "proposed": proposed, "posted_star": proposed if shown else None,
            "noticed_star": proposed if posted else None, "posted": posted, "over": over, "objections": objections,
            "turnout_excused": excused, "review_begun": begun, "approved": begun, "outcome": None,
        }  # fmt: skip


def every_pair(table: Table, suspect: tuple[str, str] = ("", "")) -> tuple[int, int, int]:
    """(legal pairs, illegal pairs, asks): each legal one in every world, with every obstacle, role and slip of the pen.

    `suspect`: the stage and the act that come first.
    """
    legal: set[tuple[str, str]] = set()
    illegal: set[tuple[str, str]] = set()
    asks = 0
    for stage in sorted(model.STAGES, key=lambda name: name != suspect[0]):
        all_of = list(worlds(stage))
        some = all_of[:: len(all_of) // 6]
        for trigger in sorted((*model.TRIGGERS, "no_such_act"), key=lambda name: name != suspect[1]):
            if trigger not in model.acts_of(stage):
                illegal.add((stage, trigger))
                cases = [(w, role, CALM) for w in some[:2] for role in model.ROLES]
            else:
                legal.add((stage, trigger))
                cases = list(_cases(stage, trigger, all_of, [*some, *_open_to(trigger, all_of)]))
            for w, role, told in cases:
                agree(table, w, trigger, role, told)
            asks += len(cases)
    return len(legal), len(illegal), asks


def _open_to(trigger: str, all_of: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A few worlds in which nothing but an obstacle can stand before this act."""
    told = CALM | {"to": "review" if trigger == "send_back" and all_of[0]["stage"].endswith(".audit") else None}
    free = [w for w in all_of if isinstance(model.expected(w, trigger, _who(trigger, w), told), tuple)]
    return free[:: len(free) // 3 or 1]


def _who(trigger: str, w: model.World) -> str:
    return model.OTHERS.get(trigger) or model._owner(w)


def _cases(
    stage: str, trigger: str, all_of: list[dict[str, Any]], some: list[dict[str, Any]]
) -> Iterator[tuple[model.World, str, model.World]]:
    tos = (None, "self_evaluation", "survey", "review", "closed") if trigger == "send_back" else (None,)
    for w in all_of:
        role = _who(trigger, w)
        yield w, role, CALM | {"to": tos[1] if stage.endswith(".review") and trigger == "send_back" else None}
    for w in some:
        right = _who(trigger, w)
        for obstacle, star in itertools.product(OBSTACLES, (3, 4, 5, 9) if trigger in model.NAMES_A_STAR else (4,)):
            yield w, right, CALM | {"obstacle": obstacle, "star": star, "to": tos[-3] if len(tos) > 1 else None}
            yield (
                w,
                right,
                CALM | {"obstacle": obstacle, "star": star, "reason": "", "to": tos[-2] if len(tos) > 1 else None},
            )
        for role, reason, shape, to in itertools.product(model.ROLES, REASONS, (True, False), tos):
            yield w, role, CALM | {"reason": reason, "shape": shape, "to": to}


# ── long walks ───────────────────────────────────────────────────


def walks(table: Table, number: int, examples: int, steps: int) -> int:
    """hypothesis walks the model and the program side by side; returns how many acts were asked of both."""
    counted = [0]

    class Walk(RuleBasedStateMachine):
        w: dict[str, Any]

        @initialize(route=st.sampled_from("AB"), star=st.sampled_from([None, 3, 4, 5]))
        def begins(self, route: str, star: int | None) -> None:
            self.w = {"stage": model.STAGES[0], "route": route, "objections": 0, "outcome": None, "over": False}
            self.w |= model.FRESH | {"star": star}

        @rule(data=st.data())
        def somebody_acts(self, data: Any) -> None:
            """Three in four want what their stage offers, and are who may."""
            offered = model.acts_of(self.w["stage"])
            sensible = bool(offered) and data.draw(st.integers(0, 3)) > 0
            trigger = data.draw(st.sampled_from(offered if sensible else (*model.TRIGGERS, "no_such_act")))
            may = model.OTHERS.get(trigger) or (model._owner(self.w) if sensible else "anyone")
            told = {
                "star": data.draw(st.sampled_from([3, 4, 5, 9])),
                "to": data.draw(st.sampled_from([None, "self_evaluation", "survey", "review"])),
                "reason": data.draw(st.sampled_from(["listed", "free", ""])),
                "shape": data.draw(st.integers(0, 9)) > 0,
                "obstacle": data.draw(st.sampled_from(["", "", "", *OBSTACLES])),
            }
            role = may if sensible else data.draw(st.sampled_from(model.ROLES))
            counted[0] += 1
            answer = agree(table, self.w, trigger, role, told)
            if isinstance(answer, tuple):
                over = False if answer[0] != self.w["stage"] or not answer[1]["posted"] else self.w["over"]
                self.w = answer[1] | {"stage": answer[0], "over": over}

        @rule()
        def time_passes(self) -> None:
            self.w = self.w | {"over": True}

    walking = settings(
        max_examples=examples, stateful_step_count=steps, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )  # fmt: skip
    run_state_machine_as_test(seed(number)(Walk), settings=walking)
    return counted[0]


# ── a year that was played ───────────────────────────────────────


def played_as_modelled(trial: Trial, rated: int) -> int:
    """Every record of a rehearsed year, on a real database, stands where the model says that it leads."""
    at, checked = rehearsal.starts_at(_scheme(), 2027), 0
    with empty(trial) as url, closing(create_desk(settings_of(url), rehearsal_at=at, seed=trial.seed)) as desk:
        played = rehearsal.begin(desk, city(rated), 2027, SCHEME, "mixed")
        for _ in rehearsal.play(played):
            pass
        with desk.reading() as tx:
            route = {f"2027/{row.code}": row.route for row in cycles.in_campaign(tx, played.campaign_id)}
            for chain, rows in records.chains(tx):
                checked += _follows(chain, route[chain], [(r, (d.detail or {}) if d else {}) for r, d in rows])
    return checked


def _follows(chain: str, route: str, rows: list[tuple[Any, dict[str, Any]]]) -> int:
    w: dict[str, Any] = {"stage": model.STAGES[0], "route": route, "objections": 0, "outcome": None, "star": None}
    w, runs_until = w | model.FRESH, None
    for record, detail in rows:
        if record.trigger == "open":
            continue
        payload, reason = detail.get("payload") or {}, detail.get("reason")
        effective = datetime.fromisoformat(detail.get("effective_at") or record.at.isoformat())
        over = record.role == "clock" or (runs_until is not None and effective >= runs_until)
        told = CALM | {"star": payload.get("star", payload.get("target_star", 4)), "to": payload.get("to")}
        told |= {"reason": "listed" if reason else ""}
        role = "clock" if record.role == "clock" else record.role
        answer = model.expected(w | {"over": over}, record.trigger, role, told)
        must(isinstance(answer, tuple), f"{chain}#{record.seq}: {record.trigger} was done, the model says {answer}")
        must(
            answer[0] == record.after,
            f"{chain}#{record.seq}: {record.before} —{record.trigger}→ {record.after}, model {answer[0]}",
        )
        w = answer[1] | {"stage": answer[0]}  # type: ignore[operator]
        if record.trigger == "post_notice":
            day = date.fromisoformat(payload["on"]) + timedelta(days=8)
            runs_until = datetime(day.year, day.month, day.day, tzinfo=CITY)
    return len(rows)


# ── the trial ────────────────────────────────────────────────────


def equal(trial: Trial) -> str:
    """G14: the program and its model give the same answers; and no mutant of the program's table does."""
    table = table_of(_scheme())
    if trial.fault:
        return _killed(trial)
    checked = played_as_modelled(trial, trial.size(12, 60))
    if trial.dialect == "postgresql":
        return f"演练一年的{checked}条记录,逐条与模型一致"
    legal, illegal, asks = every_pair(table)
    must(legal == len(table.rows), f"the model knows {legal} legal pairs, the table {len(table.rows)}")
    acts = walks(table, trial.seed, trial.size(200, 600), trial.size(50, 100))
    return (
        f"(环节,动作)合法{legal}对、不合法{illegal}对全部试过,{asks}次;随机走{trial.size(200, 600)}路、{acts}个动作;"
        f"演练一年的{checked}条记录:程序与模型处处一致"
    )


def _killed(trial: Trial) -> str:
    """The control: mutants drawn by the seed, in `full` all that there are, each found out; Broken only when every one is."""
    survivors, killed = [], []
    number = trial.size(30, len(list(all_mutants(_scheme()))))
    for name, mutant, stage, act in mutants(_scheme(), random.Random(trial.seed), number):
        try:
            every_pair(mutant, (stage, act))
            survivors.append(name)
        except Broken:
            killed.append(name)
    if survivors:
        return f"{len(survivors)} of {len(survivors) + len(killed)} mutants survive: {survivors}"
    raise Broken(f"{len(killed)} of {len(killed)} mutants of the table were found out, such as {'; '.join(killed[:3])}")
