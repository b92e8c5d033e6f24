"""`python -m benchmarks [--quick] [PART …]`: measures, keeps the figures, and prints docs/performance.md from them.

A part that fails is named and the others go on; the page says what is missing.
"""

import json
import os
import platform
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import counters, decisions, idle, profile, report, size, storm, stuck, timers, validation, web
from benchmarks.places import surroundings

PARTS = {
    "validation": validation.measured,
    "decisions": decisions.measured,
    "timers": timers.measured,
    "idle": idle.measured,
    "stuck": stuck.measured,
    "millions": stuck.millions,
    "counters": counters.measured,
    "web": web.measured,
    "size": size.measured,
    "storm": storm.measured,
    "profile": profile.measured,
}
RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    "transitions",
    "sqlmodel",
    "sqlalchemy",
    "apscheduler",
    "psycopg",
    "python-statemachine",
    "django-fsm-2",
    "dbos",
    "procrastinate",
    "pgqueuer",
    "huey",
)


def main(said: list[str]) -> None:
    quick = "--quick" in said
    wanted = [name for name in said if name != "--quick"] or list(PARTS)
    if unknown := [name for name in wanted if name not in PARTS]:
        raise SystemExit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    RESULTS.mkdir(exist_ok=True)
    with surroundings() as server:
        for name in wanted:
            load, began = os.getloadavg()[0], time.monotonic()
            print(f"{name} …", file=sys.stderr, flush=True)
            try:
                found = PARTS[name](quick)
            except Exception:
                traceback.print_exc()
                continue
            about = {
                "at": datetime.now(UTC).isoformat(timespec="minutes"),
                "quick": quick,
                "minutes": round((time.monotonic() - began) / 60, 1),
                "python": platform.python_version(),
                "databases": server,
                "cores": os.cpu_count(),
                "load_before": round(load, 2),
                "commit": _commit(),
                "packages": {package: _version(package) for package in PACKAGES},
            }
            (RESULTS / f"{name}.json").write_text(json.dumps(about | found, indent=1, sort_keys=True) + "\n")
            report.write()


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _version(package: str) -> str:
    try:
        return version(package)
    except ModuleNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main(sys.argv[1:])
