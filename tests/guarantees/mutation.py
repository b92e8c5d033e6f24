"""Mutation testing of `workflow/`: small wrongs are put into the code one by one, and some test must notice each. By hand: make mutants.

python -m tests.guarantees.mutation [--only 'workflow.engine.*'] [--again] [--kept]

mutmut makes the mutants and knows which tests call which function; mutation_plugin.py tries them, each in a fork of a process that
has read all tests; this file says who is tried by what, and keeps the figures and the survivors. What has been tried stays tried
(in `mutants/`, not committed) until its function changes. What is changed and by which tests: [tool.mutmut] in pyproject.toml.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatch
from importlib.metadata import version
from itertools import chain
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import mangled_name_from_mutant_name, orig_function_and_class_names_from_key

from tests.guarantees import mutation_lines, mutation_plugin, page, survivors

KILLED, SURVIVED, UNTESTED, NOT_RUN = "killed", "survived", "untested", "not_run"
UNCALLED = 33  # mutmut: no test calls the function
MEANS = {0: SURVIVED, 1: KILLED, UNCALLED: UNTESTED, None: NOT_RUN}
ENDLESS = (-24, -14, -9, 24)
"""Stopped by the clock or for want of memory: found out, as a test that hangs is."""
VERSIONS = ("starflow", "mutmut", "pytest", "hypothesis", "transitions", "pydantic")
FIRST, AGAIN = (1.0, 30), (20.0, 1000)
"""Seconds and number of tests that each mutant is given, and a survivor once more."""
WANTED = {False: (NOT_RUN, UNTESTED), True: (SURVIVED, UNTESTED)}
MUTANTS = Path("mutants")
STATS, LINES = MUTANTS / "mutmut-stats.json", MUTANTS / "lines.json"
CONTROL, WORK = MUTANTS / "control", MUTANTS / "work"
Work = tuple[str, list[tuple[str, float]]]
"""A mutant, or a file of tests where there is none, and the tests that it is asked with the seconds each takes."""
FEW = 40
A_HANDFUL = "workflow.rating.routes.*"
AROUND = {"PYTHONHASHSEED": "0", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Every process finds the same tests under the same names, with the plug-ins that are named and no other."""


def main() -> int:
    options = _options()
    if not options.kept:
        _ready()
        _try(
            [m for m in _tried() if fnmatch(m["mutant"], options.only) and m["came"] in WANTED[options.again]],
            options.again,
        )
    _gather()
    _keep(list(_tried()), options.only)
    page.write()
    said = survivors.read()
    print("\n".join(f"{one['function']}: {one['was']} → {one['now']}" for one in survivors.unexplained(said)))
    print(survivors.total(said))
    return int(bool(survivors.unexplained(said)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.guarantees.mutation")
    parser.add_argument("--only", default="*", help="mutants whose name is like this, such as workflow.engine.*")
    parser.add_argument("--again", action="store_true", help="only what has survived, with more time for each")
    parser.add_argument("--kept", action="store_true", help="run nothing, keep the figures of what was run")
    return parser.parse_args()


def _ready() -> None:
    """Mutants are made and the tests' calls are counted as far as anything has changed; mutmut does both before it tries any."""
    for file in Path("workflow").rglob("*"):  # schemes and pages, which mutmut copies only once
        if file.is_file() and file.suffix not in (".py", ".pyc"):
            (MUTANTS / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, MUTANTS / file)
    subprocess.run(["mutmut", "run", "--max-children", "1", A_HANDFUL], env=os.environ | AROUND, check=True)
    written = max(file.stat().st_mtime for folder in ("workflow", "tests") for file in Path(folder).rglob("*.py"))
    if not LINES.exists() or LINES.stat().st_mtime < written:
        _pytest(Path("."), {mutation_lines.LINES: str(LINES.absolute())}, "-p", "tests.guarantees.mutation_lines")


def _try(mutants: list[dict[str, Any]], again: bool) -> None:
    calls, (seconds, most) = json.loads(STATS.read_text()), AGAIN if again else FIRST
    called, lines = _called(calls), json.loads(LINES.read_text())
    work = [(m["mutant"], _nearest(m, calls, called, lines)) for m in mutants]
    _without_any(work)
    print(f"{len(work)} mutants", flush=True)
    _in_forks(WORK, work, seconds, most)


def _without_any(work: list[Work]) -> None:
    """A test that fails without any mutant would find every one. Each file has a fork as a mutant has, and must survive."""
    files: dict[str, dict[str, float]] = defaultdict(dict)
    for test, took in chain.from_iterable(tests for _, tests in work):
        files[test.partition("::")[0]][test] = took
    longest = max((sum(tests.values()) for tests in files.values()), default=0)
    most = max(map(len, files.values()), default=0)
    CONTROL.with_suffix(".came").unlink(missing_ok=True)
    print(f"{len(files)} files of tests without any mutant", flush=True)
    _in_forks(CONTROL, [(file, list(tests.items())) for file, tests in files.items()], ceil(longest), most)
    if wrong := [f"{test or file}: {code}" for file, (code, test) in _came(CONTROL).items() if code]:
        sys.exit("\n".join(("Nothing is tried while these tests fail in a fork without any mutant:", *wrong)))


def _in_forks(work: Path, lines: list[Work], seconds: float, most: int) -> None:
    work.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    around = {mutation_plugin.WORK: str(work.absolute()), mutation_plugin.PROCESSOR: str(ceil(5 + 2 * seconds))}
    _pytest(MUTANTS, around | {mutation_plugin.TIME: json.dumps([seconds, most])})


def _came(work: Path) -> dict[str, tuple[int, str]]:
    """What came of each line of this work, and the test that failed."""
    came = work.with_suffix(".came")
    lines = map(json.loads, came.read_text(encoding="utf-8").splitlines()) if came.exists() else ()
    return {name: (code, test) for name, code, test in lines}


def _pytest(where: Path, around: Mapping[str, str], *more: str) -> None:
    """As mutmut runs it, upon the code in this folder."""
    config = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["mutmut"]
    said = ["-q", "--rootdir=.", *config["pytest_add_cli_args"], *more, *config["pytest_add_cli_args_test_selection"]]
    around = os.environ | AROUND | {"PYTHONPATH": str(where.absolute())} | around
    subprocess.run([sys.executable, "-m", "pytest", *said], cwd=where, env=around, check=True)


def _nearest(
    mutant: dict[str, Any], calls: dict[str, Any], called: Mapping[str, int], lines: Mapping[str, Any]
) -> list[tuple[str, float]]:
    """The tests that come to its line, with the seconds each takes, then a few that call its function and may lean on something that
    came there. Of each file in turn the one that calls least else, and eight of the module's own file, lest the first be all of a kind.
    """
    function = mangled_name_from_mutant_name(mutant["mutant"])
    _, room, file, *_ = function.split(".")
    own, took, changed = f"tests/{room}/test_{file}.py", calls["duration_by_test"], _changed(mutant)
    there = mutation_lines.who_runs(lines, mutant["path"], changed.function, changed.was[0] if changed.was else "")
    tests = sorted(
        calls["tests_by_mangled_function_name"].get(function, ()),
        key=lambda test: (called[test], took.get(test, 0.0), test),
    )
    turn: Counter[tuple[bool, str]] = Counter()
    places = {}
    for test in tests:
        far, place = test not in there, test.partition("::")[0]
        places[test] = (far, turn[far, place] // (8 if place == own else 1))
        turn[far, place] += 1
    return [(test, round(took.get(test, 0.0), 3)) for test in sorted(tests, key=places.__getitem__)][: len(there) + FEW]


def _called(calls: dict[str, Any]) -> Counter[str]:
    """How many functions each test calls."""
    return Counter(test for tests in calls["tests_by_mangled_function_name"].values() for test in tests)


def _gather() -> None:
    """What came of the last work becomes what mutmut knows."""
    codes = {name: code for name, (code, _) in _came(WORK).items()}
    untried = {name for name, tests in map(json.loads, WORK.read_text().splitlines()) if not tests} if codes else set()
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        known = {name: code for name, code in codes.items() if name in data.exit_code_by_key}
        data.exit_code_by_key.update(known | dict.fromkeys(known.keys() & untried, UNCALLED))
        data.save()
    WORK.with_suffix(".came").unlink(missing_ok=True)


def _tried() -> Iterator[dict[str, Any]]:
    """Every mutant with what came of it; one that was never run has no result."""
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            yield {"mutant": name, "path": str(path), "came": KILLED if code in ENDLESS else MEANS[code], "code": code}


def _keep(tried: list[dict[str, Any]], only: str) -> None:
    """Modules of a partial run replace those they are about; the others keep their own date and commit."""
    file = survivors.RESULT
    before = json.loads(file.read_text()) if file.exists() else {"modules": [], "survivors": []}
    known = {module["module"]: module for module in before["modules"]}
    counted = {module["module"]: module for module in _modules(tried)}
    new = {name: module for name, module in counted.items() if fnmatch(f"{name}.", only)}
    never = {name: _not_run(module) for name, module in counted.items() if name not in known}
    modules = {name: module for name, module in (never | known | new).items() if name in counted}
    left = [one for one in before["survivors"] if one["module"] in modules.keys() - new.keys()]
    found = [_survivor(m) for m in tried if m["came"] in (SURVIVED, UNTESTED) and _module(m) in new]
    said = {
        "versions": {"python": platform.python_version(), **{name: version(name) for name in VERSIONS}},
        "modules": [modules[name] for name in sorted(modules)],
        "survivors": sorted([*left, *found], key=lambda one: (one["module"], one["function"], one["was"], one["now"])),
    }
    file.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _modules(tried: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    today, commit = datetime.now(UTC).date().isoformat(), _git("rev-parse", "--short", "HEAD")
    for name in dict.fromkeys(map(_module, tried)):
        came = Counter(m["came"] for m in tried if _module(m) == name)
        endless = sum(m["code"] in ENDLESS for m in tried if _module(m) == name)
        counts = {each: came[each] for each in (KILLED, SURVIVED, UNTESTED, NOT_RUN)}
        yield {"module": name, "made": came.total(), **counts, "endless": endless, "date": today, "commit": commit}


def _not_run(module: dict[str, Any]) -> dict[str, Any]:
    return module | dict.fromkeys((KILLED, SURVIVED, UNTESTED, "endless"), 0) | {NOT_RUN: module["made"]}


def _survivor(mutant: dict[str, Any]) -> dict[str, str]:
    changed = _changed(mutant)
    was, now = " ".join(changed.was), " ".join(changed.now)
    return {"module": _module(mutant), "function": changed.function, "was": was, "now": now}


class Changed(NamedTuple):
    """A function, and its lines that are other ones in the mutant."""

    function: str
    was: tuple[str, ...]
    now: tuple[str, ...]


def _changed(mutant: dict[str, Any]) -> Changed:
    lines = get_diff_for_mutant(mutant["mutant"], path=mutant["path"]).splitlines()[3:]
    function, inside = orig_function_and_class_names_from_key(mutant["mutant"])
    was, now = (tuple(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return Changed(".".join(filter(None, (inside, function.rpartition(".")[2]))), was, now)


def _module(mutant: dict[str, Any]) -> str:
    return mutant["path"].removesuffix(".py").replace("/", ".")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
