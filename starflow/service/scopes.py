"""Over whom a quota counts: its scope in words, and the base of which it is a share."""

from collections.abc import Mapping
from typing import Any

from storage import meetings
from storage import organisations as tree
from storage.database import Transaction
from storage.meetings import Scope
from workflow.rating.scheme import Quota


def scope_word(tx: Transaction, scope: Scope) -> str:
    """`all`, a unit's code, a field, or the fields that a quota names."""
    if scope.unit is not None:
        found: Any = tree.by_id(tx, tree.unit_id(scope.unit) or 0)
        return str(found.code)
    return "、".join(scope.fields) or "all" if scope.field is None else scope.field


def quota_base(
    tx: Transaction, campaign_id: int, quota: Quota, scope: Scope, also: Mapping[int, int | None] | None = None
) -> int:
    """Of how many a quota is a share: all that are rated, or only those that have reached certain levels by now.

    `also`: cycles that are about to reach a star.
    """
    if not quota.of:
        return meetings.rated_base(tx, campaign_id, scope)
    without = next(iter(also), None) if also else None
    counts = meetings.approved_counts(tx, campaign_id, scope, without=without)
    joining = sum(star in quota.of for star in (also or {}).values())
    return sum(count for star, count in counts.items() if star in quota.of) + joining
