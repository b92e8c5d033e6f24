"""Another scheme tried on a year that was: last year's sheets, ballots and events under the new rules.

Nothing is written. What the new rules cannot rate is said with its reason, never guessed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from starflow.service.case import Case, campaign_of, inputs_of
from starflow.service.desk import Desk
from storage import cycles, evidence, stars
from storage.cycles import CycleRow
from storage.database import Transaction
from storage.meetings import Scope
from storage.models import Assessment
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput
from workflow.rating.inputs import RatingInputs
from workflow.rating.procedure import table_of
from workflow.rating.quota import Row, limit, ranked, tie_text
from workflow.rating.scheme import Quota, Scheme
from workflow.rating.scoring import Rating, rate
from workflow.rating.wording import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One organisation under both schemes; without `star` the new one cannot rate it, and `why` says so.

    `star_before` is what the year's own rules made of the score, `awarded` what was proposed then; a reviewer may go below.
    """

    organisation: str
    name: str
    awarded: int
    total_before: str | None
    star_before: int
    total: str | None
    star: int | None
    why: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return self.star != self.star_before


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedQuota:
    """A quota of the new scheme over one scope: how many there would be, and who stands at the line."""

    quota: str
    scope: str
    op: str
    base: int
    limit: int
    count: int
    beyond: int
    last_within: str | None
    first_without: str | None
    tie: str | None
    title: str
    cite: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    year: int
    scheme: str
    rows: tuple[Tried, ...]
    before: Mapping[int, int]
    after: Mapping[int, int]
    quotas: tuple[TriedQuota, ...]
    unscored: int  # cycles of the year that no superior has scored
    labels_before: Mapping[int, str]
    labels: Mapping[int, str]  # what each scheme calls its levels

    def names(self, star: int) -> tuple[str, ...]:
        """What both schemes call a level, or one and the other."""
        found = (labels[star] for labels in (self.labels_before, self.labels) if star in labels)
        return tuple(dict.fromkeys(found)) or (str(star),)


def try_scheme(desk: Desk, scheme: Scheme, year: int | None = None) -> Trial:
    """Raises Unknown where there was no such year."""
    with desk.reading() as tx:
        campaign = campaign_of(tx, year)
        assert campaign.id is not None
        old = desk.scheme(tx, campaign.scheme_hash)
        all_ = cycles.in_campaign(tx, campaign.id)
        scored = list(_scored(tx, all_))
        tried = [(cycle, *_tried(desk, tx, scheme, old, cycle, sheet)) for cycle, sheet in scored]
    rows = tuple(one for _, one, _ in tried)
    known = {cycle.id for cycle, _ in scored}
    unscored = [cycle for cycle in all_ if cycle.id not in known and cycle.outcome != "exempt"]
    return Trial(
        year=campaign.year,
        scheme=scheme.name,
        rows=rows,
        before=_counts(one.star_before for one in rows),
        after=_counts(one.star for one in rows if one.star is not None),
        quotas=tuple(_quotas(scheme, campaign.year, [(cycle, rating) for cycle, _, rating in tried], unscored)),
        unscored=len(all_) - len(scored),
        labels_before=old.star_words,
        labels=scheme.star_words,
    )


def _scored(tx: Transaction, all_: Sequence[CycleRow]) -> Iterator[tuple[CycleRow, Assessment]]:
    """Every cycle that a superior has scored, with the newest of its sheets."""
    newest: dict[int, Assessment] = {}
    for (cycle_id, _, made_by), sheet in evidence.newest_sheets(tx, [cycle.id for cycle in all_]).items():
        held = newest.get(cycle_id)
        if made_by == "superior" and (held is None or (held.id or 0) < (sheet.id or 0)):
            newest[cycle_id] = sheet
    yield from ((cycle, newest[cycle.id]) for cycle in all_ if cycle.id in newest)


def _tried(
    desk: Desk, tx: Transaction, scheme: Scheme, old: Scheme, cycle: CycleRow, sheet: Assessment
) -> tuple[Tried, Rating | None]:
    before = rate(old, _inputs(desk, tx, old, old, cycle, sheet))
    try:
        rating = rate(scheme, _inputs(desk, tx, scheme, old, cycle, sheet))
    except BadInput as refusal:
        return _row(cycle, sheet, before, None, tuple(reason.text for reason in refusal.reasons)), None
    return _row(cycle, sheet, before, rating, _why(before, rating)), rating


def _inputs(
    desk: Desk, tx: Transaction, scheme: Scheme, old: Scheme, cycle: CycleRow, sheet: Assessment
) -> RatingInputs:
    """As the sheet's own day saw it: the events and ballots of that round, the star that was in force before."""
    there = cycle._replace(stage=f"{sheet.round}.review")
    case = Case(there, scheme, table_of(scheme), desk.calendar(scheme), tx.now)
    whole = {item.code for item in scheme.criterion} == {item.code for item in old.criterion}
    inputs = inputs_of(tx, case, Decimal(plain(sheet.base)))  # kept as 82.00, which was written as 82
    known = {event for one in scheme.bonus for event in one.events}
    known |= {event for one in scheme.deduction for event in one.events}
    known |= {event for one in scheme.counter for event in one.events}
    on = local_date(sheet.at, scheme.zone)
    return replace(
        inputs,
        rated_on=on,
        events=tuple(event for event in inputs.events if event.code in known),
        scores={code: Decimal(points) for code, points in sheet.scores.items()} if whole else {},
        held=_held(tx, cycle, sheet, on),
    )


def _held(tx: Transaction, cycle: CycleRow, sheet: Assessment, on: date) -> int | None:
    """The star in force on that day, before this sheet brought another."""
    earlier = [
        star.star
        for star in stars.history(tx, cycle.organisation_id)
        if star.from_on <= on and (star.cycle_id, star.round) != (cycle.id, sheet.round)
    ]
    return earlier[-1] if earlier else None


def _row(cycle: CycleRow, sheet: Assessment, before: Rating, rating: Rating | None, why: tuple[str, ...]) -> Tried:
    return Tried(
        organisation=cycle.code,
        name=cycle.name,
        awarded=sheet.star,
        total_before=plain(before.total),
        star_before=before.star,
        total=plain(rating.total) if rating else None,
        star=rating.star if rating else None,
        why=why,
    )


def _why(before: Rating, rating: Rating) -> tuple[str, ...]:
    """The steps that the new rules take and the old ones did not; nothing where the star is the same."""
    if rating.star == before.star:
        return ()
    known = {step.text for step in before.steps}
    return tuple(step.text for step in rating.steps if step.text not in known)


def _counts(rated: Iterable[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for star in rated:
        found[star] = found.get(star, 0) + 1
    return dict(sorted(found.items(), reverse=True))


# ── quotas ───────────────────────────────────────────────────────


def _quotas(
    scheme: Scheme, year: int, tried: Sequence[tuple[CycleRow, Rating | None]], unscored: Sequence[CycleRow]
) -> Iterator[TriedQuota]:
    """Whoever has no score yet counts in the base, as in the year itself."""
    for quota in scheme.quotas_of(year):
        scopes: dict[Scope, list[tuple[CycleRow, Rating]]] = {}
        for cycle, rating in tried:
            if rating is not None and (not quota.fields or cycle.field in quota.fields):
                scope = Scope.of(quota.scope, cycle.path, cycle.field, quota.fields)
                scopes.setdefault(scope, []).append((cycle, rating))
        waiting = Counter(
            Scope.of(quota.scope, cycle.path, cycle.field, quota.fields)
            for cycle in unscored
            if not quota.of and (not quota.fields or cycle.field in quota.fields)
        )
        for scope, its in scopes.items():
            yield _quota(quota, scope, its, waiting[scope])


def _quota(quota: Quota, scope: Scope, its: Sequence[tuple[CycleRow, Rating]], unscored: int) -> TriedQuota:
    base = unscored + sum(not quota.of or rating.star in quota.of for _, rating in its)
    most = limit(quota, base)
    rows = [Row(c.code, c.name, r.total, r.star) for c, r in its if r.star in quota.stars]
    ranking = ranked(rows, most if quota.op == "max" else 0)
    at = {n: place.row for n, place in enumerate(ranking.places)}
    inside, outside = at.get(ranking.cut - 1), at.get(ranking.cut)
    return TriedQuota(
        quota=quota.code,
        scope=scope.field or scope.unit or "all",
        op=quota.op,
        base=base,
        limit=most,
        count=len(rows),
        beyond=max(0, len(rows) - most if quota.op == "max" else most - len(rows)),
        last_within=_at_the_line(inside) if quota.op == "max" else None,
        first_without=_at_the_line(outside) if quota.op == "max" else None,
        tie=tie_text(ranking),
        title=quota.title,
        cite=quota.cite.rule,
    )


def _at_the_line(row: Row | None) -> str | None:
    return f"{row.name} {plain(row.total)}" if row else None
