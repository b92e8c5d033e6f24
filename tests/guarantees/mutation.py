"""Mutation testing of `workflow/`: small wrongs are put into the code one by one, and some test must notice each. By hand: make mutants.

python -m tests.guarantees.mutation [--only 'workflow.engine.*'] [--again] [--kept]

mutmut makes the mutants, knows which tests call which function and remembers what it has tried (in `mutants/`, not committed);
this file starts it, and keeps the figures and the survivors. What is changed and by which tests: [tool.mutmut] in pyproject.toml.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatch
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from typing import Any

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

from tests.guarantees import page, survivors

KILLED, SURVIVED, UNTESTED, NOT_RUN = "killed", "survived", "untested", "not_run"
MEANS = {0: SURVIVED, 1: KILLED, 3: KILLED, 5: SURVIVED, 33: UNTESTED, None: NOT_RUN}
ENDLESS = (-24, 24, 152, -9)
"""Stopped by the clock or for want of memory: found out, as a test that hangs is."""
VERSIONS = ("starflow", "mutmut", "pytest", "hypothesis", "transitions", "pydantic")
FIRST, AGAIN = (1.0, 50), (60.0, 2000)
"""Seconds and number of tests that each mutant is given, and a survivor once more."""
STATS, EVERY = Path("mutants/mutmut-stats.json"), Path("mutants/every-test.json")
TESTS, TOOK = "tests_by_mangled_function_name", "duration_by_test"


def main() -> int:
    options = _options()
    if not options.kept:
        chosen = [m["mutant"] for m in _tried() if m["came"] == SURVIVED] if options.again else [options.only]
        _run(
            [name for name in chosen if fnmatch(name, options.only)], AGAIN if options.again else "5", options.children
        )
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
    parser.add_argument("--children", type=int, default=1, help="mutants at a time")
    return parser.parse_args()


def _run(names: list[str], again: bool, children: int) -> None:
    """The same hashes and only the plug-ins that are named, so that every process finds the same tests."""
    around = {
        "PYTHONHASHSEED": "0",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "MUTATION_SECONDS": str((AGAIN if again else FIRST)[0]),
    }
    command = ["mutmut", "run", "--max-children", str(children)]
    if not STATS.exists():  # a handful of mutants, to see which tests call what
        subprocess.run([*command, "workflow.rating.routes.*"], env=os.environ | around, check=True)
    _nearest(*(AGAIN if again else FIRST))
    for start in range(0, len(names), 200):  # mutmut compares every mutant with every name
        some = [name for name in names[start : start + 200] if name != "*"]
        subprocess.run([*command, *some], env=os.environ | around, check=True)


def _nearest(seconds: float, most: int) -> None:
    """Leaves to each function the tests of its own file and room, then the quickest; what was seen of the others is kept beside."""
    seen, before = (json.loads(file.read_text()) if file.exists() else {TESTS: {}, TOOK: {}} for file in (STATS, EVERY))
    took = before[TOOK] | seen[TOOK]
    calls = {f: sorted({*seen[TESTS].get(f, ()), *before[TESTS].get(f, ())}) for f in (*seen[TESTS], *before[TESTS])}
    EVERY.write_text(json.dumps({TESTS: calls, TOOK: took}))
    for function, tests in calls.items():
        _, room, file, *_ = function.split(".")
        own = (f"tests/{room}/test_{file}.py", f"tests/{room}/")
        tests.sort(key=lambda test: ([not test.startswith(place) for place in own], took.get(test, 0.0)))
        until = accumulate(took.get(test, 0.0) for test in tests)
        calls[function] = [test for test, sum_ in zip(tests, until, strict=True) if sum_ <= seconds][:most] or tests[:1]
    STATS.write_text(json.dumps(seen | {TESTS: calls, TOOK: took}))


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
    new = {module["module"]: module for module in _modules(tried) if fnmatch(module["module"] + ".", only)}
    modules = {module["module"]: module for module in before["modules"]} | new
    left = [one for one in before["survivors"] if one["module"] not in new]
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


def _survivor(mutant: dict[str, Any]) -> dict[str, str]:
    changed = get_diff_for_mutant(mutant["mutant"], path=mutant["path"]).splitlines()[3:]
    function, inside = orig_function_and_class_names_from_key(mutant["mutant"])
    return {
        "module": _module(mutant),
        "function": ".".join(filter(None, (inside, function.rpartition(".")[2]))),
        "was": " ".join(line[1:].strip() for line in changed if line.startswith("-")),
        "now": " ".join(line[1:].strip() for line in changed if line.startswith("+")),
    }


def _module(mutant: dict[str, Any]) -> str:
    return mutant["path"].removesuffix(".py").replace("/", ".")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
