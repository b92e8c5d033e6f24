"""Quotas: how many may, or must, have a star; the ranked list with its cut line; and the sentences about both.

Bands decide and a quota only asks for a decision (R32): nothing here changes a star. The number is an exact fraction of
the base, rounded as the scheme says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from workflow.engine.errors import Reason
from workflow.rating.scheme_tables import Quota, Scheme
from workflow.rating.wording import ROUND_WORDS, joined, plain

LAST_WORDS = {"meeting": "由会议决定", "draw": "由抽签决定:先公布承诺值,开会后公布种子"}


def last_resort(quota: Quota) -> str:
    """Who decides between those that the tie-break leaves equal."""
    return "draw" if quota.tie_break[-1:] == ("draw",) else "meeting"


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` organisations at most (op max) or at least (op min) of the base `of` may have one of `stars`."""

    code: str
    stars: tuple[int, ...]
    op: str
    count: int
    of: int
    ratio: Fraction | None


@dataclass(frozen=True, slots=True)
class Row:
    """An organisation of the ranked list; `keys` decide between equal totals, each the higher the better."""

    code: str
    name: str
    total: Decimal
    star: int
    keys: tuple[Fraction, ...] = ()

    @property
    def standing(self) -> tuple[Fraction, ...]:
        """What is compared, the total first."""
        return (Fraction(self.total), *self.keys)


@dataclass(frozen=True, slots=True)
class Place:
    rank: int
    row: Row


@dataclass(frozen=True, slots=True)
class Ranking:
    """The list, best first; the line lies above `places[cut]`; `tied` stand on both sides of it with the same total."""

    places: tuple[Place, ...]
    cut: int
    tied: tuple[Place, ...]


def limits(scheme: Scheme, n: int) -> tuple[Limit, ...]:
    """Every quota of the scheme for a base of n organisations."""
    return tuple(Limit(q.code, q.stars, q.op, limit(q, n), n, q.ratio) for q in scheme.quota)


def limit(quota: Quota, n: int, year: int | None = None) -> int:
    """The number that the quota allows, or demands, of n organisations in a year."""
    share = quota.share(year)
    return max(_rounded(quota, share * n) if share is not None else quota.number or 0, quota.min_count)


def excess(quota: Quota, n: int, counts: Mapping[int, int]) -> int:
    """How many organisations are too many (op max) or missing (op min); counts are by star."""
    beyond = _present(quota, counts) - limit(quota, n)
    if quota.op == "target":
        return max(0, abs(beyond) - floor(quota.tolerance * n))
    return max(0, beyond if quota.op == "max" else -beyond)


def excess_reason(
    scheme: Scheme, quota: Quota, n: int, counts: Mapping[int, int], allowed: int = 0, more: int = 0
) -> Reason | None:
    """Why `more` organisations beside the counted ones would break a quota; None when they would not.

    `allowed` is the excess that a recorded decision covers; a hard quota takes no such decision.
    """
    present, covered = _present(quota, counts), 0 if quota.hard else allowed
    beyond = excess(quota, n, {quota.stars[0]: present + more})
    if beyond <= covered:
        return None
    most = quota.op == "max"
    said = (
        f"{_stars(scheme, quota)}{'已批准' if most else '共'}{present}个",
        f"本次{more}个" if more else "",
        f"{'名额' if most else '应不少于'}{limit(quota, n)}个({_sum(quota, n)})",
        f"已同意超出{covered}个" if covered else "",
        f"{'超出' if most else '还差'}{beyond}个",
        ("不得超出" if quota.hard else "须先记录超额理由") if most else "",
    )
    return Reason(",".join(filter(None, said)), quota.cite.rule)


def ranked(rows: Iterable[Row], count: int) -> Ranking:
    """The rows by total and tie-break, those who are equal in all of it with the same rank; the cut comes after `count`."""
    order = sorted(rows, key=lambda row: (tuple(-one for one in row.standing), row.code))
    ranks: dict[tuple[Fraction, ...], int] = {}
    for number, row in enumerate(order, start=1):
        ranks.setdefault(row.standing, number)
    places = tuple(Place(ranks[row.standing], row) for row in order)
    cut = min(max(count, 0), len(places))
    return Ranking(places, cut, _tied(places, cut))


def parted(ranking: Ranking, drawn: bool) -> tuple[Place, ...]:
    """Those on both sides of the line whom only a lot tells apart, or nothing yet; where lots are `drawn` they are the last key."""
    places, cut = ranking.places, ranking.cut
    if not 0 < cut < len(places):
        return ()
    last = -1 if drawn else None
    inside, outside = places[cut - 1].row.standing[:last], places[cut].row.standing[:last]
    return tuple(one for one in places if one.row.standing[:last] == outside) if inside == outside else ()


def tie_text(ranking: Ranking, last: str = "meeting") -> str | None:
    """Names those whom the cut line would divide although they are equal; a sitting or a draw decides between them."""
    if not ranking.tied:
        return None
    names = joined(place.row.name for place in ranking.tied)
    first = ranking.tied[0]
    inside = ranking.cut - ranking.places.index(first)
    return (
        f"第{first.rank}名并列{len(ranking.tied)}个,同为{plain(first.row.total)}分:{names};"
        f"名额线内只剩{inside}个,{LAST_WORDS[last]}"
    )


def lowest(rows: Iterable[Row], quota: Quota, count: int) -> tuple[Row, ...]:
    """The lowest-ranked that a bottom quota would look at next; nobody is demoted by it (R31)."""
    outside = (row for row in rows if row.star not in quota.stars)
    return tuple(sorted(outside, key=lambda row: (row.total, row.code))[:count])


def _rounded(quota: Quota, share: Fraction) -> int:
    if quota.round == "half_up":
        return floor(share + Fraction(1, 2))
    return floor(share) if quota.round == "floor" else ceil(share)


def _present(quota: Quota, counts: Mapping[int, int]) -> int:
    return sum(counts.get(star, 0) for star in quota.stars)


def _tied(places: tuple[Place, ...], cut: int) -> tuple[Place, ...]:
    return parted(Ranking(places, cut, ()), drawn=False)


def _stars(scheme: Scheme, quota: Quota) -> str:
    return joined(scheme.level_of(star).label for star in sorted(quota.stars, reverse=True))


def _sum(quota: Quota, n: int) -> str:
    said = f"{n}×{quota.ratio}{ROUND_WORDS[quota.round]}" if quota.number is None else f"固定{quota.number}个"
    return f"{said},至少{quota.min_count}个" if quota.min_count else said
