"""How the year stands, at a glance: a map of units by stages, what it counts up to, what falls due next, when it will end.

Whatever one sees of it, one sees by the same filters as in any list. A forecast says what it was reckoned from, and is not made
from a handful of figures.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from starflow.service.desk import Desk
from starflow.service.quotas import QuotaLine, quota_lines
from starflow.service.view import Filters, View, light_of, view_of, where_of
from storage import organisations as tree
from storage import queries, records
from storage.models import Organisation
from storage.queries import Passed, Standing
from workflow.engine.deadlines import Light, start_of_day
from workflow.rating.scheme_stages import Stage

PACE_DAYS = 5
FEWEST = 5
"""Working days that a forecast looks back on, and the fewest stars granted in them that it is made from."""
DIRECT = ""
"""The code of the row in which those without anybody below them stand together."""
MANY = 8


@dataclass(frozen=True, slots=True)
class Column:
    """A stage of the present round; `rest` is the last one, for all that has come to rest."""

    stage: str
    title: str
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """How many of a unit stand in a stage, by light, and how many have been through it, `late` of these too late."""

    open: Mapping[Light, int]
    passed: int = 0
    late: int = 0

    @property
    def standing(self) -> int:
        return sum(self.open.values())


@dataclass(frozen=True, slots=True)
class Unit:
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
    quotas: tuple[QuotaLine, ...]


def overview(desk: Desk, filters: Filters | None = None) -> Overview:
    """Raises Unknown (year, code), BadInput."""
    with desk.reading() as tx:
        view = view_of(desk, tx, filters or Filters())
        where = where_of(view)
        standing = tuple(queries.standings(tx, where))
        passed = tuple(queries.passed(tx, where))
        round_ = _round(standing)
        columns = _columns(view, round_)
        lights = tuple(light_of(view, one.cycle.outcome, one.stay) for one in standing)
        resting = sum(_at_rest(one) for one in standing)
        return Overview(
            year=view.campaign.year,
            now=view.now.astimezone(view.zone),
            round=round_,
            rated=len(standing),
            at_rest=resting,
            columns=columns,
            units=tuple(_units(view, columns, standing, lights, passed)),
            lights=Counter(light for one, light in zip(standing, lights, strict=True) if not _at_rest(one)),
            on_time=_on_time(passed),
            next_due=_next_due(view, standing),
            forecast=_forecast(view, len(standing) - resting),
            quotas=tuple(line for line in quota_lines(tx, view.campaign, view.scheme) if line.scope == "all"),
        )


def _round(standing: Iterable[Standing]) -> str:
    return "recheck" if any(one.cycle.stage.startswith("recheck.") for one in standing) else "rating"


def _columns(view: View, round_: str) -> tuple[Column, ...]:
    worked = tuple(Column(stage.name, stage.title) for stage in view.scheme.stage if stage.round == round_)
    return (*worked, Column("", "", rest=True))


def _at_rest(one: Standing) -> bool:
    return one.stay is None or one.stay.closed_at is not None


# ── the map ──────────────────────────────────────────────────────


def _units(
    view: View,
    columns: Sequence[Column],
    standing: Sequence[Standing],
    lights: Sequence[Light],
    passed: Sequence[Passed],
) -> Iterable[Unit]:
    """One row for each body directly below; those of a root that have nobody below them share a row if they are many."""
    bodies = _bodies(view)
    parents = {one.cycle.reviewer_id for one in standing}
    alone = {code for code, body in bodies.items() if body.id not in parents}
    together = alone if len(alone) > MANY and len(alone) < len(bodies) else set()
    by_id = {str(body.id): code for code, body in bodies.items()}
    depth = max(0, len(_parts(view.path)) if view.path else 1)

    def row_of(path: str) -> str:
        parts = _parts(path)
        code = by_id.get(parts[depth] if len(parts) > depth else parts[-1], "")
        return DIRECT if code in together else code

    open_: dict[tuple[str, str], Counter[Light]] = {}
    rated: Counter[str] = Counter()
    for one, light in zip(standing, lights, strict=True):
        row = row_of(one.cycle.path)
        rated[row] += 1
        stage = "" if _at_rest(one) else one.cycle.stage
        open_.setdefault((row, stage), Counter())[light] += 1
    been, late = _been(columns, passed, row_of)
    names = {code: body.name for code, body in bodies.items()}
    for code in dict.fromkeys([*(c for c in bodies if c not in together), *([DIRECT] if together else [])]):
        if rated[code]:
            cells = tuple(
                Cell(open_.get((code, c.stage), {}), been[code, c.stage], late[code, c.stage]) for c in columns
            )
            yield Unit(code, names.get(code, ""), rated[code], cells)


def _bodies(view: View) -> dict[str, Organisation]:
    top = _parts(view.path)[-1] if view.path else str(tree.root(view.tx))
    mine = tree.by_id(view.tx, int(top))
    below = tree.children(view.tx, int(top))
    return {body.code: body for body in (*((mine,) if mine else ()), *below)}


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")


def _been(
    columns: Sequence[Column], passed: Iterable[Passed], row_of: Callable[[str], str]
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Who has been through a stage and now stands behind it; whoever was sent back has it before himself again."""
    order = {column.stage: number for number, column in enumerate(columns)}
    been: Counter[tuple[str, str]] = Counter()
    late: Counter[tuple[str, str]] = Counter()
    for one in passed:
        if one.stage in order and order[one.stage] < order.get(one.standing, len(order)):
            key = row_of(one.path), one.stage
            been[key] += 1
            late[key] += one.late
    return been, late


def _on_time(passed: Sequence[Passed]) -> int | None:
    return round(100 * sum(not one.late for one in passed) / len(passed)) if passed else None


# ── what comes ───────────────────────────────────────────────────


def _next_due(view: View, standing: Iterable[Standing]) -> NextDue | None:
    ahead = [
        (one.stay.due_at, one.cycle.stage)
        for one in standing
        if one.stay and one.stay.closed_at is None and one.stay.due_at and one.stay.due_at > view.now
    ]
    if not ahead:
        return None
    at = min(due for due, _ in ahead)
    stages = [stage for due, stage in ahead if due == at]
    found: Stage = view.scheme.stage_of(Counter(stages).most_common(1)[0][0])
    return NextDue(at.astimezone(view.zone), found.title, len(stages))


def _forecast(view: View, left: int) -> Forecast | None:
    """From the stars granted in the last working days below this body."""
    calendar = view.desk.calendar(view.scheme)
    first = calendar.subtract_workdays(view.today, PACE_DAYS)
    since = start_of_day(first, view.zone)
    resting = [stage.name for stage in view.scheme.stage if stage.kind in ("rated", "closed")]
    granted = records.arrivals(view.tx, view.campaign.id or 0, resting, since, under=view.path)
    if granted < FEWEST or not left:
        return None
    needed = -(-left * PACE_DAYS // granted)
    return Forecast(calendar.add_workdays(view.today, needed), left, granted, PACE_DAYS)


def pace_text(forecast: Forecast) -> str:
    """The average per working day, with one decimal."""
    return f"{forecast.granted / forecast.days:.1f}"
