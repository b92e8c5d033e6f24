"""Matters in storage: many at once, moved by compare-and-swap, found again, and listed without their data."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from storage import evidence, installation, matters, obligations, organisations
from storage.database import Database, Transaction
from storage.matters import Line
from storage.models import Campaign, Cycle, Event, Matter, MatterAct
from storage.queries import Where
from workflow.engine.errors import Stale
from workflow.rating.roster import RosterRow

NOW = datetime(2027, 6, 20, 2, tzinfo=UTC)
ROSTER = (
    RosterRow(code="GW", name="市直工委", kind="市直工委"),
    RosterRow(code="D01", name="发改委党委", kind="机关党委", parent="GW"),
    RosterRow(code="D0102", name="二支部", kind="党支部", parent="D01"),
    RosterRow(code="D0101", name="一支部", kind="党支部", parent="D01"),
)


@dataclass
class Town:
    """A root, a committee below it and two branches, with a cycle each; numbers are ids."""

    database: Database
    campaign: int
    root: int
    unit: int
    branch: int
    other: int

    @contextmanager
    def at(self, minutes: float = 0) -> Iterator[Transaction]:
        with self.database.transaction(NOW + timedelta(minutes=minutes)) as tx:
            yield tx

    def row(self, kind: str = "plan", status: str = "open", **facts: Any) -> dict[str, Any]:
        plain = {
            "kind": kind,
            "organisation_id": self.branch,
            "campaign_id": self.campaign,
            "cycle_id": self.branch,  # cycles bear the numbers of their organisations
            "status": status,
            "version": 1,
            "data": {},
            "opened_at": NOW,
            "closed_at": None,
        }
        return plain | facts

    def put(self, *rows: dict[str, Any]) -> tuple[int, ...]:
        with self.at() as tx:
            return matters.put_all(tx, rows)

    def owe(self, matter_id: int, kind: str, role: str, owner: int, due_at: datetime | None) -> None:
        values = {
            "matter_id": matter_id,
            "organisation_id": self.branch,
            "stage": kind,
            "visit": 1,
            "owner_role": role,
            "owner_id": owner,
            "opened_at": NOW,
            "due_at": due_at,
            "grace_days": 0,
            "deadline_version": 1,
            "arithmetic": [],
            "held_days": 0,
        }
        with self.at() as tx:
            obligations.put(tx, values)

    def listed(self, **where: Any) -> list[Line]:
        said = {name: where.pop(name) for name in ("closed", "every_year", "unowed") if name in where}
        with self.database.reading(NOW) as tx:
            return list(matters.listed(tx, Where(campaign_id=self.campaign, **where), **said))


@pytest.fixture
def town(database: Database) -> Town:
    with database.transaction(NOW) as tx:
        installation.adopt(tx, digest="h", name="s", title="s", content=b"")
        campaign = Campaign(year=2027, scheme_hash="h", rated_count=3, opened_at=NOW)
        tx.session.add(campaign)
        ids: dict[str, int] = {}
        for _ in organisations.insert(tx, ROSTER, ids, NOW.date()):
            pass
        organisations.settle(tx, NOW.date())
        assert campaign.id is not None
        for row in ROSTER[1:]:
            assert row.parent is not None
            tx.session.add(
                Cycle(
                    id=ids[row.code],
                    campaign_id=campaign.id,
                    organisation_id=ids[row.code],
                    reviewer_id=ids[row.parent],
                    route="A",
                    scheme_hash="h",
                    stage="rated",
                    version=1,
                    entered_at=NOW,
                    head="0" * 64,
                )
            )
    return Town(database, campaign.id, *(ids[row.code] for row in ROSTER))


def test_many_are_put_at_once_and_their_numbers_come_in_the_same_order(town: Town) -> None:
    ids = town.put(*(town.row(data={"n": n}) for n in range(50)))

    with town.at() as tx:
        assert [found.data for found in (matters.by_id(tx, one) for one in ids) if found] == [
            {"n": n} for n in range(50)
        ]
        assert matters.put_all(tx, []) == ()


def test_a_move_raises_the_version_and_closes(town: Town) -> None:
    (one,) = town.put(town.row())

    with town.at(5) as tx:
        matter = matters.by_id(tx, one, lock=True)
        assert matter is not None
        matters.move(tx, matter, "filed", {"target_star": 4}, closes=True)

        assert (matter.status, matter.version, matter.data, matter.closed_at) == (
            "filed",
            2,
            {"target_star": 4},
            NOW + timedelta(minutes=5),
        )


def test_of_two_hands_the_second_is_stale(town: Town) -> None:
    (one,) = town.put(town.row())
    with town.at() as tx:
        seen = matters.by_id(tx, one)
        assert seen is not None
        tx.session.expunge(seen)
    with town.at() as tx:
        first = matters.by_id(tx, one, lock=True)
        assert first is not None
        matters.move(tx, first, "filed", {}, closes=True)

    with pytest.raises(Stale), town.at() as tx:
        matters.move(tx, seen, "cancelled", {}, closes=True)


def test_a_key_stands_under_one_act(town: Town) -> None:
    first, second = town.put(town.row(), town.row())
    act = {"seq": 1, "act": "open", "before": "", "after": "open", "role": "clock", "actor": "clock", "at": NOW}
    rows = [act | {"matter_id": one, "data": {}, "reason": "", "ask_key": "k"} for one in (first, second)]
    with town.at() as tx:
        matters.put_acts(tx, rows[:1])
        matters.put_acts(tx, [])

    with pytest.raises(IntegrityError), town.at() as tx:
        matters.put_acts(tx, rows[1:])

    with town.at() as tx:
        found = matters.act_by_key(tx, "k")
        assert found is not None and found.matter_id == first
        assert matters.newest_act(tx, first) is found
        assert matters.acts(tx, second) == ()


def test_what_is_in_the_way_is_this_years_or_what_is_open(town: Town) -> None:
    closed = town.row(status="filed", closed_at=NOW)
    open_one, filed, _ = town.put(town.row(), closed, town.row(status="cancelled", closed_at=NOW))

    with town.at() as tx:
        this_year = matters.in_the_way(tx, "plan", town.branch, town.campaign)
        open_ones = matters.in_the_way(tx, "plan", town.branch, None)

    assert [matter.id for matter in this_year] == [open_one, filed]
    assert [matter.id for matter in open_ones] == [open_one]


def test_what_stands_is_this_years_plan_and_whatever_lasting_kind_is_open(town: Town) -> None:
    gone = {"status": "released", "closed_at": NOW}
    plan, _, key = town.put(
        town.row(status="filed", closed_at=NOW), town.row("key_management", **gone), town.row("key_management")
    )
    town.put(town.row(campaign_id=None), town.row("ledger_item"), town.row("plaque", organisation_id=town.other))

    with town.at() as tx:
        found = matters.standing(tx, town.branch, town.campaign, ("plan",), ("key_management", "plaque"))

    assert [matter.id for matter in found] == [plan, key]


def test_only_a_confirmed_event_of_these_days_counts(town: Town) -> None:
    year = date(2027, 1, 1), date(2027, 12, 31)
    with town.at() as tx:
        for day, status in ((date(2027, 3, 1), "proposed"), (date(2026, 12, 31), "confirmed")):
            event = Event(
                organisation_id=town.branch,
                code="criticism",
                happened_on=day,
                status=status,
                proposed_by="x",
                proposed_at=NOW,
            )
            evidence.put(tx, event)
        assert not matters.confirmed(tx, town.branch, "criticism", *year)

        event.happened_on = date(2027, 12, 31)
        tx.session.flush()
        assert matters.confirmed(tx, town.branch, "criticism", *year)
        assert not matters.confirmed(tx, town.other, "criticism", *year)


def test_cycles_under_a_reviewer_are_found_until_they_have_had_one(town: Town) -> None:
    with town.at() as tx:
        before = matters.without(tx, "implementation_plan", town.campaign, town.root)
    town.put(town.row("implementation_plan", organisation_id=town.unit, cycle_id=town.unit))

    with town.at() as tx:
        assert [row.code for row in before] == ["D01"]
        assert matters.without(tx, "implementation_plan", town.campaign, town.root) == ()
        assert [row.code for row in matters.without(tx, "plan", town.campaign, town.unit)] == ["D0102", "D0101"]


def test_the_oldest_open_objection_tells_since_when(town: Town) -> None:
    with town.at() as tx:
        assert matters.oldest_open_at(tx, "objection", town.branch) is None
    town.put(town.row("objection"), town.row("objection", opened_at=NOW + timedelta(hours=1)))

    with town.at() as tx:
        assert matters.oldest_open_at(tx, "objection", town.branch) == NOW
        assert len(matters.open_of(tx, "objection", town.branch)) == 2


def test_a_line_has_the_work_that_is_owed_and_nothing_of_the_data(town: Town) -> None:
    (one,) = town.put(town.row("supervision", "clue", data={"name": "王五"}))
    town.owe(one, "supervision", "department", town.root, NOW + timedelta(days=10))

    (line,) = town.listed()

    assert (line.id, line.kind, line.status, line.code, line.name, line.scheme_hash) == (
        one,
        "supervision",
        "clue",
        "D0102",
        "二支部",
        "h",
    )
    assert line.stay is not None
    assert (line.stay.owner_role, line.stay.owner_code, line.stay.due_at) == (
        "department",
        "GW",
        NOW + timedelta(days=10),
    )
    assert "王五" not in str(line)


def test_the_list_goes_by_code_and_number_and_on_after_a_place(town: Town) -> None:
    elsewhere = {"organisation_id": town.other, "cycle_id": town.other}
    a, b, c = town.put(town.row(), town.row("plaque"), town.row(**elsewhere))

    assert [line.id for line in town.listed()] == [c, a, b]
    assert [line.id for line in town.listed(after=("D0101", c))] == [a, b]
    assert [line.id for line in town.listed(after=("D0102", a))] == [b]


def test_the_list_is_narrowed(town: Town) -> None:
    elsewhere = {"organisation_id": town.other, "cycle_id": town.other}
    done = town.row("plaque", "recalled", closed_at=NOW)
    a, b, c, d, e = town.put(town.row(), town.row("objection"), done, town.row(**elsewhere), town.row(campaign_id=None))
    town.owe(a, "plan", "organisation", town.branch, None)

    assert [line.id for line in town.listed()] == [d, a, b]
    assert [line.id for line in town.listed(closed=True)] == [d, a, b, c]
    assert [line.id for line in town.listed(every_year=True)] == [d, a, b, e]
    assert [line.id for line in town.listed(stages=("plan",))] == [d, a]
    assert [line.id for line in town.listed(path=f"/{town.root}/{town.unit}/{town.other}/")] == [d]
    assert [line.id for line in town.listed(owner_role="organisation")] == [a]
    assert [line.id for line in town.listed(owner_role="organisation", unowed=("objection",))] == [a, b]


def test_a_single_matter_and_its_act_are_put_too(town: Town) -> None:
    with town.at() as tx:
        matter = matters.put(tx, Matter(**town.row("objection")))
        assert matter.id is not None
        act = MatterAct(
            matter_id=matter.id, seq=1, act="object", before="", after="open", role="anyone", actor="x", at=NOW
        )
        matters.put_act(tx, act)

        assert matters.acts(tx, matter.id) == (act,)
