"""Quotas as people look at them: what is allowed, what is taken and asked for, and where the line falls (R30–R32).

Bands decide and a quota only asks for a decision: nobody is demoted here. What really keeps a quota is the guard of `approve`,
which counts again under a lock; a page of this is only as true as the moment at which it was read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.scopes import quota_base, scope_word
from starflow.service.shapes import FOR_PEOPLE
from starflow.service.shapes import plain as in_json
from starflow.service.ties import Keys, Standing, tie_keys
from storage import draws, meetings
from storage.database import Transaction
from storage.meetings import Contender, Scope
from storage.models import Campaign
from workflow.rating.quota import Ranking, Row, excess_reason, last_resort, limit, lowest, parted, ranked, tie_text
from workflow.rating.scheme import Quota, Scheme
from workflow.rating.wording import ROUND_WORDS, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaPlace:
    """Somebody who has taken a place or asks for one; `within` is above the cut line, `tied` on both sides of it."""

    rank: int
    organisation: str
    name: str
    total: str
    star: int
    taken: bool
    within: bool
    tied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaCandidate:
    """One of the lowest, whom a bottom quota would look at next."""

    organisation: str
    name: str
    total: str
    star: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLine:
    """A quota over one scope. `left` is what may still be approved (op max) or is still missing (op min)."""

    quota: str
    scope: str  # "all", a unit's code, or a field
    stars: tuple[int, ...]
    op: str
    hard: bool
    base: int
    limit: int
    arithmetic: str
    taken: int
    proposed: int
    excess: int  # covered by recorded decisions
    left: int
    over: int  # taken beyond limit and excess: only where the base has shrunk since
    cut: int
    tie: str | None
    warning: str | None
    ranked: tuple[QuotaPlace, ...]
    lowest: tuple[QuotaCandidate, ...]
    draw: str | None  # the commitment of its draw, where one was published
    title: str = field(metadata=FOR_PEOPLE)
    cite: str = field(metadata=FOR_PEOPLE)
    drawn_for: tuple[str, ...] = field(metadata=FOR_PEOPLE)  # whom its draw parts, or would


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """All quotas of a year, in the order of its scheme."""

    year: int
    rows: tuple[QuotaLine, ...]

    def as_json(self) -> dict[str, Any]:
        shape: dict[str, Any] = in_json(self)
        return shape


def quota(desk: Desk, year: int | None = None) -> Quotas:
    """Every quota of the year with its list; a quota per unit or field has a row for each. Raises Unknown (year)."""
    with desk.reading() as tx:
        campaign = campaign_of(tx, year)
        scheme = desk.scheme(tx, campaign.scheme_hash)
        return Quotas(year=campaign.year, rows=tuple(quota_lines(tx, campaign, scheme)))


def quota_lines(tx: Transaction, campaign: Campaign, scheme: Scheme) -> Iterator[QuotaLine]:
    assert campaign.id is not None
    everybody = meetings.contenders(tx, campaign.id)
    for one in scheme.quotas_of(campaign.year):
        for scope, its in _by_scope(one, everybody).items():
            yield _line(tx, campaign.id, scheme, one, scope, its)


def proposal_stages(scheme: Scheme) -> frozenset[str]:
    """The stages of each round behind its review: what is proposed there waits for others and not for the reviewer."""
    found, reviewed = [], ""
    for stage in scheme.stage:
        if stage.round and stage.round == reviewed:
            found.append(stage.name)
        if stage.kind == "review":
            reviewed = stage.round
    return frozenset(found)


def _by_scope(one: Quota, everybody: Sequence[Contender]) -> dict[Scope, list[Contender]]:
    found: dict[Scope, list[Contender]] = {} if one.scope != "all" else {Scope(fields=one.fields): []}
    for contender in everybody:
        if not one.fields or contender.field in one.fields:
            scope = Scope.of(one.scope, contender.path, contender.field, one.fields)
            found.setdefault(scope, []).append(contender)
    return found


def _line(
    tx: Transaction, campaign_id: int, scheme: Scheme, one: Quota, scope: Scope, its: Sequence[Contender]
) -> QuotaLine:
    base = quota_base(tx, campaign_id, one, scope)
    allowed = 0 if one.hard else meetings.excess_allowed(tx, campaign_id, one.code, scope)
    where = scope_word(tx, scope)
    keys = tie_keys(tx, campaign_id, scheme, one, where, (_standing(scheme, c) for c in its))
    most, taken, asking, others = limit(one, base), *_sorted(scheme, one, its, keys)
    room = most + allowed - len(taken)
    missing = most - len(taken) - len(asking)
    ranking = ranked((*taken, *asking), most + allowed if one.op == "max" else 0)
    draw = draws.of(tx, campaign_id, one.code, where) if "draw" in one.tie_break else None
    drawn = draw is not None and draw.seed is not None
    return QuotaLine(
        quota=one.code,
        scope=where,
        stars=one.stars,
        op=one.op,
        hard=one.hard,
        base=base,
        limit=most,
        arithmetic=_arithmetic(one, base, most),
        taken=len(taken),
        proposed=len(asking),
        excess=allowed,
        left=max(0, room),
        over=max(0, -room) if one.op == "max" else 0,
        cut=ranking.cut,
        tie=tie_text(ranking, last_resort(one)),
        warning=_warning(scheme, one, base, missing, its),
        ranked=_places(ranking, {row.code for row in taken}),
        lowest=_candidates(lowest(others, one, missing)) if one.op == "min" and missing > 0 else (),
        draw=draw.commitment if draw else None,
        title=one.title,
        cite=one.cite.rule,
        drawn_for=tuple(place.row.code for place in parted(ranking, drawn)) if last_resort(one) == "draw" else (),
    )


LIMIT_WORDS = {"max": "不超过", "min": "不少于", "target": "约"}
NOT_RATED = -1
"""The star of a row that has none yet."""


def _standing(scheme: Scheme, c: Contender) -> Standing:
    return Standing(c.cycle_id, c.code, c.field, c.members, c.held, c.stage.rpartition(".")[0] or scheme.first_round)


def _sorted(scheme: Scheme, one: Quota, its: Sequence[Contender], keys: Keys) -> tuple[list[Row], list[Row], list[Row]]:
    """Who has a place, who asks for one, and the others that have a score."""
    waits = proposal_stages(scheme)
    taken, asking, others = [], [], []
    for c in its:
        proposed = c.proposed if c.stage in waits else None
        if c.taken in one.stars:
            taken.append(_row(c, c.taken, keys))
        elif proposed in one.stars:
            asking.append(_row(c, proposed, keys))
        elif c.total is not None:
            others.append(_row(c, c.taken if proposed is None else proposed, keys))
    return taken, asking, others


def _row(c: Contender, star: int | None, keys: Keys) -> Row:
    return Row(c.code, c.name, c.total or Decimal(0), NOT_RATED if star is None else star, keys.get(c.code, ()))


def _places(ranking: Ranking, taken: set[str]) -> tuple[QuotaPlace, ...]:
    return tuple(
        QuotaPlace(
            rank=place.rank,
            organisation=place.row.code,
            name=place.row.name,
            total=plain(place.row.total),
            star=place.row.star,
            taken=place.row.code in taken,
            within=number < ranking.cut,
            tied=place in ranking.tied,
        )
        for number, place in enumerate(ranking.places)
    )


def _candidates(rows: Iterable[Row]) -> tuple[QuotaCandidate, ...]:
    return tuple(
        QuotaCandidate(
            organisation=row.code,
            name=row.name,
            total=plain(row.total),
            star=None if row.star == NOT_RATED else row.star,
        )
        for row in rows
    )


def _arithmetic(one: Quota, base: int, most: int) -> str:
    at_least = f",至少{one.min_count}个" if one.min_count else ""
    counted = f"参评{base}个×{one.ratio}{ROUND_WORDS[one.round]}" if one.number is None else f"固定{one.number}个"
    return f"{counted}{at_least},{LIMIT_WORDS[one.op]}{most}个"


def _warning(scheme: Scheme, one: Quota, base: int, missing: int, its: Sequence[Contender]) -> str | None:
    """A bottom quota that is missed is said and nothing more (R31); a top quota speaks when it is asked for a place."""
    if one.op != "min" or missing <= 0:
        return None
    said = excess_reason(scheme, one, base, {one.stars[0]: limit(one, base) - missing})
    waits = proposal_stages(scheme)
    pending = sum(c.taken is None and c.stage not in waits for c in its)
    return f"{said.text if said else ''},只作提示,不自动降级" + (f";尚有{pending}个未出结果" if pending else "")
