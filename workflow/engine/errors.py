"""How starflow says no: one root error, one class per thing a caller can do something about.

A class's docstring is its default message for developers; the reasons are sentences for the clerk, each with the rule it
comes from. Which exit code and HTTP status a class has stands in `starflow.service.answers`, not here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from errno import errorcode
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of a refusal and the rule that it rests on."""

    text: str
    cite: str | None = None

    def __str__(self) -> str:
        return f"{self.text}({self.cite})" if self.cite else self.text


class StarflowError(Exception):
    """Starflow refused."""

    code: ClassVar[str] = "error"

    def __init__(self, *reasons: str | Reason, current: Mapping[str, Any] | None = None) -> None:
        self.reasons = tuple(r if isinstance(r, Reason) else Reason(r) for r in reasons)
        self.current = dict(current or {})
        super().__init__(self.message)

    @property
    def message(self) -> str:
        return ";".join(str(r) for r in self.reasons) or (type(self).__doc__ or "")


class BadInput(StarflowError):
    """The request cannot be read: a value is missing, malformed or out of range."""

    code = "bad_input"


class Unknown(StarflowError):
    """There is no such thing, or it lies outside the caller's subtree."""

    code = "unknown"


class WrongStage(StarflowError):
    """The cycle's present stage does not offer this trigger."""

    code = "wrong_stage"


class Stale(StarflowError):
    """Somebody else changed the cycle first."""

    code = "stale"


class Refused(StarflowError):
    """A guard of the procedure says: not yet."""

    code = "refused"


class Forbidden(StarflowError):
    """The caller's role, or the kind of database, does not allow this."""

    code = "forbidden"


class Unauthenticated(StarflowError):
    """A bearer token is needed."""

    code = "unauthenticated"


class TooOften(StarflowError):
    """It was tried too often; `current` says after how many seconds it may be tried again."""

    code = "too_often"


class Unavailable(StarflowError):
    """The database or the port cannot be had."""

    code = "unavailable"


class Faulty(StarflowError):
    """A file has faults; every one is listed with its place."""

    code = "faulty"

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(*self.faults)


# ── what the operating system says ───────────────────────────────

SAID_BY_SYSTEM: Mapping[str, str] = {
    "ENOENT": "没有这个文件",
    "ENOTDIR": "没有这个文件夹",
    "EISDIR": "这是一个文件夹",
    "EACCES": "没有权限",
    "EPERM": "没有权限",
    "EROFS": "所在的盘是只读的",
    "ENOSPC": "磁盘已满",
    "EDQUOT": "空间配额已满",
    "ENAMETOOLONG": "名称太长",
    "EEXIST": "已经有了",
    "EBUSY": "正被别的程序占用",
    "EIO": "读写出错,请检查磁盘",
}


def because(error: OSError) -> str:
    """Why the system would not do it, in the clerk's words; what is not foreseen keeps its number for the operator."""
    name = errorcode.get(error.errno or 0, "")
    return SAID_BY_SYSTEM.get(name, f"系统错误{name or error.errno}")
