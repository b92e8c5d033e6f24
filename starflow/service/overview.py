"""How the year stands, at a glance: a map of units by stages, what it counts up to, what falls due next, when it will end.

Whatever one sees of it, one sees by the same filters as in any list. A forecast says what it was reckoned from, and is not made
from a handful of figures.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from starflow.service.desk import Desk
from starflow.service.scopes import quota_base
from starflow.service.tallies import Counts, Facet, Left, Place, Stands, counts, counts_and_own, counts_of
from starflow.service.view import Filters, View, light_at, view_of, where_of
from storage import organisations as tree
from storage import queries
from storage.database import Transaction
from storage.meetings import Scope
from storage.queries import Listed
from storage.tallies import chain_of
from workflow.engine.deadlines import Light
from workflow.rating.quota import limit
from workflow.rating.scheme import Quota
from workflow.rating.scheme_stages import Stage

PACE_DAYS = 5
FEWEST = 5
"""Working days that a forecast looks back on, and the fewest stars granted in them that it is made from."""
LIGHTS = {light.value: light for light in Light}
URGENT = (Light.RED, Light.YELLOW, Light.BLUE, Light.GREY, Light.GREEN, Light.BLACK)
DIRECT = ""
"""The code of the row in which those without anybody below them stand together."""
REST = ""
"""The stage of the last column."""
MANY = 8


class Column(NamedTuple):
    """A stage of the present round; `rest` is the last one, for all that has come to rest."""

    stage: str
    title: str
    rest: bool = False


class Cell(NamedTuple):
    """How many of a unit stand in a stage, by light, the most urgent first; how many have been through it, `late` of these too late."""

    lamps: tuple[tuple[Light, int], ...]
    passed: int
    late: int

    @property
    def standing(self) -> int:
        return sum(number for _, number in self.lamps)


class Unit(NamedTuple):
    """One row of the map."""

    code: str
    name: str
    rated: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class NextDue:
    """The nearest instant at which something is due, what, and of how many."""

    at: datetime
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """At the pace of the last working days the round ends on `ends_on`."""

    ends_on: date
    left: int
    granted: int
    days: int


@dataclass(frozen=True, slots=True)
class Places:
    """Of the places of the first top quota: how many are taken or asked for."""

    title: str
    limit: int
    used: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first page shows above its list."""

    year: int
    now: datetime
    round: str
    rated: int
    at_rest: int
    columns: tuple[Column, ...]
    units: tuple[Unit, ...]
    lights: Mapping[Light, int]
    on_time: int | None  # per cent of what has been finished
    next_due: NextDue | None
    forecast: Forecast | None
    places: Places | None
    as_of: datetime | None = None  # up to when a replica knows


def overview(desk: Desk, filters: Filters | None = None) -> Overview:
    """Raises Unknown (year, code), BadInput."""
    with desk.looking() as tx:
        return overview_in(desk, tx, filters or Filters())


def overview_in(desk: Desk, tx: Transaction, filters: Filters) -> Overview:
    """The same in a reading that goes on."""
    view = view_of(desk, tx, filters)
    everything, rows, names = _rows(view)
    standing = {facet: number for facet, number in everything.items() if isinstance(facet, Stands)}
    columns = _columns(view, _round(view, standing))
    rated = sum(standing.values())
    resting = sum(number for facet, number in standing.items() if facet.at_rest)
    return Overview(
        year=view.campaign.year,
        now=view.now.astimezone(view.zone),
        round=_round(view, standing),
        rated=rated,
        at_rest=resting,
        columns=columns,
        units=tuple(_units(view, columns, rows, names)),
        lights=_lights(view, {facet: number for facet, number in standing.items() if not facet.at_rest}),
        on_time=_on_time(everything),
        next_due=_next_due(view, standing),
        forecast=_forecast(view, standing, rated - resting),
        places=_places(view, everything),
        as_of=view.local(tx.as_of),
    )


def _round(view: View, standing: Iterable[Stands]) -> str:
    """The latest in which anybody stands."""
    entered = {one.stage.rpartition(".")[0] for one in standing}
    return next((one for one in reversed(view.scheme.rounds) if one in entered), view.scheme.first_round)


def _columns(view: View, round_: str) -> tuple[Column, ...]:
    worked = tuple(Column(stage.name, stage.title) for stage in view.scheme.stage if stage.round == round_)
    return (*worked, Column(REST, "", rest=True))


def _lights(view: View, standing: Mapping[Stands, int]) -> Mapping[Light, int]:
    found: Counter[Light] = Counter()
    for facet, number in standing.items():
        found[light_now(view, facet)] += number
    return found


def light_now(view: View, stands: Stands) -> Light:
    """The light of all that stand so."""
    if stands.light is not None:
        return LIGHTS[stands.light]
    if stands.outcome is not None:
        return Light.BLACK
    return light_at(view, stands.target_at, stands.due_at, stands.grace_days)


# ── the map ──────────────────────────────────────────────────────


def _rows(view: View) -> tuple[Counts, dict[str, Counts], dict[str, str]]:
    """What is true of all; of the body itself and of each body directly below, by its code; and their names.

    Those of a root that have nobody below them share a row if they are many.
    """
    bodies = _bodies(view)
    everything, found = _counted_now(view, bodies) if _narrowed(view.filters) else _kept(view, bodies)
    alone = {code for code, body in bodies.items() if not body.reviews}
    together = alone if len(alone) > MANY and len(alone) < len(bodies) else set()
    rows: dict[str, Counts] = {code: found.get(code, {}) for code in bodies if code not in together}
    if together:
        shared: Counter[Facet] = Counter()
        for code in together:
            shared.update(found.get(code, {}))
        rows[DIRECT] = shared
    return everything, rows, {code: body.name for code, body in bodies.items()}


def _narrowed(filters: Filters) -> bool:
    """By more than a subtree: then there are no counts that are kept."""
    return any((filters.stage, filters.owner, filters.owed_by, filters.reviewer, filters.text))


def _kept(view: View, bodies: Mapping[str, Listed]) -> tuple[Counts, dict[str, Counts]]:
    (top, mine), *below = bodies.items()
    its = (mine.id, *(body.id for _, body in below))
    kept, own = counts_and_own(view.desk, view.tx, view.campaign.id, its)
    return kept[mine.id], {top: own.get(mine.id, {})} | {code: kept[body.id] for code, body in below}


def _counted_now(view: View, bodies: Mapping[str, Listed]) -> tuple[Counts, dict[str, Counts]]:
    by_id = {body.id: code for code, body in bodies.items()}
    ids = tuple(one.cycle.id for one in queries.standings(view.tx, where_of(view)))
    found: dict[str, Counter[Facet]] = {}
    everything: Counter[Facet] = Counter()
    for one, facets in counts_of(view.desk, view.tx, ids):
        everything.update(facets)
        code = next((by_id[body] for body in reversed(chain_of(one.path)) if body in by_id), "")
        found.setdefault(code, Counter()).update(facets)
    return dict(everything), {code: dict(its) for code, its in found.items()}


def _bodies(view: View) -> dict[str, Listed]:
    """The body that one looks from, then those directly below it."""
    top = chain_of(view.path)[-1] if view.path else tree.root(view.tx)
    return {body.code: body for body in queries.family(view.tx, view.campaign.id, top)}


def _units(
    view: View, columns: Sequence[Column], rows: Mapping[str, Counts], names: Mapping[str, str]
) -> Iterable[Unit]:
    for code, its in rows.items():
        if rated := sum(number for facet, number in its.items() if isinstance(facet, Stands)):
            yield Unit(code, names.get(code, ""), rated, _cells(view, columns, its))


def _cells(view: View, columns: Sequence[Column], its: Counts) -> tuple[Cell, ...]:
    """Who has been through a stage and now stands behind it; whoever was sent back has it before himself again."""
    open_: dict[str, Counter[Light]] = {}
    passed, late = dict[str, int](), dict[str, int]()
    for facet, number in its.items():
        if isinstance(facet, Stands):
            where = REST if facet.at_rest else facet.stage
            lamps = open_.setdefault(where, Counter())
            lamps[light_now(view, facet)] += number
        elif isinstance(facet, Left) and facet.behind:
            passed[facet.stage] = passed.get(facet.stage, 0) + number
            late[facet.stage] = late.get(facet.stage, 0) + number * facet.late
    return tuple(
        Cell(_lamps(open_.get(name)), passed.get(name, 0), late.get(name, 0)) for name in (one.stage for one in columns)
    )


def _lamps(open_: Mapping[Light, int] | None) -> tuple[tuple[Light, int], ...]:
    return tuple((light, open_[light]) for light in URGENT if light in open_) if open_ else ()


def _on_time(everything: Mapping[Facet, int]) -> int | None:
    left = {facet: number for facet, number in everything.items() if isinstance(facet, Left)}
    timely = sum(number for facet, number in left.items() if not facet.late)
    return round(100 * timely / sum(left.values())) if left else None


# ── what comes ───────────────────────────────────────────────────


def _next_due(view: View, standing: Mapping[Stands, int]) -> NextDue | None:
    ahead = {
        facet: number for facet, number in standing.items() if facet.due_at is not None and facet.due_at > view.now
    }
    if not ahead:
        return None
    at = min(facet.due_at for facet in ahead if facet.due_at is not None)
    stages: Counter[str] = Counter()
    for facet, number in ahead.items():
        if facet.due_at == at:
            stages[facet.stage] += number
    found: Stage = view.scheme.stage_of(max(sorted(stages), key=lambda stage: stages[stage]))
    return NextDue(at.astimezone(view.zone), found.title, stages.total())


def _forecast(view: View, standing: Mapping[Stands, int], left: int) -> Forecast | None:
    """From those below this body that have come to rest in the last working days, and rest still."""
    calendar = view.desk.calendar(view.scheme)
    first = calendar.subtract_workdays(view.today, PACE_DAYS)
    resting = {stage.name for stage in view.scheme.stage if stage.kind in ("rated", "closed")}
    came = (n for f, n in standing.items() if f.entered_on and f.entered_on >= first and f.stage in resting)
    granted = sum(came)
    if granted < FEWEST or not left:
        return None
    needed = -(-left * PACE_DAYS // granted)
    return Forecast(calendar.add_workdays(view.today, needed), left, granted, PACE_DAYS)


def _places(view: View, seen: Counts) -> Places | None:
    """The first top quota over everybody: how many of its places are taken and asked for."""
    quota = next(
        (one for one in view.scheme.quotas_of(view.campaign.year) if one.op == "max" and one.scope == "all"), None
    )
    if quota is None:
        return None
    root = tree.root(view.tx)
    whole = not view.path.removeprefix(f"/{root}/") and not _narrowed(view.filters)
    its = seen if whole else counts(view.desk, view.tx, view.campaign.id, [root])[root]
    asked = {f: n for f, n in its.items() if isinstance(f, Place) and (not quota.fields or f.field in quota.fields)}
    taken = sum(n for f, n in asked.items() if f.taken in quota.stars)
    proposed = sum(n for f, n in asked.items() if f.taken not in quota.stars and f.asked in quota.stars)
    base = _base(view, quota, its)
    return Places(quota.title or quota.code, limit(quota, base), taken + proposed)


def _base(view: View, quota: Quota, everybody: Counts) -> int:
    """As `quota_base`; where nobody has joined later or nobody is exempt, the counts know it already."""
    standing = {f: n for f, n in everybody.items() if isinstance(f, Stands)}
    exempt = sum(n for f, n in standing.items() if f.outcome == "exempt")
    opened = view.campaign.rated_count
    if quota.of or quota.fields or (exempt and sum(standing.values()) != opened):
        return quota_base(view.tx, view.campaign.id, quota, Scope(fields=quota.fields))
    return opened - exempt


def pace_text(forecast: Forecast) -> str:
    """The average per working day, with one decimal."""
    return f"{forecast.granted / forecast.days:.1f}"
