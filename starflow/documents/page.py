"""docs/roster.md: what a roster file may look like, printed from the table that reads it."""

from starflow.documents import cells
from starflow.documents.columns import COLUMNS, Column
from starflow.documents.header import SEARCHED_ROWS
from starflow.documents.readings import MAX_CHARACTERS, VACANT
from starflow.documents.sheets import MAX_FILE_BYTES


def roster_page() -> str:
    """docs/roster.md, printed from the column table."""
    rows = "\n".join(_page_row(column) for column in COLUMNS)
    return PAGE.format(
        rows=rows,
        characters=MAX_CHARACTERS,
        vacant=" ".join(f"`{word}`" for word in sorted(VACANT)),
        searched=SEARCHED_ROWS,
        file_mib=MAX_FILE_BYTES // 1024**2,
        max_rows=cells.MAX_ROWS,
        max_columns=cells.MAX_COLUMNS,
        max_cells=cells.MAX_CELLS,
        memory_mib=cells.MEMORY_BYTES // 1024**2,
        cpu=cells.CPU_SECONDS,
    )


def _page_row(column: Column) -> str:
    names = (f"**{column.title}**", column.title_en, f"`{column.key}`")
    synonyms = ("、".join(column.synonyms), ", ".join(column.synonyms_en))
    rules = ("yes" if column.required else "", column.reading.value, column.meaning)
    return f"| {' | '.join((*names, *synonyms, *rules))} |"


PAGE = """\
# Roster files · 名册文件

Printed from `starflow/documents/columns.py`; a test compares. `starflow org import FILE` reads such a file, `starflow org
export` writes one.

## Columns · 列

The order is free. A column is recognised by its title, its English title, its key or one of its synonyms; case, spaces,
`*`, `:`, `_`, `-` and remarks in brackets do not count: `* 党员数(人)` is 党员数. Where a column stands beside one of its
synonyms, its own title wins. Other columns are named in the answer and ignored. A column that the file does not have says
nothing and changes nothing.

| 列名 | English | key | 同义列名 | synonyms | required | 读作 | 说明 |
|---|---|---|---|---|---|---|---|
{rows}

- **文字** keeps its characters as written, without space around them; at most {characters}.
- **代码** turns full-width letters and digits into ordinary ones and drops every space.
- **整数** takes `14`, `１４`, `1,400` and `14.0`; not `-3`, `3.5` or `14人`.
- **日期** takes `2027-06-05`, `2027/6/5`, `2027.6.5`, `2027年6月5日`, `20270605`, date cells and the day numbers of
  spreadsheets; a time of day is dropped.
- A column that is not required may be blank, and so may 上级编码 of the root; {vacant} mean blank there.

## File · 文件

- csv with `,` `;` or tab, in UTF-8 (with or without BOM), GBK, GB18030 or UTF-16 with BOM; xlsx, xlsm, xls, ods. What the
  file is, its content says, not its name.
- Of a workbook, the first visible sheet with content is read. Hidden rows count; of merged cells only the first has the
  value; of a formula the value last computed.
- A title may stand above the header (within the first {searched} rows), a total (合计, 总计, 小计, total …) and notes below
  the data; blank rows are skipped.
- An apostrophe before `= + - @`, with which an export keeps a cell from being a formula, is taken off again.
- At most {file_mib} MiB, {max_rows:,} rows, {max_columns} columns, {max_cells:,} cells. A workbook is opened in a process of
  its own with {memory_mib:,} MiB and {cpu} s.

## Refused as a whole · 整体拒绝

Nothing is written, and every fault is listed with row and column: a missing required column, two columns with one
meaning, a blank required cell, a code twice, an unknown parent, a loop of parents, no root or a second one, a root with a
parent, a member count that is negative or no integer, a day that does not exist, a code that was ended and comes back, a
csv that breaks off in its last row. A file that is empty, cut off, damaged, encrypted, or no table is refused with one
sentence.
"""
