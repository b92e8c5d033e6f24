"""A roster file becomes organisations, or the list of all its faults; organisations become a file that reads the same."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import openpyxl
import pytest

from starflow.documents import sheets
from starflow.documents.page import roster_page
from starflow.documents.roster import EXPORT_KEYS, export, export_rows, parse
from starflow.documents.values import FaultyRoster, Roster
from workflow.engine.errors import BadInput
from workflow.rating.roster import Difference, Fault, RosterRow, difference

ROOT = "市直工委"
HEADER = "编码,名称,类别,上级编码,领域,党员数,换届到期日,负责人,电话,邮箱,分管领导"
GW = "GW,工委,市直工委,,机关,0,2028-01-05,高桂,000-1,gw@example.org,黄建"
D01 = "D01,发改委,机关党委,GW,机关,186,2029-06-04,,,,"
Z01 = "Z01,第一支部,党支部,D01,离退休,14,,,,,"
SAMPLE = files("starflow.documents") / "samples" / "roster.csv"


def roster(*lines: str) -> Roster:
    return parse(sheets.read("\n".join((*lines, "")).encode(), "roster.csv"), root_kind=ROOT)


def faults(*lines: str) -> tuple[Fault, ...]:
    with pytest.raises(FaultyRoster) as refused:
        roster(*lines)
    return refused.value.places


def branch(**values: str) -> str:
    """The line of Z01 with other cells."""
    cells = dict(zip(HEADER.split(","), Z01.split(","), strict=True)) | values
    return ",".join(cells[title] for title in HEADER.split(","))


def row(code: str, parent: str | None, **values: object) -> RosterRow:
    blank = RosterRow(
        code=code,
        name=code,
        kind="党支部" if parent else ROOT,
        parent=parent,
        field="",
        members=9,
        election_due_on=None,
        head="",
        phone="",
        email="",
        leader="",
    )
    return replace(blank, **values)


def whole(*rows: RosterRow, columns: Sequence[str] = ("code", "name", "parent", "members", "phone")) -> Roster:
    return Roster(rows=rows, columns=tuple(columns), ignored_columns=())


# -- what is accepted


def test_the_sample_holds_525_organisations_under_one_root_with_six_vacant_posts() -> None:
    sample = parse(sheets.read(SAMPLE.read_bytes(), "roster.csv"), root_kind=ROOT)

    assert (len(sample.rows), sum(row.head == "" for row in sample.rows)) == (525, 6)
    assert [row.code for row in sample.rows if row.parent is None] == ["GW"]


def test_every_column_becomes_a_value_of_its_kind() -> None:
    assert roster(HEADER, GW).rows == (
        RosterRow(
            code="GW",
            name="工委",
            kind="市直工委",
            parent=None,
            field="机关",
            members=0,
            election_due_on=date(2028, 1, 5),
            head="高桂",
            phone="000-1",
            email="gw@example.org",
            leader="黄建",
            row=2,
        ),
    )


def test_a_title_above_blank_rows_between_and_a_total_with_notes_below_are_no_organisations() -> None:
    plain = roster(HEADER, GW, D01, Z01)
    dressed = roster("2027年名册", "", HEADER, GW, "", D01, Z01, "合 计:,,,,,200", ",填表人:张三")

    assert [replace(row, row=0) for row in dressed.rows] == [replace(row, row=0) for row in plain.rows]
    assert [row.row for row in dressed.rows] == [4, 6, 7]


def test_columns_come_in_any_order_by_synonyms_in_either_language_with_case_and_remarks_ignored() -> None:
    chinese = roster("*党员人数(人),上级组织编码,支部名称,组织类型,组织代码", "0,,工委,市直工委,GW")
    english = roster("MEMBER COUNT,parent_code,Organisation name,Type,Code", "0,,工委,市直工委,GW")

    assert chinese == english
    assert chinese.columns == ("code", "name", "kind", "parent", "members")


def test_extra_columns_are_named_and_ignored_and_a_column_beats_its_synonym() -> None:
    header = "序号,编码,编号,名称,类别,上级编码,党员数,,备注"

    found = roster(header, "1,GW,77,工委,市直工委,,0,x,y")

    assert (found.ignored_columns, found.rows[0].code) == (("序号", "编号", "H列", "备注"), "GW")


def test_a_child_may_stand_before_its_parent() -> None:
    assert [row.code for row in roster(HEADER, Z01, D01, GW).rows] == ["Z01", "D01", "GW"]


def test_full_width_and_spaced_codes_numbers_and_dates_are_read_and_names_stay_as_written() -> None:
    line = branch(
        编码="Ｚ ０１", 上级编码="\u00a0Ｄ０１\u2009", 党员数="１４", 换届到期日="２０２８－１－５", 名称=" 第１支部 "
    )

    found = roster(HEADER, GW, D01, line).rows[2]

    assert (found.code, found.parent, found.members) == ("Z01", "D01", 14)
    assert (found.election_due_on, found.name) == (date(2028, 1, 5), "第１支部")


@pytest.mark.parametrize(
    "cell",
    [
        "2028-01-05",
        "2028/1/5",
        "2028.1.5",
        "2028年1月5日",
        "20280105",
        "46757",
        "46757.5",
        "2028-01-05 00:00:00",
        "2028-01-05T08:30",
    ],
)
def test_a_date_is_read_in_every_usual_form(cell: str) -> None:
    assert roster(HEADER, GW, D01, branch(换届到期日=cell)).rows[2].election_due_on == date(2028, 1, 5)


@pytest.mark.parametrize(("cell", "members"), [("14.0", 14), ('"1,400"', 1400), ("0", 0), (" 7 ", 7)])
def test_a_member_count_is_read_in_every_usual_form(cell: str, members: int) -> None:
    assert roster(HEADER, GW, D01, branch(党员数=cell)).rows[2].members == members


@pytest.mark.parametrize("cell", ["", "无", "空缺", "—", "/"])
def test_a_vacant_post_may_be_written_in_words(cell: str) -> None:
    assert roster(HEADER, GW, D01, branch(负责人=cell)).rows[2].head == ""


def test_two_organisations_may_have_one_name() -> None:
    assert len(roster(HEADER, GW, D01, Z01, branch(编码="Z02")).rows) == 4


def test_an_organisation_marked_as_ended_is_not_in_the_roster() -> None:
    found = roster(f"{HEADER},停用日期", f"{GW},", f"{D01},", f"{Z01},2026-12-31")

    assert [row.code for row in found.rows] == ["GW", "D01"]


def test_progress_is_told_up_to_the_last_row() -> None:
    told: list[tuple[int, int]] = []
    lines = [HEADER, GW, *(branch(编码=f"B{number}", 上级编码="GW") for number in range(2500))]

    parse(sheets.read("\n".join(lines).encode(), "x"), root_kind=ROOT, progress=lambda *now: told.append(now))

    assert told == [(1000, 2501), (2000, 2501), (2501, 2501)]


# -- what is refused, with row and column


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"编码": ""}, ("编码", "编码不能为空")),
        ({"名称": ""}, ("名称", "名称不能为空")),
        ({"党员数": ""}, ("党员数", "党员数不能为空")),
        ({"党员数": "-3"}, ("党员数", "不能为负数:-3")),
        ({"党员数": "－３"}, ("党员数", "不能为负数:-3")),
        ({"党员数": "3.5"}, ("党员数", "「3.5」不是整数")),
        ({"党员数": "14人"}, ("党员数", "「14人」不是整数")),
        ({"党员数": "9" * 30}, ("党员数", f"大得不合理:{'9' * 20}")),
        ({"换届到期日": "2023-02-29"}, ("换届到期日", "没有「2023-02-29」这一天")),
        ({"换届到期日": "2028-13-01"}, ("换届到期日", "没有「2028-13-01」这一天")),
        ({"换届到期日": "0208-01-05"}, ("换届到期日", "没有「0208-01-05」这一天")),
        ({"换届到期日": "1/5/2028"}, ("换届到期日", "「1/5/2028」不是日期,请写成 2027-06-05 的样子")),
        ({"名称": "长" * 201}, ("名称", "有201个字,最多200个")),
        ({"编码": "D01"}, ("编码", "编码「D01」与第3行重复")),
        ({"上级编码": "X9"}, ("上级编码", "上级编码「X9」不在本文件中")),
        ({"上级编码": ""}, ("上级编码", "上级编码不能为空:只有根(类别「市直工委」)没有上级")),
        ({"类别": "市直工委"}, ("上级编码", "「市直工委」是根,上级编码应当留空")),
        ({"类别": "市直工委", "上级编码": ""}, ("类别", "第二个「市直工委」:根只能有一个,已在第2行")),
        ({"上级编码": "Z01"}, ("上级编码", "上下级成环:Z01 → Z01")),
    ],
)
def test_a_fault_is_told_with_its_row_and_column(cells: dict[str, str], fault: tuple[str, str]) -> None:
    assert Fault(4, *fault) in faults(HEADER, GW, D01, branch(**cells))


@pytest.mark.parametrize("code", ["../x", "a/b", "=1+1", "-x", ".", "a?b", "x" * 65])
def test_a_code_that_could_not_stand_in_an_address_is_refused(code: str) -> None:
    assert [fault.column for fault in faults(HEADER, GW, D01, branch(编码=code))] == ["编码"]


def test_all_faults_are_told_at_once_in_the_order_of_rows() -> None:
    told = faults(HEADER, GW, D01.replace("GW", "X9"), branch(党员数="-1", 换届到期日="2023-02-29"))

    assert [str(fault) for fault in told] == [
        "第3行 上级编码:上级编码「X9」不在本文件中",
        "第4行 党员数:不能为负数:-1",
        "第4行 换届到期日:没有「2023-02-29」这一天",
    ]


def test_the_column_of_a_fault_is_the_heading_that_the_file_uses() -> None:
    told = faults("组织代码,名称,类别,上级代码,党员人数", "GW,工委,市直工委,,0", "D01,甲,党支部,X9,-1")

    assert [(fault.row, fault.column) for fault in told] == [(3, "党员人数"), (3, "上级代码")]


def test_every_organisation_in_a_loop_is_named_and_those_below_it_are_not() -> None:
    loop = [branch(编码="A", 上级编码="B"), branch(编码="B", 上级编码="A"), branch(编码="C", 上级编码="A")]

    assert [str(fault) for fault in faults(HEADER, GW, *loop)] == [
        "第3行 上级编码:上下级成环:A → B → A",
        "第4行 上级编码:上下级成环:B → A → B",
    ]


def test_missing_columns_and_two_columns_of_one_meaning_are_told_together() -> None:
    assert faults("编码,名称,名称,类别", "GW,工委,工委,市直工委") == (
        Fault(1, "名称", "有几列都像是「名称」:B列「名称」、C列「名称」,请只留一列"),
        Fault(1, "上级编码", "缺少必需的列「上级编码」"),
        Fault(1, "党员数", "缺少必需的列「党员数」"),
    )


def test_a_file_without_a_header_a_row_or_a_root_is_refused() -> None:
    assert faults("甲,乙", "1,2") == (
        Fault(None, None, "前50行里找不到表头,表头应有:编码、名称、类别、上级编码、党员数"),
    )
    assert faults(HEADER) == (Fault(1, None, "表头下面没有一行数据"),)
    assert Fault(None, "类别", "没有根:应有且只有一个类别为「市直工委」的组织") in faults(HEADER, Z01)


def test_a_csv_that_breaks_off_in_its_last_row_is_refused() -> None:
    cut = "\n".join((HEADER, GW, "D01,发改委,机关党委,GW,机关,1")).encode()

    with pytest.raises(FaultyRoster) as refused:
        parse(sheets.read(cut, "x"), root_kind=ROOT)

    assert refused.value.faults == ("第3行:文件似乎被截断:最后一行只有6格,表头有11格",)


def test_a_parent_that_has_ended_is_told_as_such() -> None:
    told = faults(f"{HEADER},停用日期", f"{GW},", f"{D01},2026-12-31", f"{Z01},")

    assert told == (Fault(4, "上级编码", "上级编码「D01」已停用(第3行)"),)


# -- out, and in again

HOSTILE = (
    "=1+1",
    "=cmd|'/c calc'!A1",
    "+86",
    "-3",
    "@x",
    "＝1",
    "＋1",
    "－1",
    "＠a",
    "''=1",
    'D,"o";\'',
    "𠮷㛃·",
    "NULL",
)


def hostile() -> Roster:
    lines = (row(f"H{number}", "GW", name=name, head=name) for number, name in enumerate(HOSTILE))
    return whole(row("GW", None), *lines, columns=("code", "name", "kind", "parent", "members", "head"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030", "utf-16"])
def test_an_exported_csv_reads_the_same_in_every_encoding(encoding: str) -> None:
    given = hostile()
    data = export(export_rows(given.rows), "csv").decode("utf-8-sig").encode(encoding)

    again = parse(sheets.read(data, "roster.csv"), root_kind=ROOT)

    assert difference(again.rows, given.rows, again.columns) == Difference(unchanged=len(given.rows))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_sample_reads_the_same_after_an_export(form: str) -> None:
    sample = parse(sheets.read(SAMPLE.read_bytes(), "roster.csv"), root_kind=ROOT)

    again = parse(sheets.read(export(export_rows(sample.rows), form)), root_kind=ROOT)

    assert again == sample


def test_no_cell_of_an_exported_workbook_is_a_formula() -> None:
    data = export(export_rows(hostile().rows), "xlsx")

    sheet = openpyxl.load_workbook(io.BytesIO(data)).active

    assert {cell.data_type for line in sheet.iter_rows() for cell in line} == {"s"}
    shown = (line[1].value for line in sheet.iter_rows(min_row=3))
    assert (
        tuple(text[1:] if text.startswith("''") else text for text in shown) == HOSTILE
    )  # one of its own stands behind another


def test_no_cell_of_an_exported_csv_begins_as_a_formula() -> None:
    text = export(export_rows(hostile().rows), "csv").decode("utf-8-sig")

    starts = {cell.lstrip('"')[:1] for line in text.splitlines() for cell in line.split(",")}
    assert starts & set("=+-@＝＋－＠") == set()


def test_an_ended_organisation_leaves_with_its_date_and_does_not_come_back() -> None:
    given = [row("GW", None), row("D01", "GW", ended_on=date(2026, 12, 31))]

    again = parse(sheets.read(export(export_rows(given), "csv")), root_kind=ROOT)

    assert again.rows == (given[0],)


def test_json_gives_the_rows_of_the_contract_in_its_order() -> None:
    given = json.loads(export(export_rows([row("GW", None, election_due_on=date(2028, 1, 5))]), "json"))

    assert list(given["rows"][0]) == list(EXPORT_KEYS)
    assert given["rows"][0] == dict.fromkeys(EXPORT_KEYS) | {
        **{"code": "GW", "name": "GW", "kind": ROOT, "members": 9},
        "election_due_on": "2028-01-05",
    }


def test_another_form_is_refused() -> None:
    with pytest.raises(BadInput):
        export([], "pdf")


# -- the page


def test_the_page_on_roster_files_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "roster.md"

    assert page.read_text(encoding="utf-8") == roster_page()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_day_of_foundation_is_read_and_written_where_anybody_has_one(form: str) -> None:
    given = [row("GW", None), row("D01", "GW", founded_on=date(2026, 3, 1))]

    again = parse(sheets.read(export(export_rows(given), form)), root_kind=ROOT)

    assert [one.founded_on for one in again.rows] == [None, date(2026, 3, 1)]
    assert "founded_on" in again.columns and "founded_on" not in export_rows(given[:1])[0]


def test_a_foundation_that_is_no_day_is_named_with_its_place() -> None:
    with pytest.raises(FaultyRoster) as refused:
        roster(f"{HEADER},成立日期", f"{GW},", f"{D01},2026-02-30")

    assert [str(fault) for fault in refused.value.faults] == ["第3行 成立日期:没有「2026-02-30」这一天"]
