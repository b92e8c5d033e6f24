"""The broken builds: each breaks exactly one promise, by replacing a function of the product in the process of the trial."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from time import sleep
from typing import Any

import openpyxl

from schedules import relay
from starflow.documents import sheets, verifier
from starflow.service import case, desk, upkeep
from starflow.service import cycles as door
from starflow.service.clock import random_salt
from storage import ballots, copying, cycles, database, records
from workflow.engine import deadlines
from workflow.rating import guards, sheet, stages

Patch = tuple[Any, str, Callable[[Any], Any]]
"""Where, which name, and from the true one the false one."""


def _commits_between(true: Any) -> Any:
    """State and history in two transactions."""

    def false(tx: Any, *arguments: Any, **more: Any) -> Any:
        found = true(tx, *arguments, **more)
        if tx.connection.in_nested_transaction():
            return found
        tx.connection.exec_driver_sql("COMMIT")
        if tx.dialect == "sqlite":
            tx.connection.exec_driver_sql("BEGIN IMMEDIATE")
        sleep(0.002)
        return found

    return false


def _new_key_each_time(true: Any) -> Any:
    """The letter's key is not passed on: every attempt looks like a new letter."""

    def false(channels: Any, letter: Any) -> Any:
        return true(
            channels, replace(letter, key=f"{letter.key}-{id(letter)}-{relay.os.getpid()}-{relay.os.urandom(4).hex()}")
        )

    return false


def _only_the_last_second(true: Any) -> Any:
    """A scheduler's grace: whatever is more than a second late is dropped."""

    def false(tx: Any, limit: int) -> Any:
        found = true(tx, limit)
        seconds = {cycle_id: (tx.now - cycles.by_id(tx, cycle_id).acts_at).total_seconds() for cycle_id in found}
        return tuple(cycle_id for cycle_id in found if seconds[cycle_id] <= 1)

    return false


def _as_the_clock_says(true: Any) -> Any:
    """Records are dated by the clock, even where it was set back."""

    def false(tx: Any, new: Any) -> Any:
        return true(tx, [replace(one, at=tx.now) for one in new])

    return false


def _forgets_the_key(true: Any) -> Any:
    """The door does not look at the key under which something was asked before."""
    return lambda ask: replace(true(ask), key=None)


def _was_looked_at_before(true: Any) -> Any:
    """Whether a slip may vote is asked in a transaction of its own, and no more in the one that casts."""

    def false(tx: Any, poll_id: int, slip: str) -> bool:
        true(tx, poll_id, slip)
        return True

    return false


def _by_float(true: Any) -> Any:
    """Hundredths cut off a binary fraction: 82.29 becomes 82.28."""
    return lambda *asked: Decimal(f"{int(float(true(*asked)) * 100) / 100}")


def _says_yes(true: Any) -> Any:
    """In place of a guard's own code, whoever holds the guard by now."""
    return (lambda f, ask, now: None).__code__


FAULTS: dict[str, tuple[Patch, ...]] = {
    "two_tx": ((records, "append_all", _commits_between),),
    "no_key": ((door, "_with_its_reason", _forgets_the_key),),
    "key_not_passed_on": ((relay, "_send", _new_key_each_time),),
    "misfire_grace": ((cycles, "due_for_clock", _only_the_last_second),),
    "wall_clock": ((records, "append_all", _as_the_clock_says),),
    "no_version": ((door, "_same_version", lambda true: lambda tx, case, ask: None),),
    "no_lock": ((case.meetings, "lock_quotas", lambda true: lambda tx, campaign: None),),
    "deferred": ((database, "WRITING", lambda true: {**true, "sqlite": {"begins_with": "BEGIN"}}),),
    "no_retry": ((database, "retrying", lambda true: lambda work, **_: work()),),
    "breaks_on_a_read": ((cycles, "find", lambda true: lambda *asked, **more: 1 // 0),),
    "float_arithmetic": ((sheet, "base_of", _by_float), (case, "base_of", _by_float)),
    "not_synchronous": (
        (database, "PRAGMAS", lambda true: tuple(p.replace("synchronous=FULL", "synchronous=OFF") for p in true)),
    ),
    "no_anchor": (
        (records, "_against", lambda true: lambda anchor, seen: None),
        (records, "_against_head", lambda true: lambda anchor, then: None),
        (verifier, "against", lambda true: lambda kept, chains: None),
    ),
    "checked_outside": ((ballots, "_spend", _was_looked_at_before),),
    "head_unread": ((records, "_against_head", lambda true: lambda anchor, then: None),),
    "second_is_lenient": ((verifier, "wrong_with", lambda true: lambda chain, record, *rest: None),),
    "live_file": ((copying, "snapshot", lambda true: _cp),),
    "drops_a_column": (
        (copying, "_parents_first", lambda true: lambda table, rows: true(table, map(_without_reason, rows))),
    ),
    "no_child": ((sheets, "_ask_the_child", lambda true: _reads_here),),
    "machine_zone": ((deadlines, "local_date", lambda true: lambda at, zone: at.astimezone().date()),),
    "objection_not_settled": ((stages.settle, "__code__", lambda true: (lambda stage, f, ask, now: {}).__code__),),
    "quota_forgotten": ((guards.quota_kept, "__code__", _says_yes),),
    "chance": ((desk, "seeded_salt", lambda true: lambda seed: random_salt),),
    "blind_doctor": ((upkeep, "findings", lambda true: lambda desk, tx: iter(())),),
}


def _without_reason(row: dict[str, Any]) -> dict[str, Any]:
    """A mover that forgets whose key an ask had."""
    return {name: value for name, value in row.items() if name != "ask_key"}


def _reads_here(data: bytes) -> bytes:
    """A reader in the server's own process, with no look at what it is about to open."""
    import io

    workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    rows = [
        ["" if cell is None else str(cell) for cell in row]
        for row in workbook.worksheets[0].iter_rows(values_only=True)
    ]
    return b"\n".join(json.dumps(line).encode() for line in ({"name": "x"}, *rows))


def _cp(live: Any, file: Any, now: Any) -> None:
    """What people do: cp of the file while it is being written to."""
    import shutil

    shutil.copyfile(str(live.engine.url.database), file)


@contextmanager
def switched_on(name: str) -> Iterator[None]:
    """The build is broken in this way until the end of the block; children forked within inherit it."""
    undo: list[partial[None]] = []
    try:
        for where, attribute, falsify in FAULTS.get(name, ()):
            true = getattr(where, attribute)
            undo.append(partial(setattr, where, attribute, true))
            setattr(where, attribute, falsify(true))
        yield
    finally:
        for each in reversed(undo):
            each()
