"""Where a key stands in a TOML file, so that a fault can be found by the person who has to mend it.

The parser of the standard library forgets lines, so the text is scanned once for headers and keys. A value inside an
inline table is placed at the line of its key: near enough to find it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]

HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
TITLES = (("name", "{}"), ("code", "{}"), ("star", "{}星"))
"""By which key an entry of a list of tables is called, and how."""


@dataclass(frozen=True)
class Places:
    """The lines of a file's keys with their columns, and the values read from it."""

    lines: Mapping[Path, int] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[Path, int] = field(default_factory=dict)
    text: tuple[str, ...] = ()

    def of(self, path: Sequence[str | int]) -> str:
        """`第12行 stage[3] rating.review.due`; without a line where the key does not stand in the file."""
        line = self.line(path)
        return f"第{line}行 {self.words(path)}" if line else self.words(path)

    def line(self, path: Sequence[str | int]) -> int | None:
        whole = tuple(path)
        return next((self.lines[whole[:n]] for n in range(len(whole), 0, -1) if whole[:n] in self.lines), None)

    def position(self, path: Sequence[str | int]) -> tuple[int | None, int | None]:
        """Line and column, counted from 1; a key of an inline table is looked for in the line of its table."""
        whole = tuple(path)
        known = next((whole[:n] for n in range(len(whole), 0, -1) if whole[:n] in self.lines), None)
        if known is None:
            return None, None
        line, column = self.lines[known], self.columns.get(known, 1)
        for part in whole[len(known) :]:
            inner = re.compile(rf"\b{re.escape(str(part))}\s*=").search(self.text[line - 1], column)
            column = inner.start() + 1 if inner and isinstance(part, str) else column
        return line, column

    def words(self, path: Sequence[str | int]) -> str:
        """The path as people read it: an entry of a list of tables also bears its name."""
        text, here = "", self.said
        for part in path:
            here = _below(here, part)
            title = _title(here) if isinstance(part, int) else ""
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
            text += f" {title}" if title else ""
        return text


def places_in(text: str, said: Mapping[str, Any]) -> Places:
    """Scan a TOML text that has been parsed to `said`."""
    lines: dict[Path, int] = {}
    columns: dict[Path, int] = {}
    whole = tuple(text.split("\n"))
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(whole, 1):
        if header := HEADER.match(line):
            table = _opened(header[1] == "[[", _parts(header[2]), counts)
            lines.setdefault(_parts(header[2]), number)
            lines.setdefault(table, number)
            columns.setdefault(table, header.start(1) + 1)
        elif key := KEY.match(line):
            lines.setdefault(table + _parts(key[1]), number)
            columns.setdefault(table + _parts(key[1]), key.start(1) + 1)
    return Places(lines, said, columns, whole)


def _opened(is_list: bool, parts: Path, counts: dict[Path, int]) -> Path:
    """The path of a header: below a list of tables, its newest entry is meant."""
    path: Path = ()
    for part in parts[:-1]:
        path += (part,)
        path += (counts[path],) if path in counts else ()
    path += parts[-1:]
    if is_list:
        counts[path] = counts.get(path, -1) + 1
        return (*path, counts[path])
    return path


def _parts(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", dotted))


def _below(here: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return here[part] if isinstance(here, (list, tuple)) and part < len(here) else None
    return here.get(part) if isinstance(here, Mapping) else None


def _title(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return ""
    return next((words.format(entry[key]) for key, words in TITLES if type(entry.get(key)) in (str, int)), "")
