"""docs/spreadsheets.md: every workbook that can be filled in and every list that leaves, printed from the tables that do it."""

from starflow.documents.books import BOOKS
from starflow.documents.filled import MOST_ROWS
from starflow.documents.lists import LISTS
from starflow.service.undoing import LASTING
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

HEAD = """# Spreadsheets · 电子表格

Printed from `starflow/documents`; a test compares. The roster has a page of its own: [roster.md](roster.md).

## In · 导入

`starflow sheet template KIND --out FILE` writes a workbook with lists to choose from (`--under CODE` fills in codes and names);
`starflow sheet import KIND FILE --dry-run` shows what would happen, without it the same happens. All rows or none: with a single
fault nothing is written, and `--back FILE` gives the same workbook back with a column 错误说明. The same file counts once.
How an import is undone stands [below](#undone--撤销).
Files are read as in [roster.md](roster.md): xlsx, xls, ods, csv in UTF-8, GBK or UTF-16; at most {most} rows.

Under the default scheme; criteria, events and levels come from the scheme of the newest year.
"""

UNDONE = """## Undone · 撤销

`starflow sheet undo N` undoes an import as a whole or not at all; every organisation that stands in the way is named, with what was
done to it since. Nothing is deleted: what was undone stays in the list of imports, and the same file can then be taken in again.

| 表格 | 撤销就是 | 何时不能 |
|---|---|---|
| 名册、`people`、`elections` | 恢复到导入以前 | 导入以后又变动过的 |
| `events` | 撤回登记的事项,写明“撤销导入N” | 已经撤回的 |
| `ballots` | 另写一条“撤回”(`withdraw`),退到自评环节 | 上级已经开始考评的 |
| `reviews` | 另写一条“退回”(`send_back`),退到考评环节 | 不在审核环节的:公示、批准环节只能由异议成立(`uphold_objection`)或不予批准(`reject`)退回 |
| `declarations`、`self_evaluations`、`postings` | 不能整批撤销,导入前的试算就说明 | 见下表 |

A record is never unwritten (R45: any correction is a recorded return), and the procedure has no way back from these acts:

| 动作 | 为什么不能,可以怎么办 |
|---|---|
"""


def books_page(scheme: str = "anyang-five-star") -> str:
    known = load_bytes(scheme_bytes(scheme))
    parts = [HEAD.format(most=f"{MOST_ROWS:,}")]
    for book in BOOKS:
        parts.append(f"### {book.title} · {book.title_en} · `{book.name}`\n\n{book.says}。\n")
        parts.append("| 列名 | 必填 | 读作 | 说明 |\n|---|---|---|---|")
        for one in book.columns(known):
            words = ";可选:" + "、".join(word for _, word in one.choices) if one.choices else ""
            parts.append(
                f"| {one.title} | {'是' if one.required else ''} | {one.reading.value} | {one.meaning}{words} |"
            )
        parts.append("")
    parts.append(UNDONE + "\n".join(f"| `{act}` | {why} |" for act, why in LASTING.items()) + "\n")
    parts.append(
        "## Out · 导出\n\n`starflow sheet export LIST --out FILE` writes xlsx, csv or json; title, filters, moment and the number of rows"
    )
    parts.append(
        "stand above the header. No cell is a formula, whatever it begins with.\n\n| 清单 | 名称 | 列 | 可筛选 |\n|---|---|---|---|"
    )
    for listing in LISTS:
        titles = "、".join(title for title, _ in listing.columns)
        parts.append(f"| `{listing.name}` | {listing.title} | {titles} | {'、'.join(listing.knows)} |")
    return "\n".join(parts) + "\n"
