"""What pytest does while mutants are tried: it reads all tests once, and each mutant has a fork of that process.

mutmut asks, of each mutant, only the tests that were seen to call the function. A value that is made once for many tests (a
fixture of the session, a constant of the module, a cache) is made in the first of them alone; here each of them is told to
lean on it. In the fork nothing has been made yet, and the first test that fails ends it. A test that has found a wrong in a
module is asked first about the next ones there: what tells one sum from another tells most of them.
"""

import functools
import gc
import json
import os
import resource
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

WORK = "MUTATION_WORK"
"""In the environment: a file of [mutant, [[test, seconds], …]] lines; beside it `.came` gets a line of [mutant, code, the test that failed]."""
TIME = "MUTATION_TIME"
"""In the environment: seconds and number of tests that each mutant is given."""
CHILDREN = os.cpu_count() or 1
MEMORY = 6 << 30  # a mutant that counts for ever stops here, and the machine goes on
PROCESSOR, CLOCK = "MUTATION_PROCESSOR", 1800
"""Seconds: of the processor, from the environment, because the machine may be busy; and of the clock, for what sleeps."""

made: dict[object, set[str]] = defaultdict(set)
"""Fixture or file of tests → the functions that were called while it was made."""


# ── each mutant in its fork ──────────────────────────────────────


def pytest_configure(config: pytest.Config) -> None:
    if WORK in os.environ:  # that it fails is enough; nobody reads the smallest example or the traceback
        settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate), database=None)
        settings.load_profile("mutants")
        config.option.tbstyle = "native"  # the others parse the whole file, with every mutant in it


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if WORK not in os.environ:
        return None
    work, items = Path(os.environ[WORK]), {item.nodeid: item for item in session.items}
    gc.collect()
    gc.freeze()
    with work.with_suffix(".came").open("a", encoding="utf-8") as came:
        for tried in _all_tried(map(json.loads, work.read_text(encoding="utf-8").splitlines()), items):
            print(json.dumps(tried), file=came, flush=True)
    return True


def _all_tried(
    work: Iterator[tuple[str, list[list[Any]]]], items: Mapping[str, pytest.Item]
) -> Iterator[tuple[str, int, str]]:
    """Each mutant with what came of it, and the test that failed. 0: no test has; 1: one has; less: the signal that has ended it."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    running: dict[int, tuple[str, int]] = {}
    for mutant, tests in work:
        if len(running) == CHILDREN:
            yield _ended(running, found)
        first = _in_order(tests, found[_module(mutant)])
        said, saying = os.pipe()
        if not (child := os.fork()):
            _try(mutant, [items[test] for test in first if test in items], saying)
        os.close(saying)
        running[child] = mutant, said
    while running:
        yield _ended(running, found)


def _ended(running: dict[int, tuple[str, int]], found: Mapping[str, Counter[str]]) -> tuple[str, int, str]:
    child, status = os.wait()
    mutant, said = running.pop(child)
    with os.fdopen(said, encoding="utf-8") as words:
        test = words.read()
    found[_module(mutant)].update(filter(None, [test]))
    return mutant, os.waitstatus_to_exitcode(status), test


def _in_order(tests: list[list[Any]], found: Counter[str]) -> list[str]:
    """Those that have found something in this module before, the most successful first; then as they stand, while time is left."""
    seconds, most = json.loads(os.environ[TIME])
    ordered = sorted(tests, key=lambda one: -found[one[0]])
    until = accumulate(took for _, took in ordered)
    in_time = [test for (test, _), sum_ in zip(ordered, until, strict=True) if sum_ <= seconds]
    return in_time[:most] or [test for test, _ in tests[:1]]


def _module(mutant: str) -> str:
    return mutant.rpartition(".")[0]


def _try(mutant: str, items: list[pytest.Item], saying: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(os.environ[PROCESSOR]),) * 2)
    signal.alarm(CLOCK)
    gc.disable()
    set_mutant_under_test(mutant)
    forget()
    try:
        for item, following in zip(items, [*items[1:], None], strict=True):
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
                os.write(saying, item.nodeid.encode())
                os._exit(1)
    except BaseException:
        os._exit(1)
    os._exit(0)


# ── which tests lean on which functions ──────────────────────────


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
        forget()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Function) -> None:
    if not _counting():
        return
    state()._stats |= made[item.path]
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        for definition in definitions:
            state()._stats |= made[name, definition.baseid]


def _counting() -> bool:
    return os.environ.get("MUTANT_UNDER_TEST") == "stats"


def forget() -> None:
    """Every cache of the product is as empty as in a new process."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith("workflow."):
            for each in vars(module).values():
                if isinstance(each, functools._lru_cache_wrapper):
                    each.cache_clear()
