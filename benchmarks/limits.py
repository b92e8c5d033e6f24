"""The limit of a decision: two statements and a commit on an open connection, and a thousand of them in one commit."""

import time
from itertools import islice
from typing import Any

from benchmarks.cases import MOVE, ROWS, STAGES, TABLES, TELL, TRIGGERS, now, work
from benchmarks.places import fresh, sqlite


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
        self.queue = work(ROWS)

    def __call__(self, until: float) -> int:
        move, tell, done, queue = MOVE.format(q=self.mark), TELL.format(q=self.mark), 0, self.queue
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
        done, queue = 0, self.queue
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
