"""/api/v1/openapi.json: what the framework finds out by itself, put right where it knows less than we do."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from starflow.web.problems import Problem

DESCRIPTION = """基层党组织星级创建的全年办理。

- 身份:请求头 `Authorization: Bearer 令牌`。令牌属于一个组织的一种身份;看得到的是本组织及其下级,之外一律404;看得到而不归您办的403。
- 办理:`POST /api/v1/cycles/{组织编码}/{动作}`,请求体是该动作的数据,另可带 `reason` 和 `expected_version`。
- 被别人先办、环节不对:409,`current` 写明现在在哪一步、谁在何时办了什么。条件不具备:422,`reasons` 列出全部理由和依据。
- 重复提交:带 `Idempotency-Key`,同一令牌的同一个键只办一次。
- 清单:`limit` 默认50,最多500;有下一页时回答里有 `next`,原样放进 `next` 参数。
- 时间一律带时区;日期写成 2027-06-05;分数写成字符串。
"""


def document(app: FastAPI) -> dict[str, Any]:
    """Made once per process."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):  # refused with 400, in our own shape
            schemas.pop(name, None)
        _define(schemas, "Problem", Problem.model_json_schema(ref_template="#/components/schemas/{model}"))
        for operations in made["paths"].values():
            for operation in operations.values():
                _mend(operation, schemas)
        app.openapi_schema = made
    return app.openapi_schema


def _mend(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422", "")):
        del answers["422"]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = dict(content["schema"])
        name = schema["title"]
        _define(schemas, name, schema)
        content["schema"] = {"$ref": f"#/components/schemas/{name}"}


def _define(schemas: dict[str, Any], name: str, schema: dict[str, Any]) -> None:
    """A schema under its name, and what it defines within itself beside it."""
    own = {key: value for key, value in schema.items() if key != "$defs"}
    schemas[name] = _referring(own)
    for inner, definition in schema.get("$defs", {}).items():
        schemas[inner] = _referring(definition)


def _referring(value: Any) -> Any:
    """`#/$defs/X` is `#/components/schemas/X` here."""
    if isinstance(value, dict):
        return {key: _referring(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_referring(below) for below in value]
    return value.replace("#/$defs/", "#/components/schemas/") if isinstance(value, str) else value
