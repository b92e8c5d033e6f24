"""One star in force at a time, from the sitting's date or the day publicity closed, over the whole year and into the next."""

from collections.abc import Iterator
from datetime import date

import pytest

from starflow.service.campaigns import open_campaign
from starflow.service.why import why
from storage import stars
from storage.models import Star
from tests.service.town import MEETING, Town, town_of

DECEMBER = {"meeting": {"on": "2027-12-12", "number": "2027-5"}}
Span = tuple[int, str, str, str | None, str]


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with town_of(database_url) as town:
        yield town


def register(town: Town, code: str) -> list[Span]:
    """(star, round, from, until, decision) of every star an organisation ever had."""
    with town.desk.reading() as tx:
        return [_span(star) for star in stars.history(tx, town.cycle(code).organisation_id)]


def _span(star: Star) -> Span:
    until = star.until_on.isoformat() if star.until_on else None
    return star.star, star.round, star.from_on.isoformat(), until, star.decision


def in_force(town: Town, code: str, *days: str) -> list[int | None]:
    found = []
    with town.desk.reading() as tx:
        for day in days:
            held = {code: star.star for star, code, _ in stars.as_of(tx, date.fromisoformat(day))}
            found.append(held.get(code))
    return found


def rated(town: Town, code: str, star: int, base: str) -> None:
    """Approved at the sitting of 14 May, and if it has to be, confirmed by the city."""
    town.waiting({code: (star, base)})
    town.fire(code, "approve", MEETING)
    if star == 5:
        town.fire(code, "confirm_star", {})


def rechecked(town: Town, code: str, star: int, base: str) -> None:
    """Proposed on 3 December and through its publicity; it is 12 December."""
    town.at("2027-12-03 10:00")
    town.evaluate(code, star, base, on="2027-12-03")
    town.at("2027-12-12 10:00")


# ── the first rating ─────────────────────────────────────────────


def test_an_approved_star_is_in_force_from_the_sitting_and_not_before(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    town.at("2027-05-18 10:00")

    town.fire("D01", "approve", MEETING)  # held on the 14th, entered on the 18th

    assert register(town, "D01") == [(4, "rating", "2027-05-14", None, "工委会2027-1批准")]
    assert in_force(town, "D01", "2027-05-13", "2027-05-14") == [None, 4]


def test_a_star_that_no_sitting_approves_is_in_force_from_the_day_publicity_closed(town: Town) -> None:
    town.propose("U1", 4, "85")  # posted on the 6th, the seventh day is the 13th

    town.at("2027-05-20 10:00")

    assert register(town, "U1") == [(4, "rating", "2027-05-14", None, "公示无异议,上级党组织定星")]


def test_an_objection_that_is_settled_late_puts_the_star_in_force_late(town: Town) -> None:
    town.propose("U1", 4, "85")
    town.fire("U1", "object", {"content": "与实际不符"})
    town.at("2027-05-18 10:00")
    assert register(town, "U1") == []

    (objection,) = why(town.desk, "U1").objections
    town.fire("U1", "dismiss_objection", {"objection": objection.id, "finding": "经核实不成立"})

    assert register(town, "U1") == [(4, "rating", "2027-05-18", None, "公示无异议,上级党组织定星")]


def test_five_stars_are_in_force_from_the_sitting_once_the_city_has_confirmed_them(town: Town) -> None:
    town.waiting({"D01": (5, "95")})
    town.fire("D01", "approve", MEETING)
    assert register(town, "D01") == []

    town.at("2027-06-01 10:00")
    town.fire("D01", "confirm_star", {})

    assert register(town, "D01") == [(5, "rating", "2027-05-14", None, "工委会2027-1批准,市委组织部复审确认")]


def test_five_stars_that_the_city_does_not_confirm_are_four(town: Town) -> None:
    town.waiting({"D01": (5, "95")})
    town.fire("D01", "approve", MEETING)

    town.fire("D01", "overturn_star", reason="现场复核与材料不符")

    assert register(town, "D01") == [(4, "rating", "2027-05-14", None, "工委会2027-1批准,市级复审未通过")]
    assert (town.cycle("D01").star, town.cycle("D01").stage) == (4, "rated")


def test_no_star_is_a_star_in_the_register(town: Town) -> None:
    rated(town, "D01", 0, "40")

    assert register(town, "D01") == [(0, "rating", "2027-05-14", None, "工委会2027-1批准")]


# ── the recheck ──────────────────────────────────────────────────


def test_an_unchanged_star_goes_on_under_its_own_decision(town: Town) -> None:
    rated(town, "D01", 4, "85")
    before = register(town, "D01")
    town.at("2027-12-03 10:00")
    town.survey("D01", 4, on="2027-12-03")

    town.fire("D01", "keep_star", {"base": "84"})

    assert town.stages("D01") == ["closed"]
    assert register(town, "D01") == before
    assert town.broken() == ()


def test_a_promotion_ends_the_old_star_on_the_day_of_the_sitting(town: Town) -> None:
    rated(town, "D01", 4, "85")
    rechecked(town, "D01", 5, "94")

    town.fire("D01", "approve", DECEMBER)
    assert in_force(town, "D01", "2027-12-12") == [4]
    town.at("2027-12-20 10:00")
    town.fire("D01", "confirm_star", {})

    assert register(town, "D01") == [
        (4, "rating", "2027-05-14", "2027-12-12", "工委会2027-1批准"),
        (5, "recheck", "2027-12-12", None, "工委会2027-5批准,市委组织部复审确认"),
    ]
    assert in_force(town, "D01", "2027-12-11", "2027-12-12") == [4, 5]
    assert town.broken() == ()


def test_a_promotion_that_the_city_does_not_confirm_leaves_four_stars_as_they_were(town: Town) -> None:
    rated(town, "D01", 4, "85")
    before = register(town, "D01")
    rechecked(town, "D01", 5, "94")
    town.fire("D01", "approve", DECEMBER)

    town.fire("D01", "overturn_star", reason="现场复核与材料不符")

    assert (town.cycle("D01").stage, town.cycle("D01").star) == ("closed", 4)
    assert register(town, "D01") == before


def test_a_promotion_from_three_that_the_city_does_not_confirm_is_one_to_four(town: Town) -> None:
    rated(town, "D01", 3, "75")
    rechecked(town, "D01", 5, "94")
    town.fire("D01", "approve", DECEMBER)

    town.fire("D01", "overturn_star", reason="现场复核与材料不符")

    assert [(star, until) for star, _, _, until, _ in register(town, "D01")] == [(3, "2027-12-12"), (4, None)]


def test_a_demotion_needs_the_sitting_also_where_the_first_rating_needed_none(town: Town) -> None:
    town.propose("U1", 4, "85")
    town.at("2027-05-20 10:00")
    rechecked(town, "U1", 2, "65")
    assert (town.stages("U1"), in_force(town, "U1", "2027-12-12")) == (["recheck.approval"], [4])

    town.fire("U1", "approve", DECEMBER)

    assert register(town, "U1") == [
        (4, "rating", "2027-05-14", "2027-12-12", "公示无异议,上级党组织定星"),
        (2, "recheck", "2027-12-12", None, "工委会2027-5批准"),
    ]
    assert town.broken() == ()


def test_whoever_is_rejected_owes_a_lower_star_to_its_publicity_and_not_to_the_sitting(town: Town) -> None:
    """A rejection leaves no date and no number behind that the next proposal could be taken to rest on."""
    town.waiting({"U1": (5, "95")})
    town.fire("U1", "reject", MEETING, reason="佐证不足")
    town.fire("U1", "propose_star", {"base": "88", "star": 4}, by="P1")
    town.fire("U1", "post_notice", {"on": "2027-05-14", "place": "公告栏"})

    town.at("2027-05-23 10:00")

    assert register(town, "U1") == [(4, "rating", "2027-05-22", None, "公示无异议,上级党组织定星")]


# ── those who end without a star, and the next year ──────────────


def test_whoever_is_exempt_or_unrated_keeps_what_was_in_force(town: Town) -> None:
    rated(town, "D01", 4, "85")
    town.at("2027-12-03 10:00")
    before = register(town, "D01")

    town.fire("D01", "close_unrated", reason="班子瘫痪")

    assert (town.cycle("D01").outcome, town.cycle("D01").star) == ("unrechecked", 4)
    assert register(town, "D01") == before


def test_the_next_year_starts_from_the_star_in_force_and_rates_anew(town: Town) -> None:
    rated(town, "D01", 4, "85")
    rechecked(town, "D01", 3, "75")
    town.fire("D01", "approve", DECEMBER)
    town.at("2028-05-06 10:00")

    open_campaign(town.desk, 2028, "anyang-five-star", actor="P1")
    assert [town.cycle(code, 2028).star for code in ("D01", "D02")] == [3, None]
    town.propose("D01", 3, "76", on="2028-05-06")
    town.at("2028-05-14 10:00")
    town.fire("D01", "approve", {"meeting": {"on": "2028-05-14", "number": "2028-1"}})

    assert register(town, "D01") == [
        (4, "rating", "2027-05-14", "2027-12-12", "工委会2027-1批准"),
        (3, "recheck", "2027-12-12", "2028-05-14", "工委会2027-5批准"),
        (3, "rating", "2028-05-14", None, "工委会2028-1批准"),
    ]
    assert town.broken() == ()


def test_a_new_star_never_begins_before_the_one_that_it_ends(town: Town) -> None:
    rated(town, "D01", 4, "85")
    cycle = town.cycle("D01")

    with town.desk.transaction() as tx:
        new = Star(
            organisation_id=cycle.organisation_id, star=3, round="recheck", from_on=date(2027, 5, 1), decision=""
        )
        stars.grant(tx, new)

    assert [span[:4] for span in register(town, "D01")] == [
        (4, "rating", "2027-05-14", "2027-05-14"),
        (3, "recheck", "2027-05-14", None),
    ]
