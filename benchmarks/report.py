"""docs/performance.md and its plots, printed from the results: nothing in them is written by hand.

`python -m benchmarks.report` prints them again from the figures that are kept.
"""

from collections.abc import Iterator, Mapping
from html import escape
from math import log10
from pathlib import Path
from typing import Any

from benchmarks import report_more as more
from benchmarks.goals import NONE, goals
from benchmarks.kept import DATABASES, TITLES, read
from benchmarks.rounds import median, ratio

DOCS = Path(__file__).parent.parent / "docs"
PARTS = (
    "validation",
    "decisions",
    "timers",
    "idle",
    "stuck",
    "millions",
    "counters",
    "web",
    "size",
    "storm",
    "profile",
)

HEAD = """# Speed, beside the limit and the peers · 速度

Printed by `python -m benchmarks` (`make bench`, or `make bench QUICK=1`) from `benchmarks/results/`. Read the ratios, not the rates: they
are medians over rounds in which every peer ran once, so that a busy machine is busy for all. No test asserts a time.
"""


def write() -> None:
    DOCS.joinpath("performance.md").write_text(page())
    DOCS.joinpath("plots").mkdir(exist_ok=True)
    for name in ("decisions", "timers"):
        if found := read(name):
            for database in DATABASES:
                DOCS.joinpath("plots", f"{name}-{database}.svg").write_text(plot(found, database))


def page() -> str:
    parts = (_goals(), _decisions(), _timers(), more.idle(), more.stuck(), more.counters(), more.web(), more.size())
    return (
        "\n".join([HEAD, *(line for part in parts for line in part), *more.storm(), *more.profiles(), *_about()]) + "\n"
    )


def _goals() -> Iterator[str]:
    yield "## Goals reached and missed\n\nFloor and goal as set before anything was measured; × is a ratio within one run.\n"
    yield "| work | database | goal | floor | measured | reached? |\n|---|---|---|---|---|---|"
    for row in goals():
        shown = "–" if row.value is None else f"{row.value:,.{row.digits}f}{row.unit}"
        goal, floor = (
            "–" if number == NONE else f"{row.sign} {number:g}{row.unit}" for number in (row.goal, row.floor)
        )
        yield f"| {row.what} | {row.where} | {goal} | {floor} | {shown} | {row.verdict} |"


def _decisions() -> Iterator[str]:
    found = read("decisions")
    if not found:
        return
    yield "\n## Decisions\n\nraw2: an UPDATE guarded by the stage and an INSERT in one durable commit, nothing read. Ours reads the cycle,"
    yield "judges by guards through `transitions`, chains the record and its erasable detail, closes one obligation and opens the"
    yield "next: five rows and their indexes.\n"
    yield from _rates(found, "raw2", "decisions")


def _timers() -> Iterator[str]:
    found = read("timers")
    if not found:
        return
    yield "\n## Deadlines\n\nPeers only count; ours looks up the post, puts a notice under its unique key, sets the next rung"
    yield "and merges messages.\n"
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


def _about() -> Iterator[str]:
    yield "\n## Where and when\n"
    for name in PARTS:
        if found := read(name):
            kind = "quick" if found["quick"] else "full"
            said = ", ".join(f"{package} {number}" for package, number in found["packages"].items())
            yield (
                f"- {name}: {found['at']}, {kind}, Python {found['python']}, {found['databases']}, "
                f"{found['cores']} cores, {found.get('minutes', '?')} minutes, "
                f"load before {found['load_before']}, commit {found['commit']}; {said}"
            )


# ── plots ────────────────────────────────────────────────────────

WIDTH, LEFT, RIGHT, BAR, GAP = 800, 210, 110, 18, 8


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
