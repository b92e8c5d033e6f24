"""The tree in both databases: what a roster becomes, and what a move of a whole subtree rewrites."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from storage import organisations
from storage.database import Database, Transaction
from storage.models import Campaign, Cycle, Election, Organisation, SchemeFile, Subordination
from workflow.engine.errors import Unknown
from workflow.rating.roster import Change, RosterRow

NOW = datetime(2027, 4, 1, 1, tzinfo=UTC)
TODAY, LATER = date(2027, 4, 1), date(2027, 9, 1)
GW = RosterRow(code="GW", name="市直工委", kind="市直工委")
D01 = RosterRow(code="D01", name="发改委机关党委", kind="机关党委", parent="GW", members=40)
D02 = RosterRow(code="D02", name="教育局机关党委", kind="机关党委", parent="GW", members=30)
Z1 = RosterRow(code="Z1", name="离退休党总支", kind="党总支", parent="D01", members=20)
B1 = RosterRow(code="B1", name="第一党支部", kind="党支部", parent="Z1", members=9)
B2 = RosterRow(code="B2", name="第二党支部", kind="党支部", parent="D02", members=8)
ROSTER = (B1, Z1, D02, GW, D01, B2)  # children before their parents


def put(tx: Transaction, *rows: RosterRow, on: date = TODAY) -> dict[str, int]:
    ids = organisations.ids_by_code(tx)
    assert sum(organisations.insert(tx, rows, ids, on)) == len(rows)
    organisations.settle(tx, on)
    return ids


def move(tx: Transaction, row: RosterRow, parent: str, on: date = LATER) -> None:
    ids = organisations.ids_by_code(tx)
    after = RosterRow(code=row.code, name=row.name, kind=row.kind, parent=parent, members=row.members)
    organisations.update(tx, [Change(row, after)], ids)
    organisations.settle(tx, on)


def paths(tx: Transaction) -> dict[str, str]:
    """code → path, with codes in the place of ids."""
    names = {str(number): code for code, number in organisations.ids_by_code(tx).items()}
    found = tx.session.execute(sa.select(col(Organisation.code), col(Organisation.path)))
    return {code: "/".join(names.get(part, "") for part in path.split("/")) for code, path in found}


def spans(tx: Transaction, code: str) -> list[tuple[str | None, date, date | None]]:
    names = {number: code for code, number in organisations.ids_by_code(tx).items()}
    its = select(Subordination).where(Subordination.organisation_id == organisations.id_of(tx, code))
    found = tx.session.exec(its.order_by(col(Subordination.id)))
    return [(names.get(s.parent_id or 0), s.from_on, s.until_on) for s in found]


def codes(found: tuple[Organisation, ...]) -> list[str]:
    return [organisation.code for organisation in found]


def test_a_roster_goes_in_with_children_before_parents_and_every_path_leads_to_the_root(database: Database) -> None:
    with database.transaction(NOW) as tx:
        put(tx, *ROSTER)

        assert paths(tx) == {
            "GW": "/GW/",
            "D01": "/GW/D01/",
            "D02": "/GW/D02/",
            "Z1": "/GW/D01/Z1/",
            "B1": "/GW/D01/Z1/B1/",
            "B2": "/GW/D02/B2/",
        }
        assert spans(tx, "B1") == [("Z1", TODAY, None)]
        assert organisations.roster(tx) == tuple(sorted(ROSTER, key=lambda row: row.code))


def test_a_row_that_hangs_from_nowhere_is_refused_and_not_waited_for(database: Database) -> None:
    with pytest.raises(ValueError, match="no way up to the root from B1"), database.transaction(NOW) as tx:
        list(organisations.insert(tx, (GW, B1), {}, TODAY))

    with database.reading(NOW) as tx:
        assert organisations.roster(tx) == ()


def test_relatives_are_found_by_code_and_number(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = put(tx, *ROSTER)

        assert organisations.root(tx) == ids["GW"] == organisations.id_of(tx, "GW")
        assert organisations.name_of(tx, ids["Z1"]) == "离退休党总支"
        assert organisations.parent_of(tx, ids["B1"]) == ids["Z1"]
        assert organisations.parent_of(tx, ids["GW"]) is None
        assert organisations.unit_of(tx, ids["B1"]) == ids["D01"] == organisations.unit_of(tx, ids["D01"])
        assert organisations.unit_of(tx, ids["GW"]) is None
        assert codes(organisations.children(tx, ids["GW"])) == ["D01", "D02"]


def test_what_does_not_exist_is_unknown(database: Database) -> None:
    with database.reading(NOW) as tx:
        assert organisations.by_code(tx, "D99") is None
        with pytest.raises(Unknown, match="没有编码为D99的组织"):
            organisations.id_of(tx, "D99")
        with pytest.raises(Unknown, match="没有序号为99的组织"):
            organisations.name_of(tx, 99)
        with pytest.raises(Unknown, match="还没有导入名册"):
            organisations.root(tx)


def test_a_subtree_stops_at_ids_that_only_begin_alike(database: Database) -> None:
    siblings = [RosterRow(code=f"S{n:02}", name="支部", kind="党支部", parent="GW") for n in range(30)]
    with database.transaction(NOW) as tx:
        ids = put(tx, GW, *siblings)
        second = organisations.by_id(tx, 2)

        assert second is not None
        assert second.path == f"/{ids['GW']}/2/"
        assert codes(organisations.subtree(tx, second.path)) == [second.code]  # and not those of /1/20/ to /1/29/
        assert len(organisations.subtree(tx, f"/{ids['GW']}/")) == 31


def test_a_move_rewrites_the_paths_of_the_whole_subtree_and_dates_the_subordination(database: Database) -> None:
    with database.transaction(NOW) as tx:
        put(tx, *ROSTER)

        move(tx, Z1, "D02")

        assert paths(tx) | {"GW": "", "D01": "", "D02": "", "B2": ""} == {
            **dict.fromkeys(("GW", "D01", "D02", "B2"), ""),
            "Z1": "/GW/D02/Z1/",
            "B1": "/GW/D02/Z1/B1/",
        }
        assert spans(tx, "Z1") == [("D01", TODAY, LATER), ("D02", LATER, None)]
        assert spans(tx, "B1") == [("Z1", TODAY, None)]


def test_two_organisations_may_change_places_in_one_go(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = put(tx, GW, D01, Z1, B1)
        up = RosterRow(code="Z1", name=Z1.name, kind=Z1.kind, parent="GW")
        down = RosterRow(code="D01", name=D01.name, kind=D01.kind, parent="Z1")

        organisations.update(tx, [Change(D01, down), Change(Z1, up)], ids)
        organisations.settle(tx, LATER)

        assert paths(tx) == {"GW": "/GW/", "Z1": "/GW/Z1/", "D01": "/GW/Z1/D01/", "B1": "/GW/Z1/B1/"}


def test_settling_twice_writes_nothing_the_second_time(database: Database) -> None:
    with database.transaction(NOW) as tx:
        put(tx, *ROSTER)
        before = (paths(tx), [spans(tx, row.code) for row in ROSTER])

        organisations.settle(tx, LATER)

        assert (paths(tx), [spans(tx, row.code) for row in ROSTER]) == before


def test_an_ended_organisation_leaves_the_lists_but_keeps_its_row_and_its_place(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = put(tx, *ROSTER)

        organisations.end(tx, [ids["B1"]], LATER)
        organisations.settle(tx, LATER)

        assert "B1" not in codes(organisations.subtree(tx, f"/{ids['GW']}/"))
        assert organisations.children(tx, ids["Z1"]) == ()
        assert organisations.ended_codes(tx) == {"B1": LATER}
        assert spans(tx, "B1") == [("Z1", TODAY, LATER)]
        assert paths(tx)["B1"] == "/GW/D01/Z1/B1/"
        assert [row.ended_on for row in organisations.roster(tx, with_ended=True)] == [LATER, *[None] * 5]


def test_an_external_body_is_neither_root_nor_roster(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = put(tx, *ROSTER)
        number = organisations.insert_external(tx, code="CITY", name="市委组织部", kind="市委组织部", on=TODAY)
        organisations.settle(tx, TODAY)

        assert organisations.root(tx) == ids["GW"]
        assert organisations.unit_of(tx, number) is None
        assert len(organisations.roster(tx)) == len(ROSTER)
        assert paths(tx)["CITY"] == "/CITY/"


def test_the_current_term_follows_the_roster_and_a_new_date_ends_an_extension(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = put(tx, GW, D01, D02)
        organisations.begin_terms(tx, {ids["D01"]: date(2027, 3, 7), ids["D02"]: date(2028, 1, 1)})
        held = tx.session.exec(select(Election).where(Election.organisation_id == ids["D01"])).one()
        held.extension, held.requested_on = "approved", date(2027, 1, 5)
        tx.session.add(held)

        organisations.move_terms(tx, {ids["D01"]: date(2030, 3, 7)})

        found = tx.session.exec(select(Election).order_by(col(Election.organisation_id))).all()
        assert [(e.due_on, e.extension, e.requested_on, e.note) for e in found] == [
            (date(2030, 3, 7), "none", None, "名册导入改期:原2027-03-07(approved)"),
            (date(2028, 1, 1), "none", None, ""),
        ]


def test_open_cycles_are_those_of_an_open_campaign_that_have_not_come_to_an_end(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = put(tx, *ROSTER)
        for year, status in ((2026, "closed"), (2027, "open")):
            _campaign(tx, ids, year, status)

        assert organisations.with_open_cycles(tx, ("Z1", "B2", "B1", "D02")) == ("Z1", "B1")


def _campaign(tx: Transaction, ids: dict[str, int], year: int, status: str) -> None:
    stages = {"B1": "rating.survey", "B2": "closed", "Z1": "rated", "D02": "exempt"}
    if year == 2026:
        stages |= {"B2": "rating.review"}
    tx.session.merge(SchemeFile(hash="h", name="s", title="s", content=b"", adopted_at=NOW))
    tx.session.flush()
    campaign = Campaign(year=year, scheme_hash="h", status=status, rated_count=5, opened_at=NOW)
    tx.session.add(campaign)
    tx.session.flush()
    tx.session.add_all(_cycle(campaign, ids[code], ids["GW"], stage) for code, stage in stages.items())
    tx.session.flush()


def _cycle(campaign: Campaign, organisation_id: int, reviewer_id: int, stage: str) -> Cycle:
    assert campaign.id is not None
    return Cycle(
        campaign_id=campaign.id,
        organisation_id=organisation_id,
        reviewer_id=reviewer_id,
        route="A",
        scheme_hash="h",
        stage=stage,
        version=1,
        entered_at=NOW,
        head="0",
    )


def test_a_large_roster_is_a_few_statements(database: Database) -> None:
    branches = [RosterRow(code=f"B{n:05}", name="支部", kind="党支部", parent=f"D{n % 40:02}") for n in range(7_000)]
    committees = [RosterRow(code=f"D{n:02}", name="党委", kind="机关党委", parent="GW") for n in range(40)]
    said: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    with database.transaction(NOW) as tx:
        ids = organisations.ids_by_code(tx)
        assert list(organisations.insert(tx, [*branches, GW, *committees], ids, TODAY)) == [1, 40, 5_000, 2_000]
        organisations.settle(tx, TODAY)

    assert len(ids) == 7_041
    assert len(said) < 60
