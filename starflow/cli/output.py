"""What a command gives back, and how it reaches people and programs: one JSON object, or lines and tables.

A command returns a `Result` and never prints; the door prints it. Only progress is shown while a command works, on stderr.
"""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from starflow.cli.words import ENGLISH_DAYS, english, say, told
from workflow.engine.errors import Reason, StarflowError

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Table:
    """Titles and rows of text; on a terminal with lines, otherwise aligned by columns."""

    titles: tuple[str, ...]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """`data` is the object of `--json`, `lines` are for people."""

    data: Mapping[str, Any]
    lines: Sequence[str | Table] = ()
    exit_code: int = 0


def show(result: Result, *, as_json: bool) -> int:
    """Print it and return the exit code."""
    _never_choke(sys.stdout)
    if as_json:
        print(json_of(result.data))
    else:
        for part in result.lines:
            _print_table(part) if isinstance(part, Table) else print(part)
    sys.stdout.flush()  # here, where a closed pipe is still somebody's to answer
    return result.exit_code


def complain(error: StarflowError, exit_code: int, *, as_json: bool) -> int:
    """Say no: the object on stdout for programs, one sentence on stderr for people."""
    if as_json:
        return show(Result(error_shape(error), exit_code=exit_code), as_json=True)
    _never_choke(sys.stderr)
    print(said_in_full(error), file=sys.stderr)
    return exit_code


def said_in_full(error: StarflowError) -> str:
    """One reason is one sentence; several stand below each other."""
    reasons = [_reason(reason) for reason in error.reasons] or [error.message]
    return reasons[0] if len(reasons) == 1 else "\n".join([say("不能办理:"), *(f"  · {text}" for text in reasons)])


def _reason(reason: Reason) -> str:
    return str(Reason(told(reason.text), reason.cite))


def error_shape(error: StarflowError) -> dict[str, Any]:
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "reasons": [{"text": reason.text, "cite": reason.cite} for reason in error.reasons],
            "current": error.current,
        }
    }


def json_of(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    """Instants and dates as ISO 8601, decimals without exponent or trailing zeros (contract §3)."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return decimal_text(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def decimal_text(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _never_choke(stream: Any) -> None:
    """UTF-8, and a character that cannot be written is escaped: an argument may hold any byte."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


# ── tables ───────────────────────────────────────────────────────


def _print_table(table: Table) -> None:
    if sys.stdout.isatty():
        _print_rich(table)
    else:
        print("\n".join(aligned([table.titles, *table.rows])))


def _print_rich(table: Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=box.HEAVY_HEAD)
    for title in table.titles:
        grid.add_column(title, overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(cell, style=LIGHT_STYLES.get(cell[:1], "")) for cell in row))
    Console(file=sys.stdout).print(grid)


def aligned(rows: Iterable[Sequence[str]], *, indent: str = "") -> list[str]:
    """Columns of text; a Chinese character is two columns wide."""
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    return [indent + _line(row, widths) for row in cells]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True))
    return "  ".join(padded).rstrip()


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


# ── progress ─────────────────────────────────────────────────────


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A bar on stderr while something long is done; nothing at all where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield _unseen
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def working(title: str) -> Iterator[None]:
    """A sign of life on stderr for work that cannot say how much of it is left."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(file=sys.stderr).status(title):
        yield


def _unseen(done: int, total: int) -> None:
    """Nobody is watching."""


# ── words for people ─────────────────────────────────────────────

LIGHTS: Mapping[str, tuple[str, str]] = {
    "black": ("✕", "终止"),
    "red": ("■", "逾期"),
    "yellow": ("▲", "滞后"),
    "green": ("●", "按期"),
    "blue": ("◆", "临近"),
    "grey": ("○", "未到"),
}
LIGHT_STYLES: Mapping[str, str] = {"■": "red", "▲": "yellow", "●": "green", "◆": "blue", "○": "dim", "✕": "dim"}
WEEKDAYS = "一二三四五六日"


def light(name: str) -> str:
    """Colour is never alone: a shape and a word (ux §0)."""
    shape, word = LIGHTS[name]
    return f"{shape} {say(word)}"


def day(on: date | None, year: int | None = None) -> str:
    """6月5日(周六), with its year where that is not the one that the reader thinks of; English: Sat 2027-06-05."""
    if on is None:
        return ""
    if english():
        name, month = ENGLISH_DAYS[on.weekday()], on.strftime("%m")
        return f"{name} {on.year}-{month}-{on.day:02}"
    other = f"{on.year}年" if year not in (None, on.year) else ""
    return f"{other}{on.month}月{on.day}日(周{WEEKDAYS[on.weekday()]})"


def deadline(at: datetime | None, year: int | None = None) -> str:
    """The end of a day is 24:00 of that day, not 0:00 of the next."""
    if at is None:
        return ""
    if (at.hour, at.minute, at.second) == (0, 0, 0):
        return f"{day(at.date() - timedelta(days=1), year)}{' 24:00' if english() else '24时'}"
    return moment(at, year)


def moment(at: datetime | None, year: int | None = None) -> str:
    return "" if at is None else f"{day(at.date(), year)} {at:%H:%M}"


def text(value: Any) -> str:
    """A value in a table: absent is blank."""
    return "" if value is None else str(value)
