"""What a source leaves open stays open: `{ unknown = true }` in the file, and the value a rehearsal may assume beside it.

    due = { unknown = true }                     in [[stage]] rating.review
    "stage.rating.review.due" = "03-31"          in [assumed]

The assumed values are put in before the scheme is read, so that everything else sees a whole scheme; `Scheme.undecided` lists
them, and nobody can open a campaign in earnest while there are any. To decide, one writes the value where it belongs and takes
the line out of `[assumed]`.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from workflow.rating.scheme_places import Path

ASSUMED = "assumed"
KEYS = ("name", "code", "star", "title")
"""By which key an entry of a list of tables is named, the first that it has."""

Fault = tuple[Path, str]


@dataclass(frozen=True, slots=True)
class Undecided:
    """Something the source does not say: its dotted name, its place in the file, and what a rehearsal assumes."""

    name: str
    path: Path
    assumed: Any

    @property
    def written(self) -> str:
        """The assumed value as the file would have it."""
        return in_toml(self.assumed)


def in_toml(value: Any) -> str:
    match value:
        case Mapping():
            return "{ " + ", ".join(f"{key} = {in_toml(one)}" for key, one in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(in_toml, value)) + "]"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
    return str(value)


def with_assumptions(said: dict[str, Any]) -> tuple[dict[str, Any], tuple[Undecided, ...], tuple[Fault, ...]]:
    """The file with every unknown value filled in, what was filled in, and what could not be."""
    open_ = tuple(_unknowns(said, ()))
    written = said.get(ASSUMED)
    assumed: Mapping[str, Any] = written if isinstance(written, Mapping) else {}
    filled, found, faults = deepcopy(said), [], []
    for path in open_:
        name = dotted(said, path)
        if name not in assumed:
            faults.append((path, f'原文没有写明(unknown),[assumed]里也没有演练暂用的值:应写 "{name}" = …'))
            continue
        found.append(Undecided(name, path, assumed[name]))
        _put(filled, path, assumed[name])
    names = {one.name for one in found}
    for name in assumed:
        if name not in names:
            hint = "值已写在原处,这一行应删去" if path_named(said, name) is not None else "方案里没有这一处"
            faults.append(((ASSUMED, name), f"“{name}”没有写成unknown = true:{hint}"))
    return filled, tuple(found), tuple(faults)


def dotted(said: Mapping[str, Any], path: Path) -> str:
    """A place as people name it: an entry of a list by its name, code or star."""
    parts, here = [], said
    for part in path:
        here = here[part]  # type: ignore[index]  # a path through lists and tables
        parts.append(_title(here, part) if isinstance(part, int) else str(part))
    return ".".join(parts)


def path_named(said: Mapping[str, Any], name: str) -> Path | None:
    """The place of a dotted name, None where there is none; a name with dots of its own is tried as a whole first."""
    return _below(said, name)


def _below(here: Any, rest: str | None) -> Path | None:
    if rest is None:
        return ()
    steps: Iterator[tuple[str | int, str, Any]]
    if isinstance(here, Mapping):
        steps = ((key, str(key), value) for key, value in here.items())
    elif isinstance(here, (list, tuple)):
        steps = ((n, _title(value, n), value) for n, value in enumerate(here))
    else:
        return None
    for step, title, value in sorted(steps, key=lambda s: -len(s[1])):
        if rest == title or rest.startswith(f"{title}."):
            below = _below(value, rest[len(title) + 1 :] if rest != title else None)
            if below is not None:
                return (step, *below)
    return None


def _title(entry: Any, number: int) -> str:
    if isinstance(entry, Mapping):
        for key in KEYS:
            if type(entry.get(key)) in (str, int):
                return str(entry[key])
    return str(number)


def _unknowns(here: Any, path: Path) -> Iterator[Path]:
    if isinstance(here, Mapping):
        if here.get("unknown") is True:
            yield path
            return
        for key, value in here.items():
            if not (path == () and key == ASSUMED):
                yield from _unknowns(value, (*path, key))
    elif isinstance(here, list):
        for number, value in enumerate(here):
            yield from _unknowns(value, (*path, number))


def _put(said: Any, path: Path, value: Any) -> None:
    """A table that is unknown as a whole keeps its citation."""
    for part in path[:-1]:
        said = said[part]
    kept = {key: inner for key, inner in said[path[-1]].items() if key != "unknown"}
    said[path[-1]] = {**deepcopy(value), **kept} if isinstance(value, Mapping) else deepcopy(value)
