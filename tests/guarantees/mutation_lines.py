"""Which tests run which line of workflow/. A plug-in of pytest that watches them once, and what mutation.py asks of it.

mutmut knows who calls a function; where a fixture does, that is everybody. A line is told apart by those who come to it.
"""

import ast
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import coverage
import pytest

from tests.guarantees.mutation_plugin import _forget

LINES = "MUTATION_LINES"
"""In the environment: where to write {file: {line: [tests]}}."""

watch = coverage.Coverage(data_file=None, config_file=False, source=["workflow"])


def pytest_configure(config: pytest.Config) -> None:
    watch.start()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    watch.switch_context(item.nodeid)
    _forget()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    watch.switch_context("")


def pytest_sessionfinish() -> None:
    watch.stop()
    data = watch.get_data()
    found = {
        str(Path(file).relative_to(Path.cwd())): {
            line: sorted(filter(None, tests)) for line, tests in data.contexts_by_lineno(file).items()
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
