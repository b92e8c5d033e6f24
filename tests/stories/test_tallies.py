"""The counts that are kept equal a recount at every moment of a year: before a fold, in the middle of one, and after."""

from dataclasses import replace
from datetime import date
from operator import attrgetter

import pytest

from starflow.service import obligations, tallies
from starflow.service.organisations import import_roster
from starflow.service.overview import overview
from starflow.service.stuck import glance, stuck
from starflow.service.upkeep import check
from starflow.service.view import OWNERS, Filters
from storage import organisations as tree
from tests.stories.conftest import ROOT, World, rows_of


def differences(world: World) -> tuple[str, ...]:
    with world.desk.reading() as tx:
        return tuple(tallies.counted_rightly(world.desk, tx))


def cycles_of(world: World) -> list[int]:
    with world.desk.reading() as tx:
        return list(tx.connection.exec_driver_sql("SELECT id FROM cycle").scalars())


def fold_one(world: World) -> None:
    """A page of a single cycle, as if the fold had been killed after it."""
    with world.desk.transaction() as tx:
        ids = tallies.tallies.untallied(tx, limit=1)
        tallies.keep(world.desk, tx, ids)


def test_counts_equal_a_recount_whether_folded_or_not(world: World) -> None:
    for step in (
        lambda: world.clock.move_to("2027-05-20 09:30"),
        lambda: world.to_publicity("D0101", "85", 4),
        lambda: world.to_publicity("D0102", "95", 5),
        lambda: obligations.extend(world.desk, "D51", date(2027, 6, 20), "汛期", actor="t", subtree=False, year=None),
        lambda: world.to_review("D51"),
        lambda: world.does("D51", "send_back", "superior", "材料不全", to="survey"),
        lambda: world.clock.move_to("2027-07-01 08:00"),
    ):
        step()
        assert differences(world) == ()
        fold_one(world)
        assert differences(world) == ()
        tallies.fold(world.desk)
        assert differences(world) == ()


def test_map_and_list_are_the_same_before_a_fold_in_the_middle_of_one_and_after(world: World) -> None:
    for step in (
        lambda: world.clock.move_to("2027-05-20 09:30"),
        lambda: world.to_review("D51"),
        lambda: world.to_publicity("D0101", "85", 4),
        lambda: world.clock.move_to("2027-06-08 08:00"),
        lambda: world.clock.move_to("2027-07-01 08:00"),
    ):
        step()
        before = seen(world)
        fold_one(world)
        amid = seen(world)
        tallies.fold(world.desk)
        assert before == amid == seen(world)


@pytest.mark.parametrize("grace_days", [0, 40])
def test_the_list_says_the_same_of_what_is_late_as_of_every_row_read_whole(world: World, grace_days: int) -> None:
    world.to_review("D51")
    for moment in ("2027-05-20 09:30", "2027-06-08 08:00", "2027-07-01 08:00"):
        world.clock.move_to(moment)
        tallies.fold(world.desk)
        with pytest.raises(ZeroDivisionError), world.desk.transaction() as tx:
            tx.connection.exec_driver_sql(f"UPDATE obligation SET grace_days = {grace_days}, target_at = NULL")
            listed, first = (glance(world.desk, tx, Filters(limit=50), shown=shown) for shown in (None, 2))
            whole = [row for owner in OWNERS for row in glance(world.desk, tx, Filters(owner=owner)).page.rows]
            assert sorted(listed.page.rows, key=code_of) == sorted(whole, key=code_of)
            assert (first.page.rows, first.total) == (listed.page.rows[:2], len(whole))
            raise ZeroDivisionError  # so that nothing of it stays


code_of = attrgetter("organisation")


def seen(world: World) -> tuple[object, ...]:
    """The map and the list, from the root and from a committee that is rated itself."""
    wanted = Filters(), Filters(under="D01")
    return tuple((overview(world.desk, one), stuck(world.desk, one)) for one in wanted)


def test_after_a_great_recount_postgresql_plans_by_the_tables_as_they_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "PAGE", 3)

    assert tallies.fold(world.desk) == f"重新计数{len(cycles_of(world))}个"

    assert differences(world) == ()
    if world.desk.database.dialect == "postgresql":
        with world.desk.reading() as tx:
            known = tx.connection.exec_driver_sql("SELECT reltuples FROM pg_class WHERE relname = 'cycle'").scalar()
        assert known == len(cycles_of(world))


def test_a_body_that_moves_takes_its_counts_along(world: World) -> None:
    tallies.fold(world.desk)
    moved = [replace(row, parent="GW") if row.code == "D0102" else row for row in rows_of()]

    import_roster(world.desk, moved, scheme_root_kind=ROOT, dry_run=False)

    assert differences(world) == ()
    tallies.fold(world.desk)
    assert differences(world) == ()
    assert overview(world.desk, Filters(under="D01")).rated == 3


def test_the_overview_says_the_same_from_counts_and_by_counting(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D0101", "85", 4)
    counted = overview(world.desk)
    tallies.fold(world.desk)

    assert overview(world.desk) == counted
    assert overview(world.desk, Filters(text="支部")).rated == 3


def add_to_root(world: World, number: int) -> int:
    with world.desk.transaction() as tx:
        root = tree.root(tx)
        tx.session.connection().exec_driver_sql(f"UPDATE tally SET number = number + {number} WHERE body_id = {root}")
        return root


def test_a_count_that_is_wrong_is_found(world: World) -> None:
    tallies.fold(world.desk)
    assert check(world.desk) == ()
    added = add_to_root(world, 1)

    found = differences(world)

    add_to_root(world, -1)
    assert [said.partition(":")[0] for said in found] == [f"计数 组织{added}"]


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_of_two_folds_at_once_one_has_nothing_to_do(world: World) -> None:
    with world.desk.transaction() as tx:
        assert tallies.tallies.may_fold(tx)
        assert tallies.fold(world.desk) == "重新计数0个"
