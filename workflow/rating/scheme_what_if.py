"""What would be if a scheme said something else: `level.5.min=85` put into the parsed file before it is read.

A place is named as `[assumed]` names it. The new value takes the form of the old one: quoted where the old one is quoted, so
that nobody has to type quotes into a shell.
"""

import tomllib
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from workflow.engine.errors import BadInput
from workflow.rating.scheme_unknown import path_named


def with_settings(said: dict[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """The file with every `key=value` in its place. Raises BadInput with each one that cannot be put anywhere."""
    changed, faults = deepcopy(said), []
    for setting in settings:
        name, equals, value = (part.strip() for part in setting.partition("="))
        holder, key = _place(changed, name)
        if not equals or not value:
            faults.append(f"“{setting}”应写成 键=值,如 level.5.min=85")
        elif holder is None:
            faults.append(
                f"方案里没有“{name}”这一处;写成如 level.5.min、score.weights.survey、quota.五星名额的代码.ratio"
            )
        else:
            holder[key] = _value(value, holder.get(key))
    if faults:
        raise BadInput(*faults)
    return changed


def _place(said: dict[str, Any], name: str) -> tuple[dict[str, Any] | None, str]:
    """The table in which the key stands, or may be written."""
    table, _, key = name.rpartition(".")
    path = path_named(said, table) if table else None
    here: Any = said
    for part in path or ():
        here = here[part]
    return (here if path and isinstance(here, dict) else None), key


def _value(text: str, old: Any) -> Any:
    if isinstance(old, str):
        return text.strip("\"'")
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
