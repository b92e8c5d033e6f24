"""docs/spreadsheets.md: every workbook that can be filled in and every list that leaves, printed from the tables that do it."""

from starflow.documents.books import BOOKS
from starflow.documents.filled import MOST_ROWS
from starflow.documents.lists import LISTS
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

HEAD = """# Spreadsheets · 电子表格

Printed from `starflow/documents`; a test compares. The roster has a page of its own: [roster.md](roster.md).

## In · 导入

`starflow sheet template KIND --out FILE` writes a workbook with lists to choose from (`--under CODE` fills in codes and names);
`starflow sheet import KIND FILE --dry-run` shows what would happen, without it the same happens. All rows or none: with a single
fault nothing is written, and `--back FILE` gives the same workbook back with a column 错误说明. The same file counts once.
`starflow sheet undo N` puts an import back as a whole; what has become a record goes back by the procedure's own ways, or the
refusal says why not. Files are read as in [roster.md](roster.md): xlsx, xls, ods, csv in UTF-8, GBK or UTF-16; at most {most} rows.

Under the default scheme; criteria, events and levels come from the scheme of the newest year.
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
