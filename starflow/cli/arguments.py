"""What stands on a command line: the arguments and options that many commands share, and how each text is read.

Every reader says no in a sentence of its own; none of typer's types is used, because theirs speak English.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from starflow.cli.completion import codes, triggers
from starflow.cli.words import say
from workflow.engine.errors import BadInput, Unknown, because

LIGHTS = ("black", "red", "yellow", "green", "blue", "grey")
ROLES = ("organisation", "superior", "department", "committee", "city", "anyone")
OWNERS = ("organisation", "superior", "department", "committee", "city", "leader", "clock")
MOST = 9_223_372_036_854_775_807
DEFAULT_SCHEME = "anyang-five-star"


# ── readers ──────────────────────────────────────────────────────


def read_year(said: str) -> int:
    if not re.fullmatch(r"[0-9]{4}", said):
        raise BadInput(say("年度应是四位数字,例如 2027,不是“{said}”", said=said))
    return int(said)


def read_number(said: str) -> int:
    said = str(said)  # typer hands a default through the reader too
    if not re.fullmatch(r"[0-9]{1,19}", said) or int(said) > MOST:
        raise BadInput(say("应是不小于零的整数,不是“{said}”", said=said))
    return int(said)


def read_version(said: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", said):
        raise BadInput(say("--expect 后面是版本号,例如 3,不是“{said}”", said=said))
    return int(said)


def read_limit(said: str) -> int:
    if not (number := read_number(said)):
        raise BadInput(say("--limit 至少是1"))
    return number


def read_days(said: str) -> int:
    """14d, 14天 or 14."""
    found = re.fullmatch(r"([0-9]{1,4})(?:d|天)?", str(said))
    if found is None:
        raise BadInput(say("天数写成 14d,不是“{said}”", said=said))
    return int(found[1])


def read_day(said: str) -> date:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", said):
        with suppress(ValueError):
            return date.fromisoformat(said)
        raise BadInput(say("没有{said}这一天", said=said))
    raise BadInput(say("日期写成 2027-06-05,不是“{said}”", said=said))


def read_instant(said: str) -> datetime:
    """A date is its 00:00; an instant without offset waits for the scheme's zone (`opening.localised`)."""
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise BadInput(say("时间写成 2027-06-05T09:00 或 2027-06-05,不是“{said}”", said=said)) from None
    if not 1971 <= found.year <= 2300:
        raise BadInput(say("时间{said}不在1971年至2300年之间", said=said))
    return found


def read_data(said: str) -> dict[str, Any]:
    """JSON, or @ and the file that holds it; @- is standard input."""
    source = said
    if said.startswith("@"):
        source = typer.get_text_stream("stdin").read() if said == "@-" else read_text(said[1:])
    try:
        found = json.loads(source.removeprefix("\ufeff"), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise BadInput(
            say("--data 不是JSON:第{line}行第{column}列读不下去", line=error.lineno, column=error.colno)
        ) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets nested by the thousand
        raise BadInput(say("--data 不是JSON:数字过长或嵌套过深")) from None
    if not isinstance(found, dict):
        raise BadInput(say("--data 应是一个JSON对象,用花括号括起来"))
    if not _can_be_kept(found):
        raise BadInput(say("--data 里有不能保存的字符或数字"))
    return found


def _can_be_kept(found: dict[str, Any]) -> bool:
    """No halves of characters, no NUL, no number that JSON does not know: the databases would refuse them later."""
    try:
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return False
    return not any("\0" in text for text in _texts(found))


def _texts(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        yield from (text for pair in found.items() for part in pair for text in _texts(part))
    elif isinstance(found, list):
        yield from (text for part in found for text in _texts(part))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would let the last of two equal keys win in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadInput(say("--data 里同一个键写了两次"))
    return found


def read_text(name: str) -> str:
    """The text of a file; Unknown where there is none, BadInput where it is no text."""
    path = Path(name)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(say("文件“{name}”不是UTF-8编码的文字", name=name)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise Unknown(say("读不到文件“{name}”:{why}", name=name, why=_cause(error))) from None


def write_bytes(name: str, content: bytes, *, private: bool = False) -> None:
    """`private`: nobody else on this machine can read it."""
    try:
        if private:
            Path(name).touch(mode=0o600)
            Path(name).chmod(0o600)
        Path(name).write_bytes(content)
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        why = say("没有这个文件夹") if missing else _cause(error)
        raise BadInput(say("写不了文件“{name}”:{why}", name=name, why=why)) from None


def _cause(error: Exception) -> str:
    return say(because(error)) if isinstance(error, OSError) else say("名称里有空字符")


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
        raise BadInput(say("{what}没有“{said}”,可选:{known}", what=say(what), said=said, known="、".join(known)))
    return said


# ── arguments and options ────────────────────────────────────────

Code = Annotated[str, typer.Argument(metavar="CODE", help="组织编码", autocompletion=codes)]
Trigger = Annotated[
    str, typer.Argument(metavar="TRIGGER", help="动作,例如 declare;用 why 查看", autocompletion=triggers)
]
Year = Annotated[
    int | None, typer.Option("--year", metavar="YYYY", parser=read_year, help="年度;不写则为最近一次在办的年度")
]
TheYear = Annotated[int, typer.Argument(metavar="YEAR", parser=read_year, help="年度")]
Under = Annotated[
    str | None, typer.Option("--under", metavar="CODE", help="只看这个组织及其下级", autocompletion=codes)
]
Stage = Annotated[str | None, typer.Option("--stage", metavar="S", help="只看这个环节,例如 rating.review 或 review")]
Light = Annotated[
    str | None,
    typer.Option("--light", metavar="L", parser=read_light, help="只看这种灯:red、yellow、blue、green、grey、black"),
]
Owner = Annotated[
    str | None,
    typer.Option("--owner", metavar="ROLE", parser=read_owner, help="只看由这种身份办理的"),
]
Where = Annotated[
    str,
    typer.Option(
        "--where", metavar="SEARCH", help="查询语句,与网页相同,例如 “阶段:测评 灯:红 单位:D04”,或名称、编码的一部分"
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", parser=read_limit, help="最多列出这么多行")]
After = Annotated[str | None, typer.Option("--after", metavar="NEXT", help="从上一页给出的 next 处继续")]
By = Annotated[
    str | None, typer.Option("--by", metavar="PERSON", help="代谁办理:人员编号或邮箱;正式数据库办理环节时必填")
]
Second = Annotated[
    str | None,
    typer.Option("--second", metavar="PERSON", help="会签的另一位;正式数据库里有第二个人担任这一职务时必填"),
]
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
Because = Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由")]  # required
Expect = Annotated[
    int | None,
    typer.Option("--expect", metavar="VERSION", parser=read_version, help="只在仍是这一版时办理"),
]
Key = Annotated[str | None, typer.Option("--key", metavar="K", help="幂等键:重复提交时返回第一次的结果")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只看会怎样,不写入")]
SchemeName = Annotated[str, typer.Option("--scheme", metavar="S", help="方案名称或文件")]
