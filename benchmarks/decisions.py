"""One decision: judged, stored and with its row of history, durably committed. And a thousand of them in one commit.

raw2 is the limit: an UPDATE guarded by the stage and an INSERT, nothing read. Ours reads, judges by guards, chains the record,
closes one obligation and opens the next. Every peer moves the same eight stages, rows in shuffled order.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from benchmarks.places import fresh, sqlite
from benchmarks.rounds import answer, rounds, timed

STAGES = ("draft", "branch", "committee", "county", "city", "province", "published", "closed")
TRIGGERS = ("submit", "review", "rate", "confirm", "endorse", "publish", "close")
ROWS = 20_000
FEW = 2_000  # rows for peers that are slow to set up
TABLES = (
    "create table cycle(id {id} primary key, stage text not null, version int not null, entered_at text, due_at text)",
    "create table history(id {serial} primary key, cycle_id int not null, before text, after text, trigger text, actor text, "
    "at text, note text)",
    "create index history_cycle on history(cycle_id)",
)
MOVE = "update cycle set stage={q}, version=version+1, entered_at={q}, due_at={q} where id={q} and stage={q}"
TELL = "insert into history(cycle_id, before, after, trigger, actor, at, note) values({q},{q},{q},{q},{q},{q},{q})"


def work(rows: int) -> Iterator[tuple[int, int]]:
    """(cycle, stage): all of one stage in shuffled order, then all of the next."""
    dice, ids = random.Random(7), list(range(1, rows + 1))
    for stage in range(len(TRIGGERS)):
        dice.shuffle(ids)
        yield from ((one, stage) for one in ids)


def now() -> str:
    return datetime.now(UTC).isoformat()


# ── the limit ────────────────────────────────────────────────────


class Raw:
    """Two statements and a commit on an open connection."""

    batch = 1

    def __init__(self, database: str) -> None:
        self.lite = database == "sqlite"
        url = fresh(database, "raw")
        if self.lite:
            self.run: Any = sqlite(url).execute
            self.begin, self.mark, kinds = "begin immediate", "?", {"id": "integer", "serial": "integer"}
        else:
            import psycopg

            self.run = psycopg.connect(url, autocommit=True).execute
            self.begin, self.mark, kinds = "begin", "%s", {"id": "int", "serial": "bigserial"}
        for table in TABLES:
            self.run(table.format(**kinds))
        self.run("begin")
        for one in range(1, ROWS + 1):
            self.run(f"insert into cycle values({self.mark},'draft',0,'','')", (one,))
        self.run("commit")
        if not self.lite:
            self.run("vacuum analyze")

    def __call__(self, until: float) -> int:
        move, tell, done, queue = MOVE.format(q=self.mark), TELL.format(q=self.mark), 0, work(ROWS)
        while time.perf_counter() < until:
            self.run(self.begin)
            for one, stage in islice(queue, self.batch):
                before, after, at = STAGES[stage], STAGES[stage + 1], now()
                assert self.run(move, (after, at, at, one, before)).rowcount == 1
                self.run(tell, (one, before, after, TRIGGERS[stage], "u", at, None))
                done += 1
            self.run("commit")
        return done


class RawThousand(Raw):
    """The same, a thousand in a commit; on PostgreSQL as two statements over arrays."""

    batch = 1000

    def __call__(self, until: float) -> int:
        if self.lite:
            return super().__call__(until)
        said = (
            "with d as (select * from unnest(%s::int[],%s::text[],%s::text[],%s::text[],%s::text[]) as d(id,f,t,g,at)), u as ("
            "update cycle c set stage=d.t, version=version+1, entered_at=d.at, due_at=d.at from d where c.id=d.id and c.stage=d.f "
            "returning d.*) insert into history(cycle_id,before,after,trigger,actor,at) select id,f,t,g,'u',at from u"
        )
        done, queue = 0, work(ROWS)
        while time.perf_counter() < until:
            some = list(islice(queue, self.batch))
            if not some:
                break
            at = now()
            columns = [
                [one for one, _ in some],
                [STAGES[stage] for _, stage in some],
                [STAGES[stage + 1] for _, stage in some],
                [TRIGGERS[stage] for _, stage in some],
                [at] * len(some),
            ]
            assert self.run(said, columns).rowcount == len(some)
            done += len(some)
        return done


# ── ours ─────────────────────────────────────────────────────────


class Ours:
    """`fire`, the whole door, on the default scheme: branches declare and report their self-evaluation."""

    BRANCHES = 2_000

    def __init__(self, database: str) -> None:
        from benchmarks.town import town

        self.desk, self.codes = town(fresh(database, "ours"), self.BRANCHES)

    def asks(self) -> Iterator[Any]:
        from starflow.service.cycles import CycleAsk

        declared = {"head": "甲", "members_due": 12, "target_star": 4}
        evaluated = {"scores": dict.fromkeys(map(str, range(1, 11)), "8.5"), "star": 3}
        who: dict[str, Any] = {"relations": frozenset({"organisation"}), "actor": "P1"}
        dice, codes = random.Random(7), list(self.codes)
        for trigger, payload in (("declare", declared), ("submit_self_evaluation", evaluated)):
            dice.shuffle(codes)
            yield from (CycleAsk(code=code, trigger=trigger, payload=payload, **who) for code in codes)

    def __call__(self, until: float) -> int:
        from starflow.service.cycles import fire

        done = 0
        for ask in self.asks():
            fire(self.desk, ask)
            done += 1
            if time.perf_counter() > until:
                break
        return done


class OursThousand(Ours):
    """The sweep on the day the recheck opens: every cycle is judged, moved, chained, owed and told, in pages of one commit."""

    def __init__(self, database: str) -> None:
        from benchmarks.town import rest

        super().__init__(database)
        rest(self.desk)

    def __call__(self, until: float) -> int:
        from starflow.service.obligations import sweep

        return sweep(self.desk).moved


# ── peers ────────────────────────────────────────────────────────


class Naive:
    """What one writes first: an SQLModel session, and a transitions.Machine for every row."""

    def __init__(self, database: str) -> None:
        from sqlalchemy import event
        from sqlmodel import Field, Session, SQLModel, create_engine

        class Cycle(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            stage: str
            version: int
            entered_at: datetime

        class History(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            cycle_id: int = Field(index=True)
            before: str
            after: str
            trigger: str
            actor: str
            at: datetime

        self.cycle, self.history = Cycle, History
        url = fresh(database, "naive").replace("postgresql://", "postgresql+psycopg://")
        self.engine = create_engine(url)
        if database == "sqlite":

            @event.listens_for(self.engine, "connect")
            def _(connection: Any, _: Any) -> None:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")

        own = [SQLModel.metadata.tables[name] for name in ("cycle", "history")]
        SQLModel.metadata.create_all(self.engine, own)
        with Session(self.engine) as session:
            at = datetime.now(UTC)
            session.add_all([Cycle(id=one, stage="draft", version=0, entered_at=at) for one in range(1, FEW + 1)])
            session.commit()
        self.ways = [
            {"trigger": trigger, "source": STAGES[n], "dest": STAGES[n + 1]} for n, trigger in enumerate(TRIGGERS)
        ]

    def moved(self, stage: str, trigger: str) -> str:
        from transitions import Machine

        class Model:
            state: str

        model = Model()
        Machine(model=model, states=list(STAGES), transitions=self.ways, initial=stage)
        model.trigger(trigger)  # type: ignore[attr-defined]
        return model.state

    def __call__(self, until: float) -> int:
        from sqlmodel import Session

        done = 0
        for one, stage in work(FEW):
            with Session(self.engine) as session:
                row: Any = session.get(self.cycle, one, with_for_update=True)
                before, at = row.stage, datetime.now(UTC)
                row.stage = self.moved(before, TRIGGERS[stage])
                row.version, row.entered_at = row.version + 1, at
                told = {"before": before, "after": row.stage, "trigger": TRIGGERS[stage], "actor": "u", "at": at}
                session.add(row)
                session.add(self.history(cycle_id=one, **told))
                session.commit()
            done += 1
            if time.perf_counter() > until:
                break
        return done


class PythonStatemachine(Naive):
    """As naive, with an instance of python-statemachine for every decision."""

    def __init__(self, database: str) -> None:
        from statemachine import State, StateMachine

        super().__init__(database)
        states: dict[str, Any] = {
            name: State(name, value=name, initial=n == 0, final=n == len(TRIGGERS)) for n, name in enumerate(STAGES)
        }
        ways = {trigger: states[STAGES[n]].to(states[STAGES[n + 1]]) for n, trigger in enumerate(TRIGGERS)}
        self.machine = type("Cycle", (StateMachine,), states | ways)

    def moved(self, stage: str, trigger: str) -> str:
        class Model:
            state: Any = stage

        model = Model()
        self.machine(model).send(trigger)
        return str(model.state)


class DjangoFsm:
    """Django and django-fsm-2: a protected field, select_for_update, a log row, one atomic block."""

    def __init__(self, database: str) -> None:
        import django
        import sqlalchemy as sa
        from django.conf import settings

        url = sa.make_url(fresh(database, "fsm"))
        engine = {"ENGINE": "django.db.backends.sqlite3", "NAME": url.database}
        if database == "sqlite":
            wal = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"
            engine |= {"OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": wal}}
        else:
            where = {"HOST": url.host or url.query.get("host", ""), "PORT": str(url.port or ""), "CONN_MAX_AGE": None}
            engine |= {
                "ENGINE": "django.db.backends.postgresql",
                "USER": url.username,
                "PASSWORD": url.password or "",
            } | where
        settings.configure(
            DATABASES={"default": engine}, INSTALLED_APPS=[], USE_TZ=False, SECRET_KEY="x", LOGGING_CONFIG=None
        )
        django.setup()
        self._models()
        from django.db import connection

        with connection.schema_editor() as editor:
            editor.create_model(self.cycle)
            editor.create_model(self.log)
        at = datetime.now()
        rows = [self.cycle(id=one, stage="draft", version=0, entered_at=at) for one in range(1, FEW + 1)]
        self.cycle.objects.bulk_create(rows, batch_size=500)
        connection.close()

    def _models(self) -> None:
        from django.db import models
        from django_fsm import FSMField, transition

        def meta(table: str) -> type:
            return type("Meta", (), {"app_label": "bench", "db_table": table})

        def nothing(self: Any) -> None: ...

        field = FSMField(default="draft", protected=True)
        acts = {
            trigger: transition(field=field, source=STAGES[n], target=STAGES[n + 1])(_named(nothing, trigger))
            for n, trigger in enumerate(TRIGGERS)
        }
        columns = {
            "id": models.BigAutoField(primary_key=True),
            "stage": field,
            "version": models.IntegerField(),
            "entered_at": models.DateTimeField(),
        }
        self.cycle: Any = type(
            "Cycle", (models.Model,), {"__module__": __name__, "Meta": meta("cycle")} | columns | acts
        )
        told = {name: models.CharField(max_length=50) for name in ("before", "after", "trigger", "actor")}
        log = {"id": models.BigAutoField(primary_key=True), "cycle_id": models.BigIntegerField(db_index=True)}
        self.log: Any = type(
            "Log",
            (models.Model,),
            {"__module__": __name__, "Meta": meta("history"), "at": models.DateTimeField()} | log | told,
        )

    def __call__(self, until: float) -> int:
        from django.db import transaction

        done = 0
        for one, stage in work(FEW):
            with transaction.atomic():
                row, at = self.cycle.objects.select_for_update().get(pk=one), datetime.now()
                before = row.stage
                getattr(row, TRIGGERS[stage])()
                row.version, row.entered_at = row.version + 1, at
                row.save(update_fields=["stage", "version", "entered_at"])
                told = {"before": before, "after": row.stage, "trigger": TRIGGERS[stage], "actor": "u", "at": at}
                self.log.objects.create(cycle_id=one, **told)
            done += 1
            if time.perf_counter() > until:
                break
        return done


def _named(plain: Callable[[Any], None], name: str) -> Callable[[Any], None]:
    def act(self: Any) -> None:
        plain(self)

    act.__name__ = name
    return act


class Dbos(Raw):
    """DBOS: a durable workflow per decision with one transactional step."""

    def __init__(self, database: str) -> None:
        import sqlalchemy as sa
        from dbos import DBOS, SQLAlchemyDatasource

        super().__init__(database)
        quiet = {"log_level": "ERROR", "console_log_level": "ERROR", "application_version": "1"}
        system = fresh(database, "dbos").replace("postgresql://", "postgresql+psycopg://")
        polls = {"notification_listener_polling_interval_sec": 0.01} if self.lite else {}
        DBOS(config={"name": "bench", "system_database_url": system} | quiet | polls)  # type: ignore[typeddict-item]
        own = "sqlite:///" + str(system).removeprefix("sqlite:///").replace("dbos.db", "raw.db")
        url = own if self.lite else system.replace("b_dbos", "b_raw")
        source = SQLAlchemyDatasource.create(url)
        if hasattr(source, "run_migrations"):
            source.run_migrations()
        move = sa.text("update cycle set stage=:t, version=version+1, entered_at=:at where id=:i and stage=:f")
        tell = sa.text("insert into history(cycle_id,before,after,trigger,actor,at) values(:i,:f,:t,:g,'u',:at)")

        @source.transaction(isolation_level="SERIALIZABLE" if self.lite else "READ COMMITTED")
        def apply(one: int, stage: int) -> None:
            session = source.sql_session()
            told = {"i": one, "f": STAGES[stage], "t": STAGES[stage + 1], "g": TRIGGERS[stage], "at": now()}
            assert session.execute(move, told).rowcount == 1
            session.execute(tell, told)

        @DBOS.workflow()
        def decide(one: int, stage: int) -> None:
            apply(one, stage)

        self.decide = decide
        DBOS.launch()

    def __call__(self, until: float) -> int:
        done = 0
        for one, stage in work(ROWS):
            self.decide(one, stage)
            done += 1
            if time.perf_counter() > until:
                break
        return done


PEERS: dict[str, Callable[[str], Callable[[float], int]]] = {
    "raw2": Raw,
    "raw1000": RawThousand,
    "starflow": Ours,
    "starflow1000": OursThousand,
    "naive": Naive,
    "python-statemachine": PythonStatemachine,
    "django-fsm-2": DjangoFsm,
    "dbos": Dbos,
}


def measured(quick: bool) -> dict[str, Any]:
    cases = [(peer, database) for database in ("sqlite", "postgresql") for peer in PEERS]
    return rounds("decisions", cases, 1 if quick else 5, 0.7 if quick else 1.5)


if __name__ == "__main__":
    peer, database, seconds = sys.argv[1:]
    answer(**timed(PEERS[peer](database), float(seconds)))
