"""One organisation's year as a picture: where it has been, where it stands, what lies ahead, and how its score came about."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from starflow.service.case import Case, load_case, stored_facts
from starflow.service.desk import Desk
from starflow.service.missing import missing_of
from starflow.service.view import Filters, view_of
from storage import evidence, obligations, queries, records, stars
from storage import organisations as tree
from storage.database import Transaction
from storage.models import Assessment, Obligation
from workflow.engine.deadlines import Light
from workflow.engine.deadlines import light as light_at
from workflow.engine.machine import Ask
from workflow.engine.table import effected, way_of
from workflow.rating import survey
from workflow.rating.stages import KIND, TITLES
from workflow.rating.wording import plain

MOVES = re.compile(r"[=+-]\d+(\.\d+)?")
DONE, HERE, AHEAD, PASSED_OVER = "done", "here", "ahead", "passed over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stage on the way: where the cycle was, is, will come if nothing changes, or does not come at all."""

    stage: str
    title: str
    state: str
    light: Light | None
    opened_at: datetime | None
    target_at: datetime | None
    due_at: datetime | None
    closed_at: datetime | None
    told: tuple[tuple[datetime, str], ...]
    """(when, kind) of the reminders that went out meanwhile."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """A line of the procedure by which the cycle may return from where it stands."""

    title: str
    to: str


@dataclass(frozen=True, slots=True)
class Stay:
    """One visit to a stage: a stage that was sent back has several."""

    stage: str
    title: str
    light: Light
    opened_at: datetime
    target_at: datetime | None
    due_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScoreStep:
    """One line of the explained score: `effect` is "=84.7", "-5" or "star=3"."""

    text: str
    effect: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A score sheet as it was handed in."""

    scores: dict[str, str]
    base: str
    star: int
    total: str | None
    steps: tuple[ScoreStep, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`parents` are the names of the bodies above, from the root down."""

    code: str
    name: str
    kind: str
    members: int
    founded_on: date | None
    parents: tuple[str, ...]
    year: int
    round: str
    stops: tuple[Stop, ...]
    stays: tuple[Stay, ...]
    back: tuple[WayBack, ...]
    missing: tuple[str, ...]
    forward: str
    star: int | None
    proposed: int | None
    stars: tuple[tuple[int, datetime | Any, str], ...]
    labels: Mapping[int, str]
    own: Sheet | None
    superior: Sheet | None
    satisfaction: str | None
    chain_fault: str | None
    records: int
    anchored_at: datetime | None


def picture(desk: Desk, code: str, *, year: int | None = None) -> Picture:
    """Raises Unknown (year, code)."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code, year)
        cycle = case.cycle
        view = view_of(desk, tx, Filters(year=cycle.year))
        round_ = cycle.round or _last_round(tx, case)
        stays = obligations.stays_in(tx, cycle.id, round_)
        forward = case.table.forward(cycle.stage)
        anchor = records.latest_anchor(tx)
        return Picture(
            code=cycle.code,
            name=cycle.name,
            kind=cycle.kind,
            members=cycle.members,
            founded_on=tree.founded_on(tx, cycle.organisation_id),
            parents=tuple(tree.name_of(tx, int(one)) for one in cycle.path.strip("/").split("/")[:-1]),
            year=cycle.year,
            round=round_,
            stops=tuple(_stops(tx, case, round_, stays)),
            stays=tuple(_stay(case, one) for one in stays),
            back=tuple(_back(case)),
            missing=missing_of(tx, case),
            forward=TITLES.get(forward.trigger, "") if forward else "",
            star=cycle.star,
            proposed=cycle.proposed,
            stars=tuple(
                (one.star, one.from_on, one.decision) for one in reversed(stars.history(tx, cycle.organisation_id))
            ),
            labels=case.scheme.star_words,
            own=_sheet(case, evidence.newest_assessment(tx, cycle.id, round_, "self")),
            superior=_sheet(case, evidence.newest_assessment(tx, cycle.id, round_, "superior")),
            satisfaction=_satisfaction(tx, case, round_),
            chain_fault=records.fault_in(tx, cycle.id, cycle.chain),
            records=cycle.version,
            anchored_at=view.local(anchor.at) if anchor else None,
        )


def _last_round(tx: Transaction, case: Case) -> str:
    stay = queries.newest_stay(tx, case.cycle.id)
    return case.scheme.stage_of(stay.stage).round if stay else case.scheme.first_round


# ── the way ──────────────────────────────────────────────────────


def _stops(tx: Transaction, case: Case, round_: str, stays: Sequence[Obligation]) -> Iterator[Stop]:
    """The stages of the round in the scheme's order, then where the round comes to rest."""
    last = {stay.stage: stay for stay in stays}
    ahead = set(_ahead(case))
    told = queries.told_of(tx, [stay.id for stay in last.values() if stay.id is not None])
    stages = [stage for stage in case.scheme.stage if stage.round == round_]
    rest = case.stage if case.stage not in stages else _rest(case, round_)
    for stage in (*stages, *((rest,) if rest else ())):
        stay = last.get(stage.name)
        here = stage.name == case.cycle.stage
        state = HERE if here else AHEAD if stage.name in ahead else DONE if stay and stay.closed_at else PASSED_OVER
        shown = stay if state in (HERE, DONE) else None
        yield Stop(
            stage=stage.name,
            title=stage.title,
            state=state,
            light=_light(case, shown) if shown else None,
            opened_at=_local(case, shown.opened_at) if shown else _local(case, case.cycle.entered_at) if here else None,
            target_at=_local(case, shown.target_at) if shown else None,
            due_at=_local(case, shown.due_at) if shown else None,
            closed_at=_local(case, shown.closed_at) if shown else None,
            told=tuple((at.astimezone(case.zone), kind) for at, kind in told.get(shown.id or 0, ())) if shown else (),
        )


def _rest(case: Case, round_: str) -> Any:
    """The first resting stage behind the round."""
    seen = False
    for stage in case.scheme.stage:
        seen = seen or stage.round == round_
        if seen and KIND[stage.kind].rests:
            return stage
    return None


def _ahead(case: Case) -> Iterator[str]:
    """The way forward from here as the facts stand now, one stage after another, as far as the next rest."""
    at, facts = case.cycle.stage, stored_facts(case)
    seen = {at}
    while row := case.table.forward(at):
        ask = Ask(trigger=row.trigger, payload=_Nothing(facts.proposed))
        with suppress(AttributeError):  # an effect that reads what only a real payload has changes nothing here
            facts = effected(row, facts, ask, case.now)
        at = row.ways[0].dest if row.named else way_of(row, facts) or ""
        if not at or at in seen:
            return
        seen.add(at)
        yield at
        if KIND[case.scheme.stage_of(at).kind].rests:
            return


@dataclass(frozen=True, slots=True)
class _Nothing:
    """A payload that proposes what is proposed already."""

    star: int | None


def _back(case: Case) -> Iterator[WayBack]:
    order = [stage.name for stage in case.scheme.stage]
    here = order.index(case.cycle.stage)
    for row in case.table.of(case.cycle.stage):
        for way in row.ways if row.named else ():
            if order.index(way.dest) < here:
                yield WayBack(TITLES.get(row.trigger, row.trigger), way.dest)


def _stay(case: Case, stay: Obligation) -> Stay:
    return Stay(
        stage=stay.stage,
        title=case.scheme.stage_of(stay.stage).title,
        light=_light(case, stay),
        opened_at=stay.opened_at.astimezone(case.zone),
        target_at=_local(case, stay.target_at),
        due_at=_local(case, stay.due_at),
        closed_at=_local(case, stay.closed_at),
    )


def _light(case: Case, stay: Obligation) -> Light:
    timely = stay.closed_at is not None and stay.owner_role == "clock"
    return light_at(
        now=case.now,
        zone=case.zone,
        target_at=stay.target_at,
        due_at=None if timely else stay.due_at,
        grace_days=stay.grace_days,
        done_at=stay.closed_at,
    )


def _local(case: Case, at: datetime | None) -> datetime | None:
    return at.astimezone(case.zone) if at else None


# ── the score ────────────────────────────────────────────────────


def _sheet(case: Case, found: Assessment | None) -> Sheet | None:
    if found is None:
        return None
    return Sheet(
        scores={str(code): str(score) for code, score in (found.scores or {}).items()},
        base=plain(found.base),
        star=found.star,
        total=plain(found.total) if found.total is not None else None,
        steps=tuple(ScoreStep(one["text"], one["effect"], one["rule"]) for one in found.steps or ()),
        at=found.at.astimezone(case.zone),
    )


def _satisfaction(tx: Transaction, case: Case, round_: str) -> str | None:
    """In the sentence that says no more than so few ballots allow."""
    filed, rule = evidence.newest_survey(tx, case.cycle.id, round_), case.scheme.satisfaction
    if filed is None or rule is None:
        return None
    votes = survey.satisfaction(rule, evidence.tally_of(filed))
    return survey.satisfaction_text(rule, votes) if votes else None


def bars(steps: Sequence[ScoreStep]) -> tuple[tuple[ScoreStep, Decimal, Decimal], ...]:
    """The steps that move the score, each with the score before it and after it."""
    found, at = [], Decimal(0)
    for step in steps:
        if not MOVES.fullmatch(step.effect):
            continue
        after = Decimal(step.effect[1:]) if step.effect.startswith("=") else at + Decimal(step.effect)
        before = Decimal(0) if step.effect.startswith("=") else at
        found.append((step, before, after))
        at = after
    return tuple(found)
