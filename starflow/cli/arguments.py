"""What stands on a command line: the arguments and options that many commands share, and how each text is read.

Every reader says no in a sentence of its own; none of typer's types is used, because theirs speak English.
"""

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from starflow.cli.completion import codes, triggers
from workflow.engine.errors import BadInput, Unknown

LIGHTS = ("black", "red", "yellow", "green", "blue", "grey")
ROLES = ("organisation", "superior", "department", "committee", "city", "anyone")
OWNERS = ("organisation", "superior", "department", "committee", "city", "leader", "clock")
MOST = 9_223_372_036_854_775_807
DEFAULT_SCHEME = "anyang-five-star"


# ── readers ──────────────────────────────────────────────────────


def read_year(said: str) -> int:
    if not re.fullmatch(r"[0-9]{4}", said):
        raise BadInput(f"年度应是四位数字,例如 2027,不是“{said}”")
    return int(said)


def read_number(said: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", said) or int(said) > MOST:
        raise BadInput(f"应是不小于零的整数,不是“{said}”")
    return int(said)


def read_limit(said: str) -> int:
    if not (number := read_number(said)):
        raise BadInput("--limit 至少是1")
    return number


def read_days(said: str) -> int:
    """14d, 14天 or 14."""
    found = re.fullmatch(r"([0-9]{1,4})(?:d|天)?", said)
    if found is None:
        raise BadInput(f"天数写成 14d,不是“{said}”")
    return int(found[1])


def read_day(said: str) -> date:
    try:
        return date.fromisoformat(said) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", said) else date.fromisoformat("")
    except ValueError:
        raise BadInput(f"日期写成 2027-06-05,不是“{said}”") from None


def read_instant(said: str) -> datetime:
    """A date is its 00:00; an instant without offset waits for the scheme's zone (`opening.localised`)."""
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise BadInput(f"时间写成 2027-06-05T09:00 或 2027-06-05,不是“{said}”") from None
    if not 1971 <= found.year <= 2300:
        raise BadInput(f"时间{said}不在1971年至2300年之间")
    return found


def read_data(said: str) -> dict[str, Any]:
    """JSON, or @ and the file that holds it; @- is standard input."""
    source = said
    if said.startswith("@"):
        source = typer.get_text_stream("stdin").read() if said == "@-" else read_text(said[1:])
    try:
        found = json.loads(source.removeprefix("\ufeff"), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise BadInput(f"--data 不是JSON:第{error.lineno}行第{error.colno}列读不下去") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets nested by the thousand
        raise BadInput("--data 不是JSON:数字过长或嵌套过深") from None
    if not isinstance(found, dict):
        raise BadInput('--data 应是一个JSON对象,例如 {"star": 5}')
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would let the last of two equal keys win in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadInput("--data 里同一个键写了两次")
    return found


def read_text(name: str) -> str:
    """The text of a file; Unknown where there is none, BadInput where it is no text."""
    path = Path(name)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"文件“{name}”不是UTF-8编码的文字") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise Unknown(f"读不到文件“{name}”:{getattr(error, 'strerror', None) or error}") from None


def write_bytes(name: str, content: bytes) -> None:
    try:
        Path(name).write_bytes(content)
    except (OSError, ValueError) as error:
        raise BadInput(f"写不了文件“{name}”:{getattr(error, 'strerror', None) or error}") from None


def read_light(said: str) -> str:
    return _one_of("灯", said, LIGHTS)


def read_owner(said: str) -> str:
    return _one_of("办理者", said, OWNERS)


def read_form(said: str) -> str:
    return _one_of("格式", said, ("text", "markdown", "mermaid"))


def read_role(said: str) -> str:
    if said == "clock":
        return said  # refused by the one door, in its own words
    return _one_of("身份", said, ROLES)


def _one_of(what: str, said: str, known: Iterable[str]) -> str:
    if said not in known:
        raise BadInput(f"{what}没有“{said}”,可选:{'、'.join(known)}")
    return said


# ── arguments and options ────────────────────────────────────────

Code = Annotated[str, typer.Argument(metavar="CODE", help="组织编码", autocompletion=codes)]
Trigger = Annotated[str, typer.Argument(metavar="TRIGGER", help="动作,例如 declare;用 why 查看", autocompletion=triggers)]
Year = Annotated[
    int | None, typer.Option("--year", metavar="YYYY", parser=read_year, help="年度;不写则为最近一次在办的年度")
]
TheYear = Annotated[int, typer.Argument(metavar="YEAR", parser=read_year, help="年度")]
Under = Annotated[
    str | None, typer.Option("--under", metavar="CODE", help="只看这个组织及其下级", autocompletion=codes)
]
Stage = Annotated[
    str | None, typer.Option("--stage", metavar="S", help="只看这个环节,例如 rating.review 或 review")
]
Light = Annotated[
    str | None,
    typer.Option("--light", metavar="L", parser=read_light, help="只看这种灯:red、yellow、blue、green、grey、black"),
]
Owner = Annotated[
    str | None,
    typer.Option("--owner", metavar="ROLE", parser=read_owner, help="只看由这种身份办理的"),
]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", parser=read_limit, help="最多列出这么多行")]
After = Annotated[str | None, typer.Option("--after", metavar="NEXT", help="从上一页给出的 next 处继续")]
By = Annotated[str | None, typer.Option("--by", metavar="PERSON", help="代谁办理:人员编号或邮箱;正式数据库办理环节时必填")]
As = Annotated[
    str,
    typer.Option(
        "--as", metavar="ROLE", parser=read_role,
        help="以什么身份:organisation、superior、department、committee、city、anyone",
    ),
]  # fmt: skip
Data = Annotated[
    dict[str, Any] | None,
    typer.Option("--data", metavar="JSON|@FILE", parser=read_data, help="要填的内容:JSON,或 @文件,或 @- 从标准输入读"),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由")]
Key = Annotated[str | None, typer.Option("--key", metavar="K", help="幂等键:重复提交时返回第一次的结果")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只看会怎样,不写入")]
SchemeName = Annotated[str, typer.Option("--scheme", metavar="S", help="方案名称或文件")]
