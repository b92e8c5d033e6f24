"""Where the strokes of a drawing lie: pure figures, from which templates draw SVG and write the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from starflow.service.picture import HERE, PASSED_OVER, Picture, ScoreStep, Stay, Stop, WayBack, bars

LEFT, RIGHT, ROW = 190, 940, 34
STEP, SPINE = 66, 130


@dataclass(frozen=True, slots=True)
class Dot:
    """A reminder on the line of a stay."""

    x: float
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Lane:
    """One stay on the time axis; `target` and `due` are ticks."""

    stay: Stay
    y: float
    x: float
    width: float
    target: float | None
    due: float | None
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A year's part as lanes; `months` are (x, instant)."""

    height: float
    lanes: tuple[Lane, ...]
    months: tuple[tuple[float, datetime], ...]
    today: float


def timeline(seen: Picture, now: datetime) -> Timeline | None:
    if not seen.stays:
        return None
    zone = now.tzinfo
    first = min(stay.opened_at for stay in seen.stays)
    ends = [at for stay in seen.stays for at in (stay.due_at, stay.closed_at) if at]
    last = max([now, *ends])
    span = max((last - first).total_seconds(), 1)

    def x(at: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(max((at - first).total_seconds() / span, 0), 1), 1)

    told = {stop.stage: stop.told for stop in seen.stops}
    newest = {stay.stage: stay for stay in seen.stays}
    lanes = tuple(
        Lane(
            stay,
            number * ROW + 36,
            x(stay.opened_at),
            max(3.0, round(x(stay.closed_at or now) - x(stay.opened_at), 1)),
            x(stay.target_at) if stay.target_at else None,
            x(stay.due_at) if stay.due_at else None,
            tuple(Dot(x(at), kind, at) for at, kind in told.get(stay.stage, ())) if newest[stay.stage] is stay else (),
        )
        for number, stay in enumerate(seen.stays)
    )
    months = tuple(
        (x(at), at)
        for number in range(first.year * 12 + first.month, last.year * 12 + last.month)
        if (at := datetime(number // 12, number % 12 + 1, 1, tzinfo=zone)) > first
    )
    return Timeline(len(lanes) * ROW + 44, lanes, months, x(now))


# ── the procedure ────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Node:
    """A stage of the diagram, and the words on the edge below it."""

    stop: Stop
    y: int
    last: bool


@dataclass(frozen=True, slots=True)
class Return:
    """An edge back from where the cycle stands."""

    way: WayBack
    title: str
    from_y: int
    to_y: int
    x: int


@dataclass(frozen=True, slots=True)
class Diagram:
    height: int
    nodes: tuple[Node, ...]
    returns: tuple[Return, ...]


def diagram(seen: Picture) -> Diagram:
    """From top to bottom; what blocks the way is written on the edge below the present stage, so that edge is longer."""
    nodes, y = [], 34
    for number, stop in enumerate(seen.stops):
        nodes.append(Node(stop, y, number == len(seen.stops) - 1))
        more = 24 * max(0, len(seen.missing) - 1) if stop.state == HERE else 0
        y += (STEP - 20 if stop.state == PASSED_OVER else STEP) + more
    at = {node.stop.stage: node for node in nodes}
    here = next((node for node in nodes if node.stop.state == HERE), None)
    returns = tuple(
        Return(way, at[way.to].stop.title, here.y, at[way.to].y, SPINE - 34 - 24 * number)
        for number, way in enumerate(way for way in seen.back if here and way.to in at)
        if here
    )
    return Diagram(y, tuple(nodes), returns)


# ── the score ────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Block:
    """One step of the waterfall."""

    step: ScoreStep
    y: int
    x: float
    width: float
    rises: bool
    total: bool
    after: Decimal


def own_step(text: str, base: str) -> ScoreStep:
    """The organisation's own score stands first, to be compared."""
    return ScoreStep(text, f"={base}", "")


def waterfall(steps: Sequence[ScoreStep], highest: Decimal = Decimal(110)) -> tuple[Block, ...]:
    """Horizontal blocks on a scale from nothing to a bit more than everything."""
    scale = Decimal(RIGHT - LEFT) / highest
    return tuple(
        Block(
            step,
            number * ROW + 8,
            float(LEFT + min(before, after) * scale),
            float(max(abs(after - before) * scale, Decimal(2))),
            after >= before,
            step.effect.startswith("="),
            after,
        )
        for number, (step, before, after) in enumerate(bars(steps))
    )
