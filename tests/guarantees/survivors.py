"""The mutants that no test has noticed, each with the reviewed sentence that says why that does no harm; printed for docs/guarantees.md.

The figures stand in results/mutation.json, written by `make mutants`; the sentences in results/survivors.toml, written by people. A
survivor without a sentence is shown as such, and a sentence without a survivor fails a test of the house.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).parent / "results" / "mutation.json"
REASONS = Path(__file__).parent / "results" / "survivors.toml"
COUNTS = ("made", "killed", "survived", "untested", "not_run")


def read() -> dict[str, Any]:
    return json.loads(RESULT.read_text(encoding="utf-8"))


def reasons() -> list[dict[str, Any]]:
    return tomllib.loads(REASONS.read_text(encoding="utf-8"))["survivor"]


def why(one: dict[str, str]) -> str:
    """The sentence for this mutant; empty where nobody has written one."""
    return next((reason["why"] for reason in reasons() if explains(reason, one)), "")


def explains(reason: dict[str, Any], one: dict[str, str]) -> bool:
    """A reason names the function, and what was changed into what, as far as it needs to; `*` stands for anything."""
    named = fnmatchcase(f"{one['module']}.{one['function']}", f"workflow.{reason['function']}")
    return named and all(_like(one[side], reason.get(side)) for side in ("was", "now"))


def _like(text: str, wanted: str | list[str] | None) -> bool:
    patterns = [wanted] if isinstance(wanted, str) else wanted or ["*"]
    return any(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) for pattern in patterns)


def unexplained(said: dict[str, Any]) -> list[dict[str, str]]:
    return [one for one in said["survivors"] if not why(one)]


def total(said: dict[str, Any]) -> str:
    made, killed, survived, untested, not_run = (sum(m[count] for m in said["modules"]) for count in COUNTS)
    ran = made - not_run
    missing = len(unexplained(said))
    return (
        f"{len(said['modules'])}个模块,{made}个变异,跑了{ran}个:查出{killed}({_share(killed, ran)}),"
        f"没有查出{survived + untested}(其中没有说明的{missing}),没有跑{not_run}"
    )


def section() -> Iterator[str]:
    """The part of docs/guarantees.md."""
    said = read()
    around = "、".join(f"{name} {number}" for name, number in said["versions"].items())
    yield "\n## 变异测试 · Mutation testing\n\n"
    yield "在 `workflow/` 的代码里一次改坏一处,看有没有测试发现;`make mutants` 手工跑,不在每次提交里。"
    yield "Each mutant is one small wrong in the code; a survivor is one that no test noticed.\n"
    yield "工具只改函数里面的代码:函数外的表、`@property` 和带缓存的函数不在其内(程序表另有 G14 的变异)。"
    yield "每个变异先只给走到那一行的测试(至多1秒);没有查出的再给一遍(至多20秒)。每个模块的数字是那个日期、那次提交的。\n\n"
    yield f"**{total(said)}**\n\n{around}\n\n"
    yield "| 模块 | 变异 | 查出 | 查出率 | 没有查出 | 其中有说明 | 没有跑 | 日期 | 提交 |\n|---|---|---|---|---|---|---|---|---|\n"
    for module in said["modules"]:
        yield _line(module, [one for one in said["survivors"] if one["module"] == module["module"]])
    yield "\n不改的文件:\n\n"
    yield from (f"- `{pattern}`:{reason}\n" for pattern, reason in left_out())
    yield "\n### 没有查出的变异\n\n| 函数 | 原来 | 改成 | 为什么无妨 |\n|---|---|---|---|\n"
    for one in said["survivors"]:
        place = f"{one['module'].removeprefix('workflow.')}.{one['function']}"
        yield f"| `{place}` | {_code(one['was'])} | {_code(one['now'])} | {why(one) or '**没有说明**'} |\n"


def _line(module: dict[str, Any], left: list[dict[str, str]]) -> str:
    ran = module["made"] - module["not_run"]
    if not ran:
        return f"| {module['module']} | {module['made']} | — | — | — | — | {module['not_run']} | — | — |\n"
    explained = sum(bool(why(one)) for one in left)
    return (
        f"| {module['module']} | {module['made']} | {module['killed']} | {_share(module['killed'], ran)} | {len(left)} | "
        f"{explained} | {module['not_run']} | {module['date']} | {module['commit']} |\n"
    )


def left_out() -> list[tuple[str, str]]:
    """The list in pyproject.toml, with its reasons."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("\ndo_not_mutate = [")[2].partition("\n]")[0]
    return re.findall(r'^ *"(.+)", # (.+)$', text, flags=re.MULTILINE)


def _share(part: int, whole: int) -> str:
    return f"{part * 1000 // whole / 10}%" if whole else "—"


def _code(text: str) -> str:
    shown = " ".join(text.split()).replace("|", "\\|")
    shown = shown if len(shown) <= 160 else f"{shown[:157]}……"
    return f"``{shown}``" if shown else "(去掉)"
