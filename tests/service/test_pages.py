"""What the pages are made of: the overview, what happened since, an organisation's picture, a reviewer's bench, seats, drafts, the year."""

from datetime import datetime

import pytest

from starflow.service import drafts, picture, reviewing, seat, since
from starflow.service.access import Principal
from starflow.service.overview import overview
from starflow.service.sessions import principal_at
from starflow.service.view import Filters
from starflow.service.year_calendar import year_calendar
from storage import organisations
from tests.service.conftest import ZONE, City
from workflow.engine.errors import BadInput, Unknown


def principal(city: City, role: str, code: str) -> Principal:
    with city.desk.reading() as tx:
        body = organisations.by_code(tx, code)
        assert body is not None
        return principal_at(role, body, None)


# ── the overview ─────────────────────────────────────────────────


def test_the_overview_counts_every_organisation_once(city: City) -> None:
    city.at("2027-05-06 10:00")
    city.declare("B1")
    seen = overview(city.desk)

    standing = {
        (unit.code, column.stage): cell.standing
        for unit in seen.units
        for column, cell in zip(seen.columns, unit.cells, strict=True)
    }
    assert seen.rated == 5 and sum(standing.values()) == 5
    assert (standing["D01", "rating.declaration"], standing["D01", "rating.self_evaluation"]) == (3, 1)
    assert sum(cell.passed for unit in seen.units for cell in unit.cells) == 1


def test_the_overview_of_a_subtree_shows_nothing_else(city: City) -> None:
    seen = overview(city.desk, Filters(under="Z1"))

    assert (seen.rated, {unit.code for unit in seen.units} & {"D60", ""}) == (3, set())


def test_the_overview_foretells_nothing_from_too_little(city: City) -> None:
    assert overview(city.desk).forecast is None


# ── since ────────────────────────────────────────────────────────


def test_what_happened_while_the_clock_moved_is_told(city: City) -> None:
    start = datetime(2027, 6, 1, 10, tzinfo=ZONE)
    city.at("2027-06-01 10:00")
    city.at("2027-06-08 10:00")

    happened = since.happened(city.desk, Filters(), start.isoformat())

    assert happened is not None and happened.from_at == start
    assert happened.escalations > 0 and happened.texts != ()


def test_an_instant_without_a_zone_is_none(city: City) -> None:
    with pytest.raises(BadInput, match="不是带时区的时间"):
        since.happened(city.desk, Filters(), "2027-06-01T10:00")


# ── one organisation ─────────────────────────────────────────────


def test_a_picture_has_every_stop_and_lights_the_present_one(city: City) -> None:
    city.at("2027-05-06 10:00")
    city.submit("B1", "2027-05-06")
    seen = picture.picture(city.desk, "B1")

    states = {stop.title: stop.state for stop in seen.stops}
    assert [title for title, state in states.items() if state == picture.HERE] == ["党员群众测评"]
    assert states["申报"] == states["自评"] == picture.DONE
    assert seen.own is not None and seen.own.base == "85" and seen.superior is None
    assert seen.parents == ("市直工委", "发改委机关党委", "离退休总支")


def test_a_picture_of_nobody_is_unknown(city: City) -> None:
    with pytest.raises(Unknown):
        picture.picture(city.desk, "X9")


# ── a reviewer ───────────────────────────────────────────────────


def test_the_oldest_waits_first_and_a_day_has_its_share(city: City) -> None:
    city.at("2027-05-06 10:00")
    city.file("B2", "2027-05-06")
    city.at("2027-05-08 10:00")
    city.file("B1", "2027-05-08")
    owed = seat.owed_by(principal(city, "superior", "Z1"))

    waits = reviewing.waiting(city.desk, Filters(owed_by=owed))

    assert ([row.organisation for row in waits.rows], waits.today) == (["B2", "B1"], 1)


def test_scores_are_reckoned_before_they_are_handed_in(city: City) -> None:
    city.at("2027-05-06 10:00")
    city.file("B1", "2027-05-06")
    whole = reviewing.reckoned(city.desk, "B1", {"scores": {str(n): "9.5" for n in range(1, 11)}, "star": 5})
    half = reviewing.reckoned(city.desk, "B1", {"scores": {"1": "99"}})

    assert whole is not None and (whole.total, whole.star) == ("95", 5)
    assert whole.steps[0][1] == "R27"
    assert half is None


# ── seats and drafts ─────────────────────────────────────────────


def test_a_seat_knows_whether_anybody_stands_below_and_how_much_waits(city: City) -> None:
    city.at("2027-05-06 10:00")
    city.file("B1", "2027-05-06")
    with city.desk.reading() as tx:
        head, superior = (seat.seat_of(city.desk, tx, principal(city, "organisation", code)) for code in ("B1", "Z1"))

    assert (head.reviews, head.waiting, head.person, head.year) == (False, 0, "马国", 2027)
    assert (superior.reviews, superior.waiting, superior.person) == (True, 2, "徐建")


def test_the_chairs_of_a_rehearsal_are_those_that_exist(city: City) -> None:
    places = [chair.place for chair in seat.chairs(city.desk)]

    assert places == [
        "department:GW",
        "committee:GW",
        "city:CITY",
        "admin:GW",
        "auditor:GW",
        "superior:D01",
        "superior:Z1",
    ]
    assert seat.may_sit(city.desk, "committee", "GW") and not seat.may_sit(city.desk, "committee", "D01")


def test_a_draft_belongs_to_the_post_and_is_kept_field_by_field(city: City) -> None:
    head, other = principal(city, "organisation", "B1"), principal(city, "organisation", "B2")
    drafts.keep(city.desk, head, "B1", "self_evaluation", {"a": "1", "b": "2"})
    drafts.keep(city.desk, head, "B1", "self_evaluation", {"b": "", "c": "3"})

    assert drafts.begun(city.desk, head, "B1", "self_evaluation").texts == {"a": "1", "c": "3"}
    assert drafts.begun(city.desk, other, "B1", "self_evaluation").texts == {}
    drafts.drop(city.desk, head, "B1", "self_evaluation")
    assert drafts.begun(city.desk, head, "B1", "self_evaluation").saved_at is None


def test_a_draft_and_the_kept_searches_have_an_end(city: City) -> None:
    head = principal(city, "organisation", "B1")
    with pytest.raises(BadInput, match="一份草稿最多200项"):
        drafts.keep(city.desk, head, "B1", "x", {str(n): "a" for n in range(201)})
    for number in range(drafts.MOST_FILTERS):
        drafts.save_filter(city.desk, head, f"第{number}个", "灯:红")
    with pytest.raises(BadInput, match="常用筛选最多30个"):
        drafts.save_filter(city.desk, head, "再一个", "灯:红")
    drafts.drop_filter(city.desk, head, "第0个")
    assert len(drafts.filters(city.desk, head)) == drafts.MOST_FILTERS - 1


# ── the year ─────────────────────────────────────────────────────


def test_the_year_has_every_stage_with_its_dates_and_how_they_were_reckoned(city: City) -> None:
    year = year_calendar(city.desk)
    declared = next(one for one in year.stages if one.stage == "rating.declaration")

    assert (year.year, declared.title) == (2027, "申报")
    assert declared.due_at == datetime(2027, 6, 6, tzinfo=ZONE)
    assert declared.arithmetic != ()
