"""Prints docs/guarantees.md and the README's table from the result files of the last runs; nothing in them is written by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.guarantees import survivors
from tests.guarantees.promises import GUARANTEES, NOT_CLAIMED, SMALLER

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"
PAGE, README = ROOT / "docs" / "guarantees.md", ROOT / "README.md"
BEGIN, END = "<!-- guarantees: printed by make guarantees -->", "<!-- /guarantees -->"
TIERS = ("full", "ci")
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def write() -> None:
    PAGE.write_text(page(), encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")


def with_table(readme: str) -> str:
    """The README with the table between its markers."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}{END}{after}" if rest else readme


def results() -> dict[str, dict[str, Any]]:
    return {
        tier: json.loads((RESULTS / f"{tier}.json").read_text())
        for tier in TIERS
        if (RESULTS / f"{tier}.json").exists()
    }


def claimed(row: dict[str, Any] | None) -> bool:
    """A promise that did not hold, or whose broken build was not found out, is not claimed."""
    return row is not None and row["kept"] and row["caught"]


def rows(tier: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["code"], row["dialect"]): row for row in results().get(tier, {"rows": []})["rows"]}


def best(code: str, dialect: str) -> tuple[str, dict[str, Any]] | None:
    """The result of the larger run, where there is one."""
    for tier in TIERS:
        if row := rows(tier).get((code, dialect)):
            return tier, row
    return None


def table() -> str:
    """The README's: one line for each promise that is kept and whose control was red."""
    lines = ["| 承诺 | 最近一次结果 | 故意改坏的版本 |", "|---|---|---|"]
    for g in GUARANTEES:
        found = [(dialect, best(g.code, dialect)) for dialect in g.dialects]
        if not all(one and claimed(one[1]) for _, one in found):
            continue
        _, one = found[0]
        assert one is not None
        tier, row = one
        where = "、".join(TITLES[d] for d in g.dialects)
        lines.append(f"| {g.promise} | {row['figure']}({where},{tier}档,{row['date']}) | `{g.control}`:查出 |")
    return "\n".join(lines) + "\n"


def page() -> str:
    parts = [
        "# 保证 · Guarantees\n\n",
        "由 `make guarantees` 打印,没有一处手写。每一条先在真的产品上试,再在故意改坏的版本上试:后者必须被查出来,否则这一条不算数。\n",
        "`TIER=ci` 每次提交都跑,`TIER=full` 发布前跑。种子可以重放:`python -m tests.guarantees --only G1 --seed 20270605`。\n",
    ]
    for tier, said in results().items():
        parts.append(_tier(tier, said))
    parts.append("\n## 规模与原来打算的差别\n\n")
    parts.append("`TIER=full` 要在两个核上一小时左右跑完。比原来打算的小的,都写在这里;承诺和改坏的版本一个没有少。\n\n")
    parts += [f"- **{codes}**:{why}\n" for codes, why in SMALLER]
    parts += survivors.section()
    parts += ["\n## 没有宣称的\n\n", *(f"- **{name}**:{why}\n" for name, why in (*_not_yet_run(), *NOT_CLAIMED))]
    return "".join(parts)


def _not_yet_run() -> Iterator[tuple[str, str]]:
    """What has a test and a control, and no kept figure in any tier; why, where that is known, says NOT_CLAIMED."""
    explained = {name.split()[0] for name, _ in NOT_CLAIMED}
    for g in GUARANTEES:
        if g.code not in explained and (lacking := [TITLES[d] for d in g.dialects if best(g.code, d) is None]):
            yield f"{g.code} {g.promise}", f"有测试和改坏的版本,还没有留下一次运行的数字({'、'.join(lacking)})"


def _tier(tier: str, said: dict[str, Any]) -> str:
    around = "、".join(f"{name} {version}" for name, version in said["surroundings"].items())
    spent = "秒(含对照)/预算" if tier == "ci" else "秒(含对照)"
    lines = [
        f"\n## TIER={tier}\n\n{around}\n\n",
        f"| | 承诺 | 数据库 | 结果 | 改坏的版本怎么被查出 | {spent} | 种子 | 日期 |\n|---|---|---|---|---|---|---|---|\n",
    ]
    known = {g.code: g for g in GUARANTEES}
    for row in said["rows"]:
        g = known[row["code"]]
        mark = "✔" if claimed(row) else "✘"
        how = f"`{row['control']}`:{_cell(row['how'])}" if row["control"] else "在另一种数据库上"
        lines.append(
            f"| {mark} {row['code']} | {g.promise} | {TITLES[row['dialect']]} | {_cell(row['figure'])} | {how} | "
            f"{row['seconds_with_control']:.0f}{f' / {g.budget}' if tier == 'ci' else ''} | {row['seed']} | {row['date']} |\n"
        )
    return "".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")[:220]
