"""`python -m benchmarks [--quick] [decisions] [timers] [stuck]`: measures, keeps the figures, and prints docs/performance.md from them."""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import decisions, report, stuck, timers
from benchmarks.places import surroundings

PARTS = {"decisions": decisions.measured, "timers": timers.measured, "stuck": stuck.measured}
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
            load = os.getloadavg()[0]
            found = PARTS[name](quick)
            about = {
                "at": datetime.now(UTC).isoformat(timespec="minutes"),
                "quick": quick,
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
