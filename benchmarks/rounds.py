"""Rounds: every peer once, each in a process of its own, then all of them again; what counts is the ratio within a round."""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Case = tuple[str, str]
"""A peer and a database."""


def rounds(module: str, cases: Sequence[Case], count: int, size: float, cap: float = 600) -> dict[str, Any]:
    """Measures `count` rounds; a peer that fails is named with its last words and the run goes on."""
    seen: dict[str, list[dict[str, Any]]] = {}
    failed: dict[str, str] = {}
    for turn in range(count):
        for peer, database in cases:
            name = f"{peer}/{database}"
            print(f"  {module} round {turn + 1}/{count} {name}", file=sys.stderr, flush=True)
            said = [sys.executable, "-m", f"benchmarks.{module}", peer, database, str(size)]
            try:
                done = subprocess.run(said, capture_output=True, text=True, timeout=cap, check=False)
                seen.setdefault(name, []).append(json.loads(done.stdout.strip().splitlines()[-1]) | {"round": turn})
            except (subprocess.TimeoutExpired, ValueError, IndexError) as error:
                words = (
                    done.stderr.strip().splitlines()[-1:] if not isinstance(error, subprocess.TimeoutExpired) else []
                )
                failed[name] = "; ".join(words) or type(error).__name__
    return {"measured": seen, "failed": failed}


def ratio(found: Mapping[str, Any], name: str, base: str, key: str = "rate") -> float | None:
    """The median over rounds of `name` divided by `base` of the same round."""
    bases = {one["round"]: one[key] for one in found["measured"].get(base, ())}
    pairs = [(one[key], bases[one["round"]]) for one in found["measured"].get(name, ()) if one["round"] in bases]
    return statistics.median(a / b for a, b in pairs) if pairs else None


def median(found: Mapping[str, Any], name: str, key: str = "rate") -> float | None:
    values = [one[key] for one in found["measured"].get(name, ()) if one.get(key) is not None]
    return statistics.median(values) if values else None


def cpu() -> float:
    """Seconds of this process's own work."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def memory_mb() -> float:
    """The most this program has held. Not ru_maxrss, in which a child inherits the most of whoever started it."""
    said = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(said.split()[1]) / 1024


def answer(**found: Any) -> None:
    """The last line of a measurement's process. Threads of a peer that would live on are cut off."""
    print(json.dumps(found), flush=True)
    os._exit(0)


def timed(work: Callable[[float], int], seconds: float) -> dict[str, float]:
    """`work` does as much as it can until the given instant and says how much that was."""
    before, began = cpu(), time.perf_counter()
    done = work(began + seconds)
    took = time.perf_counter() - began
    return {"n": done, "rate": done / took, "cpu_us": (cpu() - before) / max(done, 1) * 1e6, "memory_mb": memory_mb()}
