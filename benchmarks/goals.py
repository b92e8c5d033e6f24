"""The goals, row by row, beside what was measured: nothing that was set is left out, measured or not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.kept import DATABASES, TITLES, read, sizes
from benchmarks.rounds import median, ratio


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the table. `least`: more is better."""

    what: str
    where: str
    goal: float
    floor: float
    value: float | None
    unit: str = ""
    least: bool = True
    digits: int = 2

    @property
    def sign(self) -> str:
        return "≥" if self.least else "≤"

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        if (self.value >= self.goal) if self.least else (self.value <= self.goal):
            return "goal reached"
        if self.floor != NONE and ((self.value >= self.floor) if self.least else (self.value <= self.floor)):
            return "floor holds"
        return "**missed**"


NONE = float("inf")
"""A goal without a floor."""

RATIOS = (
    # what, part, ours, against, database, floor, goal
    ("one decision, × two raw statements", "decisions", "starflow", "raw2", "postgresql", 0.6, 1.0),
    ("one decision, × naive transitions + SQLModel", "decisions", "starflow", "naive", "postgresql", 3, 3),
    ("one decision, × django-fsm-2", "decisions", "starflow", "django-fsm-2", "postgresql", 2, 2),
    ("one decision, × DBOS", "decisions", "starflow", "dbos", "postgresql", 15, 15),
    ("one decision, × two raw statements", "decisions", "starflow", "raw2", "sqlite", 0.45, 0.6),
    ("one decision, × naive transitions + SQLModel", "decisions", "starflow", "naive", "sqlite", 4, 4),
    ("bulk decisions, × 1000 raw in a commit", "decisions", "starflow1000", "raw1000", "sqlite", 0.25, 0.4),
    ("bulk decisions, × 1000 raw in a commit", "decisions", "starflow1000", "raw1000", "postgresql", 0.25, 0.4),
    ("deadlines fired, × raw batches", "timers", "starflow", "raw1000", "sqlite", 0.12, 0.25),
    ("deadlines fired, × raw batches", "timers", "starflow", "raw1000", "postgresql", 0.12, 0.25),
    ("deadlines fired, × APScheduler's store", "timers", "starflow", "apscheduler", "sqlite", 10, 20),
    ("deadlines fired, × APScheduler's store", "timers", "starflow", "apscheduler", "postgresql", 10, 20),
    ("deadlines fired, × pgqueuer", "timers", "starflow", "pgqueuer", "postgresql", 2, 2),
)


def goals() -> Iterator[Goal]:
    for what, part, ours, base, database, floor, goal in RATIOS:
        found = read(part)
        value = ratio(found, f"{ours}/{database}", f"{base}/{database}") if found else None
        yield Goal(what, TITLES[database], goal, floor, value)
    for one in (_cpu, _idle, _stuck, _counters, _web, _size):
        yield from one()


def _cpu() -> Iterator[Goal]:
    for database in DATABASES:
        used = _median("decisions", f"starflow/{database}", "cpu_us")
        yield Goal("client CPU per decision", TITLES[database], 250, 500, used, " µs", False, 0)
    used = _median("validation", "starflow/memory", "cpu_us")
    yield Goal("client CPU per validation, through `transitions`", "memory", 10, 25, used, " µs", False, 1)


def _idle() -> Iterator[Goal]:
    found, storm = read("idle"), read("storm")
    for database in DATABASES:
        small, large = (_of(found.get(size), f"look/{database}", "ours_us") for size in ("small", "large"))
        raw = _of(found.get("large"), f"look/{database}", "raw_us")
        flat = large / small if small and large else None
        yield Goal("idle tick, × the same with 1 000 waiting (flat)", TITLES[database], 1.3, 2, flat, "", False)
        yield Goal(
            "idle tick, × the raw SELECT",
            TITLES[database],
            2,
            NONE,
            large / raw if large and raw else None,
            "",
            False,
            0,
        )
        held = [_of(storm.get(size), f"storm/{database}", "sweep_mb") for size in ("small", "large", "million")]
        known = [megabytes for megabytes in held if megabytes]
        grown = known[-1] - known[0] if len(known) > 1 else None
        yield Goal("memory from few due to the storm", TITLES[database], 20, 50, grown, " MB", False, 0)


def _stuck() -> Iterator[Goal]:
    found = sizes()
    asked, most = _sizes("stuck"), max(_sizes("millions"), default=5_000_000)
    first, last = min(asked, default=10_000), max(asked, default=1_000_000)
    for database in DATABASES:
        for what, key, size, goal, floor in (
            ("count by stage × light, worst level", "count", last, 2, 10),
            ("count by stage × light, worst level", "count", most, 5, 25),
            ("page of 50 most overdue in order, worst level", "order", last, 2, 10),
            ("the same page with people and reasons", "page", last, 2, 10),
        ):
            value = _worst(found.get(size), f"starflow/{database}", key)
            yield Goal(f"{what}, p95 at {size:,}", TITLES[database], goal, floor, value, " ms", False, 1)
        old, new = (_of(found.get(size), f"starflow/{database}", "count_root_ms") for size in (first, last))
        grown = new / old if old and new else None
        yield Goal(f"growth of the root's count {first:,} → {last:,}", TITLES[database], 3, NONE, grown, " ×", False, 1)


def _sizes(part: str) -> list[int]:
    return [int(name) for name in read(part) if name.isdigit()]


def _counters() -> Iterator[Goal]:
    cost = read("counters").get("cost")
    kept = ratio(cost, "kept/postgresql", "plain/postgresql") if cost else None
    lost = None if kept is None else (1 - kept) * 100
    yield Goal("cost of keeping the counts, 8 clients, one due day", "PostgreSQL", 15, 30, lost, " %", False, 0)
    killed = read("counters").get("killed")
    ran = killed["measured"].get("killed/postgresql") if killed else None
    wrong = float(len(ran[0]["differences"])) if ran else None
    yield Goal("counts that differ from a recount after kill −9", "PostgreSQL", 0, 0, wrong, "", False, 0)


def _web() -> Iterator[Goal]:
    found = read("web")
    for database in DATABASES:
        cast = _of(found.get("ballots"), f"ballots/{database}", "ratio")
        yield Goal("ballots over HTTP, × the app's own no-op route", TITLES[database], 0.5, 0.2, cast)
        for part, set_at in (("overview", 2_000), ("overview_large", 100_000)):
            size = int(_of(found.get(part), f"overview/{database}", "n") or set_at)
            page = _of(found.get(part), f"overview/{database}", "ratio")
            yield Goal(
                f"overview at {size:,} organisations, p95 × a no-op page", TITLES[database], 1.5, 3, page, "", False, 1
            )


def _size() -> Iterator[Goal]:
    for database in DATABASES:
        yield Goal(
            "bytes of a year, × the raw schema",
            TITLES[database],
            1.25,
            2,
            _median("size", f"year/{database}", "ratio"),
            "",
            False,
            1,
        )


def _median(part: str, name: str, key: str) -> float | None:
    return _of(read(part), name, key)


def _of(found: Mapping[str, Any] | None, name: str, key: str) -> float | None:
    return median(found, name, key) if found else None


def _worst(found: Mapping[str, Any] | None, name: str, key: str) -> float | None:
    asked = (_of(found, name, f"{key}_{level}_p95_ms") for level in ("root", "city", "county", "committee"))
    values = [value for value in asked if value is not None]
    return max(values, default=None)
