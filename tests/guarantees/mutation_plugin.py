"""What pytest must know while mutants are tried: nothing is remembered from before, and whoever leans on a function is asked.

mutmut asks, of each mutant, only the tests that were seen to call the function. A value that is made once for many tests (a
fixture of the session, a constant of the module, a cache) is made in the first of them alone; here each of them is told to
lean on it. The quickest tests go first, so that most mutants fall at once.
"""

import functools
import gc
import json
import os
import resource
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest
from mutmut.state import state

MEMORY = 6 << 30  # a mutant that counts for ever stops here, and the machine goes on
NOT_COLLECTED = (
    2,
    4,
)  # pytest: the tests could not be read, or are called otherwise now. They were found without the mutant

SECONDS = float(os.environ.get("MUTATION_SECONDS", "60"))
"""A mutant is given this much of tests, the quickest first; what they do not notice in that time counts as survived."""

made: dict[object, set[str]] = defaultdict(set)
"""Fixture or file of tests → the functions that were called while it was made."""


def pytest_sessionstart() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    _forget()
    if _trying():
        gc.disable()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus in NOT_COLLECTED and _trying():
        session.exitstatus = 1


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    with_others, state()._stats = state()._stats, set()
    try:
        return (yield)
    finally:
        made[collector.path] |= state()._stats
        state()._stats = with_others


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Iterator[None]:
    with_others, state()._stats = state()._stats, set()
    try:
        return (yield)
    finally:
        made[fixturedef.argname, fixturedef.baseid] |= state()._stats
        state()._stats = with_others | state()._stats


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if _counting():
        _forget()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Function) -> None:
    if not _counting():
        return
    state()._stats |= made[item.path]
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        for definition in definitions:
            state()._stats |= made[name, definition.baseid]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _took().get(item.nodeid, 0.0))
    if _trying():
        used = accumulate(_took().get(item.nodeid, 0.0) for item in items)
        items[:] = [item for item, until in zip(items, used, strict=True) if until <= SECONDS]


@functools.cache
def _took() -> dict[str, float]:
    file = Path("mutmut-stats.json")
    return json.loads(file.read_text())["duration_by_test"] if file.exists() else {}


def _trying() -> bool:
    return os.environ.get("MUTANT_UNDER_TEST", "").startswith("workflow.")


def _counting() -> bool:
    return os.environ.get("MUTANT_UNDER_TEST") == "stats"


def _forget() -> None:
    """Every cache of the product is as empty as in a new process."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith("workflow."):
            for each in vars(module).values():
                if isinstance(each, functools._lru_cache_wrapper):
                    each.cache_clear()
