"""Trials side by side: they know nothing of one another, so several run at the same time, in the order in which they are given.

Each lane is a process with a folder, SQLite files and a PostgreSQL server of its own, so that the server that one trial lets fall
over is nobody else's.
"""

import io
import multiprocessing
import os
import time
import traceback
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests import conftest as provision
from tests.guarantees.promises import GUARANTEES
from tests.guarantees.trial import Broken, Guarantee, Trial

Row = dict[str, Any]


def all_of(trials: list[tuple[str, str]], tier: str, seed: int, folders: list[Path]) -> Iterator[tuple[str, Row]]:
    """Each trial's words and figures, as they come; one lane for each folder."""
    spawned = multiprocessing.get_context("spawn")
    free = spawned.SimpleQueue()
    for folder in folders:
        free.put(str(folder))
    with ProcessPoolExecutor(len(folders), mp_context=spawned, initializer=_lane, initargs=(free,)) as pool:
        asked = [pool.submit(_heard, code, tier, seed, dialect) for code, dialect in trials]
        for done in as_completed(asked):
            yield done.result()


def _lane(free: "multiprocessing.SimpleQueue[str]") -> None:
    """A process that runs one trial after another, in a folder of its own."""
    warnings.simplefilter("ignore", DeprecationWarning)  # forks of a process with threads: the children open their own
    os.environ[provision.RUN_FOLDER] = free.get()


def _heard(code: str, tier: str, seed: int, dialect: str) -> tuple[str, Row]:
    """A trial with everything that it says, in one piece: lanes do not talk across one another."""
    guarantee = next(g for g in GUARANTEES if g.code == code)
    with redirect_stdout(io.StringIO()) as said, redirect_stderr(said):
        row = _trial(guarantee, tier, seed, dialect, Path(os.environ[provision.RUN_FOLDER]))
    return said.getvalue(), row


def _trial(guarantee: Guarantee, tier: str, seed: int, dialect: str, folder: Path) -> Row:
    began = time.monotonic()
    kept, figure = _proved(guarantee, Trial(tier, seed, dialect, Path(mkdtemp(dir=folder))))
    proved_in = time.monotonic() - began
    caught, how = True, ""
    if not guarantee.control_on or dialect in guarantee.control_on:
        caught, how = _caught(guarantee, Trial(tier, seed, dialect, Path(mkdtemp(dir=folder)), guarantee.control))
    took = time.monotonic() - began
    mark = "✔" if kept and caught else "✘"
    print(
        f"{mark} {guarantee.code:5} {dialect:10} {took:6.1f} s of {guarantee.budget} · seed {seed} · {guarantee.promise_en}"
    )
    print(f"        {figure}")
    if how:
        print(f"        control {guarantee.control}: {'red, as it must be' if caught else 'NOT CAUGHT'} · {how[:140]}")
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
