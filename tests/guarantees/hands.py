"""Many hands at once: one wins and the others are told who; a quota is never slipped past; a busy or full disk says so."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from starflow.service import upkeep
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk
from storage import copying, cycles
from storage.database import retrying
from storage.models import Cycle, Record
from tests.guarantees import acting, faults
from tests.guarantees.places import NOW, Fixed, opened, reopened
from tests.guarantees.trial import Trial, must
from workflow.engine.errors import Stale, StarflowError, Unavailable


def together(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """All at the same instant; an exception is a result."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        gate.wait(30)
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def one_wins(trial: Trial) -> str:
    """G8: several people have the same page open and all act; one wins, each other hears who was first, what and when."""
    rounds, hands = trial.size(12, 100, control=3), 8
    with faults.switched_on(trial.fault), opened(trial, 6) as desk:
        acting.to_publicity(desk, "D0102")
        for _ in range(rounds):
            version = _version(desk, "D0102")
            heard = together([lambda v=version: acting.at_once(desk, "D0102", v) for _ in range(hands)])  # type: ignore[misc]
            winners = [one for one in heard if not isinstance(one, Exception)]
            losers = [one for one in heard if isinstance(one, Exception)]
            strange = [one for one in losers if not isinstance(one, Stale)]
            must(not strange, f"a loser heard {strange[:1]!r}")
            must(len(winners) == 1, f"{len(winners)} of {hands} overwrote what they had not seen")
            told = all(
                {"actor", "trigger", "at", "version"} <= set(one.current) for one in losers if isinstance(one, Stale)
            )
            must(told, "a loser was not told who, what and when")
            must(_version(desk, "D0102") == version + 1, "more than one act took effect")
        must(upkeep.check(desk) == (), "invariants")
    return f"{rounds}轮、每轮{hands}人同时:每轮1人办成,{rounds * (hands - 1)}人被告知是谁、何事、何时;覆盖0"


def _version(desk: Desk, code: str) -> int:
    with desk.reading() as tx:
        found = cycles.find(tx, cycles.campaign_of_year(tx, 2027).id, code)  # type: ignore[union-attr,arg-type]
    assert found is not None
    return found.version


def quota_holds(trial: Trial) -> str:
    """G11: more five-star proposals than places, all approved at the same instant, each in a meeting of its own."""
    rounds, worst, places = trial.size(2, 6, control=3), 0, 0
    for _ in range(rounds):
        with faults.switched_on(trial.fault), opened(trial, 24) as desk:
            codes = [code for code in acting.branches(desk) if code.startswith("S") or code.endswith(("02", "03"))][:6]
            with desk.reading() as tx:
                rows = cycles.in_campaign(tx, cycles.campaign_of_year(tx, 2027).id)  # type: ignore[union-attr,arg-type]
            codes = [row.code for row in rows][-10:]
            for code in codes:
                acting.to_publicity(desk, code, star=5)
            acting.later(desk, days=15)
            from starflow.service import obligations

            obligations.sweep(desk)
            heard = together([lambda c=code: _approve(desk, c) for code in codes])  # type: ignore[misc]
            strange = [e for e in heard if isinstance(e, Exception) and not isinstance(e, StarflowError)]
            must(not strange, f"{strange[:1]!r}")
            with desk.reading() as tx:
                approved = tx.session.scalar(
                    sa.select(sa.func.count()).where(col(Cycle.approved_on).is_not(None), col(Cycle.proposed) == 5)
                )
            places = len(rows) // 10
            worst = max(worst, approved or 0)
            must(approved and approved <= places, f"{approved} five-star approvals, {places} places")
            said = [s for s in upkeep.check(desk) if s.startswith("I5")]
            must(not said, f"{said[:1]}")
    return f"{rounds}轮、每轮10家同时报批:五星最多{worst}家,名额{places}家"


def _approve(desk: Desk, code: str) -> Any:
    meeting = {"on": desk.clock.now().date().isoformat(), "number": f"工委会{code}"}
    ask = CycleAsk(
        code=code, trigger="approve", relations=frozenset({"committee"}), actor="test", payload={"meeting": meeting}
    )
    return retrying(lambda: fire(desk, ask))


def never_locked(trial: Trial) -> str:
    """G12: a long reader, writers, a backup and a checkpoint at once on SQLite: nobody hears "database is locked"."""
    each, writers = trial.size(15, 150, control=40), 8
    with faults.switched_on(trial.fault), opened(trial, 12) as desk:
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                with desk.reading() as tx:
                    tx.session.scalars(select(Record)).all()
                    stop.wait(0.05)

        def disturb() -> None:
            number = 0
            while not stop.wait(0.3):
                number += 1
                copying.snapshot(desk.database, trial.folder / f"{number}.db", NOW)
                with suppress(sa.exc.OperationalError), desk.database.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

        beside = [threading.Thread(target=work) for work in (read, disturb)]
        for thread in beside:
            thread.start()
        try:
            heard = [
                one
                for each_ in together([lambda n=n: _write(desk, trial, n, each) for n in range(writers)])
                for one in each_
            ]  # type: ignore[misc]
        finally:
            stop.set()
            for thread in beside:
                thread.join()
        count = Counter(type(one).__name__ for one in heard if isinstance(one, Exception))
        bad = {name: n for name, n in count.items() if name not in ("Stale", "WrongStage")}
        must(not bad, f"of {len(heard)} writes: {bad}")
        must(upkeep.check(desk) == (), "invariants")
    return f"{writers}个写者共{len(heard)}次写、1个长读、联机备份和检查点:“数据库被锁”0次"


def _write(desk: Desk, trial: Trial, number: int, times: int) -> list[Any]:
    heard: list[Any] = []
    with reopened(desk.settings.database_url, Fixed(NOW)) as mine:
        codes = acting.stages(mine)
        for turn in range(times):
            code = codes[(number * 7 + turn) % len(codes)][0]
            stage = dict(acting.stages(mine))[code]
            ask = acting.ask_of(code, stage, None)
            assert ask is not None
            try:
                heard.append(fire(mine, ask))
            except Exception as error:
                heard.append(error)
    return heard


def disk_full(trial: Trial) -> str:
    """G13: the database may not grow any more: a clean no, reading goes on, and with space it goes on by itself."""
    runs = trial.size(6, 40, control=1)
    acked = refused = 0
    with opened(trial, 12) as desk:
        engine, limit = desk.database.engine, [0]

        def bounded(connection: Any, *_: Any) -> None:
            connection.execute(f"PRAGMA max_page_count={limit[0]}")

        sa.event.listen(engine, "connect", bounded)
        for number in range(runs):
            limit[0] = _pages(desk) + trial.dice.randrange(1, 6)
            engine.dispose()
            keys = []
            for turn in range(60):
                code, stage = trial.dice.choice(acting.stages(desk))
                key = f"full/{number}/{turn}"
                ask = acting.ask_of(code, stage, key)
                assert ask is not None
                try:
                    fire(desk, ask)
                    keys.append(key)
                except Unavailable:
                    refused += 1
                    if trial.fault == "acked_before":
                        keys.append(key)
                    break
            with desk.reading() as tx:
                kept = set(
                    tx.session.scalars(select(Record.ask_key).where(col(Record.ask_key).startswith(f"full/{number}/")))
                )
            must(kept == set(keys), f"acknowledged {len(keys)}, kept {len(kept)}")
            must(upkeep.check(desk) == () and copying.is_sound(desk.database) is None, "not sound")
            acked += len(keys)
        must(refused >= runs, f"the disk was never full: {refused} of {runs}")
        limit[0] = 1 << 30
        engine.dispose()
        code, stage = acting.stages(desk)[0]
        ask = acting.ask_of(code, stage, "after")
        assert ask is not None
        fire(desk, ask)
    return f"写满{runs}次:拒绝{refused}次、都说明原因,确认{acked}条=留存{acked}条,腾出空间后照常"


def _pages(desk: Desk) -> int:
    with desk.database.engine.connect() as connection:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)
