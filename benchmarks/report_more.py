"""The sections of docs/performance.md that stand behind decisions and deadlines."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.kept import DATABASES, TITLES, read, sizes
from benchmarks.rounds import median

LEVELS = ("root", "city", "county", "committee")


def idle() -> Iterator[str]:
    if not (found := read("idle")):
        return
    yield "\n## A look when nothing is due\n\nMicroseconds, the median: a whole sweep, two transactions,"
    yield "beside one indexed SELECT.\n"
    yield "| database | waiting | sweep | raw SELECT |\n|---|---|---|---|"
    for size in ("small", "large"):
        for database in DATABASES:
            for one in found[size]["measured"].get(f"look/{database}", ())[:1]:
                yield f"| {TITLES[database]} | {one['waiting']:,} | {one['ours_us']:,.0f} | {one['raw_us']:,.0f} |"


def stuck() -> Iterator[str]:
    if not (found := sizes()):
        return
    yield "\n## Who is stuck\n\nMilliseconds, median / 95th of forty askings, below the root, a city, a county, a committee. The bare methods read two tables"
    yield "that hold nothing else. `count` of ours: every stage with its lights from the kept counts; `order`: the fifty longest overdue; `page`: the"
    yield "same with whole rows, people, reasons and what comes next. Below the root and below a city the order is read off an index; deeper, what is"
    yield "late there is sorted. Where nothing is overdue, as below one county and its committee at 10,000 and at a million, a page looks through what is open"
    yield "there for what is near, held or owed by a vacant post. A dash: that peer has no such step or was not measured.\n"
    for size, its in found.items():
        yield f"\n### {size:,} cycles\n\n| | database | asked | {' | '.join(LEVELS)} |\n|---|---|---|---|---|---|---|"
        for name in its["measured"]:
            peer, database = name.split("/")
            for key in ("count", "order", "page"):
                cells = [_pair(its, name, f"{key}_{level}") for level in LEVELS]
                if any(cell != "–" for cell in cells):
                    yield f"| {peer} | {TITLES[database]} | {key} | {' | '.join(cells)} |"
        yield from _failed(its)
        for database in DATABASES:
            if folded := median(its, f"starflow/{database}", "folded_per_second"):
                yield f"\nCounted anew on {TITLES[database]}: {folded:,.0f} cycles a second."


def _pair(its: Mapping[str, Any], name: str, key: str) -> str:
    middle, late = median(its, name, f"{key}_ms"), median(its, name, f"{key}_p95_ms")
    return "–" if middle is None or late is None else f"{middle:.1f} / {late:.1f}"


def counters() -> Iterator[str]:
    if not (found := read("counters")):
        return
    yield "\n## What keeping the counts costs\n\nPostgreSQL, eight clients that decide on one shared due day:"
    yield "with the mark, its index and a fold each second, and without.\n"
    yield "| | decisions a second |\n|---|---|"
    for peer in ("plain", "kept"):
        yield f"| {peer} | {median(found['cost'], f'{peer}/postgresql') or 0:,.0f} |"
    for one in found["killed"]["measured"].get("killed/postgresql", ()):
        said = f"{len(one['differences'])} counts differed from a recount; {one['waiting']:,} cycles waited for the next fold"
        yield f"\nOne client and the fold killed in the middle: {said}."
    yield from _failed(found["cost"])
    yield from _failed(found["killed"])


def web() -> Iterator[str]:
    if not (found := read("web")):
        return
    yield "\n## Over HTTP\n\nSixteen connections for ballots, one for pages; the routes that do nothing"
    yield "stand in the same application. Every ballot was counted afterwards.\n"
    yield "| | database | a second | no-op | × | p95 ms | acknowledged / stored |\n|---|---|---|---|---|---|---|"
    for database in DATABASES:
        for one in found["ballots"]["measured"].get(f"ballots/{database}", ()):
            said = f"{one['rate']:,.0f} | {one['noop_rate']:,.0f} | {one['ratio']:.2f} | {one['p95_ms']:.0f} | {one['acknowledged']:,} / {one['stored']:,}"
            yield f"| ballots, {one['n']} surveys | {TITLES[database]} | {said} |"
    yield "\n| overview | database | p50 ms | p95 ms | no-op p95 ms | × |\n|---|---|---|---|---|---|"
    for part in ("overview", "overview_large"):
        for database in DATABASES:
            name = f"overview/{database}"
            if (p50 := median(found[part], name, "p50_ms")) is not None:
                rest = (median(found[part], name, key) or 0 for key in ("p95_ms", "noop_p95_ms", "ratio"))
                yield f"| {median(found[part], name, 'n'):,.0f} organisations | {TITLES[database]} | {p50:.1f} | {' | '.join(f'{n:.1f}' for n in rest)} |"
        yield from _failed(found[part])
    yield from _failed(found["ballots"])


def size() -> Iterator[str]:
    if not (found := read("size")):
        return
    yield "\n## Bytes of a year\n\nA whole year by real triggers, every post held and every letter sent, roster not counted;"
    yield "so many gigabytes a million cycles."
    yield "The raw schema is that of the decisions: a row for the cycle and as many bare rows of its history as ours has records. It holds no notice,"
    yield "no message, no deadline, no score, no vote and no hash; how much of ours is what stands below.\n"
    yield "| database | ours | raw | × | records | notices | messages, each a cycle |\n|---|---|---|---|---|---|---|"
    for name, (one, *_) in found["measured"].items():
        rows = " | ".join(f"{one[key]:.1f}" for key in ("records", "rows_notice", "rows_message"))
        said = f"{one['bytes_per_cycle'] / 1e3:.1f} GB | {one['raw_bytes_per_cycle'] / 1e3:.1f} GB | {one['ratio']:.1f}"
        yield f"| {TITLES[name.split('/')[1]]} | {said} | {rows} |"
    yield from _weights({TITLES[name.split("/")[1]]: one for name, (one, *_) in found["measured"].items()})
    yield from _failed(found)


HEAVY = 0.02
"""A table below this share of the year is counted among the rest."""


def _weights(years: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Bytes a cycle by table, the heaviest first."""
    by_table = {title: {name: sum(held) for name, held in one["by_table"].items()} for title, one in years.items()}
    heaviest = {name: max(held[name] for held in by_table.values()) for name in next(iter(by_table.values()), ())}
    shown = [
        name
        for name in sorted(heaviest, key=lambda name: -heaviest[name])
        if any(by_table[title][name] >= HEAVY * one["bytes_per_cycle"] for title, one in years.items())
    ]
    yield f"\n| bytes a cycle | {' | '.join(f'{title} | of it indexes' for title in years)} |\n|---|{'---|---|' * len(years)}"
    for name in shown:
        both = (f"{by_table[title][name]:,.0f} | {one['by_table'][name][1]:,.0f}" for title, one in years.items())
        yield f"| `{name}` | {' | '.join(both)} |"
    rest = (f"{one['bytes_per_cycle'] - sum(by_table[title][n] for n in shown):,.0f} |" for title, one in years.items())
    yield f"| all others | {' | '.join(rest)} |"
    yield "\nWhat was taken out, and what stays and why: [decision 0050](decisions/0050-what-a-year-weighs.md)."


def storm() -> Iterator[str]:
    if not (found := read("storm")):
        return
    yield "\n## The storm of 5 June\n\nEverything falls due at one midnight; one process sweeps,"
    yield "and meanwhile a person decides again and again.\n"
    yield "| database | due | moved | notices | messages | seconds | a second | memory MB | click p95 quiet / storm, ms (refused) |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for part in (part for part in ("small", "large", "million") if part in found):
        for database in DATABASES:
            for one in found[part]["measured"].get(f"storm/{database}", ()):
                said = f"{one['due']:,} | {one['moved']:,} | {one['notices']:,} | {one['messages']:,} | {one['seconds']:,.0f} | {one['rate']:,.0f}"
                clicks = f"{one['click_quiet_p95_ms']:.0f} / {one['click_storm_p95_ms']:.0f} ({one['clicks_failed']})"
                held = f"{one['sweep_mb']:.0f}" if "sweep_mb" in one else "–"
                yield f"| {TITLES[database]} | {said} | {held} | {clicks} |"
        yield from _failed(found[part])


def profiles() -> Iterator[str]:
    if not (found := read("profile")):
        return
    yield "\n## Where the time goes\n\nMilliseconds each under cProfile, which makes Python about twice as slow"
    yield "and leaves the database as it is: the shares matter. A move and a rung are one of those that a sweep does together.\n"
    for name, (one, *_) in found["measured"].items():
        peer, database = name.split("/")
        yield (
            f"\n**{peer}, {TITLES[database]}: {one['ms']:.3f} ms.** "
            + ", ".join(f"{room} {own:.3f}" for room, own in one["rooms"].items())
            + "."
        )
        yield "\n| ms with all below | calls | function |\n|---|---|---|"
        for whole, calls, line in one["lines"][:10]:
            yield f"| {whole:.3f} | {calls:.2g} | `{line}` |"
    yield from _failed(found)


def _failed(found: Mapping[str, Any]) -> Iterator[str]:
    for name, words in found.get("failed", {}).items():
        yield f"\n- {name} could not be measured: {words}"
