"""Who is stuck: how many cycles stand at which stage under which light below a body, and the fifty that are longest overdue.

The bare methods read two small tables that hold nothing else, on a warm database. Ours answers from the counts that are kept, and with
whole rows of the list, owners and reasons; the list without them is `order`. Milliseconds: the median and the 95th of many askings.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.places import fresh, sqlite
from benchmarks.rounds import answer, memory_mb, rounds

TIMES = 40
LEVELS = ("root", "city", "county", "committee")
COUNT = "select stage, due < 100, count(*) from ({below}) as found group by 1, 2"
PAGE = "select id, stage, due from ({below}) as found where due < 100 order by due, id limit 50"


def asked(ask: Callable[[], Any], times: int = TIMES) -> tuple[float, float]:
    ask()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1e3)
        if sum(took) > 15_000 and len(took) >= 5:  # seconds each: a few must do
            break
    return statistics.median(took), statistics.quantiles(took, n=20)[18]


def _tree(number: int) -> Iterator[tuple[int, int | None, str]]:
    """(id, parent, path): the province of `benchmarks.province` without its names."""
    from benchmarks.province import shape

    yield 1, None, "/1/"
    above, own = [(1, "/1/")], 1
    for size in (*shape(number), number):
        level = []
        for n in range(size):
            own += 1
            parent, path = above[n % len(above)]
            level.append((own, f"{path}{own}/"))
            yield own, parent, level[-1][1]
        above = level


def bare(database: str, number: int) -> tuple[Callable[[str], Any], dict[str, tuple[int, str]]]:
    """organisation(id, parent, path) and cycle(id, stage, due, path) as small as they can be; and a body of each level."""
    from benchmarks.province import shape

    url = fresh(database, "stuck")
    tables = (
        "create table organisation(id int primary key, parent int, path text not null)",
        "create table cycle(id int primary key, stage int not null, due int not null, path text not null)",
    )
    rows = list(_tree(number))
    cycles = [(one, one % 7, one * 37 % 1000, path) for one, _, path in rows]
    if database == "sqlite":
        connection: Any = sqlite(url)
        for table in tables:
            connection.execute(table)
        connection.execute("begin")
        connection.executemany("insert into organisation values(?, ?, ?)", rows)
        connection.executemany("insert into cycle values(?, ?, ?, ?)", cycles)
        connection.execute("commit")
    else:
        import psycopg

        connection = psycopg.connect(url, autocommit=True)
        for name, some, table in zip(("organisation", "cycle"), (rows, cycles), tables, strict=True):
            connection.execute(table)
            with connection.cursor().copy(f"copy {name} from stdin") as copy:
                for row in some:
                    copy.write_row(row)
    collated = "" if database == "sqlite" else ' collate "C"'
    connection.execute("create index by_parent on organisation(parent)")
    connection.execute(f"create index by_path on cycle(path{collated}, stage, due, id)")
    connection.execute("analyze" if database == "sqlite" else "vacuum analyze")
    cities, counties, _ = shape(number)
    firsts = (0, 1, 1 + cities, 1 + cities + counties)
    return connection.execute, {level: (rows[n][0], rows[n][2]) for level, n in zip(LEVELS, firsts, strict=True)}


def recursive(database: str, number: int) -> dict[str, float]:
    """A recursive common table expression over the parents."""
    run, at = bare(database, number)

    def below(root: int) -> str:
        tree = f"select {root} as id union all select o.id from organisation o join t on o.parent = t.id"
        return f"with recursive t(id) as ({tree}) select c.id, c.stage, c.due from t join cycle c on c.id = t.id"

    return _both(run, {level: below(one) for level, (one, _) in at.items()})


def path(database: str, number: int) -> dict[str, float]:
    """The beginning of a path, by a covering index."""
    run, at = bare(database, number)
    collated = "" if database == "sqlite" else ' collate "C"'

    def below(path: str) -> str:
        return f"select id, stage, due from cycle where path{collated} >= '{path}' and path{collated} < '{path[:-1]}0'"

    return _both(run, {level: below(its) for level, (_, its) in at.items()})


def _both(run: Callable[[str], Any], below: dict[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for what, said in (("count", COUNT), ("page", PAGE)):
        for level, its in below.items():
            statement = said.format(below=its)
            found |= _named(what, level, asked(lambda statement=statement: run(statement).fetchall()))  # type: ignore[misc]
    return found


def _named(what: str, level: str, times: tuple[float, float]) -> dict[str, float]:
    return {f"{what}_{level}_ms": times[0], f"{what}_{level}_p95_ms": times[1]}


def ours(database: str, number: int) -> dict[str, Any]:
    """The counts that are kept, the list's order, and the whole page of the list."""
    from datetime import timedelta
    from itertools import islice

    from benchmarks.province import bodies, folded, province
    from benchmarks.town import stand
    from starflow.service import tallies
    from starflow.service.lists import stuck
    from starflow.service.overview import light_now
    from starflow.service.view import Filters, view_of
    from storage.overdue import overdue

    desk, codes = province(fresh(database, "stuck"), number)
    found: dict[str, Any] = {"folded_per_second": folded(desk)}
    stand(desk, desk.clock.now() + timedelta(days=19))
    for level, code in bodies(codes).items():
        filters = Filters(limit=50, under=code)

        def counting(filters: Filters = filters) -> Any:
            with desk.reading() as tx:
                view = view_of(desk, tx, filters)
                body = tallies.tallies.chain_of(view.path)[-1] if view.path else 1
                its = tallies.counts(desk, tx, view.campaign.id or 0, [body])[body]
                lights = [
                    (facet.stage, light_now(view, facet), n)
                    for facet, n in its.items()
                    if isinstance(facet, tallies.Stands)
                ]
                return lights

        def ordering(filters: Filters = filters) -> Any:
            with desk.reading() as tx:
                view = view_of(desk, tx, filters)
                return list(islice(overdue(tx, view.campaign.id or 0, view.path, tx.now), 50))

        found |= _named("count", level, asked(counting))
        found |= _named("order", level, asked(ordering))
        found |= _named("page", level, asked(lambda filters=filters: stuck(desk, filters)))  # type: ignore[misc]
        found[f"late_{level}"] = len(ordering())
    return found


PEERS = {"recursive": recursive, "path": path, "starflow": ours}


def measured(quick: bool) -> dict[str, Any]:
    cases = [(peer, database) for peer in PEERS for database in ("sqlite", "postgresql")]
    sizes = (5_000, 20_000) if quick else (10_000, 100_000, 1_000_000)
    return {str(size): rounds("stuck", cases, 3 if size == 10_000 else 1, size, cap=5400) for size in sizes}


def millions(quick: bool) -> dict[str, Any]:
    """The size that partitioning begins at, ours alone: the bare methods are slow enough at a fifth of it."""
    cases = [("starflow", database) for database in ("sqlite", "postgresql")]
    size = 50_000 if quick else 5_000_000
    return {str(size): rounds("stuck", cases, 1, size, cap=5400)}


if __name__ == "__main__":
    peer, database, number = sys.argv[1:]
    answer(**PEERS[peer](database, int(float(number))), memory_mb=memory_mb(), n=int(float(number)))
