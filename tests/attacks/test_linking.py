"""Who can link a ballot to a person: one attack for each cell of the table in docs/ballots.md.

Cells that say no stay at chance over 200 runs; cells that say yes are shown to succeed, so that nobody believes more than is true;
the naive design falls in every one of them.
"""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from starflow.service import casting, polls
from storage import ballots
from storage.database import Database
from tests.attacks import naive
from tests.attacks.disk import heap, heap_bytes, log_size, sqlite_bytes, writers
from tests.attacks.hall import (
    REHEARSALS,
    RUNS,
    VOTERS,
    Hall,
    Run,
    best_of,
    hall_at,
    in_order,
    most_by_chance,
)

SQLITE = pytest.mark.parametrize("dialect", ["sqlite"])
POSTGRESQL = pytest.mark.parametrize("dialect", ["postgresql"])
MODES = pytest.mark.parametrize("mode", ["slips", "links"])


@pytest.fixture
def hall(database_url: str) -> Iterator[Hall]:
    with hall_at(database_url) as hall:
        yield hall


# ── a logical dump, one snapshot ─────────────────────────────────


def dumped(hall: Hall) -> list[Callable[[Run], dict[str, str]]]:
    """Rows as they come, by id either way; who voted in which order the attacker has from the sign-in sheet."""

    def rows(run: Run) -> list[str]:
        return [row["payload"] for row in hall.dump("ballot", run.poll)]

    def by_id(run: Run) -> list[str]:
        found = sorted(hall.dump("ballot", run.poll), key=lambda row: row["random_id"])
        return [row["payload"] for row in found]

    def by_slip(run: Run) -> dict[str, str]:
        """Mode B: persons in the order in which their slips stand in the dump."""
        slips = {row["hash"]: place for place, row in enumerate(hall.dump("slip", run.poll))}
        people = [row for row in hall.dump("invitation", run.poll) if row["slip_hash"] in slips]
        names = [row["name"] for row in sorted(people, key=lambda row: slips[row["slip_hash"]])]
        return in_order(names or VOTERS, rows(run))

    return [
        lambda run: in_order(run.order, rows(run)),
        lambda run: in_order(run.order, by_id(run)),
        lambda run: in_order(run.order, rows(run)[::-1]),
        by_slip,
    ]


def on_disk(hall: Hall) -> Callable[[Run], dict[str, str]]:
    """SQLite: ballots in the order in which their bytes lie in file and log."""

    def attack(run: Run) -> dict[str, str]:
        content = sqlite_bytes(hall.desk.database)
        found = sorted((content.find(payload.encode()), payload) for payload in run.payload.values())
        return in_order(run.order, [payload for place, payload in found if place >= 0])

    return attack


@pytest.fixture
def naive_hall(hall: Hall) -> Iterator[Hall]:
    """Whoever is lent this database next finds no tables but ours."""
    yield hall
    naive.META.drop_all(hall.desk.database.engine)


@pytest.mark.long
@MODES
def test_one_snapshot_links_nobody_beyond_chance(hall: Hall, mode: str) -> None:
    """The dump on both databases; on SQLite the files too, whose log is empty after each vote."""
    known = [hall.play(mode, seed) for seed in range(1000, 1000 + REHEARSALS)]
    attacks = [best_of(dumped(hall), known)]
    if hall.desk.database.dialect == "sqlite":
        attacks.append(on_disk(hall))

    linked = [0] * len(attacks)
    for seed in range(RUNS):
        run = hall.play(mode, seed)
        linked = [before + run.score(attack(run)) for before, attack in zip(linked, attacks, strict=True)]

    assert max(linked) <= most_by_chance(RUNS), f"{linked} of {RUNS * len(VOTERS)}"


def test_a_dump_of_the_naive_design_links_everybody(naive_hall: Hall) -> None:
    truth = naive.hold(naive_hall.desk.database, 1)

    with naive_hall.desk.database.engine.connect() as connection:
        names = list(connection.scalars(sa.select(naive.VOTED.c.name).order_by(naive.VOTED.c.id)))
        payloads = list(connection.scalars(sa.select(naive.VOTE.c.payload).order_by(naive.VOTE.c.id)))

    assert naive.linked(truth, names, payloads) == len(VOTERS)


# ── files as they lie on the disk ────────────────────────────────


@SQLITE
@MODES
def test_sqlites_log_is_cut_off_after_each_vote(hall: Hall, mode: str) -> None:
    left: list[int] = []
    run = hall.play(mode, 1, lambda name: left.append(log_size(hall.desk.database)))

    assert left == [0] * len(VOTERS)
    content = sqlite_bytes(hall.desk.database)
    assert {content.count(payload.encode()) for payload in run.payload.values()} == {1}


@SQLITE
def test_the_naive_designs_log_gives_every_vote_away(naive_hall: Hall) -> None:
    with naive_hall.desk.database.engine.connect() as reader:  # as it lies while somebody reads
        reader.exec_driver_sql("SELECT count(*) FROM poll")
        truth = naive.hold(naive_hall.desk.database, 1)
        content = sqlite_bytes(naive_hall.desk.database)

    names = sorted(VOTERS, key=lambda name: content.find(name.encode()))
    payloads = sorted(truth.values(), key=lambda payload: content.find(payload.encode()))
    assert naive.linked(truth, names, payloads) == len(VOTERS)


def states(database: Database, run: Run) -> dict[int, set[str]]:
    """Transaction → the ballots it wrote, as far as they can be carved from the file."""
    found: dict[int, set[str]] = {}
    raw = heap_bytes(database, "ballot")
    for payload in run.payload.values():
        for xid in writers(raw, payload):
            found.setdefault(xid, set()).add(payload)
    return found


def spent(database: Database, run: Run) -> dict[int, str]:
    """Transaction → the person whose slip it spent, by the slips' own row versions."""
    hashes = {polls.digest(token): name for name, token in run.token.items()}
    found = {}
    for one in heap(database, "slip"):
        for digest, name in hashes.items():
            if digest.encode() in one.data and b"unused" not in one.data:
                found[one.xmin] = name
    return found


def last_vote(database: Database, run: Run) -> dict[str, str]:
    """Whose slip was spent last, and the one ballot that only the last transaction has written."""
    written, slips = states(database, run), spent(database, run)
    last = max(slips)
    new = written.get(last, set()) - set[str]().union(*(its for xid, its in written.items() if xid < last))
    return {slips[last]: new.pop()} if len(new) == 1 else {}


@POSTGRESQL
def test_postgresqls_files_link_the_latest_vote_until_they_are_swept_and_not_after(hall: Hall) -> None:
    """Mode B: yes before the sweep, no after it; what docs/ballots.md says of it is seen here."""
    linked = 0
    swept(hall.desk.database)  # pages of its own: those that others have filled are pruned at another pace
    run = hall.prepare("links", 1)
    for name in run.order:
        hall.vote(run, name)
        linked += run.score(last_vote(hall.desk.database, run))
    assert linked > len(VOTERS) // 2, f"the cell that says yes is not shown: {linked} of {len(VOTERS)}"

    swept(hall.desk.database)

    assert len(states(hall.desk.database, run)) == 1


def swept(database: Database) -> None:
    """As the bell does it, again and again until nobody is in the way: other tests write to the same server."""
    assert any(ballots.vacuum(database) for _ in range(4)), "somebody is in the way for two minutes"


@POSTGRESQL
def test_nothing_counts_as_swept_while_an_older_transaction_of_another_database_runs(
    hall: Hall, another_database: Database
) -> None:
    """The server keeps for it what it may still want to see, though it can see none of this database."""
    swept(hall.desk.database)
    run = hall.prepare("links", 1)
    with another_database.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("SELECT pg_current_xact_id()")
        for name in run.order:
            hall.vote(run, name)
        meanwhile = ballots.vacuum(hall.desk.database, patience=0.3)
    swept(hall.desk.database)

    assert meanwhile is False
    assert len(states(hall.desk.database, run)) == 1


@POSTGRESQL
def test_the_naive_design_is_joined_by_the_transaction_that_wrote_both_rows(naive_hall: Hall) -> None:
    truth = naive.hold(naive_hall.desk.database, 1)

    with naive_hall.desk.database.engine.connect() as connection:
        join = "SELECT v.name, b.payload FROM naive_voted v JOIN naive_vote b ON b.xmin = v.xmin"
        found = list(connection.exec_driver_sql(join))

    assert sum(truth[name] == payload for name, payload in found) == len(VOTERS)


@POSTGRESQL
def test_one_transaction_has_written_all_ballots(hall: Hall) -> None:
    run = hall.play("slips", 1)

    with hall.desk.database.engine.connect() as connection:
        writers = set(connection.scalars(sa.text("SELECT xmin::text FROM ballot WHERE poll_id = :p"), {"p": run.poll}))

    assert len(writers) == 1


# ── two snapshots, the whole log, altered code ───────────────────


def watched(hall: Hall, mode: str) -> tuple[Run, list[tuple[str, str]]]:
    """A snapshot after each vote, as a full archive of the log gives them: (slip spent, ballot added), in order."""
    seen: list[tuple[str, str]] = []
    run = hall.prepare(mode, 1)
    used, there = set[str](), set[str]()
    for name in run.order:
        hall.vote(run, name)
        now_used = {row["hash"] for row in hall.dump("slip", run.poll) if row["status"] == "used"}
        now_there = {row["payload"] for row in hall.dump("ballot", run.poll)}
        seen.append(((now_used - used).pop(), (now_there - there).pop()))
        used, there = now_used, now_there
    return run, seen


def test_snapshots_around_votes_link_personal_links(hall: Hall) -> None:
    """Mode B: yes, live; printed on its page and in docs/ballots.md."""
    run, seen = watched(hall, "links")
    owner = {row["slip_hash"]: row["name"] for row in hall.dump("invitation", run.poll)}

    assert run.score({owner[slip]: payload for slip, payload in seen}) == len(VOTERS)


def test_snapshots_around_votes_link_drawn_slips_only_to_whoever_watches_the_room(hall: Hall) -> None:
    """Mode A: that a ballot changed is seen; who it was must be seen in the room."""
    run, seen = watched(hall, "slips")

    assert run.score(in_order(run.order, [payload for _, payload in seen])) == len(VOTERS)
    assert hall.dump("invitation", run.poll) == []
    assert [name for name in VOTERS if name in hall.everything()] == []


def test_drawn_slips_stay_at_chance_against_everything_at_once(hall: Hall) -> None:
    """Mode A, with file, log, snapshots, outbox and the true order of the ballots given away: no person stands anywhere."""
    linked = 0
    for seed in range(RUNS // 4):
        run = hall.prepare("slips", seed)
        cast_in_order = [run.payload[name] for name in run.order]
        linked += run.score(in_order(VOTERS, cast_in_order))
    run = hall.play("slips", 999)

    assert linked <= most_by_chance(RUNS // 4)
    everything = hall.everything()
    assert [name for name in VOTERS if name in everything] == []
    assert [token for token in run.token.values() if token in everything] == []


@pytest.mark.parametrize(
    ("mode", "watches", "linked"), [("slips", False, 0), ("slips", True, 34), ("links", False, 34)]
)
def test_whoever_alters_the_code_links_what_the_mode_does_not_keep_apart(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, mode: str, watches: bool, linked: int
) -> None:
    heard: list[tuple[str, str]] = []
    honest = casting.Urn.put

    def altered(urn: casting.Urn, vote: ballots.Vote) -> bool:
        heard.append((vote.slip, vote.payload))
        return honest(urn, vote)

    monkeypatch.setattr(casting.Urn, "put", altered)
    run = hall.play(mode, 1)

    owner = {row["slip_hash"]: row["name"] for row in hall.dump("invitation", run.poll)}
    names = list(run.order) if watches else [owner.get(slip, "") for slip, _ in heard]
    assert run.score({n: payload for n, (_, payload) in zip(names, heard, strict=True) if n}) == linked


# ── after the close ──────────────────────────────────────────────


@MODES
def test_after_the_close_no_slip_leads_anywhere(hall: Hall, mode: str) -> None:
    run = hall.play(mode, 1)
    with hall.desk.transaction() as tx:
        ballots.part_from_people(tx, run.poll)

    assert hall.dump("slip", run.poll) == []
    assert {row["slip_hash"] for row in hall.dump("invitation", run.poll)} <= {None}


def test_a_vote_touches_four_tables_and_leaves_no_row_elsewhere(hall: Hall) -> None:
    """No idempotency row, no rate row, no nonce, no outbox, no record."""

    def tables() -> dict[str, str]:
        with hall.desk.database.engine.connect() as connection:
            names = sa.inspect(connection).get_table_names()
            rows = {n: sorted(map(str, connection.execute(sa.text(f'SELECT * FROM "{n}"')))) for n in names}
        return {name: "\n".join(found) for name, found in rows.items()}

    run = hall.prepare("links", 1)
    before = tables()
    hall.vote(run, run.order[0])
    after = tables()

    assert {name for name in after if after[name] != before.get(name)} == {"poll", "slip", "ballot"}
