"""The roster through the use cases: in, again, changed, ended, and who holds which post meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import pytest
import sqlalchemy as sa

from starflow.documents import sheets
from starflow.documents.roster import parse
from starflow.service import organisations
from starflow.service.desk import Desk, create_desk
from starflow.service.organisations import Holder, ImportReport, TreeLine
from starflow.service.settings import read_settings
from starflow.service.undoing import undo_roster
from storage import installation, posts
from storage import organisations as stored
from storage.models import Campaign, Cycle, Election, Person, SchemeFile
from workflow.engine.errors import BadInput, Refused, Unknown
from workflow.rating.roster import Fault, RosterRow

APRIL, MAY = datetime(2027, 4, 1, 1, tzinfo=UTC), datetime(2027, 4, 30, 16, tzinfo=UTC)  # 1 May 0:00 in Shanghai
APRIL_1, MAY_1 = date(2027, 4, 1), date(2027, 5, 1)
ROOT_KIND = "市直工委"
GW = RosterRow(code="GW", name="市直工委", kind=ROOT_KIND, head="高桂", phone="1", email="gw@x", leader="黄建", row=2)
D01 = RosterRow(
    code="D01",
    name="发改委",
    kind="机关党委",
    parent="GW",
    members=40,
    head="赵勇",
    email="d01@x",
    leader="罗建",
    row=3,
)
D02 = RosterRow(code="D02", name="教育局", kind="机关党委", parent="GW", members=30, head="朱超", email="d02@x", row=4)
B1 = RosterRow(
    code="B1", name="第一党支部", kind="党支部", parent="D01", field="机关", members=9,
    election_due_on=date(2028, 3, 4), head="马国", phone="7", email="b1@x", row=5,
)  # fmt: skip
B2 = RosterRow(code="B2", name="第二党支部", kind="党支部", parent="D01", members=8, phone="8", email="b2@x", row=6)
ROSTER = (B2, B1, GW, D01, D02)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url})
    with closing(create_desk(settings, rehearsal_at=APRIL, seed=1)) as desk:
        yield desk


def take(desk: Desk, *rows: RosterRow, dry_run: bool = False, **given: Any) -> ImportReport:
    return organisations.import_roster(desk, rows, scheme_root_kind=ROOT_KIND, dry_run=dry_run, **given)


def move_clock(desk: Desk, to: datetime) -> None:
    with desk.transaction() as tx:
        installation.move_hand_clock(tx, to)


def holder(desk: Desk, code: str, role: str, on: date = MAY_1) -> str | None:
    with desk.reading() as tx:
        person = posts.holder(tx, stored.id_of(tx, code), role, on)
    return person.name if person else None


def standing(desk: Desk) -> dict[str, RosterRow]:
    return {row.code: row for row in organisations.export(desk)}


# ── in ───────────────────────────────────────────────────────────


def test_a_first_roster_goes_in_whole_and_comes_out_as_it_went_in(desk: Desk) -> None:
    report = take(desk, *ROSTER, ignored_columns=("备注",))

    assert report == ImportReport(added=5, applied=True, ignored_columns=("备注",))
    assert organisations.export(desk) == (B1, replace(B2, phone="", email=""), D01, D02, GW)


def test_the_same_roster_again_changes_nothing(desk: Desk) -> None:
    take(desk, *ROSTER)

    assert take(desk, *organisations.export(desk)) == ImportReport(unchanged=5, applied=True)
    assert take(desk, *ROSTER) == ImportReport(unchanged=5, applied=True)


def test_a_dry_run_says_what_would_happen_and_writes_nothing(desk: Desk) -> None:
    assert take(desk, *ROSTER, dry_run=True) == ImportReport(added=5)

    assert organisations.export(desk) == ()


def test_with_one_fault_nothing_at_all_is_written(desk: Desk) -> None:
    take(desk, *ROSTER)
    before = standing(desk)

    report = take(desk, GW, D01, replace(B1, name="新名"), replace(B2, parent="D99"))

    assert report == ImportReport(faults=(Fault(6, "上级编码", "上级编码D99不在名册里"),))
    assert standing(desk) == before


def test_the_code_of_an_ended_organisation_never_comes_back(desk: Desk) -> None:
    take(desk, *ROSTER)
    take(desk, GW, D01, D02, B1)

    report = take(desk, *ROSTER)

    assert report == ImportReport(faults=(Fault(6, "编码", "编码B2已于2027-04-01停用,停用的编码不再使用"),))


def test_the_root_stays_the_root_and_the_citys_code_is_the_citys(desk: Desk) -> None:
    take(desk, *ROSTER)

    report = take(desk, replace(GW, code="G2"), replace(D01, code="CITY", parent="G2"))

    assert report.faults == (
        Fault(2, "编码", "根组织已是GW,不能换成G2"),
        Fault(3, "编码", "编码CITY留给市委组织部,不能用于名册里的组织"),
    )


def test_progress_reaches_its_total(desk: Desk) -> None:
    said: list[tuple[int, int]] = []

    take(desk, *ROSTER, progress=lambda done, total: said.append((done, total)))

    assert said == [(1, 10), (3, 10), (5, 10), (10, 10)]


def test_the_sample_roster_goes_in_with_six_vacant_heads(desk: Desk) -> None:
    sample = parse(
        sheets.read((files("starflow.documents") / "samples" / "roster.csv").read_bytes()), root_kind=ROOT_KIND
    )

    assert take(desk, *sample.rows, columns=sample.columns) == ImportReport(added=525, applied=True)

    assert [v.code for v in organisations.vacancies(desk)] == ["D0605", "D0908", "D0911", "D2305", "D3705", "D3805"]
    assert take(desk, *sample.rows, columns=sample.columns) == ImportReport(unchanged=525, applied=True)
    assert (len(organisations.tree(desk)), holder(desk, "GW", "committee")) == (525, "黄建")


def test_of_two_imports_at_once_the_second_finds_the_work_done(desk: Desk) -> None:
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: take(desk, *ROSTER), range(2)))

    assert sorted(report.added for report in reports) == [0, 5]
    assert sorted(report.unchanged for report in reports) == [0, 5]


def test_the_root_gets_department_and_committee_and_the_city_a_contact(desk: Desk) -> None:
    take(desk, *ROSTER)

    posts_at_the_top = (("GW", "head"), ("GW", "department"), ("GW", "leader"), ("GW", "committee"), ("CITY", "city"))
    assert [holder(desk, *post) for post in posts_at_the_top] == ["高桂", "高桂", "黄建", "黄建", "市委组织部联系人"]
    assert [v.code for v in organisations.vacancies(desk)] == ["B2"]
    with desk.reading() as tx:
        assert len(tx.session.scalars(sa.select(Person)).all()) == 7  # one for two posts at the root, twice


# ── changed, moved, ended ────────────────────────────────────────


def test_whoever_is_missing_ends_today_with_posts_and_open_cycles_are_named(desk: Desk) -> None:
    take(desk, *ROSTER)
    _open_cycles(desk, "B1", "B2")
    move_clock(desk, MAY)

    report = take(desk, GW, D01, B2)

    assert report == ImportReport(ended=2, unchanged=3, applied=True, open_cycles=("B1",))
    assert {code: row.ended_on for code, row in standing(desk).items() if row.ended_on} == {"B1": MAY_1, "D02": MAY_1}
    assert (holder(desk, "B1", "head", date(2027, 4, 30)), holder(desk, "B1", "head")) == ("马国", None)


def _open_cycles(desk: Desk, under_way: str, finished: str) -> None:
    with desk.transaction() as tx:
        tx.session.add(SchemeFile(hash="h", name="s", title="s", content=b"", adopted_at=tx.now))
        tx.session.flush()
        tx.session.add(campaign := Campaign(year=2027, scheme_hash="h", rated_count=2, opened_at=tx.now))
        tx.session.flush()
        for code, stage in ((under_way, "rating.survey"), (finished, "closed")):
            tx.session.add(
                Cycle(
                    campaign_id=campaign.id or 0,
                    organisation_id=stored.id_of(tx, code),
                    reviewer_id=stored.id_of(tx, "D01"),
                    route="A",
                    scheme_hash="h",
                    stage=stage,
                    version=1,
                    entered_at=tx.now,
                    head="0",
                )
            )


def test_a_later_import_adds_and_moves_a_subtree(desk: Desk) -> None:
    take(desk, *ROSTER)
    z1 = RosterRow(code="Z1", name="党总支", kind="党总支", parent="D02")

    report = take(desk, GW, D01, D02, z1, replace(B1, parent="Z1"), B2)

    assert report == ImportReport(added=1, changed=1, unchanged=4, applied=True)
    assert [(line.depth, line.code) for line in organisations.tree(desk)] == [
        (0, "GW"), (1, "D01"), (2, "B2"), (1, "D02"), (2, "Z1"), (3, "B1"),
    ]  # fmt: skip


def test_a_new_name_hands_the_post_over_and_no_name_vacates_it(desk: Desk) -> None:
    take(desk, *ROSTER)
    move_clock(desk, MAY)

    report = take(desk, GW, replace(D01, head="", leader=""), D02, replace(B1, head="李四"), replace(B2, head="王五"))

    assert report == ImportReport(changed=3, unchanged=2, applied=True)
    assert [holder(desk, code, "head", APRIL_1) for code in ("D01", "B1", "B2")] == ["赵勇", "马国", None]
    assert [holder(desk, code, "head") for code in ("D01", "B1", "B2")] == [None, "李四", "王五"]
    assert holder(desk, "D01", "leader") is None


def test_a_new_contact_of_the_same_head_is_a_correction_and_no_handover(desk: Desk) -> None:
    take(desk, *ROSTER)
    move_clock(desk, MAY)

    take(desk, GW, D01, D02, replace(B1, phone="9", email="new@x"), B2)

    assert (standing(desk)["B1"].phone, standing(desk)["B1"].email) == ("9", "new@x")
    with desk.reading() as tx:
        post = posts.current(tx, stored.id_of(tx, "B1"), "head")
    assert post is not None
    assert post.from_on == APRIL_1


def test_whoever_heads_two_organisations_keeps_two_contacts_where_only_one_is_new(desk: Desk) -> None:
    also = replace(B2, head=B1.head, phone=B1.phone, email=B1.email)
    take(desk, GW, D01, D02, B1, also)

    changed = (GW, D01, D02, replace(B1, email="new@x"), also)
    take(desk, *changed)

    assert (standing(desk)["B1"].email, standing(desk)["B2"].email) == ("new@x", "b1@x")
    assert take(desk, *changed) == ImportReport(unchanged=5, applied=True)


def test_the_department_follows_the_roots_head_until_somebody_is_appointed_by_hand(desk: Desk) -> None:
    take(desk, *ROSTER)
    take(desk, replace(GW, head="周新"), D01, D02, B1, B2)
    assert (holder(desk, "GW", "department"), holder(desk, "GW", "committee")) == ("周新", "黄建")

    organisations.appoint(desk, "GW", "department", Holder("林强", email="lin@x"))
    take(desk, replace(GW, head="吴刚", leader=""), D01, D02, B1, B2)

    assert [holder(desk, "GW", role) for role in ("head", "department", "committee")] == ["吴刚", "林强", None]


def test_the_date_of_election_enters_the_register_moves_and_stays_when_left_out(desk: Desk) -> None:
    take(desk, *ROSTER)
    take(
        desk, GW, replace(D01, election_due_on=date(2029, 1, 1)), D02, replace(B1, election_due_on=date(2030, 1, 1)), B2
    )

    take(desk, GW, D01, D02, replace(B1, election_due_on=None), B2)

    assert standing(desk)["D01"].election_due_on == date(2029, 1, 1)
    assert standing(desk)["B1"].election_due_on == date(2030, 1, 1)
    with desk.reading() as tx:
        assert sorted(e.note for e in tx.session.scalars(sa.select(Election))) == [
            "",
            "名册导入改期:原2028-03-04(none)",
        ]


def test_columns_that_the_file_does_not_have_leave_heads_and_terms_alone(desk: Desk) -> None:
    take(desk, *ROSTER)
    bare = [RosterRow(code=r.code, name=r.name, kind=r.kind, parent=r.parent, members=r.members) for r in ROSTER]

    assert take(desk, *bare, columns=("code", "name", "kind", "parent", "members")).unchanged == 5


def test_the_tree_shows_vacant_heads_as_empty(desk: Desk) -> None:
    take(desk, GW, D01, B2)

    assert organisations.tree(desk) == (
        TreeLine(depth=0, code="GW", name="市直工委", kind="市直工委", members=0, head="高桂"),
        TreeLine(depth=1, code="D01", name="发改委", kind="机关党委", members=40, head="赵勇"),
        TreeLine(depth=2, code="B2", name="第二党支部", kind="党支部", members=8, head=""),
    )


# ── posts by hand ────────────────────────────────────────────────


def test_an_appointment_counts_from_its_day_and_leaves_the_days_before(desk: Desk) -> None:
    take(desk, *ROSTER)
    move_clock(desk, MAY)

    organisations.appoint(desk, "B1", "head", Holder("李四", "9", "l@x"), date(2027, 4, 20))
    organisations.vacate(desk, "D01", "leader")

    assert [holder(desk, "B1", "head", date(2027, 4, day)) for day in (19, 20)] == ["马国", "李四"]
    assert [holder(desk, "D01", "leader", on) for on in (date(2027, 4, 30), MAY_1)] == ["罗建", None]
    assert standing(desk)["B1"].email == "l@x"


@pytest.mark.parametrize(
    ("code", "role", "name", "on", "said"),
    [
        ("B1", "secretary", "李四", None, "没有“secretary”这种岗位,可选:head、leader、department、committee、city"),
        ("B1", "department", "李四", None, "B1没有组织部岗位,只有:负责人、分管领导"),
        ("CITY", "head", "李四", None, "CITY没有负责人岗位,只有:市委组织部"),
        ("D02", "head", "李四", None, "D02已于2027-05-01停用,不再任免"),
        ("B1", "head", "李四", date(2027, 5, 2), "任免日期2027-05-02还没有到,今天是2027-05-01"),
        ("B1", "head", "李四", date(2027, 3, 31), "任免日期2027-03-31早于该岗位上一次变动的2027-04-01"),
        ("B1", "head", " ", None, "须写明任职人的姓名"),
        ("B1", "head", "长" * 81, None, "负责人最多80个字"),
    ],
)
def test_an_appointment_that_cannot_be_is_refused(
    desk: Desk, code: str, role: str, name: str, on: date | None, said: str
) -> None:
    take(desk, *ROSTER)
    move_clock(desk, MAY)
    take(desk, GW, D01, B1, B2)
    before = standing(desk)

    with pytest.raises(BadInput) as refusal:
        organisations.appoint(desk, code, role, Holder(name), on)

    assert refusal.value.message == said
    assert standing(desk) == before


def test_a_post_cannot_be_vacated_twice_nor_an_appointment_precede_the_vacancy(desk: Desk) -> None:
    take(desk, *ROSTER)
    move_clock(desk, MAY)
    organisations.vacate(desk, "B1", "head")

    with pytest.raises(BadInput, match="B1的负责人本来就空缺"):
        organisations.vacate(desk, "B1", "head")
    with pytest.raises(BadInput, match="早于该岗位上一次变动的2027-05-01"):
        organisations.appoint(desk, "B1", "head", Holder("李四"), date(2027, 4, 20))
    with pytest.raises(Unknown, match="没有编码为D99的组织"):
        organisations.vacate(desk, "D99", "head")


def test_a_person_is_found_by_code_or_address(desk: Desk) -> None:
    take(desk, GW, replace(D01, email="same@x"), replace(B1, email="same@x"))

    with desk.reading() as tx:
        assert organisations.find_person(tx, "P1").name == "高桂"
        assert organisations.find_person(tx, "gw@x").name == "高桂"
        with pytest.raises(BadInput, match=r"邮箱“same@x”是几个人的,请写编号:P3\(赵勇\)、P5\(马国\)"):
            organisations.find_person(tx, "same@x")
        with pytest.raises(Unknown, match="没有编号或邮箱为“马国”的人"):
            organisations.find_person(tx, "马国")


def test_the_owner_of_an_obligation_is_whoever_holds_the_post_on_the_day(desk: Desk) -> None:
    take(desk, *ROSTER)
    move_clock(desk, MAY)
    take(desk, GW, D01, D02, replace(B1, head="李四"), B2)

    with desk.reading() as tx:
        b1 = stored.id_of(tx, "B1")
        on_the_day = [organisations.person_for(tx, "organisation", b1, on) for on in (APRIL_1, MAY_1)]
        assert [person.name for person in on_the_day if person] == ["马国", "李四"]
        assert organisations.person_for(tx, "organisation", stored.id_of(tx, "B2"), MAY_1) is None


def test_the_day_of_foundation_is_kept_stays_when_left_out_and_is_never_tomorrow(desk: Desk) -> None:
    take(desk, *ROSTER)
    report = take(desk, GW, D01, D02, replace(B1, founded_on=date(2026, 9, 1)), B2)
    take(desk, *ROSTER)

    with desk.reading() as tx:
        ids = stored.ids_by_code(tx)
        assert tuple(stored.founded_on(tx, ids[code]) for code in ("B1", "B2")) == (date(2026, 9, 1), None)
    ahead = take(desk, GW, D01, D02, replace(B1, founded_on=date(2027, 4, 2)), B2)
    assert [str(fault) for fault in ahead.faults] == ["第5行 成立日期:成立日期2027-04-02晚于今天2027-04-01"]
    undo_roster(desk, report.number or 0, actor="高桂")
    assert standing(desk)["B1"].founded_on is None


# ── an import undone ─────────────────────────────────────────────


def test_an_import_is_undone_as_a_whole_with_posts_terms_and_places_in_the_tree(desk: Desk) -> None:
    take(desk, *ROSTER)
    before = (standing(desk), organisations.tree(desk))
    b3 = RosterRow(code="B3", name="第三党支部", kind="党支部", parent="D01", members=5, head="孙七")
    moved = replace(B1, parent="D01", name="新名", head="钱八", election_due_on=date(2029, 1, 1))
    report = take(desk, GW, D01, moved, replace(B2, parent="D01"), b3, filename="名册.xlsx")

    undone = undo_roster(desk, report.number or 0, actor="高桂")

    assert (standing(desk), organisations.tree(desk)) == before
    assert [holder(desk, code, "head") for code in ("D02", "B1")] == ["朱超", "马国"]
    assert (undone.filename, undone.added, undone.changed, undone.ended) == ("名册.xlsx", 1, 1, 1)
    with pytest.raises(Refused, match=f"导入{report.number}已于2027-04-01 09:00撤销"):
        undo_roster(desk, report.number or 0, actor="高桂")


def test_the_first_roster_has_no_number_to_undo(desk: Desk) -> None:
    assert take(desk, *ROSTER).number is None


def test_an_import_after_which_somebody_has_changed_is_not_undone(desk: Desk) -> None:
    take(desk, *ROSTER)
    first = take(desk, GW, D01, D02, replace(B1, name="新名"), B2)
    take(desk, GW, D01, D02, replace(B1, name="又改"), B2)
    stood = standing(desk)

    with pytest.raises(Refused, match="B1 新名在导入以后又有变动"):
        undo_roster(desk, first.number or 0, actor="高桂")

    assert standing(desk) == stood


def test_a_newcomer_who_is_rated_already_cannot_be_taken_out(desk: Desk) -> None:
    take(desk, GW, D01, D02, B1)
    report = take(desk, *ROSTER)
    _open_cycles(desk, "B1", "B2")
    stood = standing(desk)

    with pytest.raises(Refused, match="B2是这次导入新增的,已经参评或另有登记,不能撤掉"):
        undo_roster(desk, report.number or 0, actor="高桂")

    assert standing(desk) == stood


@pytest.mark.parametrize(
    ("holder", "said"),
    [
        (Holder("李四\r\nBcc: x@example.org"), "姓名、电话和邮箱里不能有换行和控制字符"),
        (Holder("李四", "139\n", "l@example.org"), "姓名、电话和邮箱里不能有换行和控制字符"),
        (
            Holder("李四", "139", "l@example.orgBcc:x@y.z"),
            "邮箱“l@example.orgBcc:x@y.z”不是一个邮箱地址,请写成 name@example.org 的样子",
        ),
    ],
)
def test_a_line_break_in_a_name_and_an_address_that_is_none_are_refused(desk: Desk, holder: Holder, said: str) -> None:
    take(desk, *ROSTER)

    with pytest.raises(BadInput) as refused:
        organisations.appoint(desk, "B1", "head", holder, APRIL_1)

    assert [str(reason) for reason in refused.value.reasons] == [said]
    with desk.reading() as tx:
        assert tx.session.scalars(sa.select(Person.name).where(Person.name.startswith("李"))).all() == []
