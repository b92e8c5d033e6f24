"""A small typed Python client, printed from the OpenAPI of this very version: one file, the standard library, no more.

Every route is one method, every answer a TypedDict; a refusal is an exception with all its reasons. `starflow client --out FILE`.
"""

import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from starflow import __version__
from starflow.web.openapi import document

Schema = Mapping[str, Any]
API = "/api/v1"
FILE = "bytes"
"""What an operation answers that leaves in several forms, as a list to take away does."""

HEAD = '''"""A client of starflow {version}, printed from its API by `starflow client`; do not edit.

    from {module} import Client
    with_token = Client("https://example.org", token="…")
    for row in with_token.get_stuck(under="D01")["rows"]:
        print(row["name"], row["missing"])
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Literal, TypedDict, cast

SECONDS = 30


class Refused(Exception):
    """The server said no: the status, the kind of refusal, and every reason as a sentence."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.reasons = [str(reason.get("text", "")) for reason in problem.get("reasons", [])]
        self.current = problem.get("current")
        super().__init__("; ".join(self.reasons) or str(problem.get("title", status)))

'''
CLASS = '''
class Client:
    """One server and one token. A key makes a repeated act return the first answer."""

    def __init__(self, url: str, *, token: str) -> None:
        self._url, self._token = url.rstrip("/"), token

    def _ask(self, method: str, path: str, query: dict[str, Any], body: Any = None, key: str | None = None) -> Any:
        return json.loads(self._fetch(method, path, query, body, key))

    def _fetch(self, method: str, path: str, query: dict[str, Any], body: Any = None, key: str | None = None) -> bytes:
        said = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items() if value is not None}
        address = self._url + path + ("?" + urllib.parse.urlencode(said) if said else "")
        headers = {"Authorization": "Bearer " + self._token}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return cast(bytes, answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                text = refusal.read()
            try:
                problem = json.loads(text)
            except ValueError:
                problem = {}
            raise Refused(refusal.code, problem) from None
'''


def client_source(module: str = "starflow_client") -> str:
    """The source of the client, by the routes that this program has."""
    from starflow.web.app import routed

    described = document(routed(FastAPI(title="starflow", version=__version__)))
    schemas = described["components"]["schemas"]
    parts = [HEAD.format(version=__version__, module=module), *_types(schemas), CLASS]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if path.startswith(API):
                parts.append(_method(method, path, operation))
    return "\n".join(parts) + "\n"


# ── types ────────────────────────────────────────────────────────


def _types(schemas: Mapping[str, Schema]) -> Iterator[str]:
    """In the functional form, because keys such as `from` are no names of attributes."""
    for name, schema in schemas.items():
        if schema.get("type") == "object" and "properties" in schema:
            required = set(schema.get("required", ()))
            keys = (f"    {key!r}: {_type(one)!r}," for key, one in schema["properties"].items())
            total = "" if required == set(schema["properties"]) else ", total=False"
            yield f"{_name(name)} = TypedDict({_name(name)!r}, {{\n" + "\n".join(keys) + f"\n}}{total})\n"
        else:
            yield f"{_name(name)} = {_plain(schema)}\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return f"Literal[{', '.join(repr(value) for value in schema['enum'])}]"
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(map(_type, schema[union])))
    if schema.get("type") == "array":
        return f"list[{_type(schema.get('items', {}))}]"
    return _plain(schema)


def _plain(schema: Schema) -> str:
    known = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
    return known.get(str(schema.get("type")), "dict[str, Any]" if schema.get("type") == "object" else "Any")


def _name(name: str) -> str:
    return re.sub(r"\W", "_", name)


# ── calls ────────────────────────────────────────────────────────


def _method(method: str, path: str, operation: Schema) -> str:
    words = [word for word in re.split(r"[/{}]+", path.removeprefix(API)) if word]
    in_path = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"]
    name = "_".join((method, *(word for word in words if word not in in_path))) if words else method
    if in_path and words[-1] == in_path[-1]:
        name += "_by_" + _name(in_path[-1])
    query = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    body = operation.get("requestBody")
    given = [f"{_argument(one)}: {'int' if one in ('id',) else 'str'}" for one in in_path]
    named = [f"{_argument(one['name'])}: {_optional(one)} = None" for one in query]
    if body:
        given.append(f"body: {_body_type(body)}")
        named.append("key: str | None = None")
    arguments = ", ".join(["self", *given, *(["*", *named] if named else [])])
    asked = "{" + ", ".join(f"{one['name']!r}: {_argument(one['name'])}" for one in query) + "}"
    filled = re.sub(r"\{(\w+)\}", lambda one: "{urllib.parse.quote(str(" + _argument(one[1]) + "), safe='')}", path)
    where = f'f"{filled}"' if in_path else repr(path)
    more = ", body, key" if body else ""
    answer = _answer_type(operation)
    summary = str(operation.get("summary", "")).replace('"', "'")
    return (
        f"    def {_name(name)}({arguments}) -> {answer}:\n"
        f'        """{summary}"""\n'
        f"        return {_cast(answer, f'({method.upper()!r}, {where}, {asked}{more})')}\n"
    )


def _cast(answer: str, asked: str) -> str:
    return f"self._fetch{asked}" if answer == FILE else f"cast({answer!r}, self._ask{asked})"


def _argument(name: str) -> str:
    name = _name(name)
    return f"{name}_" if keyword.iskeyword(name) or name in ("self", "body", "key") else name


def _optional(parameter: Schema) -> str:
    kinds = _type(parameter.get("schema", {})).split(" | ")
    return " | ".join([*(kind for kind in kinds if kind != "None"), "None"])


def _body_type(body: Schema) -> str:
    content = body.get("content", {}).get("application/json", {})
    return _type(content.get("schema", {})) if content else "dict[str, Any]"


def _answer_type(operation: Schema) -> str:
    found = operation["responses"].get("200", {}).get("content", {})
    if set(found) - {"application/json"}:
        return FILE
    content = found.get("application/json", {})
    return _type(content.get("schema", {})) if content else "Any"
