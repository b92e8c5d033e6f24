"""docs/scheme-format.md, printed from the model: every key with type, unit, default, example and meaning.

The words around the tables stand in scheme-format.md beside the schemes; `<<name>>` is where a printed part goes.

To write it: `python -c "from workflow.rating.scheme_format import format_page; print(format_page(), end='')" > docs/scheme-format.md`
"""

from collections.abc import Callable, Iterator, Mapping

from workflow.rating.figures import CASE, SCORES
from workflow.rating.scheme_keys import SHARED, UNITS, Key, key_of
from workflow.rating.scheme_model import CHOSEN, Entry, entries, offered
from workflow.rating.scheme_model import kinds as kind_models
from workflow.rating.scheme_types import default_of, type_of
from workflow.rating.shelf import page
from workflow.rating.stages import KIND, NAMED

COLUMNS = ("键 key", "类型 type", "单位 unit", "默认 default", "例 example", "含义 meaning")


def format_page() -> str:
    text = page("scheme-format.md")
    for name, printed in PARTS.items():
        text = text.replace(f"<<{name}>>", "\n".join(printed()))
    return text


# ── the tables in the order of the file ──────────────────────────


def _tables() -> Iterator[str]:
    for entry in entries().values():
        if not entry.table:
            yield from _table(entry)


def _table(top: Entry) -> Iterator[str]:
    key = _key(top.path)
    yield f"### {_header(top)}"
    yield ""
    yield f"{key.zh}。{_must(top)[0]}  "
    yield f"{key.en}. {_must(top)[1]}"
    yield ""
    rows = [top] if top.below is None else list(_below(top))
    yield from _grid(rows, top)
    yield ""
    if top.below is not None and top.path != "stage":
        yield from ("```toml", *_sample(top), "```", "")


def _header(top: Entry) -> str:
    if top.below is None:
        return f"`[{top.path}]`"
    return f"`[[{top.path}]]`" if top.repeated else f"`[{top.path}.名称]`" if top.named else f"`[{top.path}]`"


def _must(top: Entry) -> tuple[str, str]:
    if top.required:
        return "必须写。", "Required."
    return "可以不写,不写即没有这项规定。", "May be left out; then there is no such rule."


def _below(top: Entry) -> Iterator[Entry]:
    """Every key of the table and of the tables in it; what is explained once stands in its own section."""
    for entry in entries().values():
        inside = entry.path.removeprefix(f"{top.path}.")
        if inside != entry.path and not any(part in SHARED for part in inside.split(".")[:-1]):
            yield entry


def _grid(rows: list[Entry], top: Entry) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---|---|---|---|---|---|"
    for entry in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in _cells(entry, top)) + " |"


def _cells(entry: Entry, top: Entry) -> tuple[str, ...]:
    key, (zh, en) = _key(entry.path), type_of(entry)
    name = entry.path.removeprefix(f"{top.path}.").removeprefix(f"{CHOSEN}.") if entry is not top else "名称"
    only = f"<br>仅 only: {', '.join(entry.kinds)}" if entry.kinds and entry.table == "stage" else ""
    return (
        f"`{name}`",
        zh if zh == en else f"{zh}<br>{en}",
        f"{key.unit} {UNITS[key.unit]}" if key.unit else "",
        {"!": "必填 required", "–": "–"}.get(said := default_of(entry.field), f"`{said}`"),
        f"`{key.example}`" if key.example else "",
        f"{key.zh}<br>{key.en}{only}",
    )


def _sample(top: Entry) -> Iterator[str]:
    """The table as it may stand in a file, made of the examples; what excludes each other is left to the reader."""
    yield f"[[{top.path}]]" if top.repeated else f"[{top.path}.declare]" if top.named else f"[{top.path}]"
    prefix = f"{top.path}.{CHOSEN}" if top.named else top.path
    for entry in entries().values():
        if entry.table == prefix and entry.required and (key := _key(entry.path)).example:
            yield f"{entry.key} = {key.example}"
    if "cite" in {entry.key for entry in entries().values() if entry.table == prefix and not entry.required}:
        yield f"cite = {_key('cite').example}"


# ── what is explained once ───────────────────────────────────────


def _shared() -> Iterator[str]:
    for name, where in (("cite", "level.cite"), ("when", "stage.when"), ("needs", "level.needs")):
        yield f"### `{name}`"
        yield ""
        top = entries()[where]
        rows = [entry for entry in entries().values() if entry.path.startswith(f"{where}.")]
        yield from _grid(rows, top)
        yield ""


def _kinds() -> Iterator[str]:
    yield "| 类 kind | 名称 | 可以办什么 acts | 出口(在方案里写明去处) exits | 自己的键 own keys |"
    yield "|---|---|---|---|---|"
    for model in kind_models():
        kind = KIND[str(model.model_fields["kind"].default)]
        acts = "、".join(f"{act.title} `{act.trigger}`" for act in kind.acts)
        exits = ", ".join(f"`{act.trigger}`" for act in kind.acts if act.to == NAMED)
        own = [e.key for e in entries().values() if e.table == "stage" and kind.name in e.kinds and len(e.kinds) < 9]
        keys = ", ".join(f"`{name}`" for name in own if name not in exits and offered(model.model_fields[name]))
        yield f"| `{kind.name}` | {kind.title} | {acts or '–'} | {exits or '–'} | {keys or '–'} |"


def _figures() -> Iterator[str]:
    yield "| 数 figure | 是什么 |"
    yield "|---|---|"
    for name, words in {**SCORES, **CASE}.items():
        yield f"| `{name}` | {words} · {FIGURES_EN.get(name, name)} |"
    for name, words in FIGURES.items():
        yield f"| `{name}` | {words} |"


FIGURES_EN: Mapping[str, str] = {
    "superior": "the reviewer's score",
    "self": "the organisation's own score",
    "survey": "satisfaction of the survey, out of 100",
    "base": "what bonuses and deductions are added to",
    "bonus": "all bonus points",
    "deduction": "all deducted points, as a positive number",
    "lowest_sheet": "lowest score among the sheets",
    "satisfaction": "satisfaction in per cent",
    "turnout": "members' turnout in per cent",
    "held": "level in force",
    "claimed": "level claimed by the organisation",
    "target": "level declared as the aim at the beginning of the year",
    "years_rated": "years rated without a break",
    "age_months": "months since it was founded",
    "members": "members",
}
FIGURES: Mapping[str, str] = {
    "total": "总分 · the total (in conditions only)",
    "sheet.代码": "那张评分表的得分 · score of that sheet",
    "criterion.代码": "那一项指标的得分 · score of that line",
    "points.代码": "那一项加分或扣分 · points of that bonus or deduction",
    "counter.代码": "那个计数 · that counter",
    "years_at.星": (
        "连续评为这一等次及以上的年数,数到所评年度的上一年;“上两年”写成不低于2"
        " · years without a break at this level or above, up to the year before the rated one"
    ),
    "component 的 code": "[[component]] 里已经算出的数 · a component above",
}


def _key(path: str) -> Key:
    key = key_of(path)
    assert key is not None, path  # a test finds it first
    return key


PARTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "tables": _tables,
    "shared": _shared,
    "kinds": _kinds,
    "figures": _figures,
    "smallest": lambda: iter((page("smallest.toml").rstrip(),)),
}
