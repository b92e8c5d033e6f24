"""How many stand where: the counts that are kept for every body, exact at any moment, and the job that counts anew what has changed.

A facet is what can be said of a cycle and is worth counting; its name is JSON, so that the tables know nothing of stages and lights.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from starflow.service.desk import Desk
from starflow.service.quotas import proposal_stages
from storage import counted as cycles_counted
from storage import cycles, overdue, tallies
from storage.counted import Counted
from storage.database import Transaction
from storage.organisations import chunks
from workflow.engine import deadlines
from workflow.engine.deadlines import Light, local_date
from workflow.engine.machine import CLOCK
from workflow.rating.scheme import Scheme

PAGE = 1000

STANDS, LEFT, PLACE = "s", "l", "p"


@dataclass(frozen=True, slots=True)
class Stands:
    """Where a cycle stands; each has exactly one of these. At rest the light no longer changes and stands here itself."""

    stage: str
    light: str | None
    outcome: str | None
    target_at: datetime | None
    due_at: datetime | None
    grace_days: int
    entered_on: date | None

    @property
    def at_rest(self) -> bool:
        return self.light is not None


@dataclass(frozen=True, slots=True)
class Left:
    """A stage that a cycle has left; `behind`: it stands further on now, and has not been sent back."""

    stage: str
    late: bool
    behind: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A cycle that has taken a star of this year's quotas, or asks for one."""

    field: str
    taken: int | None
    asked: int | None


Facet = Stands | Left | Place
Counts = dict[Facet, int]


# ── what is asked ────────────────────────────────────────────────


def counts(desk: Desk, tx: Transaction, campaign_id: int, body_ids: Collection[int]) -> dict[int, Counts]:
    """body → facet → how many cycles at or below it, in this very snapshot."""
    return counts_and_own(desk, tx, campaign_id, body_ids)[0]


def counts_and_own(
    desk: Desk, tx: Transaction, campaign_id: int, body_ids: Collection[int]
) -> tuple[dict[int, Counts], dict[int, Counts]]:
    """The same, and body → what is true of its own cycle alone."""
    found, own = tallies.kept(tx, campaign_id, body_ids)
    for body, names in own.items():
        found[body].update(names)
    for one, now in _fresh(desk, tx, tallies.untallied(tx, campaign_id)):
        _corrected(tx, found, one, now)
        own[tallies.chain_of(one.path)[-1]] = now
    below = {body: {_read(name): number for name, number in its.items() if number} for body, its in found.items()}
    return below, {body: dict.fromkeys(map(_read, names), 1) for body, names in own.items() if body in below}


def counts_of(desk: Desk, tx: Transaction, cycle_ids: Sequence[int]) -> Iterator[tuple[Counted, tuple[Facet, ...]]]:
    """The facets of each of these cycles, counted now."""
    for one, names in _fresh(desk, tx, cycle_ids):
        yield one, tuple(map(_read, names))


def _corrected(tx: Transaction, found: dict[int, Counter[str]], one: Counted, now: Sequence[str]) -> None:
    was = [body for body in tallies.chain_of(one.kept_path) if body in found]
    if was:
        old = tallies.names(tx, tallies.numbers_of(one.kept))
        for body in was:
            found[body].subtract(old.values())
    for body in tallies.chain_of(one.path):
        if body in found:
            found[body].update(now)


# ── the job ──────────────────────────────────────────────────────


def fold(desk: Desk) -> str:
    """The job: counts anew what has changed, in pages of one transaction each."""
    total, page = 0, PAGE
    while page == PAGE and not desk.stopping.is_set():
        with desk.transaction() as tx:
            page = _fold_page(desk, tx)
        total += page
    if total >= PAGE:
        with desk.transaction() as tx:
            tallies.folded(tx)
    return f"重新计数{total}个"


def _fold_page(desk: Desk, tx: Transaction) -> int:
    if not tallies.may_fold(tx):
        return 0
    ids = tallies.untallied(tx, limit=PAGE)
    keep(desk, tx, ids)
    return len(ids)


def keep(desk: Desk, tx: Transaction, ids: Sequence[int]) -> None:
    """From now on these cycles are counted as they stand."""
    counted = tuple(_fresh(desk, tx, ids))
    tallies.keep(tx, counted)
    overdue.keep(tx, [one for one, _ in counted])


def counted_rightly(desk: Desk, tx: Transaction) -> Iterator[str]:
    """What is kept, with what has changed since, equals a recount from the cycles themselves."""
    for campaign_id in cycles.open_campaigns(tx):
        ids = [row.id for row in cycles.in_campaign(tx, campaign_id)]
        recount: dict[int, Counter[Facet]] = {}
        for one, facets in counts_of(desk, tx, ids):
            for body in tallies.chain_of(one.path):
                recount.setdefault(body, Counter()).update(facets)
        for body, its in counts(desk, tx, campaign_id, tuple(recount)).items():
            if its != dict(recount[body]):
                wrong = next(iter(set(its.items()) ^ set(recount[body].items())))
                yield f"计数 组织{body}:{wrong}"


# ── facets ───────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Way:
    """What of a scheme is asked for every cycle."""

    scheme: Scheme
    order: Mapping[str, int]
    rounds: Mapping[str, str]
    asking: frozenset[str]


def _way(scheme: Scheme) -> _Way:
    order = {stage.name: place for place, stage in enumerate(scheme.stage)}
    return _Way(scheme, order, {stage.name: stage.round for stage in scheme.stage}, proposal_stages(scheme))


def _fresh(desk: Desk, tx: Transaction, ids: Sequence[int]) -> Iterator[tuple[Counted, tuple[str, ...]]]:
    ways: dict[int, _Way] = {}
    for page in chunks(ids, PAGE):
        left = cycles_counted.left(tx, page)
        for one in cycles_counted.counted(tx, page):
            if one.campaign_id not in ways:
                ways[one.campaign_id] = _way(desk.scheme(tx, cycles.scheme_hash_of(tx, one.campaign_id)))
            yield one, tuple(map(_name, _facets(ways[one.campaign_id], one, left.get(one.id, ()))))


def _facets(way: "_Way", one: Counted, left: Iterable[tuple[str, bool]]) -> Iterator[Facet]:
    yield _stands(way.scheme, one)
    order, rounds, here = way.order, way.rounds, one.stage
    for stage, late in left:
        if stage in order:
            behind = rounds[stage] != rounds.get(here, "") or order[stage] < order[here]
            yield Left(stage, late, behind)
    asked = one.proposed if one.stage in way.asking else None
    if one.taken is not None or asked is not None:
        yield Place(one.field, one.taken, asked)


def _stands(scheme: Scheme, one: Counted) -> Stands:
    rests = one.owner_role is None or one.closed_at is not None
    if not rests:
        return Stands(one.stage, None, one.outcome, one.target_at, one.due_at, one.grace_days, None)
    light = _resting_light(scheme, one)
    return Stands(one.stage, light.value, one.outcome, None, None, 0, local_date(one.entered_at, scheme.zone))


def _resting_light(scheme: Scheme, one: Counted) -> Light:
    """A period that the clock ended was never late."""
    if one.outcome is not None:
        return Light.BLACK
    if one.closed_at is None:
        return Light.GREY
    due = None if one.owner_role == CLOCK else one.due_at
    return deadlines.light(
        now=one.closed_at,
        zone=scheme.zone,
        target_at=one.target_at,
        due_at=due,
        grace_days=one.grace_days,
        done_at=one.closed_at,
    )


@lru_cache(maxsize=100_000)
def _name(facet: Facet) -> str:
    match facet:
        case Stands():
            said: list[object] = [STANDS, facet.stage, facet.light, facet.outcome, _text(facet.target_at)]
            said += [_text(facet.due_at), facet.grace_days, facet.entered_on.isoformat() if facet.entered_on else None]
        case Left():
            said = [LEFT, facet.stage, int(facet.late), int(facet.behind)]
        case Place():
            said = [PLACE, facet.field, facet.taken, facet.asked]
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=100_000)
def _read(name: str) -> Facet:
    kind, *said = json.loads(name)
    if kind == LEFT:
        return Left(said[0], bool(said[1]), bool(said[2]))
    if kind == PLACE:
        return Place(*said)
    stage, light, outcome, target, due, grace, entered = said
    return Stands(stage, light, outcome, _at(target), _at(due), grace, date.fromisoformat(entered) if entered else None)


def _text(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


def _at(text: int | None) -> datetime | None:
    return None if text is None else datetime.fromtimestamp(text, UTC)
