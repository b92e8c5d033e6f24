"""A table on paper: terminal text, Markdown and Mermaid of the same page.

The engine knows rows, payloads and guards; how a stage is called, who works there and by when is said by whoever has the
words (`Heading`). Chinese characters are two columns wide on a terminal, so widths are measured, not counted.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import Any

from workflow.engine.table import OWNER, Row, Table, effected, leads_to, way_of

COLUMNS = ("环节", "办理 · 时限", "可做(须填)", "须满足", "转到")
WORDS = (*COLUMNS, "路径", "图", "情形", "依次经过")
ACT_WIDTH, GUARD_WIDTH = 46, 38
STAYS = "·"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What is printed of a stage besides its rows; a terminal has no room for `title`, `cite` and `more`."""

    name: str
    only: str = ""
    owner: str = ""
    dates: str = ""
    title: str = ""
    cite: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One row in print; `leads` holds the full names of the stages that it can lead to."""

    trigger: str
    title: str
    call: str
    by: str
    guards: tuple[str, ...]
    leads: tuple[str, ...]
    remark: str = ""

    @property
    def told(self) -> str:
        return self.call + (f" ←{self.by}" if self.by else "")

    @property
    def to(self) -> str:
        return " | ".join(map(short, self.leads)) + self.remark if self.leads else STAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One procedure, ready to be printed."""

    title: str
    notes: tuple[str, ...]
    paths: tuple[tuple[str, tuple[str, ...]], ...]
    stages: tuple[tuple[Heading, tuple[Act, ...]], ...]
    everywhere: tuple[tuple[str, Act], ...]
    ends: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=lambda: {word: word for word in WORDS})  # as they are printed


def text(page: Page) -> str:
    """The paths first, then one table."""
    return "\n".join((*_path_lines(page), "", *_table_lines(page)))


def markdown(page: Page) -> str:
    """The same page for a reader with time: with titles, rules and a diagram."""
    said = page.words
    paths = _markdown_table(
        (said["情形"], said["依次经过"]), ((case, " → ".join(map(short, path))) for case, path in page.paths)
    )
    stages = _markdown_table([said[word] for word in COLUMNS], _markdown_rows(page))
    parts = (
        f"# {page.title}",
        page.notes,
        f"## {said['路径']}",
        paths,
        f"## {said['环节']}",
        stages,
        f"## {said['图']}",
        ("```mermaid", mermaid(page), "```"),
    )
    return "\n\n".join(part if isinstance(part, str) else "\n".join(part) for part in parts)


def mermaid(page: Page) -> str:
    """stateDiagram-v2; an act that stays is no edge, an exit that stands everywhere is a note."""
    lines = ["stateDiagram-v2", "    direction TB"]
    lines += [f'    state "{h.title} {h.name}" as {_id(h.name)}' for h, _ in page.stages]
    lines += [f"    [*] --> {_id(page.stages[0][0].name)}"]
    lines += [f"    {_id(at)} --> {_id(to)}: {' / '.join(acts)}" for (at, to), acts in _edges(page).items()]
    lines += [f"    {_id(end)} --> [*]" for end in page.ends]
    lines += [f"    note right of {_id(act.leads[0])} : {where} {act.trigger}" for where, act in page.everywhere]
    return "\n".join(lines)


# ── from the table to what is printed ────────────────────────────


def act_of(table: Table, row: Row, worlds: Iterable[tuple[Any, Any]], title: str = "", remark: str = "") -> Act:
    """One row in print, with the stages that it leads to in these worlds, in the order of the table."""
    led = leads_to(row, worlds) - {row.stage}
    return Act(
        trigger=row.trigger,
        title=title,
        call=f"{row.trigger}({', '.join(fields)})" if (fields := fields_of(row)) else row.trigger,
        by="" if row.by == OWNER else row.by,
        guards=tuple(map(name_of, row.guards)),
        leads=tuple(stage for stage in table.stage if stage in led),
        remark=remark,
    )


def fields_of(row: Row) -> tuple[str, ...]:
    """What must be told, and with a question mark what may be; `to` only where there is a choice."""
    fields = row.takes.model_fields.items() if row.takes else ()
    must = (
        [name for name, field in fields if field.is_required()] + ["to"] * row.chooses + ["reason"] * row.needs_reason
    )
    return (*must, *(f"{name}?" for name, field in fields if not field.is_required() and name != "to"))


def name_of(guard: Callable[..., Any]) -> str:
    return name_of(guard.func) if isinstance(guard, partial) else guard.__name__


def walk(table: Table, start: str, facts: Any, ask: Any, stop: Callable[[str], bool]) -> tuple[str, ...]:
    """The way forward from a stage in one world, as far as the first stage behind it that stops."""
    path: tuple[str, ...] = (start,)
    while row := table.forward(path[-1]):
        facts = effected(row, facts, ask, None)
        dest = row.ways[0].dest if row.named else way_of(row, facts)
        if dest is None or dest in path:
            break
        path += (dest,)
        if stop(dest):
            break
    return path


# ── terminal text ────────────────────────────────────────────────


def pad(words: str, columns: int) -> str:
    return words + " " * (columns - width(words))


def width(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in words)


def short(stage: str) -> str:
    return stage.rpartition(".")[2]


def wrapped(words: str, columns: int) -> list[str]:
    """Cut between words; what goes on below is indented."""
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and width(longer) > columns:
            lines.append(f"  {word}")
        else:
            lines[-1] = longer
    return lines


def _path_lines(page: Page) -> Iterator[str]:
    broad = max(width(case) for case, _ in page.paths) + 2
    yield page.words["路径"]
    yield from (f"  {pad(case, broad)}{' → '.join(map(short, path))}" for case, path in page.paths)


Cells = tuple[str, ...]


def _table_lines(page: Page) -> Iterator[str]:
    rows = [
        tuple(page.words[word] for word in COLUMNS),
        *(cells for heading, acts in page.stages for cells in _block(heading, acts)),
    ]
    rows += [cells for where, act in page.everywhere for cells in _lines((where,), ("",), (act,))]
    broad = [max(width(cells[i]) for cells in rows) + 2 for i in range(len(COLUMNS) - 1)]
    for cells in rows:
        yield ("".join(map(pad, cells, broad)) + cells[-1]).rstrip()


def _block(heading: Heading, acts: Sequence[Act]) -> Iterator[Cells]:
    who = [said for said in (heading.owner, heading.dates) if said]
    return _lines((heading.name, f"  {heading.only}" if heading.only else ""), who, acts)


def _lines(first: Sequence[str], second: Sequence[str], acts: Iterable[Act]) -> Iterator[Cells]:
    third = [cells for act in acts for cells in _act_lines(act)]
    for name, who, cells in zip_longest(first, second, third):
        if name or who or cells:
            yield (name or "", who or "", *(cells or ("", "", "")))


def _act_lines(act: Act) -> Iterator[Cells]:
    columns = (wrapped(act.told, ACT_WIDTH), wrapped(", ".join(act.guards), GUARD_WIDTH), [act.to])
    return zip_longest(*columns, fillvalue="")


# ── Markdown and Mermaid ─────────────────────────────────────────


def _markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _markdown_rows(page: Page) -> Iterator[Cells]:
    for heading, acts in page.stages:
        name = f"**{heading.title}** `{heading.name}`"
        first = "<br>".join(said for said in (name, heading.only, heading.cite) if said)
        second = "<br>".join(said for said in (heading.owner, heading.dates, heading.more) if said)
        for i, act in enumerate(acts or (None,)):
            yield (*((first, second) if i == 0 else ("", "")), *(_markdown_act(act) if act else ("", "", "")))
    for where, act in page.everywhere:
        yield (where, "", *_markdown_act(act))


def _markdown_act(act: Act) -> Cells:
    return (
        f"{act.title} `{act.call}`" + (f" ←{act.by}" if act.by else ""),
        "<br>".join(f"`{guard}`" for guard in act.guards),
        act.to,
    )


def _edges(page: Page) -> Mapping[tuple[str, str], list[str]]:
    edges: dict[tuple[str, str], list[str]] = {}
    for heading, acts in page.stages:
        for act in acts:
            for dest in act.leads:
                edges.setdefault((heading.name, dest), []).append(act.trigger)
    return edges


def _id(stage: str) -> str:
    return stage.replace(".", "__")
