"""Who is stuck: how many cycles stand at which stage in a subtree, and the fifty that are longest overdue.

The bare methods read two small tables that hold nothing else; ours reads the tables of the service and answers with whole rows,
owners, people and what is missing. Milliseconds, the median of several askings on a warm database.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.places import fresh, sqlite
from benchmarks.rounds import answer, memory_mb, rounds
from benchmarks.town import UNDER_ONE, roster

TIMES = 7
COUNT = "select stage, due < 100, count(*) from ({below}) group by 1, 2"
PAGE = "select id, stage, due from ({below}) where due < 100 order by due, id limit 50"


def asked(ask: Callable[[], Any]) -> float:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1e3)
    return statistics.median(took)


def bare(database: str, number: int) -> Callable[[str], Any]:
    """organisation(id, parent, path) and cycle(id, stage, due, path) as small as they can be."""
    url = fresh(database, "stuck")
    if database == "sqlite":
        run: Any = sqlite(url).execute
    else:
        import psycopg

        run = psycopg.connect(url, autocommit=True).execute
    run("create table organisation(id int primary key, parent int, path text not null)")
    run("create table cycle(id int primary key, stage int not null, due int not null, path text not null)")
    ids = {row.code: n for n, row in enumerate(roster(number), 1)}
    paths: dict[int, str] = {}
    run("begin")
    for row in roster(number):
        one, parent = ids[row.code], ids[row.parent] if row.parent else None
        paths[one] = f"{paths[parent] if parent else '/'}{one:07}/"
        run(f"insert into organisation values({one}, {parent or 'null'}, '{paths[one]}')")
        run(f"insert into cycle values({one}, {one % 7}, {one * 37 % 1000}, '{paths[one]}')")
    run("commit")
    run("create index by_parent on organisation(parent)")
    run("create index by_path on cycle(path, stage, due, id)")
    run("analyze")
    return run


def recursive(database: str, number: int) -> dict[str, float]:
    """A recursive common table expression over the parents."""
    run = bare(database, number)

    def below(root: int) -> str:
        tree = f"select {root} as id union all select o.id from organisation o join t on o.parent = t.id"
        return f"with recursive t(id) as ({tree}) select c.id, c.stage, c.due from t join cycle c on c.id = t.id"

    return _both(run, below(1), below(2))


def path(database: str, number: int) -> dict[str, float]:
    """The beginning of a path, by a covering index."""
    run = bare(database, number)

    def below(at: str) -> str:
        return f"select id, stage, due from cycle where path >= '{at}' and path < '{at[:-1]}0'"

    return _both(run, below("/0000001/"), below("/0000001/0000002/"))


def _both(run: Callable[[str], Any], everything: str, unit: str) -> dict[str, float]:
    return {
        f"{what}_{where}_ms": asked(lambda said=said, below=below: run(said.format(below=f"{below}")).fetchall())  # type: ignore[misc]
        for what, said in (("count", _wrapped(COUNT)), ("page", _wrapped(PAGE)))
        for where, below in (("all", everything), ("unit", unit))
    }


def _wrapped(said: str) -> str:
    return said.replace("({below})", "({below}) as found")


def ours(database: str, number: int) -> dict[str, float]:
    """The page of the stuck list, and the coordinator's overview of every stage."""
    from datetime import timedelta

    from benchmarks.town import stand, town
    from starflow.service.lists import stuck
    from starflow.service.overview import overview
    from starflow.service.view import Filters

    desk, codes = town(fresh(database, "stuck"), number)
    stand(desk, desk.clock.now() + timedelta(days=60))
    unit = codes[0][:6]
    return {
        "page_all_ms": asked(lambda: stuck(desk, Filters(limit=50))),
        "page_unit_ms": asked(lambda: stuck(desk, Filters(limit=50, under=unit))),
        "count_all_ms": asked(lambda: overview(desk)),
        "count_unit_ms": asked(lambda: overview(desk, Filters(under=unit))),
    }


PEERS = {"recursive": recursive, "path": path, "starflow": ours}


def measured(quick: bool) -> dict[str, Any]:
    cases = [(peer, database) for peer in PEERS for database in ("sqlite", "postgresql")]
    return rounds("stuck", cases, 1 if quick else 3, 1000 if quick else 10_000)


if __name__ == "__main__":
    peer, database, number = sys.argv[1:]
    assert int(float(number)) >= UNDER_ONE
    answer(**PEERS[peer](database, int(float(number))), memory_mb=memory_mb(), n=int(float(number)))
