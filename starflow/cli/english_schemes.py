"""The English of what the scheme tools say on the command line; `english.py` joins it to the rest."""

from collections.abc import Mapping

SCHEMES: Mapping[str, str] = {
    "方案:列出、说明、检查、日历、试算、比较、迁移": "schemes: list, explain, check, calendar, try, compare, migrate",
    "方案文件的JSON Schema,编辑器可据此补全和检查": "JSON Schema of scheme files, for editors to complete and check",
}  # fmt: skip
