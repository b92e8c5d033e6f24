"""docs/performance.md and its plots, printed from the results: nothing in them is written by hand.

`python -m benchmarks.report` prints them again from the figures that are kept.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import log10
from pathlib import Path
from typing import Any

from benchmarks.rounds import median, ratio

RESULTS = Path(__file__).parent / "results"
DOCS = Path(__file__).parent.parent / "docs"
DATABASES = ("sqlite", "postgresql")
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

HEAD = """# Speed, beside the limit and the peers · 速度

Printed by `python -m benchmarks` (`make bench`, or `make bench QUICK=1`) from `benchmarks/results/`. Read the ratios, not the rates: they
are medians over rounds in which every peer ran once, so that a busy machine is busy for all. No test asserts a time.
"""

GOALS: Sequence[tuple[str, str, str, str, str, float, float]] = (
    # what, part, peer, base, database, floor, goal
    ("one decision, against the raw limit", "decisions", "starflow", "raw2", "postgresql", 0.6, 1.0),
    ("one decision, against naive transitions + SQLModel", "decisions", "starflow", "naive", "postgresql", 3, 3),
    ("one decision, against django-fsm-2", "decisions", "starflow", "django-fsm-2", "postgresql", 2, 2),
    ("one decision, against DBOS", "decisions", "starflow", "dbos", "postgresql", 15, 15),
    ("one decision, against the raw limit", "decisions", "starflow", "raw2", "sqlite", 0.45, 0.6),
    ("one decision, against naive transitions + SQLModel", "decisions", "starflow", "naive", "sqlite", 4, 4),
    ("bulk decisions, against 1000 raw a commit", "decisions", "starflow1000", "raw1000", "sqlite", 0.25, 0.4),
    ("bulk decisions, against 1000 raw a commit", "decisions", "starflow1000", "raw1000", "postgresql", 0.25, 0.4),
    ("deadlines fired, against raw batches", "timers", "starflow", "raw1000", "sqlite", 0.12, 0.25),
    ("deadlines fired, against raw batches", "timers", "starflow", "raw1000", "postgresql", 0.12, 0.25),
    ("deadlines fired, against APScheduler's store", "timers", "starflow", "apscheduler", "sqlite", 10, 20),
    ("deadlines fired, against APScheduler's store", "timers", "starflow", "apscheduler", "postgresql", 10, 20),
    ("deadlines fired, against pgqueuer", "timers", "starflow", "pgqueuer", "postgresql", 2, 2),
)


def write() -> None:
    DOCS.joinpath("performance.md").write_text(page())
    for name in ("decisions", "timers"):
        if found := _read(name):
            for database in DATABASES:
                DOCS.joinpath("plots").mkdir(exist_ok=True)
                DOCS.joinpath("plots", f"{name}-{database}.svg").write_text(plot(found, database))


def page() -> str:
    return "\n".join([HEAD, *_goals(), *_decisions(), *_timers(), *_stuck(), *_not_measured(), *_about()]) + "\n"


def _read(name: str) -> dict[str, Any]:
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _goals() -> Iterator[str]:
    yield "## Goals reached and missed\n\n| work | database | ratio measured | floor | goal | |\n|---|---|---|---|---|---|"
    for what, part, peer, base, database, floor, goal in GOALS:
        found = _read(part)
        value = ratio(found, f"{peer}/{database}", f"{base}/{database}") if found else None
        said = "not measured" if value is None else _verdict(value, floor, goal)
        shown = "–" if value is None else f"{value:.2f}"
        yield f"| {what} | {TITLES[database]} | {shown} | {floor} | {goal} | {said} |"


def _verdict(value: float, floor: float, goal: float) -> str:
    return "goal reached" if value >= goal else "floor holds" if value >= floor else "**missed**"


def _decisions() -> Iterator[str]:
    found = _read("decisions")
    if not found:
        return
    yield "\n## Decisions\n\nraw2: an UPDATE guarded by the stage and an INSERT in one durable commit, nothing read. Ours reads the cycle,"
    yield "judges by guards through `transitions`, chains the record and its erasable detail, closes one obligation and opens the"
    yield "next: five rows and their indexes.\n"
    yield from _rates(found, "raw2", "decisions")


def _timers() -> Iterator[str]:
    found = _read("timers")
    if not found:
        return
    yield "\n## Deadlines\n\nPeers only count; ours looks up the post, puts a notice under its unique key, sets the next rung and merges messages.\n"
    yield from _rates(found, "raw1000", "timers")


def _rates(found: Mapping[str, Any], base: str, name: str) -> Iterator[str]:
    for database in DATABASES:
        yield f"![{name} on {TITLES[database]}](plots/{name}-{database}.svg)\n"
        yield f"| {TITLES[database]} | a second | × {base} | CPU µs | memory MB |\n|---|---|---|---|---|"
        for peer in _peers(found, database):
            rate, memory = median(found, peer) or 0, median(found, peer, "memory_mb") or 0
            against, used = ratio(found, peer, f"{base}/{database}"), median(found, peer, "cpu_us")
            yield f"| {peer.partition('/')[0]} | {rate:,.0f} | {against or 0:.3f} | {f'{used:,.0f}' if used else ''} | {memory:.0f} |"
        yield ""
    for peer, words in found["failed"].items():
        yield f"- {peer} could not be measured: {words}"


def _peers(found: Mapping[str, Any], database: str) -> list[str]:
    names = [name for name in found["measured"] if name.endswith(f"/{database}")]
    return sorted(names, key=lambda name: -(median(found, name) or 0))


def _stuck() -> Iterator[str]:
    found = _read("stuck")
    if not found:
        return
    size = next(iter(found["measured"].values()))[0]["n"]
    yield f"\n## Who is stuck, {size:,} branches\n\nMilliseconds. The bare methods read two tables that hold nothing else;"
    yield "ours answers with whole rows, owners and reasons.\n"
    keys = ("count_all_ms", "count_unit_ms", "page_all_ms", "page_unit_ms")
    yield "| | count, all | count, a unit | page of 50, all | page of 50, a unit |\n|---|---|---|---|---|"
    for name in found["measured"]:
        peer, database = name.split("/")
        yield f"| {peer}, {TITLES[database]} | {' | '.join(f'{median(found, name, key) or 0:.2f}' for key in keys)} |"


def _not_measured() -> Iterator[str]:
    yield "\n## Not measured\n\nOne million cycles and more; counters kept with the decisions; several hosts and procrastinate as engine;"
    yield "the storm of 5 June; ballots and pages over HTTP under load; bytes per million cycles. What stands above was measured at"
    yield "the sizes named and nowhere else."


def _about() -> Iterator[str]:
    yield "\n## Where and when\n"
    for name in ("decisions", "timers", "stuck"):
        if found := _read(name):
            kind = "quick" if found["quick"] else "full"
            said = ", ".join(f"{package} {number}" for package, number in found["packages"].items())
            yield (
                f"- {name}: {found['at']}, {kind}, Python {found['python']}, {found['databases']}, {found['cores']} cores, "
                f"load before {found['load_before']}, commit {found['commit']}; {said}"
            )


# ── plots ────────────────────────────────────────────────────────

WIDTH, LEFT, RIGHT, BAR, GAP = 760, 170, 110, 18, 8


def plot(found: Mapping[str, Any], database: str) -> str:
    """Bars on a logarithmic scale, a text beside each."""
    rates = [(name.partition("/")[0], median(found, name) or 1) for name in _peers(found, database)]
    low = min((log10(rate) for _, rate in rates), default=0) - 0.3
    span = max((log10(rate) for _, rate in rates), default=1) - low
    height = len(rates) * (BAR + GAP) + GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        f"<title>a second, logarithmic, {TITLES[database]}</title>",
    ]
    for place, (name, rate) in enumerate(rates):
        top = GAP + place * (BAR + GAP)
        width = (log10(rate) - low) / span * (WIDTH - LEFT - RIGHT)
        colour = "#b3261e" if name.startswith("starflow") else "#5f6b7a"
        lines += [
            f'<text x="{LEFT - 8}" y="{top + 13}" text-anchor="end" font-family="sans-serif" font-size="13">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{top}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>',
            f'<text x="{LEFT + width + 6:.1f}" y="{top + 13}" font-family="sans-serif" font-size="13">{rate:,.0f}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


if __name__ == "__main__":
    write()
