"""Two sessions, one stopped at its n-th statement while the other goes on as far as it can; for every n, and the other way round.

Tried twice: as the product runs (READ COMMITTED and locks), and with PostgreSQL told to be SERIALIZABLE, where it does break off
transactions (40001): the door's callers try again, and nobody hears of it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import col

from starflow.service import casting, obligations, polls, upkeep
from starflow.service.acting import Acting
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk
from storage import ballots, cycles, database, statements
from storage.ballot_models import Poll
from storage.models import Cycle, Matter
from tests import conftest as provision
from tests.guarantees import acting, crash, faults
from tests.guarantees.places import Fixed, opened, reopened
from tests.guarantees.trial import Trial, must
from workflow.engine.errors import Refused, StarflowError, Unavailable

BLOCKED = 0.15
"""So many seconds without an end: the other waits for a lock."""
LEVELS = ("READ COMMITTED", "SERIALIZABLE")
NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two things done at once; `later`: how many days after the first the second's clock stands."""

    name: str
    one: Callable[[Desk], Any]
    other: Callable[[Desk], Any]
    both: int  # how many of the two can be done
    later: int = 0


def _asking(
    code: str, trigger: str, role: str, payload: dict[str, Any] | None = None, reason: str = ""
) -> Callable[[Desk], Any]:
    def act(desk: Desk) -> Any:
        meeting = {"meeting": {"on": acting._day(desk), "number": f"工委会{code}"}}
        told = meeting if trigger in ("approve", "reject") else dict(payload or {})
        if trigger.endswith("_objection"):
            told["objection"] = _objection(desk)
        ask = CycleAsk(
            code=code, trigger=trigger, relations=frozenset({role}), actor="test", payload=told, reason=reason
        )
        return database.retrying(lambda: fire(desk, ask))

    return act


def _objection(desk: Desk) -> int:
    with desk.reading() as tx:
        return int(
            tx.session.scalar(sa.select(sa.func.min(col(Matter.id))).where(col(Matter.kind) == "objection")) or 0
        )


def _swept(desk: Desk) -> Any:
    return database.retrying(lambda: obligations.sweep(desk))


def _voted(desk: Desk) -> bool:
    """As on the ballot's page. True: acknowledged, and from then on in the count."""
    paper = casting.paper_for(desk, SLIP)
    if (
        paper is None
        or not casting.cast(desk, SLIP, {q.code: paper.form.answers[0] for q in paper.form.questions}).taken
    ):
        raise Refused("这张票证不能(再)投票")
    return True


def _closed(desk: Desk) -> Any:
    return database.retrying(lambda: polls.close_poll(desk, SURVEYED, acting=TELLER))


FIRST, SECOND, POSTED, REVIEWED, SURVEYED = "S01", "S02", "D0102", "D0103", "D0202"
SLIP, TELLER = "a" * 26, Acting(actor="test", relations=frozenset({"organisation"}))
FOUND = {"finding": "已核实"}
PAIRS = (
    Pair("approve / approve", _asking(FIRST, "approve", "committee"), _asking(SECOND, "approve", "committee"), 1),
    Pair("approve / reject", _asking(FIRST, "approve", "committee"), _asking(FIRST, "reject", "committee", reason="再议"), 1),
    Pair("object / close", _asking(POSTED, "object", "anyone", {"content": "有意见"}), _swept, 2, later=9),
    Pair("dismiss / uphold", _asking(POSTED, "dismiss_objection", "department", FOUND), _asking(POSTED, "uphold_objection", "department", FOUND), 1),
    Pair("score / send back", _asking(REVIEWED, "propose_star", "superior", {"base": "85", "star": 4}),
         _asking(REVIEWED, "send_back", "superior", {"to": "survey"}, "请补正"), 1),
    Pair("object / object", _asking(POSTED, "object", "anyone", {"content": "甲"}), _asking(POSTED, "object", "anyone", {"content": "乙"}), 2),
    Pair("cast / close", _voted, _closed, 2),
)  # fmt: skip


def permuted(trial: Trial) -> str:
    """G10: of two at once nobody hears of a conflict of the database; what holds afterwards is what one after the other would give."""
    every = trial.size(10, 4, control=8)  # in `ci` every tenth statement
    tried, heard = 0, Counter[str]()
    with _standing(trial) as (template, now), faults.switched_on(trial.fault), _drivers_heard(heard):
        for level in LEVELS[1:] if trial.fault else LEVELS:
            for pair in PAIRS:
                for turned in (False, True):
                    n = 1 + trial.dice.randrange(every)
                    while _one(template, now, level, pair, turned, n, heard):
                        tried, n = tried + 1, n + every
    must(heard["40001"] + heard["40P01"] > 0, "the database never broke anything off: nothing was shown")
    return (
        f"{len(PAIRS)}对动作 × {len(LEVELS)}种隔离级别 × 先后两种,每隔{every}条语句交错,共{tried}种次序:"
        f"数据库中止{heard['40001'] + heard['40P01']}次,都重试成功;外露0,不变量全部成立"
    )


def _one(template: str, now: Fixed, level: str, pair: Pair, turned: bool, n: int, heard: Counter[str]) -> bool:
    """One schedule; False where the first session has fewer than n statements."""
    with (
        _copied(template) as url,
        _at(level),
        reopened(url, now) as a,
        reopened(url, Fixed(now.at + timedelta(days=pair.later))) as b,
    ):
        first, second = (pair.other, pair.one) if turned else (pair.one, pair.other)
        mine, yours = (b, a) if turned else (a, b)
        for desk in (a, b):
            sa.event.listen(
                desk.database.engine, "handle_error", lambda c: heard.update([_state(c.original_exception)])
            )
        reached, results = _interleaved(mine, lambda: first(mine), lambda: second(yours), n)
        said = f"{pair.name}, {level}, statement {n}{', turned' if turned else ''}"
        strange = [r for r in results if isinstance(r, Exception) and not isinstance(r, StarflowError)]
        strange += [r for r in results if isinstance(r, Unavailable)]
        must(not strange, f"{said}: somebody heard {strange[:1]!r}")
        done = sum(not isinstance(r, Exception) for r in results)
        must(1 <= done <= pair.both, f"{said}: {done} were done")
        taken, votes = results.count(True), _votes(a)
        must(
            votes in ((taken, None), (taken, taken)), f"{said}: {taken} votes were acknowledged, (used, tally) {votes}"
        )
        broken = upkeep.check(a)
        must(not broken, f"{said}: {broken[:2]}")
        return reached


def _votes(desk: Desk) -> tuple[int, int | None]:
    """How many the survey has counted, and how many stand in its frozen tally."""
    with desk.reading() as tx:
        poll = tx.session.scalars(sa.select(Poll)).one()
    return poll.used, poll.tally["ballots"] if poll.tally else None


@contextmanager
def _drivers_heard(heard: Counter[str]) -> Iterator[None]:
    """What a driver says to statements that go to it by themselves, counted beside what SQLAlchemy hears."""
    true = database.said_by_driver

    def said(connection: sa.Connection, sql: str, error: Exception) -> Exception:
        heard[_state(error)] += 1
        return true(connection, sql, error)

    database.said_by_driver = statements.said_by_driver = said  # type: ignore[attr-defined]
    try:
        yield
    finally:
        database.said_by_driver = statements.said_by_driver = true  # type: ignore[attr-defined]


def _state(error: BaseException | None) -> str:
    return str(getattr(error, "sqlstate", ""))


def _interleaved(desk: Desk, first: Callable[[], Any], second: Callable[[], Any], n: int) -> tuple[bool, list[Any]]:
    """The first stops before its n-th statement until the second has ended, or waits for what the first holds."""
    results: list[Any] = [None, None]
    ended, reached, me = threading.Event(), threading.Event(), threading.get_ident()
    counted = count(1)

    def other() -> None:
        results[1] = _result(second)
        ended.set()

    beside = threading.Thread(target=other)

    def stop(*_: object) -> None:
        if threading.get_ident() == me and next(counted) == n:
            reached.set()
            beside.start()
            ended.wait(BLOCKED)

    with crash.before_each(desk.database.engine, stop):
        results[0] = _result(first)
    if not reached.is_set():
        beside.start()
    beside.join()
    return reached.is_set(), results


def _result(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:
        return error


# ── the same beginning for each ──────────────────────────────────


@contextmanager
def _standing(trial: Trial) -> Iterator[tuple[str, Fixed]]:
    """A city of ten, so that there is one five-star place: two wait for it, one notice hangs with an objection, one is reviewed, one votes."""
    with opened(trial, 12) as desk:
        for code in (FIRST, SECOND):
            acting.to_publicity(desk, code, star=5)
        acting.later(desk, days=9)
        obligations.sweep(desk)
        acting.to_publicity(desk, POSTED)
        _asking(POSTED, "object", "anyone", {"content": "先前的意见"})(desk)
        filed = ("rating.declaration", "rating.self_evaluation", "rating.survey")
        for code, stage in (*((REVIEWED, stage) for stage in filed), *((SURVEYED, stage) for stage in filed[:2])):
            ask = acting.ask_of(code, stage, f"g10/{code}/{stage}", acting._day(desk))
            assert ask is not None
            fire(desk, ask)
        survey = polls.NewPoll(mode="slips", closes_at=desk.clock.now() + timedelta(days=3), own_unit=5)
        poll = polls.open_poll(desk, SURVEYED, survey, acting=TELLER)
        with desk.transaction() as tx:
            ballots.put_slips(tx, poll, [("member", polls.digest(SLIP))])
        with desk.reading() as tx:
            standing = {row.code: row.stage for row in cycles.in_campaign(tx, cycles.campaign_of_year(tx, 2027).id)}  # type: ignore[union-attr,arg-type]
            places = tx.session.scalar(sa.select(sa.func.count()).select_from(Cycle))
        wanted = {
            FIRST: "rating.approval",
            SECOND: "rating.approval",
            POSTED: "rating.publicity",
            REVIEWED: "rating.review",
            SURVEYED: "rating.survey",
        }
        must(
            {code: standing[code] for code in wanted} == wanted and places, f"the beginning is another one: {standing}"
        )
        assert isinstance(desk.clock, Fixed)
        desk.database.close()
        yield desk.settings.database_url, desk.clock


@contextmanager
def _copied(template: str) -> Iterator[str]:
    name, origin = f"{provision._prefix()}_g10_{next(NUMBERS)}", sa.make_url(template).database
    with psycopg.connect(provision._server(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {origin}")
    try:
        yield sa.make_url(template).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(provision._server(), autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _at(level: str) -> Iterator[None]:
    true = database.WRITING
    database.WRITING = {**true, "postgresql": {"isolation_level": level}}
    try:
        yield
    finally:
        database.WRITING = true
