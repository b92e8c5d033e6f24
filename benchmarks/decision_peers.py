"""What else one could take for a decision: each as its own documentation would have it, on a session or a connection kept open."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks.cases import FEW, STAGES, TRIGGERS, now, work
from benchmarks.limits import Raw
from benchmarks.places import fresh


class Naive:
    """What one writes first: an SQLModel session, and a transitions.Machine for every row."""

    queue: Iterator[tuple[int, int]]

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
        self.queue = work(FEW)
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
        for one, stage in self.queue:
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
        self.queue = work(FEW)

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
        for one, stage in self.queue:
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
        for one, stage in self.queue:
            self.decide(one, stage)
            done += 1
            if time.perf_counter() > until:
                break
        return done
