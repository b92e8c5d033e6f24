"""The English of what spreadsheets, documents, messages and feeds say on the command line; `english.py` joins it to the rest."""

from collections.abc import Mapping

PAPER: Mapping[str, str] = {
    # spreadsheets
    "电子表格:清单导出、模板、导入、撤销导入": "spreadsheets: lists out, templates, imports, undoing an import",
    "把一个清单写成表格,筛选和时间写在表头": "write a list as a spreadsheet, its filters and time in the header",
    "一张可填的模板,带下拉选项和填写说明": "a template to fill in, with lists to choose from and an explanation",
    "导入填好的表格:要么全部,要么一行也不写": "take in a filled-in spreadsheet: all rows or none",
    "导入过的表格": "the spreadsheets taken in",
    "撤销一次导入,整个撤销": "undo an import as a whole",
    "清单,例如 stuck、cycles、notices、stars、agenda、events、elections": "list, such as stuck, cycles, notices, stars, agenda, events, elections",
    "表格:people、events、elections、declarations、self_evaluations、ballots、reviews、postings": (
        "kind: people, events, elections, declarations, self_evaluations, ballots, reviews, postings"
    ),
    "模板写入这个文件(xlsx)": "write the template into this file (xlsx)",
    "填好的表格:csv、xlsx、xls 或 ods": "filled-in spreadsheet: csv, xlsx, xls or ods",
    "有错时把原表连同“错误说明”一列写入这个文件(xlsx)": "with faults, write the workbook back into this file with a column that explains them (xlsx)",
    "以什么身份;不写则用这种表格通常的身份": "in which role (default: the usual one for this kind)",
    "导入的编号": "number of the import",
    "已写入 {out}:{title},{n}行": "{out} written: {title}, {n} rows",
    "填写说明:红色列名必填;不要改动列名;填好后用 starflow sheet import {kind} 文件 导入": (
        "Columns with a red heading are required; leave the headings as they are; then: starflow sheet import {kind} FILE"
    ),
    "已写入 {out}": "{out} written",
    "示例,请删除本行": "an example: delete this row",
    "没有“{kind}”这种表格,可选:{known}": "no such kind of spreadsheet: “{kind}”; one of {known}",
    "{code}的岗位空缺,没有人可以签字": "the post of {code} is vacant: nobody can have signed",
    "原表连同错误说明已写入 {out}": "the workbook with the faults explained is in {out}",
    "这个文件已经导入过(编号{n}),没有再写入": "this file was taken in before (number {n}); nothing was written",
    "有{n}处错误,没有写入任何一行:": "{n} faults; no row was written:",
    "  另有{n}处": "  and {n} more",
    "行": "row",
    "会怎样": "effect",
    "新增": "new",
    "变更": "changed",
    "停用": "ended",
    "不变": "unchanged",
    "要撤销:starflow sheet undo {n}": "to undo: starflow sheet undo {n}",
    "还没有导入过表格": "no spreadsheet was taken in yet",
    "导入{n}已撤销": "import {n} undone",
    "表格": "kind",
    "文件": "file",
    "撤销": "undone",
}  # fmt: skip
