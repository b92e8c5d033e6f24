"""A second scorer, of the standard library alone: from the scheme's file and what a record says, the total and the star again.

What it reads is public: the scores of the sheet, and each step of the explanation with its effect (`=93`, `+5`, `-3`, `star=4`,
`star<=4`). It believes none of the results: neither the sum, nor the total, nor the band, nor the star.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any


def wrong_with(scheme: Mapping[str, Any], said: Mapping[str, Any], rating: Mapping[str, Any]) -> str | None:
    """What a record's `payload` and `rating` do not agree in; None when all of it comes out again."""
    scores = said.get("scores") or {}
    base = sum((Decimal(one) for one in scores.values()), Decimal(0)) if scores else Decimal(said["base"])
    effects = [str(step["effect"]) for step in rating["steps"]]
    total, told = _total(scheme, base, effects)
    if told is not None and told != base:
        return f"the sheet adds up to {base}, the explanation begins with {told}"
    if total != Decimal(rating["total"]):
        return f"the total is {total}, the record says {rating['total']}"
    stars = [int(effect[5:]) for effect in effects if effect.startswith("star=")]
    if not stars or stars[0] != band(scheme, total):
        return f"{total} points are {band(scheme, total)} stars, the explanation says {stars[:1]}"
    if stars[-1] != rating["star"]:
        return f"the explanation ends with {stars[-1]} stars, the record says {rating['star']}"
    bounds = [int(effect[6:]) for effect in effects if effect.startswith("star<=")]
    if any(bound < rating["star"] for bound in bounds):
        return f"{rating['star']} stars are above a bound of {min(bounds)}"
    return None


def _total(scheme: Mapping[str, Any], base: Decimal, effects: Sequence[str]) -> tuple[Decimal, Decimal | None]:
    """Base and points, never below the scheme's least; what the explanation calls the base."""
    total, told = base, None
    for effect in effects:
        if effect[:1] == "=" and told is None:
            told = Decimal(effect[1:])
        elif effect[:1] in "+-":
            total += Decimal(effect)
    rule = scheme["score"]
    total = max(total, Decimal(rule["min"]))
    return (min(total, Decimal(rule["max"])) if rule.get("clamp_top", True) else total), told


def band(scheme: Mapping[str, Any], total: Decimal) -> int:
    """The highest level whose lower bound the total reaches."""
    return max(int(level["star"]) for level in scheme["level"] if total >= Decimal(level["min"]))
