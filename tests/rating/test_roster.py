"""A roster as values: differences, the order of the tree, and everything that forbids rows to be one."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from workflow.rating.roster import Change, Difference, Fault, RosterRow, difference, faults, outline

ROOT_KIND = "市直工委"
GW = RosterRow(code="GW", name="市直工委", kind=ROOT_KIND, head="高桂", row=2)
D01 = RosterRow(
    code="D01", name="发改委", kind="机关党委", parent="GW", members=9, election_due_on=date(2029, 6, 4), row=3
)
B1 = RosterRow(code="B1", name="第一党支部", kind="党支部", parent="D01", head="马国", phone="000", email="b1@x", row=4)
ROSTER = (GW, D01, B1)


def branch(code: str, parent: str | None, row: int = 9, **given: Any) -> RosterRow:
    return RosterRow(code=code, name=code, kind="党支部", parent=parent, row=row, **given)


# ── differences ──────────────────────────────────────────────────


def test_the_same_roster_changes_nothing_wherever_its_rows_stand_in_the_file() -> None:
    moved_down = [replace(row, row=row.row + 40) for row in ROSTER]

    found = difference(moved_down, ROSTER)

    assert found == Difference(unchanged=3)
    assert not found


def test_a_new_roster_adds_changes_and_ends() -> None:
    b2, renamed = branch("B2", "D01"), replace(D01, name="发改委机关党委")

    assert difference([b2, renamed, GW], ROSTER) == Difference(
        added=(b2,), changed=(Change(D01, renamed),), ended=(B1,), unchanged=1
    )


def test_a_difference_holds_wherever_one_row_is_added_changed_or_ended() -> None:
    root, other = branch("A", None), branch("A", None, members=7)

    pairs = (((root,), (root,)), ((root,), ()), ((), (root,)), ((other,), (root,)))
    assert [bool(difference(new, old)) for new, old in pairs] == [False, True, True, True]


def test_a_change_says_which_columns_are_new() -> None:
    change = Change(B1, replace(B1, parent="GW", head="李四"))

    assert change.of("head")
    assert change.of("name", "parent")
    assert not change.of("name", "phone")


def test_without_a_head_there_is_nobody_to_keep_a_telephone_of() -> None:
    vacant = replace(B1, head="", phone="", email="")

    assert difference([GW, D01, replace(B1, head="")], [GW, D01, vacant]) == Difference(unchanged=3)
    assert difference([GW, D01, replace(B1, head="")], ROSTER).changed == (Change(B1, vacant),)
    assert difference([replace(B1, head="")], []).added == (vacant,)


def test_no_date_of_election_leaves_the_one_in_the_register() -> None:
    assert difference([GW, replace(D01, election_due_on=None), B1], ROSTER) == Difference(unchanged=3)


def test_a_new_date_takes_the_place_of_the_old_one_and_the_row_is_that_of_the_file() -> None:
    founded, elects = date(2001, 7, 1), date(2030, 1, 1)
    told = replace(D01, founded_on=founded, election_due_on=elects, row=40)

    (change,) = difference([GW, told, B1], ROSTER).changed

    assert (change.before, change.after) == (D01, replace(D01, founded_on=founded, election_due_on=elects))
    assert (change.after.row, change.before.row) == (40, 3)


def test_a_column_that_the_file_does_not_have_says_nothing() -> None:
    bare = [RosterRow(code=row.code, name=row.name, kind=row.kind, parent=row.parent, members=7) for row in ROSTER]

    found = difference(bare, ROSTER, columns=("code", "name", "kind", "parent", "members"))

    assert found.changed == tuple(Change(row, replace(row, members=7)) for row in ROSTER)


# ── the tree ─────────────────────────────────────────────────────


def test_the_outline_puts_every_superior_before_those_below_it_and_siblings_by_code() -> None:
    rows = (branch("B3", "GW"), branch("B10", "D01"), B1, D01, GW)

    assert [(depth, row.code) for depth, row in outline(rows)] == [
        (0, "GW"),
        (1, "B3"),
        (1, "D01"),
        (2, "B1"),
        (2, "B10"),
    ]


def test_a_chain_as_long_as_a_roster_is_walked_without_recursion() -> None:
    rows = [GW, branch("C0", "GW"), *(branch(f"C{n}", f"C{n - 1}") for n in range(1, 5_000))]

    assert max(depth for depth, _ in outline(rows)) == 5_000


# ── faults ───────────────────────────────────────────────────────


def test_a_tree_under_one_root_has_no_fault() -> None:
    assert faults(ROSTER, ROOT_KIND) == ()


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ((), [Fault(None, "类别", "没有根:应有且只有一个类别为“市直工委”的组织")]),
        ((*ROSTER, branch("B1", "GW")), [Fault(9, "编码", "编码B1重复")]),
        ((*ROSTER, replace(GW, code="G2", row=9)), [Fault(9, "类别", "第二个“市直工委”:根只能有一个,已有GW")]),
        ((*ROSTER, branch("B2", None)), [Fault(9, "上级编码", "上级编码不能为空:只有根没有上级")]),
        ((*ROSTER, branch("B2", "D99")), [Fault(9, "上级编码", "上级编码D99不在名册里")]),
        (
            (*ROSTER, branch("B2", "B3", 8), branch("B3", "B2")),
            [
                Fault(8, "上级编码", "从B2往上走不到根:上下级成环,或上级本身有误"),
                Fault(9, "上级编码", "从B3往上走不到根:上下级成环,或上级本身有误"),
            ],
        ),
        ((*ROSTER, branch("B2", "D01", members=-1)), [Fault(9, "党员数", "党员数不合理:-1")]),
        ((*ROSTER, branch("B2", "D01", members=0), branch("B3", "D01", members=100_000_000)), []),
        ((*ROSTER, branch("B2", "D01", members=100_000_001)), [Fault(9, "党员数", "党员数不合理:100000001")]),
        ((*ROSTER, branch("B2", "D01", head="长" * 80)), []),
        (
            (*ROSTER, branch("B2", "D01", email="x" * 61)),
            [Fault(9, "邮箱", f"邮箱“{'x' * 60}”不是一个邮箱地址,请写成 name@example.org 的样子")],
        ),
        (
            (branch("B2", None, 1), branch("B3", None, 0)),
            [
                Fault(None, "类别", "没有根:应有且只有一个类别为“市直工委”的组织"),
                Fault(None, "上级编码", "上级编码不能为空:只有根没有上级"),
                Fault(1, "上级编码", "上级编码不能为空:只有根没有上级"),
            ],
        ),
        ((*ROSTER, branch("B2", "D01", head="长" * 81)), [Fault(9, "负责人", "负责人有81个字,最多80个")]),
        ((*ROSTER, branch("B2", "D01", field="机\0关")), [Fault(9, "领域", "领域里有不可见的控制字符")]),
    ],
)
def test_each_fault_is_named_with_its_row_and_column(rows: tuple[RosterRow, ...], found: list[Fault]) -> None:
    assert list(faults(rows, ROOT_KIND)) == found


def test_a_root_below_another_organisation_is_no_root() -> None:
    rows = (replace(GW, parent="D01"), D01)

    assert [fault.message for fault in faults(rows, ROOT_KIND)] == [
        "根没有上级",
        "从GW往上走不到根:上下级成环,或上级本身有误",
        "从D01往上走不到根:上下级成环,或上级本身有误",
    ]


def test_a_tree_deeper_than_a_path_can_hold_is_refused_where_it_is_too_deep() -> None:
    rows = [GW, branch("C1", "GW"), *(branch(f"C{n}", f"C{n - 1}", n) for n in range(2, 22))]

    assert faults(rows, ROOT_KIND) == (Fault(21, "上级编码", "层级过深:在根之下第21层,最多20层"),)


def test_all_faults_come_at_once_and_in_the_order_of_the_rows() -> None:
    rows = (*ROSTER, branch("B2", "D99", 6, members=-3), branch("B1", "GW", 5))

    assert [(fault.row, fault.column) for fault in faults(rows, ROOT_KIND)] == [
        (5, "编码"),
        (6, "党员数"),
        (6, "上级编码"),
    ]


def test_a_fault_reads_as_a_sentence_with_its_place() -> None:
    assert str(Fault(9, "编码", "编码B1重复")) == "第9行 编码:编码B1重复"
    assert str(Fault(None, "类别", "没有根")) == "文件 类别:没有根"
    assert str(Fault(3, None, "没有数据")) == "第3行:没有数据"


@pytest.mark.parametrize("email", ["li", "li@", "@x", "a@b@c", "a@x,b@x", "li@example.orgBcc:x@y.z", "a b@x", "<a@x>"])
def test_an_address_for_mail_is_one_address(email: str) -> None:
    found = faults((ROSTER[0], replace(B1, email=email), *ROSTER[1:]), ROOT_KIND)

    assert [(fault.column, fault.message.startswith(f"邮箱“{email}”不是一个邮箱地址")) for fault in found][:1] == [
        ("邮箱", True)
    ]
