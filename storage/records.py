"""The append-only history: one chained record per transition, its erasable detail, and the head over all of them.

A record's hash covers what happened and when, never personal text: reason, names and payload stand in `record_detail` under a
salted digest, so that they can be erased by rule and the chain still holds.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from storage import organisations
from storage.database import Transaction
from storage.models import Anchor, Campaign, Cycle, Organisation, Record, RecordDetail
from storage.statements import Statement, inserted

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """A record before it has its place in the chain. `chain` names the cycle for people: "2027/D0101"."""

    chain: str
    cycle_id: int
    seq: int
    trigger: str
    before: str
    after: str
    role: str
    actor: str
    at: datetime
    late_days: int
    late_stage: str | None
    scheme_hash: str
    previous_hash: str
    detail: Mapping[str, Any]
    ask_key: str | None = None
    retention: str = "details"


_TAKEN_OVER = (
    "cycle_id",
    "seq",
    "trigger",
    "before",
    "after",
    "role",
    "actor",
    "at",
    "late_days",
    "late_stage",
    "scheme_hash",
    "previous_hash",
    "ask_key",
)
_RECORD, _DETAIL = SQLModel.metadata.tables["record"], SQLModel.metadata.tables["record_detail"]
_INSERT = Statement(inserted(sa.insert(_RECORD), *(c for c in _RECORD.c if c.name != "id")))
_ID = Statement(
    sa.select(_RECORD.c.id).where(
        _RECORD.c.cycle_id == sa.bindparam("cycle_id", type_=sa.Integer),
        _RECORD.c.seq == sa.bindparam("seq", type_=sa.Integer),
    )
)
_INSERT_DETAIL = Statement(
    sa.insert(_DETAIL).from_select(
        ["record_id", "salt", "detail", "retention"],
        sa.select(
            _RECORD.c.id,
            *(sa.bindparam(name, type_=_DETAIL.c[name].type) for name in ("salt", "detail", "retention")),
        ).where(
            _RECORD.c.cycle_id == sa.bindparam("cycle_id", type_=sa.Integer),
            _RECORD.c.seq == sa.bindparam("seq", type_=sa.Integer),
        ),
    )
)


class Appended(NamedTuple):
    """A record as it now stands at the end of its chain."""

    cycle_id: int
    seq: int
    trigger: str
    before: str
    after: str
    role: str
    actor: str
    at: datetime
    late_days: int
    late_stage: str | None
    scheme_hash: str
    detail_digest: str
    previous_hash: str
    hash: str
    ask_key: str | None


def append(tx: Transaction, new: NewRecord) -> Appended:
    """Writes the record and its detail; raises IntegrityError where the place in the chain is taken."""
    return append_all(tx, [new])[0]


def append_all(tx: Transaction, news: Sequence[NewRecord]) -> tuple[Appended, ...]:
    """`append` to many chains at once, each at most once: the same rows, in two statements."""
    salts = [tx.salt(f"{new.chain}#{new.seq}") for new in news]
    appended = tuple(map(_chained, news, salts))
    _INSERT.run(tx, *(one._asdict() for one in appended))
    _INSERT_DETAIL.run(
        tx,
        *(
            {
                "salt": salt,
                "detail": dict(new.detail),
                "retention": new.retention,
                "cycle_id": new.cycle_id,
                "seq": new.seq,
            }
            for new, salt in zip(news, salts, strict=True)
        ),
    )
    return appended


def _chained(new: NewRecord, salt: str) -> Appended:
    values = {name: getattr(new, name) for name in _TAKEN_OVER}
    unsigned = Appended(**values, detail_digest=detail_digest(salt, new.detail), hash="")
    return unsigned._replace(hash=record_hash(new.chain, unsigned))


def id_of(tx: Transaction, record: Appended) -> int:
    """The row's number, for those that point at it."""
    return int(_ID.rows(tx, {"cycle_id": record.cycle_id, "seq": record.seq})[0][0])


def canonical(value: Any) -> bytes:
    """One spelling per value, so that equal things have equal hashes."""
    return _CANONICAL.encode(value).encode()


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def detail_digest(salt: str, detail: Mapping[str, Any]) -> str:
    return hashlib.sha256(salt.encode() + b"|" + canonical(detail)).hexdigest()


def record_hash(chain: str, r: Record | Appended) -> str:
    covered = [
        chain,
        r.seq,
        r.trigger,
        r.before,
        r.after,
        r.role,
        r.actor,
        r.at.astimezone(UTC).isoformat(),
        r.late_days,
        r.late_stage,
        r.scheme_hash,
        r.detail_digest,
        r.previous_hash,
    ]
    return hashlib.sha256(canonical(covered)).hexdigest()


def by_key(tx: Transaction, key: str) -> Record | None:
    return tx.session.exec(select(Record).where(Record.ask_key == key)).first()


def newest(tx: Transaction, cycle_id: int) -> Record:
    """The last record of a chain; every cycle has one from its opening on."""
    return tx.session.scalars(_NEWEST, {"cycle": cycle_id}).one()


_NEWEST = select(Record).where(col(Record.cycle_id) == sa.bindparam("cycle")).order_by(col(Record.seq).desc()).limit(1)


def detail_of(tx: Transaction, record_id: int) -> RecordDetail | None:
    return tx.session.get(RecordDetail, record_id)


def newest_said(tx: Transaction, cycle_id: int, trigger: str) -> Mapping[str, Any]:
    """The payload of the last act of this name; empty where there was none, or where it has been erased."""
    its = select(Record).where(Record.cycle_id == cycle_id, Record.trigger == trigger).order_by(col(Record.seq).desc())
    found = tx.session.exec(its.limit(1)).first()
    detail = detail_of(tx, found.id) if found is not None and found.id is not None else None
    said = detail.detail if detail and detail.detail else {}
    return {**said, **(said.get("payload") or {})}


def history(tx: Transaction, cycle_id: int) -> tuple[tuple[Record, RecordDetail | None], ...]:
    """All records of a cycle in order, each with its detail."""
    found = tx.session.exec(
        select(Record, RecordDetail)
        .join(RecordDetail, col(RecordDetail.record_id) == col(Record.id), isouter=True)
        .where(Record.cycle_id == cycle_id)
        .order_by(col(Record.seq))
    )
    return tuple((record, detail) for record, detail in found)


def schemes_of(tx: Transaction, campaign_id: int, triggers: Sequence[str]) -> dict[tuple[int, datetime], str]:
    """(cycle, when) → the scheme under which these acts of a campaign were done."""
    of_it = select(Record).join(Cycle, col(Cycle.id) == col(Record.cycle_id)).where(Cycle.campaign_id == campaign_id)
    found = tx.session.exec(of_it.where(col(Record.trigger).in_(triggers)).order_by(col(Record.id)))
    return {(one.cycle_id, one.at): one.scheme_hash for one in found}


def edges(tx: Transaction) -> Iterator[tuple[str, str, str, str, str]]:
    """Every different (scheme hash, trigger, before, after) of the history, with one chain in which it stands."""
    found = tx.session.execute(
        sa.select(
            col(Record.scheme_hash),
            col(Record.trigger),
            col(Record.before),
            col(Record.after),
            sa.func.min(col(Organisation.code)),
        )
        .join(Cycle, col(Cycle.id) == col(Record.cycle_id))
        .join(Organisation, col(Organisation.id) == col(Cycle.organisation_id))
        .group_by(col(Record.scheme_hash), col(Record.trigger), col(Record.before), col(Record.after))
    )
    yield from ((digest, trigger, before, after, code) for digest, trigger, before, after, code in found)


def arrivals(tx: Transaction, campaign_id: int, stages: Collection[str], since: datetime, under: str = "") -> int:
    """How many cycles of a campaign have come into one of these stages since then."""
    its = sa.and_(col(Cycle.id) == col(Record.cycle_id), col(Organisation.id) == col(Cycle.organisation_id))
    statement = sa.select(sa.func.count(sa.distinct(col(Record.cycle_id)))).select_from(Record, Cycle, Organisation)
    statement = statement.where(
        its,
        col(Cycle.campaign_id) == campaign_id,
        col(Record.after).in_(stages),
        col(Record.before) != col(Record.after),
        col(Record.at) >= since,
    )
    if under:
        statement = statement.where(organisations.under(tx, under))
    return tx.session.scalar(statement) or 0


def late_count(tx: Transaction) -> int:
    """How many records were charged with late days."""
    return tx.session.scalar(sa.select(sa.func.count()).where(col(Record.late_days) > 0)) or 0


# ── verification ─────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Verdict:
    """`first_bad` names the first record that does not hold, and why."""

    ok: bool
    records: int
    cycles: int
    head: str
    first_bad: str | None = None


def verify(tx: Transaction, anchor: Mapping[str, Any] | None = None) -> Verdict:
    """Recomputes every hash, every digest that is not erased, and each cycle's version and head.

    With an anchor, the chains must also still contain what they contained then: cutting the tail or rewriting is found. One that
    holds each chain's head names the record; one that holds the head over all says only that something up to it is different.
    """
    records, heads, first_bad = 0, {}, None
    known = {chain: (version, head) for _, chain, version, head in _cycles(tx)}
    upto = (anchor or {}).get("upto", 0)
    seen: dict[str, dict[int, str]] = {}
    then: dict[str, tuple[int, str]] = {}
    for chain, rows in chains(tx):
        records += len(rows)
        first_bad = first_bad or _bad_in(chain, rows) or _bad_head(chain, rows, known[chain])
        heads[chain] = (len(rows), rows[-1][0].hash)
        seen[chain] = {r.seq: r.hash for r, _ in rows}
        if old := [r for r, _ in rows if (r.id or 0) <= upto]:
            then[chain] = (old[-1].seq, old[-1].hash)
    first_bad = first_bad or next((f"{c}#1:没有任何记录" for c in known if c not in heads), None)
    if anchor is not None:
        first_bad = first_bad or _against(anchor, seen) or _against_head(anchor, then)
    return Verdict(first_bad is None, records, len(heads), root_of(heads), first_bad)


def fault_in(tx: Transaction, cycle_id: int, chain: str) -> str | None:
    """What is wrong with the chain of one cycle; None: every hash and digest holds, and so do its version and head."""
    rows = list(history(tx, cycle_id))
    known = next((version, head) for _, _, version, head in _cycles(tx, cycle_id))
    return _bad_in(chain, rows) or _bad_head(chain, rows, known) if rows else f"{chain}#1:没有任何记录"


def root_of(heads: Mapping[str, tuple[int, str]]) -> str:
    """The head over all cycles: the hash of every chain's name, length and newest hash, in order of the names."""
    return hashlib.sha256(canonical([[c, *heads[c]] for c in sorted(heads)])).hexdigest()


def current_heads(tx: Transaction) -> dict[str, tuple[int, str]]:
    return {chain: (version, head) for _, chain, version, head in _cycles(tx)}


def put_anchor(tx: Transaction) -> Anchor:
    """Nobody writes meanwhile, so that the numbers up to the newest are exactly the records that the heads come from."""
    if tx.dialect == "postgresql":
        tx.connection.execute(sa.text("LOCK TABLE record IN SHARE MODE"))
    heads, upto = current_heads(tx), tx.session.scalar(sa.select(sa.func.max(Record.id))) or 0
    records = sum(length for length, _ in heads.values())
    anchor = Anchor(at=tx.now, cycles=len(heads), records=records, upto=upto, head=root_of(heads))
    tx.session.add(anchor)
    tx.session.flush()
    return anchor


def latest_anchor(tx: Transaction, before: datetime | None = None) -> Anchor | None:
    """The newest, or the newest that was there at an instant."""
    its = select(Anchor).order_by(col(Anchor.id).desc()).limit(1)
    return tx.session.exec(its if before is None else its.where(col(Anchor.at) <= before)).first()


def _cycles(tx: Transaction, cycle_id: int | None = None) -> Iterator[tuple[int, str, int, str]]:
    found = tx.session.execute(
        sa.select(Cycle.id, Campaign.year, Organisation.code, Cycle.version, Cycle.head)  # type: ignore[call-overload]
        .join(Campaign, col(Cycle.campaign_id) == col(Campaign.id))
        .join(Organisation, col(Cycle.organisation_id) == col(Organisation.id))
        .where(*((col(Cycle.id) == cycle_id,) if cycle_id is not None else ()))
        .order_by(Campaign.year, Organisation.code)
    )
    for which, year, code, version, head in found:
        yield which, f"{year}/{code}", version, head


def chains(tx: Transaction) -> Iterator[tuple[str, list[tuple[Record, RecordDetail | None]]]]:
    """Chain after chain; a province's history does not fit into memory at once, one cycle's always does."""
    for cycle_id, chain, _, _ in list(_cycles(tx)):
        rows = list(history(tx, cycle_id))
        tx.session.expunge_all()
        if rows:
            yield chain, rows


def exported(tx: Transaction) -> Iterator[dict[str, Any]]:
    """Every cycle with its length and head, each followed by its records: what `starflow/documents/verifier.py` reads."""
    for cycle_id, chain, version, head in list(_cycles(tx)):
        yield {"chain": chain, "version": version, "head": head}
        for record, detail in history(tx, cycle_id):
            yield _exported(chain, record, detail)
        tx.session.expunge_all()


def _exported(chain: str, record: Record, detail: RecordDetail | None) -> dict[str, Any]:
    covered = ("seq", "trigger", "before", "after", "role", "actor", "late_days", "late_stage", "scheme_hash")
    return {
        "chain": chain,
        "number": record.id,
        **{name: getattr(record, name) for name in (*covered, "detail_digest", "previous_hash", "hash")},
        "at": record.at.astimezone(UTC).isoformat(),
        "kept": detail is not None,
        "salt": detail.salt if detail else "",
        "detail": detail.detail if detail else None,
        "erased_at": detail.erased_at.isoformat() if detail and detail.erased_at else None,
    }


def _bad_in(chain: str, rows: list[tuple[Record, RecordDetail | None]]) -> str | None:
    previous, at = GENESIS, None
    for expected, (record, detail) in enumerate(rows, 1):
        place = f"{chain}#{record.seq}"
        if record.seq != expected:
            return f"{place}:序号应为{expected}"
        if record.previous_hash != previous:
            return f"{place}:与上一条不相接"
        if record.hash != record_hash(chain, record):
            return f"{place}:内容与哈希不符"
        if at is not None and record.at < at:
            return f"{place}:时间早于上一条"
        if said := _bad_detail(record, detail):
            return f"{place}:{said}"
        previous, at = record.hash, record.at
    return None


def _bad_detail(record: Record, detail: RecordDetail | None) -> str | None:
    if detail is None:
        return "明细行不见了"
    if detail.erased_at is not None:
        return None if detail.detail is None else "已销毁的明细又有了内容"
    if detail_digest(detail.salt, detail.detail or {}) != record.detail_digest:
        return "明细与摘要不符"
    return None


def _bad_head(chain: str, rows: list[tuple[Record, RecordDetail | None]], known: tuple[int, str]) -> str | None:
    newest = rows[-1][0]
    if (newest.seq, newest.hash) == known:
        return None
    return f"{chain}#{newest.seq}:周期记着第{known[0]}条为末条,记录到第{newest.seq}条"


def _against(anchor: Mapping[str, Any], seen: Mapping[str, Mapping[int, str]]) -> str | None:
    for chain, (length, head) in sorted(anchor.get("chains", {}).items()):
        if seen.get(chain, {}).get(length) != head:
            return f"{chain}#{length}:与锚点记下的不同"
    return None


def _against_head(anchor: Mapping[str, Any], then: Mapping[str, tuple[int, str]]) -> str | None:
    if "head" not in anchor or "upto" not in anchor or root_of(then) == anchor["head"]:
        return None
    return f"≤{anchor['upto']}:到这一号为止,全部记录的链头与锚点记下的不同"
