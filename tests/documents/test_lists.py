"""Lists out as files: what they show stands in the header, no cell is a formula, and what was written can be read again."""

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from starflow.documents.header import find_header
from starflow.documents.lists import FORMS, LISTS, export_list
from starflow.documents.sheets import read
from starflow.service import organisations
from starflow.service.view import Filters
from tests.service.town import DEPARTMENT, Town, town_of
from workflow.engine.errors import BadInput, Unknown

PAYLOADS = ("=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "＝1", "'=1")


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with town_of(database_url) as found:
        yield found


@pytest.fixture
def dialect() -> str:
    return "sqlite"


def test_every_list_leaves_in_every_form(town: Town) -> None:
    for listing in LISTS:
        for form in FORMS:
            assert export_list(town.desk, listing.name, Filters(), form), (listing.name, form)


def test_the_header_says_the_list_its_filters_and_the_moment(town: Town) -> None:
    rows = read(export_list(town.desk, "cycles", Filters(under="U", year=2027), "csv")).rows

    assert [row[0] for row in rows[:2]] == [
        "各党组织办理进度",
        "筛选:范围=U、年度=2027;导出时间:2027-05-06 10:00(CST);共2行",
    ]
    assert rows[2][:4] == ("编码", "名称", "灯", "环节")


def test_csv_and_xlsx_hold_the_same_cells_and_json_the_contracts_rows(town: Town) -> None:
    csv_rows = read(export_list(town.desk, "cycles", Filters(), "csv")).rows
    xlsx_rows = read(export_list(town.desk, "cycles", Filters(), "xlsx")).rows
    found = json.loads(export_list(town.desk, "cycles", Filters(), "json"))

    assert [[cell for cell in row if cell] for row in csv_rows] == [[cell for cell in row if cell] for row in xlsx_rows]
    assert (found["title"], found["narrowed"], len(found["rows"])) == ("各党组织办理进度", "无", 10)
    assert list(found["rows"][0]) == [
        *("organisation", "name", "round", "stage", "light", "owner", "due_at", "proposed_star", "star"),
    ]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_that_looks_like_a_formula_stays_text(town: Town, payload: str) -> None:
    person = organisations.Holder(name=payload)
    organisations.appoint(town.desk, "D01", "head", person)

    content = export_list(town.desk, "organisations", Filters(), "xlsx")
    book = openpyxl.load_workbook(io.BytesIO(content))
    kinds = {cell.data_type for row in book.active.iter_rows() for cell in row if cell.value is not None}
    text = export_list(town.desk, "organisations", Filters(), "csv").decode("utf-8-sig")

    assert kinds <= {"s", "n"}
    assert not any(cell[:1] in "=+-@" for line in text.splitlines() for cell in line.split(",") if cell)
    assert payload in {cell for row in read(content).rows for cell in row}


def test_a_list_of_the_roster_can_be_read_again(town: Town) -> None:
    for form in ("csv", "xlsx"):
        header = find_header(read(export_list(town.desk, "organisations", Filters(), form)))

        assert (header.number, header.faults, header.ignored) == (3, (), ())


def test_what_there_is_not_is_refused(town: Town, tmp_path: Path) -> None:
    with pytest.raises(Unknown, match="没有“nonsense”这个清单"):
        export_list(town.desk, "nonsense", Filters(), "csv")
    with pytest.raises(BadInput, match="只能导出为xlsx、csv、json"):
        export_list(town.desk, "stuck", Filters(), "pdf")
    with pytest.raises(BadInput, match="有效的星级不能按灯筛选"):
        export_list(town.desk, "stars", Filters(light="red"), "csv")


def test_an_election_stands_in_its_list(town: Town) -> None:
    from starflow.service.elections import set_election

    set_election(town.desk, "D01", acting=DEPARTMENT, held_on=date(2027, 3, 1), due_on=date(2030, 3, 1))

    rows = read(export_list(town.desk, "elections", Filters(under="D01"), "csv")).rows
    assert rows[3][:6] == ("D01", "第01支部", "党支部", "2027-03-01", "2030-03-01", "1030")
