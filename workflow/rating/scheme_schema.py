"""The JSON Schema of a scheme file, so that an editor completes keys, shows their meaning and underlines what is wrong.

It is pydantic's schema of the model, said more fully: every key with its meaning and example, one value where a list may be
left without brackets, and `{ unknown = true }` wherever a value may stand that the source does not give.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from workflow.rating.scheme_keys import key_of
from workflow.rating.scheme_model import entries, kinds, offered
from workflow.rating.scheme_tables import Scheme
from workflow.rating.scheme_values import Closed, listed

UNKNOWN: dict[str, Any] = {
    "type": "object",
    "properties": {"unknown": {"const": True}},
    "required": ["unknown"],
    "additionalProperties": False,
}


def scheme_schema() -> dict[str, Any]:
    """Draft 2020-12, as pydantic writes it."""
    schema = Scheme.model_json_schema()
    models = schema["$defs"] | {"Scheme": schema}
    models["Unknown"] = schema["$defs"]["Unknown"] = UNKNOWN
    for path, model, name, field in _keys():
        properties = models[model.__name__]["properties"]
        properties[name] = _said_fully(properties[name], path, field)
    stages = schema["properties"]["stage"]
    _many_kinds(stages)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "starflow scheme · 方案文件"} | schema


def _keys() -> Iterator[tuple[str, type[Closed], str, FieldInfo]]:
    """Every key of every model once, with the first path on which it stands."""
    seen = set()
    for entry in entries().values():
        for model in kinds() if entry.table == "stage" else (entry.model,):
            if entry.key in model.model_fields and (model, entry.key) not in seen:
                seen.add((model, entry.key))
                yield entry.path, model, entry.key, model.model_fields[entry.key]


def _said_fully(said: dict[str, Any], path: str, field: FieldInfo) -> dict[str, Any]:
    if not offered(field):
        return {"not": {}}
    key = key_of(path)
    plain = {name: value for name, value in said.items() if name not in ("title", "default", "description")}
    ways = [way for way in _ways(plain) if way != {"type": "null"}]
    if any(isinstance(one, BeforeValidator) and one.func is listed for one in _metadata(field)):
        ways += [way["items"] for way in ways if way.get("type") == "array" and "items" in way]
    told = {"description": f"{key.zh}\n{key.en}"} if key else {}
    default = {"default": said["default"]} if said.get("default") not in (None, [], {}, "") else {}
    top = path in ("scheme", "assumed") or path.endswith((".kind", ".name"))
    ways = ways if top else [*ways, {"$ref": "#/$defs/Unknown"}]
    return {**(ways[0] if len(ways) == 1 and "$ref" not in ways[0] else {"anyOf": ways}), **told, **default}


def _metadata(field: FieldInfo) -> list[Any]:
    """Also of the inner annotation of a field that may be absent."""
    inner = [one for part in getattr(field.annotation, "__args__", ()) for one in getattr(part, "__metadata__", ())]
    return [*field.metadata, *inner]


def _ways(said: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = said["anyOf"] if set(said) == {"anyOf"} else [said]
    return found


def _many_kinds(stages: dict[str, Any]) -> None:
    """A stage's kind may stand in its name alone, so that several kinds may fit; one is enough."""
    for way in stages.get("anyOf", [stages]):
        if "items" in way:
            way["items"] = {"anyOf": way["items"].pop("oneOf")}
