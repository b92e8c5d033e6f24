"""Deadlines, lateness, reminders and escalation through the year."""

from datetime import date, datetime

from sqlmodel import select

from starflow.service import obligations
from storage import installation
from storage.models import Event
from tests.stories.conftest import CITY, World


def test_everybody_is_reminded_before_the_target_and_escalated_after_5_june(world: World) -> None:
    world.clock.move_to("2027-06-20 10:00")

    assert world.rungs("D0101") == [
        ("-14", "organisation"),
        ("-7", "organisation"),
        ("-3", "organisation"),
        ("-1", "organisation"),
        ("+1", "organisation"),
        ("e0", "organisation"),
        ("e0", "superior"),
        ("e3", "department"),
        ("e7", "leader"),
        ("e14", "department"),
    ]


def test_a_late_act_is_accepted_and_charged_to_the_stage_that_used_the_days(world: World) -> None:
    world.clock.move_to("2027-06-09 10:00")

    world.does("D0101", "declare", "organisation", head="书记", members_due=12, target_star=4)

    assert world.late("D0101", "declare") == (4, "rating.declaration")


def test_a_reviewer_who_gets_the_work_late_has_three_working_days_of_his_own(world: World) -> None:
    world.clock.move_to("2027-06-07 10:00")  # a Monday; Dragon Boat is on Wednesday the 9th
    world.to_review("D0101", "85")
    assert world.due("D0101") == "06-12 00:00"

    world.clock.move_to("2027-06-10 10:00")
    world.does("D0101", "propose_star", "superior", base="85", star=4)

    assert world.late("D0101", "propose_star") == (3, "rating.survey")  # the last late stage before it


def test_an_extension_moves_the_due_of_a_whole_subtree_and_the_nearest_wins(world: World) -> None:
    moved = obligations.extend(
        world.desk, "D01", date(2027, 6, 15), "机构改革", actor="role:department", subtree=True, year=None
    )
    obligations.extend(
        world.desk, "D0101", date(2027, 6, 20), "住院", actor="role:department", subtree=False, year=None
    )

    assert moved == 4
    assert (world.due("D0102"), world.due("D0101"), world.due("D51")) == ("06-16 00:00", "06-21 00:00", "06-06 00:00")


def test_a_hold_stops_the_ladder_and_gives_the_days_back(world: World) -> None:
    world.clock.move_to("2027-05-10 10:00")
    before = world.rungs("D0101")
    obligations.hold(world.desk, "D0101", "审计进驻", actor="role:department")
    world.clock.move_to("2027-05-20 10:00")
    assert world.rungs("D0101") == before

    days = obligations.release(world.desk, "D0101", actor="role:department")

    assert days == 10
    assert world.due("D0101") == "06-16 00:00"


def test_a_nudge_cools_down_for_a_day(world: World) -> None:
    first = obligations.nudge(world.desk, ["D0101"], actor="role:department")
    again = obligations.nudge(world.desk, ["D0101"], actor="role:department")

    assert [n.sent for n in first + again] == [True, False]
    assert again[0].note == "24小时内已催办过"


def test_the_14th_day_proposes_an_event_and_posts_no_points(world: World) -> None:
    world.clock.move_to("2027-06-20 10:00")

    with world.desk.reading() as tx:
        found = tx.session.exec(select(Event)).all()

    assert {(e.code, e.status, e.proposed_by) for e in found} == {("unexcused", "proposed", "clock")}


def test_a_machine_asleep_for_weeks_wakes_up_correct(world: World) -> None:
    """The clock's own moves take effect at their own instants, however late they are noticed."""
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D51", "75", 3)
    world.posts("D51", "superior")
    asleep_until = "2027-06-15 10:00"
    with world.desk.transaction() as tx:
        installation.move_hand_clock(tx, datetime.fromisoformat(asleep_until).replace(tzinfo=CITY))

    obligations.sweep(world.desk)

    owed = world.owed("D51")
    assert owed is not None
    assert (owed.stage, owed.opened_at.astimezone(CITY).strftime("%m-%d %H:%M")) == ("rating.approval", "05-28 00:00")
