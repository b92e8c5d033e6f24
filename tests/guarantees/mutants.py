"""Mutants of a procedure's table: one small wrong each, as a slip of the pen in a scheme or in a kind of stage would make it."""

import random
from collections.abc import Iterator
from dataclasses import replace

from workflow.engine.table import ALWAYS, OWNER, Row, Table, Way, leads_to
from workflow.rating.procedure import table_of, worlds
from workflow.rating.scheme import Scheme

BYS = (OWNER, "organisation", "superior", "department", "committee", "city", "clock", "anyone")

Mutant = tuple[str, Table, str, str]
"""What is wrong, the table with it, and the stage and the act where it is."""


def mutants(scheme: Scheme, dice: random.Random, number: int) -> tuple[Mutant, ...]:
    """So many different ones, drawn from all that this file can think of."""
    table = table_of(scheme)
    every = list(all_mutants(scheme))
    return tuple(_made(table, *each) for each in dice.sample(every, number))


def all_mutants(scheme: Scheme) -> Iterator[tuple[str, Row, tuple[Row, ...]]]:
    """(what, the row, what stands in its place). A way that is taken in no case at all cannot be wrong: it is let be."""
    table, cases = table_of(scheme), tuple(worlds(scheme))
    names = [stage.name for stage in table.stages]
    for row in table.rows:
        at = f"{row.stage}.{row.trigger}"
        yield f"{at} is gone", row, ()
        yield f"{at} wants a reason: {not row.needs_reason}", row, (replace(row, needs_reason=not row.needs_reason),)
        other = "clock" if row.by == OWNER else BYS[(BYS.index(row.by) + 3) % len(BYS)]  # the clock owns no stage
        yield f"{at} by {other}", row, (replace(row, by=other),)
        if row.effect is not None:
            yield f"{at} changes nothing", row, (replace(row, effect=None),)
        for guard in row.guards:
            left = tuple(g for g in row.guards if g is not guard)
            yield f"{at} without {_name(guard)}", row, (replace(row, guards=left),)
        taken = leads_to(row, cases)
        for number, way in ((n, w) for n, w in enumerate(row.ways) if w.dest in taken):
            elsewhere = names[(names.index(way.dest) + 1) % len(names)]
            yield f"{at} leads to {elsewhere}", row, (_with(row, number, replace(way, dest=elsewhere)),)
            if way.when != ALWAYS:
                yield f"{at} always goes to {way.dest}", row, (_with(row, number, replace(way, when=ALWAYS)),)
            if len(row.ways) > 1:
                yield (
                    f"{at} never goes to {way.dest}",
                    row,
                    (replace(row, ways=row.ways[:number] + row.ways[number + 1 :]),),
                )
    for row in table.rows:
        stage = names[(names.index(row.stage) + 2) % len(names)]
        if (stage, row.trigger) not in table.row:
            yield f"{stage}.{row.trigger} stands where it should not", row, (row, replace(row, stage=stage))


def _with(row: Row, number: int, way: Way) -> Row:
    return replace(row, ways=(*row.ways[:number], way, *row.ways[number + 1 :]))


def _made(table: Table, what: str, row: Row, instead: tuple[Row, ...]) -> Mutant:
    rows = [new for old in table.rows for new in (instead if old is row else (old,))]
    wrong = instead[-1] if instead else row
    return what, Table(table.stages, tuple(rows), table.on_arrival, table.words), wrong.stage, wrong.trigger


def _name(guard: object) -> str:
    function = getattr(guard, "func", guard)
    return str(getattr(function, "__name__", function))
