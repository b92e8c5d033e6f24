"""The history proves itself: whatever single row is tampered with, both verifiers find it, and at the same record."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from starflow.documents import verifier
from starflow.service import upkeep
from starflow.service.cycles import fire
from starflow.service.desk import Desk
from storage import records
from storage.database import Transaction
from storage.models import Record
from tests.guarantees import acting, faults
from tests.guarantees.places import opened
from tests.guarantees.trial import Trial, must

T = SQLModel.metadata.tables
RECORD, DETAIL, CYCLE = T["record"], T["record_detail"], T["cycle"]
COVERED = (
    "cycle_id", "seq", "trigger", "before", "after", "role", "actor", "at", "late_days", "late_stage", "scheme_hash",
    "detail_digest", "previous_hash", "hash",
)  # fmt: skip
HASHES = frozenset({"scheme_hash", "detail_digest", "previous_hash", "hash"})
UNCOVERED = ("id", "ask_key")
"""What the hash does not cover: a row's number, and the key under which its ask came."""


@dataclass(frozen=True, slots=True)
class Case:
    """One tampering with one row."""

    kind: str
    column: str
    row: Any


def tampering(trial: Trial) -> str:
    """G16: update of each column, insert, delete, swap, cut of the tail, rewriting from here on: every row, every column."""
    found: Counter[str] = Counter()
    with opened(trial, trial.size(3, 5, control=2)) as desk:
        some_history(desk, trial)
        anchor = upkeep.anchor(desk)
        with desk.reading() as tx:
            rows = [dict(row) for row in tx.connection.execute(sa.select(RECORD).order_by(RECORD.c.id)).mappings()]
            lengths = Counter(row["cycle_id"] for row in rows)
        sample = rows if trial.fault != "second_is_lenient" else rows[:1]
        with faults.switched_on(trial.fault):
            for row in sample:
                for case in _cases(row, lengths[row["cycle_id"]]):
                    with tampered(desk, case, rows) as tx:
                        both_find(tx, anchor, case)
                    found[case.kind] += 1
        must(upkeep.verify(desk, anchor).ok, "what was undone is not as before")
    total = sum(found.values())
    kinds = "、".join(f"{kind}{count}" for kind, count in found.items())
    return f"{len(rows)}条记录、逐列逐种共{total}处篡改({kinds}):两个校验程序都查出{total}处,指的是同一条"


def some_history(desk: Desk, trial: Trial, apart_from: str = "") -> None:
    for number in range(trial.size(8, 20, control=4)):
        code, stage = trial.dice.choice([place for place in acting.stages(desk) if place[0] != apart_from])
        ask = acting.ask_of(code, stage, f"h/{number}")
        assert ask is not None
        fire(desk, ask)


def _cases(row: dict[str, Any], length: int) -> Iterator[Case]:
    yield from (Case("改", column, row) for column in COVERED)
    yield from (Case("改明细", column, row) for column in ("detail", "salt"))
    yield Case("删明细", "", row)
    yield Case("删", "", row)
    yield Case("插", "", row)
    yield Case("截尾", "", row)
    yield Case("重写", "", row)
    if row["seq"] < length:
        yield Case("换", "", row)


@contextmanager
def tampered(desk: Desk, case: Case, rows: list[dict[str, Any]]) -> Iterator[Transaction]:
    """Raw SQL of somebody who has the database and knows no constraint; rolled back afterwards."""
    engine = desk.database.engine
    with engine.connect() as connection:
        if desk.database.dialect == "sqlite":
            for pragma in ("query_only=OFF", "foreign_keys=OFF", "ignore_check_constraints=ON"):
                connection.connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]
        work = connection.begin()
        if desk.database.dialect == "postgresql":
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        tx = Transaction(connection, desk.clock.now(), lambda name: "0" * 32)
        try:
            KINDS[case.kind](tx, case, rows)
            yield tx
        finally:
            work.rollback()
            connection.invalidate()


def _changed(value: Any, column: str) -> Any:
    if column == "cycle_id":
        return value + 100_000
    if column == "late_stage":
        return "rating.review" if value != "rating.review" else None
    if isinstance(value, int):
        return value + 1_000
    if column == "at":
        return value + timedelta(seconds=1)
    first = ("1" if value[0] == "0" else "0") if column in HASHES else "x"
    return f"{first}{value[1:]}" if value else first


def _update(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    value = _changed(case.row[case.column], case.column)
    tx.connection.execute(sa.update(RECORD).where(RECORD.c.id == case.row["id"]).values({case.column: value}))


def _update_detail(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    value: Any = {"forged": True} if case.column == "detail" else "f" * 32
    tx.connection.execute(sa.update(DETAIL).where(DETAIL.c.record_id == case.row["id"]).values({case.column: value}))


def _delete_detail(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    tx.connection.execute(sa.delete(DETAIL).where(DETAIL.c.record_id == case.row["id"]))


def _delete(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    _delete_detail(tx, case, rows)
    tx.connection.execute(sa.delete(RECORD).where(RECORD.c.id == case.row["id"]))


def _insert(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    """A well-made record more, right after this one, where the next one stands; the later ones move up."""
    row = case.row
    later = [r for r in rows if r["cycle_id"] == row["cycle_id"] and r["seq"] > row["seq"]]
    for each in reversed(later):
        tx.connection.execute(sa.update(RECORD).where(RECORD.c.id == each["id"]).values(seq=each["seq"] + 1))
    new = {
        **row,
        "id": max(r["id"] for r in rows) + 1,
        "seq": row["seq"] + 1,
        "previous_hash": row["hash"],
        "ask_key": None,
    }
    new["detail_digest"] = records.detail_digest("s", {})
    new["hash"] = _hash(tx, new)
    tx.connection.execute(sa.insert(RECORD).values(new))
    tx.connection.execute(sa.insert(DETAIL).values(record_id=new["id"], salt="s", detail={}, retention="details"))


def _swap(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    """This one and the next change places."""
    row = case.row
    after = next(r for r in rows if r["cycle_id"] == row["cycle_id"] and r["seq"] == row["seq"] + 1)
    for which, seq in ((row, 1_000_000), (after, row["seq"]), (row, after["seq"])):
        tx.connection.execute(sa.update(RECORD).where(RECORD.c.id == which["id"]).values(seq=seq))


def _cut(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    """This one and all after it are gone, and the cycle is made to agree."""
    row = case.row
    mine = [r for r in rows if r["cycle_id"] == row["cycle_id"]]
    for gone in (r for r in mine if r["seq"] >= row["seq"]):
        tx.connection.execute(sa.delete(DETAIL).where(DETAIL.c.record_id == gone["id"]))
        tx.connection.execute(sa.delete(RECORD).where(RECORD.c.id == gone["id"]))
    head = next((r["hash"] for r in mine if r["seq"] == row["seq"] - 1), "")
    changes = {"version": max(1, row["seq"] - 1), "head": head}
    tx.connection.execute(sa.update(CYCLE).where(CYCLE.c.id == row["cycle_id"]).values(changes))


def _rewrite(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    """This one says something else, every hash after it is made anew, and the cycle is made to agree."""
    row = case.row
    previous = row["previous_hash"]
    for each in (r for r in rows if r["cycle_id"] == row["cycle_id"] and r["seq"] >= row["seq"]):
        new = {**each, "previous_hash": previous, **({"actor": "forger"} if each is row else {})}
        new["hash"] = previous = _hash(tx, new)
        tx.connection.execute(sa.update(RECORD).where(RECORD.c.id == each["id"]).values(new))
    tx.connection.execute(sa.update(CYCLE).where(CYCLE.c.id == row["cycle_id"]).values(head=previous))


def _all_gone(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    """Every record of the cycle is gone; the cycle stands."""
    for each in (r for r in rows if r["cycle_id"] == case.row["cycle_id"]):
        _delete(tx, Case("删", "", each), rows)


def _backdate(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    """This one is dated a day before its predecessor, every hash from it on is made anew, and the cycle is made to agree."""
    before = next(r for r in rows if r["cycle_id"] == case.row["cycle_id"] and r["seq"] == case.row["seq"] - 1)
    row = {**case.row, "at": before["at"] - timedelta(days=1)}
    _rewrite(tx, Case("重写", "", row), [row if r["id"] == row["id"] else r for r in rows])


def _revive(tx: Transaction, case: Case, rows: list[dict[str, Any]]) -> None:
    """Its detail was erased by rule, and is there again."""
    its = DETAIL.c.record_id == case.row["id"]
    tx.connection.execute(sa.update(DETAIL).where(its).values(detail={"back": True}, erased_at=tx.now))


KINDS = {
    "改": _update, "改明细": _update_detail, "删明细": _delete_detail, "删": _delete, "插": _insert, "截尾": _cut, "重写": _rewrite,
    "换": _swap, "全删": _all_gone, "倒填": _backdate, "还魂": _revive,
}  # fmt: skip


def _hash(tx: Transaction, row: dict[str, Any]) -> str:
    chain = next(c for i, c, _, _ in records._cycles(tx) if i == row["cycle_id"])
    return records.record_hash(chain, Record(**row))


def both_find(tx: Transaction, anchor: dict[str, Any], case: Case, by: str = "") -> None:
    first = records.verify(tx, anchor)
    lines = [json.dumps(row, ensure_ascii=False) for row in records.exported(tx)]
    second = verifier.verdict(lines, anchor)
    what = f"{case.kind} {case.column} of record {case.row['id']} {by}"
    must(not first.ok, f"{what}: the first verifier found nothing")
    must(not second["ok"], f"{what}: the second verifier found nothing")
    place = str(first.first_bad).split(":")[0]
    must(place == second["first_bad"], f"{what}: the first says {place}, the second {second['first_bad']}")
