"""A province for measurements: any number of branches in a tree of cities, counties and committees, loaded in bulk.

A few branches are played to different stages by real triggers; every other one is a copy of one of them with a place, a due day and a
post of its own. So the rows are those that the service writes, and a million of them take seconds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from benchmarks.town import SCHEME, YEAR, stand
from starflow.service.campaigns import open_campaign
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk, create_desk
from starflow.service.organisations import import_roster
from starflow.service.rehearsal import starts_at
from starflow.service.settings import read_settings
from storage import tallies
from storage.database import Transaction
from workflow.rating.roster import RosterRow
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

STAGES = 5
"""How far the patterns are played: from the declaration to a publicity that runs."""
DAYS = 10
"""On so many different days what the copies owe falls due."""
PATTERN = "PATTERN"


def shape(branches: int) -> tuple[int, int, int]:
    """How many cities, counties and committees stand above so many branches."""
    committees = max(2, branches // 330)
    return min(18, max(2, committees // 8)), min(170, max(2, committees // 3)), committees


def province(url: str, branches: int, *, one_day: bool = False) -> tuple[Desk, tuple[str, ...]]:
    """A desk at a province, and the codes of a city, a county and a committee of it; `one_day`: everything is due at once."""
    scheme = load_bytes(scheme_bytes(SCHEME))
    begins = starts_at(scheme, YEAR)
    desk = create_desk(read_settings({"STARFLOW_DATABASE_URL": url}), rehearsal_at=begins, seed=1)
    import_roster(desk, tuple(_patterns()), scheme_root_kind="市直工委", dry_run=False)
    open_campaign(desk, YEAR, SCHEME, actor="bench")
    stand(desk, begins + timedelta(days=20))
    _play(desk)
    with desk.transaction() as tx:
        codes = _copied(tx, branches, one_day=one_day)
    if desk.database.dialect == "postgresql":
        with desk.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
    return desk, codes


def _patterns() -> Iterator[RosterRow]:
    yield RosterRow(code="GW", name="省工委", kind="市直工委", head="高桂", members=0)
    yield RosterRow(code=PATTERN, name="样板机关党委", kind="机关党委", parent="GW", members=60, head="柳青")
    for n in range(STAGES):
        code = f"{PATTERN}{n}"
        yield RosterRow(code=code, name=f"样板第{n}支部", kind="党支部", parent=PATTERN, members=12, head=f"书记{n}")


def _play(desk: Desk) -> None:
    today = desk.clock.now().date().isoformat()
    sheet = dict.fromkeys(map(str, range(1, 11)), "8.5")
    steps: Sequence[tuple[str, str, Mapping[str, Any]]] = (
        ("declare", "organisation", {"head": "书记", "members_due": 10, "target_star": 4}),
        ("submit_self_evaluation", "organisation", {"meeting": {"on": today, "attendees": ["书记"], "minutes": "对照"}, "scores": sheet, "star": 4}),
        ("file_survey", "organisation", {"meeting": {"on": today}, "tellers": ["甲", "乙"], "paper": {"members_present": 10, "own_unit": 6, "satisfied": 16}}),
        ("propose_star", "superior", {"base": "85", "star": 4}),
    )  # fmt: skip
    for n in range(STAGES):
        for trigger, by, payload in steps[:n]:
            ask = CycleAsk(code=f"{PATTERN}{n}", trigger=trigger, relations=frozenset({by}), actor="t", payload=payload)
            fire(desk, ask)


# ── copies ───────────────────────────────────────────────────────


def _copied(tx: Transaction, branches: int, *, one_day: bool) -> tuple[str, ...]:
    patterns = [_pattern(tx, f"{PATTERN}{n}") for n in range(STAGES)]
    root = tx.connection.exec_driver_sql("SELECT id, path FROM organisation WHERE code = 'GW'").one()
    ids = count(int(tx.connection.exec_driver_sql("SELECT max(id) FROM organisation").scalar() or 0) + 1)
    above: dict[str, list[tuple[int, str]]] = {"root": [(root[0], root[1])]}
    bodies: list[dict[str, Any]] = []
    body = patterns[0]["organisation"]
    codes = []
    for kind, over, number in zip(("Y", "X", "W"), ("root", "Y", "X"), shape(branches), strict=True):
        above[kind] = []
        for n in range(number):
            own, (parent, path) = next(ids), above[over][n % len(above[over])]
            above[kind].append((own, f"{path}{own}/"))
            said = {"id": own, "code": f"{kind}{n:05}", "name": f"第{kind}{n}党委", "parent_id": parent}
            bodies.append(body | said | {"kind": "机关党委", "path": f"{path}{own}/"})
        codes.append(f"{kind}00001")
    _load(tx, "organisation", bodies)
    _load(
        tx,
        "person",
        [
            {"id": 1_000_000 + own, "code": f"P{own}", "name": f"书记{own}", "email": "", "phone": ""}
            for own, _ in above["W"]
        ],
    )
    chairs = [
        patterns[0]["post"] | {"id": 50_000_000 + own, "organisation_id": own, "person_id": 1_000_000 + own}
        for own, _ in above["W"]
    ]
    _load(tx, "post", chairs)
    if tx.dialect == "postgresql":  # whose foreign keys are checked by plans made while the tables were nearly empty
        tx.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        tx.connection.exec_driver_sql("DISCARD PLANS")
    rows = _Rows(patterns, above["W"], ids, one_day=one_day, dialect=tx.dialect)
    for start in range(0, branches, 50_000):
        for table, some in rows.some(start, min(branches, start + 50_000)).items():
            _load(tx, table, some)
    if tx.dialect == "postgresql":
        for table in ("organisation", "person", "post", "cycle", "record", "obligation"):
            tx.connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            )
    return tuple(codes)


class _Rows:
    """The rows of branches number so-and-so, by table."""

    def __init__(
        self,
        patterns: Sequence[Mapping[str, Any]],
        committees: Sequence[tuple[int, str]],
        ids: Iterator[int],
        *,
        one_day: bool,
        dialect: str,
    ) -> None:
        self.patterns, self.committees, self.ids = patterns, committees, ids
        self.one_day, self.dialect = one_day, dialect

    def some(self, start: int, end: int) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {
            table: [] for table in ("organisation", "post", "cycle", "record", "obligation")
        }
        for n in range(start, end):
            for table, row in self._branch(n):
                found[table].append(row)
        return found

    def _branch(self, n: int) -> Iterator[tuple[str, dict[str, Any]]]:
        its, own = self.patterns[n % STAGES], next(self.ids)
        parent, path = self.committees[n % len(self.committees)]
        code = f"B{n:07}"
        yield (
            "organisation",
            its["organisation"]
            | {"id": own, "code": code, "name": f"第{n}支部", "parent_id": parent, "path": f"{path}{own}/"},
        )
        yield "post", its["post"] | {"id": 1_000_000 + own, "organisation_id": own, "person_id": 1_000_000 + parent}
        whose = {"organisation_id": own, "reviewer_id": parent}
        yield "cycle", its["cycle"] | whose | {"id": own, "tallied": False if self.dialect == "postgresql" else 0}
        yield "record", its["record"] | {"id": 10_000_000 + own, "cycle_id": own, "ask_key": None}
        stay = its["obligation"]
        owner = own if stay["owner_id"] == stay["organisation_id"] else parent
        moved = {} if self.one_day or stay["due_at"] is None else self._dated(stay, n % DAYS)
        yield (
            "obligation",
            stay | {"id": 10_000_000 + own, "cycle_id": own, "organisation_id": own, "owner_id": owner} | moved,
        )

    def _dated(self, stay: Mapping[str, Any], days: int) -> dict[str, Any]:
        return {
            name: _later(stay[name], days) for name in ("target_at", "due_at", "rings_at") if stay[name] is not None
        }


def _later(at: Any, days: int) -> Any:
    """An instant as the driver gave it, some days on; SQLite's are texts."""
    if isinstance(at, str):
        return (datetime.fromisoformat(at) + timedelta(days=days)).isoformat(" ", "microseconds")
    return at + timedelta(days=days)


def _pattern(tx: Transaction, code: str) -> dict[str, dict[str, Any]]:
    """One row of each table, as the driver has it."""
    its = f"(SELECT id FROM organisation WHERE code = '{code}')"
    cycle = f"(SELECT id FROM cycle WHERE organisation_id = {its})"
    asked = {
        "organisation": f"SELECT * FROM organisation WHERE code = '{code}'",
        "post": f"SELECT * FROM post WHERE organisation_id = {its}",
        "cycle": f"SELECT * FROM cycle WHERE organisation_id = {its}",
        "record": f"SELECT * FROM record WHERE cycle_id = {cycle} ORDER BY seq DESC LIMIT 1",
        "obligation": f"SELECT * FROM obligation WHERE cycle_id = {cycle} AND closed_at IS NULL",
    }
    found = {}
    for table, said in asked.items():
        cursor = tx.connection.connection.cursor()
        cursor.execute(said)
        row = cursor.fetchone()
        assert row is not None and cursor.description is not None  # it has just been played
        found[table] = dict(zip((column[0] for column in cursor.description), row, strict=True))
    return found


def _load(tx: Transaction, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """As fast as the database takes them."""
    if not rows:
        return
    columns = tuple(rows[0])
    cursor: Any = tx.connection.connection.cursor()
    if tx.dialect == "sqlite":
        marks = ", ".join("?" * len(columns))
        said = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        cursor.executemany(said, [tuple(row[name] for name in columns) for row in rows])
        return
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([_text(row[name]) for name in columns])


def _text(value: Any) -> Any:
    from json import dumps

    return dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def folded(desk: Desk) -> float:
    """Counts everything anew; cycles a second."""
    from time import perf_counter

    from starflow.service import tallies as counting

    with desk.reading() as tx:
        number = len(tallies.untallied(tx))
    began = perf_counter()
    counting.fold(desk)
    return number / (perf_counter() - began)


def bodies(codes: Iterable[str]) -> dict[str, str | None]:
    """Level → the code to look below; the root is everybody."""
    return {"root": None} | dict(zip(("city", "county", "committee"), codes, strict=True))
