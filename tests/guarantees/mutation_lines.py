"""Which tests run which line of workflow/. A plug-in of pytest that watches them once, and what mutation.py asks of it.

mutmut knows who calls a function; where a fixture does, that is everybody. A line is told apart by those who come to it, and what
a fixture comes to is charged to each test that leans on that fixture.
"""

import ast
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import coverage
import pytest

from tests.guarantees.mutation_plugin import forget

LINES = "MUTATION_LINES"
"""In the environment: where to write {file: {line: [tests]}}."""

watch = coverage.Coverage(data_file=None, config_file=False, source=["workflow"])
leaning: dict[str, set[str]] = defaultdict(set)
"""Test or fixture → the tests that lean on it."""


def pytest_configure(config: pytest.Config) -> None:
    watch.start()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Function) -> None:
    forget()
    for place in (item.nodeid, *_fixtures(item)):
        leaning[place].add(item.nodeid)
    watch.switch_context(item.nodeid)


def _fixtures(item: pytest.Function) -> Iterator[str]:
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        yield from map(_named, definitions)


def _named(fixture: pytest.FixtureDef[object]) -> str:
    return f"fixture {fixture.argname} of {fixture.baseid}"


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest) -> Iterator[None]:
    watch.switch_context(_named(fixturedef))
    try:
        return (yield)
    finally:
        watch.switch_context(_innermost(request))


def _innermost(request: pytest.FixtureRequest) -> str:
    """Who asked for the fixture: another one, or the test."""
    above = getattr(request, "_parent_request", None)
    asking = getattr(above, "_fixturedef", None)
    return _named(asking) if asking is not None else request._pyfuncitem.nodeid


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    watch.switch_context("")


def pytest_sessionfinish() -> None:
    watch.stop()
    data = watch.get_data()
    found = {
        str(Path(file).relative_to(Path.cwd())): {
            line: sorted({test for place in places for test in leaning[place]})
            for line, places in data.contexts_by_lineno(file).items()
        }
        for file in sorted(data.measured_files())
    }
    Path(os.environ[LINES]).write_text(json.dumps(found), encoding="utf-8")


# ── what is asked of it ──────────────────────────────────────────


def who_runs(lines: Mapping[str, Mapping[str, list[str]]], path: str, function: str, was: str) -> frozenset[str]:
    """The tests that come to a line of this function that reads so; nobody, where it is not known."""
    ran, said = lines.get(path, {}), Path(path).read_text(encoding="utf-8").splitlines()
    first, last = _span(path, function)
    places = [number for number in range(first, last + 1) if said[number - 1].strip() == was]
    return frozenset(test for place in places for test in ran.get(str(place), ()))


@cache
def _span(path: str, function: str) -> tuple[int, int]:
    return {name: (node.lineno, node.end_lineno or 0) for name, node in _functions(path)}.get(function, (1, 0))


def _functions(path: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Of a module and of its classes, as `name` and `Class.name`."""
    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{one.name}", one) for one in node.body if isinstance(one, ast.FunctionDef))
