"""Runs the guarantees of a tier, each with its control, prints a line each, and keeps the figures for the published table.

python -m tests.guarantees --tier ci [--only G1,G16] [--seed 7] [--lanes 1] [--keep]
"""

import argparse
import json
import os
import platform
import sqlite3
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from tests import conftest as provision
from tests.guarantees import page
from tests.guarantees.lanes import Row, all_of
from tests.guarantees.places import surroundings
from tests.guarantees.promises import GUARANTEES

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    options = _options()
    chosen = [g for g in GUARANTEES if options.tier in g.tiers and (not options.only or g.code in options.only)]
    trials = sorted(((g.code, dialect) for g in chosen for dialect in g.dialects), key=_longest_first(options.tier))
    print(f"tier {options.tier} · seed {options.seed} · {len(trials)} trials · {options.lanes} at a time", flush=True)
    began = time.monotonic()
    rows: list[Row] = []
    with ExitStack() as lent:
        folders = [lent.enter_context(surroundings()) for _ in range(options.lanes)]
        for said, row in all_of(trials, options.tier, options.seed, folders):
            print(said, end="", flush=True)
            rows.append(row)
            if options.keep:  # at once: a run that is cut short leaves what it has found out
                _keep(options, rows, _surrounding(options, rows), time.monotonic() - began)
    took, worked = time.monotonic() - began, sum(row["seconds_with_control"] for row in rows)
    broken = [row for row in rows if not row["kept"] or not row["caught"]]
    budget = sum(g.budget * len(g.dialects) for g in chosen)
    print(
        f"{len(rows)} trials in {took:.0f} s, {worked:.0f} s of work; budget {budget} s; {len(broken)} not as promised"
    )
    for row in broken:  # once more at the end, where whoever sees only the last lines of a run will look
        print(
            f"✘ {row['code']} {row['dialect']} · seed {row['seed']} · {row['figure']} · control {row['control']}: {row['how']}"
        )
    if options.keep:
        page.write()
    return int(bool(broken))


def _longest_first(tier: str) -> Any:
    """By what each took the last time; one that has never run comes with its whole budget."""
    budgets = {(g.code, dialect): float(g.budget) for g in GUARANTEES for dialect in g.dialects}
    took = budgets | {place: row["seconds_with_control"] for place, row in page.rows(tier).items()}
    return lambda trial: -took[trial]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.guarantees")
    parser.add_argument("--tier", choices=("ci", "full"), default="ci")
    parser.add_argument("--only", type=lambda text: [part for part in text.split(",") if part], default=[])
    parser.add_argument("--seed", type=int, default=20270605)
    parser.add_argument("--lanes", type=int, default=min(2, os.cpu_count() or 1), help="trials at a time")
    parser.add_argument("--keep", action="store_true", help="keep the figures and print docs/guarantees.md from them")
    return parser.parse_args()


def _surrounding(options: argparse.Namespace, rows: list[Row]) -> dict[str, str]:
    found = {
        "python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "cores": str(os.cpu_count()),
        "lanes": str(options.lanes),
        **{name: version(name) for name in ("starflow", "sqlalchemy", "transitions", "apscheduler", "hypothesis")},
    }  # fmt: skip
    if any(row["dialect"] == "postgresql" for row in rows):
        with psycopg.connect(provision._server()) as connection:
            found["postgresql"] = str(connection.info.server_version // 10000)
    return found


def _keep(options: argparse.Namespace, rows: list[Row], surrounding: dict[str, str], took: float) -> None:
    """Figures of a partial run replace those they are about; the others keep their own date."""
    file = RESULTS / f"{options.tier}.json"
    today = datetime.now(UTC).date().isoformat()
    before = json.loads(file.read_text())["rows"] if file.exists() else []
    new = {(row["code"], row["dialect"]): row | {"date": today} for row in rows}
    merged = {(row["code"], row["dialect"]): row for row in before} | new
    order = [g.code for g in GUARANTEES if options.tier in g.tiers]
    listed = sorted(
        (r for r in merged.values() if r["code"] in order),
        key=lambda r: (order.index(r["code"]), r["dialect"] != "sqlite"),
    )
    RESULTS.mkdir(exist_ok=True)
    said = {"tier": options.tier, "surroundings": surrounding, "seconds": round(took), "rows": listed}
    file.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
