"""The list that a sitting decides on: everybody who waits for approval, ranked, with the cut line of every quota (R24, R30).

Self-evaluation and survey stand beside the superior's score and are flagged where they differ (R28); of a survey with few
ballots nothing is shown that would give their authors away.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.quotas import QuotaLine, quota_lines
from starflow.service.scopes import scope_word
from starflow.service.shapes import FOR_PEOPLE
from starflow.service.shapes import plain as in_json
from starflow.service.ties import Keys, Standing, tie_keys
from storage import cycles, evidence, records
from storage.cycles import CycleRow
from storage.database import Transaction
from storage.evidence import Sheets
from storage.meetings import Scope
from storage.models import Campaign, Survey
from workflow.rating import survey
from workflow.rating.inputs import Satisfaction
from workflow.rating.quota import Ranking, Row, last_resort, ranked, tie_text
from workflow.rating.scheme import Quota, Scheme
from workflow.rating.sheet import differences
from workflow.rating.wording import plain

DEFER = "defer"
"""The committee has looked at it and leaves it on the list: a record without a change of stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaLine:
    """One organisation that waits for approval. `within`: its quota has room down to here; None where no quota asks."""

    rank: int
    organisation: str
    name: str
    round: str
    route: str
    self_score: str | None
    self_star: int | None
    satisfaction: str | None  # a sentence, which says no more than so few ballots allow
    base: str | None  # the superior's score, before bonuses and deductions
    total: str
    proposed_star: int
    star: int | None  # in force
    within: bool | None
    tied: bool
    flags: tuple[str, ...]
    deferred: str | None  # why a sitting has passed it over


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaQuota:
    """How many of the listed a quota has room for, and whom the cut line would part although their totals are equal."""

    quota: str
    scope: str
    limit: int
    base: int
    arithmetic: str
    taken: int
    excess: int
    freed: int  # by those on the list who lose such a star
    left: int
    wanted: int
    cut_after: str | None
    tie: str | None
    title: str = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """Everybody who waits for approval, by total, equal totals with the same rank."""

    year: int
    rows: tuple[AgendaLine, ...]
    quotas: tuple[AgendaQuota, ...]
    labels: Mapping[int, str] = field(metadata=FOR_PEOPLE)

    def as_json(self) -> dict[str, Any]:
        shape: dict[str, Any] = in_json(self)
        return shape


def agenda(desk: Desk, year: int | None = None) -> Agenda:
    """The ranked list with the cut line of every quota. Raises Unknown (year)."""
    with desk.reading() as tx:
        campaign = campaign_of(tx, year)
        scheme = desk.scheme(tx, campaign.scheme_hash)
        listed = waiting(tx, campaign, scheme)
        room = room_for(tx, campaign, scheme, listed)
        papers = _papers(tx, listed)
        by_code, by_quota = {row.code: row for row in listed}, {one.code: one for one in scheme.quota}
        places = ranked(map(_row, listed), 0).places
        lines = (_line(scheme, by_code[place.row.code], place.rank, papers, room) for place in places)
        quotas = tuple(_quota_line(one, last_resort(by_quota[one.line.quota])) for one in room)
        return Agenda(year=campaign.year, rows=tuple(lines), quotas=quotas, labels=scheme.star_words)


def as_signed(listed: Agenda, codes: Collection[str]) -> dict[str, str]:
    """What somebody puts their name to: the star and the total of each, which must not change before the second name."""
    return {
        row.organisation: f"{listed.labels.get(row.proposed_star, row.proposed_star)}、{row.total}分"
        for row in listed.rows
        if row.organisation in codes
    }


def waiting(tx: Transaction, campaign: Campaign, scheme: Scheme) -> tuple[CycleRow, ...]:
    """The cycles of a year that wait for approval, in whatever round, by code."""
    assert campaign.id is not None
    stages = [stage.name for stage in scheme.stage if stage.kind == "approval"]
    return cycles.in_campaign(tx, campaign.id, stages=stages) if stages else ()


def deferred(tx: Transaction, cycle_id: int) -> str | None:
    """Why the committee has passed a cycle over, if that is the last thing that happened to it."""
    newest = records.newest(tx, cycle_id)
    if newest.trigger != DEFER or newest.id is None:
        return None
    detail = records.detail_of(tx, newest.id)
    return str((detail.detail or {}).get("reason", "")) if detail else None


def _row(cycle: CycleRow, keys: Keys = MappingProxyType({})) -> Row:
    return Row(cycle.code, cycle.name, cycle.total or Decimal(0), cycle.proposed or 0, keys.get(cycle.code, ()))


# ── room in the quotas for those who are listed ──────────────────


@dataclass(frozen=True, slots=True)
class Room:
    """A quota of places, in one scope, and the listed who ask for one of them, the best first."""

    line: QuotaLine
    freed: int
    ranking: Ranking

    @property
    def left(self) -> int:
        return max(0, self.line.limit + self.line.excess - self.line.taken + self.freed)

    @property
    def asking(self) -> tuple[str, ...]:
        return tuple(place.row.code for place in self.ranking.places)

    @property
    def beyond(self) -> tuple[str, ...]:
        """Those for whom there is no place."""
        return self.asking[self.ranking.cut :]

    @property
    def tied(self) -> tuple[str, ...]:
        """Those whom the cut line would part although their totals are equal."""
        return tuple(place.row.code for place in self.ranking.tied)


def room_for(tx: Transaction, campaign: Campaign, scheme: Scheme, listed: Sequence[CycleRow]) -> tuple[Room, ...]:
    """For each quota of places: what is left, with what the listed set free themselves, and who asks for it."""
    by_code = {one.code: one for one in scheme.quota}
    lines = (line for line in quota_lines(tx, campaign, scheme) if line.op == "max")
    return tuple(_room(tx, scheme, by_code[line.quota], line, listed) for line in lines)


def _room(tx: Transaction, scheme: Scheme, one: Quota, line: QuotaLine, listed: Sequence[CycleRow]) -> Room:
    here = [row for row in listed if in_scope(tx, one, line.scope, row)]
    holders = {place.organisation for place in line.ranked if place.taken}
    freed = sum(row.code in holders and row.proposed not in one.stars for row in here)
    asking = [row for row in here if row.code not in holders and row.proposed in one.stars]
    left = line.limit + line.excess - line.taken + freed
    keys = _keys(tx, scheme, one, line.scope, asking)
    return Room(line, freed, ranked((_row(row, keys) for row in asking), left))


def _keys(tx: Transaction, scheme: Scheme, one: Quota, scope: str, asking: Sequence[CycleRow]) -> Keys:
    """What decides between equal totals."""
    if not asking:
        return {}
    standing = (Standing(c.id, c.code, c.field, c.members, c.star, c.round) for c in asking)
    return tie_keys(tx, asking[0].campaign_id, scheme, one, scope, standing)


def in_scope(tx: Transaction, one: Quota, scope: str, row: CycleRow) -> bool:
    if one.fields and row.field not in one.fields:
        return False
    return one.scope == "all" or scope == scope_word(tx, Scope.of(one.scope, row.path, row.field, one.fields))


def _quota_line(room: Room, last: str) -> AgendaQuota:
    line, cut = room.line, room.ranking.cut
    return AgendaQuota(
        quota=line.quota,
        scope=line.scope,
        limit=line.limit,
        base=line.base,
        arithmetic=line.arithmetic,
        taken=line.taken,
        excess=line.excess,
        freed=room.freed,
        left=room.left,
        wanted=len(room.asking),
        cut_after=room.asking[cut - 1] if 0 < cut < len(room.asking) else None,
        tie=tie_text(room.ranking, last),
        title=line.title,
    )


# ── what was handed in for those who are listed ──────────────────


@dataclass(frozen=True, slots=True)
class Papers:
    """Sheets, surveys and earlier words of the committee, by cycle."""

    sheets: Sheets
    surveys: Mapping[tuple[int, str], Survey]
    deferred: Mapping[int, str | None]


def _papers(tx: Transaction, listed: Sequence[CycleRow]) -> Papers:
    ids = [row.id for row in listed]
    said = {cycle_id: deferred(tx, cycle_id) for cycle_id in ids}
    return Papers(evidence.newest_sheets(tx, ids), evidence.newest_surveys(tx, ids), said)


def _line(scheme: Scheme, cycle: CycleRow, rank: int, papers: Papers, room: Sequence[Room]) -> AgendaLine:
    own = papers.sheets.get((cycle.id, cycle.round, "self"))
    scored = papers.sheets.get((cycle.id, cycle.round, "superior"))
    filed = papers.surveys.get((cycle.id, cycle.round))
    votes = _votes(scheme, filed)
    mine = [one for one in room if cycle.code in one.asking]
    return AgendaLine(
        rank=rank,
        organisation=cycle.code,
        name=cycle.name,
        round=cycle.round,
        route=cycle.route,
        self_score=plain(own.base) if own else None,
        self_star=own.star if own else None,
        satisfaction=survey.satisfaction_text(scheme.satisfaction, votes) if scheme.satisfaction and votes else None,
        base=plain(scored.base) if scored else None,
        total=plain(cycle.total or Decimal(0)),
        proposed_star=cycle.proposed or 0,
        star=cycle.star,
        within=all(cycle.code not in one.beyond for one in mine) if mine else None,
        tied=any(cycle.code in one.tied for one in mine),
        flags=(
            *(differences(scheme, own.base if own else None, _share(scheme, votes), scored.base) if scored else ()),
            *(survey.masses_warnings(scheme.survey, filed.own_unit + filed.related_unit) if filed else ()),
        ),
        deferred=papers.deferred.get(cycle.id),
    )


def _votes(scheme: Scheme, filed: Survey | None) -> Satisfaction | None:
    if filed is None or scheme.satisfaction is None:
        return None
    return survey.satisfaction(scheme.satisfaction, evidence.tally_of(filed))


def _share(scheme: Scheme, votes: Satisfaction | None) -> Decimal | None:
    """Per cent, where the number may be shown at all: from enough ballots that do not all say the same."""
    rule = scheme.satisfaction
    if rule is None or votes is None or votes.valid < rule.min_cell or votes.satisfied in (0, votes.valid):
        return None
    return (Decimal((100 * votes.satisfied).numerator) / Decimal(votes.valid * votes.satisfied.denominator)).quantize(
        Decimal("0.01")
    )
