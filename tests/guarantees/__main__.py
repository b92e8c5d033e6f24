"""Runs the guarantees of a tier, each with its control, prints a line each, and keeps the figures for the published table.

python -m tests.guarantees --tier ci [--only G1,G16] [--seed 7] [--keep]
"""

import argparse
import json
import os
import platform
import sqlite3
import sys
import time
import traceback
import warnings
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests import conftest as provision
from tests.guarantees import page
from tests.guarantees.places import surroundings
from tests.guarantees.promises import GUARANTEES, NOT_CLAIMED
from tests.guarantees.trial import Broken, Guarantee, Trial

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    options = _options()
    chosen = [g for g in GUARANTEES if options.tier in g.tiers and (not options.only or g.code in options.only)]
    print(f"tier {options.tier} · seed {options.seed} · {len(chosen)} guarantees · {os.cpu_count()} cores", flush=True)
    began = time.monotonic()
    with surroundings() as folder:
        rows: list[dict[str, Any]] = []
        for guarantee in chosen:
            rows += _run(guarantee, options.tier, options.seed, folder)
            if options.keep:  # at once: a run that is cut short leaves what it has found out
                _keep(options, rows, _surrounding(rows), time.monotonic() - began)
    took = time.monotonic() - began
    broken = [row for row in rows if not row["kept"] or not row["caught"]]
    print(
        f"{len(rows)} trials in {took:.0f} s; budget {sum(g.budget for g in chosen)} s; {len(broken)} not as promised"
    )
    if options.keep:
        page.write()
    return int(bool(broken))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.guarantees")
    parser.add_argument("--tier", choices=("ci", "full"), default="ci")
    parser.add_argument("--only", type=lambda text: [part for part in text.split(",") if part], default=[])
    parser.add_argument("--seed", type=int, default=20270605)
    parser.add_argument("--keep", action="store_true", help="keep the figures and print docs/guarantees.md from them")
    return parser.parse_args()


def _run(guarantee: Guarantee, tier: str, seed: int, folder: Path) -> list[dict[str, Any]]:
    return [_trial(guarantee, tier, seed, dialect, folder) for dialect in guarantee.dialects]


def _trial(guarantee: Guarantee, tier: str, seed: int, dialect: str, folder: Path) -> dict[str, Any]:
    began = time.monotonic()
    kept, figure = _proved(guarantee, Trial(tier, seed, dialect, _fresh(folder)))
    proved_in = time.monotonic() - began
    caught, how = True, ""
    if not guarantee.control_on or dialect in guarantee.control_on:
        caught, how = _caught(guarantee, Trial(tier, seed, dialect, _fresh(folder), guarantee.control))
    took = time.monotonic() - began
    mark = "✔" if kept and caught else "✘"
    print(
        f"{mark} {guarantee.code:5} {dialect:10} {took:6.1f} s of {guarantee.budget} · seed {seed} · {guarantee.promise_en}"
    )
    print(f"        {figure}")
    if how:
        print(
            f"        control {guarantee.control}: {'red, as it must be' if caught else 'NOT CAUGHT'} · {how[:140]}",
            flush=True,
        )
    return {
        "code": guarantee.code, "dialect": dialect, "kept": kept, "figure": figure, "control": guarantee.control if how else "",
        "caught": caught, "how": how[:200], "seconds": round(proved_in, 1), "seconds_with_control": round(took, 1), "seed": seed,
    }  # fmt: skip


def _proved(guarantee: Guarantee, trial: Trial) -> tuple[bool, str]:
    try:
        return True, guarantee.prove(trial)
    except Broken as broken:
        return False, f"BROKEN: {broken}"
    except Exception as error:
        traceback.print_exc()
        return False, f"ERROR: {type(error).__name__}: {error}"


def _caught(guarantee: Guarantee, trial: Trial) -> tuple[bool, str]:
    """Whether the broken build was found out, by the promise itself and not by some accident."""
    try:
        return False, f"passed: {guarantee.prove(trial)}"
    except Broken as broken:
        return True, str(broken)
    except Exception as error:
        traceback.print_exc()
        return False, f"{type(error).__name__}: {error}"


def _fresh(folder: Path) -> Path:
    return Path(TemporaryDirectory(dir=folder, delete=False).name) if sys.version_info >= (3, 12) else _made(folder)


def _made(folder: Path) -> Path:
    import tempfile

    return Path(tempfile.mkdtemp(dir=folder))


def _surrounding(rows: list[dict[str, Any]]) -> dict[str, str]:
    found = {
        "python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "cores": str(os.cpu_count()),
        **{name: version(name) for name in ("starflow", "sqlalchemy", "transitions", "apscheduler", "hypothesis")},
    }  # fmt: skip
    if any(row["dialect"] == "postgresql" for row in rows):
        with psycopg.connect(provision._server()) as connection:
            found["postgresql"] = str(connection.info.server_version // 10000)
    return found


def _keep(options: argparse.Namespace, rows: list[dict[str, Any]], surrounding: dict[str, str], took: float) -> None:
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
    warnings.simplefilter("ignore", DeprecationWarning)  # forks of a process with threads: the children open their own
    _ = NOT_CLAIMED
    sys.exit(main())
