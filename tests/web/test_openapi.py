"""The documentation is whole: every operation has examples that are true, and says how it may refuse."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from starflow.web import examples, matters, problems
from starflow.web.acts import ACTS
from starflow.web.app import ROUTERS, create_app
from starflow.web.openapi import document
from starflow.web.page import api_page
from workflow.engine.machine import CLOCK
from workflow.rating.stages import KINDS

APP: FastAPI = create_app(None)  # type: ignore[arg-type]  # nothing is asked of the desk
ROUTES = [route for router in ROUTERS for route in router.routes]


@cache
def documented() -> dict[str, Any]:
    return document(APP)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in documented()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_it_is_an_openapi_document() -> None:
    made = documented()

    assert made["openapi"].startswith("3.1")
    assert made["info"]["title"] == "starflow 争星"
    assert made["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_every_reference_leads_somewhere() -> None:
    schemas = documented()["components"]["schemas"]

    assert {name for name in references(documented()) if name not in schemas} == set()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].removeprefix("#/components/schemas/")
        for below in value.values():
            yield from references(below)
    elif isinstance(value, list):
        for below in value:
            yield from references(below)


def test_operation_ids_are_unique_and_path_parameters_are_declared() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    declared = [
        (path, {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"})
        for _, path, operation in operations()
    ]

    assert len(ids) == len(set(ids))
    assert all({part[1:-1] for part in path.split("/") if part.startswith("{")} == names for path, names in declared)


def test_every_list_and_every_act_of_the_contract_is_there() -> None:
    found = {(method, path.removeprefix("/api/v1")) for method, path, _ in operations()}
    lists = (
        "organisations",
        "campaigns",
        "cycles",
        "stuck",
        "obligations",
        "due",
        "notices",
        "stars",
        "meetings",
        "matters",
        "schemes",
    )
    triggers = {act.trigger for kind in KINDS for act in kind.acts if act.by != CLOCK} | {"exempt", "close_unrated"}

    assert {("GET", f"/{name}") for name in lists} - found == set()
    assert {("GET", f"/cycles/{{code}}{below}") for below in ("", "/why", "/history")} - found == set()
    assert {("POST", f"/cycles/{{code}}/{trigger}") for trigger in triggers} - found == set()
    assert triggers == set(ACTS)


def test_every_operation_has_a_summary_a_model_and_an_example_of_its_answer() -> None:
    bare = []
    for method, path, operation in operations():
        answer = operation["responses"]["200"]["content"]["application/json"]
        if not (operation.get("summary") and operation.get("tags") and answer.get("schema") and "example" in answer):
            bare.append(f"{method} {path}")

    assert bare == []


def test_every_act_has_an_example_of_what_it_is_told() -> None:
    bare = []
    for method, path, operation in operations():
        if method == "POST":
            body = operation["requestBody"]["content"]["application/json"]
            if not (body["schema"] and "example" in body):
                bare.append(path)

    assert bare == []


def test_every_operation_says_how_it_may_refuse() -> None:
    reading, acting = {"400", "401", "403", "404", "503"}, {"400", "401", "403", "404", "409", "413", "422", "503"}
    missing = []
    for method, path, operation in operations():
        expected = (
            {"503"} if path == "/readyz" else set() if path == "/healthz" else acting if method == "POST" else reading
        )
        said = {
            status
            for status, answer in operation["responses"].items()
            if problems.MEDIA_TYPE in answer.get("content", {})
        }
        missing += [] if said >= expected else [(path, expected - said)]

    assert missing == []
    assert "HTTPValidationError" not in str(documented())


def test_what_needs_a_token_says_so() -> None:
    assert {path for _, path, operation in operations() if not operation.get("security")} == {"/healthz", "/readyz"}


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if isinstance(r, APIRoute) and r.include_in_schema], ids=lambda r: r.path
)
def test_the_example_of_an_answer_is_one(route: APIRoute) -> None:
    answer = route.responses[200]

    answer["model"].model_validate(answer["content"]["application/json"]["example"])


@pytest.mark.parametrize("trigger", ACTS)
def test_the_example_of_an_act_is_what_the_act_takes(trigger: str) -> None:
    act, body = ACTS[trigger], dict(examples.BODIES[trigger])
    reason = body.get("reason", "")
    own = act.takes.model_fields if act.takes else {}
    data = {key: value for key, value in body.items() if key in own or key not in ("reason", "expected_version")}

    if act.takes:
        act.takes.model_validate(data)
    assert act.takes or data == {}
    assert not act.needs_reason or reason


@pytest.mark.parametrize("kind", matters.OPENED, ids=lambda kind: kind.name)
def test_the_example_of_a_matter_is_what_its_kind_takes(kind: Any) -> None:
    first = next(act for act in kind.acts if act.trigger == "open")
    data = {key: value for key, value in examples.MATTERS[kind.name].items() if key != "reason"}

    if first.takes:
        first.takes.model_validate(data)
    assert first.takes or data == {}
    assert not first.needs_reason or "reason" in examples.MATTERS[kind.name]


@pytest.mark.parametrize("status", problems.EXAMPLES)
def test_the_example_of_a_problem_is_one(status: int) -> None:
    content = problems.documented(status)[status]["content"][problems.MEDIA_TYPE]

    assert problems.Problem.model_validate(content["example"]).status == status


def test_the_page_of_the_documentation_is_current() -> None:
    assert (Path(__file__).parents[2] / "docs" / "api.md").read_text() == api_page()
