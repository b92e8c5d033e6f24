"""Spreadsheets in: a preview that is the import itself, all rows or none, once, and undone as a whole."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from starflow.service.events import events
from starflow.service.imports import File, Taken, imports_list, take_in
from starflow.service.organisations import export
from starflow.service.registers import elections
from starflow.service.undoing import LASTING, undo_import
from tests.service.town import BRANCH, DEPARTMENT, ROLES, SUPERIOR, Town, town_of
from workflow.engine.errors import Refused, Unknown
from workflow.rating.roster import Fault

TELLERS = {"teller_1": "周敏", "teller_2": "吴涛"}
PROOF = {"event": "commendation", "level": "city", "on": date(2027, 5, 1), "proof": "安发〔2027〕3号"}
SCORES = {f"score_{n}": "9.5" for n in range(1, 11)}


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with town_of(database_url) as found:
        yield found
        assert found.broken() == ()


def take(town: Town, kind: str, *rows: dict[str, Any], acting: Any = DEPARTMENT, **more: Any) -> Taken:
    lines = list(enumerate(rows, start=3))
    file = File(name=f"{kind}.xlsx", sha256=f"{kind}{hash(str(rows))}")
    flags = {"dry_run": False, "actor": "P1"} | more
    return take_in(town.desk, kind, lines, file, actings=lambda code: acting, **flags)


def counts(taken: Taken) -> tuple[int, int, int, int, bool]:
    return taken.added, taken.changed, taken.ended, taken.unchanged, taken.applied


def heads(town: Town) -> dict[str, str]:
    return {row.code: row.head for row in export(town.desk)}


def test_a_preview_says_what_happens_and_writes_nothing(town: Town) -> None:
    rows = ({"code": "D01", "role": "head", "person": "新人"}, {"code": "D02", "role": "head", "person": "空缺"})
    before = heads(town)

    seen = take(town, "people", *rows, dry_run=True)

    assert counts(seen) == (0, 1, 1, 0, False)
    assert [one.text for one in seen.rows] == ["书记01 → 新人", "免去书记02"]
    assert (heads(town), imports_list(town.desk).rows) == (before, ())
    assert counts(take(town, "people", *rows)) == (0, 1, 1, 0, True)
    assert {code: heads(town)[code] for code in ("D01", "D02")} == {"D01": "新人", "D02": ""}


def test_one_faulty_row_keeps_all_the_others_out(town: Town) -> None:
    rows = ({"code": "D01", **PROOF}, {"code": "XX", **PROOF}, {"code": "D02", **PROOF, "on": date(2028, 1, 1)})

    taken = take(town, "events", *rows)

    assert [fault.row for fault in taken.faults] == [4, 5]
    assert taken.faults[0] == Fault(4, None, "没有编码为“XX”的党组织")
    assert (taken.applied, events(town.desk).rows) == (False, ())


def test_the_same_file_is_taken_in_once_and_the_same_row_in_another_file_is_unchanged(town: Town) -> None:
    first = take(town, "events", {"code": "D01", **PROOF})
    again = take(town, "events", {"code": "D01", **PROOF})
    more = take(town, "events", {"code": "D01", **PROOF}, {"code": "D02", **PROOF})

    assert counts(first) == (1, 0, 0, 0, True)
    assert counts(again) == (0, 0, 0, 1, False)
    assert counts(more) == (1, 0, 0, 1, True)
    assert len(events(town.desk).rows) == 2


def test_a_row_twice_in_one_file_is_a_fault(town: Town) -> None:
    taken = take(town, "events", {"code": "D01", **PROOF}, {"code": "D01", **PROOF})

    assert taken.faults == (Fault(4, None, "与第3行完全相同"),)


def test_undoing_an_import_of_people_brings_the_former_back(town: Town) -> None:
    before = heads(town)
    rows = ({"code": "D01", "role": "head", "person": "新人"}, {"code": "D02", "role": "head", "person": "空缺"})
    taken = take(town, "people", *rows)

    undone = undo_import(town.desk, taken.number or 0, actings=lambda code: DEPARTMENT, actor="P1")

    assert (heads(town), undone.undone_by) == (before, "P1")
    with pytest.raises(Refused, match="已于2027-05-06 10:00撤销"):
        undo_import(town.desk, taken.number or 0, actings=lambda code: DEPARTMENT, actor="P1")


def test_undoing_is_refused_as_a_whole_where_a_post_has_changed_since(town: Town) -> None:
    first = take(town, "people", *({"code": code, "role": "head", "person": "新人"} for code in ("D01", "D02")))
    take(town, "people", {"code": "D02", "role": "head", "person": "又一人"})

    with pytest.raises(Refused, match="第4行 D02:该岗位在导入以后又有变动,现在是又一人"):
        undo_import(town.desk, first.number or 0, actings=lambda code: DEPARTMENT, actor="P1")
    assert heads(town)["D01"] == "新人"


def test_undoing_an_import_of_events_withdraws_them_with_the_reason(town: Town) -> None:
    taken = take(town, "events", {"code": "D01", **PROOF, "confirmed": "yes"})

    undo_import(town.desk, taken.number or 0, actings=lambda code: DEPARTMENT, actor="P1")

    assert [(one.status, (one.reason or "")[:6]) for one in events(town.desk).rows] == [
        ("withdrawn", f"撤销导入{taken.number}(")
    ]


def test_elections_are_entered_and_put_back(town: Town) -> None:
    def terms() -> dict[str, tuple[date | None, date | None]]:
        return {one.organisation: (one.last_held_on, one.due_on) for one in elections(town.desk).rows}

    before = terms()
    rows = (
        {"code": "D01", "held_on": date(2027, 3, 1), "due_on": date(2030, 3, 1)},
        {"code": "D02", "due_on": date(2028, 1, 1)},
    )
    taken = take(town, "elections", *rows)
    assert terms()["D01"] == (date(2027, 3, 1), date(2030, 3, 1))
    assert terms()["D02"] == (None, date(2028, 1, 1))

    undo_import(town.desk, taken.number or 0, actings=lambda code: DEPARTMENT, actor="P1")
    assert terms() == before


def test_a_whole_round_goes_through_the_door_row_by_row(town: Town) -> None:
    declared = take(
        town, "declarations", {"code": "D01", "head": "书记01", "members_due": 10, "target_star": 4}, acting=BRANCH
    )
    sheet = {"code": "D01", "on": date(2027, 5, 6), "attendees": "书记01、委员 甲", "minutes": "一致同意", "star": 4}
    evaluated = take(town, "self_evaluations", {**sheet, **SCORES}, acting=BRANCH)
    paper = {"members_present": 10, "own_unit": 5, "satisfied": 14, "dissatisfied": 1, **TELLERS}
    balloted = take(town, "ballots", {"code": "D01", "on": date(2027, 5, 6), **paper}, acting=BRANCH)
    reviewed = take(town, "reviews", {"code": "D01", "star": 4, "reason": "综合", **SCORES}, acting=SUPERIOR)
    posted = take(town, "postings", {"code": "D01", "on": date(2027, 5, 6), "place": "公告栏"}, acting=SUPERIOR)

    assert [one.rows[0].text.rpartition(".")[2] for one in (declared, evaluated, balloted, reviewed, posted)] == [
        *("self_evaluation", "survey", "review", "publicity", "publicity"),
    ]
    assert town.cycle("D01").proposed == 4


def test_scores_beyond_the_scheme_are_refused_in_the_schemes_words(town: Town) -> None:
    take(town, "declarations", {"code": "D01", "head": "书记", "members_due": 10, "target_star": 4}, acting=BRANCH)
    sheet = {"code": "D01", "on": date(2027, 5, 6), "attendees": "甲", "minutes": "同意", "star": 4}

    taken = take(town, "self_evaluations", {**sheet, **SCORES, "score_3": "10.5", "score_4": "11"}, acting=BRANCH)

    assert [fault.message for fault in taken.faults] == [
        "第3项“党组织战斗堡垒作用强”得10.5分,超过满分10分;第4项“党员模范带头作用好”得11分,超过满分10分(R26)",
    ]


def test_ballots_go_back_by_the_procedures_own_way_and_a_declaration_has_none(town: Town) -> None:
    declared = take(
        town, "declarations", {"code": "D01", "head": "书记", "members_due": 10, "target_star": 4}, acting=BRANCH
    )
    with pytest.raises(Refused, match=r"^第3行 D01:.*只能续写、不能改写.*这一步办理程序里没有退回的动作"):
        undo_import(town.desk, declared.number or 0, actings=lambda code: BRANCH, actor="P1")
    sheet = {"code": "D01", "on": date(2027, 5, 6), "attendees": "甲", "minutes": "同意", "star": 4}
    take(town, "self_evaluations", {**sheet, **SCORES}, acting=BRANCH)
    paper = {"members_present": 10, "own_unit": 5, "satisfied": 15, **TELLERS}
    balloted = take(town, "ballots", {"code": "D01", "on": date(2027, 5, 6), **paper}, acting=BRANCH)
    assert town.cycle("D01").stage == "rating.review"

    undo_import(town.desk, balloted.number or 0, actings=lambda code: BRANCH, actor="P1")

    assert town.cycle("D01").stage == "rating.self_evaluation"


def test_whoever_may_not_act_imports_nothing(town: Town) -> None:
    taken = take(town, "people", {"code": "D01", "role": "head", "person": "新人"}, acting=BRANCH)

    assert [fault.message for fault in taken.faults] == ["任免岗位由组织部、上级党组织办理(R64)"]
    with pytest.raises(Unknown, match="没有“nonsense”这种表格"):
        take(town, "nonsense", {"code": "D01"})
    assert "department" in ROLES


def test_a_file_that_was_undone_is_taken_in_again_and_moves_its_organisations_again(town: Town) -> None:
    """The withdrawal took the ballots back, so that the same workbook is a new filing and no repeated one."""
    sheet = {"code": "D01", "on": date(2027, 5, 6), "attendees": "甲", "minutes": "同意", "star": 4, **SCORES}
    paper = {"code": "D01", "on": date(2027, 5, 6), "members_present": 10, "own_unit": 5, "satisfied": 15, **TELLERS}
    declared = {"code": "D01", "head": "书记", "members_due": 10, "target_star": 4}
    take(town, "declarations", declared, acting=BRANCH)
    take(town, "self_evaluations", sheet, acting=BRANCH)
    balloted = take(town, "ballots", paper, acting=BRANCH)
    undo_import(town.desk, balloted.number or 0, actings=lambda code: BRANCH, actor="P1")
    take(town, "self_evaluations", {**sheet, "minutes": "再议,同意"}, acting=BRANCH)

    again = take(town, "ballots", paper, acting=BRANCH)

    assert (again.applied, again.number != balloted.number) == (True, True)
    assert town.cycle("D01").stage == "rating.review"


def test_undoing_is_refused_with_everybody_named_and_what_was_done_to_them_since(town: Town) -> None:
    rows = [{"code": code, "head": "书记", "members_due": 10, "target_star": 4} for code in ("D01", "D02", "D03")]
    declared = take(town, "declarations", *rows, acting=BRANCH)
    sheet = {"code": "D02", "on": date(2027, 5, 6), "attendees": "甲", "minutes": "同意", "star": 4, **SCORES}
    take(town, "self_evaluations", sheet, acting=BRANCH)

    with pytest.raises(Refused) as told:
        undo_import(town.desk, declared.number or 0, actings=lambda code: BRANCH, actor="P1")

    assert [reason.text for reason in told.value.reasons] == [
        f"第3行 D01、第5行 D03:{LASTING['declare']}",
        "第4行 D02:导入以后又办理过,最近一次是5月6日“报送自评”;只能从现在的环节按办理程序退回",
    ]
    assert [town.cycle(code).stage.rpartition(".")[2] for code in ("D01", "D02", "D03")] == [
        *("self_evaluation", "survey", "self_evaluation"),
    ]
