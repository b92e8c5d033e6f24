"""The desk: what every use case works at. A database, a clock, the settings, and the schemes already read."""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from threading import Event, Lock

from starflow.service.clock import Clock, HandClock, SharedClock, SystemClock, random_salt, seeded_salt
from starflow.service.settings import Settings
from storage import installation
from storage.database import Database, Transaction, connect, open_database
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput, Forbidden, Unavailable, Unknown
from workflow.engine.workdays import Calendar, read_year
from workflow.rating import shelf
from workflow.rating.scheme import Scheme, load_bytes

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""The `now` of a reading that only asks what kind of database this is."""


class Desk:
    """One open database at work. Make it with `open_desk` or `create_desk`."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        with database.reading(EPOCH) as tx:
            found = installation.installation(tx)
        if found is None:
            raise Unavailable("数据库还没有初始化,请先运行 starflow init")
        self.rehearsal = found.kind == "rehearsal"
        self.seed = found.seed
        self.clock: Clock = HandClock(self._hand_time) if self.rehearsal else _live_clock(database)
        self.wall: Clock = SystemClock()  # for who is signed in: a rehearsal's clock moves by weeks, a session does not
        self._salt = seeded_salt(found.seed or 0) if self.rehearsal else random_salt
        self._schemes: dict[str, Scheme] = {}
        self._calendars: dict[str, Calendar] = {}
        self._lock = Lock()
        self.enqueue: Callable[[Transaction, str, int], None] = (
            _nobody  # whoever else is to work once this has committed
        )
        self.replica = _replica(settings)
        self.stopping = Event()  # whoever works through a long list stops at the next row

    @contextmanager
    def transaction(self, now: datetime | None = None) -> Iterator[Transaction]:
        with self.database.transaction(now or self.clock.now(), salt=self._salt) as tx:
            yield tx

    @contextmanager
    def reading(self, now: datetime | None = None) -> Iterator[Transaction]:
        with self.database.reading(now or self.clock.now()) as tx:
            yield tx

    @contextmanager
    def looking(self, going: Transaction | None = None) -> Iterator[Transaction]:
        """A reading for pages that only show: of the replica if there is one, whose `as_of` says how far it has come.

        Without one it is the reading that is `going` on already, if any.
        """
        with ExitStack() as stack:
            yield self._on_replica(stack) or going or stack.enter_context(self.reading())

    def _on_replica(self, stack: ExitStack) -> Transaction | None:
        """None where there is none, or it cannot be had just now: then the database itself answers."""
        if self.replica is None:
            return None
        try:
            tx = stack.enter_context(self.replica.reading(self.clock.now()))
            tx.as_of = installation.replayed_at(tx)
        except Unavailable:
            return None
        return tx

    def scheme(self, tx: Transaction, digest: str) -> Scheme:
        """The scheme that was adopted under this hash, whatever has become of the file on disk."""
        if (known := self._schemes.get(digest)) is not None:
            return known
        with self._lock:
            if digest not in self._schemes:
                content = installation.scheme_content(tx, digest)
                if content is None:
                    raise Unknown(f"没有采用过方案{digest[:12]}")
                self._schemes[digest] = load_bytes(content)
            return self._schemes[digest]

    def calendar(self, scheme: Scheme) -> Calendar:
        """The scheme's calendar, with the years that this installation brings (STARFLOW_CALENDARS) in their place."""
        name = scheme.scheme.calendar
        if (known := self._calendars.get(name)) is not None:
            return known
        with self._lock:
            if name not in self._calendars:
                self._calendars[name] = _with_own_years(shelf.calendar(name), name, self.settings.calendars)
            return self._calendars[name]

    def today(self, scheme: Scheme, now: datetime) -> date:
        return local_date(now, scheme.zone)

    def close(self) -> None:
        self.database.close()
        if self.replica is not None:
            self.replica.close()

    def _hand_time(self) -> datetime:
        with self.database.reading(EPOCH) as tx:
            at = installation.hand_clock(tx)
        assert at is not None  # a constraint of the table
        return at


def _replica(settings: Settings) -> Database | None:
    """Raises BadInput for what is no PostgreSQL. Whether it can be had is seen when it is asked."""
    if not settings.read_url:
        return None
    replica = connect(settings.read_url)
    if replica.dialect != "postgresql":
        replica.close()
        raise BadInput("STARFLOW_READ_URL须是 PostgreSQL 只读副本的地址")
    return replica


def _live_clock(database: Database) -> Clock:
    """One file lies on one machine, whose clock counts; hosts of one PostgreSQL agree on its clock."""
    return SharedClock(database.server_time) if database.dialect == "postgresql" else SystemClock()


def _nobody(tx: Transaction, what: str, number: int) -> None:
    """The bell needs no word: it looks by itself."""


def _with_own_years(shipped: Calendar, name: str, folder: Path | None) -> Calendar:
    """A year's file of the installation, such as cn-2027.toml, replaces the shipped one. Raises Faulty, BadInput."""
    if folder is None:
        return shipped
    if not folder.is_dir():
        raise BadInput(f"STARFLOW_CALENDARS指的{folder}不是文件夹")
    files = sorted(folder.glob(f"{name}-[0-9][0-9][0-9][0-9].toml"))
    own = [read_year(file.read_text(encoding="utf-8"), file.name) for file in files]
    years = {year.year: year for year in (*shipped.years, *own)}
    return Calendar(tuple(years[year] for year in sorted(years)))


def open_desk(settings: Settings) -> Desk:
    return _desk(open_database(settings.database_url), settings)


def create_desk(settings: Settings, *, rehearsal_at: datetime | None = None, seed: int | None = None) -> Desk:
    """Creates the database: live, or with a hand clock that stands at `rehearsal_at`. Refuses one that exists."""
    if rehearsal_at is not None and rehearsal_at.tzinfo is None:
        raise BadInput("演练起始时间须带时区")
    database = open_database(settings.database_url, create=True)
    kind = "live" if rehearsal_at is None else "rehearsal"
    with database.transaction(rehearsal_at or SystemClock().now()) as tx:
        if installation.installation(tx) is not None:
            database.close()
            raise Forbidden("数据库已经初始化过了")
        installation.install(tx, kind=kind, hand_clock_at=rehearsal_at, seed=(seed or 0) if rehearsal_at else None)
    return _desk(database, settings)


@cache
def _keep_what_is_loaded() -> None:
    """Once in a process: what stands there by now stays, and garbage is no longer looked for in it (a fifth of a sweep's processor)."""
    gc.freeze()


def _desk(database: Database, settings: Settings) -> Desk:
    """Closes the database again where there can be no desk at it."""
    _keep_what_is_loaded()
    try:
        return Desk(database, settings)
    except BaseException:
        database.close()
        raise
